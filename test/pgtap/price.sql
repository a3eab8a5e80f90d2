-- Price tables: errors by SQLSTATE, what is refused, who may read, exact rates.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SELECT plan(126);

-- set_price
SELECT throws_ok($$SELECT set_price(NULL, 'm', 'input', 1)$$, '22004', NULL, 'a price needs a provider');
SELECT throws_ok($$SELECT set_price('p', NULL, 'input', 1)$$, '22004', NULL, 'and a model');
SELECT throws_ok($$SELECT set_price('p', 'm', NULL, 1)$$, '22004', NULL, 'and a meter');
SELECT throws_ok($$SELECT set_price('p', 'm', 'tokens', 1)$$, '22023', 'unknown meter "tokens"', 'one that there is');
SELECT throws_ok($$SELECT set_price('p', 'm', '*', 1)$$, '22023', NULL, 'which * is not');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', -0.1)$$, '22003', NULL, 'no price is negative');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 'NaN')$$, '22003', NULL, 'nor no number');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 'Infinity')$$, '22003', NULL, 'nor infinite');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 0.0000000001)$$, 'IA101', NULL, 'nor finer than 1e-15 USD per unit');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 1, unit_quantity => 3)$$, 'IA101', NULL, 'a third of a dollar cannot be kept');
SELECT throws_ok($$SELECT set_price('p', 'm', 'pages', 9223.372036854775808, unit_quantity => 1)$$, 'IA101', NULL, 'nor more than the fixed point holds');
SELECT lives_ok($$SELECT set_price('p', 'm', 'pages', 9223.372036854775807, unit_quantity => 1)$$, 'the largest price');
SELECT lives_ok($$SELECT set_price('p', 'm', 'pages', 0.000000001)$$, 'the smallest');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 1, unit_quantity => 0)$$, '22023', NULL, 'a price for nothing');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 1, unit_quantity => NULL)$$, '22023', NULL, 'a price for an unknown quantity');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 1, above_input_tokens => -1)$$, '22023', NULL, 'a negative threshold');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 1, 'infinity')$$, '22008', NULL, 'a price that never begins');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 1, NULL)$$, '22008', NULL, 'a price that begins at an unknown time');
SELECT throws_ok(format('SELECT set_price(%L, %L, %L, 1, service_tier => %L, region => %L)', provider, model, 'input', tier, region), '23514', NULL, what)
FROM (VALUES ('', 'm', 'standard', '', 'a provider without a name'), ('p', '', 'standard', '', 'a model without a name'),
	(repeat('p', 256), 'm', 'standard', '', 'a provider with too long a name'), ('p', repeat('m', 256), 'standard', '', 'a model with too long a name'),
	('p', 'm', '', '', 'a tier without a name'), ('p', 'm', repeat('t', 256), '', 'a tier with too long a name'),
	('p', 'm', 'standard', repeat('r', 64), 'a region with too long a name')) v (provider, model, tier, region, what);
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 1, above_input_tokens => 9223372036854775807)$$, '23514', NULL, 'a threshold that nothing is above');

-- rows by hand
SELECT throws_ok($$INSERT INTO price (provider, model, meter, usd, multiplier) VALUES ('p', 'm', 'input', 1, 2)$$, '23514', NULL, 'a price and a multiplier in one row');
SELECT throws_ok($$INSERT INTO price (provider, model, meter, usd) VALUES ('p', 'm', '*', 1)$$, '23514', NULL, 'one price for every meter');
SELECT throws_ok($$INSERT INTO price (provider, model, meter, multiplier) VALUES ('p', 'm', 'input', 0)$$, '23514', NULL, 'a multiplier of 0');
SELECT throws_ok($$INSERT INTO price (provider, model, meter, usd, currency) VALUES ('p', 'm', 'input', 1, 'EUR')$$, '23514', NULL, 'dollars in another currency');
SELECT throws_ok($$INSERT INTO price (version, provider, model, meter, usd) VALUES (1000, 'p', 'm', 'input', 1)$$, 'IA104', NULL, 'a row of a shipped version');
SELECT throws_ok($$INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('-infinity', 'EUR', 1)$$, '23514', NULL, 'an exchange rate since ever');

-- append-only, for everyone and in every way
CREATE FUNCTION pg_temp.refused(statement text, relation text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT throws_ok(format(statement, relation), 'IA103', format('table "%s" is append-only', relation), format(statement, relation)) $$;
SELECT pg_temp.refused(statement, relation)
FROM unnest(ARRAY['price_version', 'price', 'model_alias', 'contract', 'contract_term', 'fx_rate', 'gpu_price', 'catalog_rejection']) AS relation,
	unnest(ARRAY['UPDATE %I SET attributes = NULL', 'DELETE FROM %I', 'TRUNCATE %I CASCADE']) AS statement
WHERE NOT (relation = 'price_version' AND statement LIKE 'TRUNCATE%');
SELECT throws_ok('TRUNCATE price_version CASCADE', 'IA103', NULL, 'TRUNCATE price_version CASCADE');
SET LOCAL session_replication_role = replica;
SELECT throws_ok('DELETE FROM price', 'IA103', NULL, 'not even as a replica');
SELECT lives_ok($$SELECT set_price('p', 'm', 'input', 1)$$, 'where prices are set as anywhere');
SELECT is(token_cost('p/m', 1000000, 0), 1::numeric, 'and count at once');
SET LOCAL session_replication_role = origin;

-- settings
SELECT throws_ok(format('SET LOCAL inferacct.as_of = %L', value), '22023', NULL, format('as_of %L', value))
FROM unnest(ARRAY['soon', 'now', 'now ', 'today', 'TODAY 12:00', 'tomorrow 00:00Z', 'yesterday', 'infinity', '-infinity', 'epoch', ' ']) AS value;
SELECT lives_ok(format('SET LOCAL inferacct.as_of = %L', value), format('as_of %L', value))
FROM unnest(ARRAY['2026-01-01', '2026-01-01T00:00:00Z', '2026-01-01 09:00 Asia/Tokyo', '']) AS value;
-- what depends on other settings can only be refused when it is used, by everything that uses it
CREATE FUNCTION pg_temp.under(value text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('inferacct.as_of', value, true);
	RETURN QUERY SELECT throws_ok(query, '22023', NULL, format('as_of %L: %s', value, query));
	PERFORM set_config('inferacct.as_of', '', true);
END $$;
SELECT pg_temp.under(value, query)
FROM unnest(ARRAY['2026-13-01', '12:00', '2026-01-01 00:00 Nowhere/There', '300000-01-01', '31/31/2026', '99', '2026-02-30']) AS value,
	unnest(ARRAY['SELECT price_horizon()', $$SELECT token_cost('p/m', 1, 0, '2026-01-01')$$, 'SELECT price_book()', 'SELECT count(*) FROM current_price']) AS query;
SELECT throws_ok($$SET LOCAL inferacct.unpriced = 'zero'$$, '22023', NULL, 'unpriced is error or null, never zero');
SELECT throws_ok($$SET LOCAL inferacct.unprized = 'null'$$, '42602', NULL, 'a setting that there is not');
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL inferacct.as_of = '2026-12-01';
SELECT is(price_horizon(), '2026-11-30 15:00Z'::timestamptz, 'as_of is read in the session''s time zone');
RESET inferacct.as_of;
SELECT is(price_horizon(), 'infinity'::timestamptz, 'without it, everything is known');

-- price_rate and meters
SELECT is(price_rate(3, 1000000), 3000000000::bigint, 'a rate is 1e-15 USD per unit');
SELECT is(price_rate(NULL, 1000000), NULL, 'no price has no rate');
SELECT throws_ok('SELECT price_rate(1, 0)', '22023', NULL, 'no quantity, no rate');
SELECT throws_ok('SELECT price_rate(-1, 1)', '22003', NULL, 'no negative rate');
SELECT results_eq($$SELECT is_meter(m), is_token_meter(m) FROM unnest(ARRAY['input', 'pages', '*', 'Input', '', NULL]) AS m$$,
	$$VALUES (true, true), (true, false), (false, false), (false, false), (false, false), (NULL, NULL)$$, 'which names are meters, and of tokens');

-- versions
SELECT cmp_ok(set_price('p', 'm', 'input', 2), '>', 1000::bigint, 'versions of a database begin above those of the extension');
SELECT is((SELECT count(DISTINCT version) FROM (SELECT set_price('p', 'm', 'input', i) AS version FROM generate_series(1, 5) AS i) v), 5::bigint, 'every price is a version');
SELECT is(token_cost('p/m', 1000000, 0, '2026-01-01'), 5::numeric, 'of which the last counts');
INSERT INTO price (provider, model, meter, usd) VALUES ('p', 'by-hand', 'input', 1), ('p', 'by-hand', 'output', 2);
INSERT INTO model_alias (alias, provider, model) VALUES ('hand', 'p', 'by-hand');
SELECT is((SELECT count(DISTINCT version) FROM (SELECT version FROM price WHERE model = 'by-hand' UNION ALL SELECT version FROM model_alias WHERE alias = 'hand') v), 1::bigint,
	'rows by hand are one version in a transaction');
SELECT is(token_cost('hand', 1000000, 1000000), 3::numeric, 'and count at once');
SELECT throws_ok($$SELECT open_price_version('infinity', NULL, NULL, NULL)$$, '22008', NULL, 'a version is published at a finite time');
SELECT throws_ok('SELECT open_price_version(NULL, NULL, NULL, NULL)', '22008', NULL, 'and at some time');

-- who may not read prices learns none, whatever the session has read before
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA public TO regress_reader;
SELECT is(token_cost('p/m', 1000000, 0, '2026-01-01'), 5::numeric, 'the owner reads a price');
SET LOCAL ROLE regress_reader;
SELECT is(token_cost('p/m', 1000000, 0, '2026-01-01'), 5::numeric, 'anyone may');
SELECT throws_ok($$SELECT set_price('p', 'm', 'input', 0)$$, '42501', NULL, 'nobody else may set one');
SELECT throws_ok('SELECT touch_prices()', '42501', NULL, 'nor make others read prices anew');
RESET ROLE;
REVOKE SELECT ON price FROM PUBLIC;
SELECT is(token_cost('p/m', 1000000, 0, '2026-01-01'), 5::numeric, 'the owner still reads it');
SET LOCAL ROLE regress_reader;
SELECT throws_ok($$SELECT token_cost('p/m', 1000000, 0, '2026-01-01')$$, '42501', NULL, 'the others no longer');
SELECT throws_ok($$SELECT spend('p/m', 1000000, 0, '2026-01-01')$$, '42501', NULL, 'not by spend() either');
SELECT throws_ok('SELECT price_book()', '42501', NULL, 'nor in a book');
RESET ROLE;
GRANT SELECT ON price TO PUBLIC;

SELECT * FROM finish();
ROLLBACK;
