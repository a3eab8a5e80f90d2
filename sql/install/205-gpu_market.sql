-- gpu_market: what GPUs are rented for, by seller, and from SkyPilot's catalog.
--
-- Invariant: a seller counts once, with the lowest of its regions; a quantile is a
-- price that a seller asks, never one between two.

CREATE FUNCTION gpu_market(gpu text, term text DEFAULT 'on_demand', at timestamptz DEFAULT now(),
	OUT sellers bigint, OUT p10 numeric, OUT p50 numeric, OUT p90 numeric)
RETURNS record
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT count(*), percentile_disc(0.1) WITHIN GROUP (ORDER BY s.usd), percentile_disc(0.5) WITHIN
		GROUP (ORDER BY s.usd),
		percentile_disc(0.9) WITHIN GROUP (ORDER BY s.usd)
	FROM (
		SELECT g.vendor, min(g.usd_per_hour) AS usd
		FROM gpu_offers(gpu_market.gpu, NULL, gpu_market.term, at) AS g
		WHERE g.vendor NOT LIKE '% (%)'
		GROUP BY g.vendor
	) AS s
$$;

COMMENT ON FUNCTION gpu_market(text, text, timestamptz) IS
'The market of a GPU on a term (on_demand, reserved_1y, reserved_3y, spot) at a time, in USD per GPU-hour: how many '
'named sellers ask a price, and the price that a tenth, a half and nine tenths of them ask at most, each one that a '
'seller asks. A seller counts once, with its cheapest region; rows whose vendor ends in parentheses are ranges or '
'studies and do not count. No seller: 0 and NULLs. NULL arguments give NULL.';

-- One field of a line of CSV after the other; a quoted one may hold commas and doubled quotes.
CREATE FUNCTION inferacct_internal.csv_fields(line text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT array_agg(CASE WHEN m.field[1] LIKE '"%' THEN replace(substr(m.field[1], 2, length(m.field[1]) - 2), '""',
		'"') ELSE m.field[1] END ORDER BY m.n)
	FROM regexp_matches(line || ',', '("(?:[^"]|"")*"|[^,"]*),', 'g') WITH ORDINALITY AS m(field, n)
$$;

COMMENT ON FUNCTION csv_fields(text) IS 'The fields of a line of CSV, without their quotes. NULL gives NULL.';

-- A file is one vendor's machines, a line each.
CREATE FUNCTION inferacct_internal.gpu_catalog(csv text, OUT gpu text, OUT region text, OUT term text,
	OUT is_sound boolean, OUT lines bigint, OUT usd numeric)
RETURNS SETOF record
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	machines CONSTANT text[] := string_to_array(replace(rtrim(csv, E'\r\n'), E'\r', ''), E'\n');
	header CONSTANT text[] := csv_fields(machines[1]);
	missing	text;
BEGIN
	SELECT string_agg(f.name, ', ') INTO missing
	FROM unnest(ARRAY['AcceleratorName', 'AcceleratorCount', 'Price', 'Region']) AS f(name)
		WHERE NOT f.name = ANY (coalesce(header, '{}'));
	IF missing IS NOT NULL THEN
		PERFORM inferacct_internal.fail('IA102', 'malformed GPU catalog', format('Its first line lacks: %s.', missing),
			'Load a vms.csv of SkyPilot''s catalog, whole and unchanged: one file is one vendor.');
	END IF;
	RETURN QUERY
	WITH field AS (
		SELECT f.values[array_position(header, 'AcceleratorName')] AS name,
			f.values[array_position(header, 'AcceleratorCount')] AS gpus,
			f.values[array_position(header, 'Price')] AS price,
			f.values[array_position(header, 'SpotPrice')] AS spot_price,
			coalesce(f.values[array_position(header, 'Region')], '') AS region,
			cardinality(f.values) = cardinality(header) AS is_whole
		FROM unnest(machines[2:]) AS l(line) CROSS JOIN LATERAL (SELECT csv_fields(l.line) AS values) AS f
		WHERE l.line <> ''
	), offer AS (
		-- Rows without a GPU are machines without one; a term without a price is not sold.
		SELECT regexp_replace(f.name, '-SXM\d*$', '') AS gpu, f.region, t.term, t.price, f.gpus,
			coalesce(f.is_whole AND f.gpus ~ '^0*[1-9]\d*(\.0*)?$' AND t.price ~ '^\d+(\.\d+)?$'
				AND octet_length(f.region) < 64, false) AS is_sound
		FROM field AS f CROSS JOIN LATERAL (VALUES ('on_demand', f.price), ('spot', f.spot_price)) AS t(term, price)
		WHERE coalesce(f.name, '') <> '' AND coalesce(t.price, '') <> ''
	)
	SELECT o.gpu, o.region, o.term, o.is_sound, count(*) AS lines,
		min(CASE WHEN o.is_sound THEN round(o.price::numeric / o.gpus::numeric, 6) END) AS usd
	FROM offer AS o GROUP BY o.gpu, o.region, o.term, o.is_sound;
END $$;

COMMENT ON FUNCTION gpu_catalog(text) IS
'A vms.csv of SkyPilot''s catalog: the cheapest rent of a GPU by region and term, of so many lines; lines that are not '
'sound have no rent. Error IA102: the file lacks a column.';

CREATE FUNCTION load_gpu_prices(
	csv				text,
	vendor			text,
	source			text DEFAULT NULL,
	published_at	timestamptz DEFAULT now(),
	OUT added		bigint,
	OUT changed		bigint,
	OUT unchanged	bigint,
	OUT rejected	bigint
)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	opened	bigint;
BEGIN
	IF csv IS NULL OR coalesce(vendor, '') = '' THEN
		PERFORM inferacct_internal.fail('22004', 'load_gpu_prices needs a CSV text and the name of its vendor');
	END IF;
	IF NOT coalesce(isfinite(load_gpu_prices.published_at), false) THEN
		PERFORM inferacct_internal.fail('22008', 'published_at must be a finite time');
	END IF;
	PERFORM lock_prices();
	IF load_gpu_prices.published_at = now() THEN
		load_gpu_prices.published_at := clock_timestamp();
	END IF;

	CREATE TEMP TABLE gpu_entry ON COMMIT DROP AS
	SELECT e.*, NULL::text AS status FROM gpu_catalog(load_gpu_prices.csv) AS e;
	UPDATE gpu_entry AS e SET status = CASE WHEN NOT e.is_sound THEN 'rejected' WHEN k.usd_per_hour IS NULL THEN 'added'
		WHEN k.usd_per_hour = e.usd THEN 'unchanged' ELSE 'changed' END
	FROM gpu_entry AS s LEFT JOIN LATERAL (SELECT g.usd_per_hour
		FROM gpu_offers(s.gpu, load_gpu_prices.vendor, s.term, load_gpu_prices.published_at) AS g
		WHERE g.region = s.region) AS k ON true
	WHERE (s.gpu, s.region, s.term, s.is_sound) = (e.gpu, e.region, e.term, e.is_sound);
	SELECT count(*) FILTER (WHERE e.status = 'added'), count(*) FILTER (WHERE e.status = 'changed'),
		count(*) FILTER (WHERE e.status = 'unchanged'), count(*) FILTER (WHERE e.status = 'rejected')
	INTO added, changed, unchanged, rejected FROM gpu_entry AS e;
	IF added + changed > 0 THEN
		opened := open_price_version(load_gpu_prices.published_at, load_gpu_prices.source, 'load_gpu_prices',
			md5(load_gpu_prices.csv));
		INSERT INTO gpu_price (version, gpu, vendor, region, term, usd_per_hour, valid_from, source, checked_on)
		SELECT opened, e.gpu, load_gpu_prices.vendor, e.region, e.term, e.usd, load_gpu_prices.published_at,
			load_gpu_prices.source, (load_gpu_prices.published_at AT TIME ZONE 'UTC')::date
		FROM gpu_entry AS e WHERE e.status IN ('added', 'changed');
		INSERT INTO catalog_rejection (version, path, problem)
		SELECT opened, concat_ws(' ', e.gpu, e.region, e.term),
			format('%s lines without a number of GPUs and a price', e.lines) FROM gpu_entry AS e
			WHERE e.status = 'rejected';
	END IF;
	DROP TABLE gpu_entry;
END $$;

COMMENT ON FUNCTION load_gpu_prices(text, text, text, timestamptz) IS
'Loads a vendor''s vms.csv of SkyPilot''s catalog as one new version: on demand and spot prices by GPU and region, '
'per GPU (the cheapest of the machines that have it, rounded to 6 decimals), valid from published_at on. '
'Says how many prices were added, changed, unchanged and rejected (they are in catalog_rejection); '
'nothing new adds no version. A GPU keeps its name, without the ending -SXM. '
'Errors: IA102 a text without the columns AcceleratorName, AcceleratorCount, Price and Region; '
'IA104 published_at lies in the past and the caller does not own the extension; 22004 no CSV or vendor; '
'22008 published_at.';
