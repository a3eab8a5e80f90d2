-- advice_facts: what a deployment makes of a workload, in USD per month.
--
-- Invariant: all money is per month of 730 hours, at the prices of one time, of the load
-- at the level that it has reached.

CREATE TYPE flip AS (
	rule		text,
	parameter	text,
	planned		numeric,
	turns_at	numeric,
	direction	text,
	verdict		text
);

COMMENT ON TYPE flip IS
'What turns a rule of advise() alone, the nearest in its direction: a parameter, the value that it was planned with, '
'the value beyond which (direction: above or below) the verdict of the rule is another, and which. api_price, growth '
'and gpu_price are factors of today''s API prices, load and rents, routed_price of the prices of the models that a '
'policy routes to (planned: 1); the others are arguments of advise(), or what the rule measured.';

CREATE TYPE inferacct_internal.advice_facts AS (
	weeks					numeric,	-- whole weeks of log with load
	hours					numeric,	-- from the first to the last
	requests				bigint,
	unpriced_requests		bigint,
	unpriced_share			numeric,	-- of the tokens
	usd						numeric,	-- the whole bill
	served_usd				numeric,	-- of it, what a deployment could replace
	unserved_usd			numeric,	-- and could not, fees and answers asked again included
	unserved_batch_saved_usd	numeric,
	served_models			text[],
	not_considered			jsonb,
	assumed					text,
	priced_at				timestamptz,
	growth_per_month		numeric,	-- of the log, where it has a trend: 0.2 for 20 %
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
	routing_answer_usd		numeric,	-- for an accepted answer, with the policy
	routing_baseline_answer_usd	numeric,	-- and without
	routing_quality_known	boolean,	-- every tier but the last has a quality_ratio
	routing_taken_share		numeric,	-- of what the policy would move, what is moved since that is cheaper
	routing_even_factor		numeric,	-- of the other models' prices, at which the policy saves nothing
	routed					boolean,	-- the plan has the policy
	deployment				text,
	peak_to_mean			numeric,
	cv						numeric,	-- of the hours: standard deviation / mean
	predictability			numeric,
	forecast_wape			numeric,	-- what a forecast of the last four weeks missed
	p99_utilization			numeric,	-- of full throughput, of a fleet for the p99 hour
	flat_utilization		numeric,	-- of the fewest replicas, were the load the same in every hour
	breakeven_utilization	numeric,	-- of full throughput, of that fleet, where it costs what the API does
	flat_breakeven			numeric,	-- the same of the fewest replicas
	replicas				numeric,	-- of the cheapest plan, that always run
	started_hours			numeric,	-- replica-hours a month that it starts
	spot_hours				numeric,	-- of spot replicas
	waited_share			numeric,
	peak_load				numeric,	-- of the busiest hour, in replicas
	peak_replicas			numeric,	-- that the busiest hour takes
	max_replicas			numeric,	-- that there can be; NULL: no limit
	unrouted_usd			numeric,	-- of what could be replaced, at the API with batch
	left_usd				numeric,	-- of what could be replaced, at the API with batch and routing
	plan_usd				numeric,	-- the cheapest plan
	hour_plan_usd			numeric,	-- the cheapest without a reservation
	overflow_usd			numeric,	-- of plan_usd, to the API
	gap_usd					numeric,	-- no plan is cheaper by more
	fleet_usd				numeric,	-- for the busiest hour, no API
	term					text,
	p10_mtok_per_month		numeric,	-- low demand: the week that 10 % of the weeks do not exceed
	low_demand_share		numeric,	-- that week / the mean week
	first_mtok				numeric,
	permanent_mtok			numeric,
	breakeven_tokens_per_second	numeric,
	breakeven_reason		text,
	fte_needed				numeric,
	target_utilization		numeric,	-- that the deployment is planned with
	latency_utilization		numeric,	-- up to which it keeps the targets of the replicas; 0: it never does
	answer_ms				numeric,	-- of a whole answer of the mean length at the planned load
	committed_replicas		numeric,	-- machines that the plan reserves
	committed_saved_usd		numeric,
	committed_needed_share	numeric,	-- of hours, of the last replica worth reserving
	committed_price_ratio	numeric,	-- reserved / on demand
	committed_spared_usd	numeric,	-- saved against paying each replica by the hour in which it is needed
	committed_erased_at		numeric,	-- the share of the demand at which nothing is saved
	regret_high_usd			numeric,	-- of a forecast too high by forecast_error
	regret_low_usd			numeric,
	reserved_1y_usd			numeric,	-- a year of a replica
	reserved_3y_usd			numeric,
	third_year_saved_usd	numeric,	-- a month, at the API price of the third year
	flips					flip[],		-- what was solved for (with_flips()); NULL: nothing was
	year_saved_usd			numeric,	-- a month, by the same machines with API prices a year's decline lower
	term_months				integer,	-- for which the plan binds
	term_saved_usd			numeric,	-- in all of them
	present_usd				numeric,	-- what that is worth today
	present_low_usd			numeric,	-- with a load as far below the forecast as the backtest missed
	present_high_usd		numeric,	-- and above
	routing_problem			text,		-- the fact that is missing to judge the policy
	deployment_problem		text,		-- and the deployment; all that depends on it is then NULL
	problems				plan_problem[],	-- without the policy, and with it where that may be taken
	problem					plan_problem,	-- that of the plan
	plan					plan,
	-- given
	data_residency			boolean,
	latency_target_ms		numeric,
	replica_latency_target	boolean,	-- one was given for the replicas
	fte_available			numeric,
	requirements_change		boolean,
	quality_holds			boolean,
	payback_multiple		numeric,
	price_factor			numeric,
	forecast_error			numeric,
	materiality				numeric,
	api_price_decline		numeric,
	growth					numeric,
	discount_rate			numeric
);

COMMENT ON TYPE advice_facts IS
'All that advice_rules() decides on. Money is USD per month of 730 hours, but a year''s for reserved_1y_usd and '
'reserved_3y_usd; shares and utilizations are of 1. NULL is unknown. The last thirteen are given by whoever asks: no '
'log holds them.';

-- Which plan is taken, when a price or the load is multiplied by a factor.
CREATE FUNCTION inferacct_internal.planned(f advice_facts, what text DEFAULT NULL, factor numeric DEFAULT 1)
	RETURNS advice_facts
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	price	numeric := CASE what WHEN 'api_price' THEN factor ELSE 1 END;
	load	numeric := CASE what WHEN 'growth' THEN factor ELSE 1 END;
	p		plan_problem;
	pl		plan;
	later	plan;
	hourly	plan;
	t		plan_term;
	saved	numeric;		-- in the third year
BEGIN
	f.problem := NULL;
	f.plan := NULL;
	FOREACH p IN ARRAY f.problems LOOP
		IF what = 'gpu_price' THEN
			p.terms := terms_at_rent(p, factor);
		END IF;
		IF NOT coalesce(longer_term_pays((SELECT u.constant_usd FROM unnest(p.terms) AS u WHERE u.term = 'reserved_1y'),
			(SELECT u.constant_usd FROM unnest(p.terms) AS u WHERE u.term = 'reserved_3y'), f.price_factor), true) THEN
			p.terms := terms_without_three_years(p);
		END IF;
		pl := best_plan(p, false, load, price);
		saved := NULL;
		-- Three years are for what still pays in the third one.
		IF pl.term = 'reserved_3y' AND (p.d).term <> 'reserved_3y' THEN
			SELECT u.* INTO t FROM unnest(p.terms) AS u WHERE u.term = 'reserved_3y';
			later := plan_on(p, t, load, price * power(1 - f.api_price_decline, 2.5));
			saved := later.api_only_usd - later.usd;
			IF later.served_share = 0 OR later.replicas < pl.replicas THEN
				saved := least(0, saved);
				p.terms := terms_without_three_years(p);
				pl := best_plan(p, false, load, price);
			END IF;
		END IF;
		IF (f.plan).usd IS NULL OR pl.usd < (f.plan).usd THEN
			f.routed := (f.plan).usd IS NOT NULL;
			f.problem := p;
			f.plan := pl;
			f.third_year_saved_usd := saved;
		END IF;
	END LOOP;
	p := f.problem;
	pl := f.plan;
	hourly := CASE pl.term WHEN (p.terms[1]).term THEN pl ELSE best_plan(p, true, load, price) END;
	SELECT u.* INTO t FROM unnest(p.terms) AS u WHERE u.term = pl.term;
	f.replicas := pl.replicas;
	f.started_hours := pl.started_hours;
	f.spot_hours := pl.spot_hours;
	f.waited_share := pl.waited_share;
	f.left_usd := pl.api_only_usd;
	f.plan_usd := pl.usd;
	f.hour_plan_usd := least(hourly.usd, hourly.api_only_usd);
	f.overflow_usd := pl.overflow_usd;
	f.gap_usd := pl.gap_usd;
	f.term := pl.term;
	f.max_replicas := (p.d).max_replicas;
	f.peak_replicas := greatest((p.d).min_replicas, ceil(f.peak_load * load));
	f.fleet_usd := trim_scale(round(p.people_usd + ((p.d).spare_replicas * t.spare_usd + f.peak_replicas
		* t.constant_usd)
		* 730 + pl.token_usd, 15));
	f.committed_replicas := CASE WHEN EXISTS (SELECT FROM unnest(p.terms) AS u WHERE u.term = 'on_demand')
		AND EXISTS (SELECT FROM unnest(p.terms) AS u WHERE u.term LIKE 'reserved%') THEN
		CASE WHEN pl.term LIKE 'reserved%' AND pl.served_share > 0 THEN pl.replicas + (p.d).spare_replicas
			WHEN pl.term LIKE 'reserved%' THEN pl.replicas ELSE 0 END END;
	f.committed_saved_usd := CASE WHEN f.committed_replicas > 0 THEN f.hour_plan_usd - f.plan_usd
		WHEN f.committed_replicas = 0 THEN 0 END;
	RETURN f;
END $$;

COMMENT ON FUNCTION planned(advice_facts, text, numeric) IS
'The facts with the cheapest plan for their problems, and what the verdicts need of it, when `what` (api_price, growth '
'of the load, gpu_price; NULL: nothing) is multiplied by a factor.';

CREATE FUNCTION inferacct_internal.next_year_usd(f advice_facts) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t		plan_term;
	later	plan;
BEGIN
	SELECT u.* INTO t FROM unnest((f.problem).terms) AS u WHERE u.term = f.term;
	later := plan_on(f.problem, t, 1, 1 - f.api_price_decline, 1, (f.plan).replicas);
	RETURN later.api_only_usd - later.usd;
END $$;

COMMENT ON FUNCTION next_year_usd(advice_facts) IS
'What the replicas of the plan save a month when API prices are api_price_decline lower, paid all the same.';

CREATE FUNCTION inferacct_internal.terms_without_three_years(p plan_problem) RETURNS plan_term[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT array_agg(t ORDER BY n) FROM (SELECT t, row_number() OVER () AS n FROM unnest(p.terms) AS t) AS u
	WHERE (t).term <> 'reserved_3y' OR (p.d).term = 'reserved_3y'
$$;

COMMENT ON FUNCTION terms_without_three_years(plan_problem) IS
'The terms of a problem but three years, unless the deployment has no other.';

-- Reserving the replicas of a plan, against paying each by the hour in which it is needed.
CREATE FUNCTION inferacct_internal.commitment_of_plan(p plan_problem, pl plan, forecast_error numeric, f advice_facts)
	RETURNS advice_facts
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	by_hour		plan_term;
	reserved	plan_term;
	units		numeric[];		-- replicas of the plan that each bucket needs
	n			numeric := pl.replicas;
BEGIN
	SELECT t.* INTO by_hour FROM unnest(p.terms) AS t WHERE t.term = 'on_demand';
	SELECT t.* INTO reserved FROM unnest(p.terms) AS t
		WHERE CASE WHEN pl.term LIKE 'reserved%' THEN t.term = pl.term ELSE t.term LIKE 'reserved%' END
		ORDER BY t.constant_usd LIMIT 1;
	f.committed_price_ratio := exact_quotient(reserved.constant_usd, nullif(by_hour.constant_usd, 0));
	IF f.committed_price_ratio IS NULL THEN
		RETURN f;
	END IF;
	IF coalesce(n, 0) < 1 OR pl.term NOT LIKE 'reserved%' THEN
		RETURN f;
	END IF;
	SELECT array_agg(least(n, ceil_quotient(now + waiting, 1000000000)) ORDER BY i),
		exact_quotient(count(*) FILTER (WHERE now + waiting > (n - 1) * 1000000000), count(*))
	INTO units, f.committed_needed_share
	FROM unnest(p.now, p.waiting) WITH ORDINALITY AS b (now, waiting, i);
	SELECT month_usd(v.saved_usd, p.hours), v.saving_erased_at INTO f.committed_spared_usd, f.committed_erased_at
	FROM commitment_verdict(units, array_fill(by_hour.constant_usd * p.bucket_hours, ARRAY[cardinality(units)]),
		reserved.constant_usd * p.hours) AS v;
	f.regret_high_usd := month_usd((commitment_regret(units, by_hour.constant_usd * p.bucket_hours,
		reserved.constant_usd * p.bucket_hours, forecast_error)).regret_usd, p.hours);
	f.regret_low_usd := month_usd((commitment_regret(units, by_hour.constant_usd * p.bucket_hours,
		reserved.constant_usd * p.bucket_hours, -forecast_error)).regret_usd, p.hours);
	RETURN f;
END $$;

COMMENT ON FUNCTION commitment_of_plan(plan_problem, plan, numeric, advice_facts) IS
'The facts with what the plan reserves. Against paying each replica by the hour in which it is needed: '
'committed_spared_usd, the share of the demand at which that is nothing, and what a forecast too high or too low by '
'forecast_error costs, as commitment_regret().';

-- How much fleets without the API are used.
CREATE FUNCTION inferacct_internal.fleet_facts(p plan_problem, f advice_facts) RETURNS advice_facts
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	own		plan_term := p.terms[1];
	load	record;
	fixed	numeric;
	p99		numeric;
	fewest	numeric;
BEGIN
	SELECT avg(now + waiting) * 0.000000001 AS mean,
		percentile_disc(0.99) WITHIN GROUP (ORDER BY now + waiting) * 0.000000001 AS p99,
		avg(least(now + waiting, ceil_quotient((SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY n + w)
			FROM unnest(p.now, p.waiting) AS q (n, w)), 1000000000) * 1000000000)) * 0.000000001 AS p99_carried
	INTO load FROM unnest(p.now, p.waiting) AS b (now, waiting);
	fixed := p.people_usd + (p.d).spare_replicas * own.spare_usd * 730;
	p99 := greatest((p.d).min_replicas, ceil(load.p99));
	fewest := greatest((p.d).min_replicas, ceil(load.mean));
	f.p99_utilization := round(load.p99_carried * (p.d).target_utilization / p99, 6);
	f.flat_utilization := round(load.mean * (p.d).target_utilization / fewest, 6);
	f.breakeven_utilization := round((fixed + p99 * own.constant_usd * 730) * load.mean * (p.d).target_utilization
		/ nullif(f.left_usd * p99, 0), 6);
	f.flat_breakeven := round((fixed + fewest * own.constant_usd * 730) * load.mean * (p.d).target_utilization
		/ nullif(f.left_usd * fewest, 0), 6);
	RETURN f;
END $$;

COMMENT ON FUNCTION fleet_facts(plan_problem, advice_facts) IS
'The facts with how much a fleet that serves all but the busiest hundredth of the hours without the API, and one for '
'the mean load, are used, and where they pay on the deployment''s own term, both of full throughput.';

-- Low demand and break-even volumes.
CREATE FUNCTION inferacct_internal.volume_facts(demand demand, p plan_problem, at timestamptz, f advice_facts)
	RETURNS advice_facts
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	total	record;
	volume	breakeven_volume;
	bill	deployment_bill := deployment_bill(p.d, at, 730);
BEGIN
	SELECT sum(input_tokens(s.usage) - cached_tokens(s.usage)) AS input, sum(cached_tokens(s.usage)) AS cached,
		sum(output_tokens(s.usage)) AS output INTO total FROM demand_series(demand) AS s;
	volume := breakeven_of_bill(p.d, bill, total.input, total.cached, total.output,
		exact_quotient(f.left_usd * p.hours, 730));
	f.first_mtok := volume.first_mtok;
	f.permanent_mtok := volume.permanent_mtok;
	f.breakeven_tokens_per_second := volume.breakeven_tokens_per_second;
	f.breakeven_reason := volume.reason;
	SELECT trim_scale(round(percentile_disc(0.1) WITHIN GROUP (ORDER BY tokens)::numeric * 730 / 168 / 1000000, 6)),
		round(percentile_disc(0.1) WITHIN GROUP (ORDER BY tokens)::numeric / nullif(avg(tokens)::numeric, 0), 6)
	INTO f.p10_mtok_per_month, f.low_demand_share
	FROM unnest(week_loads(demand, NULL)) AS tokens;
	RETURN f;
END $$;

COMMENT ON FUNCTION volume_facts(demand, plan_problem, timestamptz, advice_facts) IS
'The facts with weak weeks and break-even volumes. Errors: IA303 no throughput for the mix.';

-- How long a whole answer of the mean length takes at the planned load, by the measured points.
CREATE FUNCTION inferacct_internal.answer_ms(deployment text, output_tokens numeric, at timestamptz) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH held AS (
		SELECT DISTINCT ON (s.requests_per_second) s.tokens_per_second, s.ttft_p99_ms, s.tpot_ms
		FROM serving_point s JOIN price_version v USING (version)
		WHERE s.deployment = answer_ms.deployment AND s.valid_from <= at AND v.published_at <= price_horizon()
		ORDER BY s.requests_per_second, in_force_order(s.valid_from, v.published_at, s.version) DESC
	)
	-- The slowest of the points up to the one at which the planned share is reached.
	SELECT round(max(h.ttft_p99_ms) + $2 * max(h.tpot_ms), 3)
	FROM held AS h
	WHERE h.tokens_per_second <= (SELECT min(u.tokens_per_second) FROM held AS u WHERE u.tokens_per_second
		>= (SELECT max(m.tokens_per_second) FROM held AS m) * (deployment_in_force(answer_ms.deployment,
			at)).target_utilization)
$$;

COMMENT ON FUNCTION answer_ms(text, numeric, timestamptz) IS
'Milliseconds that an answer of so many tokens takes at the planned load of a deployment: p99 time to first token + '
'tokens x time per token, at the first measured point that has the planned share of the highest throughput. '
'NULL when nothing was measured.';

CREATE FUNCTION inferacct_internal.spot_in_words(d deployment, p plan_problem) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN CASE WHEN (p.terms[1]).spot_usd IS NOT NULL THEN format(', or %s USD an hour and replica as spot, away %s of '
		'the time, when the API serves', trim_scale(round((p.terms[1]).spot_usd, 4)),
		percent(1 - (p.terms[1]).spot_millionths * 0.000001))
	WHEN d.term = 'spot' THEN ', taken never to be away, which nobody said (spot_away)' ELSE '' END;

COMMENT ON FUNCTION spot_in_words(deployment, plan_problem) IS
'What is assumed of spot machines, to end a sentence; empty where there are none.';

CREATE FUNCTION inferacct_internal.assumed(w workload, f advice_facts, d deployment, p plan_problem, at timestamptz)
	RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	day			text := to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD');
	measured	boolean := serving_tokens_per_second(d.name, NULL, NULL, at) IS NOT NULL;
	throughput	text := CASE
		WHEN d.name IS NULL THEN NULL
		WHEN d.capacity_mtok_per_month IS NOT NULL THEN format('a replica serves %s a month, always busy',
			mtok_in_words(d.capacity_mtok_per_month))
		WHEN num_nonnulls(d.prefill_tokens_per_second, d.decode_tokens_per_second) > 0
			THEN format('a replica reads %s prompt tokens or writes %s answer tokens a second',
				coalesce(trim_scale(d.prefill_tokens_per_second)::text, 'unknown'),
				coalesce(trim_scale(d.decode_tokens_per_second)::text, 'unknown')) END;
	tokens		numeric;	-- of a request
	held		text;
BEGIN
	-- Long prompts fill the memory of a replica before they use its throughput.
	SELECT round(sum(input_tokens(s.usage)::numeric + output_tokens(s.usage)) / nullif(sum(s.requests), 0)) INTO tokens
	FROM (SELECT * FROM demand_series(w.demand) UNION ALL SELECT * FROM demand_series(w.waiting)) AS s;
	SELECT format('Its memory holds %s of the mean length (%s) at once, whatever its throughput.',
		counted(held_at_once(model_in_force(d.model, at), gpu_spec_in_force(d.gpu, at), d.gpus_per_replica, tokens,
		(d.attributes ->> 'bits')::numeric), 'request'), counted(tokens, 'token')) INTO held
	WHERE tokens > 0 AND EXISTS (SELECT FROM model_profile AS m WHERE m.model = d.model)
		AND EXISTS (SELECT FROM gpu_spec AS g WHERE g.gpu = d.gpu);
	RETURN concat_ws(' ',
		format('API prices of %s; money is USD per month of 730 hours.',
			CASE WHEN w.priced_at IS NULL THEN 'each request''s time' ELSE day END),
		CASE WHEN f.growth_per_month IS NULL THEN 'The load stays at the log''s own level.'
			ELSE format('The log %s by %s a month: the level at its end is planned for.',
				CASE WHEN f.growth_per_month > 0 THEN 'grows' ELSE 'falls' END, percent(abs(f.growth_per_month))) END,
		CASE WHEN d.name IS NOT NULL THEN concat_ws(' ',
			format('%s: %s (%s), %s of it planned with; %s.', d.name,
				coalesce(throughput, 'its throughput is not stated'),
				CASE WHEN throughput IS NULL THEN 'unknown' WHEN p.estimated IS NOT NULL THEN p.estimated
					WHEN measured THEN 'measured points: serving_point'
					WHEN d.source IS NOT NULL THEN 'by its source, no measured point' ELSE 'stated, not measured' END,
				percent(d.target_utilization),
				CASE WHEN d.term = 'owned' THEN 'machines of one''s own' ELSE format('%s from %s %s', counted(
					d.gpus_per_replica, d.gpu), coalesce(d.vendor, 'its only seller'), coalesce('at ' || (
					SELECT string_agg(format('%s USD (%s)', trim_scale(round((t).spare_usd / d.gpus_per_replica, 4)),
						replace((t).term, '_', ' ')), ', ') FROM unnest(p.terms) AS t) || ' an hour and GPU, ' || day,
					'at an unknown price')) END || spot_in_words(d, p)),
			format('%s replaces %s%s; its answers are taken to be %s.', coalesce(d.model, d.name),
				coalesce(array_to_string(w.served_models[:5], ', ') || CASE WHEN cardinality(w.served_models) > 5
					THEN ' and others' ELSE '' END, 'nothing'),
				CASE WHEN w.serves_stated THEN '' ELSE ' (assumed: no row of deployment_serves)' END,
				CASE WHEN w.quality_known THEN 'accepted as deployment_serves says'
					ELSE 'as good, which nobody measured'
				END),
			'Its own prompt cache is taken to hit as often as the provider''s.', held) END);
END $$;

COMMENT ON FUNCTION assumed(workload, advice_facts, deployment, plan_problem, timestamptz) IS
'What a decision takes for given, in sentences.';

-- What a deployment makes of the workload.
CREATE FUNCTION inferacct_internal.deployment_facts(f advice_facts, w workload, now demand, routed demand,
	waiting demand, at timestamptz)
RETURNS advice_facts
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	p		plan_problem := plan_problem(now, waiting, w.waits, f.deployment, at);
	total	record;
BEGIN
	SELECT (t.constant_usd * 8760) INTO f.reserved_1y_usd FROM unnest(p.terms) AS t WHERE t.term = 'reserved_1y';
	SELECT (t.constant_usd * 8760) INTO f.reserved_3y_usd FROM unnest(p.terms) AS t WHERE t.term = 'reserved_3y';
	SELECT max(b.now + b.waiting) * 0.000000001 INTO f.peak_load FROM unnest(p.now, p.waiting) AS b (now, waiting);
	f.problems := ARRAY[p];
	IF f.routing_saved_usd > 0 AND f.quality_holds IS NOT false THEN
		f.problems := f.problems || plan_problem(routed, waiting, w.waits, f.deployment, at);
	END IF;
	f := planned(f);
	p := f.problem;
	f := with_term_value(f);
	f := fleet_facts(p, f);
	f := commitment_of_plan(p, f.plan, f.forecast_error, f);
	f := volume_facts((SELECT merge(part) FROM (VALUES (CASE WHEN f.routed THEN routed ELSE now END),
		(waiting)) AS v (part)),
		p, at, f);
	f.year_saved_usd := next_year_usd(f);
	SELECT sum(output_tokens(s.usage))::numeric / nullif(sum(s.requests), 0) AS answer INTO total
		FROM demand_series(now) AS s;
	f.answer_ms := answer_ms(f.deployment, total.answer, at);
	f.assumed := assumed(w, f, p.d, p, at);
	RETURN f;
END $$;

COMMENT ON FUNCTION deployment_facts(advice_facts, workload, demand, demand, demand, timestamptz) IS
'The facts with what the deployment that they name makes of demands (as served at once, the same routed, and what may '
'wait), at the prices of a time. Errors as plan_problem(), 22023 a forecast_error outside [0, 1].';

CREATE FUNCTION inferacct_internal.advice_facts(w workload, deployment text, policy text, price_factor numeric,
	at timestamptz, forecast_error numeric DEFAULT 0.1,
	ttft_p99_ms numeric DEFAULT NULL, tpot_ms numeric DEFAULT NULL, materiality numeric DEFAULT 0.05,
	api_price_decline numeric DEFAULT 0.3, quality_holds boolean DEFAULT NULL, growth numeric DEFAULT 0,
	discount_rate numeric DEFAULT 0.08)
RETURNS advice_facts
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	f			advice_facts;
	seen		trend;
	now			demand := w.demand;
	routed		demand := w.routed_demand;
	waiting		demand := w.waiting;
	burst		traffic_statistics;
	d			deployment;
	hours		numeric;
	level_hours	numeric;
	served_batch	numeric;
	detail		text;
	hint		text;
BEGIN
	PERFORM check_figure('forecast_error', forecast_error, 0, 1), check_figure('materiality', materiality, 0, 1),
		check_figure('api_price_decline', api_price_decline, 0, 1), check_figure('price_factor', price_factor, 0),
		check_figure('growth', growth, -0.99, 100), check_figure('discount_rate', discount_rate, 0, 10);
	f.price_factor := price_factor;
	f.forecast_error := forecast_error;
	f.materiality := materiality;
	f.api_price_decline := api_price_decline;
	f.quality_holds := quality_holds;
	f.growth := growth;
	f.discount_rate := discount_rate;
	f.replica_latency_target := num_nonnulls(ttft_p99_ms, tpot_ms) > 0;
	f.requests := w.requests;
	f.unpriced_requests := w.unpriced_requests;
	f.unpriced_share := exact_quotient(w.unpriced_tokens, nullif(w.tokens, 0));
	f.weeks := coalesce(w.weeks, 0);
	f.priced_at := w.priced_at;
	f.served_models := w.served_models;
	hours := extract(epoch FROM date_trunc('hour', w.last_at, 'UTC') + interval '1 hour'
		- date_trunc('hour', w.first_at, 'UTC')) / 3600;
	f.hours := hours;
	f.unserved_usd := month_usd(w.usd - w.served_usd + w.accepted_rest_usd, hours);
	SELECT jsonb_agg(r || jsonb_build_object('usd', month_usd((r ->> 'usd')::numeric, hours)) ORDER BY i)
		INTO f.not_considered FROM jsonb_array_elements(w.not_considered) WITH ORDINALITY AS n (r, i);
	f.p95_latency_ms := w.p95_latency_ms;
	f.frontier_share := exact_quotient(w.frontier_usd, nullif(w.usd, 0));
	f.recent_model_share := exact_quotient(w.recent_model_usd, nullif(w.usd, 0));
	f.recent_models := w.recent_models;
	f.batch_share := exact_quotient(w.batch_usd, nullif(w.usd, 0));
	f.routing_policy := policy;
	f.routing_problem := w.routing_problem;
	f.routing_saved_usd := month_usd((w.routing).saved_usd, hours);
	f.routing_saved_share := (w.routing).saved_share;
	f.routing_random_share := (w.routing).random_saved_share;
	f.routing_longest_share := (w.routing).longest_first_saved_share;
	f.routing_request_share := (w.routing).moved_request_share;
	f.routing_spend_share := (w.routing).moved_spend_share;
	f.routing_answer_usd := (w.routing).usd_per_accepted_answer;
	f.routing_baseline_answer_usd := (w.routing).baseline_usd_per_answer;
	f.routing_quality_known := NOT EXISTS (SELECT FROM unnest((w.routing).tiers) WITH ORDINALITY AS t
		WHERE t.quality_ratio IS NULL AND t.ordinality < cardinality((w.routing).tiers));
	f.routing_taken_share := w.routing_taken_share;
	f.routing_even_factor := 1 + exact_quotient((w.routing).saved_usd, nullif((w.routing).moved_usd, 0));

	seen := trend(week_loads(w.demand, w.waiting));
	IF has_trend(seen) THEN
		f.growth_per_month := round(exp(seen.per_week * 730 / 168)::numeric - 1, 4);
		now := at_level(w.demand, seen.per_week, hour_of(w.last_at));
		routed := at_level(w.routed_demand, seen.per_week, hour_of(w.last_at));
		waiting := at_level(w.waiting, seen.per_week, hour_of(w.last_at));
	END IF;
	burst := traffic(coalesce(now, waiting));
	f.peak_to_mean := round(burst.peak_to_mean::numeric, 6);
	f.cv := round(burst.cv::numeric, 6);
	f.predictability := round(burst.predictability::numeric, 6);
	f.forecast_wape := CASE WHEN bucket_width(coalesce(w.demand, w.waiting)) = interval '1 hour'
		THEN forecast_wape(coalesce(w.demand, w.waiting)) END;
	level_hours := extract(epoch FROM greatest((traffic(now)).until, (traffic(waiting)).until)
		- least((traffic(now)).since, (traffic(waiting)).since)) / 3600;
	f.unrouted_usd := month_usd(coalesce((traffic(now)).api_usd, 0) + coalesce((traffic(waiting)).api_usd, 0),
		level_hours);
	-- The bill is that of the level planned for: what is served, with what batch saves of it in proportion.
	served_batch := coalesce(round(month_usd(w.batch_saved_usd - w.unserved_batch_saved_usd, hours)
		* CASE WHEN seen.per_week = 0 OR NOT has_trend(seen) THEN 1 ELSE f.unrouted_usd / nullif(month_usd(
			coalesce((traffic(w.demand)).api_usd, 0) + coalesce((traffic(w.waiting)).api_usd, 0), hours), 0) END, 15),
				0);
	f.unrouted_usd := coalesce(f.unrouted_usd, 0);
	f.unserved_batch_saved_usd := coalesce(month_usd(w.unserved_batch_saved_usd, hours), 0);
	f.batch_saved_usd := trim_scale(f.unserved_batch_saved_usd + served_batch);
	f.served_usd := trim_scale(f.unrouted_usd + served_batch);
	f.usd := trim_scale(coalesce(f.unserved_usd, 0) + f.served_usd);
	f.routed := coalesce(f.routing_saved_usd > 0 AND f.quality_holds IS NOT false, false);
	f.left_usd := CASE WHEN f.routed THEN month_usd(coalesce((traffic(routed)).api_usd, 0)
		+ coalesce((traffic(waiting)).api_usd, 0), level_hours) ELSE f.unrouted_usd END;
	f.deployment := deployment;
	IF deployment IS NOT NULL THEN
		d := deployment_in_force(deployment, at);	-- a name that nobody knows is a mistake of the caller
	END IF;
	f.assumed := assumed(w, f, d, NULL, at);
	IF deployment IS NULL OR burst.api_usd IS NULL OR burst.mean = 0 THEN
		RETURN f;
	END IF;

	-- What a known one lacks is a fact.
	SELECT sum(k.fte) INTO f.fte_needed FROM deployment_costs(deployment, at) k;
	f.target_utilization := d.target_utilization;
	IF f.replica_latency_target AND serving_tokens_per_second(deployment, NULL, NULL, at) IS NOT NULL THEN
		f.latency_utilization := coalesce(latency_utilization(deployment, ttft_p99_ms, tpot_ms, at), 0);
	END IF;
	BEGIN
		f := deployment_facts(f, w, now, routed, waiting, at);
	EXCEPTION WHEN OTHERS THEN
		IF NOT is_missing_fact(SQLSTATE) THEN
			RAISE;
		END IF;
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		f.deployment_problem := missing_fact(SQLSTATE, SQLERRM, detail, hint);
	END;
	RETURN f;
END $$;

COMMENT ON FUNCTION advice_facts(workload, text, text, numeric, timestamptz, numeric, numeric, numeric, numeric,
	numeric, boolean, numeric, numeric) IS
'The facts of a workload for advice_rules(), with those of a deployment at the prices of a time when one is named. '
'forecast_error: by how much a forecast may be off; ttft_p99_ms, tpot_ms: what the replicas have to keep; '
'materiality: the least share of the API''s bill that a saving has to be; api_price_decline: by how much API prices '
'fall in a year; growth: of the load in a year beyond the level planned for; discount_rate: a year''s, of what is '
'saved later. A fact that the deployment lacks (GPU price, throughput for the mix) is deployment_problem, and no '
'error. Errors: IA301 an unknown deployment, 22023 a share outside [0, 1].';
