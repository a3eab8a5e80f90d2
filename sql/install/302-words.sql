-- words: figures in sentences.
--
-- Invariant: every figure that is unknown is said to be.

CREATE FUNCTION inferacct_internal.percent(share numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(trim_scale(round(100 * share, 1)) || ' %', 'an unknown share');

COMMENT ON FUNCTION percent(numeric) IS 'A share as percentage in words, to one decimal.';

CREATE FUNCTION inferacct_internal.usd_in_words(usd numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(CASE WHEN abs(usd) < 1000 THEN round(usd, 2)::text
	WHEN abs(usd) < 1e15 THEN to_char(round(usd), 'FM999,999,999,999,990') ELSE round(usd)::text END || ' USD',
	'an unknown amount');

COMMENT ON FUNCTION usd_in_words(numeric) IS 'An amount for a sentence: cents below 1,000 USD, whole dollars above.';

CREATE FUNCTION inferacct_internal.mtok_in_words(mtok numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(to_char(round(mtok, CASE WHEN abs(mtok) < 100 THEN 1 ELSE 0 END),
	CASE WHEN abs(mtok) < 100 THEN 'FM990.0' ELSE 'FM999,999,999,999,990' END) || ' million tokens',
	'an unknown volume');

COMMENT ON FUNCTION mtok_in_words(numeric) IS 'A volume for a sentence.';

CREATE FUNCTION inferacct_internal.counted(number numeric, noun text, nouns text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN number = 0 THEN 'no' WHEN abs(number) < 1000 THEN trim_scale(number)::text
	ELSE coalesce(to_char(number, 'FM999,999,999,999,999,990'), 'an unknown number of') END
	|| ' ' || CASE WHEN number = 1 THEN noun ELSE coalesce(nouns, noun || 's') END;

COMMENT ON FUNCTION counted(numeric, text, text) IS
'A number of things for a sentence: no hours, 1 hour, 2 hours. nouns: the plural when it does not end in s.';
