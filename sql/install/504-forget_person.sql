-- forget_person: an end user, session or key goes out of what is kept, or gets another name.
--
-- Invariants: what was used and what it cost stays, to the token: only the name goes.
-- In the books (booked_usage) a name is beside the figures and in no digest, so neither
-- changes.  In the rollup a name goes out of every hour, also of those whose rows of the
-- log are gone.  A pseudonym says what it is
-- by its beginning, so that it is taken for nobody's name, and stands for one person.
-- Attached relations are their owners': what still states the name there is counted, and said.

CREATE FUNCTION inferacct_internal.states_value(document jsonb, key text, value text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN tag_value(document, key) = dimension_value(value)
	OR jsonb_typeof(document) = 'array' AND document ? (key || ':' || value);

COMMENT ON FUNCTION states_value(jsonb, text, text) IS
'Whether a json column states this value for a key: an object by its key, an array by an element "key:value". NULL or '
'false when it does not.';

CREATE FUNCTION inferacct_internal.replaced_value(document jsonb, key text, value text, pseudonym text)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 20
RETURN CASE jsonb_typeof(document)
	WHEN 'object' THEN (document - key)
		|| CASE WHEN pseudonym IS NULL THEN '{}' ELSE jsonb_build_object(key, pseudonym) END
	WHEN 'array' THEN (SELECT coalesce(jsonb_agg(CASE WHEN h.hit THEN to_jsonb(key || ':' || pseudonym) ELSE t.tag END
			ORDER BY t.place) FILTER (WHERE NOT h.hit OR pseudonym IS NOT NULL), '[]')
		FROM jsonb_array_elements(document) WITH ORDINALITY AS t(tag, place)
		CROSS JOIN LATERAL (SELECT coalesce(tag_value(jsonb_build_array(t.tag), key) = dimension_value(value), false)
			AS hit) AS h)
	ELSE document END;

COMMENT ON FUNCTION replaced_value(jsonb, text, text, text) IS
'A json column that states a value for a key (states_value()) without it, or with the pseudonym in its place.';

-- Where a dimension is stated in a row of the log: as it is chosen, and as sources keep it.
CREATE FUNCTION inferacct_internal.dimension_places(dimension text)
RETURNS TABLE (log_column text, key text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 2
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT d.log_column, d.key FROM usage_dimension AS d WHERE d.name = $1
	UNION SELECT $1, NULL WHERE $1 IN ('api_key', 'end_user')
	UNION SELECT 'attributes', $1 WHERE $1 IN ('session', 'agent', 'trace', 'customer')
$$;

COMMENT ON FUNCTION dimension_places(text) IS
'The columns of usage_log, and the keys in json ones, that state a dimension; no row when it is none.';

CREATE FUNCTION inferacct_internal.same_dimensions(dimension text)
RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 2
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT $1 UNION SELECT d.name FROM usage_dimension AS d JOIN dimension_places($1) AS p
		ON p.log_column = d.log_column AND p.key IS NOT DISTINCT FROM d.key
$$;

COMMENT ON FUNCTION same_dimensions(text) IS
'The names under which the rollup may keep a dimension: its own, and those of usage_dimension that are stated in the '
'same place.';

CREATE FUNCTION inferacct_internal.check_forgetting(dimension text, value text, pseudonym text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF num_nulls(dimension, value) > 0 THEN
		PERFORM inferacct_internal.fail('22004', 'forget_person() needs a dimension and a value of it');
	ELSIF NOT EXISTS (SELECT FROM dimension_places(dimension))
		AND NOT EXISTS (SELECT FROM usage_dimension_value AS v WHERE v.dimension = check_forgetting.dimension) THEN
		PERFORM inferacct_internal.fail('42704', format('there is no dimension "%s" of persons', dimension),
			hint => format('Give %s.', array_to_string(ARRAY(SELECT DISTINCT n FROM unnest(ARRAY['end_user', 'api_key',
				'session', 'agent', 'trace', 'customer'] || dimension_names()) AS n ORDER BY n), ', ')));
	ELSIF value IN ('', 'other') THEN
		PERFORM inferacct_internal.fail('22023', format('"%s" is nobody''s name', value),
			'Reports say other for all values that usage_dimension.keep leaves no room for.');
	ELSIF pseudonym !~ '^pseudonym-.' OR octet_length(pseudonym) > 200 THEN
		PERFORM inferacct_internal.fail('22023', format('"%s" is no pseudonym', pseudonym),
			'A pseudonym begins with "pseudonym-", has at most 200 bytes and stands for one person.',
			format('forget_person(%L, ..., ''pseudonym-'' || gen_random_uuid()) makes a new one.', dimension));
	END IF;
	IF NOT has_table_privilege('inferacct.usage_log', 'UPDATE')
		OR NOT has_table_privilege('inferacct_internal.usage_hourly', 'UPDATE') OR NOT sees_all_usage() THEN
		PERFORM inferacct_internal.fail('42501', format('role "%s" may not make the log forget', current_user),
			'It takes the right to change the log and the rollup, all of it.', 'GRANT inferacct_admin to it.');
	END IF;
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		PERFORM inferacct_internal.fail('25000', 'forget_person() cannot run in a transaction that is '
			|| upper(current_setting('transaction_isolation')),
			'It would not see hours that are read while it waits, and they would keep the name.',
			'Run it under READ COMMITTED.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_forgetting(text, text, text) IS 'Raises what forget_person() refuses.';

CREATE FUNCTION inferacct_internal.forget_in_log(dimension text, value text, pseudonym text, tenant text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	stated record;
	rows bigint;
	changed bigint := 0;
BEGIN
	FOR stated IN SELECT * FROM dimension_places(dimension) LOOP
		EXECUTE format('UPDATE inferacct.usage_log AS l SET %1$I = %2$s WHERE %3$s AND ($3 IS NULL OR l.tenant = $3)',
			stated.log_column,
			CASE WHEN stated.key IS NULL THEN '$2'
				ELSE format('inferacct_internal.replaced_value(l.%I, %L, $1, $2)', stated.log_column, stated.key) END,
			stated_condition(stated.log_column, stated.key))
		USING value, pseudonym, tenant;
		GET DIAGNOSTICS rows = ROW_COUNT;
		changed := changed + rows;
	END LOOP;
	RETURN changed;
END
$$;

COMMENT ON FUNCTION forget_in_log(text, text, text, text) IS
'forget_person() in usage_log; how many values that were. What was there before stays loaded when it was (loaded_at).';

CREATE FUNCTION inferacct_internal.stated_condition(log_column text, key text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
RETURN CASE WHEN key IS NULL
	THEN format('inferacct_internal.dimension_value(l.%I) = inferacct_internal.dimension_value($1)', log_column)
	ELSE format('inferacct_internal.states_value(l.%I, %L, $1)', log_column, key) END;

COMMENT ON FUNCTION stated_condition(text, text) IS
'SQL condition over a row l of the log: that its column states the value $1.';

-- What keeps dimensions by name: a table of the rollup or the books.  A dimension of all tags has the tag amid others.
CREATE FUNCTION inferacct_internal.forget_in_dimensions(relation regclass, dimension text, value text, pseudonym text,
	tenant text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	one text;
	stated record;
	rows bigint;
	changed bigint := 0;
BEGIN
	FOR one IN SELECT * FROM same_dimensions(dimension) LOOP
		EXECUTE format('UPDATE %1$s AS t SET dimensions = t.dimensions || jsonb_build_object(%2$L, $2) '
			'WHERE t.dimensions ->> %2$L = inferacct_internal.dimension_value($1) AND ($3 IS NULL OR t.tenant = $3)',
			relation, one) USING value, pseudonym, tenant;
		GET DIAGNOSTICS rows = ROW_COUNT;
		changed := changed + rows;
	END LOOP;
	FOR stated IN SELECT d.name, p.key FROM usage_dimension AS d JOIN dimension_places(dimension) AS p
		ON p.log_column = 'tags' AND p.key <> '*' WHERE d.log_column = 'tags' AND d.key = '*'
	LOOP
		EXECUTE format($query$
			UPDATE %1$s AS t SET dimensions = t.dimensions || jsonb_build_object(%2$L, nullif(nullif(
				inferacct_internal.replaced_value(inferacct_internal.try_json(t.dimensions ->> %2$L), %3$L, $1, $2),
				'{}'), '[]')::text)
			WHERE inferacct_internal.states_value(inferacct_internal.try_json(t.dimensions ->> %2$L), %3$L, $1)
				AND ($3 IS NULL OR t.tenant = $3)
		$query$, relation, stated.name, stated.key) USING value, pseudonym, tenant;
		GET DIAGNOSTICS rows = ROW_COUNT;
		changed := changed + rows;
	END LOOP;
	RETURN changed;
END
$$;

COMMENT ON FUNCTION forget_in_dimensions(regclass, text, text, text, text) IS
'forget_person() in the dimensions that a table of the rollup or the books keeps; how many rows that were.';

-- A kept value stays kept by its new name; one that nobody has any more is no value of its month.
CREATE FUNCTION inferacct_internal.forget_in_rollup(dimension text, value text, pseudonym text, tenant text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	named CONSTANT text := dimension_value(value);
	changed CONSTANT bigint := forget_in_dimensions('usage_hourly', dimension, value, pseudonym, tenant);
	one text;
BEGIN
	FOR one IN SELECT * FROM same_dimensions(dimension) LOOP
		INSERT INTO usage_dimension_value AS k (dimension, month, value)
		SELECT v.dimension, v.month, pseudonym FROM usage_dimension_value AS v
		WHERE v.dimension = one AND v.value = named AND pseudonym IS NOT NULL
		ON CONFLICT ON CONSTRAINT usage_dimension_value_pkey DO NOTHING;
		DELETE FROM usage_dimension_value AS v WHERE v.dimension = one AND v.value = named AND NOT EXISTS (
			SELECT FROM usage_hourly AS h WHERE h.hour >= begin_of(v.month) AND h.hour < begin_of(next_month(v.month))
				AND h.dimensions ->> one = named);
	END LOOP;
	FOR one IN SELECT d.name FROM usage_dimension AS d WHERE d.log_column = 'tags' AND d.key = '*' LOOP
		INSERT INTO usage_dimension_value AS k (dimension, month, value)
		SELECT DISTINCT one, month_of(h.hour), h.dimensions ->> one FROM usage_hourly AS h
		WHERE h.dimensions ->> one <> 'other'
		ON CONFLICT ON CONSTRAINT usage_dimension_value_pkey DO NOTHING;
		DELETE FROM usage_dimension_value AS v WHERE v.dimension = one AND v.value <> 'other' AND NOT EXISTS (
			SELECT FROM usage_hourly AS h WHERE h.hour >= begin_of(v.month) AND h.hour < begin_of(next_month(v.month))
				AND h.dimensions ->> one = v.value);
	END LOOP;
	RETURN changed;
END
$$;

COMMENT ON FUNCTION forget_in_rollup(text, text, text, text) IS
'forget_person() in usage_hourly and in the values that are kept; how many rows of the rollup that were. Their months '
'are summed up again by compact_usage().';

-- What was booked is no other money by another name: month_evidence() leaves the names out.
CREATE FUNCTION inferacct_internal.forget_in_books(dimension text, value text, pseudonym text, tenant text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	RETURN forget_in_dimensions('booked_usage', dimension, value, pseudonym, tenant)
		+ forget_in_dimensions('forgotten_usage', dimension, value, pseudonym, tenant);
END
$$;

COMMENT ON FUNCTION forget_in_books(text, text, text, text) IS
'forget_person() in booked_usage and forgotten_usage; how many rows that were. Acts for the owner of the extension, to '
'whom the books belong, and changes nothing but names.';
REVOKE ALL ON FUNCTION forget_in_books(text, text, text, text) FROM PUBLIC;

-- A limit of one person is about that person, whatever it is called.  One of all tenants goes
-- on while another tenant has the name.
CREATE FUNCTION inferacct_internal.forget_in_limits(dimension text, value text, pseudonym text, tenant text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	one text;
	names text[];
	changed bigint := 0;
BEGIN
	FOR one IN SELECT * FROM same_dimensions(dimension) LOOP
		names := ARRAY(SELECT l.name FROM spend_limit AS l WHERE l.dimensions ->> one = value
			AND CASE WHEN l.dimensions ? 'tenant'
				THEN l.dimensions ->> 'tenant' = coalesce(forget_in_limits.tenant, l.dimensions ->> 'tenant')
				ELSE NOT EXISTS (SELECT FROM usage_hourly AS h
					WHERE h.dimensions ->> one = dimension_value(value)) END);
		IF pseudonym IS NOT NULL THEN
			UPDATE spend_limit AS l SET dimensions = l.dimensions || jsonb_build_object(one, pseudonym)
				WHERE l.name = ANY (names);
		ELSE
			DELETE FROM budget_alert AS a WHERE a.name = ANY (names);
			DELETE FROM budget_state AS s WHERE s.name = ANY (names);
			DELETE FROM spend_limit AS l WHERE l.name = ANY (names);
		END IF;
		changed := changed + cardinality(names);
	END LOOP;
	RETURN changed;
END
$$;

COMMENT ON FUNCTION forget_in_limits(text, text, text, text) IS
'forget_person() in spend_limit: limits of that value are of the pseudonym, or are deleted with their state and their '
'alerts; how many that were.';

CREATE FUNCTION inferacct_internal.stated_in_source(name text, dimension text, value text, tenant text,
	OUT stated bigint, OUT problem text)
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	problem := (SELECT s.problem FROM source_status AS s WHERE s.name = stated_in_source.name);
	IF problem IS NOT NULL THEN
		RETURN;
	END IF;
	EXECUTE format('SELECT count(*) FROM %s AS l WHERE (%s) AND ($2 IS NULL OR l.tenant = $2)', source_view(name),
		coalesce((SELECT string_agg(stated_condition(p.log_column, p.key), ' OR ')
			FROM dimension_places(dimension) AS p), 'false'))
	INTO stated USING value, tenant;
EXCEPTION WHEN insufficient_privilege THEN
	problem := SQLERRM;
END
$$;

COMMENT ON FUNCTION stated_in_source(text, text, text, text) IS
'How many rows of an attached source state a value of a dimension, or why that is not known. Reads all of them.';

CREATE FUNCTION forget_person(dimension text, value text, pseudonym text DEFAULT NULL, tenant text DEFAULT NULL,
	OUT place text, OUT changed bigint, OUT remaining bigint, OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE COST 1000000 ROWS 5
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	s record;
	origin text;
BEGIN
	PERFORM check_forgetting(dimension, value, pseudonym);
	-- Nobody reads hours meanwhile that state it.
	FOR origin IN SELECT o FROM unnest(refresh_origins(NULL)) AS o ORDER BY o COLLATE "C" LOOP
		PERFORM take_turn('refresh ' || origin);
	END LOOP;
	PERFORM take_turn('dimensions');
	remaining := 0;
	place := 'usage_log';
	changed := forget_in_log(dimension, value, pseudonym, tenant);
	note := CASE WHEN changed > 0 THEN 'CALL refresh_usage() reads the hours of these rows again' END;
	RETURN NEXT;
	place := 'rollup';
	changed := forget_in_rollup(dimension, value, pseudonym, tenant);
	note := CASE WHEN changed > 0 THEN 'SELECT compact_usage() sums their months up again' END;
	RETURN NEXT;
	place := 'booked_usage';
	changed := forget_in_books(dimension, value, pseudonym, tenant);
	note := NULL;
	RETURN NEXT;
	place := 'spend_limit';
	changed := forget_in_limits(dimension, value, pseudonym, tenant);
	note := NULL;
	RETURN NEXT;
	changed := 0;
	FOR s IN SELECT t.name, t.relation, f.stated, f.problem FROM usage_source AS t
		CROSS JOIN LATERAL stated_in_source(t.name, dimension, value, tenant) AS f ORDER BY t.name LOOP
		place := 'source ' || s.name;
		remaining := s.stated;
		note := CASE WHEN s.problem IS NOT NULL THEN 'not looked at: ' || s.problem
			WHEN remaining > 0 THEN format('%s still states it, and refresh_usage() brings it back: '
				'change it there, then call this again', s.relation) END;
		IF remaining IS DISTINCT FROM 0 THEN
			RAISE WARNING USING MESSAGE = format('source "%s" may still name who was to be forgotten', s.name),
				HINT = note || '.';
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

COMMENT ON FUNCTION forget_person(text, text, text, text) IS
'Erases a value of a dimension (end_user, api_key, session, agent, trace, customer, or one of usage_dimension) from '
'the log, the rollup and the limits of that value, or puts a pseudonym in its place; what was used and what it cost '
'stays, and so do closed months. tenant: only there; NULL: in all. A row for each place: changed (rows), and '
'remaining: rows of an attached source that still state it, which is its owner''s to change (note says how; also a '
'WARNING); NULL where it cannot be read. Of members of inferacct_admin. Reads the whole log and the rollup; waits for '
'refresh_usage(). Errors: 22004, 42704 no such dimension, 22023 no pseudonym, 42501, 25000 outside READ COMMITTED.';
