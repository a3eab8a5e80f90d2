-- invoice: what providers say of a month, kept as they said it.
--
-- Invariant: every row of a report is a line of the invoice, with the row itself, or
-- is counted as left out; nothing is summed up or rounded.  Names and units are put
-- into our words where these are known, and stand as they are where they are not.

CREATE TABLE invoice (
	invoice		text PRIMARY KEY CHECK (invoice <> ''),
	provider	text NOT NULL CHECK (provider <> ''),
	month		date NOT NULL CHECK (month = date_trunc('month', month::timestamp)::date),
	zone		text NOT NULL,
	currency	text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
	format		text NOT NULL,
	source		text,
	received_at	timestamptz NOT NULL DEFAULT now(),
	received_by	text NOT NULL DEFAULT current_user
);

COMMENT ON TABLE invoice IS
'Invoices and reports of costs that were loaded by load_invoice(), with where they are from.';
COMMENT ON COLUMN invoice.invoice IS 'its number, or any name';
COMMENT ON COLUMN invoice.zone IS 'by whose clocks its month and days are';
SELECT pg_extension_config_dump('invoice', '');

CREATE TABLE invoice_line (
	invoice			text NOT NULL,
	line			bigint NOT NULL,
	kind			text NOT NULL CHECK (kind IN ('usage', 'commitment', 'credit', 'tax', 'refund', 'rounding', 'fee')),
	model			text,
	meter			text,
	service_tier	text,
	day				date,
	quantity		numeric,
	amount			numeric NOT NULL CHECK (amount > '-Infinity' AND amount < 'Infinity'),
	said			jsonb NOT NULL,
	PRIMARY KEY (invoice, line)
);

COMMENT ON TABLE invoice_line IS
'The lines of invoices: amount in the invoice''s currency, quantity in units such as tokens (NULL: not stated), and '
'the '
'row of the report as it was (said).';
SELECT pg_extension_config_dump('invoice_line', '');

CREATE FUNCTION inferacct_internal.unit_size(unit text)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
RETURN CASE WHEN unit ~* '(^|[^0-9])1? ?(k|thousand)\y' OR unit ~ '(^|[^0-9])1,?000([^0-9,]|$)' THEN 1000
	WHEN unit ~* '(^|[^0-9])1? ?(m|million)\y' OR unit ~ '(^|[^0-9])1,?000,?000([^0-9]|$)' THEN 1000000 ELSE 1 END;

COMMENT ON FUNCTION unit_size(text) IS
'How many tokens a unit of an invoice is: 1K tokens is 1000. 1 for NULL and other words.';

-- AWS's marketplace sells tokens by "Units", and its reports do not say of how many.
CREATE FUNCTION inferacct_internal.units_unknown(unit text, usage_type text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN coalesce(unit !~* 'token' AND usage_type ~ '-Units$', false);

COMMENT ON FUNCTION units_unknown(text, text) IS
'Whether a unit of a usage type of AWS is of so many tokens as nobody says. NULL counts as not.';

-- Files of providers write NULL in many ways.
CREATE FUNCTION inferacct_internal.stated_values(said jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}')
	FROM jsonb_each(CASE WHEN jsonb_typeof($1) = 'object' THEN $1 END) AS e
	WHERE e.value NOT IN ('null', '""', '"NULL"', '"null"')
$$;

COMMENT ON FUNCTION stated_values(jsonb) IS 'The values of a row of a report that are no kind of NULL.';

CREATE FUNCTION inferacct_internal.report_lines(format text, report jsonb)
RETURNS TABLE (at timestamptz, kind text, model text, meter text, service_tier text, quantity numeric, amount numeric,
	currency text, said jsonb)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	-- OpenAI and Anthropic: pages of buckets of results
	SELECT coalesce(number_time(try_number(b.bucket ->> 'start_time'), 1), try_time(b.bucket ->> 'starting_at')),
		'usage',
		CASE $1 WHEN 'openai' THEN nullif(btrim(split_part(r.result ->> 'line_item', ',', 1)), '')
			ELSE coalesce(r.result ->> 'model', r.result ->> 'cost_type', r.result ->> 'description') END,
		CASE $1 WHEN 'openai' THEN nullif(btrim(split_part(r.result ->> 'line_item', ',', 2)), '')
			ELSE coalesce(r.result ->> 'token_type', CASE WHEN r.result ->> 'model' IS NULL
				THEN r.result ->> 'cost_type' END) END,
		CASE $1 WHEN 'openai' THEN CASE WHEN r.result ->> 'line_item' ~* '\ybatch\y' THEN 'batch' END
			ELSE r.result ->> 'service_tier' END,
		CASE $1 WHEN 'openai' THEN try_number(r.result ->> 'quantity') END,
		CASE $1 WHEN 'openai' THEN try_number(r.result #>> '{amount,value}')
			ELSE try_number(r.result ->> 'amount') / 100 END,			-- Anthropic states cents
		upper(CASE $1 WHEN 'openai' THEN r.result #>> '{amount,currency}' ELSE coalesce(r.result ->> 'currency',
			'USD') END),
		r.result || jsonb_build_object('starts', coalesce(b.bucket -> 'start_time', b.bucket -> 'starting_at'))
	FROM elements($2) AS p CROSS JOIN LATERAL elements(p -> 'data') AS b(bucket)
		CROSS JOIN LATERAL elements(b.bucket -> 'results') AS r(result)
	WHERE $1 IN ('openai', 'anthropic') AND r.result IS NOT NULL
	UNION ALL
	-- AWS Cost and Usage Report 2.0; what the marketplace sells for Bedrock has the model in the product's name
	SELECT try_time(r ->> 'line_item_usage_start_date'),
		CASE WHEN r ->> 'line_item_line_item_type' ~ 'Usage$' AND r ->> 'line_item_usage_type' ~* 'reserved|provisioned'
			THEN 'commitment'
			WHEN r ->> 'line_item_line_item_type' ~ 'Usage$' THEN 'usage'
			WHEN r ->> 'line_item_line_item_type' = 'Tax' THEN 'tax'
			WHEN r ->> 'line_item_line_item_type' = 'Refund' THEN 'refund'
			WHEN r ->> 'line_item_line_item_type' ~ 'Credit|Discount|Negation' THEN 'credit' ELSE 'fee' END,
		coalesce(regexp_replace(b.edition, ' *\(Amazon Bedrock Edition\)', ''), r ->> 'line_item_usage_type'),
		r ->> 'line_item_usage_type',
		coalesce(lower(substring(r ->> 'line_item_usage_type' FROM '(?i)batch|flex|priority')), 'standard'),
		CASE WHEN NOT units_unknown(r ->> 'pricing_unit', r ->> 'line_item_usage_type')
			THEN try_number(r ->> 'line_item_usage_amount') * unit_size(r ->> 'pricing_unit') END,
		try_number(r ->> 'line_item_unblended_cost'), upper(r ->> 'line_item_currency_code'), r
	FROM elements($2) AS r
	CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(r -> 'product') = 'object' THEN r -> 'product'
		ELSE try_json(r ->> 'product') END AS product) AS p
	CROSS JOIN LATERAL (SELECT min(n.name) FILTER (WHERE n.name LIKE '%(Amazon Bedrock Edition)%') AS edition,
			bool_or(n.name ~* 'bedrock') AS is_bedrock
		FROM (VALUES (r ->> 'line_item_product_code'), (r ->> 'product_servicecode'), (r ->> 'product_servicename'),
			(r ->> 'product_product_name'), (p.product ->> 'product_name'), (p.product ->> 'servicename'),
			(r ->> 'line_item_line_item_description')) AS n(name)) AS b
	WHERE $1 = 'aws' AND b.is_bedrock
	UNION ALL
	-- FOCUS, of any provider
	SELECT try_time(r ->> 'ChargePeriodStart'),
		CASE r ->> 'ChargeCategory' WHEN 'Usage' THEN CASE WHEN r ->> 'CommitmentDiscountStatus' = 'Unused'
			THEN 'commitment'
				ELSE 'usage' END
			WHEN 'Purchase' THEN CASE WHEN nullif(r ->> 'CommitmentDiscountId', '') IS NOT NULL THEN 'commitment'
				ELSE 'fee' END
			WHEN 'Tax' THEN 'tax' WHEN 'Credit' THEN 'credit'
			ELSE CASE WHEN try_number(r ->> 'BilledCost') < 0 THEN 'credit' ELSE 'fee' END END,
		coalesce(nullif(d.details ->> 'x_Model', ''),
			substring(r ->> 'ServiceName' FROM '^(.*\S) *\(Amazon Bedrock Edition\)'),
			nullif(r ->> 'x_SkuDescription', ''),
			nullif(r ->> 'ResourceName', ''),
			nullif(r ->> 'SkuMeter', ''), nullif(r ->> 'ChargeDescription', ''), r ->> 'ServiceName'),
		coalesce(nullif(d.details ->> 'x_Meter', ''), nullif(r ->> 'SkuMeter', ''), nullif(r ->> 'ChargeDescription',
			'')),
		nullif(d.details ->> 'x_ServiceTier', ''),
		CASE WHEN r ->> 'ConsumedUnit' ~* 'token|^[0-9]*[km]?$|count|unit'
			AND NOT units_unknown(r ->> 'ConsumedUnit', coalesce(r ->> 'x_UsageType', r ->> 'SkuMeter'))
			THEN try_number(r ->> 'ConsumedQuantity') * unit_size(r ->> 'ConsumedUnit') END,
		try_number(r ->> 'BilledCost'), upper(r ->> 'BillingCurrency'), f.said
	FROM elements($2) AS f(said) CROSS JOIN LATERAL (SELECT stated_values(f.said) AS r) AS v
	CROSS JOIN LATERAL (SELECT CASE WHEN jsonb_typeof(r -> 'SkuPriceDetails') = 'object' THEN r -> 'SkuPriceDetails'
		WHEN r ->> 'SkuPriceDetails' ~ '^\s*\{.*\}\s*$' THEN (r ->> 'SkuPriceDetails')::jsonb END AS details) AS d
	WHERE $1 = 'focus'
	UNION ALL
	-- lines as reconcile() takes them
	SELECT try_time(l.day::text), l.kind, l.model, l.meter, l.service_tier, l.quantity, coalesce(l.amount, l.usd),
		CASE WHEN l.usd IS NOT NULL THEN 'USD' ELSE upper(coalesce(r ->> 'currency', 'USD')) END, r
	FROM jsonb_array_elements(CASE WHEN $1 = 'lines' THEN $2 ELSE '[]' END) WITH ORDINALITY AS e(r, place)
	JOIN invoice_lines(CASE WHEN $1 = 'lines' THEN $2 ELSE '[]' END) AS l USING (place)
$$;

COMMENT ON FUNCTION report_lines(text, jsonb) IS
'The rows of a report of costs: openai and anthropic (pages of their cost APIs), aws (an array of rows of a Cost and '
'Usage Report 2.0, those of Bedrock), focus (an array of rows of a FOCUS file), lines (as reconcile() takes them).';

CREATE FUNCTION load_invoice(invoice text, provider text, month date, report jsonb, format text DEFAULT 'lines',
	source text DEFAULT NULL, zone text DEFAULT 'UTC',
	OUT lines bigint, OUT amount numeric, OUT currency text, OUT left_out bigint)
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	span record := month_in_zone(month, zone);
	bad text;
	currencies text[];
BEGIN
	IF format IS NULL OR format NOT IN ('lines', 'openai', 'anthropic', 'aws', 'focus')
		OR jsonb_typeof(report) IS NULL THEN
		PERFORM inferacct_internal.fail('22023', format('unknown report of costs "%s"', format), NULL,
			'lines: as reconcile() takes them; openai: pages of its costs API; anthropic: pages of its cost report; '
			'aws: rows of a Cost and Usage Report 2.0; focus: rows of a FOCUS file of any provider.');
	END IF;
	IF EXISTS (SELECT FROM invoice AS i WHERE i.invoice = load_invoice.invoice) THEN
		PERFORM inferacct_internal.fail('42710', format('invoice "%s" is there already', invoice), NULL,
			'DELETE FROM invoice_line and invoice takes it out.');
	END IF;
	SELECT min(r.said::text) FILTER (WHERE r.amount IS NULL OR r.currency IS NULL OR r.at IS NULL
			AND format <> 'lines' AND r.kind = 'usage'), array_agg(DISTINCT r.currency),
		count(*) FILTER (WHERE r.at < span.since OR r.at >= span.until)
	INTO bad, currencies, left_out FROM report_lines(format, report) AS r;
	IF bad IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023', 'a line of costs cannot be read', left(bad, 200),
			'Each needs a time, an amount and a currency.');
	END IF;
	IF format IN ('openai', 'anthropic') AND EXISTS (SELECT FROM report_lines(format, report) AS r
			WHERE r.model IS NULL AND r.at >= span.since AND r.at < span.until) THEN
		PERFORM inferacct_internal.fail('22023', 'a report of costs does not say what they are for', NULL,
			CASE format WHEN 'openai' THEN 'Ask for it by line: group_by=line_item.'
				ELSE 'Ask for it by description: group_by[]=description.' END);
	END IF;
	IF cardinality(currencies) > 1 THEN
		PERFORM inferacct_internal.fail('22023', 'an invoice is in one currency',
			format('This one has %s.', array_to_string(currencies, ', ')), 'Load one for each.');
	END IF;
	currency := coalesce(currencies[1], 'USD');
	INSERT INTO invoice (invoice, provider, month, zone, currency, format, source)
	VALUES (load_invoice.invoice, load_invoice.provider, this, load_invoice.zone, load_invoice.currency,
		load_invoice.format, load_invoice.source);
	-- A bucket that was fetched twice, or while it was filling, counts once: the larger.
	INSERT INTO invoice_line (invoice, line, kind, model, meter, service_tier, day, quantity, amount, said)
	SELECT load_invoice.invoice, row_number() OVER (ORDER BY u.place), u.kind, u.model, u.meter, u.service_tier,
		CASE WHEN format = 'lines' THEN (u.at AT TIME ZONE 'UTC')::date ELSE (u.at AT TIME ZONE zone)::date
			END, u.quantity,
		u.amount, u.said
	FROM (SELECT r.*, CASE WHEN format IN ('openai', 'anthropic') THEN row_number() OVER (PARTITION BY r.at,
			r.said - 'amount' - 'quantity' ORDER BY r.amount DESC) ELSE 1 END AS again
		FROM report_lines(format, report) WITH ORDINALITY AS r(at, kind, model, meter, service_tier, quantity, amount,
			currency, said, place)) AS u
	WHERE u.again = 1 AND (format = 'lines' OR u.at IS NULL OR u.at >= span.since AND u.at < span.until);
	SELECT count(*), trim_scale(coalesce(sum(l.amount), 0)) INTO lines, amount
	FROM invoice_line AS l WHERE l.invoice = load_invoice.invoice;
	IF format = 'aws' THEN
		left_out := (SELECT count(*) FROM elements(report)) - lines;
	END IF;
END
$$;

COMMENT ON FUNCTION load_invoice(text, text, date, jsonb, text, text, text) IS
'Keeps what a provider reports of a month, by the clocks of zone, as an invoice of that name. format: lines (as '
'reconcile() takes them), openai and anthropic (pages of their cost APIs, by line; a bucket that is there twice counts '
'once), aws (an array of rows of a Cost and Usage Report 2.0, of which those of Bedrock are taken), focus (an array of '
'rows of a FOCUS file of any provider, as jsonb_agg(to_jsonb(r))). Returns how many lines it has, their amount and '
'currency, and how many rows of other months, or in a report of AWS of other services, were left out. Errors: 22023 a '
'report, line or zone that cannot be read, several currencies, 42710 the '
'name is taken, 22004, 22008.';

CREATE FUNCTION reconcile_invoice(invoice text, contract text DEFAULT NULL,
	OUT kind text, OUT model text, OUT meter text, OUT service_tier text, OUT day date, OUT logged_quantity numeric,
	OUT unpriced_quantity numeric, OUT billed_quantity numeric, OUT computed_usd numeric, OUT invoice_usd numeric,
	OUT variance_usd numeric, OUT volume_usd numeric, OUT price_usd numeric, OUT unexplained_usd numeric,
	OUT unpriced_usd numeric, OUT missing_usd numeric, OUT rounding_usd numeric, OUT other_usd numeric, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE COST 100000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	i invoice;
BEGIN
	SELECT * INTO i FROM invoice AS v WHERE v.invoice = reconcile_invoice.invoice;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('there is no invoice "%s"', invoice),
			hint => 'SELECT invoice, provider, month FROM invoice shows them; load_invoice() adds one.');
	END IF;
	RETURN QUERY SELECT r.* FROM reconcile_lines(i.provider, i.month,
		(SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('kind', l.kind, 'model', l.model, 'meter',
			l.meter,
			'service_tier', l.service_tier, 'day', l.day, 'quantity', l.quantity, 'amount', l.amount))
				ORDER BY l.line), '[]')
		FROM invoice_line AS l WHERE l.invoice = i.invoice), i.zone, i.currency, contract) AS r;
END
$$;

COMMENT ON FUNCTION reconcile_invoice(text, text) IS
'reconcile_lines() of an invoice that load_invoice() has kept, in its zone and currency. Errors: 42704 there is none; '
'others as reconcile_lines().';
