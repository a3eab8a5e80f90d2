-- Costs: errors by SQLSTATE, and equality with plain numeric arithmetic.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(103);

CREATE FUNCTION pg_temp.field_of(statement text, field text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN CASE field WHEN 'detail' THEN detail WHEN 'hint' THEN hint ELSE message END;
END $$;

CREATE TEMP TABLE published ON COMMIT DROP AS SELECT set_price(provider, model, meter, usd, from_day) AS version FROM (VALUES
	('tapco', 'zebra-1', 'input', 3, timestamptz '2025-01-01'), ('tapco', 'zebra-1', 'output', 15, '2025-01-01'),
	('tapco', 'zebra-2', 'input', 4, '2025-01-01'), ('copat', 'zebra-2', 'input', 5, '2025-01-01'),
	('tapco', 'zebra-3', 'pages', 1000000000, '2025-01-01'), ('tapco', 'zebra-3', 'images', 9223000000, '2025-01-01'), ('tapco', 'zebra-3', 'seconds', 9223000000, '2025-01-01'),
	('tapco', 'zebra-3', 'characters', 9223000000, '2025-01-01')) v (provider, model, meter, usd, from_day);
INSERT INTO published VALUES (set_price('tapco', 'zebra-1', 'input', 6, '2025-01-01', above_input_tokens => 1000)),
	(set_price('tapco', 'zebra-1', 'input', 1, '2025-06-01', service_tier => 'batch'));
INSERT INTO model_alias (alias, provider, model) VALUES ('zebra-lost', 'tapco', 'zebra-0');

-- every verb complains of the same, under the same code
CREATE FUNCTION pg_temp.all_verbs(model text, usage text, at text, tier text, code text, what text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT throws_ok(format(verb, model, usage, at, tier), code, NULL, what || ': ' || split_part(verb, '(', 1))
	FROM unnest(ARRAY['SELECT token_cost(%L, %s, %L, %L)', 'SELECT token_cost_detail(%L, %s, %L, %L)', 'SELECT spend(%L, %s, %L, %L, NULL)',
		'SELECT token_cost(price_book(), %L, %s, %L, %L)', 'SELECT spend(price_book(), %L, %s, %L, %L, NULL)']) AS verb $$;
SELECT pg_temp.all_verbs('zebra-9', 'usage(1)', '2026-01-01', 'standard', 'IA002', 'unknown model');
SELECT pg_temp.all_verbs('zebra-2', 'usage(1)', '2026-01-01', 'standard', 'IA003', 'ambiguous model');
SELECT pg_temp.all_verbs('zebra-1', 'usage(1)', '2026-01-01', 'gold', 'IA004', 'unknown tier');
SELECT pg_temp.all_verbs('zebra-1', 'usage(web_searches => 1)', '2026-01-01', 'standard', 'IA001', 'unpriced meter');
SELECT pg_temp.all_verbs('zebra-1', 'usage(1)', '2024-12-31', 'standard', 'IA001', 'before the first price');
SELECT pg_temp.all_verbs('zebra-1', 'usage(1)', '2025-05-31', 'batch', 'IA001', 'before the tier');
SELECT pg_temp.all_verbs('zebra-1', 'usage(1001, requests => 2)', '2026-01-01', 'standard', 'IA005', 'several requests');
SELECT pg_temp.all_verbs('zebra-1', 'usage(1)', 'infinity', 'standard', '22008', 'infinite time');
SELECT pg_temp.all_verbs('zebra-1', 'usage(9223372036854775807, cache_read => 1)', '2026-01-01', 'standard', '22003', 'input beyond bigint');
SELECT throws_ok($$SELECT token_cost('zebra-1', -1, 0, '2026-01-01')$$, 'IA203', NULL, 'negative input');
SELECT throws_ok($$SELECT token_cost('zebra-1', 0, -1, '2026-01-01')$$, 'IA203', NULL, 'negative output');
SELECT throws_ok($$SELECT spend('zebra-1', 0, -9223372036854775808, '2026-01-01')$$, 'IA203', NULL, 'negative output in spend');
SELECT throws_ok($$SELECT token_cost('zebra-1', 1, 1, '-infinity')$$, '22008', NULL, 'infinite time of plain tokens');
SELECT throws_ok($$SELECT token_cost('zebra-lost', 1, 1, '2026-01-01')$$, 'IA002', NULL, 'an alias of a model without prices');
SELECT throws_ok($$SELECT token_cost('', 1, 1, '2026-01-01')$$, 'IA002', NULL, 'no name');
SELECT throws_ok($$SELECT token_cost(repeat('z', 100000), 1, 1, '2026-01-01')$$, 'IA002', NULL, 'too long a name');
SELECT is_empty($$SELECT p.provider, p.model, r.* FROM (SELECT DISTINCT provider, model FROM price WHERE version <= 1000) p, resolve_model(p.provider || '/' || p.model) r
	WHERE (r.provider, r.model) <> (p.provider, p.model)$$, 'the full name of a shipped model is its own');
SELECT throws_ok($$SET LOCAL inferacct.contract = 'nobody'; SELECT token_cost('zebra-1', 1, 1, '2026-01-01')$$, 'IA006', NULL, 'a contract that there is not');
RESET inferacct.contract;
SELECT set_price('tapco', 'zebra-4', 'input', 5, '2025-01-01') < set_price('tapco', 'zebra-4', 'input', NULL, '2026-01-01') AS not_a_test \gset
INSERT INTO contract_term (contract, provider, model, meter, usd) VALUES ('tapdeal', 'tapco', 'zebra-4', 'input', 2);
SET LOCAL inferacct.contract = 'tapdeal';
SELECT is(token_cost('zebra-4', 1000000, 0, '2026-06-01'), 2::numeric, 'a negotiated price needs no list price');
RESET inferacct.contract;

-- what the errors tell
SELECT alike(pg_temp.field_of($$SELECT token_cost('zabra-1', 1, 1, '2026-01-01')$$, 'hint'), 'Nearest known: tapco/zebra-1%', 'an unknown model: the nearest names');
SELECT is(pg_temp.field_of($$SELECT token_cost('zebra-2', 1, 1, '2026-01-01')$$, 'detail'), '2 providers have it: copat/zebra-2, tapco/zebra-2.', 'an ambiguous one: who has it');
SELECT is(pg_temp.field_of($$SELECT token_cost('zebra-1', usage(1), '2026-01-01', 'gold')$$, 'detail'), 'Its service tiers: standard, batch.', 'an unknown tier: those that there are');
SELECT alike(pg_temp.field_of($$SELECT token_cost('tapco/zebra-3', usage(input => 1, pages => 1), '2026-01-01')$$, 'message'), '%"input"%"tapco/zebra-3"%', 'an unpriced meter: which, of what');
SELECT alike(pg_temp.field_of($$SELECT token_cost('zebra-1', usage(1001, requests => 2), '2026-01-01')$$, 'detail'), '%1001 input tokens or above; these 2 requests have 1001 together.', 'several requests: the threshold and the total');

-- unpriced = null: what cannot be priced has no cost, and no row stops the others
SET LOCAL inferacct.unpriced = 'null';
SELECT is((SELECT count(*) FROM (VALUES (token_cost('zebra-9', 1, 1, '2026-01-01')), (token_cost('zebra-2', usage(1), '2026-01-01')), (token_cost('zebra-1', usage(1), '2026-01-01', 'gold')),
	(token_cost('zebra-1', usage(pages => 1), '2026-01-01')), (token_cost('zebra-1', 1, 1, '2024-01-01')), (token_cost('zebra-lost', 1, 1, '2026-01-01'))) v (usd) WHERE usd IS NULL), 6::bigint,
	'without a price there is no cost');
SELECT is_empty($$SELECT token_cost_detail('zebra-1', usage(pages => 1), '2026-01-01')$$, 'nor a detail');
CREATE FUNCTION pg_temp.all_null(model text, usage text, at text, tier text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	verb text;
	usd numeric;
BEGIN
	FOREACH verb IN ARRAY ARRAY['SELECT token_cost(%L, %s, %L, %L)', 'SELECT sum(usd) FROM token_cost_detail(%L, %s, %L, %L)', 'SELECT spend(%L, %s, %L, %L, NULL)',
		'SELECT token_cost(price_book(), %L, %s, %L, %L)', 'SELECT spend(price_book(), %L, %s, %L, %L, NULL)'] LOOP
		EXECUTE format(verb, model, usage, at, tier) INTO usd;
		RETURN NEXT is(usd, NULL, what || ' is NULL: ' || verb);
	END LOOP;
END $$;
SELECT pg_temp.all_null('zebra-1', 'usage(1)', at, 'standard', 'the time ' || at) FROM unnest(ARRAY['infinity', '-infinity']) AS at;
SELECT pg_temp.all_null('zebra-1', 'usage(1001, requests => 2)', '2026-01-01', 'standard', 'a sum that passes a tier');
SELECT pg_temp.all_null('zebra-1', 'usage(9223372036854775807, cache_read => 1)', '2026-01-01', 'standard', 'input beyond bigint');
CREATE TEMP TABLE odd ON COMMIT DROP AS SELECT * FROM (VALUES (-1, 1, timestamptz '2026-01-01'), (1, -1, '2026-01-01'), (1, 1, 'infinity'), (1, 1, '-infinity'), (1, 1, '4714-11-24 BC'), (1000000, 0, '2026-01-01')) AS v (input, output, at);
SELECT is((SELECT spend('zebra-1', input, output, at) FROM odd), 6::numeric, 'no row stops spend()');
SELECT is((SELECT spend(price_book(), 'zebra-1', input, output, at) FROM odd), 6::numeric, 'nor that of a price book');
SELECT is((SELECT count(token_cost('zebra-1', input, output, at)) FROM odd), 1::bigint, 'nor token_cost()');
SELECT is((SELECT count(*) FROM odd, token_cost_detail('zebra-1', input, output, at)), 1::bigint, 'nor its detail');
SELECT is((SELECT array_agg(m.usd) FROM unnest((SELECT spend_by_month('zebra-1', input, output, at) FROM odd)) AS m), ARRAY[6::numeric], 'nor spend_by_month()');
SELECT is((SELECT array_agg(m.usd) FROM unnest((SELECT spend_by_month('zebra-1', usage(greatest(input, 0)), at) FROM odd WHERE output = 0 OR NOT isfinite(at))) AS m), ARRAY[6::numeric], 'nor that of usages');
SELECT isnt((SELECT batch_savings('zebra-1', usage(greatest(input, 0)), at, '1 day') FROM odd WHERE output = 0 OR NOT isfinite(at)), NULL, 'nor batch_savings()');
RESET inferacct.unpriced;

-- exact: odd prices and huge counts, against numeric
SELECT setseed(0.25) IS NULL AS not_a_test \gset
INSERT INTO published SELECT set_price('tapco', 'odd-' || i, m.meter, round((random() * 10 ^ (i % 10 - 4))::numeric, 9))
FROM generate_series(1, 40) AS i, (VALUES ('input'), ('output')) m (meter);
CREATE TEMP TABLE big ON COMMIT DROP AS
SELECT 'tapco/odd-' || i AS model, i_usd, o_usd, (random() * 9e18)::bigint >> (n * 3) AS input, (random() * 9e18)::bigint >> (n * 2) AS output
FROM (SELECT i, (SELECT usd FROM price WHERE (model, meter) = ('odd-' || i, 'input')) AS i_usd, (SELECT usd FROM price WHERE (model, meter) = ('odd-' || i, 'output')) AS o_usd
	FROM generate_series(1, 40) AS i) o, generate_series(0, 20) AS n;
SELECT is_empty($$SELECT * FROM big WHERE token_cost(model, input, output, '2026-01-01') <> (input * i_usd + output * o_usd) * 0.000001$$, 'odd prices times huge counts are exact');
SELECT is_empty($$SELECT * FROM big WHERE token_cost(model, input, output, '2026-01-01')::text ~ '[.].*0$|[.]$'$$, 'and have no trailing zeros');
SELECT is((SELECT spend(model, input, output, '2026-01-01') FROM big), (SELECT sum(input * i_usd + output * o_usd) * 0.000001 FROM big), 'so are their sums');
SELECT is(token_cost('zebra-3', usage(pages => 9223372036854775807), '2026-01-01'), 9223372036854775807 * 1000::numeric, 'the largest count');
SELECT throws_ok($$SELECT spend('zebra-3', usage(images => 9223372036854775807, seconds => 9223372036854775807), '2026-01-01') FROM generate_series(1, 2)$$, '22003', NULL, 'a sum out of range is refused');

-- requests of every shipped model, against the price rows themselves
CREATE TEMP TABLE known ON COMMIT DROP AS
SELECT * FROM price_history h WHERE region = '' AND version <= 1000
	AND NOT EXISTS (SELECT FROM price w WHERE (w.provider, w.model) = (h.provider, h.model) AND (w.time_windows IS NOT NULL OR w.region = '' AND w.multiplier IS NOT NULL));
CREATE INDEX ON known (model, provider, service_tier, meter);
ANALYZE known;
CREATE TEMP TABLE request ON COMMIT DROP AS
SELECT m.provider || '/' || m.model AS name, m.provider, m.model,
	timestamptz '2023-06-01' + (random() * 1200)::int * interval '1 day' + n * interval '1 hour' AS at,
	(ARRAY['standard', 'standard', 'batch', 'flex', 'priority'])[1 + (random() * 4)::int] AS tier,
	usage((random() ^ 4 * 400000)::bigint, (random() * 20000)::bigint, (random() - 0.5 > 0)::int * 1234, (random() - 0.7 > 0)::int * 567,
		(random() - 0.9 > 0)::int * 89, (random() - 0.6 > 0)::int * 3210, web_searches => (random() > 0.95)::int) AS used
FROM (SELECT DISTINCT provider, model FROM known) m, generate_series(1, 4) AS n;
CREATE TEMP TABLE parent (meter text, depth int, priced_as text) ON COMMIT DROP;
INSERT INTO parent VALUES ('input', 0, 'input'), ('output', 0, 'output'), ('cache_read', 0, 'cache_read'), ('cache_read', 1, 'input'), ('cache_write', 0, 'cache_write'), ('cache_write', 1, 'input'),
	('cache_write_1h', 0, 'cache_write_1h'), ('reasoning', 0, 'reasoning'), ('reasoning', 1, 'output'),
	('requests', 0, 'requests'), ('web_searches', 0, 'web_searches');
CREATE TEMP TABLE expected ON COMMIT DROP AS
SELECT r.*, (SELECT CASE WHEN count(*) FILTER (WHERE p.usd IS NULL AND m.meter <> 'requests') = 0 THEN coalesce(sum(m.quantity * p.usd * round(1.0 / p.unit_quantity, 6)), 0) END
	FROM meters(r.used) m LEFT JOIN LATERAL (
		SELECT k.usd, k.unit_quantity FROM parent f JOIN known k ON (k.provider, k.model, k.meter) = (r.provider, r.model, f.priced_as)
		WHERE f.meter = m.meter AND k.service_tier IN (r.tier, 'standard') AND k.usd IS NOT NULL
			AND k.valid_from <= r.at AND (k.valid_to IS NULL OR r.at < k.valid_to)
			AND (k.above_input_tokens = 0 OR input_tokens(r.used) > k.above_input_tokens OR k.threshold_inclusive AND input_tokens(r.used) = k.above_input_tokens)
			AND EXISTS (SELECT FROM known t WHERE (t.provider, t.model, t.service_tier) = (r.provider, r.model, r.tier)
				AND t.usd IS NOT NULL AND t.valid_from <= r.at AND (t.valid_to IS NULL OR r.at < t.valid_to))
		ORDER BY f.depth, k.service_tier = r.tier DESC, k.above_input_tokens DESC LIMIT 1) p ON true) AS usd
FROM request r;
SET LOCAL inferacct.unpriced = 'null';
SELECT cmp_ok((SELECT count(*) FROM expected WHERE usd > 0), '>', 1000::bigint, 'many requests of shipped models have a price');
SELECT is_empty($$SELECT name, at, tier, used, usd, token_cost(name, used, at, tier) FROM expected
	WHERE token_cost(name, used, at, tier) IS DISTINCT FROM usd LIMIT 10$$, 'and cost what their price rows say');
SELECT is((SELECT spend(name, used, at, tier, NULL) FROM expected), (SELECT sum(usd) FROM expected), 'spend() is the sum of it');
SELECT is((SELECT spend((SELECT price_book()), name, used, at, tier, NULL) FROM expected), (SELECT sum(usd) FROM expected), 'by a price book, too');
SELECT is((SELECT spend(name, used, at) FROM expected WHERE tier = 'standard'), (SELECT sum(token_cost(name, used, at)) FROM expected WHERE tier = 'standard'), 'and sum(token_cost())');
SELECT is((SELECT spend(name, meter(used, 'input'), meter(used, 'output'), at) FROM expected), (SELECT sum(token_cost(name, usage(meter(used, 'input'), meter(used, 'output')), at)) FROM expected),
	'plain tokens cost the same as their usage');
SELECT is_empty($$SELECT name FROM expected WHERE usd > 0 AND (SELECT sum(d.usd) FROM token_cost_detail(name, used, at, tier) d) IS DISTINCT FROM usd$$, 'details add up');
SELECT is_empty($$SELECT name FROM expected, token_cost_detail(name, used, at, tier) d WHERE d.usd <> d.quantity * d.unit_usd * round(1.0 / d.unit_quantity, 6)$$, 'and multiply');
SELECT is((SELECT sum(usd) FROM (SELECT tier, spend(name, used, at, tier, NULL) AS usd FROM expected GROUP BY tier) g), (SELECT sum(usd) FROM expected), 'groups add up');

SELECT * FROM finish();
ROLLBACK;
