-- queueing: a latency target becomes a highest utilization.
--
-- Invariant: statistics in double precision, which touch no money.

CREATE FUNCTION erlang_c(servers integer, offered float8) RETURNS float8
AS 'MODULE_PATHNAME', 'queueing_erlang_c'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION erlang_c(integer, float8) IS
'Probability that a request waits: `offered` load (requests per second x seconds of service) for so many servers, '
'M/M/c; 1 from offered = servers on. A server is a slot of concurrency: replicas x sequences at a time. '
'Erlang C (Erlang 1917) by its stable recursion. NULL gives NULL. Errors: 22023 servers below 1, a negative load.';

CREATE FUNCTION mean_wait(servers integer, offered float8, service_seconds float8, cv_arrival float8 DEFAULT 1,
	cv_service float8 DEFAULT 1)
RETURNS float8
AS 'MODULE_PATHNAME', 'queueing_mean_wait'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION mean_wait(integer, float8, float8, float8, float8) IS
'Mean wait in seconds of all requests. cv: standard deviation / mean of the times between arrivals (taken as gamma '
'renewals) and of service; 1 is Poisson, exponential. Exact for cv_service 1, else an approximation, as in '
'max_utilization(). NULL when the queue grows without end, and for NULL. Errors: 22023.';

CREATE FUNCTION max_utilization(servers integer, service_seconds float8, wait_seconds float8, probability float8,
	cv_arrival float8 DEFAULT 1, cv_service float8 DEFAULT 1)
RETURNS float8
AS 'MODULE_PATHNAME', 'queueing_max_utilization'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION max_utilization(integer, float8, float8, float8, float8, float8) IS
'The highest utilization (0 to 1) of so many servers at which at most `probability` of the requests wait longer than '
'wait_seconds, when a request takes service_seconds (TTFT + output tokens x TPOT). '
'Exact for exponential service (cv_service 1) and gamma renewals of any cv_arrival (GI/M/c, Takacs); for cv_service '
'between 0.3 and 3, and cv_arrival up to 4, the share that waits longer is within a factor of 2.1 of simulation. '
'Service times that grow with load are not in it, nor is it a share of throughput: under continuous batching a '
'replica whose slots are a third '
'used may give two thirds of its tokens. Measured serving_point rows are better. NULL gives NULL. '
'Errors: 22023 servers below 1, service_seconds not above 0, probability outside (0, 1), a negative wait or cv.';

CREATE FUNCTION latency_utilization(deployment text, ttft_p99_ms numeric DEFAULT NULL, tpot_ms numeric DEFAULT NULL,
	at timestamptz DEFAULT now())
RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT exact_quotient(serving_tokens_per_second(deployment, ttft_p99_ms, tpot_ms, at),
		nullif(serving_tokens_per_second(deployment, NULL, NULL, at), 0))
$$;
COMMENT ON FUNCTION latency_utilization(text, numeric, numeric, timestamptz) IS
'The share of its highest measured throughput at which a deployment keeps a p99 time to first token and a time per '
'output token in milliseconds (NULL: no such target), between rows of serving_point: the utilization to plan with, '
'for fleet(), hybrid(), commitment() and capacity_mtok(). NULL when no point keeps the targets, or none is known.';
