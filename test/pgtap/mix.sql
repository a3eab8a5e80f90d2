-- mix: several deployments beside each other, spot replicas that are away at times, tiers of a
-- policy that are taken or not, and logs that are read once.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(27);

DO $$
BEGIN
	PERFORM set_price('tp', 'big', 'input', 3), set_price('tp', 'big', 'output', 15), set_price('tp', 'small', 'input', 0.6), set_price('tp', 'small', 'output', 1.2),
		set_price('tp', 'dear', 'input', 30), set_price('tp', 'dear', 'output', 150);
END $$;
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('DH', 'hv', 'on_demand', 10), ('DH', 'hv', 'reserved_1y', 7), ('DH', 'hv', 'spot', 4),
	('DL', 'hv', 'on_demand', 1), ('DL', 'hv', 'reserved_1y', 0.6), ('DS', 'sv', 'spot', 4);
INSERT INTO deployment (name, gpu, vendor, term, prefill_tokens_per_second, decode_tokens_per_second, min_replicas, attributes) VALUES
	('large', 'DH', 'hv', 'on_demand', 10000, 1000, 1, NULL), ('little', 'DL', 'hv', 'on_demand', 2000, 200, 1, NULL), ('pair', 'DL', 'hv', 'on_demand', 2000, 200, 2, NULL),
	('spotty', 'DH', 'hv', 'on_demand', 10000, 1000, 1, '{"spot_away": 0.05, "spot_restart_usd_per_month": 73}'), ('never', 'DH', 'hv', 'on_demand', 10000, 1000, 1, '{"spot_away": 1}'),
	('fleeting', 'DS', 'sv', 'spot', 10000, 1000, 1, '{"spot_away": 0.05}'), ('hoping', 'DS', 'sv', 'spot', 10000, 1000, 1, NULL), ('unpriced', 'none', 'hv', 'on_demand', 10000, 1000, 1, NULL);
INSERT INTO deployment_serves (deployment, model) VALUES ('large', '*big'), ('little', '*small');

-- Ten weeks: large does 3.6 million answer tokens an hour, little 0.72 million.
CREATE TABLE public.hours AS SELECT n, timestamptz '2025-01-06Z' + n * interval '1 hour' AS at FROM generate_series(0, 1679) AS n;
CREATE TABLE public.logs AS
	SELECT l.log, h.at, l.usage, l.model, 'standard'::text AS service_tier, NULL::text AS region, 900::bigint AS duration_ms, l.score::float8 AS score, NULL::interval AS tolerates
	FROM hours AS h, LATERAL (VALUES
		('apart', 'tp/big', usage(0, 3600000), NULL), ('apart', 'tp/small', usage(0, 1440000), NULL),
		('day', CASE WHEN h.n % 24 < 8 THEN 'tp/big' END, usage(0, 3600000), NULL),
		('tiers', 'tp/big', usage(0, 100000), 0.1), ('tiers', 'tp/big', usage(0, 100000), 0.5), ('tiers', 'tp/big', usage(0, 100000), 0.9)) AS l (log, model, usage, score)
	WHERE l.model IS NOT NULL;
DO $$ DECLARE name text; BEGIN FOR name IN SELECT DISTINCT log FROM logs LOOP EXECUTE format('CREATE VIEW public.log_%1$s AS SELECT * FROM public.logs WHERE log = %1$L', name); END LOOP; END $$;

-- Several deployments: each for its models.
CREATE TEMP TABLE apart AS SELECT * FROM compare_deployments('public.log_apart', ARRAY['large', 'little', 'unpriced'], at => '2025-04-01Z');
SELECT is((SELECT array_agg(deployment ORDER BY rank) FROM apart), '{large + little,large,little,unpriced}', 'two beside each other come before each alone, and what cannot be judged last');
SELECT is((SELECT usd FROM apart WHERE rank = 1), 7 * 730 + 2 * 0.6 * 730, 'one large and two little ones, each paid once');
SELECT is((SELECT saved_usd FROM apart WHERE rank = 1), (SELECT sum(saved_usd) FROM apart WHERE rank IN (2, 3)), 'they save what each saves alone, for they share no work');
SELECT matches((SELECT explanation FROM apart WHERE rank = 1), 'one replica of large all the time \(reserved 1y\); 2 replicas of little all the time.*No other mix is cheaper\.$', 'which is said, and that nothing is cheaper');
SELECT is((SELECT replicas || ' ' || reserved_machines FROM apart WHERE rank = 1), '3 3', 'all of them reserved');
CREATE TEMP TABLE steps AS SELECT * FROM savings_plan('large', log => 'public.log_apart', at => '2025-04-01Z', others => '{little,large}');
SELECT is((SELECT string_agg(lever, ' ' ORDER BY step) FROM steps), 'today batch routing hybrid commitment mix', 'others are a step');
SELECT is((SELECT usd_after FROM steps WHERE step = 5), (SELECT usd FROM apart WHERE rank = 1), 'to the same plan');
SELECT is((SELECT max(usd_before) FILTER (WHERE step = 0) - sum(saved_usd) FROM steps), (SELECT usd_after FROM steps WHERE step = 5), 'and steps sum to it');
SELECT is_empty('SELECT step FROM steps WHERE saved_usd < 0', 'none costs more than the one before');
SELECT matches((SELECT explanation FROM savings_plan('large', log => 'public.log_day', at => '2025-04-01Z', others => '{little}') WHERE step = 5), 'nothing that matters', 'one that has nothing to do is no step');
SELECT throws_ok($$SELECT savings_plan('large', 'own', log => 'public.log_day', others => '{little}')$$, '22023', NULL, 'several with a policy are refused');
SELECT throws_ok($$SELECT savings_plan('large', log => 'public.log_day', others => '{nobody}')$$, 'IA301', NULL, 'as is one that nobody knows');
-- The same models: the large one's base, and the little one for what is beyond it.
INSERT INTO deployment_serves (deployment, model, valid_from) VALUES ('large', '*', '2020-01-01Z'), ('little', '*', '2020-01-01Z');
CREATE VIEW public.log_peak AS SELECT log, at, usage(0, 3600000 + CASE WHEN extract(hour FROM at) = 12 THEN 720000 ELSE 0 END) AS usage, model, service_tier, region, duration_ms, score, tolerates FROM log_apart WHERE model = 'tp/big';
SELECT is((SELECT usd FROM compare_deployments('public.log_peak', ARRAY['large', 'little'], at => '2025-04-01Z', materiality => 0.001) WHERE rank = 1), (SELECT min(usd) FROM (VALUES (6 * 0.6 * 730), (5 * 0.6 * 730 + trim_scale(round(730 / 24.0, 15)))) AS v (usd)),
	'the cheaper alone stays alone');
SELECT is_empty($$SELECT * FROM compare_deployments('public.log_peak', ARRAY['large', 'little'], at => '2025-04-01Z') WHERE deployment ~ '[+]'$$, 'without a row of a mix');

-- Spot replicas, on eight hours a day of which each costs 54 USD at the API: 560 of 1664.
SELECT is((SELECT plan_usd FROM compare_deployments('public.log_day', ARRAY['large'], at => '2025-04-01Z')), trim_scale(round(730 * 560 / 1664.0 * 10, 15)), 'without a spot price it is one by the hour');
CREATE TEMP TABLE spot AS SELECT c.* FROM compare_deployments('public.log_day', ARRAY['spotty', 'fleeting', 'hoping', 'pair'], at => '2025-04-01Z') AS c;
SELECT is((SELECT round(plan_usd, 9) FROM spot WHERE deployment = 'spotty'), round(730 * 560 / 1664.0 * (4 * 0.95 + 0.1 + 54 * 0.05), 9), 'a spot replica is paid while it is there, and for restarts, and the API for the gap');
SELECT matches((SELECT explanation FROM spot WHERE deployment = 'spotty'), '246 hours a month of spot replicas of spotty and the API for the rest', 'as the sentence says');
SELECT is((SELECT round(plan_usd, 9) FROM spot WHERE deployment = 'fleeting'), round(730 * 560 / 1664.0 * (4 * 0.95 + 54 * 0.05), 9), 'also where there are only spot machines');
SELECT is((SELECT round(plan_usd, 9) FROM spot WHERE deployment = 'hoping'), round(730 * 4.0, 9), 'whoever says nothing of that pays for machines that always run');
SELECT matches((SELECT explanation FROM advise('hoping', log => 'public.log_day', at => '2025-04-01Z') WHERE rule = 'assumed'), 'never to be away, which nobody said', 'which is marked');
SELECT matches((SELECT explanation FROM advise('spotty', log => 'public.log_day', at => '2025-04-01Z') WHERE rule = 'assumed'), '3.9 USD an hour and replica as spot, away 5 % of the time, when the API serves', 'as is what was said');
SELECT throws_ok($$SELECT advise('never', log => 'public.log_day', at => '2025-04-01Z')$$, '22023', NULL, 'a machine that is always away is none');
SELECT is((SELECT round(plan_usd, 9) FROM spot WHERE deployment = 'pair'), round(2 * 0.6 * 730 + 3 * 730 * 560 / 1664.0, 9), 'replicas that always have to run are reserved where that is cheaper, the others are started');

-- The tiers of a policy: what costs more than it saves is left where it is.
INSERT INTO routing_policy (name, kind) VALUES ('three', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('three', 0.3, 'tp/small'), ('three', 0.7, 'tp/dear'), ('three', NULL, 'tp/big');
SELECT is((SELECT saved_usd FROM savings_plan(NULL, 'three', log => 'public.log_tiers', at => '2025-04-01Z') WHERE step = 2), 730 * 0.1 * (15 - 1.2), 'one tier saves, a dearer one is not taken');

SELECT matches((SELECT explanation FROM savings_plan(NULL, 'three', log => 'public.log_tiers', at => '2025-04-01Z') WHERE step = 2), 'Only what gets cheaper is moved: 50 % of the spend that the policy would move', 'which is said');

-- A log is read once.
CREATE SEQUENCE public.reads;
CREATE VIEW public.log_counted AS SELECT at, usage, model, service_tier, region, duration_ms, score, CASE WHEN nextval('public.reads') > 0 THEN tolerates END AS tolerates FROM log_tiers;
SELECT count(*) > 0 FROM compare_deployments('public.log_counted', ARRAY['large', 'little', 'spotty'], at => '2025-04-01Z');
SELECT is((SELECT last_value FROM public.reads), 3 * 1680::bigint, 'for any number of candidates');
SELECT count(*) > 0 FROM advise('large', 'three', log => 'public.log_counted', at => '2025-04-01Z');
SELECT is((SELECT last_value FROM public.reads), 3 * 3 * 1680::bigint, 'and once more for a policy');

SELECT * FROM finish();
ROLLBACK;
