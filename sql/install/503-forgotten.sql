-- forgotten: hours that forget_usage() has taken out of the rollup.
--
-- Invariant: what is forgotten changes no figure of a closed month.  An hour of it
-- that is gone from the rollup counts in restatements as it last was: as it was
-- booked, or else by its rows in forgotten_usage.  A month that is not closed is not
-- complete without its forgotten hours, unless they were those of another relation or
-- mapping, which are nothing that it lacks.  When refresh_usage() reads an hour again, it
-- is remembered: the rollup is what counts.

CREATE TABLE inferacct_internal.forgotten_hour (
	origin			text COLLATE "C" NOT NULL,
	hour			timestamptz NOT NULL,
	as_booked		boolean,
	PRIMARY KEY (origin, hour)
);

COMMENT ON TABLE forgotten_hour IS
'Hours that forget_usage() took out of usage_hourly, until they are read again. as_booked: whether they were then as '
'booked_usage has them, and forgotten_usage has no row of them; NULL where their month was not closed.';
SELECT pg_extension_config_dump('forgotten_hour', '');

CREATE TABLE inferacct_internal.forgotten_usage (
	hour			timestamptz NOT NULL,
	first_at		timestamptz NOT NULL,
	last_at			timestamptz NOT NULL,
	min_input		bigint NOT NULL,
	max_input		bigint NOT NULL,
	usage			usage NOT NULL,
	aggregated		boolean NOT NULL,
	origin			text COLLATE "C" NOT NULL,
	tenant			text COLLATE "C" NOT NULL,
	source			text COLLATE "C" NOT NULL,
	model			text NOT NULL,
	service_tier	text NOT NULL,
	region			text,
	provider		text,
	team			text,
	project			text,
	status			text NOT NULL,
	provider_usd	numeric,
	dimensions		jsonb
);

CREATE INDEX forgotten_usage_hour ON forgotten_usage (hour);

COMMENT
	ON TABLE forgotten_usage IS 'The rows of usage_hourly that forgotten hours had, of those that were not as booked.';
SELECT pg_extension_config_dump('forgotten_usage', '');

CREATE FUNCTION inferacct_internal.keep_forgotten(origin text, since timestamptz, until timestamptz)
RETURNS void
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH now_has AS (
		SELECT r.hour, md5(string_agg(r.line, ' ' ORDER BY r.line COLLATE "C")) AS digest
		FROM (SELECT h.hour, ROW(h.first_at, h.last_at, h.min_input, h.max_input, h.usage, h.aggregated, h.tenant,
			h.source,
				h.model, h.service_tier, h.region, h.provider, h.team, h.project, h.status,
				h.provider_usd, h.dimensions)::text AS line
			FROM usage_hourly AS h WHERE h.origin = $1 AND h.hour >= $2 AND h.hour < $3) AS r
		GROUP BY r.hour
	), booked AS (
		SELECT r.hour, md5(string_agg(r.line, ' ' ORDER BY r.line COLLATE "C")) AS digest
		FROM (SELECT hour_of(b.first_at) AS hour, ROW(b.first_at, b.last_at, b.min_input, b.max_input, b.usage,
			b.aggregated,
				b.tenant, b.source, b.model, b.service_tier, b.region, b.provider, b.team, b.project, b.status,
				b.provider_usd, b.dimensions)::text AS line
			FROM booked_now AS b WHERE b.origin = $1 AND hour_of(b.first_at) >= $2 AND hour_of(b.first_at) < $3) AS r
		GROUP BY r.hour
	), forgetting AS MATERIALIZED (
		SELECT hour, CASE WHEN month_of(hour) IN (SELECT c.month FROM closed_month AS c)
			THEN n.digest IS NOT DISTINCT FROM b.digest END AS as_booked
		FROM now_has AS n LEFT JOIN booked AS b USING (hour)
		WHERE month_of(hour) IN (SELECT c.month FROM closed_month AS c) OR NOT EXISTS (
			SELECT FROM refreshed_hour AS r JOIN usage_source AS s ON s.name = r.origin
			JOIN source_relation AS l USING (name)
			WHERE r.origin = $1 AND r.hour = n.hour AND r.read_by <> source_read_by(l.relation, s.definition))
	), kept AS (
		INSERT INTO forgotten_usage (hour, first_at, last_at, min_input, max_input, usage, aggregated, origin, tenant,
			source, model, service_tier, region, provider, team, project, status, provider_usd, dimensions)
		SELECT h.hour, h.first_at, h.last_at, h.min_input, h.max_input, h.usage, h.aggregated, h.origin, h.tenant,
			h.source, h.model, h.service_tier, h.region, h.provider, h.team, h.project, h.status, h.provider_usd,
			h.dimensions
		FROM usage_hourly AS h JOIN forgetting AS f USING (hour) WHERE h.origin = $1 AND NOT f.as_booked
	)
	INSERT INTO forgotten_hour (origin, hour, as_booked) SELECT $1, f.hour, f.as_booked FROM forgetting AS f
$$;

COMMENT ON FUNCTION keep_forgotten(text, timestamptz, timestamptz) IS
'Keeps what closed months need of the hours of an origin in [since, until), before forget_usage() takes them out. '
'An hour that came back after it was forgotten must have left forgotten_hour: remembered() sees to that.';

CREATE FUNCTION inferacct_internal.remembered(origin text, hours timestamptz[])
RETURNS void
LANGUAGE sql VOLATILE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	DELETE FROM forgotten_usage AS u WHERE u.origin = $1 AND u.hour = ANY ($2);
	DELETE FROM forgotten_hour AS f WHERE f.origin = $1 AND f.hour = ANY ($2)
$$;

COMMENT ON FUNCTION remembered(text, timestamptz[]) IS 'Says that these hours are read again: the rollup counts.';
