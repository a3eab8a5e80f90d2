-- How many users were there each week, and what does a request cost, at the median and the 99th percentile?
-- Reads the log.
SELECT period, requests, distinct_values AS users, round(p50_usd, 6) AS p50_usd, round(p99_usd, 6) AS p99_usd
FROM request_distribution('2026-10-01', '2026-11-01', 'end_user', 'week');
