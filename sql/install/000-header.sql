-- header: who may create objects where our names are looked up.
--
-- Invariant: every name that follows is looked up in schema inferacct before pg_catalog,
-- so that no later PostgreSQL can put a function of its own in the place of ours.
-- Whoever may create objects there could do so instead, so nobody but the owner of
-- the extension may: not before it is installed, which is what this looks at, and
-- not afterwards.  Tables are let in, since a reinstallation finds the partitions
-- that were detached from the log.  Nothing is trusted yet: each name says its schema.

\echo Use "CREATE EXTENSION inferacct" to load this file. \quit

-- Every name that follows is looked up in schema inferacct before pg_catalog, so
-- that no later PostgreSQL can put a function of its own in the place of ours.
-- Whoever may create objects there could do so instead, so nobody but the owner of
-- the extension may: not before it is installed, which is what this looks at, and
-- not afterwards.  Tables are let in, since a reinstallation finds the partitions
-- that were detached from the log.  Nothing is trusted yet: each name says its schema.
DO LANGUAGE plpgsql $check$
DECLARE
	schema_id pg_catalog.oid;
	owner pg_catalog.oid;
	owner_name pg_catalog.text;
	found pg_catalog.text;
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_namespace AS n WHERE n.nspname OPERATOR(pg_catalog.=) 'inferacct_internal')
		THEN
		RAISE duplicate_schema USING
			MESSAGE = 'schema "inferacct_internal" exists already',
			DETAIL = 'It is a part of the extension, which makes it and drops it.',
			HINT = 'Drop it, or rename it if you need what it holds.';
	END IF;

	SELECT n.oid, n.nspowner, r.rolname INTO STRICT schema_id, owner, owner_name
	FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
	WHERE n.nspname OPERATOR(pg_catalog.=) 'inferacct';
	IF EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.oid OPERATOR(pg_catalog.=) owner AND NOT r.rolsuper)
		AND owner_name OPERATOR(pg_catalog.<>) current_user::pg_catalog.text
	THEN
		RAISE insufficient_privilege USING
			MESSAGE = pg_catalog.format('schema "inferacct" belongs to role "%s"', owner_name),
			DETAIL = 'Its owner could put functions in it that run with the rights of whoever uses the extension.',
			HINT =
				'Drop it: CREATE EXTENSION makes its own. Or give it to a superuser: ALTER SCHEMA inferacct OWNER TO '
				'CURRENT_USER.';
	END IF;

	SELECT pg_catalog.string_agg(coalesce(r.rolname::pg_catalog.text, 'PUBLIC'), ', '
		ORDER BY r.rolname USING OPERATOR(pg_catalog.<)) INTO found
	FROM pg_catalog.pg_namespace AS n
	CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) AS a
	LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) a.grantee
	WHERE n.oid OPERATOR(pg_catalog.=) schema_id AND a.privilege_type OPERATOR(pg_catalog.=) 'CREATE'
		AND (r.oid IS NULL OR NOT pg_catalog.pg_has_role(r.oid, owner, 'MEMBER'));
	IF found IS NOT NULL THEN
		RAISE insufficient_privilege USING
			MESSAGE = pg_catalog.format('others may create objects in schema "inferacct": %s', found),
			DETAIL = 'They could put functions in it that run with the rights of whoever uses the extension.',
			HINT = 'REVOKE CREATE ON SCHEMA inferacct FROM them.';
	END IF;

	-- Whatever lies in a schema depends on it; the types of tables do not, they depend on these.
	SELECT pg_catalog.string_agg(pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), ', '
		ORDER BY d.classid USING OPERATOR(pg_catalog.<), d.objid USING OPERATOR(pg_catalog.<)) INTO found
	FROM pg_catalog.pg_depend AS d
	LEFT JOIN pg_catalog.pg_class AS c
		ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
		AND c.oid OPERATOR(pg_catalog.=) d.objid
	WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid
		AND d.refobjid OPERATOR(pg_catalog.=) schema_id
		AND d.classid OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog.pg_extension', 'pg_catalog.pg_default_acl',
			'pg_catalog.pg_publication_namespace']::pg_catalog.regclass[]::pg_catalog.oid[])
		AND (c.oid IS NULL OR c.relkind::pg_catalog.text OPERATOR(pg_catalog.<>) ALL (ARRAY['r', 'p',
			'S']::pg_catalog.text[])
			OR NOT pg_catalog.pg_has_role(c.relowner, owner, 'MEMBER'));
	IF found IS NOT NULL THEN
		RAISE duplicate_object USING
			MESSAGE = 'schema "inferacct" holds more than tables of its owner',
			DETAIL = pg_catalog.format('Among what is there: %s.', found),
			HINT =
				'Drop it or move it to another schema: its functions, operators and types could take the place of the '
				'extension''s own.';
	END IF;
END
$check$;

-- What the extension keeps for itself.  Functions run with the rights of their
-- caller and look names up there; what protects is EXECUTE, not USAGE.
CREATE SCHEMA inferacct_internal;
GRANT USAGE ON SCHEMA inferacct_internal TO PUBLIC;
COMMENT ON SCHEMA inferacct_internal IS
'What extension inferacct keeps for itself; nothing in it is for callers, and all of it may change.';

-- Names below are resolved in these schemas only, whatever the installing
-- session's search_path says.
SET LOCAL search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp;

