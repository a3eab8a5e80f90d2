-- reconcile: what the provider bills against what the log says it should.
--
-- Invariant: of every line, and so of their sum, invoice - computed = volume + price
-- + unexplained + unpriced + missing + rounding + other, exactly, and each part is
-- what its name says:
--
--   volume       more or fewer units than logged, at the price that was computed: that
--                of the line, or the one price in force which alone explains the amount
--   price        the billed units at another price than the computed one
--   unexplained  of a line without quantity: whether units or price, it does not tell
--   unpriced     billed for usage that is logged, but has no price here
--   missing      billed, but not logged (> 0), and logged, but not billed (< 0)
--   rounding     less than the invoice's amounts can say
--   other        credits, taxes, refunds, fees; and commitments, less what they cost here
--
-- A line is compared as finely as the invoice has it: by model, and by meter, service
-- tier and day as far as all lines of the model say them.

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

-- Words of a name, split where letters and digits meet:
-- "USE1-Claude4Sonnet-input-tokens" and "claude-sonnet-4" share three.
CREATE FUNCTION inferacct_internal.name_words(name text)
RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 50
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(DISTINCT lower(w[1])), '{}')
	FROM regexp_matches(regexp_replace($1, '^[A-Z]{2,4}[0-9]-', ''), '[A-Z]*[a-z]+|[A-Z]+|[0-9]+', 'g') AS m(w)
$$;

COMMENT ON FUNCTION name_words(text) IS
'The words and numbers of a name, in lower case, without a region that stands before it. NULL gives NULL.';

-- What stands in texts of invoices beside the model.
CREATE FUNCTION inferacct_internal.beside_model()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN ARRAY['input', 'inp', 'output', 'outp', 'opt', 'completion', 'prompt', 'token', 'tokens', 'cache', 'cached',
	'cchd',
	'read', 'write', 'creation', 'usage', 'text', 'prediction', 'predictions', 'batch', 'standard', 'global', 'glbl',
		'regional',
	'regnl', 'datazone', 'dzone', 'inference', 'on', 'demand', 'cross', 'region', 'model', 'units', 'per', 'k', 'm',
		'for',
	'ephemeral', 'reasoning', 'thinking', 'response', 'requests', 'amazon', 'bedrock', 'edition', 'long', 'context',
	'ctx', 'count', 'geo', 'flex', 'priority', 'latency', 'optimized', 'million']::text[];

COMMENT ON FUNCTION beside_model() IS 'Words of the texts of invoices that belong to no model''s name.';

CREATE FUNCTION inferacct_internal.billed_model(label text, since timestamptz, until timestamptz, logged text[],
	OUT name text, OUT note text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	words CONSTANT text[] := name_words(label);
	alike text[];
BEGIN
	-- An alias may have begun amid the month: the meaning that is logged counts.
	name := bare_model(label, since);
	IF name = ANY (logged) THEN
		RETURN;
	END IF;
	name := bare_model(label, until - interval '1 microsecond');
	IF name = ANY (logged) THEN
		RETURN;
	END IF;
	-- A text: the logged model whose words it has, and no other word that could tell models apart.
	SELECT array_agg(l ORDER BY l) INTO alike FROM unnest(logged) AS l
	WHERE name_words(l) <@ words AND cardinality(name_words(l)) > 1
		AND NOT EXISTS (SELECT FROM unnest(words) AS w WHERE NOT w = ANY (name_words(l))
			AND NOT w = ANY (beside_model()));
	IF cardinality(alike) = 1 THEN
		note := format('"%s" is read as %s', label, alike[1]);
		name := alike[1];
	END IF;
END
$$;

COMMENT ON FUNCTION billed_model(text, timestamptz, timestamptz, text[]) IS
'The model that a label of an invoice means: what it resolves to, or the one logged model whose words it has; note '
'says '
'so then. Otherwise the name that it resolves to.';

CREATE FUNCTION inferacct_internal.billed_meter(label text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 50
RETURN CASE
	WHEN label = ANY (ARRAY['input', 'output', 'cache_read', 'cache_write', 'cache_write_1h', 'reasoning']) THEN label
	WHEN label ~* 'cach' AND label ~* 'creat|write' AND label ~* '1 ?h' THEN 'cache_write_1h'
	WHEN label ~* 'cach' AND label ~* 'creat|write' THEN 'cache_write'
	WHEN label ~* 'uncached' THEN 'input'
	WHEN label ~* 'cach|cchd' THEN 'cache_read'
	WHEN label ~* '^(input|prompt)$' OR label ~* '[ ,_-](input|inp|prompt)([ _-]|$)'
		OR label ~* '(input|prompt)[ _-]?tokens?' THEN 'input'
	WHEN label ~* '^(output|completion|response)$' OR label ~* '[ ,_-](output|outp|opt|completion)([ _-]|$)'
		OR label ~* '(output|completion|response)[ _-]?tokens?' THEN 'output'
	WHEN label ~* 'web.?search' THEN 'web_searches'
	ELSE label END;

COMMENT ON FUNCTION billed_meter(text) IS
'The meter that a word of an invoice means, of those of tokens and web searches; another word is left as it is. NULL '
'gives NULL.';

-- Lines of an invoice as rows; an error when they cannot be read.
CREATE FUNCTION inferacct_internal.invoice_lines(invoice jsonb, OUT place bigint, OUT kind text, OUT model text,
	OUT meter text, OUT service_tier text, OUT day date, OUT quantity numeric, OUT usd numeric, OUT amount numeric)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	line jsonb;
	number CONSTANT text := '^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?$';
BEGIN
	IF jsonb_typeof(invoice) IS DISTINCT FROM 'array' THEN
		PERFORM inferacct_internal.fail('22023', 'the lines of an invoice are not an array',
			hint =>
				'Give [{"model": ..., "meter": ..., "service_tier": ..., "day": ..., "quantity": ..., "usd": ...}, '
				'...]; '
				'all but model and usd may be left out.');
	END IF;
	place := 0;
	FOR line IN SELECT jsonb_array_elements(invoice) LOOP
		place := place + 1;
		quantity := CASE WHEN line ->> 'quantity' ~ number THEN (line ->> 'quantity')::numeric END;
		kind := coalesce(line ->> 'kind', CASE WHEN quantity < 0 THEN 'refund' ELSE 'usage' END);
		IF jsonb_typeof(line) IS DISTINCT FROM 'object'
			OR kind NOT IN ('usage', 'commitment', 'credit', 'tax', 'refund', 'rounding', 'fee')
			OR kind = 'usage' AND (line ->> 'model' IS NULL OR quantity < 0)
			OR coalesce(coalesce(line ->> 'usd', line ->> 'amount') !~ number, true)
			OR line ->> 'quantity' !~ number OR try_time(line ->> 'day') IS NULL AND line ->> 'day' IS NOT NULL THEN
			PERFORM inferacct_internal.fail('22023', 'a line of an invoice cannot be read',
				format('It is %s.', line),
				'A line of usage needs a "model", and each a plain decimal number as "usd" (or "amount", in the '
				'invoice''s '
				'currency); "quantity" is units, not millions; "kind" is usage, commitment, credit, tax, refund, '
				'rounding '
				'or fee.');
		END IF;
		model := line ->> 'model';
		meter := nullif(line ->> 'meter', '');
		service_tier := nullif(line ->> 'service_tier', '');
		day := left(line ->> 'day', 10)::date;
		usd := (line ->> 'usd')::numeric;
		amount := (line ->> 'amount')::numeric;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION invoice_lines(jsonb) IS
'Rows of [{"kind"?, "model", "meter"?, "service_tier"?, "day"?, "quantity"?, "usd" | "amount"}, ...]. '
'Error: 22023 not understood.';

CREATE FUNCTION inferacct_internal.usd_per(currency text, at timestamptz)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	rate numeric;
BEGIN
	IF upper(currency) = 'USD' THEN
		RETURN 1;
	END IF;
	SELECT f.usd_per_unit INTO rate FROM fx_rate AS f WHERE f.currency = upper(usd_per.currency) AND f.valid_from <= at
	ORDER BY f.valid_from DESC, f.version DESC LIMIT 1;
	IF rate IS NULL THEN
		PERFORM inferacct_internal.fail('IA007', format('no exchange rate of %s at %s', currency, at),
			hint => 'INSERT INTO fx_rate (valid_from, currency, usd_per_unit, source) VALUES (...).');
	END IF;
	RETURN rate;
END
$$;

COMMENT ON FUNCTION usd_per(text, timestamptz) IS
'USD per unit of a currency at a time; 1 of USD. Error IA007 when there is no rate.';

CREATE FUNCTION inferacct_internal.month_in_zone(month date, zone text, OUT since timestamptz, OUT until timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	since := checked_month(month)::timestamp AT TIME ZONE zone;
	until := next_month(checked_month(month))::timestamp AT TIME ZONE zone;
	IF since <> hour_of(since) OR until <> hour_of(until) THEN
		PERFORM inferacct_internal.fail('22023', format('months of %s do not begin at a full hour of UTC', zone),
			'The rollup has the usage by UTC hours.', 'Ask by UTC months, or by a zone with whole hours.');
	END IF;
END
$$;

COMMENT ON FUNCTION month_in_zone(date, text) IS
'The times at which a month begins and ends by the clocks of a zone. Errors: 22023 no such zone, or not at a full '
'hour.';

-- The rollup of what a provider bills: by the month where that is one of UTC, so that it may be compacted.
CREATE FUNCTION inferacct_internal.provider_usage(provider text, month date, zone text,
	by_hour boolean DEFAULT false)
RETURNS TABLE (name text, model text, usage usage, first_at timestamptz, last_at timestamptz, min_input bigint,
	max_input bigint, aggregated boolean, service_tier text, region text, provider_usd numeric, is_reported boolean,
	priced boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH span AS MATERIALIZED (
		SELECT m.since, m.until, NOT $4 AND m.since = begin_of(checked_month($2))
			AND m.until = begin_of(next_month(checked_month($2))) AS by_month FROM month_in_zone($2, $3) AS m
	), used AS MATERIALIZED (
		SELECT u.provider, u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
			u.service_tier,
			u.region, u.provider_usd, u.reported = u.rows AS is_reported
		FROM rollup_usage AS u WHERE u.month = checked_month($2) AND (SELECT s.by_month FROM span AS s)
		UNION ALL
		SELECT u.provider, u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
			u.service_tier,
			u.region, u.provider_usd, u.reported = u.rows
		FROM usage_hourly AS u WHERE u.hour >= (SELECT s.since FROM span AS s) AND u.hour < (SELECT s.until
			FROM span AS s)
			AND NOT (SELECT s.by_month FROM span AS s)
	), names AS MATERIALIZED (
		SELECT n.provider, n.model, bare_model(n.model, n.at) AS name
		FROM (SELECT u.provider, u.model, min(u.first_at) AS at FROM used AS u GROUP BY u.provider, u.model) AS n
		WHERE serves($1, n.provider, n.model, n.at)
	)
	SELECT n.name, u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier,
		u.region,
		u.provider_usd, u.is_reported,
		rollup_problem(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier,
			u.region) IS NULL
	FROM used AS u JOIN names AS n ON n.model = u.model AND n.provider IS NOT DISTINCT FROM u.provider
$$;

COMMENT ON FUNCTION provider_usage(text, date, text, boolean) IS
'The rows of the rollup that a provider bills for a month by the clocks of a zone, with the model that each means, and '
'whether it has a price; by_hour: for invoices that have days.';

-- What is logged, as finely as any invoice can have it.
CREATE FUNCTION inferacct_internal.logged_cells(provider text, month date, zone text, by_day boolean)
RETURNS TABLE (name text, meter text, service_tier text, day date, quantity numeric, unpriced numeric, usd numeric,
	rates numeric[], is_token boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH used AS MATERIALIZED (
		SELECT u.name, u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier,
			u.region, u.priced, CASE WHEN $4 THEN (u.first_at AT TIME ZONE $3)::date END AS day
		FROM provider_usage($1, $2, $3, $4) AS u
	)
	SELECT u.name, d.meter, resolved_tier(u.service_tier), u.day, sum(d.quantity) FILTER (WHERE d.usd IS NOT NULL),
		sum(d.quantity) FILTER (WHERE d.usd IS NULL), sum(d.usd),
			array_agg(DISTINCT d.rate) FILTER (WHERE d.rate IS NOT NULL),
		bool_or(d.is_token)
	FROM used AS u CROSS JOIN LATERAL (
		SELECT m.meter, m.quantity::numeric, tokens_of(jsonb_build_object(m.meter, 1)::usage) = 1 AS is_token, p.usd,
			p.unit_usd / p.unit_quantity AS rate
		FROM meters(u.usage) AS m LEFT JOIN (SELECT * FROM rollup_cost_detail(
			u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier,
			u.region) WHERE u.priced) AS p ON p.meter = m.meter
		WHERE m.meter <> 'requests' OR p.usd IS NOT NULL) AS d
	GROUP BY 1, 2, 3, 4
$$;

COMMENT ON FUNCTION logged_cells(text, date, text, boolean) IS
'What a provider should bill for a month, by model, meter and service tier, and by day of the zone where by_day: '
'quantity that has a price, and that has none, USD, and the prices of a unit in force for it.';

CREATE FUNCTION reconcile_lines(provider text, month date, invoice jsonb, zone text DEFAULT 'UTC',
	currency text DEFAULT 'USD', contract text DEFAULT NULL,
	OUT kind text, OUT model text, OUT meter text, OUT service_tier text, OUT day date, OUT logged_quantity numeric,
	OUT unpriced_quantity numeric, OUT billed_quantity numeric, OUT computed_usd numeric, OUT invoice_usd numeric,
	OUT variance_usd numeric, OUT volume_usd numeric, OUT price_usd numeric, OUT unexplained_usd numeric,
	OUT unpriced_usd numeric, OUT missing_usd numeric, OUT rounding_usd numeric, OUT other_usd numeric, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE COST 100000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	span record := month_in_zone(month, zone);
	asked CONSTANT text := coalesce(current_setting('inferacct.contract', true), '');
	logged_names text[];
BEGIN
	PERFORM set_config('inferacct.contract', coalesce(contract, asked), true);
	logged_names := ARRAY(SELECT DISTINCT u.name FROM provider_usage(provider, month, zone) AS u);
	RETURN QUERY
	WITH billed_lines AS MATERIALIZED (
		SELECT l.kind, m.name, CASE WHEN l.kind = 'usage' THEN billed_meter(l.meter) END AS meter,
			CASE WHEN l.service_tier IS NOT NULL THEN resolved_tier(l.service_tier) END AS tier, l.day, l.quantity,
			coalesce(l.usd, l.amount * usd_per(reconcile_lines.currency,
				coalesce(begin_of(l.day + 1), span.until) - interval '1 microsecond')) AS usd,
			0.5 * power(10::numeric, -greatest(scale(coalesce(l.usd, l.amount)), 2)) * CASE WHEN l.usd IS NULL
				THEN usd_per(reconcile_lines.currency, span.until) ELSE 1 END AS half_digit, m.note
		FROM invoice_lines(invoice) AS l
		LEFT JOIN LATERAL (SELECT b.* FROM billed_model(l.model, span.since, span.until, logged_names) AS b
			WHERE l.kind = 'usage') AS m ON true
	), grain AS (		-- as finely as all lines of a model are
		SELECT b.name, bool_and(b.meter IS NOT NULL) AS by_meter, bool_and(b.tier IS NOT NULL) AS by_tier,
			bool_and(b.day IS NOT NULL) AS by_day FROM billed_lines AS b WHERE b.kind = 'usage' GROUP BY b.name
	), logged AS (
		SELECT c.name, CASE WHEN coalesce(g.by_meter, true) THEN c.meter END AS meter,
			CASE WHEN coalesce(g.by_tier, true) THEN c.service_tier END AS tier, CASE WHEN g.by_day
				THEN c.day END AS day,
			sum(c.quantity) FILTER (WHERE g.by_meter IS NOT false OR c.is_token) AS quantity,
			sum(c.unpriced) FILTER (WHERE g.by_meter IS NOT false OR c.is_token) AS unpriced,
			sum(c.usd) AS usd, 
			string_to_array(string_agg(array_to_string(c.rates, ','), ','), ',')::numeric[] AS rates
		FROM logged_cells(provider, month, zone, EXISTS (SELECT FROM grain AS g WHERE g.by_day)) AS c
		LEFT JOIN grain AS g ON g.name = c.name GROUP BY 1, 2, 3, 4
	), billed AS (
		SELECT b.name, CASE WHEN g.by_meter THEN b.meter END AS meter, CASE WHEN g.by_tier THEN b.tier END AS tier,
			CASE WHEN g.by_day THEN b.day END AS day, CASE WHEN bool_and(b.quantity IS NOT NULL)
				THEN sum(b.quantity) END
			AS quantity, sum(b.usd) AS usd, sum(b.half_digit) AS half_digit, min(b.note) AS note
		FROM billed_lines AS b JOIN grain AS g ON g.name = b.name WHERE b.kind = 'usage' GROUP BY 1, 2, 3, 4
	), met AS (
		SELECT coalesce(l.name, b.name) AS name, coalesce(l.meter, b.meter) AS meter, coalesce(l.tier, b.tier) AS tier,
			coalesce(l.day, b.day) AS day, coalesce(l.quantity, 0) AS q0, coalesce(l.unpriced, 0) AS u0,
				b.quantity AS q1,
			coalesce(l.usd, 0) AS c0, b.usd AS c1, b.half_digit, l.rates, b.note, l.name IS NOT NULL AS is_logged
		FROM logged AS l FULL JOIN billed AS b ON b.name = l.name AND coalesce(b.meter, '') = coalesce(l.meter, '')
			AND coalesce(b.tier, '') = coalesce(l.tier, '') AND coalesce(b.day, '-infinity') = coalesce(l.day,
				'-infinity')
	), shared AS (		-- what is billed for unpriced usage, and for the rest: q and c
		SELECT m.*, c1 IS NOT NULL AND q0 > 0 AS matched,
			CASE WHEN c1 IS NULL OR u0 = 0 THEN 0 WHEN q0 = 0 THEN c1 ELSE round(c1 * u0 / (q0 + u0),
				15) END AS unpriced,
			CASE WHEN q0 > 0 THEN q1 * q0 / (q0 + u0) END AS q
		FROM met AS m
	), gaps AS (
		SELECT s.*, CASE WHEN matched THEN c1 - unpriced - c0 ELSE 0 END AS gap,
			CASE WHEN matched THEN round(c0 * (q - q0) / q0, 15) END AS at_mean
		FROM shared AS s
	), explained AS (		-- by the price of the line, or by one price in force that alone explains the amount
		SELECT g.*, CASE WHEN NOT matched OR q1 IS NULL THEN 0 WHEN abs(gap - at_mean) <= half_digit THEN at_mean
			ELSE coalesce((SELECT round((q - q0) * r, 15) FROM unnest(g.rates) AS r
				WHERE q <> q0 AND abs(gap - (q - q0) * r) <= half_digit ORDER BY abs(gap - (q - q0) * r) LIMIT 1),
					at_mean) END
			AS volume
		FROM gaps AS g
	), effects AS (
		SELECT e.*, gap - volume AS rest, matched AND abs(gap - volume) <= half_digit AS is_rounding,
			CASE WHEN matched OR u0 > 0 AND c1 IS NOT NULL THEN 0 ELSE coalesce(c1, 0) - c0 END AS missing
		FROM explained AS e
	), unmet AS (
		SELECT e.name, e.meter, e.c0 FROM effects AS e WHERE e.missing < 0
	), lines AS (
		SELECT 'usage' AS kind, e.name, e.meter, e.tier, e.day, e.q0, e.u0, e.q1, e.c0, e.c1, e.volume,
			CASE WHEN NOT is_rounding AND q1 IS NOT NULL THEN rest ELSE 0 END AS price,
			CASE WHEN NOT is_rounding AND q1 IS NULL THEN rest ELSE 0 END AS unexplained, e.unpriced, e.missing,
			CASE WHEN is_rounding THEN rest ELSE 0 END AS rounding, 0::numeric AS other,
			concat_ws('; ', e.note, CASE WHEN e.missing > 0 THEN 'not logged' || coalesce(', perhaps as '
				|| (SELECT string_agg(DISTINCT concat_ws(' ', n.name, n.meter), ', ') FROM (SELECT * FROM unmet AS u
					ORDER BY u.name = e.name DESC, cardinality(ARRAY(SELECT unnest(name_words(u.name))
						INTERSECT SELECT unnest(name_words(e.name)))) DESC, abs(u.c0 - e.c1) LIMIT 3) AS n), '') END,
				CASE WHEN e.missing < 0 THEN 'not billed' END) AS note
		FROM effects AS e
		UNION ALL
		SELECT b.kind, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, sum(b.usd), 0, 0, 0, 0, 0, 0, sum(b.usd), NULL
		FROM billed_lines AS b WHERE b.kind NOT IN ('usage', 'commitment') GROUP BY b.kind
		UNION ALL
		SELECT 'commitment', NULL, NULL, NULL, NULL, NULL, NULL, NULL, coalesce(c.usd, 0), b.usd, 0, 0, 0, 0, 0, 0,
			coalesce(b.usd, 0) - coalesce(c.usd, 0), c.names
		FROM (SELECT sum(h.usd) AS usd, string_agg(DISTINCT h.name, ', ') AS names FROM commitment_charge AS h
			WHERE h.month = checked_month(reconcile_lines.month)
				AND resolved_provider(h.provider, NULL, span.since) = resolved_provider(reconcile_lines.provider,
					NULL, span.since)) AS c
		CROSS JOIN (SELECT sum(b.usd) AS usd FROM billed_lines AS b WHERE b.kind = 'commitment') AS b
		WHERE num_nonnulls(c.usd, b.usd) > 0
	)
	SELECT l.kind, l.name, l.meter, l.tier, l.day, l.q0, l.u0, l.q1, trim_scale(l.c0), trim_scale(l.c1),
		trim_scale(coalesce(l.c1, 0) - l.c0), trim_scale(l.volume), trim_scale(l.price), trim_scale(l.unexplained),
		trim_scale(l.unpriced), trim_scale(l.missing), trim_scale(l.rounding), trim_scale(l.other), nullif(l.note, '')
	FROM lines AS l
	ORDER BY abs(coalesce(l.c1, 0) - l.c0) DESC, l.kind, l.name, l.meter, l.tier, l.day;
	PERFORM set_config('inferacct.contract', asked, true);
END
$$;

COMMENT ON FUNCTION reconcile_lines(text, date, jsonb, text, text, text) IS
'A provider''s invoice for a month, by the clocks of a zone, against the log, the largest variance first. '
'invoice: [{"kind"?, "model", "meter"?, "service_tier"?, "day"?, "quantity"?, "usd" | "amount"}, ...]: quantity in '
'units, '
'such as tokens; amount in currency, by the rate of fx_rate in force at the end of the line''s day or the month; kind: '
'usage, commitment, credit, tax, refund, rounding or fee. Lines of a model are compared as finely as all of them are. '
'variance = invoice - computed = volume + price + unexplained + unpriced + missing + rounding + other, exactly, '
'line by '
'line; missing is above 0 when not logged, below when not billed, and note has names that may be meant. Commitments '
'are '
'compared with commitment_charge of the UTC month. Prices as of inferacct.as_of, under contract (NULL: that of the '
'session). Errors: 22023 lines, or a zone, that cannot be read, IA007 no exchange rate, 22004, 22008.';

CREATE TYPE reconciliation AS (
	computed_usd numeric, invoice_usd numeric, variance_usd numeric,
	volume_usd numeric, price_usd numeric, mix_usd numeric, unpriced_usd numeric, missing_usd numeric,
	billed_not_logged_usd numeric, logged_not_billed_usd numeric, unexplained_usd numeric, rounding_usd numeric,
	credit_usd numeric, tax_usd numeric, refund_usd numeric, fee_usd numeric, commitment_usd numeric
);

COMMENT ON TYPE reconciliation IS
'What was computed and what was billed, in USD; variance = invoice - computed = volume + price + unpriced + missing + '
'unexplained + rounding + credit + tax + refund + fee + commitment. Of volume, mix is what other shares of models and '
'meters make, at the mean price of a token; missing = billed_not_logged (above 0) + logged_not_billed (below 0).';

CREATE FUNCTION reconcile(provider text, month date, invoice jsonb, zone text DEFAULT 'UTC',
	currency text DEFAULT 'USD',
	contract text DEFAULT NULL)
RETURNS reconciliation
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH lines AS MATERIALIZED (
		SELECT *, CASE WHEN billed_quantity IS NULL OR coalesce(logged_quantity, 0) = 0 THEN false WHEN meter IS NULL
			THEN true
			ELSE tokens_of(jsonb_build_object(meter, 1)::usage) = 1 END AS is_compared
		FROM reconcile_lines($1, $2, $3, $4, $5, $6)
	), pool AS (
		SELECT sum(volume_usd) - round(sum(computed_usd) * (sum(billed_quantity * logged_quantity
			/ (logged_quantity + unpriced_quantity)) - sum(logged_quantity)) / sum(logged_quantity), 15) AS mix
		FROM lines WHERE is_compared
	)
	SELECT trim_scale(coalesce(sum(computed_usd), 0)), trim_scale(coalesce(sum(invoice_usd), 0)),
		trim_scale(coalesce(sum(variance_usd), 0)), trim_scale(coalesce(sum(volume_usd), 0)),
		trim_scale(coalesce(sum(price_usd), 0)), trim_scale(coalesce((SELECT mix FROM pool), 0)),
		trim_scale(coalesce(sum(unpriced_usd), 0)), trim_scale(coalesce(sum(missing_usd), 0)),
		trim_scale(coalesce(sum(missing_usd) FILTER (WHERE missing_usd > 0), 0)),
		trim_scale(coalesce(sum(missing_usd) FILTER (WHERE missing_usd < 0), 0)),
		trim_scale(coalesce(sum(unexplained_usd), 0)),
		trim_scale(coalesce(sum(rounding_usd + CASE WHEN kind = 'rounding' THEN other_usd ELSE 0 END), 0)),
		trim_scale(coalesce(sum(other_usd) FILTER (WHERE kind = 'credit'), 0)),
		trim_scale(coalesce(sum(other_usd) FILTER (WHERE kind = 'tax'), 0)),
		trim_scale(coalesce(sum(other_usd) FILTER (WHERE kind = 'refund'), 0)),
		trim_scale(coalesce(sum(other_usd) FILTER (WHERE kind = 'fee'), 0)),
		trim_scale(coalesce(sum(other_usd) FILTER (WHERE kind = 'commitment'), 0))
	FROM lines
$$;

COMMENT ON FUNCTION reconcile(text, date, jsonb, text, text, text) IS
'Sums of reconcile_lines() of the same arguments, and what of volume is mix. Errors as there.';

CREATE FUNCTION reconcile(provider text, month date, invoice numeric, zone text DEFAULT 'UTC',
	currency text DEFAULT 'USD', contract text DEFAULT NULL)
RETURNS reconciliation
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	r reconciliation;
	asked CONSTANT text := coalesce(current_setting('inferacct.contract', true), '');
	total numeric := invoice * usd_per(currency, (month_in_zone(month, zone)).until - interval '1 microsecond');
BEGIN
	IF invoice IS NULL THEN
		RETURN NULL;
	END IF;
	PERFORM set_config('inferacct.contract', coalesce(contract, asked), true);
	WITH priced AS MATERIALIZED (
		SELECT u.provider_usd, u.is_reported, CASE WHEN u.priced THEN rollup_cost(u.model, u.usage, u.first_at,
			u.last_at,
			u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) END AS usd
		FROM provider_usage(provider, month, zone) AS u
	), sums AS (
		SELECT coalesce(sum(p.usd), 0) AS computed,
			coalesce(sum(p.provider_usd - p.usd) FILTER (WHERE p.is_reported), 0) AS price,
			coalesce(sum(p.provider_usd) FILTER (WHERE p.usd IS NULL), 0) AS unpriced
		FROM priced AS p
	)
	SELECT trim_scale(s.computed), trim_scale(total), trim_scale(total - s.computed), 0, trim_scale(s.price), 0,
		trim_scale(s.unpriced), trim_scale(total - s.computed - s.price - s.unpriced),
		trim_scale(greatest(total - s.computed - s.price - s.unpriced, 0)),
		trim_scale(least(total - s.computed - s.price - s.unpriced, 0)), 0, 0, 0, 0, 0, 0, 0
	INTO r FROM sums AS s;
	PERFORM set_config('inferacct.contract', asked, true);
	RETURN r;
END
$$;

COMMENT ON FUNCTION reconcile(text, date, numeric, text, text, text) IS
'A provider''s invoice for a month of which only the total is known, in currency, against the log. '
'price: what the log''s provider_usd says beside the computed cost, unpriced: provider_usd of usage without a price, '
'missing: the rest; all else needs the lines of the invoice and is 0. The parts add up to the variance exactly. '
'NULL invoice gives NULL. Errors as reconcile_lines().';

CREATE FUNCTION reconcile(provider text, month date, invoice text, zone text DEFAULT 'UTC', currency text DEFAULT 'USD',
	contract text DEFAULT NULL)
RETURNS reconciliation
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN ltrim($3) LIKE '[%' THEN reconcile($1, $2, $3::jsonb, $4, $5, $6)
		ELSE reconcile($1, $2, $3::numeric, $4, $5, $6) END
$$;

COMMENT ON FUNCTION reconcile(text, date, text, text, text, text) IS
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
