-- load: from a parsed catalog to a new price version.

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
					e.alias, e.gpu, e.vendor, e.term, e.source, e.checked_on, e.agreement, e.note)::catalog_row AS entry
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
			ORDER BY in_force_order(k.valid_from, v.published_at, k.version) DESC LIMIT 1
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
		ORDER BY in_force_order(a.valid_from, v.published_at, a.version) DESC LIMIT 1
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
		WHERE (g.gpu, g.vendor, g.region, g.term, g.valid_from) = (e.gpu, e.vendor, e.region, e.term, e.valid_from)
			AND v.published_at <= catalog_changes.published_at
		ORDER BY in_force_order(g.valid_from, v.published_at, g.version) DESC LIMIT 1
	) g ON true
	WHERE e.kind = 'gpu_price'
	UNION ALL
	SELECT ROW('rejected', e)::catalog_change FROM unnest(entries) e WHERE e.kind = 'rejected'
$$;

COMMENT ON FUNCTION catalog_changes(catalog_row[], boolean, timestamptz) IS
'What the entries of a catalog would change in what was known at published_at, one row for each. is_snapshot: an undated price of the catalog that differs from the known one holds from published_at on.';

-- A catalog names models in its own words.  What is an alias here becomes the
-- price of what it means; where that would give a model two price lists, the one
-- under the model's own name holds, then the one under the first name.
CREATE FUNCTION inferacct_internal.catalog_by_own_names(entries catalog_row[], published_at timestamptz) RETURNS SETOF catalog_row
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH entry AS (
		SELECT e.*, n, CASE WHEN isfinite(e.valid_from) THEN e.valid_from ELSE catalog_by_own_names.published_at END AS at
		FROM unnest(entries) WITH ORDINALITY AS u(kind, path, problem, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount,
			multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, alias, gpu, vendor, term, source, checked_on, agreement, note, n)
		CROSS JOIN LATERAL (SELECT u.kind, u.path, u.problem, u.provider, u.model, u.region, u.service_tier, u.meter, u.unit_quantity, u.usd, u.currency, u.amount,
			u.multiplier, u.above_input_tokens, u.threshold_inclusive, u.time_windows, u.valid_from, u.alias, u.gpu, u.vendor, u.term, u.source, u.checked_on, u.agreement, u.note) AS e
	), renamed AS MATERIALIZED (
		SELECT k.*, t.provider AS own_provider, t.model AS own_model, t.region AS own_region
		FROM (SELECT DISTINCT kind, provider, model, at FROM entry WHERE kind IN ('price', 'alias') AND model IS NOT NULL
			AND EXISTS (SELECT FROM model_alias AS a WHERE a.alias IN (entry.model, entry.provider || '/' || entry.model))) AS k
		CROSS JOIN LATERAL alias_target(k.provider, k.model, k.at, catalog_by_own_names.published_at) AS t
	), stated AS MATERIALIZED (
		SELECT own_provider AS provider, own_model AS model, NULL AS name
		FROM renamed WHERE kind = 'price' AND EXISTS (SELECT FROM entry AS e WHERE e.kind = 'price' AND (e.provider, e.model) = (own_provider, own_model))
		UNION
		SELECT own_provider, own_model, min((provider || '/' || model) COLLATE "C") FROM renamed WHERE kind = 'price' GROUP BY 1, 2
	), named AS (
		SELECT e.*, r.own_provider, r.own_model, r.own_region, s.problem AS clash
		FROM entry AS e
		LEFT JOIN renamed AS r ON (r.kind, r.provider, r.model, r.at) = (e.kind, e.provider, e.model, e.at)
		LEFT JOIN LATERAL (
			SELECT format('%s/%s is another name of %s/%s, which the catalog prices %s', e.provider, e.model, r.own_provider, r.own_model,
				coalesce('as ' || s.name, 'under its own name')) AS problem
			FROM stated AS s
			WHERE e.kind = 'price' AND (s.provider, s.model) = (r.own_provider, r.own_model) AND s.name IS DISTINCT FROM e.provider || '/' || e.model
			ORDER BY s.name NULLS FIRST LIMIT 1
		) AS s ON true
	)
	SELECT CASE WHEN clash IS NULL THEN kind ELSE 'rejected' END, path, coalesce(clash, problem),
		coalesce(own_provider, provider), coalesce(own_model, model), coalesce(nullif(region, ''), own_region, region), service_tier, meter, unit_quantity, usd, currency,
		amount, multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, alias, gpu, vendor, term, source, checked_on, agreement, note
	FROM named ORDER BY n
$$;

COMMENT ON FUNCTION catalog_by_own_names(catalog_row[], timestamptz) IS
'The entries of a catalog with prices, and what its aliases mean, under the names that prices are kept under: an alias in force at the entry''s valid_from (published_at, when that is -infinity) gives way to what it means. rejected: prices under another name of a model that the catalog also prices under its own name, or under a name that comes first.';

-- A catalog's alias is refused where it would hide prices under that name; set_alias() may say so.
CREATE FUNCTION inferacct_internal.catalog_without_hiding(entries catalog_row[], published_at timestamptz) RETURNS SETOF catalog_row
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH priced AS MATERIALIZED (
		SELECT DISTINCT p.provider, p.model FROM price AS p JOIN price_version AS v USING (version) WHERE v.published_at <= catalog_without_hiding.published_at
		UNION SELECT c.provider, c.model FROM unnest(entries) AS c WHERE c.kind = 'price'
	), hidden AS MATERIALIZED (
		SELECT DISTINCT e.path, e.alias, e.valid_from
		FROM unnest(entries) AS e
		JOIN priced AS p ON e.alias = p.provider || '/' || p.model OR (e.provider, e.alias) = (p.provider, p.model)
		WHERE e.kind = 'alias' AND e.model IS NOT NULL AND (e.provider, e.model) <> (p.provider, p.model)
			AND NOT EXISTS (SELECT FROM model_alias AS a
				WHERE (a.alias, a.valid_from, a.provider, a.model, a.region) = (e.alias, e.valid_from, e.provider, e.model, e.region))
	)
	SELECT CASE WHEN h.alias IS NULL THEN c.kind ELSE 'rejected' END, c.path,
		CASE WHEN h.alias IS NULL THEN c.problem ELSE format('%s has prices of its own; set_alias() makes it another name of %s/%s', c.alias, c.provider, c.model) END,
		c.provider, c.model, c.region, c.service_tier, c.meter, c.unit_quantity, c.usd, c.currency, c.amount, c.multiplier,
		c.above_input_tokens, c.threshold_inclusive, c.time_windows, c.valid_from, c.alias, c.gpu, c.vendor, c.term, c.source, c.checked_on, c.agreement, c.note
	FROM unnest(entries) AS c
	LEFT JOIN hidden AS h ON c.kind = 'alias' AND (h.alias, h.valid_from) = (c.alias, c.valid_from) AND h.path IS NOT DISTINCT FROM c.path
$$;

COMMENT ON FUNCTION catalog_without_hiding(catalog_row[], timestamptz) IS
'The entries of a catalog; rejected are new aliases of names that have prices of their own, known at published_at or in the catalog.';

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
		PERFORM inferacct_internal.fail('22004', 'load_prices needs a catalog and its format');
	END IF;
	IF NOT coalesce(isfinite(load_prices.published_at), false) THEN
		PERFORM inferacct_internal.fail('22008', 'published_at must be a finite time');
	END IF;
	PERFORM lock_prices();
	-- Our turn has come: what others published since the transaction began is known.
	IF load_prices.published_at = now() THEN
		load_prices.published_at := clock_timestamp();
	END IF;
	entries := ARRAY(SELECT c FROM parse_catalog(load_prices.catalog, load_prices.format) c WHERE c.kind <> 'merged');
	entries := ARRAY(SELECT c FROM catalog_by_own_names(entries, load_prices.published_at) AS c);
	entries := ARRAY(SELECT c FROM catalog_without_hiding(entries, load_prices.published_at) AS c);

	-- The native format is ours: what is wrong in it is a mistake to be mended.
	rejected := (SELECT count(*) FROM unnest(entries) c WHERE c.kind = 'rejected');
	IF rejected > 0 AND load_prices.format = 'inferacct' THEN
		SELECT string_agg(coalesce(c.path, '?') || ': ' || c.problem, E'\n') INTO problems
		FROM (SELECT c.path, c.problem FROM unnest(entries) c WHERE c.kind = 'rejected' LIMIT 10) c;
		PERFORM inferacct_internal.fail('IA102', format('catalog has %s entries that cannot be loaded', rejected),
			problems,
			'Nothing was loaded. pricing/README.md describes the format.');
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
		md5(load_prices.catalog), load_prices.format);
	INSERT INTO price (version, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount,
		multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, source, checked_on, agreement, note)
	SELECT opened, (e).provider, (e).model, (e).region, (e).service_tier, (e).meter, (e).unit_quantity, (e).usd, (e).currency, (e).amount,
		(e).multiplier, (e).above_input_tokens, (e).threshold_inclusive, (e).time_windows, (e).valid_from,
		coalesce((e).source, load_prices.source), (e).checked_on, (e).agreement, (e).note
	FROM unnest(changes) c(status, e) WHERE (e).kind = 'price' AND status <> 'unchanged';
	INSERT INTO model_alias (version, alias, provider, model, region, valid_from, source, checked_on)
	SELECT opened, (e).alias, (e).provider, (e).model, (e).region, (e).valid_from,
		coalesce((e).source, load_prices.source), (e).checked_on
	FROM unnest(changes) c(status, e) WHERE (e).kind = 'alias' AND status <> 'unchanged';
	INSERT INTO gpu_price (version, gpu, vendor, region, term, usd_per_hour, valid_from, source, checked_on)
	SELECT opened, (e).gpu, (e).vendor, (e).region, (e).term, (e).usd, (e).valid_from,
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
'format: inferacct (native, pricing/README.md), genai-prices, litellm, models.dev, pi-ai. source: where it comes from, for entries that do not say; published_at: when it became known. '
'All or nothing; a catalog that says nothing new adds no version. An undated price of a foreign catalog that differs from the known one holds from published_at on. '
'A price under an alias becomes one of the model that it means, unless the catalog prices that model as well (rejected). '
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

