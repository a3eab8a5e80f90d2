-- refresh_prices: load a catalog, and see first what it would change.
--
-- Invariant: what is shown is what is published: both load the catalog, and the one
-- that only shows takes all of it back before it returns.

CREATE FUNCTION inferacct_internal.prices_compared(from_version bigint, to_version bigint, since timestamptz,
	at timestamptz,
	OUT model text, OUT requests bigint, OUT usd_before numeric, OUT usd_after numeric, OUT difference_usd numeric)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	WITH books AS MATERIALIZED (
		SELECT price_book_of_version(prices_compared.from_version) AS before,
			price_book_of_version(prices_compared.to_version) AS after
	), spent AS (
		SELECT u.model, count(*) AS requests,
			spend((SELECT before FROM books), u.model, u.usage, prices_compared.at, u.service_tier, u.region)
				AS usd_before,
			spend((SELECT after FROM books), u.model, u.usage, prices_compared.at, u.service_tier, u.region)
				AS usd_after
		FROM usage_all AS u
		WHERE u.usage IS NOT NULL AND u.model IS NOT NULL AND u.at >= prices_compared.since
		GROUP BY 1
	)
	SELECT s.model, s.requests, s.usd_before, s.usd_after,
		CASE WHEN s.usd_before IS NULL AND s.usd_after IS NULL THEN NULL
			ELSE coalesce(s.usd_after, 0) - coalesce(s.usd_before, 0) END
	FROM spent AS s WHERE s.usd_before IS DISTINCT FROM s.usd_after
	ORDER BY abs(coalesce(s.usd_after, 0) - coalesce(s.usd_before, 0)) DESC, s.model
$$;

COMMENT ON FUNCTION prices_compared(bigint, bigint, timestamptz, timestamptz) IS
'What the requests of usage_log and every attached source since a time cost at the prices of another moment, as two '
'versions have them: a row for each model whose cost differs. Exact; what has no price counts as nothing (NULL when '
'all of a model has none).';

CREATE FUNCTION refresh_prices(
	catalog		text,
	format		text,
	source		text DEFAULT NULL,
	publish		boolean DEFAULT false,
	since		timestamptz DEFAULT now() - interval '30 days',
	OUT model			text,
	OUT requests		bigint,
	OUT usd_before		numeric,
	OUT usd_after		numeric,
	OUT difference_usd	numeric
)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	known	bigint;
	loaded	record;
BEGIN
	PERFORM lock_prices();
	known := (SELECT max(v.version) FROM price_version AS v);
	BEGIN
		SELECT * INTO loaded FROM load_prices(refresh_prices.catalog, refresh_prices.format, refresh_prices.source);
		RETURN QUERY SELECT * FROM prices_compared(known, (SELECT max(v.version) FROM price_version AS v),
			refresh_prices.since, clock_timestamp());
		IF NOT coalesce(publish, false) THEN
			RAISE triggered_action_exception;
		END IF;
	EXCEPTION WHEN triggered_action_exception THEN
		-- All that was loaded is gone again; the rows are not.
		NULL;
	END;
	RAISE NOTICE '%: % added, % changed, % withdrawn, % unchanged, % rejected', refresh_prices.format, loaded.added,
		loaded.changed, loaded.withdrawn, loaded.unchanged, loaded.rejected
		USING DETAIL = CASE WHEN coalesce(publish, false)
			THEN 'They are published; catalog_rejection has what was rejected.'
			ELSE 'Nothing is published: publish => true does.' END;
END $$;

COMMENT ON FUNCTION refresh_prices(text, text, text, boolean, timestamptz) IS
'Loads a downloaded catalog as load_prices() does and shows what it changes in one''s own spend: a row for each model '
'whose requests since a time (the last 30 days) cost something else at the new prices of this moment than at the '
'present ones, the largest difference first; a NOTICE counts what became of the catalog. '
'publish false (the default) publishes nothing. usd_before or usd_after is NULL where no request has a price. '
'Errors: those of load_prices().';
