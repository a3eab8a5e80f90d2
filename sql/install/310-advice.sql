-- advice: which lever now, why, and what would flip the answer.
--
-- Invariant: advice_rules() is pure: facts in, verdicts out.  What no log holds is given, or
-- the verdict is unknown.  The decision is that of the cheapest plan (305-optimum.sql),
-- tempered by what matters, by people and by where data may go; no rule contradicts it,
-- for all are told of the same plan.

CREATE TYPE advice AS (
	rule				text,
	verdict				text,
	measured			numeric,
	threshold			numeric,
	threshold_origin	text,
	explanation			text,
	flips_when			text,
	flips				flip[]
);

COMMENT ON TYPE advice IS
'A rule of the decision matrix. verdict: yes or no to what the rule is called; '
'unknown when a fact is missing, which explanation names; the rule decision says api, hybrid, self_host or '
'insufficient_evidence. The first rows, assumed and not_considered, say what the others take for given and leave out. '
'threshold_origin: computed from the log and prices, default, or given by whoever asks. flips: what turns the verdict '
'alone, solved for; flips_when says these in words, and what is no figure.';

CREATE FUNCTION inferacct_internal.advice_verdict(holds boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE holds WHEN true THEN 'yes' WHEN false THEN 'no' ELSE 'unknown' END;

COMMENT ON FUNCTION advice_verdict(boolean) IS 'yes, no or, for NULL, unknown.';


CREATE FUNCTION inferacct_internal.low_demand_multiple(f advice_facts) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT round(f.left_usd * least(coalesce(f.low_demand_share, 1), 1) / nullif(f.fleet_usd, 0), 6) $$;

COMMENT ON FUNCTION low_demand_multiple(advice_facts) IS
'How many times the cost of a fleet for the busiest hour the API takes, at the volume of a week that 10 % of the '
'weeks do not exceed. NULL when there is no fleet.';

CREATE FUNCTION inferacct_internal.reason_in_words(reason text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE reason
	WHEN 'unpriced' THEN 'requests without a price' WHEN 'frontier' THEN 'models named as not to be self-hosted'
	WHEN 'not served' THEN 'models that the deployment does not serve' WHEN 'fees' THEN 'fees for searches'
	WHEN 'images' THEN 'generated images' WHEN 'speech' THEN 'speech' WHEN 'pages' THEN 'pages read'
	WHEN 'audio' THEN 'requests with audio' WHEN 'video' THEN 'requests with video'
	WHEN 'vision' THEN 'requests with images' WHEN 'embeddings' THEN 'embeddings'
	WHEN 'data class' THEN 'data of a class that the deployment may not see' ELSE 'requests without tokens' END;

COMMENT ON FUNCTION reason_in_words(text) IS 'Why spend is not considered, for a sentence.';

CREATE FUNCTION inferacct_internal.not_considered_in_words(not_considered jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('%s (%s)', reason_in_words(r ->> 'reason'), CASE WHEN r ->> 'reason' = 'unpriced'
		THEN counted((r ->> 'requests')::numeric, 'request') || ', an unknown amount'
		ELSE usd_in_words((r ->> 'usd')::numeric) || ' a month' END), ', ' ORDER BY i)
	FROM jsonb_array_elements(not_considered) WITH ORDINALITY AS n (r, i)
$$;

COMMENT ON FUNCTION not_considered_in_words(jsonb) IS
	'What a decision leaves with the API, for a sentence; NULL for nothing.';

-- Why machines cannot be judged, or NULL.
CREATE FUNCTION inferacct_internal.advice_gap(f advice_facts) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN f.deployment IS NULL THEN 'No deployment was named.'
		WHEN f.deployment_problem IS NOT NULL THEN format('Deployment "%s" cannot be judged: %s', f.deployment,
			f.deployment_problem)
		WHEN f.weeks >= 8 THEN CASE WHEN f.plan_usd IS NULL THEN 'Nothing is left to serve.' END
		ELSE format('The evidence is not sufficient: the log has %s with load, and 8 are needed.',
			counted(f.weeks, 'whole week')) END
$$;

COMMENT ON FUNCTION advice_gap(advice_facts) IS
'What keeps advice_rules() from judging machines, in a sentence; NULL when nothing does.';

CREATE FUNCTION inferacct_internal.judged_when(f advice_facts) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN f.deployment IS NULL THEN 'a deployment is named' WHEN f.deployment_problem IS NOT NULL
	THEN 'that fact is stated' WHEN f.weeks >= 8 THEN 'there is something to serve'
	ELSE 'the log reaches 8 whole weeks with load' END;

COMMENT ON FUNCTION judged_when(advice_facts) IS 'When what keeps machines from being judged is gone.';

CREATE FUNCTION inferacct_internal.has_machines(f advice_facts) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(f.replicas > 0 OR f.started_hours > 0 OR f.spot_hours > 0, false);

COMMENT ON FUNCTION has_machines(advice_facts) IS 'Does the cheapest plan have replicas?';

CREATE FUNCTION inferacct_internal.needs_no_api(f advice_facts) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN inferacct_internal.has_machines(f) AND f.overflow_usd = 0;

COMMENT ON FUNCTION needs_no_api(advice_facts) IS 'Does the cheapest plan have replicas that serve all?';

CREATE FUNCTION inferacct_internal.pays_multiple_times(f advice_facts) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN inferacct_internal.low_demand_multiple(f) >= coalesce(f.payback_multiple, 2);

COMMENT ON FUNCTION pays_multiple_times(advice_facts) IS
'Does the API take the multiple asked for (2) of what a fleet for the busiest hour costs, in a weak week?';

CREATE FUNCTION inferacct_internal.commits(f advice_facts) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(f.committed_replicas >= 1 AND f.committed_saved_usd > 0, false);

COMMENT ON FUNCTION commits(advice_facts) IS 'Does the cheapest plan reserve machines?';

CREATE FUNCTION inferacct_internal.fast_replicas(f advice_facts) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN f.latency_utilization >= f.target_utilization AND NOT coalesce(f.answer_ms > f.latency_target_ms, false);

COMMENT ON FUNCTION fast_replicas(advice_facts) IS
'Do replicas keep their targets at the planned load, and whole answers theirs? NULL: not measured.';

CREATE FUNCTION inferacct_internal.plan_in_words(f advice_facts) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT concat_ws(' and ', CASE WHEN f.replicas > 0 THEN format('%s of %s all the time%s',
			replicas_in_words(f.replicas), f.deployment, CASE WHEN f.term LIKE 'reserved%' THEN ' (' || replace(
			replace(f.term, '_', ' for '), '1y', 'a year') || ')' ELSE '' END) END,
		CASE WHEN f.started_hours > 0 THEN format('%s hours a month of replicas started for the load%s',
			to_char(round(f.started_hours), 'FM999,999,999,990'), CASE WHEN f.replicas > 0 THEN ''
			ELSE ' of ' || f.deployment END) END,
		CASE WHEN f.committed_replicas > 0 AND NOT f.replicas > 0 AND f.started_hours > 0 THEN format(
			'%s reserved as spare', counted(f.committed_replicas, 'machine')) END,
		CASE WHEN f.spot_hours > 0 THEN format('%s hours a month of spot replicas of %s',
			to_char(round(f.spot_hours), 'FM999,999,999,990'), f.deployment) END,
		CASE WHEN f.overflow_usd > 0 AND has_machines(f) THEN format('the API for the rest (%s)',
			usd_in_words(f.overflow_usd)) END)
$$;

COMMENT ON FUNCTION plan_in_words(advice_facts) IS 'The cheapest plan, for a sentence.';

-- Which way to serve what could be replaced; the first condition that holds decides.
CREATE FUNCTION inferacct_internal.advice_decision(f advice_facts) RETURNS advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	staffed		boolean := NOT coalesce(f.fte_available < f.fte_needed, false);
	people		text := format('running them takes %s and %s available', counted(f.fte_needed, 'person', 'people'),
		CASE WHEN f.fte_available = 0 THEN 'nobody is' WHEN f.fte_available = 1 THEN 'one is'
			ELSE trim_scale(f.fte_available) || ' are' END);
	fits		boolean := NOT coalesce(f.peak_replicas > f.max_replicas, false);
	too_few		text := format('the busiest hour takes %s and there can be %s', replicas_in_words(f.peak_replicas),
		trim_scale(f.max_replicas));
	saved		numeric := f.left_usd - f.plan_usd;
	matters		numeric := coalesce(f.materiality, 0.05) * f.left_usd;
	dearer		numeric := f.fleet_usd - f.left_usd;
	rest		text := CASE WHEN f.unserved_usd > 0 THEN format(' Not considered: %s.',
		coalesce(not_considered_in_words(f.not_considered), usd_in_words(f.unserved_usd) || ' a month')) ELSE '' END;
	regional	text := ' An endpoint of an API in the required region, or in your own cloud account, may do as well: '
		'compare its prices.';
	premium		text := CASE WHEN f.deployment_problem IS NOT NULL THEN 'What that costs is unknown. ' || advice_gap(f)
		WHEN f.fleet_usd IS NULL THEN 'What that costs is unknown: name a deployment.'
		WHEN dearer > 0 THEN format('The premium over the API is %s a month.', usd_in_words(dearer))
		ELSE format('It also saves %s a month.', usd_in_words(-dearer)) END
		|| CASE WHEN staffed THEN '' ELSE ' But ' || people || '.' END;
	fast		boolean := fast_replicas(f);
	verdict		text;
	why			text;
	flips		text;		-- what is no figure that was solved for
	without		advice_facts := f;		-- what decides first
BEGIN
	CASE
		WHEN f.data_residency AND NOT fits THEN
			verdict := 'api';
			why := format('Data may not leave, but %s cannot serve it all: %s.', f.deployment, too_few) || regional;
			without.data_residency := false;
			flips := format('there can be %s', replicas_in_words(f.peak_replicas)) ||
				CASE (advice_decision(without)).verdict
				WHEN verdict THEN '' ELSE ', or data_residency is no longer required' END;
		WHEN f.data_residency AND f.served_usd = 0 THEN
			verdict := 'api';
			why := 'Data may not leave, but no spend is on what a deployment could replace.' || rest || regional;
			flips := 'a deployment serves those models (deployment_serves)';
		WHEN f.data_residency THEN
			verdict := 'self_host';
			why := 'Data may not leave, and that overrides cost. ' || premium || rest || regional;
			without.data_residency := false;
			flips := 'data_residency is no longer required' || CASE (advice_decision(without)).verdict WHEN verdict
				THEN ', and replicas no longer pay (see hybrid)' ELSE '' END;
		WHEN f.weeks < 8 THEN
			verdict := 'insufficient_evidence';
			why := format(
				'The log has %s with load; 8 are needed before machines are rented. Stay with the API and keep '
					'measuring.',
				counted(f.weeks, 'whole week'));
			without.weeks := 8;
			flips := 'the log reaches 8 whole weeks with load' || CASE (advice_decision(without)).verdict WHEN verdict
				THEN ', and ' || (advice_decision(without)).flips_when ELSE '' END;
		WHEN f.unpriced_share > 0.2 THEN
			verdict := 'insufficient_evidence';
			why := format(
				'%s of the tokens have no price, so the API''s bill is not known. Stay with the API and price them.',
				percent(f.unpriced_share));
			without.unpriced_share := 0.2;
			flips := 'at most 20 % of the tokens are without a price (unpriced_usage names them)'
				|| CASE (advice_decision(without)).verdict WHEN verdict
				THEN ', and ' || (advice_decision(without)).flips_when ELSE '' END;
		WHEN f.frontier_share = 1 THEN
			verdict := 'api';
			why := 'All spend is on models that cannot be self-hosted.';
			flips := 'an open model serves some of the requests well enough';
		WHEN f.served_usd = 0 THEN
			verdict := 'api';
			why := 'No spend is on what a deployment could replace.' || rest;
			flips := 'a deployment serves those models (deployment_serves)';
		WHEN f.deployment_problem IS NOT NULL THEN
			verdict := 'insufficient_evidence';
			why := advice_gap(f) || ' Until that is known, stay with the API.';
			flips := 'that fact is stated';
		WHEN f.deployment IS NULL OR f.plan_usd IS NULL THEN
			verdict := 'api';
			why := CASE WHEN f.deployment IS NULL
				THEN 'No deployment was named to compare with: the API serves as it does today.'
				ELSE 'Nothing is left to serve: the API serves as it does today.' END;
			flips := CASE WHEN f.deployment IS NULL THEN 'a deployment is named that is cheaper'
				ELSE 'there are requests that a deployment could serve' END;
		WHEN f.p95_latency_ms > f.latency_target_ms AND fast AND staffed AND fits THEN
			verdict := 'self_host';
			why := 'The API is too slow and the replicas keep their target, and that overrides cost. ' || premium ||
				rest;
			without.p95_latency_ms := f.latency_target_ms;
			flips := format('the API answers 95 %% of the requests within %s ms', trim_scale(f.latency_target_ms))
				|| CASE (advice_decision(without)).verdict WHEN verdict
				THEN ', and replicas no longer pay (see hybrid)' ELSE '' END;
		WHEN NOT has_machines(f) THEN
			verdict := 'api';
			why := format(
				'No replica of %s earns its cost: the API takes %s a month for what it could serve%s.', f.deployment,
				usd_in_words(f.left_usd), CASE WHEN fits THEN ', a fleet for the busiest hour '
				|| usd_in_words(f.fleet_usd) ELSE '; of a fleet for the busiest hour, ' || too_few END) || rest;
		WHEN saved < matters THEN
			verdict := 'api';
			why := format(
				'%s would save %s a month of %s: less than %s of it, which is too little to change anything for.',
				upper(left(plan_in_words(f), 1)) || substr(plan_in_words(f), 2), usd_in_words(saved),
				usd_in_words(f.left_usd), percent(coalesce(f.materiality, 0.05))) || rest;
		WHEN NOT staffed THEN
			verdict := 'api';
			why := format('Replicas would save %s a month, but %s.', usd_in_words(saved), people) || rest;
			without.fte_available := f.fte_needed;
			flips := CASE (advice_decision(without)).verdict WHEN verdict THEN format('%s can run the deployment, and '
				'payback_multiple is at most %s', counted(f.fte_needed, 'person', 'people'),
				round(f.left_usd / f.plan_usd, 2)) END;
		WHEN f.left_usd < f.payback_multiple * f.plan_usd THEN
			verdict := 'api';
			why := format('The API takes %s a month, %s times what the cheapest plan does: less than the %s asked for.',
				usd_in_words(f.left_usd), round(f.left_usd / f.plan_usd, 1), trim_scale(f.payback_multiple)) || rest;
		ELSE
			verdict := CASE WHEN f.overflow_usd > 0 THEN 'hybrid' ELSE 'self_host' END;
			why := format('Cheapest: %s. That costs %s a month for what the API takes %s for: %s less.%s',
				plan_in_words(f), usd_in_words(f.plan_usd), usd_in_words(f.left_usd), usd_in_words(saved),
				CASE WHEN f.gap_usd > 0.01 * f.left_usd THEN format(
					' Another plan could save up to %s more: work that waits was not tried in every way.',
					usd_in_words(f.gap_usd)) ELSE '' END) || rest;
	END CASE;
	RETURN ROW('decision', verdict, round(saved, 2), round(matters, 2), CASE WHEN saved IS NOT NULL THEN
		CASE WHEN f.materiality = 0.05 THEN 'default' ELSE 'given' END END, why, flips, NULL)::advice;
END $$;

COMMENT ON FUNCTION advice_decision(advice_facts) IS
'The row `decision`. Precedence: residency, then evidence (8 whole weeks with load, a price for four fifths of the '
'tokens), then whether there is anything that a deployment could replace, then an API that is too slow where replicas '
'were measured to be fast enough and there are people, then the cheapest plan, whether it saves what matters, people '
'to run it, and payback_multiple where one was given. self_host: without the API for what can be replaced; hybrid: '
'with it.';

-- What decides before cost does, and what speaks for an API.
CREATE FUNCTION inferacct_internal.advice_on_api(f advice_facts) RETURNS SETOF advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 9 COST 500
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	compared	boolean := f.breakeven_utilization IS NOT NULL;
	-- Bursts are the cause only where the same load, spread evenly, would pay.
	small		boolean := f.flat_utilization < f.flat_breakeven;
	bursty		boolean := CASE WHEN compared THEN f.p99_utilization < f.breakeven_utilization AND small IS NOT true
		ELSE f.peak_to_mean > 3 OR f.cv > 1 END;
	erratic		boolean := CASE WHEN f.cv = 0 THEN false ELSE f.predictability < 0.5 END;
	changing	boolean := coalesce(f.requirements_change, f.recent_model_share > 0.3);
BEGIN
	RETURN NEXT ROW('assumed', CASE WHEN f.assumed IS NULL THEN 'unknown' ELSE 'yes' END, NULL, NULL, NULL,
		coalesce(f.assumed, 'There is no load to judge.'), 'one of these is not so', NULL)::advice;
	RETURN NEXT ROW('not_considered', CASE WHEN f.usd IS NULL THEN 'unknown' ELSE advice_verdict(
		coalesce(jsonb_array_length(f.not_considered), 0) > 0) END, f.unserved_usd, 0, 'computed',
		CASE WHEN f.usd IS NULL THEN 'There is no load to judge.'
			WHEN f.not_considered IS NULL THEN 'All spend could be replaced by a deployment.'
			ELSE format('Left with the API in every figure: %s.', not_considered_in_words(f.not_considered)) END,
		'a deployment serves it (deployment_serves), or it gets a price', NULL)::advice;
	RETURN NEXT ROW('residency', advice_verdict(f.data_residency), NULL, NULL, 'given',
		CASE WHEN f.data_residency IS NULL THEN 'Whether data may leave is in no log, and was not given.'
			WHEN f.data_residency THEN 'Data may not leave your machines.' ELSE 'Data may go to an API.' END,
		'the requirement changes (data_residency)', NULL)::advice;
	RETURN NEXT ROW('evidence', advice_verdict(f.weeks >= 8 AND NOT coalesce(f.unpriced_share > 0.2, false)), f.weeks,
		8, 'default',
		format('The log has %s with load%s.', counted(f.weeks, 'whole week'),
			CASE WHEN f.unpriced_requests > 0 THEN
				format('; %s of %s, with %s of the tokens, left out for want of a price',
			f.unpriced_requests, counted(f.requests, 'request'), percent(f.unpriced_share)) ELSE '' END),
		CASE WHEN f.weeks < 8 AND f.unpriced_share > 0.2
			THEN 'the log reaches 8 whole weeks with load, and at most 20 % of the tokens are without a price' END,
		NULL)::advice;
	RETURN NEXT ROW('frontier_only', advice_verdict(f.frontier_share = 1), f.frontier_share, 1, 'given',
		CASE WHEN f.frontier_share IS NULL
			THEN 'Which models cannot be self-hosted is in no log, and was not given (frontier_models).'
			ELSE format('%s of the spend is on models named as not to be self-hosted.', percent(f.frontier_share)) END,
		CASE WHEN f.frontier_share IS NULL THEN 'such models are named (frontier_models)' END, NULL)::advice;

	RETURN NEXT ROW('bursty', advice_verdict(bursty), CASE WHEN compared THEN f.p99_utilization ELSE f.peak_to_mean END,
		CASE WHEN compared THEN f.breakeven_utilization ELSE 3 END,
			CASE WHEN compared THEN 'computed' ELSE 'default' END,
		CASE WHEN f.peak_to_mean IS NULL AND NOT compared THEN 'There is no load to judge.'
			WHEN compared THEN format(
				'Replicas for all but the busiest 1 %% of the hours would be used to %s of their full throughput; '
				'they pay from %s on. %s', percent(f.p99_utilization), percent(f.breakeven_utilization),
				CASE WHEN bursty THEN format('Spread evenly, the load would use them to %s: it comes in bursts.',
						coalesce(percent(f.flat_utilization), 'more'))
					WHEN small THEN format(
						'Spread evenly, it would use them to %s, where they pay from %s on: it is too small, not too '
							'bursty.',
						percent(f.flat_utilization), percent(f.flat_breakeven))
					ELSE 'The load is not too bursty for that.' END)
			ELSE format(
				'The busiest hour has %s times the mean load, and the hours'' standard deviation is %s times the '
				'mean; a load is called bursty above 3, or 1. Whether that matters takes a deployment to compare with.',
				round(f.peak_to_mean, 1), coalesce(round(f.cv, 1)::text, 'unknown')) END,
		CASE WHEN f.peak_to_mean IS NULL AND NOT compared THEN 'there is load'
			WHEN compared THEN CASE WHEN bursty THEN 'load is spread more evenly' WHEN small THEN NULL
				ELSE 'load comes in higher bursts' END
			WHEN f.peak_to_mean > 3 AND f.cv > 1
				THEN 'the busiest hour has at most 3 times the mean load, and the hours '
				'deviate by at most the mean' END, NULL)::advice;
	RETURN NEXT ROW('unpredictable', advice_verdict(erratic), f.predictability, 0.5, 'default',
		CASE WHEN f.cv = 0 THEN 'The load is the same in every hour.'
			WHEN f.predictability IS NULL THEN 'The log is too short to tell: two weeks are needed.'
			ELSE format('The hour of the week explains %s of the ups and downs.', percent(f.predictability)) END,
		CASE WHEN f.cv = 0 THEN 'the load varies' WHEN f.predictability IS NULL THEN 'the log has two weeks' END,
		NULL)::advice;
	RETURN NEXT ROW('forecast_misses', advice_verdict(f.forecast_wape > 0.3), f.forecast_wape, 0.3, 'default',
		CASE WHEN f.forecast_wape IS NULL THEN 'The log is too short to tell: eight weeks are needed.'
			ELSE format(
				'A forecast of the last four weeks by the hour of the week, from the weeks before, misses %s of the '
				'load. What a miss costs is in forecast_regret.', percent(f.forecast_wape)) END,
		CASE WHEN f.forecast_wape IS NULL THEN 'the log has eight weeks, by the hour' END, NULL)::advice;
	RETURN NEXT ROW('api_fast_enough', advice_verdict(f.p95_latency_ms <= f.latency_target_ms), f.p95_latency_ms,
		f.latency_target_ms, 'given',
		CASE WHEN f.latency_target_ms IS NULL
			THEN 'How fast answers have to be is in no log, and was not given (latency_target_ms).'
			WHEN f.p95_latency_ms IS NULL THEN 'The log has no durations.'
			ELSE format('95 %% of the requests take at most %s ms; the target is %s ms.', trim_scale(f.p95_latency_ms),
				trim_scale(f.latency_target_ms)) END,
		CASE WHEN f.latency_target_ms IS NULL THEN 'a target is given (latency_target_ms)'
			WHEN f.p95_latency_ms IS NULL THEN 'durations are logged (duration_ms)' END, NULL)::advice;
	RETURN NEXT ROW('changing_requirements', advice_verdict(changing), f.recent_model_share, 0.3,
		CASE WHEN f.requirements_change IS NULL THEN 'default' ELSE 'given' END,
		coalesce(CASE WHEN f.requirements_change THEN 'Requirements are said to change.'
			WHEN NOT f.requirements_change THEN 'Requirements are said to be stable.' END,
			CASE WHEN f.recent_model_share IS NULL
				THEN
				'The log is too short to see models come and go (half a year is needed), and nothing was given '
				'(requirements_change).'
				WHEN f.recent_model_share = 0 THEN 'No spend is on models first used in the last 90 days.'
				ELSE format('%s of the spend is on models first used in the last 90 days%s.',
					percent(f.recent_model_share), ': ' || array_to_string(f.recent_models[:5], ', ')
					|| CASE WHEN cardinality(f.recent_models) > 5 THEN ' and others' ELSE '' END) END),
		CASE WHEN f.requirements_change IS NOT NULL THEN 'it is said otherwise (requirements_change)'
			WHEN f.recent_model_share IS NULL THEN 'the log has half a year, or requirements_change is given' END,
		NULL)::advice;
	RETURN NEXT ROW('no_operations_team',
		advice_verdict(CASE WHEN f.fte_needed > 0 THEN f.fte_available < f.fte_needed ELSE f.fte_available = 0 END),
		f.fte_available, coalesce(f.fte_needed, 0), CASE WHEN f.fte_needed IS NULL THEN 'default' ELSE 'computed' END,
		CASE WHEN f.fte_available IS NULL
			THEN 'How many people could run machines is in no log, and was not given (fte_available).'
			ELSE format('You have %s to run machines', counted(f.fte_available, 'person', 'people')) || '.' END
			|| CASE WHEN f.fte_needed > 0 THEN format(' The deployment is planned with %s.',
				counted(f.fte_needed, 'person', 'people'))
				WHEN f.deployment IS NOT NULL THEN ' The deployment is planned without people, which is seldom true.'
				ELSE '' END,
		CASE WHEN f.fte_available IS NULL THEN 'it is said how many there are (fte_available)'
			WHEN f.fte_needed > 0 THEN NULL
			WHEN f.fte_available = 0 THEN 'there are people, which the deployment''s costs must then contain'
			ELSE 'nobody is left, or the deployment is planned with people (deployment_cost)' END, NULL)::advice;
END $$;

COMMENT ON FUNCTION advice_on_api(advice_facts) IS
'The first part of advice_rules(): residency, evidence, and what speaks for an API.';

CREATE FUNCTION inferacct_internal.routing_gap(f advice_facts) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN f.routing_policy IS NULL THEN 'No routing policy was named.'
		WHEN f.routing_problem IS NOT NULL THEN format('Policy "%s" cannot be judged: %s', f.routing_policy,
			f.routing_problem) END
$$;

COMMENT ON FUNCTION routing_gap(advice_facts) IS
'What keeps advice_rules() from judging the routing policy, in a sentence; NULL when nothing does.';

CREATE FUNCTION inferacct_internal.untaken_in_words(f advice_facts) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN CASE WHEN f.routing_taken_share < 1 THEN format(
	' Only what gets cheaper is moved: %s of the spend that the policy would move.', percent(f.routing_taken_share))
	ELSE '' END;

COMMENT ON FUNCTION untaken_in_words(advice_facts) IS
'A sentence on the tiers of a policy that are not taken; empty where all are.';

-- The levers up to the machines, in the order in which they are pulled.
CREATE FUNCTION inferacct_internal.advice_on_levers(f advice_facts) RETURNS SETOF advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 9 COST 500
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	gap			text := advice_gap(f);
	judged		boolean := gap IS NULL;
	unrouted	text := routing_gap(f);
	payback		numeric := coalesce(f.payback_multiple, 2);
	multiple	numeric := low_demand_multiple(f);
	fast		boolean := fast_replicas(f);
	saves		boolean := coalesce(f.routing_saved_usd > 0, false);
	machines	boolean := has_machines(f);
	wins		boolean := needs_no_api(f);
	dearer		numeric := f.fleet_usd - f.left_usd;
BEGIN
	RETURN NEXT ROW('batch', advice_verdict(f.batch_saved_usd > 0), f.batch_share, 0, 'computed',
		CASE WHEN f.batch_saved_usd IS NULL THEN 'There is no spend to judge.'
			WHEN f.batch_saved_usd > 0
			THEN format('Batch prices save %s a month, on %s of the spend, which may wait a day.',
			usd_in_words(f.batch_saved_usd), percent(f.batch_share))
			ELSE 'No spend is marked as able to wait a day and has cheaper batch prices.' END,
		CASE WHEN f.batch_saved_usd > 0 THEN 'those requests can no longer wait, or batch prices reach the others'
			ELSE 'requests of models with cheaper batch prices say that they can wait a day (tolerates)' END,
		NULL)::advice;
	RETURN NEXT ROW('routing', CASE WHEN unrouted IS NOT NULL THEN 'unknown'
		ELSE advice_verdict(saves AND f.quality_holds IS NOT false) END, f.routing_saved_share, 0, 'computed',
		CASE WHEN unrouted IS NOT NULL THEN unrouted
			WHEN f.routing_saved_usd IS NULL
				THEN format('No request was made to the model that policy "%s" would relieve.', f.routing_policy)
			WHEN f.routing_request_share = 0 THEN format('Policy "%s" would send no request to another model%s.',
				f.routing_policy, CASE WHEN f.routing_saved_usd < 0 THEN ', and its classifier would cost '
				|| usd_in_words(-f.routing_saved_usd) ELSE '' END)
			WHEN NOT saves THEN format(
				'Policy "%s" would send %s of the requests, %s of their spend, to other models, and would cost %s more '
				'than it saves.', f.routing_policy, percent(f.routing_request_share),
				percent(f.routing_spend_share), usd_in_words(-f.routing_saved_usd))
			ELSE format(
				'Policy "%s" sends %s of the requests, %s of their spend, to other models and saves %s (%s a month) '
				'against the API alone. '
				'Drawing as many by lot would save %s, all but the longest prompts %s.', f.routing_policy,
				percent(f.routing_request_share),
				percent(f.routing_spend_share), percent(f.routing_saved_share), usd_in_words(f.routing_saved_usd),
				percent(f.routing_random_share), percent(f.routing_longest_share)) || untaken_in_words(f)
				|| coalesce(format(' A thousand accepted answers then cost %s instead of %s%s.',
				usd_in_words(1000 * f.routing_answer_usd), usd_in_words(1000 * f.routing_baseline_answer_usd),
				CASE WHEN f.routing_quality_known THEN ', with what is asked again'
				ELSE ', every answer taken for accepted but misroute_share' END), '')
				|| CASE WHEN f.quality_holds IS NULL THEN ' Whether the answers stay good enough is unknown.'
					WHEN f.quality_holds THEN '' ELSE ' But answers do not stay good enough.' END END,
		CASE WHEN f.routing_policy IS NULL THEN 'a policy is named'
			WHEN f.routing_problem IS NOT NULL THEN 'that fact is stated'
			WHEN saves AND f.quality_holds = false THEN 'answers stay good enough (quality_holds)'
			WHEN saves THEN 'answers do not stay good enough (quality_holds)'
			WHEN coalesce(f.routing_request_share, 0) = 0 OR f.routing_even_factor <= 0
				THEN 'the policy sends requests to cheaper models'
			WHEN f.quality_holds = false THEN 'it saves, and answers stay good enough (quality_holds)' END,
				NULL)::advice;
	RETURN NEXT ROW('routing_keeps_quality', CASE WHEN f.routing_policy IS NULL THEN 'unknown'
		ELSE advice_verdict(f.quality_holds) END, NULL, NULL, 'given',
		CASE WHEN f.routing_policy IS NULL THEN 'No routing policy was named.'
			WHEN f.quality_holds IS NULL
			THEN
			'Whether the answers stay good enough, and the score does better than lot and length of prompt, is in no '
			'log: measure it with route_quality() and say so (quality_holds).'
			WHEN f.quality_holds THEN
				'The policy is said to meet its target of quality, and to do better than lot and length of prompt.'
				ELSE 'The policy is said to miss its target of quality.' END,
		CASE WHEN f.routing_policy IS NULL THEN 'a policy is named'
			ELSE 'a measurement on judged requests says otherwise (quality_holds)' END, NULL)::advice;
	RETURN NEXT ROW('routing_worth_building', CASE WHEN unrouted IS NOT NULL THEN 'unknown'
		ELSE advice_verdict(f.routing_spend_share >= 0.2) END, f.routing_spend_share, 0.2, 'default',
		CASE WHEN unrouted IS NOT NULL THEN unrouted
			WHEN f.routing_spend_share IS NULL
			THEN format('No request was made to the model that policy "%s" would relieve.', f.routing_policy)
			ELSE format(
				'%s of the spend is on requests that other models would answer; from 20 %% on it is worth building.',
				percent(f.routing_spend_share)) END,
		CASE WHEN f.routing_policy IS NULL THEN 'a policy is named' WHEN f.routing_problem IS NOT NULL
			THEN 'that fact is stated' WHEN f.routing_spend_share IS NULL THEN 'requests are made to that model' END,
		NULL)::advice;
	RETURN NEXT ROW('hybrid', CASE WHEN judged THEN advice_verdict(machines) ELSE 'unknown' END, f.replicas, 1,
		'computed',
		CASE WHEN NOT judged THEN gap
			WHEN NOT machines THEN format('No replica of %s earns its cost; the API takes %s a month.', f.deployment,
				usd_in_words(f.left_usd))
			ELSE format('Cheapest is %s: %s a month, against %s for the API alone.', plan_in_words(f),
				usd_in_words(f.plan_usd), usd_in_words(f.left_usd)) END,
		CASE WHEN NOT judged THEN judged_when(f) END, NULL)::advice;
	RETURN NEXT ROW('self_host', CASE WHEN judged THEN advice_verdict(wins) ELSE 'unknown' END, f.p10_mtok_per_month,
		f.permanent_mtok, 'computed',
		CASE WHEN NOT judged THEN gap
			WHEN f.permanent_mtok IS NULL THEN coalesce(f.breakeven_reason, 'Machines never break even.')
			ELSE format(
				'A weak week runs at %s a month. A fleet that always runs first pays at %s, %s per second around the '
				'clock, and for good above %s. ', mtok_in_words(f.p10_mtok_per_month), mtok_in_words(f.first_mtok),
					counted(round(f.breakeven_tokens_per_second), 'token'), mtok_in_words(f.permanent_mtok))
				|| CASE WHEN f.peak_replicas IS NULL THEN 'How many replicas the busiest hour needs is unknown.'
					WHEN wins THEN 'The cheapest plan serves even the busiest hour without the API.'
					WHEN f.peak_replicas > f.max_replicas THEN format('The busiest hour needs %s; there can be %s.',
						replicas_in_words(f.peak_replicas), trim_scale(f.max_replicas))
					ELSE format('The busiest hour needs %s, %s.', replicas_in_words(f.peak_replicas),
						CASE WHEN machines THEN 'part of which the API serves for less'
							ELSE 'and none pays' END) END END,
		CASE WHEN NOT judged THEN judged_when(f) END, NULL)::advice;
	RETURN NEXT ROW('api_too_slow', advice_verdict(f.p95_latency_ms > f.latency_target_ms), f.p95_latency_ms,
		f.latency_target_ms, 'given',
		CASE WHEN f.latency_target_ms IS NULL
			THEN 'How fast answers have to be is in no log, and was not given (latency_target_ms).'
			WHEN f.p95_latency_ms IS NULL THEN 'The log has no durations.'
			WHEN f.p95_latency_ms <= f.latency_target_ms
				THEN 'The API is fast enough: latency does not ask for machines.'
			ELSE format('95 %% of the requests take up to %s ms; the target is %s ms. ', trim_scale(f.p95_latency_ms),
				trim_scale(f.latency_target_ms))
				|| CASE WHEN fast THEN 'Machines that keep their target override cost'
					|| coalesce(CASE WHEN dearer > 0 THEN format(': the premium is %s a month.',
					usd_in_words(dearer)) END, ', and cost no more.')
					WHEN NOT fast THEN 'But the deployment does not keep its own target.'
						ELSE 'Whether machines would be faster is unknown: see self_host_fast_enough.' END END,
		CASE WHEN f.latency_target_ms IS NULL THEN 'a target is given (latency_target_ms)'
			WHEN f.p95_latency_ms IS NULL THEN 'durations are logged (duration_ms)' END, NULL)::advice;
	RETURN NEXT ROW('self_host_fast_enough', advice_verdict(fast), f.target_utilization, f.latency_utilization,
		'computed',
		CASE WHEN f.deployment IS NULL THEN 'No deployment was named.'
			WHEN f.replica_latency_target IS NOT true
			THEN 'How fast replicas have to be was not given (ttft_p99_ms, tpot_ms).'
			WHEN f.latency_utilization IS NULL
				THEN format('How fast replicas of %s are was not measured (serving_point).', f.deployment)
			WHEN f.latency_utilization = 0 THEN format('Replicas of %s keep the target at no load that was measured.',
				f.deployment)
			WHEN f.answer_ms > f.latency_target_ms THEN format(
				'Replicas of %s take %s ms for a whole answer of the mean length at the planned load; the target for '
				'whole answers is %s ms.', f.deployment, to_char(round(f.answer_ms), 'FM999,999,990'),
				trim_scale(f.latency_target_ms))
			ELSE format('Replicas of %s keep the target up to %s of their measured throughput; %s is planned with%s.',
				f.deployment, percent(f.latency_utilization), percent(f.target_utilization),
				CASE WHEN f.answer_ms IS NULL THEN '' ELSE format(', and a whole answer takes %s ms there',
					to_char(round(f.answer_ms), 'FM999,999,990')) END) END,
		CASE WHEN f.deployment IS NULL THEN 'a deployment is named'
			WHEN f.replica_latency_target IS NOT true THEN 'targets are given (ttft_p99_ms, tpot_ms)'
			WHEN coalesce(f.latency_utilization, 0) = 0
				THEN 'replicas are measured that keep the target (serving_point)'
			WHEN f.latency_utilization < f.target_utilization AND f.answer_ms > f.latency_target_ms
				THEN format('at most %s of the throughput is planned with, and whole answers keep latency_target_ms',
				percent(f.latency_utilization)) END, NULL)::advice;
	RETURN NEXT ROW('pays_multiple_times', CASE WHEN judged THEN advice_verdict(multiple >= payback) ELSE 'unknown' END,
		multiple, payback, CASE WHEN f.payback_multiple IS NULL THEN 'default' ELSE 'given' END,
		CASE WHEN NOT judged THEN gap WHEN multiple IS NULL THEN 'What the API or a fleet costs is unknown.'
			ELSE format(
			'At the volume of a weak week, the API costs %s times what a fleet for the busiest hour does; '
			'at the level planned for, %s times.', round(multiple, 2), round(f.left_usd / nullif(f.fleet_usd, 0),
				2)) END,
		CASE WHEN NOT judged THEN judged_when(f) END, NULL)::advice;
END $$;

COMMENT ON FUNCTION advice_on_levers(advice_facts) IS
'The second part of advice_rules(): batch, routing, hybrid and self-hosting.';

-- What to reserve of the machines.
CREATE FUNCTION inferacct_internal.advice_on_commitment(f advice_facts) RETURNS SETOF advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 4 COST 300
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	gap			text := advice_gap(f);
	judged		boolean := gap IS NULL;
	machines	boolean := has_machines(f);
	commits		boolean := commits(f);
	nothing		text := 'There is nothing to reserve.';
	regret		numeric := greatest(f.regret_high_usd, f.regret_low_usd);
	robust		boolean := CASE WHEN judged THEN CASE WHEN commits THEN regret < f.committed_spared_usd
		ELSE false END END;
	lasts		boolean := CASE WHEN judged THEN CASE WHEN commits THEN f.committed_erased_at <= f.low_demand_share
		ELSE false END END;
	-- that three at once cost
	years		numeric := exact_quotient(3 * f.reserved_3y_usd, nullif(f.reserved_1y_usd, 0));
	-- that three in a row cost
	renewed		numeric := 1 + f.price_factor + f.price_factor * f.price_factor;
	longer		boolean := CASE WHEN judged THEN years <= renewed AND NOT coalesce(f.third_year_saved_usd <= 0,
		false) END;
BEGIN
	RETURN NEXT ROW('commitment', CASE WHEN judged THEN advice_verdict(commits) ELSE 'unknown' END,
		f.committed_needed_share, f.committed_price_ratio, 'computed',
		CASE WHEN NOT judged THEN gap
			WHEN commits THEN format(
				'Reserving %s, spare ones included, saves %s a month. %s in %s of the hours; a reservation costs %s of '
				'what renting by the hour does.', counted(f.committed_replicas, 'machine'),
				usd_in_words(f.committed_saved_usd),
				CASE WHEN f.committed_replicas = 1 THEN 'It is needed' ELSE 'The last serving one is needed' END,
				percent(f.committed_needed_share), percent(f.committed_price_ratio))
			WHEN f.committed_price_ratio IS NULL
				THEN 'Replicas are not rented by the hour, or there is no price of a reservation to compare with.'
			ELSE format('No replica earns a reservation, which costs %s of what renting by the hour does.',
				percent(f.committed_price_ratio)) END,
		CASE WHEN NOT judged THEN judged_when(f) WHEN f.committed_price_ratio IS NULL
			THEN 'replicas run on demand, and gpu_price has what reserving them costs' END, NULL)::advice;
	RETURN NEXT ROW('commitment_survives_low_demand', advice_verdict(lasts), f.committed_erased_at, f.low_demand_share,
		'computed',
		CASE WHEN NOT judged THEN gap WHEN NOT commits THEN nothing
			ELSE format(
				'The reservation costs more than paying by the hour when demand falls below %s of what it is; '
				'a weak week has %s of the mean.', percent(f.committed_erased_at), percent(f.low_demand_share)) END,
		CASE WHEN NOT judged THEN judged_when(f)
			WHEN NOT commits THEN 'a reservation pays (see commitment), and stands a weak week' END, NULL)::advice;
	RETURN NEXT ROW('forecast_regret', advice_verdict(robust), regret, f.committed_spared_usd, 'computed',
		CASE WHEN NOT judged THEN gap WHEN NOT commits THEN nothing
			WHEN regret IS NULL THEN 'By how much a forecast may be off was not given (forecast_error).'
			ELSE format(
				'Reserving for a forecast that is %s too high costs %s more than the right number would, for one that '
				'is %s too low %s more. The right number saves %s against paying by the hour.',
				percent(f.forecast_error), usd_in_words(f.regret_high_usd), percent(f.forecast_error),
				usd_in_words(f.regret_low_usd), usd_in_words(f.committed_spared_usd)) END,
		CASE WHEN NOT judged THEN judged_when(f)
			WHEN NOT commits THEN 'a reservation pays (see commitment), and stands a forecast that is off'
			WHEN regret IS NULL THEN 'it is said by how much forecasts may be off (forecast_error)' END, NULL)::advice;
	RETURN NEXT ROW('pays_next_year', CASE WHEN judged AND machines THEN advice_verdict(f.year_saved_usd > 0)
		WHEN judged THEN 'no' ELSE 'unknown' END, f.year_saved_usd, 0,
		CASE WHEN f.api_price_decline = 0.3 THEN 'default' ELSE 'given' END,
		CASE WHEN NOT judged THEN gap WHEN NOT machines THEN 'No replica earns its cost today.'
			ELSE format('With API prices %s lower, as in a year, the same machines save %s a month.',
				percent(f.api_price_decline), usd_in_words(f.year_saved_usd)) END,
		CASE WHEN NOT judged THEN judged_when(f) WHEN NOT machines THEN 'replicas pay today (see hybrid)' END,
		NULL)::advice;
	RETURN NEXT ROW('pays_over_term', CASE WHEN judged AND machines THEN advice_verdict(f.present_usd > 0)
		WHEN judged THEN 'no' ELSE 'unknown' END, f.present_usd, 0,
		CASE WHEN f.api_price_decline = 0.3 AND f.growth = 0 AND f.discount_rate = 0.08 THEN 'default' ELSE 'given' END,
		CASE WHEN NOT judged THEN gap WHEN NOT machines THEN 'No replica earns its cost today.'
			ELSE format(
				'With API prices falling by %s a year, rents to %s, the load growing by %s and money costing %s, %s.',
				percent(f.api_price_decline), percent(f.price_factor), percent(f.growth), percent(f.discount_rate),
				term_in_words(f)) END,
		CASE WHEN NOT judged THEN judged_when(f) WHEN NOT machines THEN 'replicas pay today (see hybrid)' END,
		NULL)::advice;
	RETURN NEXT ROW('longer_term', advice_verdict(longer), years, renewed, CASE WHEN f.price_factor = 0.65
		THEN 'default'
		ELSE 'given' END,
		CASE WHEN NOT judged THEN gap WHEN coalesce(f.replicas, 0) = 0 THEN nothing
			WHEN years IS NULL THEN
			'There are no prices of a reservation for one and for three years to compare, or no replica runs on demand.'
			WHEN renewed IS NULL THEN 'How prices change from year to year was not given (price_factor).'
			ELSE format(
				'Reserving for three years costs %s times one year''s price; a year at a time, it costs %s times that '
				'if each year''s price is %s of the last one''s. %s', round(years, 2), round(renewed, 2),
				percent(f.price_factor),
				CASE WHEN longer THEN 'Take three years for what is surely needed so long.'
					WHEN f.third_year_saved_usd <= 0 THEN
						format('Take one year at a time: with API prices falling by %s a '
						'year, the machines would no longer pay in the third.', percent(f.api_price_decline))
					ELSE 'Take one year at a time.' END) END,
		CASE WHEN NOT judged THEN judged_when(f) WHEN coalesce(f.replicas, 0) = 0 THEN 'replicas run all the time'
			WHEN years IS NULL THEN 'gpu_price has both prices'
			WHEN renewed IS NULL THEN 'it is said how prices change (price_factor)'
			WHEN years > renewed AND f.third_year_saved_usd <= 0
				THEN 'GPU prices and API prices both fall by less a year (price_factor, api_price_decline)' END,
					NULL)::advice;
END $$;

COMMENT ON FUNCTION advice_on_commitment(advice_facts) IS
'The third part of advice_rules(): whether to reserve, what a wrong forecast and weak demand do to it, and for how '
'long.';

CREATE FUNCTION inferacct_internal.advice_rules(f advice_facts) RETURNS SETOF advice
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 26 COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	found	flip[] := ARRAY(SELECT t FROM threshold_flips(f) AS t) || f.flips;
BEGIN
	RETURN QUERY SELECT r.* FROM advice_on_api(f) AS a, LATERAL with_flips_in_words(a, found) AS r;
	RETURN QUERY SELECT r.* FROM advice_on_levers(f) AS a, LATERAL with_flips_in_words(a, found) AS r;
	RETURN QUERY SELECT r.* FROM advice_on_commitment(f) AS a, LATERAL with_flips_in_words(a, found) AS r;
	RETURN NEXT decided(f);
END $$;

COMMENT ON FUNCTION advice_rules(advice_facts) IS
'Every rule of the decision matrix on given facts, in the order of precedence: what is assumed, residency, evidence, '
'what speaks for '
'an API, then the levers batch, routing, hybrid, self-host, commitment, and the decision. '
'Facts that are NULL give verdicts that are unknown, never a guess.';

CREATE FUNCTION inferacct_internal.plan_deployment(deployment text, policy text) RETURNS text
LANGUAGE plpgsql STABLE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	own	text[];
BEGIN
	IF deployment IS NOT NULL OR policy IS NULL THEN
		RETURN deployment;
	END IF;
	SELECT array_agg(DISTINCT tier ->> 'deployment') INTO own
	FROM jsonb_array_elements(routing_definition(policy) -> 'tiers') AS tier WHERE (tier ->> 'deployed')::boolean;
	RETURN CASE WHEN cardinality(own) = 1 THEN own[1] END;
EXCEPTION WHEN OTHERS THEN
	IF NOT is_missing_fact(SQLSTATE) THEN
		RAISE;
	END IF;
	RETURN NULL;
END $$;

COMMENT ON FUNCTION plan_deployment(text, text) IS
'The deployment that a plan is about: the one named, or else the only one that the policy''s tiers name.';

CREATE FUNCTION advise(deployment text DEFAULT NULL, policy text DEFAULT NULL, baseline_model text DEFAULT NULL,
	log regclass DEFAULT 'inferacct.usage_log',
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, data_residency boolean DEFAULT NULL,
	latency_target_ms numeric DEFAULT NULL,
	fte_available numeric DEFAULT NULL, requirements_change boolean DEFAULT NULL, quality_holds boolean DEFAULT NULL,
	frontier_models text[] DEFAULT NULL,
	payback_multiple numeric DEFAULT NULL, price_factor numeric DEFAULT 0.65, at timestamptz DEFAULT now(),
	forecast_error numeric DEFAULT 0.1,
	ttft_p99_ms numeric DEFAULT NULL, tpot_ms numeric DEFAULT NULL, materiality numeric DEFAULT 0.05,
	api_price_decline numeric DEFAULT 0.3, width interval DEFAULT '1 hour', growth numeric DEFAULT 0,
	discount_rate numeric DEFAULT 0.08)
RETURNS SETOF advice
LANGUAGE plpgsql STABLE ROWS 27 COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	f	advice_facts;
BEGIN
	deployment := plan_deployment(deployment, policy);
	f := advice_facts(workload(log, policy, baseline_model, frontier_models, since, until, deployment, at, width),
		deployment, policy, price_factor, at, forecast_error, ttft_p99_ms, tpot_ms, materiality, api_price_decline,
		quality_holds, growth, discount_rate);
	IF frontier_models IS NULL THEN
		f.frontier_share := NULL;
	END IF;
	f.data_residency := data_residency;
	f.latency_target_ms := latency_target_ms;
	f.fte_available := fte_available;
	f.requirements_change := requirements_change;
	f.payback_multiple := payback_multiple;
	RETURN QUERY SELECT * FROM advice_rules(with_flips(f));
END $$;

COMMENT ON FUNCTION advise(text, text, text, regclass, timestamptz, timestamptz, boolean, numeric, numeric, boolean,
	boolean, text[], numeric, numeric, timestamptz, numeric, numeric, numeric, numeric, numeric, interval, numeric,
	numeric) IS
'The decision matrix on a log (usage_log, or a relation with its columns) in [since, until): one row per rule, what is '
'assumed first and the decision last; money in USD per month of 730 hours. deployment: what could serve it oneself; '
'policy and baseline_model: the routing to judge (NULL: the model of its last tier; a tier that a deployment serves '
'makes that the deployment); at: the time of all prices; width: of the buckets of load. What no log holds is given or '
'unknown: data_residency, latency_target_ms (p95 of whole answers), fte_available, requirements_change, quality_holds '
'(does the policy meet its quality target, and beat lot and length in route_quality()), frontier_models (that cannot '
'be self-hosted), payback_multiple (NULL asks for none; the row pays_multiple_times then says 2), price_factor (what '
'a year''s price of a GPU falls to in the next, default 0.65), forecast_error (by how much a forecast of the load may '
'be off, default 0.1), ttft_p99_ms and tpot_ms (what replicas have to keep), materiality (the least share of the '
'API''s bill that a saving must be to change anything, default 0.05), api_price_decline (by how much API prices fall '
'in a year, default 0.3), growth (of the load in a year, beyond the level planned for, default 0), discount_rate (of a '
'year, default 0.08). What the deployment or the policy lacks (a GPU price, a throughput for the mix of the log, '
'the price of a model) makes the rules that need it unknown, and they say what it is. '
'Errors: 22004 and 42703 the log, IA002 an unknown frontier model, IA301 an unknown deployment, IA401 and IA402 the '
'policy, 22023 a share outside [0, 1].';
