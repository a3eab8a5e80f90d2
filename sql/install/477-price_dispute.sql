-- price_dispute: what the differences between price catalogs are worth in one's own spend.
--
-- Invariant: a figure of the rollup is disputed here by what makes its confidence
-- 'disputed': another catalog that was read when its price held and states another
-- one for the very same key, or a mark of the catalog itself.  usd is what the
-- rollup costs, and the other figure differs from it by the price alone.

CREATE FUNCTION inferacct_internal.meter_chain(meter text)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH RECURSIVE chain(name, n) AS (
		SELECT $1, 1
		UNION ALL SELECT m.parent, c.n + 1 FROM chain AS c JOIN meter_list() AS m ON m.name = c.name
			WHERE m.parent <> c.name
	)
	SELECT array_agg(c.name ORDER BY c.n) FROM chain AS c
$$;

COMMENT ON FUNCTION meter_chain(text) IS
'A meter, and those as which it is billed where it has no price of its own, nearest first.';

CREATE FUNCTION inferacct_internal.listed_usage()
RETURNS TABLE (month date, at timestamptz, provider text, model text, meter text, quantity bigint,
	unit_quantity bigint, unit_usd numeric, usd numeric, version bigint, valid_from timestamptz,
	service_tier text, region text, input_from bigint, has_windows boolean, rule text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	SELECT a.month, a.first_at, d.provider, d.resolved_model, d.meter, d.quantity,
		d.unit_quantity, d.unit_usd, d.usd, d.version, d.valid_from,
		split_part(k.key, ', ', 1), coalesce(substring(k.key FROM ', region ([^,]+)'), ''),
		coalesce(substring(k.key FROM ', input >= ([0-9]+)')::bigint, 0), k.key LIKE '%, time window%', d.rule
	FROM alike_usage() AS a
	CROSS JOIN LATERAL rollup_cost_detail(a.model, a.usage, a.first_at, a.last_at, a.min_input, a.max_input,
		a.aggregated, a.service_tier, a.region) AS d
	CROSS JOIN LATERAL (SELECT regexp_replace(d.tier, ', (multiplied for|contract).*$', '') AS key) AS k
	WHERE d.rule = 'shipped' OR d.rule LIKE 'catalog %'
$$;

COMMENT ON FUNCTION listed_usage() IS
'The figures of the rollup that rest on the price of a catalog, with the key of its row: tier, region, from which '
'input on, and whether it has weekly hours.';

CREATE VIEW price_dispute WITH (security_invoker = true) AS
WITH held AS MATERIALIZED (
	SELECT u.month, u.provider, u.model, u.service_tier, u.region, u.input_from, u.meter, u.quantity, u.usd, u.rule,
		u.at, u.unit_usd * p.unit_quantity = p.usd * u.unit_quantity AS is_charged, p.usd AS held_usd, p.unit_quantity,
		p.above_input_tokens, p.threshold_inclusive, p.time_windows, p.meter AS priced_as, p.valid_from,
		p.agreement, p.note,
		CASE WHEN u.version <= 1000 THEN 65535 ELSE rank_of_version(u.version, substr(u.rule, 9)) END AS rank
	FROM listed_usage() AS u
	CROSS JOIN LATERAL (
		SELECT q.* FROM price AS q
		WHERE (q.version, q.valid_from, q.provider, q.model) = (u.version, u.valid_from, u.provider, u.model)
			AND (q.service_tier, q.region) = (u.service_tier, u.region) AND q.meter = ANY (meter_chain(u.meter))
				AND q.usd IS NOT NULL
			AND u.input_from = CASE WHEN q.above_input_tokens = 0 THEN 0
				ELSE q.above_input_tokens + CASE WHEN q.threshold_inclusive THEN 0 ELSE 1 END END
			AND (q.time_windows IS NOT NULL) = u.has_windows
		ORDER BY array_position(meter_chain(u.meter), q.meter),
			q.usd / q.unit_quantity <> u.unit_usd / u.unit_quantity LIMIT 1) AS p
), stated AS MATERIALIZED (
	SELECT h.*, v.catalog FROM price_history AS h JOIN price_version AS v USING (version)
	WHERE h.rank > 0 AND h.usd IS NOT NULL AND (h.provider, h.model) IN (SELECT d.provider, d.model FROM held AS d)
), other AS (
	SELECT d.*, CASE WHEN o.rank = 65535 THEN 'shipped' ELSE 'catalog ' || o.catalog END AS other_by,
		o.source AS other_source,
		coalesce(o.checked_on, (o.published_at AT TIME ZONE 'UTC')::date) AS other_checked_on,
		trim_scale(o.usd * d.unit_quantity / o.unit_quantity) AS other_usd
	FROM held AS d JOIN stated AS o ON (o.provider, o.model, o.service_tier, o.region, o.meter,
		o.above_input_tokens, o.threshold_inclusive)
			= (d.provider, d.model, d.service_tier, d.region, d.priced_as, d.above_input_tokens, d.threshold_inclusive)
		AND o.time_windows IS NOT DISTINCT FROM d.time_windows AND o.rank <> d.rank
		AND o.valid_from <= d.at AND (o.valid_to IS NULL OR d.at < o.valid_to)
	WHERE o.usd * d.unit_quantity <> d.held_usd * o.unit_quantity
		AND begin_of(coalesce(o.checked_on, (o.published_at AT TIME ZONE 'UTC')::date) + 1) > d.valid_from
	UNION ALL
	SELECT d.*, 'note', n.said[2], NULL, n.said[1]::numeric
	FROM held AS d LEFT JOIN LATERAL regexp_matches(d.note, '(?:^|; )([0-9]+(?:\.[0-9]+)?): ([^;]+)',
		'g') AS n(said) ON true
	WHERE d.agreement = 'disputed'
)
SELECT month, provider, model, service_tier, region, above_input_tokens, meter,
	sum(quantity)::bigint AS quantity, trim_scale(sum(usd)) AS usd,
	rule AS held_by, held_usd, unit_quantity, other_by, other_usd, other_source, other_checked_on,
	trim_scale(sum(c.usd_if_other)) AS usd_if_other, trim_scale(sum(c.usd_if_other - usd)) AS difference_usd, note
FROM other
CROSS JOIN LATERAL (
	-- What is a multiple of the price, or reduced by a contract, follows the other one likewise.
	SELECT CASE WHEN is_charged THEN quantity * round(other_usd / unit_quantity, 15)
		WHEN held_usd > 0 THEN round(usd * other_usd / held_usd, 15) END AS usd_if_other) AS c
GROUP BY month, provider, model, service_tier, region, above_input_tokens, meter, rule, held_usd, unit_quantity,
	other_by, other_usd,
	other_source, other_checked_on, note
ORDER BY abs(sum(c.usd_if_other - usd)) DESC NULLS LAST, month, provider, model, meter;

COMMENT ON VIEW price_dispute IS
'What it would cost if another source were right: a row for each UTC month, price of a catalog that the rollup was '
'priced by, meter, and other statement about the very same price, by what is at stake. '
'Others are catalogs that were read when the price held and state another one, and what the row itself says of '
'others where its catalog marks it disputed. Rows of several others of one price are alternatives: they do not add '
'up.';
COMMENT ON COLUMN price_dispute.service_tier IS
'tier of the price row: another than the request''s where its price is a multiple of it';
COMMENT ON COLUMN price_dispute.region IS 'region of the price row; empty for the base one';
COMMENT ON COLUMN price_dispute.meter IS 'meter of the requests; it may be billed by the price of its parent';
COMMENT ON COLUMN price_dispute.quantity IS 'units of the meter';
COMMENT ON COLUMN price_dispute.usd IS 'what they cost in USD, exactly, as in monthly_spend';
COMMENT ON COLUMN price_dispute.held_by IS 'whose price holds: catalog NAME or shipped, as explain_price() has it';
COMMENT ON COLUMN price_dispute.held_usd IS 'that price, in USD per unit_quantity';
COMMENT ON COLUMN price_dispute.other_by IS
'who states another: catalog NAME, shipped, or note, when the row that holds says so of itself';
COMMENT ON COLUMN price_dispute.other_usd IS
'the other price, in USD per unit_quantity; NULL when the note of a disputed row has no figure';
COMMENT ON COLUMN price_dispute.other_source IS 'where the other price was read';
COMMENT ON COLUMN price_dispute.other_checked_on IS 'day on which it was read; NULL for a note, which may say it';
COMMENT ON COLUMN price_dispute.usd_if_other IS
'what the same would cost at the other price, in USD; NULL without one, or where the price that holds is 0 and '
'multiplied';
COMMENT ON COLUMN price_dispute.difference_usd IS 'usd_if_other less usd: above 0, you would pay more';
COMMENT ON COLUMN price_dispute.note IS 'what the row of the price that holds says about it';
