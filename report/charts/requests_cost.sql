-- How the cost of one request is distributed: requests and USD by what a request costs.
WITH request AS (
	SELECT token_cost(l.model, l.usage, l.at, l.service_tier, l.region) AS usd, greatest(meter(l.usage, 'requests'), 1) AS requests
	FROM :log AS l
	WHERE l.at >= :'month'::date AT TIME ZONE 'UTC' AND l.at < (:'month'::date + interval '1 month') AT TIME ZONE 'UTC' AND l.at < :'at'::timestamptz
		AND :'team' IN ('*', coalesce(l.team, ''))
), bin AS (	-- three bins to a power of ten; a row of several requests counts by its mean
	SELECT CASE WHEN usd > 0 THEN floor(3 * log((usd / requests)::float8))::int END AS bin, sum(requests) AS requests, sum(usd) AS usd
	FROM request WHERE usd IS NOT NULL GROUP BY 1
), chart AS (
	SELECT bin, round((10 ^ (bin / 3.0::float8))::numeric, 9) AS from_usd, round((10 ^ ((bin + 1) / 3.0::float8))::numeric, 9) AS to_usd, requests, round(usd, 2) AS usd,
		round(100 * requests / sum(requests) OVER (), 2) AS percent_of_requests, round(100 * usd / nullif(sum(usd) OVER (), 0), 2) AS percent_of_usd
	FROM bin WHERE bin IS NOT NULL
), marks AS (
	SELECT min(usd / requests) FILTER (WHERE place >= 0.5) AS p50, min(usd / requests) FILTER (WHERE place >= 0.99) AS p99,
		sum(usd) AS usd, sum(usd) FILTER (WHERE place > 0.99) AS top_usd
	FROM (SELECT usd, requests, cume_dist() OVER (ORDER BY (usd / requests)::float8) AS place FROM request WHERE usd IS NOT NULL) AS r
)
SELECT c.*, format('Half of the requests cost less than %s USD, one in a hundred more than %s; the dearest hundredth makes %s %% of the spend.',
		trim_scale(round(m.p50, 6)), trim_scale(round(m.p99, 4)), round(100 * m.top_usd / nullif(m.usd, 0), 1)) AS sentence
FROM marks AS m LEFT JOIN chart AS c ON true
ORDER BY c.bin;
