-- What was paid for and served nobody: failures, what was asked twice, answers that were cut off?
-- Reads the log.
SELECT value AS team, kind, requests, round(usd, 4) AS usd, round(100 * share, 2) AS "%"
FROM waste('2026-10-01 00:00Z', '2026-11-01 00:00Z');
