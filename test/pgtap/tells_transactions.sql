-- tells_transactions: only of heap tables of this server can changes be told by the transactions that wrote rows.
-- What TimescaleDB and Citus keep of their tables is played here by tables of the same names and columns.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(6);
CREATE TABLE ttx_heap (at timestamptz);
CREATE TABLE ttx_parted (at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE ttx_part PARTITION OF ttx_parted DEFAULT;
CREATE VIEW ttx_view AS SELECT at FROM ttx_heap;
SELECT ok(tells_transactions('ttx_heap'), 'a heap table');
SELECT ok(tells_transactions('ttx_parted'), 'a table of heap partitions');
SELECT ok(NOT tells_transactions('ttx_view'), 'not a view');
CREATE SCHEMA _timescaledb_catalog;
CREATE TABLE _timescaledb_catalog.hypertable (schema_name name, table_name name);
INSERT INTO _timescaledb_catalog.hypertable VALUES (current_schema(), 'ttx_heap');
SELECT ok(NOT tells_transactions('ttx_heap'), 'not a hypertable, whose chunks may be compressed');
SELECT ok(tells_transactions('ttx_parted'), 'another table beside hypertables');
SET LOCAL allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
INSERT INTO pg_dist_partition VALUES ('ttx_parted');
SELECT ok(NOT tells_transactions('ttx_parted'), 'not a distributed table');
SELECT * FROM finish();
ROLLBACK;
