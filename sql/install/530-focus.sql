-- focus: the rollup, and the books, as a Cost and Usage dataset of FOCUS 1.4.
--
-- Source: FOCUS 1.4, FinOps Foundation, CC-BY-4.0.  One row per UTC day, priced
-- meter and all that names it.  Invariant: ListUnitPrice x PricingQuantity =
-- ListCost and ContractedUnitPrice x PricingQuantity = ContractedCost, to the
-- last digit; BilledCost and EffectiveCost both sum to monthly_spend and
-- shared_cost_allocation.  Usage without a price has no row: FOCUS has no cost
-- that is unknown (see unpriced_usage).
--
-- A closed month is exported as it was closed, and what has become of it since as
-- rows of ChargeClass Correction: each restatement and adjustment by its entry of the
-- journal, and what nobody has booked yet.  A state of a month is what one entry found
-- (booked_usage, booked_cost; NULL: as it is now); corrections are the difference of
-- two states, charge by charge, so all rows together are the month as it is now.
--
-- SkuId is what is sold: provider, model and meter.  SkuPriceId adds what a price list
-- tells prices of it apart by: region, service tier, context size, weekly hours, unit.
-- Amounts, versions and contracts are in neither, so that both stay when these change.

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


CREATE TYPE inferacct_internal.focus_charge AS (
	part text, name text, from_at timestamptz, until_at timestamptz,
	team text, project text, dimensions jsonb, source text, provider text, model text, service_tier text, region text,
	meter text, price_point text, pricing_unit text, kind text, unit text, basis text,
	consumed numeric, quantity numeric, usd_per_unit numeric, list_usd_per_unit numeric,
	billed numeric, effective numeric, contracted numeric, list numeric, unit_hours numeric, version bigint
);

COMMENT ON TYPE focus_charge IS
'A row of focus() before it is put into FOCUS''s words. part: usage; used, unused and purchase of a commitment; or '
'shared used, shared idle and shared undivided. price_point: what tells prices of a SKU apart beside region, tier and '
'unit.';

-- Without a contract: what anybody pays.
CREATE FUNCTION inferacct_internal.list_price(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint,
	aggregated boolean, service_tier text, region text, OUT meter text, OUT unit_usd numeric, OUT unit_quantity bigint,
	OUT tier text, OUT note text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 4
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.contract TO ''
AS $$
	SELECT d.meter, d.unit_usd, d.unit_quantity, d.tier, d.note
	FROM rollup_cost_detail($1, $2, $3, $4, $5, $6, $7, $8, $9) AS d
$$;

COMMENT ON FUNCTION list_price(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'Prices of the meters of a row of the rollup without a contract. NULLs and errors as rollup_cost().';

CREATE FUNCTION inferacct_internal.price_point(tier text, note text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
RETURN concat_ws(', ', 'input ' || coalesce(substring(tier FROM ', input (>= \d+)'),
		substring(split_part(note, '. Next', 1) FROM ', x [0-9.]+ for input (>= \d+)')),
	CASE WHEN tier ~ ', time window' OR split_part(note, '. Next', 1) ~ ', x [0-9.]+ in its time window'
		THEN 'time window' END);

COMMENT ON FUNCTION price_point(text, text) IS
'Context size and weekly hours that a price is for, from tier and note of rollup_cost_detail(); empty for neither.';

CREATE FUNCTION inferacct_internal.focus_prices(model text, usage usage, first_at timestamptz, last_at timestamptz,
	min_input bigint, max_input bigint, aggregated boolean, service_tier text, region text,
	OUT meter text, OUT sold text, OUT price_point text, OUT block bigint, OUT pricing_unit text,
	OUT usd_per_unit numeric, OUT list_usd_per_unit numeric, OUT is_free_token boolean, OUT version bigint)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 2000 ROWS 4
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT c.meter, c.resolved_model, price_point(coalesce(l.tier, c.tier), coalesce(l.note, c.note)), b.block,
		CASE WHEN b.block = 1 THEN focus_unit(c.meter) ELSE b.block || ' ' || focus_unit(c.meter) END,
		p.contracted,
		trim_scale(coalesce(round((l.unit_usd + 0.000000000000000) / l.unit_quantity, 15) * b.block, p.contracted)),
		c.unit_usd = 0 AND focus_unit(c.meter) = 'Tokens', c.version
	FROM rollup_cost_detail($1, $2, $3, $4, $5, $6, $7, $8, $9) AS c
	CROSS JOIN LATERAL (SELECT focus_block(c.unit_quantity) AS block) AS b
	CROSS JOIN LATERAL (SELECT trim_scale(CASE WHEN b.block = c.unit_quantity THEN c.unit_usd
		ELSE round((c.unit_usd + 0.000000000000000) / c.unit_quantity, 15) END) AS contracted) AS p
	LEFT JOIN list_price(CASE WHEN current_setting('inferacct.contract', true) <> '' THEN $1 END, $2, $3, $4, $5, $6,
		$7, $8, $9) AS l ON l.meter = c.meter
$$;

COMMENT ON FUNCTION focus_prices(text, usage, timestamptz, timestamptz, bigint, bigint, boolean, text, text) IS
'What FOCUS says of the price of each priced meter of a row of the rollup: the price of a unit, contracted and list. '
'NULLs and errors as rollup_cost().';

-- Prices are looked up once for all that has the same ones in a month, and put to the days.
CREATE FUNCTION inferacct_internal.focus_days(entry bigint, since date, until date)
RETURNS TABLE (day date, source text, team text, project text, dimensions jsonb, service_tier text, region text,
	provider text, model text, meter text, price_point text, block bigint, pricing_unit text, usd_per_unit numeric,
	list_usd_per_unit numeric, version bigint, commitments text[], quantity numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET plan_cache_mode TO force_custom_plan
SET work_mem TO '64MB'
AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH hours AS (
		SELECT h.first_at, h.last_at, h.min_input, h.max_input, h.usage, h.kinds, h.aggregated, h.source, h.model,
			h.service_tier, h.region, h.provider, h.team, h.project, h.dimensions
		FROM usage_hourly AS h WHERE $1 IS NULL AND h.hour >= begin_of($2) AND h.hour < begin_of($3)
		UNION ALL
		SELECT f.first_at, f.last_at, f.min_input, f.max_input, f.usage, usage_kinds(f.usage), f.aggregated, f.source,
			f.model, f.service_tier, f.region, f.provider, f.team, f.project, f.dimensions
		FROM forgotten_rows AS f WHERE $1 IS NULL AND f.hour >= begin_of($2) AND f.hour < begin_of($3)
		UNION ALL
		SELECT b.first_at, b.last_at, b.min_input, b.max_input, b.usage, usage_kinds(b.usage), b.aggregated, b.source,
			b.model, b.service_tier, b.region, b.provider, b.team, b.project, b.dimensions
		FROM booked_usage AS b WHERE b.entry = $1 AND b.first_at >= begin_of($2) AND b.first_at < begin_of($3)
	), ends AS MATERIALIZED (
		SELECT context_thresholds() AS sizes,
			price_changes(begin_of(month_of(begin_of($2))), begin_of(next_month($3 - 1))) AS cuts
	), windowed AS MATERIALIZED (
		SELECT n.model FROM (SELECT DISTINCT h.model FROM hours AS h OFFSET 0) AS n
		WHERE may_mean(n.model, (SELECT windowed_names()))
	), capacity AS MATERIALIZED (
		SELECT t.name, t.model, t.service_tier, t.term FROM capacity_term AS t
		WHERE t.kind = 'commitment' AND sees_all_usage()
	), cells AS MATERIALIZED (		-- a day of what nothing that prices depend on tells apart
		SELECT day_of(h.first_at) AS day, width_bucket(h.first_at, e.cuts) AS first_part,
			width_bucket(h.last_at, e.cuts) AS last_part, width_bucket(h.min_input, e.sizes) AS first_size,
			width_bucket(h.max_input, e.sizes) AS last_size, h.kinds, h.aggregated,
			CASE WHEN h.model IN (SELECT w.model FROM windowed AS w) THEN h.first_at ELSE '-infinity' END AS slice,
			CASE WHEN (h.model, h.service_tier) IN (SELECT c.model, c.service_tier FROM capacity AS c)
				THEN (SELECT array_agg(DISTINCT c.name ORDER BY c.name) FROM capacity AS c
					WHERE c.model = h.model AND c.service_tier = h.service_tier AND c.term @> h.first_at) END
				AS commitments,
			h.source, h.model, h.service_tier, h.region, coalesce('.' || h.region, '') AS region_key, h.provider,
			h.team, h.project, h.dimensions,
			min(h.first_at) AS first_at, max(h.last_at) AS last_at, min(h.min_input) AS min_input,
			max(h.max_input) AS max_input, sum(h.usage) AS usage
		FROM hours AS h CROSS JOIN ends AS e
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, h.source, h.model, h.service_tier, h.region, h.provider, h.team,
			h.project, h.dimensions
	), alike AS MATERIALIZED (
		SELECT k.*, rollup_problem(k.model, k.usage, k.first_at, k.last_at, k.min_input, k.max_input, k.aggregated,
				k.service_tier, k.region) IS NULL AS has_price,
			CASE WHEN k.commitments IS NOT NULL THEN rollup_problem(k.model, k.usage, k.first_at, k.last_at,
				k.min_input, k.max_input, k.aggregated, 'standard', k.region) IS NULL END AS sold_otherwise
		FROM (SELECT c.first_part, c.last_part, c.first_size, c.last_size, c.kinds, c.aggregated, c.slice, c.model,
				c.service_tier, c.region, c.region_key, c.commitments, min(c.first_at) AS first_at,
				max(c.last_at) AS last_at, min(c.min_input) AS min_input, max(c.max_input) AS max_input,
				sum(c.usage) AS usage
			FROM cells AS c
			GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) AS k
	), prices AS MATERIALIZED (
		SELECT a.first_part, a.last_part, a.first_size, a.last_size, a.kinds, a.aggregated, a.slice,
			a.model AS called, a.service_tier AS called_tier, a.region_key, coalesce(a.commitments, '{}') AS capacity,
			NULL::text[] AS commitments, p.sold AS model, resolved_tier(a.service_tier) AS service_tier,
			resolved_region(a.region, a.model, a.first_at) AS region, p.meter, p.price_point, p.block, p.pricing_unit,
			p.usd_per_unit, p.list_usd_per_unit, p.version
		FROM alike AS a CROSS JOIN LATERAL focus_prices(a.model, a.usage, a.first_at, a.last_at, a.min_input,
			a.max_input, a.aggregated, a.service_tier, a.region) AS p
		WHERE a.has_price AND (a.commitments IS NULL OR NOT p.is_free_token)
		UNION ALL
		-- Tokens that a commitment serves, at what they would have cost without it, where they are sold otherwise.
		SELECT a.first_part, a.last_part, a.first_size, a.last_size, a.kinds, a.aggregated, a.slice, a.model,
			a.service_tier, a.region_key, a.commitments, a.commitments,
			bare_model(resolved_model(a.model, a.first_at), a.first_at), resolved_tier(a.service_tier),
			resolved_region(a.region, a.model, a.first_at), m.meter, coalesce(p.price_point, ''), p.block,
			p.pricing_unit, p.usd_per_unit, p.list_usd_per_unit, p.version
		FROM alike AS a CROSS JOIN LATERAL meters(a.usage) AS m
		LEFT JOIN LATERAL focus_prices(CASE WHEN a.sold_otherwise THEN a.model END, a.usage, a.first_at, a.last_at,
			a.min_input, a.max_input, a.aggregated, 'standard', a.region) AS p
			ON p.meter = m.meter AND p.list_usd_per_unit > 0
		WHERE a.commitments IS NOT NULL AND focus_unit(m.meter) = 'Tokens'
	), charged AS (
		SELECT c.day, c.source, c.team, c.project, c.dimensions, p.service_tier, p.region,
			resolved_provider(c.provider, c.model, c.first_at) AS provider, p.model, p.meter, p.price_point, p.block,
			p.pricing_unit, p.usd_per_unit, p.list_usd_per_unit, p.version, p.commitments,
			meter(c.usage, p.meter) AS quantity
		FROM cells AS c JOIN prices AS p ON p.first_part = c.first_part AND p.last_part = c.last_part
			AND p.first_size = c.first_size AND p.last_size = c.last_size AND p.kinds = c.kinds
			AND p.aggregated = c.aggregated AND p.slice = c.slice AND p.called = c.model
			AND p.called_tier = c.service_tier AND p.region_key = c.region_key
			AND p.capacity = coalesce(c.commitments, '{}')
	)
	SELECT c.day, c.source, c.team, c.project, c.dimensions, c.service_tier, c.region, c.provider, c.model, c.meter,
		c.price_point, c.block, c.pricing_unit, c.usd_per_unit, c.list_usd_per_unit, c.version, c.commitments,
		sum(c.quantity)
	FROM charged AS c WHERE c.quantity <> 0
	GROUP BY c.day, c.source, c.team, c.project, c.dimensions, c.service_tier, c.region, c.provider, c.model, c.meter,
		c.price_point, c.block, c.pricing_unit, c.usd_per_unit, c.list_usd_per_unit, c.version, c.commitments;
END
$$;

COMMENT ON FUNCTION focus_days(bigint, date, date) IS
'What a state of a month (entry; NULL: now) has of the days of [since, until), which are of one month: the quantity of '
'each priced meter and all that names it, and the price of a unit, contracted and list. Usage without a price is left '
'out. Tokens that commitments serve have these, and the price that they have without (NULL where nobody sells them '
'otherwise).';

-- ---------------------------------------------------------------------------
-- Commitments and shared costs
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.focus_shares(entry bigint, month date)
RETURNS TABLE (kind text, name text, basis text, team text, units numeric, used_usd numeric, idle_usd numeric,
	allocated_usd numeric, problem text)
LANGUAGE sql STABLE COST 100000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT a.kind, a.name, a.basis, a.team, a.units, a.used_usd, a.idle_usd, a.allocated_usd, a.problem
	FROM shared_cost_allocation AS a
	WHERE $1 IS NULL AND a.month = $2 AND EXISTS (SELECT FROM shared_cost_all AS s WHERE s.month = $2)
	UNION ALL
	SELECT b.kind, b.name, b.basis, b.team, b.units, b.used_usd, b.idle_usd, b.allocated_usd, b.problem
	FROM booked_cost AS b WHERE b.entry = $1 AND b.month = $2
$$;

COMMENT ON FUNCTION focus_shares(bigint, date) IS 'shared_cost_allocation of a month, or what an entry booked of it.';

CREATE FUNCTION inferacct_internal.focus_commitments(entry bigint, month date)
RETURNS TABLE (name text, provider text, type text, unit text, per text, usd_per_unit numeric, month_hours numeric,
	unit_hours numeric, used_hours numeric, used_usd numeric, usd numeric, charged_usd numeric, from_at timestamptz,
	until_at timestamptz, team text, units numeric, idle_usd numeric)
LANGUAGE sql STABLE COST 100000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH charges AS (
		SELECT c.name, sum(c.unit_hours) AS unit_hours, sum(c.usd) AS usd, min(c.since) AS from_at,
			max(c.until) AS until_at,
			CASE WHEN bool_and(c.capacity IS NOT NULL) THEN sum(c.capacity) END AS capacity,
			(array_agg(c.provider ORDER BY c.since DESC))[1] AS provider,
			(array_agg(c.type ORDER BY c.since DESC))[1] AS type,
			(array_agg(c.unit ORDER BY c.since DESC))[1] AS unit,
			(array_agg(c.per ORDER BY c.since DESC))[1] AS per,
			(array_agg(c.usd_per_unit ORDER BY c.since DESC))[1] AS usd_per_unit
		FROM commitment_charge AS c WHERE c.month = $2 AND sees_all_usage() GROUP BY c.name
	), shares AS (
		SELECT s.name, s.team, s.units, s.idle_usd, sum(s.units) OVER one AS all_units,
			sum(s.used_usd) OVER one AS used_usd, sum(s.allocated_usd) OVER one AS usd
		FROM focus_shares($1, $2) AS s WHERE s.kind = 'commitment' AND sees_all_usage()
		WINDOW one AS (PARTITION BY s.name)
	)
	SELECT s.name, coalesce(c.provider, 'own'), coalesce(c.type, 'Commitment'), coalesce(c.unit, 'Unit'),
		coalesce(c.per, 'month'), coalesce(c.usd_per_unit, s.usd), h.hours, coalesce(c.unit_hours, h.hours),
		CASE WHEN s.all_units = 0 THEN 0 WHEN c.capacity IS NULL THEN coalesce(c.unit_hours, h.hours)
			ELSE round(c.unit_hours * least(s.all_units / greatest(c.capacity, s.all_units), 1), 12) END,
		s.used_usd, s.usd, c.usd, coalesce(c.from_at, begin_of($2)), coalesce(c.until_at, begin_of(next_month($2))),
		s.team, s.units, s.idle_usd
	FROM shares AS s LEFT JOIN charges AS c USING (name)
	CROSS JOIN (SELECT hours_in_month(begin_of($2)) AS hours) AS h
$$;

COMMENT ON FUNCTION focus_commitments(bigint, date) IS
'The commitments of a state of a month by team: of each what it costs, and what was used of it; charged_usd: what '
'commitment_charge has now, NULL when the commitment is gone. No row where row-level security hides usage.';

-- The cuts are those of shared_cost_allocation, taken on through the days, so that teams and months add up to it to
-- the last digit.
CREATE FUNCTION inferacct_internal.focus_used(entry bigint, month date)
RETURNS SETOF focus_charge
LANGUAGE sql STABLE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH rows AS MATERIALIZED (
		SELECT n.name, d.* FROM focus_days($1, $2, next_month($2)) AS d
		CROSS JOIN LATERAL unnest(d.commitments) AS n(name)
	), running AS (
		SELECT r.*, sum(r.quantity) OVER (one ROWS UNBOUNDED PRECEDING) AS upto,
			sum(r.quantity) OVER (PARTITION BY r.name) AS all_tokens
		FROM rows AS r WINDOW one AS (PARTITION BY r.name ORDER BY r.team NULLS LAST, r.day, r.source, r.project,
			r.dimensions, r.provider, r.model, r.service_tier, r.region, r.meter, r.price_point, r.block,
			r.usd_per_unit, r.list_usd_per_unit, r.version)
	), cut AS (
		SELECT r.*, c.provider AS seller, c.type, c.unit, c.per, c.usd_per_unit AS unit_usd, c.month_hours,
			CASE WHEN r.upto = r.all_tokens THEN c.used_usd ELSE round(c.used_usd * r.upto / r.all_tokens, 15) END
				AS usd_upto,
			CASE WHEN r.upto = r.all_tokens THEN c.used_hours ELSE round(c.used_hours * r.upto / r.all_tokens, 12) END
				AS hours_upto
		FROM running AS r
		JOIN (SELECT DISTINCT ON (f.name) f.* FROM focus_commitments($1, $2) AS f ORDER BY f.name) AS c USING (name)
	), split AS (
		SELECT c.*, trim_scale(c.usd_upto - lag(c.usd_upto, 1, 0::numeric) OVER one) AS usd,
			trim_scale(c.hours_upto - lag(c.hours_upto, 1, 0::numeric) OVER one) AS unit_hours
		FROM cut AS c WINDOW one AS (PARTITION BY c.name ORDER BY c.upto)
	)
	-- What nobody sells otherwise has the price of the commitment itself, by the hours that it took.
	SELECT 'used', s.name, begin_of(s.day), begin_of(s.day + 1), s.team, s.project, s.dimensions, s.source, s.seller,
		s.model, s.service_tier, s.region, s.meter, s.price_point,
		CASE WHEN q.is_sold THEN s.pricing_unit ELSE q.unit END, s.type, s.unit, NULL, s.quantity, q.quantity,
		CASE WHEN q.is_sold THEN s.usd_per_unit ELSE s.unit_usd END,
		CASE WHEN q.is_sold THEN s.list_usd_per_unit ELSE s.unit_usd END, 0, s.usd,
		trim_scale(q.quantity * CASE WHEN q.is_sold THEN s.usd_per_unit ELSE s.unit_usd END),
		trim_scale(q.quantity * CASE WHEN q.is_sold THEN s.list_usd_per_unit ELSE s.unit_usd END), s.unit_hours,
		s.version
	FROM split AS s CROSS JOIN LATERAL (
		SELECT s.list_usd_per_unit IS NOT NULL AS is_sold,
			s.unit || CASE s.per WHEN 'hour' THEN '-Hours' ELSE '-Months' END AS unit,
			trim_scale(CASE WHEN s.list_usd_per_unit IS NOT NULL
				THEN round((s.quantity + 0.0000000000000000000) / s.block, 19)
				WHEN s.per = 'hour' THEN s.unit_hours
				ELSE round(exact_quotient(s.unit_hours, s.month_hours), 12) END) AS quantity) AS q
$$;

COMMENT ON FUNCTION focus_used(bigint, date) IS
'What was used of commitments in a state of a month, by day, team, project, source, dimensions, model, region and '
'meter: EffectiveCost adds up to the used part of shared_cost_allocation exactly, by team, too, and unit_hours do. '
'List and contracted cost are those of the same tokens without the commitment. Tokens beyond the stated capacity share '
'in the cost as others do.';

CREATE FUNCTION inferacct_internal.focus_months(entry bigint, month date, parts text[])
RETURNS SETOF focus_charge
LANGUAGE sql STABLE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH bought AS MATERIALIZED (
		SELECT c.*, c.unit || CASE c.per WHEN 'hour' THEN '-Hours' ELSE '-Months' END AS pricing_unit
		FROM focus_commitments($1, $2) AS c WHERE 'commitment' = ANY ($3)
	), names AS (
		SELECT DISTINCT ON (b.name) b.* FROM bought AS b ORDER BY b.name
	), left_over AS (
		SELECT b.*, CASE WHEN row_number() OVER one = count(*) OVER (PARTITION BY b.name)
				THEN b.unit_hours - b.used_hours
			ELSE round((b.unit_hours - b.used_hours) * sum(b.units) OVER one
				/ nullif(sum(b.units) OVER (PARTITION BY b.name), 0), 12) END AS hours_upto
		FROM bought AS b WINDOW one AS (PARTITION BY b.name ORDER BY b.team NULLS LAST)
	), unused AS (
		SELECT l.*, l.hours_upto - lag(l.hours_upto, 1, 0::numeric) OVER one AS hours
		FROM left_over AS l WINDOW one AS (PARTITION BY l.name ORDER BY l.team NULLS LAST)
	)
	-- A purchase for each row of commitment; one of the sum where they are not as they were booked.
	SELECT 'purchase', c.name, c.since, c.until, NULL, NULL, NULL::jsonb, NULL, n.provider, NULL, NULL, NULL, NULL,
		NULL, c.unit || CASE c.per WHEN 'hour' THEN '-Hours' ELSE '-Months' END, c.type, c.unit, NULL, NULL::numeric,
		c.quantity, c.usd_per_unit, c.usd_per_unit, c.usd, 0::numeric, c.usd, c.usd, c.unit_hours, NULL::bigint
	FROM names AS n JOIN commitment_charge AS c ON c.month = $2 AND c.name = n.name
	WHERE n.usd = n.charged_usd
	UNION ALL
	SELECT 'purchase', n.name, n.from_at, n.until_at, NULL, NULL, NULL, NULL, n.provider, NULL, NULL,
		NULL, NULL, NULL, n.unit || '-Months', n.type, n.unit, NULL, NULL, 1, n.usd, n.usd, n.usd, 0, n.usd, n.usd,
		n.unit_hours, NULL
	FROM names AS n WHERE n.usd IS DISTINCT FROM n.charged_usd
	UNION ALL
	SELECT 'unused', u.name, u.from_at, u.until_at, u.team, NULL, NULL, NULL, u.provider, NULL, NULL,
		NULL, NULL, NULL, u.pricing_unit, u.type, u.unit, 'tokens', NULL, q.quantity, u.usd_per_unit, u.usd_per_unit, 0,
		u.idle_usd, trim_scale(q.quantity * u.usd_per_unit), trim_scale(q.quantity * u.usd_per_unit),
		trim_scale(u.hours), NULL
	FROM unused AS u
	CROSS JOIN LATERAL (SELECT trim_scale(CASE u.per WHEN 'hour' THEN u.hours
		ELSE round(exact_quotient(u.hours, u.month_hours), 12) END) AS quantity) AS q
	WHERE u.hours > 0 OR u.idle_usd > 0
	UNION ALL
	-- Shared costs: what each team used, and its part of what nobody used; undivided where a deployment's throughput is
	-- unknown.  A deployment whose cost is unknown has no row, and a WARNING says so.
	SELECT 'shared ' || p.what, a.name, begin_of($2), begin_of(next_month($2)), a.team, NULL, NULL, NULL, 'own', NULL,
		NULL, NULL, NULL, NULL, 'Months', CASE a.kind WHEN 'deployment' THEN 'Deployment' ELSE 'Shared Cost' END, NULL,
		a.basis, 1, 1, p.usd, p.usd, p.usd, p.usd, p.usd, p.usd, NULL, NULL
	FROM (SELECT * FROM focus_shares($1, $2) WHERE 'shared' = ANY ($3)) AS a
	CROSS JOIN LATERAL (VALUES ('used', a.used_usd), ('idle', a.idle_usd),
		('undivided', CASE WHEN a.problem IS NOT NULL THEN a.allocated_usd END)) AS p(what, usd)
	WHERE a.kind <> 'commitment' AND p.usd <> 0
$$;

COMMENT ON FUNCTION focus_months(bigint, date, text[]) IS
'What a state of a month has by the month: purchases of commitments, what nobody used of them, and shared costs by '
'team.';

-- ---------------------------------------------------------------------------
-- States and corrections
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.focus_state(entry bigint, month date, since date, until date, parts text[])
RETURNS SETOF focus_charge
LANGUAGE sql STABLE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT 'usage', NULL, begin_of(d.day), begin_of(d.day + 1), d.team, d.project, d.dimensions, d.source, d.provider,
		d.model, d.service_tier, d.region, d.meter, d.price_point, d.pricing_unit, NULL, NULL, NULL, d.quantity,
		q.blocks, d.usd_per_unit, d.list_usd_per_unit, q.usd, q.usd, q.usd,
		CASE WHEN d.list_usd_per_unit = d.usd_per_unit THEN q.usd ELSE trim_scale(d.list_usd_per_unit * q.blocks) END,
		NULL::numeric, d.version
	FROM focus_days($1, greatest($3, $2), least($4, next_month($2))) AS d
	CROSS JOIN LATERAL (SELECT b.blocks, trim_scale(d.usd_per_unit * b.blocks) AS usd
		FROM (SELECT trim_scale(round((d.quantity + 0.0000000000000000000) / d.block, 19)) AS blocks) AS b) AS q
	WHERE d.commitments IS NULL AND 'usage' = ANY ($5)
	UNION ALL
	SELECT * FROM focus_used($1, $2) AS u
	WHERE u.from_at >= begin_of($3) AND u.from_at < begin_of($4) AND 'commitment' = ANY ($5)
	UNION ALL
	SELECT * FROM focus_months($1, $2, $5) WHERE $2 >= $3
$$;

COMMENT ON FUNCTION focus_state(bigint, date, date, date, text[]) IS
'The charges of a state of a month (entry; NULL: now) in [since, until): usage and what was used of commitments by the '
'day, and, where the month begins in it, what is by the month.';

-- The settings are those of the closing while it runs, and the caller's again when it ends.
CREATE FUNCTION inferacct_internal.focus_booked(entry bigint, month date, since date, until date, parts text[],
	settings jsonb, known_at timestamptz)
RETURNS SETOF focus_charge
LANGUAGE plpgsql STABLE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
SET inferacct.as_of TO ''
SET inferacct.contract TO ''
SET inferacct.guess TO 'allow'
AS $$
BEGIN
	PERFORM use_settings(settings || '{"unpriced": "null"}', known_at);
	RETURN QUERY SELECT * FROM focus_state(entry, month, since, until, parts);
END
$$;

COMMENT ON FUNCTION focus_booked(bigint, date, date, date, text[], jsonb, timestamptz) IS
'focus_state() at the settings of a closing and the prices known at a time; NULL: all.';

-- Cheap, so that a month that is as it was closed is priced once.
CREATE FUNCTION inferacct_internal.focus_unchanged(entry bigint, month date, since date, until date, parts text[],
	settings jsonb, known_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
SET inferacct.as_of TO ''
SET inferacct.contract TO ''
SET inferacct.guess TO 'allow'
AS $$
DECLARE
	from_at timestamptz := begin_of(greatest(since, month));
	until_at timestamptz := begin_of(least(until, next_month(month)));
	booked numeric;
	found numeric;
BEGIN
	PERFORM use_settings(settings || '{"unpriced": "null"}', known_at);
	-- Of commitments every day depends on the whole month.
	IF parts && '{shared,commitment}' THEN
		from_at := begin_of(month);
		until_at := begin_of(next_month(month));
		IF EXISTS (SELECT FROM (SELECT s.kind, s.name, s.team, s.used_usd, s.idle_usd, s.allocated_usd, s.units
				FROM focus_shares(NULL, month) AS s EXCEPT ALL SELECT s.kind, s.name, s.team, s.used_usd, s.idle_usd,
				s.allocated_usd, s.units FROM focus_shares(entry, month) AS s) AS d)
			OR EXISTS (SELECT FROM (SELECT s.kind, s.name, s.team, s.used_usd FROM focus_shares(entry, month) AS s
				EXCEPT ALL SELECT s.kind, s.name, s.team, s.used_usd FROM focus_shares(NULL, month) AS s) AS d) THEN
			RETURN false;
		END IF;
	END IF;
	SELECT sum(hash_record_extended(ROW(b.first_at, b.last_at, b.min_input, b.max_input, b.usage, b.aggregated,
			b.origin, b.source, b.model, b.service_tier, b.region, b.provider, b.team, b.project, b.dimensions), 0))
	INTO booked
	FROM booked_usage AS b WHERE b.entry = focus_unchanged.entry AND b.first_at >= from_at AND b.first_at < until_at;
	SELECT sum(hash_record_extended(ROW(u.first_at, u.last_at, u.min_input, u.max_input, u.usage, u.aggregated,
			u.origin, u.source, u.model, u.service_tier, u.region, u.provider, u.team, u.project, u.dimensions), 0))
	INTO found
	FROM (SELECT h.first_at, h.last_at, h.min_input, h.max_input, h.usage, h.aggregated, h.origin, h.source, h.model,
			h.service_tier, h.region, h.provider, h.team, h.project, h.dimensions
		FROM usage_hourly AS h WHERE h.hour >= from_at AND h.hour < until_at
		UNION ALL
		SELECT f.first_at, f.last_at, f.min_input, f.max_input, f.usage, f.aggregated, f.origin, f.source, f.model,
			f.service_tier, f.region, f.provider, f.team, f.project, f.dimensions
		FROM forgotten_rows AS f WHERE f.hour >= from_at AND f.hour < until_at) AS u;
	RETURN booked IS NOT DISTINCT FROM found AND NOT EXISTS (
		SELECT FROM booked_usage AS b
		WHERE b.entry = focus_unchanged.entry AND b.first_at >= from_at AND b.first_at < until_at
			AND b.usd IS DISTINCT FROM CASE WHEN rollup_problem(b.model, b.usage, b.first_at, b.last_at, b.min_input,
				b.max_input, b.aggregated, b.service_tier, b.region) IS NULL THEN rollup_cost(b.model, b.usage,
				b.first_at, b.last_at, b.min_input, b.max_input, b.aggregated, b.service_tier, b.region) END);
END
$$;

COMMENT ON FUNCTION focus_unchanged(bigint, date, date, date, text[], jsonb, timestamptz) IS
'Whether a month is now as an entry booked it: its rows, what they cost at the settings of the closing, and its shared '
'costs.';

CREATE FUNCTION inferacct_internal.focus_correction(entry bigint, later bigint, month date, since date, until date,
	parts text[], settings jsonb, known_at timestamptz, known_later timestamptz)
RETURNS SETOF focus_charge
LANGUAGE sql STABLE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT c.part, c.name, c.from_at, c.until_at, c.team, c.project, c.dimensions, c.source, c.provider, c.model,
		c.service_tier, c.region, c.meter, c.price_point, c.pricing_unit, c.kind, c.unit, c.basis,
		trim_scale(sum(c.sign * c.consumed)), trim_scale(sum(c.sign * c.quantity)), NULL::numeric, NULL::numeric,
		trim_scale(sum(c.sign * c.billed)), trim_scale(sum(c.sign * c.effective)),
		trim_scale(sum(c.sign * c.contracted)), trim_scale(sum(c.sign * c.list)),
		trim_scale(sum(c.sign * c.unit_hours)), NULL::bigint
	FROM (SELECT 1 AS sign, b.* FROM focus_booked($2, $3, $4, $5, $6, $7, $9) AS b
		UNION ALL
		SELECT -1, b.* FROM focus_booked($1, $3, $4, $5, $6, $7, $8) AS b) AS c
	GROUP BY c.part, c.name, c.from_at, c.until_at, c.team, c.project, c.dimensions, c.source, c.provider, c.model,
		c.service_tier, c.region, c.meter, c.price_point, c.pricing_unit, c.kind, c.unit, c.basis
	HAVING sum(c.sign * c.billed) <> 0 OR sum(c.sign * c.effective) <> 0 OR sum(c.sign * c.list) <> 0
		OR sum(c.sign * c.contracted) <> 0 OR sum(c.sign * c.consumed) <> 0
$$;

COMMENT ON FUNCTION focus_correction(bigint, bigint, date, date, date, text[], jsonb, timestamptz, timestamptz) IS
'What a later state of a month (NULL: now) has more than that of an entry, charge by charge.';

CREATE FUNCTION inferacct_internal.open_month_after(month date)
RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT min(g.at)::date FROM generate_series(greatest(next_month($1), month_of(now()))::timestamp,
		greatest(next_month($1), month_of(now()), (SELECT next_month(max(c.month)) FROM closed_month AS c))::timestamp,
		interval '1 month') AS g(at)
	WHERE g.at::date NOT IN (SELECT c.month FROM closed_month AS c)
$$;

COMMENT ON FUNCTION open_month_after(date) IS
'The month into whose books a correction of a closed one would come: the current one, or the next that is open.';

CREATE FUNCTION inferacct_internal.focus_month(month date, since date, until date, parts text[])
RETURNS TABLE (charge focus_charge, class text, billed_in date, entry bigint)
LANGUAGE plpgsql STABLE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	closing month_journal;
	earlier month_journal;
	later month_journal;
	known_at timestamptz;
BEGIN
	IF NOT EXISTS (SELECT FROM closed_month AS c WHERE c.month = focus_month.month) THEN
		RETURN QUERY SELECT s, NULL::text, focus_month.month, NULL::bigint
			FROM focus_state(NULL, focus_month.month, since, until, parts) AS s;
		RETURN;
	END IF;
	SELECT j.* INTO closing FROM month_journal AS j WHERE j.of_month = focus_month.month AND j.kind = 'close'
	ORDER BY j.entry DESC LIMIT 1;
	RETURN QUERY SELECT s, NULL::text, focus_month.month, closing.entry
		FROM focus_booked(closing.entry, focus_month.month, since, until, parts, closing.settings, closing.known_at)
			AS s;
	earlier := closing;
	FOR later IN SELECT j.* FROM month_journal AS j WHERE j.of_month = focus_month.month AND j.entry > closing.entry
		ORDER BY j.entry
	LOOP
		RETURN QUERY SELECT s, 'Correction', later.month, later.entry
			FROM focus_correction(earlier.entry, later.entry, focus_month.month, since, until, parts, closing.settings,
				earlier.known_at, later.known_at) AS s;
		earlier := later;
	END LOOP;
	known_at := known_now(earlier.known_at);
	IF NOT focus_unchanged(earlier.entry, focus_month.month, since, until, parts, closing.settings, known_at) THEN
		RETURN QUERY SELECT s, 'Correction', open_month_after(focus_month.month), NULL::bigint
			FROM focus_correction(earlier.entry, NULL, focus_month.month, since, until, parts, closing.settings,
				earlier.known_at, known_at) AS s;
	END IF;
END
$$;

COMMENT ON FUNCTION focus_month(date, date, date, text[]) IS
'The charges of the days of a month in [since, until): as it is now, or, of a closed month, as it was closed, with '
'what each later entry of the journal has corrected, and what nobody has booked yet (entry is NULL). billed_in: the '
'month in whose books it is.';

CREATE FUNCTION inferacct_internal.focus_known_months(since date, until date)
RETURNS SETOF date
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 12
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT k.month FROM (
		SELECT m.month FROM rollup_month AS m
		UNION SELECT c.month FROM closed_month AS c
		UNION SELECT s.month FROM shared_cost AS s
		UNION SELECT c.month FROM commitment_charge AS c
		UNION SELECT g.at::date FROM deployment_run AS r CROSS JOIN LATERAL generate_series(
			month_of(r.since)::timestamp, least(month_of(r.until), month_of(now()))::timestamp, interval '1 month')
			AS g(at)) AS k
	WHERE next_month(k.month) > $1 AND k.month < $2 ORDER BY 1
$$;

COMMENT ON FUNCTION focus_known_months(date, date) IS
'The months with days in [since, until) that have usage, books, or costs. A request whose clock was wrong brings its '
'own month, and none between.';

-- ---------------------------------------------------------------------------
-- The words of FOCUS
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.tag_pairs(tags text)
RETURNS TABLE (place bigint, key text, value jsonb)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 3
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH stated AS (
		SELECT try_json($1) AS tags
	), pairs AS (
		SELECT o.place, o.key, o.value
		FROM stated AS s CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(s.tags) = 'object' THEN s.tags END)
			WITH ORDINALITY AS o(key, value, place)
		UNION ALL
		SELECT a.place, split_part(a.name, ':', 1),
			CASE WHEN a.name LIKE '%:%' THEN to_jsonb(substr(a.name, strpos(a.name, ':') + 1)) ELSE 'true' END
		FROM stated AS s
		CROSS JOIN LATERAL jsonb_array_elements_text(CASE WHEN jsonb_typeof(s.tags) = 'array' THEN s.tags END)
			WITH ORDINALITY AS a(name, place)
	)
	SELECT p.place, p.key,
		CASE WHEN jsonb_typeof(p.value) IN ('object', 'array') THEN to_jsonb(p.value::text) ELSE p.value END
	FROM pairs AS p WHERE p.key <> '' AND p.value <> 'null'
$$;

COMMENT ON FUNCTION tag_pairs(text) IS
'The tags of a request, as a dimension of all tags keeps them: of an object its keys and values, of an array '
'"key:value" and names, whose value is true. NULL, and what is no JSON, has none.';

CREATE FUNCTION inferacct_internal.focus_tags(team text, project text, dimensions jsonb)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH stated AS (
		SELECT d.key, d.value, EXISTS (SELECT FROM usage_dimension AS u WHERE u.name = d.key AND u.log_column = 'tags'
			AND u.key = '*') AND d.value <> '"other"' AS is_all_tags
		FROM jsonb_each(CASE WHEN jsonb_typeof($3) = 'object' THEN $3 END) AS d WHERE d.value <> 'null'
	), pairs AS (
		SELECT 1 AS rank, 0::bigint AS place, l.key, to_jsonb(l.value) AS value
		FROM (VALUES ('team', $1), ('project', $2)) AS l(key, value) WHERE l.value IS NOT NULL
		UNION ALL
		SELECT 2, 0, s.key, s.value FROM stated AS s WHERE NOT s.is_all_tags
		UNION ALL
		SELECT 3, t.place, t.key, t.value FROM stated AS s CROSS JOIN LATERAL tag_pairs(s.value #>> '{}') AS t
		WHERE s.is_all_tags
	)
	SELECT coalesce(jsonb_object_agg(p.key, p.value ORDER BY p.rank DESC, p.place DESC), '{}') FROM pairs AS p
$$;

COMMENT ON FUNCTION focus_tags(text, text, jsonb) IS
'Tags of a charge: team and project, each chosen dimension by its name, and, of a dimension of all tags, each tag. '
'Of one key, the first of these three counts.';

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
	"x_Source" text, "x_PriceVersion" bigint, "x_JournalEntry" bigint)
LANGUAGE sql STABLE COST 1000000 ROWS 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET work_mem TO '64MB'
AS $$
	WITH charges AS MATERIALIZED (
		SELECT (f.charge).*, f.class, f.billed_in, f.entry
		FROM focus_known_months($1, $2) AS m(month) CROSS JOIN LATERAL focus_month(m.month, $1, $2, $3) AS f
	), labels AS MATERIALIZED (
		SELECT ROW(l.team, l.project, l.dimensions) AS alike, focus_tags(l.team, l.project, l.dimensions) AS tags
		FROM (SELECT DISTINCT c.team, c.project, c.dimensions FROM charges AS c) AS l
	), times AS MATERIALIZED (
		SELECT t.at, focus_time(t.at) AS text FROM (SELECT c.from_at AS at FROM charges AS c
			UNION SELECT c.until_at FROM charges AS c UNION SELECT begin_of(c.billed_in) FROM charges AS c
			UNION SELECT begin_of(next_month(c.billed_in)) FROM charges AS c) AS t
	), words AS MATERIALIZED (		-- what is said of many charges is said once
		SELECT ROW(w.part, w.name, w.provider, w.model, w.service_tier, w.region, w.meter, w.price_point,
				w.pricing_unit, w.kind, w.unit, w.basis) AS alike, s.sku,
			concat_ws('/', s.sku, nullif(w.region, ''), w.service_tier, nullif(w.price_point, ''), w.pricing_unit)
				AS sku_price,
			CASE WHEN w.part IN ('usage', 'used') THEN focus_meter(w.meter)
				WHEN w.part IN ('purchase', 'unused') THEN 'Committed Capacity'
				ELSE initcap(split_part(w.part, ' ', 2)) || ' Capacity' END AS sku_meter,
			CASE WHEN w.part IN ('usage', 'used') THEN focus_unit(w.meter) WHEN w.part LIKE 'shared%' THEN 'Months' END
				AS consumed_unit,
			CASE WHEN w.part IN ('usage', 'used')
				THEN focus_details(w.provider, w.model, w.meter, w.service_tier, nullif(w.price_point, ''))
				WHEN w.basis IS NOT NULL AND w.part LIKE 'shared%' THEN jsonb_build_object('x_Basis', w.basis)
				ELSE '{}' END AS details,
			CASE WHEN w.part IN ('usage', 'used')
				THEN format('%s %s of %s', w.service_tier, focus_meter(w.meter), w.model)
					|| coalesce(' by ' || w.name, '')
				ELSE format('%s: %s', w.name, replace(w.part, 'shared ', '')) END AS description,
			w.part IN ('used', 'unused', 'purchase') AS is_commitment, w.part LIKE 'shared%' AS is_shared
		FROM (SELECT DISTINCT c.part, c.name, c.provider, c.model, c.service_tier, c.region, c.meter, c.price_point,
				c.pricing_unit, c.kind, c.unit, c.basis FROM charges AS c) AS w
		CROSS JOIN LATERAL (SELECT CASE WHEN w.part IN ('usage', 'used') THEN format('%s/%s/%s', w.provider, w.model,
				w.meter) WHEN w.part IN ('purchase', 'unused') THEN format('%s/%s/%s', w.provider, w.kind, w.unit)
			ELSE format('own/%s/%s', w.name, split_part(w.part, ' ', 2)) END AS sku) AS s
	)
	SELECT c.billed, c.provider, c.provider, CASE WHEN w.is_shared THEN 'Own' ELSE 'Provider' END, 'USD',
		billing_end.text, billing_start.text,
		CASE WHEN k.is_credit THEN 'Credit' WHEN c.part = 'purchase' THEN 'Purchase' ELSE 'Usage' END, c.class,
		w.description, CASE WHEN c.part IN ('usage', 'used') THEN 'Usage-Based' ELSE 'Recurring' END,
		charge_end.text, charge_start.text,
		CASE WHEN w.is_commitment THEN 'Usage' END, CASE WHEN w.is_commitment THEN c.name END,
		CASE WHEN w.is_commitment THEN c.name END, c.unit_hours,
		CASE c.part WHEN 'used' THEN 'Used' WHEN 'unused' THEN 'Unused' END, CASE WHEN w.is_commitment THEN c.kind END,
		CASE WHEN w.is_commitment THEN c.unit || '-Hours' END,
		CASE WHEN NOT k.is_credit THEN c.consumed END,
		CASE WHEN NOT k.is_credit AND c.consumed IS NOT NULL THEN w.consumed_unit END,
		c.contracted, CASE WHEN NOT k.is_credit THEN c.usd_per_unit END, c.effective, c.provider, NULL, c.provider,
		c.list, CASE WHEN NOT k.is_credit THEN c.list_usd_per_unit END,
		CASE WHEN k.is_credit THEN NULL WHEN c.part IN ('used', 'unused') THEN 'Committed' ELSE 'Standard' END,
		CASE WHEN NOT k.is_credit THEN c.quantity END, CASE WHEN NOT k.is_credit THEN c.pricing_unit END,
		nullif(c.region, ''), nullif(c.region, ''), NULL,
		CASE WHEN c.part <> 'usage' THEN c.name END, CASE WHEN c.part <> 'usage' THEN c.name END,
		CASE WHEN c.part <> 'usage' THEN c.kind END,
		'AI and Machine Learning', CASE WHEN w.is_shared THEN c.name ELSE 'Model API' END, c.provider, 'Generative AI',
		w.sku, w.sku_meter, w.details, w.sku_price,
		c.team, c.team, CASE WHEN c.team IS NOT NULL THEN 'Team' END, l.tags,
		k.method, CASE WHEN k.method IS NOT NULL THEN jsonb_build_object('Basis', c.basis, 'Part',
			replace(c.part, 'shared ', '')) END, CASE WHEN k.method IS NOT NULL THEN c.name END,
		CASE WHEN k.method IS NOT NULL THEN c.name END, CASE WHEN k.method IS NOT NULL THEN '{}'::jsonb END,
		coalesce(c.source, 'shared'), c.version, c.entry
	FROM charges AS c
	JOIN words AS w ON w.alike = ROW(c.part, c.name, c.provider, c.model, c.service_tier, c.region, c.meter,
		c.price_point, c.pricing_unit, c.kind, c.unit, c.basis)
	JOIN labels AS l ON l.alike = ROW(c.team, c.project, c.dimensions)
	JOIN times AS charge_start ON charge_start.at = c.from_at
	JOIN times AS charge_end ON charge_end.at = c.until_at
	JOIN times AS billing_start ON billing_start.at = begin_of(c.billed_in)
	JOIN times AS billing_end ON billing_end.at = begin_of(next_month(c.billed_in))
	CROSS JOIN LATERAL (SELECT w.is_shared AND c.class IS NULL AND c.billed < 0 AS is_credit,
		CASE WHEN w.is_shared OR c.part = 'unused' AND c.team IS NOT NULL THEN 'inferacct:' || c.basis END
			AS method) AS k
$$;

COMMENT ON FUNCTION focus(date, date, text[]) IS
'Cost and Usage rows of FOCUS 1.4 for [since, until) (UTC), with the columns'' names and formats of FOCUS: per day a '
'row for each priced meter, and per month that begins there, rows for the used and the idle part of each shared cost '
'by team (undivided where that is unknown), running deployments among them (a WARNING names those whose cost is '
'unknown, which have no row), and of each commitment its purchase (BilledCost) and what was and was not used of it '
'(EffectiveCost). List prices are without contract, contracted ones under inferacct.contract; of tokens that a '
'commitment serves both are those of the standard tier. A closed month is as it was closed, under its own settings, '
'and what has become of it since are rows of ChargeClass Correction, in the billing period of the entry '
'(x_JournalEntry) that booked them, or of the open month where none did. '
'The billing account is who bills, the sub account the team. Usage without a price has no row. '
'NULL gives no row. Errors as rollup_cost(), but for what has no price.';
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
		WITH months AS (
			SELECT k.month
			FROM (SELECT min(month) AS first, max(month) AS last FROM inferacct_internal.rollup_month) AS m
			CROSS JOIN LATERAL inferacct_internal.focus_known_months(m.first, inferacct_internal.next_month(m.last))
				AS k(month)
		)
		SELECT %1$s FROM (
			SELECT t.at::date AS day, inferacct_internal.focus_time(inferacct_internal.begin_of(t.at::date)) AS start
			FROM months AS m CROSS JOIN LATERAL generate_series(m.month::timestamp,
				(inferacct_internal.next_month(m.month) - 1)::timestamp, interval '1 day') AS t(at)) AS d
		CROSS JOIN LATERAL focus(d.day, d.day + 1, '{usage}') AS f
		UNION ALL
		SELECT %1$s FROM (
			SELECT m.month, inferacct_internal.focus_time(inferacct_internal.begin_of(m.month)) AS start
			FROM months AS m) AS d
		CROSS JOIN LATERAL focus(d.month, inferacct_internal.next_month(d.month), '{shared}') AS f
		UNION ALL
		SELECT %2$s FROM (SELECT min(month) AS first, max(month) AS last FROM months) AS m
		CROSS JOIN LATERAL focus(m.first, inferacct_internal.next_month(m.last), '{commitment}') AS f
	$view$, replace(columns, 'f."ChargePeriodStart"', 'd.start AS "ChargePeriodStart"'), columns);
END $$;

COMMENT ON VIEW focus_1_4 IS
'focus() of everything that the rollup has. A condition on "ChargePeriodStart" reads only the days that meet it, as '
'focus(''2026-10-01'', ''2026-11-01'') does, but for commitments.';
