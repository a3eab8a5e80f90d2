-- journal: what is booked can be told for good, by whom, and whether it is still as it was booked.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'America/Los_Angeles';
SELECT plan(79);

SELECT set_price('jou', 'jou-a', 'input', 1), set_price('jou', 'jou-a', 'output', 4), set_price('jou', 'jou-b', 'input', 5), set_price('jou', 'jou-b', 'output', 25);
SELECT set_price('jou', 'jou-unused', 'input', 9);
SELECT set_contract_term('jou deal', percent_off => 10, provider => 'jou');
CREATE FUNCTION pg_temp.log(first int, last int, since timestamptz) RETURNS void LANGUAGE sql AS $$
	INSERT INTO usage_log (at, usage, model, source, request_id, provider, team)
	SELECT $3 + n * interval '67 minutes', usage(n * 991, n * 13), CASE n % 3 WHEN 0 THEN 'jou/jou-a' ELSE 'jou-b' END, 'jou', 'r' || n || $3, 'jou',
		(ARRAY['red', 'blue', NULL, 'green'])[n % 4 + 1] FROM generate_series($1, $2) AS n $$;
CREATE FUNCTION pg_temp.refresh() RETURNS bigint LANGUAGE sql AS
$$ SELECT refresh_hours('usage_log', '2021-01-01Z', '2021-12-01Z', refresh_changed('usage_log', '2021-01-01Z', true), clock_timestamp()) $$;
SELECT pg_temp.log(1, 500, '2021-03-01 00:00Z'), pg_temp.log(1, 500, '2021-04-01 00:00Z'), pg_temp.log(1, 200, '2021-05-01 00:00Z');
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team) SELECT timestamptz '2021-05-03 04:10Z' + n * interval '40 minutes', usage(n + 1, 1000), 'jou-b', 'jou', 'may' || n, 'jou', 'red' FROM generate_series(0, 1) AS n;
-- At the prices that are published by now.
CREATE FUNCTION pg_temp.truth() RETURNS TABLE (month date, team text, usd numeric) LANGUAGE plpgsql SET inferacct.as_of TO '' AS $$
BEGIN
	PERFORM set_config('inferacct.as_of', clock_timestamp()::text, true);
	RETURN QUERY SELECT month_of(l.at), l.team, spend(l.model, l.usage, l.at) FROM usage_log AS l WHERE source = 'jou' GROUP BY 1, 2;
END $$;
CREATE TEMP VIEW truth AS SELECT * FROM pg_temp.truth();
GRANT SELECT ON truth TO PUBLIC;
CREATE TEMP VIEW books AS SELECT month, usd FROM closed_month;

-- What is missing is told, and refused.
SELECT throws_like($$SELECT close_month('2021-03-01')$$, '%rollup of month 2021-03-01 is not complete%', 'a month that was never read is not closed');
SELECT set_eq($$SELECT origin, rows, unread_hours > 400 AS many, refreshed_at IS NULL AS never FROM month_coverage('2021-03-09')$$, $$VALUES ('usage_log', 0::bigint, true, true)$$, 'month_coverage() says what is missing');
SELECT results_eq($$SELECT usd, unread_hours > 400, forced FROM close_month('2021-03-01', force => true)$$, 'VALUES (0::numeric, true, true)', 'by force it is closed, and marked');
SELECT results_eq($$SELECT forced FROM month_close WHERE month = '2021-03-01'$$, 'VALUES (true)', 'in reports, too');
SELECT lives_ok($$SELECT reopen_month('2021-03-01', 'was not read')$$, 'taken back with a reason');
SELECT pg_temp.refresh();
SELECT set_eq($$SELECT origin, rows, requests, unread_hours, forgotten_hours, problem FROM month_coverage('2021-03-09')$$, $$VALUES ('usage_log', 500::bigint, 500::bigint, 0::bigint, 0::bigint, NULL::text)$$, 'and what is there');
SELECT results_eq($$SELECT usd, unread_hours, forced, before_its_end, entry FROM close_month('2021-03-01', 'reported')$$, $$SELECT sum(usd), 0::bigint, false, false, 3::bigint FROM truth WHERE month = '2021-03-01'$$, 'read, it is closed to the last digit');
SELECT results_eq('SELECT entry, kind, month, why FROM month_journal ORDER BY entry', $$VALUES (1::bigint, 'close', date '2021-03-01', NULL), (2, 'reopening', '2021-03-01', 'was not read'), (3, 'close', '2021-03-01', 'reported')$$, 'each is an entry');
SELECT ok((SELECT bool_and(verified) FROM month_journal AS j, verify_month(j.month, j.entry)), 'every entry is as it was booked, the first closing too');
SELECT results_eq($$SELECT coverage #>> '{0,unread_hours}' > '0', digest ~ '^[0-9a-f]{64}$' FROM month_journal WHERE entry = 1$$, 'VALUES (true, true)', 'it keeps what was missing');

-- The settings of the closing, whatever those of the reader are.
SET LOCAL inferacct.contract = 'jou deal';
SELECT results_eq($$SELECT usd, contract FROM close_month('2021-04-01')$$, $$SELECT sum(usd), 'jou deal' FROM truth WHERE month = '2021-04-01'$$, 'April is closed under a contract');
CREATE TEMP VIEW effects AS SELECT month, price_effect, late_effect, unbooked_usd FROM month_close;
SELECT set_eq('SELECT * FROM effects', $$VALUES (date '2021-03-01', 0::numeric, 0::numeric, 0::numeric), ('2021-04-01', 0, 0, 0)$$, 'under the contract nothing has changed');
SET LOCAL inferacct.contract = '';
SELECT set_eq('SELECT * FROM effects', $$VALUES (date '2021-03-01', 0::numeric, 0::numeric, 0::numeric), ('2021-04-01', 0, 0, 0)$$, 'nor without it');
SET LOCAL inferacct.guess = 'refuse';
SELECT set_eq('SELECT * FROM effects', $$VALUES (date '2021-03-01', 0::numeric, 0::numeric, 0::numeric), ('2021-04-01', 0, 0, 0)$$, 'nor when guesses are refused');
SET LOCAL inferacct.guess = 'allow';
SET LOCAL inferacct.unpriced = 'null';
SELECT set_eq('SELECT * FROM effects', $$VALUES (date '2021-03-01', 0::numeric, 0::numeric, 0::numeric), ('2021-04-01', 0, 0, 0)$$, 'nor where unknown is NULL');
RESET inferacct.unpriced;
SELECT is(current_setting('inferacct.contract', true), '', 'reading leaves the settings of the session');
SELECT ok((SELECT bool_and((reproduce_month(month)).reproduced) FROM closed_month), 'both are reproduced');

-- A price published for later, one known meanwhile, and one amid an hour.
INSERT INTO price_version (published_at, note) VALUES ('2099-01-01Z', 'announced');
INSERT INTO price (version, provider, model, meter, usd) SELECT max(version), 'jou', 'jou-a', 'input', 77 FROM price_version;
SELECT results_eq($$SELECT usd, known_at < now() + interval '1 hour' FROM close_month('2021-05-01')$$, $$SELECT sum(usd), true FROM truth WHERE month = '2021-05-01'$$, 'a price published for 2099 is not in the books of today');
SELECT set_price('jou', 'jou-b', 'input', 6, '2021-05-01Z');
SELECT ok((reproduce_month('2021-05-01')).reproduced AND (verify_month('2021-05-01')).verified, 'what is published later breaks no reproduction, whatever was announced');
SELECT ok((SELECT price_effect > 0 FROM month_close WHERE month = '2021-05-01'), 'it is the effect of a price');
SELECT set_eq($$SELECT month, price_effect FROM month_close WHERE month < '2021-05-01'$$, $$VALUES (date '2021-03-01', 0::numeric), ('2021-04-01', 0)$$, 'and what is announced is none');
SELECT set_price('jou', 'jou-b', 'output', 24, '2021-05-03 04:30:17Z');
SELECT ok((SELECT problem LIKE '%cannot be repriced: IA005%' AND price_effect IS NULL AND late_effect IS NULL AND booked_usd > 0 FROM month_close WHERE month = '2021-05-01'), 'a price amid a booked hour: the effects are not known, and why');
SELECT ok((SELECT bool_and(problem IS NULL AND price_effect IS NOT NULL) FROM month_close WHERE month < '2021-05-01'), 'other months are compared as ever');
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT restated_usd - booked_usd FROM month_close WHERE month = '2021-05-01'$$, $$SELECT sum(t.usd) - (SELECT usd FROM closed_month WHERE month = '2021-05-01') FROM truth AS t WHERE month = '2021-05-01'$$, 'their sum is known all the same');
SELECT results_eq($$SELECT usd FROM restate_month('2021-05-01', 'the new output price')$$, $$SELECT sum(usd) FROM truth WHERE month = '2021-05-01'$$, 'restated, the books are what the rows cost now');
SELECT set_eq($$SELECT price_effect, late_effect, problem FROM month_close WHERE month = '2021-05-01'$$, 'VALUES (0::numeric, 0::numeric, NULL::text)', 'and nothing is open');
SELECT ok((SELECT bool_and(verified) FROM month_journal AS j, verify_month(j.month, j.entry)), 'the entry that was restated is still as it was booked');
SELECT results_eq('SELECT j.usd FROM month_journal AS j WHERE entry = 6', $$SELECT trim_scale(c.usd - (SELECT sum(b.usd) FROM booked_usage AS b WHERE b.entry = 5)) FROM closed_month AS c WHERE month = '2021-05-01'$$, 'its entry is the difference');

-- Adjustments: late rows and prices of a closed month, in the books of an open one.
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team) VALUES ('2021-03-10Z', usage(1000000), 'jou-b', 'jou', 'late', 'jou', 'violet'), ('2021-04-11Z', usage(1000000), 'jou-b', 'jou', 'late too', 'jou', 'red');
DELETE FROM usage_log WHERE source = 'jou' AND request_id = 'r100' || timestamptz '2021-03-01 00:00Z';
SELECT set_price('jou', 'jou-a', 'output', 5, '2021-03-20Z');
SELECT pg_temp.refresh();
CREATE TEMP TABLE march AS SELECT unbooked_usd, late_effect, price_effect FROM month_close WHERE month = '2021-03-01';
SELECT results_eq('SELECT unbooked_usd = late_effect + price_effect AND late_effect <> 0 AND price_effect <> 0 FROM march', 'VALUES (true)', 'March is open by late rows, a deleted one and a price');
SELECT throws_ok($$SELECT adjust_month('2021-03-01', '2021-04-01')$$, '55000', NULL, 'it is not adjusted into a closed month');
SELECT throws_ok($$SELECT adjust_month('2021-07-01', '2021-08-01')$$, '42704', NULL, 'nor is an open one');
SELECT results_eq($$SELECT kind, month, of_month, usd, why FROM adjust_month('2021-03-15', '2021-06-20', 'late and repriced')$$, $$SELECT 'adjustment', date '2021-06-01', date '2021-03-01', unbooked_usd, 'late and repriced' FROM march$$, 'it is adjusted into June');
SELECT results_eq($$SELECT adjusted_usd, unbooked_usd FROM month_close WHERE month = '2021-03-01'$$, 'SELECT unbooked_usd, 0::numeric FROM march', 'then nothing of it is open');
SELECT is((adjust_month('2021-03-15', '2021-06-20')).entry, NULL, 'and there is nothing more to adjust');
SELECT results_eq($$SELECT team, unbooked_usd, booked_requests FROM restated_spend WHERE month = '2021-03-01' AND team = 'violet'$$, $$VALUES ('violet', 0::numeric, 0::bigint)$$, 'line by line');
SELECT throws_ok($$SELECT reopen_month('2021-03-01')$$, '55000', NULL, 'what is adjusted is not reopened: it would count twice');
SELECT throws_ok($$SELECT restate_month('2021-03-01')$$, '55000', NULL, 'nor restated');

-- The sum of the journal is the sum of the books, by year, team and provider.
SELECT is((SELECT sum(usd) FROM month_journal), (SELECT sum(usd + shared_usd) FROM closed_month) + (SELECT unbooked_usd FROM march), 'the journal adds up to the books');
SELECT is_empty('SELECT j.entry FROM month_journal AS j LEFT JOIN journal_line AS l USING (entry) GROUP BY j.entry HAVING j.usd <> coalesce(sum(l.usd), 0)', 'entry by entry');
SELECT set_eq($$SELECT team, provider, sum(closed_usd) FROM month_books WHERE month <> '2021-06-01' GROUP BY 1, 2$$, 'SELECT team, provider, sum(usd) FROM booked_spend GROUP BY 1, 2', 'by team and provider');
SELECT set_eq($$SELECT month, sum(usd) AS usd, sum(adjusted_usd) AS adjusted FROM month_books GROUP BY 1$$, $$SELECT month, usd, NULL::numeric FROM closed_month UNION ALL SELECT '2021-06-01', unbooked_usd, unbooked_usd FROM march$$, 'and by month');

-- forget_usage() makes no closed month look late.
CREATE TEMP TABLE before AS SELECT * FROM restated_spend;
SELECT ok(forget_usage('usage_log', '2021-03-01Z', '2021-03-20Z') > 0, 'hours are forgotten');
SELECT ok(forget_usage('usage_log', '2021-03-15Z', '2021-05-03Z') > 0, 'some of them again, and others');
SELECT set_eq('SELECT * FROM restated_spend', 'SELECT * FROM before', 'and every figure of closed months stays, of late rows, too');
SELECT ok((SELECT bool_and(verified) FROM month_journal AS j, verify_month(j.month, j.entry)), 'what is booked can be verified without them');
SELECT lives_ok($$SELECT reopen_month('2021-04-01')$$, 'a month is reopened');
SELECT throws_like($$SELECT close_month('2021-04-01')$$, '%is not complete%', 'but not closed without hours that are forgotten');
SELECT pg_temp.refresh();
SELECT set_eq($$SELECT * FROM restated_spend WHERE month <> '2021-04-01'$$, $$SELECT * FROM before WHERE month <> '2021-04-01'$$, 'what is read again counts as it is read');
SELECT is_empty('SELECT FROM forgotten_hour', 'and is forgotten no more');
SELECT lives_ok($$SELECT close_month('2021-04-01')$$, 'then it is closed');
SELECT forget_usage('usage_log', '2021-07-01Z', '2021-08-01Z');

-- Shared costs are booked with the month, and frozen.
INSERT INTO shared_cost (month, name, usd) VALUES ('2021-06-01', 'gateway', 1000);
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since) VALUES ('jou-ptu', 'jou', 'PT', '{jou-b}', 'provisioned', 'PTU', 1, 10, 'hour', '2021-06-01Z');
SELECT pg_temp.log(1, 100, '2021-06-01 00:00Z');
SELECT pg_temp.refresh();
SELECT results_eq($$SELECT usd, shared_usd FROM close_month('2021-06-01')$$, $$SELECT sum(usd), 8200.0 FROM truth WHERE month = '2021-06-01'$$, 'a month is closed with what it shares');
SELECT is((SELECT usd FROM month_journal ORDER BY entry DESC LIMIT 1), (SELECT usd + shared_usd FROM closed_month WHERE month = '2021-06-01'), 'the journal has both');
SELECT is((SELECT sum(usd) FROM month_books WHERE month = '2021-06-01' AND team = 'blue' AND shared_cost = 'stated gateway'), (SELECT allocated_usd FROM shared_cost_allocation WHERE month = '2021-06-01' AND name = 'gateway' AND team = 'blue'), 'by team');
UPDATE shared_cost SET usd = 5000 WHERE month = '2021-06-01';
SELECT results_eq($$SELECT booked_shared_usd, shared_effect, unbooked_usd FROM month_close WHERE month = '2021-06-01'$$, 'VALUES (8200.0, 4000.0, 4000.0)', 'what is changed later is seen');
SELECT results_eq($$SELECT usd FROM adjust_month('2021-06-01', '2021-08-01')$$, 'VALUES (4000.0)', 'and can be adjusted');
SELECT results_eq($$SELECT shared_effect, adjusted_usd, unbooked_usd FROM month_close WHERE month = '2021-06-01'$$, 'VALUES (4000.0, 4000.0, 0.0)', 'once');

-- A request with a wrong clock harms nothing outside itself.
CREATE TEMP TABLE charged AS SELECT * FROM commitment_charge;
INSERT INTO usage_log (at, usage, model, source, request_id, provider, team) VALUES ('2099-01-15Z', usage(1), 'jou-b', 'jou', '2099', 'jou', 'red');
SELECT refresh_hours('usage_log', '2099-01-01Z', '2099-02-01Z', ARRAY[timestamptz '2099-01-15Z'], clock_timestamp());
SELECT set_eq('SELECT * FROM commitment_charge', 'SELECT * FROM charged', 'a request of 2099 makes no month of an open commitment');

-- Who really, and who sees it.
CREATE ROLE inferacct_test_fin IN ROLE inferacct_admin;
CREATE ROLE inferacct_test_violet ROLE CURRENT_USER IN ROLE inferacct_reader;
INSERT INTO team_member VALUES ('inferacct_test_violet', 'blue');
SELECT reopen_month('2021-04-01');
SET LOCAL ROLE inferacct_test_fin;
SELECT results_eq($$SELECT closed_by FROM close_month('2021-04-01')$$, $$VALUES ('inferacct_test_fin')$$, 'the role that was set has closed it');
RESET ROLE;
SELECT results_eq('SELECT who, logged_in_as COLLATE "default" FROM month_journal ORDER BY entry DESC LIMIT 1', $$SELECT 'inferacct_test_fin', session_user::text COLLATE "default"$$, 'and who logged in is noted');
SELECT protect_usage();
SET LOCAL ROLE inferacct_test_violet;
SELECT set_eq('SELECT DISTINCT team FROM month_books', $$VALUES ('blue')$$, 'a team sees its own lines of the books');
SELECT results_eq($$SELECT booked_usd = (SELECT sum(usd) FROM booked_spend WHERE month = '2021-04-01'), reproduced FROM reproduce_month('2021-04-01')$$, 'VALUES (true, true)', 'and reproduces what it sees, without a false alarm');
SELECT throws_ok($$SELECT verify_month('2021-04-01')$$, '42501', NULL, 'a digest is of everybody''s');
SELECT is_empty('SELECT * FROM inferacct_check() WHERE what = ''month_journal''', 'which is no problem to report');
RESET ROLE;
SELECT protect_usage(false);

-- Whoever changes what is booked is found.
SELECT throws_ok(statement, 'IA103', NULL, statement) FROM unnest(ARRAY['DELETE FROM month_journal', 'UPDATE month_journal SET usd = 0', 'TRUNCATE journal_line', 'DELETE FROM booked_cost', 'DELETE FROM closed_month']) AS statement;
CREATE FUNCTION pg_temp.tampered(relation text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
	EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', relation);
	EXECUTE statement;
	SELECT string_agg(DISTINCT j.entry::text, ' ') INTO found FROM month_journal AS j, verify_month(j.month, j.entry) AS v WHERE NOT v.verified;
	RAISE EXCEPTION USING MESSAGE = coalesce(found, 'nothing');
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;
END $$;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is(pg_temp.tampered(relation, statement), found, statement) FROM (VALUES
	('booked_usage', 'UPDATE booked_usage SET usd = usd + 0.000001 WHERE entry = 3 AND first_at = (SELECT min(first_at) FROM booked_usage WHERE entry = 3)', '3'),
	('booked_usage', $s$DELETE FROM booked_usage WHERE entry = 3 AND team = 'red'$s$, '3'),
	('booked_cost', $s$UPDATE booked_cost SET team = 'x' WHERE team = 'red'$s$, '10 11'),
	('journal_line', 'UPDATE journal_line SET usd = 1 WHERE entry = 2', 'nothing'),
	('journal_line', $s$UPDATE journal_line SET team = 'x' WHERE entry = 3 AND team = 'red'$s$, '3'),
	('month_journal', $s$UPDATE month_journal SET who = 'somebody else' WHERE entry = 4$s$, '4'),
	('price', $s$UPDATE price SET usd = 0.5 WHERE provider = 'jou' AND model = 'jou-a' AND usd = 1$s$, '10 11 13 3 4 5 6 7 9'),
	('price', $s$UPDATE price SET usd = 8 WHERE model = 'jou-unused'$s$, 'nothing'),
	('price_version', $s$UPDATE price_version SET digest = repeat('0', 64) WHERE version = (SELECT version FROM price WHERE model = 'jou-unused')$s$, '1 10 11 12 13 2 3 4 5 6 7 8 9')) AS t(relation, statement, found);
-- Prices that no booked row used are looked at by verify_prices(), and no more by each verify_month().
SELECT is(pg_temp.tampered('price', $s$UPDATE price SET usd = 8 WHERE model = 'jou-unused'; DO $d$ BEGIN IF NOT EXISTS (SELECT FROM inferacct.verify_prices()) THEN RAISE EXCEPTION 'verify_prices() has not seen it'; END IF; END $d$$s$), 'nothing', 'a price that no month used is found by verify_prices()');
CREATE FUNCTION pg_temp.evidence(entry bigint) RETURNS text LANGUAGE sql AS $$ SELECT encode(sha256(convert_to(string_agg(line || E'\n', '' ORDER BY n), 'UTF8')), 'hex') FROM month_evidence($1) WITH ORDINALITY AS e(line, n) $$;
SELECT is_empty('SELECT FROM month_journal WHERE digest <> pg_temp.evidence(entry)', 'a digest is that of the lines of month_evidence()');

SELECT * FROM finish();
ROLLBACK;
