-- economics cases: test/cases/economics.json gives exactly what it states, and
-- ../shared/cases/economics_cases.json, when it is there, what its verdicts say.
--
-- Every expected figure of a case is looked up among the figures that its group
-- computes: one that nothing computes fails, too.
\set ON_ERROR_STOP on
\set own `cat test/cases/economics.json`
\set corpus `cat "${INFERACCT_SHARED:-../shared}/cases/economics_cases.json" 2>/dev/null || true`

BEGIN;
SET search_path = inferacct, inferacct_internal, public;

CREATE FUNCTION pg_temp.figure(c jsonb, name text, otherwise numeric DEFAULT NULL) RETURNS numeric LANGUAGE sql AS
$$ SELECT coalesce((c -> 'inputs' ->> name)::numeric, otherwise) $$;

-- What each group of cases computes, by the names that cases use.
CREATE FUNCTION pg_temp.breakeven_figures(c jsonb) RETURNS jsonb LANGUAGE sql AS
$$
	SELECT jsonb_build_object('status', b.status, 'first', b.first_mtok, 'permanent', b.permanent_mtok, 'n_events', b.crossings,
		'naive', b.naive_mtok, 'naive_mtok', b.naive_mtok, 'floor', b.floor_usd_per_mtok, 'per_mtok_at_full', b.floor_usd_per_mtok,
		'capacity_mtok', b.capacity_mtok)
	FROM breakeven(pg_temp.figure(c, 'replica_usd'),
		pg_temp.figure(c, 'capacity_mtok', capacity_mtok(pg_temp.figure(c, 'tok_s'), pg_temp.figure(c, 'hours'), pg_temp.figure(c, 'utilization', 1))),
		pg_temp.figure(c, 'price'), fixed_usd => pg_temp.figure(c, 'fixed_usd', 0), spare_replicas => pg_temp.figure(c, 'spare', 0),
		redundancy => pg_temp.figure(c, 'redundancy', 1), marginal_usd_per_mtok => pg_temp.figure(c, 'marginal', 0),
		min_replicas => pg_temp.figure(c, 'min_replicas', 1), max_replicas => pg_temp.figure(c, 'max_replicas')) b
$$;

CREATE FUNCTION pg_temp.capacity_figures(c jsonb) RETURNS jsonb LANGUAGE sql AS
$$
	SELECT jsonb_build_object('exact_mtok', CASE WHEN c -> 'inputs' ? 'tok_s'
		THEN capacity_mtok(pg_temp.figure(c, 'tok_s'), pg_temp.figure(c, 'hours'), pg_temp.figure(c, 'utilization', 1))
		ELSE capacity_mtok(pg_temp.figure(c, 'prefill_tok_s'), pg_temp.figure(c, 'decode_tok_s'),
			usage(input => pg_temp.figure(c, 'input')::bigint, output => pg_temp.figure(c, 'output')::bigint,
				cache_read => pg_temp.figure(c, 'cached', 0)::bigint),
			pg_temp.figure(c, 'hours'), pg_temp.figure(c, 'utilization', 1)) END)
$$;

-- A purchase pays back from what its whole capacity would have cost by the API.
CREATE FUNCTION pg_temp.payback_figures(c jsonb) RETURNS jsonb LANGUAGE sql AS
$$
	SELECT jsonb_build_object('exact_months', payback_months(pg_temp.figure(c, 'upfront_usd'),
		pg_temp.figure(c, 'api_usd', capacity_mtok(pg_temp.figure(c, 'tok_s'), pg_temp.figure(c, 'hours'))
			* (pg_temp.figure(c, 'input_share') * pg_temp.figure(c, 'price_in') + (1 - pg_temp.figure(c, 'input_share')) * pg_temp.figure(c, 'price_out'))),
		pg_temp.figure(c, 'opex_usd', power_usd(pg_temp.figure(c, 'gpus'), pg_temp.figure(c, 'gpu_watts'), pg_temp.figure(c, 'usd_kwh'), pg_temp.figure(c, 'hours'))),
		pg_temp.figure(c, 'monthly_rate', 0)))
$$;

CREATE FUNCTION pg_temp.sizing_figures(c jsonb) RETURNS jsonb LANGUAGE sql AS
$$
	SELECT CASE WHEN c -> 'inputs' ? 'layers'
		THEN jsonb_build_object('bytes_per_token', token_bytes, 'bytes_4096', trim_scale(model_memory_gb(1, 8, token_bytes, 4096) * 1000000000 - 1))
		ELSE jsonb_build_object('weights_gb', weights_gb, 'memory_gb', memory_gb,
			'gpus', gpus_required(weights_gb, pg_temp.figure(c, 'gpu_gb'), memory_gb - weights_gb,
				pg_temp.figure(c, 'memory_utilization'), 0, pg_temp.figure(c, 'kv_heads'))) END
	FROM coalesce(kv_bytes_per_token(pg_temp.figure(c, 'layers'), pg_temp.figure(c, 'kv_heads'), pg_temp.figure(c, 'head_dim'), pg_temp.figure(c, 'bytes')),
			kv_bytes_per_token_mla(pg_temp.figure(c, 'layers'), pg_temp.figure(c, 'latent_dim'), pg_temp.figure(c, 'bytes'))) token_bytes,
		model_memory_gb(pg_temp.figure(c, 'parameters'), pg_temp.figure(c, 'bits')) weights_gb,
		model_memory_gb(pg_temp.figure(c, 'parameters'), pg_temp.figure(c, 'bits'), pg_temp.figure(c, 'kv_bytes_per_token'),
			pg_temp.figure(c, 'context_tokens'), pg_temp.figure(c, 'concurrency')) memory_gb
$$;

CREATE FUNCTION pg_temp.price_figures(c jsonb) RETURNS jsonb LANGUAGE plpgsql AS
$$
DECLARE
	input	numeric := pg_temp.figure(c, 'input_tok', pg_temp.figure(c, 'input_mtok') * 1000000);
	output	numeric := pg_temp.figure(c, 'output_tok', pg_temp.figure(c, 'output_mtok') * 1000000);
	usd		numeric;
BEGIN
	PERFORM set_price('economics-cases', c ->> 'id', 'input', pg_temp.figure(c, 'price_in')),
		set_price('economics-cases', c ->> 'id', 'output', pg_temp.figure(c, 'price_out')),
		set_price('economics-cases', c ->> 'id', 'requests', pg_temp.figure(c, 'per_request', 0), unit_quantity => 1);
	usd := token_cost('economics-cases/' || (c ->> 'id'), input::bigint, output::bigint);
	RETURN jsonb_build_object('exact_usd', usd, 'blended_per_mtok', exact_quotient(usd * 1000000, input + output),
		'simple_avg_per_mtok', (pg_temp.figure(c, 'price_in') + pg_temp.figure(c, 'price_out')) * 0.5);
END
$$;

CREATE FUNCTION pg_temp.figures(c jsonb) RETURNS jsonb LANGUAGE sql AS
$$
	SELECT CASE
		WHEN c ->> 'group' = 'token_cost' THEN pg_temp.price_figures(c)
		WHEN c ->> 'group' = 'breakeven_naive' THEN jsonb_build_object('exact_mtok',
			exact_quotient(breakeven(pg_temp.figure(c, 'monthly_usd'), pg_temp.figure(c, 'price')), 1000000))
		WHEN c ->> 'group' = 'breakeven_staircase' OR c -> 'inputs' ? 'replica_usd' THEN pg_temp.breakeven_figures(c)
		WHEN c ->> 'group' = 'capacity' THEN pg_temp.capacity_figures(c)
		WHEN c ->> 'group' = 'payback_months' THEN pg_temp.payback_figures(c)
		WHEN c ->> 'group' = 'power' THEN jsonb_build_object('exact_usd', power_usd(pg_temp.figure(c, 'gpus'), pg_temp.figure(c, 'watts'),
			pg_temp.figure(c, 'usd_kwh'), pg_temp.figure(c, 'hours'), pg_temp.figure(c, 'pue', 1)))
		WHEN c ->> 'group' = 'gpu_sizing' THEN pg_temp.sizing_figures(c)
		WHEN c ->> 'group' LIKE 'effective\_cost%' THEN jsonb_build_object(
			'c_eff_per_mtok', usd, 'c_naive_per_mtok', (c -> 'expected' ->> 'c_naive_per_mtok')::numeric,
			'penalty', exact_quotient(usd, (c -> 'expected' ->> 'c_naive_per_mtok')::numeric))
		WHEN c -> 'inputs' ? 'onprem' THEN jsonb_build_object(
			'ratio', exact_quotient(pg_temp.figure(c, 'api'), pg_temp.figure(c, 'onprem')),
			'saving', 1 - exact_quotient(pg_temp.figure(c, 'onprem2'), pg_temp.figure(c, 'cloud2')))
		ELSE '{}' END
	FROM effective_usd_per_mtok(pg_temp.figure(c, 'fleet_usd_hour'), pg_temp.figure(c, 'tps_output'), pg_temp.figure(c, 'utilization', 1)) usd
$$;

CREATE TEMP TABLE own AS
SELECT n, c, pg_temp.figures(c) AS figures FROM jsonb_array_elements(:'own') WITH ORDINALITY AS l(c, n);

CREATE TEMP TABLE corpus AS
SELECT n, c, pg_temp.figures(c) AS figures
FROM jsonb_array_elements(coalesce(nullif(:'corpus', ''), '[]')::jsonb) WITH ORDINALITY AS l(c, n)
WHERE c ->> 'group' IN ('breakeven_staircase', 'breakeven_naive', 'capacity', 'payback_months', 'power', 'gpu_sizing', 'token_cost', 'calculator')
	OR c ->> 'group' LIKE 'effective\_cost%';

CREATE TEMP VIEW own_figure AS
SELECT n, c ->> 'id' AS id, key, figures ? key AS computed, figures ->> key AS have, value AS want
FROM own, jsonb_each_text(c -> 'expected') ORDER BY n, key;

CREATE TEMP VIEW corpus_figure AS
SELECT n, c, c ->> 'id' AS id, e.key, figures ? e.key AS computed, (figures ->> e.key)::numeric AS have, e.value::numeric AS want
FROM corpus, LATERAL (
	SELECT key, value FROM jsonb_each_text(c -> 'expected') WHERE key NOT LIKE 'printed%' AND key <> 'exact'
	UNION ALL
	SELECT key, value FROM jsonb_each_text(coalesce(c -> 'expected' -> 'exact', '{}'))) e
ORDER BY n, key;

-- Printed figures beside the exact one: those that are called right are its
-- rounding, those that are called otherwise are not.
CREATE TEMP VIEW corpus_printed AS
SELECT n, id, c ->> 'verdict' AS verdict, printed, have,
	coalesce(round(have, scale(printed)) = printed, false) AS agrees
FROM corpus_figure,
	LATERAL (SELECT (CASE WHEN key LIKE 'exact%' THEN c -> 'expected' ->> replace(key, 'exact', 'printed')
		WHEN key = 'first' THEN c -> 'expected' -> 'printed' ->> 'breakeven_mtok'
		WHEN key IN ('ratio', 'saving') THEN c -> 'expected' -> 'printed' ->> key END)::numeric AS printed) p
WHERE printed IS NOT NULL ORDER BY n;

SELECT plan((2 + (SELECT count(*) FROM own_figure) + (SELECT count(*) FROM corpus_figure) + (SELECT count(*) FROM corpus_printed))::int);

SELECT cmp_ok(count(*), '>=', 60::bigint, 'at least 60 cases of our own') FROM own;
SELECT is(count(DISTINCT c ->> 'group'), 8::bigint, 'of eight groups') FROM own;

SELECT ok(computed AND have IS NOT DISTINCT FROM want, format('%s: %s is %s, not %s', id, key, coalesce(want, 'never'), coalesce(have, 'never')))
FROM own_figure;

-- The corpus holds floating point, or figures rounded to some digits.
SELECT ok(computed AND CASE WHEN want IS NULL THEN have IS NULL
		ELSE abs(have - want) <= greatest(abs(want) * 0.000000000001, CASE WHEN c ->> 'group' = 'calculator' THEN 0.5 * 10.0 ^ -scale(want) ELSE 0 END) END,
	format('corpus %s: %s is %s, not %s', id, key, coalesce(want::text, 'never'), coalesce(have::text, 'never')))
FROM corpus_figure;
SELECT is(agrees, verdict LIKE 'right%' OR verdict = 'rounded', format('corpus %s: the printed %s is %s (%s)', id, printed, verdict, coalesce(have::text, 'never')))
FROM corpus_printed;

SELECT diag('economics_cases.json is not there: only the cases of our own were run') WHERE NOT EXISTS (SELECT FROM corpus);
SELECT diag(format('economics_cases.json: %s', string_agg(format('%s %s', grp, cases), ', ' ORDER BY grp)))
FROM (SELECT c ->> 'group' AS grp, count(*) AS cases FROM corpus GROUP BY 1) g HAVING count(*) > 0;

SELECT * FROM finish();
ROLLBACK;
