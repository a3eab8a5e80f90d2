-- flips: what turns a verdict of advise(), alone.
--
-- Invariant: beyond a flip's turns_at the verdict of its rule is the one that it names, and
-- up to it the one of today.  What is a comparison turns where both sides are equal; what
-- depends on the plan is found by planning anew, to one part in 2,000: prices, rents and
-- the load from a thirtieth to thirty times today's, the load as far as that takes no more
-- than some hundred replicas.

CREATE FUNCTION inferacct_internal.flip(rule text, parameter text, planned numeric, turns_at numeric, direction text,
	verdict text) RETURNS flip
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ROW(rule, parameter, planned, turns_at, direction, verdict)::inferacct.flip;

COMMENT ON FUNCTION flip(text, text, numeric, numeric, text, text) IS 'A flip of these.';

CREATE FUNCTION inferacct_internal.flip_at(rule text, parameter text, planned numeric, threshold numeric,
	at_most boolean, yes boolean DEFAULT true) RETURNS flip
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ROW(rule, parameter, planned, threshold,
	CASE WHEN CASE WHEN at_most THEN planned <= threshold ELSE planned >= threshold END = at_most THEN 'above'
		ELSE 'below' END,
	CASE WHEN CASE WHEN at_most THEN planned <= threshold ELSE planned >= threshold END = yes THEN 'no'
		ELSE 'yes' END)::inferacct.flip;

COMMENT ON FUNCTION flip_at(text, text, numeric, numeric, boolean, boolean) IS
'The flip of a rule that compares a parameter with a threshold: it says yes (yes false: no) while the parameter is at '
'least (at_most: at most) the threshold.';

-- ---------------------------------------------------------------------------
-- Comparisons
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.flips_of_facts(f advice_facts) RETURNS SETOF flip
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20 COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT (flip_at(v.rule, v.parameter, v.planned, v.threshold, v.at_most, v.yes)).*
	FROM (VALUES
		('evidence', 'weeks', f.weeks, 8, false, true, f.weeks < 8 AND NOT coalesce(f.unpriced_share > 0.2, false)),
		('evidence', 'unpriced_share', coalesce(f.unpriced_share, 0), 0.2, true, true, f.weeks >= 8),
		('frontier_only', 'frontier_share', f.frontier_share, 1, false, true, true),
		('bursty', 'peak_to_mean', f.peak_to_mean, 3, true, false, f.breakeven_utilization IS NULL
			AND NOT coalesce(f.cv > 1, false)),
		('bursty', 'cv', f.cv, 1, true, false, f.breakeven_utilization IS NULL AND NOT coalesce(f.peak_to_mean > 3,
			false)),
		('unpredictable', 'predictability', f.predictability, 0.5, false, false, f.cv > 0),
		('forecast_misses', 'forecast_wape', f.forecast_wape, 0.3, true, false, true),
		('api_fast_enough', 'latency_target_ms', f.latency_target_ms, f.p95_latency_ms, false, true, true),
		('api_too_slow', 'latency_target_ms', f.latency_target_ms, f.p95_latency_ms, false, false, true),
		('changing_requirements', 'recent_model_share', f.recent_model_share, 0.3, true, false,
			f.requirements_change IS NULL),
		('no_operations_team', 'fte_available', f.fte_available, f.fte_needed, false, false, f.fte_needed > 0),
		('routing', 'routed_price', 1, f.routing_even_factor, true, true, f.quality_holds IS NOT false
			AND f.routing_even_factor > 0 AND f.routing_problem IS NULL),
		('routing_worth_building', 'routing_spend_share', f.routing_spend_share, 0.2, false, true,
			f.routing_problem IS NULL),
		('self_host_fast_enough', 'target_utilization', f.target_utilization, f.latency_utilization, true, true,
			f.latency_utilization > 0 AND NOT coalesce(f.answer_ms > f.latency_target_ms, false)),
		('self_host_fast_enough', 'latency_target_ms', f.latency_target_ms, f.answer_ms, false, true,
			f.latency_utilization >= f.target_utilization))
		AS v (rule, parameter, planned, threshold, at_most, yes, applies)
	WHERE v.applies AND num_nulls(v.planned, v.threshold) = 0
$$;

COMMENT ON FUNCTION flips_of_facts(advice_facts) IS 'Flips of the rules that compare two facts.';

CREATE FUNCTION inferacct_internal.flips_of_judged(f advice_facts) RETURNS SETOF flip
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	bursts	numeric := exact_quotient(f.breakeven_utilization, nullif(f.p99_utilization, 0));
	size	numeric := exact_quotient(f.flat_breakeven, nullif(f.flat_utilization, 0));
	years	numeric := exact_quotient(3 * f.reserved_3y_usd, nullif(f.reserved_1y_usd, 0));
BEGIN
	-- From `size` on the load pays spread evenly, from `bursts` on as it comes.
	IF bursts > coalesce(size, 0) THEN
		IF bursts <= 1 OR coalesce(size <= 1, true) THEN
			RETURN NEXT flip('bursty', 'api_price', 1, bursts, CASE WHEN bursts > 1 THEN 'above' ELSE 'below' END,
				CASE WHEN bursts > 1 THEN 'no' ELSE 'yes' END);
		END IF;
		IF bursts > 1 AND size > 0 THEN
			RETURN NEXT flip('bursty', 'api_price', 1, size, CASE WHEN size > 1 THEN 'above' ELSE 'below' END,
				CASE WHEN size > 1 THEN 'yes' ELSE 'no' END);
		END IF;
	END IF;
	RETURN NEXT flip_at('pays_multiple_times', 'payback_multiple', coalesce(f.payback_multiple, 2),
		low_demand_multiple(f), true);
	IF commits(f) THEN
		RETURN NEXT flip_at('commitment_survives_low_demand', 'low_demand_share', f.low_demand_share,
			f.committed_erased_at, false);
	END IF;
	IF f.replicas > 0 AND years BETWEEN 1 AND 1000000 AND NOT coalesce(f.third_year_saved_usd <= 0, false) THEN
		RETURN NEXT flip_at('longer_term', 'price_factor', f.price_factor, round((sqrt(4 * years - 3) - 1) / 2, 6),
			false);
	END IF;
END $$;

COMMENT ON FUNCTION flips_of_judged(advice_facts) IS 'Flips of the rules on machines that compare two facts.';

-- Arguments of advise() that a decision weighs: those that turn it when they cross what they are weighed against.
CREATE FUNCTION inferacct_internal.flips_of_decision(f advice_facts) RETURNS SETOF flip
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 3 COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	today	text := (advice_decision(f)).verdict;
	beyond	text;
	tried	advice_facts;
	c		record;
BEGIN
	FOR c IN SELECT * FROM (VALUES
			('materiality', f.materiality, exact_quotient(f.left_usd - f.plan_usd, nullif(f.left_usd, 0))),
			('payback_multiple', f.payback_multiple, exact_quotient(f.left_usd, nullif(f.plan_usd, 0))),
			('fte_available', f.fte_available, f.fte_needed)) AS v (parameter, planned, turns_at)
		WHERE planned IS NOT NULL AND turns_at > 0 AND turns_at <> planned
	LOOP
		tried := f;
		-- A little beyond; people are enough from what is needed on.
		CASE c.parameter
			WHEN 'materiality' THEN tried.materiality := c.turns_at * CASE WHEN c.turns_at > c.planned THEN 1.000001
				ELSE 0.999999 END;
			WHEN 'payback_multiple' THEN tried.payback_multiple := c.turns_at * CASE WHEN c.turns_at > c.planned
				THEN 1.000001 ELSE 0.999999 END;
			ELSE tried.fte_available := c.turns_at * CASE WHEN c.turns_at > c.planned THEN 1 ELSE 0.999999 END;
		END CASE;
		beyond := (advice_decision(tried)).verdict;
		IF beyond <> today THEN
			RETURN NEXT flip('decision', c.parameter, c.planned, c.turns_at,
				CASE WHEN c.turns_at > c.planned THEN 'above' ELSE 'below' END, beyond);
		END IF;
	END LOOP;
END $$;

COMMENT ON FUNCTION flips_of_decision(advice_facts) IS
'What turns the decision among the arguments that it weighs: materiality, payback_multiple, fte_available.';

CREATE FUNCTION inferacct_internal.threshold_flips(f advice_facts) RETURNS SETOF flip
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 30 COST 3000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT t.* FROM flips_of_facts(f) AS t WHERE num_nulls(t.planned, t.turns_at) = 0;
	RETURN QUERY SELECT t.* FROM flips_of_judged(f) AS t
		WHERE num_nulls(t.planned, t.turns_at) = 0 AND (t.rule = 'bursty' OR advice_gap(f) IS NULL);
	RETURN QUERY SELECT t.* FROM flips_of_decision(f) AS t;
END $$;

COMMENT ON FUNCTION threshold_flips(advice_facts) IS 'All flips that need no plan but the one of the facts.';

-- ---------------------------------------------------------------------------
-- Planning anew
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.plan_verdicts(f advice_facts) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT ARRAY[(advice_decision(f)).verdict, advice_verdict(has_machines(f)), advice_verdict(needs_no_api(f)),
		advice_verdict(pays_multiple_times(f)), advice_verdict(commits(f))]
$$;

COMMENT ON FUNCTION plan_verdicts(advice_facts) IS
'The verdicts of the rules decision, hybrid, self_host, pays_multiple_times and commitment, as advice_rules() has them '
'where machines can be judged.';

-- One direction of one parameter: steps outward, then halving.  A change that is gone one
-- per cent further is none: loads pass through plans that pay in a narrow window only.
CREATE FUNCTION inferacct_internal.flips_along(f advice_facts, what text, steps numeric[]) RETURNS SETOF flip
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 5 COST 1000000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	rules	CONSTANT text[] := '{decision,hybrid,self_host,pays_multiple_times,commitment}';
	today	text[] := plan_verdicts(f);
	tried	numeric[] := '{1}';				-- factors, and the verdicts there
	found	text[] := ARRAY[today];
	turned	boolean[] := array_fill(false, ARRAY[cardinality(rules)]);
	same	numeric[] := array_fill(1, ARRAY[cardinality(rules)]);		-- the last factors of today's verdicts
	further	CONSTANT numeric := CASE WHEN steps[1] > 1 THEN 1.01 ELSE 0.99 END;
	step	numeric;
	beyond	numeric;
	factor	numeric;
	at		integer;
BEGIN
	FOREACH step IN ARRAY steps LOOP
		tried := tried || step;
		found := found || plan_verdicts(planned(f, what, step));
		at := cardinality(tried);
		FOR r IN 1 .. cardinality(rules) LOOP
			CONTINUE WHEN turned[r];
			IF found[at][r] = today[r] THEN
				same[r] := step;
				CONTINUE;
			END IF;
			beyond := step;
			LOOP
				factor := CASE WHEN abs(beyond - same[r]) > 0.0005 * same[r] THEN round((beyond + same[r]) / 2, 6)
					ELSE round(beyond * further, 6) END;
				IF NOT factor = ANY (tried) THEN
					tried := tried || factor;
					found := found || plan_verdicts(planned(f, what, factor));
				END IF;
				EXIT WHEN abs(beyond - same[r]) <= 0.0005 * same[r];
				IF found[array_position(tried, factor)][r] = today[r] THEN
					same[r] := factor;
				ELSE
					beyond := factor;
				END IF;
			END LOOP;
			IF found[array_position(tried, factor)][r] = today[r] THEN
				same[r] := factor;
			ELSE
				turned[r] := true;
				RETURN NEXT flip(rules[r], what, 1, beyond, CASE WHEN beyond > 1 THEN 'above' ELSE 'below' END,
					found[array_position(tried, factor)][r]);
			END IF;
		END LOOP;
		EXIT WHEN NOT false = ANY (turned);
	END LOOP;
END $$;

COMMENT ON FUNCTION flips_along(advice_facts, text, numeric[]) IS
'The flips of plan_verdicts() when api_price, growth or gpu_price is multiplied by factors from 1 on outward, by the '
'steps given and then between them.';

-- The same of an argument between 0 and 1.
CREATE FUNCTION inferacct_internal.flip_of_argument(f advice_facts, rule text, parameter text, planned numeric)
	RETURNS flip
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	today	boolean := still_holds(f, rule, planned);
	same	numeric := planned;
	beyond	numeric;
	middle	numeric;
BEGIN
	-- What holds ceases above, what does not may hold below.
	FOREACH middle IN ARRAY '{0.02,0.05,0.1,0.2,0.4,0.7,1}'::numeric[] LOOP
		middle := CASE WHEN today THEN planned + (1 - planned) * middle ELSE planned * (1 - middle) END;
		IF still_holds(f, rule, middle) <> today THEN
			beyond := middle;
			EXIT;
		END IF;
		same := middle;
	END LOOP;
	WHILE abs(beyond - same) > 0.0005 * greatest(beyond, same) AND greatest(beyond, same) > 0.000001 LOOP
		middle := (beyond + same) / 2;
		IF still_holds(f, rule, middle) = today THEN
			same := middle;
		ELSE
			beyond := middle;
		END IF;
	END LOOP;
	beyond := round(beyond, 9);
	RETURN CASE WHEN beyond > 0.000001 AND today IS NOT NULL THEN flip(rule, parameter, planned, beyond,
		CASE WHEN today THEN 'above' ELSE 'below' END, CASE WHEN today THEN 'no' ELSE 'yes' END) END;
END $$;

COMMENT ON FUNCTION flip_of_argument(advice_facts, text, text, numeric) IS
'Where a rule that holds (still_holds()) no longer does, as an argument between 0 and 1 rises, or, where it does not, '
'holds again as that falls; NULL where it never turns.';

CREATE FUNCTION inferacct_internal.still_holds(f advice_facts, rule text, figure numeric) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF rule = 'forecast_regret' THEN
		f := commitment_of_plan(f.problem, f.plan, figure, f);
		RETURN greatest(f.regret_high_usd, f.regret_low_usd) < f.committed_spared_usd;
	END IF;
	f.api_price_decline := figure;
	f := planned(f);
	RETURN CASE rule WHEN 'pays_over_term' THEN (term_value(f, figure, 1)).present_usd > 0
		WHEN 'pays_next_year' THEN has_machines(f) AND next_year_usd(f) > 0
		ELSE f.replicas > 0 AND NOT coalesce(f.third_year_saved_usd <= 0, false) END;
END $$;

COMMENT ON FUNCTION still_holds(advice_facts, text, numeric) IS
'Is the rule forecast_regret yes at that forecast_error, pays_next_year or pays_over_term at that api_price_decline, '
'or does longer_term take three years at that?';

CREATE FUNCTION inferacct_internal.with_flips(f advice_facts) RETURNS advice_facts
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	up		CONSTANT numeric[] := '{1.01,1.03,1.07,1.15,1.3,1.6,2.2,4,10,30}';
	down	CONSTANT numeric[] := '{0.99,0.97,0.93,0.87,0.77,0.62,0.45,0.25,0.1,0.03}';
	years	numeric := exact_quotient(3 * f.reserved_3y_usd, nullif(f.reserved_1y_usd, 0));
BEGIN
	IF advice_gap(f) IS NOT NULL OR f.problems IS NULL THEN
		RETURN f;
	END IF;
	f.flips := ARRAY(SELECT t FROM (VALUES (1, 'api_price', down), (2, 'api_price', up), (3, 'growth', down),
			(4, 'growth', ARRAY(SELECT u FROM unnest(up) AS u WHERE u <= 1.6 OR u * f.peak_load <= 400)),
			(5, 'gpu_price', down), (6, 'gpu_price', up)) AS v (n, what, steps),
		LATERAL flips_along(f, v.what, v.steps) AS t ORDER BY v.n);
	IF commits(f) AND f.forecast_error IS NOT NULL THEN
		f.flips := f.flips || flip_of_argument(f, 'forecast_regret', 'forecast_error', f.forecast_error);
	END IF;
	IF has_machines(f) THEN
		f.flips := f.flips || flip_of_argument(f, 'pays_next_year', 'api_price_decline', f.api_price_decline);
		f.flips := f.flips || flip_of_argument(f, 'pays_over_term', 'api_price_decline', f.api_price_decline);
	END IF;
	IF f.third_year_saved_usd IS NOT NULL AND years <= 1 + f.price_factor + f.price_factor * f.price_factor THEN
		f.flips := f.flips || flip_of_argument(f, 'longer_term', 'api_price_decline', f.api_price_decline);
	END IF;
	f.flips := ARRAY(SELECT t FROM unnest(f.flips) AS t WHERE (t).turns_at IS NOT NULL);
	RETURN f;
END $$;

COMMENT ON FUNCTION with_flips(advice_facts) IS
'The facts with the flips that take planning anew. Nothing to plan, or not judged: as they are.';

-- ---------------------------------------------------------------------------
-- In words
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.flip_in_words(t flip) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN s.rises IS NOT NULL THEN format('%s %s by more than %s', s.subject, CASE t.direction WHEN 'above'
			THEN s.rises ELSE s.falls END, percent(abs(t.turns_at - 1)))
		ELSE format('%s %s %s', s.subject, CASE t.direction WHEN 'above'
			THEN CASE WHEN s.at_least THEN 'reaches' ELSE 'rises above' END
			ELSE CASE WHEN s.at_least THEN 'falls below' ELSE 'falls to' END END,
			CASE WHEN s.is_share AND t.turns_at < 0.01 THEN trim_scale(round(100 * t.turns_at, 3)) || ' %'
				WHEN s.is_share THEN percent(t.turns_at) ELSE trim_scale(round(t.turns_at, 2))::text END) END
		|| CASE WHEN t.rule = 'decision' THEN ' (then ' || t.verdict || ')' ELSE '' END
	FROM (SELECT v.* FROM (VALUES
		('api_price', 'the API''s prices', 'rise', 'fall', NULL::boolean, NULL::boolean),
		('growth', 'the load', 'grows', 'falls', NULL, NULL),
		('gpu_price', 'rents of GPUs', 'rise', 'fall', NULL, NULL),
		('routed_price', 'prices of the other models', 'rise', 'fall', NULL, NULL),
		('weeks', 'the number of whole weeks with load', NULL, NULL, false, true),
		('unpriced_share', 'the share of the tokens without a price', NULL, NULL, true, false),
		('frontier_share', 'the share of the spend on those models', NULL, NULL, true, true),
		('peak_to_mean', 'the busiest hour as a multiple of the mean', NULL, NULL, false, false),
		('cv', 'the hours'' standard deviation as a multiple of the mean', NULL, NULL, false, false),
		('predictability', 'what the hour of the week explains', NULL, NULL, true, true),
		('forecast_wape', 'what such a forecast misses', NULL, NULL, true, false),
		('latency_target_ms', 'the target (latency_target_ms)', NULL, NULL, false, true),
		('recent_model_share', 'the share of the spend on such models', NULL, NULL, true, false),
		('fte_available', 'the number of people (fte_available)', NULL, NULL, false, true),
		('routing_spend_share', 'the share of the spend on those requests', NULL, NULL, true, true),
		('target_utilization', 'the planned share of the throughput (target_utilization)', NULL, NULL, true, false),
		('low_demand_share', 'a weak week as a share of the mean', NULL, NULL, true, true),
		('payback_multiple', 'the multiple asked for (payback_multiple)', NULL, NULL, false, false),
		('materiality', 'the least saving that matters (materiality)', NULL, NULL, true, false),
		('forecast_error', 'the error of a forecast (forecast_error)', NULL, NULL, true, true),
		('price_factor', 'a year''s GPU price as a share of the last one''s (price_factor)', NULL, NULL, true, true),
		('api_price_decline', 'the yearly decline of API prices (api_price_decline)', NULL, NULL, true, true))
		AS v (parameter, subject, rises, falls, is_share, at_least) WHERE v.parameter = t.parameter) AS s
$$;

COMMENT ON FUNCTION flip_in_words(flip) IS 'What turns a verdict, for a sentence.';

CREATE FUNCTION inferacct_internal.with_flips_in_words(a advice, flips flip[]) RETURNS advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	a.flips := ARRAY(SELECT t FROM unnest(flips) AS t WHERE (t).rule = a.rule);
	a.flips_when := coalesce(concat_ws(', or ', (SELECT string_agg(flip_in_words(t),
		', or ') FROM unnest(a.flips) AS t),
		a.flips_when), '');
	IF a.flips_when = '' THEN
		a.flips_when := 'neither prices nor the load turn it, from a thirtieth to thirty times today''s';
	END IF;
	RETURN a;
END $$;

COMMENT ON FUNCTION with_flips_in_words(advice, flip[]) IS
'A row of advise() with those of the flips that are its, also in words.';

CREATE FUNCTION inferacct_internal.decided(f advice_facts) RETURNS advice
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 3000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT with_flips_in_words(advice_decision(f), ARRAY(SELECT t FROM threshold_flips(f) AS t) || f.flips) $$;

COMMENT ON FUNCTION decided(advice_facts) IS 'The row `decision` with what turns it.';
