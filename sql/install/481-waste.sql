-- waste: what was paid for and served nobody: failures, what was asked twice, answers that were cut off.
--
-- Invariants: a request is of one kind, the first that holds, so that kinds add up, and
-- each costs what it costs in every report.  Whether two requests are the same is not
-- known without the prompt: those are taken for it that one caller (key, user or session:
-- one that is stated) makes of one model with as many tokens in, and with the same
-- prompt_hash where the log states one.
-- What cannot be judged, as sums of requests, is a kind of its own.

CREATE FUNCTION inferacct_internal.is_cut_off(finish_reason text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN coalesce(lower(finish_reason)
	~ '(^|[^a-z_])(length|max_tokens|max_output_tokens|model_length|incomplete)($|[^a-z_])', false);

COMMENT ON FUNCTION is_cut_off(text) IS
'Whether a reason to stop, as providers and tools write it, says that an answer ended at its limit; of several any.';

CREATE FUNCTION waste(since timestamptz, until timestamptz, dimension text DEFAULT 'team',
	within interval DEFAULT '10 minutes',
	OUT value text, OUT kind text, OUT requests bigint, OUT unpriced_requests bigint, OUT usd numeric,
	OUT share numeric)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 50
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
BEGIN
	IF num_nulls(since, until, within) > 0 THEN
		PERFORM inferacct_internal.fail('22004', 'waste() needs a span of time, and within which time a request is the '
			'same again');
	ELSIF within < interval '0' OR within > interval '1 day' THEN
		PERFORM inferacct_internal.fail('22023', format('a request is not the same again within %s', within),
			hint => 'Give up to a day.');
	END IF;
	PERFORM check_span(since, until);
	RETURN QUERY EXECUTE format($query$
		WITH asked AS (
			SELECT u.at, u.value, u.status, u.finish_reason, inferacct.meter(u.usage, 'requests') AS requests,
				inferacct.token_cost(u.model, u.usage, u.at, u.service_tier, u.region) AS usd,
				lead(u.at) OVER (PARTITION BY u.same, inferacct.input_tokens(u.usage) ORDER BY u.at, u.request_id)
					AS next_at,
				lag(u.at) OVER (PARTITION BY u.same, inferacct.input_tokens(u.usage), u.status
					ORDER BY u.at, u.request_id) AS before_at,
				inferacct.input_tokens(u.usage) > 0 AND u.is_named OR u.has_hash AS is_told
			FROM (SELECT at, request_id, status, model, usage, service_tier, region, %s AS value,
					attributes ->> 'finish_reason' AS finish_reason,
					coalesce(attributes ? 'prompt_hash', false) AS has_hash,
					num_nonnulls(api_key, end_user, attributes ->> 'session') > 0 AS is_named,
					ROW(tenant, source, team, project, api_key, end_user, attributes ->> 'session', model,
						attributes ->> 'prompt_hash') AS same
				FROM inferacct.usage_all WHERE at >= $1 - $3 AND at < $2 + $3 OFFSET 0) AS u
			WHERE u.usage IS NOT NULL AND u.model IS NOT NULL
				AND inferacct_internal.row_problem(u.at, u.usage) IS NULL
		), judged AS (
			SELECT a.value, a.requests, a.usd, CASE
				WHEN a.status = 'failed' AND a.requests <= 1 AND a.is_told AND a.next_at <= a.at + $3 THEN 'retry'
				WHEN a.status = 'failed' THEN 'failed'
				WHEN a.requests > 1 THEN 'not judged'
				WHEN a.is_told AND a.before_at >= a.at - $3 THEN 'duplicate'
				WHEN inferacct_internal.is_cut_off(a.finish_reason) THEN 'truncated' END AS kind
			FROM asked AS a WHERE a.at >= $1 AND a.at < $2
		), sums AS (
			SELECT j.value, j.kind, sum(j.requests)::bigint AS requests,
				coalesce(sum(j.requests) FILTER (WHERE j.usd IS NULL), 0)::bigint AS unpriced,
				pg_catalog.trim_scale(sum(j.usd)) AS usd,
				sum(sum(j.usd)) OVER (PARTITION BY j.value) AS all_usd
			FROM judged AS j GROUP BY j.value, j.kind
		)
		SELECT s.value, s.kind, s.requests, s.unpriced, s.usd, pg_catalog.round(s.usd / nullif(s.all_usd, 0), 6)
		FROM sums AS s WHERE s.kind IS NOT NULL ORDER BY s.usd DESC NULLS LAST, s.value, s.kind
	$query$, row_dimension(dimension)) USING since, until, within;
END
$$;

COMMENT ON FUNCTION waste(timestamptz, timestamptz, text, interval) IS
'What the requests of [since, until) cost that served nobody, by a dimension (as in request_distribution(); '
'NULL: all together) and kind: retry (it failed, and the same was asked again within that time), failed (it was '
'not), duplicate (it was answered within that time before), truncated (attributes state a finish_reason such as '
'length or max_tokens); not judged: rows that sum up several requests. The same is: the same key, user or '
'session, of which one is stated, and model, as many tokens in, and the same prompt_hash where attributes state '
'one. usd exactly, NULL where none has a price; share of all USD of the value, to six decimals. Reads the log. '
'Errors: 22004 a NULL, 22008, 22023 more than a day, 42704 no such dimension, 54000.';
