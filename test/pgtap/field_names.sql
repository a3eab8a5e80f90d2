-- field_names: names as logs have them, by kind, and what they mean in the shipped catalog.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = warning;
SELECT plan(8);

CREATE TEMP TABLE expected (name text, means text) ON COMMIT DROP;
INSERT INTO expected VALUES
	-- Bedrock's own ids, their geographies, calls, ARNs and the ids that a catalog invented
	('us.anthropic.claude-opus-4-6-v1', 'aws/anthropic.claude-opus-4-6-v1 us profile'), ('eu.anthropic.claude-sonnet-4-6', 'aws/anthropic.claude-sonnet-4-6 eu profile'),
	('global.anthropic.claude-sonnet-5', 'aws/anthropic.claude-sonnet-5 global profile'), ('anthropic.claude-sonnet-5-v1:0', 'aws/anthropic.claude-sonnet-5 - version'),
	('bedrock/converse/us.anthropic.claude-opus-4-7', 'aws/anthropic.claude-opus-4-7 us profile'), ('anthropic.claude-opus-5-5', 'aws/anthropic.claude-opus-5-5 - exact'),
	('bedrock/arn:aws:bedrock:eu-central-1:1:inference-profile/eu.anthropic.claude-opus-4-8', 'aws/anthropic.claude-opus-4-8 eu profile'),
	('anthropic.claude-3-sonnet-20240229-v1:0:28k', 'aws/anthropic.claude-3-sonnet-20240229-v1:0 - variant'), ('amazon.nova-micro-v1', 'aws/amazon.nova-micro-v1:0 - version'),
	('us.claude-opus-5', 'anthropic/claude-opus-5 us profile'), ('anthropic/us.claude-sonnet-4-6', 'anthropic/claude-sonnet-4-6 us profile'),
	-- Vertex AI, Azure, hosts
	('vertex_ai/claude-haiku-4-5@20251001', 'google/claude-haiku-4-5 - alias'), ('claude-opus-4-6@default', 'google/claude-opus-4-6 - vertex_date'),
	('projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5', 'google/claude-opus-5 us-east5 path'),
	('azure/gpt-5.6-sol', 'azure/gpt-5.6-sol - provider'), ('azure/eu/gpt-5-2025-08-07', 'azure/gpt-5-2025-08-07 eu route'), ('azure_ai/claude-opus-4-1', 'azure/claude-opus-4-1 - provider'),
	('dashscope/qwen3-max', 'dashscope/qwen3-max - provider'), ('cerebras/zai-glm-4.7', 'cerebras/zai-glm-4.7 - provider'), ('xai/grok-4.7', 'x-ai/grok-4.7 - provider'),
	-- tools
	('claude-opus-4-6[1m]', 'anthropic/claude-opus-4-6 - alias'), ('claude-sonnet-4-5-20250929[1m]', 'anthropic/claude-sonnet-4-5-20250929 - variant'),
	('claude-opus-4-6-thinking', 'anthropic/claude-opus-4-6 - alias'), ('openrouter/anthropic/claude-opus-4.5:online', 'openrouter/anthropic/claude-opus-4.5 - variant'),
	('openrouter/openai/gpt-5-nano:floor', 'openrouter/openai/gpt-5-nano - routing'), ('openrouter/any/model:free', 'openrouter/openrouter/free - variant'),
	('gpt-3.5-turbo-instruct:20230824-v2', 'openai/gpt-3.5-turbo-instruct - dated_snapshot'), ('gpt-4o-2099-01-01', 'openai/gpt-4o - dated_snapshot'),
	-- a maker's name that others have, too, or that it spells otherwise
	('claude-sonnet-4-6', 'anthropic/claude-sonnet-4-6 - exact'), ('claude-fable-5.1', 'anthropic/claude-fable-5-1 - spelling'), ('GPT-6 Sol', 'openai/gpt-6-sol - spelling'),
	('whisper-1', 'openai/whisper-1 - exact'), ('replicate/meta/meta-llama-3-70b-instruct', 'replicate/meta/llama-3-70b-instruct - alias');
SELECT is_empty($$ SELECT e.name, e.means, format('%s/%s %s %s', r.provider, r.model, coalesce(nullif(r.region, ''), '-'), r.rule) AS got
	FROM expected AS e, resolve_model(e.name, '2026-11-25') AS r WHERE format('%s/%s %s %s', r.provider, r.model, coalesce(nullif(r.region, ''), '-'), r.rule) <> e.means $$, 'names of every kind mean what they say');

-- names that move mean what they meant at the time
CREATE TEMP TABLE moved (name text, at date, model text) ON COMMIT DROP;
INSERT INTO moved VALUES ('mistral-large-latest', '2025-11-01', 'mistral-large-2411'), ('mistral/mistral-large-latest', '2026-06-01', 'mistral-large-2512'), ('mistral-large-latest', '2026-11-25', 'mistral-large-4'),
	('mistral-medium-latest', '2025-07-01', 'mistral-medium-2505'), ('mistral-medium-latest', '2026-07-01', 'mistral-medium-2604'), ('mistral-small-latest', '2026-08-01', 'mistral-small-2603'),
	('gemini-flash-latest', '2025-12-01', 'gemini-2.5-flash'), ('gemini-flash-latest', '2026-03-01', 'gemini-3-flash-preview'), ('gemini/gemini-flash-latest', '2026-06-01', 'gemini-3.5-flash'),
	('codestral-latest', '2025-01-20', 'codestral-2501'), ('codestral-latest', '2026-01-01', 'codestral-2508');
SELECT is_empty($$ SELECT m.*, r.model FROM moved AS m, resolve_model(m.name, m.at) AS r WHERE r.model <> m.model $$, 'names that move mean what they meant then');

-- what cannot be priced says why
CREATE FUNCTION pg_temp.hint_of(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	PERFORM resolve_model(name, '2026-11-25');
	RETURN 'resolved';
EXCEPTION WHEN SQLSTATE 'IA002' THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END $$;
SELECT is_empty($$ SELECT name, pg_temp.hint_of(name) FROM (VALUES
	('arn:aws:bedrock:us-east-1:1:application-inference-profile/abcd', '%names no model%set_alias()%'), ('azure/my-deployment', '%On Azure%set_alias()%'),
	('ollama/llama3.1:8b', '%deployment that serves it%'), ('hosted_vllm/meta-llama/Llama-3.1-8B-Instruct', '%deployment that serves it%'),
	('openrouter/auto', '%router%'), ('groq/compound', '%router%'), ('opus[1m]', '%newest%'), ('claude-sonet-5', '%Nearest known: anthropic/claude-sonnet-5%')) AS v(name, hint)
	WHERE pg_temp.hint_of(name) NOT LIKE hint $$, 'names that mean no model are refused with what to do');

-- whose model it is when its maker does not sell it
SELECT is((SELECT string_agg(DISTINCT provider || ' ' || confidence, ',') FROM explain_price('deepseek-v3.2', usage(1000), '2026-11-25')), 'azure guessed name', 'a maker''s name that only another sells is a guess');
SELECT isnt((SELECT string_agg(DISTINCT confidence, ',') FROM explain_price('azure/deepseek-v3.2', usage(1000), '2026-11-25')), 'guessed name', 'but for those who say whom they mean');

-- premiums of regions
SELECT is(token_cost('us.anthropic.claude-sonnet-5', usage(1000000, 0), '2026-11-25') / token_cost('global.anthropic.claude-sonnet-5', usage(1000000, 0), '2026-11-25'), 1.1, 'Bedrock: a geography costs a tenth more');
SELECT is(token_cost('projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5', usage(1000, 0), '2026-11-25') / token_cost('vertex_ai/claude-opus-5', usage(1000, 0), '2026-11-25'), 1.1, 'Vertex AI: so does a region');
SELECT is(token_cost('azure/us/gpt-4.1-2025-04-14', usage(1000, 0), '2026-11-25') / token_cost('azure/gpt-4.1-2025-04-14', usage(1000, 0), '2026-11-25'), 1.1, 'Azure: so does a data zone');

SELECT * FROM finish();
ROLLBACK;
