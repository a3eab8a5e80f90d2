-- sizing: which GPUs a model needs.
--
-- Units: bytes, and GB of 1e9 bytes as GPUs are sold.  Everything is exact
-- numeric; counts are whole.

CREATE FUNCTION kv_bytes_per_token(layers numeric, kv_heads numeric, head_dim numeric, kv_bytes numeric DEFAULT 2)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('layers', layers, 1, whole => true);
	PERFORM check_figure('kv_heads', kv_heads, 1, whole => true);
	PERFORM check_figure('head_dim', head_dim, 1, whole => true);
	PERFORM check_figure('kv_bytes', kv_bytes, 0, above_least => true);
	RETURN trim_scale(2 * layers * kv_heads * head_dim * kv_bytes);
END $$;

COMMENT ON FUNCTION kv_bytes_per_token(numeric, numeric, numeric, numeric) IS
'Bytes of the cached keys and values of one token: 2 x layers x kv_heads x head_dim x kv_bytes (2 for FP16, '
'1 for FP8). kv_heads are the key-value heads of grouped-query attention, not the attention heads. NULL gives NULL. '
'Errors: 22023.';

CREATE FUNCTION inferacct_internal.kv_bytes_per_token_mla(layers numeric, latent_dim numeric,
	kv_bytes numeric DEFAULT 2) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('layers', layers, 1, whole => true);
	PERFORM check_figure('latent_dim', latent_dim, 1, whole => true);
	PERFORM check_figure('kv_bytes', kv_bytes, 0, above_least => true);
	RETURN trim_scale(layers * latent_dim * kv_bytes);
END $$;

COMMENT ON FUNCTION kv_bytes_per_token_mla(numeric, numeric, numeric) IS
'Bytes cached for one token under multi-head latent attention: layers x latent_dim x kv_bytes, where latent_dim is the '
'latent plus the rotary part (512 + 64 for DeepSeek-V3). NULL gives NULL. Errors: 22023.';

CREATE FUNCTION model_memory_gb(parameters numeric, bits numeric DEFAULT 16, kv_bytes_per_token numeric DEFAULT 0,
	context_tokens numeric DEFAULT 0, concurrency numeric DEFAULT 1)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('parameters', parameters, 0, above_least => true);
	PERFORM check_figure('bits', bits, 0, 64, above_least => true);
	PERFORM check_figure('kv_bytes_per_token', kv_bytes_per_token, 0);
	PERFORM check_figure('context_tokens', context_tokens, 0);
	PERFORM check_figure('concurrency', concurrency, 0);
	RETURN trim_scale((parameters * bits * 0.125 + kv_bytes_per_token * context_tokens * concurrency) * 0.000000001);
END $$;

COMMENT ON FUNCTION model_memory_gb(numeric, numeric, numeric, numeric, numeric) IS
'GB (1e9 bytes) that a model holds: weights of `parameters` at so many bits each (16 FP16, 8 FP8, 4 to 4.5 with '
'scales AWQ), and the KV cache of `concurrency` requests of context_tokens tokens. NULL gives NULL. Errors: 22023.';

CREATE FUNCTION kv_cache_tokens(gpus numeric, gpu_gb numeric, weights_gb numeric, kv_bytes_per_token numeric,
	memory_utilization numeric DEFAULT 0.9, overhead_gb numeric DEFAULT 0)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	left_gb	numeric := gpus * (gpu_gb * memory_utilization - overhead_gb) - weights_gb;
BEGIN
	PERFORM check_figure('gpus', gpus, 1, whole => true);
	PERFORM check_figure('gpu_gb', gpu_gb, 0, above_least => true);
	PERFORM check_figure('weights_gb', weights_gb, 0);
	PERFORM check_figure('kv_bytes_per_token', kv_bytes_per_token, 0, above_least => true);
	PERFORM check_figure('memory_utilization', memory_utilization, 0, 1, above_least => true);
	PERFORM check_figure('overhead_gb', overhead_gb, 0);
	RETURN CASE WHEN left_gb >= 0 THEN div(left_gb * 1000000000, kv_bytes_per_token) END;
END $$;

COMMENT ON FUNCTION kv_cache_tokens(numeric, numeric, numeric, numeric, numeric, numeric) IS
'Tokens of context that fit beside the weights on so many GPUs of gpu_gb GB each, of which memory_utilization is used '
'and overhead_gb per GPU is lost; divide by the mean context for the requests that can run at once. '
'NULL when the weights themselves do not fit. A NULL argument gives NULL. Errors: 22023.';

CREATE FUNCTION gpus_required(weights_gb numeric, gpu_gb numeric, kv_gb numeric DEFAULT 0,
	memory_utilization numeric DEFAULT 0.9,
	overhead_gb numeric DEFAULT 0, kv_heads numeric DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	usable_gb	numeric := gpu_gb * memory_utilization - overhead_gb;
	gpus		integer := 1;
BEGIN
	IF num_nulls(weights_gb, gpu_gb, kv_gb, memory_utilization, overhead_gb) > 0 THEN
		RETURN NULL;
	END IF;
	PERFORM check_figure('weights_gb', weights_gb, 0, above_least => true);
	PERFORM check_figure('gpu_gb', gpu_gb, 0, above_least => true);
	PERFORM check_figure('kv_gb', kv_gb, 0);
	PERFORM check_figure('memory_utilization', memory_utilization, 0, 1, above_least => true);
	PERFORM check_figure('overhead_gb', overhead_gb, 0);
	PERFORM check_figure('kv_heads', kv_heads, 1, whole => true);
	WHILE gpus <= 1048576 LOOP
		-- More GPUs than heads keep the same heads several times over.
		IF weights_gb + kv_gb * greatest(1, gpus / coalesce(kv_heads, gpus)) <= gpus * usable_gb THEN
			RETURN gpus;
		END IF;
		gpus := gpus * 2;
	END LOOP;
	RETURN NULL;
END $$;

COMMENT ON FUNCTION gpus_required(numeric, numeric, numeric, numeric, numeric, numeric) IS
'GPUs of gpu_gb GB for weights_gb and kv_gb GB of KV cache: the smallest of 1, 2, 4, 8 ... '
'(tensor parallelism) whose usable memory (memory_utilization of it, less overhead_gb each) holds both. '
'kv_heads: beyond as many GPUs the cache is replicated; 1 for MLA; NULL: split evenly. '
'NULL when no number of GPUs does. Any other NULL gives NULL. Errors: 22023.';

-- ---------------------------------------------------------------------------
-- The same by the name of a model
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.model_in_force(model text, at timestamptz) RETURNS model_profile
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	found_row	model_profile;
BEGIN
	PERFORM check_finite(at);
	SELECT m.* INTO found_row
	FROM model_profile m JOIN price_version v USING (version)
	WHERE m.model = model_in_force.model AND m.valid_from <= at AND v.published_at <= price_horizon()
	ORDER BY in_force_order(m.valid_from, v.published_at, m.version) DESC LIMIT 1;
	IF FOUND THEN
		RETURN found_row;
	END IF;
	PERFORM fail_none_in_force(format('no profile of model "%s"', model), at, 'profiles', (SELECT array_agg(known.model)
		FROM (SELECT DISTINCT m.model FROM model_profile m JOIN price_version v USING (version)
			WHERE m.valid_from <= at AND v.published_at <= price_horizon() ORDER BY m.model LIMIT 20) AS known),
				'model_profile');
END $$;

COMMENT ON FUNCTION model_in_force(text, timestamptz) IS
'The row of table model_profile that holds at a time, as known now (or at inferacct.as_of). NULL gives NULL. '
'Errors: IA301 there is none, 22008 an infinite time.';

CREATE FUNCTION kv_bytes_per_token(model text, kv_bytes numeric DEFAULT 2, at timestamptz DEFAULT now()) RETURNS numeric
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	profile	model_profile := model_in_force(model, at);
BEGIN
	IF profile.latent_dim IS NOT NULL THEN
		RETURN kv_bytes_per_token_mla(profile.layers, profile.latent_dim, kv_bytes);
	END IF;
	RETURN kv_bytes_per_token(profile.layers, profile.kv_heads, profile.head_dim, kv_bytes);
END $$;

COMMENT ON FUNCTION kv_bytes_per_token(text, numeric, timestamptz) IS
'Bytes of KV cache per token of a model of model_profile, by GQA or MLA as it has. kv_bytes: 2 for FP16, 1 for FP8. '
'NULL gives NULL. Errors: IA301 unknown model, 22023.';

CREATE FUNCTION model_memory_gb(model text, bits numeric DEFAULT 16, context_tokens numeric DEFAULT 0,
	concurrency numeric DEFAULT 1, kv_bytes numeric DEFAULT 2, at timestamptz DEFAULT now())
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	profile	model_profile := model_in_force(model, at);
BEGIN
	IF num_nulls(model, context_tokens, concurrency, kv_bytes, at) > 0 THEN
		RETURN NULL;
	END IF;
	PERFORM check_figure('kv_bytes', kv_bytes, 0, above_least => true), check_figure('context_tokens', context_tokens,
		0), check_figure('concurrency', concurrency, 0), check_figure('bits', bits, 0, 64, above_least => true);
	RETURN trim_scale((weight_bytes(profile, bits) + cache_bytes(profile, context_tokens, kv_bytes) * concurrency)
		* 0.000000001);
END $$;

COMMENT ON FUNCTION model_memory_gb(text, numeric, numeric, numeric, numeric, timestamptz) IS
'GB (1e9 bytes) that a model of model_profile holds: weights at so many bits (NULL: as its maker publishes them, each '
'tensor at its own precision, or else 16), and the KV cache of `concurrency` requests of context_tokens tokens at '
'kv_bytes a number (sliding windows keep less). Any other NULL gives NULL. Errors: IA301 unknown model, 22023.';

CREATE FUNCTION gpus_required(model text, gpu_gb numeric, bits numeric DEFAULT 16, context_tokens numeric DEFAULT 0,
	concurrency numeric DEFAULT 1, memory_utilization numeric DEFAULT 0.9, overhead_gb numeric DEFAULT 0,
	kv_bytes numeric DEFAULT 2, at timestamptz DEFAULT now(), data_parallel_attention boolean DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	profile		model_profile := model_in_force(model, at);
	weights_gb	numeric;
	request_gb	numeric := cache_bytes(profile, context_tokens, kv_bytes) * 0.000000001;
	gpus		integer;
BEGIN
	IF num_nulls(model, gpu_gb, context_tokens, concurrency, memory_utilization, overhead_gb, kv_bytes, at) > 0 THEN
		RETURN NULL;
	END IF;
	weights_gb := model_memory_gb(model, bits, at => at);
	PERFORM check_figure('concurrency', concurrency, 0), check_figure('context_tokens', context_tokens, 0),
		check_figure('kv_bytes', kv_bytes, 0, above_least => true);
	IF NOT coalesce(data_parallel_attention, profile.latent_dim IS NOT NULL) THEN
		RETURN gpus_required(weights_gb, gpu_gb, request_gb * concurrency, memory_utilization, overhead_gb,
			coalesce(profile.kv_heads, 1));
	END IF;
	-- A request's cache lies whole on one GPU, and GPUs share the requests: no GPU has more than its share, rounded up.
	gpus := gpus_required(weights_gb, gpu_gb, request_gb * concurrency, memory_utilization, overhead_gb, NULL);
	WHILE weights_gb + request_gb * gpus * ceil(concurrency / gpus) > gpus * (gpu_gb * memory_utilization - overhead_gb)
		LOOP
		gpus := CASE WHEN gpus < 1048576 THEN gpus * 2 END;
	END LOOP;
	RETURN gpus;
END $$;

COMMENT ON FUNCTION gpus_required(text, numeric, numeric, numeric, numeric, numeric, numeric, numeric, timestamptz,
	boolean) IS
'GPUs of gpu_gb GB for a model of model_profile at so many bits (NULL: as published) with the KV cache of '
'`concurrency` requests of context_tokens tokens; see gpus_required(weights_gb ...). data_parallel_attention: the '
'requests are shared out among the GPUs, each with the whole cache of its own (their copies of the attention weights '
'are not counted); NULL: for MLA, whose one latent head tensor parallelism would keep on every GPU, and for no other. '
'NULL when no number of GPUs does, or for any other NULL. Errors: IA301 unknown model, 22023.';
