-- advice: which lever now, why, and what would flip the answer.
--
-- workload() measures a log once.  advice_facts() adds what a deployment makes
-- of it.  advice_rules() is pure: facts in, verdicts out.  Batch and routing
-- come first, because they change what is left for replicas; savings do not add.

-- ---------------------------------------------------------------------------
-- What a log says
-- ---------------------------------------------------------------------------

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
	routing				route_savings_result,
	demand				demand
);

COMMENT ON TYPE workload IS
'What workload() measures, USD as priced: usd of all priced requests; batch_usd is what those cost now that may wait a day and have a batch price, batch_saved_usd what that price saves; frontier_usd: of models named as not to be self-hosted; recent_model_usd: of models first seen in the last 90 days of a log that is longer than that, else NULL; '
'routing: route_savings() of the requests left after batch that were made to baseline_model; demand: hour by hour what is left after batch and, where it saves, routing.';

CREATE FUNCTION check_log(log regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, pg_catalog, pg_temp
AS $$
DECLARE
	missing text;
BEGIN
	IF log IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'no log was given';
	END IF;
	SELECT string_agg(name, ', ') INTO missing
	FROM unnest(ARRAY['at', 'usage', 'model', 'service_tier', 'region', 'duration_ms', 'score', 'tolerates']) AS name
	WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = log AND a.attname = name AND NOT a.attisdropped);
	IF missing IS NOT NULL THEN
		RAISE undefined_column USING MESSAGE = format('relation "%s" lacks columns of a usage log: %s', log, missing),
			HINT = 'Make a view that has the columns of inferacct.usage_log, NULL where nothing is known.';
	END IF;
END $$;

COMMENT ON FUNCTION check_log(regclass) IS 'Refuses a relation without the columns of usage_log that a plan needs (42703), and NULL (22004).';

-- The log as rows of (at, usage, requests, model, service_tier, region, duration_ms,
-- score, routed, usd, batch_usd): batch_usd where batch is possible and cheaper,
-- routed where the policy would decide.
CREATE FUNCTION workload_query(log regclass) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path TO inferacct, pg_catalog, pg_temp
RETURN format(
	'SELECT at, usage, greatest(meter(usage, ''requests''), 1) AS requests, model, service_tier, region, duration_ms, score, model = ANY ($3) AS routed, usd, '
	'CASE WHEN batch_usd < usd THEN batch_usd END AS batch_usd '
	'FROM %s AS l, LATERAL (SELECT token_cost(l.model, l.usage, l.at, l.service_tier, l.region) AS usd, '
	'CASE WHEN l.tolerates >= interval ''24 hours'' AND coalesce(l.service_tier, ''standard'') = ''standard'' '
	'THEN token_cost(l.model, l.usage, l.at, ''batch'', l.region) END AS batch_usd) AS c '
	'WHERE l.at >= $1 AND l.at < $2', log);

COMMENT ON FUNCTION workload_query(regclass) IS
'The query by which workload() reads a log. Parameters: first and end of its time, the names of the baseline model.';

-- Names under which the log has a model.
CREATE FUNCTION names_of_model(log regclass, model text, at timestamptz) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, pg_catalog, pg_temp
AS $$
DECLARE
	found text[];
	meant record;
BEGIN
	IF model IS NULL THEN
		RETURN '{}';
	END IF;
	SELECT * INTO meant FROM resolve_model(model, at);
	EXECUTE format('SELECT coalesce(array_agg(name), ''{}'') FROM (SELECT DISTINCT model AS name FROM %s WHERE model IS NOT NULL) AS n '
		'WHERE name = $1 OR EXISTS (SELECT FROM resolve_model(name, $4) AS r WHERE r.provider = $2 AND r.model = $3)', log)
	INTO found USING model, meant.provider, meant.model, at;
	RETURN found;
END $$;

COMMENT ON FUNCTION names_of_model(regclass, text, timestamptz) IS 'The spellings in a log that mean a model at a time. NULL model gives none.';

CREATE FUNCTION workload(log regclass, policy text DEFAULT NULL, baseline_model text DEFAULT NULL, frontier_models text[] DEFAULT '{}',
	since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
RETURNS workload
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	w			workload;
	rows		text;
	baseline	text[] := '{}';
	helps		boolean;
BEGIN
	PERFORM check_log(log);
	rows := workload_query(log);
	since := coalesce(since, '-infinity');
	until := coalesce(until, 'infinity');

	EXECUTE format(
		'SELECT min(at), max(at), coalesce(sum(requests), 0), coalesce(sum(requests) FILTER (WHERE usd IS NULL), 0), trim_scale(coalesce(sum(usd), 0)), '
		'coalesce(sum(requests) FILTER (WHERE batch_usd IS NOT NULL), 0), '
		'trim_scale(coalesce(sum(usd) FILTER (WHERE batch_usd IS NOT NULL), 0)), trim_scale(coalesce(sum(usd - batch_usd), 0)), '
		'percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms), '
		'trim_scale(coalesce(sum(usd) FILTER (WHERE model = ANY ($4)), 0)) FROM (%s) AS l', rows)
	INTO w.first_at, w.last_at, w.requests, w.unpriced_requests, w.usd, w.batch_requests, w.batch_usd, w.batch_saved_usd,
		w.p95_latency_ms, w.frontier_usd
	USING since, until, baseline, coalesce(frontier_models, '{}');
	IF w.requests = 0 THEN
		RETURN w;
	END IF;

	IF w.last_at - w.first_at > interval '180 days' THEN
		EXECUTE format('SELECT trim_scale(coalesce(sum(usd) FILTER (WHERE seen > $4), 0)) '
			'FROM (SELECT sum(usd) AS usd, min(at) AS seen FROM (%s) AS l GROUP BY model) AS m', rows)
		INTO w.recent_model_usd USING since, until, baseline, w.last_at - interval '90 days';
	END IF;

	IF policy IS NOT NULL THEN
		SELECT coalesce(baseline_model, routing_definition(policy) -> 'tiers' -> -1 ->> 'model') INTO baseline_model;
		baseline := names_of_model(log, baseline_model, w.last_at);
		EXECUTE format('SELECT route_savings($4, score, $5, usage, at, service_tier, region) FROM (%s) AS l WHERE routed AND batch_usd IS NULL', rows)
		INTO w.routing USING since, until, baseline, policy, baseline_model;
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
'Measures a log (usage_log, or a relation with its columns) in [since, until) for advise() and savings_plan(): first what may go to batch prices (standard tier, tolerates 24 hours or more), then what a routing policy makes of the rest that was made to baseline_model (NULL: the model of the policy''s last tier), then the demand that is left. '
'Requests without a price are left out and counted. Errors: 22004 and 42703 the log, IA401 and IA402 the policy, as resolve_model() the baseline model.';

-- ---------------------------------------------------------------------------
-- What a deployment makes of it
-- ---------------------------------------------------------------------------

CREATE TYPE advice_facts AS (
	weeks					numeric,	-- whole weeks of log
	requests				bigint,
	unpriced_requests		bigint,
	usd						numeric,	-- today's bill for that time
	p95_latency_ms			numeric,
	frontier_share			numeric,	-- of spend
	recent_model_share		numeric,
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
	predictability			numeric,
	p99_utilization			numeric,	-- of a fleet for the p99 hour
	breakeven_utilization	numeric,
	replicas				numeric,	-- hybrid optimum
	peak_replicas			numeric,
	left_usd				numeric,	-- after batch and routing, at the API
	hybrid_usd				numeric,
	fleet_usd				numeric,	-- for the busiest hour, no API
	p10_mtok_per_month		numeric,	-- low demand: the week that 10 % of the weeks do not exceed
	permanent_mtok			numeric,
	breakeven_reason		text,
	fte_needed				numeric,
	committed_replicas		numeric,
	committed_saved_usd		numeric,
	committed_needed_share	numeric,	-- of hours, of the last replica worth reserving
	committed_price_ratio	numeric,	-- reserved / on demand
	-- given
	data_residency			boolean,
	latency_target_ms		numeric,
	fte_available			numeric,
	requirements_change		boolean,
	quality_holds			boolean,
	payback_multiple		numeric
);

COMMENT ON TYPE advice_facts IS
'All that advice_rules() decides on. Money is USD over the time of the log; shares and utilizations are of 1. NULL is unknown. The last six are given by whoever asks: no log holds them.';

-- Reserving the replicas of the base load, over the time of the demand.
CREATE FUNCTION commitment_of_base(demand demand, deployment text, replicas numeric, price_factor numeric, at timestamptz,
	OUT reserved numeric, OUT saved_usd numeric, OUT needed_share numeric, OUT price_ratio numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 300000
SET search_path TO inferacct, pg_catalog, pg_temp
AS $$
DECLARE
	d			deployment := deployment_in_force(deployment, at);
	whole_usd	numeric;			-- a year of one replica on demand
	hours		numeric := (SELECT count(*) FROM demand_series(demand));
BEGIN
	IF d.gpu IS NULL OR d.term <> 'on_demand' OR coalesce(replicas, 0) < 1 THEN
		RETURN;
	END IF;
	whole_usd := gpu_usd_per_hour(d.gpu, d.vendor, 'on_demand', at) * d.gpus_per_replica * d.redundancy * 8760;
	SELECT count(*) FILTER (WHERE c.term <> 'on_demand'),
		trim_scale(round(coalesce(sum(whole_usd - c.usd) FILTER (WHERE c.term <> 'on_demand'), 0) * hours / 8760, 15)),
		min(c.needed_share) FILTER (WHERE c.term <> 'on_demand'),
		exact_quotient(min(least(c.reserved_1y_usd, c.reserved_3y_usd)), nullif(whole_usd, 0))
	INTO reserved, saved_usd, needed_share, price_ratio
	FROM commitment(demand, deployment, price_factor, NULL, at) c WHERE c.unit <= replicas;
END $$;

COMMENT ON FUNCTION commitment_of_base(demand, text, numeric, numeric, timestamptz) IS
'Of so many replicas that run all the time on demand: how many commitment() would reserve, and the USD that saves over the time of the demand (of hours). NULLs when the deployment is not rented on demand or has no replica.';

CREATE FUNCTION advice_facts(w workload, deployment text, policy text, price_factor numeric, at timestamptz) RETURNS advice_facts
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, pg_catalog, pg_temp
AS $$
DECLARE
	f			advice_facts;
	burst		traffic_statistics;
	h			hybrid_verdict;
	d			deployment;
	volume		breakeven_volume;
	total		record;
	c			record;
BEGIN
	f.requests := w.requests;
	f.unpriced_requests := w.unpriced_requests;
	f.usd := w.usd;
	f.weeks := coalesce(floor(extract(epoch FROM date_trunc('hour', w.last_at, 'UTC') + interval '1 hour' - date_trunc('hour', w.first_at, 'UTC')) / 604800), 0);
	f.p95_latency_ms := w.p95_latency_ms;
	f.frontier_share := exact_quotient(w.frontier_usd, nullif(w.usd, 0));
	f.recent_model_share := exact_quotient(w.recent_model_usd, nullif(w.usd, 0));
	f.batch_share := exact_quotient(w.batch_usd, nullif(w.usd, 0));
	f.batch_saved_usd := w.batch_saved_usd;
	f.routing_policy := policy;
	f.routing_saved_usd := (w.routing).saved_usd;
	f.routing_saved_share := (w.routing).saved_share;
	f.routing_random_share := (w.routing).random_saved_share;
	f.routing_longest_share := (w.routing).longest_first_saved_share;
	f.routing_request_share := (w.routing).moved_request_share;
	f.routing_spend_share := (w.routing).moved_spend_share;
	burst := traffic(w.demand);
	f.peak_to_mean := round(burst.peak_to_mean::numeric, 6);
	f.predictability := round(burst.predictability::numeric, 6);
	f.left_usd := burst.api_usd;
	f.deployment := deployment;
	IF deployment IS NULL OR burst.api_usd IS NULL OR burst.mean = 0 THEN
		RETURN f;
	END IF;

	d := deployment_in_force(deployment, at);
	h := hybrid(w.demand, deployment, NULL, at);
	f.replicas := h.replicas;
	f.peak_replicas := h.peak_replicas;
	f.hybrid_usd := h.usd;
	f.fleet_usd := h.usd_peak_fleet;
	f.breakeven_utilization := h.breakeven_utilization;
	SELECT p.utilization INTO f.p99_utilization FROM fleet(w.demand, deployment, at => at) p WHERE p.fleet = 'percentile';
	SELECT sum(input_tokens(s.usage) - cached_tokens(s.usage)) AS input, sum(cached_tokens(s.usage)) AS cached,
		sum(output_tokens(s.usage)) AS output, sum(s.api_usd) AS usd INTO total
	FROM demand_series(w.demand) s;
	volume := breakeven_of_bill(d, deployment_bill(d, at), total.input, total.cached, total.output, total.usd);
	f.permanent_mtok := volume.permanent_mtok;
	f.breakeven_reason := volume.reason;
	SELECT trim_scale(round(percentile_disc(0.1) WITHIN GROUP (ORDER BY tokens) * 730 / 168 / 1000000, 6)) INTO f.p10_mtok_per_month
	FROM (SELECT sum(input_tokens(s.usage) + output_tokens(s.usage))::numeric AS tokens, count(*) AS hours
		  FROM (SELECT s.usage, row_number() OVER (ORDER BY s.bucket) - 1 AS i FROM demand_series(w.demand) s) s GROUP BY i / 168) AS week
	WHERE hours = 168;
	SELECT sum(k.fte) INTO f.fte_needed FROM deployment_costs(deployment, at) k;
	SELECT * INTO c FROM commitment_of_base(w.demand, deployment, h.replicas, price_factor, at);
	f.committed_replicas := c.reserved;
	f.committed_saved_usd := c.saved_usd;
	f.committed_needed_share := c.needed_share;
	f.committed_price_ratio := c.price_ratio;
	RETURN f;
END $$;

COMMENT ON FUNCTION advice_facts(workload, text, text, numeric, timestamptz) IS
'The facts of a workload for advice_rules(), with those of a deployment at the prices of a time when one is named. Errors as hybrid(demand, deployment).';

-- ---------------------------------------------------------------------------
-- Verdicts
-- ---------------------------------------------------------------------------

CREATE TYPE advice AS (
	rule				text,
	verdict				text,
	measured			numeric,
	threshold			numeric,
	threshold_origin	text,
	explanation			text,
	flips_when			text
);

COMMENT ON TYPE advice IS
'A rule of the decision matrix. verdict: yes or no to what the rule is called; unknown when a fact is missing that no log holds; the rule decision says api, hybrid, self_host or insufficient_evidence. threshold_origin: computed from the log and prices, default, or given by whoever asks.';

CREATE FUNCTION advice_verdict(holds boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE holds WHEN true THEN 'yes' WHEN false THEN 'no' ELSE 'unknown' END;

COMMENT ON FUNCTION advice_verdict(boolean) IS 'yes, no or, for NULL, unknown.';

CREATE FUNCTION percent(share numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(trim_scale(round(100 * share, 1)) || ' %', 'an unknown share');

COMMENT ON FUNCTION percent(numeric) IS 'A share as percentage in words, to one decimal.';

-- Which way to serve what is left; the first condition that holds decides.
CREATE FUNCTION advice_decision(f advice_facts) RETURNS advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, pg_catalog, pg_temp
AS $$
DECLARE
	whole_fleet	boolean := f.replicas >= f.peak_replicas AND f.p10_mtok_per_month >= f.permanent_mtok AND f.left_usd >= f.fleet_usd * coalesce(f.payback_multiple, 2);
	staffed		boolean := NOT coalesce(f.fte_available < f.fte_needed, false);
	verdict		text;
	why			text;
	flips		text;
BEGIN
	CASE
		WHEN f.data_residency THEN
			verdict := 'self_host';
			why := 'Data may not leave: that overrides cost.' || CASE WHEN f.fleet_usd IS NULL THEN ' What it costs is unknown: name a deployment.'
				WHEN f.fleet_usd > f.left_usd THEN format(' The premium over the API is %s USD in the time of the log.', round(f.fleet_usd - f.left_usd, 2))
				ELSE format(' It also saves %s USD in the time of the log.', round(f.left_usd - f.fleet_usd, 2)) END;
			flips := 'data_residency is no longer required';
		WHEN f.weeks < 8 THEN
			verdict := 'insufficient_evidence';
			why := format('The evidence is not sufficient: whole weeks of log are %s, and 8 are needed before machines are rented. Stay with the API and keep measuring.', f.weeks);
			flips := 'the log reaches 8 whole weeks';
		WHEN f.frontier_share = 1 THEN
			verdict := 'api';
			why := 'All spend is on models that cannot be self-hosted.';
			flips := 'an open model serves some of the requests well enough';
		WHEN f.deployment IS NULL OR f.replicas IS NULL THEN
			verdict := 'api';
			why := 'No deployment was named, or nothing is left to serve: the API serves as it does today.';
			flips := 'a deployment is named that is cheaper';
		WHEN f.replicas = 0 THEN
			verdict := 'api';
			why := format('No replica of %s earns its cost: the API costs %s USD, a fleet for the busiest hour %s USD.', f.deployment, round(f.left_usd, 2), round(f.fleet_usd, 2));
			flips := format('a replica is used above %s of its throughput', percent(f.breakeven_utilization));
		WHEN NOT staffed THEN
			verdict := 'api';
			why := format('Replicas would save %s USD, but %s people are needed to run them and %s are available.', round(f.left_usd - f.hybrid_usd, 2), f.fte_needed, f.fte_available);
			flips := format('%s people can run the deployment', f.fte_needed);
		WHEN whole_fleet THEN
			verdict := 'self_host';
			why := format('A fleet of %s replicas serves the busiest hour for %s USD; the API takes %s USD, %s times as much, and low demand stays above break-even for good.',
				f.peak_replicas, round(f.fleet_usd, 2), round(f.left_usd, 2), round(exact_quotient(f.left_usd, f.fleet_usd), 1));
			flips := format('the volume falls below %s million tokens a month', round(f.permanent_mtok, 1));
		ELSE
			verdict := 'hybrid';
			why := format('%s replicas for the base of the load and the API for the rest cost %s USD, the API alone %s USD.', f.replicas, round(f.hybrid_usd, 2), round(f.left_usd, 2));
			flips := format('a replica of the base load is used less than %s of the time', percent(f.breakeven_utilization));
	END CASE;
	RETURN ROW('decision', verdict, round(f.left_usd, 2), round(least(f.hybrid_usd, f.left_usd), 2), CASE WHEN f.hybrid_usd IS NOT NULL THEN 'computed' END, why, flips)::advice;
END $$;

COMMENT ON FUNCTION advice_decision(advice_facts) IS
'The row `decision`. Precedence: residency, then evidence (8 whole weeks), then whether there is a model to self-host, then cost, then people to run it. self_host needs that the cheapest number of replicas is the whole fleet, that low demand (P10 of the weeks) is above the permanent break-even, and that the API costs payback_multiple times the fleet; else hybrid.';

CREATE FUNCTION advice_rules(f advice_facts) RETURNS SETOF advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 16 COST 1000
SET search_path TO inferacct, pg_catalog, pg_temp
AS $$
DECLARE
	bursty		boolean := CASE WHEN f.breakeven_utilization IS NOT NULL THEN f.p99_utilization < f.breakeven_utilization ELSE f.peak_to_mean > 3 END;
	multiple	numeric := coalesce(f.payback_multiple, 2);
	asked		text := 'Not in the log, and not given.';
BEGIN
	RETURN NEXT ROW('residency', advice_verdict(f.data_residency), NULL, NULL, 'given',
		CASE WHEN f.data_residency IS NULL THEN asked WHEN f.data_residency THEN 'Data may not leave your machines.' ELSE 'Data may go to an API.' END,
		'the requirement changes (data_residency)')::advice;
	RETURN NEXT ROW('evidence', advice_verdict(f.weeks >= 8), f.weeks, 8, 'default',
		format('Whole weeks of log: %s%s.', f.weeks, CASE WHEN f.unpriced_requests > 0 THEN format('; %s of %s have no price and are left out', f.unpriced_requests, f.requests) ELSE '' END),
		CASE WHEN f.weeks >= 8 THEN 'never: weeks only add up' ELSE 'the log reaches 8 whole weeks' END)::advice;
	RETURN NEXT ROW('frontier_only', advice_verdict(f.frontier_share = 1), f.frontier_share, 1, 'given',
		format('%s of the spend is on models named as not to be self-hosted.', percent(f.frontier_share)), 'open models take over some requests')::advice;

	-- What speaks for an API.
	RETURN NEXT ROW('bursty', advice_verdict(bursty), CASE WHEN f.breakeven_utilization IS NOT NULL THEN f.p99_utilization ELSE f.peak_to_mean END,
		CASE WHEN f.breakeven_utilization IS NOT NULL THEN f.breakeven_utilization ELSE 3 END, CASE WHEN f.breakeven_utilization IS NOT NULL THEN 'computed' ELSE 'default' END,
		CASE WHEN f.breakeven_utilization IS NOT NULL
			THEN format('A fleet for all but the busiest hundredth of the hours runs at %s and needs %s to pay%s.', percent(f.p99_utilization), percent(f.breakeven_utilization), CASE WHEN bursty THEN '' ELSE ': not bursty enough to matter' END)
			ELSE format('The busiest hour has %s times the mean.', round(f.peak_to_mean, 2)) END,
		'load is spread more evenly, or a replica becomes cheaper against the API')::advice;
	RETURN NEXT ROW('unpredictable', advice_verdict(f.predictability < 0.5), f.predictability, 0.5, 'default',
		CASE WHEN f.predictability IS NULL THEN 'Too little log to tell (two weeks are needed).' ELSE format('The hour of the week explains %s of the ups and downs.', percent(f.predictability)) END,
		'load follows the clock more, or less, closely')::advice;
	RETURN NEXT ROW('api_fast_enough', advice_verdict(f.p95_latency_ms <= f.latency_target_ms), f.p95_latency_ms, f.latency_target_ms, 'given',
		CASE WHEN f.latency_target_ms IS NULL THEN 'No latency target was given.' WHEN f.p95_latency_ms IS NULL THEN 'The log has no durations.'
			ELSE format('95 %% of the requests take at most %s ms; the target is %s ms.', f.p95_latency_ms, f.latency_target_ms) END,
		'the API, or the target, changes')::advice;
	RETURN NEXT ROW('changing_requirements', advice_verdict(coalesce(f.requirements_change, f.recent_model_share > 0.3)), f.recent_model_share, 0.3,
		CASE WHEN f.requirements_change IS NULL THEN 'default' ELSE 'given' END,
		coalesce(CASE WHEN f.requirements_change THEN 'Requirements are said to change.' WHEN NOT f.requirements_change THEN 'Requirements are said to be stable.' END,
			CASE WHEN f.recent_model_share IS NULL THEN 'Too little log to see models come and go (half a year is needed), and nothing was given.'
				ELSE format('%s of the spend is on models first used in the last 90 days.', percent(f.recent_model_share)) END),
		'the same models keep serving')::advice;
	RETURN NEXT ROW('no_operations_team', advice_verdict(CASE WHEN f.fte_needed > 0 THEN f.fte_available < f.fte_needed ELSE f.fte_available = 0 END), f.fte_available, coalesce(f.fte_needed, 0), CASE WHEN f.fte_needed IS NULL THEN 'default' ELSE 'computed' END,
		CASE WHEN f.fte_available IS NULL THEN asked ELSE format('%s people can run a deployment; %s are planned for it.', f.fte_available, coalesce(f.fte_needed::text, 'none')) END,
		'people are hired, which the deployment''s costs must then contain')::advice;

	-- Levers, in the order in which they are pulled.
	RETURN NEXT ROW('batch', advice_verdict(f.batch_saved_usd > 0), f.batch_share, 0, 'computed',
		format('%s of the spend may wait a day and has batch prices, which save %s USD.', percent(f.batch_share), round(f.batch_saved_usd, 2)),
		'more requests say that they can wait (tolerates)')::advice;
	RETURN NEXT ROW('routing', CASE WHEN f.routing_policy IS NULL THEN 'unknown' WHEN f.quality_holds IS FALSE THEN 'no' ELSE advice_verdict(coalesce(f.routing_saved_usd > 0, false)) END, f.routing_saved_share, 0, 'computed',
		CASE WHEN f.routing_policy IS NULL THEN 'No routing policy was named.'
			WHEN f.routing_saved_usd IS NULL THEN format('No request was made to the model that policy %s would relieve.', f.routing_policy)
			ELSE format('Policy %s moves %s of the requests, %s of their spend, and saves %s (%s USD); as many by lot would save %s, all but the longest prompts %s. %s', f.routing_policy, percent(f.routing_request_share),
				percent(f.routing_spend_share), percent(f.routing_saved_share), round(f.routing_saved_usd, 2), percent(f.routing_random_share), percent(f.routing_longest_share),
				CASE WHEN f.quality_holds IS NULL THEN 'Whether answers stay good enough, and better than by lot or length, is unknown: measure it with route_quality().'
					WHEN f.quality_holds THEN 'Answers stay good enough.' ELSE 'Answers do not stay good enough.' END) END,
		'the classifier costs more than it saves, or answers do not stay good enough (quality_holds)')::advice;
	RETURN NEXT ROW('routing_worth_building', CASE WHEN f.routing_policy IS NULL THEN 'unknown' ELSE advice_verdict(f.routing_spend_share >= 0.2) END, f.routing_spend_share, 0.2, 'default',
		CASE WHEN f.routing_policy IS NULL THEN 'No routing policy was named.' ELSE format('%s of the spend is on requests that a smaller model would answer.', percent(f.routing_spend_share)) END,
		'easy requests make up more, or less, than a fifth of the spend')::advice;
	RETURN NEXT ROW('hybrid', CASE WHEN f.deployment IS NULL OR f.weeks < 8 THEN 'unknown' ELSE advice_verdict(f.replicas >= 1 AND f.hybrid_usd < f.left_usd) END, f.replicas, 1, 'computed',
		CASE WHEN f.deployment IS NULL THEN 'No deployment was named.' WHEN f.weeks < 8 THEN 'The evidence is not sufficient.'
			ELSE format('The cheapest number of replicas of %s is %s: %s USD against %s USD for the API alone.', f.deployment, f.replicas, round(f.hybrid_usd, 2), round(f.left_usd, 2)) END,
		CASE WHEN f.breakeven_utilization IS NULL THEN 'a deployment is named' ELSE format('the use of the last replica crosses %s of its throughput', percent(f.breakeven_utilization)) END)::advice;
	RETURN NEXT ROW('self_host', CASE WHEN f.deployment IS NULL OR f.weeks < 8 THEN 'unknown'
			ELSE advice_verdict(coalesce(f.replicas >= f.peak_replicas AND f.fleet_usd < f.left_usd AND f.p10_mtok_per_month >= f.permanent_mtok, false)) END,
		f.p10_mtok_per_month, f.permanent_mtok, 'computed',
		CASE WHEN f.deployment IS NULL THEN 'No deployment was named.' WHEN f.weeks < 8 THEN 'The evidence is not sufficient.'
			WHEN f.permanent_mtok IS NULL THEN coalesce(f.breakeven_reason, 'It never breaks even.')
			ELSE format('Low demand is %s million tokens a month; self-hosting wins for good above %s. The cheapest fleet has %s of the %s replicas that the busiest hour needs.',
				round(f.p10_mtok_per_month, 1), round(f.permanent_mtok, 1), f.replicas, f.peak_replicas) END,
		'the volume of weak weeks crosses the permanent break-even')::advice;
	RETURN NEXT ROW('pays_multiple_times', CASE WHEN f.deployment IS NULL OR f.weeks < 8 THEN 'unknown' ELSE advice_verdict(f.left_usd >= f.fleet_usd * multiple) END,
		round(f.left_usd / nullif(f.fleet_usd, 0), 6), multiple, CASE WHEN f.payback_multiple IS NULL THEN 'default' ELSE 'given' END,
		CASE WHEN f.deployment IS NULL THEN 'No deployment was named.' WHEN f.weeks < 8 THEN 'The evidence is not sufficient.'
			ELSE format('The API costs %s times what a fleet for the busiest hour does.', round(f.left_usd / nullif(f.fleet_usd, 0), 2)) END,
		format('the API costs %s times the fleet', multiple))::advice;
	RETURN NEXT ROW('commitment', CASE WHEN f.deployment IS NULL OR f.weeks < 8 THEN 'unknown' ELSE advice_verdict(coalesce(f.committed_replicas >= 1 AND f.committed_saved_usd > 0, false)) END,
		f.committed_needed_share, f.committed_price_ratio, 'computed',
		CASE WHEN f.deployment IS NULL THEN 'No deployment was named.' WHEN f.weeks < 8 THEN 'The evidence is not sufficient.'
			WHEN f.committed_replicas >= 1 THEN format('Reserving %s replicas saves %s USD; each is needed in at least %s of the hours and pays above %s.', f.committed_replicas, round(f.committed_saved_usd, 2), percent(f.committed_needed_share), percent(f.committed_price_ratio))
			ELSE 'There is no replica on demand that a reservation would make cheaper.' END,
		CASE WHEN f.committed_price_ratio IS NULL THEN 'replicas run on demand all the time' ELSE format('the last reserved replica is needed in less than %s of the hours', percent(f.committed_price_ratio)) END)::advice;
	RETURN NEXT advice_decision(f);
END $$;

COMMENT ON FUNCTION advice_rules(advice_facts) IS
'Every rule of the decision matrix on given facts, in the order of precedence: residency, evidence, what speaks for an API, then the levers batch, routing, hybrid, self-host, commitment, and the decision. Facts that are NULL give verdicts that are unknown, never a guess.';

CREATE FUNCTION advise(deployment text DEFAULT NULL, policy text DEFAULT NULL, baseline_model text DEFAULT NULL, log regclass DEFAULT 'inferacct.usage_log',
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, data_residency boolean DEFAULT NULL, latency_target_ms numeric DEFAULT NULL,
	fte_available numeric DEFAULT NULL, requirements_change boolean DEFAULT NULL, quality_holds boolean DEFAULT NULL, frontier_models text[] DEFAULT NULL,
	payback_multiple numeric DEFAULT NULL, price_factor numeric DEFAULT 0.8, at timestamptz DEFAULT now())
RETURNS SETOF advice
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 16 COST 10000000
SET search_path TO inferacct, pg_catalog, pg_temp
AS $$
DECLARE
	f	advice_facts;
BEGIN
	f := advice_facts(workload(log, policy, baseline_model, frontier_models, since, until), deployment, policy, price_factor, at);
	f.data_residency := data_residency;
	f.latency_target_ms := latency_target_ms;
	f.fte_available := fte_available;
	f.requirements_change := requirements_change;
	f.quality_holds := quality_holds;
	f.payback_multiple := payback_multiple;
	RETURN QUERY SELECT * FROM advice_rules(f);
END $$;

COMMENT ON FUNCTION advise(text, text, text, regclass, timestamptz, timestamptz, boolean, numeric, numeric, boolean, boolean, text[], numeric, numeric, timestamptz) IS
'The decision matrix on a log (usage_log, or a relation with its columns) in [since, until): one row per rule, the decision last. deployment: what could serve it oneself; policy and baseline_model: the routing to judge (NULL: the model of its last tier); at: the time of the deployment''s prices. '
'What no log holds is given or unknown: data_residency, latency_target_ms (p95), fte_available, requirements_change, quality_holds (does the policy meet its quality target, and beat lot and length in route_quality()), frontier_models (that cannot be self-hosted), payback_multiple (default 2). Errors as workload() and hybrid(demand, deployment).';
