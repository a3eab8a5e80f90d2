-- Prices as a user publishes and reads them.  Single rules of rate cards are in
-- test/unit/rate_card.c, errors in test/pgtap/price.sql.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';

-- two prices make a model
SELECT set_price('fable', 'fox-1', 'input', 3) > 1000 AS a_version_of_this_database;
SELECT set_price('fable', 'fox-1', 'output', 15, source => 'https://example.com/prices') > 1000 AS another;
SELECT token_cost('fox-1', 1000, 200), token_cost('fable/fox-1', 1000000, 0), token_cost('fox-1', 0, 0);
SELECT provider, model, region, service_tier, meter, usd, unit_quantity, valid_from, source
FROM current_price WHERE provider = 'fable' ORDER BY meter;

-- a price change, known in advance: what a request costs depends on its time
SELECT set_price('fable', 'fox-1', 'output', 10, '2026-03-01') IS NOT NULL AS published;
SELECT at, token_cost('fox-1', 0, 1000000, at)
FROM (VALUES (timestamptz '2020-01-01'), ('2026-02-28 23:59:59.999999'), ('2026-03-01 00:00:00'), ('2036-01-01')) v (at);
SELECT meter, usd, valid_from, valid_to FROM price_history WHERE provider = 'fable' ORDER BY meter, valid_from;

-- a correction replaces a price from the same moment on; both stay on record
SELECT set_price('fable', 'fox-1', 'output', 12, '2026-03-01') IS NOT NULL AS corrected;
SELECT usd, valid_from, valid_to FROM price_history WHERE provider = 'fable' AND meter = 'output' ORDER BY valid_from;
SELECT usd, valid_from FROM price WHERE provider = 'fable' AND meter = 'output' ORDER BY version;

-- a withdrawal ends a price; a later one begins another
SELECT set_price('fable', 'fox-1', 'output', NULL, '2026-06-01') IS NOT NULL AS withdrawn;
SELECT set_price('fable', 'fox-1', 'output', 9, '2026-09-01') IS NOT NULL AS sold_again;
SELECT token_cost('fox-1', 0, 1000000, '2026-05-31'), token_cost('fox-1', 0, 1000000, '2026-09-01');
\set SHOW_CONTEXT never
SAVEPOINT s;
SELECT token_cost('fox-1', 0, 1000000, '2026-07-01');
ROLLBACK TO s;
SET LOCAL inferacct.unpriced = 'null';
SELECT token_cost('fox-1', 0, 1000000, '2026-07-01'), token_cost('fox-1', 1000000, 0, '2026-07-01');
RESET inferacct.unpriced;

-- free is a price, unknown is none
SELECT set_price('fable', 'fox-1', 'web_searches', 0, unit_quantity => 1) IS NOT NULL AS free;
SELECT token_cost('fox-1', usage(web_searches => 5), '2026-01-01');
SAVEPOINT s;
SELECT token_cost('fox-1', usage(images => 5), '2026-01-01');
ROLLBACK TO s;
SAVEPOINT s;
SELECT token_cost('fix-1', 1, 1, '2026-01-01');
ROLLBACK TO s;

-- a token meter without a price is billed as its parent, another meter is not
SELECT meter, usd, tier FROM token_cost_detail('fox-1', usage(100, 10, cache_read => 1000, reasoning => 20), '2026-01-01');
SELECT set_price('fable', 'fox-1', 'cache_read', 0.3) IS NOT NULL AS cached;
SELECT meter, usd FROM token_cost_detail('fox-1', usage(100, 10, cache_read => 1000, reasoning => 20), '2026-01-01');

-- context tiers: the whole request at the price of its size, cached tokens included
SELECT set_price('fable', 'fox-1', 'input', 6, above_input_tokens => 200000) IS NOT NULL AS above_200k;
SELECT set_price('fable', 'fox-1', 'input', 8, above_input_tokens => 500000, threshold_inclusive => true) IS NOT NULL AS from_500k;
SELECT total, token_cost('fox-1', total, 0, '2026-01-01') / total * 1000000 AS usd_per_mtok
FROM unnest(ARRAY[1, 200000, 200001, 499999, 500000, 1000000]) AS total;
SELECT meter, quantity, unit_usd, usd, tier
FROM token_cost_detail('fox-1', usage(1, 10, cache_read => 200000), '2026-01-01');
SAVEPOINT s;
SELECT token_cost('fox-1', usage(300000, requests => 3), '2026-01-01');
ROLLBACK TO s;
SELECT token_cost('fox-1', usage(200000, requests => 3), '2026-01-01');

-- service tiers: prices of their own, the standard ones where they have none
SELECT set_price('fable', 'fox-1', 'input', 1.5, service_tier => 'batch') IS NOT NULL AS batch;
SELECT tier, token_cost('fox-1', usage(1000000, 0, cache_read => 0), '2026-01-01', tier) AS input,
	token_cost('fox-1', usage(0, 1000000), '2026-01-01', tier) AS output
FROM unnest(ARRAY['standard', 'batch', 'default', NULL]) AS tier;
SAVEPOINT s;
SELECT token_cost('fox-1', usage(1000), '2026-01-01', 'priority');
ROLLBACK TO s;

-- regions and multipliers
SELECT inferacct.load_prices('{"inferacct": 1, "source": "https://example.com", "checked_on": "2026-11-01", "prices": [
  {"provider": "fable", "model": "owl-1", "usd": {"input": 2, "output": "8", "requests": "0.01"}},
  {"provider": "fable", "model": "owl-1", "region": "eu", "multiplier": {"*": "1.1"}},
  {"provider": "fable", "model": "owl-1", "service_tier": "batch", "multiplier": {"*": "0.5", "output": "0.25"}},
  {"provider": "fable", "model": "owl-1", "region": "jp", "usd": {"output": 10}}]}'::jsonb);
SELECT region, tier, token_cost('owl-1', usage(1000000, 1000000), '2026-01-01', tier, region)
FROM unnest(ARRAY['', 'eu', 'jp', 'xx']) region, unnest(ARRAY['standard', 'batch']) tier ORDER BY tier DESC, region;
SELECT meter, unit_quantity, unit_usd, usd, tier FROM token_cost_detail('owl-1', usage(1000000, 1000000), '2026-01-01', 'batch', 'eu');

-- hours of the week, by the clock of the provider: New York, across the end of summer time
SELECT inferacct.load_prices('{"inferacct": 1, "source": "https://example.com", "checked_on": "2026-11-01", "prices": [
  {"provider": "fable", "model": "bat-1", "usd": {"input": 4, "output": 8}},
  {"provider": "fable", "model": "bat-1", "usd": {"input": 1, "output": 2}, "time_windows":
    {"timezone": "America/New_York", "windows": [{"days": [6, 7], "from": "00:30", "to": "08:30"}, {"days": [1], "from": "22:00", "to": "02:00"}]}}]}'::jsonb);
SELECT at, at AT TIME ZONE 'America/New_York' AS local, to_char(at AT TIME ZONE 'America/New_York', 'Dy') AS day,
	token_cost('bat-1', 1000000, 0, at)
FROM (VALUES (timestamptz '2026-10-31 04:29:59Z'), ('2026-10-31 04:30Z'), ('2026-10-31 12:30Z'), ('2026-10-30 12:00Z'),
	('2026-11-01 12:29:59Z'), ('2026-11-01 13:29:59Z'), ('2026-11-01 13:30Z'),
	('2026-11-03 02:59Z'), ('2026-11-03 03:00Z'), ('2026-11-03 06:59:59Z'), ('2026-11-03 07:00Z'), ('2026-11-04 03:00Z')) v (at);
SET LOCAL timezone = 'Asia/Tokyo';
SELECT token_cost('bat-1', 1000000, 0, '2026-10-31 04:30Z') AS whatever_the_session_says;
SET LOCAL timezone = 'UTC';
SELECT tier FROM token_cost_detail('bat-1', 1, 0, '2026-10-31 04:30Z');

-- what was known when: a correction published in February about January
SELECT inferacct.load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-01-01", "prices": [{"provider": "fable", "model": "elk-1", "valid_from": "2026-01-01", "usd": {"input": 5}}]}'::text, published_at => '2026-01-01');
SELECT inferacct.load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-02-10", "prices": [{"provider": "fable", "model": "elk-1", "valid_from": "2026-01-01", "usd": {"input": 4}}]}'::text, published_at => '2026-02-10');
SELECT token_cost('elk-1', 1000000, 0, '2026-01-15') AS now;
-- another was known earlier
SELECT inferacct.load_prices('{"inferacct": 1, "source": "s", "checked_on": "2025-06-01", "prices": [{"provider": "fable", "model": "emu-1", "usd": {"input": 5}}]}'::text, published_at => '2025-06-01');
SET LOCAL inferacct.as_of = '2026-02-09';
SELECT token_cost('elk-1', 1000000, 0, '2026-01-15') AS as_known_before;
SELECT usd, valid_from FROM price_history WHERE model = 'elk-1';
SET LOCAL inferacct.as_of = '2025-12-31';
SAVEPOINT s;
SELECT token_cost('elk-1', 1000000, 0, '2026-01-15') AS unknown_then;
ROLLBACK TO s;
RESET inferacct.as_of;
SELECT token_cost('elk-1', 1000000, 0, '2026-01-15') AS now;

-- nothing on record is ever changed
SAVEPOINT s;
UPDATE price SET usd = 1 WHERE model = 'elk-1';
ROLLBACK TO s;
SAVEPOINT s;
DELETE FROM price_version;
ROLLBACK TO s;

-- a change that is rolled back is not remembered
SAVEPOINT s;
SELECT set_price('fable', 'elk-1', 'input', 1, '2026-01-01') IS NOT NULL AS cheap;
SELECT token_cost('elk-1', 1000000, 0, '2026-01-15');
ROLLBACK TO s;
SELECT token_cost('elk-1', 1000000, 0, '2026-01-15');
ROLLBACK;
SET search_path = inferacct, inferacct_internal, public;
SET inferacct.unpriced = 'null';
SELECT token_cost('elk-1', 1000000, 0, '2026-01-15');
RESET inferacct.unpriced;

-- committed, it holds at once; another change in the middle of a transaction, too
SELECT set_price('fable', 'yak-1', 'input', 7) IS NOT NULL AS published;
SELECT token_cost('yak-1', 1000000, 0);
BEGIN;
SELECT token_cost('yak-1', 1000000, 0);
SELECT set_price('fable', 'yak-1', 'input', 8, '2026-01-01') IS NOT NULL AS published;
SELECT token_cost('yak-1', 1000000, 0);
COMMIT;
SELECT token_cost('yak-1', 1000000, 0);
-- so that no other test sees it
SELECT set_price('fable', 'yak-1', 'input', NULL) IS NOT NULL AND set_price('fable', 'yak-1', 'input', NULL, '2026-01-01') IS NOT NULL AS withdrawn;
