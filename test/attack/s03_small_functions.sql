-- S3: small functions without a search_path of their own, called with schema
-- public before pg_catalog.  Of 7352aa8 all five run what was planted.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
CREATE TABLE public.taken (as_who name, by_what text);
GRANT INSERT ON public.taken TO PUBLIC;
-- @mallory
CREATE FUNCTION public.greater(numeric, numeric) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.taken VALUES (current_user, 'greater'); RETURN $1 OPERATOR(pg_catalog.>) $2; END $$;
CREATE OPERATOR public.> (FUNCTION = public.greater, LEFTARG = numeric, RIGHTARG = numeric);
CREATE FUNCTION public.unnest(numeric[]) RETURNS SETOF numeric LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.taken VALUES (current_user, 'unnest'); RETURN QUERY SELECT pg_catalog.unnest($1); END $$;
CREATE FUNCTION public.plus(numeric, integer) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.taken VALUES (current_user, 'plus'); RETURN $1 OPERATOR(pg_catalog.+) $2; END $$;
CREATE OPERATOR public.+ (FUNCTION = public.plus, LEFTARG = numeric, RIGHTARG = integer);
CREATE FUNCTION public.times(float8, float8) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.taken VALUES (current_user, 'times'); RETURN $1 OPERATOR(pg_catalog.*) $2; END $$;
CREATE OPERATOR public.* (FUNCTION = public.times, LEFTARG = float8, RIGHTARG = float8);
CREATE FUNCTION public.both(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.taken VALUES (current_user, 'both'); RETURN pg_catalog.concat($1, $2); END $$;
CREATE OPERATOR public.|| (FUNCTION = public.both, LEFTARG = text, RIGHTARG = text);
-- @owner 00000
SET search_path = public, pg_catalog;
SELECT :internal.check_figure('x', 2, 1);
SELECT :internal.autoscaled_replicas('{1,2,3}', 0, 1);
SELECT :internal.billed_buckets('{1,2,3}', 1);
SELECT :internal.normal_quantile(0.1);
SELECT :internal.tag_names('{"a": "b"}');
-- @harm
SELECT count(*) > 0 FROM public.taken WHERE as_who <> 'mallory';
