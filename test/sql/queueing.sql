-- queueing: Erlang C and the utilization that a latency target allows.
SET search_path = inferacct, public;
SELECT c, round(erlang_c(c, 0.8 * c)::numeric, 8) AS erlang_c, round(mean_wait(c, 0.8 * c, 1)::numeric, 8) AS mean_wait
FROM unnest('{1,2,4,8,10,32,64,128}'::int[]) AS c;
SELECT erlang_c(4, 4), erlang_c(4, 0);
SELECT replicas, round(max_utilization(32 * replicas, 5, 0.5, 0.01)::numeric, 3) AS poisson, round(max_utilization(32 * replicas, 5, 0.5, 0.01, 2)::numeric, 3) AS bursty
FROM unnest('{1,2,4,8,16}'::int[]) AS replicas;
SELECT max_utilization(0, 1, 1, 0.1);
SELECT max_utilization(1, 1, 1, 2);
