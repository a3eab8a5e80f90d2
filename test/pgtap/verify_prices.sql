-- price versions: the past is the owner's, and what was published is what is there.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(119);

CREATE ROLE inferacct_test_publisher IN ROLE inferacct_admin;
GRANT INSERT ON model_profile, gpu_spec, serving_point, routing_policy, routing_tier TO inferacct_test_publisher;
SELECT set_price('ver', 'old', 'input', 3) AS old \gset
SET CONSTRAINTS ALL IMMEDIATE;

-- No way leads an administrator's row under a version that is not of this transaction.
CREATE TEMP TABLE row_of AS SELECT * FROM (VALUES
	('price', 'provider, model, meter, usd', $$'ver', 'x', 'input', 1$$),
	('model_alias', 'alias, provider, model', $$'ver-x', 'ver', 'x'$$),
	('contract', 'contract', $$'ver deal'$$),
	('contract_term', 'contract, provider, percent_off', $$'ver deal', 'ver', 10$$),
	('fx_rate', 'valid_from, currency, usd_per_unit', $$'2026-01-01', 'XTS', 2$$),
	('gpu_price', 'gpu, vendor, term, usd_per_hour', $$'ver', 'ver', 'spot', 1$$),
	('catalog_rank', 'catalog, rank', $$'p', 5$$),
	('catalog_rejection', 'path, problem', $$'p', 'q'$$),
	('model_profile', 'model, parameters, layers, kv_heads, head_dim', $$'ver', 1, 1, 1, 1$$),
	('deployment', 'name, term', $$'ver', 'owned'$$),
	('deployment_serves', 'deployment, model', $$'ver', 'x'$$),
	('gpu_spec', 'gpu, memory_gb, gb_per_second, tflops_16', $$'ver', 1, 1, 1$$),
	('deployment_cost', 'deployment, item, usd_per_month', $$'ver', 'i', 1$$),
	('serving_point', 'deployment, requests_per_second, tokens_per_second', $$'ver', 1, 1$$),
	('routing_policy', 'name, kind', $$'ver', 'split'$$),
	('routing_tier', 'policy, model', $$'ver', 'x'$$)) AS t(name, columns, row);
GRANT SELECT ON row_of TO PUBLIC;
SELECT set_eq($$SELECT name FROM row_of UNION SELECT 'price_version'$$, 'SELECT unnest(versioned_tables())', 'every versioned table is tried');
SELECT set_eq('SELECT unnest(versioned_tables())', $$SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
	WHERE attname = 'version' AND attnum > 0 AND relkind = 'r' AND relname NOT IN ('closed_month', 'month_journal', 'open_version') AND relnamespace IN ('inferacct'::regnamespace, 'inferacct_internal'::regnamespace)$$,
	'every table with a version is versioned');
SELECT is_empty($$SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND connamespace IN ('inferacct'::regnamespace, 'inferacct_internal'::regnamespace)$$,
	'and no table of the extension has a foreign key, which a restore in parallel would break');

SET LOCAL ROLE inferacct_test_publisher;
SELECT throws_ok(format('INSERT INTO %I (version, %s) VALUES (%s, %s)', name, columns, version, row), 'IA104', format('no row of "%s" can be added to version %s', name, version),
	format('%s of version %s', name, version))
FROM row_of, unnest(ARRAY[1, 1000, :old, :old + 100000]) AS version;
SELECT throws_ok('INSERT INTO price_version (version) VALUES (7)', 'IA104', NULL, 'a shipped version');
SELECT throws_ok('INSERT INTO price_version (version) VALUES (900000)', 'IA104', NULL, 'a number of one''s own');
SELECT throws_ok('INSERT INTO price_version (version) VALUES (DEFAULT), (1001)', 'IA104', NULL, 'or among others');
SELECT throws_ok($$INSERT INTO price_version (published_at) VALUES (now() - interval '1 second')$$, 'IA104', NULL, 'a version of the past');
SELECT throws_ok($$INSERT INTO price_version (published_at) VALUES ('-infinity')$$, 'IA104', NULL, 'or of ever');
SELECT throws_ok($$INSERT INTO price_version (digest) VALUES ('d')$$, 'IA104', NULL, 'a digest of one''s own');
SELECT throws_ok($$SELECT load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [{"provider": "ver", "model": "late", "usd": {"input": 1}}]}'::jsonb, published_at => '2026-01-01')$$,
	'IA104', NULL, 'a catalog of the past');
SELECT throws_ok($$UPDATE price_version SET digest = 'd'$$, 'IA103', NULL, 'no digest is changed');
SELECT throws_ok($$INSERT INTO open_version VALUES (1)$$, '42501', NULL, 'nor asked for');
SELECT throws_ok($$SELECT setval('price_version_seq', 1)$$, '42501', NULL, 'and versions are numbered by nobody');
-- While what is published now works in every way.
SELECT lives_ok($$SELECT set_price('ver', 'new', 'input', 1)$$, 'set_price()');
SELECT lives_ok($$SELECT load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [{"provider": "ver", "model": "late", "usd": {"input": 1}}]}'::jsonb)$$, 'load_prices()');
SELECT lives_ok($$INSERT INTO price_version (published_at, note) VALUES ('2999-01-01', 'next')$$, 'a version of the future');
SELECT lives_ok($$INSERT INTO price (version, provider, model, meter, usd) SELECT max(version), 'ver', 'next', 'input', 1 FROM price_version$$, 'and its rows, in the transaction that opened it');
SELECT lives_ok(format('INSERT INTO %I (%s) VALUES (%s)', name, columns, row), format('a row of %s', name)) FROM row_of;
SELECT is((SELECT count(DISTINCT version) FROM (SELECT version FROM contract WHERE contract = 'ver deal' UNION SELECT version FROM routing_tier WHERE policy = 'ver') AS v), 1::bigint, 'all of one version');
SAVEPOINT one;
INSERT INTO price (provider, model, meter, usd) VALUES ('ver', 'sub', 'input', 1);
INSERT INTO price (provider, model, meter, usd) VALUES ('ver', 'sub', 'output', 1);
SELECT is((SELECT count(DISTINCT version) FROM price WHERE model IN ('x', 'sub') AND provider = 'ver'), 1::bigint, 'also within a savepoint');
ROLLBACK TO one;
RESET ROLE;

-- Digests
SELECT is_empty('SELECT * FROM verify_prices()', 'a version that is open is no problem');
SELECT is((SELECT count(*) FROM price_version WHERE digest IS NULL), 4::bigint, 'and has no digest yet');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is((SELECT count(*) FROM price_version WHERE digest IS NULL) + (SELECT count(*) FROM open_version), 0::bigint, 'as it has at commit');
SELECT is_empty('SELECT * FROM verify_prices()', 'all are as published');
-- Constraints stay immediate for this transaction, and yet rows come before the digest.
SELECT lives_ok($$SELECT set_price('ver', 'immediate', 'input', 1)$$, 'publishing under SET CONSTRAINTS ALL IMMEDIATE');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is_empty('SELECT * FROM verify_prices()', 'is verified, too');

CREATE FUNCTION pg_temp.verified_in(zone text, style text, digits int) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('timezone', zone, true), set_config('datestyle', style, true), set_config('extra_float_digits', digits::text, true);
	RETURN (SELECT count(*) FROM verify_prices());
END $$;
SELECT is(pg_temp.verified_in('Asia/Kathmandu', 'German', -5), 0::bigint, 'the digest depends on no setting');
SELECT is(pg_temp.verified_in('UTC', 'ISO', 1), 0::bigint, 'none');

-- Whatever is done to a version, by whatever means, it is named.
CREATE FUNCTION pg_temp.altered(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	BEGIN
		SET LOCAL session_replication_role = replica;
		ALTER TABLE price DISABLE TRIGGER ALL;
		ALTER TABLE price_version DISABLE TRIGGER ALL;
		ALTER TABLE contract_term DISABLE TRIGGER ALL;
		EXECUTE statement;
		found := (SELECT string_agg(version || ': ' || problem, ', ') FROM verify_prices());
		RAISE SQLSTATE 'XXUND';
	EXCEPTION WHEN SQLSTATE 'XXUND' THEN
		RETURN found;
	END;
END $$;
SELECT is(pg_temp.altered(format(statement, :old)), :old || ': its rows are not those that were published', statement)
FROM unnest(ARRAY[
	'UPDATE price SET usd = usd + 1e-9 WHERE version = %s',
	$$UPDATE price SET unit_quantity = 1, usd = usd / 1000000 WHERE version = %s$$,
	$$UPDATE price SET valid_from = '1970-01-01' WHERE version = %s$$,
	$$UPDATE price SET source = 'elsewhere' WHERE version = %s$$,
	'DELETE FROM price WHERE version = %s',
	$$INSERT INTO price (version, provider, model, meter, usd) VALUES (%s, 'ver', 'sneaked', 'input', 0)$$,
	$$INSERT INTO contract_term (version, contract, provider, percent_off) VALUES (%s, 'ver deal', 'ver', 100)$$,
	$$UPDATE price_version SET published_at = published_at - interval '1 microsecond' WHERE version = %s$$,
	$$UPDATE price_version SET digest = md5('') WHERE version = %s$$]) AS statement;
SELECT is(pg_temp.altered(format('DELETE FROM price_version WHERE version = %s', :old)), :old || ': has rows, and is not in price_version', 'a version that is gone');
SELECT is(pg_temp.altered(format('UPDATE price_version SET digest = NULL WHERE version = %s', :old)), :old || ': has no digest', 'a version without a digest');
SELECT is(pg_temp.altered($$UPDATE price SET usd = 0 WHERE version = 1 AND usd > 0$$), '1: its rows are not those that were published', 'a shipped version');

SELECT * FROM finish();
ROLLBACK;
