-- margin: what customers are charged by a price list of one's own, beside what they cost.
--
-- Invariants: both are exact, over the same requests of the rollup, at the prices in
-- force when each was made.  A margin of which a part is not known is not known.

CREATE FUNCTION inferacct_internal.usage_priced_by(dimension text, price_list text, since date, until date)
RETURNS TABLE (month date, value text, requests bigint, unpriced bigint, usd numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
SET inferacct.contract TO ''
AS $$
BEGIN
	PERFORM set_config('inferacct.contract', coalesce(price_list, ''), true);
	RETURN QUERY EXECUTE format($query$
		SELECT c.month, c.value, sum(c.requests)::bigint,
			coalesce(sum(c.requests) FILTER (WHERE c.usd IS NULL), 0)::bigint,
			pg_catalog.trim_scale(sum(c.usd))
		FROM (SELECT u.month, %s AS value, inferacct.meter(u.usage, 'requests') AS requests,
				inferacct_internal.rollup_cost(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input,
					u.aggregated, u.service_tier, u.region) AS usd
			FROM inferacct_internal.rollup_usage AS u
			WHERE u.month >= coalesce($1, '-infinity') AND u.month < coalesce($2, 'infinity')) AS c
		GROUP BY c.month, c.value
	$query$, dimension_column(dimension)) USING since, until;
END
$$;

COMMENT ON FUNCTION usage_priced_by(text, text, date, date) IS
'The rollup by month and a dimension under a contract (NULL: none), with how many requests have no price under it.';

CREATE FUNCTION margin(dimension text, price_list text DEFAULT NULL, markup numeric DEFAULT 1, since date DEFAULT NULL,
	until date DEFAULT NULL,
	OUT month date, OUT value text, OUT requests bigint, OUT charged_usd numeric, OUT cost_usd numeric,
	OUT margin_usd numeric, OUT margin_share numeric, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF dimension IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'the dimension is NULL',
			hint => 'Give the name of the one that has customers.');
	ELSIF markup IS NULL OR NOT (markup >= 0 AND markup <= 1000) THEN
		PERFORM inferacct_internal.fail('22023', format('a price cannot be %s times the price list', markup),
			hint => 'Give a factor of 0 to 1000: 1.3 is 30 % above it.');
	END IF;
	RETURN QUERY
	SELECT c.month, c.value, c.requests, m.charged, c.usd, trim_scale(m.margin),
		round(m.margin / nullif(m.charged, 0), 6),
		nullif(concat_ws('; ', CASE WHEN c.unpriced > 0
				THEN format('of %s requests the cost is not known: see unpriced_usage', c.unpriced) END,
			CASE WHEN p.unpriced > 0 THEN format('%s requests have no price in the price list', p.unpriced) END,
			tail_note(dimension, c.value, c.month, c.month)), '')
	FROM usage_priced_by(dimension, current_setting('inferacct.contract', true), since, until) AS c
	JOIN usage_priced_by(dimension, price_list, since, until) AS p
		ON p.month = c.month AND p.value IS NOT DISTINCT FROM c.value
	CROSS JOIN LATERAL (SELECT trim_scale(p.usd * markup) AS charged,
		CASE WHEN c.unpriced + p.unpriced = 0 THEN p.usd * markup - c.usd END AS margin) AS m
	ORDER BY c.month, m.margin DESC NULLS LAST, c.value;
END
$$;

COMMENT ON FUNCTION margin(text, text, numeric, date, date) IS
'What is earned by UTC month and value of a dimension (of spend_by(): customer, end user, key ...): charged_usd by a '
'price list of one''s own, a contract (set_contract_term(); what its terms do not name is charged at list price; NULL: '
'list prices) times markup; cost_usd under the session''s contract; margin_usd the first less the second, and '
'margin_share of what is charged, to six decimals. Exact, at the prices when each request was made. Where a part of '
'either is not known, so is the margin (NULL, and note says why). Without shared costs. '
'Errors: 22004, 22023 a bad markup, 42704 no such dimension, IA006 no such price list; others as rollup_cost().';
