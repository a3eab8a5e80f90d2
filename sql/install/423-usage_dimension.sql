-- usage_dimension: by what else the rollup keeps requests apart.
--
-- Invariant: of a month, a value of a dimension is either kept, in every hour that
-- is read, or summed up in `other`, in every hour: so what the rollup says of a
-- kept value is the sum of its requests, and all values and `other` together are
-- the sum of all.  Values are kept as they come, until as many are as usage_dimension.keep
-- says; of those that one read brings together, the largest.  Once a month has
-- an `other`, no value of it is added.

CREATE TABLE usage_dimension (
	name		text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$' AND name NOT IN (
		'tenant', 'source', 'provider', 'model', 'service_tier', 'region', 'team', 'project', 'status', 'origin')),
	log_column	text NOT NULL CHECK (log_column IN ('api_key', 'end_user', 'tags', 'attributes')),
	key			text CHECK (key <> ''),
	keep		integer NOT NULL DEFAULT 100 CHECK (keep BETWEEN 1 AND 100000),
	CONSTRAINT usage_dimension_key_of_json CHECK ((key IS NOT NULL) = (log_column IN ('tags', 'attributes')))
);

COMMENT ON TABLE usage_dimension IS
'The dimensions beside team, project, model and so on by which the rollup keeps requests apart: customer, agent, '
'user, key, session ... What is written here holds for all hours that refresh_usage() can still read. '
'spend_by() reports by them.';
COMMENT ON COLUMN usage_dimension.name IS 'name of the dimension in reports';
COMMENT ON COLUMN usage_dimension.log_column IS
'column of usage_log that states its value: api_key, end_user, tags or attributes';
COMMENT ON COLUMN usage_dimension.key IS
'of tags and attributes: the key whose value it is; an array of tags states it as "key:value". '
'* of tags: all tags of a request together, as JSON, which FOCUS takes apart again';
COMMENT ON COLUMN usage_dimension.keep IS
'most values that are kept apart in a month; the requests of all others are summed up as other';
SELECT pg_extension_config_dump('usage_dimension', '');

CREATE TABLE inferacct_internal.usage_dimension_value (
	dimension	text COLLATE "C" NOT NULL,
	month		date NOT NULL,
	value		text COLLATE "C" NOT NULL,
	is_tail		boolean NOT NULL DEFAULT false,
	PRIMARY KEY (dimension, month, value)
);

COMMENT ON TABLE usage_dimension_value IS 'The values that are kept apart in a UTC month.';
COMMENT ON COLUMN usage_dimension_value.is_tail IS
'it is `other`, and stands for values that are not kept: no value of the month is added any more';

-- What other means in hours whose rows are gone is not to be found again.
SELECT pg_extension_config_dump('usage_dimension_value', '');

-- Long values are cut, and stay different.
CREATE FUNCTION inferacct_internal.dimension_value(value text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'dimension_value';

COMMENT ON FUNCTION dimension_value(text) IS
'A value as the rollup keeps it: one of more than 200 bytes by its beginning and its MD5 digest; '
'NULL for an empty one.';

CREATE FUNCTION inferacct_internal.tag_value(tags jsonb, key text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
AS 'MODULE_PATHNAME', 'tag_value';

COMMENT ON FUNCTION tag_value(jsonb, text) IS
'What a json column states for a key, as dimension_value(): its value in an object, the rest of the first "key:..." '
'in an array. NULL when it states none, or for any NULL.';

CREATE FUNCTION inferacct_internal.dimension_expression(log_column text, key text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN log_column = 'tags' AND key = '*'
			THEN 'nullif(nullif(nullif(tags, ''null''), ''{}''), ''[]'')::text'
		WHEN key IS NOT NULL THEN format('inferacct_internal.tag_value(%I, %L)', log_column, key)
		ELSE format('inferacct_internal.dimension_value(%I)', log_column) END
$$;

COMMENT ON FUNCTION dimension_expression(text, text) IS
'SQL expression for the value of a dimension, over a row of usage_log.';

CREATE FUNCTION inferacct_internal.dimension_names()
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$ SELECT array_agg(d.name::text ORDER BY d.name) FROM inferacct.usage_dimension AS d $$;

COMMENT ON FUNCTION dimension_names() IS
'The chosen dimensions, in the order of their values in a label; NULL when there is none.';

CREATE FUNCTION inferacct_internal.dimensions_digest()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$ SELECT coalesce(md5(string_agg(jsonb_build_array(d.name, d.log_column, d.key)::text, ' ' ORDER BY d.name)), '')
	FROM inferacct.usage_dimension AS d $$;

COMMENT ON FUNCTION dimensions_digest() IS
'What an hour is read by, as far as dimensions go; empty when there is none.';

CREATE FUNCTION inferacct_internal.dimensions_label()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT coalesce('ARRAY[' || string_agg(inferacct_internal.dimension_expression(d.log_column, d.key), ', '
		ORDER BY d.name) || ']', 'NULL::text[]')
	FROM inferacct.usage_dimension AS d
$$;

COMMENT ON FUNCTION dimensions_label() IS
'SQL expression for the values of the chosen dimensions, kept or not, of a row of the log: an array in the order of '
'dimension_names(), or NULL.';

-- Which values are kept is decided before the rows are read, by one session at a time.
CREATE FUNCTION inferacct_internal.admit_values(rows_of text, hours timestamptz[], OUT label text,
	OUT months timestamptz[], OUT kept text[])
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	read_months date[] := ARRAY(SELECT DISTINCT (date_trunc('month', h AT TIME ZONE 'UTC'))::date
		FROM unnest(hours) AS h ORDER BY 1);
BEGIN
	label := 'stated::text';
	IF dimension_names() IS NULL OR cardinality(read_months) = 0 THEN
		RETURN;
	END IF;
	IF EXISTS (SELECT FROM usage_dimension AS d CROSS JOIN unnest(read_months) AS m
			WHERE NOT EXISTS (SELECT FROM usage_dimension_value AS v WHERE v.dimension = d.name AND v.month = m
				AND v.is_tail)) THEN
		PERFORM take_turn('dimensions');
		EXECUTE format($query$
			WITH found AS (
				SELECT v.dimension, (date_trunc('month', r.at AT TIME ZONE 'UTC'))::date AS month, v.value,
					count(*) AS rows
				FROM (SELECT at, api_key, end_user, tags, attributes FROM %1$s WHERE at >= $1 AND at < $2
					AND inferacct_internal.hour_of(at) = ANY ($3) OFFSET 0) AS r
				CROSS JOIN LATERAL (VALUES %2$s) AS v(dimension, value)
				WHERE v.value IS NOT NULL GROUP BY 1, 2, 3
			), added AS (
				SELECT f.dimension, f.month, f.value,
					d.keep - (SELECT count(*) FROM inferacct_internal.usage_dimension_value AS k
					WHERE k.dimension = f.dimension AND k.month = f.month)
						>= row_number() OVER (PARTITION BY f.dimension, f.month
							ORDER BY f.rows DESC, f.value COLLATE "C") AS is_kept
				FROM found AS f JOIN inferacct.usage_dimension AS d ON d.name = f.dimension
				WHERE NOT EXISTS (SELECT FROM inferacct_internal.usage_dimension_value AS k
					WHERE k.dimension = f.dimension AND k.month = f.month AND (k.value = f.value OR k.is_tail))
			)
			INSERT INTO inferacct_internal.usage_dimension_value AS k (dimension, month, value, is_tail)
			SELECT a.dimension, a.month, CASE WHEN a.is_kept THEN a.value ELSE 'other' END, bool_or(NOT a.is_kept)
			FROM added AS a GROUP BY 1, 2, 3
			ON CONFLICT ON CONSTRAINT usage_dimension_value_pkey DO UPDATE SET is_tail = k.is_tail OR excluded.is_tail
		$query$, rows_of, (SELECT string_agg(format('(%L, %s)', d.name, dimension_expression(d.log_column, d.key)),
			', ') FROM usage_dimension AS d))
		USING hours[1], hours[cardinality(hours)] + interval '1 hour', hours;
	END IF;
	-- Where nothing is summed up as other, nothing need be looked up.
	IF NOT EXISTS (SELECT FROM usage_dimension_value AS v WHERE v.month = ANY (read_months) AND v.is_tail) THEN
		RETURN;
	END IF;
	months := ARRAY(SELECT m::timestamp AT TIME ZONE 'UTC' FROM unnest(read_months) AS m ORDER BY 1);
	kept := ARRAY(SELECT concat_ws(' ', d.place, array_position(read_months, v.month), v.value)
		FROM (SELECT name, row_number() OVER (ORDER BY name) AS place FROM usage_dimension) AS d
		JOIN usage_dimension_value AS v ON v.dimension = d.name WHERE v.month = ANY (read_months));
	label := (SELECT 'ARRAY['
		|| string_agg(
		format(
		'CASE WHEN stated[%1$s] IS NULL OR ''%1$s '' || width_bucket(at, $6) || '' '' || stated[%1$s] = ANY ($7) '
			'THEN stated[%1$s] ELSE ''other'' END', place), ', ' ORDER BY place) || ']::text'
		FROM generate_series(1, cardinality(dimension_names())) AS place);
END
$$;

COMMENT ON FUNCTION admit_values(text, timestamptz[]) IS
'Keeps values of the chosen dimensions, as these hours of rows_of (FROM) bring them, in order, and gives the SQL '
'expression that makes those of a row of its stated ones (dimensions_label()): other where one is not kept; '
'months and kept are its $6 and $7. Waits for others that do so, until commit, unless all of these months have an '
'other.';
