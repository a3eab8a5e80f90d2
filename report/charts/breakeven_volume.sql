-- The API against machines of one's own by volume: for sellers, terms, utilizations and people, each with every
-- crossing.
WITH machine AS (	-- the deployment as it holds now
	SELECT d.* FROM deployment AS d WHERE d.name = :'deployment' AND d.valid_from <= :'at'::timestamptz
		ORDER BY d.valid_from DESC, d.version DESC LIMIT 1
), day AS (
	SELECT d.day, sum(d.usd) AS usd, sum(d.usage) AS usage
	FROM daily_spend AS d
	WHERE d.usd IS NOT NULL AND d.day >= (:'at'::timestamptz AT TIME ZONE 'UTC' - interval '28 days')::date
		AND d.day < (:'at'::timestamptz AT TIME ZONE 'UTC')::date
	GROUP BY d.day
), priced AS (
	SELECT *, (input_tokens(usage) + output_tokens(usage)) / 1000000.0 AS mtok FROM day
), load AS (	-- a month of 730 hours, at the mix of the last four weeks
	SELECT sum(usage) AS mix, sum(mtok) * 730 / (24 * count(*)) AS month_mtok, sum(usd) / sum(mtok) AS usd_per_mtok,
		percentile_disc(0.1) WITHIN GROUP (ORDER BY usd / mtok) AS low_usd_per_mtok,
			percentile_disc(0.9) WITHIN GROUP (ORDER BY usd / mtok) AS high_usd_per_mtok
	FROM priced WHERE mtok > 0
), seller AS (
	SELECT t.term, s.seller, s.place, s.usd_per_hour
	FROM machine AS d CROSS JOIN (VALUES ('on_demand'), ('reserved_1y'), ('reserved_3y')) AS t(term)
	CROSS JOIN LATERAL gpu_market(d.gpu, t.term, :'at'::timestamptz) AS g
	CROSS JOIN LATERAL (VALUES ('cheap (p10)', 1, g.p10), ('median', 2, g.p50), ('dear (p90)', 3, g.p90)) AS s(seller,
		place, usd_per_hour)
	WHERE s.usd_per_hour IS NOT NULL
), stated AS (	-- what a deployment costs whatever its size
	SELECT DISTINCT ON (c.item) c.item, c.usd_per_month, c.fte, c.usd_per_fte_year
	FROM deployment_cost AS c WHERE c.deployment = :'deployment' AND c.valid_from <= :'at'::timestamptz
	ORDER BY c.item, c.valid_from DESC, c.version DESC
), fixed AS (
	SELECT coalesce(sum(usd_per_month), 0) AS usd, coalesce(sum(fte), 0) AS fte,
		max(usd_per_fte_year) AS usd_per_fte_year FROM stated
), choice AS (
	SELECT s.term, s.seller, s.place, s.usd_per_hour, u.utilization, p.fte,
		s.usd_per_hour * d.gpus_per_replica * 730 + coalesce(inferacct_internal.power_usd(d.gpus_per_replica, d.watts,
			d.usd_per_kwh, 730,
			d.pue), 0) AS replica_usd,
		capacity_mtok(d.name, l.mix, :'at'::timestamptz, 730) * u.utilization / d.target_utilization AS capacity_mtok,
		f.usd + p.fte * coalesce(f.usd_per_fte_year, 0) / 12 AS fixed_usd, d.spare_replicas, d.redundancy,
			d.marginal_usd_per_mtok, d.min_replicas, d.max_replicas,
		l.month_mtok, l.usd_per_mtok, l.low_usd_per_mtok, l.high_usd_per_mtok
	FROM machine AS d CROSS JOIN load AS l CROSS JOIN seller AS s CROSS JOIN fixed AS f
	CROSS JOIN (VALUES (0.3), (0.5), (0.7), (0.9)) AS u(utilization)
	CROSS JOIN LATERAL (SELECT DISTINCT fte FROM (VALUES (0), (0.25), (0.5), (1)) AS v(fte) WHERE v.fte = 0
		OR f.usd_per_fte_year IS NOT NULL) AS p
	WHERE l.mix IS NOT NULL
), verdict AS (
	SELECT c.*, b.status, b.first_mtok, b.permanent_mtok, b.crossings, b.events, b.floor_usd_per_mtok, b.reason,
		-- as far as there is something to see, and not more than 40 steps
		least(greatest(1.5 * c.month_mtok, coalesce(1.4 * b.permanent_mtok, 1.5 * c.capacity_mtok)),
			40 * c.capacity_mtok) AS max_mtok
	FROM choice AS c CROSS JOIN LATERAL breakeven(c.replica_usd, c.capacity_mtok, c.usd_per_mtok, c.fixed_usd,
		c.spare_replicas, c.redundancy,
		c.marginal_usd_per_mtok, c.min_replicas, c.max_replicas) AS b
), point AS (
	SELECT v.*, 'api' AS kind, p.mtok, p.mtok * v.usd_per_mtok AS usd, p.mtok * v.low_usd_per_mtok AS low_usd,
		p.mtok * v.high_usd_per_mtok AS high_usd, NULL::text AS label
	FROM verdict AS v CROSS JOIN LATERAL (VALUES (0::numeric), (v.max_mtok)) AS p(mtok)
	UNION ALL	-- a step up each time that one replica more is needed
	SELECT v.*, 'own', p.mtok, v.fixed_usd + (greatest(p.replicas,
		v.min_replicas) * v.redundancy + v.spare_replicas) * v.replica_usd + v.marginal_usd_per_mtok * p.mtok,
		NULL, NULL, greatest(p.replicas, v.min_replicas)::text
	FROM verdict AS v CROSS JOIN LATERAL (
		SELECT n * v.capacity_mtok AS mtok, n + 1 AS replicas
			FROM generate_series(0, ceil(v.max_mtok / v.capacity_mtok)::int - 1) AS n
		UNION ALL SELECT v.max_mtok, ceil(v.max_mtok / v.capacity_mtok)::int) AS p
	UNION ALL
	SELECT v.*, 'crossing', e.mtok, e.mtok * v.usd_per_mtok, NULL, NULL, CASE e.cheaper
		WHEN 'self_host' THEN 'own machines' ELSE 'API' END || ' cheaper from here'
	FROM verdict AS v CROSS JOIN LATERAL unnest(v.events) AS e WHERE e.mtok <= v.max_mtok
	UNION ALL
	SELECT v.*, 'today', least(v.month_mtok, v.max_mtok), v.month_mtok * v.usd_per_mtok, NULL, NULL,
		CASE WHEN v.month_mtok <= v.max_mtok THEN 'today' ELSE 'today: beyond' END
	FROM verdict AS v
)
SELECT seller, replace(term, '_', ' ') AS term, round(100 * utilization) || ' %' AS utilization,
	trim_scale(fte::numeric) || ' FTE' AS people, kind, round(mtok, 2) AS mtok,
	round(usd, 2) AS usd, round(low_usd, 2) AS low_usd, round(high_usd, 2) AS high_usd, label,
	format('%s million tokens a month cost %s USD by the API. On %s (%s a GPU-hour, busy %s %%, %s FTE) %s',
		to_char(month_mtok, 'FM999,999,999,990'),
		to_char(month_mtok * usd_per_mtok, 'FM999,999,999,990'), :'deployment',
			trim_scale(round(usd_per_hour, 2)) || ' USD', round(100 * utilization), trim_scale(fte::numeric),
		CASE status WHEN 'ok' THEN format('machines are cheaper from %s million on%s: %s today''s volume.',
			to_char(first_mtok, 'FM999,999,999,990'),
				CASE WHEN permanent_mtok > first_mtok THEN format(', for good from %s after %s crossings',
					to_char(permanent_mtok, 'FM999,999,999,990'), crossings) ELSE '' END,
				to_char(round(first_mtok / month_mtok, 1), 'FM999,990.0') || ' times')
			ELSE lower(left(reason, 1)) || substr(reason, 2) END) AS sentence
FROM point
ORDER BY place, CASE term WHEN 'on_demand' THEN 1 WHEN 'reserved_1y' THEN 2
	ELSE 3 END, point.utilization, fte, kind, mtok;
