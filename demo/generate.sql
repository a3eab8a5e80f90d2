-- Requests as a company of six teams makes them in September and October 2026:
-- the view demo.request.
--
-- psql variable: requests (how many).  Two runs give the same rows: every draw is
-- a hash of the request's number.
--
-- Sizes are log-normal.  (mu, sigma) of ln(tokens) are the mean and standard
-- deviation measured on the Azure public LLM inference trace 2023
-- (github.com/Azure/AzurePublicDataset, AzureLLMInferenceTrace_{code,conv}.csv):
--   code, 8,819 requests: context 6.9986, 1.3603; generated 2.7882, 0.8473
--   conv, 19,366 requests: context 6.6333, 0.9852; generated 5.0190, 0.8590
-- Teams whose work is neither shift mu by the factor that demo.team names.

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS demo CASCADE;
CREATE SCHEMA demo;
SET search_path = demo, public, inferacct;
SET timezone = 'UTC';
SET work_mem = '256MB';

-- Draw number draw of thing n: uniform in (0, 1).
CREATE FUNCTION uniform(n bigint, draw bigint) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ((hashint8extended(n, draw) & 4503599627370495) + 0.5) / 4503599627370496;

-- The models in use.  cached is the share of a cached prompt that the provider
-- serves from its cache, written what it charges for writing there (Anthropic),
-- thinking the reasoning tokens per token of answer, longest the context window;
-- batch and search: whether it is offered by the batch tier, and searches the web.
CREATE TABLE model (id int PRIMARY KEY, provider text, name text,
	cached float8, written float8, thinking float8, longest int, batch boolean, search boolean);
INSERT INTO model VALUES
	( 1, 'openai',     'openai/gpt-5.4-mini',           0.9, 0,   1.2, 400000,  true,  false),
	( 2, 'openai',     'openai/gpt-5.4',                0.9, 0,   2.5, 1000000, true,  false),
	( 3, 'openai',     'openai/gpt-5.4-nano',           0.9, 0,   0.8, 400000,  true,  false),
	( 4, 'openai',     'openai/gpt-5.5',                0.9, 0,   3,   1000000, true,  false),
	( 5, 'openai',     'openai/gpt-5.6-luna',           0.9, 0,   1.5, 400000,  true,  false),
	( 6, 'openai',     'openai/gpt-4.1',                0.8, 0,   0,   1000000, true,  true),	-- its searches have no price in the catalog
	( 7, 'openai',     'openai/gpt-4.1-mini',           0.8, 0,   0,   1000000, true,  false),
	( 8, 'openai',     'openai/gpt-4o-mini',            0.8, 0,   0,   128000,  true,  false),
	( 9, 'openai',     'openai/text-embedding-3-small', 0,   0,   0,   8191,    true,  false),
	(10, 'anthropic',  'anthropic/claude-sonnet-5',     0.9, 0.1, 0,   1000000, true,  true),
	(11, 'anthropic',  'anthropic/claude-sonnet-4-6',   0.9, 0.1, 0,   1000000, true,  true),
	(12, 'anthropic',  'anthropic/claude-opus-5',       0.9, 0.1, 0,   1000000, true,  true),
	(13, 'anthropic',  'anthropic/claude-haiku-4-5',    0.9, 0.1, 0,   200000,  true,  true),
	(14, 'google',     'google/gemini-3.6-flash',       0.7, 0,   0.5, 1000000, true,  true),
	(15, 'google',     'google/gemini-3.5-flash-lite',  0.7, 0,   0,   1000000, true,  true),
	(16, 'google',     'google/gemini-3.1-pro-preview', 0.7, 0,   1.5, 1000000, true,  true),
	(17, 'google',     'google/gemini-2.5-flash-lite',  0.7, 0,   0,   1000000, true,  true),
	(18, 'deepseek',   'deepseek/deepseek-v4-pro',      0.8, 0,   3,   128000,  false, false),	-- dearer at peak hours
	(19, 'deepseek',   'deepseek/deepseek-v4-flash',    0.8, 0,   0,   128000,  false, false),
	(20, 'groq',       'groq/llama-3.3-70b-versatile',  0,   0,   0,   131072,  false, false),
	(21, 'groq',       'groq/llama-3.1-8b-instant',     0,   0,   0,   131072,  false, false),
	(22, 'mistral',    'mistral/mistral-large-2512',    0.5, 0,   0,   256000,  false, false),
	(23, 'mistral',    'mistral/codestral-2508',        0.5, 0,   0,   256000,  false, false),
	(24, 'x-ai',       'x-ai/grok-build-0.1',           0.8, 0,   0.6, 256000,  false, false),
	(25, 'perplexity', 'perplexity/sonar-pro',          0,   0,   0,   200000,  false, false),
	(26, 'house',      'house/support-llama-70b',       0,   0,   0,   32768,   false, false),	-- a fine-tune of our own: in no catalog
	(27, 'cerebras',   'gpt-oss-120b',                  0,   0,   0,   131072,  false, false);	-- two providers sell it under this name

-- The teams.  share of the month's requests; timezone and peak hour of their
-- day; night and weekend activity as a share of the busiest; mu and sigma as
-- above; models from the most to the least used (Zipf); cached: how many
-- prompts begin with a cached prefix; batch: how many go by the batch tier;
-- searches: how many search the web; bursts: how many half hours run hot.
CREATE TABLE team (
	team text PRIMARY KEY, share float8, timezone text, peak float8, night float8, weekend float8,
	mu_in float8, sigma_in float8, mu_out float8, sigma_out float8,
	cached float8, batch float8, searches float8, bursts float8, projects text[], models int[]);
INSERT INTO team VALUES
	('support',     0.36, 'America/New_York', 14, 0.15, 0.60, 6.6333,           0.9852, 5.0190,           0.8590, 0.55, 0,    0,    0.010, '{chat,mail,voice}',  '{1,13,8,14,26,7,3,20}'),
	('engineering', 0.27, 'Europe/Berlin',    15, 0.04, 0.10, 6.9986 + ln(6.0), 1.3603, 2.7882 + ln(4.0), 0.8473, 0.80, 0,    0,    0.008, '{editor,review,ci}', '{10,2,24,12,11,1,18,23,16}'),
	('search',      0.20, 'Europe/London',    13, 0.10, 0.45, 6.6333 + ln(3.0), 0.9852, 5.0190 - ln(2.0), 0.8590, 0.25, 0,    0,    0.012, '{docs,shop}',        '{17,9,7,15,6,21,27}'),
	('analytics',   0.10, 'UTC',               3, 0.02, 1.00, 6.6333 + ln(2.0), 0.9852, 5.0190,           0.8590, 0.10, 0.85, 0,    0.004, '{labels,digests}',   '{3,15,5,19,13}'),
	('marketing',   0.05, 'America/New_York', 11, 0.02, 0.08, 6.6333,           0.9852, 5.0190 + ln(2.0), 0.8590, 0.05, 0.05, 0.10, 0.006, '{copy,trends}',      '{6,10,14,1,25,22}'),
	('research',    0.02, 'Asia/Tokyo',       16, 0.05, 0.20, 6.9986 + ln(9.0), 1.3603, 5.0190 + ln(4.0), 0.8590, 0.15, 0.10, 0.05, 0.006, '{papers,evals}',     '{16,12,4,10,2,18}');

-- Shares of the models of each team, summed up, so that width_bucket() draws one.
CREATE TABLE choice AS
	SELECT t.team, t.models,
		   array(SELECT sum(1 / rank ^ 1.1) OVER (ORDER BY rank) / sum(1 / rank ^ 1.1) OVER ()
				 FROM generate_series(1, cardinality(t.models)) AS rank ORDER BY rank) AS upto
	FROM team AS t;

-- How many requests each team makes in each five minutes: day, week and bursts.
CREATE TABLE slot AS
	WITH activity AS (
		SELECT t.team, t.share, slot.at,
			   (t.night + (1 - t.night) * exp(2.5 * (cos(2 * pi() * (extract(epoch FROM local.at::time)::float8 / 3600 - t.peak) / 24) - 1)))
			   * CASE WHEN extract(isodow FROM local.at) >= 6 THEN t.weekend ELSE 1 END
			   * CASE WHEN uniform(extract(epoch FROM date_bin('30 minutes', slot.at, 'epoch'))::bigint, hashtext(t.team)) < t.bursts THEN 8 ELSE 1 END
			   * (0.7 + 0.6 * uniform(extract(epoch FROM slot.at)::bigint, hashtext(t.team) + 1)) AS weight
		FROM team AS t
		CROSS JOIN generate_series(timestamptz '2026-09-01Z', timestamptz '2026-11-01Z' - interval '5 minutes', interval '5 minutes') AS slot(at)
		CROSS JOIN LATERAL (SELECT slot.at AT TIME ZONE t.timezone) AS local(at)),
	summed AS (
		SELECT team, at, share * weight / sum(weight) OVER (PARTITION BY team) AS part
		FROM activity),
	upto AS (
		SELECT team, at, round(:requests * sum(part) OVER (ORDER BY at, team ROWS UNBOUNDED PRECEDING))::bigint AS last
		FROM summed)
	SELECT team, at, lag(last, 1, 0) OVER (ORDER BY at, team) + 1 AS first, last
	FROM upto;

-- The requests in the columns of usage_log.  Evaluations and builds could wait for
-- a day, and do not.  OFFSET 0 keeps each step's results from being computed again
-- in the next.
CREATE VIEW request AS
	SELECT s.at,
		   usage(input => s.prompt - s.read - s.written, output => s.answer, cache_read => s.read, cache_write => s.written,
				 reasoning => s.thought, web_searches => s.searches) AS usage,
		   s.name AS model,
		   CASE WHEN s.batch THEN 'batch' ELSE 'standard' END AS service_tier,
		   'req_' || lpad(to_hex(hashint8extended(s.n, 0)), 16, '0') AS request_id,
		   s.provider, s.team, s.project,
		   CASE WHEN s.batch THEN NULL ELSE (300 + s.prompt / 20 + 12 * (s.answer + s.thought))::bigint END AS duration_ms,
		   s.score,
		   CASE WHEN s.batch OR s.project IN ('ci', 'evals', 'digests') THEN interval '24 hours' END AS tolerates
	FROM (
		SELECT d.n, d.at, d.team, d.project, d.provider, d.name, d.batch, d.searches, d.score, d.prompt, d.answer, d.thought,
			   -- caches work in blocks of 128 tokens, from 1,024 on
			   CASE WHEN d.hit THEN (d.prompt * d.cached * uniform(d.n, 8) ^ 0.3)::bigint / 128 * 128 ELSE 0 END AS read,
			   CASE WHEN d.hit THEN (d.prompt * d.write_share)::bigint ELSE 0 END AS written
		FROM (
			SELECT c.n, c.at, c.team, c.project, m.provider, m.name, c.batch, c.score, m.cached, m.written AS write_share,
				   c.prompt, c.searches, c.hit AND c.prompt >= 1024 AND m.cached > 0 AS hit,
				   CASE WHEN m.id = 9 THEN 0 ELSE c.answer END AS answer,	-- an embedding answers nothing
				   (c.answer * m.thinking * 2 * uniform(c.n, 9))::bigint AS thought
			FROM (
				SELECT r.n, r.at, r.team, r.project, r.batches AND m.batch AS batch, r.hit, CASE WHEN m.search THEN r.lookups ELSE 0 END AS searches, r.score, m.id AS model_id,
					   greatest(least(exp(r.mu_in + r.sigma_in * r.radius * cos(r.angle)), m.longest * (0.5 + 0.45 * uniform(r.n, 14))), 8)::bigint AS prompt,
					   greatest(least(exp(r.mu_out + r.sigma_out * r.radius * sin(r.angle)), 16000), 1)::bigint AS answer
				FROM (
					SELECT n, slot.at + uniform(n, 1) * interval '5 minutes' AS at, t.team,
						   t.projects[1 + floor(cardinality(t.projects) * uniform(n, 2) ^ 2)::int] AS project,
						   c.models[1 + width_bucket(uniform(n, 3), c.upto)] AS model_id,
						   sqrt(-2 * ln(uniform(n, 4))) AS radius, 2 * pi() * uniform(n, 5) AS angle,	-- two normal draws, by Box and Muller
						   uniform(n, 6) < t.cached AS hit, uniform(n, 7) < t.batch AS batches,
						   CASE WHEN uniform(n, 10) < t.searches THEN 1 + floor(3 * uniform(n, 11))::int ELSE 0 END AS lookups,
						   uniform(n, 12) * uniform(n, 13) AS score,
						   t.mu_in, t.sigma_in, t.mu_out, t.sigma_out
					FROM slot JOIN team AS t USING (team) JOIN choice AS c USING (team)
					CROSS JOIN LATERAL generate_series(slot.first, slot.last) AS n
					OFFSET 0) AS r
				JOIN model AS m ON m.id = r.model_id
				OFFSET 0) AS c
			JOIN model AS m ON m.id = c.model_id
			OFFSET 0) AS d
		OFFSET 0) AS s;
