-- contract_clause: months are settled as the contract says, exactly, and what they cost is in every report.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
SELECT plan(29);

SELECT set_price('ccl', 'ccl-a', 'input', 1000000), set_price('ccl', 'ccl-b', 'input', 1000000), set_price('ccx', 'ccx-a', 'input', 1000000);		-- a USD a token
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT m, usage(n), model, 'ccl', model || m || n, team FROM (VALUES
	(timestamptz '2021-01-05Z', 700, 'ccl/ccl-a', 'red'), ('2021-01-31 23:59Z', 300, 'ccl/ccl-b', 'blue'), ('2021-02-01Z', 5000, 'ccl/ccl-a', 'red'), ('2021-03-07Z', 15000, 'ccl/ccl-a', 'red'),
	('2021-03-08Z', 5000, 'ccl/ccl-b', 'blue'), ('2021-04-01Z', 300, 'ccl/ccl-b', NULL), ('2021-03-08Z', 77, 'ccx/ccx-a', 'blue')) AS v (m, n, model, team);
SELECT refresh_hours('usage_log', '2021-01-01Z', '2021-06-01Z', refresh_changed('usage_log', '2021-01-01Z', true), clock_timestamp());

-- What makes no sense.
SELECT throws_ok($$INSERT INTO contract_clause (provider, name, kind, since) VALUES ('ccl', 'x', 'minimum', '2021-01-01')$$, '23514', NULL, 'a minimum has an amount');
SELECT throws_ok($$INSERT INTO contract_clause (provider, name, kind, since, usd) VALUES ('ccl', 'x', 'rebate', '2021-01-01', 5)$$, '23514', NULL, 'a rebate a share');
SELECT throws_ok($$INSERT INTO contract_clause (provider, name, kind, since, usd) VALUES ('ccl', 'x', 'minimum', '2021-01-02', 5)$$, '23514', NULL, 'months are whole');
SELECT throws_ok($$INSERT INTO contract_clause (provider, name, kind, since, percent_off) VALUES ('ccl', 'x', 'rebate', '2021-01-01', 101)$$, '23514', NULL, 'nobody pays more back');
SELECT throws_ok($$INSERT INTO contract_clause (provider, name, kind, since, usd) VALUES ('ccl', 'x', 'gift', '2021-01-01', 5)$$, '23514', NULL, 'kinds are four');
SELECT is_empty('SELECT * FROM contract_account()', 'without a clause there is no account');

INSERT INTO contract_clause (provider, name, kind, since, until, above_usd, percent_off) VALUES
	('ccl', 'volume', 'volume discount', '2021-01-01', '2021-05-01', 4000, 10), ('ccl', 'volume', 'volume discount', '2021-01-01', '2021-05-01', 10000, 20),
	('ccl', 'loyalty', 'rebate', '2021-01-01', '2021-05-01', 4500, 2), ('ccl', 'loyalty', 'rebate', '2021-01-01', '2021-05-01', 17000, 2.5);
INSERT INTO contract_clause (provider, name, kind, since, until, usd) VALUES ('ccl', 'floor', 'minimum', '2021-01-01', '2021-05-01', 2000),
	('ccl', 'prepaid', 'credit', '2021-01-01', '2021-04-01', 6000), ('ccl', 'second', 'credit', '2021-02-01', '2021-05-01', 20000);
SELECT results_eq($$SELECT kind, name, usd, left_usd FROM contract_account('2021-01-01', '2021-02-01')$$, $$VALUES ('usage', NULL, 1000::numeric, NULL::numeric), ('shortfall', 'floor', 1000, NULL), ('credit', 'prepaid', -2000, 4000), ('payable', NULL, 0, NULL)$$,
	'less than the minimum, paid by a credit');
SELECT results_eq($$SELECT kind, name, usd, left_usd FROM contract_account('2021-02-01', '2021-03-01')$$, $$VALUES ('usage', NULL, 5000::numeric, NULL::numeric), ('volume discount', 'volume', -100, NULL), ('rebate', 'loyalty', -98, NULL),
	('credit', 'prepaid', -4000, 0), ('credit', 'second', -802, 19198), ('payable', NULL, 0, NULL)$$, 'a tier, a rebate, and what ends first is drawn first');
SELECT results_eq($$SELECT kind, name, usd, left_usd FROM contract_account('2021-03-01', '2021-04-01')$$, $$VALUES ('usage', NULL, 20000::numeric, NULL::numeric), ('volume discount', 'volume', -2600, NULL), ('rebate', 'loyalty', -435, NULL),
	('credit', 'second', -16965, 2233), ('payable', NULL, 0, NULL)$$, 'two tiers, each of its part, and the higher rebate');
SELECT results_eq($$SELECT kind, name, usd, left_usd FROM contract_account('2021-04-01', '2021-05-01')$$, $$VALUES ('usage', NULL, 300::numeric, NULL::numeric), ('shortfall', 'floor', 1700, NULL), ('credit', 'second', -2000, 233),
	('credit lost', 'second', 233, 0), ('payable', NULL, 0, NULL)$$, 'what is left of a credit that ends is lost');
SELECT is_empty($$SELECT month FROM contract_account() GROUP BY month HAVING sum(usd) FILTER (WHERE kind NOT IN ('payable', 'credit lost')) <> sum(usd) FILTER (WHERE kind = 'payable')$$, 'lines add up to what is payable');
SELECT is((SELECT sum(usd) FROM contract_account() WHERE kind IN ('credit', 'credit lost') AND name = 'second'), (-20000 + 2 * 233)::numeric, 'and draws and losses to the credit');
SELECT is_empty($$SELECT * FROM contract_account('2021-05-01')$$, 'after the contract there is no account');
SELECT set_eq($$SELECT provider FROM contract_account()$$, $$VALUES ('ccl')$$, 'others have none');

-- In reports.
SELECT is(settle_contracts(), 7::bigint, 'what is a cost is taken into shared costs');
SELECT is(settle_contracts(), 7::bigint, 'again, in its place');
SELECT set_eq($$SELECT month, sum(usd) FROM shared_cost_all WHERE name LIKE 'ccl: %' GROUP BY month$$, $$VALUES (date '2021-01-01', 1000::numeric), ('2021-02-01', -198), ('2021-03-01', -3035), ('2021-04-01', 1933)$$, 'by month');
SELECT set_eq($$SELECT team, sum(allocated_usd) FROM shared_cost_allocation WHERE name LIKE 'ccl: %' AND month = '2021-03-01' GROUP BY team$$, $$VALUES ('red', -3035 * 0.75), ('blue', -3035 * 0.25)$$, 'spread by what the usage of that provider costs');
SELECT is((SELECT sum(allocated_usd) FROM shared_cost_allocation WHERE name LIKE 'ccl: %'), (SELECT sum(usd) FROM shared_cost_all WHERE name LIKE 'ccl: %'), 'exactly');
INSERT INTO budget (name, month, usd) VALUES ('ccl', '2021-03-01', 100000);
SELECT is((SELECT spent_usd + shared_usd FROM budget_pace('2021-06-01Z') WHERE name = 'ccl'), 20077 - 3035::numeric, 'budgets have it');
SELECT is((close_month('2021-03-01', force => true)).shared_usd, -3035::numeric, 'so have books');
SELECT ok((verify_month('2021-03-01')).verified, 'for good');
SELECT set_eq($$SELECT kind, computed_usd, invoice_usd FROM reconcile_lines('ccl', '2021-03-01', '[{"kind": "credit", "usd": -20000}, {"model": "ccl/ccl-a", "meter": "input", "quantity": 15000, "usd": 15000}, {"model": "ccl/ccl-b", "meter": "input", "quantity": 5000, "usd": 5000}]') WHERE kind <> 'usage'$$,
	$$VALUES ('credit', -20000::numeric, -20000::numeric)$$, 'an invoice is compared with discount, rebate and credit');
SELECT set_eq($$SELECT kind, computed_usd, invoice_usd FROM reconcile_lines('ccl', '2021-01-01', '[{"model": "ccl/ccl-a", "meter": "input", "quantity": 700, "usd": 700}, {"model": "ccl/ccl-b", "meter": "input", "quantity": 300, "usd": 300}]') WHERE kind <> 'usage'$$,
	$$VALUES ('credit', -2000::numeric, NULL::numeric), ('fee', 1000, NULL)$$, 'also what it does not say');

-- What is not known.
INSERT INTO usage_log (at, usage, model, source, request_id, provider) VALUES ('2021-02-03Z', usage(1), 'ccl/nobody-knows', 'ccl', 'x', 'ccl');
SELECT refresh_hours('usage_log', '2021-01-01Z', '2021-06-01Z', refresh_changed('usage_log', '2021-01-01Z', true), clock_timestamp());
SELECT results_eq($$SELECT kind, usd, note LIKE '1 requests have no price%' FROM contract_account('2021-02-01', '2021-03-01')$$, $$VALUES ('usage', NULL::numeric, true)$$, 'a month with usage without a price is not settled');
SELECT results_eq($$SELECT kind, usd, left_usd FROM contract_account('2021-03-01', '2021-04-01') WHERE kind IN ('credit', 'payable')$$, $$VALUES ('credit', NULL::numeric, NULL::numeric), ('credit', NULL, NULL), ('payable', NULL, NULL)$$, 'nor is what is left of credits after it');
SELECT is((SELECT usd FROM contract_account('2021-03-01', '2021-04-01') WHERE kind = 'rebate'), -435::numeric, 'all else is');
SET LOCAL ROLE inferacct_reader;
SELECT throws_ok('SELECT settle_contracts()', '42501', NULL, 'a reader settles nothing');
RESET ROLE;
SELECT is((SELECT count(*) FROM inferacct_check() WHERE problem LIKE '%contract_clause%'), 0::bigint, 'nothing is inconsistent');

SELECT * FROM finish();
ROLLBACK;
