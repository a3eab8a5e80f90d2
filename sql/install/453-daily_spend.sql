-- daily_spend: what was spent on each day.
--
-- Invariant, as of every report of what was spent (454-monthly_spend, 455-spend_by):
-- it prices the rollup's tokens with the prices in force at the time of the requests,
-- as the session's inferacct.as_of, contract and unpriced say, reads as the role that
-- asks (row-level security), and adds up exactly to the sum over the rows.  Days and
-- months are UTC.  Provider, model, tier and region are what the log's words mean
-- today, so that one of them is one row, however tools spell it, and a new alias shows
-- at once.

CREATE VIEW daily_spend WITH (security_invoker = true) AS
SELECT day, source, resolved_provider(provider, model, first_at) AS provider,
	resolved_model(model, first_at) AS model, resolved_tier(service_tier) AS service_tier, team, tenant,
	meter(sum(usage), 'requests') AS requests, sum(usage) AS usage,
	input_tokens(sum(usage)) AS input_tokens, cached_tokens(sum(usage)) AS cached_tokens,
	cache_write_tokens(sum(usage)) AS cache_write_tokens,
	output_tokens(sum(usage)) AS output_tokens, meter(sum(usage), 'reasoning') AS reasoning_tokens,
	rollup_spend(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS usd,
	sum(provider_usd) AS provider_usd,
	rollup_worst(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS confidence
FROM rollup_usage_by_day
GROUP BY day, source, resolved_provider(provider, model, first_at), resolved_model(model, first_at),
	resolved_tier(service_tier), team, tenant;

COMMENT ON VIEW daily_spend IS
'Requests, usage and exact USD by UTC day, source, provider, model, service tier, team and tenant; '
'provider_usd is what provider or tool reported. usd is NULL when inferacct.unpriced is null and no request has a '
'price. confidence is the worst of any figure in it.';
