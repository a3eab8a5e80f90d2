-- Loading price catalogs.  What is read from each format is in catalog.sql.
BEGIN;
SET LOCAL search_path = inferacct, public;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO';
\set SHOW_CONTEXT never

-- the native format: prices, aliases and GPUs, counted one by one
\set catalog '{"inferacct": 1, "source": "https://example.com/prices", "checked_on": "2026-11-01", "prices": [{"provider": "loadco", "model": "ant-1", "usd": {"input": "2.50", "output": 10, "web_searches": {"usd": "10", "per": 1000}}}, {"provider": "loadco", "model": "ant-1", "service_tier": "batch", "multiplier": {"*": "0.5"}}, {"provider": "loadco", "model": "ant-1", "valid_from": "2026-06-01", "usd": {"input": "2"}}], "aliases": [{"alias": "ant", "provider": "loadco", "model": "ant-1"}], "gpu_prices": [{"gpu": "L7", "vendor": "loadco", "term": "on_demand", "usd_per_hour": "1.25"}, {"gpu": "L7", "vendor": "loadco", "term": "reserved_1y", "usd_per_hour": "0.80"}]}'
SELECT count(*) AS versions_before FROM price_version \gset
SELECT * FROM load_prices(:'catalog');
SELECT count(*) - :versions_before AS versions FROM price_version;
SELECT note, source IS NULL AS sources_are_of_the_entries, checksum = md5(:'catalog') AS checksum FROM price_version ORDER BY version DESC LIMIT 1;
SELECT service_tier, meter, unit_quantity, usd, multiplier, valid_from, valid_to, source, checked_on
FROM price_history WHERE provider = 'loadco' ORDER BY service_tier DESC, meter, valid_from;
SELECT alias, provider, model, valid_from FROM model_alias WHERE provider = 'loadco';
SELECT gpu, term, usd_per_hour FROM gpu_price WHERE vendor = 'loadco' ORDER BY term;
SELECT token_cost('ant', usage(1000000, 100000, web_searches => 3), '2026-01-01') AS standard,
	token_cost('ant', usage(1000000, 100000, web_searches => 3), '2026-07-01', 'batch') AS batch_since_june;

-- again: nothing new, no version
SELECT * FROM load_prices(:'catalog');
SELECT * FROM load_prices(:'catalog'::jsonb);
SELECT count(*) - :versions_before AS versions FROM price_version;

-- what differs, and nothing else, becomes a version; 2.5 is 2.50 and 10 per million is 0.01 per thousand
SELECT * FROM load_prices('{"inferacct": 1, "source": "https://example.com/prices", "checked_on": "2026-11-02", "prices": [
  {"provider": "loadco", "model": "ant-1", "usd": {"input": 2.5, "output": {"usd": "0.01", "per": 1000}, "web_searches": {"usd": "12", "per": 1000}, "cache_read": "0.25"}},
  {"provider": "loadco", "model": "ant-1", "service_tier": "batch", "multiplier": {"*": "0.50"}},
  {"provider": "loadco", "model": "ant-1", "valid_from": "2026-06-01", "usd": {"input": null}}],
  "aliases": [{"alias": "ant", "provider": "loadco", "model": null, "valid_from": "2026-08-01"}],
  "gpu_prices": [{"gpu": "L7", "vendor": "loadco", "term": "on_demand", "usd_per_hour": "1.20"},
    {"gpu": "L7", "vendor": "loadco", "term": "reserved_1y", "usd_per_hour": null}]}');
SELECT meter, usd, valid_from, valid_to FROM price_history WHERE provider = 'loadco' AND service_tier = 'standard' ORDER BY meter, valid_from;
SELECT gpu, term, usd_per_hour FROM gpu_price WHERE vendor = 'loadco' ORDER BY version, term;
SELECT token_cost('ant', 1000000, 0, '2026-01-01');
SAVEPOINT s;
SELECT token_cost('ant', 1000000, 0, '2026-08-01');
ROLLBACK TO s;

-- several catalogs in one array are one version
SELECT * FROM load_prices('[
  {"inferacct": 1, "source": "a", "checked_on": "2026-11-01", "prices": [{"provider": "loadco", "model": "bee-1", "usd": {"input": 1}}]},
  {"inferacct": 1, "source": "b", "checked_on": "2026-11-01", "prices": [{"provider": "loadco", "model": "bee-2", "usd": {"input": 2}}]}]');
SELECT model, source, version = max(version) OVER () AS one_version FROM price WHERE model LIKE 'bee-_' ORDER BY model;

-- one wrong entry: nothing is loaded, and every mistake has its place
SAVEPOINT s;
SELECT * FROM load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [
  {"provider": "loadco", "model": "cow-1", "usd": {"input": 1}},
  {"provider": "loadco", "model": "cow-2", "usd": {"input": "1.0000000001", "tokens": 1, "output": -1}},
  {"provider": "loadco", "usd": {"input": 1}}]}');
ROLLBACK TO s;
SELECT count(*) AS loaded FROM price WHERE model LIKE 'cow%';
SAVEPOINT s;
SELECT * FROM load_prices('{"inferacct": 1, "prices": [}');
ROLLBACK TO s;
SAVEPOINT s;
SELECT * FROM load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [{"provider": "loadco", "model": "cow-1", "usd": {"input": 1},
  "time_windows": {"timezone": "Mars/Olympus", "windows": [{"from": "00:00", "to": "06:00"}]}}]}');
ROLLBACK TO s;
SAVEPOINT s;
SELECT * FROM load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [
  {"provider": "loadco", "model": "cow-1", "usd": {"input": 1}}, {"provider": "loadco", "model": "cow-1", "usd": {"input": 2}}]}');
ROLLBACK TO s;

-- genai-prices: what it cannot express is told, the rest is loaded
\set genai '[{"id": "loadgen", "name": "Load", "pricing_urls": ["https://example.com/gen"], "models": [{"id": "doe-1", "match": {"or": [{"equals": "doe-1"}, {"equals": "doe-one"}, {"contains": "doe"}]}, "prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}, "output_mtok": 15, "moon_mtok": 4}}]}]'
SELECT * FROM load_prices(:'genai', 'genai-prices', source => 'genai-prices 1', published_at => '2026-01-01');
SELECT model, meter, usd, above_input_tokens, valid_from, source FROM price_history WHERE provider = 'loadgen' ORDER BY meter, above_input_tokens;
SELECT path, problem FROM catalog_rejection JOIN price_version USING (version) WHERE source = 'genai-prices 1' ORDER BY path;
SELECT token_cost('doe-one', 1000, 1000, '2025-01-01');

-- its prices are today's: another one holds from its publication on, and does not rewrite the past
SELECT * FROM load_prices(replace(:'genai', ': 15', ': 12'), 'genai-prices', source => 'genai-prices 2', published_at => '2026-05-01');
SELECT usd, valid_from, valid_to FROM price_history WHERE provider = 'loadgen' AND meter = 'output' ORDER BY valid_from;
SELECT * FROM load_prices(replace(:'genai', ': 15', ': 12'), 'genai-prices', source => 'genai-prices 3', published_at => '2026-06-01');
SELECT at, token_cost('doe-1', 0, 1000000, at) FROM unnest(ARRAY['2026-04-30 23:59:59', '2026-05-01']::timestamptz[]) AS at;

-- litellm
\set litellm '{"sample_spec": {"litellm_provider": "one of", "input_cost_per_token": 0}, "gnu-1": {"litellm_provider": "loadlite", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "output_cost_per_token_batches": 5e-06, "cache_read_input_token_cost": 1.25e-06, "input_cost_per_token_above_128k_tokens": 5e-06, "input_cost_per_pixel": 1e-08}}'
SELECT * FROM load_prices(:'litellm', 'litellm', published_at => '2026-01-01');
SELECT model, service_tier, meter, usd, above_input_tokens, threshold_inclusive FROM price_history WHERE provider = 'loadlite' ORDER BY service_tier DESC, meter, above_input_tokens;
SELECT path, problem FROM catalog_rejection WHERE path LIKE '%gnu-1%' ORDER BY path;
SELECT * FROM load_prices(:'litellm', 'litellm', published_at => '2026-02-01');
SELECT token_cost('gnu-1', usage(1000000, 1000000), '2026-01-01', 'batch');

-- the shipped catalogs: every entry has a source and the day on which it was read
SELECT count(*) > 2000 AS many, count(DISTINCT provider) > 20 AS providers, count(*) FILTER (WHERE source IS NULL OR checked_on IS NULL) AS without_source
FROM price WHERE version = 1;
SELECT count(*) FILTER (WHERE usd_per_hour > 0) > 10 AS many, count(*) FILTER (WHERE source IS NULL OR checked_on IS NULL) AS without_source FROM gpu_price WHERE version = 1;
SELECT count(*) > 50 AS many, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM price p WHERE (p.provider, p.model) = (a.provider, a.model))) AS leading_nowhere
FROM model_alias a WHERE version = 1 AND model IS NOT NULL;
SELECT version, published_at, note FROM price_version WHERE version <= 1000;
ROLLBACK;
