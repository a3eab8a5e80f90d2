-- explain: whose price holds, what each figure rests on, and that a guess is refused where it is to be.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SELECT plan(54);

CREATE FUNCTION pg_temp.confidence(model text, usage usage, at timestamptz, service_tier text DEFAULT 'standard', region text DEFAULT NULL) RETURNS text LANGUAGE sql
AS $$ SELECT string_agg(meter || ': ' || confidence, ', ' ORDER BY meter) FROM explain_price($1, $2, $3, $4, $5) $$;

-- ---------- the sum of all figures is the cost, for every shipped model, tier and region ----------
SET LOCAL inferacct.unpriced = 'null';
CREATE TEMP TABLE request ON COMMIT DROP AS
SELECT DISTINCT p.provider || '/' || p.model AS model, p.service_tier, p.region, u.usage, t.at
FROM price AS p
CROSS JOIN (VALUES (usage(1000, 100)), (usage(300000, 70, cache_read => 1000, reasoning => 30)), (usage(7, 3, cache_write => 5, cache_write_1h => 2, input_audio => 4, web_searches => 1))) AS u(usage)
CROSS JOIN (VALUES (timestamptz '2026-07-03 02:30Z'), ('2026-11-21 11:00Z')) AS t(at);
SELECT cmp_ok((SELECT count(*) FROM request), '>', 5000::bigint, 'there are many requests');
SELECT is_empty($$SELECT r.*, token_cost(model, usage, at, service_tier, region), e.usd FROM request AS r
	CROSS JOIN LATERAL (SELECT sum(usd) AS usd, bool_and(confidence IS NOT NULL AND rule IS NOT NULL AND note ~ '\.$') AS told FROM explain_price(model, usage, at, service_tier, region)) AS e
	WHERE token_cost(model, usage, at, service_tier, region) IS DISTINCT FROM e.usd OR NOT e.told$$, 'explain_price() sums exactly to token_cost(), and tells of each figure');
SELECT is_empty($$SELECT r.* FROM request AS r CROSS JOIN (SELECT price_book() AS book OFFSET 0) AS b
	WHERE at > '2026-11-01' AND EXISTS (SELECT meter, usd, rule, confidence, note FROM token_cost_detail(model, usage, at, service_tier, region)
		EXCEPT SELECT meter, usd, rule, confidence, note FROM token_cost_detail(book, model, usage, at, service_tier, region))$$, 'a book tells the same');
RESET inferacct.unpriced;

-- ---------- whose price holds ----------
SAVEPOINT state;
INSERT INTO price (provider, model, meter, usd, checked_on) VALUES ('whoco', 'm', 'input', 1, '2026-09-01'), ('whoco', 'm', 'output', 2, '2026-09-01');
SELECT is((SELECT array_agg(rule || ' ' || confidence) FROM explain_price('whoco/m', usage(1), '2026-10-01Z')), ARRAY['own price exact'], 'a row inserted by hand is an own price');
SELECT load_prices('{"m": {"litellm_provider": "whoco", "mode": "chat", "input_cost_per_token": 5e-6}, "n": {"litellm_provider": "whoco", "mode": "chat", "input_cost_per_token": 5e-6, "output_cost_per_token": 6e-6}}', 'litellm') IS NOT NULL AS loaded \gset
SELECT is(token_cost('whoco/m', usage(1000000), now() + interval '1 hour'), 1::numeric, 'an own price goes before a loaded catalog');
SELECT is(pg_temp.confidence('whoco/n', usage(1), now() + interval '1 hour'), 'input: single source', 'a foreign catalog is a single source');
SELECT is((SELECT rule FROM explain_price('whoco/n', usage(1), now())), 'catalog litellm', 'which is named');
SELECT load_prices('{"inferacct": 1, "source": "own", "checked_on": "2026-11-30", "prices": [{"provider": "whoco", "model": "n", "usd": {"input": "4"}}]}'::jsonb) IS NOT NULL AS loaded \gset
SELECT is(token_cost('whoco/n', usage(1000000), now() + interval '1 hour'), 4::numeric, 'of catalogs that of the lower rank goes first');
SELECT is(pg_temp.confidence('whoco/n', usage(1), now() + interval '1 hour'), 'input: disputed', 'and is disputed by the other');
SELECT matches((SELECT note FROM explain_price('whoco/n', usage(1), now() + interval '1 hour')), 'Another source states another price\. Next: catalog litellm: 5 USD per 1000000 of input\.$', 'whose price is the next candidate');
INSERT INTO catalog_rank (catalog, rank) VALUES ('litellm', 1);
SELECT is(token_cost('whoco/n', usage(1000000), now() + interval '1 hour'), 5::numeric, 'catalog_rank decides');
SELECT is(token_cost(price_book(), 'whoco/n', usage(1000000), now() + interval '1 hour'), 5::numeric, 'in a book as well');
SELECT is((SELECT usd FROM current_price WHERE (provider, model, meter) = ('whoco', 'n', 'input')), 5::numeric, 'and in current_price');
INSERT INTO contract (contract) VALUES ('who');
INSERT INTO contract_term (contract, provider, model, meter, usd) VALUES ('who', 'whoco', 'm', 'input', 0.5);
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('who', 'whoco', 10);
SET LOCAL inferacct.contract = 'who';
SELECT results_eq($$SELECT meter, usd, rule, checked_on FROM explain_price('whoco/m', usage(1000000, 1000000), '2026-10-01Z') ORDER BY meter$$,
	$$VALUES ('input', 0.5, 'contract', NULL::date), ('output', 1.8, 'own price', '2026-09-01')$$, 'a contract goes before an own price, and is never stale');
SELECT matches((SELECT note FROM explain_price('whoco/m', usage(0, 10), '2026-10-01Z')), '^2 USD per 1000000, x 0\.9 by contract\.', 'a percentage off is told');
RESET inferacct.contract;
SELECT set_price('whoco', 'm', 'input', NULL);
SELECT throws_ok($$SELECT token_cost('whoco/m', usage(1), '2026-10-01Z')$$, 'IA001', NULL, 'an own withdrawal withdraws what catalogs state, too');
ROLLBACK TO state;

-- an own price without a date holds before shipped rows of later dates, at every hour and for every context
SELECT set_price(provider, model, 'input', 7777) FROM (SELECT DISTINCT provider, model FROM price WHERE meter = 'input' AND service_tier = 'standard' AND region = '') AS m;
SET LOCAL inferacct.unpriced = 'null';
SELECT is_empty($$SELECT provider, model FROM (SELECT DISTINCT provider, model FROM price WHERE meter = 'input' AND service_tier = 'standard' AND region = '') AS m
	CROSS JOIN (VALUES (timestamptz '2024-01-01'), ('2026-10-01 02:00Z'), (now())) AS t(at)
	WHERE (SELECT e.rule FROM explain_price(provider || '/' || model, usage(1000), at) AS e WHERE meter = 'input') IS DISTINCT FROM 'own price'
		OR token_cost(provider || '/' || model, usage(1000), at) IS DISTINCT FROM 7.777
			+ coalesce((SELECT usd / unit_quantity FROM current_price AS c WHERE (c.provider, c.model, c.meter, c.region, c.service_tier) = (m.provider, m.model, 'requests', '', 'standard')), 0)$$,
	'an own price since ever holds for each of the shipped models, at any time');
RESET inferacct.unpriced;
ROLLBACK TO state;

-- an own alias holds whatever a catalog says later
SELECT set_alias('whoco/x', 'openai/gpt-4o');
SELECT load_prices('{"inferacct": 1, "source": "own", "checked_on": "2026-11-30", "prices": [], "aliases": [{"alias": "whoco/x", "provider": "openai", "model": "gpt-4o-mini", "valid_from": "2026-01-01"}]}'::jsonb) IS NOT NULL AS loaded \gset
SELECT is((SELECT r.model FROM resolve_model('whoco/x') AS r), 'gpt-4o', 'an alias of one''s own goes before a loaded one');
ROLLBACK TO state;

-- ---------- confidence: every mark, and the worst of several ----------
INSERT INTO price (provider, model, service_tier, region, meter, usd, multiplier, checked_on, agreement, note) VALUES
	('markco', 'plain-2026-05-01', 'standard', '', 'input', 10, NULL, '2026-09-20', NULL, NULL), ('markco', 'plain-2026-05-01', 'standard', '', 'output', 20, NULL, '2026-09-20', NULL, NULL),
	('markco', 'plain-2026-05-01', 'batch', '', '*', NULL, 0.5, '2026-09-20', NULL, NULL), ('markco', 'plain-2026-05-01', 'standard', 'eu', '*', NULL, 1.1, '2026-09-20', NULL, NULL),
	('markco', 'single', 'standard', '', 'input', 10, NULL, '2026-09-20', 'single', 'seen once'), ('markco', 'disputed', 'standard', '', 'input', 10, NULL, '2026-09-20', 'disputed', '12 elsewhere'),
	('markco', 'old', 'standard', '', 'input', 10, NULL, '2026-01-01', 'single', NULL), ('markco', 'base', 'standard', '', 'input', 10, NULL, '2026-09-20', NULL, NULL);
INSERT INTO model_alias (alias, provider, model, valid_from) VALUES ('markco-chat', 'markco', 'plain-2026-05-01', '-infinity');
SELECT is(pg_temp.confidence('markco/plain-2026-05-01', usage(1, 1, reasoning => 1), '2026-10-01Z'), 'input: exact, output: exact, reasoning: exact', 'exact');
SELECT is(pg_temp.confidence('plain-2026-05-01', usage(1), '2026-10-01Z'), 'input: exact', 'a bare name is exact, too');
SELECT is(pg_temp.confidence('markco-chat', usage(1), '2026-10-01Z'), 'input: alias', 'alias');
SELECT is(pg_temp.confidence('markco/plain-2026-05-01', usage(1), '2026-10-01Z', 'batch'), 'input: derived', 'derived, of a tier');
SELECT is(pg_temp.confidence('markco-chat', usage(1), '2026-10-01Z', 'standard', 'eu'), 'input: derived', 'derived, of a region, is worse than alias');
SELECT is(pg_temp.confidence('markco/single', usage(1), '2026-10-01Z'), 'input: single source', 'single source');
SELECT is(pg_temp.confidence('markco/old', usage(1), '2026-10-01Z'), 'input: stale', 'stale is worse');
SELECT is(pg_temp.confidence('markco/old', usage(1), '2026-03-01Z'), 'input: single source', 'but only what was checked long before the request');
SELECT is(pg_temp.confidence('markco/disputed', usage(1), '2027-10-01Z'), 'input: disputed', 'disputed is worse still');
SELECT matches((SELECT note FROM explain_price('markco/disputed', usage(1), '2026-10-01Z')), 'Another source states another price: 12 elsewhere\.', 'and the note of the row is told');
SELECT is(pg_temp.confidence('markco/plain-2026-05-01', usage(1, cache_read => 1), '2027-10-01Z'), 'cache_read: fallback meter, input: stale', 'fallback meter');
SELECT is(pg_temp.confidence('markco/plain-2026-05-01', usage(1, cache_read => 1), '2026-10-01Z', 'standard', 'moon'), 'cache_read: fallback region, input: fallback region', 'fallback region');
SELECT is(pg_temp.confidence('markco/base-2026-01-01', usage(1, cache_read => 1), '2026-10-01Z', 'standard', 'moon'), 'cache_read: guessed name, input: guessed name', 'guessed name is the worst');
SELECT is(pg_temp.confidence('markco/base', usage(1), '2026-10-01Z', 'standard', 'moon'), 'input: exact', 'a region is none to fall from where no price depends on it');

-- how long a check holds
SET LOCAL inferacct.stale_after = '10 days';
SELECT is(pg_temp.confidence('markco/base', usage(1), '2026-09-30 23:59Z'), 'input: exact', 'within stale_after a check holds');
SELECT is(pg_temp.confidence('markco/base', usage(1), '2026-10-01Z'), 'input: stale', 'and not a day longer');
SELECT price_book() AS book \gset
SET LOCAL inferacct.stale_after = '';
SELECT is(pg_temp.confidence('markco/base', usage(1), '2090-10-01Z'), 'input: exact', 'without stale_after nothing is');
SELECT is((SELECT d.confidence FROM token_cost_detail(:'book'::price_book, 'markco/base', usage(1), '2026-10-01Z') AS d), 'stale', 'a book keeps what it was made with');
SELECT throws_ok(format('SET LOCAL inferacct.stale_after = %L', v), '22023', NULL, format('stale_after cannot be "%s"', v)) FROM unnest(ARRAY['soon', '-1 days', '1e9']) AS v;
RESET inferacct.stale_after;

-- ---------- a look to before the oldest version ----------
SET LOCAL inferacct.as_of = '2001-01-01Z';
SELECT is((SELECT string_agg(DISTINCT confidence, ',') FROM explain_price('gpt-4o', usage(1, 1), '2026-08-25Z')), 'stale', 'before the oldest version nothing was checked');
SELECT matches((SELECT note FROM explain_price('gpt-4o', usage(1), '2026-08-25Z')), 'inferacct\.as_of lies before the oldest price version, which is used instead', 'and the note says so');
RESET inferacct.as_of;
SELECT isnt((SELECT confidence FROM explain_price('gpt-4o', usage(1), '2026-08-25Z')), 'stale', 'without it the same figure is not');

-- ---------- patterns of names, the last rule ----------
SELECT load_prices('[{"id": "patco", "models": [{"id": "m-1", "match": {"or": [{"equals": "m-1"}, {"starts_with": "m-"}, {"regex": "^q"}]}, "prices": {"input_mtok": 1}}, {"id": "m-2", "match": {"contains": "m-2"}, "prices": {"input_mtok": 2}}]}]', 'genai-prices') IS NOT NULL AS loaded \gset
SELECT results_eq($$SELECT r.model || ' ' || r.rule FROM unnest(ARRAY['patco/m-1', 'patco/m-9-fast', 'patco/us.m-2-x', 'm-9-fast']) AS n(name) CROSS JOIN LATERAL resolve_model(n.name, '2026-12-01Z') AS r$$,
	$$VALUES ('m-1 provider'), ('m-1 pattern'), ('m-2 pattern'), ('m-1 pattern')$$, 'a name that nothing else knows is read by a catalog''s pattern');
SELECT is(pg_temp.confidence('patco/m-9-fast', usage(1), '2026-12-01Z'), 'input: guessed name', 'which is a guess');
SELECT is(token_cost(price_book(), 'patco/us.m-2-x', usage(1000000), '2026-12-01Z'), 2::numeric, 'in a book, too');
SELECT set_alias('patco/mine-*', 'patco/m-2', '2026-11-01');
SELECT is(pg_temp.confidence('patco/mine-weu', usage(1), '2026-12-01Z'), 'input: single source', 'a pattern of one''s own is none');
SELECT throws_ok($$SELECT token_cost('patco/mine-weu', usage(1), '2026-10-01Z')$$, 'IA002', NULL, 'and is dated');

-- ---------- refused ----------
CREATE TEMP TABLE guess (what text, model text, usage usage, region text) ON COMMIT DROP;
INSERT INTO guess VALUES ('guessed name', 'markco/base-2026-01-01', usage(1), NULL), ('fallback meter', 'markco/base', usage(1, cache_read => 1), NULL), ('fallback region', 'markco/plain-2026-05-01', usage(1), 'moon');
SET LOCAL inferacct.guess = 'refuse';
SELECT throws_ok(format('SELECT %s(%L, %L::usage, timestamptz %L, %L, %L)', f, model, usage, '2026-10-01Z', 'standard', region), 'IA009', NULL, format('%s: a %s is refused', f, what))
FROM guess CROSS JOIN (VALUES ('token_cost'), ('spend')) AS f(f) WHERE f = 'spend' OR what = 'guessed name';
SELECT throws_ok($$SELECT token_cost(price_book(), 'markco/base-2026-01-01', usage(1), '2026-10-01Z')$$, 'IA009', NULL, 'by a book, too');
SELECT is(token_cost('markco-chat', usage(1000000, reasoning => 1000000), '2026-10-01Z', 'batch', 'eu'), 16.5, 'what is no guess is priced');
SET LOCAL inferacct.unpriced = 'null';
SELECT is_empty($$SELECT * FROM guess WHERE token_cost(model, usage, '2026-10-01Z', 'standard', region) IS NOT NULL$$, 'under unpriced = null a refused guess is NULL');
ROLLBACK;
