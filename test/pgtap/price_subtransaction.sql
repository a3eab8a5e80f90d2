-- Rows that one transaction inserts by hand belong to one version, whatever
-- subtransactions it inserts them in.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(17);

CREATE FUNCTION pg_temp.add(model text, meter text, usd numeric) RETURNS void LANGUAGE sql AS $$
	INSERT INTO inferacct.price (provider, model, meter, usd) VALUES ('vco', add.model, add.meter, add.usd) $$;
CREATE FUNCTION pg_temp.versions(of text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(DISTINCT version) FROM inferacct.price WHERE provider = 'vco' AND model = of $$;
CREATE FUNCTION pg_temp.known() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM inferacct.price_version';

SAVEPOINT impact;
-- rows of two versions: what changed is told whole
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2026-10-01Z', usage(1000000, 1000000), 'vco/impact', 'price_version', '1');
SELECT set_price('vco', 'impact', 'input', 1) > 0 AS input, set_price('vco', 'impact', 'output', 2) > 0 AS output;
CREATE TEMP TABLE at_first AS SELECT max(version) AS version FROM price_version;
SELECT is(spend(model, usage, at), 3::numeric, 'before') FROM usage_log WHERE source = 'price_version';

SAVEPOINT a;
INSERT INTO price (provider, model, meter, usd) VALUES ('vco', 'impact', 'input', 2);
RELEASE a;
SAVEPOINT a;
INSERT INTO price (provider, model, meter, usd) VALUES ('vco', 'impact', 'output', 4);
RELEASE a;
SELECT is((SELECT count(DISTINCT version) FROM price WHERE model = 'impact' AND usd IN (2, 4) AND version > (SELECT version FROM at_first)), 1::bigint,
	'both new prices are of one version');
SELECT results_eq($$SELECT usd_before, usd_after, difference_usd FROM price_impact() WHERE model = 'vco/impact'$$,
	'VALUES (3::numeric, 6::numeric, 3::numeric)', 'price_impact() tells of both');
SELECT is((SELECT count(*) FROM price_impact((SELECT version FROM at_first), (SELECT version FROM at_first))), 0::bigint, 'and of nothing where nothing lies between');
ROLLBACK TO impact;

-- an exception block for every row, as a program would have it, before any version was opened outside of them
CREATE FUNCTION pg_temp.add_with_exceptions() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 50 LOOP
		BEGIN
			INSERT INTO inferacct.price (provider, model, meter, usd, valid_from) VALUES ('vco', 'exceptions', 'input', i, '2020-01-01Z'::timestamptz + i * interval '1 day');
		EXCEPTION WHEN unique_violation THEN
			RAISE;
		END;
	END LOOP;
END $$;
CREATE TEMP TABLE before AS SELECT pg_temp.known() AS versions, (SELECT max(version) FROM price_version) AS last;
SELECT pg_temp.add_with_exceptions();
SELECT is(pg_temp.versions('exceptions'), 1::bigint, '50 exception blocks: one version');
SELECT is(pg_temp.known() - versions, 1::bigint, 'and no other was opened') FROM before;

-- savepoints, as psql's ON_ERROR_ROLLBACK and JDBC's autosave set them
SAVEPOINT a;
SELECT pg_temp.add('savepoints', 'input', 1);
RELEASE a;
SAVEPOINT a;
SELECT pg_temp.add('savepoints', 'output', 2);
SAVEPOINT b;
SELECT pg_temp.add('savepoints', 'cache_read', 3);
RELEASE b;
RELEASE a;
SELECT pg_temp.add('savepoints', 'pages', 4);
SELECT is(pg_temp.versions('savepoints'), 1::bigint, 'savepoints, nested too: one version');
SELECT is((SELECT count(DISTINCT version) FROM price WHERE provider = 'vco'), 1::bigint, 'that of the whole transaction');
SELECT is(pg_temp.known() - versions, 1::bigint, 'and no other was opened') FROM before;

-- tables of every kind
SAVEPOINT a;
INSERT INTO model_alias (alias, provider, model) VALUES ('vco-alias', 'vco', 'savepoints');
RELEASE a;
SAVEPOINT a;
INSERT INTO contract (contract) VALUES ('vco');
RELEASE a;
SAVEPOINT a;
INSERT INTO contract_term (contract, percent_off) VALUES ('vco', 10);
RELEASE a;
SAVEPOINT a;
INSERT INTO fx_rate (currency, usd_per_unit, valid_from) VALUES ('EUR', 1.1, '2026-01-01Z');
RELEASE a;
SAVEPOINT a;
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('H100', 'vco', 'spot', 1);
RELEASE a;
SELECT is(pg_temp.known() - versions, 1::bigint, 'whatever table the rows are of') FROM before;

-- what is rolled back takes nothing else along
SAVEPOINT outer_one;
SELECT set_price('vco', 'other', 'input', 1) > 0 AS a_version_of_its_own;
SAVEPOINT undone;
SELECT pg_temp.add('undone', 'input', 1);
ROLLBACK TO undone;
SELECT pg_temp.add('after', 'input', 1);
SELECT is(pg_temp.versions('after'), 1::bigint, 'after a rollback to a savepoint rows find their version');
SELECT is((SELECT max(version) FROM price WHERE model = 'after'), (SELECT max(version) FROM price WHERE model = 'exceptions'), 'the same one');
ROLLBACK TO outer_one;
SELECT is(pg_temp.versions('exceptions'), 1::bigint, 'which stays');

-- replicated rows, for which only row triggers fire, advance the epoch once in a transaction, whatever subtransactions they come in
ALTER TABLE price DISABLE TRIGGER price_written;
SET LOCAL session_replication_role = replica;
SAVEPOINT a;
SELECT pg_temp.add('replicated', 'input', 1);
CREATE TEMP TABLE epoch AS SELECT epoch FROM price_epoch;
RELEASE a;
SAVEPOINT a;
SELECT pg_temp.add('replicated', 'output', 1);
RELEASE a;
SELECT is((SELECT e.epoch FROM price_epoch e), (SELECT epoch FROM epoch), 'a price epoch of this transaction is not advanced again');
SET LOCAL session_replication_role = origin;

SELECT is(is_own_transaction(NULL), NULL, 'NULL is nobody''s');
SELECT ok(NOT bool_or(is_own_transaction(xmin)), 'shipped versions are not ours') FROM price_version WHERE version <= 1000;
SELECT ok(bool_and(is_own_transaction(xmin)), 'those opened here are') FROM price_version WHERE version > (SELECT last FROM before);
SELECT * FROM finish();
ROLLBACK;
