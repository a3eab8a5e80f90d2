-- S6: the same of an attached table with partitions.
-- @owner
CREATE TABLE public.g (at timestamptz, id text, model text, tokens bigint) PARTITION BY LIST (model);
CREATE TABLE public.g1 PARTITION OF public.g FOR VALUES IN ('gpt-4o');
CREATE TABLE public.g2 PARTITION OF public.g DEFAULT;
INSERT INTO public.g SELECT '2026-09-01', m || n, m, 1000 FROM generate_series(1, 10) AS n, unnest('{gpt-4o,gpt-4o-mini}'::text[]) AS m;
CREATE TABLE public.staged (LIKE public.g);
INSERT INTO public.staged SELECT at, id, model, 2000 FROM public.g1;
SELECT inferacct.attach_usage('g', 'public.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
CALL inferacct.refresh_usage();
BEGIN;
ALTER TABLE public.g DETACH PARTITION public.g1;
ALTER TABLE public.g ATTACH PARTITION public.staged FOR VALUES IN ('gpt-4o');
COMMIT;
CALL inferacct.refresh_usage();
-- @harm
SELECT (SELECT sum(usd) FROM inferacct.monthly_spend) <> (SELECT inferacct.spend(model, usage, at) FROM inferacct.usage_all);
