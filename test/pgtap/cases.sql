-- cases: test/cases/*.jsonl that have prices (payload_cases.sql has the others), and ../shared/cases/usage_cases.jsonl when it is
-- there, give the exact USD that they state.
\set ON_ERROR_STOP on
\set own `cat test/cases/*.jsonl`
\set corpus `cat "${INFERACCT_SHARED:-../shared}/cases/usage_cases.jsonl" 2>/dev/null || true`

BEGIN;
SET search_path = inferacct, public;
\ir ../cases/run.sql

CREATE TEMP TABLE own AS
SELECT n, line::jsonb AS c FROM string_to_table(:'own', E'\n') WITH ORDINALITY AS l(line, n) WHERE line <> '' AND NOT line::jsonb ? 'payload';
CREATE TEMP TABLE corpus AS
SELECT n, line::jsonb AS c FROM string_to_table(:'corpus', E'\n') WITH ORDINALITY AS l(line, n) WHERE line <> '';

-- A source that read a chat answer as that of an embeddings API left the answer
-- out: the payload says more than the case.
CREATE TEMP VIEW corpus_payload AS
SELECT n, c, CASE c ->> 'provider'
		WHEN 'google' THEN 'gemini' WHEN 'aws' THEN 'bedrock' WHEN 'x-ai' THEN 'xai'
		ELSE substring(c ->> 'provider' FROM '^(openai|azure|anthropic|mistral|cohere|groq|deepseek|openrouter|perplexity)$')
	END AS flavor
FROM corpus
WHERE c -> 'usage' <> c -> 'normalized' AND jsonb_typeof(c -> 'usage') = 'object'
	AND NOT (c ->> 'api_flavor' = 'embeddings' AND (c #> '{usage,usage}') ? 'completion_tokens');

-- Where a provider charged what its list does not explain, the case states both.
CREATE TEMP VIEW corpus_list AS
SELECT n, c, coalesce(substring(c ->> 'how' FROM 'list-price arithmetic gives ([0-9.]+)'),
	c ->> 'expected_usd')::numeric AS usd
FROM corpus;

CREATE TEMP VIEW corpus_reported AS
SELECT n, c FROM corpus
WHERE c ->> 'how' LIKE 'PROVIDER-REPORTED%' AND parse_provider_usd(c -> 'usage') IS NOT NULL;

SELECT plan((5 + (SELECT count(*) FROM own)
	+ (SELECT count(*) FROM corpus) + 2 * (SELECT count(*) FROM corpus_payload) + (SELECT count(*) FROM corpus_reported))::int);

-- Loading is all or nothing.
SELECT is((SELECT rejected FROM load_prices(jsonb_build_object('inferacct', 1, 'source', 'test/cases',
	'checked_on', '2026-11-20', 'prices', (SELECT jsonb_agg(entry) FROM (
		SELECT cases.catalog(c, false) AS entry FROM own UNION ALL SELECT cases.catalog(c, true) FROM corpus) e)))),
	0::bigint, 'the prices of all cases are loaded');

SELECT ok(count(*) >= 120, 'at least 120 cases of our own') FROM own;
SELECT ok(count(DISTINCT c ->> 'provider') >= 15, 'of at least 15 providers') FROM own;

SELECT is(CASE WHEN c ? 'expected_error' THEN substring(cost FOR 5) ELSE cost END,
	coalesce(c ->> 'expected_usd', c ->> 'expected_error'),
	format('%s %s %s', c ->> 'id', c ->> 'provider', c ->> 'note'))
FROM own, LATERAL (SELECT CASE
	WHEN c ? 'meters' THEN cases.cost(c, (c -> 'meters')::usage)
	WHEN c ? 'normalized' THEN cases.normalized_cost(c)
	ELSE cases.payload_cost(c, c ->> 'flavor') END AS cost) priced ORDER BY n;

SELECT is(cases.normalized_cost(c), trim_scale(usd)::text, format('corpus %s: counts', c ->> 'id'))
FROM corpus_list ORDER BY n;

SELECT is(cases.payload_cost(c, NULL), trim_scale(usd)::text, format('corpus %s: payload, told by shape', c ->> 'id'))
FROM corpus_payload JOIN corpus_list USING (n, c) ORDER BY n;

SELECT is(cases.payload_cost(c, flavor), trim_scale(usd)::text, format('corpus %s: payload of %s', c ->> 'id', flavor))
FROM corpus_payload JOIN corpus_list USING (n, c) ORDER BY n;

SELECT is(parse_provider_usd(c -> 'usage'), (c ->> 'expected_usd')::numeric, format('corpus %s: what the provider charged', c ->> 'id'))
FROM corpus_reported ORDER BY n;

-- A price book prices as the tables do, and the detail adds up.
CREATE TEMP VIEW priced AS
SELECT 'case/' || (c ->> 'id') AS model,
	CASE WHEN c ? 'meters' THEN (c -> 'meters')::usage
		WHEN c ? 'normalized' THEN cases.normalized_usage(c -> 'normalized', cases.scale(c -> 'normalized'))
		ELSE parse_usage(c -> 'usage', c ->> 'flavor') END AS usage,
	coalesce((c ->> 'at')::timestamptz, '2026-11-20') AS at, cases.service_tier(c ->> 'tier') AS service_tier,
	CASE WHEN c ->> 'multiplier' IS NULL THEN c ->> 'region' ELSE coalesce(c ->> 'region', 'multiplied') END AS region
FROM (SELECT c FROM own UNION ALL SELECT c FROM corpus) cases
WHERE NOT c ? 'expected_error';

CREATE TEMP TABLE book AS SELECT price_book() AS book;
SELECT is(count(*), 0::bigint, 'token_cost() of a price book is that of the tables') FROM priced, book
WHERE token_cost(book, model, usage, at, service_tier, region) IS DISTINCT FROM token_cost(model, usage, at, service_tier, region);
SELECT is(count(*), 0::bigint, 'token_cost_detail() adds up to token_cost()') FROM priced
WHERE (SELECT coalesce(sum(usd), 0) FROM token_cost_detail(model, usage, at, service_tier, region))
	<> token_cost(model, usage, at, service_tier, region);

SELECT diag('usage_cases.jsonl is not there: only the cases of our own were run') WHERE NOT EXISTS (SELECT FROM corpus);
SELECT diag(format('usage_cases.jsonl: %s cases', count(*))) FROM corpus HAVING count(*) > 0;

SELECT * FROM finish();
ROLLBACK;
