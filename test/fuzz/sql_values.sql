-- What the fuzz calls functions with: a database with a bit of everything, and
-- the values of each type, as SQL.  The first value of a type is an ordinary one.
CREATE EXTENSION inferacct;
SET client_min_messages = warning;
SET search_path = inferacct, public;

INSERT INTO usage_log (at, usage, model, source, request_id, team)
SELECT '2026-10-01Z'::timestamptz + i * interval '7 hours', usage(1000 * i, 100), 'openai/gpt-4o', 'fuzz', i::text, 'team'
FROM generate_series(1, 60) i;
CALL refresh_usage();
INSERT INTO routing_policy (name, kind) VALUES ('policy', 'score');
INSERT INTO routing_tier (policy, below_score, model) VALUES ('policy', 0.5, 'openai/gpt-4o-mini'), ('policy', NULL, 'openai/gpt-4o');
CREATE TABLE public.requests (id bigint, at timestamptz, model text, input bigint, output bigint);

CREATE TABLE public.fuzz_value (type text, n serial, value text);
INSERT INTO fuzz_value (type, value)
SELECT type, value FROM (VALUES
	('bigint', ARRAY['100', 'NULL', '0', '1', '-1', '9223372036854775807', '-9223372036854775808']),
	('integer', ARRAY['10', 'NULL', '0', '1', '-1', '2147483647', '-2147483648']),
	('smallint', ARRAY['1', 'NULL', '0', '-1', '32767', '-32768']),
	('numeric', ARRAY['10', 'NULL', '0', '1', '-1', '0.5', '''NaN''', '''Infinity''', '''-Infinity''', '1e131000', '-1e131000', '1e-16000', '9223372036854775808', '0.0000000000000001']),
	('double precision', ARRAY['0.5', 'NULL', '0', '1', '-1', '''NaN''', '''Infinity''', '''-Infinity''', '1e308', '1e-307', '-1e308']),
	('boolean', ARRAY['true', 'false', 'NULL']),
	('timestamp with time zone', ARRAY['''2026-10-01Z''', 'NULL', '''-infinity''', '''infinity''', '''4714-11-24 00:00:00+00 BC''', '''294276-12-31 23:59:59.999999Z''', '''2000-01-01Z''', '''2026-10-01 00:00:00.000001Z''']),
	('date', ARRAY['''2026-10-01''', 'NULL', '''-infinity''', '''infinity''', '''4714-11-24 BC''', '''5874897-12-31''', '''294277-01-01''']),
	('interval', ARRAY['''1 hour''', 'NULL', '''0''', '''-1 hour''', '''1 microsecond''', '''178000000 years''', '''-178000000 years''', '''2147483647 days''', '''1 month -1 microsecond''']),
	('text', ARRAY['''x''', 'NULL', '''''', '''"''''\\%''', 'repeat(''x'', 100000)', '''openai/gpt-4o''', '''usage_log''', 'U&''\6A21\578B''', '''*''', '''$1; DROP''']),
	('name', ARRAY['''usage_log''', 'NULL', '''''']),
	('cstring', ARRAY['''x''', '''''', '''{}''']),
	('usage', ARRAY['inferacct.usage(100, 10)', 'NULL', 'inferacct.usage(0, 0)', 'inferacct.usage(9223372036854775807, 9223372036854775807)', 'inferacct.usage(1, 1, requests => 1000)', 'inferacct.usage(0, 0, requests => 0)']),
	('jsonb', ARRAY['''{"usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}''', 'NULL', '''{}''', '''[]''', '''null''', '''1e131000''', '''{"a": {"b": [null, 1e400, "x"]}}''', '''[{"model": "openai/gpt-4o", "share": "NaN"}]''', '''{"tiers": [{"model": "a"}]}''']),
	('json', ARRAY['''{"usage": {"prompt_tokens": 5, "completion_tokens": 2}}''', 'NULL', '''{}''', '''[]''', '''1e400''', '(''{"usage": {"prompt_tokens": '' || repeat(''9'', 1000) || ''}}'')']),
	('regclass', ARRAY['''inferacct.usage_log''', 'NULL', '0', '''public.requests''', '''pg_class''', '''inferacct.monthly_spend''', '''inferacct.price_key''', '4294967295']),
	('oid', ARRAY['1', 'NULL', '0', '4294967295']),
	('xid', ARRAY['''100''', 'NULL', '''0''', '''4294967295''']),
	('text[]', ARRAY['''{input,output}''', 'NULL', '''{}''', '''{NULL}''', '''{{a,b},{c,d}}''', '(SELECT array_agg(i::text) FROM generate_series(1, 2000) i)']),
	('numeric[]', ARRAY['''{1,2,3,4,5,6}''', 'NULL', '''{}''', '''{NULL,NULL,NULL}''', '''{NaN,NaN,NaN}''', '''{Infinity,1,-Infinity}''', '''{{1,2,3},{4,5,6}}''', '''{-1,0,1}''', '''{1e131000,1e131000,1e131000}''',
		'(SELECT array_agg(CASE WHEN i % 7 = 0 THEN ''NaN'' ELSE i::numeric END) FROM generate_series(1, 3000) i)', '''[5:7]={1,2,3}''']),
	('timestamp with time zone[]', ARRAY['''{2026-10-01Z,2026-11-01Z}''', 'NULL', '''{}''', '''{NULL}''', '''{-infinity,infinity}''', '''{294276-12-31Z,4714-11-24 BC}''']),
	('demand', ARRAY['(SELECT inferacct.demand(at, usage, 1) FROM inferacct.usage_log)', 'NULL', '''{"format":1,"minutes":60,"buckets":[]}''',
		'''{"format":1,"minutes":1,"buckets":[{"from":"-4712-01-01T00:00Z","requests":1,"usage":{},"usd":"0"},{"from":"294276-01-01T00:00Z","requests":1,"usage":{},"usd":"0"}]}''',
		'''{"format":1,"minutes":60,"buckets":[{"from":"-4712-01-01T00:00Z","requests":1,"usage":{"input":5},"usd":"1"},{"from":"294276-01-01T00:00Z","requests":1,"usage":{"input":5},"usd":"1"}]}''',
		'''{"format":1,"minutes":10080,"buckets":[{"from":"2026-10-05T00:00Z","requests":9223372036854775807,"usage":{"input":9223372036854775807},"usd":"170141183460469231731687"}]}''',
		'''{"format":1,"minutes":1,"buckets":[{"from":"2006-01-01T00:00Z","requests":1,"usage":{"input":5},"usd":"1"},{"from":"2026-01-01T00:00Z","requests":1,"usage":{"input":5},"usd":"1"}]}''']),
	('price_book', ARRAY['(SELECT book FROM public.fuzz_book)', 'NULL', '''{"format":"1","unpriced":"error","guess":"allow","version":"1","as_of":"0","contract":"","models":[],"aliases":[],"fx_rates":[]}'''])
) v (type, list), unnest(list) WITH ORDINALITY AS l (value, place) ORDER BY type, place;
CREATE TABLE public.fuzz_book AS SELECT price_book() AS book;

-- What an argument of that name is ordinarily.
CREATE TABLE public.fuzz_ordinary (name text, value text);
INSERT INTO fuzz_ordinary VALUES
	('model', '''openai/gpt-4o'''), ('baseline_model', '''openai/gpt-4o'''), ('provider', '''openai'''), ('deployment', '''llama-70b-on-demand'''),
	('meter', '''input'''), ('service_tier', '''standard'''), ('tier', '''standard'''), ('load', '''tokens'''), ('format', '''inferacct'''),
	('catalog', '''{"inferacct": 1, "source": "s", "checked_on": "2026-01-01", "prices": []}'''), ('gpu', '''A100-80GB'''), ('vendor', '''cloud (mid)'''),
	('term', '''on_demand'''), ('source', '''usage_log'''), ('team', '''team'''), ('region', ''''''), ('flavor', '''openai'''), ('policy', '''policy''');
