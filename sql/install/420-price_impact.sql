-- price_impact: what a change of prices does to real spend.

CREATE FUNCTION price_impact(
	from_version	bigint DEFAULT NULL,
	to_version		bigint DEFAULT NULL,
	since		timestamptz DEFAULT '-infinity',
	until		timestamptz DEFAULT 'infinity',
	OUT month		date,
	OUT model		text,
	OUT requests	bigint,
	OUT usd_before	numeric,
	OUT usd_after	numeric,
	OUT difference_usd	numeric
)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	WITH versions AS (
		SELECT coalesce(price_impact.to_version, max(version)) AS later FROM price_version
	), books AS MATERIALIZED (
		SELECT price_book_of_version(coalesce(price_impact.from_version,
				(SELECT max(version) FROM price_version WHERE version < later))) AS before,
			price_book_of_version(later) AS after
		FROM versions
	), spent AS (
		SELECT date_trunc('month', u.at AT TIME ZONE 'UTC')::date AS month, u.model, count(*) AS requests,
			spend((SELECT before FROM books), u.model, u.usage, u.at, u.service_tier, u.region) AS usd_before,
			spend((SELECT after FROM books), u.model, u.usage, u.at, u.service_tier, u.region) AS usd_after
		FROM usage_all u
		WHERE u.usage IS NOT NULL AND u.model IS NOT NULL AND u.at >= price_impact.since AND u.at < price_impact.until
		GROUP BY 1, 2
	)
	SELECT month, model, requests, usd_before, usd_after,
		CASE WHEN usd_before IS NULL AND usd_after IS NULL THEN NULL
			ELSE coalesce(usd_after, 0) - coalesce(usd_before, 0) END
	FROM spent
	WHERE usd_before IS DISTINCT FROM usd_after
	ORDER BY 1, 2
$$;

COMMENT ON FUNCTION price_impact(bigint, bigint, timestamptz, timestamptz) IS
'What the price versions after from_version, up to to_version, change in the cost of usage_log and every attached '
'source: a row for each month (UTC) and model whose cost differs. Exact; '
'requests that had no price before, or have none after, count as nothing on that side (usd_before or usd_after is '
'NULL when all are so). to_version NULL: the newest; from_version NULL: the one before to_version. '
'since, until: half-open bounds of the requests. Prices are those of inferacct.contract when it is set.';
