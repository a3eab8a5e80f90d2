-- fleet: how many replicas, when, and what goes to the API instead.
--
-- Load is work per bucket; a replica does `size` of it per bucket at its
-- utilization and costs `unit_usd` over all buckets.  What the replicas leave
-- goes to the API at the price of that bucket's own requests.  The number of
-- replicas for the base load follows the one rule of 250-commitment.sql.

-- ---------------------------------------------------------------------------
-- hybrid: base load on own replicas, the rest by the API
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.hybrid_verdict AS (
	replicas numeric, usd numeric, usd_api_only numeric, usd_peak_fleet numeric, peak_replicas numeric,
	saved_usd numeric,
	fixed_usd numeric, overflow_usd numeric, utilization numeric, marginal_utilization numeric,
	breakeven_utilization numeric
);
COMMENT ON TYPE hybrid_verdict IS
'What hybrid() says, USD over the whole time. replicas: the cheapest number to own, 0 when the API alone is cheapest; '
'usd: all that then is paid, of it overflow_usd to the API and fixed_usd whatever the number; '
'usd_peak_fleet: peak_replicas of one''s own and no API. utilization: of the replicas; '
'marginal_utilization: of the last one of them; breakeven_utilization: what a replica needs to be worth its price. '
'NULL where there is no replica';

CREATE FUNCTION inferacct_internal.hybrid_verdict(load numeric[], price numeric[], size numeric, unit_usd numeric,
	fixed_usd numeric, marginal_usd numeric,
	min_replicas numeric, max_replicas numeric)
RETURNS hybrid_verdict
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	verdict hybrid_verdict;
	whole	numeric := coalesce(cardinality(load), 0) * size;	-- what a replica could do
	n		numeric := least(greatest(best_units(load, price, size, unit_usd), min_replicas), max_replicas);
BEGIN
	verdict.peak_replicas := greatest(units_needed(load, size, 1000000000000), min_replicas);
	verdict.usd_api_only := marginal_usd + unit_overflow_usd(load, price, size, 0);
	verdict.overflow_usd := unit_overflow_usd(load, price, size, n);
	verdict.usd := marginal_usd + n * unit_usd + fixed_usd + verdict.overflow_usd;
	IF verdict.usd >= verdict.usd_api_only THEN
		n := 0;
		verdict.overflow_usd := verdict.usd_api_only - marginal_usd;
		verdict.usd := verdict.usd_api_only;
	END IF;
	verdict.replicas := n;
	verdict.fixed_usd := CASE WHEN n > 0 THEN fixed_usd ELSE 0 END;
	verdict.usd_peak_fleet := marginal_usd + verdict.peak_replicas * unit_usd + fixed_usd;
	verdict.saved_usd := verdict.usd_api_only - verdict.usd;
	IF n > 0 THEN
		verdict.utilization := exact_quotient((SELECT sum(least(hour, n * size)) FROM unnest(load) AS hour), n * whole);
		verdict.marginal_utilization := exact_quotient(
			(SELECT sum(least(size, greatest(0, hour - (n - 1) * size))) FROM unnest(load) AS hour), whole);
	END IF;
	verdict.breakeven_utilization := exact_quotient(unit_usd * (SELECT sum(hour) FROM unnest(load) AS hour),
		nullif(unit_overflow_usd(load, price, size, 0) * whole, 0));
	RETURN verdict;
END $$;
COMMENT ON FUNCTION hybrid_verdict(numeric[], numeric[], numeric, numeric, numeric, numeric, numeric, numeric) IS
'The verdict on a load per bucket whose unit costs price(bucket) at the API beyond what it costs anywhere '
'(marginal_usd, all of it); a replica carries size per bucket and costs unit_usd over all of them, any '
'replica at all fixed_usd; between min_replicas and max_replicas (NULL: no limit), or none';

CREATE FUNCTION inferacct_internal.trim_verdict(verdict hybrid_verdict, digits integer) RETURNS hybrid_verdict
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ROW(verdict.replicas, trim_scale(round(verdict.usd, digits)), trim_scale(round(verdict.usd_api_only, digits)),
	trim_scale(round(verdict.usd_peak_fleet, digits)), verdict.peak_replicas,
	trim_scale(round(verdict.saved_usd, digits)),
	trim_scale(round(verdict.fixed_usd, digits)), trim_scale(round(verdict.overflow_usd, digits)),
	verdict.utilization, verdict.marginal_utilization, verdict.breakeven_utilization)::hybrid_verdict;
COMMENT ON FUNCTION trim_verdict(hybrid_verdict, integer) IS
'the verdict with money of so many decimals at most, without trailing zeros. NULL gives NULL';

CREATE FUNCTION inferacct_internal.check_hybrid(hourly_mtok numeric[], replica_usd_per_hour numeric,
	replica_mtok_per_hour numeric,
	api_usd_per_mtok numeric, fixed_usd numeric) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('hourly_mtok', hour, 0) FROM unnest(hourly_mtok) AS hour;
	PERFORM check_figure('replica_usd_per_hour', replica_usd_per_hour, 0),
		check_figure('api_usd_per_mtok', api_usd_per_mtok, 0),
		check_figure('replica_mtok_per_hour', replica_mtok_per_hour, 0, above_least => true),
		check_figure('fixed_usd', fixed_usd, 0);
	IF array_position(hourly_mtok, NULL) IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22004', 'hourly_mtok cannot have a null hour', hint => 'An idle hour has 0.');
	END IF;
END $$;
COMMENT ON FUNCTION check_hybrid(numeric[], numeric, numeric, numeric, numeric) IS
'refuses (22023) negative or infinite arguments of hybrid(), and (22004) a NULL hour';

CREATE FUNCTION hybrid(hourly_mtok numeric[], replica_usd_per_hour numeric, replica_mtok_per_hour numeric,
	api_usd_per_mtok numeric,
	fixed_usd numeric DEFAULT 0)
RETURNS hybrid_verdict
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_hybrid(hourly_mtok, replica_usd_per_hour, replica_mtok_per_hour, api_usd_per_mtok, fixed_usd);
	RETURN trim_verdict(hybrid_verdict(hourly_mtok, array_fill(api_usd_per_mtok, ARRAY[cardinality(hourly_mtok)]),
		replica_mtok_per_hour, replica_usd_per_hour * cardinality(hourly_mtok), fixed_usd, 0, 0, NULL), 1000);
END $$;
COMMENT ON FUNCTION hybrid(numeric[], numeric, numeric, numeric, numeric) IS
'The exact optimum of base load on own replicas and overflow to an API: million tokens of every hour (idle ones as '
'0), USD per hour of a replica, million tokens per hour that it serves, USD per million tokens of the API, and USD '
'over the whole time that any replica at all brings with it. The n-th replica is worth the API price of what it '
'carries; as many are taken as are worth more than they cost (of equal optima the fewest), or none when they do not '
'earn fixed_usd. A NULL argument gives NULL. Errors: 22023 a negative figure, no capacity; 22004 a NULL hour.';

CREATE FUNCTION inferacct_internal.hybrid_curve(load numeric[], price numeric[], size numeric, unit_usd numeric,
	fixed_usd numeric, marginal_usd numeric,
	OUT replicas numeric, OUT usd numeric, OUT machines_usd numeric, OUT overflow_usd numeric, OUT utilization numeric,
	OUT marginal_utilization numeric)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20 COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT n, trim_scale(marginal_usd + n * unit_usd + CASE WHEN n > 0 THEN fixed_usd ELSE 0 END + over_usd),
		trim_scale(n * unit_usd),
		trim_scale(over_usd),
		exact_quotient((SELECT sum(least(hour, n * size)) FROM unnest(load) AS hour),
			nullif(n * cardinality(load) * size, 0)),
		exact_quotient((SELECT sum(least(size, greatest(0, hour - (n - 1) * size))) FROM unnest(load) AS hour
			WHERE n > 0), cardinality(load) * size)
	FROM generate_series(0, units_needed(load, size, 100000)) AS n,
		LATERAL unit_overflow_usd(load, price, size, n) AS over_usd
$$;
COMMENT ON FUNCTION hybrid_curve(numeric[], numeric[], numeric, numeric, numeric, numeric) IS
'What every number of replicas up to the peak costs; arguments as hybrid_verdict(). NULL gives no row. '
'Errors: 22023, 54000 a peak of more than 100,000 replicas';

CREATE FUNCTION hybrid_curve(hourly_mtok numeric[], replica_usd_per_hour numeric, replica_mtok_per_hour numeric,
	api_usd_per_mtok numeric,
	OUT replicas numeric, OUT usd numeric, OUT machines_usd numeric, OUT overflow_usd numeric, OUT utilization numeric,
	OUT marginal_utilization numeric)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 20 COST 200000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_hybrid(hourly_mtok, replica_usd_per_hour, replica_mtok_per_hour, api_usd_per_mtok, 0);
	RETURN QUERY SELECT * FROM hybrid_curve(hourly_mtok, array_fill(api_usd_per_mtok, ARRAY[cardinality(hourly_mtok)]),
		replica_mtok_per_hour, replica_usd_per_hour * cardinality(hourly_mtok), 0, 0);
END $$;
COMMENT ON FUNCTION hybrid_curve(numeric[], numeric, numeric, numeric) IS
'The cost by number of replicas, 0 to the peak, behind hybrid() of the same arguments. '
'marginal_utilization is that of the last replica alone. NULLs and errors as hybrid(), and 54000 a peak of more than '
'100,000 replicas';

-- ---------------------------------------------------------------------------
-- A demand as a deployment meets it
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.deployment_load AS (
	deployment deployment, buckets timestamptz[], load numeric[], price numeric[], api_usd numeric[], size numeric,
	replica_usd numeric, spare_usd numeric, on_demand_usd numeric, marginal_usd numeric, bucket_seconds numeric
);
COMMENT ON TYPE deployment_load IS
'A demand in the deployment''s unit of work, bucket by bucket. size: work of a replica per bucket at the planned '
'utilization; price: USD per unit of work that the API costs beyond the deployment''s own cost per token, of which '
'marginal_usd is the whole; replica_usd: of a serving replica and its redundancy per hour; '
'on_demand_usd: the same rented by the hour, NULL when unknown; spare_usd: of spare replicas, people and services per '
'hour';

CREATE FUNCTION inferacct_internal.has_gpu_price(gpu text, vendor text, term text, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM gpu_rents(has_gpu_price.gpu, has_gpu_price.vendor, has_gpu_price.term, at))
$$;
COMMENT ON FUNCTION has_gpu_price(text, text, text, timestamptz) IS
'is there a rent for a GPU on that term at a time, by gpu_rents(): from the vendor or, when NULL, from any';

CREATE FUNCTION inferacct_internal.replica_usd_per_hour(d deployment, bill deployment_bill) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN exact_quotient((bill.rent_usd + bill.power_usd) * bill.upfront_months + bill.upfront_usd,
	bill.upfront_months * bill.hours);
COMMENT ON FUNCTION replica_usd_per_hour(deployment, deployment_bill) IS
'USD per hour of one machine of a deployment: rent, power and its share of the purchase. NULL gives NULL';

CREATE FUNCTION inferacct_internal.hours_usd(l deployment_load, hourly_usd numeric, buckets numeric DEFAULT NULL)
	RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT exact_quotient(hourly_usd * coalesce(buckets, cardinality(l.load)) * l.bucket_seconds, 3600) $$;
COMMENT ON FUNCTION hours_usd(deployment_load, numeric, numeric) IS
'USD of so many buckets at hourly_usd; of all of them when NULL';

CREATE FUNCTION inferacct_internal.deployment_load(demand demand, deployment text, target_utilization numeric,
	at timestamptz) RETURNS deployment_load
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l		deployment_load;
	d		deployment := deployment_in_force(deployment, at);
	bill	deployment_bill := deployment_bill(d, at, 730);	-- what is paid by the month is not dearer in February
	rented	deployment := d;
	total	usage;
	work	deployment_work;
	long_one CONSTANT numeric := round(1, 40);	-- a unit of work costs little: keep 40 decimals of it
BEGIN
	PERFORM check_figure('target_utilization', target_utilization, 0, 1, above_least => true);
	IF traffic(demand) IS NULL THEN
		RETURN NULL;			-- no bucket
	END IF;
	IF (traffic(demand)).unpriced_requests > 0 THEN
		PERFORM inferacct_internal.fail('IA001', 'the demand has requests without an API cost',
			format('%s of its %s requests were added with a NULL api_usd.',
					(traffic(demand)).unpriced_requests, (traffic(demand)).requests),
			'Price them, or leave them out when the demand is made: an unknown cost is not zero.');
	END IF;
	SELECT sum(s.usage) INTO total FROM demand_series(demand) s;
	work := deployment_work(d, input_tokens(total) - cached_tokens(total), cached_tokens(total), output_tokens(total));
	l.deployment := d;
	l.bucket_seconds := trim_scale(extract(epoch FROM bucket_width(demand)));
	l.size := trim_scale(work.per_hour * l.bucket_seconds * coalesce(target_utilization, d.target_utilization));
	l.replica_usd := d.redundancy * replica_usd_per_hour(d, bill);
	l.spare_usd := d.spare_replicas * replica_usd_per_hour(d, bill)
		+ exact_quotient(bill.monthly_usd * 12 + bill.yearly_usd, 12 * bill.hours);
	IF d.term IN ('on_demand', 'owned') THEN
		l.on_demand_usd := l.replica_usd;
	ELSIF has_gpu_price(d.gpu, d.vendor, 'on_demand', at) THEN
		rented.term := 'on_demand';
		rented.upfront_usd := 0;
		l.on_demand_usd := d.redundancy * replica_usd_per_hour(rented, deployment_bill(rented, at, 730));
	END IF;

	SELECT array_agg(bucket), array_agg(done), array_agg(cost),
		array_agg(CASE WHEN done > 0 THEN greatest(cost - own, 0) * long_one / done ELSE 0 END),
		sum(CASE WHEN done > 0 THEN least(cost, own) ELSE cost END)
	INTO l.buckets, l.load, l.api_usd, l.price, l.marginal_usd
	FROM (
		SELECT s.bucket, s.api_usd AS cost, (input + output) * d.marginal_usd_per_mtok * 0.000001 AS own,
			-- size is an hour's work times seconds
			trim_scale(3600 * ((input - cached) * work.input + cached * work.cached + output * work.output)) AS done
		FROM demand_series(demand) s,
			LATERAL (SELECT input_tokens(s.usage)::numeric AS input, cached_tokens(s.usage)::numeric AS cached,
				output_tokens(s.usage)::numeric AS output) AS tokens
		ORDER BY s.bucket
	) AS bucket_work;
	RETURN l;
END $$;
COMMENT ON FUNCTION deployment_load(demand, text, numeric, timestamptz) IS
'The demand in the unit of work of a deployment, with what replicas and the API cost at a time. '
'target_utilization NULL: that of the deployment. Errors: IA001 a request without API cost, IA301 unknown deployment, '
'IA302 no GPU price, IA303 its throughput does not answer for the load, 22023.';

CREATE FUNCTION hybrid(demand demand, deployment text, target_utilization numeric DEFAULT NULL,
	at timestamptz DEFAULT now())
RETURNS hybrid_verdict
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l		deployment_load;
BEGIN
	IF num_nulls(demand, deployment, at) > 0 THEN
		RETURN NULL;
	END IF;
	l := deployment_load(demand, deployment, target_utilization, at);
	IF l.load IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN trim_verdict(hybrid_verdict(l.load, l.price, l.size, hours_usd(l, l.replica_usd), hours_usd(l, l.spare_usd),
		l.marginal_usd, (l.deployment).min_replicas, (l.deployment).max_replicas), 15);
END $$;
COMMENT ON FUNCTION hybrid(demand, text, numeric, timestamptz) IS
'The exact optimum of base load on replicas of a deployment and overflow to the API at what each bucket''s own '
'requests cost there, over the time of the demand (empty buckets included), with the prices and costs valid at `at`. '
'Spare replicas, people and services are paid when there is any replica; '
'between min_replicas and max_replicas, or none. target_utilization: planned share of full throughput, NULL for '
'that of the deployment; latency_utilization() and max_utilization() find it from a latency target. '
'NULL demand, deployment or time gives NULL. Money is rounded to 1e-15. '
'Errors: IA001 a request without API cost, IA301 unknown deployment, IA302 no GPU price, IA303 its throughput does '
'not answer for the load, 22023.';

CREATE FUNCTION hybrid_curve(demand demand, deployment text, target_utilization numeric DEFAULT NULL,
	at timestamptz DEFAULT now(),
	OUT replicas numeric, OUT usd numeric, OUT machines_usd numeric, OUT overflow_usd numeric,
	OUT utilization numeric, OUT marginal_utilization numeric)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l		deployment_load;
BEGIN
	IF num_nulls(demand, deployment, at) > 0 THEN
		RETURN;
	END IF;
	l := deployment_load(demand, deployment, target_utilization, at);
	RETURN QUERY SELECT c.replicas, trim_scale(round(c.usd, 15)), trim_scale(round(c.machines_usd, 15)),
		trim_scale(round(c.overflow_usd, 15)),
			c.utilization, c.marginal_utilization
		FROM hybrid_curve(l.load, l.price, l.size, hours_usd(l, l.replica_usd), hours_usd(l, l.spare_usd),
			l.marginal_usd) c;
END $$;
COMMENT ON FUNCTION hybrid_curve(demand, text, numeric, timestamptz) IS
'The cost by number of replicas, 0 to the peak, behind hybrid() of the same arguments. NULLs and errors as there.';

-- ---------------------------------------------------------------------------
-- Fleets that follow, or do not
-- ---------------------------------------------------------------------------

-- Replicas that run in each bucket when they start `ahead` buckets early and
-- stay `behind` buckets longer.
CREATE FUNCTION inferacct_internal.autoscaled_replicas(needed numeric[], ahead integer, behind integer)
	RETURNS numeric[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT array_agg(most ORDER BY i) FROM (
		SELECT i, max(n) OVER (ORDER BY i ROWS BETWEEN behind PRECEDING AND ahead FOLLOWING) AS most
		FROM unnest(needed) WITH ORDINALITY AS v (n, i)) AS running);
END $$;
COMMENT ON FUNCTION autoscaled_replicas(numeric[], integer, integer) IS
'Replicas that run in each bucket, when those needed must start `ahead` buckets before and stop `behind` buckets '
'after. NULL gives NULL';

CREATE FUNCTION inferacct_internal.needed_replicas(l deployment_load, min_replicas integer) RETURNS numeric[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	d		deployment := l.deployment;
	size	numeric := l.size;
BEGIN
	PERFORM check_figure('min_replicas', min_replicas, 0);
	RETURN (SELECT array_agg(least(greatest(ceil_quotient(done, size), coalesce(min_replicas, d.min_replicas)),
		d.max_replicas) ORDER BY i)
		FROM unnest(l.load) WITH ORDINALITY AS v (done, i));
END $$;
COMMENT ON FUNCTION needed_replicas(deployment_load, integer) IS
'Replicas that each bucket needs, between min_replicas (NULL: min_replicas of the deployment) and its max_replicas. '
'Error: 22023';

CREATE FUNCTION inferacct_internal.buckets_of(name text, span interval, l deployment_load) RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure(name, extract(epoch FROM span), 0, 31536000);
	RETURN ceil(extract(epoch FROM span) / l.bucket_seconds)::integer;
END $$;
COMMENT ON FUNCTION buckets_of(text, interval, deployment_load) IS
'Buckets that a span of at most a year needs, rounded up; name is what an error calls it. Error: 22023';

CREATE FUNCTION inferacct_internal.billed_buckets(running numeric[], min_billed integer) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100000
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	paid_until	bigint[] := array_fill(0, ARRAY[coalesce((SELECT max(n) FROM unnest(running) AS n), 0)::integer]);
	before		numeric := 0;
	now_running	numeric;
	billed		numeric := 0;
	i			bigint := 0;
BEGIN
	FOREACH now_running IN ARRAY running LOOP
		-- The k-th replica pays for this bucket unless its last start has.
		FOR k IN 1 .. now_running LOOP
			IF k > before AND paid_until[k] <= i THEN
				billed := billed + greatest(min_billed, 1);
				paid_until[k] := i + greatest(min_billed, 1);
			ELSIF paid_until[k] <= i THEN
				billed := billed + 1;
				paid_until[k] := i + 1;
			END IF;
		END LOOP;
		before := now_running;
		i := i + 1;
	END LOOP;
	RETURN billed;
END $$;
COMMENT ON FUNCTION billed_buckets(numeric[], integer) IS
'Replica-buckets billed when so many replicas run in each bucket and every start is billed for min_billed buckets '
'at least. NULL gives NULL';

CREATE FUNCTION fleet_series(demand demand, deployment text, startup interval DEFAULT '5 minutes',
	hold interval DEFAULT '0',
	target_utilization numeric DEFAULT NULL, min_replicas integer DEFAULT NULL, at timestamptz DEFAULT now(),
	OUT bucket timestamptz, OUT load numeric, OUT replicas numeric, OUT autoscaled numeric, OUT api_usd numeric)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000 COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l		deployment_load;
	needed	numeric[];
BEGIN
	IF num_nulls(demand, deployment, startup, hold, at) > 0 THEN
		RETURN;
	END IF;
	l := deployment_load(demand, deployment, target_utilization, at);
	needed := needed_replicas(l, min_replicas);
	RETURN QUERY SELECT v.bucket, exact_quotient(v.done, l.size), v.needed, v.running, v.api_usd
		FROM unnest(l.buckets, l.load, needed,
			autoscaled_replicas(needed, buckets_of('startup', startup, l), buckets_of('hold', hold, l)), l.api_usd)
			AS v (bucket, done, needed, running, api_usd);
END $$;
COMMENT ON FUNCTION fleet_series(demand, text, interval, interval, numeric, integer, timestamptz) IS
'Replicas bucket by bucket: load in replicas at the planned utilization, replicas that it needs, and those that run '
'when autoscaled: started `startup` ahead and held `hold` longer (rounded up to buckets). '
'target_utilization NULL: that of the deployment; min_replicas NULL: its min_replicas, 0: down to none. '
'NULLs give no row; errors as hybrid(demand, deployment).';

CREATE TYPE fleet_plan AS (
	fleet text, replicas numeric, replica_hours numeric, utilization numeric, machines_usd numeric, idle_usd numeric,
	fixed_usd numeric,
	overflow_usd numeric, usd numeric
);
COMMENT ON TYPE fleet_plan IS
'A way to serve a demand. replicas: the most at once; replica_hours: billed; utilization: of what is planned with; '
'idle_usd: the part of machines_usd that serves nothing; fixed_usd: spare replicas, people and services; '
'overflow_usd: to the API; usd: all of it';

CREATE FUNCTION inferacct_internal.fleet_plan(l deployment_load, fleet text, replicas numeric, billed_buckets numeric,
	carried numeric, overflow_usd numeric,
	hourly_usd numeric) RETURNS fleet_plan
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT ROW(fleet, replicas, exact_quotient(billed_buckets * l.bucket_seconds, 3600), busy,
		trim_scale(round(machines, 15)),
		trim_scale(round(machines * (1 - coalesce(busy, 0)), 15)), trim_scale(round(fixed, 15)),
		trim_scale(round(overflow_usd, 15)),
		trim_scale(round(l.marginal_usd + machines + fixed + overflow_usd, 15)))::fleet_plan
	FROM (SELECT hours_usd(l, hourly_usd, billed_buckets) AS machines,
		exact_quotient(carried, nullif(billed_buckets * l.size, 0)) AS busy,
		CASE WHEN replicas > 0 THEN hours_usd(l, l.spare_usd) ELSE 0 END AS fixed) AS figures
$$;
COMMENT ON FUNCTION fleet_plan(deployment_load, text, numeric, numeric, numeric, numeric, numeric) IS
'The figures of a fleet that bills so many replica-buckets at hourly_usd, carries so much work and leaves '
'overflow_usd to the API';

CREATE FUNCTION inferacct_internal.constant_fleet(l deployment_load, fleet text, replicas numeric, served numeric[])
	RETURNS fleet_plan
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	n		numeric := least(replicas, (l.deployment).max_replicas);
BEGIN
	RETURN fleet_plan(l, fleet, n, n * cardinality(l.load), (SELECT sum(least(hour, n * l.size))
		FROM unnest(served) AS hour),
		unit_overflow_usd(served, l.price, l.size, n), l.replica_usd);
END $$;
COMMENT ON FUNCTION constant_fleet(deployment_load, text, numeric, numeric[]) IS
'the figures of so many replicas all the time that serve the work of each bucket';

CREATE FUNCTION fleet(demand demand, deployment text, percentile float8 DEFAULT 0.99,
	startup interval DEFAULT '5 minutes',
	hold interval DEFAULT '0', min_billing interval DEFAULT '1 minute', target_utilization numeric DEFAULT NULL,
	min_replicas integer DEFAULT NULL, eligible numeric DEFAULT 0, at timestamptz DEFAULT now())
RETURNS SETOF fleet_plan
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 6 COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l		deployment_load;
	running	numeric[];
	min_n	numeric;
	n		numeric;
	scaled	fleet_plan;
BEGIN
	IF num_nulls(demand, deployment, percentile, startup, hold, min_billing, eligible, at) > 0 THEN
		RETURN;
	END IF;
	PERFORM check_figure('percentile', percentile::numeric, 0, 1, above_least => true),
		check_figure('eligible', eligible, 0, 1);
	l := deployment_load(demand, deployment, target_utilization, at);
	IF l.load IS NULL THEN
		RETURN;
	END IF;
	min_n := (l.deployment).min_replicas;

	RETURN NEXT fleet_plan(l, 'api', 0, 0, 0, unit_overflow_usd(l.load, l.price, l.size, 0), 0);
	SELECT greatest(ceil_quotient(avg(hour), l.size), min_n) INTO n FROM unnest(l.load) AS hour;
	RETURN NEXT constant_fleet(l, 'mean', n, l.load);
	SELECT greatest(ceil_quotient(percentile_disc(percentile) WITHIN GROUP (ORDER BY hour), l.size), min_n) INTO n
		FROM unnest(l.load) AS hour;
	RETURN NEXT constant_fleet(l, 'percentile', n, l.load);
	SELECT greatest(ceil_quotient(max(hour), l.size), min_n) INTO n FROM unnest(l.load) AS hour;
	RETURN NEXT constant_fleet(l, 'peak', n, l.load);
	n := (hybrid_verdict(l.load, l.price, l.size, hours_usd(l, l.replica_usd), hours_usd(l, l.spare_usd),
		l.marginal_usd, min_n, (l.deployment).max_replicas)).replicas;
	RETURN NEXT constant_fleet(l, 'hybrid', n, l.load);

	-- Work that may wait is done in the idle hours of its day.
	IF eligible > 0 THEN
		n := greatest(ceil_quotient(batch_capacity(l.load, eligible,
			greatest(div(86400, l.bucket_seconds), 1)::integer), l.size), min_n);
		IF n > (l.deployment).max_replicas THEN
			PERFORM inferacct_internal.fail('IA304',
				format('deployment "%s" cannot serve the demand with batches in its idle hours', deployment),
				format('It takes %s replicas, max_replicas is %s.', n, (l.deployment).max_replicas),
				'Raise max_replicas, or leave eligible out.');
		END IF;
		RETURN NEXT fleet_plan(l, 'shaved', n, n * cardinality(l.load), (SELECT sum(hour) FROM unnest(l.load) AS hour),
			0, l.replica_usd);
	END IF;

	running := autoscaled_replicas(needed_replicas(l, min_replicas), buckets_of('startup', startup, l),
		buckets_of('hold', hold, l));
	SELECT max(r), sum(least(hour, r * l.size)), sum(greatest(0, hour - r * l.size) * over_usd)
	INTO scaled.replicas, scaled.utilization, scaled.overflow_usd
	FROM unnest(running, l.load, l.price) AS v (r, hour, over_usd);
	RETURN NEXT fleet_plan(l, 'autoscaled', scaled.replicas,
		billed_buckets(running, buckets_of('min_billing', min_billing, l)),
		scaled.utilization, scaled.overflow_usd, l.on_demand_usd);
END $$;
COMMENT ON FUNCTION fleet(demand, text, float8, interval, interval, interval, numeric, integer, numeric, timestamptz) IS
'Ways to serve a demand with a deployment, over the time of the demand (empty buckets included): api (no replica); '
'mean, percentile and peak (constant, for the mean load, that percentile and the busiest bucket); '
'hybrid (the cheapest constant one); shaved (when eligible of the work may wait within its day: constant, for '
'batch_capacity); autoscaled (follows the load; replicas start `startup` ahead and stay `hold` longer, each start is '
'billed for min_billing at least, at the on-demand price: usd is NULL when that is unknown). '
'What a fleet cannot serve goes to the API at what those requests cost there; '
'work that is shaved must not be counted with a batch discount too. target_utilization: planned share of full '
'throughput, NULL for that of the deployment; min_replicas: what autoscaling keeps, NULL for min_replicas, 0 for '
'none. NULLs give no row. Money is rounded to 1e-15. Errors as hybrid(demand, deployment), and IA304 more than '
'max_replicas are needed for `shaved`.';

-- ---------------------------------------------------------------------------
-- Which replicas to reserve
-- ---------------------------------------------------------------------------

CREATE FUNCTION commitment(demand demand, deployment text, price_factor numeric DEFAULT 0.65,
	target_utilization numeric DEFAULT NULL,
	at timestamptz DEFAULT now(),
	OUT unit numeric, OUT needed_share numeric, OUT on_demand_usd numeric, OUT reserved_1y_usd numeric,
	OUT reserved_3y_usd numeric,
	OUT term text, OUT usd numeric)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20 COST 300000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	l		deployment_load;
	d		deployment;
	rents	numeric[];			-- USD per year of one machine, by term
	longer	boolean;
BEGIN
	IF num_nulls(demand, deployment, price_factor, at) > 0 THEN
		RETURN;
	END IF;
	PERFORM check_figure('price_factor', price_factor, 0);
	l := deployment_load(demand, deployment, target_utilization, at);
	IF l.load IS NULL THEN
		RETURN;
	END IF;
	d := l.deployment;
	IF d.gpu IS NULL THEN
		PERFORM inferacct_internal.fail('IA302', format('deployment "%s" rents no GPU', d.name),
			hint => 'Own machines cannot be reserved.');
	END IF;
	rents := (SELECT array_agg(CASE WHEN has_gpu_price(d.gpu, d.vendor, t, at)
			THEN gpu_usd_per_hour(d.gpu, d.vendor, t, at) * d.gpus_per_replica * d.redundancy * 8760 END ORDER BY i)
		FROM unnest(ARRAY['on_demand', 'reserved_1y', 'reserved_3y']) WITH ORDINALITY AS v (t, i));
	longer := longer_term_pays(rents[2], rents[3], price_factor);
	RETURN QUERY
		SELECT priced.k, priced.share, trim_scale(priced.rent), trim_scale(rents[2]), trim_scale(rents[3]),
			best.name, trim_scale(best.cost)
		FROM (
			SELECT n AS k, exact_quotient(count(*) FILTER (WHERE hour > (n - 1) * l.size), count(*)) AS share,
				exact_quotient(count(*) FILTER (WHERE hour > (n - 1) * l.size) * rents[1], count(*)) AS rent
			FROM generate_series(1, ceil_quotient((SELECT max(h) FROM unnest(l.load) AS h), l.size)) AS n,
				unnest(l.load) AS hour
			GROUP BY n
		) AS priced, LATERAL (
			SELECT name, cost FROM (VALUES (1, 'on_demand', priced.rent), (2, 'reserved_1y', rents[2]),
				(3, 'reserved_3y', CASE WHEN longer IS NOT false THEN rents[3] END)) AS terms (i, name, cost)
			WHERE cost IS NOT NULL ORDER BY cost, i LIMIT 1
		) AS best
		ORDER BY priced.k;
END $$;
COMMENT ON FUNCTION commitment(demand, text, numeric, numeric, timestamptz) IS
'Which replicas of a deployment to reserve, one row per replica up to the peak: the share of the buckets that need '
'it, USD per year of it on demand (by the bucket it is needed in), reserved for one year and for three, and the '
'cheapest term with its USD; of equal ones the shorter. Three years only when 3 r3 <= r1 (1 + f + f^2), price_factor '
'f being what a year''s price falls to in the next; that it is needed all three years is assumed. '
'Prices are those of gpu_price for the deployment''s GPU and vendor (a payment upfront: see reserved_rate()), NULL '
'where there is none. NULLs give no row. Errors: IA302 a deployment without a GPU, and as hybrid(demand, deployment).';
