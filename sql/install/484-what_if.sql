-- what_if: what a log would have cost with other models, caches, tiers, regions or prices.
--
-- Invariant: both costs are of the same requests, exact, each at its own prices:
-- a request that has no price on either side is in neither, and is counted.

CREATE FUNCTION inferacct_internal.reshaped(usage usage, input_ratio bigint, output_ratio bigint, hit_rate bigint)
RETURNS usage
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'reshaped';

COMMENT ON FUNCTION reshaped(usage, bigint, bigint, bigint) IS
'A usage as another model would count it: text tokens of the prompt and of the answer times a ratio, and that share of '
'the text of the prompt read from a cache (-1: as it is), all in 1e-9; counts are rounded to whole tokens, half up. '
'More reads are taken in proportion from plain input and writes, fewer become plain input. NULL gives NULL. '
'Errors: 22023 a figure out of range, 22003 a count that does not fit.';

CREATE TYPE inferacct_internal.model_change AS (
	model text, input_ratio bigint, output_ratio bigint, hit_rate bigint, service_tier text, region text,
	price_factor numeric
);

COMMENT ON TYPE model_change IS
'What what_if() does to the requests of a model: another model (NULL: the same), ratios and hit rate as reshaped() '
'takes them, tier and region (NULL: the request''s), and a factor on the price';

CREATE FUNCTION inferacct_internal.billionths(name text, figure numeric, at_most numeric) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure(name, figure, 0, at_most);
	RETURN round(figure * 1000000000);
END $$;

COMMENT ON FUNCTION billionths(text, numeric, numeric) IS
'A figure from 0 to at_most in 1e-9, as reshaped() takes it. NULL gives NULL. Error 22023 out of range.';

-- The change of one entry, over what holds for all.
CREATE FUNCTION inferacct_internal.model_change(name text, entry jsonb, hit_rate numeric, service_tier text,
	region text)
RETURNS model_change
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	known CONSTANT text[] := '{model,input_ratio,output_ratio,hit_rate,service_tier,region,price_factor}';
	stated jsonb := CASE WHEN jsonb_typeof(entry) = 'string' THEN jsonb_build_object('model', entry) ELSE entry END;
	wrong text;
	change model_change;
	factor numeric;
BEGIN
	IF jsonb_typeof(stated) IS DISTINCT FROM 'object' THEN
		PERFORM inferacct_internal.fail('22023', format('"%s" cannot be replaced by %s', name, left(entry::text, 60)),
			hint => 'Give the name of a model, or an object with keys such as model and output_ratio.');
	END IF;
	SELECT s.key INTO wrong FROM jsonb_each(stated) AS s
	WHERE NOT s.key = ANY (known) OR jsonb_typeof(s.value) IS DISTINCT FROM
		CASE WHEN s.key IN ('model', 'service_tier', 'region') THEN 'string' ELSE 'number' END
	ORDER BY s.key COLLATE "C" LIMIT 1;
	IF wrong IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023', format('what replaces "%s" cannot have %s %s', name, wrong,
				left((stated -> wrong)::text, 60)),
			'The texts model, service_tier and region are known, and the numbers input_ratio, output_ratio, '
				'hit_rate and price_factor.');
	END IF;
	factor := coalesce((stated ->> 'price_factor')::numeric, 1);
	PERFORM check_figure('price_factor', factor, 0, 1000);
	change := ROW(stated ->> 'model',
		billionths('input_ratio', coalesce((stated ->> 'input_ratio')::numeric, 1), 1000),
		billionths('output_ratio', coalesce((stated ->> 'output_ratio')::numeric, 1), 1000),
		coalesce(billionths('hit_rate', coalesce((stated ->> 'hit_rate')::numeric, hit_rate), 1), -1),
		coalesce(stated ->> 'service_tier', service_tier), coalesce(stated ->> 'region', region), factor);
	RETURN change;
END $$;

COMMENT ON FUNCTION model_change(text, jsonb, numeric, text, text) IS
'What an entry of what_if()''s model_map says: the name of a model, or an object. '
'Error 22023 an entry that cannot be read, or a figure out of range.';

CREATE FUNCTION inferacct_internal.model_changes(model_map jsonb, hit_rate numeric, service_tier text, region text,
	at timestamptz, OUT name text, OUT change model_change)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	twice text;
BEGIN
	IF jsonb_typeof(model_map) IS DISTINCT FROM 'object' THEN
		PERFORM inferacct_internal.fail('22023', 'a map of models is not a JSON object',
			hint => 'Give one, such as {"openai/gpt-4o": "openai/gpt-4o-mini"}; "*" stands for every other model.');
	END IF;
	SELECT string_agg(format('"%s"', m.key), ', ' ORDER BY m.key COLLATE "C") INTO twice
		FROM jsonb_object_keys(model_map) AS m(key) GROUP BY resolved_model(m.key, at) HAVING count(*) > 1 LIMIT 1;
	IF twice IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023', format('a map of models has one model twice: %s', twice));
	END IF;
	RETURN QUERY SELECT CASE WHEN m.key = '*' THEN '*' ELSE resolved_model(m.key, at) END,
			model_change(m.key, m.value, hit_rate, service_tier, region) FROM jsonb_each(model_map) AS m;
	IF NOT model_map ? '*' THEN
		RETURN QUERY SELECT '*', model_change('*', '{}', hit_rate, service_tier, region);
	END IF;
END $$;

COMMENT ON FUNCTION model_changes(jsonb, numeric, text, text, timestamptz) IS
'The entries of what_if()''s model_map by what their names mean at a time, and one for every other model ("*"). '
'Errors: 22023 what is no map, or has a model twice.';

-- The rows of a log, or of the rollup where that is exact: a query of (model, usage, at, service_tier, region, before,
-- after), the last two the expressions that price a row as it was and after a change c.
CREATE FUNCTION inferacct_internal.what_if_rows(log regclass, since timestamptz, until timestamptz)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	whole_months boolean;
BEGIN
	IF log = 'inferacct.hourly_spend'::regclass THEN
		IF hour_of(since) <> since OR hour_of(until) <> until THEN
			PERFORM inferacct_internal.fail('22023', 'the rollup has whole hours',
				format('It was asked for [%s, %s).', since, until),
				'Give usage_all as the log, or whole hours of UTC.');
		END IF;
		whole_months := (NOT isfinite(since) OR since = begin_of(month_of(since)))
			AND (NOT isfinite(until) OR until = begin_of(month_of(until)));
		RETURN CASE WHEN whole_months THEN
			$query$SELECT u.model, u.usage, u.first_at AS at, u.last_at, u.min_input, u.max_input, u.aggregated,
				u.service_tier, u.region
			FROM inferacct_internal.rollup_usage AS u
			WHERE u.month >= (CASE WHEN isfinite($1) THEN $1 AT TIME ZONE 'UTC' ELSE $1::timestamp END)::date
				AND u.month < (CASE WHEN isfinite($2) THEN $2 AT TIME ZONE 'UTC' ELSE $2::timestamp END)::date$query$
			ELSE $query$SELECT u.model, u.usage, u.first_at AS at, u.last_at, u.min_input, u.max_input, u.aggregated,
				u.service_tier, u.region
			FROM inferacct_internal.usage_hourly AS u WHERE u.hour >= $1 AND u.hour < $2$query$ END;
	END IF;
	PERFORM check_log(log, '{at,usage,model,service_tier,region}');
	RETURN format(
		'SELECT model, usage, at, at AS last_at, 0::bigint AS min_input, 0::bigint AS max_input, false AS aggregated, '
			'service_tier, region '
			'FROM %s WHERE at >= $1 AND at < $2 AND usage IS NOT NULL AND model IS NOT NULL OFFSET 0', log);
END $$;

COMMENT ON FUNCTION what_if_rows(regclass, timestamptz, timestamptz) IS
'The query by which what_if() and compare_models() read a log in [$1, $2): rows as usage_hourly has them. '
'hourly_spend is the rollup, by months where the span has whole ones. '
'Errors: 22004 no log, 42703 one that lacks columns, 22023 a span of the rollup that does not begin and end with an '
'hour.';

CREATE FUNCTION what_if(log regclass, model_map jsonb, since timestamptz DEFAULT '-infinity',
	until timestamptz DEFAULT 'infinity', at timestamptz DEFAULT NULL, service_tier text DEFAULT NULL,
	region text DEFAULT NULL, hit_rate numeric DEFAULT NULL,
	OUT model text, OUT replaced_by text, OUT requests bigint, OUT usd numeric, OUT usd_before numeric,
	OUT saved_usd numeric, OUT saved_share numeric, OUT unpriced_requests bigint)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	is_rollup boolean := log = 'inferacct.hourly_spend'::regclass;
	rows_query text := what_if_rows(log, since, until);
	known_at timestamptz := coalesce(at, now());
BEGIN
	IF num_nulls(model_map, since, until) > 0 THEN
		PERFORM inferacct_internal.fail('22004', 'what_if() needs a map of models and a span of time',
			hint => 'Give an empty map, {}, to keep every model.');
	END IF;
	IF is_rollup AND EXISTS (SELECT FROM model_changes(model_map, hit_rate, service_tier, region, known_at) AS c
		WHERE ((c.change).input_ratio, (c.change).output_ratio, (c.change).hit_rate)
			IS DISTINCT FROM (1000000000::bigint, 1000000000::bigint, (-1)::bigint)) THEN
		PERFORM inferacct_internal.fail('22023', 'the rollup cannot be repriced with other counts of tokens',
			'input_ratio, output_ratio and hit_rate change the context tier of a request, which only its row tells.',
			'Give usage_all as the log.');
	END IF;
	PERFORM resolve_model((c.change).model, known_at)
		FROM model_changes(model_map, hit_rate, service_tier, region, known_at) AS c WHERE (c.change).model IS NOT NULL;
	RETURN QUERY EXECUTE format($query$
		WITH changes AS MATERIALIZED (
			SELECT * FROM inferacct_internal.model_changes($4, $5, $6, $7, $8)
		), chosen AS (
			SELECT inferacct_internal.resolved_model(r.model, r.at) AS name, r.model AS logged, r.usage, r.at,
				r.last_at, r.min_input, r.max_input, r.aggregated, r.service_tier, r.region FROM (%1$s) AS r
		), changed AS (
			SELECT r.*, (c).model AS new_model, (c).price_factor, coalesce((c).model, r.logged) AS new_name,
				coalesce((c).service_tier, r.service_tier) AS new_tier, coalesce((c).region, r.region) AS new_region,
				CASE WHEN (c).input_ratio = 1000000000 AND (c).output_ratio = 1000000000 AND (c).hit_rate = -1
					THEN r.usage ELSE inferacct_internal.reshaped(r.usage, (c).input_ratio, (c).output_ratio,
						(c).hit_rate) END AS new_usage
			FROM (SELECT r.*, coalesce(named.change, other.change) AS c FROM chosen AS r
				LEFT JOIN changes AS named ON named.name = r.name
				CROSS JOIN (SELECT change FROM changes WHERE name = '*') AS other OFFSET 0) AS r
		), priced AS (
			SELECT r.name, r.new_model, greatest(inferacct.meter(r.usage, 'requests'), 1) AS requests, %2$s AS before,
				%3$s AS after, r.price_factor FROM changed AS r OFFSET 0
		)
		SELECT name, new_model, s.requests, trim_scale(s.after), trim_scale(s.before), trim_scale(s.before - s.after),
			inferacct_internal.exact_quotient(s.before - s.after, nullif(s.before, 0)), s.unpriced
		FROM (
			SELECT p.name, p.new_model, sum(p.requests)::bigint AS requests,
				sum(p.after * p.price_factor) FILTER (WHERE p.before IS NOT NULL) AS after,
				sum(p.before) FILTER (WHERE p.after IS NOT NULL) AS before,
				coalesce(sum(p.requests) FILTER (WHERE p.before IS NULL OR p.after IS NULL), 0)::bigint AS unpriced
			FROM priced AS p GROUP BY p.name, p.new_model
			UNION ALL
			SELECT c.name, (c.change).model, 0, 0, 0, 0 FROM changes AS c
			WHERE c.name <> '*' AND NOT EXISTS (SELECT FROM priced AS p WHERE p.name = c.name)
		) AS s ORDER BY s.before - s.after DESC NULLS LAST, s.name
	$query$, rows_query,
		CASE WHEN is_rollup THEN 'inferacct_internal.rollup_cost(r.logged, r.usage, r.at, r.last_at, r.min_input, '
			'r.max_input, r.aggregated, r.service_tier, r.region)'
		ELSE 'inferacct.token_cost(r.logged, r.usage, r.at, r.service_tier, r.region)' END,
		CASE WHEN is_rollup THEN 'inferacct_internal.rollup_cost(r.new_name, r.usage, coalesce($3, r.at), '
			'coalesce($3, r.last_at), r.min_input, r.max_input, r.aggregated, r.new_tier, r.new_region)'
		ELSE 'inferacct.token_cost(r.new_name, r.new_usage, coalesce($3, r.at), r.new_tier, r.new_region)' END)
	USING since, until, at, model_map, hit_rate, service_tier, region, known_at;
END
$$;

COMMENT ON FUNCTION what_if(regclass, jsonb, timestamptz, timestamptz, timestamptz, text, text, numeric) IS
'What the requests of [since, until) would have cost, by model: usd, beside usd_before, what they did, and saved_usd, '
'their difference; saved_share of usd_before. log: usage_log, usage_all, a relation with its columns, or '
'hourly_spend, the rollup. model_map: an object from a model, by any name, to the one that replaces it, or to an '
'object with model, input_ratio and output_ratio (text tokens for each there was: another tokenizer, longer answers), '
'hit_rate (share of the prompt''s text read from a cache, of each request), service_tier, region and price_factor; '
'"*" is every model that is not named. service_tier, region and hit_rate hold for all that state none of their own. '
'at: the time whose prices hold; NULL: that of each request. A model that stays has a NULL replaced_by; one of the '
'map that the log has not has 0 requests. Under inferacct.unpriced = null requests without a price before or after '
'are in neither sum, and unpriced_requests counts them. Exact. Errors: 22023 a map that cannot be read, or other '
'counts over the rollup; 22004, 42703 the log; IA002 an unknown model; others as token_cost().';
