-- commitment: how much of a load to pay for whether it is there or not.
--
-- Invariant: one rule serves reservations and own replicas.  Load d(h) comes in hours h;
-- a unit of size q costs `unit_usd` over all hours; what exceeds the units costs
-- price(h).  The n-th unit carries min(q, max(0, d(h) - (n-1) q)) in hour h; it
-- is worth that times price(h), which falls with n.  So take units as long as
-- the next one is worth more than it costs; of equal optima the smaller is taken.

CREATE FUNCTION inferacct_internal.unit_worth(load numeric[], price numeric[], size numeric, n numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
RETURN (SELECT coalesce(sum(over_usd * least(size, greatest(0, hour - (n - 1) * size))), 0)
	FROM unnest(load, price) AS hours (hour, over_usd));
COMMENT ON FUNCTION unit_worth(numeric[], numeric[], numeric, numeric) IS
'USD that the n-th unit of a size saves: what it carries of the load of each hour, at the price of that hour. '
'NULL gives NULL';

CREATE FUNCTION inferacct_internal.unit_overflow_usd(load numeric[], price numeric[], size numeric, n numeric)
	RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
RETURN (SELECT coalesce(sum(over_usd * greatest(0, hour - n * size)), 0)
	FROM unnest(load, price) AS hours (hour, over_usd));
COMMENT ON FUNCTION unit_overflow_usd(numeric[], numeric[], numeric, numeric) IS
'USD of what n units of a size leave of the load of each hour, at the price of that hour. NULL gives NULL';

CREATE FUNCTION inferacct_internal.units_needed(load numeric[], size numeric, most numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	units	numeric;
BEGIN
	PERFORM check_figures('the load', load), check_figure('the size of a unit', size, 0, above_least => true);
	units := ceil_quotient((SELECT max(hour) FROM unnest(load) AS hour), size);
	IF units > most THEN
		PERFORM inferacct_internal.fail('54000', 'the load needs too many units',
			format('Its peak is that of %s units, of at most %s.', units, most),
			'Check that load and size are in the same unit, or use a larger size.');
	END IF;
	RETURN coalesce(units, 0);
END $$;
COMMENT ON FUNCTION units_needed(numeric[], numeric, numeric) IS
'The number of units of a size that carry the peak of a load, 0 for no load. NULL gives NULL. '
'Errors: 22023 a figure that is negative or infinite, 54000 more than `most` units';

CREATE FUNCTION inferacct_internal.best_units(load numeric[], price numeric[], size numeric, unit_usd numeric)
	RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	worth_it	numeric := 0;	-- so many units surely are
	too_many	numeric := units_needed(load, size, 1000000000000) + 1;
	middle		numeric;
BEGIN
	PERFORM check_figures('the price', price), check_figure('the price of a unit', unit_usd, 0);
	WHILE too_many - worth_it > 1 LOOP
		middle := div(worth_it + too_many, 2);
		IF unit_worth(load, price, size, middle) > unit_usd THEN
			worth_it := middle;
		ELSE
			too_many := middle;
		END IF;
	END LOOP;
	RETURN worth_it;
END $$;
COMMENT ON FUNCTION best_units(numeric[], numeric[], numeric, numeric) IS
'The number of units of a size that makes the whole cheapest, the smaller of equal ones: exact, by bisection of the '
'worth of the n-th unit. NULL gives NULL. Errors: 22023 a figure that is negative or infinite, 54000 a peak of more '
'than 10^12 units';

-- ---------------------------------------------------------------------------
-- Reserved units
-- ---------------------------------------------------------------------------

CREATE TYPE commitment_verdict AS (
	hours bigint, reserved_units numeric, usd numeric, usd_all_on_demand numeric, usd_reserve_peak numeric,
	saved_usd numeric, saving_erased_at numeric, peak_units numeric, breakeven_utilization numeric, discount numeric
);
COMMENT ON TYPE commitment_verdict IS
'What commitment() says. reserved_units cost usd together with the rest on demand; '
'usd_reserve_peak is the price of reserving for the busiest hour. saving_erased_at: the share of the demand that may '
'remain before the reservation costs more than on demand; NULL when nothing is reserved. '
'breakeven_utilization: share of the hours in which a unit must be used, reserved / on demand; discount: 1 - that';

-- The rest of the demand at which n reserved units save nothing: y with
-- sum of o(h) min(y d(h), n) = n x sum of r(h).  The left side is the least,
-- over j, of: the j busiest hours full, the others not.
CREATE FUNCTION inferacct_internal.commitment_erased_at(units numeric[], price numeric[], n numeric, unit_usd numeric)
	RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH hours AS (
		SELECT hour, over_usd FROM unnest(units, price) AS h (hour, over_usd)
		UNION ALL SELECT NULL, 0	-- the first line has no hour full
	), lines AS (
		SELECT sum(over_usd) OVER w AS full_usd,
			(SELECT sum(h.hour * h.over_usd) FROM hours h) - coalesce(sum(hour * over_usd) OVER w, 0) AS slope
		FROM hours WINDOW w AS (ORDER BY hour DESC NULLS FIRST)
	)
	SELECT max(exact_quotient(n * unit_usd - n * full_usd, slope)) FROM lines WHERE slope > 0 AND n > 0
$$;
COMMENT ON FUNCTION commitment_erased_at(numeric[], numeric[], numeric, numeric) IS
'The share of the demand (0.47 of it, say) at which n units, reserved for unit_usd each over all hours, cost as much '
'as all on demand at the hours'' prices. NULL when n is 0, or for NULL';

CREATE FUNCTION inferacct_internal.commitment_verdict(units numeric[], price numeric[], unit_usd numeric)
	RETURNS commitment_verdict
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	verdict commitment_verdict;
	n		numeric := best_units(units, price, 1, unit_usd);	-- refuses what is no load
	on_demand numeric := (SELECT sum(over_usd) FROM unnest(price) AS over_usd);
BEGIN
	verdict.hours := cardinality(units);
	verdict.peak_units := trim_scale((SELECT max(hour) FROM unnest(units) AS hour));
	verdict.reserved_units := n;
	verdict.usd := trim_scale(n * unit_usd + unit_overflow_usd(units, price, 1, n));
	verdict.usd_all_on_demand := trim_scale(unit_overflow_usd(units, price, 1, 0));
	verdict.usd_reserve_peak := trim_scale(ceil(verdict.peak_units) * unit_usd);
	verdict.saved_usd := trim_scale(verdict.usd_all_on_demand - verdict.usd);
	verdict.saving_erased_at := commitment_erased_at(units, price, n, unit_usd);
	verdict.breakeven_utilization := exact_quotient(unit_usd, nullif(on_demand, 0));
	verdict.discount := 1 - verdict.breakeven_utilization;
	RETURN verdict;
END $$;
COMMENT ON FUNCTION commitment_verdict(numeric[], numeric[], numeric) IS
'The verdict on a load of units(h) at price(h) on demand, when a unit reserved over all hours costs unit_usd. '
'NULL gives NULL';

-- The aggregates' state holds three values per row, one row after the other.
CREATE FUNCTION inferacct_internal.commitment_column(state numeric[], which integer) RETURNS numeric[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
RETURN (SELECT array_agg(value ORDER BY i) FROM unnest(state) WITH ORDINALITY AS v (value, i)
	WHERE (i - 1) % 3 = which);
COMMENT ON FUNCTION commitment_column(numeric[], integer) IS
'the first (0), second (1) or third (2) values of the rows in the state of commitment(). NULL gives NULL';

CREATE FUNCTION inferacct_internal.commitment_final(numeric[]) RETURNS commitment_verdict
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	reserved	numeric[] := commitment_column($1, 2);
BEGIN
	PERFORM check_figures('an hour''s units, on_demand_usd or reserved_usd', $1);
	RETURN commitment_verdict(commitment_column($1, 0), commitment_column($1, 1),
		(SELECT sum(reserved_usd) FROM unnest(reserved) AS reserved_usd));
END $$;
COMMENT ON FUNCTION commitment_final(numeric[]) IS
'final function of commitment(). Error: 22023 a negative or infinite figure';

CREATE FUNCTION inferacct_internal.commitment_accum(numeric[], numeric, numeric, numeric) RETURNS numeric[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION commitment_accum(numeric[], numeric, numeric, numeric) IS
'transition function of commitment(). Error: 22004 a NULL value';
CREATE FUNCTION inferacct_internal.commitment_combine(numeric[], numeric[]) RETURNS numeric[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION commitment_combine(numeric[], numeric[]) IS
'combine function of commitment() and spend_commitment()';

CREATE AGGREGATE commitment(units numeric, on_demand_usd numeric, reserved_usd numeric) (
	SFUNC = commitment_accum, STYPE = numeric[], SSPACE = 65536, COMBINEFUNC = commitment_combine,
	FINALFUNC = commitment_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE commitment(numeric, numeric, numeric) IS
'How many units to reserve for a load of one row per hour: units needed in that hour (0 in an idle one), USD of a '
'unit-hour on demand and reserved. Exact: the k-th unit is reserved when it is needed in more than reserved / on '
'demand of the hours (the newsvendor''s critical ratio); where both cost the same it is not. No row gives NULL. '
'Errors: 22004 a NULL value, 22023 a negative or infinite one.';

CREATE FUNCTION commitment_regret(units numeric[], on_demand_usd numeric, reserved_usd numeric, forecast_error numeric,
	OUT reserved_units numeric, OUT usd numeric, OUT regret_usd numeric)
RETURNS record
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	hours		numeric := cardinality(units);
	price		numeric[] := array_fill(on_demand_usd, ARRAY[cardinality(units)]);
	best		numeric;
BEGIN
	PERFORM check_figure('on_demand_usd', on_demand_usd, 0), check_figure('reserved_usd', reserved_usd, 0),
		check_figure('forecast_error', forecast_error, -1), check_figures('units', units);
	best := best_units(units, price, 1, reserved_usd * hours);
	reserved_units := best_units((SELECT array_agg(ceil(hour * (1 + forecast_error))) FROM unnest(units) AS hour),
		price, 1, reserved_usd * hours);
	usd := trim_scale(reserved_units * reserved_usd * hours + unit_overflow_usd(units, price, 1, reserved_units));
	regret_usd := trim_scale(usd - best * reserved_usd * hours - unit_overflow_usd(units, price, 1, best));
END $$;
COMMENT ON FUNCTION commitment_regret(numeric[], numeric, numeric, numeric) IS
'What a wrong forecast costs: units needed hour by hour, USD of a unit-hour on demand and reserved; '
'units were reserved for a forecast of (1 + forecast_error) x units, rounded up (0.1: forecast 10 % too high). '
'usd is what then was paid, regret_usd how much more than with the best number. NULL gives NULL. '
'Errors: 22023 a negative price, a forecast_error below -1.';

CREATE FUNCTION reserved_rate(upfront_usd numeric, recurring_usd_per_hour numeric, years numeric DEFAULT 1,
	monthly_rate numeric DEFAULT 0)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	months	numeric := years * 12;
	recovery numeric := 1;		-- paid in the term per USD upfront
BEGIN
	PERFORM check_figure('upfront_usd', upfront_usd, 0),
		check_figure('recurring_usd_per_hour', recurring_usd_per_hour, 0),
		check_figure('years', years, 0, above_least => true), check_figure('monthly_rate', monthly_rate, 0);
	IF monthly_rate > 0 THEN
		recovery := months * monthly_rate * 1.000000000000000000000000000000
			/ (1 - power(1.000000000000000000000000000000 + monthly_rate, -months));
	END IF;
	RETURN trim_scale(recurring_usd_per_hour + round(exact_quotient(upfront_usd * recovery, years * 8760), 20));
END $$;
COMMENT ON FUNCTION reserved_rate(numeric, numeric, numeric, numeric) IS
'USD per hour of a reservation paid partly upfront: recurring + upfront x CRF / (years x 8760 hours), where CRF = n i '
'/ (1 - (1 + i)^-n) for n months at monthly_rate i (0.01 for 1 %) and 1 without interest. NULL gives NULL. '
'Errors: 22023.';

CREATE FUNCTION inferacct_internal.longer_term_pays(reserved_1y_usd numeric, reserved_3y_usd numeric,
	price_factor numeric DEFAULT 0.65)
RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN 3 * reserved_3y_usd <= reserved_1y_usd * (1 + price_factor + price_factor * price_factor);
COMMENT ON FUNCTION longer_term_pays(numeric, numeric, numeric) IS
'Is a unit cheaper for three years than for one year three times over, when the price of a year falls to price_factor '
'of the last one''s? 3 r3 <= r1 (1 + f + f^2), USD per hour. Assumes that it is needed all three years. '
'NULL gives NULL.';

-- ---------------------------------------------------------------------------
-- Commitments to a spend (savings plans, committed-use discounts)
-- ---------------------------------------------------------------------------

CREATE TYPE spend_commitment_verdict AS (
	hours bigint, usd_per_hour numeric, usd numeric, usd_all_on_demand numeric, saved_usd numeric, utilization numeric
);
COMMENT ON TYPE spend_commitment_verdict IS
'What spend_commitment() says: commit to usd_per_hour of discounted spend; '
'usd is the whole cost then, utilization the share of the commitment that is used';

-- In an hour the commitment goes to what has the highest discount first.  A
-- dollar of it between `low` and `high` of an hour's discounted spend replaces
-- `worth` = 1 / (1 - discount) dollars on demand; what c commits to must replace
-- more than it costs, one dollar in each hour.
CREATE FUNCTION inferacct_internal.spend_commitment_final(numeric[]) RETURNS spend_commitment_verdict
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	verdict spend_commitment_verdict;
	hour	numeric[] := commitment_column($1, 0);
	spent	numeric[] := commitment_column($1, 1);
	discount numeric[] := commitment_column($1, 2);
	used	numeric;
BEGIN
	PERFORM check_figure('on_demand_usd', value, 0) FROM unnest(spent) AS value;
	PERFORM check_figure('discount', value, 0, 0.999999999) FROM unnest(discount) AS value;
	verdict.hours := (SELECT max(value) - min(value) + 1 FROM unnest(hour) AS value);
	verdict.usd_all_on_demand := trim_scale((SELECT sum(value) FROM unnest(spent) AS value));

	WITH families AS (
		SELECT h, 1 - d AS rest, sum(usd) * (1 - d) AS discounted FROM unnest(hour, spent, discount) AS v (h, usd, d)
			GROUP BY h, d
	), parts AS (
		SELECT sum(discounted) OVER w - discounted AS low, sum(discounted) OVER w AS high,
			exact_quotient(1, rest) AS worth
		FROM families WINDOW w AS (PARTITION BY h ORDER BY rest)
	), steps AS (
		SELECT at, sum(sum(change)) OVER (ORDER BY at) AS replaced
		FROM (SELECT low, worth FROM parts UNION ALL SELECT high, -worth FROM parts) AS ends (at, change) GROUP BY at
	), best AS (
		SELECT coalesce(min(at) FILTER (WHERE replaced <= verdict.hours), 0) AS c FROM steps
	)
	SELECT c, sum(worth * (high - greatest(low, c))) FILTER (WHERE high > c),
		sum(least(high, c) - low) FILTER (WHERE low < c)
	INTO verdict.usd_per_hour, verdict.usd, used
	FROM best, parts GROUP BY c;

	verdict.usd := trim_scale(round(verdict.hours * verdict.usd_per_hour + coalesce(verdict.usd, 0), 15));
	verdict.saved_usd := verdict.usd_all_on_demand - verdict.usd;
	verdict.utilization := exact_quotient(coalesce(used, 0), nullif(verdict.hours * verdict.usd_per_hour, 0));
	verdict.usd_per_hour := trim_scale(verdict.usd_per_hour);
	RETURN verdict;
END $$;
COMMENT ON FUNCTION spend_commitment_final(numeric[]) IS
'final function of spend_commitment(). Error: 22023 a negative spend, a discount outside [0, 1)';

CREATE FUNCTION inferacct_internal.spend_commitment_accum(numeric[], timestamptz, numeric, numeric) RETURNS numeric[]
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION spend_commitment_accum(numeric[], timestamptz, numeric, numeric) IS
'transition function of spend_commitment(). Errors: 22004 a NULL value, 22008 infinite time';

CREATE AGGREGATE spend_commitment(at timestamptz, on_demand_usd numeric, discount numeric) (
	SFUNC = spend_commitment_accum, STYPE = numeric[], SSPACE = 65536, COMBINEFUNC = commitment_combine,
	FINALFUNC = spend_commitment_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE spend_commitment(timestamptz, numeric, numeric) IS
'How many USD per hour of discounted spend to commit to (savings plan, committed-use discount). '
'One row or more per hour: its time, USD on demand, and the discount (0.3 for 30 %) that the commitment gives on that '
'usage; the highest discount is served first. Hours between the first and the last row without one are idle. '
'No row gives NULL. Exact up to quotients of 20 decimals. Errors: 22004 a NULL value, 22008 infinite time, 22023 a '
'negative spend, a discount outside [0, 1).';
