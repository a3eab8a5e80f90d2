-- What does a task cost: at the median, the 90th and the 99th percentile, and at most?
-- Reads the rollup.
SELECT count(*) AS tasks, round(percentile_disc(0.5) WITHIN GROUP (ORDER BY usd), 6) AS p50_usd,
	round(percentile_disc(0.9) WITHIN GROUP (ORDER BY usd), 6) AS p90_usd,
	round(percentile_disc(0.99) WITHIN GROUP (ORDER BY usd), 6) AS p99_usd, round(max(usd), 6) AS max_usd,
	string_agg(DISTINCT nullif(note, ''), ', ') AS note
FROM spend_by('task', since => '2026-10-01', until => '2026-11-01') WHERE value IS NOT NULL;
