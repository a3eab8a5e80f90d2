-- S24: hours that come without triggers are missing in a month that is compacted.
-- @owner
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) VALUES ('2026-09-01', inferacct.usage(1000), 'gpt-4o', 's', '1');
CALL inferacct.refresh_usage();
SELECT inferacct.compact_usage();
SET session_replication_role = replica;
INSERT INTO :internal.usage_hourly SELECT * FROM :internal.usage_hourly;
-- @harm
SELECT (SELECT sum(usd) FROM inferacct.monthly_spend) <> (SELECT sum(usd) FROM inferacct.hourly_spend);
