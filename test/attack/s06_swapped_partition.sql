-- S6: a partition that is swapped for a corrected copy, staged before the last
-- refresh, is never read.
-- @owner
SELECT inferacct.usage_log_partition('2026-09-01');
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) SELECT '2026-09-01', inferacct.usage(1000), 'gpt-4o', 's', n::text FROM generate_series(1, 10) AS n;
CREATE TABLE public.staged (LIKE inferacct.usage_log INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS);
INSERT INTO public.staged SELECT * FROM inferacct.usage_log;
UPDATE public.staged SET usage = inferacct.usage(2000);
CALL inferacct.refresh_usage();
BEGIN;
ALTER TABLE inferacct.usage_log DETACH PARTITION inferacct.usage_log_2026_09;
ALTER TABLE inferacct.usage_log ATTACH PARTITION public.staged FOR VALUES FROM ('2026-09-01 00:00Z') TO ('2026-10-01 00:00Z');
COMMIT;
CALL inferacct.refresh_usage();
-- @harm
SELECT (SELECT sum(usd) FROM inferacct.monthly_spend) <> (SELECT inferacct.spend(model, usage, at) FROM inferacct.usage_log);
