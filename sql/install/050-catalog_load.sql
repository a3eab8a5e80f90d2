-- load: from a parsed catalog to a new price version.

CREATE TYPE inferacct_internal.catalog_change AS (status text, entry catalog_row, again boolean);

COMMENT ON TYPE catalog_change IS
'An entry of a catalog and what it does to the known prices: added, changed, withdrawn, unchanged or rejected; '
'again: unchanged and published all the same, as it was read more than 30 days after the known one, confirms a single '
'source, or follows one of its own that is published.';

-- A foreign catalog tells today's prices and not since when.  What it says without a date of
-- a model that is known holds from when it was observed, or from the day that the owner gives;
-- what it says of before its dates it does not know better.  A window never reaches back.
CREATE FUNCTION inferacct_internal.catalog_prices(entries catalog_row[], catalog text, published_at timestamptz,
	observed_at timestamptz, valid_from timestamptz)
RETURNS SETOF catalog_change
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH ranked AS MATERIALIZED (
		SELECT v.version, v.published_at, v.version > 1000 AND v.catalog = catalog_prices.catalog AS own,
			v.version > 1000 AND v.catalog <> 'inferacct' AS foreign,
			CASE WHEN v.version > 1000 AND v.catalog = catalog_prices.catalog THEN -1
				ELSE rank_of_version(v.version, v.catalog, catalog_prices.published_at) END AS rank
		FROM price_version AS v WHERE v.catalog IS NOT NULL AND v.published_at <= catalog_prices.published_at
	), known AS MATERIALIZED (
		SELECT DISTINCT p.provider, p.model FROM price AS p JOIN price_version AS v USING (version)
			WHERE v.published_at <= catalog_prices.published_at
	), dated AS (
		SELECT e.n, e.is_snapshot AND m.model IS NOT NULL AND e.valid_from = '-infinity' AND e.has_past AS is_past,
			e.is_snapshot AND e.valid_from = '-infinity'
				AND (m.model IS NOT NULL OR e.time_windows IS NOT NULL OR catalog_prices.valid_from IS NOT NULL)
				AS since_observed,
			CASE WHEN NOT e.is_snapshot OR e.valid_from > '-infinity' OR (m.model IS NULL AND e.time_windows IS NULL
				AND catalog_prices.valid_from IS NULL) THEN e.valid_from
				ELSE coalesce(catalog_prices.valid_from, catalog_prices.observed_at) END AS at, e.entry, e.provider,
					e.model
		FROM (
			SELECT u.n, catalog_prices.catalog <> 'inferacct' AS is_snapshot, c.valid_from, c.time_windows, c.provider,
				c.model,
				bool_or(c.valid_from > '-infinity' AND c.valid_from <= catalog_prices.observed_at)
					OVER (PARTITION BY c.provider, c.model, c.region, c.service_tier, c.meter,
					c.above_input_tokens, c.threshold_inclusive, c.time_windows) AS has_past, u.entry
			FROM (SELECT e AS entry, row_number() OVER () AS n FROM unnest(entries) AS e WHERE e.kind = 'price') AS u
				CROSS JOIN LATERAL (SELECT (u.entry).*) AS c
		) AS e LEFT JOIN known AS m ON (m.provider, m.model) = (e.provider, e.model)
	), compared AS (
		SELECT d.*, q.is_known, coalesce(k.own, false) AS is_own,
			(d.entry).checked_on > k.checked_on + 30 OR NOT k.own
				AND (k.agreement = 'single' OR k.agreement IS NULL AND k.foreign) AS confirms,
			k.version IS NOT NULL AND (price_rate(k.usd, k.unit_quantity), k.currency, k.amount, k.multiplier)
				IS NOT DISTINCT FROM (price_rate((d.entry).usd, (d.entry).unit_quantity), (d.entry).currency,
					(d.entry).amount, (d.entry).multiplier)
				AND (k.amount IS NULL OR k.unit_quantity = (d.entry).unit_quantity) AS same
		FROM dated AS d
		CROSS JOIN LATERAL (SELECT count(*) > 0 AS is_known, bool_or(v.own AND s.valid_from < d.at) AS has_own_before
			FROM price AS s JOIN ranked AS v USING (version)
				WHERE (s.provider, s.model, s.region, s.service_tier, s.meter, s.above_input_tokens,
				s.threshold_inclusive)
				= ((d.entry).provider, (d.entry).model, (d.entry).region, (d.entry).service_tier, (d.entry).meter,
					(d.entry).above_input_tokens, (d.entry).threshold_inclusive)
				AND s.time_windows IS NOT DISTINCT FROM (d.entry).time_windows) AS q
		LEFT JOIN LATERAL (
			SELECT s.*, v.own, v.foreign FROM price AS s JOIN ranked AS v USING (version)
			WHERE (s.provider, s.model, s.region, s.service_tier, s.above_input_tokens, s.threshold_inclusive)
					= ((d.entry).provider, (d.entry).model, (d.entry).region, (d.entry).service_tier,
						(d.entry).above_input_tokens, (d.entry).threshold_inclusive)
				AND (s.meter = (d.entry).meter OR s.meter = '*' AND (d.entry).multiplier IS NOT NULL)
				AND s.time_windows IS NOT DISTINCT FROM (d.entry).time_windows
				AND CASE WHEN d.since_observed THEN s.valid_from <= d.at
					ELSE s.valid_from = d.at AND (v.own OR NOT coalesce(q.has_own_before, false)) END
			ORDER BY v.rank, s.meter = '*', in_force_order(s.valid_from, v.published_at, s.version) DESC LIMIT 1
		) AS k ON true
	)
	SELECT ROW(CASE WHEN is_past OR same THEN 'unchanged'
				WHEN num_nonnulls(usd, amount, multiplier) = 0 THEN 'withdrawn'
				WHEN is_known THEN 'changed'
				ELSE 'added' END,
			ROW(kind, path, problem, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount,
				multiplier,
				above_input_tokens, threshold_inclusive, time_windows, at, alias, gpu, vendor, term, source, checked_on,
				agreement, note, figure)::catalog_row,
			again)::catalog_change
	FROM (
		SELECT j.*, same AND NOT is_past
			AND (confirms OR NOT is_own
			AND coalesce(bool_or(is_stored) OVER (PARTITION BY provider, model, region, service_tier, meter,
			above_input_tokens, threshold_inclusive, time_windows
				ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false)) AS again
		FROM (SELECT c.at, c.is_past, c.same, c.is_known, c.is_own, coalesce(c.confirms, false) AS confirms,
				NOT c.is_past AND (NOT c.same OR coalesce(c.confirms, false)) AS is_stored, (c.entry).*
					FROM compared AS c) AS j
	) AS c
$$;

COMMENT ON FUNCTION catalog_prices(catalog_row[], text, timestamptz, timestamptz, timestamptz) IS
'The part of catalog_changes() about prices.';

CREATE FUNCTION inferacct_internal.catalog_aliases(entries catalog_row[], published_at timestamptz)
RETURNS SETOF catalog_change
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT ROW(CASE WHEN (a.provider, a.model, a.region) IS NOT DISTINCT FROM (e.provider, e.model, e.region)
		THEN 'unchanged'
				WHEN e.model IS NULL THEN 'withdrawn'
				WHEN a.alias IS NOT NULL THEN 'changed'
				ELSE 'added' END,
			e, false)::catalog_change
	FROM unnest(entries) e
	LEFT JOIN LATERAL (
		SELECT a.* FROM model_alias a JOIN price_version v USING (version)
		WHERE (a.alias, a.valid_from) = (e.alias, e.valid_from) AND v.published_at <= catalog_aliases.published_at
		ORDER BY in_force_order(a.valid_from, v.published_at, a.version) DESC LIMIT 1
	) a ON true
	WHERE e.kind = 'alias'
$$;

COMMENT ON FUNCTION catalog_aliases(catalog_row[], timestamptz) IS
'The part of catalog_changes() about aliases.';

CREATE FUNCTION inferacct_internal.catalog_gpus(entries catalog_row[], published_at timestamptz)
RETURNS SETOF catalog_change
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT ROW(CASE WHEN g.gpu IS NOT NULL AND g.usd_per_hour IS NOT DISTINCT FROM e.usd THEN 'unchanged'
				WHEN e.usd IS NULL THEN 'withdrawn'
				WHEN g.gpu IS NOT NULL THEN 'changed'
				ELSE 'added' END,
			e, false)::catalog_change
	FROM unnest(entries) e
	LEFT JOIN LATERAL (
		SELECT g.* FROM gpu_price g JOIN price_version v USING (version)
		WHERE (g.gpu, g.vendor, g.region, g.term, g.valid_from) = (e.gpu, e.vendor, e.region, e.term, e.valid_from)
			AND v.published_at <= catalog_gpus.published_at
		ORDER BY in_force_order(g.valid_from, v.published_at, g.version) DESC LIMIT 1
	) g ON true
	WHERE e.kind = 'gpu_price'
$$;

COMMENT ON FUNCTION catalog_gpus(catalog_row[], timestamptz) IS
'The part of catalog_changes() about rents of GPUs.';

CREATE FUNCTION inferacct_internal.catalog_changes(entries catalog_row[], catalog text, published_at timestamptz,
	observed_at timestamptz, valid_from timestamptz)
RETURNS SETOF catalog_change
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT c FROM catalog_prices(entries, catalog, published_at, observed_at, valid_from) AS c
	UNION ALL SELECT a FROM catalog_aliases(entries, published_at) AS a
	UNION ALL SELECT g FROM catalog_gpus(entries, published_at) AS g
	UNION ALL SELECT ROW('rejected', e, false)::catalog_change FROM unnest(entries) AS e WHERE e.kind = 'rejected'
$$;

COMMENT ON FUNCTION catalog_changes(catalog_row[], text, timestamptz, timestamptz, timestamptz) IS
'What the entries of a catalog would change in what was known at published_at, one row for each, compared with its '
'own rows, else with those of the other catalogs and the shipped one. An undated price of a foreign catalog that '
'differs from the known one holds from observed_at on, or from valid_from, when that is given.';

-- A catalog names models in its own words.  What is an alias here becomes the
-- price of what it means; where that would give a model two price lists, the one
-- under the model's own name holds, then the one under the first name.
CREATE FUNCTION inferacct_internal.catalog_by_own_names(entries catalog_row[], published_at timestamptz)
	RETURNS SETOF catalog_row
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH entry AS (
		SELECT e.*, n, CASE WHEN isfinite(e.valid_from) THEN e.valid_from ELSE catalog_by_own_names.published_at END
			AS at
		FROM unnest(entries) WITH ORDINALITY AS u(kind, path, problem, provider, model, region, service_tier, meter,
			unit_quantity, usd, currency, amount,
			multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, alias, gpu, vendor, term,
			source, checked_on, agreement, note, figure, n)
		CROSS JOIN LATERAL (SELECT u.kind, u.path, u.problem, u.provider, u.model, u.region, u.service_tier, u.meter,
			u.unit_quantity, u.usd, u.currency, u.amount,
			u.multiplier, u.above_input_tokens, u.threshold_inclusive, u.time_windows, u.valid_from, u.alias, u.gpu,
			u.vendor, u.term, u.source, u.checked_on, u.agreement, u.note, u.figure) AS e
	), renamed AS MATERIALIZED (
		SELECT k.*, t.provider AS own_provider, t.model AS own_model, t.region AS own_region
		FROM (SELECT DISTINCT kind, provider, model, at FROM entry WHERE kind IN ('price', 'alias')
			AND model IS NOT NULL
			AND EXISTS (SELECT FROM model_alias AS a
				WHERE a.alias IN (entry.model, entry.provider || '/' || entry.model))) AS k
		CROSS JOIN LATERAL alias_target(k.provider, k.model, k.at, catalog_by_own_names.published_at) AS t
	), stated AS MATERIALIZED (
		SELECT own_provider AS provider, own_model AS model, NULL AS name
		FROM renamed WHERE kind = 'price'
			AND EXISTS (SELECT FROM entry AS e WHERE e.kind = 'price'
			AND (e.provider, e.model) = (own_provider, own_model))
		UNION
		SELECT own_provider, own_model, min((provider || '/' || model) COLLATE "C") FROM renamed WHERE kind = 'price'
			GROUP BY 1, 2
	), named AS (
		SELECT e.*, r.own_provider, r.own_model, r.own_region, s.problem AS clash
		FROM entry AS e
		LEFT JOIN renamed AS r ON (r.kind, r.provider, r.model, r.at) = (e.kind, e.provider, e.model, e.at)
		LEFT JOIN LATERAL (
			SELECT format('%s/%s is another name of %s/%s, which the catalog prices %s', e.provider, e.model,
				r.own_provider, r.own_model,
				coalesce('as ' || s.name, 'under its own name')) AS problem
			FROM stated AS s
			WHERE e.kind = 'price' AND (s.provider, s.model) = (r.own_provider, r.own_model)
				AND s.name IS DISTINCT FROM e.provider || '/' || e.model
			ORDER BY s.name NULLS FIRST LIMIT 1
		) AS s ON true
	)
	SELECT CASE WHEN clash IS NULL THEN kind ELSE 'rejected' END, path, coalesce(clash, problem),
		coalesce(own_provider, provider), coalesce(own_model, model), coalesce(nullif(region, ''), own_region, region),
		service_tier, meter, unit_quantity, usd, currency,
		amount, multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, alias, gpu, vendor, term,
		source, checked_on, agreement, note, figure
	FROM named ORDER BY n
$$;

COMMENT ON FUNCTION catalog_by_own_names(catalog_row[], timestamptz) IS
'The entries of a catalog with prices, and what its aliases mean, under the names that prices are kept under: an '
'alias in force at the entry''s valid_from (published_at, when that is -infinity) gives way to what it means. '
'rejected: prices under another name of a model that the catalog also prices under its own name, or under a name that '
'comes first.';

-- A catalog's alias is refused where it would hide prices under that name; set_alias() may say so.
CREATE FUNCTION inferacct_internal.catalog_without_hiding(entries catalog_row[], published_at timestamptz)
	RETURNS SETOF catalog_row
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH priced AS MATERIALIZED (
		SELECT DISTINCT p.provider, p.model FROM price AS p JOIN price_version AS v USING (version)
			WHERE v.published_at <= catalog_without_hiding.published_at
		UNION SELECT c.provider, c.model FROM unnest(entries) AS c WHERE c.kind = 'price'
	), hidden AS MATERIALIZED (
		SELECT DISTINCT e.path, e.alias, e.valid_from
		FROM unnest(entries) AS e
		JOIN priced AS p ON e.alias = p.provider || '/' || p.model OR (e.provider, e.alias) = (p.provider, p.model)
		WHERE e.kind = 'alias' AND e.model IS NOT NULL AND (e.provider, e.model) <> (p.provider, p.model)
			AND NOT EXISTS (SELECT FROM model_alias AS a
				WHERE (a.alias, a.valid_from, a.provider, a.model, a.region) = (e.alias, e.valid_from, e.provider,
					e.model, e.region))
	)
	SELECT CASE WHEN h.alias IS NULL THEN c.kind ELSE 'rejected' END, c.path,
		CASE WHEN h.alias IS NULL THEN c.problem
			ELSE format('%s has prices of its own; set_alias() makes it another name of %s/%s', c.alias, c.provider,
			c.model) END,
		c.provider, c.model, c.region, c.service_tier, c.meter, c.unit_quantity, c.usd, c.currency, c.amount,
		c.multiplier,
		c.above_input_tokens, c.threshold_inclusive, c.time_windows, c.valid_from, c.alias, c.gpu, c.vendor, c.term,
		c.source, c.checked_on, c.agreement, c.note, c.figure
	FROM unnest(entries) AS c
	LEFT JOIN hidden AS h ON c.kind = 'alias' AND (h.alias, h.valid_from) = (c.alias, c.valid_from)
		AND h.path IS NOT DISTINCT FROM c.path
$$;

COMMENT ON FUNCTION catalog_without_hiding(catalog_row[], timestamptz) IS
'The entries of a catalog; rejected are new aliases of names that have prices of their own, known at published_at or '
'in the catalog.';

-- A tier, a region or a context that costs a multiple of what the same catalog states for the
-- standard one is kept as that multiple, so that it follows whoever states the base price.
CREATE FUNCTION inferacct_internal.catalog_derived(entries catalog_row[]) RETURNS SETOF catalog_row
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH price AS (
		SELECT row_number() OVER () AS n, e AS entry, e.kind = 'price' AND e.usd > 0 AND e.region = ''
			AND e.service_tier = 'standard' AS is_base,
			e.kind = 'price' AND e.usd > 0 AND (e.region = '' OR e.service_tier = 'standard')
				AND (e.region <> '' OR e.service_tier <> 'standard' OR e.above_input_tokens > 0) AS may_derive,
			e.provider, e.model, e.meter, e.valid_from, coalesce(e.time_windows, 'null') AS windows,
			e.above_input_tokens AS above, e.threshold_inclusive AS inclusive,
			e.region = '' AND e.service_tier = 'standard' AS of_context, e.usd, e.unit_quantity
		FROM unnest(entries) AS e
	), factor AS (
		SELECT d.n, round(d.usd * b.unit_quantity / (b.usd * d.unit_quantity), 9) AS factor
		FROM price AS d JOIN price AS b ON b.is_base
			AND (b.provider, b.model, b.meter, b.valid_from, b.windows) = (d.provider, d.model, d.meter, d.valid_from,
			d.windows)
			AND b.above = CASE WHEN d.of_context THEN 0 ELSE d.above END
				AND b.inclusive = (NOT d.of_context AND d.inclusive)
		WHERE d.may_derive AND round(d.usd * b.unit_quantity / (b.usd * d.unit_quantity), 9) * b.usd
			* d.unit_quantity = d.usd * b.unit_quantity
	)
	SELECT (e.entry).kind, (e.entry).path, (e.entry).problem, (e.entry).provider, (e.entry).model, (e.entry).region,
		(e.entry).service_tier, (e.entry).meter,
		CASE WHEN f.factor IS NULL THEN (e.entry).unit_quantity ELSE 1000000 END,
			CASE WHEN f.factor IS NULL THEN (e.entry).usd END, (e.entry).currency, (e.entry).amount,
		coalesce(trim_scale(f.factor), (e.entry).multiplier), (e.entry).above_input_tokens,
		(e.entry).threshold_inclusive, (e.entry).time_windows, (e.entry).valid_from,
		(e.entry).alias, (e.entry).gpu, (e.entry).vendor, (e.entry).term, (e.entry).source, (e.entry).checked_on,
		(e.entry).agreement, (e.entry).note, (e.entry).figure
	FROM price AS e LEFT JOIN factor AS f ON f.n = e.n AND f.factor > 0 AND f.factor < 1000000000
	ORDER BY e.n
$$;

COMMENT ON FUNCTION catalog_derived(catalog_row[]) IS
'The entries of a catalog, with a multiplier in the place of each price of a service tier, a region or a context that '
'is an exact multiple (of at most 9 decimals) of the price that the same catalog states for the standard tier, base '
'region or base context. What differs in tier and region at once stays as it is.';

-- Whether a catalog may be loaded so, before anything is read.
CREATE FUNCTION inferacct_internal.check_load(catalog text, format text, published_at timestamptz,
	observed_at timestamptz, valid_from timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF catalog IS NULL OR format IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'load_prices needs a catalog and its format');
	END IF;
	IF NOT coalesce(isfinite(check_load.published_at), false) THEN
		PERFORM inferacct_internal.fail('22008', 'published_at must be a finite time');
	END IF;
	IF NOT isfinite(observed_at) OR NOT isfinite(check_load.valid_from) THEN
		PERFORM inferacct_internal.fail('22008', 'observed_at and valid_from must be finite times');
	END IF;
	IF observed_at > greatest(check_load.published_at, clock_timestamp()) THEN
		PERFORM inferacct_internal.fail('22008',
			format('a catalog cannot have been observed at %s, after it was published', observed_at));
	END IF;
	IF check_load.valid_from < statement_timestamp() AND NOT owns_table('inferacct.price') THEN
		PERFORM inferacct_internal.fail('IA104',
			format('a catalog cannot be loaded as valid from %s', check_load.valid_from),
			'What holds in the past changes reports of the past and closed months.',
			'Leave out valid_from: what differs then holds from observed_at on. '
			'Only the owner of the extension corrects the past.');
	END IF;
END $$;

COMMENT ON FUNCTION check_load(text, text, timestamptz, timestamptz, timestamptz) IS
'Raises what load_prices() refuses of its arguments: 22004, 22008, IA104.';

CREATE FUNCTION inferacct_internal.catalog_entries(catalog text, format text, published_at timestamptz,
	observed_at timestamptz)
RETURNS catalog_row[]
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	entries		catalog_row[];
	rejected	bigint;
	problems	text;
BEGIN
	entries := ARRAY(SELECT c FROM parse_catalog(catalog, format) AS c WHERE c.kind <> 'merged');
	entries := ARRAY(SELECT c FROM catalog_by_own_names(entries, published_at) AS c);
	entries := ARRAY(SELECT c FROM catalog_without_hiding(entries, published_at) AS c);

	-- The native format is ours: what is wrong in it is a mistake to be mended.
	rejected := (SELECT count(*) FROM unnest(entries) c WHERE c.kind = 'rejected');
	IF rejected > 0 AND format = 'inferacct' THEN
		SELECT string_agg(coalesce(c.path, '?') || ': ' || c.problem, E'\n') INTO problems
		FROM (SELECT c.path, c.problem FROM unnest(entries) c WHERE c.kind = 'rejected' LIMIT 10) c;
		PERFORM inferacct_internal.fail('IA102', format('catalog has %s entries that cannot be loaded', rejected),
			problems,
			'Nothing was loaded. pricing/README.md describes the format.');
	END IF;

	-- A time zone that this server does not know is an error (22023) here, not at the first request.
	PERFORM now() AT TIME ZONE zone
	FROM (SELECT DISTINCT c.time_windows ->> 'timezone' AS zone FROM unnest(entries) c
		WHERE c.time_windows IS NOT NULL) zones;

	IF format <> 'inferacct' THEN
		entries := ARRAY(SELECT c FROM catalog_derived(entries) AS c);
		-- It was read on the day on which it was observed.
		entries := ARRAY(SELECT ROW(c.kind, c.path, c.problem, c.provider, c.model, c.region, c.service_tier, c.meter,
			c.unit_quantity, c.usd, c.currency, c.amount,
				c.multiplier, c.above_input_tokens, c.threshold_inclusive, c.time_windows, c.valid_from, c.alias, c.gpu,
				c.vendor, c.term, c.source,
				coalesce(c.checked_on, (observed_at AT TIME ZONE 'UTC')::date), c.agreement, c.note,
				c.figure)::catalog_row
			FROM unnest(entries) AS c);
	END IF;
	RETURN entries;
END $$;

COMMENT ON FUNCTION catalog_entries(text, text, timestamptz, timestamptz) IS
'The entries of a catalog as load_prices() takes them: under own names, without what would hide a model, foreign '
'multiples as multipliers, and read on the day of observed_at. NULL catalog or format: no entries. '
'Errors: IA102 malformed, 22023 unknown format or time zone.';

CREATE FUNCTION inferacct_internal.publish_changes(opened bigint, changes catalog_change[], source text, format text,
	published_at timestamptz, valid_from timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO price (version, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount,
		multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, source, checked_on, agreement,
		note)
	SELECT opened, (e).provider, (e).model, (e).region, (e).service_tier, (e).meter, (e).unit_quantity, (e).usd,
		(e).currency, (e).amount,
		(e).multiplier, (e).above_input_tokens, (e).threshold_inclusive, (e).time_windows, (e).valid_from,
		coalesce((e).source, publish_changes.source), (e).checked_on, (e).agreement, (e).note
	FROM unnest(changes) c(status, e, again) WHERE (e).kind = 'price' AND (status <> 'unchanged' OR again);
	-- What the catalog was taken to say of later times, too, gives way to what the owner says of them now.
	IF publish_changes.valid_from IS NOT NULL THEN
		INSERT INTO price (version, provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount,
			multiplier, above_input_tokens, threshold_inclusive, time_windows, valid_from, source, checked_on,
			agreement, note)
		SELECT DISTINCT opened, n.provider, n.model, n.region, n.service_tier, n.meter, n.unit_quantity, n.usd,
			n.currency, n.amount,
			n.multiplier, n.above_input_tokens, n.threshold_inclusive, n.time_windows, k.valid_from, n.source,
			n.checked_on, n.agreement, n.note
		FROM price AS n JOIN price AS k ON (k.provider, k.model, k.region, k.service_tier, k.meter,
			k.above_input_tokens, k.threshold_inclusive)
				= (n.provider, n.model, n.region, n.service_tier, n.meter, n.above_input_tokens, n.threshold_inclusive)
					AND k.time_windows IS NOT DISTINCT FROM n.time_windows
			JOIN price_version AS v ON v.version = k.version AND v.version > 1000 AND v.catalog = publish_changes.format
		WHERE n.version = opened AND n.valid_from = publish_changes.valid_from AND k.version <> opened
			AND k.valid_from > n.valid_from AND k.valid_from <= publish_changes.published_at;
	END IF;
	INSERT INTO model_alias (version, alias, provider, model, region, valid_from, source, checked_on)
	SELECT opened, (e).alias, (e).provider, (e).model, (e).region, (e).valid_from,
		coalesce((e).source, publish_changes.source), (e).checked_on
	FROM unnest(changes) c(status, e, again) WHERE (e).kind = 'alias' AND status <> 'unchanged';
	INSERT INTO gpu_price (version, gpu, vendor, region, term, usd_per_hour, valid_from, source, checked_on)
	SELECT opened, (e).gpu, (e).vendor, (e).region, (e).term, (e).usd, (e).valid_from,
		coalesce((e).source, publish_changes.source), (e).checked_on
	FROM unnest(changes) c(status, e, again) WHERE (e).kind = 'gpu_price' AND status <> 'unchanged';
	-- All of it must make rate cards: a multiplier may want more digits than there are (IA101).
	PERFORM price_book(as_of => 'infinity', contract => '');
	INSERT INTO catalog_rejection (version, path, problem, attributes)
	SELECT opened, coalesce((e).path, '?'), (e).problem,
		nullif(jsonb_strip_nulls(jsonb_build_object('figure', (e).figure, 'provider', (e).provider, 'model',
			(e).model)), '{}')
	FROM unnest(changes) c(status, e, again) WHERE status = 'rejected';
END $$;

COMMENT ON FUNCTION publish_changes(bigint, catalog_change[], text, text, timestamptz, timestamptz) IS
'Writes the changes of a catalog as the rows of an open version, and what was rejected. '
'Error IA101: no rate card can be made of them.';

CREATE FUNCTION load_prices(
	catalog			text,
	format			text DEFAULT 'inferacct',
	source			text DEFAULT NULL,
	published_at	timestamptz DEFAULT now(),
	observed_at		timestamptz DEFAULT NULL,
	valid_from		timestamptz DEFAULT NULL,
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
	rounded		bigint;
BEGIN
	PERFORM check_load(catalog, format, published_at, observed_at, valid_from);
	PERFORM lock_prices();
	-- Our turn has come: what others published since the transaction began is known.
	IF load_prices.published_at = now() THEN
		load_prices.published_at := clock_timestamp();
	END IF;
	observed_at := coalesce(observed_at, load_prices.published_at);
	entries := catalog_entries(catalog, format, published_at, observed_at);
	rejected := (SELECT count(*) FROM unnest(entries) AS c WHERE c.kind = 'rejected');
	changes := ARRAY(SELECT c
		FROM catalog_changes(entries, load_prices.format, load_prices.published_at, observed_at,
		load_prices.valid_from) c);
	SELECT count(*) FILTER (WHERE c.status = 'added'), count(*) FILTER (WHERE c.status = 'changed'),
		count(*) FILTER (WHERE c.status = 'withdrawn'), count(*) FILTER (WHERE c.status = 'unchanged')
	INTO added, changed, withdrawn, unchanged
	FROM unnest(changes) c;
	IF added + changed + withdrawn = 0 AND NOT EXISTS (SELECT FROM unnest(changes) AS c WHERE c.again) THEN
		RETURN;
	END IF;
	rounded := (SELECT count(*) FROM unnest(changes) AS c WHERE (c.entry).note LIKE 'rounded from %');

	opened := open_price_version(load_prices.published_at, load_prices.source, 'load_prices ' || load_prices.format,
		md5(load_prices.catalog), load_prices.format);
	PERFORM publish_changes(opened, changes, source, format, published_at, valid_from);
	IF rounded > 0 THEN
		RAISE NOTICE '% prices of the catalog have more digits than a price has, and were rounded: see price.note',
			rounded;
	END IF;
END $$;

COMMENT ON FUNCTION load_prices(text, text, text, timestamptz, timestamptz, timestamptz) IS
'Loads a price catalog as one new version and says what became of its entries: added (key not known before), changed, '
'withdrawn (price null), unchanged, rejected (cannot be expressed; see catalog_rejection). '
'They sum to the entries of the catalog. format: inferacct, the native one (pricing/README.md), or that of a '
'foreign catalog (docs/prices.md). '
'source: where it comes from, for entries that do not say; published_at: when it became known; '
'observed_at: when it was read (NULL: published_at), which is the checked_on of a foreign catalog''s prices. '
'All or nothing; a catalog that says nothing new adds no version. What a foreign catalog says without a date of a '
'model that is known holds from observed_at on where it differs, and a window of time never reaches back; '
'of a new model it holds from ever on. valid_from: undated prices hold from then on instead, a correction of the past '
'by the owner of the extension; price_impact() shows what it does. A price that is the same and was read more than 30 '
'days later, or confirms a single source, is published again, and counts as unchanged. '
'In a foreign catalog a tier, region or context that costs an exact multiple is kept as a multiplier; '
'numbers of 16 or 17 digits are rounded at 12, prices of an hour to those of a second of 15 decimals, and a NOTICE '
'counts them. A price under an alias becomes one of the model that it means, unless the catalog prices that model as '
'well (rejected). Errors: IA101, IA102 malformed catalog or, in the native format, any entry that cannot be loaded; '
'IA104 published_at or valid_from lies in the past and the caller does not own the extension; '
'22004 NULL catalog or format; 22008 published_at, observed_at or valid_from; 22023 unknown format.';

CREATE FUNCTION load_prices(
	catalog			jsonb,
	format			text DEFAULT 'inferacct',
	source			text DEFAULT NULL,
	published_at	timestamptz DEFAULT now(),
	observed_at		timestamptz DEFAULT NULL,
	valid_from		timestamptz DEFAULT NULL,
	OUT added		bigint,
	OUT changed		bigint,
	OUT withdrawn	bigint,
	OUT unchanged	bigint,
	OUT rejected	bigint
)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT * FROM load_prices(catalog::text, format, source, published_at, observed_at, valid_from) $$;

COMMENT ON FUNCTION load_prices(jsonb, text, text, timestamptz, timestamptz, timestamptz) IS
'load_prices(text, ...) of the same catalog as jsonb.';

