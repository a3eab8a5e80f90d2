-- deployment: what could serve the load instead of an API, and what it costs.
--
-- Tables are append-only and dated like prices: a row holds from its valid_from
-- until the next row of the same key; of rows with the same key and valid_from
-- the one published later wins.  Amounts are numeric and exact; a replica is
-- gpus_per_replica GPUs that serve one copy of the model.

-- ---------------------------------------------------------------------------
-- Tables
-- ---------------------------------------------------------------------------

CREATE TABLE model_profile (
	valid_from			timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version				bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	context_tokens		bigint CHECK (context_tokens > 0),
	layers				integer NOT NULL CHECK (layers > 0),
	kv_heads			integer CHECK (kv_heads > 0),
	head_dim			integer CHECK (head_dim > 0),
	latent_dim			integer CHECK (latent_dim > 0),
	window_layers		integer CHECK (window_layers > 0),
	window_tokens		integer CHECK (window_tokens > 0),
	model				text NOT NULL CHECK (model <> ''),
	parameters			numeric NOT NULL CHECK (parameters > 0 AND parameters < 'Infinity'),
	published_gb		numeric CHECK (published_gb > 0 AND published_gb < 'Infinity'),
	active_parameters	numeric CHECK (active_parameters > 0 AND active_parameters <= parameters),
	source				text,
	checked_on			date,
	attributes			jsonb,
	PRIMARY KEY (model, valid_from, version),
	CONSTRAINT model_profile_window CHECK ((window_layers IS NULL) = (window_tokens IS NULL)
		AND window_layers <= layers),
	CONSTRAINT model_profile_cache CHECK (num_nonnulls(kv_heads, head_dim) = 2 AND latent_dim IS NULL
		OR num_nonnulls(kv_heads, head_dim) = 0 AND latent_dim IS NOT NULL)
);

COMMENT ON TABLE model_profile IS
'Size of models that can be self-hosted, append-only: what model_memory_gb() and gpus_required() compute with. '
'Keys and values are cached per kv_heads x head_dim (GQA, MHA) or as latent_dim numbers (MLA).';
COMMENT ON COLUMN model_profile.parameters IS 'Parameters, all experts included: all are resident.';
COMMENT ON COLUMN model_profile.active_parameters IS
'Parameters that one token passes through, for a mixture of experts.';
COMMENT ON COLUMN model_profile.window_layers IS
'Layers with a sliding window, which keep keys and values of window_tokens tokens at most; NULL: none.';
COMMENT ON COLUMN model_profile.published_gb IS
'GB (1e9 bytes) of the weights as their maker publishes them, each tensor at its own precision; NULL: at 16 bits.';
COMMENT ON COLUMN model_profile.latent_dim IS
'MLA: numbers kept per token and layer (latent and rotary part) in place of keys and values.';

CREATE TABLE deployment (
	valid_from					timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version						bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	gpus_per_replica			integer NOT NULL DEFAULT 1 CHECK (gpus_per_replica > 0),
	min_replicas				integer NOT NULL DEFAULT 1 CHECK (min_replicas > 0),
	max_replicas				integer CHECK (max_replicas >= min_replicas),
	spare_replicas				integer NOT NULL DEFAULT 0 CHECK (spare_replicas >= 0),
	amortization_months			integer NOT NULL DEFAULT 36 CHECK (amortization_months > 0),
	always_on					boolean NOT NULL DEFAULT false,
	name						text NOT NULL CHECK (name <> ''),
	model						text,
	gpu							text,
	vendor						text,
	term						text NOT NULL DEFAULT 'on_demand'
		CHECK (term IN ('on_demand', 'reserved_1y', 'reserved_3y', 'spot', 'owned')),
	prefill_tokens_per_second	numeric CHECK (prefill_tokens_per_second > 0
		AND prefill_tokens_per_second < 'Infinity'),
	decode_tokens_per_second	numeric CHECK (decode_tokens_per_second > 0 AND decode_tokens_per_second < 'Infinity'),
	capacity_mtok_per_month		numeric CHECK (capacity_mtok_per_month > 0 AND capacity_mtok_per_month < 'Infinity'),
	mix							usage,
	output_weight				numeric CHECK (output_weight > 0 AND output_weight < 'Infinity'),
	target_utilization			numeric NOT NULL DEFAULT 1 CHECK (target_utilization > 0 AND target_utilization <= 1),
	redundancy					numeric NOT NULL DEFAULT 1 CHECK (redundancy >= 1 AND redundancy < 'Infinity'),
	upfront_usd					numeric NOT NULL DEFAULT 0 CHECK (upfront_usd >= 0 AND upfront_usd < 'Infinity'),
	watts						numeric NOT NULL DEFAULT 0 CHECK (watts >= 0 AND watts < 'Infinity'),
	pue							numeric NOT NULL DEFAULT 1 CHECK (pue >= 1 AND pue < 'Infinity'),
	usd_per_kwh					numeric NOT NULL DEFAULT 0 CHECK (usd_per_kwh >= 0 AND usd_per_kwh < 'Infinity'),
	marginal_usd_per_mtok		numeric NOT NULL DEFAULT 0
		CHECK (marginal_usd_per_mtok >= 0 AND marginal_usd_per_mtok < 'Infinity'),
	hours_per_month				numeric CHECK (hours_per_month > 0 AND hours_per_month <= 744),
	source						text,
	checked_on					date,
	attributes					jsonb,
	PRIMARY KEY (name, valid_from, version),
	CONSTRAINT deployment_rented CHECK (term = 'owned' OR gpu IS NOT NULL),
	CONSTRAINT deployment_one_throughput CHECK (capacity_mtok_per_month IS NULL
		OR num_nonnulls(prefill_tokens_per_second, decode_tokens_per_second) = 0),
	CONSTRAINT deployment_capacity_of_mix CHECK (capacity_mtok_per_month IS NULL OR mix IS NOT NULL),
	CONSTRAINT deployment_weight_of_capacity CHECK (output_weight IS NULL OR capacity_mtok_per_month IS NOT NULL)
);

COMMENT ON TABLE deployment IS
'Ways to serve a model oneself, append-only. Throughput is given for prefill and decode apart, or as one capacity '
'with the mix it was measured on and the weight of an answer token. Money columns are USD; '
'those of hardware are per replica.';
COMMENT ON COLUMN deployment.model IS 'The model it serves, as in model_profile; a label here.';
COMMENT ON COLUMN deployment.gpu IS
'GPU, vendor and term name the rows of gpu_price that it rents; vendor NULL: the only one there is; '
'vendor/region where a vendor''s regions differ.';
COMMENT ON COLUMN deployment.term IS
'on_demand, reserved_1y, reserved_3y, spot; owned rents nothing and has upfront_usd.';
COMMENT ON COLUMN deployment.prefill_tokens_per_second IS
'Prompt tokens that a replica that does nothing else reads per second.';
COMMENT ON COLUMN deployment.decode_tokens_per_second IS
'Answer tokens that a replica that does nothing else writes per second, over all its requests.';
COMMENT ON COLUMN deployment.capacity_mtok_per_month IS
'Instead of the two rates: million tokens of `mix` that an always busy replica serves in a month of 730 hours. '
'Without output_weight it is refused (IA303) for an output share more than 10 points away from that of mix.';
COMMENT ON COLUMN deployment.output_weight IS
'With capacity_mtok_per_month: how many prompt tokens an answer token is worth in work (prefill rate / decode rate), '
'so that the capacity answers for any mix. A token read from a cache is then no work. NULL: unknown.';
COMMENT ON COLUMN deployment.target_utilization IS
'Share of full throughput that is planned with; 0.7 leaves 30 % for bursts and latency.';
COMMENT ON COLUMN deployment.min_replicas IS
'Replicas that run whatever the load; max_replicas: how many there can be at all, NULL for no limit.';
COMMENT ON COLUMN deployment.always_on IS
'true: min_replicas run in every hour of a plan, too. false: a plan may stop the last replica where min_replicas is 1; '
'more than that always run.';
COMMENT ON COLUMN deployment.spare_replicas IS 'Replicas beside those that serve (N+s).';
COMMENT ON COLUMN deployment.redundancy IS 'Machines per serving replica: 2 pays every replica twice.';
COMMENT ON COLUMN deployment.upfront_usd IS
'Purchase, or payment on reservation, per replica; spread evenly over amortization_months.';
COMMENT ON COLUMN deployment.watts IS 'Power drawn per GPU, idle or not; times pue, at usd_per_kwh.';
COMMENT ON COLUMN deployment.marginal_usd_per_mtok IS 'What a million tokens costs beyond the machines.';
COMMENT ON COLUMN deployment.hours_per_month IS
'Hours that a month is billed and served: 730 for the average month; NULL: the hours of the calendar month (UTC).';

CREATE TABLE deployment_cost (
	valid_from			timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version				bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	deployment			text NOT NULL CHECK (deployment <> ''),
	item				text NOT NULL CHECK (item <> ''),
	usd_per_month		numeric CHECK (usd_per_month >= 0 AND usd_per_month < 'Infinity'),
	fte					numeric CHECK (fte >= 0 AND fte < 'Infinity'),
	usd_per_fte_year	numeric CHECK (usd_per_fte_year >= 0 AND usd_per_fte_year < 'Infinity'),
	source				text,
	checked_on			date,
	attributes			jsonb,
	PRIMARY KEY (deployment, item, valid_from, version),
	CONSTRAINT deployment_cost_one_kind CHECK (num_nonnulls(usd_per_month, fte) = 1
		AND (fte IS NULL) = (usd_per_fte_year IS NULL))
);

COMMENT ON TABLE deployment_cost IS
'What a deployment costs whatever its size: MLOps, monitoring, infrastructure, updates. Append-only; '
'USD per month, or a fraction of a yearly salary (fte x usd_per_fte_year / 12). '
'A later row of the same item replaces it; 0 ends it.';
COMMENT ON COLUMN deployment_cost.usd_per_fte_year IS
'Full cost of a person for a year: salary with what comes on top of it.';

CREATE TABLE serving_point (
	valid_from			timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version				bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	deployment			text NOT NULL CHECK (deployment <> ''),
	requests_per_second	numeric NOT NULL CHECK (requests_per_second > 0 AND requests_per_second < 'Infinity'),
	tokens_per_second	numeric NOT NULL CHECK (tokens_per_second > 0 AND tokens_per_second < 'Infinity'),
	ttft_p99_ms			numeric CHECK (ttft_p99_ms >= 0),
	tpot_ms				numeric CHECK (tpot_ms >= 0),
	source				text,
	checked_on			date,
	attributes			jsonb,
	PRIMARY KEY (deployment, requests_per_second, valid_from, version)
);

COMMENT ON TABLE serving_point IS
'Measured points of one replica: at so many requests per second it answers with so many output tokens per second, '
'with that time to first token and time per output token. Append-only.';

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['model_profile', 'deployment', 'deployment_cost', 'serving_point']
	LOOP
		PERFORM make_versioned(name, false);
		EXECUTE format('GRANT SELECT ON %I TO PUBLIC', name);
		PERFORM pg_extension_config_dump(format('inferacct.%I', name)::regclass, 'WHERE version > 1000');
	END LOOP;
END $$;

-- ---------------------------------------------------------------------------
-- Arithmetic
-- ---------------------------------------------------------------------------

-- Everything here is numeric.  Sums and products are exact; a quotient is the
-- last step and has 20 decimals.
CREATE FUNCTION inferacct_internal.exact_quotient(dividend numeric, divisor numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 20
RETURN trim_scale(CASE WHEN abs(dividend) >= abs(divisor) * 0.000001
	THEN round(dividend * 1.000000000000000000000000000000 / divisor, 20)
	ELSE dividend * 1.000000000000000000000000000000 / divisor END);

COMMENT ON FUNCTION exact_quotient(numeric, numeric) IS
'dividend / divisor to 20 decimals, more below 1e-6, without trailing zeros: equal quotients of different terms come '
'out equal.';

CREATE FUNCTION inferacct_internal.ceil_quotient(dividend numeric, divisor numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 20
RETURN div(dividend, divisor) + CASE WHEN mod(dividend, divisor) > 0 THEN 1 ELSE 0 END;

COMMENT ON FUNCTION ceil_quotient(numeric, numeric) IS
'The smallest whole number that is at least dividend / divisor, exactly. dividend >= 0, divisor > 0.';

CREATE FUNCTION inferacct_internal.check_figure(name text, figure numeric, at_least numeric,
	at_most numeric DEFAULT NULL,
	above_least boolean DEFAULT false, whole boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF figure IS NULL OR (figure > at_least OR figure = at_least AND NOT above_least)
		AND abs(figure) < 1e30 AND scale(figure) <= 1000
		AND (at_most IS NULL OR figure <= at_most) AND NOT (whole AND figure <> trunc(figure))
	THEN
		RETURN;
	END IF;
	PERFORM inferacct_internal.fail('22023', format('%s cannot be %s', name, left(trim_scale(figure)::text, 60)),
		format('It must be %s%s %s%s.', CASE WHEN whole THEN 'a whole number, ' ELSE '' END,
				CASE WHEN above_least THEN 'above' ELSE 'at least' END, at_least,
				coalesce(' and at most ' || at_most,
					CASE WHEN figure < 'Infinity' AND abs(figure) >= 1e30 THEN ' and below 1e30'
					WHEN scale(figure) > 1000 THEN ', with at most 1000 decimals' END)),
		'See \df+ of the function for the unit of each argument.');
END $$;

COMMENT ON FUNCTION check_figure(text, numeric, numeric, numeric, boolean, boolean) IS
'Refuses (22023) a figure that is below at_least (or at it, when above_least), above at_most, 1e30 or more, infinite, '
'NaN, of more than 1000 decimals or, when whole, not a whole number. NULL passes.';

CREATE FUNCTION inferacct_internal.check_figures(name text, figures numeric[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure(name, lowest, 0), check_figure(name, highest, 0), check_figure(name, finest, 0)
	FROM (SELECT min(figure), max(figure), (array_agg(figure ORDER BY scale(figure) DESC NULLS LAST))[1]
		FROM unnest(figures) AS figure)
		AS f (lowest, highest, finest);
END $$;

COMMENT ON FUNCTION check_figures(text, numeric[]) IS
'Refuses (22023) figures of which one is below 0 or not as check_figure() has it; elements that are NULL pass.';

CREATE FUNCTION inferacct_internal.check_finite(at timestamptz) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT isfinite(at) THEN
		PERFORM inferacct_internal.fail('22008', 'at must be a finite time');
	END IF;
END $$;

COMMENT ON FUNCTION check_finite(timestamptz) IS 'Refuses (22008) an infinite time. NULL passes.';

CREATE FUNCTION inferacct_internal.hours_in_month(at timestamptz) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	month timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
BEGIN
	PERFORM check_finite(at);
	RETURN trim_scale(extract(epoch FROM month + interval '1 month' - month) / 3600);
END $$;

COMMENT ON FUNCTION hours_in_month(timestamptz) IS
'Hours of the UTC calendar month of `at`: 672, 696, 720 or 744. NULL gives NULL. Errors: 22008 an infinite time.';

-- The smallest part of which every month has a whole number of hours' worth:
-- the least common multiple of 672, 696, 720 and 744.
CREATE FUNCTION inferacct_internal.month_parts(starts timestamptz, ends timestamptz) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT sum(div(extract(epoch FROM least(month + interval '1 month', upto) - greatest(month, since)) * 9061920,
		extract(epoch FROM month + interval '1 month' - month)))
	FROM (SELECT starts AT TIME ZONE 'UTC' AS since, ends AT TIME ZONE 'UTC' AS upto) span,
		generate_series(date_trunc('month', since), CASE WHEN check_span(starts, ends) THEN upto END,
			interval '1 month') month
	WHERE month < upto
$$;

COMMENT ON FUNCTION month_parts(timestamptz, timestamptz) IS
'UTC calendar months from one full hour to a later one in units of 1/9061920 month, which is exact: a part of a month '
'is its share of that month''s hours. Errors: 22008 an infinite time, 54000 more than 1000 years.';

CREATE FUNCTION capacity_mtok(tokens_per_second numeric, hours numeric DEFAULT 730, utilization numeric DEFAULT 1)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('tokens_per_second', tokens_per_second, 0, above_least => true);
	PERFORM check_figure('hours', hours, 0, above_least => true);
	PERFORM check_figure('utilization', utilization, 0, 1, above_least => true);
	RETURN trim_scale(tokens_per_second * hours * 3600 * utilization * 0.000001);
END $$;

COMMENT ON FUNCTION capacity_mtok(numeric, numeric, numeric) IS
'Million tokens that tokens_per_second serve in `hours` hours at that utilization, exactly. NULL gives NULL. '
'Errors: 22023 a figure of 0 or less, utilization above 1.';

CREATE FUNCTION capacity_mtok(prefill_tokens_per_second numeric, decode_tokens_per_second numeric, mix usage,
	hours numeric DEFAULT 730, utilization numeric DEFAULT 1)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	tokens	numeric := input_tokens(mix)::numeric + output_tokens(mix);
	work	numeric;
BEGIN
	PERFORM check_figure('prefill_tokens_per_second', prefill_tokens_per_second, 0, above_least => true);
	PERFORM check_figure('decode_tokens_per_second', decode_tokens_per_second, 0, above_least => true);
	PERFORM check_figure('hours', hours, 0, above_least => true);
	PERFORM check_figure('utilization', utilization, 0, 1, above_least => true);
	work := (input_tokens(mix) - cached_tokens(mix)) * decode_tokens_per_second + output_tokens(mix)
		* prefill_tokens_per_second;
	IF work = 0 THEN
		PERFORM inferacct_internal.fail('22023', 'the mix has no tokens to prefill or decode');
	END IF;
	RETURN exact_quotient(tokens * prefill_tokens_per_second * decode_tokens_per_second * hours * 3600 * utilization,
		work * 1000000);
END $$;

COMMENT ON FUNCTION capacity_mtok(numeric, numeric, usage, numeric, numeric) IS
'Million tokens of the mix that one replica serves in `hours` hours at that utilization, when prefill and decode '
'share its time: hours x 3600 x utilization / (input / prefill rate + output / decode rate). '
'Tokens read from a cache need no prefill. NULL gives NULL. Errors: 22023 a figure of 0 or less, utilization above 1, '
'a mix without work.';

CREATE FUNCTION inferacct_internal.power_usd(gpus numeric, watts numeric, usd_per_kwh numeric,
	hours numeric DEFAULT 730, pue numeric DEFAULT 1)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('gpus', gpus, 0);
	PERFORM check_figure('watts', watts, 0);
	PERFORM check_figure('usd_per_kwh', usd_per_kwh, 0);
	PERFORM check_figure('hours', hours, 0);
	PERFORM check_figure('pue', pue, 1);
	RETURN trim_scale(gpus * watts * 0.001 * usd_per_kwh * hours * pue);
END $$;

COMMENT ON FUNCTION power_usd(numeric, numeric, numeric, numeric, numeric) IS
'USD of electricity for so many GPUs drawing `watts` each during `hours` hours, exactly. '
'pue: power of the whole site per power of the machines. NULL gives NULL. '
'Errors: 22023 a negative figure, pue below 1.';

CREATE FUNCTION effective_usd_per_mtok(usd_per_hour numeric, tokens_per_second numeric, utilization numeric DEFAULT 1)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('usd_per_hour', usd_per_hour, 0);
	PERFORM check_figure('tokens_per_second', tokens_per_second, 0, above_least => true);
	PERFORM check_figure('utilization', utilization, 0, 1, above_least => true);
	RETURN exact_quotient(usd_per_hour * 1000000, tokens_per_second * 3600 * utilization);
END $$;

COMMENT ON FUNCTION effective_usd_per_mtok(numeric, numeric, numeric) IS
'USD per million tokens of machines that cost usd_per_hour (all of them together) and give tokens_per_second when '
'busy, busy during `utilization` of the time. A figure that leaves utilization out is low by a factor of 1 / '
'utilization. NULL gives NULL. Errors: 22023 a negative price, throughput or utilization of 0 or less, utilization '
'above 1.';

CREATE FUNCTION payback_months(upfront_usd numeric, api_usd_per_month numeric, opex_usd_per_month numeric,
	monthly_rate numeric DEFAULT 0)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	saved	numeric := api_usd_per_month - opex_usd_per_month;
	growth	numeric := 1.000000000000000000000000000000 + monthly_rate;
BEGIN
	PERFORM check_figure('upfront_usd', upfront_usd, 0);
	PERFORM check_figure('api_usd_per_month', api_usd_per_month, 0);
	PERFORM check_figure('opex_usd_per_month', opex_usd_per_month, 0);
	PERFORM check_figure('monthly_rate', monthly_rate, 0);
	IF saved <= 0 OR upfront_usd * monthly_rate >= saved THEN
		RETURN NULL;
	ELSIF monthly_rate = 0 OR upfront_usd = 0 THEN
		RETURN exact_quotient(upfront_usd, saved);
	END IF;
	RETURN exact_quotient(-ln(1 - upfront_usd * monthly_rate * 1.000000000000000000000000000000 / saved), ln(growth));
END $$;

COMMENT ON FUNCTION payback_months(numeric, numeric, numeric, numeric) IS
'Months until a purchase of upfront_usd is earned back by what it saves each month: upfront / (API - running cost); '
'with a monthly_rate of interest (0.01 for 1 %), -ln(1 - rate x upfront / saving) / ln(1 + rate). '
'NULL when it never is: nothing is saved, or the saving does not pay the interest. A NULL argument gives NULL. '
'Errors: 22023 a negative figure.';

-- ---------------------------------------------------------------------------
-- What holds at a time
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.fail_none_in_force(message text, at timestamptz, label text, known text[],
	relation text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.fail('IA301', message, format('No row of that name is valid at %s.', at)
		|| hidden_note(),
		coalesce(format('Known %s are: %s.', label, array_to_string(known, ', ')),
			format('INSERT it into table %s.', relation)));
END $$;

COMMENT ON FUNCTION fail_none_in_force(text, timestamptz, text, text[], text) IS
'Raises IA301: no row of a name holds at a time. known: names of rows that do, called label; '
'NULL: the relation has none.';

CREATE FUNCTION inferacct_internal.deployment_in_force(deployment text, at timestamptz) RETURNS deployment
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	found_row	deployment;
BEGIN
	PERFORM check_finite(at);
	SELECT d.* INTO found_row
	FROM deployment d JOIN price_version v USING (version)
	WHERE d.name = deployment_in_force.deployment AND d.valid_from <= at AND v.published_at <= price_horizon()
	ORDER BY in_force_order(d.valid_from, v.published_at, d.version) DESC LIMIT 1;
	IF FOUND THEN
		RETURN found_row;
	END IF;
	PERFORM fail_none_in_force(format('unknown deployment "%s"', deployment), at, 'deployments',
		(SELECT array_agg(known.name)
		FROM (SELECT DISTINCT d.name FROM deployment d JOIN price_version v USING (version)
			WHERE d.valid_from <= at AND v.published_at <= price_horizon() ORDER BY d.name LIMIT 10) AS known),
				'deployment');
END $$;

COMMENT ON FUNCTION deployment_in_force(text, timestamptz) IS
'The row of table deployment that holds at a time, as known now (or at inferacct.as_of). NULL gives NULL. '
'Errors: IA301 there is none, 22008 an infinite time.';

CREATE FUNCTION inferacct_internal.gpu_offers(gpu text, vendor text, term text, at timestamptz)
RETURNS TABLE (gpu text, vendor text, region text, term text, usd_per_hour numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT g.gpu, g.vendor, g.region, g.term, g.usd_per_hour
	FROM (
		SELECT DISTINCT ON (p.gpu, p.vendor, p.region, p.term) p.*
		FROM gpu_price p JOIN price_version v USING (version)
		WHERE ($1 IS NULL OR p.gpu = $1) AND ($2 IS NULL OR p.vendor = $2) AND ($3 IS NULL OR p.term = $3)
			AND p.valid_from <= at AND v.published_at <= price_horizon()
		ORDER BY p.gpu, p.vendor, p.region, p.term, in_force_order(p.valid_from, v.published_at, p.version) DESC
	) g
	WHERE g.usd_per_hour IS NOT NULL
$$;

COMMENT ON FUNCTION gpu_offers(text, text, text, timestamptz) IS
'The rents of GPUs in USD per hour in force at a time, by vendor, region and term, as known now (or at '
'inferacct.as_of), without those withdrawn. NULL gpu, vendor or term: any. The one rule of what a GPU costs.';

CREATE FUNCTION inferacct_internal.gpu_rents(gpu text, vendor text, term text, at timestamptz)
RETURNS TABLE (of_gpu text, of_vendor text, of_term text, usd_per_hour numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT DISTINCT o.gpu, o.name, o.term, o.usd_per_hour
	FROM (
		SELECT g.*, CASE WHEN g.vendor || '/' || g.region = gpu_rents.vendor THEN gpu_rents.vendor
				WHEN g.region = '' OR min(g.usd_per_hour) OVER one = max(g.usd_per_hour) OVER one THEN g.vendor
				ELSE g.vendor || '/' || g.region END AS name,
			bool_or(g.region = '') OVER one AS has_base
		FROM gpu_offers(gpu_rents.gpu, NULL, gpu_rents.term, at) AS g
		WHERE gpu_rents.vendor IS NULL OR gpu_rents.vendor IN (g.vendor, g.vendor || '/' || g.region)
		WINDOW one AS (PARTITION BY g.gpu, g.vendor, g.term)
	) AS o
	WHERE NOT (o.has_base AND o.name <> o.vendor AND o.vendor = gpu_rents.vendor)
	ORDER BY 1, 2, 3
$$;

COMMENT ON FUNCTION gpu_rents(text, text, text, timestamptz) IS
'gpu_offers() by vendor: a vendor with one price in all its regions by its name, others as vendor/region, which is '
'how a region is asked for; a vendor''s price without a region is what its name means. NULL gpu, vendor or term: any.';

CREATE FUNCTION gpu_usd_per_hour(gpu text, vendor text, term text, at timestamptz DEFAULT now()) RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	vendors	text[];
	rents	numeric[];
	known	text;
BEGIN
	IF gpu IS NULL OR term IS NULL OR at IS NULL THEN
		RETURN NULL;
	END IF;
	SELECT array_agg(r.of_vendor), array_agg(r.usd_per_hour) INTO vendors, rents
		FROM gpu_rents(gpu, vendor, term, at) r;
	IF cardinality(rents) = 1 THEN
		RETURN rents[1];
	ELSIF cardinality(rents) > 1 THEN
		PERFORM inferacct_internal.fail('IA302', format('several vendors rent out %s on term %s', gpu, term),
			format('Prices at %s are known from: %s.', at, array_to_string(vendors, ', ')),
			'Name the vendor.');
	END IF;
	IF EXISTS (SELECT FROM gpu_rents(gpu, NULL, NULL, at)) THEN
		SELECT string_agg(concat_ws(' ', r.of_gpu, r.of_vendor, r.of_term), ', ') INTO known
		FROM gpu_rents(gpu, NULL, NULL, at) AS r;
	ELSE
		SELECT string_agg(DISTINCT r.of_gpu, ', ' ORDER BY r.of_gpu) INTO known
		FROM gpu_rents(NULL, NULL, NULL, at) AS r;
	END IF;
	PERFORM inferacct_internal.fail('IA302',
		format('no price of %s on term %s', gpu || coalesce(' from ' || vendor, ''), term),
		format('None is valid at %s.', at) || hidden_note(),
		coalesce('Known are: ' || left(known, 900) || '.', 'INSERT it into table gpu_price.'));
END $$;

COMMENT ON FUNCTION gpu_usd_per_hour(text, text, text, timestamptz) IS
'Rent of one GPU in USD per hour at a time, as known now (or at inferacct.as_of). '
'vendor NULL: the only vendor that has it on that term. NULL gpu, term or time gives NULL. '
'Errors: IA302 no price, or several vendors.';

-- Work is counted so that it stays whole: a token weighs what makes a replica's
-- hour of work a whole number, too, whenever the rates are.
CREATE TYPE inferacct_internal.deployment_work AS (
	input		numeric,
	cached		numeric,
	output		numeric,
	per_hour	numeric
);

COMMENT ON TYPE deployment_work IS
'Weights of a token by kind (prefilled, cached, decoded), and the work that an always busy replica does in an hour, '
'in the same unit.';

CREATE FUNCTION inferacct_internal.deployment_work(d deployment, input_tokens numeric, cached_tokens numeric,
	output_tokens numeric)
RETURNS deployment_work
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	tokens		numeric := input_tokens + cached_tokens + output_tokens;
	mix_tokens	numeric := input_tokens(d.mix)::numeric + output_tokens(d.mix);
	mix_work	numeric := input_tokens(d.mix) - cached_tokens(d.mix) + d.output_weight * output_tokens(d.mix);
	missing		text := CASE WHEN d.capacity_mtok_per_month IS NOT NULL THEN NULL
		WHEN input_tokens > 0 AND d.prefill_tokens_per_second IS NULL THEN 'prefill_tokens_per_second'
		WHEN output_tokens > 0 AND d.decode_tokens_per_second IS NULL THEN 'decode_tokens_per_second' END;
BEGIN
	IF missing IS NOT NULL THEN
		PERFORM inferacct_internal.fail('IA303', format('deployment "%s" has no %s', d.name, missing),
			format('The mix has %s tokens to prefill and %s to decode.', input_tokens, output_tokens),
			'State prefill_tokens_per_second and decode_tokens_per_second, or capacity_mtok_per_month with its mix.');
	ELSIF input_tokens + output_tokens = 0 THEN
		PERFORM inferacct_internal.fail('22023', 'the mix has no tokens to prefill or decode',
			hint => 'A mix is a usage in the proportions of the load, such as usage(600, 400).');
	ELSIF d.capacity_mtok_per_month IS NULL THEN
		RETURN ROW(coalesce(d.decode_tokens_per_second, 1), 0, coalesce(d.prefill_tokens_per_second, 1),
			3600 * coalesce(d.prefill_tokens_per_second, 1) * coalesce(d.decode_tokens_per_second, 1))::deployment_work;
	ELSIF mix_work > 0 THEN
		RETURN ROW(730 * mix_tokens, 0, 730 * mix_tokens * d.output_weight, d.capacity_mtok_per_month * 1000000
			* mix_work)::deployment_work;
	ELSIF mix_tokens = 0 OR abs(output_tokens * mix_tokens - output_tokens(d.mix) * tokens) * 10 > tokens * mix_tokens
		THEN
		PERFORM inferacct_internal.fail('IA303', format('the capacity of deployment "%s" was stated for another mix',
			d.name),
			format('Of its tokens %s %% are output, of the load''s %s %%: more than 10 points apart.',
					round(100 * output_tokens(d.mix) / nullif(mix_tokens, 0), 1),
					round(100 * output_tokens / tokens, 1)),
			'Decoding is slower than prefilling: state output_weight beside the capacity, or '
			'prefill_tokens_per_second and decode_tokens_per_second instead, or the capacity for this mix.');
	END IF;
	RETURN ROW(730, 730, 730, d.capacity_mtok_per_month * 1000000)::deployment_work;
END $$;

COMMENT ON FUNCTION deployment_work(deployment, numeric, numeric, numeric) IS
'How the deployment counts work for a load of so many tokens to prefill, cached and to decode. '
'With rates: seconds are input / prefill rate + output / decode rate, times both rates; '
'with one capacity: by output_weight, or every token alike, 730 hours a month. '
'Errors: IA303 a throughput is missing, or the capacity has no output_weight and is of a mix whose output share '
'differs by more than 10 points; 22023 a mix without work.';

CREATE FUNCTION inferacct_internal.deployment_costs(deployment text, at timestamptz) RETURNS SETOF deployment_cost
LANGUAGE sql STABLE PARALLEL SAFE COST 20 ROWS 5
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT DISTINCT ON (c.item) c.*
	FROM deployment_cost c JOIN price_version v USING (version)
	WHERE c.deployment = deployment_costs.deployment AND c.valid_from <= at AND v.published_at <= price_horizon()
	ORDER BY c.item, in_force_order(c.valid_from, v.published_at, c.version) DESC
$$;

COMMENT ON FUNCTION deployment_costs(text, timestamptz) IS
'The rows of deployment_cost that hold at a time, one for each item, as known now (or at inferacct.as_of).';

CREATE TYPE inferacct_internal.deployment_bill AS (
	hours			numeric,
	rent_usd		numeric,
	power_usd		numeric,
	upfront_usd		numeric,
	upfront_months	numeric,
	monthly_usd		numeric,
	yearly_usd		numeric
);

COMMENT ON TYPE deployment_bill IS
'What a deployment is billed, every figure exact: of one replica the rent and power per month of `hours` and the '
'purchase over upfront_months; of the whole deployment the monthly costs and yearly salaries.';

CREATE FUNCTION inferacct_internal.deployment_bill(d deployment, at timestamptz, hours numeric DEFAULT NULL)
	RETURNS deployment_bill
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	bill	deployment_bill;
BEGIN
	PERFORM check_figure('hours', hours, 0, 744, above_least => true);
	bill.hours := coalesce(hours, d.hours_per_month, hours_in_month(at));
	bill.rent_usd := CASE WHEN d.term = 'owned' THEN 0
		ELSE gpu_usd_per_hour(d.gpu, d.vendor, d.term, at) * d.gpus_per_replica * bill.hours END;
	bill.power_usd := power_usd(d.gpus_per_replica, d.watts, d.usd_per_kwh, bill.hours, d.pue);
	bill.upfront_usd := d.upfront_usd;
	bill.upfront_months := d.amortization_months;
	SELECT coalesce(sum(c.usd_per_month), 0), coalesce(sum(c.fte * c.usd_per_fte_year), 0)
	INTO bill.monthly_usd, bill.yearly_usd
	FROM deployment_costs(d.name, at) c;
	RETURN bill;
END $$;

COMMENT ON FUNCTION deployment_bill(deployment, timestamptz, numeric) IS
'The bill of a deployment by the prices and costs valid at a time. hours: of the month; '
'NULL takes the deployment''s hours_per_month, or else the calendar month. Errors: IA302 no GPU price, 22023 hours.';

CREATE FUNCTION capacity_mtok(deployment text, mix usage, at timestamptz DEFAULT now(), hours numeric DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	d		deployment := deployment_in_force(deployment, at);
	input	numeric := input_tokens(mix) - cached_tokens(mix);
	cached	numeric := cached_tokens(mix);
	output	numeric := output_tokens(mix);
	work	deployment_work;
BEGIN
	IF d IS NULL OR mix IS NULL THEN
		RETURN NULL;
	END IF;
	PERFORM check_figure('hours', hours, 0, 744, above_least => true);
	work := deployment_work(d, input, cached, output);
	RETURN exact_quotient(
		work.per_hour * coalesce(hours, d.hours_per_month, hours_in_month(at)) * d.target_utilization
			* (input + cached + output),
		(input * work.input + cached * work.cached + output * work.output) * 1000000);
END $$;

COMMENT ON FUNCTION capacity_mtok(text, usage, timestamptz, numeric) IS
'Million tokens of the mix that one replica of the deployment serves in a month at its target utilization. '
'hours: of the month; NULL takes the deployment''s hours_per_month, or else the calendar month of `at`. '
'NULL deployment, mix or time gives NULL. Errors: IA301 unknown deployment, IA303 its throughput does not answer for '
'the mix, 22023 hours.';

CREATE FUNCTION inferacct_internal.serving_tokens_per_second(deployment text, ttft_p99_ms numeric DEFAULT NULL,
	tpot_ms numeric DEFAULT NULL,
	at timestamptz DEFAULT now())
RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 20
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	-- Points by throughput; a latency never falls where more is served.
	WITH held AS (
		SELECT DISTINCT ON (s.requests_per_second) s.tokens_per_second, s.ttft_p99_ms, s.tpot_ms
		FROM serving_point s JOIN price_version v USING (version)
		WHERE s.deployment = serving_tokens_per_second.deployment AND s.valid_from <= at
			AND v.published_at <= price_horizon()
		ORDER BY s.requests_per_second, in_force_order(s.valid_from, v.published_at, s.version) DESC
	), frontier AS (
		SELECT tokens_per_second AS tokens,
			max(held.ttft_p99_ms) OVER points AS ttft, max(held.tpot_ms) OVER points AS tpot
		FROM held WINDOW points AS (ORDER BY tokens_per_second)
	), segment AS (
		SELECT lag(tokens) OVER points AS before, tokens,
			lag(ttft) OVER points AS ttft_before, ttft, lag(tpot) OVER points AS tpot_before, tpot
		FROM frontier WINDOW points AS (ORDER BY tokens)
	), reached AS (
		-- The share of the way from the point before that each target allows.
		SELECT before, tokens,
			CASE WHEN serving_tokens_per_second.ttft_p99_ms IS NULL OR ttft <= serving_tokens_per_second.ttft_p99_ms
				THEN 1
				WHEN ttft_before <= serving_tokens_per_second.ttft_p99_ms
				THEN (serving_tokens_per_second.ttft_p99_ms - ttft_before) / (ttft - ttft_before) END AS by_ttft,
			CASE WHEN serving_tokens_per_second.tpot_ms IS NULL OR tpot <= serving_tokens_per_second.tpot_ms THEN 1
				WHEN tpot_before <= serving_tokens_per_second.tpot_ms
				THEN (serving_tokens_per_second.tpot_ms - tpot_before) / (tpot - tpot_before) END AS by_tpot
		FROM segment
	)
	SELECT trim_scale(max(CASE WHEN least(by_ttft, by_tpot) = 1 THEN tokens
		ELSE before + (tokens - before) * least(by_ttft, by_tpot) END))
	FROM reached WHERE by_ttft IS NOT NULL AND by_tpot IS NOT NULL
$$;

COMMENT ON FUNCTION serving_tokens_per_second(text, numeric, numeric, timestamptz) IS
'Output tokens per second that one replica of the deployment was measured to give with a p99 time to first token of '
'at most ttft_p99_ms and a time per output token of at most tpot_ms (NULL: no such target), linear between points of '
'serving_point. A latency is taken never to fall as throughput rises. NULL when no point keeps the targets, or none '
'is known.';
