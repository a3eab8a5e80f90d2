-- inferacct_check: what foreign keys would have refused, and what no longer adds up, is found.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';

CREATE FUNCTION pg_temp.found(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	one text;
	found text;
BEGIN
	BEGIN
		FOREACH one IN ARRAY string_to_array(statement, '; ') LOOP
			EXECUTE one;
		END LOOP;
		SET CONSTRAINTS ALL IMMEDIATE;
		found := (SELECT string_agg(DISTINCT what || coalesce(' ' || key, ''), ', ') FROM inferacct_check() WHERE problem <> '' AND remedy <> '');
		RAISE SQLSTATE 'XXUND';
	EXCEPTION WHEN SQLSTATE 'XXUND' THEN
		RETURN found;
	END;
END $$;
SELECT plan(42);

SELECT is_empty('SELECT * FROM inferacct_check()', 'nothing is wrong with a new database');

SELECT set_price('chk', 'm', meter, 1) FROM unnest(ARRAY['input', 'output']) AS meter;
INSERT INTO usage_log (at, usage, model, source, request_id, provider_usd) SELECT timestamptz '2031-05-01Z' + n * interval '1 hour', usage(n, n), 'chk/m', 'chk', n::text, n FROM generate_series(1, 1000) AS n;
SELECT refresh_hours('usage_log', '2031-05-01Z', '2031-07-01Z', refresh_changed('usage_log', '2031-05-01Z', true), clock_timestamp());
SELECT close_month('2031-05-01', before_its_end => true);
SELECT compact_usage();
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is_empty('SELECT * FROM inferacct_check()', 'nor with one that is in use');
SELECT max(version) AS last FROM price_version \gset

SELECT is(pg_temp.found(format(statement, :last)), format(wanted, :last, :last + 1), statement) FROM (VALUES
	-- what foreign keys would have refused
	($$INSERT INTO price (version, provider, model, meter, usd) VALUES (888888, 'chk', 'x', 'input', 1)$$, 'price_version 888888'),
	($$INSERT INTO gpu_price (version, gpu, vendor, term, usd_per_hour) VALUES (888888, 'g', 'v', 'spot', 1)$$, 'price_version 888888'),
	($$INSERT INTO routing_policy (version, name, kind) VALUES (888888, 'x', 'split')$$, 'price_version 888888'),
	($$INSERT INTO contract_term (contract, provider, percent_off) VALUES ('no deal', 'chk', 1)$$, 'contract_term no deal'),
	($$INSERT INTO model_alias (alias, provider, model) VALUES ('chk-alias', 'chk', 'nothing')$$, 'model_alias chk-alias'),
	($$INSERT INTO model_alias (alias, provider, model) VALUES ('chk-alias', 'chk', 'm')$$, NULL),
	($$INSERT INTO price (provider, model, meter, currency, amount) VALUES ('chk', 'x', 'input', 'XTS', 1)$$, 'price XTS'),
	($$INSERT INTO deployment_cost (deployment, item, usd_per_month) VALUES ('nothing', 'i', 1)$$, 'deployment_cost nothing'),
	($$INSERT INTO serving_point (deployment, requests_per_second, tokens_per_second) VALUES ('nothing', 1, 1)$$, 'serving_point nothing'),
	($$INSERT INTO deployment_run (deployment, models, since) VALUES ('nothing', '{x}', '2031-01-01Z')$$, 'deployment_run nothing'),
	($$INSERT INTO routing_tier (policy, deployment) VALUES ('no policy', 'nothing')$$, 'routing_tier no policy, routing_tier nothing'),
	($$INSERT INTO deployment (name, gpu, term) VALUES ('chk', 'no gpu', 'spot')$$, 'deployment chk'),
	($$INSERT INTO booked_usage SELECT (jsonb_populate_record(b, '{"month": "2031-04-01"}')).* FROM booked_usage AS b WHERE month = '2031-05-01' LIMIT 1$$, 'booked_usage 2031-04-01, closed_month 2031-05-01, month_journal 1'),
	($$INSERT INTO booked_usage SELECT * FROM booked_usage WHERE month = '2031-05-01' LIMIT 1$$, 'closed_month 2031-05-01, month_journal 1'),
	($$ALTER TABLE journal_line DISABLE TRIGGER USER; UPDATE journal_line SET team = 'x'; SELECT enable_triggers()$$, 'month_journal 1'),
	($$ALTER TABLE month_journal DISABLE TRIGGER USER; UPDATE month_journal SET why = 'x'; SELECT enable_triggers()$$, 'month_journal 1'),
	($$ALTER TABLE month_journal DISABLE TRIGGER USER; UPDATE month_journal SET entry = 3; SELECT enable_triggers()$$, 'booked_usage 2031-05-01, month_journal 2, month_journal 3'),
	($$INSERT INTO closed_month (month, version, known_at, contract, requests, unpriced_requests, usd) VALUES ('2031-04-01', 888888, now(), 'no deal', 1, 0, 1)$$, 'closed_month 2031-04-01'),
	($$ALTER TABLE booked_usage DISABLE TRIGGER USER; DELETE FROM booked_usage WHERE month = '2031-05-01'; SELECT enable_triggers()$$, 'closed_month 2031-05-01, month_journal 1'),
	-- versions, their numbers, their epoch
	($$ALTER TABLE price DISABLE TRIGGER USER; UPDATE price SET usd = 2 WHERE version = %1$s; SELECT enable_triggers()$$, 'price_version %1$s'),
	('DELETE FROM price_epoch', 'price_epoch'),
	-- the rollup, written while triggers are off
	($$ALTER TABLE usage_hourly DISABLE TRIGGER USER; INSERT INTO usage_hourly SELECT * FROM usage_hourly WHERE hour = '2031-05-10 05:00Z'; SELECT enable_triggers()$$,
		'refreshed_hour usage_log 2031-05-10 05:00:00+00, usage_hourly usage_log 2031-05-10 05:00:00+00'),
	($$ALTER TABLE usage_hourly DISABLE TRIGGER USER; DELETE FROM usage_hourly WHERE hour = '2031-06-02 05:00Z'; SELECT enable_triggers()$$, NULL),
	($$UPDATE usage_monthly SET provider_usd = 0 WHERE month = '2031-06-01'$$, 'usage_monthly usage_log 2031-06-01'),
	($$DELETE FROM usage_monthly WHERE month = '2031-06-01'$$, 'usage_monthly usage_log 2031-06-01'),
	($$DELETE FROM compacted_month WHERE month = '2031-06-01'$$, 'compacted_month usage_log 2031-06-01, usage_monthly usage_log 2031-06-01'),
	($$UPDATE compacted_month SET compacted = false WHERE month = '2031-06-01'$$, 'usage_monthly usage_log 2031-06-01'),
	($$SET LOCAL session_replication_role = replica; DELETE FROM usage_hourly WHERE hour = '2031-06-02 05:00Z'$$, NULL),
	-- the log and its sources
	($$CREATE TABLE inferacct.usage_log_2031_09 (LIKE usage_log)$$, 'usage_log usage_log_2031_09'),
	($$CREATE TABLE usage_log_2031_10 PARTITION OF usage_log FOR VALUES FROM ('2031-10-01Z') TO ('2031-11-01Z')$$, 'usage_log usage_log_2031_10'),
	($$SELECT usage_log_partition('2031-11-01')$$, NULL),
	($$INSERT INTO team_member VALUES ('chk', 'team')$$, 'team_member'),
	($$INSERT INTO team_member VALUES ('chk', 'team'); SELECT protect_usage()$$, NULL),
	-- triggers
	('ALTER TABLE price DISABLE TRIGGER price_written', 'price price_written'),
	('ALTER TABLE contract DISABLE TRIGGER USER; ALTER TABLE contract ENABLE TRIGGER USER', NULL)) AS t(statement, wanted);

SELECT is(pg_temp.found($$SELECT setval('price_version_seq', 1000)$$), 'price_version_seq 1000', 'a sequence that a restore left behind');
SELECT setval('price_version_seq', :last);
SELECT is_empty('SELECT * FROM inferacct_check()', 'and nothing is left of it');

-- Rows that come while triggers are off are in every report all the same.
ALTER TABLE usage_hourly DISABLE TRIGGER ALL;
INSERT INTO usage_hourly SELECT (jsonb_populate_record(h, '{"team": "unnoted"}')).* FROM usage_hourly AS h WHERE hour BETWEEN '2031-05-10Z' AND '2031-05-11Z';
SELECT is((SELECT sum(usd) FROM monthly_spend WHERE month = '2031-05-01'), (SELECT sum(usd) FROM hourly_spend WHERE hour < '2031-06-01Z'), 'rows that came without triggers, after their month was summed up, are in it');
SELECT throws_ok('SELECT compact_usage()', '55000', NULL, 'and it is not summed up again as long as triggers are off');
SELECT is(enable_triggers(), (SELECT count(*) FROM trigger_modes() WHERE relation = 'usage_hourly'::regclass), 'enable_triggers() tells how many it mended');

SELECT * FROM finish();
ROLLBACK;
