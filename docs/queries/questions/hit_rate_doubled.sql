-- What if twice as much were read from a cache?
-- Reads the rollup.
SELECT value AS model, round(hit_rate, 3) AS hit_rate,
	round(cache_savings_at(savings, least(1, 2 * hit_rate)) - net_usd, 4) AS more_saved
FROM cache_savings_by('model', NULL, '2026-10-01', '2026-11-01') WHERE hit_rate > 0;
