-- mix: the cheapest plan for one log with several deployments beside each other.
--
-- Invariant: usd = api_usd - the saved_usd of all candidates, and no other plan is cheaper
-- by more than gap_usd.  The search is src/demand/mix.c, which says what is chosen and proven.

CREATE TYPE inferacct_internal.mix_row AS (
	candidate		integer,
	takes			bigint,
	replicas		bigint,
	most_started	bigint,
	started			numeric,
	spot			numeric,
	waited_started	numeric,
	waited			numeric,
	served			numeric,
	fleet_usd		numeric,
	saved_usd		numeric,
	api_usd			numeric,
	usd				numeric,
	gap_usd			numeric
);

COMMENT ON TYPE mix_row IS
'A candidate''s part in mix(), over all buckets: takes: which classes, a bit each; fleet_usd: its replicas and what '
'comes with them; saved_usd: of what those before it left to the API; the other columns as in optimum. api_usd, usd '
'and gap_usd are of the whole: the API alone, the mix, and no other choice is cheaper by more.';

CREATE FUNCTION inferacct_internal.mix(now_usd numeric[], waiting_usd numeric[], serves bigint[], now bigint[],
	now_own_usd numeric[], waiting bigint[], waiting_own_usd numeric[], size bigint, wait bigint, fewest bigint[],
	most bigint[], constant_usd numeric[], started_usd numeric[], spot_usd numeric[], spot_millionths bigint[],
	fixed_usd numeric[], classes integer)
RETURNS SETOF mix_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000 ROWS 3;

COMMENT ON FUNCTION mix(numeric[], numeric[], bigint[], bigint[], numeric[], bigint[], numeric[], bigint, bigint,
	bigint[], bigint[], numeric[], numeric[], numeric[], bigint[], numeric[], integer) IS
'The cheapest plan for classes of work that several candidates may serve. Amounts of the API are by class and bucket, '
'loads and own costs by candidate, class and bucket, all in one array each; serves has a bit for each class; the '
'others are by candidate, as in optimum(): -1 for none. NULL gives no row. Errors: 22003 too large, or more '
'than 6 classes of a candidate, 22004 a NULL in an array, 22023.';

-- A class: parts of the log that the same candidates serve, each with the same quality.
CREATE TYPE inferacct_internal.work_class AS (
	quality		numeric[],
	now			demand,
	waiting		demand
);

COMMENT ON TYPE work_class IS
'What the same candidates may serve: quality has the share of accepted answers of each, NULL where it does not serve.';

CREATE FUNCTION inferacct_internal.work_classes(r log_reading, deployments text[], frontier_models text[],
	OUT classes work_class[], OUT waits interval, OUT rest_usd numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	frontier_names	text[] := names_of_models(r.models, frontier_models, coalesce(r.priced_at, r.last_at));
BEGIN
	WITH candidate AS MATERIALIZED (
		SELECT k, served_models(name, r.models, coalesce(r.priced_at, r.last_at)) AS served
		FROM unnest(deployments) WITH ORDINALITY AS d (name, k)
	), part AS MATERIALIZED (
		SELECT p.*, (SELECT array_agg(CASE WHEN why_not_served(p.priced, p.model = ANY (frontier_names), p.kind,
				p.data_class, c.served IS NOT NULL, s) IS NULL THEN coalesce(s.quality_ratio, 1) END ORDER BY c.k)
			FROM candidate AS c LEFT JOIN LATERAL unnest(c.served) AS s ON s.name = p.model) AS quality
		FROM unnest(r.parts) AS p
	), wait AS (
		SELECT coalesce(max(patience) FILTER (WHERE patience = interval '24 hours'), min(patience)) AS longest
		FROM part WHERE num_nonnulls(VARIADIC quality) > 0
	), class AS (
		SELECT p.quality, merge(p.demand) FILTER (WHERE coalesce(p.patience < w.longest, true)) AS now,
			merge(p.demand) FILTER (WHERE p.patience >= w.longest) AS waiting
		FROM part AS p, wait AS w WHERE num_nonnulls(VARIADIC p.quality) > 0 GROUP BY 1
	)
	SELECT (SELECT array_agg(ROW(c.quality, c.now, c.waiting)::work_class ORDER BY c.quality) FROM class AS c),
		(SELECT longest FROM wait),
		(SELECT trim_scale(coalesce(sum(CASE WHEN num_nonnulls(VARIADIC quality) > 0 THEN fee_usd
			ELSE usd - batch_saved_usd END), 0)) FROM part)
	INTO classes, waits, rest_usd;
END $$;

COMMENT ON FUNCTION work_classes(log_reading, text[], text[]) IS
'What deployments may serve of a log, how long the part that waits may wait, and what the API takes for the rest, '
'batch prices counted.';

CREATE TYPE inferacct_internal.mixed AS (
	deployments		text[],
	usd				numeric,
	plan_usd		numeric,
	api_usd			numeric,
	gap_usd			numeric,
	replicas		numeric,
	started_hours	numeric,
	reserved		numeric,
	fte				numeric,
	words			text
);

COMMENT ON TYPE mixed IS
'The cheapest mix of deployments, USD per month of 730 hours: those with replicas; usd: the whole bill; plan_usd: of '
'what they could serve, api_usd: the API and its batch prices alone for that; no mix is cheaper by more than gap_usd. '
'words: what each does.';

-- What mix() finds for classes and each candidate's problem.
CREATE FUNCTION inferacct_internal.mix_of_classes(classes work_class[], waits interval, ps plan_problem[],
	terms plan_term[]) RETURNS SETOF mix_row
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 3 COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	whole	demand := (SELECT merge(d) FROM unnest(classes) AS c, unnest(ARRAY[c.now, c.waiting]) AS d);
	starts	timestamptz := (traffic(whole)).since;
	ends	timestamptz := (traffic(whole)).until;
	wide	numeric := extract(epoch FROM bucket_width(whole)) / 3600;	-- a bucket, in hours
	hours	numeric := extract(epoch FROM ends - starts) / 3600;
	api		record;
	loads	record;
	fleets	record;
BEGIN
	WITH cell AS MATERIALIZED (
		SELECT c.j, c.quality, b.*
		FROM unnest(classes) WITH ORDINALITY AS c (quality, now, waiting, j), LATERAL (
			SELECT bucket, n.usage AS now, coalesce(n.api_usd, 0) AS now_usd, w.usage AS waiting,
				coalesce(w.api_usd, 0) AS waiting_usd
			FROM demand_series(c.now, starts, ends) AS n FULL JOIN demand_series(c.waiting, starts, ends) AS w
				USING (bucket)) AS b
	), candidate AS MATERIALIZED (
		SELECT p.ordinality AS k, p.weights, p.size, (p.d).marginal_usd_per_mtok AS marginal
		FROM unnest(ps) WITH ORDINALITY AS p
	), load AS (
		SELECT p.k, c.j, c.bucket, n.parts AS now, w.parts AS waiting,
			n.own + round((1 - c.quality[p.k]) * c.now_usd, 15) AS now_usd,
			w.own + round((1 - c.quality[p.k]) * c.waiting_usd, 15) AS waiting_usd
		FROM candidate AS p, cell AS c, LATERAL plan_parts(c.now, p.weights, p.size, p.marginal) AS n,
			LATERAL plan_parts(c.waiting, p.weights, p.size, p.marginal) AS w
	)
	SELECT (SELECT array_agg(now_usd ORDER BY j, c.bucket) FROM cell AS c) AS api_now_usd,
		(SELECT array_agg(waiting_usd ORDER BY j, c.bucket) FROM cell AS c) AS api_waiting_usd,
		array_agg(l.now ORDER BY k, j, l.bucket) AS now, array_agg(l.waiting ORDER BY k, j, l.bucket) AS waiting,
		array_agg(coalesce(l.now_usd, 0) ORDER BY k, j, l.bucket) AS now_usd,
		array_agg(coalesce(l.waiting_usd, 0) ORDER BY k, j, l.bucket) AS waiting_usd
	INTO loads FROM load AS l;
	SELECT array_agg((SELECT sum(1::bigint << (j - 1)::integer)::bigint FROM unnest(classes) WITH ORDINALITY
			AS c (quality, now, waiting, j) WHERE c.quality[n] IS NOT NULL) ORDER BY n) AS serves,
		array_agg(CASE WHEN t.constant_usd IS NOT NULL AND ((p.d).always_on OR (p.d).min_replicas > 1)
			THEN (p.d).min_replicas ELSE 0 END::bigint ORDER BY n) AS fewest,
		array_agg(coalesce((p.d).max_replicas, -1)::bigint ORDER BY n) AS most,
		array_agg(coalesce(round(t.constant_usd * wide, 15), -1) ORDER BY n) AS constant_usd,
		array_agg(coalesce(round(t.started_usd * wide, 15), -1) ORDER BY n) AS started_usd,
		array_agg(coalesce(round(t.spot_usd * wide, 15), -1) ORDER BY n) AS spot_usd,
		array_agg(coalesce(t.spot_millionths, 1000000) ORDER BY n) AS spot_millionths,
		array_agg(round((p.d).spare_replicas * t.spare_usd * hours + p.people_usd * hours / 730, 15) ORDER BY n)
			AS fixed_usd
	INTO fleets
	FROM generate_subscripts(ps, 1) AS n, LATERAL (SELECT (ps[n]).d AS d, (ps[n]).people_usd AS people_usd) AS p,
		LATERAL (SELECT (terms[n]).*) AS t;
	RETURN QUERY SELECT * FROM mix(loads.api_now_usd, loads.api_waiting_usd, fleets.serves, loads.now, loads.now_usd,
		loads.waiting, loads.waiting_usd, 1000000000,
		greatest(1, floor(extract(epoch FROM waits) / 3600 / wide))::bigint, fleets.fewest, fleets.most,
		fleets.constant_usd, fleets.started_usd, fleets.spot_usd, fleets.spot_millionths, fleets.fixed_usd,
		cardinality(classes));
END $$;

COMMENT ON FUNCTION mix_of_classes(work_class[], interval, plan_problem[], plan_term[]) IS
'mix() of classes of work for the deployments of plan_problem()s, whose machines are rented on these terms.';

CREATE FUNCTION inferacct_internal.part_in_words(m mix_row, deployment text, term text, month_factor numeric)
	RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN concat_ws(' and ', CASE WHEN m.replicas > 0 THEN format('%s of %s all the time (%s)',
		replicas_in_words(m.replicas), deployment, replace(term, '_', ' ')) END,
	CASE WHEN m.started + m.waited_started > 0 THEN format('%s hours a month of replicas of %s started for the load',
		round((m.started + m.waited_started) * month_factor), deployment) END,
	CASE WHEN m.spot > 0 THEN format('%s hours a month of spot replicas of %s', round(m.spot * month_factor),
		deployment) END);

COMMENT ON FUNCTION part_in_words(mix_row, text, text, numeric) IS
'What a candidate does in a mix, for a sentence; month_factor: hours a month in a bucket of the log.';

CREATE FUNCTION inferacct_internal.mixed(r log_reading, fs advice_facts[], frontier_models text[]) RETURNS mixed
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	names	text[] := ARRAY(SELECT f.deployment FROM unnest(fs) AS f);
	ps		plan_problem[] := ARRAY(SELECT f.problem FROM unnest(fs) AS f);
	terms	plan_term[];
	work	record := work_classes(r, names, frontier_models);
	classes	work_class[] := work.classes;
	seen	trend;
	whole	demand;
	hours	numeric;
	wide	numeric;		-- a bucket, in hours
	m		mixed;
BEGIN
	-- A machine that always runs is on the term that is cheapest for that.
	terms := ARRAY(SELECT (SELECT t FROM unnest((ps[n]).terms) AS t ORDER BY t.constant_usd LIMIT 1)
		FROM generate_subscripts(ps, 1) AS n ORDER BY n);
	seen := trend(week_loads((SELECT merge(c.now) FROM unnest(classes) AS c),
		(SELECT merge(c.waiting) FROM unnest(classes) AS c)));
	IF has_trend(seen) THEN
		classes := ARRAY(SELECT ROW(c.quality, at_level(c.now, seen.per_week, hour_of(r.last_at)),
			at_level(c.waiting, seen.per_week, hour_of(r.last_at)))::work_class FROM unnest(classes) AS c);
	END IF;
	whole := (SELECT merge(d) FROM unnest(classes) AS c, unnest(ARRAY[c.now, c.waiting]) AS d);
	hours := extract(epoch FROM (traffic(whole)).until - (traffic(whole)).since) / 3600;
	wide := extract(epoch FROM bucket_width(whole)) / 3600;
	SELECT array_agg(names[x.candidate] ORDER BY x.candidate) FILTER (WHERE x.takes > 0),
		month_usd(max(x.usd), hours), month_usd(max(x.api_usd), hours), month_usd(max(x.gap_usd), hours),
		sum(x.replicas), exact_quotient(sum(x.started + x.waited_started) * wide * 730, hours),
		sum(fleet_machines((ps[x.candidate]).d, x.replicas)) FILTER (WHERE x.takes > 0 AND x.replicas > 0
			AND (terms[x.candidate]).term LIKE 'reserved%'),
		sum((fs[x.candidate]).fte_needed) FILTER (WHERE x.takes > 0),
		string_agg(part_in_words(x, names[x.candidate], (terms[x.candidate]).term, wide * 730 / hours), '; '
			ORDER BY x.candidate) FILTER (WHERE x.takes > 0)
	INTO m.deployments, m.plan_usd, m.api_usd, m.gap_usd, m.replicas, m.started_hours, m.reserved, m.fte, m.words
	FROM mix_of_classes(classes, work.waits, ps, terms) AS x;
	m.usd := m.plan_usd + month_usd(work.rest_usd, extract(epoch FROM date_trunc('hour', r.last_at, 'UTC')
		+ interval '1 hour' - date_trunc('hour', r.first_at, 'UTC')) / 3600);
	RETURN m;
END $$;

COMMENT ON FUNCTION mixed(log_reading, advice_facts[], text[]) IS
'The cheapest mix of deployments for a log, whose facts have a plan_problem() each.';

CREATE FUNCTION inferacct_internal.mix_in_words(m mixed) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN format('Together: %s; the API for the rest. That costs %s a month for what the API takes %s for: %s less. %s',
	m.words, usd_in_words(m.plan_usd), usd_in_words(m.api_usd), usd_in_words(m.api_usd - m.plan_usd),
	CASE WHEN m.gap_usd = 0 THEN 'No other mix is cheaper.'
		ELSE format('No other mix is cheaper by more than %s.', usd_in_words(m.gap_usd)) END);

COMMENT ON FUNCTION mix_in_words(mixed) IS 'A mix in sentences, with the gap to what could be cheaper at most.';

CREATE TYPE inferacct_internal.compared AS (
	known				boolean,
	deployment			text,
	verdict				text,
	usd					numeric,
	saved_usd			numeric,
	served_usd			numeric,
	plan_usd			numeric,
	replicas			numeric,
	started_hours		numeric,
	reserved_machines	numeric,
	fte					numeric,
	explanation			text
);

COMMENT ON TYPE compared IS 'A row of compare_deployments() before it is ranked; known: it could be judged.';

CREATE FUNCTION inferacct_internal.compared(f advice_facts) RETURNS compared
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	decision	advice := advice_decision(f);
	saved		numeric := CASE WHEN decision.verdict IN ('hybrid', 'self_host') THEN f.left_usd - f.plan_usd
		ELSE 0 END;
BEGIN
	RETURN ROW(f.deployment_problem IS NULL, f.deployment, decision.verdict, f.usd - f.batch_saved_usd - saved, saved,
		f.served_usd, f.plan_usd, f.replicas, f.started_hours, f.committed_replicas, f.fte_needed,
		decision.explanation)::compared;
END $$;

COMMENT ON FUNCTION compared(advice_facts) IS 'One deployment alone.';

-- Deployments that can be judged, where together they cost so much less than the best alone that it matters.
CREATE FUNCTION inferacct_internal.best_mix(r log_reading, fs advice_facts[], frontier_models text[],
	materiality numeric) RETURNS mixed
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	judged	advice_facts[] := ARRAY(SELECT f FROM unnest(fs) AS f WHERE advice_gap(f) IS NULL
		AND NOT coalesce(f.unpriced_share > 0.2, false));
	alone	numeric := (SELECT min((compared(f)).usd) FROM unnest(judged) AS f);
	m		mixed;
BEGIN
	IF cardinality(judged) < 2 THEN
		RETURN NULL;
	END IF;
	m := mixed(r, judged, frontier_models);
	RETURN CASE WHEN cardinality(m.deployments) > 1 AND m.usd < alone AND alone - m.usd >= materiality * alone
		THEN m END;
END $$;

COMMENT ON FUNCTION best_mix(log_reading, advice_facts[], text[], numeric) IS
'The cheapest mix of at least two of the deployments that can be judged, NULL where it saves less than that share of '
'the bill with the best one alone.';
