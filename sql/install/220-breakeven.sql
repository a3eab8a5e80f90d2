-- breakeven: from which volume on self-hosting is cheaper.
--
-- The API costs p V for a volume V.  Identical replicas cost
--
--     S(V) = F + rep (rho n(V) + s) + m V,    n(V) = max(n_min, ceil(V / cap))
--
-- a staircase: each step can hand the advantage back to the API.  With q = p - m,
-- F' = F + s rep and the surplus D = q cap - rho rep of a full replica, n replicas
-- beat the API inside their own stretch ((n-1) cap, n cap] iff n D > F', from
-- (F' + n rho rep) / q on; the API wins again just past n cap iff n D < F' + rho rep.
-- So with D <= 0 it never pays, and otherwise the first crossing is on
-- n1 = floor(F' / D) + 1 replicas and the last on n0 = ceil((F' + rho rep) / D).
--
-- Invariant: every comparison is between exact numerics; quotients are taken
-- only of what is returned.

CREATE TYPE inferacct_internal.breakeven_event AS (
	mtok	numeric,
	cheaper	text
);

COMMENT ON TYPE breakeven_event IS
'A volume in million tokens a month and who is cheaper just above it: self_host or api.';

CREATE TYPE breakeven_volume AS (
	status						text,
	naive_mtok					numeric,
	first_mtok					numeric,
	permanent_mtok				numeric,
	crossings					numeric,
	floor_usd_per_mtok			numeric,
	breakeven_utilization		numeric,
	breakeven_tokens_per_second	numeric,
	reason						text,
	naive_is_reachable			boolean,
	first_replicas				numeric,
	permanent_replicas			numeric,
	events						breakeven_event[],
	replica_usd					numeric,
	capacity_mtok				numeric,
	api_usd_per_mtok			numeric
);

COMMENT ON TYPE breakeven_volume IS
'Where self-hosting and an API cost the same; volumes are million tokens a month. '
'status: ok, never_price_below_floor (the API costs no more than a full replica does) or beyond_capacity (it would '
'pay, but not with the replicas there can be); reason says it in words. '
'naive_mtok: monthly cost of the smallest fleet / API price, as calculators have it; '
'naive_is_reachable: whether that fleet can serve it. first_mtok: the smallest volume above which self-hosting is '
'cheaper; permanent_mtok: from there on it stays so, up to the capacity of max_replicas if there is one; '
'NULL when never. crossings: how often the cheaper one changes; events: the first 1000 of them, in order. '
'floor_usd_per_mtok: the lowest USD per million tokens that self-hosting can reach. '
'breakeven_utilization: share of its full throughput at which the smallest fleet costs what the API does; '
'above 1 it cannot. breakeven_tokens_per_second: what the smallest fleet would have to serve around the clock for '
'that. first_replicas, permanent_replicas: replicas that serve there. replica_usd, capacity_mtok (at target '
'utilization), api_usd_per_mtok: what it was computed from, of one replica.';

CREATE FUNCTION breakeven(monthly_usd numeric, api_usd_per_mtok numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('monthly_usd', monthly_usd, 0);
	PERFORM check_figure('api_usd_per_mtok', api_usd_per_mtok, 0);
	RETURN CASE WHEN api_usd_per_mtok > 0 THEN exact_quotient(monthly_usd * 1000000, api_usd_per_mtok) END;
END $$;

COMMENT ON FUNCTION breakeven(numeric, numeric) IS
'The naive break-even in tokens (not millions) per month: monthly_usd / api_usd_per_mtok, whatever a deployment can '
'serve. NULL for an API that is free, or a NULL argument. Errors: 22023 a negative figure.';

CREATE FUNCTION inferacct_internal.replicas_in_words(replicas numeric) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 20
RETURN CASE WHEN replicas = 1 THEN 'one replica' ELSE trim_scale(replicas)::text || ' replicas' END;

COMMENT ON FUNCTION replicas_in_words(numeric) IS 'A number of replicas for a sentence.';

-- The one place of the arithmetic.  Amounts of money are in USD / usd_unit and
-- volumes in million tokens / mtok_unit, so that callers whose figures are
-- fractions can state them whole.
CREATE FUNCTION inferacct_internal.breakeven_volume(replica_usd numeric, capacity_mtok numeric,
	api_usd_per_mtok numeric,
	fixed_usd numeric, spare_replicas numeric, redundancy numeric, marginal_usd_per_mtok numeric,
	min_replicas numeric, max_replicas numeric, hours numeric, utilization numeric,
	usd_unit numeric, mtok_unit numeric)
RETURNS breakeven_volume
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	answer		breakeven_volume;
	step_usd	numeric := redundancy * replica_usd;
	base_usd	numeric := fixed_usd + spare_replicas * replica_usd;
	fleet_usd	numeric := base_usd + min_replicas * step_usd;
	margin		numeric := api_usd_per_mtok - marginal_usd_per_mtok;
	surplus		numeric := margin * capacity_mtok - step_usd;
	first_n		numeric;
	last_n		numeric;
BEGIN
	answer.replica_usd := exact_quotient(replica_usd, usd_unit);
	answer.capacity_mtok := exact_quotient(capacity_mtok, mtok_unit);
	answer.api_usd_per_mtok := exact_quotient(api_usd_per_mtok * mtok_unit, usd_unit);
	answer.floor_usd_per_mtok := exact_quotient((step_usd + marginal_usd_per_mtok * capacity_mtok) * mtok_unit,
		capacity_mtok * usd_unit);
	answer.crossings := 0;
	answer.events := '{}';
	IF margin > 0 THEN
		answer.naive_mtok := exact_quotient(fleet_usd, margin * mtok_unit);
		answer.naive_is_reachable := fleet_usd <= margin * min_replicas * capacity_mtok;
		answer.breakeven_utilization := exact_quotient(fleet_usd * utilization, margin * min_replicas * capacity_mtok);
		answer.breakeven_tokens_per_second := exact_quotient(fleet_usd * 1000000, margin * mtok_unit * 3600 * hours);
	END IF;

	IF surplus <= 0 THEN
		answer.status := 'never_price_below_floor';
		answer.reason := format(
			'Never: the API at %s USD per million tokens does not cost more than the %s USD of a full replica%s.',
			trim_scale(round(answer.api_usd_per_mtok, 6)), trim_scale(round(answer.floor_usd_per_mtok, 6)),
			CASE WHEN margin > 0 THEN format(
				'; the naive %s million tokens a month would need %s times the capacity of %s',
				round(answer.naive_mtok, 2), round(exact_quotient(fleet_usd, margin * min_replicas * capacity_mtok), 2),
				replicas_in_words(min_replicas)) END);
		RETURN answer;
	END IF;

	first_n := greatest(min_replicas, div(base_usd, surplus) + 1);
	IF first_n > max_replicas THEN
		answer.status := 'beyond_capacity';
		answer.reason := format('Never with at most %s, whose capacity is %s million tokens a month; it would take %s.',
			replicas_in_words(max_replicas), round(exact_quotient(max_replicas * capacity_mtok, mtok_unit), 2),
			replicas_in_words(first_n));
		RETURN answer;
	END IF;

	last_n := least(greatest(first_n, ceil_quotient(base_usd + step_usd, surplus)), max_replicas);
	answer.status := 'ok';
	answer.first_replicas := first_n;
	answer.permanent_replicas := last_n;
	answer.first_mtok := exact_quotient(base_usd + first_n * step_usd, margin * mtok_unit);
	answer.permanent_mtok := exact_quotient(base_usd + last_n * step_usd, margin * mtok_unit);
	answer.crossings := 2 * (last_n - first_n) + 1;
	answer.events := ARRAY(
		SELECT e FROM (
			SELECT n, 1 AS side, ROW(exact_quotient(base_usd + n * step_usd, margin * mtok_unit),
				'self_host')::breakeven_event AS e
			FROM generate_series(first_n, least(last_n, first_n + 499)) n
			UNION ALL
			SELECT n, 2, ROW(exact_quotient(n * capacity_mtok, mtok_unit), 'api')::breakeven_event
			FROM generate_series(first_n, least(last_n - 1, first_n + 499)) n
		) events
		ORDER BY n, side);		-- whatever their rounded volumes: two may come out equal
	answer.reason := format('Self-hosting is cheaper above %s million tokens a month, on %s%s%s.',
		round(answer.first_mtok, 2), replicas_in_words(first_n),
		CASE WHEN last_n > first_n THEN format('; the API is cheaper again in %s until %s million tokens',
			CASE WHEN last_n - first_n = 1 THEN 'one range' ELSE last_n - first_n || ' ranges' END,
				round(answer.permanent_mtok, 2)) END,
		CASE WHEN NOT answer.naive_is_reachable THEN format('; the naive %s is beyond the capacity of %s',
			round(answer.naive_mtok, 2), replicas_in_words(min_replicas)) END);
	RETURN answer;
END $$;

COMMENT ON FUNCTION breakeven_volume(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric,
	numeric, numeric, numeric, numeric) IS
'The arithmetic behind breakeven(): money in USD / usd_unit, volumes in million tokens / mtok_unit, max_replicas NULL '
'for no limit, capacity at `utilization` of full throughput. Checks nothing: call breakeven().';

CREATE FUNCTION breakeven(replica_usd numeric, capacity_mtok numeric, api_usd_per_mtok numeric,
	fixed_usd numeric DEFAULT 0, spare_replicas numeric DEFAULT 0, redundancy numeric DEFAULT 1,
	marginal_usd_per_mtok numeric DEFAULT 0, min_replicas numeric DEFAULT 1, max_replicas numeric DEFAULT NULL,
	hours numeric DEFAULT 730)
RETURNS breakeven_volume
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF num_nulls(replica_usd, capacity_mtok, api_usd_per_mtok, fixed_usd, spare_replicas, redundancy,
		marginal_usd_per_mtok, min_replicas, hours) > 0
	THEN
		RETURN NULL;
	END IF;
	PERFORM check_figure('replica_usd', replica_usd, 0);
	PERFORM check_figure('capacity_mtok', capacity_mtok, 0, above_least => true);
	PERFORM check_figure('api_usd_per_mtok', api_usd_per_mtok, 0);
	PERFORM check_figure('fixed_usd', fixed_usd, 0);
	PERFORM check_figure('spare_replicas', spare_replicas, 0, whole => true);
	PERFORM check_figure('redundancy', redundancy, 1);
	PERFORM check_figure('marginal_usd_per_mtok', marginal_usd_per_mtok, 0);
	PERFORM check_figure('min_replicas', min_replicas, 1, whole => true);
	PERFORM check_figure('max_replicas', max_replicas, min_replicas, whole => true);
	PERFORM check_figure('hours', hours, 0, 744, above_least => true);
	RETURN breakeven_volume(replica_usd, capacity_mtok, api_usd_per_mtok, fixed_usd, spare_replicas, redundancy,
		marginal_usd_per_mtok, min_replicas, max_replicas, hours, 1, 1, 1);
END $$;

COMMENT ON FUNCTION breakeven(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric,
	numeric) IS
'The exact break-even of whole replicas. replica_usd: USD per month of one replica; '
'capacity_mtok: million tokens a month that it serves; api_usd_per_mtok: blended price of the same mix; '
'fixed_usd: USD per month whatever the size; spare_replicas: machines beside the serving ones; '
'redundancy: machines per serving replica; marginal_usd_per_mtok: self-hosted cost per million tokens; '
'min_replicas run whatever the load; max_replicas: NULL for no limit; hours: of the month, for '
'breakeven_tokens_per_second. A NULL argument other than max_replicas gives NULL. '
'Errors: 22023 a negative figure, zero capacity, redundancy below 1, fractions of replicas.';

-- ---------------------------------------------------------------------------
-- From the tables
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.mix_usd(model text, mix usage, at timestamptz) RETURNS numeric
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	requests	bigint := meter(mix, 'requests');
	typical		usage;
BEGIN
	IF requests <= 1 THEN
		RETURN token_cost(model, mix, at);
	END IF;
	SELECT jsonb_object_agg(m.meter,
		CASE m.meter WHEN 'requests' THEN 1 ELSE ceil(m.quantity::numeric / requests) END)::usage
	INTO typical FROM meters(mix) m;
	RETURN (SELECT trim_scale(sum(meter(mix, d.meter)::numeric * price_rate(d.unit_usd, d.unit_quantity))
		* 0.000000000000001)
		FROM token_cost_detail(model, typical, at) d);
END $$;

COMMENT ON FUNCTION mix_usd(text, usage, timestamptz) IS
'USD of a mix by the API, exactly. A mix of one request is priced as that request; '
'a mix of several at the prices of its mean request (counts rounded up), whose context tier holds for all. '
'NULL gives NULL. Errors as token_cost().';

CREATE FUNCTION inferacct_internal.breakeven_of_bill(d deployment, bill deployment_bill, input_tokens numeric,
	cached_tokens numeric,
	output_tokens numeric, api_usd numeric)
RETURNS breakeven_volume
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	tokens		numeric := input_tokens + cached_tokens + output_tokens;
	work		deployment_work := deployment_work(d, input_tokens, cached_tokens, output_tokens);
	mtok_unit	numeric := (input_tokens * work.input + cached_tokens * work.cached + output_tokens * work.output)
		* 1000000;
	months_unit	numeric := 12 * bill.upfront_months;
	usd_unit	numeric := months_unit * tokens * mtok_unit;
BEGIN
	RETURN breakeven_volume(
		(bill.rent_usd + bill.power_usd) * usd_unit + bill.upfront_usd * 12 * tokens * mtok_unit,
		work.per_hour * bill.hours * d.target_utilization * tokens,
		api_usd * 1000000 * months_unit,
		bill.monthly_usd * usd_unit + bill.yearly_usd * bill.upfront_months * tokens * mtok_unit,
		d.spare_replicas, d.redundancy, d.marginal_usd_per_mtok * months_unit * tokens,
		d.min_replicas, d.max_replicas, bill.hours, d.target_utilization, usd_unit, mtok_unit);
END $$;

COMMENT ON FUNCTION breakeven_of_bill(deployment, deployment_bill, numeric, numeric, numeric, numeric) IS
'The break-even of a deployment with that bill against an API that takes api_usd for so many tokens; '
'exact, for amounts per twelfth of a year, per month of amortization, per token and per unit of work alike. '
'Errors: IA303, 22023.';

CREATE FUNCTION breakeven(deployment text, model text, mix usage, at timestamptz DEFAULT now(),
	hours numeric DEFAULT NULL)
RETURNS breakeven_volume
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	d		deployment := deployment_in_force(deployment, at);
	api_usd	numeric := mix_usd(model, mix, at);
BEGIN
	IF d IS NULL OR api_usd IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN breakeven_of_bill(d, deployment_bill(d, at, hours), input_tokens(mix) - cached_tokens(mix),
		cached_tokens(mix),
		output_tokens(mix), api_usd);
END $$;

COMMENT ON FUNCTION breakeven(text, text, usage, timestamptz, numeric) IS
'The exact break-even of a row of table deployment against the API price of a model, for a load in the proportions of '
'mix (a usage; see mix_usd() for context tiers), with the prices and costs valid at a time. hours: of the month; '
'NULL takes the deployment''s hours_per_month, or else the calendar month. '
'NULL deployment, model, mix or time gives NULL, as does a model without a price under inferacct.unpriced = null. '
'Errors: IA301 unknown deployment, IA302 no GPU price, IA303 its throughput does not answer for the mix, 22023, and '
'those of token_cost().';

CREATE FUNCTION inferacct_internal.fleet_bill(deployment text, mix usage, at timestamptz, hours numeric,
	OUT d deployment, OUT bill deployment_bill, OUT capacity numeric, OUT capacity_unit numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	input	numeric := input_tokens(mix) - cached_tokens(mix);
	cached	numeric := cached_tokens(mix);
	output	numeric := output_tokens(mix);
	work	deployment_work;
BEGIN
	d := deployment_in_force(deployment, at);
	IF d IS NULL OR mix IS NULL THEN
		RETURN;
	END IF;
	bill := deployment_bill(d, at, hours);
	work := deployment_work(d, input, cached, output);
	capacity := work.per_hour * bill.hours * d.target_utilization * (input + cached + output);
	capacity_unit := (input * work.input + cached * work.cached + output * work.output) * 1000000;
END $$;

COMMENT ON FUNCTION fleet_bill(text, usage, timestamptz, numeric) IS
'The deployment that holds at a time, its bill, and the capacity of a replica for the mix as a fraction: capacity / '
'capacity_unit million tokens a month.';

CREATE FUNCTION inferacct_internal.fleet_replicas(d deployment, mtok numeric, capacity numeric, capacity_unit numeric)
	RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN n <= coalesce(d.max_replicas, n) THEN n END
	FROM greatest(d.min_replicas, ceil_quotient(mtok * capacity_unit, capacity)) n
$$;

COMMENT ON FUNCTION fleet_replicas(deployment, numeric, numeric, numeric) IS
'Replicas that serve mtok million tokens a month, at least min_replicas; NULL when that is more than max_replicas.';

CREATE FUNCTION inferacct_internal.check_replicas(d deployment, replicas numeric, mtok numeric, capacity_mtok numeric)
	RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF replicas IS NULL THEN
		PERFORM inferacct_internal.fail('IA304', format('deployment "%s" cannot serve %s million tokens a month',
			d.name, trim_scale(mtok)),
			format('Its max_replicas is %s, which serve %s.', d.max_replicas, round(d.max_replicas * capacity_mtok, 2)),
			'Raise max_replicas, or ask for less.');
	END IF;
END $$;

COMMENT ON FUNCTION check_replicas(deployment, numeric, numeric, numeric) IS
'Refuses (IA304) a volume that fleet_replicas() found no replicas for.';

CREATE FUNCTION inferacct_internal.fleet_machines(d deployment, replicas numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT d.redundancy * replicas + d.spare_replicas $$;

COMMENT ON FUNCTION fleet_machines(deployment, numeric) IS
'Replicas that are paid for so many that serve: redundancy x replicas + spare_replicas.';

CREATE FUNCTION inferacct_internal.fleet_items(d deployment, bill deployment_bill, at timestamptz, replicas numeric,
	mtok numeric,
	OUT item text, OUT usd numeric, OUT note text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 20 ROWS 8
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT 'GPUs', trim_scale(replicas * bill.rent_usd),
		format('%s x %s %s, %s', replicas, d.gpus_per_replica, coalesce(d.gpu, 'GPU'), replace(d.term, '_', ' '))
	UNION ALL
	SELECT 'redundancy', trim_scale((machines - replicas) * bill.rent_usd),
		format('%s more of the same', trim_scale(machines - replicas))
	FROM fleet_machines(d, replicas) machines
	UNION ALL
	SELECT 'power', trim_scale(machines * bill.power_usd), format('%s W per GPU, all machines', d.watts)
	FROM fleet_machines(d, replicas) machines
	UNION ALL
	SELECT 'purchase', exact_quotient(machines * bill.upfront_usd, bill.upfront_months),
		format('%s USD per replica over %s months, all machines', bill.upfront_usd, bill.upfront_months)
	FROM fleet_machines(d, replicas) machines
	UNION ALL
	SELECT 'tokens', trim_scale(d.marginal_usd_per_mtok * mtok), format('%s USD per million', d.marginal_usd_per_mtok)
	UNION ALL
	(SELECT c.item, coalesce(trim_scale(c.usd_per_month), exact_quotient(c.fte * c.usd_per_fte_year, 12)),
		CASE WHEN c.fte IS NOT NULL THEN format('%s of %s USD a year', c.fte, c.usd_per_fte_year) END
	FROM deployment_costs(d.name, at) c ORDER BY c.item)
$$;

COMMENT ON FUNCTION fleet_items(deployment, deployment_bill, timestamptz, numeric, numeric) IS
'What a fleet of so many serving replicas costs a month, item by item.';

CREATE FUNCTION inferacct_internal.fleet_usd(d deployment, bill deployment_bill, replicas numeric, mtok numeric)
	RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT exact_quotient((machines * (bill.rent_usd + bill.power_usd) + bill.monthly_usd + d.marginal_usd_per_mtok
		* mtok)
			* 12 * bill.upfront_months + machines * bill.upfront_usd * 12 + bill.yearly_usd * bill.upfront_months,
		12 * bill.upfront_months)
	FROM fleet_machines(d, replicas) machines
$$;

COMMENT ON FUNCTION fleet_usd(deployment, deployment_bill, numeric, numeric) IS
'USD per month of a fleet of so many serving replicas that serves mtok million tokens: the exact sum of '
'fleet_items(), rounded once.';

-- The fleet that serves a volume; NULLs for a NULL.
CREATE FUNCTION inferacct_internal.fleet_for(deployment text, mtok numeric, mix usage, at timestamptz, hours numeric,
	OUT d deployment, OUT bill deployment_bill, OUT replicas numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	fleet	record;
BEGIN
	PERFORM check_figure('mtok', mtok, 0);
	SELECT * INTO fleet FROM fleet_bill(deployment, mix, at, hours);
	IF fleet.capacity IS NULL OR mtok IS NULL THEN
		RETURN;
	END IF;
	d := fleet.d;
	bill := fleet.bill;
	replicas := fleet_replicas(d, mtok, fleet.capacity, fleet.capacity_unit);
	PERFORM check_replicas(d, replicas, mtok, exact_quotient(fleet.capacity, fleet.capacity_unit));
END $$;

COMMENT ON FUNCTION fleet_for(text, numeric, usage, timestamptz, numeric) IS
'The deployment that holds at a time, its bill, and the serving replicas that mtok million tokens a month of the mix '
'need. NULL deployment, mtok, mix or time gives NULLs. Errors as selfhost_cost().';

CREATE FUNCTION selfhost_cost(deployment text, mtok numeric, mix usage, at timestamptz DEFAULT now(),
	hours numeric DEFAULT NULL,
	OUT item text, OUT usd numeric, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100 ROWS 8
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	fleet	record;
BEGIN
	SELECT * INTO fleet FROM fleet_for(deployment, mtok, mix, at, hours);
	IF fleet.replicas IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT * FROM fleet_items(fleet.d, fleet.bill, at, fleet.replicas, mtok);
END $$;

COMMENT ON FUNCTION selfhost_cost(text, numeric, usage, timestamptz, numeric) IS
'What it costs to serve mtok million tokens a month of the mix with a deployment, item by item: GPUs, redundancy (the '
'rent of machines beside the serving ones), power, purchase (amortised), tokens, and the rows of deployment_cost. '
'Items add up to selfhost_usd(). hours: of the month; NULL takes the deployment''s hours_per_month, or else the '
'calendar month. NULL deployment, mtok, mix or time gives no row. Errors: IA304 more than max_replicas can serve, and '
'those of breakeven(deployment, model, mix).';

CREATE FUNCTION inferacct_internal.selfhost_usd(deployment text, mtok numeric, mix usage, at timestamptz DEFAULT now(),
	hours numeric DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	fleet	record;
BEGIN
	SELECT * INTO fleet FROM fleet_for(deployment, mtok, mix, at, hours);
	IF fleet.replicas IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN fleet_usd(fleet.d, fleet.bill, fleet.replicas, mtok);
END $$;

COMMENT ON FUNCTION selfhost_usd(text, numeric, usage, timestamptz, numeric) IS
'USD a month to serve mtok million tokens of the mix with a deployment: the sum of selfhost_cost(). '
'NULLs and errors as selfhost_cost().';

CREATE FUNCTION effective_usd_per_mtok(deployment text, mtok numeric, mix usage, at timestamptz DEFAULT now(),
	hours numeric DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('mtok', mtok, 0, above_least => true);
	RETURN exact_quotient(selfhost_usd(deployment, mtok, mix, at, hours), mtok);
END $$;

COMMENT ON FUNCTION effective_usd_per_mtok(text, numeric, usage, timestamptz, numeric) IS
'USD per million tokens that a deployment really costs at a volume: selfhost_usd() / mtok. '
'NULLs and errors as selfhost_cost(); 22023 for a volume of 0.';

CREATE FUNCTION breakeven_curve(deployment text, model text, mix usage, max_mtok numeric, steps integer,
	at timestamptz DEFAULT now(), hours numeric DEFAULT NULL,
	OUT mtok numeric, OUT api_usd numeric, OUT selfhost_usd numeric, OUT replicas numeric)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	fleet		record;
	mix_usd		numeric := mix_usd(model, mix, at);
	tokens		numeric := input_tokens(mix)::numeric + output_tokens(mix);
BEGIN
	PERFORM check_figure('max_mtok', max_mtok, 0, above_least => true);
	PERFORM check_figure('steps', steps, 1);
	SELECT * INTO fleet FROM fleet_bill(deployment, mix, at, hours);
	IF fleet.capacity IS NULL OR num_nulls(mix_usd, max_mtok, steps) > 0 THEN
		RETURN;
	END IF;
	FOR step IN 0 .. steps LOOP
		mtok := exact_quotient(max_mtok * step, steps);
		api_usd := exact_quotient(mix_usd * 1000000 * max_mtok * step, tokens * steps);
		replicas := fleet_replicas(fleet.d, max_mtok * step, fleet.capacity * steps, fleet.capacity_unit);
		selfhost_usd := CASE WHEN replicas IS NOT NULL THEN fleet_usd(fleet.d, fleet.bill, replicas, mtok) END;
		RETURN NEXT;
	END LOOP;
END $$;

COMMENT ON FUNCTION breakeven_curve(text, text, usage, numeric, integer, timestamptz, numeric) IS
'Both costs of a month at 0, max_mtok / steps, ... max_mtok million tokens of the mix: the API''s, the deployment''s, '
'and the replicas that serve it. selfhost_usd and replicas are NULL beyond what max_replicas can serve. '
'Arguments, NULLs (no row) and errors as breakeven(deployment, model, mix); 22023 for max_mtok or steps of 0 or less.';
