-- unpriced_usage: what is in no sum of USD, and what is to be done about it.
--
-- Invariant: what is here, and what daily_spend and monthly_spend sum up, is the whole
-- rollup, whatever inferacct.unpriced is.

CREATE FUNCTION inferacct_internal.unpriced_usage_of(of_month date)
RETURNS TABLE (source text, provider text, model text, service_tier text, region text, team text, reason text,
	problem text, first_at timestamptz, last_at timestamptz, requests bigint, tokens bigint, usage usage,
	provider_usd numeric, month_priced_share numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH judged AS MATERIALIZED (
		SELECT * FROM judged_usage(of_month)
	), explained AS (
		SELECT *, CASE
			WHEN left(problem, 5) IN ('IA001', 'IA002', 'IA004') AND has_capacity(model, service_tier, first_at)
				THEN 'served by a commitment or deployment: SELECT price_capacity()'
			WHEN problem LIKE 'IA001%' THEN 'no price for a meter: set_price()'
			WHEN problem LIKE 'IA002%' THEN 'unknown model: set_alias() or set_price()'
			WHEN problem LIKE 'IA003%' THEN 'several providers have it: log the provider, or set_alias()'
			WHEN problem LIKE 'IA004%' THEN 'no such service tier: set_price(service_tier => ...)'
			WHEN problem LIKE 'IA005%' AND meter(usage, 'requests') > 1 AND aggregated
				THEN 'a sum of requests that passes a context tier: '
					'attach the requests, or a report that names the tier'
			WHEN problem LIKE 'IA005%' THEN 'a new price splits it: CALL refresh_usage()'
			WHEN problem LIKE 'IA006%' THEN 'unknown contract: SET inferacct.contract to one of table contract'
			WHEN problem LIKE 'IA007%' THEN 'no exchange rate: INSERT INTO fx_rate'
			WHEN problem LIKE 'IA009%'
				THEN 'only a guess would price it: set_alias(), set_price(), or inferacct.guess = allow'
			WHEN problem LIKE 'IA101%' THEN 'a price finer or larger than the fixed point: set_price() in USD'
			WHEN problem LIKE '22003%' THEN 'a cost out of range: look at its counts'
			ELSE problem END AS reason
		FROM judged WHERE problem IS NOT NULL
	), whole AS (
		SELECT tokens_of(sum(usage)) AS tokens, coalesce(tokens_of(sum(usage) FILTER (WHERE problem IS NULL)), 0)
			AS priced_tokens
		FROM judged
	)
	SELECT j.source, j.provider, j.model, j.service_tier, j.region, j.team, j.reason,
		min(j.problem) AS problem, min(j.first_at) AS first_at, max(j.last_at) AS last_at,
		meter(sum(j.usage), 'requests') AS requests, tokens_of(sum(j.usage)) AS tokens, sum(j.usage) AS usage,
		sum(j.provider_usd) AS provider_usd,
		round(m.priced_tokens::numeric / nullif(m.tokens, 0), 6) AS month_priced_share
	FROM explained AS j CROSS JOIN whole AS m
	GROUP BY j.source, j.provider, j.model, j.service_tier, j.region, j.team, j.reason, m.priced_tokens, m.tokens
$$;

COMMENT ON FUNCTION unpriced_usage_of(date) IS 'unpriced_usage of one month (its first day).';

CREATE VIEW unpriced_usage WITH (security_invoker = true) AS
SELECT m.month, u.source, u.provider, u.model, u.service_tier, u.region, u.team, u.reason, u.problem, u.first_at,
	u.last_at, u.requests, u.tokens, u.usage,
	input_tokens(u.usage) AS input_tokens, cached_tokens(u.usage) AS cached_tokens,
	cache_write_tokens(u.usage) AS cache_write_tokens,
	output_tokens(u.usage) AS output_tokens, meter(u.usage, 'reasoning') AS reasoning_tokens,
	u.provider_usd, u.month_priced_share
FROM (SELECT DISTINCT month FROM rollup_month) AS m CROSS JOIN LATERAL unpriced_usage_of(m.month) AS u;

COMMENT ON VIEW unpriced_usage IS
'Usage that is in no sum of USD, by UTC month and all that its price would depend on: the reason ("cause: remedy"), '
'the message (problem), and month_priced_share, the share of the month''s tokens that has a price. '
'Usage that a commitment or a deployment serves is here until price_capacity() has made its price 0. '
'Empty when everything is priced. The same under any inferacct.unpriced.';
