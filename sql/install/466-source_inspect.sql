-- source_inspect: what an attached source holds.
--
-- Invariant: a look at a source changes nothing and keeps nobody from attaching it.

-- Why one row of a log has no price: as rollup_problem().
CREATE FUNCTION inferacct_internal.usage_problem(model text, usage usage, at timestamptz, service_tier text,
	region text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
RETURN rollup_problem(model, usage, at, at, input_tokens(usage), input_tokens(usage), meter(usage, 'requests') > 1,
	service_tier, region);

COMMENT ON FUNCTION usage_problem(text, usage, timestamptz, text, text) IS
'Why a request has no price; NULL when it has one.';

CREATE FUNCTION inferacct_internal.sampled_rows(source usage_source, sample bigint)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
RETURN format('(SELECT *%s FROM %s LIMIT %s)',
	CASE WHEN source.definition ->> 'repeats' IN ('first', 'last') AND NOT source.definition ? 'ranked'
	THEN ', ctid, tableoid' ELSE '' END,
	source.relation, greatest(coalesce(sample, 10000), 0));

COMMENT ON FUNCTION sampled_rows(usage_source, bigint) IS
'What stands behind FROM for some rows of a source''s relation.';

-- The rows alone: what looks for them in other sources may read these whole.
CREATE FUNCTION inferacct_internal.inspect_rows(source text, sample bigint)
RETURNS TABLE (fact text, item text, requests numeric, tokens numeric, usd numeric, provider_usd numeric, share numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	s usage_source;
	sampled text;
	left_out bigint;
	all_rows bigint;
BEGIN
	SELECT u.* INTO s FROM usage_source AS u WHERE u.name = inspect_rows.source;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('no source "%s" is attached', source), NULL,
			'SELECT name, relation FROM usage_source shows what is.');
	END IF;
	sampled := sampled_rows(s, sample);
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE %s) %s',
		coalesce(source_format('NOT coalesce(%s, false)', s.definition ->> 'where'), 'false'),
		source_from(sampled, s.columns, (s.definition - 'where' - 'repeats') || '{"every_time": true}'))
			INTO all_rows, left_out;

	RETURN QUERY EXECUTE format($query$
		WITH row_of AS MATERIALIZED (%1$s),
		counted AS MATERIALIZED (
			SELECT u.at, tokens_of(u.usage)::numeric AS tokens, meter(u.usage, 'requests')::numeric AS requests,
				u.provider_usd,
				token_cost(u.model, u.usage, u.at, u.service_tier, u.region) AS usd,
				usage_problem(u.model, u.usage, u.at, u.service_tier, u.region) AS problem
			FROM row_of AS u WHERE u.usage IS NOT NULL
		), refused AS MATERIALIZED (%2$s)
		SELECT 'rows', NULL, %3$s::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric
		UNION ALL SELECT 'left out', 'no call to a model, or not of the filter', %4$s, NULL, NULL, NULL,
			round(%4$s::numeric / nullif(%3$s, 0), 6)
		UNION ALL SELECT 'repeats', NULL, %3$s - %4$s - (SELECT count(*) FROM row_of), NULL, NULL, NULL, NULL
		UNION ALL SELECT 'recognised', NULL, count(*), sum(c.tokens), sum(c.usd), sum(c.provider_usd),
			round(count(*)::numeric / nullif(%3$s, 0), 6) FROM counted AS c
		UNION ALL SELECT 'priced', NULL, count(*), coalesce(sum(c.tokens), 0), sum(c.usd), sum(c.provider_usd),
			round(coalesce(sum(c.tokens), 0) / nullif((SELECT sum(tokens) FROM counted), 0), 6) FROM counted AS c
			WHERE c.usd IS NOT NULL
		UNION ALL (SELECT 'rejected', r.reason, count(*), NULL, NULL, NULL,
			round(count(*)::numeric / nullif(%3$s, 0), 6) FROM refused AS r GROUP BY r.reason
			ORDER BY count(*) DESC, r.reason)
		UNION ALL (SELECT 'unpriced', c.problem, count(*), sum(c.tokens), NULL, sum(c.provider_usd), NULL
			FROM counted AS c WHERE c.usd IS NULL GROUP BY c.problem ORDER BY count(*) DESC, c.problem)
		UNION ALL (SELECT 'day', (c.at AT TIME ZONE 'UTC')::date::text, sum(c.requests), sum(c.tokens), sum(c.usd),
			sum(c.provider_usd), NULL FROM counted AS c GROUP BY 2 ORDER BY 2)
		$query$, source_select(s.name, sampled, s.columns, s.definition),
		source_rejected(s.name, sampled, s.columns, s.definition), all_rows, left_out);
END
$$;

COMMENT ON FUNCTION inspect_rows(text, bigint) IS 'inspect_usage() without the overlap with other sources.';

CREATE FUNCTION inspect_usage(source text, sample bigint DEFAULT 10000)
RETURNS TABLE (fact text, item text, requests numeric, tokens numeric, usd numeric, provider_usd numeric, share numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s usage_source;
	other text;
BEGIN
	RETURN QUERY SELECT * FROM inspect_rows(source, sample);
	SELECT u.* INTO s FROM usage_source AS u WHERE u.name = inspect_usage.source;
	FOR other IN SELECT 'usage_log' UNION ALL SELECT u.name FROM usage_source AS u
		JOIN source_relation AS l USING (name) WHERE u.name <> source AND l.problem IS NULL LOOP
		RETURN QUERY EXECUTE format($query$
			SELECT 'overlap', %3$L::text, count(*)::numeric, sum(tokens_of(u.usage)), NULL::numeric, NULL::numeric,
				NULL::numeric
			FROM (%1$s) AS u
			WHERE u.usage IS NOT NULL AND EXISTS (SELECT FROM %2$s AS o WHERE o.request_id = u.request_id
				AND o.usage IS NOT NULL)
			HAVING count(*) > 0
			$query$, source_select(s.name, sampled_rows(s, sample), s.columns, s.definition),
			CASE other WHEN 'usage_log' THEN 'inferacct.usage_log' ELSE source_view(other) END, other);
	END LOOP;
END
$$;

COMMENT ON FUNCTION inspect_usage(text, bigint) IS
'What an attached source holds, by a sample of so many rows of its relation: rows, left out (no calls), repeats, '
'recognised, priced, rejected and unpriced by reason, per day, and overlap: requests that another source has by the '
'same request_id. tokens, usd (as computed), provider_usd (as told) are sums; '
'share is of the rows, for priced of the tokens. Pages count by their results. Error: 42704 no such source.';

-- A summary after attaching.  It must not keep anybody from attaching.
CREATE FUNCTION inferacct_internal.tell_source(source text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	told record;
BEGIN
	SELECT sum(i.requests) FILTER (WHERE i.fact = 'rows') AS all_rows,
		sum(i.requests) FILTER (WHERE i.fact = 'recognised') AS recognised,
		coalesce(sum(i.requests) FILTER (WHERE i.fact = 'rejected'), 0) AS rejected,
		sum(i.requests) FILTER (WHERE i.fact = 'left out') AS left_out,
		min(i.item) FILTER (WHERE i.fact = 'rejected') AS reason,
		max(i.share) FILTER (WHERE i.fact = 'priced') AS priced
	INTO told FROM inspect_rows(source, 1000) AS i;
	RAISE NOTICE USING
		MESSAGE = format('source "%s": of %s rows looked at, %s count, %s are rejected, %s are left out', source,
			told.all_rows, told.recognised, told.rejected, told.left_out),
		DETAIL = concat_ws(' ', format('%s %% of the tokens have a price.', trim_scale(round(told.priced * 100, 1))),
			'Rejected, for one: ' || rtrim(told.reason, '.') || '.'),
		HINT = format('SELECT * FROM inspect_usage(%L) tells more.', source);
	IF told.all_rows > 0 AND told.recognised = 0 THEN
		RAISE WARNING USING
			MESSAGE = format('no row of source "%s" that was looked at counts', source),
			HINT = 'Is it another tool''s log? SELECT * FROM inspect_usage(...) and rejected_usage tell why.';
	END IF;
EXCEPTION WHEN OTHERS THEN
	RAISE WARNING USING
		MESSAGE = format('source "%s" is attached, but a sample of it cannot be read: %s', source, SQLERRM);
END
$$;

COMMENT ON FUNCTION tell_source(text) IS 'Tells, by NOTICE, what a source holds; whatever goes wrong is a WARNING.';
