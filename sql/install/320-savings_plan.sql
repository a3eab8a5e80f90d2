-- savings_plan: the levers applied to one log, one after the other, each to
-- what the ones before it have left.

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
'A step of savings_plan(), USD over the time of the log: what is paid before and after the lever, and saved_share of '
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

CREATE FUNCTION savings_plan(deployment text DEFAULT NULL, policy text DEFAULT NULL, baseline_model text DEFAULT NULL,
	log regclass DEFAULT 'inferacct.usage_log',
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, price_factor numeric DEFAULT 0.8,
	at timestamptz DEFAULT now())
RETURNS SETOF saving
LANGUAGE plpgsql STABLE ROWS 5 COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	w	workload := workload(log, policy, baseline_model, NULL, since, until);
	f	advice_facts := advice_facts(w, deployment, policy, price_factor, at);
	s	saving;
BEGIN
	s := saving(0, 'today', w.usd, 0, format('The log has %s in %s%s%s.', counted(w.requests, 'request'),
		counted(f.weeks, 'whole week'),
		CASE WHEN f.weeks < 8 THEN ', too few to decide on machines' ELSE '' END,
		CASE WHEN w.unpriced_requests > 0 THEN format('; %s left out for want of a price', w.unpriced_requests)
			ELSE '' END));
	RETURN NEXT s;
	s := saving(1, 'batch', s.usd_after, w.batch_saved_usd,
		CASE w.batch_requests WHEN 0 THEN 'No request is marked as able to wait a day and has cheaper batch prices.'
		ELSE format('To batch prices: %s that may wait a day.', counted(w.batch_requests, 'request')) END);
	RETURN NEXT s;
	s := saving(2, 'routing', s.usd_after,
		CASE WHEN f.routing_problem IS NULL THEN greatest(coalesce(f.routing_saved_usd, 0), 0) END,
		CASE WHEN routing_gap(f) IS NOT NULL THEN routing_gap(f)
			WHEN f.routing_saved_usd IS NULL
			THEN format('No request was made to the model that policy "%s" would relieve.', policy)
			WHEN f.routing_saved_usd = 0 THEN format('Policy "%s" changes nothing.', policy)
			WHEN f.routing_saved_usd < 0 THEN format('Policy "%s" would cost %s more than it saves: not taken.', policy,
				usd_in_words(-f.routing_saved_usd))
			ELSE format('Policy "%s" sends %s of the requests, %s of their spend, to other models.', policy,
				percent(f.routing_request_share), percent(f.routing_spend_share)) END);
	RETURN NEXT s;
	IF f.weeks < 8 THEN
		f.replicas := 0;
		f.hybrid_usd := f.left_usd;
		f.committed_replicas := 0;
		f.committed_saved_usd := 0;
	END IF;
	s := saving(3, 'hybrid', s.usd_after,
		CASE WHEN f.deployment_problem IS NULL THEN coalesce(f.left_usd - f.hybrid_usd, 0) END,
		CASE WHEN f.deployment_problem IS NOT NULL THEN advice_gap(f)
			WHEN f.weeks < 8 THEN 'The evidence is not sufficient: 8 whole weeks are needed.'
			WHEN deployment IS NULL THEN 'No deployment was named.'
			WHEN f.replicas IS NULL THEN 'Nothing is left to serve.'
			WHEN f.replicas = 0 THEN format('No replica of %s earns its cost.', deployment)
			WHEN f.replicas >= f.peak_replicas THEN format('Served by %s of %s, even in the busiest hour.',
				replicas_in_words(f.replicas), deployment)
			ELSE format('Served by %s of %s, where the busiest hour needs %s; the rest by the API.',
				replicas_in_words(f.replicas), deployment, trim_scale(f.peak_replicas)) END);
	RETURN NEXT s;
	s := saving(4, 'commitment', s.usd_after,
		CASE WHEN f.deployment_problem IS NULL THEN greatest(coalesce(f.committed_saved_usd, 0), 0) END,
		CASE WHEN f.deployment_problem IS NOT NULL THEN advice_gap(f)
			WHEN coalesce(f.committed_replicas, 0) = 0
			THEN 'There is no replica on demand that a reservation would make cheaper.'
			ELSE format('To be reserved: %s.', replicas_in_words(f.committed_replicas)) END);
	RETURN NEXT s;
END $$;

COMMENT ON FUNCTION savings_plan(text, text, text, regclass, timestamptz, timestamptz, numeric, timestamptz) IS
'The whole sequence on one log (see advise()): today''s bill, then after batch, routing, hybrid and commitment, each '
'on what is left. Requests that went to batch are neither routed nor served by replicas; '
'a lever that would cost more is not taken, nor are machines on less than 8 whole weeks. '
'Money is exact but for shares of expectations, rounded to 1e-15. Errors as advise().';
