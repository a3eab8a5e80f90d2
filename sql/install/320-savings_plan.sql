-- savings_plan: the steps to the cheapest plan on one log.
--
-- Invariant: a step is the cheapest plan with the levers so far, so that none costs more
-- than the one before, and the last is the plan that advise() decides on.

CREATE TYPE inferacct_internal.saving AS (
	step		int,
	lever		text,
	usd_before	numeric,
	saved_usd	numeric,
	usd_after	numeric,
	saved_share	numeric,
	explanation	text
);

COMMENT ON TYPE saving IS
'A step of savings_plan(), USD per month of 730 hours: what is paid before and after the lever, and saved_share of '
'what was paid before. Steps follow each other exactly: usd_before is the usd_after of the step before. '
'saved_usd is NULL for a lever that cannot be judged: explanation says which fact is missing, and the lever is not '
'taken.';

CREATE FUNCTION inferacct_internal.saving(step int, lever text, usd_before numeric, saved_usd numeric, explanation text)
	RETURNS saving
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN ROW(step, lever, trim_scale(usd_before), trim_scale(saved_usd), trim_scale(usd_before - coalesce(saved_usd, 0)),
	exact_quotient(saved_usd, nullif(usd_before, 0)), explanation)::saving;

COMMENT ON FUNCTION saving(int, text, numeric, numeric, text) IS 'A step that saves so much of so much.';

CREATE FUNCTION inferacct_internal.savings_of(f advice_facts) RETURNS SETOF saving
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 5 COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s		saving;
	gap		text := CASE WHEN f.deployment_problem IS NOT NULL THEN advice_gap(f)
		WHEN f.deployment IS NULL THEN 'No deployment was named.'
		WHEN coalesce(f.weeks < 8, true) THEN 'The evidence is not sufficient: 8 whole weeks with load are needed.'
		WHEN f.unpriced_share > 0.2 THEN format('The evidence is not sufficient: %s of the tokens have no price.',
			percent(f.unpriced_share))
		WHEN f.plan_usd IS NULL THEN 'Nothing is left to serve.'
		WHEN NOT has_machines(f) THEN format('No replica of %s earns its cost.', f.deployment)
		WHEN f.left_usd - f.plan_usd < f.materiality * f.left_usd THEN format(
			'Replicas of %s would save %s, too little to change anything for.', f.deployment,
			usd_in_words(f.left_usd - f.plan_usd)) END;
BEGIN
	s := saving(0, 'today', coalesce(f.usd, 0), 0, format('A month of the log''s %s at the prices planned with%s%s%s.',
		counted(f.requests, 'request'), CASE WHEN f.growth_per_month IS NOT NULL THEN ', at the level at its end' END,
		CASE WHEN f.weeks < 8 THEN format(' (%s with load, too few to decide on machines)',
			counted(f.weeks, 'whole week')) END,
		CASE WHEN f.unpriced_requests > 0 THEN format('; %s left out for want of a price', f.unpriced_requests) END));
	RETURN NEXT s;
	s := saving(1, 'batch', s.usd_after, coalesce(f.batch_saved_usd, 0),
		CASE WHEN coalesce(f.batch_saved_usd, 0) = 0
			THEN 'No request is marked as able to wait a day and has cheaper batch prices.'
			ELSE format('To batch prices: %s of the spend, which may wait a day.', percent(f.batch_share)) END);
	RETURN NEXT s;
	s := saving(2, 'routing', s.usd_after, CASE WHEN f.routing_problem IS NULL THEN
			CASE WHEN f.routed THEN f.unrouted_usd - f.left_usd ELSE 0 END END,
		CASE WHEN routing_gap(f) IS NOT NULL THEN routing_gap(f)
			WHEN f.routing_saved_usd IS NULL
			THEN format('No request was made to the model that policy "%s" would relieve.', f.routing_policy)
			WHEN f.routing_saved_usd = 0 THEN format('Policy "%s" changes nothing.', f.routing_policy)
			WHEN f.routing_saved_usd < 0 THEN format('Policy "%s" would cost %s more than it saves: not taken.',
				f.routing_policy, usd_in_words(-f.routing_saved_usd))
			WHEN f.quality_holds = false THEN format('Policy "%s" misses its target of quality: not taken.',
				f.routing_policy)
			WHEN NOT f.routed THEN format('Policy "%s" is not taken: replicas serve the same requests for less.',
				f.routing_policy)
			ELSE format('Policy "%s" sends %s of the requests, %s of their spend, to other models.%s',
				f.routing_policy, percent(f.routing_request_share), percent(f.routing_spend_share),
				untaken_in_words(f)) END);
	RETURN NEXT s;
	s := saving(3, 'hybrid', s.usd_after, CASE WHEN f.deployment_problem IS NULL THEN
			CASE WHEN gap IS NULL THEN f.left_usd - f.hour_plan_usd ELSE 0 END END,
		CASE WHEN gap IS NOT NULL THEN gap
			WHEN f.left_usd = f.hour_plan_usd THEN 'Rented by the hour, no replica earns its cost.'
			ELSE format('By the hour, replicas of %s cost that much less than the API.', f.deployment) END);
	RETURN NEXT s;
	s := saving(4, 'commitment', s.usd_after, CASE WHEN f.deployment_problem IS NULL THEN
			CASE WHEN gap IS NULL THEN f.hour_plan_usd - f.plan_usd ELSE 0 END END,
		CASE WHEN gap IS NOT NULL THEN gap
			WHEN coalesce(f.committed_replicas, 0) > 0 THEN format('To be reserved: %s. In all: %s; %s.',
				counted(f.committed_replicas, 'machine'), plan_in_words(f), term_in_words(f))
			ELSE format('Nothing to reserve. In all: %s; %s.', plan_in_words(f), term_in_words(f)) END);
	RETURN NEXT s;
END $$;

COMMENT ON FUNCTION savings_of(advice_facts) IS 'The steps of savings_plan() on given facts.';

CREATE FUNCTION inferacct_internal.mix_step(last saving, m mixed) RETURNS saving
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN saving(5, 'mix', last.usd_after, greatest(0, coalesce(last.usd_after - m.usd, 0)),
	CASE WHEN m.usd IS NULL THEN 'Several deployments beside each other save nothing that matters.'
		ELSE mix_in_words(m) END);

COMMENT ON FUNCTION mix_step(saving, mixed) IS
'The step after the last one of savings_of() to a mix of deployments; NULL: there is none.';

CREATE FUNCTION savings_plan(deployment text DEFAULT NULL, policy text DEFAULT NULL, baseline_model text DEFAULT NULL,
	log regclass DEFAULT 'inferacct.usage_log',
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, price_factor numeric DEFAULT 0.65,
	at timestamptz DEFAULT now(), frontier_models text[] DEFAULT NULL, quality_holds boolean DEFAULT NULL,
	materiality numeric DEFAULT 0.05, api_price_decline numeric DEFAULT 0.3, width interval DEFAULT '1 hour',
	others text[] DEFAULT NULL, growth numeric DEFAULT 0, discount_rate numeric DEFAULT 0.08)
RETURNS SETOF saving
LANGUAGE plpgsql STABLE ROWS 6 COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	own	text := plan_deployment(deployment, policy);
	r	log_reading;
	f	advice_facts;
	fs	advice_facts[];
	s	saving;
BEGIN
	IF others IS NOT NULL AND policy IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023', 'several deployments cannot be planned with a routing policy',
			format('Policy "%s" and %s were given.', policy, array_to_string(others, ', ')),
			'Leave one of them out: others, or policy.');
	END IF;
	r := read_log(log, since, until, at, width);
	f := advice_facts(workload_of(r, policy, baseline_model, own, frontier_models), own, policy, price_factor, at, 0.1,
		NULL, NULL, materiality, api_price_decline, quality_holds, growth, discount_rate);
	FOR s IN SELECT * FROM savings_of(f) LOOP
		RETURN NEXT s;
	END LOOP;
	IF others IS NULL THEN
		RETURN;
	END IF;
	SELECT array_agg(advice_facts(workload_of(r, o, frontier_models), o, NULL, price_factor, at, 0.1, NULL, NULL,
		materiality, api_price_decline)) INTO fs
	FROM (SELECT DISTINCT unnest(others)) AS u (o) WHERE o IS DISTINCT FROM own;
	RETURN NEXT mix_step(s, best_mix(r, CASE WHEN own IS NULL THEN fs ELSE f || fs END, frontier_models, materiality));
END $$;

COMMENT ON FUNCTION savings_plan(text, text, text, regclass, timestamptz, timestamptz, numeric, timestamptz, text[],
	boolean, numeric, numeric, interval, text[], numeric, numeric) IS
'The steps to the cheapest plan on one log (see advise()), USD per month of 730 hours: the bill at the prices of `at`, '
'then with batch prices, with routing, with replicas rented by the hour, with reservations and, with others, with the '
'deployments that these name beside. Each step is the cheapest plan that may use what the steps so far have, so no '
'step costs more than the one before, and their sum is what the cheapest plan saves; without others it is the plan '
'that advise() decides on. Work that may wait may go to batch prices or wait for a replica, whichever is cheaper. What '
'no deployment could replace stays in the bill. A lever that saves too little to matter (materiality) is not taken, '
'nor are machines on less than 8 whole weeks with load. The step commitment says what the plan is worth over its term, '
'with prices and load as in advise(). Errors as advise(), 22023 others with a policy.';
