-- implied_prices: what a log's costs say of prices comes back exactly, or is said to be unknown.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = error;
SELECT plan(54);
SELECT setseed(0.42);

-- ---------------------------------------------------------------------------
-- Property: random prices, usages and roundings
-- ---------------------------------------------------------------------------

-- Requests of m meters at random prices of so many digits per million, whose cost is rounded to so many digits.
CREATE FUNCTION pg_temp.trial(m integer, n integer, digits integer, rounding integer)
RETURNS TABLE (meter integer, truth numeric, usd numeric, sure boolean, reason text)
LANGUAGE sql VOLATILE AS $$
	WITH price AS MATERIALIZED (SELECT array_agg(round((random() * 20)::numeric, digits) ORDER BY i) AS truth FROM generate_series(1, m) AS i),
	request AS MATERIALIZED (SELECT r, array_agg((random() * 10 ^ (2 + random() * 2.5))::bigint ORDER BY i) AS quantities
		FROM generate_series(1, n) AS r CROSS JOIN generate_series(1, m) AS i GROUP BY r),
	fitted AS MATERIALIZED (SELECT fit_prices(ARRAY(
			SELECT ROW(now(), 1, q.quantities, trim_scale(round(fitted_cost(q.quantities, p.truth) / 1000000, rounding)), 0.5 * 10::numeric ^ (-rounding))::charged_request
			FROM request AS q), array_fill(1000000::bigint, ARRAY[m])) AS fit FROM price AS p)
	SELECT t.i::integer, t.truth, t.usd, t.sure, t.reason
	FROM price AS p CROSS JOIN fitted AS f CROSS JOIN LATERAL unnest(p.truth, (f.fit).usd, (f.fit).sure, (f.fit).reasons) WITH ORDINALITY AS t(truth, usd, sure, reason, i)
$$;
CREATE TEMP TABLE trial AS
SELECT k, d.digits, r.rounding, n.n, t.*
FROM generate_series(1, 6) AS k CROSS JOIN (VALUES (0), (1), (2), (3), (6)) AS d(digits) CROSS JOIN (VALUES (6), (8), (10)) AS r(rounding) CROSS JOIN (VALUES (12), (150)) AS n(n)
CROSS JOIN LATERAL pg_temp.trial(1 + k % 3, n.n, d.digits, r.rounding) AS t;
SELECT is_empty('SELECT * FROM trial WHERE sure AND usd <> truth', 'a price that is called exact is the price');
SELECT is_empty('SELECT * FROM trial WHERE sure AND reason IS NOT NULL OR usd IS NULL AND reason IS NULL', 'what is undetermined has a reason, what is exact has none');
SELECT is_empty('SELECT * FROM trial WHERE usd IS NOT NULL AND abs(usd - truth) > 0.02 * greatest(truth, 1)', 'an estimate is near');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE sure) / count(*)::numeric FROM trial WHERE digits <= 3 AND rounding >= 8), '>', 0.98, 'prices of lists are exact where costs have 8 digits');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE sure) / count(*)::numeric FROM trial WHERE digits <= 1 AND rounding = 6 AND n = 150), '>', 0.95, 'short ones where they have 6');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE usd = truth) / count(*)::numeric FROM trial WHERE digits <= 3), '>', 0.95, 'and the estimate of all is the price itself');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE sure) / count(*)::numeric FROM trial WHERE digits = 6 AND rounding = 6), '<', 0.01, 'nobody knows six digits from six');

-- exact costs: every rational price that can be published
SELECT results_eq($$SELECT f.usd, f.sure, f.explained, f.residual FROM fit_prices(ARRAY(SELECT ROW(now(), 1, ARRAY[n * 7, n * n], n * 7 * 0.000000123456789 + n * n * 0.00000000001, 5e-22)::charged_request FROM generate_series(1, 3) AS n), '{1000000,1000000}') AS f$$,
	$$VALUES ('{0.123456789,0.00001}'::numeric[], '{t,t}'::boolean[], 3::bigint, 0::numeric)$$, 'unrounded costs give all the digits, from one request more than there are prices');
SELECT results_eq($$SELECT f.usd, f.reasons FROM fit_prices(ARRAY(SELECT ROW(now(), 1, ARRAY[n * 7, n * n], n, 0.5)::charged_request FROM generate_series(1, 2) AS n), '{1000000,1000000}') AS f$$,
	$$VALUES ('{NULL,NULL}'::numeric[], ARRAY['too few different requests (2) for the number of prices (2)', 'too few different requests (2) for the number of prices (2)'])$$, 'as many requests as prices are too few');
SELECT results_eq($$SELECT f.usd, f.sure FROM fit_prices(ARRAY(SELECT ROW(now(), 1, ARRAY[n, 2 * n, n * n], 0.000003 * n + 0.00001 * n * n, 5e-13)::charged_request FROM generate_series(1, 40) AS n), '{1000000,1000000,1000000}') AS f$$,
	$$VALUES ('{NULL,NULL,10}'::numeric[], '{f,f,t}'::boolean[])$$, 'of meters in proportion nothing is known, of the others all');
SELECT results_eq($$SELECT f.usd, f.reasons[3] FROM fit_prices(ARRAY(SELECT ROW(now(), 1, ARRAY[n, n * n, n + 3 * n * n], 0.000003 * n, 5e-13)::charged_request FROM generate_series(1, 40) AS n), '{1000000,1000000,1000000}') AS f$$,
	$$VALUES ('{NULL,NULL,NULL}'::numeric[], 'its count always is 0, or a fixed combination of the others')$$, 'nor of one that is a combination of two');
SELECT is((SELECT (fit_prices(ARRAY(SELECT ROW(now(), 1, ARRAY[n], n * 0.0000025, 5e-10)::charged_request FROM generate_series(1, 9) AS n), '{1}')).usd), '{0.0000025}'::numeric[], 'a price of one unit has the digits it needs');
SELECT is((SELECT (fit_prices(ARRAY(SELECT ROW(now(), 1, ARRAY[n, n * n], 0, 0.5)::charged_request FROM generate_series(1, 9) AS n), '{1000000,1000000}')).usd), '{NULL,NULL}'::numeric[], 'a cost of nothing at all is not a price of 0');
SELECT is((SELECT (fit_prices(ARRAY(SELECT ROW(now(), 1, ARRAY[n, n * n % 97], 0.00001 * n, 5e-10)::charged_request FROM generate_series(1, 30) AS n), '{1000000,1000000}')).usd), '{10,0}'::numeric[], 'a meter that costs nothing beside others is free');
SELECT is((SELECT numerators FROM solve_normal('{2,1,1,3}', '{3,5}')), '{4,7}'::numeric[], 'solve_normal() is exact');
SELECT is((SELECT denominator FROM solve_normal('{2,1,1,3}', '{3,5}')), 5::numeric, 'as fractions');

-- ---------------------------------------------------------------------------
-- Logs
-- ---------------------------------------------------------------------------

INSERT INTO price (provider, model, service_tier, meter, usd, multiplier)
SELECT 'imp', m, p.* FROM unnest('{a,b,c,d,e}'::text[]) AS m
CROSS JOIN (VALUES ('standard', 'input', 3, NULL), ('standard', 'output', 15, NULL), ('standard', 'cache_read', 0.3, NULL), ('batch', '*', NULL, 0.5)) AS p;
SELECT load_prices('{"inferacct": 1, "source": "test", "checked_on": "2026-11-01", "prices": [
	{"provider": "imp", "model": "long", "usd": {"input": "2", "output": "10"}}, {"provider": "imp", "model": "long", "above_input_tokens": 200000, "usd": {"input": "4", "output": "15"}}]}');
CREATE TEMP TABLE request AS
SELECT n, timestamptz '2026-10-01 01:00Z' + n * interval '5 hours' AS at, (random() * 9000)::bigint AS input, (random() * 3000)::bigint AS output, (random() * 40000)::bigint AS cached, (random() * 400000)::bigint AS large
FROM generate_series(1, 120) AS n;
-- usd: what a tool charged
CREATE FUNCTION pg_temp.log(source text, usd text, model text DEFAULT 'imp/a', usage text DEFAULT 'usage(input, output, cache_read => cached)', service_tier text DEFAULT $$'standard'$$)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO usage_log (at, usage, model, service_tier, source, request_id, provider_usd) SELECT at, %s, %L, %s, %L, n::text, %s FROM request', usage, model, service_tier, source, usd);
END $$;
CREATE FUNCTION pg_temp.apply(source text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	said text;
	n bigint := 0;
BEGIN
	FOR said IN SELECT p.statement FROM implied_prices(apply.source) AS p WHERE p.statement IS NOT NULL LOOP
		EXECUTE said;
		n := n + 1;
	END LOOP;
	RETURN n;
END $$;
-- Requests that do not cost what the log says.
CREATE FUNCTION pg_temp.wrong(source text, slack numeric) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM usage_log AS u WHERE u.source = wrong.source AND (abs(token_cost(u.model, u.usage, u.at, u.service_tier, u.region) - u.provider_usd) <= slack) IS NOT TRUE
$$;

SELECT pg_temp.log('six', 'round((input * 2 + output * 10 + cached * 0.2) / 1000000, 6)');
SELECT results_eq($$SELECT provider, model, service_tier, meter, requests, explained, tolerance_usd, implied_usd, book_usd, ratio, method, reason FROM implied_prices('six')$$,
	$$VALUES ('imp', 'a', 'standard', 'input', 120::bigint, 120::bigint, 0.0000005, 2::numeric, 3::numeric, 0.666667, 'exact', 'every price is 0.666667 times the book''s'),
		('imp', 'a', 'standard', 'output', 120, 120, 0.0000005, 10, 15, 0.666667, 'exact', 'every price is 0.666667 times the book''s'),
		('imp', 'a', 'standard', 'cache_read', 120, 120, 0.0000005, 0.2, 0.3, 0.666667, 'exact', 'every price is 0.666667 times the book''s')$$, 'prices come back from costs of six digits');
SELECT is((SELECT statement FROM implied_prices('six') WHERE meter = 'output'),
	$$SELECT inferacct.set_price('imp', 'a', 'output', 10, valid_from => '2026-10-01 00:00:00+00', source => 'costs in the log six')$$, 'as a statement');
SELECT is((SELECT count(*) FROM implied_prices('six', '2026-10-05Z', '2026-10-10Z') WHERE requests = 24 AND valid_from = '2026-10-05Z'), 3::bigint, 'since and until bound the requests');
SELECT is(pg_temp.apply('six'), 3::bigint, 'three statements');
SELECT is(pg_temp.wrong('six', 0.0000005), 0::bigint, 'make the book say what the bill says');
SELECT is((SELECT count(*) FROM implied_prices('six') WHERE statement IS NULL AND ratio = 1 AND reason IS NULL), 3::bigint, 'and then there is nothing to correct');

SELECT pg_temp.log('float', '(input * 2e-6::float8 + output * 10e-6::float8 + cached * 0.2e-6::float8)::text::numeric', 'imp/b');
SELECT is((SELECT array_agg(implied_usd) FROM implied_prices('float') WHERE method = 'exact'), '{2,10,0.2}'::numeric[], 'so do they from floating point');

-- a list that follows another, and holds only until then
SELECT pg_temp.log('change', $$round((input * 2 + output * 10 + cached * 0.2) * CASE WHEN at < '2026-10-11Z' THEN 1 ELSE 1.5 END / 1000000, 8)$$, 'imp/c');
SELECT results_eq($$SELECT valid_from, meter, requests, explained, implied_usd, method FROM implied_prices('change')$$,
	$$VALUES (timestamptz '2026-10-01Z', 'input', 47::bigint, 47::bigint, 2::numeric, 'exact'), ('2026-10-01Z', 'output', 47, 47, 10, 'exact'), ('2026-10-01Z', 'cache_read', 47, 47, 0.2, 'exact'),
		('2026-10-11Z', 'input', 73, 73, 3, 'exact'), ('2026-10-11Z', 'output', 73, 73, 15, 'exact'), ('2026-10-11Z', 'cache_read', 73, 73, 0.3, 'exact')$$, 'a change within the time is found, with the day on which it can have been');
SELECT is((SELECT reason FROM implied_prices('change') WHERE valid_from = '2026-10-11Z' AND meter = 'input'), 'begins after 2026-10-10 20:00:00+00, and by 2026-10-11 01:00:00+00', 'between two requests');
SELECT is(pg_temp.apply('change'), 6::bigint, 'the price that the book had right is said again, where the corrected one ends');
SELECT is(pg_temp.wrong('change', 0.000000005), 0::bigint, 'so both hold');

-- sizes: known ones, and one that the book does not know
SELECT pg_temp.log('long', 'round((large * CASE WHEN large > 200000 THEN 4 ELSE 1.5 END + output * CASE WHEN large > 200000 THEN 15 ELSE 10 END) / 1000000.0, 8)', 'imp/long', 'usage(large, output)');
SELECT results_eq($$SELECT above_input_tokens, meter, implied_usd, book_usd, method, statement IS NULL FROM implied_prices('long')$$,
	$$VALUES (0::bigint, 'input', 1.5, 2::numeric, 'exact', false), (0, 'output', 10, 10, 'exact', true), (200000, 'input', 4, 4, 'exact', true), (200000, 'output', 15, 15, 'exact', true)$$, 'context tiers are apart');
SELECT is(pg_temp.apply('long'), 1::bigint, 'the base price alone is wrong');
SELECT is(pg_temp.wrong('long', 0.000000005), 0::bigint, 'and correcting it leaves the others in force');
SELECT pg_temp.log('sizes', 'round((large * CASE WHEN large > 200000 THEN 4 ELSE 3 END + output * CASE WHEN large > 200000 THEN 20 ELSE 15 END) / 1000000.0, 8)', 'imp/new', 'usage(large, output)');
SELECT results_eq($$SELECT above_input_tokens > 0, meter, implied_usd, book_usd, method FROM implied_prices('sizes')$$,
	$$VALUES (false, 'input', 3::numeric, NULL::numeric, 'exact'), (false, 'output', 15, NULL, 'exact'), (true, 'input', 4, NULL, 'exact'), (true, 'output', 20, NULL, 'exact')$$, 'a model that nobody knows, with a size that nobody knows');
SELECT is(pg_temp.apply('sizes'), 4::bigint, 'is published whole');
SELECT is(pg_temp.wrong('sizes', 0.000000005), 0::bigint, 'and costs what it cost');

-- fees, tiers, markups, mixtures
SELECT pg_temp.log('fee', 'round((input * 3 + output * 15 + cached * 0.3) / 1000000 + 0.0005, 8)', 'imp/d');
SELECT results_eq($$SELECT meter, implied_usd, unit_quantity, statement IS NULL FROM implied_prices('fee')$$, $$VALUES ('input', 3::numeric, 1000000::bigint, true), ('output', 15, 1000000, true), ('cache_read', 0.3, 1000000, true), ('requests', 0.0005, 1, false)$$, 'a fee for each request is a price of its own');
SELECT pg_temp.log('tiers', 'round((input * 3 + output * 15 + cached * 0.3) * 1.055 * CASE WHEN n > 60 THEN 0.5 ELSE 1 END / 1000000, 10)', 'imp/e', service_tier => $$CASE WHEN n > 60 THEN 'batch' ELSE 'standard' END$$);
SELECT results_eq($$SELECT service_tier, meter, implied_usd, ratio, method, reason FROM implied_prices('tiers') WHERE meter <> 'output'$$,
	$$VALUES ('batch', 'input', 1.5825, 1.055, 'exact', 'every price is 1.055 times the book''s'), ('batch', 'cache_read', 0.15825, 1.055, 'exact', 'every price is 1.055 times the book''s'),
		('standard', 'input', 3.165, 1.055, 'exact', 'every price is 1.055 times the book''s'), ('standard', 'cache_read', 0.3165, 1.055, 'exact', 'every price is 1.055 times the book''s')$$, 'service tiers are apart, and a markup is told');
SELECT pg_temp.apply('tiers');
SELECT is(pg_temp.wrong('tiers', 0.00000000005), 0::bigint, 'which can be published');
SELECT pg_temp.log('mixed', 'round((input * 3 + output * 15 + cached * 0.3) * CASE WHEN n % 2 = 0 THEN 0.5 ELSE 1 END / 1000000, 8)', 'imp/b');
SELECT is_empty($$SELECT * FROM implied_prices('mixed') WHERE method = 'exact' OR statement IS NOT NULL OR reason IS NULL$$, 'of tiers that the log does not tell apart nothing is proposed');
SELECT matches((SELECT reason FROM implied_prices('mixed') WHERE meter = 'input'), '60 cost 0.5 times what the book says, 60 cost 1 times what the book says', 'but what they look like');
SELECT pg_temp.log('hits', 'CASE WHEN n % 10 = 0 THEN 0 ELSE round((input * 2 + output * 10 + cached * 0.2) / 1000000, 8) END', 'imp/d');
SELECT results_eq($$SELECT implied_usd, explained, method FROM implied_prices('hits')$$, $$VALUES (2::numeric, 108::bigint, 'least squares'), (10, 108, 'least squares'), (0.2, 108, 'least squares')$$, 'some requests that cost nothing do not hide the prices of the others');

SELECT pg_temp.log('down', 'trunc((input * 3 + output * 15 + cached * 0.3) / 1000000, 6)', 'imp/b');
SELECT results_eq($$SELECT implied_usd, method, reason FROM implied_prices('down')$$, $$VALUES (3::numeric, 'exact', 'costs are rounded down'), (15, 'exact', 'costs are rounded down'), (0.3, 'exact', 'costs are rounded down')$$, 'rounding to one side is seen');
SELECT pg_temp.log('up', 'ceil(input * 3 + output * 15 + cached * 0.3) / 1000000', 'imp/b');
SELECT results_eq($$SELECT implied_usd, method, reason FROM implied_prices('up')$$, $$VALUES (3::numeric, 'exact', 'costs are rounded up'), (15, 'exact', 'costs are rounded up'), (0.3, 'exact', 'costs are rounded up')$$, 'and to the other');

-- a contract's price, no costs, wrong input
INSERT INTO contract (contract) VALUES ('imp-contract');
SELECT set_contract_term('imp-contract', 'imp', 'b', 'input', 2.5);
SET LOCAL inferacct.contract = 'imp-contract';
SELECT results_eq($$SELECT meter, implied_usd, book_usd, statement IS NULL, reason FROM implied_prices('float') WHERE meter <> 'cache_read'$$,
	$$VALUES ('input', 2::numeric, 2.5, true, 'the book has the contract''s price: set_contract_term() corrects it'), ('output', 10, 15, false, NULL)$$, 'the book is what the session prices');
RESET inferacct.contract;
SELECT pg_temp.log('two', 'CASE WHEN n <= 2 THEN input * 0.000002 END', usage => 'usage(input, output)');
SELECT results_eq($$SELECT requests, implied_usd, method, reason FROM implied_prices('two')$$,
	$$VALUES (2::bigint, NULL::numeric, 'undetermined', 'too few different requests (2) for the number of prices (2)'), (2, NULL, 'undetermined', 'too few different requests (2) for the number of prices (2)')$$, 'two requests, of many without a cost');
SELECT pg_temp.log('costless', 'NULL');
SELECT is_empty($$SELECT * FROM implied_prices('costless')$$, 'a log without costs says nothing');
SELECT throws_ok($$SELECT * FROM implied_prices('no such')$$, '42704', 'no log has rows of source "no such"');
SELECT throws_ok($$SELECT * FROM implied_prices(NULL)$$, '22004', 'implied_prices needs a source, since and until');
SELECT throws_ok($$SELECT * FROM implied_prices('six', NULL)$$, '22004', 'implied_prices needs a source, since and until');
SELECT throws_ok($$SELECT * FROM implied_prices('six', '2026-10-02Z', '2026-10-02Z')$$, '22023', 'since must lie before until');
SELECT is(round_moment('2026-10-31 23:00Z', '2026-11-01 00:10Z'), '2026-11-01Z', 'the roundest moment is a month''s beginning');
SELECT is(round_moment('2026-10-31 22:10Z', '2026-10-31 22:50Z'), '2026-10-31 22:50Z', 'or the request itself');
SELECT is(round_number(127990, 128200), 128000::bigint, 'the roundest number between two');
SELECT is(round_number(5, 6), 5::bigint, 'or the only one');
SELECT throws_ok($$SELECT inferacct_internal.solve_normal('{}', '{1}')$$, '22023', NULL, 'equations of another shape are refused');
SELECT throws_ok($$SELECT inferacct_internal.solve_normal(array_fill(1::numeric, ARRAY[101 * 101]), array_fill(1::numeric, ARRAY[101]))$$, '22023', NULL, 'and more than there can be meters');
SELECT * FROM finish();
ROLLBACK;
