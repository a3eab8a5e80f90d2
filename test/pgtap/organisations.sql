-- organisations: a dozen made from a seed, and what each should be told.  Each gets the right
-- verdict, no sentence contradicts another row, ranges are exact at their corners, and what
-- was wrong before is not: hourly means that hide peaks, slots taken for throughput, mixes
-- that no capacity answered for, an own cache that hits as often as a provider's.
\set code `cat "${INFERACCT_SHARED:-../shared}/traces/azure-2023-code.csv" 2>/dev/null || true`
\set conv `cat "${INFERACCT_SHARED:-../shared}/traces/azure-2023-conv.csv" 2>/dev/null || true`
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(57 + CASE WHEN :'code' = '' THEN 0 ELSE 2 END);
SELECT diag('no ../shared/traces: what the Azure traces need is not computed') WHERE :'code' = '';

-- Prices, doubled rents and halved prices are those of later times.
CREATE FUNCTION pg_temp.market(at timestamptz, api numeric DEFAULT 1, rent numeric DEFAULT 1) RETURNS void LANGUAGE sql AS $$
	SELECT set_price('org', m.model, m.meter, m.usd * api, at, service_tier => m.tier)
	FROM (VALUES ('big', 'input', 3, 'standard'), ('big', 'cache_read', 0.3, 'standard'), ('big', 'output', 15, 'standard'), ('big', 'input', 1.5, 'batch'), ('big', 'cache_read', 0.15, 'batch'), ('big', 'output', 7.5, 'batch'),
		('mid', 'input', 1, 'standard'), ('mid', 'output', 4, 'standard'), ('open', 'input', 0.6, 'standard'), ('open', 'output', 0.8, 'standard')) AS m (model, meter, usd, tier);
	INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from) VALUES ('OG', 'v', 'on_demand', 2.5 * rent, at), ('OG', 'v', 'reserved_1y', 1.8 * rent, at), ('OG', 'v', 'reserved_3y', 1.3 * rent, at) $$;
SELECT pg_temp.market('2026-01-01Z'), pg_temp.market('2027-01-01Z', api => 0.5), pg_temp.market('2027-02-01Z', rent => 0.8) \gset ignored
INSERT INTO deployment (name, model, gpu, vendor, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, target_utilization, spare_replicas, marginal_usd_per_mtok)
SELECT 'org' || suffix, 'llama-3.1-70b', 'OG', 'v', 4, 8000 * speed, 1000 * speed, 0.7 * used, 1, 0.05 FROM (VALUES ('', 1.0, 1.0), ('-slow', 0.6, 1), ('-idle', 1, 0.85), ('-people', 1, 1)) AS d (suffix, speed, used);
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) SELECT 'org' || suffix, 'people', 0.5, 180000 * CASE suffix WHEN '-people' THEN 2 ELSE 1 END FROM unnest('{"",-slow,-idle,-people}'::text[]) AS suffix;

-- A number in (0, 1) that is the same for the same words.
CREATE FUNCTION pg_temp.drawn(VARIADIC words text[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT ((hashtextextended(array_to_string(words, ' '), 2026) & 1048575) + 0.5) / 1048576 $$;
-- Weight of an hour: a shape, and noise of a tenth.
CREATE FUNCTION pg_temp.weight(shape text, h int) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT (0.9 + 0.2 * pg_temp.drawn(shape, h::text)) * CASE shape WHEN 'flat' THEN 1 WHEN 'bursty' THEN CASE WHEN pg_temp.drawn('burst', h::text) < 0.03 THEN 15 ELSE 0.6 END
		WHEN 'night' THEN CASE WHEN h % 24 BETWEEN 1 AND 4 THEN 1 ELSE 0 END
		WHEN 'office' THEN CASE WHEN h / 24 % 7 > 4 THEN 0.15 WHEN h % 24 BETWEEN 8 AND 17 THEN 1 ELSE 0.25 END
		WHEN 'season' THEN CASE WHEN h / 24 % 7 > 4 THEN 0.15 WHEN h % 24 BETWEEN 8 AND 17 THEN 1 ELSE 0.25 END * CASE WHEN h / 168 BETWEEN 46 AND 51 THEN 3 ELSE 1 END END $$;
CREATE TABLE public.org_plan AS SELECT * FROM (VALUES
	('startup', 'bursty', 12, 150, 'big', 0.8, 0, NULL::interval), ('classifier', 'flat', 12, 2000, 'big', 0.95, 0, NULL), ('cheap', 'flat', 12, 2000, 'open', 0.95, 0, NULL), ('bank', 'office', 12, 800, 'big', 0.8, 0, NULL),
	('retail', 'season', 52, 3000, 'big', 0.75, 0, NULL), ('nightly', 'night', 12, 12000, 'big', 0.9, 0, '8 hours'), ('young', 'office', 3, 9000, 'big', 0.75, 0, NULL), ('huge', 'office', 10, 60000, 'mid', 0.8, 0, NULL),
	('agents', 'office', 10, 60000, 'big', 0.97, 0.9, NULL), ('steady', 'flat', 10, 9000, 'big', 0.75, 0, NULL), ('thin', 'flat', 10, 3085, 'big', 0.75, 0, NULL)) AS o (org, shape, weeks, mtok, model, input, cached, tolerates);
CREATE TABLE public.org_log AS
	SELECT o.org, timestamptz '2025-01-06Z' + h * interval '1 hour' AS at, usage(input => (tokens * o.input * (1 - o.cached))::bigint, cache_read => (tokens * o.input * o.cached)::bigint, output => (tokens * (1 - o.input))::bigint,
		requests => 1 + (tokens / CASE WHEN o.org = 'agents' THEN 60000 ELSE 3000 END)::bigint) AS usage, 'org/' || o.model AS model, 'standard' AS service_tier, NULL::text AS region, 1500::bigint AS duration_ms, NULL::float8 AS score, o.tolerates
	FROM (SELECT o.*, h, pg_temp.weight(o.shape, h) AS weight, avg(pg_temp.weight(o.shape, h)) OVER (PARTITION BY o.org) AS mean FROM org_plan AS o, generate_series(0, o.weeks * 168 - 1) AS h) AS o,
		LATERAL (SELECT o.mtok * 1000000.0 / 730 * o.weight / o.mean AS tokens) AS t
	WHERE tokens > 0;
DO $$ DECLARE name text; BEGIN FOR name IN SELECT org FROM org_plan LOOP EXECUTE format('CREATE VIEW public.org_%1$s AS SELECT * FROM public.org_log WHERE org = %1$L', name); END LOOP; END $$;

CREATE TEMP TABLE answer AS
	SELECT q.id, a.* FROM (VALUES ('startup', 'startup', NULL::boolean, 0.2, NULL::timestamptz), ('classifier', 'classifier', NULL, 1, NULL), ('cheap', 'cheap', NULL, 1, NULL), ('bank', 'bank', true, 0, NULL), ('bank, young', 'bank', true, 0, '2025-01-27Z'),
		('retail', 'retail', NULL, 1, NULL), ('retail, before the season', 'retail', NULL, 1, '2025-10-01Z'), ('nightly', 'nightly', NULL, 1, NULL), ('young', 'young', NULL, 1, NULL), ('huge', 'huge', NULL, 5, NULL), ('agents', 'agents', NULL, 2, NULL),
		('thin', 'thin', NULL, 1, NULL), ('steady', 'steady', NULL, 1, NULL), ('steady, nobody', 'steady', NULL, 0, NULL)) AS q (id, org, residency, fte, until),
	LATERAL advise('org', log => ('public.org_' || q.org)::regclass, at => '2026-06-01Z', data_residency => q.residency, fte_available => q.fte, until => q.until) AS a;
CREATE FUNCTION pg_temp.of(id text, rule text DEFAULT 'decision') RETURNS answer LANGUAGE sql AS $$ SELECT a FROM answer AS a WHERE a.id = $1 AND a.rule = $2 $$;

-- What each should be told.
SELECT is((pg_temp.of(id)).verdict, verdict, id || ': ' || why) FROM (VALUES
	('startup', 'api', 'a few bursts a week keep no machine busy'), ('classifier', 'api', 'two billion tokens do not fill one replica with its spare and its people'), ('cheap', 'api', 'even less at the price of an open model'),
	('bank', 'self_host', 'data may not leave'), ('bank, young', 'self_host', 'whatever the evidence'), ('young', 'insufficient_evidence', 'three weeks are no evidence'), ('nightly', 'self_host', 'machines that start for the night'),
	('agents', 'hybrid', 'sixty billion tokens, mostly cached: a base, and the API for the days'' peaks'), ('steady', 'self_host', 'a load that is the same all day'), ('steady, nobody', 'api', 'nobody to run them')) AS v (id, verdict, why);
SELECT ok((pg_temp.of('huge')).verdict IN ('hybrid', 'self_host') AND (pg_temp.of('huge')).measured > 0, 'huge: sixty billion tokens a month pay machines');
SELECT ok((pg_temp.of('retail')).verdict = (pg_temp.of('retail, before the season')).verdict AND (pg_temp.of('retail', 'commitment')).measured IS DISTINCT FROM 1, 'retail: a season of six weeks is no base load');
SELECT is((pg_temp.of('startup', 'bursty')).verdict || (pg_temp.of('classifier', 'bursty')).verdict || (pg_temp.of('cheap', 'bursty')).verdict, 'nonono', 'loads that are too small are not called bursty');
SELECT matches((pg_temp.of('thin')).verdict || ' ' || (pg_temp.of('thin')).explanation, '^api .*would save .* less than 5 % of it, which is too little', 'thin: a saving of a few per cent is no reason for machines and people');
SELECT matches((pg_temp.of('bank')).explanation, 'nobody is available.*in the required region', 'the bank is told what it costs to have nobody, and of a regional endpoint');
SELECT matches((pg_temp.of('nightly')).explanation, 'replicas started for the load', 'the nightly batch, that replicas start for it');
SELECT is((pg_temp.of('young', 'hybrid')).verdict || (pg_temp.of('young', 'commitment')).verdict, 'unknownunknown', 'three weeks judge no machines');
SELECT matches((pg_temp.of('steady, nobody')).flips_when, 'fte_available.* reaches 0.5 .then self_host', 'and half a person turns it');

-- No sentence contradicts another row.
CREATE TEMP TABLE pair AS SELECT d.id, d.verdict, d.explanation, d.flips, d.measured, h.verdict AS hybrid, h.explanation AS hybrid_says, s.verdict AS self_host, c.verdict AS commitment, c.explanation AS commitment_says, b.verdict AS bursty, b.explanation AS bursty_says, e.verdict AS evidence
	FROM answer AS d JOIN answer AS h USING (id) JOIN answer AS s USING (id) JOIN answer AS c USING (id) JOIN answer AS b USING (id) JOIN answer AS e USING (id) WHERE (d.rule, h.rule, s.rule, c.rule, b.rule, e.rule) = ('decision', 'hybrid', 'self_host', 'commitment', 'bursty', 'evidence');
SELECT is_empty($$SELECT id FROM pair WHERE verdict = 'self_host' AND id !~ 'bank' AND (self_host <> 'yes' OR explanation ~ 'the API for the rest')$$, 'self_host leaves nothing to the API, in every row');
SELECT is_empty($$SELECT id FROM pair WHERE verdict = 'hybrid' AND (hybrid <> 'yes' OR self_host <> 'no' OR explanation !~ 'the API for the rest')$$, 'hybrid leaves something');
SELECT is_empty($$SELECT id FROM pair WHERE explanation ~ 'No replica' AND (hybrid <> 'no' OR commitment = 'yes')$$, 'where no replica pays, none is reserved');
SELECT is_empty($$SELECT id FROM pair WHERE commitment = 'yes' AND explanation !~ 'reserved' AND verdict IN ('hybrid', 'self_host') AND id !~ 'bank'$$, 'what is reserved is in the plan of the decision');
SELECT is_empty($$SELECT id FROM pair WHERE verdict IN ('api', 'hybrid', 'self_host') AND id !~ 'bank' AND evidence <> 'yes'$$, 'no verdict on cost without evidence');
SELECT is_empty($$SELECT id FROM pair WHERE verdict IN ('hybrid', 'self_host') AND id !~ 'bank' AND strpos(explanation, usd_in_words(measured)) = 0$$, 'what the sentence says is saved is what was measured');
SELECT is_empty($$SELECT id FROM pair WHERE (bursty = 'yes') <> (bursty_says ~ 'comes in bursts')$$, 'bursts are named where they are the cause, and nowhere else');
SELECT is_empty($$SELECT p.id FROM pair AS p, unnest(p.flips) AS t WHERE t.verdict = p.verdict$$, 'no flip leads to the verdict that is');
SELECT is_empty($$SELECT p.id, s.usd_after, d.usd FROM org_plan AS o JOIN pair AS p ON p.id = o.org, LATERAL (SELECT max(usd_after) FILTER (WHERE step = 4) AS usd_after FROM savings_plan('org', log => ('public.org_' || o.org)::regclass, at => '2026-06-01Z')) AS s,
	LATERAL compare_deployments(('public.org_' || o.org)::regclass, '{org}', at => '2026-06-01Z') AS d WHERE o.org IN ('steady', 'nightly', 'classifier') AND s.usd_after <> d.usd$$, 'steps and comparison end at the same bill');

-- Ranges are exact at their corners: what a plan saves when one figure is another is what it saves on such a market, deployment or log.
CREATE FUNCTION pg_temp.facts(log regclass, deployment text, at timestamptz DEFAULT '2026-06-01Z') RETURNS advice_facts LANGUAGE sql AS $$ SELECT advice_facts(workload(log, deployment => deployment, at => at), deployment, NULL, 0.65, at) $$;
-- The chosen machines, bought, in a problem that was made of other figures.
CREATE FUNCTION pg_temp.saved(chosen advice_facts, other plan_problem) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	met	plan := plan_on(other, (SELECT t FROM unnest(other.terms) AS t WHERE t.term = chosen.term), 1, 1, 1, (chosen.plan).replicas);
BEGIN
	RETURN round(met.api_only_usd - met.usd, 4);
END $$;
CREATE VIEW public.org_half_cached AS SELECT at, usage(input => meter(usage, 'input') + meter(usage, 'cache_read') - meter(usage, 'cache_read') / 2, cache_read => meter(usage, 'cache_read') / 2, output => meter(usage, 'output'), requests => meter(usage, 'requests')) AS usage, usage AS paid, model FROM public.org_agents;
CREATE VIEW public.org_grown AS SELECT at, scaled_usage(usage, 1500000) AS usage, model, service_tier, region, duration_ms, score, tolerates FROM public.org_agents;
CREATE TEMP TABLE chosen AS SELECT pg_temp.facts('public.org_agents', 'org') AS f;
CREATE TEMP TABLE other AS
	SELECT 'api_price' AS driver, 0.5 AS factor, (pg_temp.facts('public.org_agents', 'org', '2027-01-15Z')).problems[1] AS p UNION ALL SELECT 'gpu_price', 0.8, (pg_temp.facts('public.org_agents', 'org', '2027-02-15Z')).problems[1]
	UNION ALL SELECT 'throughput', 0.6, (pg_temp.facts('public.org_agents', 'org-slow')).problems[1] UNION ALL SELECT 'utilization', 0.85, (pg_temp.facts('public.org_agents', 'org-idle')).problems[1]
	UNION ALL SELECT 'people', 2, (pg_temp.facts('public.org_agents', 'org-people')).problems[1] UNION ALL SELECT 'growth', 1.5, (pg_temp.facts('public.org_grown', 'org')).problems[1]
	UNION ALL SELECT 'cache', 0.5, plan_problem(d, NULL, NULL, 'org', '2026-06-01Z') FROM (SELECT demand(at, usage, token_cost(model, paid, '2026-06-01Z')) AS d FROM org_half_cached) AS l;
SELECT is(round(d.low_usd + d.high_usd - CASE WHEN o.factor = d.low THEN d.high_usd ELSE d.low_usd END, 0), round(pg_temp.saved(c.f, o.p), 0), format('%s at %s of what was planned: exactly', o.driver, o.factor))
FROM chosen AS c, other AS o, decision_range('public.org_agents', 'org', at => '2026-06-01Z', draws => 1, ranges => (SELECT jsonb_object_agg(o.driver, CASE WHEN o.factor < 1 THEN jsonb_build_array(o.factor, 1) ELSE jsonb_build_array(1, o.factor) END) FROM other AS o)) AS r,
	LATERAL unnest(r.drivers) AS d WHERE d.driver = o.driver ORDER BY o.driver;
CREATE TEMP TABLE ranged AS SELECT * FROM decision_range('public.org_agents', 'org', at => '2026-06-01Z', draws => 60, width => '6 hours');
SELECT ok((SELECT p10_usd <= p50_usd AND p50_usd <= p90_usd AND flip_probability BETWEEN 0 AND 1 AND measuring_usd >= 0 FROM ranged), 'by six hours, too, there is a range');
SELECT is_empty('SELECT d.driver FROM ranged AS r, unnest(r.drivers) AS d WHERE d.measuring_usd IS NULL OR d.measuring_usd > r.measuring_usd + 0.01', 'to know one figure is worth no more than to know all');
SELECT cmp_ok((SELECT low_usd FROM ranged, unnest(drivers) AS d WHERE driver = 'cache'), '<', (SELECT high_usd FROM ranged, unnest(drivers) AS d WHERE driver = 'cache') * 0.7, 'an own cache that hits half as often takes a third of the saving');
SELECT matches((pg_temp.of('agents', 'assumed')).explanation, 'prompt cache is taken to hit as often as the provider', 'which is said to be assumed');
INSERT INTO deployment (name, model, gpu, vendor, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, target_utilization) VALUES ('org-memory', 'llama-3.1-70b', 'H100', 'cloud (mid)', 4, 8000, 1000, 0.7);
SELECT matches((SELECT explanation FROM advise('org-memory', log => 'public.org_agents', at => '2026-12-01Z') WHERE rule = 'assumed'), 'memory holds [67] requests of the mean length .59,[0-9]+ tokens. at once', 'and how few long prompts a replica holds at once');

-- Who sees only the memo knows what to do, what it saves and in which range, what was assumed, what would change it, what was left out.
CREATE TEMP TABLE memo AS SELECT o AS org, decision_memo(('public.org_' || o)::regclass, 'org', at => '2026-06-01Z', fte_available => 1, draws => 40, width => '2 hours') AS text FROM unnest('{agents,classifier,young}'::text[]) AS o;
SELECT matches((SELECT text FROM memo WHERE org = org.name), org.says, org.name || ': ' || org.what) FROM (VALUES
	('agents', 'What to do: rent .* of org .*and the API for the rest', 'what to do'), ('agents', 'What it saves: [0-9,]+ USD a month', 'what it saves'), ('agents', 'In which range: between -?[0-9,.]+ USD and [0-9,.]+ USD a month in eight of ten cases', 'in which range'),
	('agents', 'What was assumed: API prices of 2026-06-01.*stated, not measured.*nobody measured.*prompt cache', 'on what it rests'), ('agents', 'What would change the answer: .*API''s prices fall by more than .*replicas pay no more when', 'what would change it'), ('agents', 'What was left out: nothing', 'what was left out'),
	('classifier', 'What to do: stay with the API', 'what to do'), ('classifier', 'In which range: the best plan with machines would save between', 'how sure that is'), ('classifier', 'What would change the answer: .*(rise|grows) by more than', 'what would change it'),
	('young', 'What to do: stay with the API and decide later.*the log reaches 8 whole weeks', 'what is missing')) AS org (name, says, what);

-- Hourly means hide peaks: a minute that has half of its hour takes 30 times the replicas, and width finds them.
CREATE TABLE public.org_minutes AS SELECT timestamptz '2025-01-06Z' + h * interval '1 hour' + m * interval '1 minute' AS at, usage(18000000, 1000, requests => 100) AS usage, 'org/big' AS model, 'standard' AS service_tier, NULL::text AS region, 900::bigint AS duration_ms, NULL::float8 AS score, NULL::interval AS tolerates
	FROM generate_series(0, 1511) AS h, (VALUES (0), (30)) AS m (m);
SELECT is((SELECT array_agg(f.peak_replicas ORDER BY n) FROM unnest('{1 hour,5 minutes,1 minute}'::interval[]) WITH ORDINALITY AS w (width, n), LATERAL advice_facts(workload('public.org_minutes', until => '2025-01-20Z', deployment => 'org', at => '2026-06-01Z', width => w.width), 'org', NULL, 0.65, '2026-06-01Z') AS f),
	'{2,11,54}', 'a minute that has half of its hour takes thirty times the replicas');
SELECT is((SELECT count(DISTINCT p50_usd) FROM unnest('{1 hour,5 minutes}'::interval[]) AS w, decision_range('public.org_minutes', 'org', until => '2025-01-20Z', at => '2026-06-01Z', draws => 3, width => w)), 2::bigint, 'which a range and a memo see as well');
CREATE FUNCTION pg_temp.trace(csv text) RETURNS TABLE (width interval, replicas numeric) LANGUAGE sql AS $$
	WITH request AS (SELECT split_part(line, ',', 1)::timestamptz AS at, usage(split_part(line, ',', 2)::bigint, split_part(line, ',', 3)::bigint) AS usage FROM regexp_split_to_table(btrim(csv, E'\n'), E'\r?\n') WITH ORDINALITY AS l (line, n) WHERE n > 1)
	SELECT w, f.replicas FROM unnest('{1 hour,5 minutes,1 minute}'::interval[]) AS w, LATERAL (SELECT demand(at, usage, 1, w) AS d FROM request) AS l, LATERAL fleet(l.d, 'org-trace', at => '2026-06-01Z') AS f WHERE f.fleet = 'peak' ORDER BY w DESC $$;
INSERT INTO deployment (name, gpu, vendor, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, target_utilization) VALUES ('org-trace', 'OG', 'v', 4, 8000, 1000, 0.7);
SELECT is((SELECT array_agg(replicas) FROM pg_temp.trace(:'code')), '{1,2,5}', 'the Azure trace of code: one replica by the hour, two by five minutes, five by the minute') WHERE :'code' <> '';
SELECT is((SELECT array_agg(replicas) FROM pg_temp.trace(:'conv')), '{3,4,4}', 'that of conversations: three, four, four') WHERE :'code' <> '';

-- Slots are not throughput: 256 slots that are a third used give seven tenths of the tokens.
SELECT is(round(latency_utilization('llama-8b-1xh100', 124, 13.84), 3), 0.706, 'at 25 requests a second, 71 % of the highest throughput');
SELECT cmp_ok(25 * (0.124 + 230 * 0.01384) / 256, '<', 0.33, 'and a third of the slots');
SELECT matches(obj_description('max_utilization(integer, float8, float8, float8, float8, float8)'::regprocedure), 'nor is it a share of throughput', 'which max_utilization() says of itself');

-- A deployment with one capacity answers for the mixes that people have.
CREATE VIEW public.org_code AS SELECT at, usage(98700000, 1300000, requests => 50000) AS usage, model, service_tier, region, duration_ms, score, tolerates FROM public.org_steady;
CREATE VIEW public.org_talk AS SELECT at, usage(84500000, 15500000, requests => 50000) AS usage, model, service_tier, region, duration_ms, score, tolerates FROM public.org_steady;
SELECT isnt((SELECT verdict FROM advise('llama-70b-reserved', log => log::regclass, at => '2026-12-01Z') WHERE rule = 'decision'), 'insufficient_evidence', log || ': judged at its own share of answers') FROM unnest('{public.org_code,public.org_talk}'::text[]) AS log;
SELECT matches((SELECT source FROM deployment WHERE name = 'llama-70b-reserved'), 'a third of what was measured', 'and its source says how low its figure is');

SELECT * FROM finish();
ROLLBACK;
