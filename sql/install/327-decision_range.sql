-- decision_range: how sure the saving is, and of what it depends on.
--
-- Invariant: every figure that is not known exactly is drawn from a range, all of them together;
-- the plan that was chosen meets what was drawn, and may not be chosen anew: machines
-- are bought once.  Draws repeat by their seed, and no money of a bill comes from here.

CREATE TYPE inferacct_internal.range_driver AS (
	driver		text,
	low			numeric,
	high		numeric,
	low_usd		numeric,
	high_usd	numeric,
	swing_usd	numeric,
	measuring_usd	numeric
);

COMMENT ON TYPE range_driver IS
'A figure that is not known exactly: low and high are factors of what was planned with, low_usd and high_usd what '
'the plan then saves a month when nothing else differs, swing_usd how far these are apart. measuring_usd: what '
'knowing it before deciding would be worth a month, by the mean of the draws in which it is alike (NULL: no machines '
'are planned).';

CREATE FUNCTION inferacct_internal.range_defaults() RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{"api_price": [0.5, 1], "throughput": [0.6, 1.25], "utilization": [0.85, 1.1], "cache": [0.5, 1], '
'"people": [0.75, 2], "gpu_price": [0.8, 1.2], "growth": [0.7, 1.5]}'::jsonb;

COMMENT ON FUNCTION range_defaults() IS
'The default ranges of decision_range(), factors of what is planned with: API prices mostly fall; a throughput that '
'was not measured is seldom reached, nor is all of what is planned of it used; an own cache hits less often than a '
'provider''s, whose users it has not; people are underestimated; rents differ by seller; the load of next year is '
'another.';

-- How much more work it is when an own cache never hits, as a share of the work.
CREATE FUNCTION inferacct_internal.cached_work(p plan_problem, usage usage) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	input	numeric := input_tokens(usage) - cached_tokens(usage);
	cached	numeric := cached_tokens(usage);
	output	numeric := output_tokens(usage);
	work	deployment_work := deployment_work(p.d, input, cached, output);
BEGIN
	RETURN cached * (work.input - work.cached) / (input * work.input + cached * work.cached + output * work.output);
END $$;

COMMENT ON FUNCTION cached_work(plan_problem, usage) IS
'The work of reading all cached tokens of a load again, as a share of the work that it is with the cache.';

-- The plan as chosen, met by other figures.
CREATE FUNCTION inferacct_internal.saved_if(p plan_problem, pl plan, cached numeric, drawn jsonb) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 3000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t			plan_term;
	met			plan;
	api_price	numeric := coalesce((drawn ->> 'api_price')::numeric, 1);
	growth		numeric := coalesce((drawn ->> 'growth')::numeric, 1);
	speed		numeric := coalesce((drawn ->> 'throughput')::numeric, 1)
		* coalesce((drawn ->> 'utilization')::numeric, 1)
		/ (1 + cached * (1 - coalesce((drawn ->> 'cache')::numeric, 1)));
BEGIN
	p.people_usd := p.people_usd * coalesce((drawn ->> 'people')::numeric, 1);
	p.terms := terms_at_rent(p, coalesce((drawn ->> 'gpu_price')::numeric, 1));
	IF pl.served_share = 0 THEN
		met := best_plan(p, false, growth, api_price, speed);
	ELSE
		SELECT u.* INTO t FROM unnest(p.terms) AS u WHERE u.term = pl.term;
		met := plan_on(p, t, growth, api_price, speed, pl.replicas);
	END IF;
	RETURN met.api_only_usd - met.usd;
END $$;

COMMENT ON FUNCTION saved_if(plan_problem, plan, numeric, jsonb) IS
'What a plan saves a month when figures are the drawn factors of what was planned with (those not drawn: 1): its '
'replicas are paid whatever they do, others are started as it then pays. Of a plan without replicas: what the '
'cheapest would save.';

CREATE FUNCTION inferacct_internal.drawn_factor(low numeric, high numeric, draw integer, driver text, seed bigint)
	RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
RETURN round(low + (high - low) * (((hashtextextended(driver || ' ' || draw, seed) & 1048575) + 0.5) / 1048576), 6);

COMMENT ON FUNCTION drawn_factor(numeric, numeric, integer, text, bigint) IS
'A factor between low and high, each as likely, that is the same for the same draw, driver and seed. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.check_ranges(ranges jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	r	record;
BEGIN
	FOR r IN SELECT * FROM jsonb_each(coalesce(ranges, '{}')) LOOP
		IF NOT range_defaults() ? r.key THEN
			PERFORM inferacct_internal.fail('22023', format('no figure "%s" has a range', r.key),
				hint => 'Ranges are of ' || (SELECT string_agg(k,
					', ' ORDER BY k) FROM jsonb_object_keys(range_defaults()) AS k)
				|| '.');
		ELSIF jsonb_typeof(r.value) <> 'array' OR jsonb_array_length(r.value) <> 2
			OR jsonb_typeof(r.value -> 0) <> 'number' OR jsonb_typeof(r.value -> 1) <> 'number'
			OR (r.value ->> 0)::numeric NOT BETWEEN 0.01 AND (r.value ->> 1)::numeric
				OR (r.value ->> 1)::numeric > 100 THEN
			PERFORM inferacct_internal.fail('22023', format('the range of "%s" is no pair of factors', r.key),
				format('It is %s.', r.value),
					'Give the lowest and the highest factor, between 0.01 and 100: [0.8, 1.2].');
		END IF;
	END LOOP;
	RETURN range_defaults() || coalesce(ranges, '{}');
END $$;

COMMENT ON FUNCTION check_ranges(jsonb) IS
'The ranges to draw from: those given, the others by default. Errors: 22023 an unknown figure, or no pair of factors.';

CREATE FUNCTION decision_range(log regclass DEFAULT 'inferacct.usage_log', deployment text DEFAULT NULL,
	policy text DEFAULT NULL, ranges jsonb DEFAULT '{}', draws integer DEFAULT 500, seed bigint DEFAULT 1,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, at timestamptz DEFAULT now(),
	frontier_models text[] DEFAULT NULL, materiality numeric DEFAULT 0.05, width interval DEFAULT '1 hour',
	OUT p10_usd numeric, OUT p50_usd numeric, OUT p90_usd numeric, OUT flip_probability numeric,
	OUT drivers range_driver[], OUT measuring_usd numeric, OUT explanation text)
LANGUAGE plpgsql STABLE COST 100000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	w	workload;
	f	advice_facts;
BEGIN
	PERFORM check_figure('draws', draws, 1, 100000);
	ranges := check_ranges(ranges);
	deployment := plan_deployment(deployment, policy);
	w := workload(log, policy, NULL, frontier_models, since, until, deployment, at, width);
	f := advice_facts(w, deployment, policy, 0.65, at, 0.1, NULL, NULL, materiality);
	SELECT * INTO p10_usd, p50_usd, p90_usd, flip_probability, drivers, measuring_usd, explanation
	FROM range_of(f, w, ranges, draws, seed);
END $$;

COMMENT ON FUNCTION decision_range(regclass, text, text, jsonb, integer, bigint, timestamptz, timestamptz, timestamptz,
	text[], numeric, interval) IS
'How sure the saving of the plan of advise() is: what a tenth, a half and nine tenths of so many draws save at most, '
'in USD per month, when API prices, throughput, its utilization, cache hits, people, GPU prices and growth of the load '
'are drawn from ranges, each value as likely (ranges: factors of what was planned with, '
'{"throughput": [0.6, 1.25]}, the others by default); width: of the buckets of load; flip_probability: in which share '
'of them the other answer, API or machines, would have been right; drivers: each figure alone at both ends of its '
'range, the one that matters most first; measuring_usd: what it would '
'be worth a month to know all figures before deciding. Draws are the same for the same seed. NULLs where there is no '
'plan, and explanation says why. Errors as advise(), 22023 draws or ranges.';

CREATE FUNCTION inferacct_internal.range_of(f advice_facts, w workload, ranges jsonb, draws integer, seed bigint,
	OUT p10_usd numeric, OUT p50_usd numeric, OUT p90_usd numeric, OUT flip_probability numeric,
	OUT drivers range_driver[], OUT measuring_usd numeric, OUT explanation text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	machines	boolean := (f.plan).served_share > 0;
	cached		numeric;
	factors		jsonb[];		-- of each draw
	saved		numeric[];
	first		range_driver;	-- of what can be measured, what is worth most to know
	matters		numeric := f.materiality * f.left_usd;
BEGIN
	explanation := advice_gap(f);
	IF f.plan_usd IS NULL THEN
		RETURN;
	END IF;
	cached := cached_work(f.problem, (SELECT sum(s.usage) FROM (SELECT usage FROM demand_series(w.demand)
		UNION ALL SELECT usage FROM demand_series(w.waiting)) AS s (usage)));
	SELECT array_agg(d.factors ORDER BY n), array_agg(saved_if(f.problem, f.plan, cached, d.factors) ORDER BY n)
	INTO factors, saved
	FROM generate_series(1, draws) AS n, LATERAL (SELECT jsonb_object_agg(r.key, drawn_factor((r.value ->> 0)::numeric,
		(r.value ->> 1)::numeric, n, r.key, seed)) AS factors FROM jsonb_each(ranges) AS r) AS d;
	SELECT percentile_disc(0.1) WITHIN GROUP (ORDER BY s), percentile_disc(0.5) WITHIN GROUP (ORDER BY s),
		percentile_disc(0.9) WITHIN GROUP (ORDER BY s),
		exact_quotient(count(*) FILTER (WHERE CASE WHEN machines THEN s < 0 ELSE s >= matters AND s > 0 END), count(*)),
		trim_scale(round(avg(CASE WHEN machines THEN greatest(0, -s) ELSE s END), 2))
	INTO p10_usd, p50_usd, p90_usd, flip_probability, measuring_usd
	FROM unnest(saved) AS s;
	SELECT array_agg(ROW(d.driver, d.low, d.high, d.low_usd, d.high_usd, abs(d.high_usd - d.low_usd),
			CASE WHEN machines THEN known_usd(factors, saved, d.driver) END)::range_driver
		ORDER BY abs(d.high_usd - d.low_usd) DESC, d.driver COLLATE "C") INTO drivers
	FROM (
		SELECT r.key AS driver, (r.value ->> 0)::numeric AS low, (r.value ->> 1)::numeric AS high,
			saved_if(f.problem, f.plan, cached, jsonb_build_object(r.key, r.value -> 0)) AS low_usd,
			saved_if(f.problem, f.plan, cached, jsonb_build_object(r.key, r.value -> 1)) AS high_usd
		FROM jsonb_each(ranges) AS r
	) AS d;
	-- Next year's load and prices cannot be measured.
	SELECT t.* INTO first FROM unnest(drivers) AS t WHERE t.driver NOT IN ('growth', 'api_price')
		ORDER BY t.measuring_usd DESC NULLS LAST, t.swing_usd DESC LIMIT 1;
	explanation := CASE WHEN machines THEN format(
			'between %s and %s a month in eight of ten cases, %s in the middle; in %s of the cases the '
			'API would have been '
			'cheaper. Most depends on %s (%s to %s). Knowing all of it first would be worth %s a month%s.',
			usd_in_words(p10_usd), usd_in_words(p90_usd), usd_in_words(p50_usd), percent(flip_probability),
			driver_in_words(drivers[1].driver), usd_in_words(least(drivers[1].low_usd, drivers[1].high_usd)),
			usd_in_words(greatest(drivers[1].low_usd, drivers[1].high_usd)), usd_in_words(measuring_usd),
			CASE WHEN first.measuring_usd > 0 THEN format(
				'; of what can be measured, %s is worth most to know: %s a month',
			driver_in_words(first.driver), usd_in_words(first.measuring_usd)) ELSE '' END)
		ELSE format('the best plan with machines would save between %s and %s a month in eight of ten cases, and pay '
			'after all in %s of them. %s', usd_in_words(p10_usd), usd_in_words(p90_usd), percent(flip_probability),
			CASE WHEN drivers[1].swing_usd > 0 THEN format('Most depends on %s.', driver_in_words(drivers[1].driver))
				ELSE 'No figure alone changes that.' END) END;
END $$;

COMMENT ON FUNCTION range_of(advice_facts, workload, jsonb, integer, bigint) IS
'decision_range() of given facts and the load that they are of.';

-- Who knows a figure stays with the API where, on average over all else, the plan saves nothing.
CREATE FUNCTION inferacct_internal.known_usd(factors jsonb[], saved numeric[], driver text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT trim_scale(round(sum(n * greatest(0, -mean)) / sum(n), 2))
	FROM (
		SELECT count(*) AS n, avg(s) AS mean
		FROM (SELECT s, ntile(greatest(2, least(10, cardinality(saved) / 20)))
			OVER (ORDER BY (f ->> driver)::numeric) AS alike FROM unnest(factors, saved) AS d (f, s)) AS d
		GROUP BY alike
	) AS a
$$;

COMMENT ON FUNCTION known_usd(jsonb[], numeric[], text) IS
'What it would be worth to know a figure before deciding: draws are put into up to ten groups by it, and those whose '
'mean saving is below 0 would not be acted on. USD per month.';

CREATE FUNCTION inferacct_internal.driver_in_words(driver text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE driver WHEN 'api_price' THEN 'API prices' WHEN 'throughput' THEN 'the throughput of a replica'
	WHEN 'utilization' THEN 'how much of its throughput is used'
	WHEN 'cache' THEN 'how often an own cache hits' WHEN 'people' THEN 'what people cost'
	WHEN 'gpu_price' THEN 'rents of GPUs' ELSE 'the growth of the load' END;

COMMENT ON FUNCTION driver_in_words(text) IS 'A figure with a range, for a sentence. NULL gives NULL.';
