-- The showback of the month: team, project, USD.
-- Reads the rollup.
SELECT value AS team, second_value AS project, requests, round(usd, 4) AS usd
FROM spend_by('team', 'project', '2026-10-01', '2026-11-01');
