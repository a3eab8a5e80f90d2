-- own_price: what is stated under any name of a model holds, under that name and under the model's own.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SELECT plan(37);

-- every shipped alias in force, as provider/model where it stays with its provider
CREATE TEMP TABLE other_name ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY a.alias) AS n, a.alias, a.provider, a.model,
	CASE WHEN strpos(a.alias, '/') > 1 AND EXISTS (SELECT FROM price AS p WHERE p.provider = split_part(a.alias, '/', 1)) THEN split_part(a.alias, '/', 1) ELSE a.provider END AS named_provider,
	CASE WHEN strpos(a.alias, '/') > 1 AND EXISTS (SELECT FROM price AS p WHERE p.provider = split_part(a.alias, '/', 1)) THEN substr(a.alias, strpos(a.alias, '/') + 1) ELSE a.alias END AS named_model
FROM (SELECT DISTINCT ON (m.alias) m.* FROM model_alias AS m WHERE m.valid_from <= now() ORDER BY m.alias, m.valid_from DESC) AS a
-- (prices of time windows go before those without)
WHERE NOT EXISTS (SELECT FROM price AS w WHERE (w.provider, w.model) = (a.provider, a.model) AND w.time_windows IS NOT NULL);
SELECT cmp_ok((SELECT count(*) FROM other_name), '>=', 370::bigint, 'there are many aliases');
CREATE FUNCTION pg_temp.own_of(alias text, at timestamptz DEFAULT now()) RETURNS numeric LANGUAGE sql AS $$ SELECT token_cost(alias, usage(1000), at) * 1000 $$;

-- set_price()
SAVEPOINT state;
SELECT max(version) AS before FROM price_version \gset
SELECT set_price(named_provider, named_model, 'input', 1000 + n, valid_from => now()) FROM other_name ORDER BY n;
SELECT is_empty(format('SELECT p.provider, p.model FROM price AS p WHERE p.version > %s AND EXISTS (SELECT FROM other_name AS o WHERE (o.named_provider, o.named_model) = (p.provider, p.model) AND (o.provider, o.model) <> (p.provider, p.model))', :before),
	'no price is kept under an alias');
-- several names of one model: the one stated last holds
CREATE TEMP TABLE own ON COMMIT DROP AS SELECT o.*, max(n) OVER (PARTITION BY provider, model) AS last FROM other_name AS o;
SELECT is_empty('SELECT alias FROM own WHERE pg_temp.own_of(alias) IS DISTINCT FROM 1000 + last', 'an own price holds under every alias');
SELECT is_empty($$SELECT alias FROM own WHERE pg_temp.own_of(provider || '/' || model) IS DISTINCT FROM 1000 + last$$, 'and under the model''s own name');
SELECT is_empty($$SELECT alias FROM own CROSS JOIN (SELECT price_book() AS book OFFSET 0) AS b WHERE token_cost(book, alias, usage(1000), now()) * 1000 IS DISTINCT FROM 1000 + last$$, 'and in a book');
SELECT is_empty('SELECT * FROM inferacct_check()', 'and nothing is found wrong');
SELECT is((SELECT usd FROM current_price WHERE (provider, model, meter, service_tier, region, above_input_tokens) = ('anthropic', 'claude-haiku-4-5-20251001', 'input', 'standard', '', 0)),
	1000::numeric + (SELECT max(last) FROM own WHERE model = 'claude-haiku-4-5-20251001'), 'current_price has it under the model''s own name');
ROLLBACK TO state;

-- contracts: plain rows, own price and percentage
INSERT INTO contract (contract) VALUES ('own'), ('half');
INSERT INTO contract_term (contract, provider, model, meter, usd) SELECT 'own', named_provider, named_model, 'input', 2000 FROM other_name GROUP BY 2, 3;
INSERT INTO contract_term (contract, provider, model, percent_off) SELECT 'half', named_provider, named_model, 50 FROM other_name GROUP BY 2, 3;
SET LOCAL inferacct.unpriced = 'null';
CREATE TEMP TABLE list ON COMMIT DROP AS SELECT o.*, pg_temp.own_of(alias) AS usd FROM other_name AS o;
RESET inferacct.unpriced;
SET LOCAL inferacct.contract = 'own';
SELECT is_empty('SELECT alias FROM list WHERE pg_temp.own_of(alias) IS DISTINCT FROM 2000', 'a contract''s own price holds under every alias');
SELECT is_empty($$SELECT alias FROM list WHERE pg_temp.own_of(provider || '/' || model) IS DISTINCT FROM 2000$$, 'and under the model''s own name');
SELECT is_empty($$SELECT alias FROM list CROSS JOIN (SELECT price_book() AS book OFFSET 0) AS b WHERE token_cost(book, alias, usage(1000), now()) * 1000 IS DISTINCT FROM 2000$$, 'and in a book');
SET LOCAL inferacct.contract = 'half';
SELECT is_empty('SELECT alias FROM list WHERE usd IS NOT NULL AND pg_temp.own_of(alias) IS DISTINCT FROM usd / 2', 'a percentage off holds under every alias');
SELECT is_empty($$SELECT alias FROM list WHERE usd IS NOT NULL AND pg_temp.own_of(provider || '/' || model) IS DISTINCT FROM usd / 2$$, 'and under the model''s own name');
RESET inferacct.contract;
ROLLBACK TO state;

-- load_prices(): a catalog in aliases
SELECT jsonb_build_object('inferacct', 1, 'source', 'own', 'checked_on', '2026-11-29', 'prices', jsonb_agg(jsonb_build_object('provider', named_provider, 'model', named_model, 'valid_from', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'usd', jsonb_build_object('input', (3000 + n)::text)))) AS catalog
FROM (SELECT DISTINCT ON (provider, model) * FROM other_name ORDER BY provider, model, n) AS o \gset
SELECT count(*) AS models FROM (SELECT DISTINCT provider, model FROM other_name) AS o \gset
SELECT is((l.added + l.changed + l.withdrawn + l.unchanged + l.rejected, l.rejected), (:models::bigint, 0::bigint), 'the counts of a catalog in aliases sum up') FROM load_prices(:'catalog'::jsonb) AS l;
CREATE TEMP TABLE loaded ON COMMIT DROP AS SELECT o.*, min(n) OVER (PARTITION BY provider, model) AS first FROM other_name AS o;
SELECT is_empty('SELECT alias FROM loaded WHERE pg_temp.own_of(alias) IS DISTINCT FROM 3000 + first', 'a loaded price holds under every alias');
SELECT is_empty($$SELECT alias FROM loaded WHERE pg_temp.own_of(provider || '/' || model) IS DISTINCT FROM 3000 + first$$, 'and under the model''s own name');
SELECT is((l.added, l.changed, l.withdrawn, l.unchanged, l.rejected), (0::bigint, 0::bigint, 0::bigint, :models::bigint, 0::bigint), 'loading it again changes nothing') FROM load_prices(:'catalog'::jsonb) AS l;
ROLLBACK TO state;

-- a foreign catalog that prices a model under two names
SELECT '{"claude-haiku-4-5": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 7e-6, "output_cost_per_token": 8e-6},
	"claude-haiku-4-5-20251001": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 2e-6, "output_cost_per_token": 5e-6}}' AS catalog \gset
SELECT is((l.added, l.changed, l.withdrawn, l.unchanged, l.rejected), (0::bigint, 1::bigint, 0::bigint, 1::bigint, 2::bigint), 'the price under the model''s own name is loaded') FROM load_prices(:'catalog', 'litellm') AS l;
SELECT is(pg_temp.own_of('claude-haiku-4-5', clock_timestamp()), 2::numeric, 'and holds for both');
SELECT matches(problem, '^anthropic/claude-haiku-4-5 is another name of anthropic/claude-haiku-4-5-20251001, which the catalog prices under its own name$', 'the other is said')
FROM catalog_rejection WHERE path LIKE '%haiku%' AND version > 1000;
SELECT is((l.added, l.changed, l.withdrawn, l.unchanged, l.rejected), (0::bigint, 0::bigint, 0::bigint, 2::bigint, 2::bigint), 'loading it again changes nothing') FROM load_prices(:'catalog', 'litellm') AS l;
ROLLBACK TO state;

-- rows under an alias that came another way: the price goes before a shipped alias, a user's alias before the price
INSERT INTO price (provider, model, meter, usd) VALUES ('anthropic', 'claude-haiku-4-5', 'input', 9);
SELECT is(pg_temp.own_of('anthropic/claude-haiku-4-5'), 9::numeric, 'a shipped alias does not hide a price under its name');
SELECT is(pg_temp.own_of('claude-haiku-4-5'), 9::numeric, 'nor under the bare name');
SELECT is(token_cost(price_book(), 'claude-haiku-4-5', usage(1000), now()) * 1000, 9::numeric, 'nor in a book');
SELECT is(pg_temp.own_of('claude-haiku-4-5-20251001'), 1::numeric, 'and the model that it was a name of keeps its price');
SELECT set_alias('anthropic/claude-haiku-4-5', 'claude-haiku-4-5-20251001');
SELECT is(pg_temp.own_of('anthropic/claude-haiku-4-5'), 1::numeric, 'an alias of the user goes before it');
SELECT results_eq($$SELECT what, key FROM inferacct_check()$$, $$VALUES ('price', 'anthropic/claude-haiku-4-5')$$, 'which inferacct_check() finds');
SELECT set_price('anthropic', 'claude-haiku-4-5', 'input', 4);
SELECT is(pg_temp.own_of('anthropic/claude-haiku-4-5'), 4::numeric, 'set_price() then prices what the alias means');
ROLLBACK TO state;

-- set_contract_term() writes under the own name
INSERT INTO contract (contract) VALUES ('own');
SELECT set_contract_term('own', 'anthropic', 'claude-haiku-4-5', 'input', usd => 0.5);
SELECT set_contract_term('own', 'anthropic', percent_off => 10);
SELECT results_eq('SELECT model, usd, percent_off FROM contract_term', $$VALUES ('claude-haiku-4-5-20251001', 0.5, NULL::numeric), (NULL, NULL, 10)$$, 'set_contract_term() keeps terms under the own name');
SELECT is(token_cost(price_book(contract => 'own'), 'claude-haiku-4-5', usage(1000), now()) * 1000, 0.5, 'under which they hold');
PREPARE no_provider AS SELECT set_contract_term('own', 'anthropc', percent_off => 10);
PREPARE no_model AS SELECT set_contract_term('own', 'anthropic', 'claude-haiku-4-55', percent_off => 10);
PREPARE guessed AS SELECT set_contract_term('own', 'openai', 'gpt-5-2099-01-01', percent_off => 10);
PREPARE no_meter AS SELECT set_contract_term('own', 'anthropic', 'claude-haiku-4-5', 'inputs', usd => 1);
PREPARE no_contract AS SELECT set_contract_term(NULL, percent_off => 1);
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	code text; message text; hint text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', code, message, hint);
END $$;
SELECT matches(pg_temp.refusal('EXECUTE no_provider'), '^IA002 .* "anthropc" .*anthropic', 'an unknown provider is refused with near names');
SELECT matches(pg_temp.refusal('EXECUTE no_model'), '^IA002 .*claude-haiku-4-55.*claude-haiku-4-5', 'an unknown model is refused with near names');
SELECT matches(pg_temp.refusal('EXECUTE guessed'), '^IA002 .*openai/gpt-5', 'a name that could only be guessed is refused, and the guess said');
SELECT matches(pg_temp.refusal('EXECUTE no_meter'), '^22023 ', 'an unknown meter is refused');
SELECT matches(pg_temp.refusal('EXECUTE no_contract'), '^22004 ', 'no contract is refused');
ROLLBACK TO state;

-- terms for what is not there
INSERT INTO contract (contract) VALUES ('own');
SELECT is_empty($$SELECT * FROM inferacct_check()$$, 'a contract without terms is none to find');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('own', 'anthropc', 10);
INSERT INTO contract_term (contract, provider, model, percent_off) VALUES ('own', 'anthropic', 'no-such-model-xyz', 10), ('own', 'anthropic', 'claude-haiku-4-5', 10);
SELECT results_eq($$SELECT what, key FROM inferacct_check()$$, $$VALUES ('contract_term', 'own: anthropc'), ('contract_term', 'own: anthropic/no-such-model-xyz')$$, 'terms for a provider and a model that nobody has prices for are found');
ROLLBACK TO state;

-- No finish(): the savepoints that were rolled back took pgTAP's counts with them; the plan holds.
ROLLBACK;
