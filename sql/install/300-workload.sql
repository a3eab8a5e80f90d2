-- workload: what a log says, and what a deployment makes of it.
--
-- workload() measures a log once; advice_facts() adds what a deployment makes of
-- it.  Batch and routing come first, because they change what is left for
-- replicas; savings do not add.

-- ---------------------------------------------------------------------------
-- What a log says
-- ---------------------------------------------------------------------------

-- A report of many rows answers what it can: a price, model, GPU or throughput that
-- is not known (classes IA0 and IA3) becomes a sentence in the rows that need it.
CREATE FUNCTION inferacct_internal.is_missing_fact(sqlstate text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sqlstate ~ '^IA[03]';

COMMENT ON FUNCTION is_missing_fact(text) IS
'Whether an error says that a price, model, deployment, GPU or throughput is not known (classes IA0 and IA3). '
'NULL gives NULL.';

CREATE FUNCTION inferacct_internal.missing_fact(sqlstate text, message text, detail text, hint text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat_ws(' ', concat(sqlstate, ' ', message, '.'), nullif(detail, ''), nullif(hint, ''));

COMMENT ON FUNCTION missing_fact(text, text, text, text) IS 'A caught error as sentences for the row of a report.';

CREATE TYPE workload AS (
	first_at			timestamptz,
	last_at				timestamptz,
	requests			bigint,
	unpriced_requests	bigint,
	usd					numeric,
	batch_requests		bigint,
	batch_usd			numeric,
	batch_saved_usd		numeric,
	p95_latency_ms		numeric,
	frontier_usd		numeric,
	recent_model_usd	numeric,
	recent_models		text[],
	routing				route_savings_result,
	demand				demand,
	routing_problem		text
);

COMMENT ON TYPE workload IS
'What workload() measures, USD as priced: usd of all priced requests; batch_usd is what those cost now that may wait '
'a day and have a batch price, batch_saved_usd what that price saves; frontier_usd: of models named as not to be '
'self-hosted; recent_model_usd: of models first seen in the last 90 days of a log of more than 180, else NULL; '
'recent_models: those models, the dearest first; routing: route_savings() of the requests left after batch that were '
'made to baseline_model; demand: hour by hour what is left after batch and, where it saves, routing; '
'routing_problem: what keeps the policy from being judged, which then is not applied.';

CREATE FUNCTION inferacct_internal.check_log(log regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	missing text;
BEGIN
	IF log IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'no log was given');
	END IF;
	SELECT string_agg(name, ', ') INTO missing
	FROM unnest(ARRAY['at', 'usage', 'model', 'service_tier', 'region', 'duration_ms', 'score', 'tolerates']) AS name
	WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = log AND a.attname = name AND NOT a.attisdropped);
	IF missing IS NOT NULL THEN
		PERFORM inferacct_internal.fail('42703', format('relation "%s" lacks columns of a usage log: %s', log, missing),
			hint => 'Make a view that has the columns of inferacct.usage_log, NULL where nothing is known.');
	END IF;
END $$;

COMMENT ON FUNCTION check_log(regclass) IS
'Refuses a relation without the columns of usage_log that a plan needs (42703), and NULL (22004).';

-- The log as rows of (at, usage, requests, model, service_tier, region, duration_ms,
-- score, routed, usd, batch_usd): batch_usd where batch is possible and cheaper,
-- routed where the policy would decide.
CREATE FUNCTION inferacct_internal.workload_query(log regclass) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN format($query$
	SELECT at, usage, greatest(meter(usage, 'requests'), 1) AS requests, model, service_tier, region, duration_ms,
		score,
		model = ANY ($3) AS routed, usd, CASE WHEN batch_usd < usd THEN batch_usd END AS batch_usd
	FROM (
		SELECT l.*, token_cost(l.model, l.usage, l.at, l.service_tier, l.region) AS usd,
			CASE WHEN l.tolerates >= interval '24 hours' AND coalesce(l.service_tier, 'standard') = 'standard'
				THEN token_cost(l.model, l.usage, l.at, 'batch', l.region) END AS batch_usd
		FROM (
			-- A source computes its usage: once a row, and its price once, too.
			SELECT at, usage, model, service_tier, region, duration_ms, score, tolerates
			FROM %s WHERE at >= $1 AND at < $2 OFFSET 0
		) AS l
		-- rejected_usage names these.
		WHERE inferacct_internal.row_problem(l.at, l.usage) IS NULL OFFSET 0
	) AS c
$query$, log);

COMMENT ON FUNCTION workload_query(regclass) IS
'The query by which workload() reads a log. Parameters: first and end of its time, the names of the baseline model.';

-- Names under which the log has a model.
CREATE FUNCTION inferacct_internal.names_of_model(log regclass, model text, at timestamptz) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	found text[];
	meant record;
BEGIN
	IF model IS NULL THEN
		RETURN '{}';
	END IF;
	SELECT * INTO meant FROM resolve_model(model, at);
	EXECUTE format($query$
		SELECT coalesce(array_agg(name), '{}')
		FROM (SELECT DISTINCT model AS name FROM %s WHERE model IS NOT NULL) AS n
		WHERE name = $1 OR EXISTS (SELECT FROM resolve_model(name, $4) AS r WHERE r.provider = $2 AND r.model = $3)
	$query$, log)
	INTO found USING model, meant.provider, meant.model, at;
	RETURN found;
END $$;

COMMENT ON FUNCTION names_of_model(regclass, text, timestamptz) IS
'The spellings in a log that mean a model at a time. NULL model gives none.';

CREATE FUNCTION inferacct_internal.check_policy_models(policy text, baseline_model text, at timestamptz) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'error'
AS $$
BEGIN
	PERFORM resolve_model(m.model, at)
	FROM (SELECT baseline_model UNION SELECT tier ->> 'model'
		FROM jsonb_array_elements(routing_definition(policy) -> 'tiers') AS tier) AS m(model)
	WHERE m.model IS NOT NULL;
END $$;

COMMENT ON FUNCTION check_policy_models(text, text, timestamptz) IS
'Refuses a policy with a model that nobody has prices for (IA002), or several (IA003): no saving could be told. '
'Errors of the policy: IA401, IA402.';

CREATE FUNCTION workload(log regclass, policy text DEFAULT NULL, baseline_model text DEFAULT NULL,
	frontier_models text[] DEFAULT '{}',
	since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS workload
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	w			workload;
	rows		text;
	baseline	text[] := '{}';
	helps		boolean;
	detail		text;
	hint		text;
BEGIN
	PERFORM check_log(log);
	rows := workload_query(log);
	since := coalesce(since, '-infinity');
	until := coalesce(until, 'infinity');

	EXECUTE format($query$
		SELECT min(at), max(at), coalesce(sum(requests), 0), coalesce(sum(requests) FILTER (WHERE usd IS NULL), 0),
			trim_scale(coalesce(sum(usd), 0)),
			coalesce(sum(requests) FILTER (WHERE batch_usd IS NOT NULL), 0),
			trim_scale(coalesce(sum(usd) FILTER (WHERE batch_usd IS NOT NULL), 0)),
			trim_scale(coalesce(sum(usd - batch_usd), 0)),
			percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms),
			trim_scale(coalesce(sum(usd) FILTER (WHERE model = ANY ($4)), 0))
		FROM (%s) AS l
	$query$, rows)
	INTO w.first_at, w.last_at, w.requests, w.unpriced_requests, w.usd, w.batch_requests, w.batch_usd,
		w.batch_saved_usd,
		w.p95_latency_ms, w.frontier_usd
	USING since, until, baseline, coalesce(frontier_models, '{}');
	IF w.requests = 0 THEN
		RETURN w;
	END IF;

	IF w.last_at - w.first_at > interval '180 days' THEN
		EXECUTE format(
			'SELECT trim_scale(coalesce(sum(usd) FILTER (WHERE seen > $4), 0)), array_agg(model ORDER BY usd DESC, '
			'model COLLATE "C") FILTER (WHERE seen > $4 AND usd > 0) '
			'FROM (SELECT model, sum(usd) AS usd, min(at) AS seen FROM (%s) AS l GROUP BY model) AS m', rows)
		INTO w.recent_model_usd, w.recent_models USING since, until, baseline, w.last_at - interval '90 days';
	END IF;

	IF policy IS NOT NULL THEN
		BEGIN
			SELECT coalesce(baseline_model, routing_definition(policy) -> 'tiers' -> -1 ->> 'model')
				INTO baseline_model;
			PERFORM check_policy_models(policy, baseline_model, w.last_at);
			baseline := names_of_model(log, baseline_model, w.last_at);
			EXECUTE format(
				'SELECT route_savings($4, score, $5, usage, at, service_tier, region) FROM (%s) AS l '
				'WHERE routed AND batch_usd IS NULL', rows)
			INTO w.routing USING since, until, baseline, policy, baseline_model;
		EXCEPTION WHEN OTHERS THEN
			IF NOT is_missing_fact(SQLSTATE) THEN
				RAISE;
			END IF;
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			w.routing_problem := missing_fact(SQLSTATE, SQLERRM, detail, hint);
			w.routing := NULL;
			baseline := '{}';
		END;
	END IF;

	-- An hour pays no part of a fixed cost; a request that a tier has no price for is paid as it is.
	helps := coalesce((w.routing).saved_usd > 0, false);
	EXECUTE format(
		'SELECT demand(hour, usage, usd) FROM ('
		'SELECT date_trunc(''hour'', at, ''UTC'') AS hour, sum(usage) AS usage, sum(usd) AS usd FROM (%1$s) AS l '
		'WHERE batch_usd IS NULL AND usd IS NOT NULL AND NOT (routed AND $4) GROUP BY 1 '
		'UNION ALL SELECT hour, usage, usd - (r).baseline_usd + (r).routed_usd + (r).classifier_usd FROM ('
		'SELECT date_trunc(''hour'', at, ''UTC'') AS hour, sum(usage) AS usage, sum(usd) AS usd, '
		'route_savings($5, score, $6, usage, at, service_tier, region) AS r FROM (%1$s) AS l '
		'WHERE batch_usd IS NULL AND usd IS NOT NULL AND routed AND $4 GROUP BY 1) AS routed_hours) AS hours', rows)
	INTO w.demand USING since, until, baseline, helps, policy, baseline_model;
	RETURN w;
END $$;

COMMENT ON FUNCTION workload(regclass, text, text, text[], timestamptz, timestamptz) IS
'Measures a log (usage_log, or a relation with its columns) in [since, until) for advise() and savings_plan(): first '
'what may go to batch prices (standard tier, tolerates 24 hours or more), then what a routing policy makes of the '
'rest that was made to baseline_model (NULL: the model of the policy''s last tier), then the demand that is left. '
'Requests without a price are left out and counted, rows that rejected_usage names are left out. A model or '
'deployment of the policy that is not known, or not priced, is routing_problem, and no error. '
'Errors: 22004 and 42703 the log, IA401 and IA402 the policy.';

-- ---------------------------------------------------------------------------
-- What a deployment makes of it
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.advice_facts AS (
	weeks					numeric,	-- whole weeks of log
	hours					numeric,	-- from the first to the last with load
	requests				bigint,
	unpriced_requests		bigint,
	usd						numeric,	-- today's bill for that time
	p95_latency_ms			numeric,
	frontier_share			numeric,	-- of spend
	recent_model_share		numeric,
	recent_models			text[],
	batch_share				numeric,	-- of spend that may wait
	batch_saved_usd			numeric,
	routing_policy			text,
	routing_saved_usd		numeric,
	routing_saved_share		numeric,
	routing_random_share	numeric,	-- saved by lot
	routing_longest_share	numeric,	-- saved by the longest prompts first
	routing_request_share	numeric,	-- moved
	routing_spend_share		numeric,
	deployment				text,
	peak_to_mean			numeric,
	cv						numeric,	-- of the hours: standard deviation / mean
	predictability			numeric,
	forecast_wape			numeric,	-- what a forecast of the last four weeks missed
	p99_utilization			numeric,	-- of a fleet for the p99 hour
	breakeven_utilization	numeric,
	replicas				numeric,	-- hybrid optimum
	peak_replicas			numeric,
	left_usd				numeric,	-- after batch and routing, at the API
	hybrid_usd				numeric,
	overflow_usd			numeric,	-- of hybrid_usd, to the API
	fleet_usd				numeric,	-- for the busiest hour, no API
	p10_mtok_per_month		numeric,	-- low demand: the week that 10 % of the weeks do not exceed
	low_demand_share		numeric,	-- that week / the mean week
	first_mtok				numeric,
	permanent_mtok			numeric,
	breakeven_tokens_per_second	numeric,
	breakeven_reason		text,
	fte_needed				numeric,
	target_utilization		numeric,	-- that the deployment is planned with
	latency_utilization		numeric,	-- up to which it keeps the targets of the replicas; 0: it never does
	committed_replicas		numeric,
	committed_saved_usd		numeric,
	committed_needed_share	numeric,	-- of hours, of the last replica worth reserving
	committed_price_ratio	numeric,	-- reserved / on demand
	committed_spared_usd	numeric,	-- saved against paying each replica by the hour in which it is needed
	committed_erased_at		numeric,	-- the share of the demand at which nothing is saved
	regret_high_usd			numeric,	-- of a forecast too high by forecast_error
	regret_low_usd			numeric,
	reserved_1y_usd			numeric,	-- a year of a replica
	reserved_3y_usd			numeric,
	routing_problem			text,		-- the fact that is missing to judge the policy
	deployment_problem		text,		-- and the deployment; all that depends on it is then NULL
	-- given
	data_residency			boolean,
	latency_target_ms		numeric,
	replica_latency_target	boolean,	-- one was given for the replicas
	fte_available			numeric,
	requirements_change		boolean,
	quality_holds			boolean,
	payback_multiple		numeric,
	price_factor			numeric,
	forecast_error			numeric
);

COMMENT ON TYPE advice_facts IS
'All that advice_rules() decides on. Money is USD over the time of the log, but a year''s for reserved_1y_usd and '
'reserved_3y_usd; shares and utilizations are of 1. NULL is unknown. The last nine are given by whoever asks: no log '
'holds them.';

-- How far a forecast of the last four weeks, hour by hour of the week from the
-- weeks before, was off: the sum of its misses / the sum of the load.
CREATE FUNCTION forecast_wape(demand demand) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH hours AS MATERIALIZED (
		SELECT row_number() OVER (ORDER BY s.bucket) - 1 AS i, count(*) OVER () AS n, input_tokens(s.usage)::numeric
			+ output_tokens(s.usage) AS tokens
		FROM demand_series(demand) s
	), forecast AS (
		SELECT i % 168 AS hour, avg(tokens) AS tokens FROM hours WHERE i < n - 672 GROUP BY 1
	)
	SELECT round(sum(abs(h.tokens - f.tokens)) / nullif(sum(h.tokens), 0), 6)
	FROM hours h JOIN forecast f ON f.hour = h.i % 168 WHERE h.i >= h.n - 672 AND h.n >= 1344
$$;

COMMENT ON FUNCTION forecast_wape(demand) IS
'Weighted absolute percentage error (as a share of 1, 6 decimals) of a backtest: the last four weeks of an hourly '
'demand, forecast by the mean of the same hour of the week in all weeks before. NULL for less than 8 weeks.';

-- Reserving the replicas of the base load, over the time of the demand.
CREATE FUNCTION inferacct_internal.commitment_of_base(demand demand, deployment text, replicas numeric,
	price_factor numeric, forecast_error numeric, at timestamptz,
	OUT reserved numeric, OUT saved_usd numeric, OUT needed_share numeric, OUT price_ratio numeric,
	OUT spared_usd numeric, OUT erased_at numeric,
	OUT regret_high_usd numeric, OUT regret_low_usd numeric, OUT reserved_1y_usd numeric, OUT reserved_3y_usd numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	d			deployment := deployment_in_force(deployment, at);
	l			deployment_load;
	hour_usd	numeric;			-- of one replica on demand
	whole_usd	numeric;			-- of a year of it
	units		numeric[];			-- replicas of the base that each hour needs
BEGIN
	IF d.gpu IS NULL OR d.term <> 'on_demand' OR coalesce(replicas, 0) < 1 THEN
		RETURN;
	END IF;
	l := deployment_load(demand, deployment, NULL, at);
	SELECT array_agg(least(replicas, ceil_quotient(hour, l.size)) ORDER BY i) INTO units
		FROM unnest(l.load) WITH ORDINALITY AS v (hour, i);
	hour_usd := gpu_usd_per_hour(d.gpu, d.vendor, 'on_demand', at) * d.gpus_per_replica * d.redundancy;
	whole_usd := hour_usd * 8760;
	SELECT count(*) FILTER (WHERE c.term <> 'on_demand'),
		trim_scale(round(coalesce(sum(whole_usd - c.usd) FILTER (WHERE c.term <> 'on_demand'), 0) * cardinality(units)
			/ 8760, 15)),
		min(c.needed_share) FILTER (WHERE c.term <> 'on_demand'), min(c.reserved_1y_usd), min(c.reserved_3y_usd)
	INTO reserved, saved_usd, needed_share, reserved_1y_usd, reserved_3y_usd
	FROM commitment(demand, deployment, price_factor, NULL, at) c WHERE c.unit <= replicas;
	price_ratio := exact_quotient(least(reserved_1y_usd,
		CASE WHEN longer_term_pays(reserved_1y_usd, reserved_3y_usd, price_factor) IS NOT false
		THEN reserved_3y_usd END),
		nullif(whole_usd, 0));
	IF price_ratio IS NULL THEN
		RETURN;
	END IF;
	SELECT v.saved_usd, v.saving_erased_at INTO spared_usd, erased_at
	FROM commitment_verdict(units, array_fill(hour_usd, ARRAY[cardinality(units)]),
		price_ratio * hour_usd * cardinality(units)) v;
	regret_high_usd := (commitment_regret(units, hour_usd, price_ratio * hour_usd, forecast_error)).regret_usd;
	regret_low_usd := (commitment_regret(units, hour_usd, price_ratio * hour_usd, -forecast_error)).regret_usd;
END $$;

COMMENT ON FUNCTION commitment_of_base(demand, text, numeric, numeric, numeric, timestamptz) IS
'Of so many replicas that run all the time on demand: how many commitment() would reserve, and the USD that saves '
'over the time of the demand (of hours); reserved / on demand, and a year of a reserved replica. '
'Against paying each replica by the hour in which it is needed: spared_usd, the share of the demand (erased_at) at '
'which that is nothing, and what a forecast too high or too low by forecast_error (0.1 for 10 %) costs, as '
'commitment_regret(). NULLs when the deployment is not rented on demand, has no replica, or no price of a reservation '
'is known. Errors as commitment(demand, deployment), 22023 a forecast_error outside [0, 1].';

-- What a deployment makes of the workload.
CREATE FUNCTION inferacct_internal.deployment_facts(f advice_facts, w workload, at timestamptz)
RETURNS advice_facts
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	deployment	text := f.deployment;
	h			hybrid_verdict;
	d			deployment;
	volume		breakeven_volume;
	total		record;
	c			record;
BEGIN
	d := deployment_in_force(deployment, at);
	h := hybrid(w.demand, deployment, NULL, at);
	f.replicas := h.replicas;
	f.peak_replicas := h.peak_replicas;
	f.hybrid_usd := h.usd;
	f.overflow_usd := h.overflow_usd;
	f.fleet_usd := h.usd_peak_fleet;
	f.breakeven_utilization := h.breakeven_utilization;
	SELECT p.utilization INTO f.p99_utilization FROM fleet(w.demand, deployment, at => at) p
		WHERE p.fleet = 'percentile';
	SELECT sum(input_tokens(s.usage) - cached_tokens(s.usage)) AS input, sum(cached_tokens(s.usage)) AS cached,
		sum(output_tokens(s.usage)) AS output, sum(s.api_usd) AS usd INTO total
	FROM demand_series(w.demand) s;
	volume := breakeven_of_bill(d, deployment_bill(d, at), total.input, total.cached, total.output, total.usd);
	f.first_mtok := volume.first_mtok;
	f.permanent_mtok := volume.permanent_mtok;
	f.breakeven_tokens_per_second := volume.breakeven_tokens_per_second;
	f.breakeven_reason := volume.reason;
	SELECT trim_scale(round(percentile_disc(0.1) WITHIN GROUP (ORDER BY tokens) * 730 / 168 / 1000000, 6)),
		round(percentile_disc(0.1) WITHIN GROUP (ORDER BY tokens) / nullif(avg(tokens), 0), 6)
	INTO f.p10_mtok_per_month, f.low_demand_share
	FROM (SELECT sum(input_tokens(s.usage) + output_tokens(s.usage))::numeric AS tokens, count(*) AS hours
		FROM (SELECT s.usage, row_number() OVER (ORDER BY s.bucket) - 1 AS i FROM demand_series(w.demand) s) s
			GROUP BY i / 168) AS week
	WHERE hours = 168;
	SELECT * INTO c FROM commitment_of_base(w.demand, deployment, h.replicas, f.price_factor, f.forecast_error, at);
	f.committed_replicas := c.reserved;
	f.committed_saved_usd := c.saved_usd;
	f.committed_needed_share := c.needed_share;
	f.committed_price_ratio := c.price_ratio;
	f.committed_spared_usd := c.spared_usd;
	f.committed_erased_at := c.erased_at;
	f.regret_high_usd := c.regret_high_usd;
	f.regret_low_usd := c.regret_low_usd;
	f.reserved_1y_usd := c.reserved_1y_usd;
	f.reserved_3y_usd := c.reserved_3y_usd;
	RETURN f;
END $$;

COMMENT ON FUNCTION deployment_facts(advice_facts, workload, timestamptz) IS
'The facts with what the deployment that they name makes of the workload, at the prices of a time. '
'Errors as hybrid(demand, deployment), 22023 a forecast_error outside [0, 1].';

CREATE FUNCTION inferacct_internal.advice_facts(w workload, deployment text, policy text, price_factor numeric,
	at timestamptz, forecast_error numeric DEFAULT 0.1,
	ttft_p99_ms numeric DEFAULT NULL, tpot_ms numeric DEFAULT NULL)
RETURNS advice_facts
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	f			advice_facts;
	burst		traffic_statistics;
	d			deployment;
	detail		text;
	hint		text;
BEGIN
	PERFORM check_figure('forecast_error', forecast_error, 0, 1);
	f.price_factor := price_factor;
	f.forecast_error := forecast_error;
	f.replica_latency_target := num_nonnulls(ttft_p99_ms, tpot_ms) > 0;
	f.requests := w.requests;
	f.unpriced_requests := w.unpriced_requests;
	f.usd := w.usd;
	f.weeks := coalesce(floor(extract(epoch FROM date_trunc('hour', w.last_at, 'UTC') + interval '1 hour'
		- date_trunc('hour', w.first_at, 'UTC')) / 604800), 0);
	f.p95_latency_ms := w.p95_latency_ms;
	f.frontier_share := exact_quotient(w.frontier_usd, nullif(w.usd, 0));
	f.recent_model_share := exact_quotient(w.recent_model_usd, nullif(w.usd, 0));
	f.recent_models := w.recent_models;
	f.batch_share := exact_quotient(w.batch_usd, nullif(w.usd, 0));
	f.batch_saved_usd := w.batch_saved_usd;
	f.routing_policy := policy;
	f.routing_problem := w.routing_problem;
	f.routing_saved_usd := (w.routing).saved_usd;
	f.routing_saved_share := (w.routing).saved_share;
	f.routing_random_share := (w.routing).random_saved_share;
	f.routing_longest_share := (w.routing).longest_first_saved_share;
	f.routing_request_share := (w.routing).moved_request_share;
	f.routing_spend_share := (w.routing).moved_spend_share;
	burst := traffic(w.demand);
	f.peak_to_mean := round(burst.peak_to_mean::numeric, 6);
	f.cv := round(burst.cv::numeric, 6);
	f.predictability := round(burst.predictability::numeric, 6);
	f.hours := burst.buckets;
	f.forecast_wape := forecast_wape(w.demand);
	f.left_usd := burst.api_usd;
	f.deployment := deployment;
	IF deployment IS NULL OR burst.api_usd IS NULL OR burst.mean = 0 THEN
		RETURN f;
	END IF;

	-- A name that nobody knows is a mistake of the caller; what a known one lacks is a fact.
	d := deployment_in_force(deployment, at);
	SELECT sum(k.fte) INTO f.fte_needed FROM deployment_costs(deployment, at) k;
	f.target_utilization := d.target_utilization;
	IF f.replica_latency_target AND serving_tokens_per_second(deployment, NULL, NULL, at) IS NOT NULL THEN
		f.latency_utilization := coalesce(latency_utilization(deployment, ttft_p99_ms, tpot_ms, at), 0);
	END IF;
	BEGIN
		f := deployment_facts(f, w, at);
	EXCEPTION WHEN OTHERS THEN
		IF NOT is_missing_fact(SQLSTATE) THEN
			RAISE;
		END IF;
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		f.deployment_problem := missing_fact(SQLSTATE, SQLERRM, detail, hint);
	END;
	RETURN f;
END $$;

COMMENT ON FUNCTION advice_facts(workload, text, text, numeric, timestamptz, numeric, numeric, numeric) IS
'The facts of a workload for advice_rules(), with those of a deployment at the prices of a time when one is named. '
'forecast_error: by how much a forecast may be off; ttft_p99_ms, tpot_ms: what the replicas have to keep. '
'A fact that the deployment lacks (GPU price, throughput for the mix) is deployment_problem, and no error. '
'Errors: IA301 an unknown deployment, 22023 a forecast_error outside [0, 1].';
