-- A year of requests in usage_log, November 2025 to October 2026, for the questions of
-- docs/queries/questions: the rows of an organisation of 20 teams, and all that the questions ask by.
--
-- What belongs together does so: a project is of one team and has one key, one feature, one tier and two models, two
-- of three have an agent, and a customer is of one team.  Weekdays and office hours have more requests than others.
--
-- psql variable: rows.  Two runs give the same rows: draws are random() after setseed().

SET client_min_messages = warning;
CREATE SCHEMA bench;
SET search_path = bench, inferacct, inferacct_internal, public;
SELECT setseed(0.4) \g /dev/null
-- As the demo: one model has no price, on purpose.
SELECT format('ALTER DATABASE %I SET inferacct.unpriced = ''null''', current_database()) \gexec
SELECT format('ALTER DATABASE %I SET search_path = public, inferacct', current_database()) \gexec

CREATE TABLE project AS
	SELECT p AS place, 'team ' || p / 3 AS team, 'project ' || p AS project, 'key ' || p AS api_key, 'feature ' || p % 12 AS feature,
		CASE WHEN p % 3 < 2 THEN 'agent ' || p END AS agent, CASE WHEN p % 20 = 19 THEN 'batch' ELSE 'standard' END AS service_tier,
		CASE WHEN p % 4 = 3 THEN 'gateway' ELSE 'apps' END AS source,
		ARRAY[m.names[1 + p * 7 % 20], m.names[1 + p * 3 % 10]] AS models
	FROM generate_series(0, 59) AS p CROSS JOIN (SELECT ARRAY['anthropic/claude-sonnet-5', 'gpt-5.4-mini', 'openai/gpt-5.4', 'google/gemini-3.6-flash', 'anthropic/claude-haiku-4-5',
		'openai/gpt-5-mini', 'google/gemini-2.5-flash', 'openai/gpt-4.1-mini', 'anthropic/claude-opus-5', 'openai/gpt-4o-mini',
		'openai/gpt-5.5', 'google/gemini-3.1-pro-preview', 'mistral/mistral-large-2512', 'groq/llama-3.3-70b-versatile', 'openai/gpt-5.4-nano',
		'x-ai/grok-build-0.1', 'google/gemini-2.5-pro', 'anthropic/claude-sonnet-4-6', 'house/support-llama-70b', 'openai/gpt-4.1'] AS names) AS m;

CREATE TABLE year_hour AS
	SELECT hour, round(:rows * weight / sum(weight) OVER ())::int AS requests
	FROM (SELECT hour, (CASE WHEN extract(isodow FROM hour AT TIME ZONE 'UTC') < 6 THEN 1 ELSE 0.3 END
			* CASE WHEN extract(hour FROM hour AT TIME ZONE 'UTC') BETWEEN 7 AND 18 THEN 1 ELSE 0.35 END)::float8 AS weight
		FROM generate_series(timestamptz '2025-11-01 00:00Z', '2026-10-31 23:00Z', interval '1 hour') AS hour) AS h;

INSERT INTO usage_dimension (name, log_column, key, keep) VALUES ('customer', 'end_user', NULL, 100), ('key', 'api_key', NULL, 100),
	('session', 'attributes', 'session', 1000), ('agent', 'attributes', 'agent', 100), ('feature', 'tags', 'feature', 100);
SELECT usage_log_partitions('2025-11-01', '2026-11-01') \g /dev/null

INSERT INTO usage_log (at, usage, model, service_tier, source, request_id, status, team, project, api_key, end_user, provider_usd, tolerates, tags, attributes)
	SELECT h.hour + r.minute, usage(input => r.input, output => CASE WHEN r.fails THEN 0 ELSE r.output END, cache_read => r.cached), p.models[1 + r.other_model::int],
		p.service_tier, p.source, concat_ws('-', extract(epoch FROM h.hour)::bigint, r.n), CASE WHEN r.fails THEN 'failed' ELSE 'ok' END,
		p.team, p.project, p.api_key, concat_ws(' ', 'customer', p.team, r.customer), CASE WHEN p.source = 'gateway' THEN 0.000001 * r.input END,
		CASE WHEN p.service_tier = 'batch' THEN interval '24 hours' END, jsonb_build_object('feature', p.feature),
		jsonb_build_object('session', concat_ws('-', p.place, r.customer, extract(doy FROM h.hour), r.session), 'agent', p.agent,
			'finish_reason', CASE WHEN r.n % 100 = 0 THEN 'length' ELSE 'stop' END)
	FROM year_hour AS h CROSS JOIN LATERAL (
		SELECT n, (60 * random() ^ 1.5)::int % 60 AS place, random() * interval '1 hour' AS minute, exp(6.6 + 2.2 * (random() + random() + random() - 1.5))::bigint AS input,
			exp(5.0 + 1.8 * (random() + random() + random() - 1.5))::bigint AS output, CASE WHEN random() < 0.4 THEN (random() * 40)::bigint * 128 ELSE 0 END AS cached,
			random() < 0.02 AS fails, random() < 0.2 AS other_model, (15 * random() ^ 2)::int AS customer, (3 * random())::int AS session
		FROM generate_series(1, h.requests) AS n OFFSET 0) AS r
	JOIN project AS p USING (place);

-- What the questions ask for besides.
INSERT INTO fx_rate (valid_from, currency, usd_per_unit, source) VALUES ('2025-01-01', 'EUR', 1.16, 'bench');
INSERT INTO budget (name, month, usd, team) VALUES ('team 1', '2026-09-01', 90, 'team 1');
INSERT INTO spend_limit (name, usd, period, dimensions) VALUES ('all by month', 500, 'month', '{"team": "team 1"}');
INSERT INTO shared_cost (month, name, usd) VALUES ('2026-10-01', 'gateway', 300);
VACUUM (FREEZE, ANALYZE) usage_log;
