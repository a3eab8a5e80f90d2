-- parse_catalog(): what becomes of each format.  Single rules are in
-- test/unit/catalog.c, errors in test/pgtap/catalog.sql.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'Asia/Tokyo';
SET datestyle = 'ISO';

-- the native format
\set native '{"inferacct": 1, "note": "x", "source": "https://example.com/prices", "checked_on": "2026-11-01", "prices": [{"provider": "acme", "model": "chat-1", "valid_from": "2026-01-01", "usd": {"input": "2.50", "output": 10, "web_searches": {"usd": "10", "per": 1000}}}, {"provider": "acme", "model": "chat-1", "valid_from": "2026-02-01T09:00+09:00", "above_input_tokens": 200000, "threshold_inclusive": true, "usd": {"input": null}}, {"provider": "acme", "model": "chat-1", "region": "eu", "multiplier": {"*": "1.1"}, "source": "https://example.com/eu", "checked_on": "2026-11-02"}, {"provider": "acme", "model": "chat-1", "service_tier": "batch", "currency": "CNY", "amount": {"input": "8"}}, {"provider": "acme", "model": "chat-1", "usd": {"input": "1.0000000000000001", "tokens": 1}}], "aliases": [{"alias": "chat", "provider": "acme", "model": "chat-1"}, {"alias": "chat", "provider": "acme", "model": null, "valid_from": "2026-06-01"}], "gpu_prices": [{"gpu": "H100", "vendor": "acme", "term": "on_demand", "usd_per_hour": "2.49"}]}'

SELECT kind, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount, multiplier
FROM parse_catalog(:'native', 'inferacct') WHERE kind = 'price';

SELECT meter, above_input_tokens, threshold_inclusive, valid_from, source, checked_on
FROM parse_catalog(:'native', 'inferacct') WHERE kind = 'price';

SELECT path, problem FROM parse_catalog(:'native', 'inferacct') WHERE kind = 'rejected';

SELECT kind, alias, provider, model, region, gpu, vendor, term, usd, valid_from, source, checked_on
FROM parse_catalog(:'native', 'inferacct') WHERE kind IN ('alias', 'gpu_price');

-- equal windows are equal values
SELECT count(DISTINCT time_windows), min(time_windows::text)
FROM (VALUES ('[{"days": [1, 2], "from": "22:00", "to": "02:00"}]'),
             ('[{"days": [2], "from": "00:00", "to": "02:00"}, {"days": [3], "from": "00:00", "to": "02:00"}, {"days": [2, 1], "from": "22:00", "to": "24:00"}]')
     ) AS written (windows),
     parse_catalog('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [{"provider": "p", "model": "m", "usd": {"input": 1}, "time_windows": {"timezone": "Asia/Shanghai", "windows": '
                   || windows || '}}]}', 'inferacct');

-- genai-prices: dates, times of day, context tiers, names
SELECT path, problem, meter, usd, unit_quantity, above_input_tokens, time_windows, valid_from, alias, source
FROM parse_catalog('[{"id": "acme", "pricing_urls": ["https://example.com/prices"], "models": [
  {"id": "chat-1", "match": {"or": [{"equals": "chat-1"}, {"equals": "chat-one"}, {"contains": "chat"}]},
   "prices": [{"prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}, "requests_kcount": 5}},
              {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 3}}]},
  {"id": "night-1", "match": {"equals": "night-1"},
   "prices": [{"prices": {"input_mtok": 1}}, {"constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"}, "prices": {"input_mtok": 2}}]},
  {"id": "free-1", "match": {"equals": "free-1"}, "prices": {}}]}]', 'genai-prices');

-- litellm: keys, suffixes, merged and rejected fields
SELECT kind, path, problem, provider, model, region, service_tier, meter, usd, multiplier, above_input_tokens AS above,
       threshold_inclusive AS inclusive
FROM parse_catalog('{
  "sample_spec": {"litellm_provider": "one of https://example.com", "input_cost_per_token": 0},
  "us.anthropic.claude-x": {"litellm_provider": "bedrock_converse", "input_cost_per_token": 3.3e-06, "input_cost_per_token_batches": "1.65e-06"},
  "xai/grok-x": {"litellm_provider": "xai", "input_cost_per_token": 2e-07, "input_cost_per_token_above_128k_tokens": 4e-07},
  "claude-x": {"litellm_provider": "anthropic", "output_cost_per_token": 1.5e-05, "provider_specific_entry": {"fast": 6.0, "us": 1.1},
               "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_high": 0.01}},
  "whisper-x": {"litellm_provider": "openai", "input_cost_per_second": 0.0001, "output_cost_per_second": 0.0001},
  "256-x-256/pixel": {"litellm_provider": "openai", "input_cost_per_pixel": 2.4414e-07},
  "nothing": {"litellm_provider": "openai", "mode": "chat"}}', 'litellm');

-- no catalog, no rows
SELECT count(*) FROM parse_catalog(NULL, 'litellm');
