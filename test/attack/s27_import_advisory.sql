-- S27: an advisory lock, which anybody can take, stops import_usage().
-- @owner
CREATE TABLE public.batch AS SELECT timestamptz '2026-09-01' AS at, inferacct.usage(1) AS usage, 'gpt-4o' AS model, '1' AS request_id;
-- @mallory 00000 open
SELECT pg_advisory_lock(hashtextextended('inferacct.import_usage', 0)), pg_advisory_lock(hashtextextended('inferacct.import_usage app', 0));
-- @owner 00000
SET lock_timeout = '2s';
SELECT inferacct.import_usage('public.batch', 'app');
-- @harm
SELECT count(*) = 0 FROM inferacct.usage_log;
