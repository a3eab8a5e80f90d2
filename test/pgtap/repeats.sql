-- repeats: a row that takes another's place takes it out of the rollup, in whatever hour that lies.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL client_min_messages = error;
SELECT plan(19);

CREATE TABLE public.again (id text, t timestamptz, n int);
CREATE INDEX ON public.again (id);
CREATE FUNCTION pg_temp.begin_with(rule text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM public.again;
	DELETE FROM usage_hourly WHERE origin = 'again';
	DELETE FROM refreshed_hour WHERE origin = 'again';
	IF EXISTS (SELECT FROM usage_source WHERE name = 'again') THEN
		PERFORM detach_usage('again');
	END IF;
	PERFORM attach_usage('again', 'public.again', jsonb_build_object('at', 't', 'request_id', 'id', 'model', jsonb '{"value": "openai/gpt-4o"}',
		'input', 'n', 'input_includes_cached', true, 'repeats', rule));
	INSERT INTO public.again VALUES ('a', '2026-10-01 10:10Z', 5), ('b', '2026-10-01 12:10Z', 7);
	PERFORM pg_temp.refresh();
END $$;
CREATE FUNCTION pg_temp.refresh(since timestamptz DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	SELECT refresh_hours('again', '2026-10-01Z', '2026-10-02Z', refresh_changed('again', since, false), clock_timestamp()) $$;
CREATE FUNCTION pg_temp.rollup() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s', extract(hour FROM hour AT TIME ZONE 'UTC'), meter(usage, 'input')), ', ' ORDER BY hour) FROM usage_hourly
	WHERE origin = 'again' AND meter(usage, 'requests') > 0 $$;

-- the last counts
SELECT pg_temp.begin_with('last');
SELECT is(pg_temp.rollup(), '10 5, 12 7', 'last: two requests');
INSERT INTO public.again VALUES ('a', '2026-10-01 11:10Z', 9);
SELECT pg_temp.refresh();
SELECT is(pg_temp.rollup(), '11 9, 12 7', 'last: the first hour of all is emptied');
INSERT INTO public.again VALUES ('a', '2026-10-01 13:10Z', 19);
SELECT pg_temp.refresh('2026-10-01 11:00Z');
SELECT is(pg_temp.rollup(), '12 7, 13 19', 'last: looked at from the hour that is emptied');
INSERT INTO public.again VALUES ('b', '2026-10-01 14:10Z', 3);
SELECT pg_temp.refresh('2026-10-01 12:00Z');
SELECT is(pg_temp.rollup(), '13 19, 14 3', 'last: one in the middle');
DELETE FROM public.again WHERE t < '2026-10-01 14:00Z';
SELECT pg_temp.refresh();
SELECT is(pg_temp.rollup(), '13 19, 14 3', 'last: what is dropped from the beginning stays in the rollup');
SELECT is((SELECT sum(meter(usage, 'input')) FROM usage_of_again), 3::numeric, 'as the raw log no longer has it');

-- the first counts
SELECT pg_temp.begin_with('first');
INSERT INTO public.again VALUES ('b', '2026-10-01 11:10Z', 9);
SELECT pg_temp.refresh();
SELECT is(pg_temp.rollup(), '10 5, 11 9', 'first: the last hour is emptied');
INSERT INTO public.again VALUES ('a', '2026-10-01 09:10Z', 2);
SELECT pg_temp.refresh();
SELECT is(pg_temp.rollup(), '9 2, 11 9', 'first: the first hour moves');

-- none does
SELECT pg_temp.begin_with('error');
INSERT INTO public.again VALUES ('a', '2026-10-01 13:10Z', 9);
SELECT pg_temp.refresh();
SELECT is(pg_temp.rollup(), '12 7', 'error: neither counts, not even the one that was there');
SELECT is(count(*), 2::bigint, 'error: both are rejected') FROM rejected_usage WHERE source = 'again';
DELETE FROM public.again WHERE t > '2026-10-01 13:00Z';
SELECT pg_temp.refresh();
SELECT is(pg_temp.rollup(), '10 5, 12 7', 'error: without the other it counts again');

-- the view and the rollup say the same, whatever comes when
SELECT setseed(0.5);
CREATE FUNCTION pg_temp.differs(rule text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.begin_with(rule);
	FOR i IN 1 .. 30 LOOP
		IF i % 5 = 0 THEN
			DELETE FROM public.again WHERE ctid = (SELECT ctid FROM public.again WHERE t > (SELECT min(t) FROM public.again) ORDER BY random() LIMIT 1);
		ELSE
			INSERT INTO public.again VALUES (chr(97 + (random() * 5)::int), timestamptz '2026-10-01 10:30Z' + random() * interval '8 hours', (random() * 100)::int + 1);
		END IF;
		PERFORM pg_temp.refresh();
		IF (SELECT sum(usage) FROM usage_hourly WHERE origin = 'again') IS DISTINCT FROM (SELECT sum(usage) FROM usage_of_again) THEN
			RETURN format('after change %s', i);
		END IF;
	END LOOP;
	RETURN NULL;
END $$;
SELECT is(pg_temp.differs(rule), NULL, rule || ': as the view') FROM unnest(ARRAY['first', 'last', 'error']) AS rule;

-- notes of single hours would not do
SELECT throws_ok($$SELECT note_changes('again')$$, '42809', NULL, 'nothing is noted for rows that change other hours');
SELECT detach_usage('again');
SELECT attach_usage('again', 'public.again', '{"at": "t", "request_id": "id", "model": {"value": "openai/gpt-4o"}, "input": "n", "input_includes_cached": true}');
SELECT lives_ok($$SELECT note_changes('again')$$, 'where no row does, it is');
SELECT isnt(notes_identity('again'), NULL, 'and notes can be complete');
SELECT detach_usage('again');
SELECT attach_usage('again', 'public.again', '{"at": "t", "request_id": "id", "model": {"value": "openai/gpt-4o"}, "input": "n", "input_includes_cached": true, "repeats": "last"}');
SELECT is(notes_identity('again'), NULL, 'attached with repeats, they are not relied upon');
SELECT has_trigger('public', 'again', 'inferacct_usage_changed', 'though the trigger is there');

SELECT * FROM finish();
ROLLBACK;
