-- decided: one figure for each price, how many sources state it, and since when it holds.
--
-- Invariant: a figure that pricing/ has stays, and so does its past; where a newer
-- catalog states another one, that one holds from the day of the oldest catalog that
-- has it.  What one source alone states, and what sources state differently, is marked.

-- Whose lists are taken.
CREATE TEMP TABLE taken (provider text PRIMARY KEY);
INSERT INTO taken
SELECT unnest(ARRAY['ai21', 'anthropic', 'aws', 'azure', 'baseten', 'cerebras', 'cloudflare', 'cohere', 'dashscope', 'databricks', 'deepgram', 'deepinfra',
	'deepseek', 'elevenlabs', 'fireworks', 'github-copilot', 'google', 'groq', 'jina', 'meta', 'minimax', 'mistral', 'moonshotai', 'nebius',
	'novita', 'openai', 'openrouter', 'ovhcloud', 'perplexity', 'replicate', 'sambanova', 'snowflake', 'together', 'voyageai', 'x-ai', 'xiaomi', 'zai']);

CREATE TEMP TABLE maker (provider text PRIMARY KEY);
INSERT INTO maker
SELECT unnest(ARRAY['anthropic', 'openai', 'google', 'x-ai', 'deepseek', 'mistral', 'moonshotai', 'zai', 'minimax', 'meta', 'xiaomi', 'cohere']);

-- Who sells makers' models at the makers' prices, and so has looked them up: a source of its own.
CREATE TEMP TABLE passes_on (provider text PRIMARY KEY);
INSERT INTO passes_on
SELECT unnest(ARRAY['openrouter', 'vercel-ai-gateway', 'vercel_ai_gateway', 'opencode', 'github-copilot', 'cloudflare-ai-gateway', 'azure', 'google-vertex', 'aws',
	'baseten', 'together', 'fireworks', 'huggingface', 'cloudflare']);

-- What maintainers have looked up and settled against the catalogs.
CREATE TEMP TABLE settled (provider text, model text, meter text, why text);
\copy settled FROM 'pricing/make/settled.tsv' WITH (FORMAT csv, DELIMITER E'\t', HEADER true)

CREATE FUNCTION pg_temp.plain_name(model text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(regexp_replace(regexp_replace(lower(regexp_replace(model, '^.*/', '')),
		'^(anthropic|openai|google|mistral|xai|deepseek|meta|zai|moonshot|minimax)\.', ''), '-v1(:0)?$', ''), '.', '-')
$$;

CREATE FUNCTION pg_temp.family_of(source text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN source ~* '^pi-ai|, pi-ai|models\.dev' THEN 'pi-ai' WHEN source ~* 'genai-prices' THEN 'genai-prices' WHEN source ~* 'litellm|tokencost|model-price-repo' THEN 'litellm'
		ELSE coalesce(source, '') END
$$;

CREATE TEMP TABLE rule (provider text, model text, region text, service_tier text, meter text, of_meter text, factor numeric, usd numeric, adds boolean, source text);
\copy rule FROM 'pricing/make/rules.tsv' WITH (FORMAT csv, DELIMITER E'\t', HEADER true, NULL '')

-- pricing/ as it is.
CREATE TEMP TABLE shipped AS
SELECT h.*, coalesce(h.valid_to, 'infinity') > :'today'::timestamptz AND h.valid_from <= :'today' AND h.time_windows IS NULL AND h.usd IS NOT NULL AS in_force,
	pg_temp.per_default_unit(h.usd, h.unit_quantity, h.meter) AS unit_usd
FROM price_history AS h WHERE h.version <= 1000;
CREATE INDEX ON shipped (provider, model);
ANALYZE shipped;

CREATE TEMP TABLE source_of AS
SELECT s.provider, s.model, s.region, s.service_tier, s.meter, s.above_input_tokens, s.catalog AS source, s.edition, s.read_on, s.usd, true AS own
FROM stated AS s
UNION ALL
SELECT m.provider, m.model, '', 'standard', r.meter, r.above_input_tokens, r.provider || ' by ' || r.catalog, r.edition, r.read_on, r.usd, false
FROM (SELECT DISTINCT provider, model, pg_temp.plain_name(model) AS plain FROM (SELECT provider, model FROM stated UNION SELECT provider, model FROM shipped) AS s JOIN maker USING (provider)) AS m
JOIN (SELECT split_part(w.catalog, ':', 1) AS catalog, w.catalog AS edition, w.read_on, w.provider, w.meter, w.above_input_tokens,
		pg_temp.without_noise(pg_temp.per_default_unit(w.usd, w.unit_quantity, w.meter)) AS usd, pg_temp.plain_name(regexp_replace(w.model, '@(\d{8}|default)$', '')) AS plain
	FROM raw AS w
	WHERE w.kind = 'price' AND w.usd > 0 AND w.provider IN (SELECT provider FROM passes_on) AND w.time_windows IS NULL
		AND w.region = CASE w.provider WHEN 'aws' THEN 'global' ELSE '' END AND w.service_tier = 'standard' AND w.read_on >= :'oldest'::date) AS r
	ON r.plain = m.plain AND r.provider <> m.provider
UNION ALL
-- What a maker does for all its models.
SELECT s.provider, s.model, s.region, s.service_tier, r.meter, s.above_input_tokens, r.source, 'rule', s.read_on, s.usd * r.factor, false
FROM stated AS s JOIN rule AS r ON r.provider = s.provider AND s.model ~ r.model AND r.of_meter = s.meter
UNION ALL
SELECT h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens, pg_temp.family_of(h.source), 'pricing', h.checked_on, h.unit_usd, true
FROM shipped AS h
WHERE h.in_force
	AND NOT EXISTS (SELECT FROM stated AS s WHERE s.catalog = pg_temp.family_of(h.source) AND s.read_on >= h.checked_on
		AND (s.provider, s.model, s.region, s.service_tier, s.meter, s.above_input_tokens) = (h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens));
-- As what a source is cited: the edition, of those that have editions.
ALTER TABLE source_of ADD label text;
UPDATE source_of AS s SET label = replace(s.source, split_part(s.edition, ':', 1), e.label) FROM edition AS e WHERE e.catalog = s.edition;
UPDATE source_of SET label = source WHERE label IS NULL;
CREATE INDEX ON source_of (provider, model);
ANALYZE source_of;

-- The newest statement of a seller's own list decides; pricing/ is a statement of the day it was checked.
CREATE TEMP TABLE decided AS
WITH newest AS (
	SELECT DISTINCT ON (s.provider, s.model, s.region, s.service_tier, s.meter, s.above_input_tokens) s.*,
		h.unit_usd AS shipped_usd, h.checked_on AS shipped_on, h.valid_from AS shipped_from,
		EXISTS (SELECT FROM settled AS k WHERE k.provider = s.provider AND s.model LIKE k.model AND s.meter LIKE k.meter) AS is_settled
	FROM stated AS s JOIN taken USING (provider)
	LEFT JOIN shipped AS h ON h.in_force
		AND (h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens) = (s.provider, s.model, s.region, s.service_tier, s.meter, s.above_input_tokens)
	WHERE h.provider IS NOT NULL OR NOT s.by_alias
		-- What a catalog says of another name is said of the model, when it means the same input.
		OR EXISTS (SELECT FROM stated AS i JOIN shipped AS b USING (provider, model, region, service_tier, meter, above_input_tokens)
			WHERE (i.catalog, i.provider, i.model, i.region, i.service_tier, i.above_input_tokens) = (s.catalog, s.provider, s.model, s.region, s.service_tier, s.above_input_tokens)
				AND i.meter = 'input' AND b.in_force AND b.unit_usd = i.usd AND s.meter LIKE 'cache_%')
	ORDER BY s.provider, s.model, s.region, s.service_tier, s.meter, s.above_input_tokens, s.by_alias, s.read_on DESC, s.catalog
), figure AS (
	SELECT n.*, CASE WHEN n.is_settled OR n.shipped_usd IS NOT NULL AND (n.by_alias OR n.shipped_on > n.read_on) THEN n.shipped_usd ELSE n.usd END AS best
	FROM newest AS n
	WHERE NOT (n.is_settled AND n.shipped_usd IS NULL)
)
SELECT n.provider, n.model, n.region, n.service_tier, n.meter, n.above_input_tokens, n.threshold_inclusive, n.best AS usd,
	n.shipped_usd, n.shipped_from, o.sources, o.agree, o.since, o.read_on, o.other_own, o.others, n.valid_from AS stated_from,
	CASE WHEN o.agree > 1 AND NOT n.is_settled THEN 'agreed' WHEN o.other_own > 0 THEN 'disputed' WHEN o.agree > 1 THEN 'agreed' ELSE 'single' END AS agreement
FROM figure AS n
CROSS JOIN LATERAL (
	SELECT concat_ws('; ', string_agg(DISTINCT o.label, ', ' ORDER BY o.label) FILTER (WHERE o.usd = n.best AND o.own AND o.edition <> 'pricing' AND NOT o.by_hours),
			CASE WHEN count(DISTINCT o.source) FILTER (WHERE o.usd = n.best AND o.own) = 1
				THEN 'sold so by ' || min(o.label) FILTER (WHERE o.usd = n.best AND NOT o.own) END) AS sources,
		count(DISTINCT o.source) FILTER (WHERE o.usd = n.best) AS agree,
		min(o.read_on) FILTER (WHERE o.usd = n.best) AS since,
		max(o.read_on) FILTER (WHERE o.usd = n.best) AS read_on,
		count(DISTINCT o.source) FILTER (WHERE o.usd <> n.best AND o.own) AS other_own,
		string_agg(DISTINCT format('%s: %s of %s', trim_scale(o.usd), left(o.label, 60), o.read_on), '; ') FILTER (WHERE o.usd <> n.best AND o.own) AS others
	FROM (SELECT q.source, q.label, q.edition, q.read_on, q.own, h.by_hours, CASE WHEN h.by_hours THEN n.best ELSE q.usd END AS usd
		FROM source_of AS q
		-- A catalog that cannot say at what hours a price holds lists one of them: no dispute.
		CROSS JOIN LATERAL (
			SELECT EXISTS (SELECT FROM shipped AS w WHERE (w.provider, w.model, w.region, w.service_tier, w.meter, w.above_input_tokens) =
				(n.provider, n.model, n.region, n.service_tier, n.meter, n.above_input_tokens) AND w.time_windows IS NOT NULL AND w.unit_usd = q.usd) AS by_hours
		) AS h
		WHERE (q.provider, q.model, q.region, q.service_tier, q.meter, q.above_input_tokens) = (n.provider, n.model, n.region, n.service_tier, n.meter, n.above_input_tokens)
			AND NOT (n.is_settled AND q.read_on < n.shipped_on AND q.usd <> n.best)) AS o
) AS o;
CREATE INDEX ON decided (provider, model);
ANALYZE decided;
