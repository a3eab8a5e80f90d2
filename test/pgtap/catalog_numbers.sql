-- No number of a catalog becomes another one on the way: read exactly, or
-- rejected, in every format and field.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
CREATE FUNCTION pg_temp.native(part text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"inferacct": 1, "source": "s", "checked_on": "2026-01-01", %s}', part) $$;

CREATE TEMP TABLE place (place text, format text, text text);
INSERT INTO place VALUES
	('usd', 'inferacct', pg_temp.native('"prices": [{"provider": "p", "model": "m", "usd": {"input": %s}}]')),
	('usd per', 'inferacct', pg_temp.native('"prices": [{"provider": "p", "model": "m", "usd": {"input": {"usd": %s, "per": 1}}}]')),
	('amount', 'inferacct', pg_temp.native('"prices": [{"provider": "p", "model": "m", "currency": "EUR", "amount": {"input": %s}}]')),
	('multiplier', 'inferacct', pg_temp.native('"prices": [{"provider": "p", "model": "m", "service_tier": "batch", "multiplier": {"*": %s}}]')),
	('above_input_tokens', 'inferacct', pg_temp.native('"prices": [{"provider": "p", "model": "m", "above_input_tokens": %s, "usd": {"input": 1}}]')),
	('per', 'inferacct', pg_temp.native('"prices": [{"provider": "p", "model": "m", "usd": {"input": {"usd": 1, "per": %s}}}]')),
	('usd_per_hour', 'inferacct', pg_temp.native('"gpu_prices": [{"gpu": "g", "vendor": "v", "term": "spot", "usd_per_hour": %s}]')),
	('cost per token', 'litellm', '{"m": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": %s}}'),
	('cost of a request', 'litellm', '{"m": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_request": %s}}'),
	('search', 'litellm', '{"m": {"litellm_provider": "openai", "mode": "chat", "search_context_cost_per_query": {"search_context_size_low": %s}}}'),
	('tier', 'litellm', '{"m": {"litellm_provider": "openai", "mode": "chat", "tiered_pricing": [{"range": [0, 1000], "input_cost_per_token": %s}]}}'),
	('specific', 'litellm', '{"m": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1, "provider_specific_entry": {"fast": %s}}}'),
	('mtok', 'genai-prices', '[{"id": "p", "models": [{"id": "m", "prices": {"input_mtok": %s}}]}]'),
	('base', 'genai-prices', '[{"id": "p", "models": [{"id": "m", "prices": {"input_mtok": {"base": %s, "tiers": []}}}]}]'),
	('tier price', 'genai-prices', '[{"id": "p", "models": [{"id": "m", "prices": {"input_mtok": {"base": 1, "tiers": [{"start": 5, "price": %s}]}}}]}]'),
	('kcount', 'genai-prices', '[{"id": "p", "models": [{"id": "m", "prices": {"requests_kcount": %s}}]}]');
SELECT plan((SELECT count(*)::int FROM place) * 8 + 6);

-- What a number of that place became: prices, factors and counts other than those that the texts themselves have.
CREATE FUNCTION pg_temp.read(of place, number text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(DISTINCT r.kind || ' ' || coalesce(r.problem, ''), ', ') FILTER (WHERE r.kind = 'rejected'), 'taken')
	FROM inferacct_internal.parse_catalog(format(of.text, number), of.format) r $$;
SELECT matches(pg_temp.read(p, number), '^rejected', format('%s, %s: %s is rejected', p.format, p.place, left(number, 30)))
FROM place p, unnest(ARRAY['1e-400', '0.' || repeat('0', 400) || '1', '1e400', '1e-26', '-1e-400', '1.0000000000000000000000001', '5e-324']) number;
-- and what can be had is had exactly
SELECT is(pg_temp.read(p, number), 'taken', format('%s, %s: %s is taken', p.format, p.place, number))
FROM place p, unnest(ARRAY[CASE WHEN place IN ('per', 'above_input_tokens') THEN '1000' ELSE '0.25' END]) number;

SELECT is((SELECT usd FROM parse_catalog(format((SELECT text FROM place WHERE place = 'cost per token'), '0.000000000000001'), 'litellm') WHERE kind = 'price'), 0.000000001, 'the finest price of a token');
SELECT is((SELECT usd FROM parse_catalog(format((SELECT text FROM place WHERE place = 'mtok'), '1234567890.123456789'), 'genai-prices') WHERE kind = 'price'), 1234567890.123456789, 'nineteen digits of a price');
SELECT is((SELECT usd FROM parse_catalog(format((SELECT text FROM place WHERE place = 'usd'), '0.50000000000000000000000000000000000000000000000000000000000000000000'), 'inferacct') WHERE kind = 'price'), 0.5, 'a number longer than most');
SELECT is((SELECT usd FROM parse_catalog(format((SELECT text FROM place WHERE place = 'usd'), '0e-400'), 'inferacct') WHERE kind = 'price'), 0::numeric, '0 is free, however it is written');
SELECT throws_ok($$SELECT parse_usage('{"usage": {"prompt_tokens": 1e-400, "completion_tokens": 2}}'::json)$$, 'IA201', NULL, 'a count that is nearly 0 is none');
SELECT throws_ok($$SELECT parse_usage('{"usage": {"prompt_tokens": 5.00000000000000000001, "completion_tokens": 2}}'::json)$$, 'IA201', NULL, 'nor is one that is nearly 5');
SELECT * FROM finish();
ROLLBACK;
