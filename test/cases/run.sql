-- run: price cases, one JSON object per line; included by test/pgtap/cases.sql.
--
-- A case gives prices, the usage of one request and the exact USD it costs.
-- The prices are loaded for a model of the case's own, case/<id>.
--
--   id            names the case
--   usage         a payload of an API, or the counts of "normalized"
--   normalized    counts in the names of genai-prices; totals contain their parts
--   meters        counts in the names of our meters, disjoint
--   prices_usd    {unit: usd | {base, tiers: [{above, price, inclusive}]}} in the
--                 names of genai-prices: *_mtok per 1,000,000, *_kcount per 1,000
--   prices        entries of a catalog of ours, without provider and model
--   tier, region  as the request was served; prices_usd are then that tier's
--   multiplier    on every price, over prices_usd
--   flavor        of parse_usage(); without it the shape decides
--   at            of the request
--   expected_usd  exact
--   expected_error  SQLSTATE, in its place

CREATE SCHEMA cases;

-- Units of genai-prices and meters of ours.
CREATE TABLE cases.unit (name text PRIMARY KEY, meter text NOT NULL);
INSERT INTO cases.unit VALUES
	('input', 'input'), ('input_text', 'input'),
	('output', 'output'), ('output_text', 'output'),
	('cache_read', 'cache_read'), ('cache_text_read', 'cache_read'),
	('cache_write', 'cache_write'), ('cache_write_5m', 'cache_write'), ('cache_text_write', 'cache_write'),
	('cache_write_1h', 'cache_write_1h'),
	('output_reasoning', 'reasoning'), ('output_citation', 'citation'),
	('input_audio', 'input_audio'), ('output_audio', 'output_audio'), ('cache_audio_read', 'cache_read_audio'),
	('input_image', 'input_image'), ('output_image', 'output_image'), ('cache_image_read', 'cache_read_image'),
	('input_video', 'input_video'), ('output_video', 'output_video'),
	('requests', 'requests'), ('web_searches', 'web_searches'),
	('images', 'images'), ('seconds', 'seconds'), ('characters', 'characters'), ('pages', 'pages');

-- The word for a service tier in a catalog of ours.
CREATE FUNCTION cases.service_tier(tier text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN tier ~* '^(batch|flex|priority|fast)' THEN lower(substring(tier FROM '^[A-Za-z]+'))
		ELSE 'standard'
	END
$$;

-- prices_usd as entries of a catalog of ours.
CREATE FUNCTION cases.entries(prices_usd jsonb, service_tier text)
RETURNS TABLE (entry jsonb, meter text) LANGUAGE plpgsql AS $$
DECLARE
	unknown text;
BEGIN
	SELECT key INTO unknown FROM jsonb_object_keys(prices_usd) key
	WHERE NOT EXISTS (SELECT FROM cases.unit u WHERE key IN (u.name || '_mtok', u.name || '_kcount', u.name || '_count'));
	IF FOUND THEN
		RAISE 'case with a price of unknown unit %', unknown;
	END IF;

	RETURN QUERY
	SELECT jsonb_build_object('service_tier', service_tier,
			'above_input_tokens', step.above,
			'threshold_inclusive', step.inclusive,
			'usd', jsonb_build_object(u.meter, jsonb_build_object('usd', step.usd, 'per',
				CASE WHEN p.key LIKE '%\_mtok' THEN 1000000 WHEN p.key LIKE '%\_kcount' THEN 1000 ELSE 1 END))),
		u.meter
	FROM jsonb_each(prices_usd) p
	JOIN cases.unit u ON u.name = regexp_replace(p.key, '_(mtok|kcount|count)$', '')
	CROSS JOIN LATERAL (
		SELECT 0 AS above, false AS inclusive,
			CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value ->> 'base' ELSE p.value #>> '{}' END AS usd
		UNION ALL
		SELECT (t ->> 'above')::bigint, coalesce((t ->> 'inclusive')::boolean, false), t ->> 'price'
		FROM jsonb_array_elements(p.value -> 'tiers') t
	) step
	WHERE NOT (p.key LIKE '%\_text\_%' AND prices_usd ? (u.meter || '_mtok'));
END
$$;

-- The catalog of a case.  In genai-prices a unit without a price and without a
-- priced parent costs nothing: to us that is an explicit price of 0.
CREATE FUNCTION cases.catalog(c jsonb, unpriced_is_free boolean)
RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
	tier text := cases.service_tier(c ->> 'tier');
	model jsonb := jsonb_build_object('provider', 'case', 'model', c ->> 'id');
	free jsonb;
BEGIN
	RETURN QUERY SELECT model || entry FROM jsonb_array_elements(c -> 'prices') entry;
	RETURN QUERY SELECT model || entry FROM cases.entries(coalesce(c -> 'prices_usd', '{}'), tier);

	IF unpriced_is_free THEN
		SELECT jsonb_object_agg(root, 0) INTO free
		FROM unnest(ARRAY['input', 'output', 'web_searches']) root
		WHERE root NOT IN (SELECT meter FROM cases.entries(c -> 'prices_usd', tier))
			AND EXISTS (SELECT FROM jsonb_object_keys(c -> 'normalized') n WHERE n LIKE root || '%');
		IF free IS NOT NULL THEN
			RETURN NEXT model || jsonb_build_object('service_tier', tier, 'usd', free);
		END IF;
	END IF;

	IF c ->> 'multiplier' IS NOT NULL THEN
		RETURN QUERY
		SELECT model || jsonb_build_object('service_tier', tier, 'region', coalesce(c ->> 'region', 'multiplied'),
			'multiplier', jsonb_object_agg(meter, c ->> 'multiplier'))
		FROM (SELECT DISTINCT meter FROM cases.entries(c -> 'prices_usd', tier)) priced
		HAVING count(*) > 0;
	END IF;
END
$$;

-- Counts of genai-prices, whose totals contain their parts, as disjoint meters.
CREATE FUNCTION cases.normalized_usage(n jsonb, scale bigint DEFAULT 1)
RETURNS inferacct.usage LANGUAGE plpgsql AS $$
DECLARE
	part jsonb;
	plain jsonb;
	unknown text;
BEGIN
	SELECT key INTO unknown FROM jsonb_object_keys(n) key
	WHERE regexp_replace(key, '_tokens$', '') NOT IN (SELECT name FROM cases.unit);
	IF FOUND THEN
		RAISE 'case with a count of unknown unit %', unknown;
	END IF;
	SELECT jsonb_object_agg(name, scale * coalesce((n ->> (name || '_tokens'))::numeric, (n ->> name)::numeric, 0))
	INTO part FROM cases.unit;

	WITH v AS (
		SELECT (part ->> 'cache_audio_read')::numeric AS cached_audio,
			(part ->> 'cache_image_read')::numeric AS cached_image,
			(part ->> 'cache_read')::numeric AS cached,
			greatest((part ->> 'cache_write')::numeric,
				(part ->> 'cache_write_5m')::numeric + (part ->> 'cache_write_1h')::numeric) AS written,
			(part ->> 'cache_write_1h')::numeric AS written_1h,
			(part ->> 'input_audio')::numeric AS audio,
			(part ->> 'input_image')::numeric AS image,
			(part ->> 'input_video')::numeric AS video,
			(part ->> 'output_reasoning')::numeric + (part ->> 'output_citation')::numeric + (part ->> 'output_audio')::numeric +
				(part ->> 'output_image')::numeric + (part ->> 'output_video')::numeric AS special
	), parts AS (
		SELECT *, greatest(cached, cached_audio + cached_image) + written +
			greatest(audio - cached_audio, 0) + greatest(image - cached_image, 0) + video AS of_input
		FROM v
	)
	SELECT jsonb_build_object(
		'input', coalesce(scale * (n ->> 'input_tokens')::numeric, of_input) - of_input,
		'cache_read', greatest(cached - cached_audio - cached_image, 0),
		'cache_read_audio', cached_audio,
		'cache_read_image', cached_image,
		'cache_write', written - written_1h,
		'cache_write_1h', written_1h,
		'input_audio', greatest(audio - cached_audio, 0),
		'input_image', greatest(image - cached_image, 0),
		'input_video', video,
		'output', coalesce(scale * (n ->> 'output_tokens')::numeric, special) - special,
		'requests', greatest((part ->> 'requests')::numeric, scale))
	INTO plain FROM parts;

	SELECT plain || jsonb_object_agg(meter, part -> name) INTO plain
	FROM cases.unit
	WHERE meter IN ('reasoning', 'citation', 'output_audio', 'output_image', 'output_video',
		'web_searches', 'images', 'seconds', 'characters', 'pages');

	SELECT jsonb_object_agg(key, value::numeric::bigint) INTO plain FROM jsonb_each_text(plain) WHERE value::numeric <> 0;
	RETURN plain::inferacct.usage;
END
$$;

-- How many times a usage must be taken to be a whole number of tokens.
CREATE FUNCTION cases.scale(n jsonb) RETURNS bigint LANGUAGE sql AS $$
	SELECT coalesce(max(10 ^ scale(trim_scale(value::numeric))), 1)::bigint FROM jsonb_each_text(n)
$$;

-- What the request of a case costs, as text; the SQLSTATE when it is an error.
CREATE FUNCTION cases.cost(c jsonb, usage inferacct.usage) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN trim_scale(inferacct.token_cost('case/' || (c ->> 'id'), usage,
		coalesce((c ->> 'at')::timestamptz, '2026-11-20'), cases.service_tier(c ->> 'tier'),
		CASE WHEN c ->> 'multiplier' IS NULL THEN c ->> 'region' ELSE coalesce(c ->> 'region', 'multiplied') END));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

CREATE FUNCTION cases.normalized_cost(c jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	scale bigint := cases.scale(c -> 'normalized');
	cost text := cases.cost(c, cases.normalized_usage(c -> 'normalized', scale));
BEGIN
	RETURN CASE WHEN scale = 1 THEN cost ELSE trim_scale(cost::numeric / scale)::text END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

CREATE FUNCTION cases.payload_cost(c jsonb, flavor text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN cases.cost(c, inferacct.parse_usage(c -> 'usage', flavor));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
