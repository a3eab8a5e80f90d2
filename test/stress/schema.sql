-- What the scripts share.  :models is the number of models.
CREATE EXTENSION IF NOT EXISTS inferacct;
CREATE SCHEMA stress;
SET search_path = stress, public;

-- Unlogged, so that counting gives no transaction an identifier of its own.
CREATE UNLOGGED SEQUENCE compared;
CREATE UNLOGGED SEQUENCE differed;

CREATE FUNCTION moment(n int) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT timestamptz '2026-01-15 00:00Z' + n * interval '30 days'
$$;

-- What is in the tables, without the cache: one's own prices before those of catalogs.
CREATE FUNCTION in_table(m text, at timestamptz) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT p.usd FROM inferacct.price p JOIN inferacct.price_version v USING (version)
	WHERE p.provider = 'stress' AND p.model = m AND p.meter = 'input' AND p.valid_from <= in_table.at
		AND v.published_at <= coalesce(nullif(current_setting('inferacct.as_of', true), ''), 'infinity')::timestamptz
	ORDER BY v.catalog IS NOT NULL, p.valid_from DESC, v.published_at DESC, p.version DESC LIMIT 1
$$;

CREATE FUNCTION alias_in_table(a text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT a.model FROM inferacct.model_alias a JOIN inferacct.price_version v USING (version)
	WHERE a.alias = alias_in_table.a
		AND v.published_at <= coalesce(nullif(current_setting('inferacct.as_of', true), ''), 'infinity')::timestamptz
	ORDER BY a.valid_from DESC, v.published_at DESC, a.version DESC LIMIT 1
$$;

CREATE FUNCTION compare(usd numeric, expected numeric, place text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	n bigint := nextval('stress.compared');
BEGIN
	IF usd IS DISTINCT FROM expected THEN
		n := nextval('stress.differed');
		RAISE LOG 'stress: % is % and should be %', place, usd, expected;
		RETURN false;
	END IF;
	RETURN true;
END $$;

-- STABLE: with the snapshot of whoever calls, which may be a cursor of long ago.
CREATE FUNCTION look(m int, n int, place text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT stress.compare(inferacct.token_cost('stress/m' || m, 1000000, 0, stress.moment(n)),
		stress.in_table('m' || m, stress.moment(n)), place)
$$;

CREATE FUNCTION look_alias(k int, n int, place text) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT stress.compare(inferacct.token_cost('stress-alias-' || k, 1000000, 0, stress.moment(n)),
		stress.in_table(stress.alias_in_table('stress-alias-' || k), stress.moment(n)), place)
$$;

CREATE FUNCTION put(m int, usd numeric, n int) RETURNS void LANGUAGE sql VOLATILE AS $$
	SELECT FROM inferacct.set_price('stress', 'm' || m, 'input', usd,
		CASE WHEN n = 0 THEN '-infinity' ELSE stress.moment(n) - interval '1 day' END)
$$;

CREATE FUNCTION put_alias(k int, m int) RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO inferacct.model_alias (version, alias, provider, model)
	SELECT inferacct_internal.open_price_version(now(), 'stress', NULL, NULL), 'stress-alias-' || k, 'stress', 'm' || m
$$;

CREATE FUNCTION load_two(m int, usd numeric) RETURNS void LANGUAGE sql VOLATILE AS $$
	SELECT FROM inferacct.load_prices(jsonb_build_object('inferacct', 1, 'source', 'stress', 'checked_on', '2026-06-01',
		'prices', (SELECT jsonb_agg(jsonb_build_object('provider', 'stress', 'model', 'm' || i, 'usd', jsonb_build_object('input', usd::text)))
			FROM (SELECT DISTINCT i FROM unnest(ARRAY[m, m % 5 + 1]) i) d)))
$$;

-- Own changes in and out of exception blocks, seen by simple expressions, by
-- queries, and by a cursor that is older.
CREATE FUNCTION walk(m int, steps int) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c CURSOR FOR SELECT stress.look(m, i % 4, 'walk, cursor') FROM generate_series(1, 1000) i;
	fine boolean;
BEGIN
	OPEN c;
	FOR i IN 1..steps LOOP
		BEGIN
			IF random() < 0.5 THEN
				PERFORM stress.put(m, i + round(random()::numeric, 3), (random() * 3)::int);
				fine := stress.look(m, i % 4, 'walk, own change');
			END IF;
			BEGIN
				PERFORM stress.put(m, i + round(random()::numeric, 3), (random() * 3)::int);
				fine := stress.look(m, i % 4, 'walk, own change, inner block');
				FETCH c INTO fine;
				IF random() < 0.5 THEN RAISE division_by_zero; END IF;
			EXCEPTION WHEN division_by_zero THEN
				PERFORM stress.look(m, i % 4, 'walk, after inner block');
			END;
			IF random() < 0.5 THEN RAISE division_by_zero; END IF;
		EXCEPTION WHEN division_by_zero THEN
			fine := stress.look(m, i % 4, 'walk, after block');
		END;
		FETCH c INTO fine;
		PERFORM stress.look(m % 5 + 1, i % 4, 'walk, other model');
	END LOOP;
	CLOSE c;
END $$;

-- The prices of a statement that publishes some itself.
CREATE FUNCTION put_and_look(m int, i int) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM stress.put(m, i, i % 4);
	RETURN stress.look(m, i % 4, 'within a statement, function');
END $$;

CREATE FUNCTION look_now(m int, n int) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM stress.look(m, n, 'within a statement, arriving rows');
	RETURN true;
END $$;

-- Changes within one statement in rows that arrive one by one, each in force at moment 4.
CREATE FUNCTION insert_rows(m int, rows int) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	WITH w AS (
		INSERT INTO inferacct.price (version, provider, model, meter, usd, valid_from)
		SELECT v, 'stress', 'm' || m, 'input', v % 97 + i,
			stress.moment(4) - interval '10 days' + v * interval '1 millisecond' + i * interval '1 microsecond'
		FROM (SELECT inferacct_internal.open_price_version(now(), 'stress', NULL, NULL) AS v OFFSET 0) o, generate_series(1, rows) i
		WHERE stress.look_now(m, 4)
		RETURNING stress.look_now(m, 4))
	SELECT count(*) FROM w
$$;

-- Sums by parallel workers.
CREATE TABLE requests AS
SELECT (i * 7919 % 5 + 1)::int AS m, i % 4 AS n FROM generate_series(1, 4000) i;
ALTER TABLE requests SET (parallel_workers = 2);
ANALYZE requests;

CREATE FUNCTION look_parallel(place text) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0
AS $$
DECLARE
	result record;
BEGIN
	SELECT inferacct.spend('stress/m' || r.m, 1000000, 0, stress.moment(r.n)) AS usd,
		(SELECT sum(stress.in_table('m' || g.m, stress.moment(g.n)) * g.count)
			FROM (SELECT m, n, count(*) FROM stress.requests GROUP BY m, n) g) AS expected
	INTO result FROM stress.requests r;
	RETURN stress.compare(result.usd, result.expected, place);
END $$;

SELECT put(m, m, 0) FROM generate_series(1, :models) m \g /dev/null
SELECT put_alias(k, k) FROM generate_series(1, 5) k \g /dev/null
