-- price_confidence: which part of a bill rests on what.
--
-- Invariant: every figure of the rollup that has a price is in one confidence, the
-- worst that applies to it, so usd adds up to monthly_spend, and the shares of a
-- month add up to 1.

CREATE FUNCTION inferacct_internal.confidence_usage(of_month date DEFAULT NULL)
RETURNS TABLE (month date, source text, confidence text, requests bigint, usd numeric, checked_on date)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT a.month, a.source, c.confidence, sum(c.requests)::bigint, trim_scale(sum(c.usd)), min(c.checked_on)
	FROM alike_usage(of_month) AS a
	CROSS JOIN LATERAL rollup_confidence(a.model, a.usage, a.first_at, a.last_at, a.min_input, a.max_input,
		a.aggregated, a.service_tier, a.region) AS c
	GROUP BY a.month, a.source, c.confidence
$$;

COMMENT ON FUNCTION confidence_usage(date) IS
'Requests and USD of the rollup by month, source and confidence; of one month (its first day), or, NULL, of all.';

-- Shares are differences of rounded sums, so that they add up to 1.  What costs nothing is shared by its requests.
CREATE FUNCTION inferacct_internal.part_of(part numeric, upto numeric, total numeric)
RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN trim_scale(round(upto / nullif(total, 0), 6) - round((upto - part) / nullif(total, 0), 6));

COMMENT ON FUNCTION part_of(numeric, numeric, numeric) IS
'The share of a part of a total, where upto is the sum of the parts up to and with it: the shares of all parts add up '
'to 1. NULL when the total is 0.';

CREATE VIEW price_confidence WITH (security_invoker = true) AS
SELECT month, confidence, requests, usd,
	coalesce(part_of(usd, sum(usd) OVER upto, sum(usd) OVER whole),
		part_of(requests, sum(requests) OVER upto, sum(requests) OVER whole)) AS share,
	checked_on
FROM (SELECT m.month, u.confidence, sum(u.requests)::bigint AS requests, trim_scale(sum(u.usd)) AS usd,
	min(u.checked_on) AS checked_on
	FROM (SELECT DISTINCT month FROM rollup_month) AS m CROSS JOIN LATERAL confidence_usage(m.month) AS u
	GROUP BY m.month, u.confidence) AS c
WINDOW upto AS (PARTITION BY month ORDER BY confidence_order(confidence)), whole AS (PARTITION BY month)
ORDER BY month, confidence_order(confidence);

COMMENT ON VIEW price_confidence IS
'What the spend of each UTC month rests on, worst first: of each confidence (see explain_price()) the USD of the '
'figures that have it, their share of the month''s USD (six decimals, adding up to 1; '
'of its requests, where it costs nothing), the requests of which it is the worst, and the earliest day on which one '
'of these prices was checked. usd adds up to monthly_spend; usage without a price is in unpriced_usage. '
'The same under any inferacct.unpriced.';

CREATE VIEW priced_usage WITH (security_invoker = true) AS
WITH judged AS (
	SELECT m.month, u.source, meter(sum(usage), 'requests') AS requests,
		coalesce(meter(sum(usage) FILTER (WHERE problem IS NULL), 'requests'), 0) AS priced_requests,
		tokens_of(sum(usage)) AS tokens,
		coalesce(tokens_of(sum(usage) FILTER (WHERE problem IS NULL)), 0) AS priced_tokens
	FROM (SELECT DISTINCT month FROM rollup_month) AS m CROSS JOIN LATERAL judged_usage(m.month) AS u
	GROUP BY m.month, u.source
), share AS (
	SELECT m.month, u.source, u.confidence,
		coalesce(part_of(usd, sum(usd) OVER upto, sum(usd) OVER whole),
		part_of(requests, sum(requests) OVER upto, sum(requests) OVER whole)) AS share
	FROM (SELECT DISTINCT month FROM rollup_month) AS m CROSS JOIN LATERAL confidence_usage(m.month) AS u
	WINDOW upto AS (PARTITION BY m.month, u.source ORDER BY confidence_order(u.confidence)),
		whole AS (PARTITION BY m.month, u.source)
), shares AS (
	SELECT month, source, jsonb_object_agg(confidence, share) AS confidence FROM share GROUP BY month, source
)
SELECT j.month, j.source, j.requests, j.priced_requests, j.tokens, j.priced_tokens,
	round(j.priced_tokens::numeric / nullif(j.tokens, 0), 6) AS priced_share, s.confidence
FROM judged AS j LEFT JOIN shares AS s ON s.month = j.month AND s.source IS NOT DISTINCT FROM j.source;

COMMENT ON VIEW priced_usage IS
'How much of the usage of each UTC month and source has a price: requests, tokens, and the share of tokens (0 to 1, '
'six decimals; NULL without tokens); confidence: the share of its USD by what it rests on, as in price_confidence '
'(NULL when nothing has a price). The same under any inferacct.unpriced.';
