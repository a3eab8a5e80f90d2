-- breakeven(): the closed form against a walk over the staircase, errors, and
-- the aggregate's state.
SET search_path = inferacct, inferacct_internal, public;
BEGIN;
SELECT plan(78);

-- ---------------------------------------------------------------------------
-- 5,000 random deployments, ties included
-- ---------------------------------------------------------------------------

-- Whole numbers make ties frequent.  Everything is scaled by 1, 1/8 or 1/1000
-- afterwards, which changes no verdict.
CREATE TEMP TABLE random_deployment AS
SELECT id, replica * scale AS replica, capacity, price * scale AS price, fixed * scale AS fixed, spare,
	redundancy, marginal * scale AS marginal, least_n, CASE WHEN id % 5 = 0 THEN least_n + most END AS most_n
FROM (
	SELECT i AS id,
		hashint8extended(i, 1) & 15 AS replica,
		1 + (hashint8extended(i, 2) & 15) AS capacity,
		(hashint8extended(i, 3) & 7)::numeric AS price,
		CASE WHEN i % 3 = 0 THEN 0 ELSE hashint8extended(i, 4) & 31 END AS fixed,
		CASE WHEN i % 4 = 0 THEN hashint8extended(i, 5) & 3 ELSE 0 END AS spare,
		CASE WHEN i % 7 = 0 THEN 1.5 WHEN i % 7 = 1 THEN 2 ELSE 1 END AS redundancy,
		CASE WHEN i % 6 = 0 THEN (hashint8extended(i, 6) & 3) * 0.5 ELSE 0 END AS marginal,
		CASE WHEN i % 4 = 1 THEN 1 + (hashint8extended(i, 7) & 3) ELSE 1 END AS least_n,
		hashint8extended(i, 8) & 7 AS most,
		(ARRAY[1, 0.125, 0.001])[1 + i % 3] AS scale
	FROM generate_series(1, 5000) i
) parts;

-- The walk knows the staircase and no theorem: on the stretch of n replicas it
-- compares the two lines at both ends.  Verdicts just above a volume: 1 self-
-- hosting is cheaper, -1 the API is, 0 the same all along.  It walks on
-- beyond any crossing that these numbers can have: a surplus is at least 1/2.
CREATE TYPE pg_temp.walk AS (first numeric, permanent numeric, crossings numeric, ties boolean);
CREATE FUNCTION pg_temp.walk(d random_deployment) RETURNS pg_temp.walk LANGUAGE plpgsql AS
$$
DECLARE
	q			numeric := d.price - d.marginal;
	api_first	boolean := true;
	starts		numeric := 0;
	ends		numeric;
	cost		numeric;
	answer		pg_temp.walk;
	before		numeric;
	after		numeric;
BEGIN
	answer.crossings := 0;
	answer.ties := false;
	FOR n IN d.least_n .. coalesce(d.most_n, 230) LOOP
		ends := n * d.capacity;
		cost := d.fixed + d.replica * (d.redundancy * n + d.spare);
		-- API minus self-hosting just above the start, and at the end
		before := q * starts - cost;
		after := q * ends - cost;
		answer.ties := answer.ties OR after = 0;
		IF before < 0 AND NOT api_first THEN
			answer.crossings := answer.crossings + 1;
			api_first := true;
		END IF;
		IF api_first AND after > 0 THEN
			answer.permanent := exact_quotient(cost, q);
			answer.first := coalesce(answer.first, answer.permanent);
			answer.crossings := answer.crossings + 1;
			api_first := false;
		END IF;
		-- Nobody can come back once the worst point of a step is behind.
		EXIT WHEN q <= 0 OR NOT api_first AND n > 220;
		starts := ends;
	END LOOP;
	IF api_first THEN
		answer.permanent := NULL;
	END IF;
	RETURN answer;
END
$$;

CREATE TEMP TABLE walked AS
SELECT d, w, b
FROM random_deployment d,
	pg_temp.walk(d) w,
	breakeven(d.replica, d.capacity, d.price, d.fixed, d.spare, d.redundancy, d.marginal, d.least_n, d.most_n) b;

SELECT is(count(*), 0::bigint, 'the closed form and the walk agree on 5,000 deployments')
FROM walked
WHERE (w).first IS DISTINCT FROM (b).first_mtok
	OR (w).permanent IS DISTINCT FROM (b).permanent_mtok
	OR (w).crossings IS DISTINCT FROM (b).crossings
	OR ((w).first IS NOT NULL) IS DISTINCT FROM ((b).status = 'ok');
SELECT diag(format('%s: walk %s, closed form %s', d, w, b))
FROM walked
WHERE (w).first IS DISTINCT FROM (b).first_mtok
	OR (w).permanent IS DISTINCT FROM (b).permanent_mtok
	OR (w).crossings IS DISTINCT FROM (b).crossings
LIMIT 5;
SELECT cmp_ok(count(*) FILTER (WHERE (w).ties), '>', 200::bigint, 'over 200 of them have a tie at the end of a step') FROM walked;
SELECT cmp_ok(count(*) FILTER (WHERE (w).crossings > 1), '>', 500::bigint, 'over 500 go back to the API') FROM walked;
SELECT cmp_ok(count(*) FILTER (WHERE (w).first IS NULL), '>', 500::bigint, 'over 500 never pay') FROM walked;
SELECT cmp_ok(count(*) FILTER (WHERE (b).status = 'beyond_capacity'), '>', 30::bigint, 'over 30 lack replicas') FROM walked;

SELECT is(count(*), 0::bigint, 'events alternate, ascend, begin with first and end with permanent')
FROM walked
WHERE (b).crossings BETWEEN 1 AND 999
	AND ((b).crossings <> cardinality((b).events)
		OR (b).first_mtok <> ((b).events)[1].mtok
		OR (b).permanent_mtok <> ((b).events)[cardinality((b).events)].mtok
		OR EXISTS (SELECT FROM (
			SELECT e.cheaper, e.mtok, i, lag(e.mtok) OVER (ORDER BY i) AS before
			FROM unnest((b).events) WITH ORDINALITY e(mtok, cheaper, i)) e
			WHERE cheaper <> CASE WHEN i % 2 = 1 THEN 'self_host' ELSE 'api' END OR mtok <= before));
SELECT is(count(*), 0::bigint, 'no volume beyond the capacity of its replicas is returned')
FROM walked
WHERE (b).first_mtok > (b).first_replicas * (d).capacity OR (b).permanent_mtok > (b).permanent_replicas * (d).capacity
	OR (b).permanent_mtok > (d).most_n * (d).capacity;
SELECT is(count(*), 0::bigint, 'a scale of money changes no volume')
FROM walked, breakeven((d).replica * 7, (d).capacity, (d).price * 7, (d).fixed * 7, (d).spare, (d).redundancy,
	(d).marginal * 7, (d).least_n, (d).most_n) scaled
WHERE (scaled.status, scaled.first_mtok, scaled.permanent_mtok, scaled.crossings)
	IS DISTINCT FROM ((b).status, (b).first_mtok, (b).permanent_mtok, (b).crossings);

-- ---------------------------------------------------------------------------
-- Never, and why
-- ---------------------------------------------------------------------------

SELECT is((breakeven(2190, 750, 0.67)).status, 'never_price_below_floor', 'an API below the floor is never beaten');
SELECT is((breakeven(2190, 750, 2.92)).status, 'never_price_below_floor', 'nor is one exactly at the floor');
SELECT is((breakeven(2190, 750, 2.92)).permanent_mtok, NULL, 'never is NULL');
SELECT is((breakeven(2190, 750, 2.9200000001)).status, 'ok', 'a little above it is beaten');
SELECT is((breakeven(2190, 750, 1, marginal_usd_per_mtok => 1)).naive_mtok, NULL, 'no naive figure when a token saves nothing');
SELECT is((breakeven(2190, 750, 7.8, 3200, 1, max_replicas => 1)).status, 'beyond_capacity', 'one replica is too few for its fixed cost');
SELECT is((breakeven(2190, 750, 7.8, 3200, 1, max_replicas => 1)).first_mtok, NULL, 'and no volume is returned');
SELECT is((breakeven(2190, 750, 7.8, 3200, 1, max_replicas => 2)).permanent_mtok, 1252.56410256410256410256, 'two reach the first crossing, which then is the last');
SELECT is((breakeven(2190, 750, 7.8, 3200, 1)).naive_is_reachable, false, 'the naive figure is said to be out of reach');
SELECT is((breakeven(2190, 750, 7.8)).naive_is_reachable, true, 'or within it');
SELECT is((breakeven(0, 750, 7.8)).permanent_mtok, 0::numeric, 'hardware for nothing pays at once');
SELECT matches((breakeven(2190, 750, 0.67)).reason, '^Never: .* 2\.92 USD of a full replica; the naive 3268\.66 .* 4\.36 times', 'the reason names the floor and the missing capacity');
SELECT is((breakeven(2190, 750, 0.67, NULL)).status, NULL, 'NULL figures give NULL');
SELECT is(cardinality((breakeven(2190, 750, 2.9200001)).events), 1000, 'a long list of events is cut at 1000');
SELECT is(breakeven(2190, 0), NULL, 'a free API has no naive break-even');

-- ---------------------------------------------------------------------------
-- Impossible figures
-- ---------------------------------------------------------------------------

SELECT throws_ok(format('SELECT breakeven(%s)', arguments), '22023', NULL, format('breakeven(%s) is refused', arguments))
FROM unnest(ARRAY['-1, 750, 7.8', '2190, 0, 7.8', '2190, -750, 7.8', '2190, 750, -1', '2190, 750, 7.8, -1',
	'2190, 750, 7.8, 0, -1', '2190, 750, 7.8, 0, 0.5', '2190, 750, 7.8, 0, 0, 0.9', '2190, 750, 7.8, 0, 0, 1, -1',
	'2190, 750, 7.8, 0, 0, 1, 0, 0', '2190, 750, 7.8, 0, 0, 1, 0, 1.5', '2190, 750, 7.8, 0, 0, 1, 0, 3, 2',
	'2190, 750, 7.8, hours => 745', $$'NaN', 750, 7.8$$, $$2190, 'Infinity', 7.8$$, '-1, 2', '1, -2']) arguments;

-- ---------------------------------------------------------------------------
-- The aggregate
-- ---------------------------------------------------------------------------

SELECT FROM set_price('econ-test', 'api', 'input', 3);
SELECT FROM set_price('econ-test', 'api', 'output', 15);
SELECT FROM set_price('econ-test', 'api', 'cache_read', 0.3);
INSERT INTO deployment (name, gpu, vendor, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second)
VALUES ('econ', 'H100', 'cloud (low)', 8, 8000, 1000);

CREATE TEMP TABLE log AS
SELECT timestamptz '2026-09-01 00:30+00' + i * interval '61 minutes' AS at, 'econ-test/api'::text AS model,
	usage(input => (1 + i % 6) * (2000000 + (i * 7919) % 5000000), output => (1 + i % 6) * (900000 + (i * 31) % 700000), cache_read => (i % 5) * 1000) AS used
FROM generate_series(0, 400) i;

CREATE AGGREGATE pg_temp.partial(text, timestamptz, text, usage) (SFUNC = breakeven_accum, STYPE = breakeven_state);
CREATE AGGREGATE pg_temp.merged(breakeven_state) (SFUNC = breakeven_combine, STYPE = breakeven_state);

CREATE TEMP TABLE whole AS
SELECT breakeven('econ', at, model, used) AS report, pg_temp.partial('econ', at, model, used) AS state FROM log;
CREATE TEMP TABLE parts AS
SELECT at::text LIKE '%5:%' AS part, pg_temp.partial('econ', at, model, used ORDER BY hashtext(at::text)) AS state FROM log GROUP BY 1;

SELECT is((SELECT pg_temp.merged(state)::text FROM parts), (SELECT state::text FROM whole), 'parts in any order merge to the same state');
SELECT is((SELECT pg_temp.merged(state::text::breakeven_state)::text FROM parts), (SELECT state::text FROM whole), 'also when they travelled as text');
SELECT is(breakeven_final(state), report, 'and the report is made of the state') FROM whole;
CREATE TEMP TABLE hours AS
SELECT bucket AS hour, requests, usage, input_tokens(usage) - cached_tokens(usage) AS input_tokens, output_tokens(usage) AS output_tokens, api_usd
FROM whole, demand_series(breakeven_demand(state)) WHERE requests > 0;
SELECT is(breakeven_demand(state), (SELECT demand(at, used, token_cost(model, used, at)) FROM log), 'a state holds the demand of the log, by the hour') FROM whole;
SELECT is(count(*), 401::bigint, 'each of the hours is there') FROM hours;
SELECT is((SELECT sum(api_usd) FROM hours), (SELECT spend(model, used, at) FROM log), 'api_usd adds up to spend()');
SELECT is(((report).requests, (report).tokens)::text, (SELECT (sum(meter(used, 'requests')), sum(input_tokens(used)::numeric + output_tokens(used)))::text FROM log),
	'requests and tokens, too') FROM whole;

SELECT is(substr(breakeven_state_send(state), 1, 10), '\x01' || set_byte('\x00', 0, (SELECT count(*)::integer FROM meter_list())) || int4send(4) || 'econ',
	'the binary form begins with its format, the number of meters and the name') FROM whole;

-- the report against the same arithmetic in plain SQL
CREATE TEMP TABLE hourly AS
SELECT hour, (h.input_tokens / 8000.0 + h.output_tokens / 1000.0) / 3600 AS busy
FROM hours AS h;
SELECT is((report).hours, 408::numeric, 'from the first hour to the last, those without load, too') FROM whole;
SELECT is((report).peak_replicas, (SELECT ceil(max(busy)) FROM hourly), 'replicas of the busiest hour') FROM whole;
SELECT is((report).p99_replicas, (SELECT ceil(busy) FROM hourly ORDER BY busy DESC OFFSET 4 LIMIT 1), 'of all hours but the 4 busiest of 408') FROM whole;
SELECT is(round((report).fleet_utilization, 12), (SELECT round(sum(busy) / ((report).peak_replicas * 408), 12) FROM hourly), 'utilization of that fleet') FROM whole;
SELECT is(round((report).peak_to_mean, 12), (SELECT round(max(busy) * 408 / sum(busy), 12) FROM hourly), 'peak to mean') FROM whole;
SELECT is((report).selfhost_usd, (report).peak_replicas * 408 * 32, 'the fleet at 32 USD an hour') FROM whole;
SELECT is((report).payback_multiple, exact_quotient((report).api_usd, (report).selfhost_usd), 'payback multiple') FROM whole;
SELECT is((report).selfhost_usd < (report).api_usd, (report).fleet_utilization > (report).breakeven_utilization,
	'the fleet is cheaper if and only if it runs above its break-even utilization') FROM whole;
SELECT is((report).first_mtok, (breakeven('econ', 'econ-test/api', u, '2026-09-10')).first_mtok, 'break-even volumes are those of the summed log')
FROM whole, (SELECT usage(input => sum(meter(used, 'input'))::bigint, output => sum(meter(used, 'output'))::bigint,
	cache_read => sum(meter(used, 'cache_read'))::bigint) u FROM log) l;

-- the best hybrid against every number of replicas
CREATE TEMP TABLE hybrid AS
SELECT n, n * 408 * 32 + sum(api_usd * (1 - least(1, n / busy))) AS usd
FROM generate_series(0, 4) n, hourly JOIN hours USING (hour)
GROUP BY n;
SELECT is(((report).hybrid_replicas, round((report).hybrid_usd, 9))::text, (SELECT (n, round(usd, 9))::text FROM hybrid ORDER BY usd LIMIT 1),
	'the cheapest hybrid of all') FROM whole;

-- parallel workers
CREATE TABLE public.econ_log AS SELECT * FROM log;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE FUNCTION pg_temp.plan_of(statement text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	line text;
	lines text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		lines := lines || line || E'\n';
	END LOOP;
	RETURN lines;
END
$$;
SELECT matches(pg_temp.plan_of($$SELECT breakeven('econ', at, model, used) FROM public.econ_log$$), 'Partial Aggregate', 'workers take part');
SELECT is((SELECT breakeven('econ', at, model, used) FROM public.econ_log), report, 'and come to the same report') FROM whole;

SELECT is((SELECT breakeven('econ', at, model, used) FROM log WHERE false), NULL, 'no row has no report');
SELECT is((SELECT (breakeven('econ', at, CASE WHEN at >= '2026-09-05' THEN model END, used))."from" FROM log), timestamptz '2026-09-05 00:00+00', 'rows with a NULL are left out');
SELECT throws_ok($$SELECT breakeven(CASE WHEN at < '2026-09-05' THEN 'econ' ELSE 'other' END, at, model, used) FROM log$$, '22023', NULL, 'two deployments in one group');
SELECT throws_ok($$SELECT breakeven('nowhere', at, model, used) FROM log$$, 'IA301', NULL, 'an unknown deployment');
SELECT throws_ok($$SELECT breakeven('econ', at, 'econ-test/none', used) FROM log$$, 'IA002', NULL, 'an unknown model');
SELECT throws_ok(format('SELECT %L::breakeven_state', t), code, NULL, format('no state: %s', t))
FROM (VALUES ('', '22P02'), ('econ', '22P02'), ('1 "econ', '22P02'), ('2 "econ" {"format":1,"minutes":60,"buckets":[]}', '22P02'),
	('1 "econ" {"format":2,"minutes":60,"buckets":[]}', '22P02'), ('1 "econ" {"format":1,"minutes":1,"buckets":[]}', '22P02'), ('1 "econ" {"format":1,"minutes":60,"buckets":[]', '22P02'),
	('1 "econ" {"format":1,"minutes":60,"buckets":[]} x', '22P02'), ('1 "econ" ', '22P02'), ('1 "econ"', '22P02'),
	('1 "econ" {"format":1,"minutes":60,"buckets":[{"from":"2026-09-01T00:30Z","requests":1,"usage":{},"usd":"0"}]}', '22P02')) v(t, code);
SELECT is('1 "econ" {"format":1,"minutes":60,"buckets":[]}'::breakeven_state::text, '1 "econ" {"format":1,"minutes":60,"buckets":[]}', 'a state without hours');
SELECT is(breakeven_final('1 "econ" {"format":1,"minutes":60,"buckets":[]}'), NULL, 'has no report');

SELECT * FROM finish();
ROLLBACK;
