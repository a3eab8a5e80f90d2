-- cache_report: what a prompt cache saved, by any one or two dimensions, from the rollup.
--
-- Invariant: usd and requests are those of spend_by(), and saved_usd,
-- write_premium_usd and net_usd are the sums over the requests.

CREATE FUNCTION inferacct_internal.rollup_cache_accum(cache_state, text, usage, timestamptz, timestamptz, bigint,
	bigint, boolean, text, text)
RETURNS cache_state
LANGUAGE c STABLE PARALLEL SAFE COST 15
AS 'MODULE_PATHNAME', 'rollup_cache_accum';

CREATE AGGREGATE inferacct_internal.rollup_cache_savings(model text, usage usage, first_at timestamptz,
	last_at timestamptz, min_input bigint, max_input bigint, aggregated boolean, service_tier text, region text) (
	SFUNC = rollup_cache_accum, STYPE = cache_state, SSPACE = 160, FINALFUNC = cache_final,
	COMBINEFUNC = cache_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE rollup_cache_savings(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'cache_savings() of the requests that rows of usage_hourly or of a month sum up. '
'NULLs as rollup_cost(); no row that has a price gives NULL. Errors as rollup_cost() and cache_savings().';

CREATE FUNCTION cache_savings_by(dimension text DEFAULT 'model', second_dimension text DEFAULT 'team',
	since date DEFAULT NULL, until date DEFAULT NULL,
	OUT month date, OUT value text, OUT second_value text, OUT requests bigint, OUT usd numeric,
	OUT saved_usd numeric, OUT write_premium_usd numeric, OUT net_usd numeric, OUT hit_rate numeric, OUT reuse numeric,
	OUT reuse_to_break_even numeric, OUT unread_usd numeric, OUT savings cache_savings_result)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF dimension IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'the dimension is NULL',
			hint => 'Give the name of one, such as team.');
	END IF;
	RETURN QUERY EXECUTE format($query$
		SELECT s.month, s.value, s.second_value, (s.savings).requests, (s.savings).usd, (s.savings).saved_usd,
			(s.savings).write_premium_usd, (s.savings).net_usd, (s.savings).hit_rate, (s.savings).reuse,
			(s.savings).reuse_to_break_even, (s.savings).unread_usd, s.savings
		FROM (SELECT u.month, %1$s AS value, %2$s AS second_value,
				inferacct_internal.rollup_cache_savings(u.model, u.usage, u.first_at, u.last_at, u.min_input,
					u.max_input, u.aggregated, u.service_tier, u.region) AS savings
			FROM inferacct_internal.rollup_usage AS u
			WHERE u.month >= coalesce($1, '-infinity') AND u.month < coalesce($2, 'infinity')
			GROUP BY 1, 2, 3) AS s
		ORDER BY s.month, (s.savings).net_usd DESC NULLS LAST, s.value, s.second_value
	$query$, dimension_column(dimension), dimension_column(second_dimension))
	USING since, until;
END
$$;

COMMENT ON FUNCTION cache_savings_by(text, text, date, date) IS
'What a prompt cache saved, by UTC month and one or two dimensions of spend_by() (NULL: only one), of the months that '
'begin in [since, until), NULL: all; best first. usd is what was paid; net_usd what caching saved of it, in exact '
'USD: saved_usd of reads less write_premium_usd; hit_rate, reuse and reuse_to_break_even as in '
'cache_savings_result; unread_usd what reading all of the prompt from a cache would save more; savings: the whole '
'result, for cache_savings_at(). All are NULL when inferacct.unpriced is null and no request has a price. '
'Errors: 42704 no such dimension, 22004 a NULL one; others as token_cost() and cache_savings().';
