-- What was cut off, or asked again after a failure?
-- Reads the log.
SELECT team, round(sum(usd) FILTER (WHERE status = 'failed'), 4) AS failed,
	round(sum(usd) FILTER (WHERE retried), 4) AS of_these_asked_again,
	round(sum(usd) FILTER (WHERE cut_off), 4) AS cut_off
FROM (SELECT team, status, token_cost(model, usage, at, service_tier, region) AS usd,
		attributes ->> 'finish_reason' IN ('length', 'max_tokens') AS cut_off,
		status = 'failed' AND lead(at) OVER (PARTITION BY tenant, team, api_key, end_user, attributes ->> 'session',
			model, input_tokens(usage) ORDER BY at) <= at + interval '10 minutes' AS retried
	FROM usage_all WHERE at >= '2026-10-01 00:00Z' AND at < '2026-11-01 00:00Z') AS r
GROUP BY team ORDER BY failed DESC NULLS LAST;
