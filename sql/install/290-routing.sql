-- routing: which model a request goes to, and what a policy would have saved.
--
-- Invariant: policies are append-only and versioned like prices: rows of one key follow
-- each other by valid_from, and one of the same valid_from that is known later
-- corrects the earlier.

CREATE TABLE routing_policy (
	valid_from					timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version						bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	name						text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
	kind						text CHECK (kind IN ('split', 'score', 'cascade')),
	classifier_usd_per_request	numeric NOT NULL DEFAULT 0 CHECK (
		inferacct_internal.price_rate(classifier_usd_per_request, 1) >= 0),
	escalation_share			numeric CHECK (escalation_share BETWEEN 0 AND 1),
	misroute_share				numeric NOT NULL DEFAULT 0 CHECK (misroute_share BETWEEN 0 AND 1),
	note						text,
	attributes					jsonb,
	PRIMARY KEY (name, valid_from, version)
);

COMMENT ON TABLE routing_policy IS
'Routing policies, append-only: a row holds from valid_from until the next of its name. Tiers are in routing_tier.';
COMMENT ON COLUMN routing_policy.kind IS
'split: a fixed share of the requests to each tier, whatever they are; score: the request''s score chooses the tier; '
'cascade: the lowest tier answers first, and what escalates pays every tier it tried. NULL ends the policy.';
COMMENT ON COLUMN routing_policy.classifier_usd_per_request IS 'USD that scoring or judging costs for every request.';
COMMENT ON COLUMN routing_policy.escalation_share IS
'Of a cascade: the share of the requests reaching a tier that go on to the next. '
'NULL: the score says it (a request escalates past every tier whose below_score its score is not below). '
'Of a split or by score, it adds to misroute_share.';
COMMENT ON COLUMN routing_policy.misroute_share IS
'Share of the requests answered by any tier but the last that turn out wrong and are asked again of the last, which '
'is paid in addition.';

CREATE TABLE routing_tier (
	below_score		float8 CHECK (below_score <> 'NaN' AND below_score > '-Infinity'),
	valid_from		timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version			bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	keeps_cache		boolean NOT NULL DEFAULT true,
	policy			text NOT NULL CHECK (policy <> ''),
	model			text CHECK (octet_length(model) BETWEEN 1 AND 255),
	deployment		text CHECK (octet_length(deployment) BETWEEN 1 AND 255),
	share			numeric CHECK (share BETWEEN 0 AND 1),
	output_ratio	numeric NOT NULL DEFAULT 1 CHECK (output_ratio > 0 AND output_ratio <= 1000
		AND scale(trim_scale(output_ratio)) <= 6),
	tokenizer_ratio	numeric NOT NULL DEFAULT 1 CHECK (tokenizer_ratio > 0 AND tokenizer_ratio <= 1000
		AND scale(trim_scale(tokenizer_ratio)) <= 6),
	quality_ratio	numeric CHECK (quality_ratio > 0 AND quality_ratio <= 1),
	usd_per_mtok	numeric CHECK (inferacct_internal.price_rate(usd_per_mtok, 1000000) >= 0),
	usd_per_month	numeric CHECK (usd_per_month >= 0 AND usd_per_month < 'Infinity'),
	note			text,
	attributes		jsonb,
	CONSTRAINT routing_tier_own_cost CHECK (deployment IS NOT NULL OR num_nonnulls(usd_per_mtok, usd_per_month) = 0)
);

-- A tier is known by its threshold or, in a split by shares, by what serves it.
CREATE UNIQUE INDEX routing_tier_key ON routing_tier (policy, coalesce(below_score, 'Infinity'),
	(CASE WHEN share IS NOT NULL THEN coalesce(model, deployment) ELSE '' END), valid_from, version);

COMMENT ON TABLE routing_tier IS
'Tiers of routing policies, append-only. A tier is known by its below_score or, when it has a share, by its model or '
'deployment; its rows follow each other by valid_from. One without model and deployment, or with share 0, ends the '
'tier.';
COMMENT ON COLUMN routing_tier.below_score IS
'The tier serves scores below this and not below the next lower tier''s: [lower, below_score). '
'NULL: the last tier, without upper end; the highest tier is taken to have none in any case.';
COMMENT ON COLUMN routing_tier.model IS 'The model that serves the tier, as resolve_model() takes it.';
COMMENT ON COLUMN routing_tier.deployment IS
'The deployment that serves the tier, instead of a model paid by the token.';
COMMENT ON COLUMN routing_tier.share IS
'Of a split: the share of the requests. One tier may leave it NULL and gets the rest. '
'A split whose tiers have below_score only takes these as cumulative shares.';
COMMENT ON COLUMN routing_tier.output_ratio IS
'Length of this model''s answers for one logged, on top of tokenizer_ratio.';
COMMENT ON COLUMN routing_tier.tokenizer_ratio IS 'Tokens that this model counts for one logged.';
COMMENT ON COLUMN routing_tier.keeps_cache IS
'false: the prompt cache is lost when traffic is split, so tokens logged as read from a cache are charged as plain '
'input.';
COMMENT ON COLUMN routing_tier.quality_ratio IS
'Share of its answers that are accepted where those of the baseline are. The others are asked again of the last tier, '
'and paid there. NULL: not measured; the policy''s misroute_share then says how many are.';
COMMENT ON COLUMN routing_tier.usd_per_mtok IS
'USD per million tokens that a deployment costs beyond its machines; NULL: its marginal_usd_per_mtok, or 0 when '
'usd_per_month is given.';
COMMENT ON COLUMN routing_tier.usd_per_month IS
'Fixed USD per month of a deployment, whatever it serves; NULL: what its min_replicas cost in a month of 730 hours, '
'spare ones, people and services included, and as many more replicas as the mean load takes (its peaks may take more: '
'fleet(), savings_plan()).';

SELECT make_versioned('routing_policy', true), make_versioned('routing_tier', true);

SELECT pg_extension_config_dump('routing_policy', 'WHERE version > 1000');
SELECT pg_extension_config_dump('routing_tier', 'WHERE version > 1000');

CREATE VIEW current_routing_policy WITH (security_invoker = true) AS
SELECT name, kind, classifier_usd_per_request, escalation_share, misroute_share, valid_from, version, note
FROM (
	SELECT DISTINCT ON (p.name) p.*
	FROM routing_policy p JOIN price_version v USING (version)
	WHERE v.published_at <= (SELECT price_horizon()) AND p.valid_from <= (SELECT least(now(), price_horizon()))
	ORDER BY p.name, in_force_order(p.valid_from, v.published_at, p.version) DESC
) p
WHERE kind IS NOT NULL;

COMMENT ON VIEW current_routing_policy IS
'Routing policies in force now, as known now; both at inferacct.as_of when that is set.';

CREATE VIEW current_routing_tier WITH (security_invoker = true) AS
SELECT policy,
	row_number() OVER (PARTITION BY policy ORDER BY below_score NULLS LAST, share DESC NULLS LAST,
		coalesce(model, deployment) COLLATE "C")::int AS tier,
	below_score, share, model, deployment, output_ratio, tokenizer_ratio, keeps_cache, quality_ratio, usd_per_mtok,
	usd_per_month, valid_from, version, note
FROM (
	SELECT DISTINCT ON (t.policy, coalesce(t.below_score, 'Infinity'),
		CASE WHEN t.share IS NOT NULL THEN coalesce(t.model, t.deployment) ELSE '' END)
		t.policy, nullif(t.below_score, 'Infinity') AS below_score, t.share, t.model, t.deployment, t.output_ratio,
		t.tokenizer_ratio,
		t.keeps_cache, t.quality_ratio, t.usd_per_mtok, t.usd_per_month, t.valid_from, t.version, t.note
	FROM routing_tier t JOIN price_version v USING (version)
	WHERE v.published_at <= (SELECT price_horizon()) AND t.valid_from <= (SELECT least(now(), price_horizon()))
	ORDER BY t.policy, coalesce(t.below_score, 'Infinity'),
		CASE WHEN t.share IS NOT NULL THEN coalesce(t.model, t.deployment) ELSE '' END,
		in_force_order(t.valid_from, v.published_at, t.version) DESC
) t
WHERE num_nonnulls(model, deployment) > 0 AND share IS DISTINCT FROM 0;

COMMENT ON VIEW current_routing_tier IS
'Tiers of routing policies in force now, as known now, in their order; both at inferacct.as_of when that is set.';

GRANT SELECT ON routing_policy, routing_tier, current_routing_policy, current_routing_tier TO PUBLIC;

-- What a token is of a replica's hour, at the planned utilization.
CREATE FUNCTION inferacct_internal.routing_work(tier int, deployment text, output_ratio numeric,
	tokenizer_ratio numeric,
	keeps_cache boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	at		timestamptz := least(now(), price_horizon());
	d		deployment := deployment_in_force(deployment, at);
	bill	deployment_bill := deployment_bill(d, at, 730);
	work	deployment_work;
	hour	numeric;
BEGIN
	-- One capacity for a mix, without the weight of an answer: by the mix that it was stated for.
	work := CASE WHEN d.capacity_mtok_per_month IS NOT NULL AND d.output_weight IS NULL
		THEN deployment_work(d, input_tokens(d.mix) - cached_tokens(d.mix), cached_tokens(d.mix), output_tokens(d.mix))
		ELSE deployment_work(d, 1, 1, 1) END;
	hour := work.per_hour * d.target_utilization;
	RETURN jsonb_build_object('model', deployment, 'deployment', deployment, 'deployed', true, 'work_of', tier,
		'output_ratio', (output_ratio * 1000000)::bigint, 'tokenizer_ratio', (tokenizer_ratio * 1000000)::bigint,
		'keeps_cache', keeps_cache, 'token_rate', ceil(work.input * 1000000000000000 / hour)::bigint,
		'cached_rate', ceil(work.cached * 1000000000000000 / hour)::bigint,
		'output_rate', ceil(work.output * 1000000000000000 / hour)::bigint,
		'replica_usd_per_month', d.redundancy * replica_usd_per_hour(d, bill) * 730, 'min_replicas', d.min_replicas,
		'max_replicas', d.max_replicas, 'by_month', d.hours_per_month IS NOT NULL);
END $$;

COMMENT ON FUNCTION routing_work(int, text, numeric, numeric, boolean) IS
'What a tier that a deployment serves takes of it: replica-hours x 1e-15 per token read, cached and answered, and what '
'a replica costs. Errors: IA301, IA302, and IA303 a throughput that is not stated.';

CREATE FUNCTION inferacct_internal.routing_definition(policy text) RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	p				current_routing_policy;
	tier_count		int;
	share_count		int;
	stated			numeric;
	cumulative		boolean;
	last_share		numeric := 0;
	this_share		numeric;
	t				record;
	d				deployment;
	tiers			jsonb := '[]';
	works			jsonb := '[]';
	problem			text;
BEGIN
	SELECT * INTO p FROM current_routing_policy c WHERE c.name = routing_definition.policy;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('IA401', format('unknown routing policy "%s"', policy),
			'Policies in force: ' || coalesce((SELECT string_agg(c.name, ', ' ORDER BY c.name)
				FROM current_routing_policy c), 'none') || '.' || hidden_note(),
			'INSERT INTO inferacct.routing_policy (name, kind), and its tiers into inferacct.routing_tier.');
	END IF;
	SELECT count(*), count(c.share), coalesce(sum(c.share), 0) INTO tier_count, share_count, stated
	FROM current_routing_tier c WHERE c.policy = routing_definition.policy;

	cumulative := p.kind = 'split' AND share_count = 0;
	problem := CASE
		WHEN tier_count = 0 THEN 'It has no tiers.'
		WHEN tier_count > 8 THEN format('It has %s tiers; at most 8 can be compared.', tier_count)
		WHEN p.kind <> 'split' AND share_count > 0
			THEN format('Tiers of kind %s have thresholds (below_score) and no shares.', p.kind)
		WHEN cumulative AND EXISTS (SELECT FROM current_routing_tier c WHERE c.policy = routing_definition.policy
			AND NOT c.below_score BETWEEN 0 AND 1)
			THEN 'Without shares, below_score of a split is a cumulative share, between 0 and 1.'
		WHEN p.kind = 'split' AND NOT cumulative AND share_count < tier_count - 1
			THEN 'At most one tier may leave its share open.'
		WHEN p.kind = 'split' AND share_count = tier_count AND stated <> 1
			THEN format('Its shares sum to %s, not to 1.', trim_scale(stated))
		WHEN stated > 1 THEN format('Its shares sum to %s, more than 1.', trim_scale(stated))
	END;
	IF problem IS NOT NULL THEN
		PERFORM inferacct_internal.fail('IA402', format('routing policy "%s" cannot be used', policy),
			problem,
			'Insert rows that correct it: tiers without model and deployment, or of share 0, end earlier ones.');
	END IF;

	FOR t IN SELECT * FROM current_routing_tier c WHERE c.policy = routing_definition.policy ORDER BY c.tier
	LOOP
		this_share := CASE
			WHEN p.kind <> 'split' THEN NULL
			WHEN NOT cumulative THEN coalesce(t.share, 1 - stated)
			WHEN t.tier = tier_count THEN 1 - last_share
			ELSE t.below_score::numeric - last_share END;
		last_share := last_share + this_share;
		IF t.deployment IS NOT NULL AND t.usd_per_month IS NULL THEN
			d := deployment_in_force(t.deployment, least(now(), price_horizon()));
			t.usd_per_month := fleet_usd(d, deployment_bill(d, least(now(), price_horizon()), 730), d.min_replicas, 0);
			works := works || coalesce(routing_work(t.tier, t.deployment, t.output_ratio, t.tokenizer_ratio,
				t.keeps_cache),
				'[]');
			t.usd_per_mtok := coalesce(t.usd_per_mtok, d.marginal_usd_per_mtok);
		END IF;
		tiers := tiers || jsonb_build_array(jsonb_build_object(
			'model', coalesce(t.model, t.deployment), 'deployment', t.deployment, 'deployed', t.deployment IS NOT NULL,
			'below_score', CASE WHEN t.tier < tier_count THEN t.below_score END,
			'share', trim_scale(this_share), 'below_share', CASE WHEN t.tier < tier_count THEN last_share END,
			'output_ratio', (t.output_ratio * 1000000)::bigint, 'tokenizer_ratio',
			(t.tokenizer_ratio * 1000000)::bigint,
			'keeps_cache', t.keeps_cache, 'quality_ratio', trim_scale(t.quality_ratio), 'token_rate',
			coalesce(price_rate(t.usd_per_mtok, 1000000), 0),
			'usd_per_month', t.usd_per_month));
	END LOOP;
	IF tier_count + jsonb_array_length(works) > 8 THEN
		PERFORM inferacct_internal.fail('IA402', format('routing policy "%s" cannot be used', policy),
			format('It has %s tiers, %s of them served by deployments; these count twice, and at most 8 can be '
				'compared.',
				tier_count, jsonb_array_length(works)),
					'State usd_per_month for a tier, and its replicas are yours to count.');
	END IF;
	RETURN jsonb_build_object('policy', policy, 'works', works, 'kind', p.kind,
		'classifier_usd_per_request', trim_scale(p.classifier_usd_per_request),
		'escalation_share', trim_scale(p.escalation_share), 'misroute_share', trim_scale(p.misroute_share), 'tiers',
		tiers);
END $$;

COMMENT ON FUNCTION routing_definition(text) IS
'A routing policy as in force now (or at inferacct.as_of) with its tiers in order: what route() and route_savings() '
'work with. Ratios are in millionths, token_rate in 1e-15 USD. NULL gives NULL. '
'Errors: IA401 no such policy in force, IA402 one whose tiers or shares do not make sense, IA301 and IA302 a '
'deployment or its GPU price that is not known.';

CREATE FUNCTION route(policy text, score float8) RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'route';

COMMENT ON FUNCTION route(text, float8) IS
'The model (or, for a tier with a deployment only, the deployment) that a request of this score goes to under a '
'policy in force now. score: half-open tiers, below_score belongs to the tier above. '
'Scores NULL and NaN, which nobody can call easy, go to the last tier, in every kind: route_savings() pays for the '
'same. A cascade gives the tier to which the score escalates, which pays all before it, too. A split draws the tier '
'by a hash of the score: equal scores '
'always go together. policy NULL gives NULL. Errors: IA401 unknown policy, IA402 malformed policy.';

-- ---------------------------------------------------------------------------
-- route_savings
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.route_savings_state;

CREATE FUNCTION inferacct_internal.route_savings_state_in(cstring) RETURNS route_savings_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_savings_state_out(route_savings_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_savings_state_recv(internal) RETURNS route_savings_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_savings_state_send(route_savings_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.route_savings_state (
	INPUT = route_savings_state_in, OUTPUT = route_savings_state_out, RECEIVE = route_savings_state_recv,
	SEND = route_savings_state_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE route_savings_state IS
'State of the aggregate route_savings(): sums of what requests would cost on every tier, by the tier that answers '
'them and by length of prompt. Its text and its binary form are lossless; '
'what neither wrote is refused (22P02, 22P03).';

CREATE FUNCTION inferacct_internal.route_savings_summary(state route_savings_state,
	OUT definition text, OUT baseline_model text, OUT requests bigint, OUT unscored bigint, OUT left_out bigint,
	OUT first_at timestamptz, OUT last_at timestamptz)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'route_savings_summary';
COMMENT ON FUNCTION route_savings_summary(route_savings_state) IS
'What a state is of: routing_definition(), baseline model, requests and their first and last time. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.route_savings_tiers(state route_savings_state)
RETURNS TABLE (tier int, requests bigint, usd numeric[], baseline_usd numeric)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 3 AS 'MODULE_PATHNAME', 'route_savings_tiers';
COMMENT ON FUNCTION route_savings_tiers(route_savings_state) IS
'Requests by the tier that their score chooses, and what they cost in USD on every tier and on the baseline model. '
'NULL gives no row.';

CREATE FUNCTION inferacct_internal.route_savings_lengths(state route_savings_state)
RETURNS TABLE (input_tokens bigint, requests bigint, usd numeric[])
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 200 AS 'MODULE_PATHNAME', 'route_savings_lengths';
COMMENT ON FUNCTION route_savings_lengths(route_savings_state) IS
'Requests by length of prompt, from input_tokens up to the next possible row''s, and what they cost in USD on every '
'tier. Lengths are exact below 64 tokens, then 32 to the octave. NULL gives no row.';

CREATE TYPE route_tier_savings AS (
	tier			int,
	model			text,
	requests		numeric,
	request_share	numeric,
	calls			numeric,
	usd				numeric,
	baseline_usd	numeric,
	spend_share		numeric,
	quality_ratio	numeric,
	usd_per_accepted_answer	numeric
);

COMMENT ON TYPE route_tier_savings IS
'A tier in route_savings(): requests that it answers and their share, calls made to it (escalated and repeated ones '
'included), USD paid to it, USD that the requests it answers cost on the baseline model and the share of that in all; '
'its quality_ratio, and what each of its requests has cost until an answer was accepted, those asked again included.';

CREATE TYPE route_savings_result AS (
	requests				bigint,
	baseline_usd			numeric,
	routed_usd				numeric,
	classifier_usd			numeric,
	saved_usd				numeric,
	saved_share				numeric,
	deployment_usd			numeric,
	moved_request_share		numeric,
	moved_spend_share		numeric,
	moved_usd				numeric,
	random_usd				numeric,
	random_saved_share		numeric,
	longest_first_usd		numeric,
	longest_first_saved_share	numeric,
	usd_per_accepted_answer	numeric,
	baseline_usd_per_answer	numeric,
	unscored				bigint,
	left_out				bigint,
	tiers					route_tier_savings[]
);

COMMENT ON TYPE route_savings_result IS
'Result of route_savings(), USD: baseline (all requests to the baseline model), routed (paid to the tiers by the '
'token), classifier and deployment (fixed cost) beside it, saved = baseline - routed - classifier - deployment, and '
'its share of baseline (NULL of 0). moved: share of the requests, and of their baseline spend, that other models than '
'the baseline answer, and of routed_usd what these are paid. random, longest_first: routed_usd and saved share (no '
'classifier to pay) if as many requests '
'went to each tier by lot, or the longest prompts to the last. usd_per_accepted_answer: all that is paid by requests '
'that end with an accepted answer; baseline_usd_per_answer: what one costs on the baseline.';

CREATE FUNCTION inferacct_internal.route_savings_accum(route_savings_state, text, float8, text, usage, timestamptz)
	RETURNS route_savings_state
LANGUAGE c STABLE PARALLEL SAFE COST 15 AS 'MODULE_PATHNAME', 'route_savings_accum';
CREATE FUNCTION inferacct_internal.route_savings_accum(route_savings_state, text, float8, text, usage, timestamptz,
	text, text) RETURNS route_savings_state
LANGUAGE c STABLE PARALLEL SAFE COST 15 AS 'MODULE_PATHNAME', 'route_savings_accum';
CREATE FUNCTION inferacct_internal.route_savings_combine(route_savings_state, route_savings_state)
	RETURNS route_savings_state
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'route_savings_combine';

CREATE FUNCTION inferacct_internal.months_touched(first_at timestamptz, last_at timestamptz) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT exact_quotient(month_parts(date_trunc('hour', first_at, 'UTC'), date_trunc('hour', last_at, 'UTC')
		+ interval '1 hour'), 9061920)
$$;

COMMENT ON FUNCTION months_touched(timestamptz, timestamptz) IS
'UTC months in the whole hours that a log from first_at to last_at touches, for what is stated to be paid by the '
'month; '
'a part of a month counts by that month''s own hours, to 20 decimals. NULL gives NULL. '
'Errors: 22008 an infinite time, 54000 more than 1000 years.';

-- What the policy does with the sums: which share of the requests each tier
-- answers, and whom a request answered by a tier has paid.
CREATE TYPE inferacct_internal.route_assignment AS (
	definition		jsonb,
	requests		bigint,
	hours			numeric,
	months			numeric,
	tiers			integer,
	by_lot			boolean,
	strength		integer[],
	answered		numeric[],
	accepted		numeric[],
	quality			numeric[],
	pays			numeric[],
	cells			numeric[],
	baseline		numeric[],
	total			numeric[]
);

COMMENT ON TYPE route_assignment IS
'Who answers what under a policy. hours, months: of the log; tiers: how many; by_lot: requests are assigned by share, '
'not by score; strength: tiers, weakest first; answered: requests that each tier answers; accepted: those of '
'them that end with an accepted answer, by the quality of the tiers; pays[i][j]: calls of tier j that a request '
'answered by i has paid; cells: USD on each tier by the tier of their score, and after the tiers the '
'work of their deployments; baseline: USD on the baseline by the tier of their score; total: cells of all requests.';

CREATE FUNCTION inferacct_internal.route_assignment(state route_savings_state) RETURNS route_assignment
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s				record;
	a				route_assignment;
	kind			text;
	n				integer;
	escalation		numeric;
	misrouted		numeric;
	assigned		bigint[];				-- requests by the tier of their score
	last_tier		integer;
BEGIN
	SELECT * INTO s FROM route_savings_summary(state);
	a.definition := s.definition::jsonb;
	a.requests := s.requests;
	a.hours := extract(epoch FROM date_trunc('hour', s.last_at, 'UTC') + interval '1 hour'
		- date_trunc('hour', s.first_at, 'UTC')) / 3600;
	a.months := months_touched(s.first_at, s.last_at);
	kind := a.definition ->> 'kind';
	n := jsonb_array_length(a.definition -> 'tiers');
	a.tiers := n;
	misrouted := (a.definition ->> 'misroute_share')::numeric;
	escalation := (a.definition ->> 'escalation_share')::numeric;
	IF kind <> 'cascade' THEN
		misrouted := misrouted + coalesce(escalation, 0);
	END IF;
	a.by_lot := kind = 'split' OR kind = 'cascade' AND escalation IS NOT NULL;
	SELECT array_agg(t.requests ORDER BY t.tier), array_agg(t.usd ORDER BY t.tier),
		array_agg(t.baseline_usd ORDER BY t.tier)
	INTO assigned, a.cells, a.baseline
	FROM route_savings_tiers(state) t;
	a.total := '{}';
	FOR j IN 1 .. n + jsonb_array_length(coalesce(a.definition -> 'works', '[]')) LOOP
		a.total[j] := (SELECT sum(a.cells[i][j]) FROM generate_series(1, n) i);
	END LOOP;

	-- The tiers of a split have no order of their own: the dearer is the stronger.
	a.strength := ARRAY(SELECT i FROM generate_series(1, n) i ORDER BY CASE WHEN kind = 'split' THEN a.total[i] END, i);
	last_tier := a.strength[n];
	a.pays := array_fill(0::numeric, ARRAY[n, n]);
	a.answered := '{}';
	a.accepted := '{}';
	a.quality := ARRAY(SELECT (t ->> 'quality_ratio')::numeric FROM jsonb_array_elements(a.definition -> 'tiers')
		WITH ORDINALITY AS u (t, i) ORDER BY i);
	FOR i IN 1 .. n LOOP
		a.answered[i] := CASE
			WHEN kind = 'split' THEN s.requests * (a.definition -> 'tiers' -> (i - 1) ->> 'share')::numeric
			WHEN NOT a.by_lot THEN assigned[i]
			WHEN i < n THEN s.requests * escalation ^ (i - 1) * (1 - escalation)
			ELSE s.requests * escalation ^ (n - 1) END;
		FOR j IN 1 .. n LOOP
			a.pays[i][j] := CASE WHEN j = i OR kind = 'cascade' AND j < i THEN 1 ELSE 0 END
				+ CASE WHEN j = last_tier AND i <> last_tier THEN coalesce(1 - a.quality[i], misrouted) ELSE 0 END;
		END LOOP;
		a.accepted[i] := a.answered[i] * CASE WHEN i = last_tier THEN coalesce(a.quality[i], 1)
			ELSE 1 - coalesce(1 - a.quality[i], misrouted) * (1 - coalesce(a.quality[last_tier], 1)) END;
	END LOOP;
	RETURN a;
END $$;

COMMENT ON FUNCTION route_assignment(route_savings_state) IS
'Who answers what, of the requests of a state. NULL gives NULL.';

-- What is stated by the month (usd_per_month, hours_per_month) is paid by the calendar's; machines by the hour, of
-- which a month has 730.
CREATE FUNCTION inferacct_internal.route_deployment_usd(a route_assignment) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	works	CONSTANT jsonb := coalesce(a.definition -> 'works', '[]');
	w		jsonb;					-- the work of a tier
	tier	integer;
	replicas numeric;
	usd		numeric;
BEGIN
	usd := (SELECT coalesce(sum((t ->> 'usd_per_month')::numeric * CASE
			WHEN EXISTS (SELECT FROM jsonb_array_elements(works) AS x WHERE (x ->> 'work_of')::int = i
				AND NOT (x ->> 'by_month')::boolean)
			THEN a.hours / 730 ELSE a.months END), 0)
		FROM jsonb_array_elements(a.definition -> 'tiers') WITH ORDINALITY AS u (t, i));
	-- More replicas than the least where the mean load takes them.
	FOR k IN 1 .. jsonb_array_length(works) LOOP
		w := works -> (k - 1);
		tier := (w ->> 'work_of')::int;
		SELECT greatest((w ->> 'min_replicas')::numeric, ceil(round(sum(a.pays[i][tier] * CASE WHEN a.by_lot
				THEN a.answered[i] * a.total[a.tiers + k] / nullif(a.requests, 0) ELSE a.cells[i][a.tiers + k] END)
			/ nullif(a.hours, 0), 6))) INTO replicas FROM generate_series(1, a.tiers) AS i;
		IF replicas > (w ->> 'max_replicas')::numeric THEN
			PERFORM inferacct_internal.fail('IA304', format('deployment "%s" cannot serve its tier',
				w ->> 'deployment'),
				format('It takes %s, max_replicas is %s.', replicas_in_words(replicas), w ->> 'max_replicas'),
				'Raise max_replicas, or send fewer requests there.');
		END IF;
		usd := usd + coalesce(replicas - (w ->> 'min_replicas')::numeric, 0) * (w ->> 'replica_usd_per_month')::numeric
			* CASE WHEN (w ->> 'by_month')::boolean THEN a.months ELSE a.hours / 730 END;
	END LOOP;
	RETURN coalesce(trim_scale(round(usd, 15)), 0);
END $$;

COMMENT ON FUNCTION route_deployment_usd(route_assignment) IS
'What tiers cost that are not paid by the token, over the time of the log: their months, and the replicas that their '
'load takes. Error IA304: more than max_replicas.';

-- The longest prompts to the strongest tier: each tier takes the next ranks from below on.
CREATE FUNCTION inferacct_internal.route_longest_first_usd(state route_savings_state, a route_assignment)
	RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	tier	integer;
	below	numeric := 0;
	usd		numeric := 0;
BEGIN
	FOR k IN REVERSE a.tiers .. 1 LOOP
		tier := a.strength[k];
		usd := usd + (
			SELECT coalesce(sum(CASE WHEN inside = l.requests THEN cost WHEN inside > 0 THEN cost * inside / l.requests
				ELSE 0 END), 0)
			FROM (SELECT *, sum(x.requests) OVER (ORDER BY x.input_tokens DESC) AS upto
				FROM route_savings_lengths(state) x) l,
				LATERAL (SELECT least(l.upto, below + a.answered[tier])
					- greatest(l.upto - l.requests, below) AS inside) o,
				LATERAL (SELECT sum(a.pays[tier][j] * l.usd[j]) AS cost FROM generate_series(1, a.tiers) j) c);
		below := below + a.answered[tier];
	END LOOP;
	RETURN trim_scale(round(usd, 15));
END $$;

COMMENT ON FUNCTION route_longest_first_usd(route_savings_state, route_assignment) IS
'What the requests cost if as many went to each tier as do, the longest prompts to the strongest.';

CREATE FUNCTION inferacct_internal.route_savings_final(state route_savings_state) RETURNS route_savings_result
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s		record;
	a		route_assignment := route_assignment(state);
	cell	numeric;
	calls	numeric;
	paid	numeric;
	r		route_savings_result;
BEGIN
	SELECT * INTO s FROM route_savings_summary(state);
	r.requests := s.requests;
	r.unscored := s.unscored;
	r.left_out := s.left_out;
	r.baseline_usd := (SELECT trim_scale(coalesce(sum(b), 0)) FROM unnest(a.baseline) b);
	r.classifier_usd := trim_scale(s.requests * (a.definition ->> 'classifier_usd_per_request')::numeric);
	r.deployment_usd := route_deployment_usd(a);

	-- By tier: the requests that it answers, and the calls that are made to it.
	r.routed_usd := 0;
	r.random_usd := 0;
	r.moved_request_share := 0;
	r.moved_spend_share := 0;
	r.moved_usd := 0;
	r.tiers := '{}';
	FOR j IN 1 .. a.tiers LOOP
		calls := 0;
		paid := 0;
		FOR i IN 1 .. a.tiers LOOP
			cell := a.answered[i] * a.total[j] / nullif(s.requests, 0);
			r.random_usd := r.random_usd + coalesce(a.pays[i][j] * cell, 0);
			calls := calls + a.pays[i][j] * a.answered[i];
			paid := paid + coalesce(a.pays[i][j] * CASE WHEN a.by_lot THEN cell ELSE a.cells[i][j] END, 0);
		END LOOP;
		r.routed_usd := r.routed_usd + paid;
		cell := CASE WHEN a.by_lot THEN coalesce(a.answered[j] * r.baseline_usd / nullif(s.requests, 0), 0)
			ELSE a.baseline[j] END;
		r.tiers := r.tiers || row(j, a.definition -> 'tiers' -> (j - 1) ->> 'model', trim_scale(a.answered[j]),
			trim_scale(a.answered[j] / nullif(s.requests, 0)),
			trim_scale(calls), trim_scale(round(paid, 15)), trim_scale(round(cell, 15)),
			trim_scale(cell / nullif(r.baseline_usd, 0)), a.quality[j], (SELECT exact_quotient(round(sum(a.pays[j][k]
			* CASE WHEN a.by_lot THEN a.answered[j] * a.total[k] / nullif(s.requests, 0) ELSE a.cells[j][k] END), 15),
			nullif(a.accepted[j], 0)) FROM generate_series(1, a.tiers) AS k))::route_tier_savings;
		IF r.tiers[j].model <> s.baseline_model THEN
			r.moved_request_share := r.moved_request_share + r.tiers[j].request_share;
			r.moved_spend_share := r.moved_spend_share + r.tiers[j].spend_share;
			r.moved_usd := r.moved_usd + r.tiers[j].usd;
		END IF;
	END LOOP;

	r.routed_usd := trim_scale(round(r.routed_usd, 15));
	r.random_usd := trim_scale(round(r.random_usd, 15));
	r.longest_first_usd := route_longest_first_usd(state, a);
	r.saved_usd := trim_scale(r.baseline_usd - r.routed_usd - r.classifier_usd - r.deployment_usd);
	r.saved_share := trim_scale(r.saved_usd / nullif(r.baseline_usd, 0));
	r.usd_per_accepted_answer := exact_quotient(r.routed_usd + r.classifier_usd + r.deployment_usd,
		(SELECT nullif(sum(u), 0) FROM unnest(a.accepted) AS u));
	r.baseline_usd_per_answer := exact_quotient(r.baseline_usd, nullif(s.requests, 0));
	r.random_saved_share := trim_scale((r.baseline_usd - r.random_usd - r.deployment_usd) / nullif(r.baseline_usd, 0));
	r.longest_first_saved_share := trim_scale((r.baseline_usd - r.longest_first_usd - r.deployment_usd)
		/ nullif(r.baseline_usd, 0));
	RETURN r;
END $$;

COMMENT ON FUNCTION route_savings_final(route_savings_state) IS
'The result of route_savings() from its state. Sums of requests that a score assigns are exact; '
'expectations (split, escalation_share, random, longest_first) are rounded to 1e-15 USD, once. NULL gives NULL.';

CREATE AGGREGATE route_savings(policy text, score float8, baseline_model text, usage usage, at timestamptz) (
	SFUNC = route_savings_accum, STYPE = route_savings_state, SSPACE = 16384,
	FINALFUNC = route_savings_final, COMBINEFUNC = route_savings_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE route_savings(text, float8, text, usage, timestamptz) IS
'What a routing policy, as in force now, would have saved on a log against sending everything to baseline_model: '
'every request priced from its own tokens (scaled by the tier''s ratios, rounded up) at its own time. '
'Beside it the baselines that any router has to beat: the same shares by lot, and the longest prompts first (prompts '
'whose lengths differ by less than 1/32 count as equally long, and are drawn by lot). '
'A row without policy, baseline_model, usage or at is left out; one without score counts for the last tier; '
'no such row gives NULL. One policy and baseline in a group. Errors: IA401, IA402 the policy; 22023 several policies; '
'as token_cost().';

CREATE AGGREGATE route_savings(policy text, score float8, baseline_model text, usage usage, at timestamptz,
	service_tier text, region text) (
	SFUNC = route_savings_accum, STYPE = route_savings_state, SSPACE = 16384,
	FINALFUNC = route_savings_final, COMBINEFUNC = route_savings_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE route_savings(text, float8, text, usage, timestamptz, text, text) IS
'route_savings() with every request priced in its service tier and region, on the baseline as on the tiers; '
'every model of the policy needs prices there.';

-- ---------------------------------------------------------------------------
-- route_quality
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.route_quality_state;

CREATE FUNCTION inferacct_internal.route_quality_state_in(cstring) RETURNS route_quality_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_quality_state_out(route_quality_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_quality_state_recv(internal) RETURNS route_quality_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_quality_state_send(route_quality_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.route_quality_state (
	INPUT = route_quality_state_in, OUTPUT = route_quality_state_out, RECEIVE = route_quality_state_recv,
	SEND = route_quality_state_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE route_quality_state IS
'State of the aggregate route_quality(): every request''s score and qualities. '
'Its text and its binary form are lossless; a NaN, an infinite quality or a malformed value is refused (22P02, 22P03).';

CREATE TYPE route_quality_result AS (
	apgr			float8,
	cpt20			float8,
	cpt50			float8,
	cpt80			float8,
	holds20			float8,
	holds50			float8,
	holds80			float8,
	random			float8,
	oracle			float8,
	oracle_cpt20	float8,
	oracle_cpt50	float8,
	oracle_cpt80	float8,
	improvement		float8,
	weak_quality	float8,
	strong_quality	float8,
	requests		bigint,
	recrosses		boolean,
	status			text
);

COMMENT ON TYPE route_quality_result IS
'Result of route_quality(). PGR is the part of the gap between the models'' mean qualities that is closed when the '
'requests of highest score go to the strong model. apgr: its mean over the share sent there. '
'cptX: least share that reaches X % PGR, read at whole requests; holdsX: least share from which on X % is never '
'missed again; recrosses: whether these differ for any X. random: apgr by lot (0.5; its cptX is X %). '
'oracle...: by the true gain. improvement: apgr / random - 1. status: ok; '
'no_gap (both models are equally good), strong_is_worse or no_requests leave the figures NULL.';

CREATE FUNCTION inferacct_internal.route_quality_accum(route_quality_state, float8, float8, float8)
	RETURNS route_quality_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_quality_combine(route_quality_state, route_quality_state)
	RETURNS route_quality_state
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.route_quality_final(route_quality_state) RETURNS route_quality_result
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME';

CREATE AGGREGATE route_quality(score float8, weak_quality float8, strong_quality float8) (
	SFUNC = route_quality_accum, STYPE = route_quality_state, SSPACE = 65536,
	FINALFUNC = route_quality_final, COMBINEFUNC = route_quality_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE route_quality(float8, float8, float8) IS
'How much quality a router''s score keeps (RouteLLM, arXiv:2406.18665): PGR curve with one point per request, highest '
'score to the strong model first; requests of equal score in every order with equal chance, so the result does not '
'depend on the order of rows. Qualities may be on any scale, higher is better. '
'Rows with a NULL or NaN, or an infinite quality, are left out: give a judge''s failures as NULL. '
'Error 54000 beyond about 44 million requests.';
