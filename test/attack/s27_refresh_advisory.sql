-- S27: an advisory lock, which anybody can take, stops refresh_usage().
-- @owner
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) VALUES ('2026-09-01', inferacct.usage(1), 'gpt-4o', 's', '1');
-- @mallory 00000 open
SELECT pg_advisory_lock(hashtextextended('inferacct.refresh_usage usage_log', 0));
-- @owner 00000
CALL inferacct.refresh_usage();
-- @harm
SELECT count(*) = 0 FROM :internal.usage_hourly;
