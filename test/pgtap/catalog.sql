-- parse_catalog(): errors by SQLSTATE, labels, and what holds for any catalog.
BEGIN;
SET search_path = inferacct, inferacct_internal, public;
SELECT plan(17);

SELECT throws_ok($$SELECT parse_catalog('{"inferacct": 1', 'inferacct')$$, 'IA102', 'malformed price catalog', 'text that is not JSON');
SELECT throws_ok($$SELECT parse_catalog('', 'litellm')$$, 'IA102', 'malformed price catalog', 'no text');
SELECT throws_ok($$SELECT parse_catalog('{"inferacct": 1} 2', 'inferacct')$$, 'IA102', 'malformed price catalog', 'text after the catalog');
SELECT throws_ok($$SELECT parse_catalog('{"prices": []}', 'inferacct')$$, 'IA102', 'malformed price catalog', 'JSON that is no native catalog');
SELECT throws_ok($$SELECT parse_catalog('[]', 'litellm')$$, 'IA102', 'malformed price catalog', 'a list is no litellm catalog');
SELECT throws_ok($$SELECT parse_catalog('{}', 'genai-prices')$$, 'IA102', 'malformed price catalog', 'an object is no genai-prices catalog');
SELECT throws_ok($$SELECT parse_catalog(repeat('[', 100000), 'genai-prices')$$, 'IA102', 'malformed price catalog', 'nested too deeply');
SELECT throws_ok($$SELECT parse_catalog('{}', 'csv')$$, '22023', 'unknown catalog format "csv"', 'unknown format');

-- the detail of a syntax error tells where it is
CREATE FUNCTION pg_temp.detail_of(catalog text, format text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM count(*) FROM parse_catalog(catalog, format);
	RETURN NULL;
EXCEPTION WHEN SQLSTATE 'IA102' THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;
SELECT is(pg_temp.detail_of(E'{"a": 1,\n  "b": }', 'litellm'), 'The text is not JSON: see line 2, column 8.', 'where a syntax error is');

-- exact: a price goes through no float
SELECT results_eq(
	$$SELECT usd FROM parse_catalog('{"m": {"litellm_provider": "p", "input_cost_per_token": 4.6875e-09, "output_cost_per_token": "0.0000000020"}}', 'litellm')$$,
	ARRAY[0.0046875, 0.002]::numeric[], 'prices per token become exact prices per million');
SELECT results_eq(
	$$SELECT coalesce(problem || ' ' || figure, usd || ' ' || note) FROM parse_catalog('[{"id": "p", "models": [{"id": "m", "prices": {"input_mtok": 0.18000000000000002, "output_mtok": -1}}]}]', 'genai-prices')$$,
	ARRAY['0.18 rounded from 0.18000000000000002', 'negative price -1'], 'float dirt is taken off, negative prices are rejected and their figure kept');

-- every price field becomes exactly one row
SELECT is(
	(SELECT count(*) FROM parse_catalog(
		(SELECT json_build_object('m', json_object_agg(field, value))::text
		 FROM (SELECT 'litellm_provider' AS field, to_json('p'::text) AS value
			   UNION ALL SELECT format('%s_cost_per_%s%s', side, unit, suffix), to_json(1e-6)
			   FROM unnest(ARRAY['input', 'output']) side,
					unnest(ARRAY['token', 'image', 'second', 'character', 'pixel', 'audio_token', 'moon']) unit,
					unnest(ARRAY['', '_batches', '_above_128k_tokens', '_above_128k_tokens_flex', '_nightly']) suffix) fields),
		'litellm')),
	70::bigint, 'no price field is dropped');

-- the same whatever the session's settings
SELECT is(
	(SELECT valid_from FROM parse_catalog('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [{"provider": "p", "model": "m", "valid_from": "2026-07-01", "usd": {"input": 1}}]}', 'inferacct')),
	timestamptz '2026-07-01 00:00+00', 'a bare date is 00:00 UTC');
SET LOCAL timezone = 'America/New_York';
SELECT is(
	(SELECT valid_from FROM parse_catalog('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [{"provider": "p", "model": "m", "valid_from": "2026-07-01", "usd": {"input": 1}}]}', 'inferacct')),
	timestamptz '2026-07-01 00:00+00', 'in any time zone of the session');
SELECT is(
	(SELECT model FROM parse_catalog('{"caf\u00e9": {"litellm_provider": "p", "input_cost_per_token": 1}}', 'litellm')),
	U&'caf\00E9', 'escapes are read');

SELECT volatility_is('inferacct_internal', 'parse_catalog', ARRAY['text', 'text'], 'immutable', 'parse_catalog is immutable');
SELECT is(
	(SELECT (proisstrict, proretset, proparallel)::text FROM pg_proc WHERE oid = 'parse_catalog(text, text)'::regprocedure),
	'(t,t,s)', 'strict, a set, parallel safe');

SELECT * FROM finish();
ROLLBACK;
