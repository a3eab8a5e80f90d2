-- anomaly_scan: incidents of known causes are found, told once, and hardly anything else is.
--
-- psql variable: seed, of what is injected and of the noise around it.
\if :{?seed}
\else
	\set seed 1
\endif
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT plan(14);

SELECT set_price('ano', m, 'input', p), set_price('ano', m, 'output', 5 * p), set_price('ano', m, 'cache_read', p / 10) FROM (VALUES ('ano-small', 1.0), ('ano-large', 4.0), ('ano-old', 2.0)) AS v(m, p);
SELECT set_config('anomaly.seed', :'seed', true);
CREATE FUNCTION pg_temp.noise(key text) RETURNS float8 LANGUAGE sql AS $$
	SELECT sum((hashtextextended($1 || i, current_setting('anomaly.seed')::bigint) & 1048575) / 1048576.0) - 6 FROM generate_series(0, 11) AS i $$;
-- What was injected: 30, of teams from large to small, over ten months, two weeks apart for each team.
CREATE TEMP TABLE injected AS
SELECT n, 't' || n % 6 AS team, (date '2021-03-10' + (n / 6) * 52 + n % 6 * 7 + (hashint8extended(n, :seed) & 3)::int) AS since, CASE cause WHEN 'silence' THEN 2 WHEN 'requests' THEN 1 WHEN 'model switch' THEN 5 ELSE 3 END AS days, cause
FROM (SELECT n, (ARRAY['requests', 'cache', 'retries', 'model switch', 'silence', 'tokens per request'])[(n + n / 6) % 6 + 1] AS cause FROM generate_series(0, 29) AS n) AS x;
CREATE TEMP TABLE made AS
SELECT d.day, t.team, m.model, t.requests * m.share * CASE WHEN extract(isodow FROM d.day) > 5 THEN 0.5 ELSE 1 END * exp(0.12 * pg_temp.noise(t.team || m.model || d.day)) AS requests,
	1000 * exp(0.05 * pg_temp.noise('size' || t.team || d.day)) AS size, least(0.6 + 0.02 * pg_temp.noise('cache' || t.team || d.day), 1) AS cached, 0.02 + 0.004 * abs(pg_temp.noise('failed' || t.team || d.day)) AS failed, i.cause
FROM (SELECT g::date AS day FROM generate_series('2021-01-10'::timestamp, '2021-12-10', '1 day') AS g) AS d
CROSS JOIN (SELECT 't' || n AS team, 20000 / power(2.5, n) AS requests FROM generate_series(0, 5) AS n) AS t CROSS JOIN (VALUES ('ano/ano-small', 0.7), ('ano/ano-large', 0.3)) AS m(model, share)
LEFT JOIN injected AS i ON i.team = t.team AND d.day >= i.since AND d.day < i.since + i.days;
UPDATE made SET requests = requests * CASE cause WHEN 'requests' THEN 10 WHEN 'retries' THEN 2 WHEN 'silence' THEN 0 ELSE 1 END, size = size * CASE cause WHEN 'tokens per request' THEN 4 ELSE 1 END,
	cached = CASE cause WHEN 'cache' THEN 0.05 ELSE cached END, failed = CASE cause WHEN 'retries' THEN 0.45 ELSE failed END WHERE cause IS NOT NULL;
UPDATE made SET model = 'ano/ano-old' WHERE cause = 'model switch' AND model = 'ano/ano-small';
INSERT INTO usage_log (at, usage, model, source, request_id, team, status)
SELECT begin_of(day) + interval '10 hours', usage(input => (n * size * (1 - cached))::bigint, cache_read => (n * size * cached)::bigint, output => (n * 100)::bigint, requests => greatest(n::bigint, 1)), model, 'ano', team || model || day || status, team, status
FROM made CROSS JOIN LATERAL (VALUES ('ok', requests * (1 - failed)), ('failed', requests * failed)) AS s(status, n) WHERE n >= 1;
SELECT refresh_hours('usage_log', '2021-01-01Z', '2022-06-01Z', refresh_changed('usage_log', '2021-01-01Z', true), clock_timestamp());

CREATE TEMP TABLE found AS SELECT row_number() OVER () AS id, s.* FROM anomaly_scan('2021-03-01', '2021-12-11') AS s;
CREATE TEMP TABLE met AS SELECT i.n, i.cause, f.id, f.cause AS said FROM injected AS i JOIN found AS f ON f.team = i.team AND f.first_day <= i.since + i.days AND f.last_day >= i.since;
SELECT diag(format('%s of %s found, %s by their cause; %s reported, of which %s are one', (SELECT count(DISTINCT n) FROM met), (SELECT count(*) FROM injected), (SELECT count(DISTINCT n) FROM met WHERE cause = said), (SELECT count(*) FROM found), (SELECT count(DISTINCT id) FROM met)));
SELECT cmp_ok((SELECT count(DISTINCT n) FROM met), '>=', 28::bigint, 'of 30 incidents 28 are found');
SELECT cmp_ok((SELECT count(DISTINCT id) FROM met) * 100, '>=', 80 * (SELECT count(*) FROM found), 'of what is reported 80 % is one');
SELECT cmp_ok((SELECT count(DISTINCT n) FROM met WHERE cause = said), '>=', 27::bigint, 'by its cause');
SELECT is_empty('SELECT n FROM met GROUP BY n HAVING count(*) > 1', 'each is told once');
SELECT ok((SELECT bool_and(explanation ~ '% of the requests failed') FROM found WHERE cause = 'retries') AND (SELECT bool_and(model = 'ano/ano-old') FROM found WHERE cause = 'model switch'), 'with the share that failed, and the model that was switched to');

-- A price, drift, and what has no price.
SELECT set_price('ano', 'ano-large', m, p, '2021-11-10Z') FROM (VALUES ('input', 8), ('output', 40), ('cache_read', 0.8)) AS v(m, p);
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT begin_of('2021-03-01') + n * interval '1 day', usage((20000000 * power(1.025, greatest(n - 250, 0)))::bigint, requests => (1000 * power(1.025, greatest(n - 250, 0)))::bigint), 'ano/ano-small', 'ano', 'drift' || n, 'drifter' FROM generate_series(0, 284) AS n;
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT begin_of('2021-10-01') + n * interval '1 day', usage(1000), 'ano/nobody', 'ano', 'nobody' || n, 'nobody' FROM generate_series(0, 60) AS n;
SELECT refresh_hours('usage_log', '2021-01-01Z', '2022-06-01Z', refresh_changed('usage_log', '2021-01-01Z', true), clock_timestamp());
CREATE TEMP TABLE later AS SELECT * FROM anomaly_scan('2021-11-01', '2021-12-11');
SELECT results_eq($$SELECT first_day, model, explanation FROM later WHERE cause = 'price'$$, $$VALUES (date '2021-11-10', 'ano/ano-large', 'the same tokens cost 2.000 times as much as a week before')$$, 'a price is an incident of its model, once for all teams');
SELECT ok((SELECT count(*) = 1 AND bool_and(cause = 'drift') FROM later WHERE team = 'drifter'), 'slow growth is drift, once');
SELECT is_empty($$SELECT FROM later WHERE team = 'nobody' AND last_day < '2021-12-01'$$, 'what has no price stops nothing');
SELECT is_empty('SELECT anomaly_scan(NULL, NULL)', 'no days, no incident');

-- Budgets say when an incident that is still open drives their spend.
CREATE TEMP TABLE spike AS SELECT team, since FROM injected WHERE n = 21;
INSERT INTO budget (name, month, usd, team, model) SELECT b.name, month_of(begin_of(s.since)), 1000000, t.team, b.model FROM spike AS s, (VALUES ('of the team', NULL), ('of all', NULL), ('of another', NULL), ('of its model', 'ano-small')) AS b(name, model),
	LATERAL (SELECT CASE b.name WHEN 'of all' THEN NULL WHEN 'of another' THEN 'nobody' ELSE s.team END AS team) AS t;
SELECT is((SELECT count(*) FROM budget_pace((SELECT begin_of(since + 1) FROM spike)) WHERE incident IS NOT NULL), 0::bigint, 'nobody has looked yet');
SELECT check_budgets(begin_of(since + 1) + interval '1 hour') FROM spike;
SELECT set_eq($$SELECT name::text COLLATE "default", incident ~ format('^team %s requests: [0-9.]+ times as many requests as usual on %s; [0-9.]+ USD above the usual, on', s.team, s.since) FROM budget_state, spike AS s$$,
	$$VALUES ('of the team', true), ('of all', true), ('of another', NULL), ('of its model', NULL)$$, 'of a spike on the day before, to its team and to everybody''s budget');
SELECT set_eq($$SELECT p.name, p.incident FROM budget_pace((SELECT begin_of(since + 1) + interval '1 hour' FROM spike)) AS p$$, 'SELECT name::text COLLATE "default", incident FROM budget_state', 'and budget_pace() says the same');
SELECT is((SELECT in_incident FROM budget_metrics WHERE budget = 'of the team'), 1, 'and a monitor');
SELECT check_budgets(begin_of(since + 5) + interval '1 hour') FROM spike;
SELECT is_empty('SELECT name, incident FROM budget_state WHERE incident IS NOT NULL', 'four days later it is over');

SELECT * FROM finish();
ROLLBACK;
