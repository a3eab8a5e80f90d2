-- written: the rows of pricing/ as they are to be, and their JSON.
--
-- Invariant: every row that pricing/ had is there again, with its time.  A figure of a
-- model that is new holds since ever (nobody could ask for it before it was there); one
-- of a model that was known holds since it was first stated.

-- Which new names are worth a row.
CREATE TEMP TABLE known_model AS SELECT DISTINCT provider, model FROM shipped;

CREATE TEMP TABLE addition AS
SELECT d.*, k.provider IS NOT NULL AS is_known
FROM decided AS d LEFT JOIN known_model AS k USING (provider, model)
WHERE d.shipped_usd IS NULL AND d.read_on >= :'oldest'::date
	AND NOT EXISTS (SELECT FROM shipped AS h WHERE (h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens) =
		(d.provider, d.model, d.region, d.service_tier, d.meter, d.above_input_tokens))
	-- What is a multiple of the base stays one.
	AND NOT EXISTS (SELECT FROM shipped AS h WHERE (h.provider, h.model, h.region, h.service_tier) = (d.provider, d.model, d.region, d.service_tier)
		AND h.multiplier IS NOT NULL AND h.meter IN ('*', d.meter))
	-- Routers and hosts list hundreds of names that nobody asks for any more.
	AND (d.provider <> 'openrouter' OR k.provider IS NOT NULL OR d.sources ~ 'pi-ai|genai-prices')
	-- A price of a token under the name of an image.
	AND NOT (d.meter = 'images' AND d.usd < 0.0005)
	AND (d.provider NOT IN ('fireworks', 'deepinfra', 'together', 'novita') OR k.provider IS NOT NULL OR d.sources ~ 'pi-ai|genai-prices'
		OR d.model ~* 'deepseek|kimi|glm-|llama-v3p[13]|llama-3\.[13]|llama-4|qwen3|gpt-oss|minimax|mixtral')
	-- Regions of Bedrock that are no geography of a profile are billed as the base region, but for the government's.
	AND (d.provider <> 'aws' OR d.region !~ '-\d$' OR d.region LIKE 'us-gov-%')
	-- A context tier or a service tier without a price of the base says nothing.
	AND d.model !~ '^ft:|\.ft-$' AND length(d.model) < 120
	-- Images by size and quality, of models that are billed by the image.
	AND (d.model !~ '(^|/)\d+-x-\d+' OR d.model ~ 'dall-e');

CREATE TEMP TABLE row_out AS
SELECT h.provider, h.model, h.region, h.service_tier, h.above_input_tokens, h.threshold_inclusive, h.time_windows, h.valid_from, h.currency,
	h.meter, h.usd, h.amount, h.multiplier, h.unit_quantity,
	CASE WHEN d.sources ~* '^(pi-ai|models\.dev|litellm|genai)' AND d.usd = h.unit_usd AND d.read_on > h.checked_on THEN d.sources ELSE h.source END AS source,
	CASE WHEN d.sources ~* '^(pi-ai|models\.dev|litellm|genai)' AND d.usd = h.unit_usd THEN greatest(d.read_on, h.checked_on) ELSE h.checked_on END AS checked_on,
	CASE WHEN d.usd = h.unit_usd THEN d.agreement WHEN NOT h.in_force OR h.multiplier IS NOT NULL THEN h.agreement
		WHEN o.agree > 1 THEN 'agreed' WHEN o.other > 0 THEN 'disputed' ELSE coalesce(nullif(h.agreement, 'agreed'), 'single') END AS agreement,
	CASE WHEN d.usd = h.unit_usd AND d.agreement = 'disputed' THEN d.others WHEN d.usd = h.unit_usd AND d.agreement = 'agreed' THEN NULL ELSE h.note END AS note
FROM shipped AS h
LEFT JOIN decided AS d ON h.in_force AND (d.provider, d.model, d.region, d.service_tier, d.meter, d.above_input_tokens) =
	(h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens)
CROSS JOIN LATERAL (
	SELECT count(DISTINCT o.source) FILTER (WHERE o.usd = h.unit_usd) AS agree, count(*) FILTER (WHERE o.usd <> h.unit_usd AND o.own) AS other
	FROM source_of AS o
	WHERE h.in_force AND (o.provider, o.model, o.region, o.service_tier, o.meter, o.above_input_tokens) =
		(h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens)
) AS o
UNION ALL
-- A newer figure holds from the day of the oldest catalog that states it; one that was rounded is corrected in place (below).
SELECT d.provider, d.model, d.region, d.service_tier, d.above_input_tokens, h.threshold_inclusive, NULL,
	greatest(d.since::timestamptz, d.stated_from, h.checked_on::timestamptz), 'USD', d.meter, d.usd, NULL, NULL, CASE WHEN is_token_meter(d.meter) THEN 1000000 ELSE 1 END,
	d.sources, d.read_on, d.agreement, CASE WHEN d.agreement = 'disputed' THEN d.others END
FROM decided AS d JOIN shipped AS h USING (provider, model, region, service_tier, meter, above_input_tokens)
WHERE h.in_force AND d.usd <> h.unit_usd
UNION ALL
SELECT a.provider, a.model, a.region, a.service_tier, a.above_input_tokens, a.threshold_inclusive AND a.above_input_tokens > 0, NULL,
	CASE WHEN a.is_known AND is_token_meter(a.meter) AND a.meter <> 'cache_write_1h' AND a.service_tier = 'standard' AND a.region = '' THEN greatest(a.since::timestamptz, a.stated_from) ELSE '-infinity' END,
	'USD', a.meter, a.usd, NULL, NULL, CASE WHEN is_token_meter(a.meter) THEN 1000000 ELSE 1 END, a.sources, a.read_on, a.agreement,
	CASE WHEN a.agreement = 'disputed' THEN a.others END
FROM addition AS a;

-- A tier of a new model without a standard price says nothing.
DELETE FROM row_out WHERE service_tier <> 'standard' AND NOT EXISTS (SELECT FROM row_out AS b
	WHERE (b.provider, b.model, b.meter) = (row_out.provider, row_out.model, row_out.meter) AND b.service_tier = 'standard')
	AND NOT EXISTS (SELECT FROM known_model AS k WHERE (k.provider, k.model) = (row_out.provider, row_out.model));

-- ---------------------------------------------------------------------------
-- What makers do for all their models, where no catalog states it for the new ones
-- ---------------------------------------------------------------------------
INSERT INTO row_out
SELECT DISTINCT b.provider, b.model, coalesce(r.region, ''), coalesce(r.service_tier, 'standard'), 0::bigint, false, NULL::jsonb, '-infinity'::timestamptz, 'USD',
	r.meter, r.usd, NULL::numeric, r.factor, CASE WHEN r.meter <> '*' AND is_token_meter(r.meter) THEN 1000000 ELSE 1 END, r.source, max(b.checked_on) OVER (PARTITION BY b.provider, b.model), CASE WHEN r.usd IS NOT NULL THEN 'single' END,
	CASE WHEN r.usd IS NOT NULL THEN 'derived: what its maker does for all such models' END
FROM rule AS r JOIN row_out AS b ON b.provider = r.provider AND b.model ~ r.model AND b.meter = 'input' AND b.service_tier = 'standard' AND b.region = '' AND b.usd > 0
WHERE r.of_meter IS NULL AND r.adds AND NOT EXISTS (SELECT FROM row_out AS h
	WHERE (h.provider, h.model) = (b.provider, b.model) AND h.service_tier = coalesce(r.service_tier, 'standard') AND h.region = coalesce(r.region, '')
		AND (h.meter = r.meter OR r.meter = '*' AND is_token_meter(h.meter)));

-- An hour's cache write is twice the input price of its row.
INSERT INTO row_out
SELECT b.provider, b.model, b.region, b.service_tier, b.above_input_tokens, b.threshold_inclusive, NULL, b.valid_from, 'USD',
	'cache_write_1h', b.usd * r.factor, NULL, NULL, 1000000, r.source, b.checked_on, 'single', 'derived: twice the input price, as for every Claude'
FROM rule AS r JOIN row_out AS b ON b.provider = r.provider AND b.model ~ r.model AND b.meter = 'input' AND b.service_tier = 'standard' AND b.usd > 0
WHERE r.of_meter IS NOT NULL AND r.meter = 'cache_write_1h'
	AND EXISTS (SELECT FROM row_out AS w WHERE (w.provider, w.model, w.meter, w.region, w.service_tier) = (b.provider, b.model, 'cache_write', b.region, b.service_tier))
	AND NOT EXISTS (SELECT FROM row_out AS h WHERE (h.provider, h.model, h.meter, h.region, h.service_tier, h.above_input_tokens) =
		(b.provider, b.model, 'cache_write_1h', b.region, b.service_tier, b.above_input_tokens));

-- ---------------------------------------------------------------------------
-- Tiers and regions that are a multiple of the base follow it
-- ---------------------------------------------------------------------------
CREATE TEMP TABLE ratio AS
SELECT r.ctid AS row_id, r.provider, r.model, r.region, r.service_tier, r.above_input_tokens, r.valid_from, r.meter,
	trim_scale(round(r.usd / nullif(b.usd, 0), 6)) AS factor, b.usd * round(r.usd / nullif(b.usd, 0), 6) = r.usd AS exact, b.usd = 0 AND r.usd = 0 AS both_free
FROM row_out AS r
LEFT JOIN LATERAL (
	SELECT b.usd FROM row_out AS b
	WHERE (b.provider, b.model, b.meter, b.unit_quantity) = (r.provider, r.model, r.meter, r.unit_quantity) AND b.time_windows IS NULL
		AND b.service_tier = 'standard' AND b.region = CASE WHEN r.service_tier = 'standard' THEN '' ELSE r.region END
		AND b.above_input_tokens <= r.above_input_tokens AND b.valid_from <= r.valid_from AND b.usd IS NOT NULL
	ORDER BY b.above_input_tokens DESC, b.valid_from DESC LIMIT 1
) AS b ON true
WHERE (r.service_tier <> 'standard' OR r.region <> '') AND r.usd IS NOT NULL AND r.time_windows IS NULL AND is_token_meter(r.meter);

-- One factor for the whole tier or region of a model, at all times and sizes, or none.
CREATE TEMP TABLE multiple AS
SELECT provider, model, region, service_tier, min(factor) AS factor, min(valid_from) AS valid_from
FROM ratio GROUP BY 1, 2, 3, 4
HAVING count(DISTINCT factor) = 1 AND bool_and(coalesce(exact, both_free)) AND min(factor) IN (0.5, 1, 1.1, 2, 2.5, 1.75, 6, 1.2, 0.67, 0.25, 1.8, 0.75, 1.5)
	AND NOT EXISTS (SELECT FROM row_out AS m WHERE (m.provider, m.model, m.region, m.service_tier) = (ratio.provider, ratio.model, ratio.region, ratio.service_tier) AND m.multiplier IS NOT NULL);

CREATE TEMP TABLE kept_multiple AS
SELECT DISTINCT ON (r.provider, r.model, r.region, r.service_tier, r.meter) r.*, m.factor
FROM row_out AS r JOIN multiple AS m USING (provider, model, region, service_tier)
WHERE r.usd > 0 AND r.time_windows IS NULL AND is_token_meter(r.meter)
ORDER BY r.provider, r.model, r.region, r.service_tier, r.meter, r.valid_from, r.above_input_tokens;

DELETE FROM row_out AS r USING ratio AS q, multiple AS m
WHERE r.ctid = q.row_id AND (m.provider, m.model, m.region, m.service_tier) = (q.provider, q.model, q.region, q.service_tier) AND r.usd > 0;
-- Nothing is left there to withdraw.
DELETE FROM row_out AS r USING multiple AS m
WHERE (m.provider, m.model, m.region, m.service_tier) = (r.provider, r.model, r.region, r.service_tier) AND is_token_meter(r.meter) AND num_nonnulls(r.usd, r.amount, r.multiplier) = 0;

-- All meters of the base in one row, where the tier or region states them all.
INSERT INTO row_out
SELECT k.provider, k.model, k.region, k.service_tier, 0, false, NULL, min(k.valid_from), 'USD', '*', NULL, NULL, min(k.factor), 1,
	(array_agg(k.source ORDER BY k.meter <> 'input'))[1], (array_agg(k.checked_on ORDER BY k.meter <> 'input'))[1], NULL, NULL
FROM kept_multiple AS k
GROUP BY k.provider, k.model, k.region, k.service_tier
HAVING array_agg(k.meter::text ORDER BY k.meter COLLATE "C") @> (SELECT coalesce(array_agg(DISTINCT b.meter::text), '{}') FROM row_out AS b
	WHERE (b.provider, b.model, b.service_tier) = (k.provider, k.model, 'standard') AND b.usd > 0 AND is_token_meter(b.meter)
		AND b.region = CASE WHEN k.service_tier = 'standard' THEN '' ELSE k.region END);

INSERT INTO row_out
SELECT k.provider, k.model, k.region, k.service_tier, 0, false, NULL, k.valid_from, 'USD', k.meter, NULL, NULL, k.factor, k.unit_quantity,
	k.source, k.checked_on, NULL, NULL
FROM kept_multiple AS k
WHERE NOT EXISTS (SELECT FROM row_out AS o WHERE (o.provider, o.model, o.region, o.service_tier, o.meter) = (k.provider, k.model, k.region, k.service_tier, '*'));

-- A maker's rule is as fresh as the prices that it multiplies.
UPDATE row_out AS m SET checked_on = b.checked_on, source = r.source
FROM rule AS r, (SELECT provider, model, max(checked_on) AS checked_on FROM row_out WHERE service_tier = 'standard' AND region = '' AND meter = 'input' GROUP BY 1, 2) AS b
WHERE m.multiplier = r.factor AND m.provider = r.provider AND m.model ~ r.model AND m.region = coalesce(r.region, '') AND m.service_tier = coalesce(r.service_tier, 'standard')
	AND (b.provider, b.model) = (m.provider, m.model) AND r.of_meter IS NULL AND m.checked_on < b.checked_on;

-- ---------------------------------------------------------------------------
-- JSON: one line an entry, sorted
-- ---------------------------------------------------------------------------
CREATE FUNCTION pg_temp.quoted(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT to_json(value)::text $$;

CREATE TEMP TABLE common AS
SELECT DISTINCT ON (provider) provider, source, checked_on, agreement
FROM (SELECT provider, source, checked_on, agreement, count(*) AS n FROM row_out WHERE agreement IS NOT NULL GROUP BY 1, 2, 3, 4) AS c
ORDER BY provider, n DESC, source, checked_on;

CREATE TEMP TABLE entry AS
SELECT r.provider, r.model, r.region, r.service_tier, r.above_input_tokens, r.valid_from, r.time_windows,
	format('  {"provider": %s, "model": %s', pg_temp.quoted(r.provider), pg_temp.quoted(r.model))
	|| CASE WHEN r.region <> '' THEN format(', "region": %s', pg_temp.quoted(r.region)) ELSE '' END
	|| CASE WHEN r.service_tier <> 'standard' THEN format(', "service_tier": %s', pg_temp.quoted(r.service_tier)) ELSE '' END
	|| CASE WHEN r.above_input_tokens > 0 THEN format(', "above_input_tokens": %s', r.above_input_tokens) ELSE '' END
	|| CASE WHEN r.threshold_inclusive THEN ', "threshold_inclusive": true' ELSE '' END
	|| CASE WHEN r.time_windows IS NOT NULL THEN format(', "time_windows": %s', r.time_windows::text) ELSE '' END
	|| CASE WHEN isfinite(r.valid_from) THEN format(', "valid_from": %s', pg_temp.quoted(
		CASE WHEN r.valid_from AT TIME ZONE 'UTC' = date_trunc('day', r.valid_from AT TIME ZONE 'UTC') THEN to_char(r.valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD')
			ELSE to_char(r.valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END)) ELSE '' END
	|| CASE WHEN r.currency <> 'USD' THEN format(', "currency": %s', pg_temp.quoted(r.currency)) ELSE '' END
	|| format(', "%s": {%s}', r.kind, r.members)
	|| CASE WHEN r.source IS DISTINCT FROM c.source THEN format(', "source": %s', pg_temp.quoted(r.source)) ELSE '' END
	|| CASE WHEN r.checked_on IS DISTINCT FROM c.checked_on THEN format(', "checked_on": "%s"', r.checked_on) ELSE '' END
	|| CASE WHEN r.agreement IS DISTINCT FROM c.agreement AND r.agreement IS NOT NULL THEN format(', "agreement": "%s"', r.agreement) ELSE '' END
	|| CASE WHEN r.note IS NOT NULL THEN format(', "note": %s', pg_temp.quoted(r.note)) ELSE '' END
	|| '}' AS line
FROM (
	SELECT o.provider, o.model, o.region, o.service_tier, o.above_input_tokens, o.threshold_inclusive, o.time_windows, o.valid_from, o.currency,
		o.source, o.checked_on, o.agreement, o.note,
		CASE WHEN o.multiplier IS NOT NULL THEN 'multiplier' WHEN o.currency <> 'USD' THEN 'amount' ELSE 'usd' END AS kind,
		string_agg(format('%s: %s', pg_temp.quoted(o.meter), CASE
			WHEN o.multiplier IS NOT NULL THEN format('"%s"', trim_scale(o.multiplier))
			WHEN coalesce(o.usd, o.amount) IS NULL THEN 'null'
			WHEN o.unit_quantity = CASE WHEN is_token_meter(o.meter) THEN 1000000 ELSE 1 END THEN format('"%s"', trim_scale(coalesce(o.usd, o.amount)))
			ELSE format('{"%s": "%s", "per": %s}', CASE WHEN o.currency <> 'USD' THEN 'amount' ELSE 'usd' END, trim_scale(coalesce(o.usd, o.amount)), o.unit_quantity) END), ', '
			ORDER BY array_position(ARRAY['*', 'input', 'output', 'cache_read', 'cache_write', 'cache_write_1h', 'reasoning'], o.meter), o.meter) AS members
	FROM row_out AS o
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
) AS r JOIN common AS c USING (provider);

-- ---------------------------------------------------------------------------
-- Aliases: those that there were, and what a new name is another spelling of
-- ---------------------------------------------------------------------------
CREATE TEMP TABLE alias_out AS
SELECT a.alias, a.provider, a.model, a.region, a.valid_from, a.source, a.checked_on
FROM model_alias AS a WHERE a.version <= 1000;

INSERT INTO alias_out
SELECT DISTINCT ON (r.alias) r.alias, r.provider, coalesce(n.model, r.model), '', '-infinity'::timestamptz, (SELECT e.label FROM edition AS e WHERE e.catalog = r.catalog), r.read_on
FROM raw AS r LEFT JOIN renamed AS n ON (n.provider, n.name) = (r.provider, r.model)
WHERE r.kind = 'alias' AND r.catalog LIKE 'genai-prices%' AND r.alias !~ '[/*#]|latest' AND r.provider IN (SELECT provider FROM maker) AND r.alias <> r.model
	AND EXISTS (SELECT FROM entry AS e WHERE (e.provider, e.model) = (r.provider, coalesce(n.model, r.model)))
	AND NOT EXISTS (SELECT FROM entry AS e WHERE e.model = r.alias OR e.provider || '/' || e.model = r.alias)
	AND NOT EXISTS (SELECT FROM alias_out AS a WHERE a.alias = r.alias)
ORDER BY r.alias, r.provider;

-- Vertex AI writes the date of a model behind an @.
INSERT INTO alias_out
SELECT DISTINCT ON (r.model) r.model, 'google', regexp_replace(r.model, '@\d{8}$', ''), '', '-infinity'::timestamptz, (SELECT e.label FROM edition AS e WHERE e.catalog = r.catalog), r.read_on
FROM raw AS r
WHERE r.kind = 'price' AND r.provider = 'google-vertex' AND r.model ~ '@\d{8}$'
	AND EXISTS (SELECT FROM entry AS e WHERE (e.provider, e.model) = ('google', regexp_replace(r.model, '@\d{8}$', '')))
	AND NOT EXISTS (SELECT FROM alias_out AS a WHERE a.alias = r.model)
ORDER BY r.model, r.read_on DESC;

CREATE TEMP TABLE alias_line AS
SELECT a.provider, a.alias, a.valid_from, format('  {"alias": %s, "provider": %s, "model": %s', pg_temp.quoted(a.alias), pg_temp.quoted(a.provider), coalesce(pg_temp.quoted(a.model), 'null'))
	|| CASE WHEN a.region <> '' THEN format(', "region": %s', pg_temp.quoted(a.region)) ELSE '' END
	|| CASE WHEN isfinite(a.valid_from) THEN format(', "valid_from": "%s"', to_char(a.valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD')) ELSE '' END
	|| CASE WHEN a.source IS DISTINCT FROM c.source THEN format(', "source": %s', pg_temp.quoted(a.source)) ELSE '' END
	|| CASE WHEN a.checked_on IS DISTINCT FROM c.checked_on THEN format(', "checked_on": "%s"', a.checked_on) ELSE '' END || '}' AS line
FROM alias_out AS a JOIN common AS c USING (provider);

-- Lines of all files, each behind the name of its provider.
CREATE TEMP TABLE file_note (provider text, note text);
\copy file_note FROM 'build/prices/notes.tsv' WITH (FORMAT csv, DELIMITER E'\t')

\pset format unaligned
\pset tuples_only on
\pset fieldsep '\t'
\o build/prices/lines.tsv
SELECT provider, line FROM (
	SELECT c.provider, 0 AS part, 0::bigint AS n, format(E'{\n"inferacct": 1,%s\n"source": %s,\n"checked_on": "%s",\n"agreement": "%s",\n"prices": [',
		E'\n"note": ' || pg_temp.quoted(f.note) || ',', pg_temp.quoted(c.source), c.checked_on, c.agreement) AS line
	FROM common AS c LEFT JOIN file_note AS f USING (provider)
	UNION ALL
	SELECT provider, 1, row_number() OVER w, line || CASE WHEN lead(line) OVER w IS NULL THEN '' ELSE ',' END
	FROM entry WINDOW w AS (PARTITION BY provider ORDER BY model COLLATE "C", region, service_tier COLLATE "C" <> 'standard', service_tier COLLATE "C", above_input_tokens, time_windows IS NOT NULL, valid_from, line COLLATE "C")
	UNION ALL
	SELECT c.provider, 2, 0, CASE WHEN EXISTS (SELECT FROM alias_line AS a WHERE a.provider = c.provider) THEN E'],\n"aliases": [' ELSE ']' END FROM common AS c
	UNION ALL
	SELECT provider, 3, row_number() OVER w, line || CASE WHEN lead(line) OVER w IS NULL THEN E'\n]' ELSE ',' END
	FROM alias_line WINDOW w AS (PARTITION BY provider ORDER BY alias COLLATE "C", valid_from)
	UNION ALL
	SELECT provider, 4, 0, '}' FROM common
) AS f ORDER BY provider COLLATE "C", part, n;
\o
