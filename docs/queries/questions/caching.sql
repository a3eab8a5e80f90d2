-- What did caching save, by model and team?
-- Reads the rollup.
SELECT value AS model, second_value AS team, round(net_usd, 4) AS saved_usd, round(hit_rate, 4) AS hit_rate
FROM cache_savings_by('model', 'team', '2026-10-01', '2026-11-01') WHERE usd IS NOT NULL;
