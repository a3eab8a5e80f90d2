-- The tables of the benchmark, in schema bench: a year of requests in the order
-- of their time, and the prices of their models, both as inferacct has them and
-- as a hand-written query would keep them.
--
-- psql variables: rows (of request), sample (rows of what is slow per row).
-- Two runs give the same rows: every draw is a hash of the row's number.

SET client_min_messages = warning;
CREATE SCHEMA bench;
SET search_path = bench, inferacct, public;
SET work_mem = '256MB';

-- Draw number draw of row n: uniform in (0, 1).
CREATE FUNCTION uniform(n bigint, draw bigint) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ((hashint8extended(n, draw) & 4503599627370495) + 0.5) / 4503599627370496;

-- Time that the backend has spent on a processor, in nanoseconds.
CREATE FUNCTION cpu() RETURNS bigint
LANGUAGE sql VOLATILE
RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint;

-- 40 models, named as models are, from the most to the least used: the share of
-- the one at place n is proportional to 1 / n ^ 1.1.
CREATE TABLE model AS
	SELECT n::int AS place,
		   (ARRAY['orion', 'vega-code', 'lyra', 'altair-instruct', 'rigel'])[1 + n % 5]
		   || (ARRAY['-4', '-4.5-mini', '-5-pro', '-5.1', '-3.5-turbo-16k', '-nano', '-2', '-r1'])[1 + (n / 5) % 8]
		   || CASE WHEN n % 3 = 0 THEN '-2025-07-18' ELSE '' END AS model
	FROM generate_series(0, 39) AS n;

CREATE TABLE choice AS
	SELECT array_agg(model ORDER BY place) AS models,
		   (SELECT array_agg(upto ORDER BY upto)
			FROM (SELECT sum((place + 1) ^ -1.1) OVER (ORDER BY place) / sum((place + 1) ^ -1.1) OVER () AS upto FROM model) AS summed) AS upto
	FROM model;

-- Three prices each of input, cached input and output, in USD per million
-- tokens; one of ten ends in a digit that needs 9 decimals.
INSERT INTO inferacct.price (version, provider, model, meter, usd, valid_from)
	SELECT opened.version, 'bench', model, meter,
		   round((CASE meter WHEN 'output' THEN 4.0 WHEN 'cache_read' THEN 0.1 ELSE 1.0 END
				  * (0.05 + 5 * uniform(place, 20)) * (1 - 0.1 * period))::numeric,
				 CASE WHEN place % 10 = 0 THEN 9 ELSE 3 END),
		   (ARRAY[timestamptz '-infinity', '2025-05-01 00:00Z', '2025-10-01 00:00Z'])[1 + period]
	FROM (SELECT open_price_version(now(), 'bench', NULL, NULL) AS version OFFSET 0) AS opened,
		 model, unnest(ARRAY['input', 'cache_read', 'output']) AS meter, generate_series(0, 2) AS period;

-- The same prices pivoted, per token, with both ends: for hand-written SQL.
CREATE TABLE price AS
	SELECT model, valid_from,
		   lead(valid_from, 1, timestamptz 'infinity') OVER (PARTITION BY model ORDER BY valid_from) AS valid_to,
		   max(usd) FILTER (WHERE meter = 'input') * 0.000001 AS input,
		   max(usd) FILTER (WHERE meter = 'cache_read') * 0.000001 AS cache_read,
		   max(usd) FILTER (WHERE meter = 'output') * 0.000001 AS output
	FROM inferacct.price WHERE provider = 'bench' GROUP BY model, valid_from;
ALTER TABLE price ADD PRIMARY KEY (model, valid_from);

-- The requests; columns of fixed width first.
CREATE UNLOGGED TABLE request (
	id bigint NOT NULL,
	at timestamptz NOT NULL,
	input_tokens bigint NOT NULL,
	output_tokens bigint NOT NULL,
	cached_tokens bigint NOT NULL,
	duration_ms int NOT NULL,
	tenant int NOT NULL,
	model text NOT NULL
) WITH (autovacuum_enabled = off);

INSERT INTO request
	SELECT n, timestamptz '2025-01-01 00:00Z' + interval '365 days' * ((n - uniform(n, 1)) / :rows),
		   (exp(6.6 + 1.1 * (uniform(n, 2) + uniform(n, 3) + uniform(n, 4) - 1.5) * 2))::bigint,
		   (exp(5.0 + 0.9 * (uniform(n, 5) + uniform(n, 6) + uniform(n, 7) - 1.5) * 2))::bigint,
		   CASE WHEN uniform(n, 8) < 0.4 THEN (uniform(n, 9) * 40)::bigint * 128 ELSE 0 END,
		   (100 + 5000 * uniform(n, 10))::int, (200 * uniform(n, 11) ^ 3)::int,
		   models[1 + width_bucket(uniform(n, 12), upto)]
	FROM generate_series(1, :rows) AS n, choice;
VACUUM (FREEZE, ANALYZE) request;

-- Without these the planner takes date_trunc('month', at) for as many groups as rows.
CREATE STATISTICS request_month ON (date_trunc('month', at)) FROM request;
CREATE STATISTICS request_model_month (ndistinct) ON model, (date_trunc('month', at)) FROM request;
ANALYZE request;

-- Some of them, spread over the year, for what is slow per row: as rows, and as
-- what an OpenAI-compatible endpoint answers.
CREATE UNLOGGED TABLE request_sample (LIKE request) WITH (autovacuum_enabled = off);
INSERT INTO request_sample SELECT * FROM request WHERE id % (:rows / :sample) = 0;
VACUUM (FREEZE, ANALYZE) request_sample;

CREATE UNLOGGED TABLE payload_sample (at timestamptz NOT NULL, model text NOT NULL, payload jsonb NOT NULL) WITH (autovacuum_enabled = off);
INSERT INTO payload_sample
	SELECT at, model, jsonb_build_object('id', 'chatcmpl-' || id, 'object', 'chat.completion', 'model', model,
		'created', extract(epoch FROM at)::bigint, 'choices', '[]'::jsonb,
		'usage', jsonb_build_object('prompt_tokens', input_tokens + cached_tokens, 'completion_tokens', output_tokens,
									'total_tokens', input_tokens + cached_tokens + output_tokens,
									'prompt_tokens_details', jsonb_build_object('cached_tokens', cached_tokens)))
	FROM request_sample;
VACUUM (FREEZE, ANALYZE) payload_sample;

-- A rollup made by hand: the usage of each model in each hour.  Prices change on
-- the hour and do not depend on the size of a request, so this is exact here.
CREATE UNLOGGED TABLE usage_by_hour (at timestamptz NOT NULL, model text NOT NULL, usage usage NOT NULL) WITH (autovacuum_enabled = off);
INSERT INTO usage_by_hour
	SELECT date_trunc('hour', at), model, sum(usage(input => input_tokens, output => output_tokens, cache_read => cached_tokens))
	FROM request GROUP BY 1, 2;
VACUUM (FREEZE, ANALYZE) usage_by_hour;

CREATE FUNCTION plpgsql_cost(of_model text, input_tokens bigint, output_tokens bigint, at timestamptz) RETURNS numeric
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
AS $$
DECLARE
	found_price bench.price;
BEGIN
	SELECT * INTO found_price FROM bench.price AS p
	WHERE p.model = of_model AND p.valid_from <= at ORDER BY p.valid_from DESC LIMIT 1;
	RETURN input_tokens * found_price.input + output_tokens * found_price.output;
END $$;

-- What the answers have to be, by hand-written SQL.
CREATE TABLE expected (name text PRIMARY KEY, answer text NOT NULL);

INSERT INTO expected
	SELECT unnest(ARRAY['plain', 'usage']),
		   unnest(ARRAY[trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output))::text,
						trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output + r.cached_tokens * p.cache_read))::text])
	FROM request AS r JOIN price AS p ON p.model = r.model AND r.at >= p.valid_from AND r.at < p.valid_to;

INSERT INTO expected
	SELECT unnest(ARRAY['plain_sample', 'usage_sample']),
		   unnest(ARRAY[trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output))::text,
						trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output + r.cached_tokens * p.cache_read))::text])
	FROM request_sample AS r JOIN price AS p ON p.model = r.model AND r.at >= p.valid_from AND r.at < p.valid_to;

-- Of all groups by model and month: tokens, and USD.
INSERT INTO expected
	SELECT unnest(ARRAY['groups_tokens', 'groups']),
		   unnest(ARRAY[md5(string_agg(concat_ws(' ', model, month, tokens), ',' ORDER BY model COLLATE "C", month)),
						md5(string_agg(concat_ws(' ', model, month, usd), ',' ORDER BY model COLLATE "C", month))])
	FROM (SELECT r.model, date_trunc('month', r.at)::date AS month, sum(r.input_tokens) AS tokens,
				 trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output)) AS usd
		  FROM request AS r JOIN price AS p ON p.model = r.model AND r.at >= p.valid_from AND r.at < p.valid_to
		  GROUP BY 1, 2) AS groups;

INSERT INTO expected SELECT 'tokens', sum(input_tokens + output_tokens)::text FROM request;
CHECKPOINT;
