-- invoice: what providers report, kept as they said it, and reconciled.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(42);

-- The log: one model of each provider, a round number of tokens.
SELECT set_price(p, m, 'input', 2), set_price(p, m, 'output', 10), set_price(p, m, 'cache_read', 0.2), set_price(p, m, 'input', 1, service_tier => 'batch'), set_price(p, m, 'output', 5, service_tier => 'batch')
FROM (VALUES ('anthropic', 'claude-testing-9'), ('openai', 'gpt-testing-9'), ('aws', 'claude-testing-9'), ('google', 'gemini-testing-9')) AS v(p, m);
INSERT INTO usage_log (at, usage, model, source, request_id, provider, service_tier)
SELECT '2021-03-02 10:00Z', usage(5000000, 1000000, cache_read => 10000000), p || '/' || m, 'inv', p || t, p, t
FROM (VALUES ('anthropic', 'claude-testing-9'), ('openai', 'gpt-testing-9'), ('aws', 'claude-testing-9'), ('google', 'gemini-testing-9')) AS v(p, m), (VALUES ('standard'), ('batch')) AS s(t);
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-05-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
CREATE FUNCTION pg_temp.parts(invoice text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(name || ' ' || total, ', ' ORDER BY name), 'none') FROM (SELECT e.key AS name, trim_scale(sum(e.value::numeric)) AS total FROM reconcile_invoice($1) AS r, jsonb_each_text(to_jsonb(r)) AS e
		WHERE e.key LIKE '%\_usd' AND e.key NOT IN ('computed_usd', 'invoice_usd') GROUP BY 1) AS s WHERE total <> 0 $$;

-- Anthropic: cents as text, no quantity, tier and type of token; the last bucket is of April.
SELECT results_eq($$SELECT * FROM load_invoice('a-1', 'anthropic', '2021-03-09', '[{"data": [{"starting_at": "2021-03-02T00:00:00Z", "results": [
	{"currency": "USD", "amount": "1000", "model": "claude-testing-9", "service_tier": "standard", "token_type": "uncached_input_tokens", "cost_type": "tokens"},
	{"currency": "USD", "amount": "1000", "model": "claude-testing-9", "service_tier": "standard", "token_type": "output_tokens", "cost_type": "tokens"},
	{"currency": "USD", "amount": "200", "model": "claude-testing-9", "service_tier": "standard", "token_type": "cache_read_input_tokens", "cost_type": "tokens"},
	{"currency": "USD", "amount": "500", "model": "claude-testing-9", "service_tier": "batch", "token_type": "uncached_input_tokens", "cost_type": "tokens"},
	{"currency": "USD", "amount": "600.5", "model": "claude-testing-9", "service_tier": "batch", "token_type": "output_tokens", "cost_type": "tokens"}]},
	{"starting_at": "2021-04-01T00:00:00Z", "results": [{"currency": "USD", "amount": "9999", "model": "claude-testing-9", "service_tier": "standard", "token_type": "output_tokens"}]}]}]', 'anthropic', 'cost_report')$$,
	$$VALUES (5::bigint, 33.005, 'USD', 1::bigint)$$, 'Anthropic''s cost report');
SELECT set_eq($$SELECT meter, service_tier, computed_usd, invoice_usd, unexplained_usd FROM reconcile_invoice('a-1') WHERE meter <> 'cache_read'$$,
	$$VALUES ('input', 'standard', 10::numeric, 10::numeric, 0::numeric), ('output', 'standard', 10, 10, 0), ('input', 'batch', 5, 5, 0), ('output', 'batch', 5, 6.005, 1.005)$$, 'is compared by tier and kind of token, without quantities');
SELECT is((SELECT said ->> 'token_type' FROM invoice_line WHERE invoice = 'a-1' AND line = 1), 'uncached_input_tokens', 'every line keeps what was said');

-- OpenAI: a page that was fetched twice, while the day was filling.
SELECT results_eq($$SELECT lines, amount FROM load_invoice('o-1', 'openai', '2021-03-01', '[{"data": [{"start_time": 1614643200, "results": [{"amount": {"value": 3, "currency": "usd"}, "line_item": "gpt-testing-9, input"}]}]},
	{"data": [{"start_time": 1614643200, "results": [{"amount": {"value": 15, "currency": "usd"}, "line_item": "gpt-testing-9, input"}, {"amount": {"value": 15, "currency": "usd"}, "line_item": "gpt-testing-9, output"}, {"amount": {"value": 4, "currency": "usd"}, "line_item": "gpt-testing-9, cached input"}]}]}]', 'openai')$$,
	'VALUES (3::bigint, 34::numeric)', 'OpenAI''s costs, a bucket once');
SELECT is(pg_temp.parts('o-1'), 'none', 'which are what the log says');

-- AWS: units of 1K, both tiers in the type, tax and a credit, another service.
SELECT results_eq($$SELECT lines, amount, currency FROM load_invoice('w-1', 'aws', '2021-03-01', '[
	{"line_item_product_code": "AmazonBedrock", "line_item_line_item_type": "Usage", "line_item_usage_type": "USE1-ClaudeTesting9-input-tokens", "line_item_usage_amount": "5000", "pricing_unit": "1K tokens", "line_item_unblended_cost": "10.0", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-02T00:00:00Z"},
	{"line_item_product_code": "AmazonBedrock", "line_item_line_item_type": "Usage", "line_item_usage_type": "USE1-ClaudeTesting9-output-tokens", "line_item_usage_amount": "1100", "pricing_unit": "1K tokens", "line_item_unblended_cost": "11.0", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-02T00:00:00Z"},
	{"line_item_product_code": "AmazonBedrock", "line_item_line_item_type": "Usage", "line_item_usage_type": "USE1-ClaudeTesting9-cache-read-input-tokens", "line_item_usage_amount": "10000", "pricing_unit": "1K tokens", "line_item_unblended_cost": "2.0", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-02T00:00:00Z"},
	{"line_item_product_code": "AmazonBedrock", "line_item_line_item_type": "Usage", "line_item_usage_type": "USE1-ClaudeTesting9-input-tokens-batch", "line_item_usage_amount": "5", "pricing_unit": "1M tokens", "line_item_unblended_cost": "5.0", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-02T00:00:00Z"},
	{"line_item_product_code": "AmazonBedrock", "line_item_line_item_type": "Usage", "line_item_usage_type": "USE1-ClaudeTesting9-output-tokens-batch", "line_item_usage_amount": "1", "pricing_unit": "1M tokens", "line_item_unblended_cost": "5.0", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-02T00:00:00Z"},
	{"line_item_product_code": "AmazonBedrock", "line_item_line_item_type": "Tax", "line_item_usage_type": "", "line_item_usage_amount": "1", "line_item_unblended_cost": "3.3", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-01T00:00:00Z"},
	{"line_item_product_code": "AmazonBedrock", "line_item_line_item_type": "Credit", "line_item_usage_type": "x", "line_item_unblended_cost": "-20", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-01T00:00:00Z"},
	{"line_item_product_code": "AmazonEC2", "line_item_line_item_type": "Usage", "line_item_usage_type": "BoxUsage", "line_item_usage_amount": "1", "line_item_unblended_cost": "777", "line_item_currency_code": "USD", "line_item_usage_start_date": "2021-03-01T00:00:00Z"}]', 'aws')$$,
	$$VALUES (7::bigint, 16.3, 'USD')$$, 'rows of a Cost and Usage Report, those of Bedrock');
SELECT set_eq($$SELECT meter, service_tier, volume_usd, price_usd FROM reconcile_invoice('w-1') WHERE meter IN ('input', 'output')$$,
	$$VALUES ('input', 'standard', 0::numeric, 0::numeric), ('output', 'standard', 1, 0), ('input', 'batch', 0, 0), ('output', 'batch', 0, 0)$$, 'usage types are read by their words, quantities in tokens');
SELECT set_eq($$SELECT kind, other_usd FROM reconcile_invoice('w-1') WHERE kind <> 'usage'$$, $$VALUES ('tax', 3.3), ('credit', -20)$$, 'tax and credit apart');

-- The shapes in which AWS's marketplace names what it sells for Bedrock (seen in its price lists, November 2026): the model in the product,
-- the meter in one of three spellings, and units of which the report does not say how many tokens they are.
SELECT results_eq($$SELECT lines, amount, left_out FROM load_invoice('w-2', 'aws', '2021-03-01', (SELECT jsonb_agg(jsonb_build_object('line_item_product_code', 'a1b2', 'product', jsonb_build_object('product_name', 'Claude Testing 9 (Amazon Bedrock Edition)'),
		'line_item_line_item_type', 'Usage', 'line_item_usage_type', v.type, 'line_item_usage_amount', '5', 'pricing_unit', 'Units', 'line_item_unblended_cost', v.usd, 'line_item_currency_code', 'USD', 'line_item_usage_start_date', '2021-03-02T00:00:00Z')) FROM (VALUES
	('USE1-MP:USE1_InputTokenCount_Global-Units', 10), ('USE1_output_tokens_global_standard-Units', 10), ('USE1-MP:USE1_CacheReadInputTokenCount-Units', 2), ('USE1-MP:USE1_MillionBatchInputTokens-Units', 5), ('USE1-MP:USE1_MillionBatchOutputTokens-Units', 6),
	('USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units', 100)) AS v(type, usd)) || '[{"line_item_product_code": "AmazonEC2", "line_item_line_item_type": "Usage", "line_item_unblended_cost": "777", "line_item_currency_code": "USD"}]', 'aws')$$, 'VALUES (6::bigint, 133::numeric, 1::bigint)', 'a row of a Bedrock edition is a line, and one of another service is counted as left out');
SELECT set_eq($$SELECT meter, service_tier, computed_usd, invoice_usd, billed_quantity, unexplained_usd FROM reconcile_invoice('w-2') WHERE kind = 'usage' AND invoice_usd IS NOT NULL$$,
	$$VALUES ('input', 'standard', 10::numeric, 10::numeric, NULL::numeric, 0::numeric), ('output', 'standard', 10, 10, NULL, 0), ('cache_read', 'standard', 2, 2, NULL, 0), ('input', 'batch', 5, 5, NULL, 0), ('output', 'batch', 5, 6, NULL, 1)$$, 'model, meter and tier are read, and a quantity that nobody states is not made up');
SELECT results_eq($$SELECT invoice_usd FROM reconcile_invoice('w-2') WHERE kind = 'commitment'$$, 'VALUES (100::numeric)', 'throughput that was reserved is a commitment');
SELECT is(billed_meter(label), meter, label) FROM (VALUES ('USE1-Claude4Sonnet-output-tokens-long-context-cross-region-global-batch', 'output'), ('USE1-MP:USE1_CacheWrite1hInputTokenCount_Global-Units', 'cache_write_1h'), ('USE1-MP:USE1_cache_write_tokens_1h_global_standard-Units', 'cache_write_1h'),
	('USE1-MP:USE1_ResponseTokenCount-Units', 'output'), ('cache_creation.ephemeral_5m_input_tokens', 'cache_write'), ('gpt-4o-mini-0718-cchd-Inp-glbl', 'cache_read'), ('gpt-5.1 opt Dzone Tokens', 'output'), ('prompt', 'input')) AS v(label, meter);
-- Reports that were not asked for by line state one amount for everything.
SELECT throws_like($$SELECT load_invoice('a-0', 'anthropic', '2021-03-01', '{"data": [{"starting_at": "2021-03-02T00:00:00Z", "results": [{"currency": "USD", "amount": "12", "model": null, "cost_type": null, "description": null, "token_type": null}]}], "has_more": false}', 'anthropic')$$, '%does not say what they are for%', 'a cost report without descriptions is refused');
SELECT throws_like($$SELECT load_invoice('o-0', 'openai', '2021-03-01', '{"data": [{"start_time": 1614643200, "results": [{"amount": {"value": 0.06, "currency": "usd"}, "line_item": null}]}]}', 'openai')$$, '%does not say what they are for%', 'and so are costs without lines');
SELECT results_eq($$SELECT lines, amount FROM load_invoice('a-2', 'anthropic', '2021-03-01', '{"data": [{"starting_at": "2021-03-02T00:00:00Z", "results": [{"currency": "USD", "amount": "50", "model": null, "cost_type": "web_search", "description": "Web Search Usage", "token_type": null, "service_tier": null}]}]}', 'anthropic')$$, 'VALUES (1::bigint, 0.5)', 'what is no token is a line of its own');

-- FOCUS: of Azure and Google, and our own.
SELECT load_invoice('f-1', 'aws', '2021-03-01', '[{"ChargePeriodStart": "2021-03-02 22:00:00", "ChargeCategory": "Purchase", "CommitmentDiscountId": "NULL", "BilledCost": "2", "BillingCurrency": "USD", "ServiceName": "Support"},
	{"ChargePeriodStart": "2021-03-02 22:00:00", "ChargeCategory": "Usage", "BilledCost": "3", "BillingCurrency": "USD", "ConsumedQuantity": "5", "ConsumedUnit": "Units", "SkuMeter": "USE1_InputTokenCount-Units", "ServiceName": "Claude Testing 9 (Amazon Bedrock Edition)", "ResourceName": "NULL"},
	{"ChargePeriodStart": "2021-03-02 23:00:00", "ChargeCategory": "Adjustment", "BilledCost": "-1", "BillingCurrency": "USD", "ServiceName": "Support"}]', 'focus');
SELECT results_eq($$SELECT kind, model, quantity, amount FROM invoice_line WHERE invoice = 'f-1' ORDER BY line$$,
	$$VALUES ('fee', 'Support', NULL::numeric, 2::numeric), ('usage', 'Claude Testing 9', NULL, 3), ('credit', 'Support', NULL, -1)$$, 'NULL in quotes is no value, and units of nobody knows what no quantity');
SELECT results_eq($$SELECT lines, amount, currency FROM load_invoice('g-1', 'google', '2021-03-01', '[
	{"ChargePeriodStart": "2021-03-02 00:00:00", "ChargeCategory": "Usage", "BilledCost": "10", "BillingCurrency": "USD", "ConsumedQuantity": "5000", "ConsumedUnit": "1K Tokens", "SkuMeter": "Gemini Testing 9 Text Input - Predictions", "ServiceName": "Vertex AI"},
	{"ChargePeriodStart": "2021-03-02 00:00:00", "ChargeCategory": "Usage", "BilledCost": "12", "BillingCurrency": "USD", "ConsumedQuantity": "1000000", "ConsumedUnit": "count", "SkuMeter": "Gemini Testing 9 Text Output - Predictions", "ServiceName": "Vertex AI"},
	{"ChargePeriodStart": "2021-03-01 00:00:00", "ChargeCategory": "Purchase", "BilledCost": "5", "BillingCurrency": "USD", "CommitmentDiscountId": "c-1", "ServiceName": "Vertex AI"},
	{"ChargePeriodStart": "2021-03-01 00:00:00", "ChargeCategory": "Credit", "BilledCost": "-1", "BillingCurrency": "USD", "ServiceName": "Vertex AI"}]', 'focus')$$, $$VALUES (4::bigint, 26::numeric, 'USD')$$, 'FOCUS rows');
SELECT set_eq($$SELECT kind, meter, logged_quantity, billed_quantity, invoice_usd FROM reconcile_invoice('g-1') WHERE invoice_usd IS NOT NULL$$,
	$$VALUES ('usage', 'input', 10000000::numeric, 5000000::numeric, 10::numeric), ('usage', 'output', 2000000, 1000000, 12), ('commitment', NULL, NULL, NULL, 5), ('credit', NULL, NULL, NULL, -1)$$, 'texts of meters are read by their words');
SELECT results_eq($$SELECT lines > 3, amount FROM load_invoice('own', 'openai', '2021-03-01', (SELECT jsonb_agg(to_jsonb(f)) FROM focus('2021-03-01', '2021-04-01') AS f WHERE "ServiceProviderName" ILIKE 'openai'), 'focus')$$, 'VALUES (true, 34::numeric)', 'our own export is an invoice, too');
SELECT is(pg_temp.parts('own'), 'none', 'and reconciles with itself');

-- Lines by hand, in another currency and zone.
INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('2021-01-01Z', 'EUR', 1.25);
SELECT lives_ok($$SELECT load_invoice('e-1', 'openai', '2021-03-01', '[{"model": "gpt-testing-9", "amount": "27.20", "currency": "EUR"}]', source => 'letter of 2021-04-02', zone => 'America/Los_Angeles')$$, 'lines in EUR');
SELECT results_eq($$SELECT currency, zone, source, received_by = current_user FROM invoice WHERE invoice = 'e-1'$$, $$VALUES ('EUR', 'America/Los_Angeles', 'letter of 2021-04-02', true)$$, 'with their source');
SELECT is(pg_temp.parts('e-1'), 'none', 'by the rate of the month');

SELECT throws_ok(statement, state, NULL, statement) FROM (VALUES
	($$SELECT load_invoice('a-1', 'anthropic', '2021-03-01', '[]')$$, '42710'),
	($$SELECT load_invoice('x', 'anthropic', '2021-03-01', '[]', 'pdf')$$, '22023'),
	($$SELECT load_invoice('x', 'anthropic', NULL, '[]')$$, '22004'),
	($$SELECT load_invoice('x', 'anthropic', '2021-03-01', '[]', zone => 'Nowhere')$$, '22023'),
	($$SELECT load_invoice('x', 'anthropic', '2021-03-01', '[{"data": [{"starting_at": "2021-03-02", "results": [{"amount": "many", "model": "m"}]}]}]', 'anthropic')$$, '22023'),
	($$SELECT load_invoice('x', 'google', '2021-03-01', '[{"ChargeCategory": "Usage", "BilledCost": "1", "BillingCurrency": "USD"}]', 'focus')$$, '22023'),
	($$SELECT load_invoice('x', 'google', '2021-03-01', '[{"ChargeCategory": "Tax", "BilledCost": "1", "BillingCurrency": "USD"}, {"ChargeCategory": "Tax", "BilledCost": "1", "BillingCurrency": "EUR"}]', 'focus')$$, '22023'),
	($$SELECT load_invoice('x', 'google', '2021-03-01', '[{"model": "m"}]')$$, '22023'),
	($$SELECT reconcile_invoice('nothing')$$, '42704')) AS t(statement, state);
SELECT is((SELECT count(*) FROM invoice WHERE invoice = 'x'), 0::bigint, 'nothing of a report that cannot be read is kept');
SELECT is(unit_size(u), n::numeric, u) FROM (VALUES ('1K tokens', 1000), ('Tokens', 1)) AS v(u, n);

SELECT * FROM finish();
ROLLBACK;
