-- source_attach: attaching and detaching a log of another tool.
--
-- Invariant: what cannot be a source is refused before anything is changed, and what
-- would count a request twice is said.  Not for inferacct_admin, and never as SECURITY
-- DEFINER: who reads a report reads every attached relation as himself, and so runs
-- what its views and types are made of; and CREATE on this schema would let its holder
-- shadow names of our functions.

CREATE FUNCTION inferacct_internal.check_owner(action text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	owner name := (SELECT extowner::regrole::name FROM pg_extension WHERE extname = 'inferacct');
BEGIN
	IF NOT pg_has_role(current_user, owner, 'USAGE') THEN
		PERFORM inferacct_internal.fail('42501', format('only the owner of extension inferacct can %s', action),
			'Whoever reads a report reads every attached relation, and runs what its views and types are made of; '
			'so inferacct_admin does not suffice.',
			format('Have it done by role %s or a member of it.', owner));
	END IF;
END
$$;

COMMENT ON FUNCTION check_owner(text) IS
'Refuses an action (42501) to whoever is not the owner of the extension, nor a member of that role.';

-- What cannot be a source: no rows of its own, gone with the session, or ours.
CREATE FUNCTION inferacct_internal.check_relation(relation regclass)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	c pg_class;
	own regclass := inferacct_internal.own_relation(relation);
BEGIN
	SELECT * INTO c FROM pg_class WHERE oid = relation;
	IF own IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023',
			format('relation "%s" cannot be attached: %s', relation,
				CASE WHEN own = relation THEN 'it belongs to inferacct'
				ELSE format('it is made of "%s", which belongs to inferacct', own) END),
			'Its requests would be counted twice, or be read by their own reading.',
			'Attach the relation in which another tool keeps its log.');
	END IF;
	IF c.relkind NOT IN ('r', 'p', 'v', 'm', 'f') THEN
		PERFORM inferacct_internal.fail('42809', format('"%s" is not a table, foreign table or view', relation));
	END IF;
	IF c.relpersistence = 't' THEN
		PERFORM inferacct_internal.fail('42809', format('relation "%s" is temporary', relation),
			NULL, 'A source is read by other sessions, too: attach a table that stays.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_relation(regclass) IS
'Refuses a relation that cannot be attached. Errors: 22023 it is, is part of or reads a relation of this extension; '
'42809 no table or view, or a temporary one.';

CREATE FUNCTION inferacct_internal.request_column(relation regclass, definition jsonb)
RETURNS name
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
		AND definition #>> '{columns,request_id}' IN (format('r.%I', a.attname), format('r.%I::text', a.attname))
$$;

COMMENT ON FUNCTION request_column(regclass, jsonb) IS
'The column of a relation that is the request_id; NULL when that is an expression.';

CREATE FUNCTION inferacct_internal.has_request_index(relation regclass, definition jsonb,
	is_unique boolean DEFAULT false)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT EXISTS (
		SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = relation AND i.indpred IS NULL
			AND a.attname = inferacct_internal.request_column(relation, definition)
			AND (NOT is_unique OR i.indisunique AND i.indnkeyatts = 1))
$$;

COMMENT ON FUNCTION has_request_index(regclass, jsonb, boolean) IS
'Whether an index of the relation begins with the column of request_id; '
'is_unique: whether one keeps a request from being there twice.';

CREATE FUNCTION inferacct_internal.warn_of_doubles(name text, relation regclass, mapping jsonb, definition jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	other text;
BEGIN
	SELECT s.name INTO other FROM usage_source AS s WHERE s.relation = qualified_name(warn_of_doubles.relation)
		AND s.name <> warn_of_doubles.name ORDER BY s.name LIMIT 1;
	IF other IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = format('%s is attached as source "%s", too', relation, other),
			DETAIL = 'Its requests are counted twice.',
			HINT = format('SELECT detach_usage(%L) takes one of them out.', other);
	END IF;
	SELECT s.name INTO other FROM usage_source AS s
	WHERE s.name <> warn_of_doubles.name AND s.mapping ->> 'tool' = 'litellm'
		AND warn_of_doubles.mapping ->> 'tool' = 'litellm'
		AND NOT s.mapping ? 'filter' AND NOT warn_of_doubles.mapping ? 'filter'
		AND (s.definition #>> '{columns,usage}' LIKE '%api_requests%') <> (warn_of_doubles.definition #>>
			'{columns,usage}' LIKE '%api_requests%')
	ORDER BY s.name LIMIT 1;
	IF other IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = format('sources "%s" and "%s" keep the same requests of LiteLLM, one by request and one by day',
				name, other),
			DETAIL = 'They are counted twice.',
			HINT = format('SELECT detach_usage(%L), or filter each to the days that the other has not.', other);
	END IF;
	IF NOT definition ? 'repeats' AND NOT has_request_index(relation, definition, is_unique => true) THEN
		RAISE WARNING USING
			MESSAGE = format('%s may have a request twice', relation),
			DETAIL = 'Its request_id has no unique index: what is there twice counts twice.',
			HINT = 'Make one, or say which row counts: "repeats": "error", "first", "last".';
	END IF;
	IF definition ->> 'repeats' IN ('first', 'last') AND NOT definition ? 'ranked'
		AND request_column(relation, definition) IS NOT NULL AND NOT has_request_index(relation, definition) THEN
		RAISE NOTICE USING
			MESSAGE = format('repeats in %s are looked for in all its rows', relation),
			HINT = format('With an index they are found at once: CREATE INDEX ON %s (%I).', relation,
				request_column(relation, definition));
	END IF;
END
$$;

COMMENT ON FUNCTION warn_of_doubles(text, regclass, jsonb, jsonb) IS
'Warns of what may count requests of a source twice: another source with the same, or no unique key.';

CREATE FUNCTION attach_usage(name text, relation regclass, mapping jsonb)
RETURNS regclass
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	definition jsonb;
	problem text;
BEGIN
	PERFORM check_owner('attach a source');
	IF num_nulls(name, relation, mapping) > 0 THEN
		PERFORM inferacct_internal.fail('22004', 'attach_usage() needs a name, a relation and a mapping');
	END IF;
	IF name = 'usage_log' OR name = '' OR octet_length(name) > 48 THEN
		PERFORM inferacct_internal.fail('22023', format('a source cannot be called "%s"', name),
			hint => 'Any name of 1 to 48 bytes but usage_log will do.');
	END IF;
	IF EXISTS (SELECT FROM usage_source AS s WHERE s.name = attach_usage.name) THEN
		PERFORM inferacct_internal.fail('42710', format('source "%s" is attached already', name),
			hint => format('Detach it first: SELECT detach_usage(%L).', name));
	END IF;
	PERFORM check_relation(relation);
	definition := source_definition(relation, mapping);
	INSERT INTO usage_source (name, relation, mapping, definition, columns)
	VALUES (name, qualified_name(relation), mapping, definition, source_columns(relation, definition));
	problem := (SELECT r.problem FROM source_relation AS r WHERE r.name = attach_usage.name);
	IF problem IS NOT NULL THEN
		PERFORM inferacct_internal.fail('42804', format('relation "%s" cannot be attached: %s', relation, problem));
	END IF;
	PERFORM warn_of_doubles(name, relation, mapping, definition);
	PERFORM tell_source(name);
	RETURN source_view(name)::regclass;
END
$$;

COMMENT ON FUNCTION attach_usage(text, regclass, jsonb) IS
'Makes a log of another tool part of usage_all, where it lies: a view usage_of_<name>, no copy. '
'name: the source in reports; relation: a table, foreign table or view; '
'mapping: {"tool": ...} with columns of one''s own beside it, or, without tool, which columns fill at, request_id, '
'and either response (the provider''s whole answer), or model and usage (a column of that type), or model, input and '
'other meters, and columns of usage_log. A column is given by name, {"column": name, "path": [key, ...]} in a json '
'column, or {"value": constant}. input_includes_cached must be said, and output_includes_reasoning when reasoning is '
'mapped. Timestamps without time zone are UTC; numbers need at_unit (s, ms, us, ns). Returns the view. '
'The relation stays its owner''s, who may change and drop it: see source_status. '
'When a source of this name was attached before with another mapping or relation, the next refresh_usage() reads its '
'hours again. Errors: 42703 no such column, 42804 a type that cannot be read, 22023 a mapping that does not say what '
'it must, or a relation that is made of this extension''s own, 42809 no table or view, or a temporary one, 42710 a '
'name in use, 22004 NULL, 42501 the caller does not own the extension (inferacct_admin does not suffice).';

CREATE FUNCTION attach_usage(name text, relation regclass, mapping text)
RETURNS regclass
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT attach_usage(name, relation, CASE WHEN ltrim(mapping) LIKE '{%' THEN mapping::jsonb
		ELSE jsonb_build_object('tool', mapping) END)
$$;

COMMENT ON FUNCTION attach_usage(text, regclass, text) IS
'As attach_usage(name, relation, mapping jsonb); mapping: the name of a tool (docs/sources.md has them), or the text '
'of a JSON object.';

CREATE FUNCTION detach_usage(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_owner('detach a source');
	DELETE FROM usage_source AS s WHERE s.name = detach_usage.name;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('no source "%s" is attached', name),
			hint => 'SELECT name, relation FROM usage_source shows what is.');
	END IF;
END
$$;

COMMENT ON FUNCTION detach_usage(text) IS
'Takes an attached source out of usage_all and drops its view; its relation is left as it is, and so is its part of '
'usage_hourly, until forget_usage() or until another relation or mapping is attached by its name. '
'Errors: 42704 no such source, 2BP01 other views read its view, 42501 the caller does not own the extension.';

CREATE FUNCTION source_query(name text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT source_select(s.name, s.relation, s.columns, s.definition) FROM usage_source AS s WHERE s.name = $1
$$;

COMMENT ON FUNCTION source_query(text) IS
'The query behind an attached source, in the columns of usage_log, for a view of one''s own: such a view is planned '
'by Citus on the nodes that have the rows, but keeps its relation from being dropped. '
'NULL when no source has this name.';
