-- reconcile: each cause of a variance is named as what it is.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(43);

-- Three models, two tiers, a price cut amid the month; 1,000,000 units make the sums easy.
SELECT set_price('rec', 'rec-large-1', m, p, service_tier => t) FROM (VALUES ('input', 5, 'standard'), ('output', 25, 'standard'), ('cache_read', 0.5, 'standard'),
	('input', 2.5, 'batch'), ('output', 12.5, 'batch')) AS v(m, p, t);
SELECT set_price('rec', 'rec-small-1', 'input', 4), set_price('rec', 'rec-small-1', 'output', 8), set_price('rec', 'rec-small-1', 'cache_read', 0.4), set_price('rec', 'rec-small-1', 'input', 2, '2021-03-15Z');
SELECT set_price('rec', 'rec-tiny-1', 'input', 1), set_price('rec', 'rec-tiny-1', 'output', 2);
SELECT set_contract_term('rec deal', percent_off => 10, provider => 'rec');
SELECT set_alias('rec-launched', 'rec/rec-tiny-1', '2021-03-10Z');
INSERT INTO usage_log (at, usage, model, source, request_id, provider, service_tier) SELECT v.at::timestamptz, v.u, v.model, 'rec', v.at || v.model || v.tier, 'rec', v.tier FROM (VALUES
	('2021-03-02 10:00Z', usage(30000000, 10000000, cache_read => 50000000), 'rec-large-1', 'standard'), ('2021-03-20 10:00Z', usage(10000000, 8000000), 'rec-large-1', 'batch'),
	('2021-03-05 10:00Z', usage(20000000, 4000000, cache_read => 10000000), 'rec-small-1', 'standard'), ('2021-03-25 10:00Z', usage(40000000, 6000000), 'rec-small-1', 'standard'),
	('2021-03-12 10:00Z', usage(10000000, 1000000), 'rec-launched', 'standard'), ('2021-03-31 23:30Z', usage(1000000, 0), 'rec-tiny-1', 'standard')) AS v(at, u, model, tier);
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-05-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
-- What a right invoice says, by model and meter.
CREATE TEMP TABLE line (model text, meter text, quantity numeric, usd numeric);
INSERT INTO line VALUES ('rec-large-1', 'input', 40000000, 175), ('rec-large-1', 'output', 18000000, 350), ('rec-large-1', 'cache_read', 50000000, 25),
	('rec-small-1', 'input', 60000000, 160), ('rec-small-1', 'output', 10000000, 80), ('rec-small-1', 'cache_read', 10000000, 4), ('rec-tiny-1', 'input', 11000000, 11), ('rec-tiny-1', 'output', 1000000, 2);
CREATE FUNCTION pg_temp.invoice(model text DEFAULT NULL, meter text DEFAULT NULL, more numeric DEFAULT 0, usd numeric DEFAULT 0, extra jsonb DEFAULT '[]') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(jsonb_build_object('model', l.model, 'meter', l.meter, 'quantity', l.quantity + CASE WHEN (l.model, l.meter) = ($1, $2) THEN $3 ELSE 0 END,
		'usd', l.usd + CASE WHEN (l.model, l.meter) = ($1, $2) THEN $4 ELSE 0 END)) || $5 FROM line AS l $$;
CREATE FUNCTION pg_temp.parts(invoice jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(key || ' ' || value, ', ' ORDER BY key) FROM jsonb_each_text(to_jsonb(reconcile('rec', '2021-03-01', $1)))
	WHERE key NOT IN ('computed_usd', 'invoice_usd', 'mix_usd') AND value::numeric <> 0 $$;

SELECT is(pg_temp.parts(pg_temp.invoice()), NULL, 'the right invoice has no variance');
SELECT is((reconcile('rec', '2021-03-01', pg_temp.invoice())).computed_usd, 807::numeric, 'and is what the rows cost');
SELECT is(pg_temp.parts(pg_temp.invoice('rec-small-1', 'cache_read', 10000000, 4)), 'variance_usd 4, volume_usd 4', 'twice the cached tokens of one model are their volume');
SELECT is((reconcile('rec', '2021-03-01', pg_temp.invoice('rec-small-1', 'cache_read', 10000000, 4))).mix_usd < 0, true, 'that they are cheap ones is said apart');
SELECT is_empty($$SELECT FROM reconcile_lines('rec', '2021-03-01', pg_temp.invoice('rec-small-1', 'cache_read', 10000000, 4)) WHERE variance_usd = 0 AND (volume_usd, price_usd, unexplained_usd, unpriced_usd, missing_usd) <> (0, 0, 0, 0, 0)$$, 'a line without a variance has no part of it');
SELECT is(pg_temp.parts(pg_temp.invoice('rec-large-1', 'output', 20000000, 250)), 'variance_usd 250, volume_usd 250', 'more batch output at the price of batch is volume, though the line has both tiers');
SELECT is(pg_temp.parts(pg_temp.invoice('rec-small-1', 'input', 50000000, 100)), 'variance_usd 100, volume_usd 100', 'more input after the price cut is volume');
SELECT is(pg_temp.parts(pg_temp.invoice('rec-large-1', 'output', 0, 35)), 'price_usd 35, variance_usd 35', 'another price for the same units is price');
SELECT is(pg_temp.parts(pg_temp.invoice('rec-tiny-1', 'input', 11000000, 22)), 'price_usd 11, variance_usd 22, volume_usd 11', 'twice the units at half as much again: volume at our price, the rest price');
SELECT is(pg_temp.parts(pg_temp.invoice('rec-tiny-1', 'input', 0, 0.004)), 'price_usd 0.004, variance_usd 0.004', 'what the digits of the invoice can say is price');
UPDATE line SET usd = 11.00 WHERE (model, meter) = ('rec-tiny-1', 'input');
INSERT INTO usage_log (at, usage, model, source, request_id, provider) VALUES ('2021-03-12 11:00Z', usage(3333), 'rec-tiny-1', 'rec', 'odd', 'rec');
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-05-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());
SELECT is(pg_temp.parts(pg_temp.invoice('rec-tiny-1', 'input', 3333, 0)), 'rounding_usd -0.003333, variance_usd -0.003333', 'less than a cent is rounding');
DELETE FROM usage_log WHERE request_id = 'odd';
SELECT refresh_hours('usage_log', '2021-03-01Z', '2021-05-01Z', refresh_changed('usage_log', '2021-03-01Z', true), clock_timestamp());

-- Names.
CREATE TEMP TABLE renamed AS SELECT * FROM reconcile_lines('rec', '2021-03-01', (SELECT jsonb_agg(CASE WHEN l ->> 'model' = 'rec-tiny-1' THEN l || '{"model": "tiny next"}' ELSE l END) FROM jsonb_array_elements(pg_temp.invoice()) AS l));
SELECT set_eq('SELECT sum(missing_usd) FILTER (WHERE missing_usd > 0), -sum(missing_usd) FILTER (WHERE missing_usd < 0) AS not_billed, sum(variance_usd) AS variance FROM renamed', 'VALUES (13::numeric, 13::numeric, 0::numeric)', 'a renamed model is billed and not logged, and logged and not billed');
SELECT set_eq($$SELECT note LIKE 'not logged, perhaps as rec-tiny-1%' FROM renamed WHERE model = 'tiny next'$$, 'VALUES (true)', 'and near names are listed');
SELECT set_eq($$SELECT DISTINCT note FROM renamed WHERE missing_usd < 0$$, $$VALUES ('not billed')$$, 'on both sides');
SELECT is((reconcile('rec', '2021-03-01', (SELECT jsonb_agg(l || '{"model": "nothing of ours"}') FROM jsonb_array_elements(pg_temp.invoice()) AS l))).logged_not_billed_usd, -807::numeric, 'the totals have them apart');
SELECT is(pg_temp.parts((SELECT jsonb_agg(l || jsonb_build_object('meter', CASE l ->> 'meter' WHEN 'cache_read' THEN 'cache_read_input_tokens' ELSE l ->> 'meter' || '_tokens' END)) FROM jsonb_array_elements(pg_temp.invoice()) AS l)), NULL, 'meters by the words of APIs');
SELECT is(pg_temp.parts((SELECT jsonb_agg(CASE WHEN l ->> 'model' = 'rec-tiny-1' THEN l || '{"model": "rec-launched"}' ELSE l END) FROM jsonb_array_elements(pg_temp.invoice()) AS l)), NULL, 'an alias that began amid the month');
SELECT results_eq($$SELECT DISTINCT note FROM reconcile_lines('rec', '2021-03-01', '[{"model": "USE1-RecLarge1-output-tokens", "meter": "USE1-RecLarge1-output-tokens", "quantity": 18000000, "usd": "350.00"}]') WHERE model = 'rec-large-1' AND meter = 'output'$$,
	$$VALUES ('"USE1-RecLarge1-output-tokens" is read as rec-large-1')$$, 'a text of a bill is read by its words, and says so');
SELECT set_eq($$SELECT model FROM reconcile_lines('rec', '2021-03-01', '[{"model": "Rec Large 1 mini input", "usd": "1"}]') WHERE missing_usd > 0$$, $$VALUES ('Rec Large 1 mini input')$$, 'but not a model with one more word');

-- Without quantity.
SELECT is(pg_temp.parts((SELECT jsonb_agg(l - 'quantity' || jsonb_build_object('usd', (l ->> 'usd')::numeric * 1.25)) FROM jsonb_array_elements(pg_temp.invoice()) AS l)), 'unexplained_usd 201.75, variance_usd 201.75', 'without quantities nobody says volume or price');
SELECT is(pg_temp.parts(pg_temp.invoice(extra => '[{"model": "rec-large-1", "meter": "input", "usd": "7.00"}]')), 'unexplained_usd 7, variance_usd 7', 'nor of a line of which a part has none');

-- Credits, taxes, refunds, fees, rounding.
SELECT is(pg_temp.parts(pg_temp.invoice(extra => '[{"kind": "credit", "usd": "-50"}, {"kind": "tax", "usd": "30"}, {"kind": "fee", "model": "support", "usd": "9"}, {"kind": "rounding", "usd": "-0.01"}, {"model": "rec-large-1", "meter": "input", "quantity": -1000000, "usd": "-5"}]')),
	'credit_usd -50, fee_usd 9, refund_usd -5, rounding_usd -0.01, tax_usd 30, variance_usd -16.01', 'each of them by itself');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since, until) VALUES ('rec-ptu', 'rec', 'PT', '{rec-large-1}', 'provisioned', 'PTU', 1, 100, 'month', '2021-03-01Z', '2021-04-01Z');
SELECT is(pg_temp.parts(pg_temp.invoice(extra => '[{"kind": "commitment", "usd": "100.00"}]')), NULL, 'a commitment that is billed as bought');
SELECT is(pg_temp.parts(pg_temp.invoice()), 'commitment_usd -100, variance_usd -100', 'one that is not billed');
DELETE FROM commitment;

-- Tier, day, zone, currency, contract.
CREATE TEMP TABLE fine AS SELECT * FROM reconcile_lines('rec', '2021-03-01', '[{"model": "rec-large-1", "meter": "output", "service_tier": "standard", "quantity": 10000000, "usd": 250}, {"model": "rec-large-1", "meter": "output", "service_tier": "batch", "quantity": 8000000, "usd": 120},
	{"model": "rec-small-1", "meter": "input", "day": "2021-03-05", "quantity": 20000000, "usd": 80}, {"model": "rec-small-1", "meter": "input", "day": "2021-03-25", "quantity": 40000000, "usd": 90}]');
SELECT set_eq($$SELECT service_tier, price_usd FROM fine WHERE model = 'rec-large-1' AND meter = 'output'$$, $$VALUES ('standard', 0::numeric), ('batch', 20)$$, 'an invoice by tier is compared by tier');
SELECT set_eq($$SELECT day, price_usd FROM fine WHERE model = 'rec-small-1' AND meter = 'input'$$, $$VALUES (date '2021-03-05', 0::numeric), ('2021-03-25', 10)$$, 'one by day, by day');
SELECT is((reconcile('rec', '2021-03-01', '[]', zone => 'Asia/Tokyo')).computed_usd, 806::numeric, 'March in Tokyo ends nine hours earlier');
SELECT is((reconcile('rec', '2021-04-01', '[]', zone => 'Asia/Tokyo')).computed_usd, 1::numeric, 'and April begins');
SELECT throws_ok($$SELECT reconcile('rec', '2021-03-01', '[]', zone => 'Asia/Kolkata')$$, '22023', NULL, 'the rollup has no half hours');
SELECT throws_ok($$SELECT reconcile('rec', '2021-03-01', '[{"model": "x", "amount": 1}]', currency => 'EUR')$$, 'IA007', NULL, 'no exchange rate');
INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('2021-01-01Z', 'EUR', 1.25);
SELECT is((SELECT r.invoice_usd FROM reconcile('rec', '2021-03-01', '[{"model": "rec-tiny-1", "amount": "8.00"}]', currency => 'EUR') AS r), 10::numeric, 'amounts in the currency of the invoice');
SELECT is((reconcile('rec', '2021-03-01', 100, currency => 'EUR')).invoice_usd, 125::numeric, 'of a total, too');
SELECT is(pg_temp.parts((SELECT jsonb_agg(l || jsonb_build_object('usd', (l ->> 'usd')::numeric * 0.9)) FROM jsonb_array_elements(pg_temp.invoice()) AS l)), 'price_usd -80.7, variance_usd -80.7', 'an invoice by contract against list prices');
SELECT is((SELECT r.variance_usd FROM reconcile('rec', '2021-03-01', (SELECT jsonb_agg(l || jsonb_build_object('usd', (l ->> 'usd')::numeric * 0.9)) FROM jsonb_array_elements(pg_temp.invoice()) AS l), contract => 'rec deal') AS r), 0::numeric, 'and by its contract');
SELECT is(current_setting('inferacct.contract', true), '', 'which is not that of the session');

-- Whatever the invoice: the parts add up to the variance.
CREATE TEMP TABLE tried AS SELECT n, r.* FROM generate_series(1, 60) AS n CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('model', CASE WHEN h & 31 = 0 THEN 'other' || n ELSE l.model END, 'meter', CASE WHEN n % 7 > 0 THEN l.meter END,
		'quantity', CASE WHEN h & 15 > 0 THEN trunc(l.quantity * (50 + h % 100) / 100) END, 'usd', round(l.usd * (60 + (h >> 8) % 80) / 100, n % 5)))) AS invoice
	FROM line AS l CROSS JOIN LATERAL (SELECT abs(hashtext(n || l.model || l.meter)) AS h) AS h) AS i CROSS JOIN LATERAL reconcile_lines('rec', '2021-03-01', i.invoice) AS r;
SELECT is_empty('SELECT FROM tried WHERE variance_usd IS DISTINCT FROM volume_usd + price_usd + unexplained_usd + unpriced_usd + missing_usd + rounding_usd + other_usd OR variance_usd <> coalesce(invoice_usd, 0) - computed_usd', 'every line of sixty invoices is split exactly');
SELECT ok((SELECT count(*) > 300 AND count(*) FILTER (WHERE price_usd <> 0) > 50 AND count(*) FILTER (WHERE unexplained_usd <> 0) > 10 AND count(*) FILTER (WHERE missing_usd > 0) > 3 FROM tried), 'of every kind');

SELECT throws_ok(format('SELECT reconcile_lines(''rec'', ''2021-03-01'', %L)', line), '22023', NULL, line) FROM unnest(ARRAY['[{"model": "x"}]', '[{"usd": 1}]', '[{"model": "x", "usd": "1,5"}]', '[{"model": "x", "usd": 1, "quantity": "many"}]', '[{"model": "x", "usd": 1, "day": "soon"}]', '[{"kind": "gift", "usd": 1}]']) AS line;

SELECT * FROM finish();
ROLLBACK;
