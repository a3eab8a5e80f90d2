-- Whole public catalogs load unmodified: what comes in is what is counted, a
-- second load adds nothing, a newer file makes one version with an impact.
-- The files are ../shared/catalogs; where they are not, small ones of our own
-- of the same shape are used, and that is said.
\set ON_ERROR_STOP on
\set genai `cat "${INFERACCT_SHARED:-../shared}/catalogs/genai-prices-v2.json" 2>/dev/null || true`
\set older `cat "${INFERACCT_SHARED:-../shared}/catalogs/litellm-2025-08-31.json" 2>/dev/null || true`
\set newer `cat "${INFERACCT_SHARED:-../shared}/catalogs/litellm-2026-07-24-filtered.json" 2>/dev/null || true`

BEGIN;
SET search_path = inferacct, inferacct_internal, public;

CREATE TEMP TABLE file (name text, format text, published_at timestamptz, is_whole boolean, catalog text);
INSERT INTO file
SELECT name, format, published_at::timestamptz, given <> '', coalesce(nullif(given, ''), own)
FROM (VALUES
	('genai', 'genai-prices', '2026-08-21+00', :'genai', '[{"id": "whole-a", "pricing_urls": ["https://example.com"], "models": [
		{"id": "m-1", "match": {"or": [{"equals": "m-one"}, {"contains": "m-"}]},
		 "prices": [{"prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}, "output_mtok": 15}},
			{"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 3, "output_mtok": 15}}]},
		{"id": "m-2", "match": {"equals": "m-2"}, "prices": {}}]}]'),
	('older', 'litellm', '2025-08-31+00', :'older', '{"whole/m": {"litellm_provider": "whole-b", "mode": "chat", "input_cost_per_token": 3e-06,
		"output_cost_per_token": 1.5e-05, "input_cost_per_pixel": 1e-07}}'),
	('newer', 'litellm', '2026-07-24+00', :'newer', '{"whole/m": {"litellm_provider": "whole-b", "mode": "chat", "input_cost_per_token": 2e-06,
		"output_cost_per_token": 1.5e-05, "output_cost_per_token_batches": 7.5e-06}}')
) f(name, format, published_at, given, own);
SELECT diag(name || ': no shared catalog, a small one of our own instead') FROM file WHERE NOT is_whole;

SELECT plan(14);

-- in the order of their publication, as one would
CREATE TEMP TABLE load AS
SELECT f.name, l.*,
	(SELECT count(*) FROM parse_catalog(f.catalog, f.format) c WHERE c.kind <> 'merged') AS entries,
	(SELECT count(*) FROM parse_catalog(f.catalog, f.format) c WHERE c.kind = 'rejected') AS refused
FROM file f, load_prices(f.catalog, f.format, f.name, f.published_at) l
WHERE f.name = 'older';
INSERT INTO load
SELECT f.name, l.*,
	(SELECT count(*) FROM parse_catalog(f.catalog, f.format) c WHERE c.kind <> 'merged') AS entries,
	(SELECT count(*) FROM parse_catalog(f.catalog, f.format) c WHERE c.kind = 'rejected') AS refused
FROM file f, load_prices(f.catalog, f.format, f.name, f.published_at) l
WHERE f.name = 'newer';
INSERT INTO load
SELECT f.name, l.*,
	(SELECT count(*) FROM parse_catalog(f.catalog, f.format) c WHERE c.kind <> 'merged') AS entries,
	(SELECT count(*) FROM parse_catalog(f.catalog, f.format) c WHERE c.kind = 'rejected') AS refused
FROM file f, load_prices(f.catalog, f.format, f.name, f.published_at) l
WHERE f.name = 'genai';

SELECT is(added + changed + withdrawn + unchanged + rejected, entries, name || ': every entry is counted') FROM load;
SELECT is((SELECT count(*) FROM catalog_rejection r JOIN price_version v USING (version) WHERE v.source = name AND r.problem !~ 'another name of'), refused,
	name || ': what cannot be expressed is rejected') FROM load;
SELECT is((SELECT count(*) FROM catalog_rejection r JOIN price_version v USING (version) WHERE v.source = name), rejected,
	name || ': and kept, with the reason') FROM load;

SELECT is((SELECT array_agg(added + changed + withdrawn) FROM file f, load_prices(f.catalog, f.format, f.name, f.published_at) l),
	ARRAY[0, 0, 0]::bigint[], 'loading them again adds nothing');
SELECT is((SELECT count(*) FROM price_version WHERE source IN ('genai', 'older', 'newer')), 3::bigint,
	'each made one version');

-- A newer list has other prices from its publication on, and leaves the past alone.
CREATE TEMP TABLE moved AS
SELECT p.provider, p.model, p.meter, p.usd AS now_usd, p.unit_quantity, k.usd AS then_usd
FROM price p JOIN price_version v USING (version)
JOIN price k USING (provider, model, region, service_tier, meter, above_input_tokens)
JOIN price_version o ON o.version = k.version
WHERE v.source = 'newer' AND o.source = 'older' AND p.valid_from = '2026-07-24+00' AND k.valid_from = '-infinity'
	AND p.meter = 'input' AND p.service_tier = 'standard' AND p.above_input_tokens = 0 AND p.region = '' AND p.time_windows IS NULL
	AND p.usd <> k.usd AND k.usd > 0
ORDER BY 1, 2 LIMIT 1;
SELECT ok(EXISTS (SELECT FROM moved), 'some price has changed');
SELECT is((SELECT ARRAY[token_cost(b, provider || '/' || model, usage(unit_quantity), '2026-07-23+00'),
			token_cost(b, provider || '/' || model, usage(unit_quantity), '2026-07-24+00')]
		FROM moved, (SELECT price_book(as_of => '2026-07-24+00') AS b) book),
	(SELECT ARRAY[trim_scale(then_usd), trim_scale(now_usd)] FROM moved), 'a changed price holds from its publication on');
INSERT INTO usage_log (at, usage, model, source, request_id)
SELECT '2026-10-01+00'::timestamptz, usage(unit_quantity), provider || '/' || model, 'whole catalogs', '1' FROM moved;
SELECT is((SELECT difference_usd FROM price_impact((SELECT version FROM price_version WHERE source = 'older'),
			(SELECT version FROM price_version WHERE source = 'newer')) i, moved WHERE i.model = provider || '/' || moved.model),
	(SELECT trim_scale(now_usd - then_usd) FROM moved), 'and its effect on real spend is shown');
SELECT * FROM finish();
ROLLBACK;
