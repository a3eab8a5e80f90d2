-- breakeven of a log: the aggregate.
--
-- The state keeps, hour by hour, whole numbers of tokens and the exact API cost;
-- what a deployment makes of them is decided at the end, in numeric.  Hours
-- without a request count as hours without load.

CREATE TYPE inferacct_internal.breakeven_state;

CREATE FUNCTION inferacct_internal.breakeven_state_in(cstring) RETURNS breakeven_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.breakeven_state_out(breakeven_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.breakeven_state_recv(internal) RETURNS breakeven_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.breakeven_state_send(breakeven_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.breakeven_state (
	INPUT = breakeven_state_in, OUTPUT = breakeven_state_out, RECEIVE = breakeven_state_recv, SEND = breakeven_state_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE breakeven_state IS
'Partial state of the aggregate breakeven(): the deployment''s name and, for each UTC hour, requests, tokens and API cost. It travels between parallel workers and nodes without loss; what another version laid out otherwise is refused (22P02, 22P03, XX001).';

CREATE FUNCTION inferacct_internal.breakeven_deployment(breakeven_state) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION breakeven_deployment(breakeven_state) IS 'The deployment that the state is about.';

CREATE FUNCTION inferacct_internal.breakeven_hours(breakeven_state, OUT hour timestamptz, OUT requests bigint, OUT input_tokens bigint,
	OUT cached_tokens bigint, OUT output_tokens bigint, OUT api_usd numeric)
RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 1000 AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION breakeven_hours(breakeven_state) IS
'The hours of a state that had requests: tokens to prefill, tokens read from a cache, tokens to decode, and what the API charged.';

CREATE TYPE breakeven_report AS (
	"from"					timestamptz,
	"to"					timestamptz,
	requests				numeric,
	tokens					numeric,
	api_usd					numeric,
	selfhost_usd			numeric,
	peak_replicas			numeric,
	p99_replicas			numeric,
	fleet_utilization		numeric,
	breakeven_utilization	numeric,
	peak_to_mean			numeric,
	first_mtok				numeric,
	permanent_mtok			numeric,
	payback_multiple		numeric,
	hybrid_replicas			numeric,
	hybrid_usd				numeric,
	verdict					text,
	reason					text,
	hours					numeric,
	months					numeric,
	mtok_per_month			numeric,
	volume					breakeven_volume
);

COMMENT ON TYPE breakeven_report IS
'What a log says of self-hosting it. from, to: the hours with load, half-open; hours, months: how long that is. api_usd: what the API charged. '
'selfhost_usd: what a fleet for the busiest hour (peak_replicas; p99_replicas serve all but one hour in a hundred) would have cost in that time, NULL when that is beyond max_replicas. '
'fleet_utilization: mean load of that fleet / its full throughput; breakeven_utilization: where the fleet costs what the API does. peak_to_mean: busiest hour / mean hour. '
'first_mtok, permanent_mtok: break-even volumes a month on the log''s own mix, see volume. '
'payback_multiple: API cost avoided / cost of the fleet; for bought machines what they save over their amortization / their purchase. '
'hybrid_replicas, hybrid_usd: the cheapest number of replicas that serve the base of the load, the API serving the rest; 0 when the API alone is cheapest. '
'verdict: selfhost, hybrid or api, whichever cost least; reason says why.';

CREATE FUNCTION inferacct_internal.hybrid_served(state breakeven_state, work deployment_work, marginal_usd_per_mtok numeric, capacity numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(sum(CASE WHEN amount <= capacity THEN saved ELSE saved * capacity / amount END), 0)
	FROM (
		SELECT h.input_tokens * work.input + h.cached_tokens * work.cached + h.output_tokens * work.output AS amount,
			(h.api_usd - marginal_usd_per_mtok * (h.input_tokens::numeric + h.cached_tokens + h.output_tokens) * 0.000001)
				* 1.000000000000000000000000000000 AS saved
		FROM breakeven_hours(state) h
	) hours
	WHERE amount > 0
$$;

COMMENT ON FUNCTION hybrid_served(breakeven_state, deployment_work, numeric, numeric) IS
'API cost, less the own cost per token, of what a capacity of so much work an hour takes over; the rest of a busier hour stays with the API in proportion.';

CREATE FUNCTION inferacct_internal.hybrid_replicas(state breakeven_state, work deployment_work, marginal_usd_per_mtok numeric, capacity numeric,
	replica_usd numeric, most numeric)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	worth	numeric := 0;
	beyond	numeric := most + 1;
	n		numeric;
BEGIN
	PERFORM check_figure('capacity', capacity, 0), check_figure('most', most, 0, 1000000000000);
	-- Each replica saves at most what the one before it does: search for the last that pays.
	WHILE beyond - worth > 1 LOOP
		n := div(worth + beyond, 2);
		IF hybrid_served(state, work, marginal_usd_per_mtok, n * capacity)
			- hybrid_served(state, work, marginal_usd_per_mtok, (n - 1) * capacity) > replica_usd
		THEN
			worth := n;
		ELSE
			beyond := n;
		END IF;
	END LOOP;
	RETURN worth;
END $$;

COMMENT ON FUNCTION hybrid_replicas(breakeven_state, deployment_work, numeric, numeric, numeric, numeric) IS
'The most replicas, each of so much work an hour, of which the last still saves more of the API''s cost than its own replica_usd.';

-- The smallest part of which every month has a whole number of hours' worth:
-- the least common multiple of 672, 696, 720 and 744.
CREATE FUNCTION inferacct_internal.month_parts(starts timestamptz, ends timestamptz) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT sum(div(extract(epoch FROM least(month + interval '1 month', upto) - greatest(month, since)) * 9061920,
		extract(epoch FROM month + interval '1 month' - month)))
	FROM (SELECT starts AT TIME ZONE 'UTC' AS since, ends AT TIME ZONE 'UTC' AS upto) span,
		generate_series(date_trunc('month', since), CASE WHEN check_span(starts, ends) THEN upto END, interval '1 month') month
	WHERE month < upto
$$;

COMMENT ON FUNCTION month_parts(timestamptz, timestamptz) IS
'UTC calendar months from one full hour to a later one in units of 1/9061920 month, which is exact: a part of a month is its share of that month''s hours. Errors: 22008 an infinite time, 54000 more than 1000 years.';

CREATE FUNCTION inferacct_internal.breakeven_fleet_words(report breakeven_report) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN report.selfhost_usd IS NULL
		THEN format('the %s of the busiest hour are more than max_replicas', replicas_in_words(report.peak_replicas))
		ELSE format('a fleet of %s for the busiest hour %s USD', replicas_in_words(report.peak_replicas), round(report.selfhost_usd, 2)) END
$$;

COMMENT ON FUNCTION breakeven_fleet_words(breakeven_report) IS 'The fleet for the busiest hour, for a sentence.';

CREATE FUNCTION inferacct_internal.breakeven_reason(report breakeven_report) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT concat_ws(' ',
		CASE report.verdict
			WHEN 'selfhost' THEN format('A fleet of %s for the busiest hour costs %s USD, the API %s USD.',
				replicas_in_words(report.peak_replicas), round(report.selfhost_usd, 2), round(report.api_usd, 2))
			WHEN 'hybrid' THEN format('%s for the base of the load and the API for the rest cost %s USD, the API alone %s USD, %s.',
				replicas_in_words(report.hybrid_replicas), round(report.hybrid_usd, 2), round(report.api_usd, 2),
				breakeven_fleet_words(report))
			ELSE format('The API costs %s USD, %s; fewer replicas beside the API do not pay either.', round(report.api_usd, 2),
				breakeven_fleet_words(report))
		END,
		CASE WHEN report.breakeven_utilization IS NULL THEN 'The API costs no more per token than self-hosting does beyond its machines.'
			ELSE format('That fleet would run at %s %% of its throughput and pays above %s %%.',
				round(100 * report.fleet_utilization, 1), round(100 * report.breakeven_utilization, 1)) END,
		CASE WHEN (report.volume).status <> 'ok' THEN (report.volume).reason END,
		CASE WHEN report.hours < 8 * 7 * 24 THEN format('The log covers %s days: less than the 8 weeks that make a forecast.',
			round(report.hours / 24, 1)) END)
$$;

COMMENT ON FUNCTION breakeven_reason(breakeven_report) IS 'The figures of a report in words.';

CREATE FUNCTION inferacct_internal.breakeven_final(state breakeven_state) RETURNS breakeven_report
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	report		breakeven_report;
	load		record;
	busy		record;
	d			deployment;
	bill		deployment_bill;
	work		deployment_work;
	capacity	numeric;
	month_part	numeric;
	month_whole	numeric;
	unit		numeric;
	api_usd		numeric;
	machine_usd	numeric;
	bought_usd	numeric;
	fixed_usd	numeric;
	fleet_usd	numeric;
	token_usd	numeric;
BEGIN
	SELECT min(h.hour) AS starts, max(h.hour) AS last, count(*) AS hours, sum(h.requests) AS requests,
		sum(h.input_tokens) AS input, sum(h.cached_tokens) AS cached, sum(h.output_tokens) AS output, sum(h.api_usd) AS api_usd
	INTO load FROM breakeven_hours(state) h;
	IF load.hours = 0 THEN
		RETURN NULL;
	END IF;
	d := deployment_in_force(breakeven_deployment(state), load.last);
	report."from" := load.starts;
	report."to" := load.last + interval '1 hour';
	report.requests := load.requests;
	report.tokens := load.input + load.cached + load.output;
	report.api_usd := trim_scale(load.api_usd);
	report.hours := trim_scale(extract(epoch FROM report."to" - report."from") / 3600);

	-- Its months are month_part / month_whole, exactly.
	month_part := CASE WHEN d.hours_per_month IS NULL THEN month_parts(report."from", report."to") ELSE report.hours END;
	month_whole := CASE WHEN d.hours_per_month IS NULL THEN 9061920 ELSE 730 END;
	report.months := exact_quotient(month_part, month_whole);
	report.mtok_per_month := exact_quotient(report.tokens * month_whole, month_part * 1000000);

	-- The load as work, hour by hour; hours without a request rank below all.
	work := deployment_work(d, load.input, load.cached, load.output);
	capacity := work.per_hour * d.target_utilization;
	SELECT max(h.amount) AS peak, sum(h.amount) AS total,
		coalesce((array_agg(h.amount ORDER BY h.amount))[(ceil(0.99 * report.hours) - report.hours + load.hours)::int], 0) AS p99
	INTO busy
	FROM (
		SELECT h.input_tokens * work.input + h.cached_tokens * work.cached + h.output_tokens * work.output AS amount
		FROM breakeven_hours(state) h
	) h;
	report.peak_replicas := greatest(d.min_replicas, ceil_quotient(busy.peak, capacity));
	report.p99_replicas := greatest(d.min_replicas, ceil_quotient(busy.p99, capacity));
	report.fleet_utilization := exact_quotient(busy.total, report.peak_replicas * work.per_hour * report.hours);
	report.peak_to_mean := exact_quotient(busy.peak * report.hours, busy.total);

	-- What a machine, everything else, and the tokens cost over the log, in
	-- units that make all of it whole: USD / unit.
	bill := deployment_bill(d, load.last, 1);
	unit := 12 * bill.upfront_months * month_whole;
	bought_usd := bill.upfront_usd * 12 * month_part;
	machine_usd := bought_usd + (bill.rent_usd + bill.power_usd) * CASE WHEN d.hours_per_month IS NULL THEN report.hours * unit
		ELSE month_part * d.hours_per_month * 12 * bill.upfront_months END;
	fixed_usd := (bill.monthly_usd * 12 + bill.yearly_usd) * bill.upfront_months * month_part + d.spare_replicas * machine_usd;
	fleet_usd := fixed_usd + d.redundancy * report.peak_replicas * machine_usd;
	token_usd := d.marginal_usd_per_mtok * report.tokens * 0.000001 * unit;
	api_usd := load.api_usd * unit;
	IF api_usd > token_usd THEN
		report.breakeven_utilization := exact_quotient(busy.total * fleet_usd,
			report.peak_replicas * work.per_hour * report.hours * (api_usd - token_usd));
	END IF;
	IF report.peak_replicas <= coalesce(d.max_replicas, report.peak_replicas) THEN
		bought_usd := fleet_machines(d, report.peak_replicas) * bought_usd;
		report.selfhost_usd := exact_quotient(fleet_usd + token_usd, unit);
		report.payback_multiple := CASE WHEN bought_usd > 0
			THEN exact_quotient(api_usd - fleet_usd - token_usd + bought_usd, bought_usd)
			ELSE exact_quotient(api_usd, nullif(fleet_usd + token_usd, 0)) END;
	END IF;

	-- Some of the load on replicas, the rest with the API.
	report.hybrid_replicas := greatest(d.min_replicas, hybrid_replicas(state, work, d.marginal_usd_per_mtok, capacity,
		exact_quotient(d.redundancy * machine_usd, unit), least(report.peak_replicas, d.max_replicas)));
	report.hybrid_usd := exact_quotient(fixed_usd + d.redundancy * report.hybrid_replicas * machine_usd + api_usd
		- hybrid_served(state, work, d.marginal_usd_per_mtok, report.hybrid_replicas * capacity) * unit, unit);
	IF report.hybrid_usd >= report.api_usd THEN
		report.hybrid_replicas := 0;
		report.hybrid_usd := report.api_usd;
	END IF;
	report.verdict := CASE WHEN report.hybrid_replicas = 0 THEN 'api'
		WHEN report.selfhost_usd <= report.hybrid_usd THEN 'selfhost' ELSE 'hybrid' END;

	-- Break-even volumes of a month like those of the log.
	bill.hours := coalesce(d.hours_per_month, CASE WHEN date_trunc('month', load.starts, 'UTC') = date_trunc('month', load.last, 'UTC')
		THEN hours_in_month(load.last) ELSE exact_quotient(report.hours * month_whole, month_part) END);
	bill.rent_usd := bill.rent_usd * bill.hours;
	bill.power_usd := bill.power_usd * bill.hours;
	report.volume := breakeven_of_bill(d, bill, load.input, load.cached, load.output, load.api_usd);
	report.first_mtok := (report.volume).first_mtok;
	report.permanent_mtok := (report.volume).permanent_mtok;
	report.reason := breakeven_reason(report);
	RETURN report;
END $$;

COMMENT ON FUNCTION breakeven_final(breakeven_state) IS
'The report of the aggregate breakeven(): prices and costs of the deployment are those valid in the last hour. The GPUs are paid for every hour from the first to the last, monthly costs in proportion. '
'Errors: IA301 unknown deployment, IA302 no GPU price, IA303 its throughput does not answer for the mix.';

CREATE FUNCTION inferacct_internal.breakeven_accum(breakeven_state, text, timestamptz, text, usage) RETURNS breakeven_state
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.breakeven_combine(breakeven_state, breakeven_state) RETURNS breakeven_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';

CREATE AGGREGATE breakeven(deployment text, at timestamptz, model text, usage usage) (
	SFUNC = breakeven_accum, STYPE = breakeven_state, SSPACE = 65536, FINALFUNC = breakeven_final,
	COMBINEFUNC = breakeven_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE breakeven(text, timestamptz, text, usage) IS
'Would a deployment have been cheaper than the API for this log? Each row is a request (or the sum of several) made at a time to a model, whose price then is what the API cost. '
'Rows with a NULL are left out, as are rows without a price under inferacct.unpriced = null; no row gives NULL. See type breakeven_report. '
'Errors: those of token_cost() and breakeven_final(); 22023 two deployments in one group.';
