-- price_fit: the prices that costs obey, of requests alone.
--
-- Invariant: a price is sure only when every request of its group costs, within the
-- rounding of the log, what it makes of the request, and when the rows leave no room
-- for another price as short.  All arithmetic is of whole numbers and fractions; what
-- the rows do not tell apart is undetermined, and never guessed.

CREATE TYPE inferacct_internal.charged_request AS (at timestamptz, input bigint, quantities bigint[],
	usd numeric, slack numeric);

COMMENT ON TYPE charged_request IS
'A request with the cost that its log states: its total input, the counts of the meters of its group, and by how '
'much the log may have rounded.';

-- Fraction-free elimination (Bareiss): every division leaves no remainder.
CREATE FUNCTION inferacct_internal.solve_normal(gram numeric[], moments numeric[],
	OUT numerators numeric[], OUT inverse numeric[], OUT denominator numeric,
	OUT free boolean[], OUT entangled boolean[])
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	m constant integer := cardinality(moments);
	width constant integer := 2 * m + 1;
	a numeric[];
	pivot numeric;
	factor numeric;
BEGIN
	IF m > 100 OR cardinality(gram) <> m * m THEN
		PERFORM inferacct_internal.fail('22023', format('%s sums of products and %s moments are no normal equations',
			cardinality(gram), m), 'There are n * n and n of them, for at most 100 meters.');
	END IF;
	FOR i IN 1 .. m LOOP
		a := a || gram[(i - 1) * m + 1 : i * m] || moments[i]
			|| ARRAY(SELECT CASE WHEN j = i THEN 1 ELSE 0 END::numeric FROM generate_series(1, m) AS j ORDER BY j);
	END LOOP;
	denominator := 1;
	free := array_fill(false, ARRAY[m]);
	entangled := free;
	FOR k IN 1 .. m LOOP
		pivot := a[(k - 1) * width + k];
		IF pivot = 0 THEN
			free[k] := true;
			CONTINUE;
		END IF;
		FOR i IN 1 .. m LOOP
			CONTINUE WHEN i = k;
			factor := a[(i - 1) * width + k];
			FOR j IN 1 .. width LOOP
				a[(i - 1) * width + j] := div(pivot * a[(i - 1) * width + j] - factor * a[(k - 1) * width + j],
					denominator);
			END LOOP;
		END LOOP;
		denominator := pivot;
	END LOOP;
	FOR i IN 1 .. m LOOP
		numerators[i] := CASE WHEN free[i] THEN 0 ELSE a[(i - 1) * width + m + 1] END;
		inverse[i] := CASE WHEN free[i] THEN 0 ELSE a[(i - 1) * width + m + 1 + i] END;
		entangled[i] := free[i] OR EXISTS (SELECT FROM generate_series(1, m) AS k WHERE free[k]
			AND a[(i - 1) * width + k] <> 0);
	END LOOP;
END
$$;

COMMENT ON FUNCTION solve_normal(numeric[], numeric[]) IS
'Solves gram x = moments exactly, for a Gram matrix of whole numbers, row by row: x = numerators / denominator; '
'inverse: the diagonal of the inverse, times denominator. '
'free: what is a combination of those before it, and taken as 0; entangled: what is free, or depends on it. NULL '
'gives NULLs. Error 22023 for more than 100 moments, or a matrix of another size.';

CREATE TYPE inferacct_internal.implied_fit AS (requests bigint, explained bigint, consistent boolean,
	usd numeric[], sure boolean[], reasons text[], residual numeric, unit_usd numeric[]);

COMMENT ON TYPE implied_fit IS
'What the requests of a group say of the price of each meter (usd, in its unit; NULL: undetermined). explained: '
'requests that cost what the prices make of them; '
'consistent: no request is further than twice its slack from the least squares; sure: no other price as short is '
'possible; residual: root mean square, in USD; unit_usd: the least squares of one unit of each.';

CREATE FUNCTION inferacct_internal.fitted_cost(quantities bigint[], unit_usd numeric[])
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN (SELECT sum(t.q * t.p) FROM unnest(quantities, unit_usd) AS t(q, p));

COMMENT ON FUNCTION fitted_cost(bigint[], numeric[]) IS 'Sum of the counts times the USD of one unit of each.';

CREATE FUNCTION inferacct_internal.unit_prices(usd numeric[], units bigint[])
RETURNS numeric[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
RETURN ARRAY(SELECT div(p * 1e40, u) * 1e-40 FROM unnest(usd, units) WITH ORDINALITY AS t(p, u, i) ORDER BY i);

COMMENT ON FUNCTION unit_prices(numeric[], bigint[]) IS
'USD of one unit of each meter, to 40 decimals, of USD per units.';

-- One function: both attempts at short prices are of sums that are made once.
CREATE FUNCTION inferacct_internal.fit_prices(requests charged_request[], units bigint[])
RETURNS implied_fit
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	m constant integer := cardinality(units);
	fit implied_fit;
	told record;
	solved record;
	gram numeric[];
	moments numeric[];
	unit_usd numeric[];			-- least squares, of one unit
	tried numeric[];			-- the short prices, of one unit
	rank integer;
	worst numeric;
	square numeric;
	sigma numeric;
	around numeric;				-- how far a price may be from its estimate
	estimate numeric;
	short numeric;
	digits integer;
	most_digits integer;		-- of a price that can be published
	leaning numeric;
	lean numeric[] := array_fill(0::numeric, ARRAY[cardinality(units)]);	-- of a price, for one USD more in each cost
BEGIN
	SELECT count(*) AS n, count(DISTINCT r.quantities) AS kinds, coalesce(max(scale(r.usd)), 0) AS scale,
		max(r.slack) AS slack,
		bool_and(r.usd = 0) AS is_nothing
	INTO told FROM unnest(requests) AS r;
	-- One pass, without a row for each pair of meters.
	EXECUTE (SELECT format('SELECT ARRAY[%s], ARRAY[%s] FROM unnest($1) AS r',
			string_agg(format('sum(r.quantities[%s]::numeric * r.quantities[%s])', i, j), ', ' ORDER BY i, j),
			string_agg(format('trunc(sum(r.quantities[%s] * r.usd) * %s)', i, 10::numeric ^ told.scale),
				', ' ORDER BY i)
				FILTER (WHERE j = 1))
		FROM generate_series(1, m) AS i CROSS JOIN generate_series(1, m) AS j)
	INTO gram, moments USING requests;
	SELECT * INTO solved FROM solve_normal(gram, moments);
	rank := m - cardinality(array_positions(solved.free, true));
	unit_usd := ARRAY(SELECT div(n * 1e40, solved.denominator * 10::numeric ^ told.scale) * 1e-40
		FROM unnest(solved.numerators) WITH ORDINALITY AS t(n, i) ORDER BY i);
	SELECT sum(d.off * d.off), max(abs(d.off)), bool_and(abs(d.off) <= 2 * d.slack OR abs(d.off) < 1e-30)
	INTO square, worst, fit.consistent
	FROM (SELECT r.usd - fitted_cost(r.quantities, unit_usd) AS off, r.slack FROM unnest(requests) AS r OFFSET 0) AS d;
	sigma := CASE WHEN worst < 1e-30 THEN 0
		ELSE greatest(sqrt(square / greatest(told.n - rank, 1)), told.slack * 0.58) END;
	fit.requests := told.n;
	fit.unit_usd := unit_usd;
	fit.residual := CASE WHEN worst < 1e-30 THEN 0 ELSE sqrt(square / told.n) END;

	-- Costs that are rounded from few more digits are off on one side by up to a quarter of the last one: tried
	-- when nothing else fits.
	FOREACH leaning IN ARRAY ARRAY[0, 0.5] LOOP
		IF leaning > 0 THEN
			SELECT ARRAY(SELECT n / s.denominator FROM unnest(s.numerators) WITH ORDINALITY AS t(n, i) ORDER BY i)
				INTO lean
			FROM solve_normal(gram, ARRAY(SELECT sum(r.quantities[i])::numeric FROM unnest(requests) AS r
				CROSS JOIN generate_series(1, m) AS i GROUP BY i ORDER BY i)) AS s;
		END IF;
		FOR i IN 1 .. m LOOP
			most_digits := 15 - trunc(log(units[i]))::integer;
			estimate := unit_usd[i] * units[i];
			around := 5 * sigma * sqrt(abs(solved.inverse[i] / solved.denominator))
				+ leaning * told.slack * abs(lean[i]);
			around := greatest(around * units[i], 1e-25);
			digits := (SELECT min(k) FROM generate_series(0, most_digits) AS k
				WHERE abs(round(estimate, k) - estimate) <= around);
			short := round(estimate, coalesce(digits, most_digits));
			tried[i] := CASE WHEN solved.entangled[i] THEN unit_usd[i] ELSE div(short * 1e40, units[i]) * 1e-40 END;
			fit.sure[i] := coalesce(2 * around * 10::numeric ^ digits <= 0.01 AND short >= 0, false);
			fit.usd[i] := short;
			fit.reasons[i] := CASE
				WHEN told.is_nothing THEN 'every request costs 0: it is free, or the log does not know what it costs'
				WHEN told.kinds <= rank THEN format('too few different requests (%s) for the number of prices (%s)',
					told.kinds, m)
				WHEN solved.entangled[i] THEN 'its count always is 0, or a fixed combination of the others'
				WHEN NOT fit.sure[i] AND around >= abs(estimate) / 2
					THEN format('the requests allow anything from %s to %s',
					greatest(round(estimate - around, 6), 0), round(estimate + around, 6)) END;
		END LOOP;
		fit.explained := (SELECT count(*) FROM unnest(requests) AS r
			WHERE abs(r.usd - fitted_cost(r.quantities, tried)) <= r.slack + 1e-30);
		EXIT WHEN fit.explained = told.n OR NOT fit.consistent;
	END LOOP;
	-- Short prices that do not explain all rows are not the prices: what is left is the estimate.
	IF fit.explained < told.n THEN
		fit.explained := (SELECT count(*) FROM unnest(requests) AS r
			WHERE abs(r.usd - fitted_cost(r.quantities, unit_usd)) <= r.slack + 1e-30);
		FOR i IN 1 .. m LOOP
			fit.sure[i] := false;
			fit.usd[i] := round(unit_usd[i] * units[i], 9);
		END LOOP;
	END IF;
	FOR i IN 1 .. m LOOP
		fit.sure[i] := fit.sure[i] AND fit.reasons[i] IS NULL;
		fit.usd[i] := CASE WHEN fit.reasons[i] IS NULL THEN trim_scale(fit.usd[i]) END;
	END LOOP;
	RETURN fit;
END
$$;

COMMENT ON FUNCTION fit_prices(charged_request[], bigint[]) IS
'Least squares over requests of one price list, exactly; of each meter the shortest decimal, per units[i], that '
'lies within five standard deviations of it, as far as these decimals explain every request. '
'sure: these ten deviations are at most a hundredth of the distance between decimals as short, so that one lies '
'there by chance in one case of a hundred, and still would have to explain every request. NULL gives NULL.';

-- The first requests, in the order given, that one price list can have charged: as many as are consistent.
CREATE FUNCTION inferacct_internal.consistent_requests(requests charged_request[], units bigint[])
RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000000
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	enough integer := 1;
	too_many integer := cardinality(requests) + 1;
	middle integer;
	fit implied_fit;
	prices numeric[];
BEGIN
	-- Twice as many each time, until they are too many: what has no list is found out from the first few.
	WHILE too_many - enough > 1 LOOP
		middle := least((enough + too_many) / 2, CASE WHEN too_many > cardinality(requests) THEN 2 * enough END);
		fit := fit_prices(requests[1 : middle], units);
		IF fit.consistent THEN
			enough := middle;
		ELSE
			too_many := middle;
		END IF;
	END LOOP;
	-- The last of them may be of the next list already: those that the short prices do not explain are.
	FOR less IN 1 .. least(5, enough - 1) LOOP
		fit := fit_prices(requests[1 : enough], units);
		EXIT WHEN fit.explained = fit.requests AND array_position(fit.usd, NULL) IS NULL;
		enough := enough - 1;
	END LOOP;
	IF array_position(fit.usd, NULL) IS NULL AND fit.explained = fit.requests THEN
		prices := unit_prices(fit.usd, units);
		enough := (SELECT coalesce(min(n) - 1, cardinality(requests))
			FROM unnest(requests) WITH ORDINALITY AS r(at, input, quantities, usd, slack, n)
			WHERE abs(r.usd - fitted_cost(r.quantities, prices)) > r.slack + 1e-30);
	END IF;
	RETURN enough;
END
$$;

COMMENT ON FUNCTION consistent_requests(charged_request[], bigint[]) IS
'How many of the first requests, in their order, one list of prices explains. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.fit_parts(requests charged_request[], units bigint[])
RETURNS TABLE (first_request integer, last_request integer, fit implied_fit)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000000 ROWS 2
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	firsts integer[] := '{}';
	lasts integer[] := '{}';
	fits implied_fit[] := '{}';
	taken integer;
BEGIN
	first_request := 1;
	WHILE first_request <= cardinality(requests) LOOP
		taken := consistent_requests(requests[first_request : cardinality(requests)], units);
		last_request := first_request + taken - 1;
		fit := fit_prices(requests[first_request : last_request], units);
		-- A part that nothing but itself speaks for is no part, nor are many of them.
		IF fit.explained < fit.requests OR cardinality(firsts) >= 4
			OR (taken <= cardinality(units) + 1 AND (last_request < cardinality(requests) OR firsts = '{}')) THEN
			RETURN;
		END IF;
		firsts := firsts || first_request;
		lasts := lasts || last_request;
		fits := fits || fit;
		first_request := last_request + 1;
	END LOOP;
	FOR n IN 1 .. cardinality(firsts) LOOP
		first_request := firsts[n];
		last_request := lasts[n];
		fit := fits[n];
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION fit_parts(charged_request[], bigint[]) IS
'The requests, in their order, split where another list of prices begins: at most four parts, each explained '
'whole. No row when they cannot be split so. NULL gives no row.';

-- Most requests of one list, and others that something else was charged for.
CREATE FUNCTION inferacct_internal.fit_most(requests charged_request[], units bigint[])
RETURNS implied_fit
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000000
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	whole implied_fit := fit_prices(requests, units);
	fit implied_fit := whole;
	kept charged_request[] := requests;
BEGIN
	FOR pass IN 1 .. 20 LOOP
		EXIT WHEN fit.explained = fit.requests;
		kept := ARRAY(SELECT r FROM unnest(kept) AS r
			WHERE abs(r.usd - fitted_cost(r.quantities, fit.unit_usd)) <= greatest(2 * fit.residual, r.slack));
		IF cardinality(kept) < 0.7 * cardinality(requests) OR cardinality(kept) = fit.requests THEN
			RETURN whole;
		END IF;
		fit := fit_prices(kept, units);
	END LOOP;
	IF fit.explained < fit.requests OR array_position(fit.usd, NULL) IS NOT NULL THEN
		RETURN whole;
	END IF;
	IF fit.requests < whole.requests THEN
		SELECT count(*) FILTER (WHERE abs(d.off) <= d.slack + 1e-30), sqrt(sum(d.off * d.off) / count(*))
		INTO fit.explained, fit.residual
		FROM (SELECT r.usd - fitted_cost(r.quantities, p.unit_usd) AS off, r.slack
			FROM unnest(requests) AS r
				CROSS JOIN (SELECT unit_prices(fit.usd, units) OFFSET 0) AS p(unit_usd) OFFSET 0) AS d;
		fit.requests := whole.requests;
		fit.sure := array_fill(false, ARRAY[cardinality(units)]);
	END IF;
	RETURN fit;
END
$$;

COMMENT ON FUNCTION fit_most(charged_request[], bigint[]) IS
'fit_prices(); where no list explains all requests, that which explains seven in ten or more of them, found by '
'leaving out, time and again, those that are farthest off. Then nothing is sure. NULL gives NULL.';

-- The roundest moment after one request and not after another.
CREATE FUNCTION inferacct_internal.round_moment(after timestamptz, upto timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT t FROM unnest(ARRAY[date_trunc('month', $2, 'UTC'), date_trunc('day', $2, 'UTC'),
			date_trunc('hour', $2, 'UTC'), $2])
		WITH ORDINALITY AS m(t, n) WHERE t > $1 ORDER BY n LIMIT 1
$$;

COMMENT ON FUNCTION round_moment(timestamptz, timestamptz) IS
'The beginning of the UTC month, day or hour of the second moment, whichever is the first that lies after the '
'first one; else the second itself. NULL gives NULL.';

-- The roundest number that is not below one and below another.
CREATE FUNCTION inferacct_internal.round_number(from_number bigint, below bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT n::bigint FROM (SELECT e, ceil(from_number / 10::numeric ^ e) * 10::numeric ^ e AS n
		FROM generate_series(0, 12) AS e) AS t
	WHERE n < below ORDER BY e DESC LIMIT 1
$$;

COMMENT ON FUNCTION round_number(bigint, bigint) IS
'The multiple of the highest power of ten that is at least the first number and below the second, the smallest of '
'them. NULL gives NULL.';

-- One list for all; with a fee for each request; rounded to one side; another list from a time on, or above a
-- size; else one for most.
CREATE FUNCTION inferacct_internal.fit_group(requests charged_request[], units bigint[])
RETURNS TABLE (first_at timestamptz, last_at timestamptz, valid_from timestamptz, above_input_tokens bigint,
	fit implied_fit, note text)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000000 ROWS 2
SET search_path TO inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	with_fee implied_fit;
	side integer;
	ordered charged_request[] := requests;
	part record;
BEGIN
	first_at := requests[1].at;
	last_at := requests[cardinality(requests)].at;
	fit := fit_prices(requests, units);
	IF fit.explained = fit.requests THEN
		RETURN NEXT;
		RETURN;
	END IF;
	IF cardinality(requests[1].quantities) > cardinality(units) THEN
		with_fee := fit_prices(requests, units || 1::bigint);
		IF with_fee.explained = with_fee.requests AND array_position(with_fee.sure, false) IS NULL THEN
			fit := with_fee;
			RETURN NEXT;
			RETURN;
		END IF;
	END IF;
	FOREACH side IN ARRAY ARRAY[1, -1] LOOP
		EXIT WHEN fit.residual > 2 * requests[1].slack;
		fit := fit_prices(ARRAY(
			SELECT ROW(r.at, r.input, r.quantities, r.usd + side * r.slack, r.slack)::charged_request
			FROM unnest(requests) AS r), units);
		IF fit.explained = fit.requests THEN
			note := CASE side WHEN 1 THEN 'costs are rounded down' ELSE 'costs are rounded up' END;
			RETURN NEXT;
			RETURN;
		END IF;
	END LOOP;
	FOR part IN SELECT * FROM fit_parts(requests, units) AS p ORDER BY p.first_request LOOP
		fit := part.fit;
		first_at := requests[part.first_request].at;
		last_at := requests[part.last_request].at;
		IF part.first_request > 1 THEN
			valid_from := round_moment(requests[part.first_request - 1].at, first_at);
			note := format('begins after %s, and by %s', requests[part.first_request - 1].at, first_at);
		END IF;
		RETURN NEXT;
	END LOOP;
	IF FOUND THEN
		RETURN;
	END IF;
	ordered := ARRAY(SELECT r FROM unnest(requests) AS r ORDER BY r.input, r.at, r.usd);
	FOR part IN SELECT * FROM fit_parts(ordered, units) AS p ORDER BY p.first_request LOOP
		fit := part.fit;
		IF part.first_request > 1 THEN
			above_input_tokens := coalesce(
				(SELECT min(t) - 1 FROM unnest(context_thresholds()) AS t
					WHERE t > ordered[part.first_request - 1].input AND t <= ordered[part.first_request].input),
				round_number(ordered[part.first_request - 1].input, ordered[part.first_request].input));
			note := format('holds above a size from %s to %s', ordered[part.first_request - 1].input,
				ordered[part.first_request].input - 1);
		END IF;
		RETURN NEXT;
	END LOOP;
	IF FOUND THEN
		RETURN;
	END IF;
	fit := fit_most(requests, units);
	RETURN NEXT;
END
$$;

COMMENT ON FUNCTION fit_group(charged_request[], bigint[]) IS
'What requests in the order of their time, of one model, tier, region and context, say of its prices: a row where '
'one list charged all of them, or most; a row for each of the lists that followed each other. '
'Where the counts have one more than units, it is the number of requests, which have a price of their own only '
'when nothing else explains the costs. '
'valid_from: the roundest moment at which a later list can have begun; above_input_tokens: a size above which '
'another holds, one at which the context tier of any model begins, or else the roundest; note: what the requests '
'say of either. NULL gives no row.';
