-- In a cluster no statement is priced by what one node has (a real one: test/t/citus.pl).  The catalogs of
-- Citus are played here by tables of the same names and columns.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(38);

CREATE TABLE request AS SELECT 'openai/gpt-4o'::text AS model, usage(1000) AS usage, '2026-09-01Z'::timestamptz AS at FROM generate_series(1, 10);
CREATE TEMP TABLE alone AS SELECT spend(model, usage, at) AS usd FROM request;
SELECT cmp_ok(usd, '>', 0::numeric, 'alone: there is a price') FROM alone;
SELECT is(to_regclass('pg_catalog.pg_dist_node'), NULL, 'alone: nothing of Citus is here');
SELECT throws_ok('SELECT citus_setup()', '55000', 'extension citus is not in this database', 'alone: nothing to set up');
SELECT throws_ok('SELECT * FROM citus_check()', '55000', 'extension citus is not in this database', 'alone: nothing to look at');

SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_node (nodeid int, groupid int, nodename text, nodeport int, noderack text, hasmetadata bool, isactive bool,
	noderole text, nodecluster name, metadatasynced bool, shouldhaveshards bool);
CREATE TABLE pg_catalog.pg_dist_local_group (groupid int);
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod "char", partkey text, colocationid int, repmodel "char", autoconverted bool);
SET LOCAL allow_system_table_mods = off;
INSERT INTO pg_dist_local_group VALUES (0);

CREATE FUNCTION pg_temp.prices(what text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is((SELECT spend(model, usage, at) FROM request), (SELECT usd FROM alone), what || ': spend')
	UNION ALL SELECT is((SELECT sum(token_cost(model, usage, at)) FROM request), (SELECT usd FROM alone), what || ': token_cost') $$;
CREATE FUNCTION pg_temp.refuses(what text, message text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT throws_ok('SELECT spend(model, usage, at) FROM request', 'IA008', message, what || ': spend')
	UNION ALL SELECT throws_ok('SELECT token_cost(model, usage, at) FROM request', 'IA008', message, what || ': token_cost')
	UNION ALL SELECT throws_ok($q$SELECT resolve_model('gpt-4o')$q$, 'IA008', message, what || ': resolve_model')
	UNION ALL SELECT throws_ok('SELECT rollup_spend(model, usage, at, at, 1, 1, false, NULL, NULL) FROM request', 'IA008', message, what || ': rollup_spend') $$;
CREATE FUNCTION pg_temp.book() RETURNS numeric LANGUAGE sql AS 'SELECT sum(token_cost((SELECT price_book()), model, usage, at)) FROM request';

SELECT pg_temp.prices('no nodes');
INSERT INTO pg_dist_node VALUES (1, 0, 'coordinator', 5432, 'default', true, true, 'primary', 'default', true, true);
SELECT pg_temp.prices('the coordinator alone');
INSERT INTO pg_dist_node VALUES (2, 1, 'worker', 5432, 'default', true, false, 'primary', 'default', true, true);
SELECT pg_temp.prices('a worker that is not active');

-- between two statements of one transaction
UPDATE pg_dist_node SET isactive = true;
SELECT pg_temp.refuses('local prices on the coordinator', 'the prices of this node are not those of the cluster');
SET LOCAL inferacct.unpriced = 'null';
SELECT throws_ok('SELECT spend(model, usage, at) FROM request', 'IA008', NULL, 'it is never left out in silence');
RESET inferacct.unpriced;
SELECT is(pg_temp.book(), (SELECT usd FROM alone), 'a book made on the coordinator is the remedy');
SELECT throws_ok($$SELECT set_price('openai', 'gpt-4o', 'input', 1)$$, 'IA008', 'what is published here does not reach the other nodes of the cluster', 'nothing is published there alone');
CREATE TEMP TABLE kept AS SELECT price_book() AS book;

UPDATE pg_dist_local_group SET groupid = 1;
SELECT pg_temp.refuses('local prices on a worker', 'the prices of this node are not those of the cluster');
SELECT throws_ok('SELECT price_book()', 'IA008', 'the prices of this node are not those of the cluster', 'a worker makes no book of its own prices');
SELECT is((SELECT sum(token_cost(book, model, usage, at)) FROM request, kept), (SELECT usd FROM alone), 'and prices by one that it is given');

-- citus_setup() has made published_row a reference table, and this node has, or lacks, what was published
CREATE TABLE inferacct_internal.published_row_102008 (LIKE inferacct_internal.published_row INCLUDING ALL);
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_shard (logicalrelid regclass, shardid bigint, shardstorage "char", shardminvalue text, shardmaxvalue text);
SET LOCAL allow_system_table_mods = off;
INSERT INTO pg_dist_partition VALUES ('inferacct_internal.published_row', 'n', NULL, 1, 't', false);
SELECT throws_ok('SELECT spend(model, usage, at) FROM request', 'IA008', 'the prices of this node are not those of the cluster', 'a worker without a copy');
INSERT INTO pg_dist_shard VALUES ('inferacct_internal.published_row', 102008, 't', NULL, NULL);
SELECT pg_temp.prices('a worker that has all');
INSERT INTO inferacct_internal.published_row_102008 VALUES (1, 'price', '{}'), (2, 'price', '{}');
SELECT pg_temp.refuses('a worker that is behind', 'this node does not have all prices that were published');
SELECT throws_ok('SELECT price_book()', 'IA008', 'this node does not have all prices that were published', 'and makes no book');
SELECT throws_ok($$SELECT set_price('openai', 'gpt-4o', 'input', 1)$$, 'IA008', 'prices are published on the coordinator of the cluster', 'nor publishes');
INSERT INTO inferacct_internal.applied_row VALUES (2);
SELECT pg_temp.prices('a worker that has caught up');
UPDATE pg_dist_local_group SET groupid = 0;
SELECT pg_temp.prices('the coordinator');
UPDATE pg_dist_local_group SET groupid = 1;

DELETE FROM pg_dist_node WHERE groupid <> 1;
SELECT is((SELECT spend(model, usage, at) FROM request), (SELECT usd FROM alone), 'the other nodes gone: as before');
SET LOCAL allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_node;
SELECT is((SELECT spend(model, usage, at) FROM request), (SELECT usd FROM alone), 'Citus gone: as before');
SELECT * FROM finish();
ROLLBACK;
