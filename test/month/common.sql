-- What the month and the year share: a schema, draws, and how answers are compared.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET work_mem = '128MB';
DROP SCHEMA IF EXISTS month CASCADE;
CREATE SCHEMA month;
SET search_path = month, public;

CREATE FUNCTION draw(n bigint, what int, sides int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(n, what) & 4611686018427387903) % sides)::int;

-- What each source has said, to compare them with one another.
CREATE TABLE said (source text, label text, answer text, PRIMARY KEY (source, label));

-- One line: are the rows of two queries the same, duplicates included?  Zeros at the
-- end of a numeric, which differ by source, are no difference.
CREATE FUNCTION same(source text, label text, got text, want text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	started CONSTANT timestamptz := clock_timestamp();
	rows bigint;
	answer text;
	wrong text;
BEGIN
	EXECUTE format($query$
		WITH got AS MATERIALIZED (%s), want AS MATERIALIZED (%s)
		SELECT (SELECT count(*) FROM want), (SELECT md5(string_agg(g, E'\n' ORDER BY g)) FROM (SELECT regexp_replace(regexp_replace(got::text, '(\.[0-9]*[1-9])0+(?=[,)])', '\1', 'g'), '\.0+(?=[,)])', '', 'g') FROM got) AS n(g)), (SELECT string_agg(line, E'\n#   ' ORDER BY line) FROM (
			(SELECT 'got ' || g::text FROM (SELECT * FROM got EXCEPT ALL SELECT * FROM want) AS g LIMIT 3)
			UNION ALL (SELECT 'want ' || w::text FROM (SELECT * FROM want EXCEPT ALL SELECT * FROM got) AS w LIMIT 3)) AS d(line))
	$query$, got, want) INTO rows, answer, wrong;
	INSERT INTO said VALUES (source, label, answer);
	RETURN format('%sok - %s: %s (%s rows, %s s)', CASE WHEN wrong IS NULL AND rows > 0 THEN '' ELSE 'not ' END, source, label, rows,
		round(extract(epoch FROM clock_timestamp() - started), 2)) || coalesce(E'\n#   ' || wrong, '');
EXCEPTION WHEN OTHERS THEN
	RETURN format(E'not ok - %s: %s\n#   %s %s', source, label, SQLSTATE, SQLERRM);
END
$$;

