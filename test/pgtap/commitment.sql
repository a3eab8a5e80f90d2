-- commitment: errors, brute force on random loads, published cases.
\set cases `cat "${INFERACCT_SHARED:-../shared}/cases/economics_cases.json" 2>/dev/null || echo '[]'`
BEGIN;
SET search_path = inferacct, inferacct_internal, public;
CREATE TEMP TABLE cases AS
SELECT c ->> 'id' AS id, c ->> 'group' AS kind, c -> 'inputs' AS i, c -> 'expected' AS e FROM jsonb_array_elements(:'cases'::jsonb) AS c
WHERE c ->> 'group' IN ('reserved_optimum', 'reserved_regret', 'reserved_ratio');
SELECT CASE WHEN count(*) = 0 THEN diag('no ../shared/cases: the published cases are not checked') END FROM cases;
SELECT plan((19 + (SELECT count(*) FROM cases))::int);

SELECT throws_ok('SELECT commitment(NULL, 1, 1)', '22004', NULL, 'an hour has units');
SELECT throws_ok('SELECT commitment(-1, 1, 1)', '22023', NULL, 'units are not negative');
SELECT throws_ok($$SELECT commitment(1, 'Infinity', 1)$$, '22023', NULL, 'prices are finite');
SELECT throws_ok($$SELECT commitment(1, 1, 'NaN')$$, '22023', NULL, 'prices are numbers');
SELECT throws_ok($$SELECT spend_commitment('2024-01-01', 1, 1)$$, '22023', NULL, 'a discount is below 1');
SELECT throws_ok($$SELECT spend_commitment('infinity', 1, 0)$$, '22008', NULL, 'an hour is finite');
SELECT throws_ok('SELECT reserved_rate(-1, 1)', '22023', NULL, 'no negative payment');
SELECT throws_ok('SELECT commitment_regret(ARRAY[1], 1, 1, -1.1)', '22023', NULL, 'no negative forecast');
SELECT is((SELECT commitment(u, 1, 1) FROM unnest('{}'::numeric[]) u), NULL, 'no hour, no verdict');

-- 2,000 random loads, whole and fractional, with prices that differ by hour
SELECT setseed(0.42);
CREATE TEMP TABLE hours AS
SELECT instance, hour, CASE WHEN instance % 3 = 0 THEN round((random() * most)::numeric, 2) ELSE floor(random() * most)::numeric END AS units,
	CASE WHEN instance % 2 = 0 THEN o ELSE round((random() * 4)::numeric, 3) END AS on_demand, round((o * share)::numeric, 3) AS reserved
FROM (SELECT instance, round((random() * 4)::numeric, 3) AS o, random() * 1.1 AS share, 1 + random() * 9 AS most FROM generate_series(1, 2000) AS instance OFFSET 0) i,
	generate_series(1, 12) AS hour;
CREATE TEMP TABLE verdicts AS SELECT instance, (commitment(units, on_demand, reserved)).* FROM hours GROUP BY instance;
CREATE TEMP TABLE brute AS
SELECT instance, r, sum(reserved) * r + sum(on_demand * greatest(0, units - r)) AS usd FROM hours, generate_series(0, 11) AS r GROUP BY instance, r;
SELECT is((SELECT count(*) FROM verdicts), 2000::bigint, '2,000 random loads');
SELECT is_empty('SELECT v.instance, v.usd, b.least FROM verdicts v JOIN (SELECT instance, min(usd) AS least FROM brute GROUP BY instance) b USING (instance) WHERE v.usd <> b.least',
	'no number of units is cheaper');
SELECT is_empty('SELECT v.instance FROM verdicts v JOIN (SELECT DISTINCT ON (instance) instance, r FROM brute ORDER BY instance, usd, r) b USING (instance) WHERE v.reserved_units <> b.r',
	'of equal ones it is the smallest');
SELECT is_empty('SELECT v.instance FROM verdicts v JOIN brute b USING (instance) WHERE b.r = 0 AND v.usd_all_on_demand <> b.usd', 'all on demand is no unit');
SELECT is_empty($$SELECT v.instance FROM verdicts v JOIN hours h USING (instance) WHERE v.reserved_units > 0 GROUP BY v.instance, v.reserved_units, v.saving_erased_at
	HAVING abs(sum(reserved) * v.reserved_units - sum(on_demand * least(units * v.saving_erased_at, v.reserved_units))) > 1e-12$$,
	'at saving_erased_at of the demand the saving is nothing');
SELECT is((SELECT commitment(units, on_demand, reserved ORDER BY units) FROM hours WHERE instance = 1), (SELECT commitment(units, on_demand, reserved ORDER BY hour) FROM hours WHERE instance = 1),
	'the order of hours is nothing to it');
SELECT is(commitment_combine(commitment_combine(NULL, ARRAY[1, 2, 3]), ARRAY[4, 5, 6.0]), ARRAY[1, 2, 3, 4, 5, 6.0], 'states are combined');

-- Committed spend: no amount is cheaper than the one proposed
CREATE TEMP TABLE spent AS
SELECT instance, h, timestamptz '2024-01-01' + h * interval '1 hour' AS at, round((random() * 50)::numeric, 2) AS usd, d
FROM generate_series(1, 100) AS instance, generate_series(0, 9) AS h, unnest('{0.2,0.375,0.5}'::numeric[]) AS d;
CREATE TEMP TABLE plans AS SELECT instance, (spend_commitment(at, usd, d)).* FROM spent GROUP BY instance;
CREATE FUNCTION pg_temp.spend_cost(which int, c numeric) RETURNS numeric LANGUAGE sql AS $$
	SELECT sum(cost) FROM (
		SELECT c + coalesce(sum((high - greatest(low, c)) / (1 - d)) FILTER (WHERE high > c), 0) FROM (
			SELECT h, d, sum(usd * (1 - d)) OVER w - usd * (1 - d) AS low, sum(usd * (1 - d)) OVER w AS high
			FROM spent WHERE instance = which WINDOW w AS (PARTITION BY h ORDER BY d DESC)) p GROUP BY h) AS hours (cost)
$$;
SELECT is_empty($$SELECT instance FROM plans WHERE abs(pg_temp.spend_cost(instance, usd_per_hour) - usd) > 1e-9$$, 'a committed spend costs what it says');
SELECT is_empty($$SELECT instance, c FROM plans, generate_series(0, 100, 2.5) AS c WHERE pg_temp.spend_cost(instance, c) < usd - 1e-9$$,
	'no other commitment is cheaper');
SELECT is((SELECT (spend_commitment(timestamptz '2024-01-01' + h * interval '1 hour', 10, 0.5)).usd_per_hour FROM unnest('{0,9}'::int[]) h), 0::numeric,
	'hours without a row are idle: two of ten are too few');

-- Published cases
SELECT CASE kind
	WHEN 'reserved_optimum' THEN (SELECT is((v.reserved_units, v.usd, v.usd_all_on_demand)::text,
			((e ->> 'units')::numeric, trim_scale((e ->> 'cost')::numeric), trim_scale((e ->> 'all_on_demand')::numeric))::text, id)
		FROM (SELECT (commitment(u::numeric, (i ->> 'on_demand')::numeric, (i ->> 'reserved')::numeric)).* FROM jsonb_array_elements_text(i -> 'hourly_demand') u) v)
	WHEN 'reserved_regret' THEN (SELECT is(r::text, ((e ->> 'units')::numeric, (e ->> 'cost')::numeric, (e ->> 'regret')::numeric)::text, id)
		FROM commitment_regret((SELECT array_agg(u::numeric) FROM jsonb_array_elements_text(i -> 'hourly_demand') u),
			(i ->> 'on_demand')::numeric, (i ->> 'reserved')::numeric, (i ->> 'forecast_error')::numeric) r)
	WHEN 'reserved_ratio' THEN (SELECT is((round(v.breakeven_utilization, 15), round(v.discount, 15))::text,
			(round((e ->> 'break_even_utilization')::numeric, 15), round((e ->> 'discount')::numeric, 15))::text, id)
		FROM (SELECT (commitment(1, r.on_demand, r.reserved)).* FROM (VALUES ((i ->> 'on_demand')::numeric, (i ->> 'reserved')::numeric)) AS r (on_demand, reserved)) v)
	END FROM cases;

SELECT * FROM finish();
ROLLBACK;
