-- S7: a source that is attached again under its name with a corrected mapping
-- keeps the figures of the wrong one.
-- @owner
CREATE TABLE public.g (at timestamptz, id text, model text, tokens bigint, cached bigint);
INSERT INTO public.g VALUES ('2026-09-01', '1', 'gpt-4o', 100000, 50000);
SELECT inferacct.attach_usage('g', 'public.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "cache_read": "cached", "input_includes_cached": false}');
CALL inferacct.refresh_usage();
SELECT inferacct.detach_usage('g');
SELECT inferacct.attach_usage('g', 'public.g', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens", "cache_read": "cached", "input_includes_cached": true}');
CALL inferacct.refresh_usage();
-- @harm
SELECT (SELECT sum(usd) FROM inferacct.monthly_spend) <> (SELECT inferacct.spend(model, usage, at) FROM inferacct.usage_all);
