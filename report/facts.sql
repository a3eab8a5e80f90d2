-- What the whole report rests on: one row, shown at its head.
WITH priced AS (
	SELECT sum(requests) AS requests, sum(priced_requests) AS priced_requests, sum(tokens) AS tokens,
		sum(priced_tokens) AS priced_tokens
	FROM priced_usage WHERE month = :'month'::date
), rests AS (
	SELECT coalesce(sum(share) FILTER (WHERE confidence IN ('guessed name', 'fallback region', 'fallback meter')), 0) AS guessed,
		coalesce(sum(share) FILTER (WHERE confidence = 'stale'), 0) AS stale,
		coalesce(sum(share) FILTER (WHERE confidence = 'disputed'), 0) AS disputed, sum(usd) AS usd
	FROM price_confidence WHERE month = :'month'::date
)
SELECT to_char(:'month'::date, 'FMMonth YYYY') AS month, to_char(:'at'::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS at,
	to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS made_at, current_database() AS database, current_user AS reader,
	nullif(current_setting('inferacct.contract', true), '') AS contract,
	coalesce(to_char(p.requests, 'FM999,999,999,999,990'), '0') AS requests,
	to_char(r.usd, 'FM999,999,999,999,990.00') AS usd,
	to_char(round(100 * (1 - p.priced_tokens / nullif(p.tokens, 0)::numeric), 2), 'FM990.00') AS unpriced_percent,
	to_char(round(100 * r.guessed, 2), 'FM990.00') AS guessed_percent,
	to_char(round(100 * r.stale, 2), 'FM990.00') AS stale_percent,
	to_char(round(100 * r.disputed, 2), 'FM990.00') AS disputed_percent,
	(SELECT max(version) FROM price_version) AS price_version
FROM priced AS p CROSS JOIN rests AS r;
