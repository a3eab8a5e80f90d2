-- Loading catalogs: errors by SQLSTATE, all or nothing, and what holds for any catalog.
BEGIN;
SET LOCAL search_path = inferacct, public;
SET LOCAL timezone = 'UTC';
SELECT plan(33);

CREATE FUNCTION pg_temp.catalog(prices text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [%s]}', prices) $$;
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
	SELECT format('%s versions, %s prices, %s aliases, %s gpus, %s rejections', (SELECT count(*) FROM price_version), (SELECT count(*) FROM price),
		(SELECT count(*) FROM model_alias), (SELECT count(*) FROM gpu_price), (SELECT count(*) FROM catalog_rejection)) $$;
CREATE TEMP TABLE before ON COMMIT DROP AS SELECT pg_temp.state() AS state;

SELECT throws_ok($$SELECT load_prices(NULL::text)$$, '22004', NULL, 'no catalog');
SELECT throws_ok($$SELECT load_prices(NULL::jsonb)$$, '22004', NULL, 'no jsonb');
SELECT throws_ok($$SELECT load_prices('{}', NULL)$$, '22004', NULL, 'no format');
SELECT throws_ok($$SELECT load_prices('{}', 'csv')$$, '22023', NULL, 'a format that there is not');
SELECT throws_ok($$SELECT load_prices(pg_temp.catalog(''), published_at => 'infinity')$$, '22008', NULL, 'published never');
SELECT throws_ok($$SELECT load_prices(pg_temp.catalog(''), published_at => NULL)$$, '22008', NULL, 'published at an unknown time');
SELECT throws_ok(format('SELECT load_prices(%L)', catalog), 'IA102', NULL, what)
FROM (VALUES ('', 'no text'), ('{"inferacct": 1', 'text that is not JSON'), ('{"inferacct": 2, "prices": []}', 'another version of the format'), ('[1]', 'a list of something else'),
	(pg_temp.catalog('{"provider": "p", "usd": {"input": 1}}'), 'no model'), (pg_temp.catalog('{"provider": "p", "model": "m", "usd": {"tokens": 1}}'), 'an unknown meter'),
	(pg_temp.catalog('{"provider": "p", "model": "m", "usd": {"input": -1}}'), 'a negative price'), (pg_temp.catalog('{"provider": "p", "model": "m", "usd": {"input": "0.0000000001"}}'), 'too fine a price'),
	(pg_temp.catalog('{"provider": "p", "model": "m", "usd": {"pages": "9224"}}'), 'too large a price'),
	(pg_temp.catalog('{"provider": "p", "model": "m", "valid_from": "soon", "usd": {"input": 1}}'), 'an unreadable date'),
	(pg_temp.catalog('{"provider": "p", "model": "m", "usd": {"input": 1}}, {"provider": "p", "model": "m", "usd": {"input": 1}}'), 'the same price twice'),
	(pg_temp.catalog('{"provider": "p", "model": "m", "above_input_tokens": -1, "usd": {"input": 1}}'), 'a negative threshold')) v (catalog, what);
SELECT throws_ok(format('SELECT load_prices(%L)', pg_temp.catalog('{"provider": "p", "model": "m", "time_windows": {"timezone": "Mars/Olympus", "windows": [{"from": "00:00", "to": "01:00"}]}, "usd": {"input": 1}}')),
	'22023', NULL, 'an unknown time zone');
SELECT throws_ok($$SELECT load_prices('{"gnu": {"litellm_provider": "p"', 'litellm')$$, 'IA102', NULL, 'a broken foreign catalog');
SELECT is(pg_temp.state(), state, 'after all that, nothing was loaded') FROM before;

-- an empty catalog is no version
SELECT results_eq('SELECT * FROM load_prices(pg_temp.catalog(''''))', 'VALUES (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint)', 'an empty catalog');
SELECT is(pg_temp.state(), state, 'loads nothing') FROM before;

-- the shipped prices, loaded again from the table, are all known
CREATE TEMP TABLE shipped ON COMMIT DROP AS
SELECT replace(json_build_object('inferacct', 1, 'source', 's', 'checked_on', '2026-11-01', 'prices', json_agg(json_strip_nulls(json_build_object(
	'provider', provider, 'model', model, 'region', region, 'service_tier', service_tier, 'above_input_tokens', above_input_tokens, 'threshold_inclusive', threshold_inclusive,
	'time_windows', time_windows, 'valid_from', CASE WHEN isfinite(valid_from) THEN to_char(valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END,
	'usd', CASE WHEN multiplier IS NULL THEN json_build_object(meter, CASE WHEN usd IS NULL THEN to_json('withdrawn'::text) ELSE json_build_object('usd', usd::text, 'per', unit_quantity) END) END,
	'multiplier', CASE WHEN multiplier IS NOT NULL THEN json_build_object(meter, multiplier::text) END))))::text, '"withdrawn"', 'null') AS catalog,
	count(*), count(*) FILTER (WHERE num_nonnulls(usd, multiplier) = 0) AS withdrawn
FROM price_history WHERE version <= 1000;
SELECT results_eq('SELECT l.* FROM shipped, load_prices(catalog) l', 'SELECT 0::bigint, 0::bigint, 0::bigint, count, 0::bigint FROM shipped', 'the shipped prices written as a catalog change nothing');
SELECT results_eq($$SELECT l.* FROM shipped, load_prices(replace(catalog, '"model":"', '"model":"x-')) l$$, 'SELECT count - withdrawn, 0::bigint, withdrawn, 0::bigint, 0::bigint FROM shipped',
	'under other names they are all new');
SELECT results_eq($$SELECT l.* FROM shipped, load_prices(replace(catalog, '"model":"', '"model":"x-')) l$$, 'SELECT 0::bigint, 0::bigint, 0::bigint, count, 0::bigint FROM shipped',
	'once');
SELECT is((SELECT count(*) FROM price_version WHERE version > 1000), 2::bigint, 'in one version, after one of what was read again later');
SET LOCAL inferacct.unpriced = 'null';
CREATE TEMP TABLE model ON COMMIT DROP AS SELECT DISTINCT provider, model FROM price WHERE version <= 1000;
SELECT is_empty($$SELECT provider, model FROM model WHERE token_cost(provider || '/' || model, 1000, 100, '2026-11-01') <> token_cost(provider || '/x-' || model, 1000, 100, '2026-11-01')$$, 'and they cost the same');
RESET inferacct.unpriced;

-- multipliers are withdrawn as prices are; weekly hours may be many
SELECT is(load_prices(pg_temp.catalog('{"provider": "p", "model": "m", "usd": {"input": 10}}, {"provider": "p", "model": "m", "service_tier": "batch", "multiplier": {"*": "0.5"}},
	{"provider": "p", "model": "m", "service_tier": "batch", "valid_from": "2026-06-01", "multiplier": {"*": null}}'))::text, '(2,0,1,0,0)', 'a multiplier is withdrawn');
SELECT throws_ok($$SELECT token_cost('p/m', usage(1), '2026-06-01', 'batch')$$, 'IA001', NULL, 'and its tier is no longer sold');
SELECT lives_ok(format('SELECT load_prices(%L), token_cost(%L, 1, 0)', pg_temp.catalog(format('{"provider": "p", "model": "n", "usd": {"input": 10}, "time_windows": {"timezone": "UTC", "windows": [%s]}}',
	(SELECT string_agg(format('{"days": [%s], "from": "%s", "to": "%s"}', d, to_char(h * interval '1 hour' + d * interval '1 minute', 'HH24:MI'), to_char(h * interval '1 hour' + interval '30 minutes', 'HH24:MI')), ',')
		FROM generate_series(1, 7) d, generate_series(0, 13) h))), 'gpt-4o'), 'as many hours as a catalog may have');
SELECT lives_ok('SELECT price_book()', 'are as many as a price book may');

-- loading takes the lock of the writers and the privileges of the caller
CREATE ROLE regress_loader;
GRANT USAGE ON SCHEMA public TO regress_loader;
SET LOCAL ROLE regress_loader;
SELECT throws_ok($$SELECT load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [{"provider": "p", "model": "m", "usd": {"input": 1}}]}')$$, '42501', NULL, 'not everyone may load prices');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
