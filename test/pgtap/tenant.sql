-- tenant: in every key, from the log to the reports; whoever has one tenant need not know.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(14);

SELECT col_not_null('inferacct', 'usage_log', 'tenant', 'of the log');
SELECT col_not_null('inferacct_internal', t, 'tenant', 'of the rollup') FROM unnest(ARRAY['usage_hourly', 'usage_monthly', 'usage_daily']) AS t;
SELECT usage_log_partition('2035-03-01');
SELECT is((SELECT count(*) FROM pg_constraint AS c JOIN pg_inherits AS i ON i.inhrelid = c.conrelid
	WHERE i.inhparent = 'usage_log'::regclass AND c.contype = 'p' AND pg_get_constraintdef(c.oid) !~ 'tenant'), 0::bigint, 'in the key of every partition');

SELECT set_price('pgtapco', 'tenanted', 'input', 2);
CREATE TABLE public.arriving AS SELECT timestamptz '2035-03-01 10:00Z' + n * interval '1 minute' AS at, usage(n) AS usage, 'pgtapco/tenanted'::text AS model, (n % 10)::text AS request_id, 'tenant ' || n / 10 AS tenant
FROM generate_series(0, 29) AS n;
SELECT results_eq($$SELECT inserted, duplicates FROM import_usage('arriving', 'gate')$$, 'VALUES (30::bigint, 0::bigint)', 'tenants number their requests each for itself');
SELECT results_eq($$SELECT inserted, duplicates FROM import_usage('arriving', 'gate')$$, 'VALUES (0::bigint, 30::bigint)', 'and each request is known again');
INSERT INTO arriving SELECT at + interval '1 hour', usage, model, request_id, tenant FROM arriving WHERE tenant = 'tenant 1';
UPDATE arriving SET tenant = 'tenant 9' WHERE tenant = 'tenant 1';
SELECT results_eq($$SELECT inserted, duplicates FROM import_usage('arriving', 'gate')$$, 'VALUES (10::bigint, 30::bigint)', 'twice in a relation: once');
ALTER TABLE arriving DROP COLUMN tenant;
SELECT is((SELECT inserted FROM import_usage('arriving', 'gate')), 10::bigint, 'without the column there is one tenant');
SELECT is((SELECT count(*) FROM usage_log WHERE source = 'gate' AND tenant = ''), 10::bigint, 'which has no name');

CREATE TABLE public.tool_rows AS SELECT 'r' || n AS id, timestamptz '2035-03-02 10:00Z' AS at, 'pgtapco/tenanted'::text AS model, n AS input, 1 AS output, CASE WHEN n % 3 > 0 THEN 'org ' || n % 3 END AS org FROM generate_series(1, 30) AS n;
SELECT attach_usage('tool with tenants', 'tool_rows', '{"at": "at", "request_id": "id", "model": "model", "input": "input", "output": {"value": "0"}, "input_includes_cached": false, "tenant": "org"}');
SELECT set_eq($$SELECT DISTINCT tenant FROM usage_all WHERE source = 'tool with tenants'$$, $$VALUES ('' COLLATE "C"), ('org 1'), ('org 2')$$, 'a source may state it');
SELECT refresh_hours(o, '2035-03-01Z', '2035-03-03Z', refresh_changed(o, '2035-03-01Z', false), clock_timestamp()) FROM unnest(ARRAY['usage_log', 'tool with tenants']) AS o;
SELECT bag_eq($$SELECT month, tenant, requests, usd FROM spend_by_tenant WHERE month = '2035-03-01'$$,
	$$SELECT month_of(at) AS month, tenant, count(*) AS requests, spend(model, usage, at, service_tier, region) AS usd FROM usage_all WHERE at >= '2035-03-01Z' AND at < '2035-03-03Z' GROUP BY 1, 2$$,
	'reports by tenant are the sums of its requests');
SELECT is((SELECT sum(usd) FROM daily_spend WHERE tenant = 'tenant 0' AND day >= '2035-03-01'), (SELECT usd FROM spend_by_tenant WHERE tenant = 'tenant 0' AND month = '2035-03-01'), 'by the day, too');
SELECT close_month('2035-03-01', before_its_end => true) IS NOT NULL AS closed \gset
UPDATE usage_log SET tenant = 'tenant 0 of 2' WHERE source = 'gate' AND tenant = 'tenant 0';
SELECT refresh_hours('usage_log', '2035-03-01Z', '2035-03-03Z', refresh_changed('usage_log', '2035-03-01Z', false), 'infinity');
SELECT results_eq($$SELECT tenant, late_effect > 0 FROM restated_spend WHERE month = '2035-03-01' AND late_effect <> 0 ORDER BY 1$$, $$VALUES ('tenant 0' COLLATE "C", false), ('tenant 0 of 2', true)$$, 'what moves to another tenant is seen in a closed month');

SELECT * FROM finish();
ROLLBACK;
