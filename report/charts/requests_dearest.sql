-- The dearest requests of a month.
WITH request AS (
	SELECT l.request_id, l.at, l.team, l.model, l.usage, l.service_tier, token_cost(l.model, l.usage, l.at, l.service_tier, l.region) AS usd
	FROM :log AS l
	WHERE l.at >= :'month'::date AT TIME ZONE 'UTC' AND l.at < (:'month'::date + interval '1 month') AT TIME ZONE 'UTC' AND l.at < :'at'::timestamptz
		AND :'team' IN ('*', coalesce(l.team, ''))
), top AS (
	SELECT *, row_number() OVER (ORDER BY usd DESC NULLS LAST, request_id) AS place FROM request ORDER BY usd DESC NULLS LAST, request_id LIMIT 12
), chart AS (
	SELECT place, place || '. ' || coalesce(team, 'no team') || ', ' || right(request_id, 6) AS label, request_id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS at, team, model,
		input_tokens(usage) AS input_tokens, output_tokens(usage) AS output_tokens, round(usd, 4) AS usd
	FROM top WHERE usd IS NOT NULL
)
SELECT c.*, format('The dearest request cost %s USD: %s of %s with %s tokens in and %s out.', t.usd, t.model, coalesce(t.team, 'no team'),
		to_char(t.input_tokens, 'FM999,999,999,990'), to_char(t.output_tokens, 'FM999,999,999,990')) AS sentence
FROM chart AS t JOIN chart AS c ON true WHERE t.place = 1
ORDER BY c.place;
