-- workload: what a log says: what it costs at the prices of a time, which part of that
-- could be replaced, and how that part lies over time.
--
-- Invariant: usd = served_usd + the usd of not_considered, to the last digit: whatever
-- no deployment could replace has a reason there.

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

CREATE TYPE inferacct_internal.workload AS (
	first_at			timestamptz,
	last_at				timestamptz,
	priced_at			timestamptz,
	weeks				numeric,
	requests			bigint,
	unpriced_requests	bigint,
	tokens				numeric,
	unpriced_tokens		numeric,
	usd					numeric,
	served_usd			numeric,
	served_models		text[],
	serves_stated		boolean,
	quality_known		boolean,
	batch_requests		bigint,
	batch_usd			numeric,
	batch_saved_usd		numeric,
	waits				interval,
	p95_latency_ms		numeric,
	frontier_usd		numeric,
	recent_model_usd	numeric,
	recent_models		text[],
	routing				route_savings_result,
	routing_taken_share	numeric,
	routing_problem		text,
	routing_deployments	text[],
	unserved_batch_saved_usd	numeric,
	accepted_rest_usd	numeric,
	not_considered		jsonb,
	demand				demand,
	waiting				demand,
	routed_demand		demand
);

COMMENT ON TYPE workload IS
'What workload() measures, USD at the prices of priced_at (NULL: of each request''s time). usd: of all priced '
'requests; served_usd: of those that a deployment may replace, which are made to served_models (serves_stated: '
'deployment_serves says so; quality_known: and how many of its answers are accepted); not_considered: everything '
'else, by reason, with requests, tokens and USD. weeks: whole weeks with load. batch_usd: what those cost that may '
'wait a day and have a batch price, batch_saved_usd what that saves, unserved_batch_saved_usd of it on what is not '
'served. waits: how long the requests of `waiting` may wait. accepted_rest_usd: what is asked of the API again, of '
'served_usd. frontier_usd: of models named as not to be self-hosted; recent_model_usd: of models first seen in the '
'last 90 days of a log of more than 180, else NULL; recent_models: those models, the dearest first. demand: what is '
'served at once, and its USD; waiting: what is served and may wait, at the cheaper of standard and batch; '
'routed_demand: demand, after the policy. routing: route_savings() of the requests served at once by baseline_model; '
'routing_taken_share: of the spend that the policy would move, what is moved since that is cheaper; '
'routing_deployments: tiers that are deployments, whose requests are left in both demands at what the API takes; '
'routing_problem: what keeps the policy from being judged, which then is not applied.';

CREATE FUNCTION inferacct_internal.check_log(log regclass,
	needed text[] DEFAULT '{at,usage,model,service_tier,region,duration_ms,score,tolerates}') RETURNS void
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
	FROM unnest(needed) AS name
	WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = log AND a.attname = name AND NOT a.attisdropped);
	IF missing IS NOT NULL THEN
		PERFORM inferacct_internal.fail('42703', format('relation "%s" lacks columns of a usage log: %s', log, missing),
			hint => 'Make a view that has the columns of inferacct.usage_log, NULL where nothing is known.');
	END IF;
END $$;

COMMENT ON FUNCTION check_log(regclass, text[]) IS
'Refuses a relation without the columns of usage_log that are needed, by default by a plan (42703), and NULL (22004).';

-- The log as rows of (at, usage, requests, tokens, model, service_tier, region, duration_ms,
-- score, tolerates, data_class, kind, priced_at, usd, batch_usd, fee_usd): batch_usd where
-- batch is possible and cheaper, fee_usd what is not paid for tokens.
CREATE FUNCTION inferacct_internal.priced_log_query(log regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN format($query$
	SELECT p.at, p.usage, p.model, p.service_tier, p.region, p.duration_ms, p.score, p.data_class, p.priced_at,
		p.tolerates, greatest(meter(p.usage, 'requests'), 1) AS requests,
		input_tokens(p.usage)::numeric + output_tokens(p.usage) AS tokens, usage_kind(p.usage) AS kind, p.usd,
		CASE WHEN p.batch_usd < p.usd THEN p.batch_usd END AS batch_usd,
		CASE WHEN meter(p.usage, 'web_searches') + meter(p.usage, 'citation') > 0
			THEN p.usd - token_cost(p.model, p.usage - usage(web_searches => meter(p.usage, 'web_searches'),
				citation => meter(p.usage, 'citation'), requests => 0), p.priced_at, p.service_tier, p.region)
			ELSE 0 END AS fee_usd
	FROM (
		SELECT l.*, token_cost(l.model, l.usage, l.priced_at, l.service_tier, l.region) AS usd,
			CASE WHEN l.tolerates >= interval '24 hours' AND coalesce(l.service_tier, 'standard') = 'standard'
				THEN token_cost(l.model, l.usage, l.priced_at, 'batch', l.region) END AS batch_usd
		FROM (
			-- A source computes its usage: once a row, and its price once, too.
			SELECT at, usage, model, service_tier, region, duration_ms, score, tolerates, %s AS data_class,
				CASE WHEN $3::timestamptz IS NULL THEN at ELSE $3 + time_into(at, $3, 86400) END AS priced_at
			FROM %s WHERE at >= $1 AND at < $2 OFFSET 0
		) AS l
		-- rejected_usage names these.
		WHERE inferacct_internal.row_problem(l.at, l.usage) IS NULL OFFSET 0
	) AS p OFFSET 0
$query$, CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = log AND a.attname = 'tags'
	AND NOT a.attisdropped AND a.atttypid = 'jsonb'::regtype) THEN $$tags ->> 'data_class'$$ ELSE 'NULL::text' END,
		log);

COMMENT ON FUNCTION priced_log_query(regclass) IS
'The query by which read_log() and workload() read a log. Parameters: first and end of its time, and the time of the '
'prices (NULL: each request''s own).';

CREATE TYPE inferacct_internal.workload_part AS (
	model			text,
	kind			text,
	data_class		text,
	patience		interval,
	priced			boolean,
	first_at		timestamptz,
	last_at			timestamptz,
	requests		bigint,
	fee_requests	bigint,
	batch_requests	bigint,
	tokens			numeric,
	usd				numeric,
	fee_usd			numeric,
	batch_usd		numeric,
	batch_saved_usd	numeric,
	demand			demand,
	hours			demand,
	durations		numeric[]
);

COMMENT ON TYPE workload_part IS
'The requests of a log to one model, of one kind and class of data, that may wait equally long (patience: at most a '
'day; NULL: less than two buckets), with a price or without. demand: at the cheaper of standard and batch, without '
'fees; hours: the load of each hour, without costs.';

CREATE TYPE inferacct_internal.log_reading AS (
	log				regclass,
	since			timestamptz,
	until			timestamptz,
	priced_at		timestamptz,
	width			interval,
	first_at		timestamptz,
	last_at			timestamptz,
	weeks			numeric,
	p95_latency_ms	numeric,
	models			text[],
	parts			workload_part[]
);

COMMENT ON TYPE log_reading IS
'A log, read once: all that workload_of() and compare_deployments() need of it, whatever the deployment. weeks: whole '
'ones with load, counted back from the last hour; one with less than a ten-thousandth of the busiest one''s is none.';

CREATE FUNCTION inferacct_internal.read_log(log regclass, since timestamptz, until timestamptz, at timestamptz,
	width interval) RETURNS log_reading
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	r	log_reading;
BEGIN
	PERFORM check_log(log);
	r.log := log;
	r.since := coalesce(since, '-infinity');
	r.until := coalesce(until, 'infinity');
	r.priced_at := at;
	r.width := width;
	EXECUTE format($query$
		SELECT array_agg(ROW(p.*)::workload_part)
		FROM (
			SELECT model, kind, data_class, CASE WHEN tolerates >= interval '24 hours' THEN interval '24 hours'
					WHEN tolerates >= 2 * $4 THEN tolerates END AS patience, usd IS NOT NULL AS priced,
				min(at), max(at), sum(requests)::bigint, coalesce(sum(requests) FILTER (WHERE fee_usd > 0), 0)::bigint,
				coalesce(sum(requests) FILTER (WHERE batch_usd IS NOT NULL), 0)::bigint, sum(tokens),
				coalesce(sum(usd), 0), coalesce(sum(fee_usd), 0),
				coalesce(sum(usd) FILTER (WHERE batch_usd IS NOT NULL), 0), coalesce(sum(usd - batch_usd), 0),
				demand(at, usage, coalesce(batch_usd, usd, 0) - coalesce(fee_usd, 0), $4), demand(at, usage, 0),
				array_agg(duration_ms::numeric) FILTER (WHERE duration_ms IS NOT NULL)
			FROM (%s) AS l GROUP BY 1, 2, 3, 4, 5
		) AS p
	$query$, priced_log_query(log)) INTO r.parts USING r.since, r.until, at, width;
	SELECT min(p.first_at), max(p.last_at), array_agg(DISTINCT p.model) INTO r.first_at, r.last_at, r.models
	FROM unnest(r.parts) AS p;
	SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY d) INTO r.p95_latency_ms
	FROM unnest(r.parts) AS p, unnest(p.durations) AS d;
	r.weeks := weeks_with_load((SELECT merge(p.hours) FROM unnest(r.parts) AS p));
	RETURN r;
END $$;

COMMENT ON FUNCTION read_log(regclass, timestamptz, timestamptz, timestamptz, interval) IS
'Reads a log in [since, until), in buckets of `width` and at the prices of a time (its hour of the day kept; NULL: of '
'each request), once. Rows that rejected_usage names are left out. Errors: 22004 and 42703 the log.';

-- Names under which a log has a model.
CREATE FUNCTION inferacct_internal.names_of_model(logged text[], model text, at timestamptz) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	meant record;
BEGIN
	IF model IS NULL THEN
		RETURN '{}';
	END IF;
	SELECT * INTO meant FROM resolve_model(model, at);
	RETURN ARRAY(SELECT name FROM unnest(logged) AS name WHERE name = model
		OR EXISTS (SELECT FROM resolve_model(name, at) AS r WHERE r.provider = meant.provider
			AND r.model = meant.model));
END $$;

COMMENT ON FUNCTION names_of_model(text[], text, timestamptz) IS
'The spellings in a log that mean a model at a time. NULL model gives none.';

CREATE FUNCTION inferacct_internal.check_policy_models(policy text, baseline_model text, at timestamptz) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'error'
AS $$
BEGIN
	PERFORM resolve_model(m.model, at)
	FROM (SELECT baseline_model UNION SELECT tier ->> 'model'
		FROM jsonb_array_elements(routing_definition(policy) -> 'tiers') AS tier
		WHERE NOT (tier ->> 'deployed')::boolean) AS m(model)
	WHERE m.model IS NOT NULL;
END $$;

COMMENT ON FUNCTION check_policy_models(text, text, timestamptz) IS
'Refuses a policy with a model that nobody has prices for (IA002), or several (IA003): no saving could be told. '
'Errors of the policy: IA401, IA402.';

CREATE FUNCTION inferacct_internal.routing_deployments(policy text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT array_agg(DISTINCT tier ->> 'model')
	FROM jsonb_array_elements(routing_definition(policy) -> 'tiers') AS tier
	WHERE (tier ->> 'deployed')::boolean
$$;

COMMENT ON FUNCTION routing_deployments(text) IS
'What route() calls the tiers of a policy that a deployment serves; NULL when there is none.';

-- One plan has one deployment: whoever pays for two pays both in full.
CREATE FUNCTION inferacct_internal.check_own_tiers(policy text, own text[], deployment text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	d		jsonb := routing_definition(policy);
	others	text;
BEGIN
	IF own IS NULL THEN
		RETURN;
	END IF;
	SELECT string_agg(DISTINCT tier ->> 'deployment', ', ') INTO others
	FROM jsonb_array_elements(d -> 'tiers') AS tier
	WHERE tier ->> 'deployment' IS DISTINCT FROM coalesce(deployment, '') AND (tier ->> 'deployed')::boolean;
	IF others IS NOT NULL THEN
		PERFORM inferacct_internal.fail('IA305', format('policy "%s" has tiers of another deployment: %s', policy,
			others),
			'What replicas of it cost depends on all that they serve.',
			'Name it as deployment, or compare the two with compare_deployments().');
	ELSIF d ->> 'kind' = 'cascade' THEN
		PERFORM inferacct_internal.fail('IA305', format('cascade "%s" begins on a deployment', policy),
			'What escalates is served twice, which a plan of replicas does not count.',
			'Use a policy by score, or one whose tiers are models.');
	END IF;
END $$;

COMMENT ON FUNCTION check_own_tiers(text, text[], text) IS
'Refuses (IA305) a policy with tiers of a deployment that is not the one judged, and a cascade with any.';

CREATE FUNCTION inferacct_internal.names_of_models(logged text[], models text[], at timestamptz) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'error'
AS $$
DECLARE
	found	text[] := '{}';
	name	text;
BEGIN
	FOREACH name IN ARRAY coalesce(models, '{}') LOOP
		IF name = ANY (logged) AND NOT EXISTS (SELECT FROM current_price AS p
			WHERE name IN (p.model, p.provider || '/' || p.model)) THEN
			found := found || name;		-- the log's own name, of which nobody has a price
		ELSE
			found := found || names_of_model(logged, name, at);
		END IF;
	END LOOP;
	RETURN found;
END $$;

COMMENT ON FUNCTION names_of_models(text[], text[], timestamptz) IS
'The spellings in a log that mean one of the models at a time. Errors: IA002 a model that neither the log nor the '
'prices know, IA003 one that is ambiguous.';

CREATE FUNCTION inferacct_internal.weeks_with_load(hours demand) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH week AS (
		SELECT floor(extract(epoch FROM (traffic(hours)).until - s.bucket) / 604800.000001) AS n,
			sum(input_tokens(s.usage)::numeric + output_tokens(s.usage) + s.requests) AS load
		FROM demand_series(hours) AS s WHERE s.requests > 0 GROUP BY 1
	)
	SELECT count(*) FROM week WHERE (week.n + 1) * 604800 <= extract(epoch FROM (traffic(hours)).until
		- (traffic(hours)).since) AND week.load * 10000 >= (SELECT max(load) FROM week)
$$;

COMMENT ON FUNCTION weeks_with_load(demand) IS
'Whole weeks of an hourly demand that have load, counted back from its last hour; a week with less than a '
'ten-thousandth of the busiest one''s is none.';

CREATE FUNCTION inferacct_internal.why_not_served(priced boolean, frontier boolean, kind text, data_class text,
	stated boolean, s served_model) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN NOT priced THEN 'unpriced'
	WHEN frontier THEN 'frontier'
	WHEN kind IN ('images', 'speech', 'pages', 'other') THEN kind
	WHEN NOT stated THEN nullif(kind, 'text')
	WHEN s.name IS NULL THEN 'not served'
	WHEN NOT kind = ANY (s.kinds) THEN kind
	WHEN NOT coalesce(data_class = ANY (s.data_classes), s.data_classes IS NULL) THEN 'data class' END;

COMMENT ON FUNCTION why_not_served(boolean, boolean, text, text, boolean, served_model) IS
'Why no deployment could replace a request, NULL when one could; stated: what it serves is, and s is the model''s row '
'of it.';

-- What is left with its quality counted: the others are asked of the API again.
CREATE FUNCTION inferacct_internal.accepted(demand demand, quality numeric) RETURNS demand
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN CASE WHEN quality = 1 THEN demand ELSE (
	SELECT demand(s.bucket, s.usage + usage(requests => s.requests - meter(s.usage, 'requests')),
		round(s.api_usd * quality, 15), bucket_width(accepted.demand))
	FROM demand_series(accepted.demand) AS s WHERE s.requests > 0) END;

COMMENT ON FUNCTION accepted(demand, numeric) IS 'A demand with the share of its API cost that accepted answers save.';

-- What of a reading a deployment could replace.
CREATE FUNCTION inferacct_internal.workload_of(r log_reading, deployment text, frontier_models text[])
RETURNS workload
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	w			workload;
	frontier_names	text[];
	served		served_model[];
BEGIN
	w.first_at := r.first_at;
	w.last_at := r.last_at;
	w.priced_at := r.priced_at;
	IF r.first_at IS NULL THEN
		w.requests := 0;
		w.usd := 0;
		RETURN w;
	END IF;
	w.weeks := r.weeks;
	w.p95_latency_ms := r.p95_latency_ms;
	frontier_names := names_of_models(r.models, frontier_models, coalesce(r.priced_at, r.last_at));
	served := served_models(deployment, r.models, coalesce(r.priced_at, r.last_at));
	w.serves_stated := served IS NOT NULL;
	w.quality_known := NOT EXISTS (SELECT FROM unnest(served) AS s WHERE s.quality_ratio IS NULL)
		AND served IS NOT NULL;

	WITH part AS MATERIALIZED (
		SELECT p.*, coalesce(s.quality_ratio, 1) AS quality, p.model = ANY (frontier_names) AS frontier,
			why_not_served(p.priced, p.model = ANY (frontier_names), p.kind, p.data_class, served IS NOT NULL, s)
				AS reason
		FROM unnest(r.parts) AS p LEFT JOIN unnest(served) AS s ON s.name = p.model
	), total AS (
		SELECT max(patience) FILTER (WHERE patience = interval '24 hours') AS day, min(patience) AS least
		FROM part WHERE reason IS NULL
	), divided AS (
		SELECT p.*, coalesce(p.patience < coalesce(t.day, t.least), true) AS at_once
		FROM part AS p, total AS t
	), unserved AS (
		SELECT coalesce(reason, 'fees') AS reason, sum(CASE WHEN reason IS NULL THEN fee_requests ELSE requests END) AS
			requests, trim_scale(sum(CASE WHEN reason IS NULL THEN 0 ELSE tokens END)) AS tokens,
			trim_scale(sum(CASE WHEN reason IS NULL THEN fee_usd WHEN priced THEN usd END)) AS usd,
			array_agg(DISTINCT model) AS models
		FROM part WHERE reason IS NOT NULL OR fee_usd > 0 GROUP BY 1
	)
	SELECT sum(requests), coalesce(sum(requests) FILTER (WHERE NOT priced), 0), sum(tokens),
		coalesce(sum(tokens) FILTER (WHERE NOT priced), 0), trim_scale(sum(usd)),
		trim_scale(coalesce(sum(usd - fee_usd) FILTER (WHERE reason IS NULL), 0)),
		array_agg(DISTINCT model) FILTER (WHERE reason IS NULL), sum(batch_requests), trim_scale(sum(batch_usd)),
		trim_scale(sum(batch_saved_usd)),
		trim_scale(coalesce(sum(batch_saved_usd) FILTER (WHERE reason IS NOT NULL), 0)),
		trim_scale(round(coalesce(sum((1 - quality) * (usd - fee_usd)) FILTER (WHERE reason IS NULL), 0), 15)),
		trim_scale(coalesce(sum(usd) FILTER (WHERE frontier), 0)),
		(SELECT coalesce(day, least) FROM total),
		(SELECT jsonb_agg(jsonb_build_object('reason', u.reason, 'requests', u.requests, 'tokens', u.tokens, 'usd',
			u.usd, 'models', u.models) ORDER BY u.usd DESC NULLS LAST, u.reason) FROM unserved AS u),
		merge(accepted(demand, quality)) FILTER (WHERE reason IS NULL AND at_once),
		merge(accepted(demand, quality)) FILTER (WHERE reason IS NULL AND NOT at_once)
	INTO w.requests, w.unpriced_requests, w.tokens, w.unpriced_tokens, w.usd, w.served_usd, w.served_models,
		w.batch_requests, w.batch_usd, w.batch_saved_usd, w.unserved_batch_saved_usd, w.accepted_rest_usd,
		w.frontier_usd, w.waits, w.not_considered, w.demand, w.waiting
	FROM divided;

	IF r.last_at - r.first_at > interval '180 days' THEN
		SELECT trim_scale(coalesce(sum(usd) FILTER (WHERE seen > r.last_at - interval '90 days'), 0)),
			array_agg(model ORDER BY usd DESC, model COLLATE "C")
				FILTER (WHERE seen > r.last_at - interval '90 days' AND usd > 0)
		INTO w.recent_model_usd, w.recent_models
		FROM (SELECT p.model, sum(p.usd) AS usd, min(p.first_at) AS seen FROM unnest(r.parts) AS p GROUP BY 1) AS m;
	END IF;
	w.routed_demand := w.demand;
	RETURN w;
END $$;

COMMENT ON FUNCTION workload_of(log_reading, text, text[]) IS
'What workload() says without a policy, of a log that was read. Errors: IA002 an unknown frontier model, IA003 an '
'ambiguous one.';

-- What a policy makes of it.  Of each tier and bucket the cheaper is taken: what the policy
-- says, or the model that it relieves; the classifier is paid for all.
CREATE FUNCTION inferacct_internal.routed(w workload, r log_reading, policy text, baseline_model text, deployment text,
	frontier_models text[]) RETURNS workload
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	baseline	text[];
	spared		numeric;
	detail		text;
	hint		text;
BEGIN
	baseline_model := coalesce(baseline_model, routing_definition(policy) -> 'tiers' -> -1 ->> 'model');
	PERFORM check_policy_models(policy, baseline_model, coalesce(r.priced_at, r.last_at));
	w.routing_deployments := routing_deployments(policy);
	PERFORM check_own_tiers(policy, w.routing_deployments, deployment);
	baseline := names_of_model(r.models, baseline_model, coalesce(r.priced_at, r.last_at));
	EXECUTE format($query$
		WITH request AS (
			SELECT l.*, coalesce(s.quality_ratio, 1) * (l.usd - l.fee_usd) AS accepted_usd,
				why_not_served(l.usd IS NOT NULL, l.model = ANY ($4), l.kind, l.data_class, $5 IS NOT NULL, s) IS NULL
					AS served,
				l.model = ANY ($6) AND NOT coalesce(route($7, l.score) = ANY ($9), false) AS routed
			FROM (%s) AS l LEFT JOIN unnest($5::served_model[]) AS s ON s.name = l.model
			WHERE l.batch_usd IS NULL AND coalesce(l.tolerates < $10, true)
		), part AS MATERIALIZED (
			SELECT served, bucket, tier, grouping(bucket) = 1 AS whole,
				route_savings($7, score, $8, usage, priced_at, service_tier, region) FILTER (WHERE routed) AS r,
				demand(at, usage, round(accepted_usd, 15), $11) FILTER (WHERE served AND NOT routed) AS rest,
				sum(usage) FILTER (WHERE routed) AS usage, sum(accepted_usd) FILTER (WHERE routed) AS usd
			FROM (SELECT *, date_bin($11, at, timestamptz '2000-01-03 00:00Z') AS bucket,
				CASE WHEN routed AND $12 THEN route($7, score) END AS tier FROM request) AS l
			GROUP BY GROUPING SETS ((served, bucket, tier), ())
		), chosen AS (
			SELECT *, greatest(0, (r).baseline_usd - (r).routed_usd) - (r).classifier_usd AS saved_usd
			FROM part WHERE NOT whole AND (r).requests > 0
		)
		SELECT (SELECT r FROM part WHERE whole), (SELECT sum(saved_usd) FROM chosen),
			(SELECT exact_quotient(coalesce(sum((r).baseline_usd) FILTER (WHERE (r).routed_usd < (r).baseline_usd), 0),
				sum((r).baseline_usd)) FROM chosen WHERE (r).routed_usd <> (r).baseline_usd),
			(SELECT merge(d) FROM (
				SELECT rest FROM part WHERE whole
				UNION ALL
				-- A request that a tier has no price for is paid as it is.
				SELECT demand(bucket, usage, greatest(round(usd - saved_usd, 15), 0), $11) FROM chosen WHERE served) AS
					v (d))
	$query$, priced_log_query(r.log))
	INTO w.routing, spared, w.routing_taken_share, w.routed_demand
	USING r.since, r.until, r.priced_at,
		names_of_models(r.models, frontier_models, coalesce(r.priced_at, r.last_at)),
		served_models(deployment, r.models, coalesce(r.priced_at, r.last_at)), baseline, policy, baseline_model,
		w.routing_deployments, coalesce(w.waits, interval '100 years'), r.width,
		routing_definition(policy) ->> 'kind' = 'score';
	-- What a deployment serves is paid by its replicas, which are not the policy's to pay.
	IF (w.routing).requests IS NOT NULL THEN
		w.routing.usd_per_accepted_answer := exact_quotient((w.routing).usd_per_accepted_answer
			* ((w.routing).routed_usd + (w.routing).classifier_usd), nullif((w.routing).routed_usd
			+ (w.routing).classifier_usd + (w.routing).deployment_usd, 0));
		w.routing.deployment_usd := 0;
		w.routing.saved_usd := coalesce(spared, 0);
		w.routing.saved_share := exact_quotient((w.routing).saved_usd, nullif((w.routing).baseline_usd, 0));
	END IF;
	IF coalesce((w.routing).saved_usd, 0) = 0 THEN
		w.routed_demand := w.demand;
	END IF;
	RETURN w;
EXCEPTION WHEN OTHERS THEN
	IF NOT is_missing_fact(SQLSTATE) THEN
		RAISE;
	END IF;
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	w.routing_problem := missing_fact(SQLSTATE, SQLERRM, detail, hint);
	w.routing := NULL;
	w.routed_demand := w.demand;
	RETURN w;
END $$;

COMMENT ON FUNCTION routed(workload, log_reading, text, text, text, text[]) IS
'A workload with what a routing policy makes of it, for which the log is read once more. What is missing to judge the '
'policy is routing_problem, and no error. Errors: IA401 and IA402 the policy.';

CREATE FUNCTION inferacct_internal.workload_of(r log_reading, policy text, baseline_model text, deployment text,
	frontier_models text[]) RETURNS workload
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	w	workload := workload_of(r, deployment, frontier_models);
BEGIN
	IF policy IS NOT NULL AND r.first_at IS NOT NULL THEN
		w := routed(w, r, policy, baseline_model, deployment, frontier_models);
	END IF;
	RETURN w;
END $$;

COMMENT ON FUNCTION workload_of(log_reading, text, text, text, text[]) IS 'workload() of a log that was read.';

CREATE FUNCTION inferacct_internal.workload(log regclass, policy text DEFAULT NULL, baseline_model text DEFAULT NULL,
	frontier_models text[] DEFAULT '{}',
	since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity', deployment text DEFAULT NULL,
	at timestamptz DEFAULT now(), width interval DEFAULT '1 hour')
RETURNS workload
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	RETURN workload_of(read_log(log, since, until, at, width), policy, baseline_model, deployment, frontier_models);
END $$;

COMMENT ON FUNCTION workload(regclass, text, text, text[], timestamptz, timestamptz, text, timestamptz, interval) IS
'Measures a log (usage_log, or a relation with its columns) in [since, until) for advise() and savings_plan(), in '
'buckets of `width` and at the prices of `at` (its hour of the day kept; NULL: each request''s own time): what could '
'be replaced by the deployment (see deployment_serves; no deployment: any) and what could not, with the reason; what '
'may go to batch prices (standard tier, tolerates 24 hours or more); what a routing policy makes of what was made to '
'baseline_model (NULL: the model of the policy''s last tier); and the demand by bucket. Requests without a price are '
'left out and counted, rows that rejected_usage names are left out. A model or deployment of the policy that is not '
'known, or not priced, is routing_problem, and no error. Errors: 22004 and 42703 the log, IA002 an unknown frontier '
'model, IA401 and IA402 the policy.';
