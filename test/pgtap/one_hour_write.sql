-- one_hour_write: a cache write for one hour has the price that is stated for it, or none: never that of five minutes.
BEGIN;
SET LOCAL search_path = inferacct, public;
SET LOCAL client_min_messages = warning;
SELECT plan(19);

SELECT set_price('hourco', model, meter, usd) FROM (VALUES ('without', 'input', 3), ('without', 'cache_write', 3.75), ('without', 'output', 15),
	('with', 'input', 3), ('with', 'cache_write', 3.75), ('with', 'cache_write_1h', 6), ('with', 'output', 15)) AS v(model, meter, usd);
SELECT set_price('hourco', 'with', 'input', 1.5, service_tier => 'batch');
INSERT INTO contract (contract) VALUES ('hour'), ('own hour');
INSERT INTO contract_term (contract, percent_off) VALUES ('hour', 50);
INSERT INTO contract_term (contract, provider, model, meter, usd) VALUES ('own hour', 'hourco', 'without', 'cache_write_1h', 5);
INSERT INTO contract_term (contract, provider, model, meter, usd) VALUES ('hour', 'hourco', 'without', 'cache_write', 1);

-- every way to a cost, of one request
CREATE TEMP TABLE way (name text, statement text) ON COMMIT DROP;
INSERT INTO way VALUES
	('token_cost()', $$SELECT token_cost(%1$L, usage(cache_write_1h => %2$s), '2026-10-01Z')$$),
	('spend()', $$SELECT spend(%1$L, usage(cache_write_1h => %2$s), '2026-10-01Z')$$),
	('token_cost_detail()', $$SELECT sum(usd) FROM token_cost_detail(%1$L, usage(cache_write_1h => %2$s), '2026-10-01Z')$$),
	('token_cost() of a book', $$SELECT token_cost(price_book(unpriced => 'error'), %1$L, usage(cache_write_1h => %2$s), '2026-10-01Z')$$),
	('spend() of a book', $$SELECT spend((SELECT price_book(unpriced => 'error')), %1$L, usage(cache_write_1h => %2$s), '2026-10-01Z')$$);

SELECT throws_ok(format(statement, 'hourco/without', 100), 'IA001', NULL, name || ' of a one-hour write without a price is refused') FROM way;
CREATE FUNCTION pg_temp.usd(statement text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE usd numeric;
BEGIN
	EXECUTE statement INTO usd;
	RETURN usd;
END $$;
SELECT is(pg_temp.usd(format(statement, 'hourco/with', 1000000)), 6::numeric, name || ' takes the price stated for it') FROM way;
SELECT is(pg_temp.usd(format(statement, 'hourco/without', 0)), 0::numeric, name || ' of no such write needs none') FROM way WHERE name LIKE 'token_cost()%';

SELECT is(token_cost('hourco/with', usage(cache_write_1h => 1000000), '2026-10-01Z', 'batch'), 6::numeric, 'a tier without it has that of the standard tier');
SET LOCAL inferacct.unpriced = 'null';
SELECT is(token_cost('hourco/without', usage(10, cache_write_1h => 100), '2026-10-01Z'), NULL, 'under unpriced = null it is NULL');
RESET inferacct.unpriced;
SELECT throws_ok($$SELECT token_cost(price_book(contract => 'hour'), 'hourco/without', usage(cache_write_1h => 1), '2026-10-01Z')$$, 'IA001', NULL, 'a contract on other meters gives it no price');
SELECT is(token_cost(price_book(contract => 'own hour'), 'hourco/without', usage(cache_write_1h => 1000000), '2026-10-01Z'), 5::numeric, 'a contract on this one does');
SELECT throws_ok($$SELECT token_cost('claude-opus-4-6', usage(cache_write_1h => 1), '2026-10-01Z') - token_cost('hourco/without', usage(cache_write_1h => 1), '2026-10-01Z')$$,
	'IA001', 'no price for meter "cache_write_1h" of model "hourco/without"', 'the error names the meter');

-- The rollup keeps requests with such a write apart: they may be unpriced where others are not.
CREATE TABLE public.hour_calls AS SELECT n AS id, timestamptz '2026-10-01 10:00Z' + n * interval '1 second' AS at, 'hourco/without'::text AS model,
	100 AS input, 10 AS output, CASE WHEN n % 3 = 0 THEN 50 END AS written_1h
FROM generate_series(1, 30) AS n;
SELECT attach_usage('hour calls', 'public.hour_calls', '{"at": "at", "request_id": "id", "model": "model", "input": "input", "input_includes_cached": false,
	"output": "output", "cache_write_1h": "written_1h"}');
SELECT is(inferacct_internal.refresh_hours('hour calls', '2026-10-01Z', '2026-10-02Z',
	inferacct_internal.refresh_changed('hour calls', NULL, false), clock_timestamp()), 30::bigint, 'requests with and without are read');
SET LOCAL inferacct.unpriced = 'null';
SELECT results_eq($$SELECT sum(usd) FROM hourly_spend WHERE origin = 'hour calls'$$,
	$$SELECT sum(token_cost(model, usage, at)) FROM usage_all WHERE source = 'hour calls'$$, 'rollup = rows: those with a write are left out, no other');

SELECT * FROM finish();
ROLLBACK;
