-- shipped_load: the price versions that a release ships.
--
-- Invariant: a version that was released is loaded from the file it was released with
-- (pricing/released), by CREATE EXTENSION and by ALTER EXTENSION UPDATE alike, so that
-- its rows are the same in every database; a later version restates a price only
-- where it, or what is known about it, differs.

CREATE FUNCTION inferacct_internal.load_shipped_prices(version bigint, published_at timestamptz, catalog text)
	RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	problems text;
BEGIN
	IF NOT is_installing() THEN
		PERFORM inferacct_internal.fail('IA104', format('version %s cannot be opened', version),
			'Versions up to 1000 are shipped with the extension.',
			'Load a catalog with load_prices().');
	END IF;
	INSERT INTO price_version AS v (version, published_at, source, note, checksum, catalog)
	VALUES (load_shipped_prices.version, load_shipped_prices.published_at, 'inferacct', 'shipped',
		md5(load_shipped_prices.catalog), 'inferacct');

	-- One statement, and no temporary table: a cluster prepares the transaction that creates the extension.
	WITH entry AS MATERIALIZED (
		SELECT e.* FROM parse_catalog(load_shipped_prices.catalog, 'inferacct') AS e
	), new_price AS (
		INSERT INTO price (version, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount,
			multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, source, checked_on,
			agreement, note)
		SELECT load_shipped_prices.version, e.provider, e.model, e.region, e.service_tier, e.meter, e.unit_quantity,
			e.usd, e.currency, e.amount, e.multiplier, e.above_input_tokens, e.threshold_inclusive, e.time_windows,
			e.valid_from, e.source, e.checked_on, e.agreement, e.note
		FROM entry AS e
		WHERE e.kind = 'price' AND NOT EXISTS (
			SELECT FROM (
				SELECT p.* FROM price AS p
				WHERE load_shipped_prices.version > 1 AND p.version < load_shipped_prices.version
					AND (p.model, p.provider, p.service_tier, p.meter, p.valid_from) = (e.model, e.provider,
						e.service_tier, e.meter, e.valid_from)
					AND (p.region, p.above_input_tokens, p.threshold_inclusive) = (e.region, e.above_input_tokens,
						e.threshold_inclusive)
					AND p.time_windows IS NOT DISTINCT FROM e.time_windows
				ORDER BY p.version DESC LIMIT 1) AS k
			WHERE (k.unit_quantity, k.usd, k.currency, k.amount, k.multiplier, k.source, k.checked_on, k.agreement,
				k.note) IS NOT DISTINCT FROM (e.unit_quantity, e.usd, e.currency, e.amount, e.multiplier, e.source,
				e.checked_on, e.agreement, e.note))
	), new_alias AS (
		INSERT INTO model_alias (version, alias, provider, model, region, valid_from, source, checked_on)
		SELECT load_shipped_prices.version, e.alias, e.provider, e.model, e.region, e.valid_from, e.source, e.checked_on
		FROM entry AS e
		WHERE e.kind = 'alias' AND NOT EXISTS (
			SELECT FROM (SELECT a.* FROM model_alias AS a
				WHERE load_shipped_prices.version > 1 AND a.version < load_shipped_prices.version
					AND (a.alias, a.valid_from) = (e.alias, e.valid_from)
				ORDER BY a.version DESC LIMIT 1) AS k
			WHERE (k.provider, k.model, k.region) IS NOT DISTINCT FROM (e.provider, e.model, e.region))
	), new_gpu_price AS (
		INSERT INTO gpu_price (version, gpu, vendor, region, term, usd_per_hour, valid_from, source, checked_on)
		SELECT load_shipped_prices.version, e.gpu, e.vendor, e.region, e.term, e.usd, e.valid_from, e.source,
			e.checked_on
		FROM entry AS e
		WHERE e.kind = 'gpu_price' AND NOT EXISTS (
			SELECT FROM (SELECT g.* FROM gpu_price AS g
				WHERE load_shipped_prices.version > 1 AND g.version < load_shipped_prices.version
					AND (g.gpu, g.vendor, g.region, g.term, g.valid_from) = (e.gpu, e.vendor, e.region, e.term,
						e.valid_from)
				ORDER BY g.version DESC LIMIT 1) AS k
			WHERE (k.usd_per_hour, k.source, k.checked_on) IS NOT DISTINCT FROM (e.usd, e.source, e.checked_on))
	)
	SELECT string_agg(coalesce(e.path, '?') || ': ' || e.problem, E'\n') INTO problems FROM entry AS e
	WHERE e.kind = 'rejected';
	IF problems IS NOT NULL THEN
		PERFORM inferacct_internal.fail('IA102',
			format('shipped version %s has entries that cannot be loaded', version), problems,
			'pricing/README.md describes the format.');
	END IF;
END $$;

COMMENT ON FUNCTION load_shipped_prices(bigint, timestamptz, text) IS
'Part of CREATE EXTENSION and ALTER EXTENSION UPDATE: one shipped version, '
'from the native catalogs that it was released with (a JSON array). Errors: IA102 an entry that cannot be loaded, '
'IA104 called by anybody else.';
