-- The states of route_savings() and route_quality(): both forms keep every byte, and what neither wrote is refused.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SELECT plan(39);

DO $$
BEGIN
	PERFORM set_price('rs', m, meter, usd) FROM (VALUES ('small', 0.59), ('large', 7.8)) AS p(m, usd), unnest(ARRAY['input', 'output']) AS meter;
END $$;
INSERT INTO routing_policy (name, kind) VALUES ('state', 'score'), (U&'st\00E4te', 'split');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('state', 0.5, 'rs/small'), ('state', NULL, 'rs/large');
INSERT INTO routing_tier (policy, share, model) VALUES (U&'st\00E4te', 0.3, 'rs/small'), (U&'st\00E4te', NULL, 'rs/large');
CREATE AGGREGATE pg_temp.savings_state(text, float8, text, usage, timestamptz) (SFUNC = route_savings_accum, STYPE = route_savings_state);
CREATE AGGREGATE pg_temp.quality_state(float8, float8, float8) (SFUNC = route_quality_accum, STYPE = route_quality_state);
SELECT setseed(0.125);
CREATE TEMP TABLE kept (policy text, savings route_savings_state, quality route_quality_state) ON COMMIT DROP;
INSERT INTO kept
	SELECT policy, pg_temp.savings_state(policy, random(), 'rs/large', usage((random() * 1000000)::bigint, (random() * 900)::bigint), timestamptz '2026-01-01Z' + random() * interval '30 days'),
		pg_temp.quality_state(CASE WHEN i % 9 = 0 THEN 'Infinity' ELSE random() / 3 END, random(), -random() * 1e300)
	FROM unnest(ARRAY['state', U&'st\00E4te']) AS policy, generate_series(1, 500) AS i GROUP BY policy;
SET LOCAL inferacct.unpriced = 'null';
INSERT INTO kept VALUES ('none priced', route_savings_accum(NULL, 'state', 0.5, 'rs/large', usage(1, images => 2), '2026-01-01'), '1 0');
RESET inferacct.unpriced;

-- Through a file, as COPY does it, and back.
CREATE TEMP TABLE copied (LIKE kept) ON COMMIT DROP;
DO $$
DECLARE
	file text := current_setting('data_directory') || '/route_state.copy';
BEGIN
	EXECUTE format('COPY kept TO %L (FORMAT binary)', file);
	EXECUTE format('COPY copied FROM %L (FORMAT binary)', file);
	EXECUTE format('COPY (SELECT) TO PROGRAM %L', 'cat >/dev/null; rm ' || quote_literal(file));
END $$;
SELECT is((SELECT count(*) FROM copied), 3::bigint, 'all come back from COPY');
SELECT is_empty($$SELECT policy FROM kept k JOIN copied c USING (policy) WHERE k.savings::text <> c.savings::text OR route_savings_state_send(k.savings) <> route_savings_state_send(c.savings)$$, 'sums of routing, as they were');
SELECT is_empty($$SELECT policy FROM kept k JOIN copied c USING (policy) WHERE k.quality::text <> c.quality::text OR route_quality_state_send(k.quality) <> route_quality_state_send(c.quality)$$, 'requests judged, as they were');
SELECT is_empty($$SELECT policy FROM kept WHERE route_savings_state_send(savings) <> route_savings_state_send(savings::text::route_savings_state) OR route_quality_state_send(quality) <> route_quality_state_send(quality::text::route_quality_state)$$, 'text keeps as much');
SET LOCAL extra_float_digits = -15;
SELECT is_empty($$SELECT policy FROM kept WHERE route_quality_state_send(quality) <> route_quality_state_send(quality::text::route_quality_state)$$, 'whatever the digits shown');
RESET extra_float_digits;
SELECT is((SELECT count(*) FROM kept k JOIN copied c USING (policy) WHERE route_savings_final(k.savings)::text = route_savings_final(c.savings)::text AND (k.policy = 'none priced') = ((route_savings_final(c.savings)).requests = 0)),
	3::bigint, 'with the same result');
SELECT is((SELECT (route_savings_final(route_savings_combine(k.savings, c.savings))).requests FROM kept k JOIN copied c USING (policy) WHERE policy = 'state'), 1000::bigint, 'and can be merged');
SELECT is(substr(route_savings_state_send(savings), 1, 13 + octet_length(definition)), '\x01'::bytea || int8send(2) || int4send(octet_length(definition)) || convert_to(definition, 'UTF8'),
	'the binary form: format, tiers, definition, ...') FROM kept, route_savings_summary(savings) WHERE policy = 'state';
SELECT is(route_quality_state_send('1 1 0.5 0 1'), '\x01' || int8send(1) || float8send(0.5) || float8send(0) || float8send(1), 'of requests judged: format, how many, then three numbers each');

-- What a client sends is checked.
CREATE TEMP TABLE received_savings (state route_savings_state) ON COMMIT DROP;
CREATE TEMP TABLE received_quality (state route_quality_state) ON COMMIT DROP;
CREATE FUNCTION pg_temp.receive(relation text, message bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	-- COPY's signature, flags and extension; one field; the end
	copied bytea := '\x5047434f50590aff0d0a0000000000000000000001'::bytea || int4send(length(message)) || message || '\xffff'::bytea;
	octal text;
	result text;
BEGIN
	SELECT string_agg(format('\%s%s%s', b / 64, b / 8 % 8, b % 8), '' ORDER BY i) FROM generate_series(0, length(copied) - 1) AS i, get_byte(copied, i) AS b INTO octal;
	EXECUTE format('COPY %I FROM PROGRAM %L (FORMAT binary)', relation, format('printf ''%s''', octal));
	EXECUTE format('DELETE FROM %I RETURNING state::text', relation) INTO result;
	RETURN result;
END $$;
CREATE TEMP TABLE good AS SELECT route_savings_accum(NULL, 'state', 0.5, 'rs/large', usage(100, 10), '2026-01-01Z') AS state, NULL::bytea AS sent, NULL::int AS names;
UPDATE good SET sent = route_savings_state_send(state);
SELECT is(pg_temp.receive('received_savings', sent), state::text, 'a good one is read') FROM good;
-- Format and tiers have 9 bytes; then the names, the totals in 40, two tiers of 56 bytes, the number of buckets and a bucket of 48.
UPDATE good SET names = 9 + 4 + octet_length((route_savings_summary(state)).definition) + 4 + octet_length('rs/large');
SELECT throws_ok(format('SELECT pg_temp.receive(''received_savings'', %L)', message), code, NULL, reason)
FROM good, LATERAL (VALUES
	(''::bytea, '22P03', 'nothing'),
	(set_byte(sent, 0, 2), '22P03', 'another format'),
	(set_byte(sent, 8, 0), '22P03', 'no tiers'),
	(set_byte(sent, 8, 9), '22P03', 'too many tiers'),
	(set_byte(sent, 8, 3), '22P03', 'one tier more than there are'),
	(set_byte(sent, 9, 127), '22P03', 'a name longer than the message'),
	(set_byte(sent, 13, 0), '22P03', 'a name with a NUL'),
	(set_byte(sent, 13, 91), '22P03', 'a definition that is no JSON object'),
	(set_byte(sent, position('rs/'::bytea IN sent) - 1, 1), '22P03', 'a definition that jsonb refuses'),
	(set_byte(sent, names - 1, 255), '22P03', 'a name in no encoding'),
	(set_byte(sent, names + 7, 2), '22P03', 'more requests than the tiers have'),
	(set_byte(sent, names + 15, 2), '22P03', 'more unscored than requests'),
	(set_byte(sent, names + 16, 255), '22P03', 'a negative count'),
	(set_byte(sent, names + 24, 127), '22P03', 'a time that timestamptz does not have'),
	(set_byte(sent, names + 40 + 56 + 8 + 31, 1), '22P03', 'an amount by tier that is not that by length'),
	(set_byte(sent, names + 40 + 56 + 8 + 32, 255), '22P03', 'a negative amount'),
	(set_byte(sent, names + 152 + 7, 2), '22P03', 'more buckets than there are'),
	(set_byte(sent, names + 160 + 5, 1), '22P03', 'a bucket beyond the last'),
	(substr(sent, 1, length(sent) - 1), '22P03', 'a short message'),
	(sent || '\x00', '22P03', 'a long message')) AS v (message, code, reason);
SELECT throws_ok(format('SELECT pg_temp.receive(''received_quality'', %L)', message), code, NULL, reason)
FROM (VALUES
	('\x'::bytea, '22P03', 'nothing'),
	('\x02' || int8send(0), '22P03', 'another format'),
	('\x01' || int8send(-1), '22P03', 'less than none'),
	('\x01' || int8send(2) || float8send(0.5) || float8send(0) || float8send(1), '22P03', 'fewer than they say'),
	('\x01' || int8send(1) || float8send(0.5) || float8send(0), '22P03', 'half a request'),
	('\x01' || int8send(1) || float8send('NaN') || float8send(0) || float8send(1), '22P03', 'a score that is no number'),
	('\x01' || int8send(1) || float8send(1) || float8send(0) || float8send('-Infinity'), '22P03', 'an infinite quality')) AS v (message, code, reason);
SELECT is(pg_temp.receive('received_quality', '\x01' || int8send(0)), '1 0', 'no request is a state, too');
SELECT throws_ok(format('SELECT %L::route_savings_state', replace(state::text, '\"kind\": \"score\"', '\"kind\": \"other\"')), '22P02', NULL, 'text: a definition that is none') FROM good;

SELECT * FROM finish();
ROLLBACK;
