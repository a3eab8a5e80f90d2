-- price_history: the prices that are known, as views.
--
-- Invariant: what is shown is what the session sees: versions until inferacct.as_of.

CREATE FUNCTION inferacct_internal.price_horizon() RETURNS timestamptz
LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'price_horizon';

COMMENT ON FUNCTION price_horizon() IS
'Versions published at or before this time are known: inferacct.as_of, but not before the oldest version was '
'published (a NOTICE says so); infinity when it is not set.';

CREATE FUNCTION inferacct_internal.hidden_note() RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'hidden_note';

COMMENT ON FUNCTION hidden_note() IS
'For the end of a DETAIL: '' Prices are asked for as of ...'' when inferacct.as_of is set, else empty.';

CREATE VIEW price_history WITH (security_invoker = true) AS
SELECT p.provider, p.model, p.region, p.service_tier, p.meter,
	p.unit_quantity, p.usd, p.currency, p.amount, p.multiplier,
	p.above_input_tokens, p.threshold_inclusive, p.time_windows,
	p.valid_from,
	lead(p.valid_from) OVER (PARTITION BY p.provider, p.model, p.region, p.service_tier, p.meter,
		p.above_input_tokens, p.threshold_inclusive, p.time_windows, p.rank ORDER BY p.valid_from) AS valid_to,
	p.version, p.published_at, p.source, p.checked_on, p.agreement, p.note, p.rank, p.ended
FROM (
	SELECT DISTINCT ON (q.provider, q.model, q.region, q.service_tier, q.meter,
			q.above_input_tokens, q.threshold_inclusive, q.time_windows, v.rank, q.valid_from)
		q.*, v.published_at, v.rank
	FROM price q JOIN (SELECT version, published_at, CASE WHEN version > 1000 AND catalog IS NULL THEN 0
		ELSE rank_of_version(version, catalog, horizon) END AS rank
		FROM price_version, (SELECT price_horizon() AS horizon OFFSET 0) AS h WHERE published_at <= horizon OFFSET 0)
			AS v USING (version)
	ORDER BY q.provider, q.model, q.region, q.service_tier, q.meter,
		q.above_input_tokens, q.threshold_inclusive, q.time_windows, v.rank, q.valid_from,
		in_force_order(q.valid_from, v.published_at, q.version) DESC
) p;

COMMENT ON VIEW price_history IS
'Every price as known now (or at inferacct.as_of), with the half-open time [valid_from, valid_to) in which it holds; '
'valid_to NULL: still open. A price of NULL in usd, amount and multiplier is a withdrawal, or with ended what its '
'author states no more. rank: whose statement it is; the lowest goes first: 0 one''s own, then catalogs by '
'catalog_rank, 65535 shipped.';

-- A price of one's own without context or hours holds for all of them, before what others state.
CREATE VIEW current_price WITH (security_invoker = true) AS
SELECT provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount, multiplier,
	above_input_tokens, threshold_inclusive, time_windows, valid_from, version, source, checked_on, agreement, note,
	rank
FROM (
	SELECT h.*, min(h.rank) FILTER (WHERE NOT h.ended) OVER (PARTITION BY h.provider, h.model, h.region, h.service_tier,
		h.meter,
			h.above_input_tokens, h.threshold_inclusive, h.time_windows) AS first_of_key,
		bool_or(h.rank = 0 AND h.above_input_tokens = 0 AND h.time_windows IS NULL
			AND num_nonnulls(h.usd, h.amount) = 1)
			OVER (PARTITION BY h.provider, h.model, h.region, h.service_tier, h.meter) AS has_own
	FROM price_history AS h
	WHERE h.valid_from <= now() AND (h.valid_to IS NULL OR now() < h.valid_to)
) AS p
WHERE rank = first_of_key AND num_nonnulls(usd, amount, multiplier) = 1
	AND (multiplier IS NOT NULL OR rank = 0 OR NOT has_own);

COMMENT ON VIEW current_price IS
'Prices in force now, as known now (or at inferacct.as_of): of each key that of the lowest rank; '
'withdrawn ones are left out.';

GRANT SELECT ON price_history, current_price TO PUBLIC;
