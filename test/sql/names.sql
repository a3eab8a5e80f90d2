-- resolve_model(): what the names that logs use mean in the shipped catalog.
SET search_path = inferacct, public;
SET timezone = 'UTC';

CREATE FUNCTION pg_temp.means(name text, at timestamptz DEFAULT '2026-11-20') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found record;
	detail text;
	hint text;
BEGIN
	found := resolve_model(name, at);
	RETURN format('%s | %s | %s | %s', found.provider, found.model, found.region, found.rule);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN format('%s %s', SQLSTATE, CASE SQLSTATE WHEN 'IA003' THEN detail ELSE hint END);
END
$$;

-- the same model under the names of its maker, its hosts and its tools
\pset format unaligned
SELECT name, pg_temp.means(name) FROM unnest(ARRAY[
	'gpt-4o', 'gpt-4o-2024-08-06', 'GPT-4o', 'openai/gpt-4o', 'openai:gpt-4o', 'azure/gpt-4o', 'azure/eu/gpt-4o',
	'openrouter/openai/gpt-4o', 'gpt-4o-2099-01-01',
	'ft:gpt-4o-2024-08-06:org::abc', 'ft:gpt-3.5-turbo-0613:org::abc',
	'claude-sonnet-4-5', 'claude-sonnet-4.5', 'claude-sonnet-4-5-20250929',
	'anthropic/claude-3-5-sonnet', 'anthropic/claude-sonnet-4.5', 'openrouter/anthropic/claude-sonnet-4.5',
	'claude-sonnet-4-5@20250929', 'vertex_ai/claude-sonnet-4-5@20250929', 'claude-opus-4-1@20250805',
	'claude-3-5-sonnet-v2@20241022',
	'us.anthropic.claude-3-5-sonnet-20241022-v2:0', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0',
	'bedrock/us-east-1/anthropic.claude-3-haiku-20240307-v1:0',
	'arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0',
	'models/gemini-2.5-flash', 'gemini/gemini-2.5-flash', 'gemini-2.5-flash-002', 'publishers/google/models/gemini-2.5-pro',
	'projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash',
	'accounts/fireworks/models/deepseek-v3p2', 'deepseek-v3p2', 'xai/grok-3', 'groq/llama-3.3-70b-versatile'
]) WITH ORDINALITY AS n(name, i) ORDER BY i;

-- what is not known, or not to be told apart, says what is near
SELECT name, pg_temp.means(name) FROM unnest(ARRAY[
	'accounts/fireworks/models/deepseek-v3', 'claude-sonet-4-5', 'openai/claude-opus-4-1', 'gpt-oss-120b', 'totally-unknown-model', ''
]) WITH ORDINALITY AS n(name, i) ORDER BY i;

-- NULL, and leaving out what is unknown
SELECT * FROM resolve_model(NULL);
SELECT * FROM resolve_model('gpt-4o', NULL);
SET inferacct.unpriced = 'null';
SELECT * FROM resolve_model('totally-unknown-model');
SELECT * FROM resolve_model('gpt-oss-120b');
RESET inferacct.unpriced;
SELECT * FROM resolve_model('gpt-4o', 'infinity');

-- an alias with a date redirects from then on, one without a model ends
BEGIN;
SELECT rejected FROM load_prices('{"inferacct": 1, "source": "test", "checked_on": "2026-11-20",
	"prices": [
		{"provider": "names-maker", "model": "names-old", "valid_from": "2025-01-01", "usd": {"input": "4", "output": "8"}},
		{"provider": "names-maker", "model": "names-new", "valid_from": "2026-01-01", "usd": {"input": "1", "output": "2"}}],
	"aliases": [
		{"alias": "names-chat", "provider": "names-maker", "model": "names-old"},
		{"alias": "names-chat", "provider": "names-maker", "model": "names-new", "valid_from": "2026-03-01"},
		{"alias": "names-chat", "provider": "names-maker", "model": null, "valid_from": "2026-09-01"}]}');
-- A catalog cannot hide prices behind an alias; who runs the database can.
INSERT INTO model_alias (alias, provider, model, valid_from) VALUES ('names-old', 'names-maker', 'names-new', '2026-06-01');
SELECT name, at, pg_temp.means(name, at) AS means
FROM unnest(ARRAY['names-chat', 'names-old', 'names-maker/names-old']) WITH ORDINALITY AS n(name, i),
	unnest(ARRAY['2026-02-28 23:59:59.999999', '2026-03-01', '2026-06-01', '2026-09-01']::timestamptz[]) at
ORDER BY i, at;
SELECT at, token_cost('names-old', 1000000, 1000000, at) AS usd
FROM unnest(ARRAY['2026-05-31 23:59:59.999999', '2026-06-01']::timestamptz[]) at ORDER BY at;

-- an alias of the user's wins over the shipped one, and over the model itself
SELECT rejected FROM load_prices('{"inferacct": 1, "source": "test", "checked_on": "2026-11-20", "aliases": [
	{"alias": "gpt-4o", "provider": "azure", "model": "gpt-4o", "region": "eu"},
	{"alias": "deepseek-chat", "provider": "names-maker", "model": "names-new"},
	{"alias": "our assistant", "provider": "anthropic", "model": "claude-sonnet-4-5-20250929"}]}');
SELECT name, pg_temp.means(name) FROM unnest(ARRAY['gpt-4o', 'openai/gpt-4o', 'deepseek-chat', 'our assistant']) WITH ORDINALITY AS n(name, i) ORDER BY i;
ROLLBACK;
SELECT pg_temp.means('gpt-4o');
