-- cache_savings: what a prompt cache saves, and from which reuse on writing pays.
--
-- Invariant: usd + net_usd is exactly what the same requests would have cost
-- without a cache: all that was read and written as plain input.

CREATE TYPE inferacct_internal.cache_state;

CREATE FUNCTION inferacct_internal.cache_state_in(cstring) RETURNS cache_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.cache_state_out(cache_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.cache_state_recv(internal) RETURNS cache_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.cache_state_send(cache_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.cache_state (
	INPUT = cache_state_in, OUTPUT = cache_state_out, RECEIVE = cache_state_recv, SEND = cache_state_send,
	INTERNALLENGTH = 160, ALIGNMENT = double
);

COMMENT ON TYPE cache_state IS
'Partial sums of cache_savings(): format number, requests, tokens (input, read, written, written for an hour), and USD '
'(cost, saved, premium, premium of an hour, reread, reread of an hour, unread), with spaces between them. '
'They travel between parallel workers and nodes without loss.';

CREATE TYPE cache_savings_result AS (
	saved_usd numeric, write_premium_usd numeric, net_usd numeric, reuse_to_break_even numeric,
	reuse_to_break_even_5m numeric, reuse_to_break_even_1h numeric, reuse numeric, hit_rate numeric,
	requests bigint, input_tokens bigint, read_tokens bigint, write_tokens bigint, write_1h_tokens bigint,
	usd numeric, unread_usd numeric, reason text
);

COMMENT ON TYPE cache_savings_result IS
'What cache_savings() tells. saved_usd: what tokens read from a cache would have cost as plain input, less what they '
'cost; write_premium_usd: what tokens written to one cost above plain input; net_usd: the first less the second; '
'reuse_to_break_even: how many times a written token has to be read until its premium is earned back, of all writes, '
'of those for five minutes (meter cache_write), and for one hour (cache_write_1h); NULL with a reason when nothing '
'was written, or no number of reads pays. reuse: tokens read per token written; hit_rate: tokens read per token of '
'the prompt (0 to 1). usd: what the requests cost; unread_usd: what more would be saved if the rest of the prompt '
'(input_tokens and what was written) were read from a cache as well';

CREATE FUNCTION inferacct_internal.cache_accum(cache_state, text, usage, timestamptz) RETURNS cache_state
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'cache_accum';
COMMENT ON FUNCTION cache_accum(cache_state, text, usage, timestamptz) IS 'transition function of cache_savings()';
CREATE FUNCTION inferacct_internal.cache_accum(cache_state, text, usage, timestamptz, text, text) RETURNS cache_state
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'cache_accum';
COMMENT ON FUNCTION cache_accum(cache_state, text, usage, timestamptz, text, text) IS
'transition function of cache_savings()';
CREATE FUNCTION inferacct_internal.cache_combine(cache_state, cache_state) RETURNS cache_state
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION cache_combine(cache_state, cache_state) IS 'combine function of cache_savings()';
CREATE FUNCTION inferacct_internal.cache_final(cache_state) RETURNS cache_savings_result
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION cache_final(cache_state) IS 'final function of cache_savings()';

CREATE AGGREGATE cache_savings(model text, usage usage, at timestamptz) (
	SFUNC = cache_accum, STYPE = cache_state, SSPACE = 160, FINALFUNC = cache_final, COMBINEFUNC = cache_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE cache_savings(text, usage, timestamptz) IS
'What a prompt cache saved, net of the premium of writing it, at the standard tier and the prices of each request: '
'usd + net_usd is exactly what the requests would have cost without a cache. Columns: see cache_savings_result. '
'Rows with NULL model, usage or time, or left out by inferacct.unpriced, are not counted; no row gives NULL. '
'Errors as token_cost(), and IA001 where tokens that were read or written have no price as plain input.';

CREATE AGGREGATE cache_savings(model text, usage usage, at timestamptz, service_tier text, region text) (
	SFUNC = cache_accum, STYPE = cache_state, SSPACE = 160, FINALFUNC = cache_final, COMBINEFUNC = cache_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE cache_savings(text, usage, timestamptz, text, text) IS
'cache_savings(model, usage, at) at the service tier and in the region of each request.';

CREATE FUNCTION cache_savings_at(savings cache_savings_result, hit_rate numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('hit_rate', hit_rate, 0, 1);
	IF hit_rate = savings.hit_rate THEN
		RETURN savings.net_usd;
	ELSIF hit_rate > savings.hit_rate THEN
		RETURN trim_scale(savings.net_usd
			+ exact_quotient(savings.unread_usd * (hit_rate - savings.hit_rate), 1 - savings.hit_rate));
	END IF;
	RETURN trim_scale(exact_quotient(savings.saved_usd * hit_rate, savings.hit_rate) - savings.write_premium_usd);
END $$;

COMMENT ON FUNCTION cache_savings_at(cache_savings_result, numeric) IS
'What a cache would save net of the write premium, in USD, if that share of the prompt''s tokens (0 to 1) were read '
'from it: a higher rate takes tokens evenly from the rest of the prompt, writes included, a lower one evenly from '
'what was read, at the same writes. At the hit_rate of savings it is net_usd. '
'NULL gives NULL, and so does a log without a prompt. Errors: 22023 a rate outside [0, 1].';

-- A cache of whole answers is a tier that costs a look-up, and some of whose answers are wrong.
CREATE FUNCTION answer_cache_savings(usd numeric, requests numeric, hit_rate numeric, quality_ratio numeric,
	usd_per_lookup numeric DEFAULT 0, OUT saved_usd numeric, OUT usd_per_accepted_answer numeric,
	OUT min_quality_ratio numeric)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM check_figure('usd', usd, 0), check_figure('requests', requests, 0, above_least => true),
		check_figure('hit_rate', hit_rate, 0, 1), check_figure('quality_ratio', quality_ratio, 0, 1),
		check_figure('usd_per_lookup', usd_per_lookup, 0);
	saved_usd := trim_scale(usd * hit_rate * quality_ratio - requests * usd_per_lookup);
	usd_per_accepted_answer := exact_quotient(usd - saved_usd, requests);
	min_quality_ratio := exact_quotient(requests * usd_per_lookup, nullif(usd * hit_rate, 0));
END $$;

COMMENT ON FUNCTION answer_cache_savings(numeric, numeric, numeric, numeric, numeric) IS
'What a cache of whole answers (semantic cache) saves of requests that cost usd: it answers the share hit_rate of them '
'(0 to 1), of whose answers the share quality_ratio is accepted; the others are asked again and paid. usd_per_lookup: '
'what looking up costs for every request. usd_per_accepted_answer: all that is then paid by request; '
'min_quality_ratio: the quality_ratio at which nothing is saved (above 1: no quality pays; NULL where nothing is '
'answered). NULL gives NULLs. Errors: 22023 a share outside [0, 1], a negative amount, no requests.';
