-- S0: DROP EXTENSION takes the log along unasked.
-- @owner
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) VALUES ('2026-09-01', inferacct.usage(1), 'gpt-4o', 's', '1');
-- @owner 2BP01
DROP EXTENSION inferacct;
-- @harm
SELECT to_regclass('inferacct.usage_log') IS NULL;
