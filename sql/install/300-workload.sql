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

CREATE TYPE workload AS (
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
-- score, routed, priced_at, usd, batch_usd, fee_usd, quality, reason, waits): batch_usd
-- where batch is possible and cheaper, routed where the policy would decide, fee_usd what
-- is not paid for tokens, reason why no deployment could replace it, NULL when one could.
CREATE FUNCTION inferacct_internal.workload_query(log regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN format($query$
	SELECT c.*, c.model = ANY ($3) AS routed, coalesce(s.quality_ratio, 1) AS quality,
		CASE WHEN c.usd IS NULL THEN 'unpriced'
			WHEN c.model = ANY ($4) THEN 'frontier'
			WHEN c.kind IN ('images', 'speech', 'pages', 'other') THEN c.kind
			WHEN $6 IS NULL THEN nullif(c.kind, 'text')
			WHEN s.name IS NULL THEN 'not served'
			WHEN NOT c.kind = ANY (s.kinds) THEN c.kind
			WHEN NOT coalesce(c.data_class = ANY (s.data_classes), s.data_classes IS NULL) THEN 'data class' END
			AS reason
	FROM (
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
					CASE WHEN $5::timestamptz IS NULL THEN at ELSE $5 + time_into(at, $5, 86400) END AS priced_at
				FROM %s WHERE at >= $1 AND at < $2 OFFSET 0
			) AS l
			-- rejected_usage names these.
			WHERE inferacct_internal.row_problem(l.at, l.usage) IS NULL OFFSET 0
		) AS p OFFSET 0
	) AS c LEFT JOIN unnest($6::served_model[]) AS s ON s.name = c.model
$query$, CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = log AND a.attname = 'tags'
	AND NOT a.attisdropped AND a.atttypid = 'jsonb'::regtype) THEN $$tags ->> 'data_class'$$ ELSE 'NULL::text' END,
		log);

COMMENT ON FUNCTION workload_query(regclass) IS
'The query by which workload() reads a log. Parameters: first and end of its time, the names of the baseline model, '
'of frontier models, the time of the prices (NULL: each request''s own), and what is served (NULL: all text).';

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

CREATE FUNCTION inferacct_internal.names_of_models(log regclass, models text[], at timestamptz) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'error'
AS $$
DECLARE
	logged	text[];
	found	text[] := '{}';
	name	text;
BEGIN
	EXECUTE format('SELECT array_agg(DISTINCT model) FROM %s', log) INTO logged;
	FOREACH name IN ARRAY coalesce(models, '{}') LOOP
		IF name = ANY (logged) AND NOT EXISTS (SELECT FROM current_price AS p
			WHERE name IN (p.model, p.provider || '/' || p.model)) THEN
			found := found || name;		-- the log's own name, of which nobody has a price
		ELSE
			found := found || names_of_model(log, name, at);
		END IF;
	END LOOP;
	RETURN found;
END $$;

COMMENT ON FUNCTION names_of_models(regclass, text[], timestamptz) IS
'The spellings in a log that mean one of the models at a time. Errors: IA002 a model that neither the log nor the '
'prices know, IA003 one that is ambiguous.';

-- Weeks are counted back from the last hour; one with hardly any load is none.
CREATE FUNCTION inferacct_internal.weeks_with_load(log regclass, since timestamptz, until timestamptz) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	weeks	numeric;
BEGIN
	EXECUTE format($query$
		WITH span AS (
			SELECT date_trunc('hour', max(at), 'UTC') + interval '1 hour' AS ends, date_trunc('hour', min(at), 'UTC')
				AS starts FROM %1$s WHERE at >= $1 AND at < $2
		), week AS (
			SELECT floor(extract(epoch FROM s.ends - l.at) / 604800.000001) AS n, count(*) AS rows,
				sum(input_tokens(l.usage)::numeric + output_tokens(l.usage) + 1) AS load
			FROM (SELECT at, usage FROM %1$s WHERE at >= $1 AND at < $2 OFFSET 0) AS l, span AS s
			WHERE inferacct_internal.row_problem(l.at, l.usage) IS NULL GROUP BY 1
		)
		SELECT count(*) FROM week, span WHERE (week.n + 1) * 604800 <= extract(epoch FROM span.ends - span.starts)
			AND week.load * 100 >= (SELECT max(load) FROM week) / 100
	$query$, log) INTO weeks USING since, until;
	RETURN weeks;
END $$;

COMMENT ON FUNCTION weeks_with_load(regclass, timestamptz, timestamptz) IS
'Whole weeks of a log that have load, counted back from its last hour; a week with less than a ten-thousandth of the '
'busiest one''s is none.';

CREATE FUNCTION workload(log regclass, policy text DEFAULT NULL, baseline_model text DEFAULT NULL,
	frontier_models text[] DEFAULT '{}',
	since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity', deployment text DEFAULT NULL,
	at timestamptz DEFAULT now(), width interval DEFAULT '1 hour')
RETURNS workload
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	w			workload;
	query		text;
	baseline	text[] := '{}';
	frontier	text[];
	served		served_model[];
	patience	interval;
	detail		text;
	hint		text;
BEGIN
	PERFORM check_log(log);
	since := coalesce(since, '-infinity');
	until := coalesce(until, 'infinity');
	EXECUTE format('SELECT min(at), max(at) FROM %s WHERE at >= $1 AND at < $2', log) INTO w.first_at, w.last_at
		USING since, until;
	w.priced_at := at;
	IF w.first_at IS NULL THEN
		w.requests := 0;
		w.usd := 0;
		RETURN w;
	END IF;
	query := workload_query(log);
	frontier := names_of_models(log, frontier_models, coalesce(at, w.last_at));
	EXECUTE format('SELECT served_models($1, (SELECT array_agg(DISTINCT model) FROM %s), $2)', log) INTO served
		USING deployment, coalesce(at, w.last_at);
	w.weeks := weeks_with_load(log, since, until);
	w.serves_stated := served IS NOT NULL;
	w.quality_known := NOT EXISTS (SELECT FROM unnest(served) AS s WHERE s.quality_ratio IS NULL)
		AND served IS NOT NULL;

	EXECUTE format($query$
		SELECT coalesce(sum(requests), 0), coalesce(sum(requests) FILTER (WHERE usd IS NULL), 0),
			coalesce(sum(tokens), 0), coalesce(sum(tokens) FILTER (WHERE usd IS NULL), 0),
			trim_scale(coalesce(sum(usd), 0)),
			trim_scale(coalesce(sum(usd - fee_usd) FILTER (WHERE reason IS NULL), 0)),
			array_agg(DISTINCT model) FILTER (WHERE reason IS NULL),
			coalesce(sum(requests) FILTER (WHERE batch_usd IS NOT NULL), 0),
			trim_scale(coalesce(sum(usd) FILTER (WHERE batch_usd IS NOT NULL), 0)),
			trim_scale(coalesce(sum(usd - batch_usd), 0)),
			trim_scale(coalesce(sum(usd - batch_usd) FILTER (WHERE reason IS NOT NULL), 0)),
			trim_scale(round(coalesce(sum((1 - quality) * (usd - fee_usd)) FILTER (WHERE reason IS NULL), 0), 15)),
			percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms),
			trim_scale(coalesce(sum(usd) FILTER (WHERE model = ANY ($4)), 0)),
			min(tolerates) FILTER (WHERE reason IS NULL AND tolerates >= interval '24 hours'),
			min(tolerates) FILTER (WHERE reason IS NULL AND tolerates >= 2 * $7)
		FROM (%s) AS l
	$query$, query)
	INTO w.requests, w.unpriced_requests, w.tokens, w.unpriced_tokens, w.usd, w.served_usd, w.served_models,
		w.batch_requests, w.batch_usd, w.batch_saved_usd, w.unserved_batch_saved_usd, w.accepted_rest_usd,
		w.p95_latency_ms, w.frontier_usd, w.waits, patience
	USING since, until, baseline, frontier, at, served, width;
	w.waits := CASE WHEN w.waits IS NOT NULL THEN interval '24 hours' ELSE patience END;

	EXECUTE format($query$
		SELECT jsonb_agg(jsonb_build_object('reason', reason, 'requests', requests, 'tokens', tokens, 'usd', usd,
			'models', models) ORDER BY usd DESC NULLS LAST, reason)
		FROM (
			SELECT coalesce(reason, 'fees') AS reason, sum(requests) AS requests,
				trim_scale(sum(CASE WHEN reason IS NULL THEN 0 ELSE tokens END)) AS tokens,
				trim_scale(sum(CASE WHEN reason IS NULL THEN fee_usd ELSE usd END)) AS usd,
				array_agg(DISTINCT model) AS models
			FROM (%s) AS l WHERE reason IS NOT NULL OR fee_usd > 0 GROUP BY 1
		) AS r
	$query$, query)
	INTO w.not_considered USING since, until, baseline, frontier, at, served;

	IF w.last_at - w.first_at > interval '180 days' THEN
		EXECUTE format(
			'SELECT trim_scale(coalesce(sum(usd) FILTER (WHERE seen > $7), 0)), array_agg(model ORDER BY usd DESC, '
			'model COLLATE "C") FILTER (WHERE seen > $7 AND usd > 0) '
			'FROM (SELECT model, sum(usd) AS usd, min(at) AS seen FROM (%s) AS l GROUP BY model) AS m', query)
		INTO w.recent_model_usd, w.recent_models USING since, until, baseline, frontier, at, served,
			w.last_at - interval '90 days';
	END IF;

	IF policy IS NOT NULL THEN
		BEGIN
			SELECT coalesce(baseline_model, routing_definition(policy) -> 'tiers' -> -1 ->> 'model')
				INTO baseline_model;
			PERFORM check_policy_models(policy, baseline_model, coalesce(at, w.last_at));
			w.routing_deployments := routing_deployments(policy);
			PERFORM check_own_tiers(policy, w.routing_deployments, deployment);
			baseline := names_of_model(log, baseline_model, coalesce(at, w.last_at));
			EXECUTE format(
				'SELECT route_savings($7, score, $8, usage, priced_at, service_tier, region) FROM (%s) AS l '
				'WHERE routed AND batch_usd IS NULL AND coalesce(tolerates < $9, true) '
				'AND NOT coalesce(route($7, score) = ANY ($10), false)', query)
			INTO w.routing USING since, until, baseline, frontier, at, served, policy, baseline_model,
				coalesce(w.waits, interval '100 years'), w.routing_deployments;
		EXCEPTION WHEN OTHERS THEN
			IF NOT is_missing_fact(SQLSTATE) THEN
				RAISE;
			END IF;
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			w.routing_problem := missing_fact(SQLSTATE, SQLERRM, detail, hint);
			w.routing := NULL;
			baseline := '{}';
		END;
		-- What a deployment serves is paid by its replicas, which are not the policy's to pay.
		IF (w.routing).requests IS NOT NULL THEN
			w.routing.usd_per_accepted_answer := exact_quotient((w.routing).usd_per_accepted_answer
				* ((w.routing).routed_usd + (w.routing).classifier_usd), nullif((w.routing).routed_usd
				+ (w.routing).classifier_usd + (w.routing).deployment_usd, 0));
			w.routing.deployment_usd := 0;
			w.routing.saved_usd := (w.routing).baseline_usd - (w.routing).routed_usd - (w.routing).classifier_usd;
			w.routing.saved_share := exact_quotient((w.routing).saved_usd, nullif((w.routing).baseline_usd, 0));
		END IF;
	END IF;

	EXECUTE format(
		'SELECT demand(at, usage, round(quality * (usd - fee_usd), 15), $7) FILTER (WHERE coalesce(tolerates < $8, '
			'true)), '
		'demand(at, usage, round(quality * (coalesce(batch_usd, usd) - fee_usd), 15), $7) FILTER (WHERE tolerates >= '
			'$8) '
		'FROM (%1$s) AS l WHERE reason IS NULL', query)
	INTO w.demand, w.waiting USING since, until, baseline, frontier, at, served, width,
		coalesce(w.waits, interval '100 years');
	IF coalesce((w.routing).saved_usd, 0) = 0 THEN
		w.routed_demand := w.demand;
		RETURN w;
	END IF;
	-- A request that a tier has no price for is paid as it is.
	EXECUTE format(
		'SELECT demand(bucket, usage, greatest(usd, 0), $7) FROM ('
		'SELECT at AS bucket, usage, round(quality * (usd - fee_usd), 15) AS usd FROM (%1$s) AS l '
		'WHERE reason IS NULL AND coalesce(tolerates < $8, true) '
		'AND NOT (routed AND NOT coalesce(route($9, score) = ANY ($11), false)) '
		'UNION ALL SELECT bucket, usage, usd - (r).baseline_usd + (r).routed_usd + (r).classifier_usd FROM ('
		'SELECT date_bin($7, at, timestamptz ''2000-01-03 00:00Z'') AS bucket, sum(usage) AS usage, '
		'round(sum(quality * (usd - fee_usd)), 15) AS usd, '
		'route_savings($9, score, $10, usage, priced_at, service_tier, region) AS r FROM (%1$s) AS l '
		'WHERE reason IS NULL AND coalesce(tolerates < $8, true) '
		'AND routed AND NOT coalesce(route($9, score) = ANY ($11), false) '
		'GROUP BY 1) AS routed_buckets) AS buckets', query)
	INTO w.routed_demand USING since, until, baseline, frontier, at, served, width,
		coalesce(w.waits, interval '100 years'), policy, baseline_model, w.routing_deployments;
	RETURN w;
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
