-- monthly_spend: what was spent in each month, and what the figures rest on.
--
-- Invariant: that of 453-daily_spend.  rollup_judged() and rollup_worst() stand side by
-- side, so that each row is priced once.

CREATE VIEW monthly_spend WITH (security_invoker = true) AS
SELECT month, source, resolved_provider(provider, model, first_at) AS provider,
	resolved_model(model, first_at) AS model, resolved_tier(service_tier) AS service_tier, team, tenant,
	meter(sum(usage), 'requests') AS requests, sum(usage) AS usage,
	input_tokens(sum(usage)) AS input_tokens, cached_tokens(sum(usage)) AS cached_tokens,
	cache_write_tokens(sum(usage)) AS cache_write_tokens,
	output_tokens(sum(usage)) AS output_tokens, meter(sum(usage), 'reasoning') AS reasoning_tokens,
	rollup_judged(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS usd,
	sum(provider_usd) AS provider_usd,
	rollup_worst(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) AS confidence
FROM rollup_usage
GROUP BY month, source, resolved_provider(provider, model, first_at), resolved_model(model, first_at),
	resolved_tier(service_tier), team, tenant;

COMMENT ON VIEW monthly_spend IS
'Requests, usage and exact USD by UTC month (its first day), source, provider, model, service tier, team and tenant; '
'provider_usd is what provider or tool reported. usd is NULL when inferacct.unpriced is null and no request has a '
'price. confidence is the worst of any figure in it (price_confidence has the shares). '
'A WARNING tells of prices that were checked more than inferacct.stale_after before the requests.';
