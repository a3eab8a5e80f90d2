-- What holds for every object of the extension: labels, privileges, comments.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(25);

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = 'inferacct' AND d.deptype = 'e';
CREATE TEMP VIEW routine AS
SELECT p.*, p.oid::regprocedure::text AS name, l.lanname AS language FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.oid IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass);
-- What CREATE TYPE, CREATE AGGREGATE and CREATE OPERATOR name: nobody calls it.
CREATE TEMP VIEW plumbing AS
SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze]::oid[]) AS oid FROM pg_type WHERE oid IN (SELECT objid FROM member)
UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn]::oid[]) FROM pg_aggregate WHERE aggfnoid IN (SELECT objid FROM member)
UNION SELECT oprcode::oid FROM pg_operator WHERE oid IN (SELECT objid FROM member)
UNION SELECT amproc::oid FROM pg_amproc;

SELECT cmp_ok((SELECT count(*) FROM routine), '>', 80::bigint, 'the extension has functions');
SELECT is_empty($$SELECT name FROM routine WHERE pronamespace NOT IN ('inferacct'::regnamespace, 'inferacct_internal'::regnamespace)$$, 'all of them in its two schemas');

-- labels
-- capacity_model(), deployment_spend(), routed(), plan_deployment() and advice_facts() catch errors, which takes a subtransaction
-- that parallel mode has not; the others call them.  focus() sets the settings of closed months for a while, which it has not either.
SELECT is_empty($$SELECT name, proparallel FROM routine WHERE proparallel <> 's' AND provolatile <> 'v' AND prokind <> 'p'
	AND proname NOT IN ('capacity_model', 'deployment_spend', 'routed', 'workload', 'workload_of', 'advice_facts', 'advise', 'savings_plan', 'plan_deployment', 'compare_deployments',
	'decision_range', 'decision_memo') AND proname !~ '^focus(_(shares|commitments|used|months|state|booked|unchanged|correction|month))?$'$$, 'what writes nothing runs in parallel workers');
SELECT is_empty($$SELECT name FROM routine WHERE proparallel = 's' AND provolatile = 'v' AND prosrc <> 'price_book_info'$$, 'what is volatile does not');
SELECT is_empty($$SELECT name FROM routine WHERE prokind = 'a' AND proparallel <> 's'$$, 'aggregates do');
SELECT is_empty($$SELECT aggfnoid::regprocedure FROM pg_aggregate a JOIN routine r ON r.oid = a.aggfnoid WHERE aggkind = 'n' AND aggcombinefn = 0$$, 'and can be combined');
SELECT is_empty($$SELECT aggfnoid::regprocedure FROM pg_aggregate a JOIN routine r ON r.oid = a.aggfnoid WHERE aggtranstype = 'internal'::regtype AND aggserialfn = 0$$,
	'from states that travel');
SELECT is_empty($$SELECT name, provolatile FROM routine WHERE name ~ '^(token_cost|spend|token_cost_detail)[(]' AND prokind = 'f'
	AND provolatile <> CASE WHEN name LIKE '%(price_book%' THEN 'i' ELSE 's' END::"char"$$, 'costs by a book are immutable, by the tables stable');

-- privileges
-- What acts with the rights of the owner is fired by his tables, and nothing else.
SELECT set_eq('SELECT proname::text FROM routine WHERE prosecdef', ARRAY['price_written', 'price_replicated', 'usage_hourly_written', 'price_cuts_months',
	'usage_hourly_replicated', 'price_cut_replicated', 'price_version_noted', 'open_version_committed', 'keep_own_rows', 'schema_changed', 'book_month', 'reopen_month', 'take_books', 'book_adjustment', 'forget_in_books'],
	'these act with the rights of their owner, and no others');
SELECT is_empty($$SELECT name FROM routine WHERE prosecdef AND has_function_privilege('public', oid, 'EXECUTE')$$, 'nobody may put them on a table, nor call them, unasked');
SELECT is_empty($$SELECT name FROM routine WHERE prosecdef AND proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp']
	AND (prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) OR NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%pg_temp'))$$,
	'triggers among them look nothing up in our schemas');
CREATE TEMP TABLE bait (origin text, hour timestamptz, valid_from timestamptz);
CREATE FUNCTION pg_temp.baited(function text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text := 'no error';
BEGIN
	EXECUTE format('CREATE TRIGGER bait %s EXECUTE FUNCTION inferacct_internal.%I()', CASE function
		WHEN 'price_written' THEN 'BEFORE INSERT ON bait FOR EACH STATEMENT'
		WHEN 'keep_own_rows' THEN 'AFTER INSERT ON bait FOR EACH STATEMENT'
		WHEN 'price_replicated' THEN 'BEFORE INSERT ON bait FOR EACH ROW'
		WHEN 'price_version_noted' THEN 'AFTER INSERT ON bait FOR EACH ROW'
		WHEN 'open_version_committed' THEN 'AFTER INSERT ON bait FOR EACH ROW'
		WHEN 'usage_hourly_replicated' THEN 'AFTER INSERT ON bait FOR EACH ROW'
		WHEN 'price_cut_replicated' THEN 'AFTER INSERT ON bait FOR EACH ROW'
		ELSE 'AFTER INSERT ON bait REFERENCING NEW TABLE AS written FOR EACH STATEMENT' END, function);
	BEGIN
		INSERT INTO bait VALUES ('x', now(), now());
	EXCEPTION WHEN OTHERS THEN
		state := SQLSTATE;
	END;
	DROP TRIGGER bait ON bait;
	RETURN state;
END $$;
SELECT is_empty($$SELECT name FROM routine WHERE prosecdef AND prorettype = 'trigger'::regtype AND pg_temp.baited(proname) <> '39P01'$$, 'and refuse a table that is not of the extension, whoever put them there');
SELECT throws_ok('SELECT check_own_table(NULL)', '39P01', NULL, 'and no table');
SELECT is_empty($$SELECT name FROM routine WHERE language IN ('plpgsql', 'sql') AND prosqlbody IS NULL AND proname <> 'refresh_usage'
	AND NOT EXISTS (SELECT FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%pg_temp')$$,
	'every function that looks names up when it runs says where');	-- a procedure that commits cannot, and writes them in full
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.oid IN (SELECT objid FROM member) AND c.relkind = 'v'
	AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)$$, 'every view reads as its caller');
SELECT is_empty($$SELECT n.nspname, a.grantee::regrole FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname IN ('inferacct', 'inferacct_internal')
	AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner$$, 'nobody but the owner creates in its schemas');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.oid IN (SELECT objid FROM member) AND has_table_privilege('inferacct_reader', c.oid, 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
	AND c.relkind IN ('r', 'p', 'v')$$, 'no reader can lock a row or, but against its being dropped, a table');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.oid IN (SELECT objid FROM member) AND has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
	AND c.relkind IN ('r', 'p', 'v')$$, 'nobody may write its tables unasked');

-- comments
SELECT is_empty($$SELECT name FROM routine WHERE obj_description(oid, 'pg_proc') IS NULL AND oid NOT IN (SELECT oid FROM plumbing)$$, 'every function that can be called says what it is');
SELECT is_empty($$SELECT pg_describe_object(classid, objid, 0) FROM member
	WHERE classid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
		AND obj_description(objid, classid::regclass::name) IS NULL
		AND NOT EXISTS (SELECT FROM pg_class c WHERE classid = 'pg_class'::regclass AND c.oid = objid AND c.relkind IN ('S', 'i'))
		AND NOT EXISTS (SELECT FROM pg_class c WHERE classid = 'pg_class'::regclass AND c.oid = objid AND c.relispartition)
		-- from 17 on array types and the row types of tables and views are members, too
		AND NOT EXISTS (SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE classid = 'pg_type'::regclass AND t.oid = objid
			AND (t.typcategory = 'A' OR c.relkind IN ('r', 'p', 'v', 'm')))$$, 'so does every type, table, view and operator');
CREATE TABLE public.attached (at timestamptz, id text, model text, input bigint);
SELECT attach_usage('comments', 'public.attached', '{"at": "at", "request_id": "id", "model": "model", "input": "input", "input_includes_cached": true}');
CREATE TEMP VIEW seen AS SELECT c.oid::regclass AS relation, c.relkind, a.attname AS name, format_type(a.atttypid, NULL) AS type, col_description(c.oid, a.attnum) AS comment
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'inferacct'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition;
SELECT is_empty($$SELECT relation, name FROM seen WHERE comment IS NULL AND relation <> to_regclass('lost_by_drop_extension')$$,
	'and every column of a table or view that callers see: sql/install/620-column_comment.sql, or where the table is');

-- What BI tools can read: plain numbers beside usage, and one type for a name.
SELECT is_empty($$SELECT relation FROM seen WHERE relkind = 'v' GROUP BY relation HAVING bool_or(name = 'usage')
	AND NOT array_agg(name::text) @> ARRAY['requests', 'input_tokens', 'cached_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens']
	AND relation::text !~ 'usage_of_' AND NOT (relation::text ~ 'usage_all' AND array_agg(name::text) @> ARRAY['input_tokens', 'cached_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens'])$$,
	'a view has its tokens beside usage as plain numbers');
SELECT is_empty($$SELECT name, array_agg(DISTINCT type), array_agg(relation) FROM seen WHERE relkind = 'v' AND relation <> 'budget_metrics'::regclass
	AND relation::text <> 'lost_by_drop_extension' AND relation::text || '.' || name NOT IN ('priced_usage.confidence', 'commitment_charge.hours', 'commitment_charge.quantity') GROUP BY name HAVING count(DISTINCT type) > 1$$, 'a column of one name has one type in all views, but gauges of budget_metrics, and parts of hours');
SELECT is_empty($$SELECT relation, name, type FROM seen WHERE relkind = 'v' AND relation <> 'budget_metrics'::regclass AND name ~ '(^|_)usd$' AND type <> 'numeric'$$, 'money is numeric');
SELECT is_empty($$SELECT relation, name, comment FROM seen WHERE name ~ '(^|_)usd$' AND relkind = 'v' AND comment !~* 'usd'$$, 'and says its unit');

SELECT * FROM finish();
ROLLBACK;
