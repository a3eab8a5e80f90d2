-- routing: errors by SQLSTATE, sums against one request at a time, baselines against sorting, published cases.
\set corpus `cat "${INFERACCT_SHARED:-../shared}/cases/economics_cases.json" 2>/dev/null || echo '[]'`
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(54);

-- Three models whose prices change, over a random log.
SELECT setseed(0.25);
DO $$
BEGIN
	PERFORM set_price('r', m, meter, (random() * 20)::numeric(9, 6), at)
	FROM unnest(ARRAY['small', 'middle', 'large']) AS m, unnest(ARRAY['input', 'output', 'cache_read']) AS meter,
		unnest(ARRAY['-infinity', '2026-01-11', '2026-01-17 05:00Z']::timestamptz[]) AS at;
	PERFORM set_price('r', 'large', 'input', 9, above_input_tokens => 9000);
END $$;
INSERT INTO routing_policy (name, kind) VALUES ('p', 'score'), ('cascade', 'cascade'), ('split', 'split');
INSERT INTO routing_policy (name, kind, escalation_share, misroute_share) VALUES ('by share', 'cascade', 0.25, 0.125);
INSERT INTO routing_tier (policy, below_score, model, output_ratio, tokenizer_ratio, keeps_cache)
SELECT policy, below_score, model, output_ratio, tokenizer_ratio, keeps_cache
FROM unnest(ARRAY['p', 'cascade', 'by share']) AS policy,
	(VALUES (0.3, 'r/small', 1.25, 1.1, false), (0.7, 'r/middle', 1, 1, true), (NULL, 'r/large', 1, 1, true)) AS t(below_score, model, output_ratio, tokenizer_ratio, keeps_cache);
INSERT INTO routing_tier (policy, share, model) VALUES ('split', 0.6, 'r/small'), ('split', 0.3, 'r/middle'), ('split', 0.1, 'r/large');
CREATE TEMP TABLE log AS
	SELECT i, CASE WHEN i % 11 > 0 THEN random() END AS score, usage((random() * 12000)::bigint, (random() * 900)::bigint, cache_read => (random() * 100)::bigint) AS usage,
		timestamptz '2026-01-01Z' + random() * interval '30 days' AS at
	FROM generate_series(1, 2000) AS i;

-- What a request costs on a tier, said again in SQL.
CREATE FUNCTION pg_temp.tier_usage(tier int, u usage) RETURNS usage LANGUAGE sql AS $$
	SELECT CASE WHEN tier <> 1 THEN u
		ELSE usage(ceil(meter(u, 'input') * 1.1)::bigint + ceil(meter(u, 'cache_read') * 1.1)::bigint, ceil(meter(u, 'output') * 1.1 * 1.25)::bigint) END $$;
CREATE TEMP TABLE priced AS
	SELECT l.*, CASE WHEN score < 0.3 THEN 1 WHEN score < 0.7 THEN 2 ELSE 3 END AS tier,
		ARRAY(SELECT token_cost(m, pg_temp.tier_usage(t::int, usage), at) FROM unnest(ARRAY['r/small', 'r/middle', 'r/large']) WITH ORDINALITY AS x(m, t) ORDER BY t) AS usd
	FROM log AS l;

CREATE TEMP TABLE result AS SELECT policy, route_savings(policy, score, 'r/large', usage, at) AS r
	FROM log, unnest(ARRAY['p', 'cascade', 'by share']) AS policy GROUP BY policy;
CREATE FUNCTION pg_temp.figure(name text) RETURNS route_savings_result LANGUAGE sql AS $$ SELECT r FROM result WHERE policy = name $$;

SELECT is((pg_temp.figure('p')).baseline_usd, (SELECT trim_scale(sum(usd[3])) FROM priced), 'the baseline is the sum of all requests on the large model');
SELECT is((pg_temp.figure('p')).routed_usd, (SELECT trim_scale(sum(usd[tier])) FROM priced), 'routed is the sum of each request on its tier');
SELECT is((pg_temp.figure('p')).unscored, (SELECT count(*) FROM log WHERE score IS NULL), 'requests without a score are counted');
SELECT bag_eq($$SELECT t.model, t.requests, t.usd, t.baseline_usd FROM result, unnest((r).tiers) AS t WHERE policy = 'p'$$,
	$$SELECT (ARRAY['r/small', 'r/middle', 'r/large'])[tier], count(*)::numeric AS n, trim_scale(sum(usd[tier])) AS a, trim_scale(sum(usd[3])) AS b FROM priced GROUP BY tier$$, 'tier by tier');
SELECT is((pg_temp.figure('p')).moved_spend_share, (SELECT trim_scale(sum(usd[3]) FILTER (WHERE tier = 1) / sum(usd[3])) + trim_scale(sum(usd[3]) FILTER (WHERE tier = 2) / sum(usd[3])) FROM priced), 'share of the spend that was moved');
SELECT is((pg_temp.figure('p')).random_usd,
	(SELECT trim_scale(round(sum(n * total / 2000), 15)) FROM (SELECT tier, count(*)::numeric AS n FROM priced GROUP BY tier) AS c, LATERAL (SELECT sum(usd[c.tier]) AS total FROM priced) AS t),
	'by lot, every tier gets its share of what all cost there');
SELECT is((pg_temp.figure('cascade')).routed_usd, (SELECT trim_scale(sum((SELECT sum(usd[j]) FROM generate_series(1, tier) AS j))) FROM priced), 'a judged cascade pays every tier up to the one that answers');
SELECT is((pg_temp.figure('by share')).routed_usd,
	(SELECT trim_scale(round(sum(usd[1] + 0.25 * usd[2] + 0.0625 * usd[3] + 0.125 * (0.75 + 0.1875) * usd[3]), 15)) FROM priced), 'a cascade by share pays in expectation, misrouted requests the last tier, too');
SELECT is((pg_temp.figure('p')).saved_usd, (pg_temp.figure('p')).baseline_usd - (pg_temp.figure('p')).routed_usd, 'saved is the difference');

-- The same shares, longest prompts first: prompts below 64 tokens have a row for each length, so sorting tells all.
CREATE TEMP TABLE short AS SELECT i, random() AS score, usage(i, 3) AS usage FROM generate_series(1, 63) AS i;
SELECT is(
	(SELECT (route_savings('p', score, 'r/large', usage, '2026-01-01')).longest_first_usd FROM short),
	(SELECT trim_scale(sum(token_cost((ARRAY['r/small', 'r/middle', 'r/large'])[tier], pg_temp.tier_usage(tier, usage), '2026-01-01')))
	 FROM (SELECT usage, CASE WHEN rank <= large THEN 3 WHEN rank <= large + middle THEN 2 ELSE 1 END AS tier
		   FROM (SELECT usage, row_number() OVER (ORDER BY i DESC) AS rank,
					count(*) FILTER (WHERE score >= 0.7) OVER () AS large, count(*) FILTER (WHERE score >= 0.3 AND score < 0.7) OVER () AS middle FROM short) AS ranked) AS assigned),
	'longest prompts first is what sorting gives');
SELECT is((SELECT (route_savings('p', 0.9, 'r/large', usage, '2026-01-01')).longest_first_usd FROM short), (SELECT spend('r/large', usage, '2026-01-01') FROM short), 'and nothing else when all go to one tier');

-- Rates that are flat for a while, in more whiles than are kept, met in any order; caches, and requests of several.
DO $$
BEGIN
	PERFORM set_price('flat', m, meter, (random() * 20)::numeric(9, 6), at)
	FROM unnest(ARRAY['small', 'large']) AS m, unnest(ARRAY['input', 'output', 'cache_read', 'requests']) AS meter,
		(SELECT timestamptz '-infinity' UNION ALL SELECT '2026-01-01Z'::timestamptz + n * interval '50 hours' FROM generate_series(0, 13) AS n) AS t(at);
END $$;
INSERT INTO routing_policy (name, kind) VALUES ('flat', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('flat', 0.5, 'flat/small'), ('flat', NULL, 'flat/large');
CREATE TEMP TABLE mixed AS SELECT i, score, CASE WHEN i % 5 = 0 THEN usage + usage(7, 5, pages => (i % 2)::int) ELSE usage END AS usage, at FROM log ORDER BY random();
SET LOCAL inferacct.unpriced = 'null';
CREATE TEMP TABLE flat_priced AS SELECT m.*, coalesce(score < 0.5, false) AS easy, token_cost('flat/small', usage, at) AS small, token_cost('flat/large', usage, at) AS large FROM mixed AS m;
CREATE TEMP TABLE flat_result AS SELECT (route_savings('flat', score, 'flat/large', usage, at)).* FROM mixed;
RESET inferacct.unpriced;
SELECT is((SELECT row(baseline_usd, routed_usd, random_usd)::text FROM flat_result),
	(SELECT row(trim_scale(sum(large)), trim_scale(sum(CASE WHEN easy THEN small ELSE large END)), trim_scale(round((sum(small) * sum(n) FILTER (WHERE easy) + sum(large) * sum(n) FILTER (WHERE NOT easy)) / sum(n), 15)))::text
	 FROM (SELECT *, meter(usage, 'requests')::numeric AS n FROM flat_priced WHERE small IS NOT NULL) AS f), 'flat rates: every request at its own');
SELECT is((SELECT row(requests, left_out, unscored)::text FROM flat_result), (SELECT row(sum(n) FILTER (WHERE small IS NOT NULL), sum(n) FILTER (WHERE small IS NULL), sum(n) FILTER (WHERE small IS NOT NULL AND score IS NULL))::text
	FROM (SELECT *, meter(usage, 'requests')::numeric AS n FROM flat_priced) AS f), 'and every request counted once');
SELECT cmp_ok((SELECT left_out FROM flat_result), '>', 100::bigint, 'those without a price, too');

-- Any order, any parts, any plan.
CREATE FUNCTION pg_temp.state_of(remainder int) RETURNS route_savings_state LANGUAGE plpgsql AS $$
DECLARE
	state route_savings_state;
	l log;
BEGIN
	FOR l IN SELECT * FROM log WHERE i % 2 = remainder LOOP
		state := route_savings_accum(state, 'p', l.score, 'r/large', l.usage, l.at);
	END LOOP;
	RETURN state;
END $$;
SELECT is(route_savings_final(route_savings_combine(pg_temp.state_of(0), pg_temp.state_of(1)::text::route_savings_state))::text, (pg_temp.figure('p'))::text,
	'two halves, one of them through text, make the whole');
CREATE TABLE public.routing_parallel AS SELECT * FROM log;
ALTER TABLE public.routing_parallel SET (parallel_workers = 2);
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line LIKE '%Partial Aggregate%' THEN RETURN true; END IF;
	END LOOP;
	RETURN false;
END $$;
SELECT ok(pg_temp.is_parallel($$SELECT route_savings('p', score, 'r/large', usage, at) FROM public.routing_parallel$$), 'route_savings runs in parallel');
SELECT is((SELECT route_savings('p', score, 'r/large', usage, at) FROM public.routing_parallel)::text, (pg_temp.figure('p'))::text, 'with the same result');
SELECT is((SELECT route_savings(lower('P'), score, concat('r/', 'large'), usage, at, NULL, NULL) FROM public.routing_parallel)::text, (pg_temp.figure('p'))::text, 'also with tier and region that are not known');
SELECT is((SELECT r::text FROM (SELECT i, route_savings('p', score, 'r/large', usage, at) OVER (ORDER BY i) AS r FROM log) AS running ORDER BY i DESC LIMIT 1), (pg_temp.figure('p'))::text, 'and at the end of a window');
SELECT ok(pg_temp.is_parallel($$SELECT route_quality(score, i % 3, i % 5) FROM public.routing_parallel$$), 'route_quality runs in parallel');
SELECT is((SELECT route_quality(score, i % 3, i % 5) FROM public.routing_parallel)::text, (SELECT route_quality(score, i % 3, i % 5 ORDER BY i DESC) FROM log)::text, 'with the same result');
SELECT is((SELECT route_savings('p', score, 'r/large', usage, at ORDER BY i DESC) FROM log)::text, (pg_temp.figure('p'))::text, 'the order of rows does not matter');
SELECT is((SELECT array_agg(route('p', score) ORDER BY i) FROM public.routing_parallel), (SELECT array_agg((ARRAY['r/small', 'r/middle', 'r/large'])[tier] ORDER BY i) FROM priced), 'route() agrees with route_savings()');

-- Errors.
SELECT throws_ok($$SELECT route('nobody', 0.5)$$, 'IA401', NULL, 'an unknown policy');
SELECT throws_ok($$SELECT route_savings('nobody', 0.5, 'r/large', usage(1), '2026-01-01')$$, 'IA401', NULL, 'also in route_savings');
INSERT INTO routing_policy (name, kind) VALUES ('empty', 'score'), ('short', 'split'), ('shared', 'score'), ('ended', 'score');
INSERT INTO routing_tier (policy, share, model) VALUES ('short', 0.5, 'r/small'), ('short', 0.4, 'r/large'), ('shared', 0.5, 'r/small');
SELECT throws_ok($$SELECT route('empty', 0.5)$$, 'IA402', NULL, 'a policy without tiers');
SELECT throws_ok($$SELECT route('short', 0.5)$$, 'IA402', NULL, 'shares that do not sum to 1');
SELECT throws_ok($$SELECT route('shared', 0.5)$$, 'IA402', NULL, 'shares in a policy by score');
SELECT throws_ok($$SELECT route_savings(policy, 0.5, 'r/large', usage(1), '2026-01-01') FROM unnest(ARRAY['p', 'split']) AS policy$$, '22023', NULL, 'two policies in one group');
SELECT throws_ok($$SELECT route_savings('p', 0.5, 'r/larger', usage(1), '2026-01-01')$$, 'IA002', NULL, 'an unknown baseline model');
SELECT throws_ok($$SELECT route_savings('p', 0.5, 'r/large', usage(1), 'infinity')$$, '22008', NULL, 'an infinite time');
SELECT throws_ok($$SELECT route_savings('p', 0.5, 'r/large', usage(9223372036854775807), '2026-01-01') FROM generate_series(1, 3)$$, '22003', NULL, 'tokens beyond 64 bits when scaled');
SELECT throws_ok($$UPDATE routing_policy SET kind = 'split'$$, 'IA103', NULL, 'policies are append-only');
SELECT throws_ok($$DELETE FROM routing_tier$$, 'IA103', NULL, 'and so are tiers');
SELECT throws_ok($$INSERT INTO routing_tier (policy, model, usd_per_month) VALUES ('p', 'm', 1)$$, '23514', NULL, 'a model paid by the token has no monthly cost');
SELECT throws_ok($$SELECT 'x'::route_savings_state$$, '22P02', NULL, 'no state');
INSERT INTO routing_policy (name, kind, valid_from) VALUES ('ended', NULL, '2020-01-01');
SELECT throws_ok($$SELECT route('ended', 0.5)$$, 'IA401', NULL, 'a policy that has ended');

-- Unknown is not zero: such a request is an error, or is counted as left out.
SET LOCAL inferacct.unpriced = 'null';
SELECT is((SELECT row((r).requests, (r).left_out)::text FROM (SELECT route_savings('p', 0.5, 'r/large', u, '2026-01-01') AS r FROM unnest(ARRAY[usage(5), usage(5, images => 2)]) AS u) AS s), '(1,1)', 'a request without a price is left out and counted');
RESET inferacct.unpriced;

-- Published cases: two models priced by the request, in millions of requests, and a share.
CREATE TEMP TABLE shared_case AS SELECT c ->> 'id' AS id, c ->> 'group' AS "group", c -> 'inputs' AS i, c -> 'expected' AS e
	FROM jsonb_array_elements(:'corpus'::jsonb) AS c;
CREATE FUNCTION pg_temp.saved(share_small numeric, usd_small numeric, usd_large numeric) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	name text := format('case %s %s %s', share_small, usd_small, usd_large);
BEGIN
	PERFORM set_price(name, m, 'requests', usd, unit_quantity => 1) FROM (VALUES ('small', usd_small), ('large', usd_large)) AS p(m, usd);
	INSERT INTO routing_policy (name, kind) VALUES (name, 'split');
	INSERT INTO routing_tier (policy, share, model) VALUES (name, share_small, name || '/small'), (name, NULLIF(1 - share_small, 0), name || '/large');
	RETURN (SELECT (route_savings(name, NULL, name || '/large', usage(), '2026-01-01')).saved_share);
END $$;
SELECT is(pg_temp.saved(0.7, 0.67, 9), 0.64788888888888888889, 'a paid small model at 70 %');
SELECT is((SELECT count(*) FROM shared_case WHERE "group" = 'route_static'
	AND abs(pg_temp.saved((i ->> 'share_small')::numeric, (i ->> 'cost_small')::numeric, (i ->> 'cost_large')::numeric) - coalesce(e ->> 'saving', e ->> 'api_saving')::numeric) > 1e-12), 0::bigint, 'static splits of the shared cases');
SELECT is((SELECT count(*) FROM shared_case WHERE "group" = 'cascade'
	AND abs(pg_temp.saved(1, round((i ->> 'cascade_cost')::numeric, 15), round((i ->> 'best_cost')::numeric, 15)) - coalesce(e ->> 'saving', e ->> 'exact_saving')::numeric) > 1e-9), 0::bigint, 'cascades of the shared cases');
SELECT is((SELECT count(*) FROM shared_case WHERE "group" = 'routing_published'
	AND abs(pg_temp.saved(1 - (e ->> 'cpt50')::numeric / 100, (i ->> 'price_weak')::numeric, (i ->> 'price_strong')::numeric) - (e ->> 'saving_vs_strong_at_cpt50')::numeric) > 1e-12), 0::bigint, 'savings at CPT50 of the published routers');
INSERT INTO routing_policy (name, kind, classifier_usd_per_request)
SELECT id, 'split', round((i ->> 'vm_hourly')::numeric / ((i ->> 'requests_per_s')::numeric * 3600), 15) FROM shared_case WHERE "group" = 'router_overhead';
INSERT INTO routing_tier (policy, share, model) SELECT id, 1, 'r/large' FROM shared_case WHERE "group" = 'router_overhead';
SELECT is((SELECT count(*) FROM (SELECT (route_savings(id, NULL, 'r/large', usage(requests => 1000000), '2026-01-01')).classifier_usd - (e ->> 'vm_only')::numeric AS off
	FROM shared_case WHERE "group" = 'router_overhead' GROUP BY id, e) AS o WHERE abs(off) > 1e-8), 0::bigint, 'what a classifier on its own machine costs for a million requests');
SELECT diag(CASE count(*) WHEN 0 THEN 'the shared cases are not here: only our own were run' ELSE count(*) || ' shared cases of routing' END)
	FROM shared_case WHERE "group" ~ '^(route_static|cascade|routing_|router_)';

-- Quality: what a tier's answers are worth is in what is paid until one is accepted.
INSERT INTO routing_policy (name, kind, misroute_share) VALUES ('judged', 'score', 0.125);
INSERT INTO routing_tier (policy, below_score, model, quality_ratio) VALUES ('judged', 0.3, 'r/small', 0.8), ('judged', 0.7, 'r/middle', NULL), ('judged', NULL, 'r/large', NULL);
CREATE TEMP TABLE judged AS SELECT route_savings('judged', score, 'r/large', usage, at) AS r FROM log;
CREATE TEMP TABLE plain AS SELECT tier, ARRAY(SELECT token_cost(m, usage, at) FROM unnest(ARRAY['r/small', 'r/middle', 'r/large']) WITH ORDINALITY AS x(m, t) ORDER BY t) AS usd FROM priced;
SELECT is((SELECT (r).routed_usd FROM judged), (SELECT trim_scale(sum(usd[tier] + CASE tier WHEN 1 THEN 0.2 WHEN 2 THEN 0.125 ELSE 0 END * usd[3])) FROM plain), 'a fifth of one tier, an eighth of the other are asked again of the last');
SELECT is((SELECT (r).usd_per_accepted_answer FROM judged), (SELECT exact_quotient((r).routed_usd, 2000) FROM judged), 'every request ends with an accepted answer');
SELECT is((SELECT (r).baseline_usd_per_answer FROM judged), (SELECT exact_quotient(sum(usd[3]), 2000) FROM plain), 'beside what one costs on the baseline');
SELECT results_eq('SELECT t.quality_ratio, t.usd_per_accepted_answer FROM judged, unnest((r).tiers) AS t ORDER BY t.tier',
	'SELECT CASE tier WHEN 1 THEN 0.8 END, exact_quotient(round(sum(usd[tier] + CASE tier WHEN 1 THEN 0.2 WHEN 2 THEN 0.125 ELSE 0 END * usd[3]), 15), count(*)) FROM plain GROUP BY tier ORDER BY tier', 'tier by tier');
INSERT INTO routing_tier (policy, below_score, model, quality_ratio, valid_from) VALUES ('judged', NULL, 'r/large', 0.9, '2026-01-01');
SELECT is((SELECT (t).usd_per_accepted_answer FROM (SELECT unnest((r).tiers) AS t FROM (SELECT route_savings('judged', score, 'r/large', usage, at) AS r FROM log) AS j) AS u WHERE (t).tier = 3),
	(SELECT exact_quotient(round(sum(usd[3]), 15), 0.9 * count(*)) FROM plain WHERE tier = 3), 'the last tier has nobody to ask again');
SELECT throws_ok($$INSERT INTO routing_tier (policy, below_score, model, quality_ratio) VALUES ('judged', 0.3, 'r/small', 1.2)$$, '23514', NULL, 'answers better than all');
SELECT is(answer_cache_savings(1000, 10000, 0.3, 0.9, 0.002)::text, '(250,0.075,0.06666666666666666667)', 'a cache of answers: 270 less the 20 that looking up costs');
SELECT is((answer_cache_savings(1000, 10000, 0.3, (answer_cache_savings(1000, 10000, 0.3, 0.9, 0.003)).min_quality_ratio, 0.003)).saved_usd, 0.0, 'and nothing at the least quality');
SELECT is(answer_cache_savings(1000, 10000, 0, 0.9)::text, '(0,0.1,)', 'no hits, no saving, and no quality that would pay');
SELECT is((answer_cache_savings(1000, NULL, 0, 0.9)).saved_usd, NULL, 'NULL gives NULLs');
SELECT throws_ok('SELECT answer_cache_savings(1000, 10, 1.5, 1)', '22023', NULL, 'a share above 1');

SELECT * FROM finish();
ROLLBACK;
