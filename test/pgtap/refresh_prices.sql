-- refresh_prices: what a catalog would change is shown first, and published when asked.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SET LOCAL timezone = 'UTC';
SELECT plan(15);

SELECT added FROM load_prices('{"inferacct": 1, "source": "page", "checked_on": "2026-11-01", "prices": [
	{"provider": "refreshco", "model": "r-1", "usd": {"input": "1", "output": "2"}}, {"provider": "refreshco", "model": "r-2", "usd": {"input": "3"}}]}'::text);
INSERT INTO usage_log (request_id, at, source, provider, model, usage) VALUES
	('r1', now() - interval '1 day', 't', 'refreshco', 'refreshco/r-1', usage(1000000, 1000000)), ('r2', now() - interval '2 days', 't', 'refreshco', 'refreshco/r-1', usage(1000000, 0)),
	('r3', now() - interval '1 day', 't', 'refreshco', 'refreshco/r-2', usage(1000000, 0)), ('r4', now() - interval '40 days', 't', 'refreshco', 'refreshco/r-1', usage(1000000, 0)),
	('r5', now() - interval '1 day', 't', 'refreshco', 'refreshco/r-3', usage(1000000, 0));
SELECT '{"inferacct": 1, "source": "page", "checked_on": "2026-11-29", "prices": [
	{"provider": "refreshco", "model": "r-1", "valid_from": "2026-11-29", "usd": {"input": "5", "output": "2"}},
	{"provider": "refreshco", "model": "r-3", "usd": {"input": "7"}}]}' AS catalog \gset
SELECT count(*) AS versions, max(version) AS newest FROM price_version \gset
SELECT md5(string_agg(version_digests::text, ',')) AS digests FROM version_digests() \gset

SELECT results_eq(format('SELECT model, requests, usd_before, usd_after, difference_usd FROM refresh_prices(%L, %L)', :'catalog', 'inferacct'),
	$$ VALUES ('refreshco/r-1', 2::bigint, 4::numeric, 12::numeric, 8::numeric), ('refreshco/r-3', 1, NULL, 7, 7) $$, 'what the last 30 days would cost, by model');
SELECT is((SELECT (count(*), max(version)) FROM price_version), (:versions::bigint, :newest::bigint), 'nothing is published');
SELECT is((SELECT md5(string_agg(d::text, ',')) FROM version_digests() AS d), :'digests', 'no version is touched');
SELECT is(token_cost('refreshco/r-1', usage(1000000, 0), now()), 1::numeric, 'and the price is what it was');
SELECT throws_ok($$ SELECT token_cost('refreshco/r-3', usage(1, 0), now()) $$, 'IA002', NULL, 'a model that was only shown is not known');
SELECT results_eq(format('SELECT requests FROM refresh_prices(%L, %L, since => %L)', :'catalog', 'inferacct', now() - interval '50 days'), $$ VALUES (3::bigint), (1) $$, 'since when is asked');
SELECT is_empty(format('SELECT * FROM refresh_prices(%L, %L, since => %L)', :'catalog', 'inferacct', now() + interval '1 day'), 'no request, no difference');

SELECT results_eq(format('SELECT model, difference_usd FROM refresh_prices(%L, %L, publish => true)', :'catalog', 'inferacct'),
	$$ VALUES ('refreshco/r-1', 8::numeric), ('refreshco/r-3', 7) $$, 'publishing shows the same');
SELECT is((SELECT count(*) FROM price_version), :versions::bigint + 1, 'and is one version');
SELECT is(token_cost('refreshco/r-3', usage(1000000, 0), now()), 7::numeric, 'whose prices hold');
SELECT is_empty(format('SELECT * FROM refresh_prices(%L, %L)', :'catalog', 'inferacct'), 'then nothing is left to change');

SELECT throws_ok($$ SELECT * FROM refresh_prices('{', 'inferacct') $$, 'IA102', NULL, 'no catalog');
SELECT throws_ok($$ SELECT * FROM refresh_prices('{}', 'nonsense') $$, '22023', NULL, 'no such format');
SELECT throws_ok($$ SELECT * FROM refresh_prices(NULL, 'inferacct') $$, '22004', NULL, 'NULL');
SELECT is_empty('SELECT * FROM verify_prices()', 'every version is as it was published');

SELECT * FROM finish();
ROLLBACK;
