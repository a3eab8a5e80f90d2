-- reconcile: what the provider bills against what the log says it should.
--
-- Invariant: of every line, and so of their sum, invoice - computed = volume +
-- price + mix + unpriced + missing, exactly.  The effects are taken in this
-- order and rounded to 1e-15 USD; mix is what remains, and so takes the rounding.
--
--   volume    more or fewer units in all, at the average computed price
--   price     the billed units at another price than the computed one
--   mix       other shares of models and meters among the units
--   unpriced  billed for usage that is logged, but has no price here
--   missing   billed, but not logged (> 0), or logged, but not billed (< 0)

CREATE FUNCTION inferacct_internal.bare_model(model text, at timestamptz)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$ SELECT coalesce((SELECT r.model FROM resolve_model($1, $2) AS r), regexp_replace($1, '^[^/]*/', '')) $$;

COMMENT ON FUNCTION bare_model(text, timestamptz) IS
'The model that a name means at a time, without its provider, or the name without what stands before its slash when '
'it is unknown. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.serves(provider text, label text, model text, at timestamptz)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT resolved_provider($1, $3, $4) = resolved_provider($2, $3, $4) $$;

COMMENT ON FUNCTION serves(text, text, text, timestamptz) IS
'Whether usage labelled so (provider of the log, or NULL) of a model is billed by provider, by whatever spelling of '
'it. NULL when nobody knows.';

-- Lines of an invoice as rows; an error when they cannot be read.
CREATE FUNCTION inferacct_internal.invoice_lines(invoice jsonb, OUT model text, OUT meter text, OUT quantity numeric,
	OUT usd numeric)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	line jsonb;
BEGIN
	IF jsonb_typeof(invoice) IS DISTINCT FROM 'array' THEN
		PERFORM inferacct_internal.fail('22023', 'the lines of an invoice are not an array',
			hint =>
				'Give [{"model": ..., "meter": ..., "quantity": ..., "usd": ...}, ...]; '
				'meter and quantity may be left out.');
	END IF;
	FOR line IN SELECT jsonb_array_elements(invoice) LOOP
		IF jsonb_typeof(line) IS DISTINCT FROM 'object' OR line ->> 'model' IS NULL OR line ->> 'usd' IS NULL
			OR (line ->> 'usd') !~ '^-?[0-9]+(\.[0-9]+)?$' OR (line ->> 'quantity') !~ '^[0-9]+(\.[0-9]+)?$' THEN
			PERFORM inferacct_internal.fail('22023', 'a line of an invoice cannot be read',
				format('It is %s.', line),
				'A line needs a "model" and "usd", a plain decimal number; "quantity" is units, not millions, and '
				'not below zero.');
		END IF;
		model := line ->> 'model';
		meter := line ->> 'meter';
		quantity := (line ->> 'quantity')::numeric;
		usd := (line ->> 'usd')::numeric;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION invoice_lines(jsonb) IS
'Rows of [{"model", "meter"?, "quantity"?, "usd"}, ...]. Error: 22023 not understood.';

CREATE FUNCTION reconcile_lines(provider text, month date, invoice jsonb,
	OUT model text, OUT meter text, OUT logged_quantity numeric, OUT unpriced_quantity numeric,
	OUT billed_quantity numeric,
	OUT computed_usd numeric, OUT invoice_usd numeric, OUT variance_usd numeric,
	OUT volume_usd numeric, OUT price_usd numeric, OUT mix_usd numeric, OUT unpriced_usd numeric,
	OUT missing_usd numeric)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	WITH names AS MATERIALIZED (
		SELECT n.provider, n.model, bare_model(n.model, n.at) AS name
		FROM (SELECT u.provider, u.model, min(u.first_at) AS at FROM monthly_usage AS u
			WHERE u.month = checked_month($2) GROUP BY u.provider, u.model) AS n
		WHERE serves($1, n.provider, n.model, n.at)
	), served AS MATERIALIZED (
		SELECT u.*, n.name,
			rollup_problem(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
				u.service_tier, u.region) IS NULL AS priced
		FROM monthly_usage AS u JOIN names AS n ON n.model = u.model AND n.provider IS NOT DISTINCT FROM u.provider
		WHERE u.month = checked_month($2)
	), billed_lines AS MATERIALIZED (
		SELECT bare_model(l.model, begin_of(checked_month($2))) AS name, l.meter, l.quantity, l.usd
			FROM invoice_lines($3) AS l
	), whole AS (		-- models that are billed in one line
		SELECT DISTINCT name FROM billed_lines WHERE meter IS NULL
	), logged AS (
		SELECT s.name, CASE WHEN s.name NOT IN (SELECT name FROM whole) THEN d.meter END AS meter,
			sum(d.quantity) FILTER (WHERE d.usd IS NOT NULL AND (s.name NOT IN (SELECT name FROM whole) OR d.is_token))
				AS quantity,
			sum(d.quantity) FILTER (WHERE d.usd IS NULL AND (s.name NOT IN (SELECT name FROM whole) OR d.is_token))
				AS unpriced,
			sum(d.usd) AS usd, bool_or(d.is_token) AS is_token
		FROM served AS s CROSS JOIN LATERAL (
			SELECT m.meter, m.quantity::numeric, tokens_of(jsonb_build_object(m.meter, 1)::usage) = 1 AS is_token, p.usd
			FROM meters(s.usage) AS m LEFT JOIN (SELECT * FROM rollup_cost_detail(
				s.model, s.usage, s.first_at, s.last_at, s.min_input, s.max_input, s.aggregated, s.service_tier,
				s.region) WHERE s.priced) AS p ON p.meter = m.meter
			WHERE m.meter <> 'requests' OR p.usd IS NOT NULL) AS d
		GROUP BY 1, 2
	), billed AS (
		SELECT name, CASE WHEN name NOT IN (SELECT name FROM whole) THEN meter END AS meter,
			CASE WHEN bool_and(quantity IS NOT NULL) THEN sum(quantity) END AS quantity, sum(usd) AS usd
		FROM billed_lines GROUP BY 1, 2
	), met AS (
		SELECT coalesce(l.name, b.name) AS name, coalesce(l.meter, b.meter) AS meter,
			coalesce(l.quantity, 0) AS q0, coalesce(l.unpriced, 0) AS u0, b.quantity AS q1, coalesce(l.usd, 0) AS c0,
			b.usd AS c1,
			coalesce(l.is_token, true) AS is_token
		FROM logged AS l FULL JOIN billed AS b ON b.name = l.name AND coalesce(b.meter, '') = coalesce(l.meter, '')
	), shared AS (		-- what is billed for unpriced usage, and for the rest: q and c
		SELECT *, CASE WHEN c1 IS NULL OR u0 = 0 THEN 0 WHEN q0 = 0 THEN c1 ELSE round(c1 * u0 / (q0 + u0), 15) END
			AS unpriced,
			CASE WHEN q0 > 0 THEN q1 * q0 / (q0 + u0) END AS q,
			c1 IS NOT NULL AND q0 > 0 AS matched
		FROM met
	), totals AS (
		SELECT *, CASE WHEN matched THEN c1 - unpriced END AS c,
			CASE WHEN is_token THEN sum(q0) FILTER (WHERE matched AND is_token AND q1 IS NOT NULL) OVER ()
				ELSE q0 END AS all_logged,
			CASE WHEN is_token THEN sum(q) FILTER (WHERE matched AND is_token AND q1 IS NOT NULL) OVER ()
				ELSE q END AS all_billed
		FROM shared
	), effects AS (
		SELECT *, CASE WHEN matched AND q1 IS NOT NULL THEN round(c0 * (all_billed - all_logged) / all_logged, 15)
			ELSE 0 END AS volume,
			CASE WHEN NOT matched THEN 0 WHEN q1 IS NULL THEN c - c0 ELSE round(c - c0 * q / q0, 15) END AS price,
			CASE WHEN matched OR u0 > 0 AND c1 IS NOT NULL THEN 0 ELSE coalesce(c1, 0) - c0 END AS missing
		FROM totals
	)
	SELECT name, meter, q0, u0, q1, trim_scale(c0), trim_scale(c1), trim_scale(coalesce(c1, 0) - c0),
		trim_scale(volume), trim_scale(price),
		trim_scale(CASE WHEN matched THEN c - c0 - volume - price ELSE 0 END), trim_scale(unpriced), trim_scale(missing)
	FROM effects
	ORDER BY abs(coalesce(c1, 0) - c0) DESC, name, meter
$$;

COMMENT ON FUNCTION reconcile_lines(text, date, jsonb) IS
'A provider''s invoice for a UTC month against the log, by model and meter, the largest variance first. '
'invoice: [{"model", "meter"?, "quantity"?, "usd"}, ...], quantity in units, such as tokens; '
'a model that has a line without meter is compared as a whole, by tokens; '
'without quantity all of its variance is price. variance = invoice - computed = volume + price + mix + unpriced + '
'missing, exactly, line by line. A NULL invoice_usd is usage that was not billed. '
'Prices as of inferacct.as_of, under inferacct.contract. Errors: 22023 lines that cannot be read, 22004, 22008.';

CREATE TYPE reconciliation AS (
	computed_usd numeric, invoice_usd numeric, variance_usd numeric,
	volume_usd numeric, price_usd numeric, mix_usd numeric, unpriced_usd numeric, missing_usd numeric
);

COMMENT ON TYPE reconciliation IS
'What was computed and what was billed, in USD; variance = invoice - computed = volume + price + mix + unpriced + '
'missing.';

CREATE FUNCTION reconcile(provider text, month date, invoice jsonb)
RETURNS reconciliation
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT trim_scale(coalesce(sum(computed_usd), 0)), trim_scale(coalesce(sum(invoice_usd), 0)),
		trim_scale(coalesce(sum(variance_usd), 0)),
		trim_scale(coalesce(sum(volume_usd), 0)), trim_scale(coalesce(sum(price_usd), 0)),
		trim_scale(coalesce(sum(mix_usd), 0)),
		trim_scale(coalesce(sum(unpriced_usd), 0)), trim_scale(coalesce(sum(missing_usd), 0))
	FROM reconcile_lines($1, $2, $3)
$$;

COMMENT ON FUNCTION reconcile(text, date, jsonb) IS 'Sums of reconcile_lines() of the same arguments.';

CREATE FUNCTION reconcile(provider text, month date, invoice numeric)
RETURNS reconciliation
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	WITH names AS MATERIALIZED (
		SELECT n.provider, n.model
		FROM (SELECT u.provider, u.model, min(u.first_at) AS at FROM monthly_usage AS u
			WHERE u.month = checked_month($2) GROUP BY u.provider, u.model) AS n
		WHERE serves($1, n.provider, n.model, n.at)
	), priced AS MATERIALIZED (
		SELECT u.provider_usd, u.reported = u.rows AS is_reported,
			CASE WHEN rollup_problem(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
				u.service_tier, u.region) IS NULL
				THEN rollup_cost(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
					u.service_tier, u.region) END AS usd
		FROM monthly_usage AS u JOIN names AS n ON n.model = u.model AND n.provider IS NOT DISTINCT FROM u.provider
		WHERE u.month = checked_month($2)
	), sums AS (
		SELECT coalesce(sum(usd), 0) AS computed,
			coalesce(sum(provider_usd - usd) FILTER (WHERE is_reported), 0) AS price,
			coalesce(sum(provider_usd) FILTER (WHERE usd IS NULL), 0) AS unpriced
		FROM priced
	)
	SELECT trim_scale(computed), trim_scale($3), trim_scale($3 - computed), 0, trim_scale(price), 0,
		trim_scale(unpriced), trim_scale($3 - computed - price - unpriced)
	FROM sums WHERE $3 IS NOT NULL
$$;

COMMENT ON FUNCTION reconcile(text, date, numeric) IS
'A provider''s invoice for a UTC month of which only the total is known, in USD, against the log. '
'price: what the log''s provider_usd says beside the computed cost, unpriced: provider_usd of usage without a price, '
'missing: the rest; volume and mix need the lines of the invoice and are 0. The five add up to the variance exactly. '
'NULL invoice gives NULL. Errors: 22004, 22008.';

CREATE FUNCTION reconcile(provider text, month date, invoice text)
RETURNS reconciliation
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT CASE WHEN ltrim($3) LIKE '[%' THEN reconcile($1, $2, $3::jsonb) ELSE reconcile($1, $2, $3::numeric) END $$;

COMMENT ON FUNCTION reconcile(text, date, text) IS
'As reconcile(provider, month, invoice jsonb) when invoice begins with a bracket, else as reconcile(provider, month, '
'invoice numeric). Errors: 22P02 neither; others as these.';

-- ---------------------------------------------------------------------------
-- Costs as providers report them
-- ---------------------------------------------------------------------------

CREATE FUNCTION cost_lines(tool text, page jsonb, month date)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	from_at timestamptz := begin_of(date_trunc('month', month::timestamp)::date);
	until_at timestamptz := begin_of((date_trunc('month', month::timestamp) + interval '1 month')::date);
	lines jsonb;
	unread text;
BEGIN
	IF num_nulls(tool, page, month) > 0 THEN
		RETURN NULL;
	END IF;
	IF tool NOT IN ('openai', 'anthropic', 'focus') THEN
		PERFORM inferacct_internal.fail('22023', format('unknown report of costs "%s"', tool), NULL,
			'openai: pages of its costs API; anthropic: pages of its cost report; '
			'focus: an array of rows of a FOCUS file.');
	END IF;
	WITH read_ AS (
		SELECT coalesce(number_time(try_number(b.bucket ->> 'start_time'), 1), try_time(b.bucket ->> 'starting_at'))
			AS at, e.result,
			CASE tool WHEN 'openai' THEN CASE
				WHEN lower(e.result #>> '{amount,currency}') = 'usd' THEN try_number(e.result #>> '{amount,value}') END
				-- Anthropic states cents.
				ELSE CASE WHEN upper(coalesce(e.result ->> 'currency', 'USD')) = 'USD'
					THEN try_number(e.result ->> 'amount') / 100 END END AS usd,
			CASE tool WHEN 'openai' THEN coalesce(nullif(regexp_replace(e.result ->> 'line_item', ',.*$', ''), ''),
				'all')
				ELSE coalesce(e.result ->> 'model', e.result ->> 'cost_type', e.result ->> 'description', 'all') END
					AS model
		FROM elements(page) AS p CROSS JOIN LATERAL elements(p -> 'data') AS b(bucket)
			CROSS JOIN LATERAL elements(b.bucket -> 'results') AS e(result)
		WHERE tool <> 'focus'
	), all_of AS (
		-- A bucket that was fetched twice, or while it was filling, counts once.
		SELECT DISTINCT ON (at, result_key(result - 'amount')) * FROM read_ ORDER BY at, result_key(result - 'amount'),
			usd DESC NULLS FIRST
	), rows_of AS (
		SELECT * FROM all_of
		UNION ALL
		SELECT try_time(f ->> 'ChargePeriodStart'), f,
			CASE WHEN upper(coalesce(f ->> 'BillingCurrency', 'USD')) = 'USD' THEN try_number(f ->> 'BilledCost') END,
			coalesce(nullif(f ->> 'SkuMeter', ''), nullif(f ->> 'ResourceName', ''), nullif(f ->> 'ServiceName', ''),
				'all')
		FROM elements(page) AS f WHERE tool = 'focus'
	), checked AS (
		SELECT *, at IS NULL OR usd IS NULL AS is_bad FROM rows_of WHERE result IS NOT NULL
	), summed AS (
		SELECT c.model, sum(c.usd) AS usd FROM checked AS c WHERE c.at >= from_at AND c.at < until_at GROUP BY c.model
	)
	SELECT (SELECT min(c.result::text) FROM checked AS c WHERE c.is_bad),
		(SELECT coalesce(jsonb_agg(jsonb_build_object('model', s.model, 'usd', s.usd) ORDER BY s.model), '[]')
		FROM summed AS s)
	INTO unread, lines;
	IF unread IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023', 'a line of costs cannot be read', left(unread, 200),
			'Each needs a time and an amount in USD.');
	END IF;
	RETURN lines;
END
$$;

COMMENT ON FUNCTION cost_lines(text, jsonb, date) IS
'The invoice that reconcile() and reconcile_lines() take, of a UTC month, from what a provider reports of its costs. '
'tool: openai (pages of the costs API), anthropic (of the cost report, whose amounts are cents), focus (an array of '
'rows of a FOCUS file, as jsonb_agg(to_jsonb(r))). A line for each model or kind of cost; '
'a bucket that is there twice counts once. NULL gives NULL. Errors: 22023 an unknown tool, a line without a time or '
'an amount in USD.';
