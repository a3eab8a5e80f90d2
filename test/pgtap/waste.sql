-- waste, margin: each request once and at its cost, by rules that plain SQL can say; what is not known is said.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(24);

SELECT set_price('wst', 'wst-a', 'input', 2), set_price('wst', 'wst-a', 'output', 8);
INSERT INTO usage_log (at, usage, model, source, request_id, team, api_key, end_user, status, attributes) VALUES
	('2036-03-05 10:00Z', usage(1000, 0), 'wst/wst-a', 'wst', 'failed, again', 'red', 'k', 'u', 'failed', NULL),
	('2036-03-05 10:05Z', usage(1000, 50), 'wst/wst-a', 'wst', 'answered', 'red', 'k', 'u', 'ok', NULL),
	('2036-03-05 10:09Z', usage(1000, 70), 'wst/wst-a', 'wst', 'asked twice', 'red', 'k', 'u', 'ok', '{"finish_reason": "length"}'),
	('2036-03-05 11:30Z', usage(1000, 70), 'wst/wst-a', 'wst', 'much later', 'red', 'k', 'u', 'ok', '{"finish_reason": "stop"}'),
	('2036-03-05 11:31Z', usage(1000, 70), 'wst/wst-a', 'wst', 'another user', 'red', 'k', 'v', 'ok', '{"finish_reason": "max_tokens"}'),
	('2036-03-05 11:32Z', usage(500, 0), 'wst/wst-a', 'wst', 'failed', 'blue', 'k', 'u', 'failed', NULL),
	('2036-03-05 12:00Z', usage(500, 10), 'wst/wst-a', 'wst', 'h1', 'blue', 'k', 'u', 'ok', '{"prompt_hash": "x"}'),
	('2036-03-05 12:01Z', usage(500, 10), 'wst/wst-a', 'wst', 'h2', 'blue', 'k', 'u', 'ok', '{"prompt_hash": "y"}'),
	('2036-03-05 12:02Z', usage(500, 11), 'wst/wst-a', 'wst', 'h3', 'blue', 'k', 'u', 'ok', '{"prompt_hash": "x", "finish_reason": "[\"stop\",\"length\"]"}'),
	('2036-03-05 12:03Z', usage(0, 10), 'wst/wst-a', 'wst', 'n1', 'blue', 'k', 'u', 'ok', NULL),
	('2036-03-05 12:04Z', usage(0, 10), 'wst/wst-a', 'wst', 'n2', 'blue', 'k', 'u', 'ok', NULL),
	('2036-03-05 12:05Z', usage(700, 10, requests => 5), 'wst/wst-a', 'wst', 'sum', 'blue', NULL, NULL, 'ok', NULL),
	('2036-03-05 12:06Z', usage(700, 10), 'wst/nobody-knows', 'wst', 'unknown', 'blue', NULL, NULL, 'failed', NULL),
	('2036-03-05 23:58Z', usage(300, 0), 'wst/wst-a', 'wst', 'before midnight', 'red', 'p', NULL, 'failed', NULL),
	('2036-03-06 00:01Z', usage(300, 5), 'wst/wst-a', 'wst', 'after midnight', 'red', 'p', NULL, 'ok', NULL),
	('2036-03-07 00:01Z', usage(300, 5), 'wst/wst-a', 'wst', 'who', 'red', NULL, NULL, 'ok', NULL),
	('2036-03-07 00:02Z', usage(300, 5), 'wst/wst-a', 'wst', 'who knows', 'red', NULL, NULL, 'ok', NULL),
	('2036-03-04 23:59Z', usage(30, 5), 'wst/wst-a', 'wst', 'the day before', 'red', 'm', NULL, 'ok', NULL),
	('2036-03-05 00:01Z', usage(30, 5), 'wst/wst-a', 'wst', 'again after midnight', 'red', 'm', NULL, 'ok', NULL);

SELECT throws_ok($$SELECT waste(NULL, now())$$, '22004', NULL, 'a span has two ends');
SELECT throws_ok($$SELECT waste('2036-03-05Z', '2036-03-06Z', 'colour')$$, '42704', NULL, 'no such dimension');
SELECT throws_ok($$SELECT waste('2036-03-05Z', '2036-03-06Z', within => '2 days')$$, '22023', NULL, 'the same again is soon');
SELECT throws_ok($$SELECT waste('2036-03-05Z', 'infinity')$$, '22008', NULL, 'a span has an end');
SELECT set_eq($$SELECT value, kind, requests, unpriced_requests, usd FROM waste('2036-03-05Z', '2036-03-06Z')$$, $$VALUES
	('red', 'retry', 2::bigint, 0::bigint, 0.0026), ('red', 'duplicate', 2, 0, 0.00256 + 0.0001), ('red', 'truncated', 1, 0, 0.00256),
	('blue', 'failed', 2, 1, 0.001), ('blue', 'duplicate', 1, 0, 0.001088), ('blue', 'not judged', 5, 0, 0.00148)$$, 'each request is of one kind, at its cost');
SELECT is((SELECT sum(usd) FROM waste('2036-03-05Z', '2036-03-06Z', NULL)), (SELECT sum(usd) FROM waste('2036-03-05Z', '2036-03-06Z')), 'all together are the same');
SELECT results_eq($$SELECT share FROM waste('2036-03-05Z', '2036-03-06Z') WHERE value = 'red' AND kind = 'retry'$$, $$SELECT round(0.0026 / sum(token_cost(model, usage, at)), 6) FROM usage_log
	WHERE source = 'wst' AND team = 'red' AND at >= '2036-03-05Z' AND at < '2036-03-06Z'$$, 'as a share of what the team cost');
SELECT set_eq($$SELECT kind, requests FROM waste('2036-03-05Z', '2036-03-06Z', 'team', '1 minute') WHERE value = 'red'$$, $$VALUES ('failed', 2::bigint), ('truncated', 2)$$, 'within a minute nothing is the same again');
SELECT is((SELECT count(DISTINCT value) FROM waste('2036-03-05Z', '2036-03-06Z', 'end_user')), 2::bigint, 'by a column that no dimension has');
SELECT is(current_setting('inferacct.unpriced'), 'error', 'reading leaves the setting');
SELECT is_empty($$SELECT waste('2036-03-07Z', '2036-03-08Z')$$, 'who nobody knows is not the same');
SELECT is_empty($$SELECT waste('2036-04-05Z', '2036-04-06Z')$$, 'nothing of nothing');
SELECT set_eq($$SELECT r FROM unnest(ARRAY['length', 'max_tokens', 'MAX_TOKENS', '["stop","length"]', 'model_length', 'stop', 'end_turn', 'tool_calls', 'lengthy', NULL]) AS r WHERE is_cut_off(r)$$,
	$$VALUES ('length'), ('max_tokens'), ('MAX_TOKENS'), ('["stop","length"]'), ('model_length')$$, 'how providers say that an answer was cut off');

-- Margin.
INSERT INTO usage_dimension (name, log_column) VALUES ('customer', 'end_user');
SELECT set_contract_term('wst prices', provider => 'wst', model => 'wst-a', meter => 'input', usd => 5), set_contract_term('wst deal', provider => 'wst', percent_off => 10);
SELECT throws_ok($$SELECT margin(NULL)$$, '22004', NULL, 'of whom');
SELECT throws_ok($$SELECT margin('colour')$$, '42704', NULL, 'no such dimension of the rollup');
SELECT throws_ok($$SELECT margin('customer', markup => -1)$$, '22023', NULL, 'nobody is paid for buying');
SELECT throws_ok($$SELECT margin('customer', markup => 'NaN')$$, '22023', NULL, 'nor as much as nobody knows');
DELETE FROM usage_log WHERE request_id = 'unknown' AND source = 'wst';
SELECT refresh_hours('usage_log', '2036-03-01Z', '2036-04-01Z', refresh_changed('usage_log', '2036-03-01Z', true), clock_timestamp());
SELECT throws_ok($$SELECT margin('customer', 'nobody agreed')$$, 'IA006', NULL, 'no such price list');
CREATE TEMP VIEW one AS SELECT end_user AS value, meter(usage, 'requests') AS requests, token_cost(model, usage, at) AS cost, 5 * input_tokens(usage) * 0.000001 + 8 * output_tokens(usage) * 0.000001 AS charged FROM usage_log WHERE source = 'wst';
SELECT set_eq($$SELECT value, requests, charged_usd, cost_usd, margin_usd, note FROM margin('customer', 'wst prices', since => '2036-03-01', until => '2036-04-01')$$,
	$$SELECT value, sum(requests)::bigint AS r, sum(charged) AS a, sum(cost) AS b, sum(charged) - sum(cost) AS c, NULL::text AS n FROM one GROUP BY value$$, 'each at its price list');
SELECT set_eq($$SELECT value, charged_usd, cost_usd, margin_share FROM margin('customer', markup => 1.3, since => '2036-03-01', until => '2036-04-01')$$,
	$$SELECT value, sum(cost) * 1.3 AS a, sum(cost) AS b, 0.230769 AS c FROM one GROUP BY value$$, 'or a factor on the list price');
SET LOCAL inferacct.contract = 'wst deal';
SELECT set_eq($$SELECT value, charged_usd, cost_usd FROM margin('customer', since => '2036-03-01', until => '2036-04-01')$$, $$SELECT value, sum(token_cost) AS a, sum(token_cost) * 0.9 AS b FROM
	(SELECT end_user AS value, token_cost(price_book(contract => ''), model, usage, at) FROM usage_log WHERE source = 'wst') AS t GROUP BY value$$, 'what it costs is by the contract of the session');
SELECT is(current_setting('inferacct.contract'), 'wst deal', 'which stays');
SET LOCAL inferacct.contract = '';
INSERT INTO usage_log (at, usage, model, source, request_id, end_user) VALUES ('2036-03-07 10:00Z', usage(1000, 0), 'wst/nobody-knows', 'wst', 'x', 'u');
SELECT refresh_hours('usage_log', '2036-03-01Z', '2036-04-01Z', refresh_changed('usage_log', '2036-03-01Z', true), clock_timestamp());
SELECT results_eq($$SELECT margin_usd IS NULL, note LIKE 'of 1 requests the cost is not known%' FROM margin('customer', since => '2036-03-01', until => '2036-04-01') WHERE value = 'u'$$, 'VALUES (true, true)', 'a margin of which a part is not known is not known');
SELECT ok((SELECT margin_usd IS NOT NULL FROM margin('customer', since => '2036-03-01', until => '2036-04-01') WHERE value = 'v'), 'others are');

SELECT * FROM finish();
ROLLBACK;
