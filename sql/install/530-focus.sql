-- focus: the rollup as a Cost and Usage dataset of FOCUS 1.4.
--
-- Source: FOCUS 1.4, FinOps Foundation, CC-BY-4.0.  One row per UTC day, priced
-- meter and all that names it.  Invariant: ListUnitPrice x PricingQuantity =
-- ListCost and ContractedUnitPrice x PricingQuantity = ContractedCost, to the
-- last digit; BilledCost and EffectiveCost both sum to monthly_spend and
-- shared_cost_allocation.  Usage without a price has no row: FOCUS has no cost
-- that is unknown (see unpriced_usage).

CREATE FUNCTION inferacct_internal.focus_time(at timestamptz)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

COMMENT ON FUNCTION focus_time(timestamptz) IS 'A time as FOCUS writes it, in UTC to the second. NULL gives NULL.';

-- Meters: src/core/meter.h says what FOCUS calls them.
CREATE FUNCTION inferacct_internal.focus_meter(meter text)
RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'focus_meter';

COMMENT ON FUNCTION focus_meter(text) IS 'SkuMeter of a meter. NULL gives NULL. Error: 22023 no such meter.';

CREATE FUNCTION inferacct_internal.focus_unit(meter text)
RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'focus_unit';

COMMENT ON FUNCTION focus_unit(text) IS
'ConsumedUnit of a meter: Tokens, or the meter itself, such as Requests or Web Searches. NULL gives NULL. '
'Error: 22023 no such meter.';

CREATE FUNCTION inferacct_internal.focus_token_direction(meter text)
RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'focus_token_direction';

COMMENT ON FUNCTION focus_token_direction(text) IS
'TokenDirection of a meter: Input, Output, or NULL when it is not tokens. NULL gives NULL. Error: 22023 no such meter.';

CREATE FUNCTION inferacct_internal.focus_token_cache_action(meter text)
RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'focus_token_cache_action';

COMMENT ON FUNCTION focus_token_cache_action(text) IS
'TokenCacheAction of a meter: Read, Write, Uncached, or NULL when it is not tokens of a prompt. NULL gives NULL. '
'Error: 22023 no such meter.';

CREATE FUNCTION inferacct_internal.focus_details(provider text, model text, meter text, service_tier text,
	price_tier text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
RETURN jsonb_strip_nulls(jsonb_build_object(
	'ModelDeveloper', provider, 'ModelId', model,
	'TokenDirection', focus_token_direction(meter), 'TokenCacheAction', focus_token_cache_action(meter),
	'x_Meter', meter, 'x_ServiceTier', service_tier, 'x_PriceTier', price_tier));

COMMENT ON FUNCTION focus_details(text, text, text, text, text) IS
'SkuPriceDetails of a meter: the keys of the FOCUS 1.5 draft that the log can tell, and own ones that begin with x_. '
'NULL arguments are left out.';

-- The unit that a price is put in: the one it was published in where quantities stay finite decimals, else one.
CREATE FUNCTION inferacct_internal.focus_block(unit_quantity bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2
RETURN CASE WHEN unit_quantity::text ~ '^10*$' THEN unit_quantity ELSE 1 END;

COMMENT ON FUNCTION focus_block(bigint) IS 'unit_quantity when it is a power of ten, else 1. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.focus_days(since date, until date)
RETURNS TABLE (day date, first_at timestamptz, last_at timestamptz, min_input bigint, max_input bigint, usage usage,
	aggregated boolean,
	source text, model text, service_tier text, region text, provider text, team text, project text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH hours AS (
		SELECT * FROM usage_hourly WHERE hour >= begin_of($1) AND hour < begin_of($2)
	), ends AS MATERIALIZED (
		SELECT context_thresholds() AS sizes, price_changes(min(hour), max(last_at) + interval '1 hour') AS cuts
			FROM hours
	), windowed AS MATERIALIZED (
		SELECT model FROM (SELECT DISTINCT model FROM hours) AS names
			WHERE may_mean(model, (SELECT windowed_names()))
	)
	SELECT day_of(h.hour), min(h.first_at), max(h.last_at), min(h.min_input), max(h.max_input), sum(h.usage),
		h.aggregated,
		h.source, h.model, h.service_tier, h.region, h.provider, h.team, h.project
	FROM hours AS h CROSS JOIN ends AS e
	GROUP BY day_of(h.hour), width_bucket(h.first_at, e.cuts),
		CASE WHEN h.model IN (SELECT model FROM windowed) THEN h.slice END,
		width_bucket(h.min_input, e.sizes), h.kinds, h.aggregated,
		h.source, h.model, h.service_tier, h.region, h.provider, h.team, h.project
$$;

COMMENT ON FUNCTION focus_days(date, date) IS
'The rollup of [since, until) by UTC day, as far as hours have the same prices: rollup_cost() prices a row. '
'NULL gives no row.';

-- Without a contract: what anybody pays.
CREATE FUNCTION inferacct_internal.list_price(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text, OUT meter text, OUT unit_usd numeric, OUT unit_quantity bigint)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 4
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.contract TO ''
AS $$ SELECT d.meter, d.unit_usd, d.unit_quantity FROM rollup_cost_detail($1, $2, $3, $4, $5, $6, $7, $8, $9) AS d $$;

COMMENT ON FUNCTION list_price(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Prices of the meters of a row of the rollup without a contract. NULLs and errors as rollup_cost().';

CREATE FUNCTION inferacct_internal.focus_charges(since date, until date)
RETURNS TABLE (day date, source text, team text, project text, service_tier text, region text, provider text,
	model text, meter text,
	tier text, version bigint, block bigint, quantity numeric, usd_per_block numeric, list_usd_per_block numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH rows AS MATERIALIZED (
		SELECT d.* FROM focus_days($1, $2) AS d
		WHERE rollup_problem(d.model, d.usage, d.first_at, d.last_at, d.min_input, d.max_input, d.aggregated,
			d.service_tier, d.region) IS NULL
	), names AS MATERIALIZED (
		SELECT n.day, n.model AS name, m.model AS sold
		FROM (SELECT r.day, r.model, min(r.first_at) AS at FROM rows AS r GROUP BY r.day, r.model) AS n
			CROSS JOIN LATERAL resolve_model(n.model, n.at) AS m
	), priced AS (
		SELECT r.day, r.source, r.team, r.project, resolved_tier(r.service_tier) AS service_tier,
			resolved_region(r.region, r.model, r.first_at) AS region,
			resolved_provider(r.provider, r.model, r.first_at) AS provider, m.sold, c.meter, c.tier, c.version,
			focus_block(c.unit_quantity) AS block, c.quantity::numeric AS quantity,
			trim_scale(CASE WHEN focus_block(c.unit_quantity) = c.unit_quantity THEN c.unit_usd
				ELSE round((c.unit_usd + 0.000000000000000) / c.unit_quantity, 15) END) AS contracted,
			CASE WHEN coalesce(current_setting('inferacct.contract', true), '') = '' THEN c.unit_usd
				ELSE l.unit_usd END AS list,
			CASE WHEN coalesce(current_setting('inferacct.contract', true), '') = '' THEN c.unit_quantity
				ELSE l.unit_quantity END AS list_per
		FROM rows AS r
		JOIN names AS m ON m.day = r.day AND m.name = r.model
		CROSS JOIN LATERAL rollup_cost_detail(r.model, r.usage, r.first_at, r.last_at, r.min_input, r.max_input,
			r.aggregated, r.service_tier, r.region) AS c
		LEFT JOIN LATERAL (SELECT *
			FROM list_price(r.model, r.usage, r.first_at, r.last_at, r.min_input, r.max_input, r.aggregated,
			r.service_tier, r.region) AS p
			WHERE coalesce(current_setting('inferacct.contract', true), '') <> '') AS l ON l.meter = c.meter
		-- Tokens that a commitment serves are rows of focus_commitments().
		WHERE c.usd <> 0 OR focus_unit(c.meter) <> 'Tokens'
			OR NOT has_capacity(r.model, r.service_tier, r.first_at, 'commitment') OR NOT sees_all_usage()
	)
	SELECT p.day, p.source, p.team, p.project, p.service_tier, p.region, p.provider, p.sold, p.meter, p.tier, p.version,
		p.block,
		sum(p.quantity), p.contracted,
		trim_scale(coalesce(round((p.list + 0.000000000000000) / p.list_per, 15) * p.block, p.contracted))
	FROM priced AS p
	GROUP BY p.day, p.source, p.team, p.project, p.service_tier, p.region, p.provider, p.sold, p.meter, p.tier,
		p.version, p.block, p.contracted, p.list, p.list_per
$$;

COMMENT ON FUNCTION focus_charges(date, date) IS
'What focus() is made of: per UTC day of [since, until), priced meter and all that names it, the quantity and the '
'price of a block, contracted and list. Usage without a price is left out, and so are tokens that a commitment '
'serves. NULL gives no row.';

-- A purchase for each month of a commitment's term, and what became of it: used by
-- day, and unused by month.  The cuts are those of shared_cost_allocation, taken
-- on through the days, so that teams and months add up to it to the last digit.
CREATE FUNCTION inferacct_internal.focus_commitments(since date, until date)
RETURNS TABLE (part text, name text, provider text, type text, unit text, from_at timestamptz, until_at timestamptz,
	team text, project text, source text, model text, service_tier text, region text, meter text, tokens numeric,
	pricing_unit text, quantity numeric, usd_per_unit numeric, unit_hours numeric, usd numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH charges AS MATERIALIZED (
		SELECT c.* FROM commitment_charge AS c WHERE c.month >= month_of(begin_of($1)) AND c.month < $2
			AND sees_all_usage()
	), months AS (
		SELECT c.month, c.name, sum(c.unit_hours) AS unit_hours, min(c.since) AS from_at, max(c.until) AS until_at,
			CASE WHEN bool_and(c.capacity IS NOT NULL) THEN sum(c.capacity) END AS capacity,
			(array_agg(c.provider ORDER BY c.since DESC))[1] AS provider,
			(array_agg(c.type ORDER BY c.since DESC))[1] AS type,
			(array_agg(c.unit ORDER BY c.since DESC))[1] AS unit
		FROM charges AS c GROUP BY c.month, c.name
	), shares AS MATERIALIZED (
		SELECT a.*, sum(a.units) OVER one AS all_units, sum(a.used_usd) OVER one AS all_used,
			sum(a.units) OVER (one ORDER BY a.team NULLS LAST) AS upto,
			row_number() OVER (one ORDER BY a.team NULLS LAST) = count(*) OVER one AS is_last
		FROM shared_cost_allocation AS a WHERE a.kind = 'commitment' AND a.month >= month_of(begin_of($1))
			AND a.month < $2
		WINDOW one AS (PARTITION BY a.month, a.name)
	), used AS (		-- unit-hours that were used, of each month
		SELECT DISTINCT m.*, s.all_used,
			CASE WHEN s.all_units = 0 THEN 0 WHEN m.capacity IS NULL THEN m.unit_hours
				ELSE round(m.unit_hours * least(s.all_units / greatest(m.capacity, s.all_units), 1), 12) END
					AS used_hours
		FROM months AS m JOIN shares AS s USING (month, name)
	), rows AS (
		SELECT month_of(u.hour) AS month, day_of(u.hour) AS day, t.name, u.team, u.project, u.source,
			resolved_model(u.model, u.first_at) AS model,
			resolved_tier(u.service_tier) AS service_tier, resolved_region(u.region, u.model, u.first_at) AS region,
			m.meter, sum(m.quantity)::numeric AS tokens
		FROM usage_hourly AS u
		JOIN (SELECT DISTINCT c.name, c.model, c.service_tier FROM capacity_term AS c WHERE c.kind = 'commitment') AS t
			ON t.model = u.model AND t.service_tier = u.service_tier
		CROSS JOIN LATERAL meters(u.usage) AS m
		WHERE u.hour >= begin_of(month_of(begin_of($1))) AND u.hour < begin_of(next_month($2 - 1))
			AND focus_unit(m.meter) = 'Tokens'
			AND EXISTS (SELECT FROM capacity_term AS c WHERE c.kind = 'commitment'
				AND (c.name, c.model, c.service_tier) = (t.name, t.model, t.service_tier) AND c.term @> u.first_at)
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
	), running AS (
		SELECT r.*, sum(r.tokens) OVER (one ROWS UNBOUNDED PRECEDING) AS upto,
			sum(r.tokens) OVER (PARTITION BY r.month, r.name) AS all_tokens
		FROM rows AS r WINDOW one AS (PARTITION BY r.month, r.name ORDER BY r.team NULLS LAST, r.day, r.source,
			r.project, r.model, r.service_tier, r.region, r.meter)
	), cut AS (
		SELECT r.*, u.provider, u.type, u.unit, u.all_used, u.used_hours,
			CASE WHEN r.upto = r.all_tokens THEN u.all_used ELSE round(u.all_used * r.upto / r.all_tokens, 15) END
				AS usd_upto,
			CASE WHEN r.upto = r.all_tokens THEN u.used_hours ELSE round(u.used_hours * r.upto / r.all_tokens, 12) END
				AS hours_upto
		FROM running AS r JOIN used AS u USING (month, name)
	), split AS (
		SELECT c.*, c.usd_upto - lag(c.usd_upto, 1, 0::numeric) OVER one AS usd,
			c.hours_upto - lag(c.hours_upto, 1, 0::numeric) OVER one AS unit_hours
		FROM cut AS c WINDOW one AS (PARTITION BY c.month, c.name ORDER BY c.upto)
	), unused AS (
		SELECT s.month, s.name, s.team, s.idle_usd, u.provider, u.type, u.unit, u.from_at, u.until_at,
			u.unit_hours - u.used_hours AS all_hours,
			CASE WHEN s.is_last THEN u.unit_hours - u.used_hours
				ELSE round((u.unit_hours - u.used_hours) * s.upto / nullif(s.all_units, 0), 12) END AS hours_upto
		FROM shares AS s JOIN used AS u USING (month, name)
	)
	SELECT 'purchase', c.name, c.provider, c.type, c.unit, c.since, c.until, NULL, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL,
		c.unit || CASE c.per WHEN 'hour' THEN '-Hours' ELSE '-Months' END, c.quantity, c.usd_per_unit, c.unit_hours,
		c.usd
	FROM charges AS c WHERE c.month >= $1
	UNION ALL
	SELECT 'used', s.name, s.provider, s.type, s.unit, begin_of(s.day), begin_of(s.day + 1), s.team, s.project,
		s.source, bare_model(s.model, begin_of(s.day)), s.service_tier, s.region, s.meter, s.tokens,
		'1000000 Tokens', trim_scale(s.tokens * 0.000001), 0, trim_scale(s.unit_hours), trim_scale(s.usd)
	FROM split AS s WHERE s.day >= $1 AND s.day < $2
	UNION ALL
	SELECT 'unused', u.name, u.provider, u.type, u.unit, u.from_at, u.until_at, u.team, NULL, NULL, NULL, NULL, NULL,
		NULL, NULL,
		u.unit || '-Hours', trim_scale(u.hours), 0, trim_scale(u.hours), u.idle_usd
	FROM (SELECT n.*, n.hours_upto - lag(n.hours_upto, 1, 0::numeric) OVER (PARTITION BY n.month, n.name
		ORDER BY n.team NULLS LAST) AS hours FROM unused AS n) AS u
	WHERE u.month >= $1 AND (u.hours > 0 OR u.idle_usd > 0)
$$;

COMMENT ON FUNCTION focus_commitments(date, date) IS
'Rows of focus() for commitments: per month that begins in [since, until) the purchase of each row of commitment, and '
'by team what nobody used; per day what was used, by team, project, source, model, region and meter. '
'Of a whole month, usd of used and unused rows add up to the purchase exactly, and by team to shared_cost_allocation; '
'unit_hours do, too. Tokens beyond the stated capacity share in the cost as others do. '
'NULL gives no row, and so does row-level security that hides usage.';

CREATE FUNCTION focus(since date, until date, parts text[] DEFAULT '{usage,shared,commitment}')
RETURNS TABLE (
	"BilledCost" numeric, "BillingAccountId" text, "BillingAccountName" text, "BillingAccountType" text,
	"BillingCurrency" text,
	"BillingPeriodEnd" text, "BillingPeriodStart" text, "ChargeCategory" text, "ChargeClass" text,
	"ChargeDescription" text, "ChargeFrequency" text,
	"ChargePeriodEnd" text, "ChargePeriodStart" text,
	"CommitmentDiscountCategory" text, "CommitmentDiscountId" text, "CommitmentDiscountName" text,
	"CommitmentDiscountQuantity" numeric, "CommitmentDiscountStatus" text,
	"CommitmentDiscountType" text, "CommitmentDiscountUnit" text, "ConsumedQuantity" numeric, "ConsumedUnit" text,
	"ContractedCost" numeric, "ContractedUnitPrice" numeric,
	"EffectiveCost" numeric, "HostProviderName" text, "InvoiceId" text, "InvoiceIssuerName" text, "ListCost" numeric,
	"ListUnitPrice" numeric,
	"PricingCategory" text, "PricingQuantity" numeric, "PricingUnit" text, "RegionId" text, "RegionName" text,
	"AvailabilityZone" text, "ResourceId" text, "ResourceName" text, "ResourceType" text, "ServiceCategory" text,
	"ServiceName" text, "ServiceProviderName" text,
	"ServiceSubcategory" text, "SkuId" text, "SkuMeter" text, "SkuPriceDetails" jsonb, "SkuPriceId" text,
	"SubAccountId" text, "SubAccountName" text, "SubAccountType" text,
	"Tags" jsonb, "AllocatedMethodId" text, "AllocatedMethodDetails" jsonb, "AllocatedResourceId" text,
	"AllocatedResourceName" text, "AllocatedTags" jsonb,
	"x_Source" text, "x_PriceVersion" bigint)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT trim_scale(c.usd_per_block * q.blocks), c.source, c.source, 'Usage Source', 'USD',
		focus_time(begin_of(next_month(c.day))), focus_time(begin_of(month_of(begin_of(c.day)))), 'Usage', NULL,
		format('%s %s of %s', c.service_tier, focus_meter(c.meter), c.model), 'Usage-Based',
		focus_time(begin_of(c.day + 1)), focus_time(begin_of(c.day)), NULL, NULL, NULL, NULL::numeric, NULL, NULL, NULL,
		c.quantity, focus_unit(c.meter), trim_scale(c.usd_per_block * q.blocks), c.usd_per_block,
		trim_scale(c.usd_per_block * q.blocks), c.provider, NULL, c.provider,
		trim_scale(c.list_usd_per_block * q.blocks), c.list_usd_per_block,
		'Standard', q.blocks, CASE WHEN c.block = 1 THEN focus_unit(c.meter)
			ELSE c.block || ' ' || focus_unit(c.meter) END, nullif(c.region, ''), nullif(c.region, ''), NULL, NULL,
			NULL, NULL,
		'AI and Machine Learning', 'Model API', c.provider, 'Generative AI', s.sku, focus_meter(c.meter),
		focus_details(c.provider, c.model, c.meter, c.service_tier, c.tier),
		format('%s/%s/%s/%s/%s', s.sku, c.tier, c.version, c.usd_per_block, c.list_usd_per_block), c.team, c.team,
		CASE WHEN c.team IS NOT NULL THEN 'Team' END,
		jsonb_strip_nulls(jsonb_build_object('team', c.team, 'project', c.project)), NULL, NULL::jsonb, NULL, NULL,
		NULL::jsonb, c.source, c.version
	FROM focus_charges($1, $2) AS c
	CROSS JOIN LATERAL (SELECT trim_scale(round((c.quantity + 0.0000000000000000000) / c.block, 19)) AS blocks) AS q
	CROSS JOIN LATERAL (SELECT format('%s/%s/%s/%s/%s', c.provider, c.model, coalesce(c.region, ''), c.service_tier,
		c.meter) AS sku) AS s
	WHERE 'usage' = ANY ($3)
	UNION ALL
	-- Shared costs of whole months: what each team used, and its part of what nobody used; undivided where a
	-- deployment's throughput is unknown.  A deployment whose cost is unknown has no row, and a WARNING says so.
	SELECT p.usd, 'shared', 'Shared costs', 'Usage Source', 'USD',
		focus_time(begin_of(next_month(a.month))), focus_time(begin_of(a.month)), 'Usage', NULL,
		format('%s: %s', a.name, p.what), 'Recurring', focus_time(begin_of(next_month(a.month))),
		focus_time(begin_of(a.month)),
		NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, 'Months', p.usd, p.usd,
		p.usd, 'own', NULL, 'own', p.usd, p.usd, 'Standard', 1, 'Months', NULL, NULL, NULL, a.name, a.name,
		CASE a.kind WHEN 'deployment' THEN 'Deployment' ELSE 'Shared Cost' END,
		'AI and Machine Learning', a.name, 'own', 'Generative AI', format('own/%s/%s', a.name, p.what),
		initcap(p.what) || ' Capacity',
		jsonb_build_object('x_Basis', a.basis), format('own/%s/%s/%s/%s', a.name, p.what, a.month, a.team),
		a.team, a.team, CASE WHEN a.team IS NOT NULL THEN 'Team' END,
		jsonb_strip_nulls(jsonb_build_object('team', a.team)),
		'inferacct:' || a.basis, jsonb_build_object('Basis', a.basis, 'Part', p.what, 'Units', a.units), a.name, a.name,
		'{}'::jsonb, 'shared', NULL::bigint
	FROM shared_cost_allocation AS a
	CROSS JOIN LATERAL (VALUES ('used', a.used_usd), ('idle', a.idle_usd),
		('undivided', CASE WHEN a.problem IS NOT NULL THEN a.allocated_usd END)) AS p(what, usd)
	WHERE a.kind <> 'commitment' AND a.month >= $1 AND a.month < $2 AND p.usd > 0 AND 'shared' = ANY ($3)
	UNION ALL
	-- Commitments: invoiced when they are bought, and taken as a cost where they are used, or not.
	SELECT CASE c.part WHEN 'purchase' THEN c.usd ELSE 0 END, coalesce(c.source, 'shared'),
		coalesce(c.source, 'Shared costs'), 'Usage Source', 'USD',
		focus_time(begin_of(next_month(month_of(c.from_at)))), focus_time(begin_of(month_of(c.from_at))),
		CASE c.part WHEN 'purchase' THEN 'Purchase' ELSE 'Usage' END, NULL,
		CASE c.part WHEN 'used' THEN format('%s %s of %s by %s', c.service_tier, focus_meter(c.meter), c.model, c.name)
			ELSE format('%s: %s', c.name, c.part) END,
		CASE c.part WHEN 'used' THEN 'Usage-Based' ELSE 'Recurring' END, focus_time(c.until_at), focus_time(c.from_at),
		'Usage', c.name, c.name, c.unit_hours, nullif(initcap(c.part), 'Purchase'), c.type, c.unit || '-Hours',
		c.tokens, CASE WHEN c.tokens IS NOT NULL THEN 'Tokens' END,
		CASE c.part WHEN 'purchase' THEN c.usd ELSE 0 END, c.usd_per_unit,
			CASE c.part WHEN 'purchase' THEN 0 ELSE c.usd END, c.provider, NULL, c.provider,
		CASE c.part WHEN 'purchase' THEN c.usd ELSE 0 END, c.usd_per_unit, CASE c.part WHEN 'purchase' THEN 'Standard'
			ELSE 'Committed' END, c.quantity, c.pricing_unit,
		nullif(c.region, ''), nullif(c.region, ''), NULL, c.name, c.name, c.type, 'AI and Machine Learning',
		'Model API', c.provider, 'Generative AI',
		k.sku, CASE c.part WHEN 'used' THEN focus_meter(c.meter) ELSE 'Committed Capacity' END,
		CASE c.part WHEN 'used' THEN focus_details(c.provider, c.model, c.meter, c.service_tier, NULL) ELSE '{}' END,
			format('%s/%s/%s', k.sku, c.part, c.usd_per_unit),
		c.team, c.team, CASE WHEN c.team IS NOT NULL THEN 'Team' END,
		jsonb_strip_nulls(jsonb_build_object('team', c.team, 'project', c.project)),
		k.method, CASE WHEN k.method IS NOT NULL THEN jsonb_build_object('Basis', 'tokens', 'Part', c.part) END,
		CASE WHEN k.method IS NOT NULL THEN c.name END,
		CASE WHEN k.method IS NOT NULL THEN c.name END, CASE WHEN k.method IS NOT NULL THEN '{}'::jsonb END,
			coalesce(c.source, 'shared'), NULL
	FROM focus_commitments($1, $2) AS c
	CROSS JOIN LATERAL (SELECT CASE c.part
		WHEN 'used' THEN format('%s/%s/%s/%s/%s', c.provider, c.model, coalesce(c.region, ''), c.service_tier, c.meter)
		ELSE format('%s/%s/%s', c.provider, c.type, c.pricing_unit) END AS sku,
			CASE WHEN c.part = 'unused' AND c.team IS NOT NULL THEN 'inferacct:tokens' END AS method) AS k
	WHERE 'commitment' = ANY ($3)
$$;

COMMENT ON FUNCTION focus(date, date, text[]) IS
'Cost and Usage rows of FOCUS 1.4 for [since, until) (UTC), with the columns'' names and formats of FOCUS: per day a '
'row for each priced meter, and per month that begins there, rows for the used and the idle part of each shared cost '
'by team (undivided where that is unknown), running deployments among them (a WARNING names those whose cost is '
'unknown, which have no row), and of each commitment its purchase (BilledCost) and what was and was not used of it '
'(EffectiveCost). List prices are without contract, contracted ones under inferacct.contract. '
'The billing account is the log''s source, the sub account the team. Usage without a price has no row. '
'NULL gives no row. Errors as token_cost(), but for what has no price.';
-- Whoever asks for a time computes no other: usage by the day, shared costs by the month.  Their
-- ChargePeriodStart is that of the day or month, so that a condition on it is known before.
DO $$
DECLARE
	columns text := (SELECT string_agg(format('f.%I', n), ', ' ORDER BY i) FROM pg_proc AS p
		CROSS JOIN LATERAL unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS a(n, mode, i)
		WHERE p.oid = 'focus(date, date, text[])'::regprocedure AND a.mode = 't');
BEGIN
	EXECUTE format($view$
		CREATE VIEW focus_1_4 WITH (security_invoker = true) AS
		SELECT %1$s FROM (
			SELECT t.at::date AS day, inferacct_internal.focus_time(inferacct_internal.begin_of(t.at::date)) AS start
			FROM (SELECT min(month) AS first, max(month) AS last FROM inferacct_internal.rollup_month) AS m
			CROSS JOIN LATERAL generate_series(m.first::timestamp,
				(inferacct_internal.next_month(m.last) - 1)::timestamp, interval '1 day') AS t(at)) AS d
		CROSS JOIN LATERAL focus(d.day, d.day + 1, '{usage}') AS f
		UNION ALL
		SELECT %1$s FROM (
			SELECT t.at::date AS month, inferacct_internal.focus_time(inferacct_internal.begin_of(t.at::date)) AS start
			FROM (SELECT min(month) AS first, max(month) AS last FROM inferacct_internal.rollup_month) AS m
			CROSS JOIN LATERAL generate_series(m.first::timestamp, m.last::timestamp, interval '1 month') AS t(at)) AS d
		CROSS JOIN LATERAL focus(d.month, inferacct_internal.next_month(d.month), '{shared}') AS f
		UNION ALL
		SELECT %2$s FROM (SELECT min(month) AS first, max(month) AS last FROM inferacct_internal.rollup_month) AS m
		CROSS JOIN LATERAL focus(m.first, inferacct_internal.next_month(m.last), '{commitment}') AS f
	$view$, replace(columns, 'f."ChargePeriodStart"', 'd.start AS "ChargePeriodStart"'), columns);
END $$;

COMMENT ON VIEW focus_1_4 IS
'focus() of everything that the rollup has. A condition on "ChargePeriodStart" reads only the days that meet it, as '
'focus(''2026-10-01'', ''2026-11-01'') does, but for commitments.';
