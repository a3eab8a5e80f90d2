-- compare_models: what one's own log would have cost with each of several models, beside how good they are.
--
-- Invariant: a model is ranked by the cost of all requests, or not at all: one that
-- has no price for some of them has a reason, and no rank.

CREATE TABLE model_quality (
	model		text COLLATE "C" NOT NULL CHECK (model <> ''),
	task		text COLLATE "C" NOT NULL DEFAULT '',
	quality		numeric NOT NULL CHECK (quality BETWEEN 0 AND 1),
	is_own		boolean NOT NULL DEFAULT true,
	samples		bigint CHECK (samples > 0),
	source		text COLLATE "C" NOT NULL CHECK (source <> ''),
	judged_on	date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
	PRIMARY KEY (model, task, source, judged_on)
);

COMMENT ON TABLE model_quality IS
'How good the answers of models are, as somebody judged. compare_models() shows the judgement of a task that is one''s '
'own before that of others, and of these the latest; the task '''' stands for all. None is shipped: benchmarks age.';
COMMENT ON COLUMN model_quality.model IS 'the model, by any name that resolve_model() knows';
COMMENT ON COLUMN model_quality.task IS 'what it was judged at; empty: anything';
COMMENT ON COLUMN model_quality.quality IS 'share of answers that were good enough, 0 to 1';
COMMENT ON COLUMN model_quality.is_own IS 
'whether it was judged on one''s own requests, which goes before what others say';
COMMENT ON COLUMN model_quality.samples IS 'how many answers were judged; NULL: not known';
COMMENT ON COLUMN model_quality.source IS 'who judged, and where that is written';
COMMENT ON COLUMN model_quality.judged_on IS 'when (UTC); of two of one kind the latest counts';
SELECT pg_extension_config_dump('model_quality', '');

CREATE FUNCTION inferacct_internal.quality_of(model text, task text, at timestamptz)
RETURNS model_quality
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT q FROM model_quality AS q
	WHERE resolved_model(q.model, $3) = resolved_model($1, $3) AND q.task IN ($2, '')
	ORDER BY q.is_own DESC, q.task = $2 DESC, q.judged_on DESC, q.source LIMIT 1
$$;

COMMENT ON FUNCTION quality_of(text, text, timestamptz) IS
'The judgement of a model that counts for a task: one''s own first, then that of the task before that of any, then '
'the latest. NULL when there is none.';

CREATE FUNCTION compare_models(log regclass, models text[], since timestamptz DEFAULT '-infinity',
	until timestamptz DEFAULT 'infinity', at timestamptz DEFAULT NULL, service_tier text DEFAULT NULL,
	region text DEFAULT NULL, hit_rate numeric DEFAULT NULL, task text DEFAULT '',
	OUT rank integer, OUT model text, OUT requests bigint, OUT usd numeric, OUT usd_per_request numeric,
	OUT usd_before numeric, OUT saved_usd numeric, OUT saved_share numeric, OUT quality numeric,
	OUT usd_per_good_answer numeric, OUT quality_source text, OUT unpriced_requests bigint, OUT reason text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 5
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	is_rollup boolean := log = 'inferacct.hourly_spend'::regclass;
	rows_query text := what_if_rows(log, since, until);
	change model_change;
BEGIN
	IF num_nulls(models, since, until, task) > 0 OR array_position(models, NULL) IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22004', 'compare_models() needs names of models and a span of time');
	END IF;
	IF is_rollup AND hit_rate IS NOT NULL THEN
		PERFORM inferacct_internal.fail('22023', 'the rollup cannot be repriced with other counts of tokens',
			'A hit rate is one of each request.', 'Give usage_all as the log.');
	END IF;
	change := model_change('*', '{}', hit_rate, service_tier, region);
	RETURN QUERY EXECUTE format($query$
		WITH asked AS (
			SELECT m.model, min(m.place) AS place FROM unnest($4) WITH ORDINALITY AS m(model, place) GROUP BY m.model
		), rows AS (
			SELECT r.*, coalesce($5, r.service_tier) AS new_tier, coalesce($6, r.region) AS new_region,
				CASE WHEN $7 = -1 THEN r.usage ELSE inferacct_internal.reshaped(r.usage, 1000000000, 1000000000, $7)
					END AS new_usage FROM (%1$s) AS r
		), priced AS (
			SELECT a.model AS name, greatest(inferacct.meter(r.usage, 'requests'), 1) AS requests, %2$s AS before,
				%3$s AS after, r.usage, r.new_usage, coalesce($3, r.at) AS at, r.min_input, r.max_input, r.aggregated,
				r.new_tier, r.new_region
			FROM rows AS r CROSS JOIN asked AS a OFFSET 0
		), summed AS (
			SELECT p.name, sum(p.requests)::bigint AS requests, sum(p.after) AS after, sum(p.before) AS before,
				coalesce(sum(p.requests) FILTER (WHERE p.after IS NULL), 0)::bigint AS unpriced,
				coalesce(sum(p.requests) FILTER (WHERE p.before IS NULL), 0)::bigint AS unpriced_before,
				min(CASE WHEN p.after IS NULL THEN coalesce(inferacct_internal.rollup_problem(p.name, p.new_usage,
					p.at, p.at, %4$s, p.aggregated, p.new_tier, p.new_region), 'a cost out of range') END) AS problem
			FROM priced AS p GROUP BY p.name
		), judged AS (
			SELECT a.model, a.place, coalesce(s.requests, 0) AS requests, s.before, coalesce(s.unpriced, 0) AS unpriced,
				CASE WHEN s.unpriced = 0 THEN s.after END AS after, s.unpriced_before, s.problem,
				inferacct_internal.quality_of(a.model, $8, coalesce($3, now())) AS quality
			FROM asked AS a LEFT JOIN summed AS s ON s.name = a.model
		)
		SELECT CASE WHEN j.after IS NOT NULL THEN (rank() OVER (ORDER BY j.after))::integer END, j.model, j.requests,
			trim_scale(j.after), inferacct_internal.exact_quotient(j.after, nullif(j.requests, 0)),
			trim_scale(j.before),
			CASE WHEN j.unpriced_before = 0 THEN trim_scale(j.before - j.after) END,
			CASE WHEN j.unpriced_before = 0 THEN inferacct_internal.exact_quotient(j.before - j.after,
				nullif(j.before, 0)) END,
			(j.quality).quality,
			inferacct_internal.exact_quotient(j.after, nullif(j.requests * (j.quality).quality, 0)),
			(j.quality).source, j.unpriced,
			CASE WHEN j.requests = 0 THEN 'the log has no request in that time'
				WHEN j.unpriced > 0
					THEN format('%%s of %%s requests have no price: %%s', j.unpriced, j.requests, j.problem)
				WHEN j.unpriced_before > 0 THEN format('%%s requests have no price as they were, so nothing can be '
					'said of what is saved: see unpriced_usage', j.unpriced_before) END
		FROM judged AS j ORDER BY j.after, j.place
	$query$, rows_query,
		CASE WHEN is_rollup THEN 'inferacct_internal.rollup_cost(r.model, r.usage, r.at, r.last_at, r.min_input, '
			'r.max_input, r.aggregated, r.service_tier, r.region)'
		ELSE 'inferacct.token_cost(r.model, r.usage, r.at, r.service_tier, r.region)' END,
		CASE WHEN is_rollup THEN 'inferacct_internal.rollup_cost(a.model, r.usage, coalesce($3, r.at), '
			'coalesce($3, r.last_at), r.min_input, r.max_input, r.aggregated, r.new_tier, r.new_region)'
		ELSE 'inferacct.token_cost(a.model, r.new_usage, coalesce($3, r.at), r.new_tier, r.new_region)' END,
		CASE WHEN is_rollup THEN 'p.min_input, p.max_input'
		ELSE 'inferacct.input_tokens(p.new_usage), inferacct.input_tokens(p.new_usage)' END)
	USING since, until, at, models, change.service_tier, change.region, change.hit_rate, task;
END
$$;

COMMENT ON FUNCTION compare_models(regclass, text[], timestamptz, timestamptz, timestamptz, text, text, numeric,
	text) IS
'What all requests of [since, until) would have cost with each of these models, the cheapest first: usd, per request, '
'and saved_usd, the difference to usd_before, what they did cost; saved_share of that. '
'log, at, service_tier, region and hit_rate as in what_if(). quality: that of model_quality for the task, one''s own '
'judgement first, with its source; usd_per_good_answer: usd by requests times quality; NULL where nobody judged. '
'A model without a price for some request (unpriced_requests) has no rank and no usd, and a reason. '
'Exact. The same under any inferacct.unpriced. Errors: 22004 a NULL, 22023, 42703 the log or its span.';
