-- anomaly_scan: what was unusual, of every team, model and key at its own scale.
--
-- Invariant: an incident is told once.  Days are judged against the same weekdays of
-- the four weeks before, by the median and what is usual around it (on a scale of
-- ratios), so that a small team counts as much as a large one; days in a row are one
-- incident, and so are those of a team, of its models and of its keys in these days.
-- Its cause is what changed: silence, failed requests, price, model, cache, tokens per
-- request, or requests; slow change is drift.  Usage without a price counts by its
-- requests, and stops nothing.

CREATE FUNCTION inferacct_internal.scan_cells(since date, until date)
RETURNS TABLE (day date, team text, model text, key text, usd float8, old_usd float8, requests float8, failed float8,
	prompt float8, cached float8, tokens float8)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT day_of(h.hour), h.team, resolved_model(h.model, h.first_at), h.dimensions ->> k.name,
		coalesce(sum(cost_at(h.model, h.usage, h.first_at, h.min_input, h.max_input, h.aggregated, h.service_tier,
			h.region)), 0)::float8,
		coalesce(sum(cost_at(h.model, h.usage, h.first_at - interval '7 days', h.min_input, h.max_input, h.aggregated,
			h.service_tier, h.region)), 0)::float8,
		sum(meter(h.usage, 'requests'))::float8,
		coalesce(sum(meter(h.usage, 'requests')) FILTER (WHERE h.status = 'failed'), 0)::float8,
		sum(input_tokens(h.usage))::float8, sum(cached_tokens(h.usage))::float8, sum(tokens_of(h.usage))::float8
	FROM usage_hourly AS h
	LEFT JOIN (SELECT min(d.name) AS name FROM usage_dimension AS d WHERE d.log_column = 'api_key') AS k ON true
	WHERE h.hour >= begin_of($1) AND h.hour < begin_of($2)
	GROUP BY 1, 2, 3, 4
$$;

COMMENT ON FUNCTION scan_cells(date, date) IS
'Usage of [since, until) by day, team, model and key (where usage_dimension has api_key): what it cost, what it would '
'have cost a week before, requests, those that failed, tokens of the prompt, of these from a cache, and all tokens.';

-- One row for each day of each series, and what the four weeks before it were like.
CREATE FUNCTION inferacct_internal.scan_days(since date, until date)
RETURNS TABLE (kind text, name text, day date, usd float8, usual_usd float8, requests float8, usual_requests float8,
	usd_ratio float8, usd_score float8, requests_ratio float8, requests_score float8, cached_share float8,
	usual_cached float8, cached_score float8, failed_share float8, usual_failed float8, failed_score float8,
	price_ratio float8, size_ratio float8, week_ratio float8, spread float8)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH cells AS MATERIALIZED (
		SELECT * FROM scan_cells($1 - 42, $2) WHERE check_span(begin_of($1), begin_of($2), '10 years')
	), series AS (
		SELECT 'team' AS kind, coalesce(c.team, '') AS name, c.day, c.usd, c.old_usd, c.requests, c.failed, c.prompt,
			c.cached, c.tokens FROM cells AS c
		UNION ALL
		SELECT 'model', c.model, c.day, c.usd, c.old_usd, c.requests, c.failed, c.prompt, c.cached, c.tokens
			FROM cells AS c
		UNION ALL
		SELECT 'key', c.key, c.day, c.usd, c.old_usd, c.requests, c.failed, c.prompt, c.cached, c.tokens FROM cells AS c
		WHERE c.key IS NOT NULL
	), summed AS (
		SELECT s.kind, s.name, s.day, sum(s.usd) AS usd, sum(s.old_usd) AS old_usd, sum(s.requests) AS requests,
			sum(s.failed) AS failed, sum(s.prompt) AS prompt, sum(s.cached) AS cached, sum(s.tokens) AS tokens
		FROM series AS s GROUP BY s.kind, s.name, s.day
	), days AS MATERIALIZED (		-- a day without requests is a day
		SELECT f.kind, f.name, g.day::date AS day, coalesce(s.usd, 0) AS usd, coalesce(s.old_usd, 0) AS old_usd,
			coalesce(s.requests, 0) AS requests, s.failed / nullif(s.requests, 0) AS failed_share,
			s.cached / nullif(s.prompt, 0) AS cached_share, s.tokens / nullif(s.requests, 0) AS size
		FROM (SELECT u.kind, u.name, min(u.day) AS first_day FROM summed AS u GROUP BY u.kind, u.name) AS f
		CROSS JOIN LATERAL generate_series(f.first_day::timestamp, $2::timestamp - interval '1 day',
			interval '1 day') AS g(day)
		LEFT JOIN summed AS s ON s.kind = f.kind AND s.name = f.name AND s.day = g.day
	), usual AS MATERIALIZED (
		SELECT d.kind, d.name, d.day, count(*) AS seen,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.usd) AS all_usd,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.requests) AS all_requests,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.usd)
				FILTER (WHERE extract(isodow FROM p.day) = extract(isodow FROM d.day)) AS usd,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.requests)
				FILTER (WHERE extract(isodow FROM p.day) = extract(isodow FROM d.day)) AS requests,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.cached_share) AS cached_share,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.failed_share) AS failed_share,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.size) AS size
		FROM days AS d JOIN days AS p ON p.kind = d.kind AND p.name = d.name AND p.day >= d.day - 28 AND p.day < d.day
		GROUP BY d.kind, d.name, d.day
	), ratios AS MATERIALIZED (
		SELECT d.*, u.seen, u.usd AS usual_usd, u.requests AS usual_requests, u.cached_share AS usual_cached,
			u.failed_share AS usual_failed, u.size AS usual_size,
			ln((d.usd + 0.01 * u.all_usd + 1e-9) / (u.usd + 0.01 * u.all_usd + 1e-9)) AS usd_ratio,
			ln((d.requests + 0.01 * u.all_requests + 1e-9) / (u.requests + 0.01 * u.all_requests + 1e-9))
				AS requests_ratio
		FROM days AS d JOIN usual AS u ON u.kind = d.kind AND u.name = d.name AND u.day = d.day
	), spreads AS (
		SELECT r.kind, r.name, r.day,
			greatest(1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.usd_ratio)), 0.08) AS usd,
			greatest(1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.requests_ratio)), 0.08) AS requests,
			greatest(1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.cached_share - r.usual_cached)),
				0.02) AS cached,
			greatest(1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(p.failed_share - r.usual_failed)),
				0.01) AS failed,
			percentile_cont(0.5) WITHIN GROUP (ORDER BY p.usd_ratio) FILTER (WHERE p.day >= r.day - 6) AS week
		FROM ratios AS r JOIN ratios AS p ON p.kind = r.kind AND p.name = r.name AND p.day >= r.day - 28
			AND p.day <= r.day
		WHERE r.day >= $1 GROUP BY r.kind, r.name, r.day
	)
	SELECT r.kind, r.name, r.day, r.usd, r.usual_usd, r.requests, r.usual_requests, r.usd_ratio, r.usd_ratio / s.usd,
		r.requests_ratio, r.requests_ratio / s.requests, r.cached_share, r.usual_cached,
		(r.cached_share - r.usual_cached) / s.cached, r.failed_share, r.usual_failed,
		(r.failed_share - r.usual_failed) / s.failed, CASE WHEN r.old_usd > 0 AND r.usd > 0 THEN ln(r.usd / r.old_usd)
			END,
		ln(r.size / nullif(r.usual_size, 0)), s.week, s.usd
	FROM ratios AS r JOIN spreads AS s ON s.kind = r.kind AND s.name = r.name AND s.day = r.day
	WHERE r.day >= $1 AND r.seen >= 14
$$;

COMMENT ON FUNCTION scan_days(date, date) IS
'Each day of [since, until) of each team, model and key that has two weeks before it: what it was, what is usual, '
'logarithms of their ratios, and these in units of what is usual around it.';

-- How much of a team's requests moved from model to model, against the four weeks before.
CREATE FUNCTION inferacct_internal.scan_switches(since date, until date)
RETURNS TABLE (team text, day date, moved float8, to_model text, from_model text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH cells AS MATERIALIZED (
		SELECT coalesce(c.team, '') AS team, c.model, c.day, sum(c.requests) AS requests FROM scan_cells($1 - 28,
			$2) AS c
		GROUP BY 1, 2, 3
	), totals AS (
		SELECT c.team, c.day, sum(c.requests) AS requests FROM cells AS c GROUP BY c.team, c.day
	), shares AS (
		SELECT t.team, t.day, m.model, coalesce(c.requests, 0) / t.requests AS share
		FROM totals AS t JOIN (SELECT DISTINCT c.team, c.model FROM cells AS c) AS m ON m.team = t.team
		LEFT JOIN cells AS c ON c.team = t.team AND c.model = m.model AND c.day = t.day
	), changes AS (
		SELECT s.team, s.day, s.model, s.share - percentile_cont(0.5) WITHIN GROUP (ORDER BY p.share) AS change
		FROM shares AS s JOIN shares AS p ON p.team = s.team AND p.model = s.model AND p.day >= s.day - 28
			AND p.day < s.day
		WHERE s.day >= $1 GROUP BY s.team, s.day, s.model, s.share
	)
	SELECT c.team, c.day, sum(abs(c.change)) / 2, (array_agg(c.model ORDER BY c.change DESC))[1],
		(array_agg(c.model ORDER BY c.change))[1]
	FROM changes AS c GROUP BY c.team, c.day
$$;

COMMENT ON FUNCTION scan_switches(date, date) IS
'The part of a team''s requests of a day that is at other models than in the four weeks before, and which gained and '
'lost most.';

CREATE FUNCTION anomaly_scan(since date, until date, threshold float8 DEFAULT 5,
	OUT first_day date, OUT last_day date, OUT team text, OUT model text, OUT key text, OUT usd numeric,
	OUT expected_usd numeric, OUT deviation_usd numeric, OUT score numeric, OUT cause text, OUT explanation text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	WITH judged AS MATERIALIZED (
		SELECT d.*, w.moved, w.to_model, w.from_model,
			CASE WHEN d.usual_requests > 0 AND d.requests <= 0.03 * d.usual_requests AND d.requests_score < -$3
				THEN 'silence'
				WHEN d.failed_score >= $3 AND d.failed_share >= d.usual_failed + 0.08 THEN 'retries'
				WHEN abs(d.price_ratio) >= ln(1.1) AND abs(d.price_ratio) >= 0.5 * abs(d.usd_ratio) AND d.kind = 'model'
					THEN 'price'
				WHEN d.kind = 'team' AND w.moved >= 0.3 AND abs(d.requests_ratio) < greatest(ln(1.6), 3 * d.spread)
					THEN 'model switch'
				WHEN abs(d.cached_score) >= $3 AND abs(d.cached_share - d.usual_cached) >= 0.15 THEN 'cache'
				WHEN abs(d.requests_score) >= $3 AND abs(d.requests_ratio) >= ln(1.8) THEN 'requests'
				WHEN abs(d.usd_score) >= $3 AND abs(d.usd_ratio) >= ln(1.8) AND abs(d.price_ratio) < ln(1.1)
					THEN 'tokens per request'
				WHEN d.kind = 'team' AND abs(d.week_ratio) >= greatest(ln(1.35), 2.5 * d.spread)
					AND abs(d.price_ratio) < ln(1.1)
					THEN 'drift' END AS cause
		FROM scan_days($1, $2) AS d LEFT JOIN scan_switches($1, $2) AS w
			ON d.kind = 'team' AND w.team = d.name AND w.day = d.day
	), cells AS MATERIALIZED (
		SELECT c.day, coalesce(c.team, '') AS team, c.model, c.key, sum(c.usd) AS usd, sum(c.requests) AS requests
		FROM scan_cells($1 - 28, $2) AS c GROUP BY 1, 2, 3, 4
	), alerts AS MATERIALIZED (
		-- Of a model or a key: the team that has an alert of that cause on that day, or else whose cost changed most.
		SELECT j.*, CASE WHEN j.kind = 'team' THEN j.name WHEN j.cause = 'price' THEN '' ELSE
			(SELECT c.team FROM cells AS c
			WHERE CASE j.kind WHEN 'model' THEN c.model ELSE c.key END = j.name AND c.day >= j.day - 28
				AND c.day <= j.day
			GROUP BY c.team
			ORDER BY c.team IN (SELECT t.name FROM judged AS t
					WHERE t.kind = 'team' AND t.day = j.day AND t.cause = j.cause) DESC,
				abs(coalesce(sum(c.usd) FILTER (WHERE c.day = j.day), 0)
					- coalesce(sum(c.usd) FILTER (WHERE c.day < j.day), 0) / 28) DESC, c.team LIMIT 1) END AS of_team
		FROM judged AS j WHERE j.cause IS NOT NULL
	), grouped AS (		-- what is of a price is of a model, all else of a team
		SELECT a.*, CASE WHEN a.cause = 'price' THEN 'model ' || a.name ELSE 'team ' || a.of_team END AS of
			FROM alerts AS a
	), begun AS (
		SELECT g.*, CASE WHEN g.day - lag(g.day) OVER (PARTITION BY g.of ORDER BY g.day, g.kind, g.name) <= 2 THEN 0
			ELSE 1 END
			AS begins FROM grouped AS g
	), incidents AS (
		SELECT b.*, sum(b.begins) OVER (PARTITION BY b.of ORDER BY b.day, b.kind, b.name) AS incident FROM begun AS b
	), told AS (		-- by the clearest of its alerts; a cause that explains before one that describes
		SELECT DISTINCT ON (i.of, i.incident) i.*, greatest(abs(i.usd_score), abs(i.requests_score),
			abs(i.cached_score),
			abs(i.failed_score)) AS clearest
		FROM incidents AS i
		ORDER BY i.of, i.incident, array_position(ARRAY['silence', 'retries', 'price', 'model switch', 'cache',
			'requests',
			'tokens per request', 'drift'], i.cause), i.kind = 'team' DESC, abs(i.usd_ratio) DESC, i.day
	), spans AS (
		SELECT i.of, i.incident, min(i.day) AS first_day, max(i.day) AS last_day FROM incidents AS i GROUP BY i.of,
			i.incident
	), sums AS (
		SELECT t.of, t.incident, sum(j.usd) AS usd, sum(j.usual_usd) AS usual
		FROM told AS t JOIN spans AS s USING (of, incident)
		JOIN judged AS j ON j.kind = t.kind AND j.name = t.name AND j.day BETWEEN s.first_day AND s.last_day
		GROUP BY t.of, t.incident
	)
	SELECT s.first_day, s.last_day, CASE WHEN t.cause <> 'price' THEN nullif(t.of_team, '') END,
		CASE WHEN t.cause = 'model switch' THEN t.to_model WHEN t.kind = 'model' THEN t.name END,
		CASE WHEN t.kind = 'key' THEN t.name END, round(m.usd::numeric, 2), round(m.usual::numeric, 2),
		round((m.usd - m.usual)::numeric, 2), round(t.clearest::numeric, 1), t.cause,
		CASE t.cause
			WHEN 'silence' THEN format('%s requests on %s, where %s are usual', t.requests, t.day,
				round(t.usual_requests))
			WHEN 'retries'
				THEN format('%s %% of the requests failed on %s, where %s %% are usual; %s times as many requests',
				round((100 * t.failed_share)::numeric, 1), t.day, round((100 * t.usual_failed)::numeric, 1),
				round(exp(t.requests_ratio)::numeric, 2))
			WHEN 'price' THEN format('the same tokens cost %s times as much as a week before',
				round(exp(t.price_ratio)::numeric, 3))
			WHEN 'model switch' THEN format('%s %% of the requests moved from %s to %s on %s',
				round((100 * t.moved)::numeric),
				t.from_model, t.to_model, t.day)
			WHEN 'cache' THEN format('%s %% of the prompt came from the cache on %s, where %s %% are usual',
				round((100 * t.cached_share)::numeric, 1), t.day, round((100 * t.usual_cached)::numeric, 1))
			WHEN 'requests' THEN format('%s times as many requests as usual on %s',
				round(exp(t.requests_ratio)::numeric, 2), t.day)
			WHEN 'tokens per request' THEN format('%s times as many tokens a request as usual on %s',
				round(exp(t.size_ratio)::numeric, 2), t.day)
			ELSE format('the week until %s cost %s times the usual', t.day, round(exp(t.week_ratio)::numeric, 2)) END
	FROM told AS t JOIN spans AS s USING (of, incident) JOIN sums AS m USING (of, incident)
	ORDER BY s.first_day, t.of
$$;

COMMENT ON FUNCTION anomaly_scan(date, date, float8) IS
'Incidents of [since, until) (UTC days): every team, model and key (where usage_dimension has api_key) is judged at '
'its '
'own scale against the same weekdays of the four weeks before, of which two weeks must be there. Days in a row, and '
'a team '
'with its models and keys, are one incident: its days, whose it is, what its series cost in these days and usually '
'does, '
'score (deviation in units of what is usual) and cause: silence, retries, price, model switch, cache, requests, tokens '
'per request or drift, told by explanation. threshold: least score. Usage without a price counts by its requests. '
'NULL since or until gives no row. As a team''s reader: of its own usage. '
'Errors: 22008 a span without an end, 54000 one of more than ten years.';

-- Days are judged when they are over, so one look a day is enough.
CREATE FUNCTION inferacct_internal.keep_incidents(at timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this CONSTANT date := day_of(at);
BEGIN
	IF EXISTS (SELECT FROM incident_look AS l WHERE l.until = this AND NOT EXISTS (SELECT FROM refreshed_hour AS r
		WHERE r.hour >= begin_of(this - 7) AND r.hour < begin_of(this) AND r.refreshed_at > l.looked_at)) THEN
		RETURN;
	END IF;
	DELETE FROM seen_incident;
	DELETE FROM incident_look;
	INSERT INTO seen_incident (first_day, last_day, team, model, deviation_usd, cause, explanation)
	SELECT s.first_day, s.last_day, s.team, s.model, s.deviation_usd, s.cause, s.explanation
	FROM anomaly_scan(this - 7, this) AS s;
	INSERT INTO incident_look (until, looked_at) VALUES (this, clock_timestamp());
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING 'check_budgets() could not look for incidents' USING DETAIL = concat_ws(' ', SQLSTATE, SQLERRM);
END
$$;

COMMENT ON FUNCTION keep_incidents(timestamptz) IS
'Writes the incidents of the week before a day to seen_incident, once a day, and again when hours of that week were '
'read since. What fails is a WARNING, and leaves what was seen before.';
