-- flips: every figure that advise() says turns a verdict does: one per cent beyond it the
-- verdict is the one that it names, one per cent before it is today's.  Asked of random logs,
-- by changing the prices, the log, the rents or the argument themselves and asking anew.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(9);

INSERT INTO deployment (name, gpu, vendor, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, target_utilization, spare_replicas, marginal_usd_per_mtok, watts, usd_per_kwh) VALUES
	('flip-plain', 'FG', 'v', 1, 8000, 1000, 0.7, 0, 0, 0, 0), ('flip-spare', 'FG', 'v', 4, 8000, 1000, 0.7, 1, 0.02, 700, 0.15);
INSERT INTO deployment_cost (deployment, item, fte, usd_per_fte_year) VALUES ('flip-plain', 'people', 0.1, 120000), ('flip-spare', 'people', 0.5, 180000);
INSERT INTO serving_point (deployment, requests_per_second, tokens_per_second, ttft_p99_ms, tpot_ms) VALUES ('flip-plain', 1, 300, 200, 10), ('flip-plain', 4, 1000, 900, 30);
INSERT INTO routing_policy (name, kind, classifier_usd_per_request) VALUES ('flip-policy', 'score', 0.0001);
INSERT INTO routing_tier (policy, below_score, model) VALUES ('flip-policy', 0.5, 'fl/small'), ('flip-policy', NULL, 'fl/big');

-- Prices of a time: all API prices, those of the model that is routed to, and rents, each times a factor.
CREATE FUNCTION pg_temp.market(at timestamptz, api numeric DEFAULT 1, small numeric DEFAULT 1, rent numeric DEFAULT 1) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_price('fl', 'big', 'input', round(3 * api, 9), at), set_price('fl', 'big', 'output', round(15 * api, 9), at), set_price('fl', 'big', 'input', round(1.5 * api, 9), at, service_tier => 'batch'),
		set_price('fl', 'big', 'output', round(7.5 * api, 9), at, service_tier => 'batch'), set_price('fl', 'small', 'input', round(0.5 * small * api, 9), at), set_price('fl', 'small', 'output', round(1.5 * small * api, 9), at);
	INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour, valid_from) VALUES ('FG', 'v', 'on_demand', 2.5 * rent, at), ('FG', 'v', 'reserved_1y', 1.8 * rent, at), ('FG', 'v', 'reserved_3y', 1.1 * rent, at);
	RETURN at;
END $$;
SELECT pg_temp.market('2025-04-01Z') IS NULL AS prices \gset

-- A number in (0, 1) that is the same for the same words.
CREATE FUNCTION pg_temp.drawn(VARIADIC words text[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT ((hashtextextended(array_to_string(words, ' '), 19) & 1048575) + 0.5) / 1048576 $$;
-- Ten weeks, day by day: volumes over three orders of magnitude, some with bursts, some with work that waits.
CREATE TABLE public.flip_log AS
	SELECT i, n, timestamptz '2025-01-06Z' + n * interval '1 day' + p * interval '1 minute' AS at, CASE WHEN p = 0 THEN 0.2 ELSE 0.8 END::float8 AS score, size,
		usage((size * share)::bigint, (size * (1 - share))::bigint, requests => 1 + (size / 3000)::bigint) AS usage, 'fl/big' AS model, 'standard' AS service_tier, NULL::text AS region, 1500::bigint AS duration_ms,
		CASE WHEN p = 1 AND i % 3 = 0 THEN interval '3 days' END AS tolerates
	FROM generate_series(1, 9) AS i, generate_series(0, 69) AS n, generate_series(0, 1) AS p,
		LATERAL (SELECT 0.6 + 0.35 * pg_temp.drawn('share', i::text) AS share,
			round(5000000 * exp(7 * pg_temp.drawn('volume', i::text)) * CASE WHEN i % 4 = 1 AND n % 9 = 0 THEN 4 ELSE 0.6 + 0.8 * pg_temp.drawn('day', i::text, n::text) END) AS size) AS v;
CREATE TEMP TABLE asked AS SELECT i, CASE WHEN i % 2 = 0 THEN 'flip-plain' ELSE 'flip-spare' END AS deployment, CASE WHEN i % 5 = 0 THEN 'flip-policy' END AS policy FROM generate_series(1, 9) AS i;
CREATE FUNCTION pg_temp.log_of(i int, factor numeric DEFAULT 1) RETURNS regclass LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE OR REPLACE TEMP VIEW flip_view AS SELECT at, CASE WHEN %2$s = 1 THEN usage ELSE scaled_usage(usage, %2$s * 1000000) END AS usage, model, service_tier, region, duration_ms, score, tolerates FROM public.flip_log WHERE i = %1$s', i, factor);
	RETURN 'flip_view';
END $$;
-- The facts of an organisation, at the prices of a time, its log scaled, other arguments.
CREATE FUNCTION pg_temp.facts(who int, at timestamptz DEFAULT '2025-04-01Z', factor numeric DEFAULT 1, given jsonb DEFAULT '{}') RETURNS advice_facts LANGUAGE plpgsql AS $$
DECLARE
	a	asked;
	f	advice_facts;
	log	regclass := pg_temp.log_of(who, factor);	-- a statement of its own, which the next one sees
BEGIN
	SELECT * INTO a FROM asked WHERE asked.i = who;
	f := advice_facts(workload(log, a.policy, NULL, NULL, NULL, NULL, a.deployment, at, '1 day'), a.deployment, a.policy, coalesce((given ->> 'price_factor')::numeric, 0.65), at,
		coalesce((given ->> 'forecast_error')::numeric, 0.1), 500, 20, coalesce((given ->> 'materiality')::numeric, 0.05), coalesce((given ->> 'api_price_decline')::numeric, 0.3));
	f.frontier_share := NULL;
	f.latency_target_ms := coalesce((given ->> 'latency_target_ms')::numeric, 2000);
	f.fte_available := coalesce((given ->> 'fte_available')::numeric, 1);
	f.payback_multiple := coalesce((given ->> 'payback_multiple')::numeric, CASE WHEN who % 4 = 0 THEN 1.5 END);
	RETURN f;
END $$;

CREATE TEMP TABLE answer AS SELECT a.i, r.* FROM asked AS a, LATERAL advice_rules(with_flips(pg_temp.facts(a.i))) AS r;
CREATE TEMP TABLE turn AS SELECT a.i, (t).*, row_number() OVER () AS n FROM answer AS a, unnest(a.flips) AS t;

-- One per cent beyond, and one before, asked anew.
CREATE FUNCTION pg_temp.asked_anew(who int, parameter text, value numeric, n bigint) RETURNS SETOF advice LANGUAGE plpgsql AS $$
DECLARE
	f	advice_facts;
	at	timestamptz := timestamptz '2030-01-01Z' + n * interval '1 day';
BEGIN
	CASE
		WHEN parameter = 'api_price' THEN f := pg_temp.facts(who, pg_temp.market(at, api => value));
		WHEN parameter = 'routed_price' THEN f := pg_temp.facts(who, pg_temp.market(at, small => value));
		WHEN parameter = 'gpu_price' THEN f := pg_temp.facts(who, pg_temp.market(at, rent => value));
		WHEN parameter = 'growth' THEN f := pg_temp.facts(who, factor => value);
		WHEN parameter IN ('materiality', 'payback_multiple', 'fte_available', 'latency_target_ms', 'forecast_error', 'price_factor', 'api_price_decline')
			THEN f := pg_temp.facts(who, given => jsonb_build_object(parameter, CASE WHEN parameter IN ('materiality', 'forecast_error', 'api_price_decline') THEN least(value, 1) ELSE value END));
		ELSE f := jsonb_populate_record(pg_temp.facts(who), jsonb_build_object(parameter, value));	-- what was measured
	END CASE;
	RETURN QUERY SELECT * FROM advice_rules(f);
END $$;
CREATE TEMP TABLE place AS
	SELECT i, parameter, turns_at, beyond, row_number() OVER () AS n, round(turns_at * CASE WHEN (direction = 'above') = beyond THEN 1.01 ELSE 0.99 END, 7) AS value
	FROM (SELECT DISTINCT i, parameter, turns_at, direction FROM turn) AS t, unnest('{true,false}'::boolean[]) AS beyond;
CREATE TEMP TABLE anew AS SELECT p.*, s.rule, s.verdict FROM place AS p, LATERAL pg_temp.asked_anew(p.i, p.parameter, p.value, p.n) AS s;
CREATE TEMP TABLE stepped AS
	SELECT t.i, t.rule, t.parameter, t.planned, t.turns_at, t.direction, t.verdict AS named, a.verdict AS today, s.beyond, s.verdict
	FROM anew AS s JOIN turn AS t USING (i, parameter, turns_at, rule) JOIN answer AS a USING (i, rule);

SELECT cmp_ok((SELECT count(DISTINCT (i, rule, parameter, direction)) FROM stepped), '>=', 150::bigint, 'flips to step over');
SELECT cmp_ok((SELECT count(DISTINCT rule) FROM stepped), '>=', 12::bigint, 'of a dozen rules and more');
SELECT cmp_ok((SELECT count(DISTINCT parameter) FROM stepped), '>=', 12::bigint, 'along a dozen parameters and more');
SELECT is((SELECT array_agg(DISTINCT verdict ORDER BY verdict) FROM answer WHERE rule = 'decision'), '{api,hybrid,self_host}', 'and of decisions of every kind');
SELECT is_empty('SELECT i, rule, parameter, turns_at, named, verdict FROM stepped WHERE beyond AND verdict IS DISTINCT FROM named', 'one per cent beyond, the verdict is the one that is named');
-- Before it, it is today's: unless another turn of the same figure, or what is planned with, lies within that per cent.
SELECT is_empty($$SELECT i, rule, parameter, planned, turns_at, today, verdict FROM stepped AS s WHERE NOT beyond AND verdict IS DISTINCT FROM today
	AND CASE direction WHEN 'above' THEN planned < turns_at * 0.99 ELSE planned > turns_at * 1.01 END$$, 'one per cent before, it is what it is today');
SELECT is_empty('SELECT i, rule FROM turn WHERE verdict = (SELECT a.verdict FROM answer AS a WHERE (a.i, a.rule) = (turn.i, turn.rule))', 'no flip leads to what is');
SELECT is_empty($$SELECT i, rule FROM answer WHERE flips_when = '' OR flips_when IS NULL OR flips_when ~ '(^|, or )(, or|$)'$$, 'every row says what turns it');
SELECT is_empty($$SELECT a.i, a.rule, a.flips_when FROM answer AS a, unnest(a.flips) AS t WHERE strpos(a.flips_when, flip_in_words(t)) = 0$$, 'each flip is in its words');

SELECT * FROM finish();
ROLLBACK;
