-- spend_by_tag: what was spent in each month, by the tags of the requests.
--
-- Invariant: that of 453-daily_spend, from the rows of the log, since the rollup has no
-- tags.  Tags overlap: the row with total = true, and not the sum, is what was spent.

CREATE FUNCTION inferacct_internal.tag_names(tags jsonb)
RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10 ROWS 2
BEGIN ATOMIC
	SELECT DISTINCT name FROM (
		SELECT jsonb_array_elements_text(CASE WHEN jsonb_typeof(tags) = 'array' THEN tags END) AS name
		UNION ALL
		SELECT t.key || ':' || t.value FROM jsonb_each_text(CASE WHEN jsonb_typeof(tags) = 'object' THEN tags END) AS t)
			AS names
	WHERE name IS NOT NULL;
END;

COMMENT ON FUNCTION tag_names(jsonb) IS
'The tags of a row of the log, each once: elements of an array, or key:value of an object. '
'NULL, and anything else, has none.';

-- Rows with the same tags are summed up first, and what they consumed, which a source's
-- view computes, is computed once.  A condition on the month is not known before that: who
-- asks for some months gives them as arguments.  Tags are few: with room for them, rows are not sorted.
CREATE FUNCTION spend_by_tag(since date, until date,
	OUT month date, OUT tag text, OUT total boolean, OUT requests bigint, OUT usage usage, OUT usd numeric)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET work_mem TO '64MB'
AS $$
	WITH tagged AS (
		SELECT month_of(r.at) AS month, r.tags, sum(r.usage) AS usage,
			spend(r.model, r.usage, r.at, r.service_tier, r.region) AS usd
		FROM (SELECT u.at, u.tags, u.usage, u.model, u.service_tier, u.region FROM usage_all AS u
			WHERE u.at >= begin_of($1) AND u.at < begin_of($2) OFFSET 0) AS r
		WHERE r.usage IS NOT NULL AND r.model IS NOT NULL
		GROUP BY month_of(r.at), r.tags
	)
	SELECT s.month, t.tag, t.total, meter(sum(s.usage), 'requests'), sum(s.usage), trim_scale(sum(s.usd))
	FROM tagged AS s CROSS JOIN LATERAL (
		SELECT n.tag, false FROM tag_names(s.tags) AS n(tag)
		UNION ALL SELECT NULL, true
		UNION ALL SELECT NULL, false WHERE NOT EXISTS (SELECT FROM tag_names(s.tags))) AS t(tag, total)
	GROUP BY s.month, t.tag, t.total
$$;

COMMENT ON FUNCTION spend_by_tag(date, date) IS
'Requests, usage and exact USD by UTC month and tag, of the requests from since to before until (UTC days), from the '
'rows of the log, of which it reads those of that time. A request with two tags is in both; '
'the row with total = true has every request of the month once, tagged or not, and the row with a NULL tag and total '
'= false those without a tag. NULL gives no row.';

CREATE FUNCTION inferacct_internal.log_months()
RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 24
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT m.month FROM inferacct_internal.rollup_month AS m
	UNION SELECT inferacct_internal.month_of(c.hour) FROM inferacct_internal.usage_change AS c
	WHERE c.hour >= '2000-01-01 00:00:00+00' AND c.hour < '2100-01-01 00:00:00+00'
$$;

COMMENT ON FUNCTION log_months() IS
'The UTC months of the log: those that the rollup has, and those in which something was written since.';

CREATE VIEW spend_by_tag WITH (security_invoker = true) AS
SELECT m.month, t.tag, t.total, t.requests, t.usage,
	input_tokens(t.usage) AS input_tokens, cached_tokens(t.usage) AS cached_tokens,
	cache_write_tokens(t.usage) AS cache_write_tokens,
	output_tokens(t.usage) AS output_tokens, meter(t.usage, 'reasoning') AS reasoning_tokens, t.usd
FROM log_months() AS m(month) CROSS JOIN LATERAL spend_by_tag(m.month, next_month(m.month)) AS t;

COMMENT ON VIEW spend_by_tag IS
'Requests, usage and exact USD by UTC month and tag, from the rows of the log, of which WHERE month ... reads those of '
'that time: of the months that refresh_usage() knows, or of which usage_log has noted a change. '
'A request with two tags is in both; the row with total = true has every request of the month once, '
'tagged or not, and the row with a NULL tag and total = false those without a tag.';
