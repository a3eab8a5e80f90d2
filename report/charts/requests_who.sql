-- Who makes the dearest requests: keys, users, sessions and projects by what they cost.
WITH request AS (
	SELECT v.by, v.value, sum(greatest(meter(l.usage, 'requests'), 1)) AS requests, sum(meter(l.usage, 'input') + meter(l.usage, 'cache_read') + meter(l.usage, 'cache_write')) AS input_tokens,
		spend(l.model, l.usage, l.at, l.service_tier, l.region) AS usd
	FROM :log AS l CROSS JOIN LATERAL (VALUES ('key', left(l.api_key, 12)), ('user', l.end_user), ('project', l.project),
		('session', coalesce(l.attributes ->> 'session_id', l.attributes ->> 'session', l.attributes ->> 'conversation_id'))) AS v(by, value)
	WHERE l.at >= :'month'::date AT TIME ZONE 'UTC' AND l.at < (:'month'::date + interval '1 month') AT TIME ZONE 'UTC' AND l.at < :'at'::timestamptz
		AND :'team' IN ('*', coalesce(l.team, '')) AND v.value <> ''
	GROUP BY v.by, v.value
), chart AS (
	SELECT by, place, value, requests, round(usd, 2) AS usd, round(1000 * usd / requests, 4) AS usd_per_1000
	FROM (SELECT *, row_number() OVER (PARTITION BY by ORDER BY usd DESC NULLS LAST, value) AS place FROM request) AS r
	WHERE place <= 12 AND usd IS NOT NULL
)
SELECT c.*, format('The dearest %s of %s, %s, cost %s USD for %s requests.', c.by, (SELECT count(*) FROM request AS r WHERE r.by = c.by), t.value,
		to_char(t.usd, 'FM999,999,990.00'), to_char(t.requests, 'FM999,999,999,990')) AS sentence
FROM chart AS t JOIN chart AS c USING (by) WHERE t.place = 1
ORDER BY CASE c.by WHEN 'project' THEN 1 WHEN 'user' THEN 2 WHEN 'session' THEN 3 ELSE 4 END, c.place;
