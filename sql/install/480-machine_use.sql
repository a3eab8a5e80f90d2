-- machine_use: what shared machines were paid for, what of it was used, and what their own counters say.
--
-- Invariants: cost and capacity are those of shared_cost_all, and used and idle parts those of
-- shared_cost_allocation, so that everything adds up.  Counters of a server begin again at 0
-- when it does: what came since the scrape before is the difference, or after a restart the
-- count itself; of the first scrape nothing is known.

CREATE TABLE vllm_scrape (
	deployment					text NOT NULL CHECK (deployment <> ''),
	replica						text NOT NULL,
	model						text NOT NULL,
	at							timestamptz NOT NULL CHECK (isfinite(at)),
	prompt_tokens_total			numeric CHECK (prompt_tokens_total >= 0 AND prompt_tokens_total < 'Infinity'),
	generation_tokens_total		numeric CHECK (generation_tokens_total >= 0 AND generation_tokens_total < 'Infinity'),
	prefix_cache_queries_total	numeric CHECK (prefix_cache_queries_total >= 0
		AND prefix_cache_queries_total < 'Infinity'),
	prefix_cache_hits_total		numeric CHECK (prefix_cache_hits_total >= 0 AND prefix_cache_hits_total < 'Infinity'),
	request_success_total		numeric CHECK (request_success_total >= 0 AND request_success_total < 'Infinity'),
	num_preemptions_total		numeric CHECK (num_preemptions_total >= 0 AND num_preemptions_total < 'Infinity'),
	num_requests_running		numeric CHECK (num_requests_running >= 0 AND num_requests_running < 'Infinity'),
	num_requests_waiting		numeric CHECK (num_requests_waiting >= 0 AND num_requests_waiting < 'Infinity'),
	kv_cache_usage_perc			numeric CHECK (kv_cache_usage_perc BETWEEN 0 AND 1),
	PRIMARY KEY (deployment, replica, model, at)
);

COMMENT ON TABLE vllm_scrape IS
'What replicas of a deployment said at /metrics, one row a scrape: columns bear the names of vLLM''s metrics without '
'"vllm:". load_vllm_metrics() reads the text of one. NULL: it did not say.';
COMMENT ON COLUMN vllm_scrape.deployment IS 'the deployment, as deployment_run has it';
COMMENT ON COLUMN vllm_scrape.replica IS 'which of its replicas, by any name';
COMMENT ON COLUMN vllm_scrape.model IS 'the model by its name there (label model_name)';
COMMENT ON COLUMN vllm_scrape.at IS 'when it was asked';
COMMENT ON COLUMN vllm_scrape.prompt_tokens_total IS
'tokens of prompts since the server began (vllm:prompt_tokens_total)';
COMMENT ON COLUMN vllm_scrape.generation_tokens_total IS
'tokens of answers since the server began (vllm:generation_tokens_total)';
COMMENT ON COLUMN vllm_scrape.prefix_cache_queries_total IS
'tokens looked up in the prefix cache since then (vllm:prefix_cache_queries_total)';
COMMENT ON COLUMN vllm_scrape.prefix_cache_hits_total IS 'of these, found (vllm:prefix_cache_hits_total)';
COMMENT ON COLUMN vllm_scrape.request_success_total IS
'requests finished since then, for all reasons together (vllm:request_success_total)';
COMMENT ON COLUMN vllm_scrape.num_preemptions_total IS 'preemptions since then (vllm:num_preemptions_total)';
COMMENT ON COLUMN vllm_scrape.num_requests_running IS 'requests in work at that moment (vllm:num_requests_running)';
COMMENT ON COLUMN vllm_scrape.num_requests_waiting IS 'requests that waited then (vllm:num_requests_waiting)';
COMMENT ON COLUMN vllm_scrape.kv_cache_usage_perc IS
'share of the KV cache in use, 0 to 1 (vllm:kv_cache_usage_perc; vllm:gpu_cache_usage_perc of older versions)';
SELECT pg_extension_config_dump('vllm_scrape', '');

-- name{label="value",...} number [time]; labels have no escaped quotes but in their values.
CREATE FUNCTION inferacct_internal.vllm_samples(metrics text)
RETURNS TABLE (model text, name text, value numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 ROWS 50
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT substring(p.parts[2] FROM 'model_name="((?:[^"\\]|\\.)*)"'), CASE p.parts[1] WHEN 'gpu_cache_usage_perc'
		THEN 'kv_cache_usage_perc' ELSE p.parts[1] END, try_number(p.parts[3])
	FROM regexp_split_to_table($1, E'\r?\n') AS l(line)
	CROSS JOIN LATERAL regexp_match(l.line,
		'^vllm:([a-z_]+)(?:\{(.*)\})?\s+(\S+)(?:\s+-?[0-9]+)?\s*$') AS p(parts)
	WHERE p.parts IS NOT NULL
$$;

COMMENT ON FUNCTION vllm_samples(text) IS
'The samples of vLLM''s metrics in the text format of Prometheus: NULL where it is no number.';

CREATE FUNCTION load_vllm_metrics(deployment text, replica text, metrics text, at timestamptz DEFAULT now())
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	loaded bigint;
BEGIN
	IF num_nulls(deployment, replica, metrics, at) > 0 THEN
		PERFORM inferacct_internal.fail('22004',
			'load_vllm_metrics() needs a deployment, a replica, a text and a time');
	END IF;
	INSERT INTO vllm_scrape AS v (deployment, replica, model, at, prompt_tokens_total, generation_tokens_total,
		prefix_cache_queries_total, prefix_cache_hits_total, request_success_total, num_preemptions_total,
		num_requests_running, num_requests_waiting, kv_cache_usage_perc)
	SELECT load_vllm_metrics.deployment, load_vllm_metrics.replica, coalesce(s.model, ''), load_vllm_metrics.at,
		sum(s.value) FILTER (WHERE s.name = 'prompt_tokens_total'),
		sum(s.value) FILTER (WHERE s.name = 'generation_tokens_total'),
		sum(s.value) FILTER (WHERE s.name = 'prefix_cache_queries_total'),
		sum(s.value) FILTER (WHERE s.name = 'prefix_cache_hits_total'),
		sum(s.value) FILTER (WHERE s.name = 'request_success_total'),
		sum(s.value) FILTER (WHERE s.name = 'num_preemptions_total'),
		sum(s.value) FILTER (WHERE s.name = 'num_requests_running'),
		sum(s.value) FILTER (WHERE s.name = 'num_requests_waiting'),
		avg(s.value) FILTER (WHERE s.name = 'kv_cache_usage_perc')
	FROM vllm_samples(metrics) AS s
	WHERE s.name IN ('prompt_tokens_total', 'generation_tokens_total', 'prefix_cache_queries_total',
		'prefix_cache_hits_total', 'request_success_total', 'num_preemptions_total', 'num_requests_running',
		'num_requests_waiting', 'kv_cache_usage_perc')
	GROUP BY s.model
	ON CONFLICT ON CONSTRAINT vllm_scrape_pkey DO NOTHING;
	GET DIAGNOSTICS loaded = ROW_COUNT;
	RETURN loaded;
END
$$;

COMMENT ON FUNCTION load_vllm_metrics(text, text, text, timestamptz) IS
'Keeps what a replica of a deployment answered at /metrics (the text format of Prometheus) in vllm_scrape, a row '
'for each model; engines are added up, the use of their KV caches is their mean. Returns how many rows are new; '
'lines of other metrics are passed over. Errors: 22004 a NULL, 23514 an infinite time or a negative count, 42501.';

CREATE FUNCTION inferacct_internal.since_before(counter numeric, before numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 2
RETURN CASE WHEN counter >= before THEN counter - before WHEN counter < before THEN counter END;

COMMENT ON FUNCTION since_before(numeric, numeric) IS
'What came to a counter since it was read before: all of it where it began again. NULL for any NULL.';

-- What came between two scrapes lies in the hour of the later one.
CREATE VIEW vllm_hourly WITH (security_invoker = true) AS
SELECT s.deployment, hour_of(s.at) AS hour, s.model,
	sum(s.prompt_tokens) AS prompt_tokens, sum(s.generation_tokens) AS generation_tokens,
	round(sum(s.hits) / nullif(sum(s.queries), 0), 6) AS prefix_cache_hit_rate,
	sum(s.finished) AS finished_requests, sum(s.preemptions) AS preemptions,
	round(avg(s.num_requests_running), 3) AS running, round(avg(s.num_requests_waiting), 3) AS waiting,
	round(avg(s.kv_cache_usage_perc), 6) AS kv_cache_use, count(*) AS scrapes
FROM (SELECT v.*, since_before(v.prompt_tokens_total, lag(v.prompt_tokens_total) OVER one) AS prompt_tokens,
		since_before(v.generation_tokens_total, lag(v.generation_tokens_total) OVER one) AS generation_tokens,
		since_before(v.prefix_cache_queries_total, lag(v.prefix_cache_queries_total) OVER one) AS queries,
		since_before(v.prefix_cache_hits_total, lag(v.prefix_cache_hits_total) OVER one) AS hits,
		since_before(v.request_success_total, lag(v.request_success_total) OVER one) AS finished,
		since_before(v.num_preemptions_total, lag(v.num_preemptions_total) OVER one) AS preemptions
	FROM vllm_scrape AS v WINDOW one AS (PARTITION BY v.deployment, v.replica, v.model ORDER BY v.at)) AS s
GROUP BY s.deployment, hour_of(s.at), s.model;

COMMENT ON VIEW vllm_hourly IS
'vllm_scrape by UTC hour, deployment and model: what its counters counted since the scrape before (of the hour '
'of the later one; nothing of the first scrape of a replica), and the mean of what they said at each scrape.';
COMMENT ON COLUMN vllm_hourly.deployment IS 'the deployment, by name';
COMMENT ON COLUMN vllm_hourly.model IS 'the model by its name there';
COMMENT ON COLUMN vllm_hourly.prompt_tokens IS 'tokens of prompts, those found in the prefix cache among them';
COMMENT ON COLUMN vllm_hourly.generation_tokens IS 'tokens of answers';
COMMENT ON COLUMN vllm_hourly.prefix_cache_hit_rate IS 'share of looked-up tokens that the prefix cache had, 0 to 1';
COMMENT ON COLUMN vllm_hourly.finished_requests IS 'requests that finished';
COMMENT ON COLUMN vllm_hourly.preemptions IS 'preemptions: requests that had to begin again for want of KV cache';
COMMENT ON COLUMN vllm_hourly.running IS 'requests in work, mean of the scrapes of all replicas';
COMMENT ON COLUMN vllm_hourly.waiting IS 'requests that waited, mean of the scrapes of all replicas';
COMMENT ON COLUMN vllm_hourly.kv_cache_use IS 'share of the KV cache in use, 0 to 1, mean of the scrapes';
COMMENT ON COLUMN vllm_hourly.scrapes IS 'how many scrapes there were';

CREATE VIEW machine_cost WITH (security_invoker = true) AS
SELECT c.month, c.kind, c.name, trim_scale(c.usd) AS usd, trim_scale(a.used_usd) AS used_usd,
	trim_scale(a.idle_usd) AS idle_usd, a.units AS used_tokens, c.capacity,
	trim_scale(round(a.units / nullif(c.capacity, 0), 6)) AS used_share,
	exact_quotient(c.usd * 1000000, nullif(a.units, 0)) AS usd_per_mtok_used,
	exact_quotient(c.usd * 1000000, nullif(c.capacity, 0)) AS usd_per_mtok_reserved,
	v.tokens AS vllm_tokens, c.problem
FROM shared_cost_all AS c
LEFT JOIN (SELECT month, kind, name, sum(units) AS units, sum(used_usd) AS used_usd, sum(idle_usd) AS idle_usd
	FROM shared_cost_allocation GROUP BY month, kind, name) AS a USING (month, kind, name)
LEFT JOIN (SELECT month_of(hour) AS month, 'deployment' AS kind, deployment AS name,
		sum(prompt_tokens) + sum(generation_tokens) AS tokens
	FROM vllm_hourly GROUP BY month_of(hour), deployment) AS v USING (month, kind, name)
WHERE c.kind IN ('commitment', 'deployment');

COMMENT ON VIEW machine_cost IS
'What shared machines (deployments that run, commitments to capacity) cost in each UTC month, and a million '
'tokens of them: by usage, all that was paid over what was served, and by reservation, over what could have been '
'served. vllm_tokens beside tokens says what the machines served and the log does not have. '
'shared_cost_allocation has the same by team.';
COMMENT ON COLUMN machine_cost.used_usd IS 'USD for the part of the capacity that was used';
COMMENT ON COLUMN machine_cost.idle_usd IS 'USD of what nobody used';
COMMENT ON COLUMN machine_cost.used_tokens IS 'tokens that the log has of it';
COMMENT ON COLUMN machine_cost.capacity IS 'tokens of that mix that it could have served; NULL: not known';
COMMENT ON COLUMN machine_cost.used_share IS 'used_tokens by capacity, to six decimals';
COMMENT ON COLUMN machine_cost.usd_per_mtok_used IS 'USD per million tokens served; NULL: none was';
COMMENT ON COLUMN machine_cost.usd_per_mtok_reserved IS 'USD per million tokens of capacity; NULL: it is not known';
COMMENT ON COLUMN machine_cost.vllm_tokens IS
'tokens of prompts and answers by the counters of vLLM (vllm_hourly); NULL: no scrapes';
