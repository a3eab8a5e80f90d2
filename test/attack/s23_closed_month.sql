-- S23: an admin takes a closed month out with a setting that anybody can set.
-- @owner
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) VALUES ('2026-09-01', inferacct.usage(1000), 'gpt-4o', 's', '1');
CALL inferacct.refresh_usage();
SELECT inferacct.close_month('2026-09-01');
-- @finops 42501
SET inferacct_month.reopening = 'on';
DELETE FROM inferacct.booked_usage;
-- @harm
SELECT count(*) = 0 FROM inferacct.booked_usage;
