-- source_query: from a definition to the text of the query that reads a source.
--
-- Invariant: a row of the relation is counted once, or rejected with a reason, or is
-- none of the definition's: source_select() and source_rejected() part them.

-- The relation of a source.  Its columns have the names that they had when it was attached.
CREATE FUNCTION inferacct_internal.source_rows(relation text, columns jsonb, system_columns name[] DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN columns IS NULL THEN relation
		ELSE format('(SELECT %s FROM %s AS t)',
			concat_ws(', ', (SELECT string_agg(format('t.%I AS %I', value ->> 'name', key), ', ' ORDER BY key)
				FROM jsonb_each(columns)),
				(SELECT string_agg(DISTINCT 't.' || c, ', ') FROM unnest(system_columns) AS c)),
			relation) END
$$;

COMMENT ON FUNCTION source_rows(text, jsonb, name[]) IS
'What stands behind FROM for the relation of a source, with system_columns (xmin, tableoid), too, when these are '
'given. columns NULL: those that it has, under their own names.';

-- Is a time one that a report can have?
CREATE FUNCTION inferacct_internal.is_in_range(at text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN source_format(
	'(%1$s {>=} timestamptz ''2000-01-01 00:00:00+00'' AND %1$s {<} timestamptz ''2100-01-01 00:00:00+00'')', at);

COMMENT ON FUNCTION is_in_range(text) IS 'Expression for whether a time is within those that row_problem() allows.';

-- Rows of one request, of one tenant.
CREATE FUNCTION inferacct_internal.source_identity(definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN coalesce(source_format('((%s)::text {||} '' '' {||} coalesce((%s)::text, ''''))',
	definition #>> '{columns,request_id}', definition #>> '{columns,tenant}'),
	format('(%s)::text', definition #>> '{columns,request_id}'));

COMMENT ON FUNCTION source_identity(jsonb) IS
'Expression that is the same in rows of one request; NULL without a request_id.';

-- Where a row stands among those of its request: by the stated order, then by time; what has no time never counts
-- before what has one.
CREATE FUNCTION inferacct_internal.source_place(definition jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT ARRAY[definition ->> 'order',
		format('CASE WHEN %s THEN %s ELSE timestamptz %L END', is_in_range(definition #>> '{columns,at}'),
		definition #>> '{columns,at}',
		CASE definition ->> 'repeats' WHEN 'last' THEN '-infinity' ELSE 'infinity' END)]
$$;

COMMENT ON FUNCTION source_place(jsonb) IS
'Two expressions by which the rows of one request are ordered: the stated order, and the time.';

-- FROM and WHERE of one source. What has a time that no report can have is only rejected. Of rows of a table that
-- repeat one request, the first or last by source_place() and by where it lies counts.
CREATE FUNCTION inferacct_internal.source_from(relation text, columns jsonb, definition jsonb,
	system_columns name[] DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT concat(format('FROM %s AS r',
		source_rows(relation, columns,
		system_columns || CASE WHEN k.lateral IS NOT NULL THEN '{ctid,tableoid}'::name[] END)),
		definition ->> 'from', k.lateral,
		' WHERE ' || nullif(concat_ws(' AND ', definition ->> 'where', k.condition,
			CASE WHEN NOT coalesce((definition ->> 'every_time')::boolean, false) THEN
			format('(%s IS NULL OR %s)', definition #>> '{columns,at}',
				is_in_range(definition #>> '{columns,at}')) END), ''))
	FROM (SELECT
		format(' CROSS JOIN LATERAL (SELECT %s) AS k(id, place, at, part, line)', p.place) AS lateral,
		source_format(
			'NOT EXISTS (SELECT FROM %s AS r CROSS JOIN LATERAL (SELECT %s) AS o(id, place, at, part, line) '
			'WHERE %s o.id {=} k.id%s AND ROW(o.place, o.at, o.part, o.line) '
			|| CASE definition ->> 'repeats' WHEN 'last' THEN '{>}' ELSE '{<}' END
				|| ' ROW(k.place, k.at, k.part, k.line))',
			source_rows(relation, columns, '{ctid,tableoid}'), p.place,
			coalesce((definition ->> 'where') || ' AND', ''),
			coalesce(source_format(' AND o.at {>=} (k.at {-} interval %1$s) AND o.at {<=} (k.at {+} interval %1$s)',
				quote_literal(definition ->> 'within')), '')) AS condition
		FROM (SELECT format('%s, %s, r.tableoid, r.ctid', source_identity(definition),
			array_to_string(source_place(definition), ', ')) AS place) AS p
		WHERE definition ->> 'repeats' IN ('first', 'last') AND NOT definition ? 'ranked'
		UNION ALL SELECT NULL, NULL WHERE coalesce(definition ->> 'repeats' NOT IN ('first', 'last'), true)
			OR definition ? 'ranked') AS k
$$;

-- The rows of a view, a foreign table or pages do not lie anywhere: those of one request are ranked, by source_place()
-- and then as import_usage() does. What has no request_id repeats nothing.
CREATE FUNCTION inferacct_internal.source_ranked(query text, columns text, definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format(
		'FROM (SELECT n.repeat_of, %3$s, pg_catalog.row_number() OVER (PARTITION BY n.repeat_of '
		'ORDER BY n.repeat_place %1$s, n.repeat_at %1$s, '
		'inferacct.output_tokens(n.usage) %1$s NULLS LAST, inferacct.input_tokens(n.usage) '
		'%1$s NULLS LAST) AS nth FROM (%2$s) AS n) AS n ', direction, query, columns)
		|| source_format('WHERE (n.nth {=} 1 OR n.repeat_of IS NULL)')
	FROM (SELECT CASE definition ->> 'repeats' WHEN 'last' THEN 'DESC' ELSE 'ASC' END) AS d(direction)
$$;

COMMENT ON FUNCTION source_ranked(text, text, jsonb) IS
'FROM and WHERE for the rows of a query that do not repeat a request, with these of its columns (of n); it has usage, '
'repeat_of, repeat_place and repeat_at.';

COMMENT ON FUNCTION source_from(text, jsonb, jsonb, name[]) IS
'FROM and WHERE of the query behind an attached source; the relation is called r, and has system_columns (xmin, '
'tableoid), too, when these are given. columns NULL: those that it has, under their own names.';

-- Why a row is not counted, whatever it counts.
CREATE FUNCTION inferacct_internal.source_refusal(relation text, columns jsonb, definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT format('coalesce(inferacct_internal.source_row_problem(%s, (%s)::text, (%s)::text)%s%s)',
		definition #>> '{columns,at}', definition #>> '{columns,request_id}', definition #>> '{columns,model}',
		', ' || (definition ->> 'refuse'),
		CASE WHEN definition ->> 'repeats' = 'error' THEN source_format(
			', CASE WHEN %1$s {=} ANY (SELECT %1$s FROM %2$s AS r %3$s '
			'GROUP BY 1 HAVING pg_catalog.count(1) {>} 1) THEN ''another row has this request_id'' END',
			source_identity(definition), source_rows(relation, columns),
			concat(definition ->> 'from', ' WHERE ' || (definition ->> 'where'))) END)
$$;

COMMENT ON FUNCTION source_refusal(text, jsonb, jsonb) IS
'Expression for why a row of a source is not counted, but for what its counts say; NULL where nothing is wrong.';

-- The query of one source in the shape of usage_log.
CREATE FUNCTION inferacct_internal.source_select(name text, relation text, columns jsonb, definition jsonb,
	with_part boolean DEFAULT false)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN definition ? 'ranked' THEN format('SELECT %1$s %2$s', string_agg(format('n.%I', a.attname), ', '
		ORDER BY a.attnum),
			inferacct_internal.source_ranked(
				format('SELECT %s, %s AS repeat_of, %s AS repeat_place, %s AS repeat_at %s',
				string_agg(e.expression, ', ' ORDER BY a.attnum),
				inferacct_internal.source_identity(definition), (inferacct_internal.source_place(definition))[1],
				(inferacct_internal.source_place(definition))[2],
				inferacct_internal.source_from(relation, columns, definition)),
				string_agg(format('n.%I', a.attname), ', ' ORDER BY a.attnum), definition))
		ELSE format('SELECT %s %s', string_agg(e.expression, ', ' ORDER BY a.attnum)
			|| CASE WHEN with_part THEN ', r.tableoid AS part' ELSE '' END,
			inferacct_internal.source_from(relation, columns, definition,
				CASE WHEN with_part THEN '{tableoid}'::name[] END)) END
	FROM pg_attribute AS a
	CROSS JOIN LATERAL (SELECT format('(%s)::%s%s AS %I',
			CASE a.attname
				WHEN 'source' THEN quote_literal(name)
				WHEN 'usage' THEN format('CASE WHEN %s IS NULL THEN %s END',
					inferacct_internal.source_refusal(relation, columns, definition), definition #>> '{columns,usage}')
				WHEN 'service_tier' THEN coalesce(inferacct_internal.source_format('coalesce(%s, ''standard'')',
					definition #>> '{columns,service_tier}'), quote_literal('standard'))
				WHEN 'tenant' THEN coalesce(inferacct_internal.source_format('coalesce(%s, '''')',
					definition #>> '{columns,tenant}'), quote_literal(''))
				WHEN 'status' THEN coalesce(definition #>> '{columns,status}', quote_literal('ok'))
				ELSE coalesce(definition #>> ARRAY['columns', a.attname], 'NULL') END,
			a.atttypid::regtype,
			CASE WHEN a.attcollation <> 0 THEN format(' COLLATE %s', a.attcollation::regcollation) ELSE '' END,
			a.attname)) AS e(expression)
	WHERE a.attrelid = 'inferacct.usage_log'::regclass AND a.attnum > 0 AND NOT a.attisdropped
$$;

COMMENT ON FUNCTION source_select(text, text, jsonb, jsonb, boolean) IS
'The query behind an attached source, in the columns of usage_log; with_part: and part, the table that a row lies in.';

-- Rows of one source that are in no sum, and why.
CREATE FUNCTION inferacct_internal.source_rejected(name text, relation text, columns jsonb, definition jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT format(
		'SELECT x.source, x.request_id, x.at, x.model, x.reason FROM (SELECT n.source, n.request_id, n.at, n.model, '
		'n.reason %s) AS x WHERE x.reason IS NOT NULL',
		CASE WHEN definition ? 'ranked' THEN inferacct_internal.source_ranked(q.query,
			'n.source, n.request_id, n.at, n.model, n.reason', definition) ELSE format('FROM (%s) AS n', q.query) END)
	FROM (
		SELECT format(
		'SELECT %L::text COLLATE "C" AS source, (%s)::text COLLATE "C" AS request_id, '
		'(%s)::timestamp with time zone AS at, (%s)::text AS model, coalesce(%s, %s)::text AS reason%s %s',
		name, definition #>> '{columns,request_id}', definition #>> '{columns,at}', definition #>> '{columns,model}',
		inferacct_internal.source_refusal(relation, columns, definition), definition ->> 'problem',
		CASE WHEN definition ? 'ranked'
			THEN format(', (%s)::inferacct.usage AS usage, %s AS repeat_of, %s AS repeat_place, %s AS repeat_at',
			definition #>> '{columns,usage}',
			inferacct_internal.source_identity(definition), (inferacct_internal.source_place(definition))[1],
			(inferacct_internal.source_place(definition))[2]) END,
		inferacct_internal.source_from(relation, columns, definition || '{"every_time": true}'))) AS q(query)
$$;

COMMENT ON FUNCTION source_rejected(text, text, jsonb, jsonb) IS
'The query for the rows of an attached source that are in no sum, with what is wrong with each.';

CREATE FUNCTION inferacct_internal.qualified_name(relation regclass)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$ SELECT relation::text $$;

COMMENT ON FUNCTION qualified_name(regclass) IS 'Name of a relation with its schema, whatever the search_path.';

-- Unlike to_regclass(), for whoever may not use the schema, too.
CREATE FUNCTION inferacct_internal.relation_of(qualified_name text)
RETURNS oid
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
SET quote_all_identifiers TO off
AS $$ SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE format('%I.%I', n.nspname, c.relname) = $1 $$;

COMMENT ON FUNCTION relation_of(text) IS 'The relation of that qualified_name(); NULL when there is none.';

CREATE FUNCTION inferacct_internal.source_view(name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
RETURN format('inferacct.%I', 'usage_of_' || name);

COMMENT ON FUNCTION source_view(text) IS 'Name of the view of an attached source.';

CREATE FUNCTION inferacct_internal.source_function(kind text, name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5
RETURN format('inferacct_internal.%I()', kind || '_of_' || name);

COMMENT ON FUNCTION source_function(text, text) IS
'Name of a function that reads an attached source; kind: rows or rejected.';
