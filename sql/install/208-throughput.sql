-- throughput: what a model on some GPUs gives when nobody has measured it.
--
-- Invariant: a roofline: prefill is bound by arithmetic, decoding by what has to be read from memory
-- for each token of a batch, and the batch by the memory that the weights leave for keys
-- and values.  Servers reach a part of it; the part, and its range, are those of recorded
-- runs.  An estimate is used only where a deployment has no figure, and said to be one.

CREATE TABLE gpu_spec (
	valid_from			timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version				bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	gpu					text NOT NULL CHECK (gpu <> ''),
	memory_gb			numeric NOT NULL CHECK (memory_gb > 0 AND memory_gb < 'Infinity'),
	gb_per_second		numeric NOT NULL CHECK (gb_per_second > 0 AND gb_per_second < 'Infinity'),
	tflops_16			numeric NOT NULL CHECK (tflops_16 > 0 AND tflops_16 < 'Infinity'),
	tflops_8			numeric CHECK (tflops_8 > 0 AND tflops_8 < 'Infinity'),
	watts				numeric CHECK (watts > 0 AND watts < 'Infinity'),
	source				text,
	checked_on			date,
	attributes			jsonb,
	PRIMARY KEY (gpu, valid_from, version)
);

COMMENT ON TABLE gpu_spec IS
'What a GPU can do at most, by its maker, append-only: memory (GB of 1e9 bytes), memory bandwidth, dense arithmetic. '
'What estimate_throughput() computes with.';
COMMENT ON COLUMN gpu_spec.tflops_16 IS 'Dense 16-bit tensor operations, 1e12 a second.';
COMMENT ON COLUMN gpu_spec.tflops_8 IS 'The same with 8-bit floating point; NULL: it has none, and works in 16 bits.';
COMMENT ON COLUMN gpu_spec.watts IS 'Power at most.';

SELECT inferacct_internal.make_versioned('gpu_spec', false);
GRANT SELECT ON gpu_spec TO PUBLIC;
SELECT pg_extension_config_dump('inferacct.gpu_spec', 'WHERE version > 1000');

CREATE FUNCTION inferacct_internal.gpu_spec_in_force(gpu text, at timestamptz) RETURNS gpu_spec
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	found_row	gpu_spec;
BEGIN
	PERFORM check_finite(at);
	SELECT s.* INTO found_row
	FROM gpu_spec s JOIN price_version v USING (version)
	WHERE s.gpu = gpu_spec_in_force.gpu AND s.valid_from <= at AND v.published_at <= price_horizon()
	ORDER BY in_force_order(s.valid_from, v.published_at, s.version) DESC LIMIT 1;
	IF FOUND THEN
		RETURN found_row;
	END IF;
	PERFORM fail_none_in_force(format('no figures of GPU "%s"', gpu), at, 'GPUs', (SELECT array_agg(known.gpu)
		FROM (SELECT DISTINCT s.gpu FROM gpu_spec s JOIN price_version v USING (version)
			WHERE s.valid_from <= at AND v.published_at <= price_horizon() ORDER BY s.gpu LIMIT 20) AS known),
		'gpu_spec');
END $$;

COMMENT ON FUNCTION gpu_spec_in_force(text, timestamptz) IS
'The row of table gpu_spec that holds at a time, as known now (or at inferacct.as_of). NULL gives NULL. '
'Errors: IA301 there is none, 22008 an infinite time.';

-- Bytes that the weights take, at so many bits each or as they are published.
CREATE FUNCTION inferacct_internal.weight_bytes(profile model_profile, bits numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN bits IS NULL THEN coalesce(profile.published_gb * 1000000000, profile.parameters * 2)
	ELSE profile.parameters * bits / 8 END;

COMMENT ON FUNCTION weight_bytes(model_profile, numeric) IS
'Bytes of a model''s weights at so many bits; NULL: as its maker publishes them (its own precision for each tensor), '
'or else 16 bits.';

CREATE FUNCTION inferacct_internal.cache_bytes(profile model_profile, context_tokens numeric, kv_bytes numeric)
	RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN profile.latent_dim IS NOT NULL THEN profile.layers * profile.latent_dim * kv_bytes * context_tokens
	ELSE 2 * profile.kv_heads * profile.head_dim * kv_bytes
		* ((profile.layers - coalesce(profile.window_layers, 0)) * context_tokens
		+ coalesce(profile.window_layers, 0) * least(context_tokens, coalesce(profile.window_tokens,
			context_tokens))) END;

COMMENT ON FUNCTION cache_bytes(model_profile, numeric, numeric) IS
'Bytes of the KV cache of a request of so many tokens: layers with a sliding window keep no more than the window.';

CREATE FUNCTION inferacct_internal.held_at_once(profile model_profile, spec gpu_spec, gpus integer, tokens numeric,
	bits numeric DEFAULT NULL, kv_bytes numeric DEFAULT 2) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN greatest(0, div(gpus * spec.memory_gb * 900000000 - inferacct_internal.weight_bytes(profile, bits),
	nullif(inferacct_internal.cache_bytes(profile, tokens, kv_bytes), 0)));

COMMENT ON FUNCTION held_at_once(model_profile, gpu_spec, integer, numeric, numeric, numeric) IS
'How many requests of so many tokens the memory of so many GPUs holds at once beside the weights, a tenth of it left '
'free. NULL for an unknown profile or GPU.';

CREATE FUNCTION estimate_throughput(model text, gpu text, gpus integer, input_tokens numeric, output_tokens numeric,
	concurrency numeric DEFAULT 256, bits numeric DEFAULT NULL, kv_bytes numeric DEFAULT 2,
		at timestamptz DEFAULT now(),
	OUT prefill_tokens_per_second numeric, OUT decode_tokens_per_second numeric, OUT requests_per_second numeric,
	OUT low numeric, OUT high numeric, OUT "limit" text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	-- Parts of the roofline that recorded runs reached (docs/breakeven.md): usually, and the range of most.
	usual		CONSTANT numeric := 0.4;
	least_part	CONSTANT numeric := 0.2;
	most_part	CONSTANT numeric := 0.6;
	profile		model_profile := model_in_force(model, at);
	spec		gpu_spec := gpu_spec_in_force(gpu, at);
	weights		numeric;
	active		numeric;
	batch		numeric;
	seconds_read	numeric;		-- of a step of the batch, to read memory
	seconds_done	numeric;		-- and to compute
	flops		numeric;
	roof		numeric;			-- requests a second
BEGIN
	IF num_nulls(model, gpu, gpus, input_tokens, output_tokens, concurrency, kv_bytes, at) > 0 THEN
		RETURN;
	END IF;
	PERFORM check_figure('gpus', gpus, 1), check_figure('input_tokens', input_tokens, 0),
		check_figure('output_tokens', output_tokens, 0), check_figure('concurrency', concurrency, 1),
		check_figure('bits', bits, 0, 64, above_least => true), check_figure('kv_bytes', kv_bytes, 0,
			above_least => true),
		check_figure('input_tokens + output_tokens', input_tokens + output_tokens, 0, above_least => true);
	weights := weight_bytes(profile, bits);
	active := coalesce(profile.active_parameters, profile.parameters);
	flops := 1000000000000 * gpus * CASE WHEN weights * 8 <= profile.parameters * 9
		THEN coalesce(spec.tflops_8, spec.tflops_16) ELSE spec.tflops_16 END;
	batch := least(concurrency, held_at_once(profile, spec, gpus, input_tokens + output_tokens, bits, kv_bytes));
	IF batch < 1 THEN
		"limit" := 'memory: the model and one request do not fit';
		RETURN;
	END IF;
	-- Of a mixture of experts, a batch reads those that its tokens are sent to.
	seconds_read := (weights * (1 - power(1 - round(active / profile.parameters, 10), batch))
		+ batch * cache_bytes(profile, input_tokens + output_tokens / 2, kv_bytes))
		/ (gpus * spec.gb_per_second * 1000000000);
	seconds_done := 2 * active * batch / flops;
	roof := 1 / (input_tokens * 2 * active / flops + output_tokens * greatest(seconds_read, seconds_done) / batch);
	prefill_tokens_per_second := round(usual * flops / (2 * active), 1);
	decode_tokens_per_second := round(usual * batch / greatest(seconds_read, seconds_done), 1);
	requests_per_second := round(usual * roof, 4);
	low := round(least_part * roof, 4);
	high := round(most_part * roof, 4);
	"limit" := CASE WHEN batch < concurrency THEN format('memory: %s requests at once', batch)
		WHEN output_tokens * greatest(seconds_read, seconds_done) / batch < input_tokens * 2 * active / flops
			THEN 'arithmetic of prefill'
		WHEN seconds_read > seconds_done THEN 'memory bandwidth of decoding' ELSE 'arithmetic of decoding' END;
END $$;

COMMENT ON FUNCTION estimate_throughput(text, text, integer, numeric, numeric, numeric, numeric, numeric,
	timestamptz) IS
'What a model of model_profile may give on so many GPUs of gpu_spec, for requests of input_tokens and output_tokens, '
'`concurrency` of them at once: prompt tokens a second of a replica that only reads, answer tokens of one that only '
'writes (as table deployment has them), requests a second of both, and low to high, the range of these. A roofline '
'times 0.4 (0.2 to 0.6), the part that eight of eleven recorded runs reached (arXiv:2606.11690). '
'bits: of a weight (NULL: as the maker publishes them, or 16); kv_bytes: of a cached number. limit: what bounds it; '
'where the model does not fit that says so and the figures are NULL. NULL arguments give NULLs. '
'Errors: IA301 unknown model or GPU, 22023.';
