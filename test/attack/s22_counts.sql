-- S22: who is shown one team's usage counts the rows of all teams.
-- @owner
GRANT CREATE ON SCHEMA public TO mallory;
GRANT inferacct_reader TO mallory;
INSERT INTO inferacct.team_member VALUES ('mallory', 'red');
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id, team)
SELECT '2026-09-01', inferacct.usage(1), 'gpt-4o', 's', n::text, CASE WHEN n = 1 THEN 'red' ELSE 'blue' END FROM generate_series(1, 100) AS n;
CALL inferacct.refresh_usage();
SELECT inferacct.protect_usage();
-- @mallory 00000
CREATE TABLE public.got AS SELECT rows FROM :internal.refreshed_hour UNION ALL SELECT rows_read FROM :internal.refresh_run
	UNION ALL SELECT rows_read FROM inferacct.refresh_progress;
-- @harm
SELECT coalesce(max(rows), 0) > 1 FROM public.got;
