-- check: is pricing/ right?  Run by `make prices-check`, with the catalogs of make prices.
--
-- Every price that makers' own APIs have in the newest catalog is asked for as a user
-- would, and what explain_price() tells of it; every price in force must be stated by two
-- sources or be marked.
\i pricing/make/1-stated.sql
\i pricing/make/2-decided.sql

CREATE FUNCTION pg_temp.asked(model text, meter text, above bigint, at timestamptz) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	-- One token beyond the threshold, or a thousand, all of the meter that is asked for.
	input bigint := CASE WHEN meter = 'input' THEN greatest(above + 1, 1000) WHEN meter = 'output' THEN above + CASE WHEN above > 0 THEN 1 ELSE 0 END ELSE 0 END;
	per_input numeric := 0;
BEGIN
	IF meter = 'input' THEN
		RETURN token_cost(model, usage(input => input), at) * 1000000 / input;
	ELSIF meter = 'output' THEN
		IF input > 0 THEN per_input := token_cost(model, usage(input => input), at); END IF;
		RETURN (token_cost(model, usage(input => input, output => 1000), at) - per_input) * 1000;
	END IF;
	RETURN token_cost(model, usage(cache_read => greatest(above + 1, 1000)), at) * 1000000 / greatest(above + 1, 1000);
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END $$;

CREATE TEMP TABLE asked AS
SELECT r.provider, r.model, r.meter, r.above_input_tokens, pg_temp.without_noise(r.usd) AS usd,
	pg_temp.asked(r.provider || '/' || r.model, r.meter, r.above_input_tokens, :'today'::timestamptz + interval '12 hours') AS ours,
	m.provider AS own_provider, m.model AS own_model
FROM raw AS r JOIN maker USING (provider)
LEFT JOIN LATERAL (SELECT * FROM resolve_model(r.provider || '/' || r.model, :'today'::timestamptz)) AS m ON true
WHERE r.kind = 'price' AND r.meter IN ('input', 'output', 'cache_read') AND r.region = '' AND r.service_tier = 'standard' AND r.time_windows IS NULL
	AND r.read_on = (SELECT max(read_on) FROM raw);

-- What a user is told of a figure: its confidence, which explain_price() gives of each meter.
CREATE FUNCTION pg_temp.told(model text, meter text, at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT e.confidence FROM explain_price(model, usage(input => CASE WHEN meter = 'input' THEN 1000 ELSE 0 END,
		output => CASE WHEN meter = 'output' THEN 1000 ELSE 0 END, cache_read => CASE WHEN meter = 'cache_read' THEN 1000 ELSE 0 END), at) AS e
		WHERE e.meter = told.meter);
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END $$;

CREATE TEMP TABLE judged AS
SELECT a.*, k.agreement, pg_temp.told(a.provider || '/' || a.model, a.meter, :'today'::timestamptz + interval '12 hours') AS confidence, a.ours IS NOT DISTINCT FROM a.usd
	OR EXISTS (SELECT FROM shipped AS w WHERE (w.provider, w.model, w.meter, w.above_input_tokens) = (a.own_provider, a.own_model, a.meter, a.above_input_tokens)
		AND w.time_windows IS NOT NULL AND w.unit_usd = a.usd) AS is_right
FROM asked AS a
LEFT JOIN LATERAL (SELECT s.agreement FROM shipped AS s
	WHERE s.in_force AND (s.provider, s.model, s.region, s.service_tier, s.meter, s.above_input_tokens) = (a.own_provider, a.own_model, '', 'standard', a.meter, a.above_input_tokens)) AS k ON true;

CREATE TEMP TABLE model_judged AS
SELECT provider, model, bool_and(is_right) AS is_right, bool_or(agreement IN ('single', 'disputed') OR confidence IN ('single source', 'disputed')) AS is_marked,
	bool_or(NOT is_right AND coalesce(confidence, '') NOT IN ('guessed name', 'fallback region', 'fallback meter', 'disputed', 'stale', 'single source')) AS is_silently_wrong
FROM judged GROUP BY 1, 2;

CREATE TEMP TABLE backed AS
SELECT h.*, (SELECT count(DISTINCT o.source) FROM source_of AS o
	WHERE (o.provider, o.model, o.region, o.service_tier, o.meter, o.above_input_tokens) = (h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens)
		-- (a catalog without hours states one of the two prices of a pair that the provider's page has)
		AND (o.usd = h.unit_usd OR EXISTS (SELECT FROM shipped AS w WHERE (w.provider, w.model, w.region, w.service_tier, w.meter, w.above_input_tokens) =
			(h.provider, h.model, h.region, h.service_tier, h.meter, h.above_input_tokens) AND w.time_windows IS NOT NULL AND w.unit_usd = o.usd))) AS sources
FROM shipped AS h WHERE h.in_force;

\pset format aligned
\echo Of makers'' own APIs, what is not as the newest catalog has it:
SELECT provider, model, meter, above_input_tokens AS above, usd AS catalog, ours, agreement, confidence FROM judged WHERE NOT is_right ORDER BY 1, 2, 4, 3;
\echo Of makers'' own APIs, what is marked:
SELECT provider, model, string_agg(DISTINCT confidence, ', ') AS confidence, string_agg(DISTINCT agreement, ', ') AS agreement
FROM judged WHERE agreement IN ('single', 'disputed') OR confidence IN ('single source', 'disputed') GROUP BY 1, 2 ORDER BY 1, 2;
\echo Of all prices in force, those that fewer than two sources state and that are not marked:
SELECT provider, model, region, service_tier, meter, unit_usd, sources, agreement FROM backed WHERE sources < 2 AND agreement IS DISTINCT FROM 'single' AND agreement IS DISTINCT FROM 'disputed';
SELECT count(*) AS in_force, count(*) FILTER (WHERE agreement = 'agreed') AS two_sources, count(*) FILTER (WHERE agreement = 'single') AS single_source, count(*) FILTER (WHERE agreement = 'disputed') AS disputed FROM backed;
SELECT count(*) AS models, count(*) FILTER (WHERE is_right) AS right_to_the_digit, count(*) FILTER (WHERE is_marked) AS marked, count(*) FILTER (WHERE is_silently_wrong) AS silently_wrong FROM model_judged;
DO $$
BEGIN
	IF (SELECT count(*) FILTER (WHERE is_right) < 0.97 * count(*) OR count(*) FILTER (WHERE is_marked) > 0.05 * count(*) OR count(*) FILTER (WHERE is_silently_wrong) > 0 FROM model_judged) THEN
		RAISE EXCEPTION 'the prices of makers are not what the newest catalog states';
	END IF;
	IF EXISTS (SELECT FROM backed WHERE sources < 2 AND agreement IS DISTINCT FROM 'single' AND agreement IS DISTINCT FROM 'disputed') THEN
		RAISE EXCEPTION 'prices of one source are not marked';
	END IF;
END $$;
\echo pricing/ is right
