-- load_dates: a catalog says since when, keeps multiples as multiples, and corrects the past only on purpose.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SET LOCAL timezone = 'UTC';
SELECT plan(51);
CREATE FUNCTION pg_temp.cost(model text, at timestamptz, service_tier text DEFAULT 'standard', tokens bigint DEFAULT 1000, region text DEFAULT NULL) RETURNS numeric LANGUAGE sql
AS $$ SELECT token_cost(model, usage(tokens), at, service_tier, region) / tokens * 1000000 $$;
CREATE FUNCTION pg_temp.loaded(catalog text, format text, observed_at timestamptz DEFAULT NULL, valid_from timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql
AS $$ SELECT load_prices(catalog, format, observed_at => observed_at, valid_from => valid_from)::text $$;
CREATE FUNCTION pg_temp.litellm(prices text) RETURNS text LANGUAGE sql AS $$ SELECT format('{"m": {"litellm_provider": "dateco", "mode": "chat", %s}}', prices) $$;
CREATE FUNCTION pg_temp.genai(prices text) RETURNS text LANGUAGE sql AS $$ SELECT format('[{"id": "dateco", "models": [{"id": "m", "prices": %s}]}]', prices) $$;

-- ---------- what is a multiple stays one (A3) ----------
SAVEPOINT state;
SELECT is(pg_temp.loaded(pg_temp.litellm('"input_cost_per_token": 3e-6, "input_cost_per_token_batches": 1.5e-6, "input_cost_per_token_flex": 1e-6, "input_cost_per_token_above_200k_tokens": 6e-6, "output_cost_per_token": 7e-6, "output_cost_per_token_batches": 3e-6'), 'litellm'),
	'(6,0,0,0,0)', 'a catalog with a batch tier and a long context');
SELECT results_eq($$SELECT service_tier, above_input_tokens, meter, usd, multiplier FROM price WHERE provider = 'dateco' ORDER BY 1, 2, 3$$,
	$$VALUES ('batch', 0::bigint, 'input', NULL::numeric, 0.5), ('batch', 0, 'output', 3, NULL), ('flex', 0, 'input', 1, NULL), ('standard', 0, 'input', 3, NULL), ('standard', 0, 'output', 7, NULL), ('standard', 200000, 'input', NULL, 2)$$,
	'what is an exact multiple is kept as that, what is not as it is');
SELECT is((pg_temp.cost('dateco/m', now(), 'batch'), pg_temp.cost('dateco/m', now(), 'standard', 300000), pg_temp.cost('dateco/m', now(), 'batch', 300000)), (1.5, 6::numeric, 3::numeric), 'and costs the same');
SELECT is(pg_temp.loaded(pg_temp.litellm('"input_cost_per_token": 2e-6, "input_cost_per_token_batches": 1e-6, "input_cost_per_token_above_200k_tokens": 4e-6'), 'litellm'), '(0,1,0,2,0)', 'a new base price changes nothing else that agrees with the multiple');
SELECT is((pg_temp.cost('dateco/m', clock_timestamp()), pg_temp.cost('dateco/m', clock_timestamp(), 'batch'), pg_temp.cost('dateco/m', clock_timestamp(), 'standard', 300000)), (2::numeric, 1::numeric, 4::numeric), 'and moves it');
SELECT set_price('dateco', 'm', 'input', 20);
SELECT is((pg_temp.cost('dateco/m', clock_timestamp()), pg_temp.cost('dateco/m', clock_timestamp(), 'batch'), pg_temp.cost('dateco/m', clock_timestamp(), 'standard', 300000)), (20::numeric, 10::numeric, 40::numeric), 'as an own price does');
SELECT is((SELECT string_agg(confidence, ',') FROM explain_price('dateco/m', usage(1), now(), 'batch')), 'single source', 'of a factor that one source alone states');
ROLLBACK TO state;
-- a foreign multiple goes before a shipped price of its own
INSERT INTO price_version (catalog) VALUES ('inferacct');
INSERT INTO price (version, provider, model, service_tier, meter, usd, checked_on) SELECT max(version), 'dateco', 'm', tier, 'input', usd, '2026-08-01' FROM price_version CROSS JOIN (VALUES ('standard', 3), ('batch', 1.5)) AS v(tier, usd) GROUP BY 3, 4, 5, 6;
INSERT INTO catalog_rank (catalog, rank) VALUES ('litellm', 5);
SELECT pg_temp.loaded(pg_temp.litellm('"input_cost_per_token": 2e-6, "input_cost_per_token_batches": 1e-6'), 'litellm');
SELECT is((pg_temp.cost('dateco/m', clock_timestamp()), pg_temp.cost('dateco/m', clock_timestamp(), 'batch')), (2::numeric, 1::numeric), 'a refresh mixes no generations');
ROLLBACK TO state;

-- ---------- the past stays as it was (A4) ----------
INSERT INTO catalog_rank (catalog, rank) VALUES ('genai-prices', 1);
SAVEPOINT genai;
SELECT load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-10-01", "prices": [{"provider": "dateco", "model": "m", "usd": {"input": "0.15", "output": "0.6"}},
	{"provider": "dateco", "model": "m", "time_windows": {"timezone": "UTC", "windows": [{"days": [1,2,3,4,5], "from": "01:00", "to": "04:00"}]}, "usd": {"input": "0.3", "output": "1.2"}}]}'::jsonb);
CREATE TEMP TABLE before ON COMMIT DROP AS SELECT at, token_cost('dateco/m', usage(1000, 100, cache_read => 10), at) AS usd
	FROM generate_series(timestamptz '2026-01-01Z', '2026-11-15Z', '1 hour 7 minutes') AS at;
SELECT is(pg_temp.loaded(pg_temp.genai('[{"prices": {"input_mtok": 0.15, "output_mtok": 0.6, "cache_read_mtok": 0.015}},
	{"constraint": {"start_time": "01:00:00Z", "end_time": "04:00:00Z"}, "prices": {"input_mtok": 0.4, "output_mtok": 1.2, "cache_read_mtok": 0.04}},
	{"constraint": {"start_time": "06:00:00Z", "end_time": "10:00:00Z"}, "prices": {"input_mtok": 0.5, "output_mtok": 1.5, "cache_read_mtok": 0.05}}]'), 'genai-prices', '2026-11-20 12:00Z'),
	'(7,0,0,2,0)', 'a catalog of two windows and a new meter, both windows of which are loaded');
SELECT is_empty($$SELECT * FROM before WHERE token_cost('dateco/m', usage(1000, 100, cache_read => 10), at) <> usd$$, 'rewrites no hour of the past');
SELECT is((SELECT min(valid_from) FROM price AS p JOIN price_version AS v USING (version) WHERE provider = 'dateco' AND catalog = 'genai-prices'), '2026-11-20 12:00Z', 'but holds from when it was observed');
SELECT is(pg_temp.cost('dateco/m', '2026-11-21 07:00Z'), 0.5, 'in a window from then on');
SELECT is(pg_temp.cost('dateco/m', '2026-11-23 02:00Z'), 0.4, 'and in the other one');
SELECT is((SELECT min(checked_on) FROM price WHERE provider = 'dateco' AND meter = 'cache_read'), '2026-11-20', 'it was checked when it was observed');
SELECT is(pg_temp.loaded(pg_temp.genai('[{"prices": {"input_mtok": 0.15, "output_mtok": 0.6, "cache_read_mtok": 0.015}},
	{"constraint": {"start_time": "01:00:00Z", "end_time": "04:00:00Z"}, "prices": {"input_mtok": 0.4, "output_mtok": 1.2, "cache_read_mtok": 0.04}},
	{"constraint": {"start_time": "06:00:00Z", "end_time": "10:00:00Z"}, "prices": {"input_mtok": 0.5, "output_mtok": 1.5, "cache_read_mtok": 0.05}}]'), 'genai-prices', '2026-11-25Z'), '(0,0,0,9,0)', 'read again it changes nothing');
ROLLBACK TO genai;
-- what a dated catalog says of before its dates it does not know better; of a new model it is all that is known
SELECT set_price('dateco', 'm', 'output', 9);
SELECT load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-10-01", "prices": [{"provider": "dateco", "model": "m", "usd": {"input": "7"}}]}'::jsonb);
SELECT is(pg_temp.loaded(pg_temp.genai('[{"prices": {"input_mtok": 1}}, {"constraint": {"start_date": "2026-08-17"}, "prices": {"input_mtok": 2}}]'), 'genai-prices', '2026-11-20Z'), '(0,1,0,1,0)', 'a dated catalog of a known model');
SELECT is((pg_temp.cost('dateco/m', '2026-08-16Z'), pg_temp.cost('dateco/m', '2026-08-17Z')), (7::numeric, 2::numeric), 'holds from its date on');
SELECT pg_temp.loaded(replace(pg_temp.genai('[{"prices": {"input_mtok": 1}}, {"constraint": {"start_date": "2026-08-17"}, "prices": {"input_mtok": 2}}]'), '"m"', '"n"'), 'genai-prices');
SELECT is((pg_temp.cost('dateco/n', '2026-08-16Z'), pg_temp.cost('dateco/n', '2026-08-17Z')), (1::numeric, 2::numeric), 'of a new model from ever on');
SELECT pg_temp.loaded(replace(pg_temp.genai('[{"prices": {"input_mtok": 1}}, {"constraint": {"start_time": "01:00:00Z", "end_time": "04:00:00Z"}, "prices": {"input_mtok": 2}}]'), '"m"', '"o"'), 'genai-prices', '2026-11-20Z');
SELECT is((pg_temp.cost('dateco/o', '2026-08-16 02:00Z'), pg_temp.cost('dateco/o', '2026-11-21 02:00Z')), (1::numeric, 2::numeric), 'but a window, even of a new model, never reaches back');
ROLLBACK TO genai;

-- ---------- a past month is put right on purpose (A5) ----------
SELECT load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-08-01", "prices": [{"provider": "dateco", "model": "m", "usd": {"input": "2", "output": "10"}}, {"provider": "dateco", "model": "m", "valid_from": "2026-09-01", "usd": {"input": "3", "output": "15"}}]}'::jsonb);
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2026-10-05Z', usage(1000000), 'dateco/m', 'dates', 'a'), ('2026-08-05Z', usage(1000000), 'dateco/m', 'dates', 'b');
SELECT pg_temp.loaded(pg_temp.genai('{"input_mtok": 2, "output_mtok": 10}'), 'genai-prices', '2026-11-20Z');
SELECT is((pg_temp.cost('dateco/m', '2026-10-05Z'), pg_temp.cost('dateco/m', '2026-11-21Z')), (3::numeric, 2::numeric), 'a catalog that is loaded leaves October alone');
SELECT is(pg_temp.loaded(pg_temp.genai('{"input_mtok": 2, "output_mtok": 10}'), 'genai-prices', '2026-11-20Z', '2026-09-01Z'), '(0,2,0,0,0)', 'unless its owner says since when it holds');
SELECT is((pg_temp.cost('dateco/m', '2026-08-31Z'), pg_temp.cost('dateco/m', '2026-09-01Z'), pg_temp.cost('dateco/m', '2026-11-21Z')), (2::numeric, 2::numeric, 2::numeric), 'and puts it right');
SELECT results_eq($$SELECT month, usd_before, usd_after, difference_usd FROM price_impact() WHERE model = 'dateco/m'$$, $$VALUES (date '2026-10-01', 3::numeric, 2::numeric, -1::numeric)$$, 'which price_impact() shows');
SELECT is(pg_temp.loaded(pg_temp.genai('{"input_mtok": 2, "output_mtok": 10}'), 'genai-prices', '2026-11-20Z', '2026-09-01Z'), '(0,0,0,2,0)', 'saying it again changes nothing');
SELECT publish_correction('dateco', 'm', 'input', 2.5, '2026-10-01', '2026-11-01', 'the invoice of October') AS version \gset
SELECT is((pg_temp.cost('dateco/m', '2026-09-30 23:59Z'), pg_temp.cost('dateco/m', '2026-10-01Z'), pg_temp.cost('dateco/m', '2026-10-31 23:59Z'), pg_temp.cost('dateco/m', '2026-11-01Z')), (2::numeric, 2.5, 2.5, 2::numeric), 'publish_correction() puts one month right, and no other');
SELECT is((SELECT difference_usd FROM price_impact(:version - 1, :version) WHERE model = 'dateco/m'), 0.5, 'which price_impact() shows as well');
SELECT is((SELECT string_agg(DISTINCT note, ',') FROM price WHERE version = :version AND NOT ended), 'the invoice of October', 'with its reason');
SELECT set_price('dateco', 'm', 'input', 4, '2026-07-01'), set_price('dateco', 'm', 'input', 5, '2026-10-15');
SELECT publish_correction('dateco', 'm', 'input', 6, '2026-10-10', '2026-10-20');
SELECT is((pg_temp.cost('dateco/m', '2026-10-09Z'), pg_temp.cost('dateco/m', '2026-10-10Z'), pg_temp.cost('dateco/m', '2026-10-19Z'), pg_temp.cost('dateco/m', '2026-10-20Z')), (2.5, 6::numeric, 6::numeric, 5::numeric), 'it covers what one has said of within, and at its end that holds again');
SELECT end_price('dateco', 'm', 'input', '2026-10-25');
SELECT is((pg_temp.cost('dateco/m', '2026-10-24Z'), pg_temp.cost('dateco/m', '2026-10-25Z')), (5::numeric, 2::numeric), 'end_price() takes one''s own back');
SELECT is(token_cost(price_book()::text::price_book, 'dateco/m', usage(1000000), '2026-10-25Z'), 2::numeric, 'in a book and its text, too');
SELECT is((SELECT usd FROM current_price WHERE (provider, model, meter) = ('dateco', 'm', 'input')), 2::numeric, 'and in current_price');
SELECT throws_ok($$SELECT end_price('dateco', 'm', 'output')$$, 'IA001', NULL, 'there has to be one');
SELECT throws_ok($$SELECT publish_correction('dateco', 'm', 'input', 1, '2026-10-01', '2026-10-01')$$, '22023', NULL, 'a correction of no time');
SELECT throws_ok($$SELECT publish_correction('dateco', 'm', 'input', 1, '-infinity')$$, '22008', NULL, 'or of all times');
SELECT throws_ok($$SELECT publish_correction('dateco', 'm', 'inputs', 1, '2026-10-01')$$, '22023', NULL, 'or of no meter');
SELECT throws_ok($$SELECT load_prices('[]', 'genai-prices', observed_at => 'infinity')$$, '22008', NULL, 'nothing is observed at no time');
SELECT throws_ok($$SELECT load_prices('[]', 'genai-prices', observed_at => now() + interval '1 day')$$, '22008', NULL, 'or later than it is published');
SELECT throws_ok($$SELECT load_prices('[]', 'genai-prices', valid_from => '-infinity')$$, '22008', NULL, 'or valid from no time');
CREATE ROLE regress_dates;
GRANT inferacct_admin TO regress_dates;
GRANT ALL ON SCHEMA inferacct, inferacct_internal TO regress_dates;
SELECT lives_ok('GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA inferacct TO regress_dates', 'somebody else who may publish');
SET LOCAL ROLE regress_dates;
SELECT throws_ok($$SELECT inferacct.load_prices('[]', 'genai-prices', valid_from => '2026-09-01')$$, 'IA104', NULL, 'may not correct the past with a catalog');
SELECT throws_ok($$SELECT inferacct.publish_correction('dateco', 'm', 'input', 1, '2026-10-01')$$, 'IA104', NULL, 'nor with a price');
RESET ROLE;
ROLLBACK TO genai;

-- ---------- what is refused is kept, what is noise is taken off, what is free is free ----------
SELECT is(pg_temp.loaded('[{"id": "dateco", "models": [{"id": "m", "prices": {"input_mtok": 1.5000020000000002, "magic_mtok": 7.25}}, {"id": "n:free", "prices": {}}, {"id": "w", "prices": {"audio_hours": 0.36}}]}]', 'genai-prices'), '(4,0,0,0,1)', 'odd figures');
SELECT is((SELECT attributes FROM catalog_rejection WHERE path LIKE 'dateco/m%'), '{"figure": 7.25, "model": "m", "provider": "dateco"}', 'catalog_rejection keeps the figure');
SELECT is((SELECT usd || ' ' || note FROM price WHERE (provider, model) = ('dateco', 'm')), '1.500002 rounded from 1.5000020000000002', 'the noise of floats is taken off, and told');
SELECT is(token_cost('dateco/n:free', usage(1000, 1000), now()), 0::numeric, 'free is 0');
SELECT is(token_cost('dateco/w', usage(seconds => 7200), now()), 0.72, 'hours are seconds');

ROLLBACK TO genai;
-- ---------- what a later catalog confirms is fresh again ----------
SELECT load_prices(pg_temp.litellm('"input_cost_per_token": 3e-6'), 'litellm', observed_at => '2026-06-01Z');
SELECT is(pg_temp.loaded(pg_temp.litellm('"input_cost_per_token": 3e-6'), 'litellm', '2026-06-20Z'), '(0,0,0,1,0)', 'a catalog of soon after says nothing');
SELECT is((SELECT max(checked_on) FROM price AS p JOIN price_version AS v USING (version) WHERE (provider, model, catalog) = ('dateco', 'm', 'litellm')), '2026-06-01', 'and is not kept');
SELECT is(pg_temp.loaded(pg_temp.litellm('"input_cost_per_token": 3e-6'), 'litellm', '2026-10-20Z'), '(0,0,0,1,0)', 'one of much later changes nothing');
SELECT is((SELECT checked_on FROM explain_price('dateco/m', usage(1), '2026-11-01Z')), '2026-10-20', 'but it was checked again');
SELECT is(pg_temp.loaded(pg_temp.litellm('"input_cost_per_token": 3e-6'), 'litellm', '2026-10-20Z'), '(0,0,0,1,0)', 'once');
ROLLBACK;
