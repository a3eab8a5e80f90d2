-- payload_cases: test/cases/read_*.jsonl are read as they state.  The shapes are
-- those of public APIs and tools, the figures are made up.
--
-- A case is one line:
--   id, provider, note   name it
--   payload              what is read, through text and through jsonb
--   flavor, names        arguments of parse_usage()
--   reads                the meters, or null where there is no request
--   expected_error       SQLSTATE, in its place
--   rows                 of parse_requests(), in the order of the model: [model, usage, service tier, region];
--                        without it they are the one that parse_usage() gives
--   model, tier, region  where they are what the case is about
\set ON_ERROR_STOP on
\set own `cat test/cases/read_*.jsonl`
SET search_path = inferacct, public;

BEGIN;
CREATE TEMP TABLE own AS
SELECT n, line::jsonb AS c, (line::json -> 'payload')::text AS payload
FROM string_to_table(:'own', E'\n') WITH ORDINALITY AS l(line, n) WHERE line <> '';

CREATE FUNCTION pg_temp.of_text(payload text, c jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce(parse_usage(payload, c ->> 'flavor', nullif(c -> 'names', 'null'))::jsonb::text, 'no request');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;

CREATE FUNCTION pg_temp.of_jsonb(payload jsonb, c jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce(parse_usage(payload, c ->> 'flavor', nullif(c -> 'names', 'null'))::jsonb::text, 'no request');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;

CREATE FUNCTION pg_temp.requests(payload jsonb, c jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT jsonb_agg(jsonb_build_array(model, usage, service_tier, region) ORDER BY model COLLATE "C")
		FROM parse_requests(payload, c ->> 'flavor', nullif(c -> 'names', 'null')));
EXCEPTION WHEN OTHERS THEN
	RETURN to_jsonb(SQLSTATE);
END
$$;

CREATE TEMP VIEW expected AS
SELECT n, c, payload, format('%s %s %s', c ->> 'id', c ->> 'provider', c ->> 'note') AS name,
	coalesce(c ->> 'expected_error', nullif(c -> 'reads', 'null')::text, 'no request') AS reads
FROM own;

SELECT plan((2 + (SELECT count(*) * 3 + count(c -> 'model') + count(c -> 'tier') + count(*) FILTER (WHERE c ? 'region') FROM own))::int);

SELECT cmp_ok(count(*), '>=', 200::bigint, 'at least 200 payloads') FROM own;
SELECT is(count(*), count(DISTINCT c ->> 'id'), 'with names of their own') FROM own;
SELECT is(pg_temp.of_text(payload, c), reads, name || ': text') FROM expected ORDER BY n;
SELECT is(pg_temp.of_jsonb(payload::jsonb, c), reads, name || ': jsonb') FROM expected ORDER BY n;
SELECT is(pg_temp.requests(payload::jsonb, c), CASE
		WHEN c ? 'rows' THEN c -> 'rows'
		WHEN c ? 'expected_error' THEN c -> 'expected_error'
		WHEN reads <> 'no request' THEN jsonb_build_array(jsonb_build_array(
			-- (a geography that parse_model() puts before the name is in the column beside it)
			regexp_replace(parse_model(payload), '^' || coalesce(parse_region(payload), '-') || '\.(?=claude-)', ''), reads::jsonb,
			parse_service_tier(payload), parse_region(payload)))
	END, name || ': requests') FROM expected ORDER BY n;
SELECT is(parse_model(payload), c ->> 'model', name || ': model') FROM expected WHERE c ? 'model' ORDER BY n;
SELECT is(parse_service_tier(payload::jsonb), c ->> 'tier', name || ': tier') FROM expected WHERE c ? 'tier' ORDER BY n;
SELECT is(parse_region(payload), c ->> 'region', name || ': region') FROM expected WHERE c ? 'region' ORDER BY n;

SELECT * FROM finish();
ROLLBACK;
