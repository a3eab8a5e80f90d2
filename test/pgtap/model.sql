-- model: errors and labels of resolve_model(); parse_provider_usd().
BEGIN;
SET search_path = inferacct, public;
SELECT plan(14);

SELECT results_eq($$ SELECT * FROM resolve_model('openai/gpt-4o', '2026-11-20') $$,
	$$ VALUES ('openai', 'gpt-4o', NULL, 'provider') $$, 'a provider before the model');
SELECT throws_ok($$ SELECT resolve_model('no-such-model-at-all') $$, 'IA002', 'unknown model "no-such-model-at-all"', 'an unknown name');
SELECT throws_ok($$ SELECT resolve_model(repeat('x', 300)) $$, 'IA002', NULL, 'a name longer than any model''s');
SELECT throws_ok($$ SELECT resolve_model('gpt-oss-120b') $$, 'IA003', 'model "gpt-oss-120b" is ambiguous', 'an ambiguous name');
SELECT throws_ok($$ SELECT resolve_model('gpt-4o', '-infinity') $$, '22008', NULL, 'no time');
SELECT ok(provolatile = 's' AND proparallel = 's' AND proisstrict, 'resolve_model() is stable, parallel safe, strict')
FROM pg_proc WHERE oid = 'resolve_model(text, timestamptz)'::regprocedure;
SELECT is(count(*), 0::bigint, 'a log''s names can be resolved row by row')
FROM (VALUES ('gpt-4o'), ('o3')) log(name), resolve_model(log.name, '2026-11-20') r WHERE r.provider <> 'openai';

SELECT is(parse_provider_usd('{"usage": {"prompt_tokens": 900, "cost": 0.0160614, "is_byok": false}}'), 0.0160614, 'OpenRouter: what it charged');
SELECT is(parse_provider_usd('{"prompt_tokens": 900, "cost": 1.4e-05}'), 0.000014, 'its usage alone, any notation');
SELECT is(parse_provider_usd('{"usage": {"cost": 0, "is_byok": true}}'), 0::numeric, 'a key of one''s own: nothing');
SELECT is(parse_provider_usd('{"usage": {"cost": {"input_tokens_cost": 0.1, "total_cost": 0.25}}}'), 0.25, 'Perplexity');
SELECT is(parse_provider_usd('{"usage": {"cost_in_usd_ticks": 232856000}}'), 0.0232856, 'xAI: 1e10 ticks are one USD');
SELECT is(parse_provider_usd('{"usage": {"prompt_tokens": 900, "cost": null}}'), NULL, 'none stated');
SELECT is(parse_provider_usd('[1]'), NULL, 'no usage at all');

SELECT * FROM finish();
ROLLBACK;
