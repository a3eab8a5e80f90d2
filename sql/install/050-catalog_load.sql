-- load: from a parsed catalog to a new price version.

-- Takes its turn as every writer does, by the trigger: who may not write may not wait in the queue either.
CREATE FUNCTION inferacct_internal.lock_prices() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO inferacct.price_version (version) SELECT 0 WHERE false;
END $$;

COMMENT ON FUNCTION lock_prices() IS
'Waits until no other transaction is writing prices, and keeps others waiting until this one ends; readers do not wait. Under REPEATABLE READ it fails with 40001 when prices were published since the transaction began; 42501 for who may not INSERT into price_version.';

CREATE TYPE inferacct_internal.catalog_change AS (status text, entry catalog_row);

COMMENT ON TYPE catalog_change IS 'An entry of a catalog and what it does to the known prices: added, changed, withdrawn, unchanged or rejected.';

CREATE FUNCTION inferacct_internal.catalog_changes(entries catalog_row[], is_snapshot boolean, published_at timestamptz)
RETURNS SETOF catalog_change
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT ROW(CASE WHEN same THEN 'unchanged'
				WHEN num_nonnulls((entry).usd, (entry).amount, (entry).multiplier) = 0 THEN 'withdrawn'
				WHEN is_known THEN 'changed'
				ELSE 'added' END,
			entry)::catalog_change
	FROM (
		SELECT dated.entry, dated.is_known,
			(price_rate(k.usd, k.unit_quantity), k.currency, k.amount, k.multiplier)
			IS NOT DISTINCT FROM
			(price_rate((dated.entry).usd, (dated.entry).unit_quantity), (dated.entry).currency, (dated.entry).amount, (dated.entry).multiplier)
			AND (k.amount IS NULL OR k.unit_quantity = (dated.entry).unit_quantity)
			AND k.provider IS NOT NULL AS same
		FROM (
			-- A foreign catalog tells today's prices and not since when.  Where a
			-- price is known already, another one therefore holds from its
			-- publication on; it does not rewrite the past.
			SELECT is_known, since_publication,
				ROW(e.kind, e.path, e.problem, e.provider, e.model, e.region, e.service_tier, e.meter, e.unit_quantity,
					e.usd, e.currency, e.amount, e.multiplier, e.above_input_tokens, e.threshold_inclusive, e.time_windows,
					CASE WHEN since_publication THEN catalog_changes.published_at ELSE e.valid_from END,
					e.alias, e.gpu, e.vendor, e.term, e.source, e.checked_on)::catalog_row AS entry
			FROM (
				SELECT c.*, max(c.valid_from) OVER (PARTITION BY c.provider, c.model, c.region, c.service_tier, c.meter,
					c.above_input_tokens, c.threshold_inclusive, c.time_windows) > '-infinity' AS has_dates
				FROM unnest(entries) c WHERE c.kind = 'price'
			) e
			CROSS JOIN LATERAL (
				SELECT EXISTS (SELECT FROM price k JOIN price_version v USING (version)
					WHERE v.published_at <= catalog_changes.published_at AND (k.provider, k.model, k.region, k.service_tier, k.meter, k.above_input_tokens, k.threshold_inclusive) =
						(e.provider, e.model, e.region, e.service_tier, e.meter, e.above_input_tokens, e.threshold_inclusive)
						AND k.time_windows IS NOT DISTINCT FROM e.time_windows) AS is_known
			) known
			CROSS JOIN LATERAL (
				SELECT is_snapshot AND is_known AND NOT has_dates AS since_publication
			) since
		) dated
		LEFT JOIN LATERAL (
			SELECT k.* FROM price k JOIN price_version v USING (version)
			WHERE v.published_at <= catalog_changes.published_at AND (k.provider, k.model, k.region, k.service_tier, k.meter, k.above_input_tokens, k.threshold_inclusive) =
				((dated.entry).provider, (dated.entry).model, (dated.entry).region, (dated.entry).service_tier,
				(dated.entry).meter, (dated.entry).above_input_tokens, (dated.entry).threshold_inclusive)
				AND k.time_windows IS NOT DISTINCT FROM (dated.entry).time_windows
				AND (k.valid_from = (dated.entry).valid_from OR since_publication AND k.valid_from < (dated.entry).valid_from)
			ORDER BY k.valid_from DESC, v.published_at DESC, k.version DESC LIMIT 1
		) k ON true
	) compared
	UNION ALL
	SELECT ROW(CASE WHEN (a.provider, a.model, a.region) IS NOT DISTINCT FROM (e.provider, e.model, e.region) THEN 'unchanged'
				WHEN e.model IS NULL THEN 'withdrawn'
				WHEN a.alias IS NOT NULL THEN 'changed'
				ELSE 'added' END,
			e)::catalog_change
	FROM unnest(entries) e
	LEFT JOIN LATERAL (
		SELECT a.* FROM model_alias a JOIN price_version v USING (version)
		WHERE (a.alias, a.valid_from) = (e.alias, e.valid_from) AND v.published_at <= catalog_changes.published_at
		ORDER BY v.published_at DESC, a.version DESC LIMIT 1
	) a ON true
	WHERE e.kind = 'alias'
	UNION ALL
	SELECT ROW(CASE WHEN g.gpu IS NOT NULL AND g.usd_per_hour IS NOT DISTINCT FROM e.usd THEN 'unchanged'
				WHEN e.usd IS NULL THEN 'withdrawn'
				WHEN g.gpu IS NOT NULL THEN 'changed'
				ELSE 'added' END,
			e)::catalog_change
	FROM unnest(entries) e
	LEFT JOIN LATERAL (
		SELECT g.* FROM gpu_price g JOIN price_version v USING (version)
		WHERE (g.gpu, g.vendor, g.term, g.valid_from) = (e.gpu, e.vendor, e.term, e.valid_from)
			AND v.published_at <= catalog_changes.published_at
		ORDER BY v.published_at DESC, g.version DESC LIMIT 1
	) g ON true
	WHERE e.kind = 'gpu_price'
	UNION ALL
	SELECT ROW('rejected', e)::catalog_change FROM unnest(entries) e WHERE e.kind = 'rejected'
$$;

COMMENT ON FUNCTION catalog_changes(catalog_row[], boolean, timestamptz) IS
'What the entries of a catalog would change in what was known at published_at, one row for each. is_snapshot: an undated price of the catalog that differs from the known one holds from published_at on.';

CREATE FUNCTION load_prices(
	catalog			text,
	format			text DEFAULT 'inferacct',
	source			text DEFAULT NULL,
	published_at	timestamptz DEFAULT now(),
	OUT added		bigint,
	OUT changed		bigint,
	OUT withdrawn	bigint,
	OUT unchanged	bigint,
	OUT rejected	bigint
)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	entries		catalog_row[];
	changes		catalog_change[];
	opened		bigint;
	problems	text;
BEGIN
	IF catalog IS NULL OR format IS NULL THEN
		RAISE EXCEPTION 'load_prices needs a catalog and its format' USING ERRCODE = '22004';
	END IF;
	IF NOT coalesce(isfinite(load_prices.published_at), false) THEN
		RAISE EXCEPTION 'published_at must be a finite time' USING ERRCODE = '22008';
	END IF;
	PERFORM lock_prices();
	-- Our turn has come: what others published since the transaction began is known.
	IF load_prices.published_at = now() THEN
		load_prices.published_at := clock_timestamp();
	END IF;
	entries := ARRAY(SELECT c FROM parse_catalog(load_prices.catalog, load_prices.format) c WHERE c.kind <> 'merged');

	-- The native format is ours: what is wrong in it is a mistake to be mended.
	rejected := (SELECT count(*) FROM unnest(entries) c WHERE c.kind = 'rejected');
	IF rejected > 0 AND load_prices.format = 'inferacct' THEN
		SELECT string_agg(coalesce(c.path, '?') || ': ' || c.problem, E'\n') INTO problems
		FROM (SELECT c.path, c.problem FROM unnest(entries) c WHERE c.kind = 'rejected' LIMIT 10) c;
		RAISE EXCEPTION 'catalog has % entries that cannot be loaded', rejected
			USING ERRCODE = 'IA102', DETAIL = problems, HINT = 'Nothing was loaded. pricing/README.md describes the format.';
	END IF;

	-- A time zone that this server does not know is an error (22023) here, not at the first request.
	PERFORM now() AT TIME ZONE zone
	FROM (SELECT DISTINCT c.time_windows ->> 'timezone' AS zone FROM unnest(entries) c WHERE c.time_windows IS NOT NULL) zones;

	changes := ARRAY(SELECT c FROM catalog_changes(entries, load_prices.format <> 'inferacct', load_prices.published_at) c);
	SELECT count(*) FILTER (WHERE c.status = 'added'), count(*) FILTER (WHERE c.status = 'changed'),
		count(*) FILTER (WHERE c.status = 'withdrawn'), count(*) FILTER (WHERE c.status = 'unchanged')
	INTO added, changed, withdrawn, unchanged
	FROM unnest(changes) c;
	IF added + changed + withdrawn = 0 THEN
		RETURN;
	END IF;

	opened := open_price_version(load_prices.published_at, load_prices.source, 'load_prices ' || load_prices.format,
		md5(load_prices.catalog));
	INSERT INTO price (version, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount,
		multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, source, checked_on)
	SELECT opened, (e).provider, (e).model, (e).region, (e).service_tier, (e).meter, (e).unit_quantity, (e).usd, (e).currency, (e).amount,
		(e).multiplier, (e).above_input_tokens, (e).threshold_inclusive, (e).time_windows, (e).valid_from,
		coalesce((e).source, load_prices.source), (e).checked_on
	FROM unnest(changes) c(status, e) WHERE (e).kind = 'price' AND status <> 'unchanged';
	INSERT INTO model_alias (version, alias, provider, model, region, valid_from, source, checked_on)
	SELECT opened, (e).alias, (e).provider, (e).model, (e).region, (e).valid_from,
		coalesce((e).source, load_prices.source), (e).checked_on
	FROM unnest(changes) c(status, e) WHERE (e).kind = 'alias' AND status <> 'unchanged';
	INSERT INTO gpu_price (version, gpu, vendor, term, usd_per_hour, valid_from, source, checked_on)
	SELECT opened, (e).gpu, (e).vendor, (e).term, (e).usd, (e).valid_from,
		coalesce((e).source, load_prices.source), (e).checked_on
	FROM unnest(changes) c(status, e) WHERE (e).kind = 'gpu_price' AND status <> 'unchanged';
	-- All of it must make rate cards: a multiplier may want more digits than there are (IA101).
	PERFORM price_book(as_of => 'infinity', contract => '');
	INSERT INTO catalog_rejection (version, path, problem)
	SELECT opened, coalesce((e).path, '?'), (e).problem
	FROM unnest(changes) c(status, e) WHERE status = 'rejected';
END $$;

COMMENT ON FUNCTION load_prices(text, text, text, timestamptz) IS
'Loads a price catalog as one new version and says what became of its entries: added (key not known before), changed, withdrawn (price null), unchanged, rejected (cannot be expressed; see catalog_rejection). They sum to the entries of the catalog. '
'format: inferacct (native, pricing/README.md), genai-prices, litellm. source: where it comes from, for entries that do not say; published_at: when it became known. '
'All or nothing; a catalog that says nothing new adds no version. An undated price of a foreign catalog that differs from the known one holds from published_at on. '
'Errors: IA101, IA102 malformed catalog or, in the native format, any entry that cannot be loaded; IA104 published_at lies in the past and the caller does not own the extension; 22004 NULL catalog or format; 22008 published_at; 22023 unknown format.';

CREATE FUNCTION load_prices(
	catalog			jsonb,
	format			text DEFAULT 'inferacct',
	source			text DEFAULT NULL,
	published_at	timestamptz DEFAULT now(),
	OUT added		bigint,
	OUT changed		bigint,
	OUT withdrawn	bigint,
	OUT unchanged	bigint,
	OUT rejected	bigint
)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT * FROM load_prices(catalog::text, format, source, published_at) $$;

COMMENT ON FUNCTION load_prices(jsonb, text, text, timestamptz) IS 'load_prices(text, ...) of the same catalog as jsonb.';

