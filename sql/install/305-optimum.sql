-- optimum: the cheapest plan for a load: the API, its batch prices, replicas that always
-- run (by the hour, or reserved for one year or three), and replicas started by the hour.
--
-- The search is src/demand/optimum.c, which says what is chosen and what is proven.
-- Money of a plan is USD per month of 730 hours, whatever month it is asked in.

CREATE TYPE inferacct_internal.optimum AS (
	replicas		bigint,
	most_started	bigint,
	started			numeric,
	spot			numeric,
	waited_started	numeric,
	waited			numeric,
	served			numeric,
	usd				numeric,
	paid_usd		numeric,
	constant_usd	numeric,
	started_usd		numeric,
	spot_usd		numeric,
	fixed_usd		numeric,
	api_usd			numeric,
	batch_usd		numeric,
	gap_usd			numeric
);

COMMENT ON TYPE optimum IS
'The cheapest plan of optimum(), over all buckets. replicas run in all of them; started: buckets of others, spot: of '
'spot replicas, at most most_started at once; waited_started: of those that are started for work that waited; '
'waited, served: in buckets of '
'a full replica. usd is the sum of what follows: paid_usd whoever serves (of the deployment, per token), '
'constant_usd, started_usd, spot_usd, fixed_usd, api_usd for work that comes at once and '
'batch_usd for work that may wait. '
'gap_usd: no other plan is cheaper by more.';

CREATE FUNCTION inferacct_internal.optimum(now bigint[], now_usd numeric[], now_own_usd numeric[], waiting bigint[],
	waiting_usd numeric[], waiting_own_usd numeric[], size bigint, wait bigint, fewest bigint, most bigint,
	constant_usd numeric, started_usd numeric, spot_usd numeric, spot_millionths bigint, fixed_usd numeric,
	load_millionths bigint, price_millionths bigint, bought boolean DEFAULT false)
RETURNS optimum
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000000;

COMMENT ON FUNCTION optimum(bigint[], numeric[], numeric[], bigint[], numeric[], numeric[], bigint, bigint, bigint,
	bigint, numeric, numeric, numeric, bigint, numeric, bigint, bigint, boolean) IS
'The cheapest plan for buckets of work: parts to be done at once and parts that may wait `wait` buckets (their own '
'first), what the API takes for them and what they cost on replicas, too. A replica does `size` parts a bucket and '
'costs constant_usd when it runs in all of them, started_usd when it is started for one (NULL: cannot be); a spot '
'replica costs spot_usd and does spot_millionths of what it is given at once, the API the rest; fixed_usd '
'comes with any. At least `fewest` run when any does, at most `most` (NULL: no limit). Loads and API prices are '
'multiplied by millionths first. bought: exactly `fewest` always run, also where the API alone would be cheaper. '
'Any other NULL gives NULL. Errors: 22003 too large, 22004 a NULL in an array, 22023.';

-- ---------------------------------------------------------------------------
-- A deployment's part in it
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.plan_term AS (
	term			text,
	constant_usd	numeric,
	spare_usd		numeric,
	started_usd		numeric,
	rent_usd		numeric,
	started_rent_usd	numeric,
	spot_usd		numeric,
	spot_rent_usd	numeric,
	spot_millionths	bigint
);

COMMENT ON TYPE plan_term IS
'A way to rent the machines of a plan, USD per hour: constant_usd of a serving replica with its redundancy that '
'always runs (NULL: none does), spare_usd of one machine, started_usd of a replica by the hour (NULL: it cannot be '
'started so), spot_usd of a spot replica, for the time in which it is there, spot_millionths of all, and for restarts. '
'rent_usd of spare_usd, started_rent_usd of started_usd and spot_rent_usd of spot_usd are rent.';

CREATE TYPE inferacct_internal.plan_problem AS (
	d				deployment,
	hours			numeric,
	bucket_hours	numeric,
	people_usd		numeric,
	now				bigint[],
	now_usd			numeric[],
	now_own_usd		numeric[],
	waiting			bigint[],
	waiting_usd		numeric[],
	waiting_own_usd	numeric[],
	wait			bigint,
	tokens			numeric,
	work			numeric,
	weights			deployment_work,
	size			numeric,
	api_usd			numeric,
	estimated		text,
	terms			plan_term[]
);

COMMENT ON TYPE plan_problem IS
'What a deployment could serve, bucket by bucket in thousand-millionths of what a replica does at the planned '
'utilization, with what the API takes (USD); work: of all buckets, in those of a replica; weights, size: how work is '
'counted, and how much of it a replica does in a bucket; api_usd: the API for all; '
'estimated: that its throughput is, where nobody stated it. people_usd: people and services, USD per month; terms: '
'ways to rent.';

CREATE FUNCTION inferacct_internal.plan_term(d deployment, term text, at timestamptz) RETURNS plan_term
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t		plan_term;
	rented	deployment := d;
	bill	deployment_bill;
	hourly	numeric;
BEGIN
	IF term <> d.term THEN
		IF d.gpu IS NULL OR NOT has_gpu_price(d.gpu, d.vendor, term, at) THEN
			RETURN NULL;
		END IF;
		rented.term := term;
		rented.upfront_usd := 0;
	END IF;
	bill := deployment_bill(rented, at, 730);
	hourly := replica_usd_per_hour(rented, bill);
	RETURN ROW(term, d.redundancy * hourly, hourly, NULL, exact_quotient(bill.rent_usd, 730), NULL, NULL, NULL,
		NULL)::plan_term;
END $$;

COMMENT ON FUNCTION plan_term(deployment, text, timestamptz) IS
'What the machines of a deployment cost on a term, NULL when there is no price of it. Another term than its own has '
'no upfront_usd. Errors: IA302 its own term has no price, or several vendors.';

-- A spot machine is taken away by its seller; nobody can plan with it who does not say how often.
CREATE FUNCTION inferacct_internal.with_spot(t plan_term, d deployment, at timestamptz) RETURNS plan_term
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	away		numeric := (d.attributes ->> 'spot_away')::numeric;
	restarts	numeric := coalesce((d.attributes ->> 'spot_restart_usd_per_month')::numeric, 0);
	spot		plan_term;
BEGIN
	PERFORM check_figure('spot_away', away, 0, 0.999999),
		check_figure('spot_restart_usd_per_month', restarts, 0);
	IF away IS NULL OR d.term = 'owned' THEN
		RETURN t;
	END IF;
	spot := plan_term(d, 'spot', at);
	t.spot_usd := d.redundancy * (spot.spare_usd * (1 - away) + exact_quotient(restarts, 730));
	t.spot_rent_usd := d.redundancy * spot.rent_usd * (1 - away);
	t.spot_millionths := greatest(1, round((1 - away) * 1000000));
	RETURN t;
END $$;

COMMENT ON FUNCTION with_spot(plan_term, deployment, timestamptz) IS
'A way to rent with spot replicas beside, where they have a price and the deployment''s attributes say for which share '
'of the time they are away (spot_away) and what restarting one costs (spot_restart_usd_per_month; NULL: 0). '
'Errors: 22023 a share that is not from 0 to 0.999999, a cost below 0.';

CREATE FUNCTION inferacct_internal.plan_terms(d deployment, at timestamptz, three_years boolean) RETURNS plan_term[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	by_hour		plan_term;		-- of a replica that is started
	found		plan_term[];
	fleeting	boolean := coalesce(d.term = 'spot' AND d.attributes ? 'spot_away', false);	-- so none always runs
BEGIN
	IF d.term <> 'owned' THEN
		by_hour := plan_term(d, 'on_demand', at);
	END IF;
	SELECT array_agg(with_spot(ROW((t.p).term, CASE WHEN NOT fleeting OR (t.p).term <> 'spot'
		THEN (t.p).constant_usd END, (t.p).spare_usd, by_hour.constant_usd, (t.p).rent_usd,
		d.redundancy * by_hour.rent_usd, NULL, NULL, NULL)::plan_term, d, at) ORDER BY n) INTO found
	FROM (SELECT n, plan_term(d, v.term, at) AS p
		FROM (VALUES (1, CASE WHEN fleeting AND by_hour.term IS NOT NULL THEN 'on_demand' ELSE d.term END),
			(2, 'reserved_1y'), (3, 'reserved_3y')) AS v (n, term)
		WHERE n = 1 OR d.term IN ('on_demand', 'spot') AND (n = 2 OR three_years)) AS t
	WHERE (t.p).term IS NOT NULL;
	RETURN found;
END $$;

COMMENT ON FUNCTION plan_terms(deployment, timestamptz, boolean) IS
'The ways to rent the machines of a deployment that have a price at a time, its own first: a deployment by the hour '
'may also be reserved for one year and, with three_years, for three, and have spot replicas beside (with_spot()). '
'One on spot machines that are said to be away at times has none of them that always run.';

CREATE FUNCTION inferacct_internal.plan_problem(demand demand, waiting demand, waits interval, deployment text,
	at timestamptz, three_years boolean DEFAULT true)
RETURNS plan_problem
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	p		plan_problem;
	total	record;
	starts	timestamptz := least((traffic(demand)).since, (traffic(waiting)).since);
	ends	timestamptz := greatest((traffic(demand)).until, (traffic(waiting)).until);
	bill	deployment_bill;
BEGIN
	p.d := deployment_in_force(deployment, at);
	IF starts IS NULL THEN
		RETURN NULL;
	END IF;
	bill := deployment_bill(p.d, at, 730);
	p.terms := plan_terms(p.d, at, three_years);
	p.people_usd := exact_quotient(bill.monthly_usd * 12 + bill.yearly_usd, 12);
	p.bucket_hours := extract(epoch FROM coalesce(bucket_width(demand), bucket_width(waiting))) / 3600;
	p.wait := greatest(1, floor(extract(epoch FROM waits) / 3600 / p.bucket_hours));
	SELECT sum(input_tokens(s.usage) - cached_tokens(s.usage)) AS input, sum(cached_tokens(s.usage)) AS cached,
		sum(output_tokens(s.usage)) AS output, sum(greatest(meter(s.usage, 'requests'), 1)) AS requests INTO total
	FROM (SELECT s.usage FROM demand_series(demand) AS s UNION ALL SELECT s.usage FROM demand_series(waiting) AS s) AS
		s;
	p.tokens := total.input + total.cached + total.output;
	p := with_throughput(p, total.input + total.cached, total.output, total.requests, at);
	p.weights := deployment_work(p.d, total.input, total.cached, total.output);
	p.size := (p.weights).per_hour * p.bucket_hours * (p.d).target_utilization;

	WITH bucket AS (
		SELECT coalesce(n.bucket, w.bucket) AS bucket, n.usage AS at_once, n.api_usd AS now_usd, w.usage AS later,
			w.api_usd AS waiting_usd
		FROM demand_series(demand, starts, ends) AS n FULL JOIN demand_series(waiting, starts, ends) AS w USING (bucket)
	)
	SELECT count(*) * p.bucket_hours, array_agg(n.parts ORDER BY bucket), array_agg(coalesce(now_usd,
		0) ORDER BY bucket),
		array_agg(n.own ORDER BY bucket), array_agg(w.parts ORDER BY bucket),
		array_agg(coalesce(waiting_usd, 0) ORDER BY bucket), array_agg(w.own ORDER BY bucket)
	INTO p.hours, p.now, p.now_usd, p.now_own_usd, p.waiting, p.waiting_usd, p.waiting_own_usd
	FROM bucket, LATERAL plan_parts(at_once, p.weights, p.size, (p.d).marginal_usd_per_mtok) AS n,
		LATERAL plan_parts(later, p.weights, p.size, (p.d).marginal_usd_per_mtok) AS w;
	SELECT sum(n + w) / 1000000000, sum(n_usd + w_usd) INTO p.work, p.api_usd
	FROM unnest(p.now, p.waiting, p.now_usd, p.waiting_usd) AS b (n, w, n_usd, w_usd);
	RETURN p;
END $$;

COMMENT ON FUNCTION plan_problem(demand, demand, interval, text, timestamptz, boolean) IS
'What there is to plan when a deployment may serve `demand` at once and `waiting` within `waits`, each with what the '
'API takes. A part is counted up to a thousand-millionth of a replica''s bucket. NULL without a bucket. '
'Errors: IA301 unknown deployment, IA302 no GPU price, IA303 its throughput does not answer for the mix.';

-- A deployment of which nobody said what it serves, but which model on which GPUs.
CREATE FUNCTION inferacct_internal.with_throughput(p plan_problem, input_tokens numeric, output_tokens numeric,
	requests numeric, at timestamptz)
RETURNS plan_problem
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	e	record;
BEGIN
	IF num_nonnulls((p.d).prefill_tokens_per_second, (p.d).decode_tokens_per_second,
		(p.d).capacity_mtok_per_month) > 0
		OR requests = 0
		OR NOT EXISTS (SELECT FROM model_profile AS m WHERE m.model = (p.d).model)
		OR NOT EXISTS (SELECT FROM gpu_spec AS s WHERE s.gpu = (p.d).gpu) THEN
		RETURN p;
	END IF;
	SELECT * INTO e FROM estimate_throughput((p.d).model, (p.d).gpu, (p.d).gpus_per_replica,
		round(input_tokens / requests),
		greatest(1, round(output_tokens / requests)), bits => ((p.d).attributes ->> 'bits')::numeric, at => at);
	p.d.prefill_tokens_per_second := e.prefill_tokens_per_second;
	p.d.decode_tokens_per_second := e.decode_tokens_per_second;
	p.estimated := format('estimated by roofline, between a half and one and a half times that; bound by %s',
		e."limit");
	RETURN p;
END $$;

COMMENT ON FUNCTION with_throughput(plan_problem, numeric, numeric, numeric, timestamptz) IS
'The problem with estimate_throughput() for a deployment that states no throughput, where its model and GPU are known '
'(bits of a weight: its attributes ->> ''bits''); else as it is.';

CREATE FUNCTION inferacct_internal.plan_parts(usage usage, work deployment_work, size numeric, marginal numeric,
	OUT parts bigint, OUT own numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(ceil(1000000000 * ((input - cached) * work.input + cached * work.cached + output * work.output)
		/ size), 0)::bigint, coalesce(round((input + output) * marginal * 0.000001, 15), 0)
	FROM (SELECT input_tokens($1)::numeric AS input, cached_tokens($1)::numeric AS cached,
		output_tokens($1)::numeric AS output) AS tokens
$$;

COMMENT ON FUNCTION plan_parts(usage, deployment_work, numeric, numeric) IS
'A usage as parts of a replica''s bucket of `size` work, and what it costs a deployment per token. NULL usage: 0.';

-- ---------------------------------------------------------------------------
-- Plans
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.plan AS (
	term			text,
	replicas		bigint,
	most_started	bigint,
	started_hours	numeric,
	spot_hours		numeric,
	waited_share	numeric,
	served_share	numeric,
	machines		numeric,
	usd				numeric,
	api_only_usd	numeric,
	machines_usd	numeric,
	people_usd		numeric,
	token_usd		numeric,
	overflow_usd	numeric,
	gap_usd			numeric
);

COMMENT ON TYPE plan IS
'The cheapest plan for a deployment, USD per month of 730 hours. replicas always run, on term; started_hours: '
'replica-hours a month of others, spot_hours: of spot ones, most_started at once; machines: rented for every hour, '
'spare and redundant ones included; served_share: of the work, by replicas; waited_share: of the work, done later than '
'it came. usd: all of it: machines_usd, people_usd, token_usd and overflow_usd to the API; '
'api_only_usd: the API and its batch prices alone. No other plan is cheaper by more than gap_usd.';

CREATE FUNCTION inferacct_internal.plan_on(p plan_problem, t plan_term, load_factor numeric, price_factor numeric,
	speed numeric DEFAULT 1, bought bigint DEFAULT NULL)
RETURNS plan
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	o		optimum;
	spares	numeric := (p.d).spare_replicas * t.spare_usd * p.hours;
	work	numeric := p.work * load_factor / speed;
	pays	boolean;
BEGIN
	o := optimum(p.now, p.now_usd, p.now_own_usd, p.waiting, p.waiting_usd, p.waiting_own_usd,
		round(1000000000 * speed)::bigint, p.wait,
		coalesce(bought, CASE WHEN t.constant_usd IS NOT NULL AND ((p.d).always_on OR (p.d).min_replicas > 1)
			THEN (p.d).min_replicas ELSE 0 END),
		(p.d).max_replicas,
		round(t.constant_usd * p.bucket_hours, 15),
		round(t.started_usd * p.bucket_hours, 15),
		round(t.spot_usd * p.bucket_hours, 15), coalesce(t.spot_millionths, 1000000),
		round(spares + p.people_usd * p.hours / 730, 15), round(load_factor * 1000000)::bigint,
		round(price_factor * 1000000)::bigint, bought IS NOT NULL);
	pays := o.fixed_usd > 0 OR o.served > 0;
	RETURN ROW(t.term, o.replicas, o.most_started,
		exact_quotient((o.started + o.waited_started) * p.bucket_hours * 730, p.hours),
		exact_quotient(o.spot * p.bucket_hours * 730, p.hours),
		exact_quotient(o.waited, nullif(work, 0)), least(1, exact_quotient(o.served, nullif(work, 0))),
		CASE WHEN pays THEN fleet_machines(p.d, o.replicas) ELSE 0 END,
		month_usd(o.usd, p.hours),
		month_usd(p.api_usd * load_factor * price_factor, p.hours),
		month_usd(o.constant_usd + o.started_usd + o.spot_usd + CASE WHEN pays THEN spares ELSE 0 END, p.hours),
		CASE WHEN pays THEN p.people_usd ELSE 0 END,
		CASE WHEN pays THEN month_usd(o.paid_usd, p.hours) ELSE 0 END,
		month_usd(o.api_usd + o.batch_usd + CASE WHEN pays THEN 0 ELSE o.paid_usd END, p.hours),
		month_usd(o.gap_usd, p.hours))::plan;
END $$;

COMMENT ON FUNCTION plan_on(plan_problem, plan_term, numeric, numeric, numeric, bigint) IS
'The cheapest plan with machines rented so, when loads and API prices are multiplied by factors, and replicas do '
'`speed` times as much. bought: so many replicas always run and are paid, whatever they do.';

-- What a term costs when rents are other ones: power, purchase and people stay.
CREATE FUNCTION inferacct_internal.terms_at_rent(p plan_problem, factor numeric) RETURNS plan_term[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT array_agg(ROW(t.term, t.constant_usd + (p.d).redundancy * t.rent_usd * (factor - 1),
		t.spare_usd + t.rent_usd * (factor - 1), t.started_usd + t.started_rent_usd * (factor - 1),
		t.rent_usd * factor, t.started_rent_usd * factor, t.spot_usd + t.spot_rent_usd * (factor - 1),
		t.spot_rent_usd * factor, t.spot_millionths)::plan_term ORDER BY t.ordinality)
	FROM unnest(p.terms) WITH ORDINALITY AS t
$$;

COMMENT ON FUNCTION terms_at_rent(plan_problem, numeric) IS
'The terms of a problem when rents of GPUs are multiplied by a factor.';

CREATE FUNCTION inferacct_internal.month_usd(usd numeric, hours numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN trim_scale(round(inferacct_internal.exact_quotient(usd * 730, hours), 15));

COMMENT ON FUNCTION month_usd(numeric, numeric) IS
'USD per month of 730 hours of an amount over so many hours, to 1e-15: the one month basis. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.best_plan(p plan_problem, by_hour boolean DEFAULT false,
	load_factor numeric DEFAULT 1, price_factor numeric DEFAULT 1, speed numeric DEFAULT 1)
RETURNS plan
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 3000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t		plan_term;
	this	plan;
	best	plan;
BEGIN
	FOREACH t IN ARRAY p.terms LOOP
		EXIT WHEN by_hour AND best.term IS NOT NULL;
		this := plan_on(p, t, load_factor, price_factor, speed);
		IF best.term IS NULL OR this.usd < best.usd THEN
			best := this;
		END IF;
	END LOOP;
	RETURN best;
END $$;

COMMENT ON FUNCTION best_plan(plan_problem, boolean, numeric, numeric, numeric) IS
'The cheapest plan over the terms of a problem, of equal ones the shorter commitment; by_hour: on the deployment''s '
'own term alone. load_factor, price_factor and speed as in plan_on().';
