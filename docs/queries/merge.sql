-- merge.sql: a demand over ten million rows, merged from 100 parts, equals the
-- one aggregated at once, byte for byte; and what aggregating costs.
--
--	psql -X -v rows=10000000 -f docs/queries/merge.sql
--
-- Needs about 100 bytes of disk per row, in a table that it drops again.
\set ON_ERROR_STOP on
\if :{?rows} \else \set rows 10000000 \endif
SET search_path = inferacct, public;
CREATE UNLOGGED TABLE merge_rows AS
SELECT timestamptz '2024-01-01 00:00+00' + (i * 7919 % 31536000) * interval '1 second' AS at, usage(i % 5000, i % 700, cache_read => i % 3 * 100) AS usage,
	(i % 100003) * 0.000000125 AS usd, (i * 31 % 100)::int AS part
FROM generate_series(1::bigint, :rows) AS i;
VACUUM ANALYZE merge_rows;
CREATE TEMP TABLE merge_parts AS SELECT part, demand(at, usage, usd) AS d FROM merge_rows GROUP BY part;
CREATE TEMP TABLE merge_whole AS SELECT demand(at, usage, usd) AS d FROM merge_rows;
SELECT (SELECT count(*) FROM merge_parts) AS parts, demand_send((SELECT merge(d) FROM merge_parts)) = demand_send(d) AS same_bytes,
	length(demand_send(d)) AS bytes, (traffic(d)).requests FROM merge_whole;
SELECT (SELECT sum(usd) FROM merge_rows) = (traffic(d)).api_usd AS same_usd, (SELECT sum(usage) FROM merge_rows) = (SELECT sum(usage) FROM demand_series(d)) AS same_usage FROM merge_whole;

-- One worker, three times each: adding up tokens, and the demand.
SET max_parallel_workers_per_gather = 0;
\timing on
SELECT sum(input_tokens(usage) + output_tokens(usage)) FROM merge_rows;
SELECT length(demand_send(demand(at, usage, usd))) FROM merge_rows;
SELECT sum(input_tokens(usage) + output_tokens(usage)) FROM merge_rows;
SELECT length(demand_send(demand(at, usage, usd))) FROM merge_rows;
SELECT sum(input_tokens(usage) + output_tokens(usage)) FROM merge_rows;
SELECT length(demand_send(demand(at, usage, usd))) FROM merge_rows;
\timing off
DROP TABLE merge_rows;
