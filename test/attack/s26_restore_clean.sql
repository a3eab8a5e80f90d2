-- S26: pg_restore --clean over an attached table appends, and spend doubles.
-- @owner
CREATE TABLE public.g (at timestamptz, id text, model text, tokens bigint);
INSERT INTO public.g VALUES ('2026-09-01', '1', 'gpt-4o', 1000);
SELECT inferacct.attach_usage('g', 'public.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true}');
\! pg_dump -Fc -f "$ATTACK_DIR/clean.dump" "$PGDATABASE"
\! pg_restore --clean --if-exists -d "$PGDATABASE" "$ATTACK_DIR/clean.dump" 2>/dev/null
-- @harm
SELECT count(*) > 1 FROM public.g;
