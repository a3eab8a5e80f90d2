-- rollup: its cost is the cost of the rows, whatever happens to rows and prices.
SET search_path = inferacct, inferacct_internal, public;
\set SHOW_CONTEXT never
SELECT count(set_price('rollupco', model, meter, usd, above_input_tokens => above)) FROM (VALUES
	('rollupco-flat', 'input', 1, 0), ('rollupco-flat', 'output', 4, 0), ('rollupco-tiered', 'input', 3, 0), ('rollupco-tiered', 'output', 15, 0),
	('rollupco-tiered', 'input', 6, 200000), ('rollupco-windows', 'input', 2, 0), ('rollupco-windows', 'output', 8, 0)) AS p(model, meter, usd, above);
-- Off-peak from 16:30 to 00:30 UTC, and a price that changes at an odd minute.
WITH opened AS (SELECT open_price_version(now(), 'test', 'off-peak', NULL) AS version)
INSERT INTO price (version, provider, model, meter, usd, time_windows)
SELECT version, 'rollupco', 'rollupco-windows', meter, usd, '{"timezone": "Asia/Shanghai", "windows": [{"days": [1,2,3,4,5,6,7], "from": "00:30", "to": "08:30"}]}'
FROM opened, (VALUES ('input', 1), ('output', 4)) AS p(meter, usd);
SELECT count(set_price('rollupco', 'rollupco-flat', 'input', 0.7, valid_from => '2026-03-04 10:17:23Z'));

CREATE SCHEMA rollups;
CREATE TABLE rollups.request (id bigint, at timestamptz, model text, input bigint, cached bigint, output bigint, searches bigint, team text, usd float8) PARTITION BY RANGE (at);
CREATE TABLE rollups.request_1 PARTITION OF rollups.request FOR VALUES FROM ('2026-03-01 00:00Z') TO ('2026-03-08 00:00Z');
CREATE TABLE rollups.request_2 PARTITION OF rollups.request DEFAULT;
INSERT INTO rollups.request
SELECT n, timestamptz '2026-03-01 00:00Z' + n * interval '43.123457 seconds', (ARRAY['rollupco-flat', 'rollupco-tiered', 'rollupco-windows', 'no such model'])[1 + n % 4],
	n * 7919 % 250000, n * 31 % 17, n % 2003, CASE WHEN n % 100 = 0 THEN 1 ELSE 0 END, 'team ' || n % 3, CASE WHEN n % 7 = 0 THEN n * 1e-7 END
FROM generate_series(1, 20000) AS n;
SELECT attach_usage('rollup_test', 'rollups.request', '{"at": "at", "request_id": "id", "model": "model", "input": "input", "input_includes_cached": false, "cache_read": "cached",
	"output": "output", "web_searches": "searches", "team": "team", "provider_usd": "usd"}');

-- What the rollup says, and what the rows say; equal when all is well.
CREATE VIEW rollups.difference AS
SELECT day, model, team, r.rows AS rolled_up, l.rows AS logged, r.usd AS rollup_usd, l.usd AS log_usd
FROM (SELECT date_trunc('day', hour, 'UTC') AS day, model, team, sum(rows) AS rows, sum(usage) AS usage, sum(provider_usd) AS provider_usd, sum(usd) AS usd
	  FROM hourly_spend WHERE origin = 'rollup_test' GROUP BY 1, 2, 3) AS r
FULL JOIN (SELECT date_trunc('day', at, 'UTC') AS day, model, team, count(*) AS rows, sum(usage) AS usage, sum(provider_usd) AS provider_usd, spend(model, usage, at, service_tier, region) AS usd
		   FROM usage_of_rollup_test GROUP BY 1, 2, 3) AS l USING (day, model, team)
WHERE ROW(r.rows, r.usage, r.provider_usd, r.usd) IS DISTINCT FROM ROW(l.rows, l.usage, l.provider_usd, l.usd);

CALL refresh_usage('rollup_test', chunk => '5 days');
SELECT origin, status, hours, hours_done, rows_read FROM refresh_progress WHERE origin = 'rollup_test';
SET inferacct.unpriced = 'null';
SELECT * FROM rollups.difference;
SELECT model, sum(rows) AS rows, sum(usd) AS usd, count(DISTINCT context_from) > 1 AS contexts, count(DISTINCT slice) > count(DISTINCT hour) AS sliced FROM hourly_spend WHERE origin = 'rollup_test' GROUP BY model ORDER BY model;
SELECT rollup_spend(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS usd FROM usage_hourly WHERE origin = 'rollup_test';
-- In error mode both refuse alike.
RESET inferacct.unpriced;
SELECT sum(usd) FROM hourly_spend WHERE origin = 'rollup_test' AND model = 'rollupco-flat';
SELECT spend(model, usage, at, service_tier, region) FROM usage_of_rollup_test WHERE model = 'rollupco-flat';
SET inferacct.unpriced = 'null';

-- Nothing has changed: nothing is read.
CALL refresh_usage('rollup_test');
-- Late, corrected, moved, deleted rows: their hours are read, and no others.
INSERT INTO rollups.request VALUES (20001, '2026-03-02 05:59:59.999999Z', 'rollupco-tiered', 200001, 0, 1, 0, 'team 1', NULL);
UPDATE rollups.request SET output = output + 1 WHERE id = 10000;
UPDATE rollups.request SET at = at - interval '3 days' WHERE id = 15000;
DELETE FROM rollups.request WHERE id = 20;
INSERT INTO rollups.request VALUES (20002, 'infinity', 'rollupco-flat', 1, 0, 1, 0, 'team 1', NULL), (20003, '2026-03-02 05:00Z', NULL, 1, 0, 1, 0, 'team 1', NULL), (20004, '2026-03-02 05:00Z', 'rollupco-flat', -1, 0, 1, 0, 'team 1', NULL);
SELECT request_id, reason FROM rejected_usage WHERE source = 'rollup_test' ORDER BY 1;
SELECT count(*) FROM rollups.difference WHERE rollup_usd IS DISTINCT FROM log_usd;
CALL refresh_usage('rollup_test');
SELECT * FROM rollups.difference WHERE rollup_usd IS DISTINCT FROM log_usd;
DELETE FROM rollups.request WHERE id > 20001;
CALL refresh_usage('rollup_test');
SELECT * FROM rollups.difference;
-- Only since a time.
UPDATE rollups.request SET output = output + 1 WHERE id IN (100, 19000);
CALL refresh_usage('rollup_test', since => '2026-03-05 00:30Z');
CALL refresh_usage('rollup_test');

-- A price that becomes known needs no reading, nor does a correction at times and sizes that are told apart already.
SELECT count(set_price('rollupco', 'no such model', meter, 1)) FROM (VALUES ('input'), ('output')) AS m(meter);
SELECT count(set_price('rollupco', 'rollupco-flat', 'web_searches', 0.01, unit_quantity => 1));
SELECT count(set_price('rollupco', 'rollupco-tiered', 'output', 22.5, valid_from => '2026-03-03 11:00Z'));
SELECT * FROM rollups.difference;
CALL refresh_usage('rollup_test');
-- One that begins at another time, or size, does: until then there is no wrong answer, but none.
SELECT count(set_price('rollupco', 'rollupco-flat', 'input', 0.9, valid_from => '2026-03-02 12:34:56Z'));
SELECT sum(usd) FROM hourly_spend WHERE origin = 'rollup_test';
CALL refresh_usage('rollup_test');
SELECT * FROM rollups.difference;
SELECT count(set_price('rollupco', 'rollupco-tiered', 'input', 9, above_input_tokens => 120007, threshold_inclusive => true));
SELECT sum(usd) FROM hourly_spend WHERE origin = 'rollup_test' AND model = 'rollupco-tiered';
CALL refresh_usage('rollup_test', chunk => '30 days');
SELECT * FROM rollups.difference;
-- As it was known before all these.
SET datestyle = 'ISO';
SELECT published_at AS first_prices FROM price_version WHERE version = (SELECT min(version) FROM price WHERE provider = 'rollupco') \gset
SET inferacct.as_of = :'first_prices';
SELECT * FROM rollups.difference;
RESET inferacct.as_of;

-- Hours that have lost all rows are kept unless one says otherwise.
DROP TABLE rollups.request_1;
CALL refresh_usage('rollup_test');
SELECT count(DISTINCT hour) AS hours FROM usage_hourly WHERE origin = 'rollup_test';
CALL refresh_usage('rollup_test', drop_missing => true, chunk => '30 days');
SELECT count(DISTINCT hour) AS hours FROM usage_hourly WHERE origin = 'rollup_test';
SELECT * FROM rollups.difference;

-- A relation that does not tell who wrote a row: any change is found.
DROP VIEW rollups.difference;
SELECT detach_usage('rollup_test');
SELECT forget_usage('rollup_test') > 0 AS forgotten;
CREATE VIEW rollups.some AS SELECT * FROM rollups.request WHERE id % 10 = 0;
SELECT attach_usage('rollup_test', 'rollups.some', '{"at": "at", "request_id": "id", "model": "model", "input": "input", "input_includes_cached": false, "cache_read": "cached", "output": "output", "team": "team"}');
CREATE VIEW rollups.difference AS SELECT
	(SELECT sum(usd) FROM hourly_spend WHERE origin = 'rollup_test') - (SELECT spend(model, usage, at, service_tier, region) FROM usage_of_rollup_test) AS usd;
CALL refresh_usage('rollup_test', chunk => '30 days');
CALL refresh_usage('rollup_test');
UPDATE rollups.request SET team = 'team 9' WHERE id = 19000;
UPDATE rollups.request SET output = output + 1 WHERE id = 19010;
CALL refresh_usage('rollup_test');
SELECT usd = 0 AS equal FROM rollups.difference;

-- Rows that are sums themselves are priced only where no tier can be meant.
SELECT token_cost('rollupco-tiered', usage '{"input": 119999, "requests": 2}', '2026-03-09');
SELECT rollup_cost('rollupco-tiered', '{"input": 150000, "requests": 4}', '2026-03-09', '2026-03-09', 50000, 100000, true, 'standard', NULL) AS below,
	rollup_cost('rollupco-flat', '{"input": 1500000, "requests": 4}', '2026-03-09', '2026-03-09', 500000, 1000000, true, 'standard', NULL) AS flat;
SELECT rollup_cost('rollupco-tiered', '{"input": 300000, "requests": 4}', '2026-03-09', '2026-03-09', 150000, 150000, true, 'standard', NULL);
-- A window that opens and closes between two requests is not overlooked.
SELECT rollup_cost('rollupco-windows', '{"input": 1000000, "requests": 2}', '2026-03-09 16:29:59Z', '2026-03-09 16:29:59.9Z', 1, 999999, false, NULL, NULL) AS peak,
	rollup_cost('rollupco-windows', '{"input": 1000000, "requests": 2}', '2026-03-09 16:30Z', '2026-03-10 00:29:59.9Z', 1, 999999, false, NULL, NULL) AS off_peak;
SELECT rollup_cost('rollupco-windows', '{"input": 1000000, "requests": 2}', '2026-03-09 16:29Z', '2026-03-10 00:30Z', 1, 999999, false, NULL, NULL);
SELECT rollup_cost('rollupco-flat', NULL, now(), now(), 1, 1, false, NULL, NULL) IS NULL AS null_is_null;
SELECT rollup_cost('rollupco-flat', '{}', '2026-03-09', '2026-03-08', 1, 1, false, NULL, NULL);
CALL refresh_usage('no such source');
CALL refresh_usage(chunk => '1 month');
BEGIN;
CALL refresh_usage('rollup_test');
ROLLBACK;

DROP VIEW rollups.difference;
SELECT forget_usage('rollup_test') > 0 AS forgotten;
SELECT detach_usage('rollup_test');
SET client_min_messages = warning;
DROP SCHEMA rollups CASCADE;
