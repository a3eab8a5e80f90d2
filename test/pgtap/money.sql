-- Amounts as numeric: byte for byte what numeric itself makes of their text.
SET search_path = inferacct, public;
BEGIN;
SELECT plan(4);

SELECT set_price('money-test', 'femto', 'input', 0.000000001);	-- 1e-15 USD a token
SELECT set_price('money-test', 'dear', 'input', 9223.372036854775807, unit_quantity => 1);

SELECT setseed(0.25);
CREATE TEMP TABLE femto AS
SELECT n FROM (VALUES (0::bigint), (1), (10), (9999), (10000), (99999999), (999999999999999), (1000000000000000), (10000000000000000),
	(922337203685477580), (922337203685477581), (922337203685477582), (9223372036854775807), (1000000000000000000), (9000000000000000000)) v(n)
UNION ALL
SELECT (random() * 10 ^ (random() * 18.9))::bigint FROM generate_series(1, 20000)
UNION ALL
SELECT (1 + random() * 1000)::bigint * (10 ^ (i % 16))::bigint FROM generate_series(1, 20000) i;

SELECT is((SELECT count(*) FROM femto
	WHERE numeric_send(token_cost('money-test/femto', n, 0, '2026-10-01'))
		IS DISTINCT FROM numeric_send(trim_scale(n * 0.000000000000001))), 0::bigint,
	'amounts of 64 bits');
SELECT is((SELECT count(*) FROM femto
	WHERE token_cost('money-test/femto', n, 0, '2026-10-01')::text <> trim_scale(n * 0.000000000000001)::text), 0::bigint,
	'... and their text');
SELECT is((SELECT count(*) FROM femto
	WHERE numeric_send(token_cost('money-test/dear', n, 0, '2026-10-01'))
		IS DISTINCT FROM numeric_send(trim_scale(n * 9223.372036854775807))), 0::bigint,
	'amounts of 128 bits');
-- below zero: a moving sum that gives back what it took
SELECT is((SELECT count(*) FROM (
		SELECT spend('money-test/femto', n, 0, '2026-10-01') OVER w AS moving, sum(n) OVER w * 0.000000000000001 AS expected
		FROM (SELECT n FROM femto LIMIT 5000) f
		WINDOW w AS (ORDER BY n ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING)) s
	WHERE moving IS DISTINCT FROM expected), 0::bigint, 'moving sums');

SELECT * FROM finish();
ROLLBACK;
