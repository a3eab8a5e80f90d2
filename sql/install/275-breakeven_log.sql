-- breakeven of a log: the aggregate.
--
-- The state keeps the demand of the log by the hour, with the exact API cost;
-- what a deployment makes of it is decided at the end, in numeric, by the rules
-- of 270-fleet.sql.  Hours without a request count as hours without load.

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
	INPUT = breakeven_state_in, OUTPUT = breakeven_state_out, RECEIVE = breakeven_state_recv,
	SEND = breakeven_state_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended
);

COMMENT ON TYPE breakeven_state IS
'Partial state of the aggregate breakeven(): the deployment''s name and the demand of the log by UTC hour. '
'It travels between parallel workers and nodes without loss; what another version laid out otherwise is refused '
'(22P02, 22P03, XX001).';

CREATE FUNCTION inferacct_internal.breakeven_deployment(breakeven_state) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1 AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION breakeven_deployment(breakeven_state) IS 'The deployment that the state is about.';

CREATE FUNCTION inferacct_internal.breakeven_demand(breakeven_state) RETURNS demand
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION breakeven_demand(breakeven_state) IS
'The demand of the log that the state is about, by UTC hour. NULL gives NULL.';

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
'What a log says of self-hosting it. from, to: the hours with load, half-open; hours, months: how long that is. '
'api_usd: what the API charged. selfhost_usd: what a fleet for the busiest hour (peak_replicas; '
'p99_replicas serve all but one hour in a hundred) would have cost in that time, NULL when that is beyond '
'max_replicas. fleet_utilization: mean load of that fleet / its full throughput; '
'breakeven_utilization: where the fleet costs what the API does. peak_to_mean: busiest hour / mean hour. '
'first_mtok, permanent_mtok: break-even volumes a month on the log''s own mix, see volume. '
'payback_multiple: API cost avoided / cost of the fleet; for bought machines what they save over their amortization / '
'their purchase. hybrid_replicas, hybrid_usd: the cheapest number of replicas that serve the base of the load, the '
'API serving the rest; 0 when the API alone is cheapest. verdict: self_host, hybrid or api, whichever cost least; '
'reason says why.';

CREATE FUNCTION inferacct_internal.breakeven_fleet_words(report breakeven_report) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN report.selfhost_usd IS NULL
		THEN format('the %s of the busiest hour are more than max_replicas', replicas_in_words(report.peak_replicas))
		ELSE format('a fleet of %s for the busiest hour %s USD', replicas_in_words(report.peak_replicas),
			round(report.selfhost_usd, 2)) END
$$;

COMMENT ON FUNCTION breakeven_fleet_words(breakeven_report) IS 'The fleet for the busiest hour, for a sentence.';

CREATE FUNCTION inferacct_internal.breakeven_reason(report breakeven_report) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT concat_ws(' ',
		CASE report.verdict
			WHEN 'self_host' THEN format('A fleet of %s for the busiest hour costs %s USD, the API %s USD.',
				replicas_in_words(report.peak_replicas), round(report.selfhost_usd, 2), round(report.api_usd, 2))
			WHEN 'hybrid' THEN format(
				'%s for the base of the load and the API for the rest cost %s USD, the API alone %s USD, %s.',
				replicas_in_words(report.hybrid_replicas), round(report.hybrid_usd, 2), round(report.api_usd, 2),
				breakeven_fleet_words(report))
			ELSE format('The API costs %s USD, %s; fewer replicas beside the API do not pay either.',
				round(report.api_usd, 2),
				breakeven_fleet_words(report))
		END,
		CASE WHEN report.breakeven_utilization IS NULL
			THEN 'The API costs no more per token than self-hosting does beyond its machines.'
			ELSE format('That fleet would run at %s %% of its throughput and pays above %s %%.',
				round(100 * report.fleet_utilization, 1), round(100 * report.breakeven_utilization, 1)) END,
		CASE WHEN (report.volume).status <> 'ok' THEN (report.volume).reason END,
		CASE WHEN report.hours < 8 * 7
			* 24 THEN format('The log covers %s days: less than the 8 weeks that make a forecast.',
			round(report.hours / 24, 1)) END)
$$;

COMMENT ON FUNCTION breakeven_reason(breakeven_report) IS 'The figures of a report in words.';

-- One function: its amounts share one unit, which makes all of them whole.
CREATE FUNCTION inferacct_internal.breakeven_final(state breakeven_state) RETURNS breakeven_report
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	report		breakeven_report;
	demand		demand := breakeven_demand(state);
	span		traffic_statistics := traffic(demand, 'requests');
	total		usage;
	last		timestamptz;			-- the last hour
	l			deployment_load;
	d			deployment;
	busy		record;
	hybrid		hybrid_verdict;
	bill		deployment_bill;
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
	IF span IS NULL THEN
		RETURN NULL;
	END IF;
	last := span.until - span.width;
	l := deployment_load(demand, breakeven_deployment(state), NULL, last);
	d := l.deployment;
	SELECT sum(s.usage), sum(s.requests), trim_scale(sum(s.api_usd)) INTO total, report.requests, report.api_usd
	FROM demand_series(demand) AS s;
	report."from" := span.since;
	report."to" := span.until;
	report.tokens := input_tokens(total)::numeric + output_tokens(total);
	report.hours := trim_scale(extract(epoch FROM report."to" - report."from") / 3600);

	-- Its months are month_part / month_whole, exactly.
	month_part := CASE WHEN d.hours_per_month IS NULL THEN month_parts(report."from", report."to")
		ELSE report.hours END;
	month_whole := CASE WHEN d.hours_per_month IS NULL THEN 9061920 ELSE 730 END;
	report.months := exact_quotient(month_part, month_whole);
	report.mtok_per_month := exact_quotient(report.tokens * month_whole, month_part * 1000000);

	-- The load as work, hour by hour.
	SELECT max(hour) AS peak, sum(hour) AS total, (array_agg(hour ORDER BY hour))[ceil(0.99 * count(*))::integer] AS p99
		INTO busy
	FROM unnest(l.load) AS hour;
	report.peak_replicas := greatest(d.min_replicas, ceil_quotient(busy.peak, l.size));
	report.p99_replicas := greatest(d.min_replicas, ceil_quotient(busy.p99, l.size));
	report.fleet_utilization := exact_quotient(busy.total * d.target_utilization, report.peak_replicas * l.size
		* report.hours);
	report.peak_to_mean := exact_quotient(busy.peak * report.hours, busy.total);

	-- What a machine, everything else, and the tokens cost over the log, in
	-- units that make all of it whole: USD / unit.
	bill := deployment_bill(d, last, 1);
	unit := 12 * bill.upfront_months * month_whole;
	bought_usd := bill.upfront_usd * 12 * month_part;
	machine_usd := bought_usd + (bill.rent_usd + bill.power_usd)
		* CASE WHEN d.hours_per_month IS NULL THEN report.hours * unit
		ELSE month_part * d.hours_per_month * 12 * bill.upfront_months END;
	fixed_usd := (bill.monthly_usd * 12 + bill.yearly_usd) * bill.upfront_months * month_part + d.spare_replicas
		* machine_usd;
	fleet_usd := fixed_usd + d.redundancy * report.peak_replicas * machine_usd;
	token_usd := d.marginal_usd_per_mtok * report.tokens * 0.000001 * unit;
	api_usd := report.api_usd * unit;
	IF api_usd > token_usd THEN
		report.breakeven_utilization := exact_quotient(busy.total * d.target_utilization * fleet_usd,
			report.peak_replicas * l.size * report.hours * (api_usd - token_usd));
	END IF;
	IF report.peak_replicas <= coalesce(d.max_replicas, report.peak_replicas) THEN
		bought_usd := fleet_machines(d, report.peak_replicas) * bought_usd;
		report.selfhost_usd := exact_quotient(fleet_usd + token_usd, unit);
		report.payback_multiple := CASE WHEN bought_usd > 0
			THEN exact_quotient(api_usd - fleet_usd - token_usd + bought_usd, bought_usd)
			ELSE exact_quotient(api_usd, nullif(fleet_usd + token_usd, 0)) END;
	END IF;

	-- Some of the load on replicas, the rest with the API.  Hours without load are worth nothing to any of them.
	SELECT array_agg(hour), array_agg(over_usd) INTO l.load, l.price
	FROM unnest(l.load, l.price) AS hours (hour, over_usd) WHERE hour > 0;
	hybrid := hybrid_verdict(l.load, l.price, l.size, exact_quotient(d.redundancy * machine_usd, unit),
		exact_quotient(fixed_usd, unit),
		l.marginal_usd, d.min_replicas, d.max_replicas);
	report.hybrid_replicas := hybrid.replicas;
	report.hybrid_usd := exact_quotient(fixed_usd + d.redundancy * hybrid.replicas * machine_usd
		+ (l.marginal_usd + hybrid.overflow_usd) * unit, unit);
	IF hybrid.replicas = 0 OR report.hybrid_usd >= report.api_usd THEN
		report.hybrid_replicas := 0;
		report.hybrid_usd := report.api_usd;
	END IF;
	report.verdict := CASE WHEN report.hybrid_replicas = 0 THEN 'api'
		WHEN report.selfhost_usd <= report.hybrid_usd THEN 'self_host' ELSE 'hybrid' END;

	-- Break-even volumes of a month like those of the log.
	bill.hours := coalesce(d.hours_per_month,
		CASE WHEN date_trunc('month', span.since, 'UTC') = date_trunc('month', last, 'UTC')
		THEN hours_in_month(last) ELSE exact_quotient(report.hours * month_whole, month_part) END);
	bill.rent_usd := bill.rent_usd * bill.hours;
	bill.power_usd := bill.power_usd * bill.hours;
	report.volume := breakeven_of_bill(d, bill, input_tokens(total) - cached_tokens(total), cached_tokens(total),
		output_tokens(total),
		report.api_usd);
	report.first_mtok := (report.volume).first_mtok;
	report.permanent_mtok := (report.volume).permanent_mtok;
	report.reason := breakeven_reason(report);
	RETURN report;
END $$;

COMMENT ON FUNCTION breakeven_final(breakeven_state) IS
'The report of the aggregate breakeven(): prices and costs of the deployment are those valid in the last hour. '
'The GPUs are paid for every hour from the first to the last, monthly costs in proportion. '
'Errors: IA301 unknown deployment, IA302 no GPU price, IA303 its throughput does not answer for the mix.';

CREATE FUNCTION inferacct_internal.breakeven_accum(breakeven_state, text, timestamptz, text, usage)
	RETURNS breakeven_state
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.breakeven_combine(breakeven_state, breakeven_state) RETURNS breakeven_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';

CREATE AGGREGATE breakeven(deployment text, at timestamptz, model text, usage usage) (
	SFUNC = breakeven_accum, STYPE = breakeven_state, SSPACE = 65536, FINALFUNC = breakeven_final,
	COMBINEFUNC = breakeven_combine, PARALLEL = SAFE
);

COMMENT ON AGGREGATE breakeven(text, timestamptz, text, usage) IS
'Would a deployment have been cheaper than the API for this log? Each row is a request, or as many as its usage '
'counts, made at a time to a model, whose price then is what the API cost. '
'Rows with a NULL are left out, as are rows without a price under inferacct.unpriced = null; no row gives NULL. '
'See type breakeven_report. Errors: those of token_cost() and breakeven_final(); 22023 two deployments in one group.';
