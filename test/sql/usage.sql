-- usage: what is counted of a request, in text, json and binary form, its sums and its order.  Errors and properties
-- are in test/pgtap/usage.sql.
SET search_path = inferacct, inferacct_internal, public;

-- One request: the counts that are given, and requests 1.
SELECT usage(1200, 350);
SELECT usage();
SELECT usage(input => 1200, cache_read => 8000, reasoning => 40, requests => 0);
SELECT usage(NULL::bigint, NULL, requests => NULL) AS nulls_are_zero;
SELECT usage(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21);
SELECT usage(9223372036854775807);
SELECT usage(-1);
SELECT usage(1, pages => -3);

-- Text is JSON of the meters that are not zero; a function-like literal is text, too.
SELECT usage '{"input":5}', usage('{"input":5}'), '{"input":5}'::usage;
SELECT '{ "output" : 350, "input" : 1200, "images" : 0 }'::usage;
SELECT '{}'::usage AS nothing, '{}'::usage = usage(requests => 0) AS same;
SELECT '{"input":9007199254740993,"output":9223372036854775807}'::usage AS beyond_double;
SELECT '{"inptu":1}'::usage;
SELECT '{"input":1e3}'::usage;
SELECT '{"input":1.5}'::usage;
SELECT '{"input":-1}'::usage;
SELECT '{"input":9223372036854775808}'::usage;
SELECT '{"input":1,"input":2}'::usage;
SELECT '{"input":1} and more'::usage;
SELECT '1200'::usage;
SELECT ''::usage;

-- JSON
SELECT usage(1200, 350)::jsonb, usage(1200, 350)::json;
SELECT '{"input": 1200, "output": 350}'::jsonb::usage, '{"input": 1200}'::json::usage;
SELECT to_jsonb(usage(1200)) -> 'input' AS nested, jsonb_build_object('u', usage(1200));
SELECT '{"input": "1200"}'::jsonb::usage;
SELECT '[1200]'::jsonb::usage;

-- Sums and differences
SELECT usage(1200, 350) + usage(800, cache_read => 5);
SELECT usage(1200, 350) + usage(800) - usage(800) = usage(1200, 350) AS restored;
SELECT usage(1200, 350) - usage(1200, 349);
SELECT usage(1) - usage(2);
SELECT usage(1, requests => 0) - usage(1, pages => 1, requests => 0);
SELECT usage(9223372036854775807) + usage(1);

-- sum() ignores NULL, and a group of nothing else is NULL.
CREATE TEMPORARY TABLE request (id int, team text, used usage);
INSERT INTO request VALUES
	(1, 'search', usage(100, 10)),
	(2, 'search', usage(200, 20, cache_read => 4000)),
	(3, 'search', NULL),
	(4, 'chat', usage(1, 2, reasoning => 3)),
	(5, 'chat', usage(4, 5, web_searches => 2)),
	(6, 'idle', NULL);
SELECT team, count(*), sum(used) FROM request GROUP BY team ORDER BY team;
SELECT sum(used) FROM request WHERE false;
SELECT id, sum(used) OVER (ORDER BY id ROWS 1 PRECEDING) AS moving,
	sum(used) OVER (ORDER BY id) AS running
FROM request ORDER BY id;
SELECT team, sum(used) FROM request GROUP BY GROUPING SETS ((team), ()) ORDER BY team;
SELECT sum(u) FROM (VALUES (usage(9223372036854775807)), (usage(1))) AS v (u);

-- The table is as it was: sum() changes no row.
SELECT id, used FROM request ORDER BY id;

-- Groups, distinct values, sorting, joins and indexes
SELECT used, count(*) FROM (SELECT usage(id % 2) AS used FROM request) AS r GROUP BY used ORDER BY used;
SELECT count(DISTINCT usage(id % 3)) FROM request;
SELECT used FROM request WHERE used IS NOT NULL ORDER BY used DESC;
SELECT usage(1, 2) = usage(1, 2) AS eq, usage(1, 2) <> usage(1, 3) AS ne,
	usage(1, 9) < usage(2) AS lt, usage(0, 1) > usage(0) AS gt;
SELECT count(*) FROM request AS a JOIN request AS b USING (used);
CREATE INDEX request_btree ON request (used);
SET enable_seqscan = off;
SELECT id FROM request WHERE used = usage(4, 5, web_searches => 2);
DROP INDEX request_btree;
CREATE INDEX ON request USING hash (used);
SELECT id FROM request WHERE used = usage(4, 5, web_searches => 2);
RESET enable_seqscan;

-- Reading it
SELECT meter(usage(1200, 350), 'output'), meter(usage(1200, 350), 'pages');
SELECT meter(usage(1200, 350), 'tokens');
SELECT input_tokens(u), output_tokens(u)
FROM (SELECT usage(1, 10, 100, 1000, 10000, 20, input_audio => 100000, citation => 40, web_searches => 9)) AS v (u);
SELECT input_tokens(usage(9223372036854775807, cache_read => 1));
SELECT * FROM meters(usage(1200, 350, pages => 4));
SELECT id, m.* FROM request, meters(used) AS m WHERE team = 'chat' ORDER BY id, meter COLLATE "C";
SELECT sum(quantity) FROM request, meters(used);
SELECT count(*) FROM meters(NULL);

-- Beside columns of any length, and through COPY
CREATE TEMPORARY TABLE stored (pad text, flag boolean, used usage);
INSERT INTO stored SELECT repeat('x', i), true, usage(i, i + 1) FROM generate_series(1, 3) AS i;
COPY stored (used) TO STDOUT;
COPY stored (used) FROM STDIN;
{"input":7,"requests":1}
\.
SELECT used FROM stored ORDER BY used;
ALTER TABLE stored ALTER used SET STORAGE extended;

-- Every function of the type says what it is.
SELECT p.oid::regprocedure
FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'inferacct'
	AND 'usage'::regtype IN (p.prorettype, p.proargtypes[0])
	AND p.proname NOT IN ('usage_in', 'usage_out', 'usage_recv', 'usage_send')
	AND obj_description(p.oid, 'pg_proc') IS NULL;
