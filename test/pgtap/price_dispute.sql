-- price_dispute: what differences between catalogs are worth in one's own spend.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = error;
SELECT plan(14);

-- Three catalogs: a native one, whose prices hold, and two others.
SELECT load_prices('{"disp/one": {"litellm_provider": "disp", "mode": "chat", "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6},
	"disp/agreed": {"litellm_provider": "disp", "mode": "chat", "input_cost_per_token": 1e-6},
	"disp/own": {"litellm_provider": "disp", "mode": "chat", "input_cost_per_token": 1e-6}}', 'litellm', source => 'theirs');
SELECT load_prices('[{"id": "disp", "name": "disp", "api_pattern": "x", "models": [{"id": "one", "match": {"equals": "one"}, "prices": {"input_mtok": 2.2, "output_mtok": 9}}]}]', 'genai-prices', source => 'others');
SELECT load_prices('{"inferacct": 1, "source": "test", "checked_on": "2031-01-31", "prices": [
	{"provider": "disp", "model": "one", "usd": {"input": "2.5", "output": "9"}}, {"provider": "disp", "model": "one", "service_tier": "batch", "multiplier": {"*": "0.5"}},
	{"provider": "disp", "model": "agreed", "usd": {"input": "1"}}, {"provider": "disp", "model": "own", "usd": {"input": "3"}}, {"provider": "disp", "model": "free", "usd": {"input": "0"}, "agreement": "disputed", "note": "0.1: elsewhere"},
	{"provider": "disp", "model": "marked", "usd": {"input": "1.5"}, "agreement": "disputed", "note": "1.4: genai-prices of 2026-09-23; 2: litellm of 2026-08-01"},
	{"provider": "disp", "model": "wordy", "usd": {"input": "1"}, "agreement": "disputed", "note": "nobody knows"}]}');
SELECT set_price('disp', 'own', 'input', 7);
INSERT INTO usage_log (at, usage, model, service_tier, source, request_id) VALUES
	('2031-02-03Z', usage(1000000, 100), 'disp/one', 'standard', 'disp', '1'), ('2031-02-04Z', usage(3000000), 'disp/one', 'batch', 'disp', '2'), ('2031-03-04Z', usage(7, cache_read => 10), 'disp/one', 'standard', 'disp', '3'),
	('2031-02-03Z', usage(1000000), 'disp/agreed', 'standard', 'disp', '4'), ('2031-02-03Z', usage(1000000), 'disp/own', 'standard', 'disp', '5'), ('2031-02-03Z', usage(2000000), 'disp/marked', 'standard', 'disp', '6'),
	('2031-02-03Z', usage(1000000), 'disp/free', 'standard', 'disp', '7'), ('2031-02-03Z', usage(1000000), 'disp/wordy', 'standard', 'disp', '8'), ('2031-02-03Z', usage(1000000), 'disp/unknown', 'standard', 'disp', '9');
SELECT refresh_hours('usage_log', '2031-01-01Z', '2031-06-01Z', refresh_changed('usage_log', '2031-01-01Z', true), clock_timestamp());

SELECT results_eq($$SELECT quantity, usd, held_by, held_usd, unit_quantity, other_by, other_usd, other_source, usd_if_other, difference_usd FROM price_dispute WHERE month = '2031-02-01' AND model = 'one' AND meter = 'input' ORDER BY other_by DESC$$,
	$$VALUES (4000000::bigint, 6.25, 'catalog inferacct', 2.5, 1000000::bigint, 'catalog litellm', 2::numeric, 'theirs', 5::numeric, -1.25), (4000000, 6.25, 'catalog inferacct', 2.5, 1000000, 'catalog genai-prices', 2.2, 'others', 5.5, -0.75)$$,
	'each other catalog, over all that the price has a part in: batch is a multiple of it');
SELECT results_eq($$SELECT other_by, other_usd, usd, usd_if_other FROM price_dispute WHERE month = '2031-02-01' AND model = 'one' AND meter = 'output'$$,
	$$VALUES ('catalog litellm', 8::numeric, 0.0009, 0.0008)$$, 'a catalog that agrees is no other');
SELECT results_eq($$SELECT meter, quantity, usd, other_by, usd_if_other FROM price_dispute WHERE month = '2031-03-01' AND model = 'one' ORDER BY other_by, meter$$,
	$$VALUES ('cache_read', 10::bigint, 0.000025, 'catalog genai-prices', 0.000022), ('input', 7, 0.0000175, 'catalog genai-prices', 0.0000154), ('cache_read', 10, 0.000025, 'catalog litellm', 0.00002), ('input', 7, 0.0000175, 'catalog litellm', 0.000014)$$,
	'a meter without a price of its own is disputed with that of its parent');
SELECT is_empty($$SELECT * FROM price_dispute WHERE model IN ('agreed', 'own', 'unknown')$$, 'where all agree, the price is one''s own, or there is none, nothing is disputed');
SELECT results_eq($$SELECT other_by, other_source, other_usd, usd_if_other, difference_usd FROM price_dispute WHERE model = 'marked'$$,
	$$VALUES ('note', 'litellm of 2026-08-01', 2::numeric, 4::numeric, 1::numeric), ('note', 'genai-prices of 2026-09-23', 1.4, 2.8, -0.2)$$, 'what the catalog itself says of others is valued, too, by what is at stake');
SELECT results_eq($$SELECT other_usd, usd, usd_if_other FROM price_dispute WHERE model = 'free'$$, $$VALUES (0.1, 0::numeric, 0.1)$$, 'what is free by one and not by another');
SELECT results_eq($$SELECT other_by, other_usd, difference_usd, note FROM price_dispute WHERE model = 'wordy'$$, $$VALUES ('note', NULL::numeric, NULL::numeric, 'nobody knows')$$, 'a mark without a figure is shown, not valued');

-- it is what makes a figure disputed, and what a book with the other price would say
SELECT set_eq($$SELECT DISTINCT month, model, meter FROM price_dispute WHERE month >= '2031-01-01'$$,
	$$SELECT DISTINCT month_of(u.at), e.resolved_model, e.meter FROM usage_log AS u CROSS JOIN LATERAL explain_price(u.model, u.usage, u.at, u.service_tier, u.region) AS e
		WHERE u.model <> 'disp/unknown' AND (e.confidence = 'disputed' OR e.meter = 'cache_read')$$, 'the figures that explain_price() calls disputed');
SELECT is((SELECT sum(usd) FROM price_dispute WHERE month = '2031-02-01' AND model = 'one' AND other_by = 'catalog litellm'),
	(SELECT spend(model, usage, at, service_tier, region) FROM usage_log WHERE model = 'disp/one' AND at < '2031-03-01'), 'usd is what the requests cost');
INSERT INTO catalog_rank (catalog, rank) VALUES ('genai-prices', 1);
SELECT is((SELECT spend(model, usage, at, service_tier, region) FROM usage_log WHERE model = 'disp/one' AND at < '2031-03-01'), 5.5009, 'and with the other catalog first they cost usd_if_other');
SELECT results_eq($$SELECT held_by, other_by, difference_usd FROM price_dispute WHERE month = '2031-02-01' AND model = 'one' AND meter = 'input'$$,
	$$VALUES ('catalog genai-prices', 'catalog inferacct', 0.75), ('catalog genai-prices', 'catalog litellm', -0.5)$$, 'and the dispute turns round');
-- a discount of a contract is off either price
INSERT INTO contract (contract) VALUES ('disp-contract');
SELECT set_contract_term('disp-contract', 'disp', percent_off => 10);
SET LOCAL inferacct.contract = 'disp-contract';
SELECT results_eq($$SELECT usd, other_by, usd_if_other FROM price_dispute WHERE month = '2031-02-01' AND model = 'one' AND meter = 'input'$$,
	$$VALUES (4.95, 'catalog inferacct', 5.625), (4.95, 'catalog litellm', 4.5)$$, 'a contract''s discount is off either price');
RESET inferacct.contract;
-- a catalog that was read before the price began disputes nothing
SELECT load_prices('{"inferacct": 1, "source": "test", "checked_on": "2031-01-31", "prices": [{"provider": "disp", "model": "agreed", "valid_from": "2031-02-01", "usd": {"input": "4"}}]}');
SELECT is_empty($$SELECT * FROM price_dispute WHERE model = 'agreed' AND other_by = 'catalog litellm'$$, 'who spoke before a price began does not speak of it');
SELECT is((SELECT count(*) FROM pg_attribute AS a WHERE attrelid = 'price_dispute'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL AND attname NOT IN ('month', 'provider', 'model', 'above_input_tokens', 'unit_quantity')), 0::bigint, 'columns have comments');
SELECT * FROM finish();
ROLLBACK;
