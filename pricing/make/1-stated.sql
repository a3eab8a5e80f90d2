-- stated: what the given catalogs state, under the names that pricing/ uses.
--
-- Reads the table raw (catalog, read_on, and the columns of parse_catalog()), which
-- .ci/prices fills.  A catalog is called FAMILY or FAMILY:EDITION: editions of one
-- family are one source, whose newest edition that has a price counts.
--
-- Units: usd per 1,000,000 tokens, and per 1 of every other meter.

CREATE TEMP TABLE renamed (provider text, name text, model text, why text);
\copy renamed FROM 'pricing/make/renamed.tsv' WITH (FORMAT csv, DELIMITER E'\t', HEADER true)

CREATE FUNCTION pg_temp.per_default_unit(usd numeric, unit_quantity bigint, meter text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT trim_scale(usd * CASE WHEN inferacct_internal.is_token_meter(meter) THEN 1000000 ELSE 1 END / unit_quantity)
$$;

-- Numbers that a program has multiplied carry noise in their last digits.  No price is kept finer than 1e-12 unless it
-- has six digits only so: contracts take percentages of it, and 1e-15 is the finest that there is.
CREATE FUNCTION pg_temp.without_noise(usd numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN usd = 0 THEN 0 ELSE trim_scale(round(usd, greatest(least(12, 9 - floor(log(usd))::int), least(15, 5 - floor(log(usd))::int)))) END
$$;

CREATE TEMP TABLE stated AS
WITH owned AS (
	SELECT r.*, split_part(r.catalog, ':', 1) AS family,
		CASE WHEN r.provider IN ('google-vertex', 'vertex_ai') THEN 'google' WHEN r.provider = 'azure_ai' THEN 'azure'
			WHEN r.provider = 'bedrock_mantle' THEN 'aws' WHEN r.provider = 'jina_ai' THEN 'jina'
			WHEN r.provider = 'codestral' THEN 'mistral' WHEN r.provider = 'github_copilot' THEN 'github-copilot'
			ELSE r.provider END AS own_provider,
		-- genai-prices has one id for all geographies of Bedrock and one for the global endpoint.
		regexp_replace(regexp_replace(r.model, '^(regional|global)\.', ''), '@(\d{8}|default)$', '') AS plain_model,
		CASE WHEN r.model LIKE 'global.%' THEN 'global' WHEN r.provider LIKE 'azure%' AND r.region IN ('global', 'global-standard') THEN '' ELSE r.region END AS own_region
	FROM raw AS r
	WHERE r.kind = 'price' AND r.usd IS NOT NULL AND r.time_windows IS NULL AND r.valid_from <= :'today'
		AND (r.provider <> 'google-vertex' OR r.catalog LIKE 'litellm%' OR r.model LIKE 'gemini-%')
), named AS (
	SELECT o.*, coalesce(n.model, o.plain_model) AS stated_model, a.model AS meant
	FROM owned AS o
	LEFT JOIN renamed AS n ON (n.provider, n.name) = (o.own_provider, o.plain_model)
	LEFT JOIN LATERAL alias_target(o.own_provider, coalesce(n.model, o.plain_model), :'today') AS a ON a.provider = o.own_provider
), placed AS (
	SELECT n.*, coalesce(n.meant, n.stated_model) AS own_model, row_number() OVER (
		PARTITION BY family, own_provider, coalesce(n.meant, n.stated_model), own_region, service_tier, meter, CASE WHEN above_input_tokens % 1000 = 999 THEN above_input_tokens + 1 ELSE above_input_tokens END
		ORDER BY read_on DESC, meant IS NOT NULL, provider <> own_provider, model <> stated_model, valid_from DESC, own_region <> region, usd) AS place
	FROM named AS n
)
SELECT p.family AS catalog, p.catalog AS edition, p.read_on, p.own_provider AS provider, p.own_model AS model, p.own_region AS region,
	p.service_tier, p.meter,
	-- A price at 200,000 tokens or above is one above 199,999; but Bedrock bills the base price at 272,000.
	CASE WHEN p.above_input_tokens % 1000 = 999 THEN p.above_input_tokens + 1 ELSE p.above_input_tokens END AS above_input_tokens,
	p.threshold_inclusive OR p.above_input_tokens % 1000 = 999 AND p.own_provider <> 'aws' AS threshold_inclusive, pg_temp.without_noise(pg_temp.per_default_unit(p.usd, p.unit_quantity, p.meter)) AS usd,
	nullif(p.valid_from, '-infinity') AS valid_from, p.provider AS seller, p.meant IS NOT NULL AS by_alias
FROM placed AS p WHERE p.place = 1;

-- Errors of catalogs that maintainers have found.
CREATE TEMP TABLE dropped (catalog text, provider text, model text, region text, service_tier text, meter text, why text);
\copy dropped FROM 'pricing/make/dropped.tsv' WITH (FORMAT csv, DELIMITER E'\t', HEADER true)
DELETE FROM stated AS s USING dropped AS d
WHERE d.catalog = s.catalog AND s.provider LIKE d.provider AND s.model LIKE d.model AND s.region LIKE d.region
	AND s.service_tier LIKE d.service_tier AND s.meter LIKE d.meter;

-- A catalog that fills in 0 for what it does not know gives nothing away.
DELETE FROM stated AS s WHERE s.usd = 0
	AND (EXISTS (SELECT FROM stated AS o WHERE (o.provider, o.model, o.meter) = (s.provider, s.model, s.meter) AND o.usd > 0)
		OR EXISTS (SELECT FROM price AS p WHERE (p.provider, p.model, p.meter) = (s.provider, s.model, s.meter) AND p.usd > 0));
-- LiteLLM repeats the price of output as that of reasoning.
DELETE FROM stated AS s USING stated AS o
WHERE s.meter = 'reasoning' AND o.meter = 'output' AND o.usd = s.usd
	AND (o.catalog, o.provider, o.model, o.region, o.service_tier, o.above_input_tokens) = (s.catalog, s.provider, s.model, s.region, s.service_tier, s.above_input_tokens);

-- LiteLLM has for a Bedrock model without a geography the price of the global endpoint, where AWS bills that of the geography.
DELETE FROM stated AS s USING stated AS u
WHERE s.provider = 'aws' AND s.region = '' AND u.region = 'us' AND u.usd <> s.usd AND s.catalog = 'litellm' AND is_token_meter(s.meter)
	AND (u.catalog, u.provider, u.model, u.service_tier, u.meter, u.above_input_tokens) = (s.catalog, s.provider, s.model, s.service_tier, s.meter, s.above_input_tokens);

-- Where only geographies have a price, the model without one has that of the US.
INSERT INTO stated
SELECT u.catalog, u.edition, u.read_on, u.provider, u.model, '', u.service_tier, u.meter, u.above_input_tokens, u.threshold_inclusive, u.usd, u.valid_from, u.seller, u.by_alias
FROM stated AS u
WHERE u.provider = 'aws' AND u.region = 'us'
	AND NOT EXISTS (SELECT FROM stated AS b WHERE (b.catalog, b.provider, b.model, b.region, b.meter) = (u.catalog, u.provider, u.model, '', u.meter));

CREATE INDEX ON stated (provider, model);
ANALYZE stated;
