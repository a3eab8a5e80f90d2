-- S25: a parallel restore loads tables in the order of their size, and foreign
-- keys that are there already refuse prices and booked months.
-- @owner
INSERT INTO inferacct.price (provider, model, meter, usd) SELECT 'own', 'm' || n, m, 1 FROM generate_series(1, 20000) AS n, unnest('{input,output}'::text[]) AS m;
INSERT INTO inferacct.usage_log (at, usage, model, source, request_id, team) SELECT '2026-09-01', inferacct.usage(1), 'gpt-4o', 's', n::text, n::text FROM generate_series(1, 2000) AS n;
CALL inferacct.refresh_usage();
SELECT inferacct.close_month('2026-09-01');
\! pg_dump -Fc -f "$ATTACK_DIR/parallel.dump" "$PGDATABASE"
CREATE DATABASE attacked_copy;
\! pg_restore -j 4 -d attacked_copy "$ATTACK_DIR/parallel.dump" 2>/dev/null
SELECT count(*) AS prices FROM inferacct.price \gset
\c attacked_copy
CREATE TABLE public.verdict AS SELECT (SELECT count(*) FROM inferacct.price) <> :prices OR (SELECT count(*) FROM inferacct.booked_usage) <> 2000 AS lost;
-- @harm
\c attacked_copy
SELECT lost FROM public.verdict;
