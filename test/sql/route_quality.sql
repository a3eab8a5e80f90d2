-- route_quality: the exact curve, its first crossings, lot and oracle beside it.
SET search_path = inferacct, inferacct_internal, public;

-- A router that knows: the hard half first.
\x on
SELECT q.* FROM (SELECT route_quality(i, (i <= 5)::int, 1) AS q FROM generate_series(1, 10) AS i) AS s, LATERAL (SELECT (s.q).*) AS q;
\x off

-- Equal scores are drawn in every order: the straight line, whatever the order of rows.
SELECT q.apgr, q.cpt20, q.cpt50, q.cpt80, q.random, q.improvement
FROM (SELECT route_quality(1, 0, i % 2) AS q FROM generate_series(1, 100) AS i) AS s, LATERAL (SELECT (s.q).*) AS q;

-- A curve that falls below a threshold again: the first crossing, and where it holds for good.
SELECT q.cpt20, q.cpt50, q.cpt80, q.holds20, q.holds50, q.holds80, q.recrosses, q.oracle, q.apgr
FROM (SELECT route_quality(score, weak, strong) AS q FROM (VALUES (3, 0, 1), (2, 1, 0), (1, 0, 1)) AS v(score, weak, strong)) AS s, LATERAL (SELECT (s.q).*) AS q;

-- Of 1,307 questions, 382 only the strong model solves, 94 only the weak one, 739 both (RouteLLM's GSM8K answers): an oracle's curve.
SELECT q.oracle, q.oracle_cpt50, q.weak_quality, q.strong_quality
FROM (SELECT route_quality(0, weak, strong) AS q
	  FROM (VALUES (0, 1, 382), (1, 0, 94), (1, 1, 739), (0, 0, 92)) AS g(weak, strong, times), generate_series(1, times)) AS s, LATERAL (SELECT (s.q).*) AS q;

-- What is no measurement is left out; where there is no gap there is no figure.
SELECT q.requests, q.status, q.apgr
FROM (SELECT route_quality(score, weak, strong) AS q FROM (VALUES (1, 0, 1), (NULL, 0, 1), (1, 'NaN'::float8, 1), (1, 0, NULL::float8)) AS v(score, weak, strong)) AS s, LATERAL (SELECT (s.q).*) AS q;
SELECT (route_quality(i, 1, 1)).status AS same, (route_quality(i, 1, 0)).status AS worse, (route_quality(i, 1, NULL)).status AS unknown FROM generate_series(1, 3) AS i;
SELECT route_quality(i, 1, 1) IS NULL AS nothing FROM generate_series(1, 0) AS i;

-- The state is a value.
SELECT route_quality_accum(route_quality_accum(NULL, 0.1, 1, 2.5), '-Infinity', 0, 1)::text;
SELECT (route_quality_final(route_quality_combine('1 1 0.5 0 1', '1 2 0.4 1 0 0.3 0 1'))).apgr;
