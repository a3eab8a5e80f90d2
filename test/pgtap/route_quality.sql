-- route_quality: published counts, and random requests with ties against the exact curve in plain SQL.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(16);

-- Answers in RouteLLM's repository (routellm/evals, contaminated questions dropped): how many questions only the strong
-- model solves, only the weak one, both, none.
CREATE TEMP TABLE answers (benchmark text, weak int, strong int, times int);
INSERT INTO answers VALUES
	('mmlu', 0, 1, 2496), ('mmlu', 1, 0, 742), ('mmlu', 1, 1, 8816), ('mmlu', 0, 0, 1983),
	('gsm8k', 0, 1, 382), ('gsm8k', 1, 0, 94), ('gsm8k', 1, 1, 739), ('gsm8k', 0, 0, 92);
CREATE TEMP TABLE published AS
	SELECT benchmark, route_quality(7, weak, strong) AS by_lot, route_quality(strong - weak, weak, strong) AS by_gain
	FROM answers, generate_series(1, times) GROUP BY benchmark;
CREATE FUNCTION pg_temp.q(name text) RETURNS route_quality_result LANGUAGE sql AS $$ SELECT by_lot FROM published WHERE benchmark = name $$;
SELECT is(round((pg_temp.q('mmlu')).strong_quality::numeric, 5) || ' ' || round((pg_temp.q('mmlu')).weak_quality::numeric, 5), '0.80587 0.68091', 'MMLU: the models'' accuracies');
SELECT is(round((pg_temp.q('gsm8k')).strong_quality::numeric, 5) || ' ' || round((pg_temp.q('gsm8k')).weak_quality::numeric, 5), '0.85769 0.63734', 'GSM8K: the models'' accuracies');
SELECT cmp_ok(abs((pg_temp.q('mmlu')).oracle - 1.285333378173139), '<', 1e-12::float8, 'MMLU: area of the oracle''s curve');
SELECT is(ARRAY[(pg_temp.q('mmlu')).oracle_cpt20, (pg_temp.q('mmlu')).oracle_cpt50, (pg_temp.q('mmlu')).oracle_cpt80], ARRAY[0.02500534302201325, 0.062477737408278125, 0.100021372088053]::float8[],
	'MMLU: where it crosses 20, 50 and 80 %');
SELECT is(round((pg_temp.q('gsm8k')).oracle::numeric, 4) || ' ' || round((pg_temp.q('gsm8k')).oracle_cpt50::numeric, 4), '1.1208 0.1102', 'GSM8K: the oracle');
SELECT is_empty($$SELECT FROM published WHERE (by_lot).apgr <> 0.5 OR (by_lot).improvement <> 0 OR (by_lot).recrosses$$, 'a score that says nothing is the random router: 0.5');
SELECT is_empty($$SELECT FROM published WHERE (by_lot).cpt20 <> ceil(0.2 * (by_lot).requests) / (by_lot).requests OR (by_lot).cpt50 <> ceil(0.5 * (by_lot).requests) / (by_lot).requests
	OR (by_lot).cpt80 <> ceil(0.8 * (by_lot).requests) / (by_lot).requests$$, 'which crosses X % at X %');
SELECT is_empty($$SELECT FROM published WHERE (by_gain).apgr <> (by_gain).oracle OR (by_gain).cpt50 <> (by_gain).oracle_cpt50$$, 'and one that is the gain is the oracle');

-- The exact curve, in whole numbers: after k requests `times` x what is gained, where `times` is how many have the score of the
-- k-th, for among these the gain is shared evenly.
SELECT setseed(0.75);
CREATE TEMP TABLE judged AS
	SELECT instance, i, floor(random() * (1 + instance % 9) * 4)::int AS score, floor(random() * 5)::int AS weak, floor(random() * (5 + instance % 3))::int AS strong
	FROM generate_series(1, 400) AS instance, LATERAL generate_series(1, 1 + instance % 60) AS i;
CREATE TEMP TABLE curve AS
	WITH requests AS (
		SELECT instance, by_gain, CASE WHEN by_gain THEN strong - weak ELSE score END AS score, strong - weak AS gain FROM judged, unnest(ARRAY[false, true]) AS by_gain
	), blocks AS (
		SELECT instance, by_gain, count(*) AS times, sum(gain) AS block, sum(count(*)) OVER w - count(*) AS start, sum(sum(gain)) OVER w - sum(gain) AS before,
			sum(count(*)) OVER whole AS n, sum(sum(gain)) OVER whole AS gap
		FROM requests GROUP BY instance, by_gain, score WINDOW whole AS (PARTITION BY instance, by_gain), w AS (PARTITION BY instance, by_gain ORDER BY score DESC)
	)
	SELECT instance, by_gain, start + i AS k, n, times, (before * times + block * i)::numeric AS gained, gap FROM blocks, generate_series(1, times) AS i
	UNION ALL SELECT instance, by_gain, 0, n, 1, 0, gap FROM blocks WHERE start = 0;
CREATE TEMP TABLE figures AS
	SELECT * FROM (SELECT instance, by_gain, (sum(gained / times) - max(gap) / 2.0) / (max(n) * max(gap)) AS apgr FROM curve WHERE gap > 0 GROUP BY instance, by_gain) AS areas
	JOIN (SELECT instance, by_gain, array_agg(cpt ORDER BY x) AS cpt, array_agg(holds ORDER BY x) AS holds
		  FROM (SELECT instance, by_gain, x, (min(k) FILTER (WHERE gained >= x * gap * times))::float8 / max(n)::float8 AS cpt,
					coalesce(max(k + 1) FILTER (WHERE gained < x * gap * times), 0)::float8 / max(n)::float8 AS holds
				FROM curve, unnest(ARRAY[0.2, 0.5, 0.8]) AS x WHERE gap > 0 GROUP BY instance, by_gain, x) AS crossings GROUP BY instance, by_gain) AS read USING (instance, by_gain);
CREATE TEMP TABLE computed AS SELECT instance, route_quality(score, weak, strong ORDER BY random()) AS q FROM judged GROUP BY instance;

SELECT is((SELECT count(*) FROM computed WHERE (q).status = 'ok'), (SELECT count(*) FROM figures WHERE NOT by_gain), 'a curve where there is a gap, and no other');
SELECT cmp_ok((SELECT count(*) FROM computed WHERE (q).status = 'ok'), '>', 200::bigint, 'which is so for many');
SELECT cmp_ok((SELECT count(*) FROM computed WHERE (q).recrosses), '>', 50::bigint, 'many of them fall again');
SELECT is_empty($$SELECT instance FROM computed JOIN figures f USING (instance) WHERE NOT by_gain AND abs((q).apgr::numeric - apgr) > 1e-12 * greatest(1, abs(apgr))$$, 'areas are exact');
SELECT is_empty($$SELECT instance FROM computed JOIN figures f USING (instance) WHERE NOT by_gain AND (cpt <> ARRAY[(q).cpt20, (q).cpt50, (q).cpt80] OR holds <> ARRAY[(q).holds20, (q).holds50, (q).holds80])$$, 'and so are first crossings and where they hold for good');
SELECT is_empty($$SELECT instance FROM computed JOIN figures f USING (instance) WHERE NOT by_gain AND (q).recrosses <> (cpt <> holds)$$, 'recrosses says whether these differ');
SELECT is_empty($$SELECT instance FROM computed JOIN figures f USING (instance) WHERE by_gain AND (abs((q).oracle::numeric - apgr) > 1e-12 * greatest(1, abs(apgr)) OR cpt <> ARRAY[(q).oracle_cpt20, (q).oracle_cpt50, (q).oracle_cpt80])$$, 'the oracle''s curve, too');
SELECT is_empty($$SELECT instance FROM computed JOIN (SELECT instance, avg(weak) AS weak, avg(strong) AS strong FROM judged GROUP BY instance) AS m USING (instance)
	WHERE abs((q).weak_quality::numeric - weak) > 1e-12 OR abs((q).strong_quality::numeric - strong) > 1e-12$$, 'and the mean qualities');

SELECT * FROM finish();
ROLLBACK;
