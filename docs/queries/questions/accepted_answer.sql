-- What does an accepted answer of each team cost, with all that was asked for it?
-- Reads the rollup.
SELECT second_value AS team, sum(requests) FILTER (WHERE value = 'yes') AS accepted, sum(requests) AS asked,
	round(sum(usd) / nullif(sum(requests) FILTER (WHERE value = 'yes'), 0), 6) AS usd_per_accepted_answer
FROM spend_by('accepted', 'team', '2026-10-01', '2026-11-01') GROUP BY second_value;
