-- cost: usage x prices -> exact USD.
--
-- Invariant: nothing is rounded; the rows of token_cost_detail() sum exactly to
-- token_cost(), and spend() is the sum of it over the requests.

CREATE FUNCTION token_cost(model text, input_tokens bigint, output_tokens bigint, at timestamptz DEFAULT now())
RETURNS numeric
LANGUAGE c STABLE PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'token_cost_tokens';

COMMENT ON FUNCTION token_cost(text, bigint, bigint, timestamptz) IS
'Exact USD of one request: input_tokens and output_tokens at the prices of model valid at `at`, standard tier, per '
'token; plus the price per request where there is one. model: name with or without provider; '
'at: the time of the request. NULL tokens count as 0; NULL model or time gives NULL. '
'Errors: IA001 no price for a meter, IA002 unknown model, IA003 ambiguous model, IA007 no exchange rate, 22003 out of '
'range, IA203 negative count, 22008 infinite time: all these NULL under inferacct.unpriced = null.';

CREATE FUNCTION token_cost(model text, usage usage, at timestamptz DEFAULT now(),
	service_tier text DEFAULT 'standard', region text DEFAULT NULL)
RETURNS numeric
LANGUAGE c STABLE PARALLEL SAFE COST 8
AS 'MODULE_PATHNAME', 'token_cost_usage';

COMMENT ON FUNCTION token_cost(text, usage, timestamptz, text, text) IS
'Exact USD of one request: the sum over its meters of count x price at `at`. '
'Context tiers are chosen by its total input and price all of it. A token meter without a price is billed as its '
'parent (reasoning as output, cache_read as input ...); cache_write_1h has none. '
'service_tier: standard (also when NULL), batch, flex, priority ...; region: NULL takes the one in the model''s name, '
'an unknown one has the base prices (refused under inferacct.guess = refuse where the model has prices by region). '
'NULL model, usage or time gives NULL. Errors: IA001 no price for a meter, IA002 unknown model, IA003 ambiguous '
'model, IA004 unknown tier, IA009 a guess under inferacct.guess = refuse, IA005 usage of several requests that passes '
'a context tier, IA007 no exchange rate, 22003 out of range, 22008 infinite time: all these NULL under '
'inferacct.unpriced = null.';

CREATE FUNCTION token_cost(book price_book, model text, usage usage, at timestamptz,
	service_tier text DEFAULT 'standard', region text DEFAULT NULL)
RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 8
AS 'MODULE_PATHNAME', 'token_cost_book';

COMMENT ON FUNCTION token_cost(price_book, text, usage, timestamptz, text, text) IS
'Exact USD of one request by the prices in book and no others; otherwise as token_cost(model, usage, at, '
'service_tier, region). NULL book gives NULL. No setting has a part in it: what has no price is NULL or an error as '
'the book says (price_book(unpriced => ...)).';

CREATE FUNCTION token_cost_detail(model text, input_tokens bigint, output_tokens bigint, at timestamptz DEFAULT now(),
	OUT meter text, OUT quantity bigint, OUT unit_quantity bigint, OUT unit_usd numeric, OUT usd numeric,
	OUT version bigint, OUT valid_from timestamptz, OUT tier text, OUT source text,
	OUT rule text, OUT confidence text, OUT provider text, OUT resolved_model text, OUT checked_on date, OUT note text)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 50 ROWS 2
AS 'MODULE_PATHNAME', 'token_cost_detail_tokens';

COMMENT ON FUNCTION token_cost_detail(text, bigint, bigint, timestamptz) IS
'Why token_cost() of the same arguments is what it is: a row for each priced meter with quantity units at unit_usd '
'per unit_quantity, the price version, since when it is valid, how it was chosen (tier) and its source; '
'the further columns as explain_price(). usd sums exactly to token_cost(). NULLs and errors as token_cost(); '
'no row where that is NULL.';

CREATE FUNCTION token_cost_detail(model text, usage usage, at timestamptz DEFAULT now(),
	service_tier text DEFAULT 'standard', region text DEFAULT NULL,
	OUT meter text, OUT quantity bigint, OUT unit_quantity bigint, OUT unit_usd numeric, OUT usd numeric,
	OUT version bigint, OUT valid_from timestamptz, OUT tier text, OUT source text,
	OUT rule text, OUT confidence text, OUT provider text, OUT resolved_model text, OUT checked_on date, OUT note text)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 50 ROWS 4
AS 'MODULE_PATHNAME', 'token_cost_detail_usage';

COMMENT ON FUNCTION token_cost_detail(text, usage, timestamptz, text, text) IS
'Why token_cost() of the same arguments is what it is: a row for each priced meter with quantity units at unit_usd '
'per unit_quantity, the price version, since when it is valid, how it was chosen (tier) and its source; '
'the further columns as explain_price(). A meter that is billed as its parent shows the parent''s price. '
'usd sums exactly to token_cost(). NULLs and errors as token_cost(); no row where that is NULL.';

CREATE FUNCTION token_cost_detail(book price_book, model text, usage usage, at timestamptz,
	service_tier text DEFAULT 'standard', region text DEFAULT NULL,
	OUT meter text, OUT quantity bigint, OUT unit_quantity bigint, OUT unit_usd numeric, OUT usd numeric,
	OUT version bigint, OUT valid_from timestamptz, OUT tier text, OUT source text,
	OUT rule text, OUT confidence text, OUT provider text, OUT resolved_model text, OUT checked_on date, OUT note text)
RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50 ROWS 4
AS 'MODULE_PATHNAME', 'token_cost_detail_book';

COMMENT ON FUNCTION token_cost_detail(price_book, text, usage, timestamptz, text, text) IS
'Why token_cost() of the same book and arguments is what it is; columns as token_cost_detail(model, usage, at, '
'service_tier, region). NULL book gives no row.';

CREATE FUNCTION explain_price(model text, usage usage, at timestamptz DEFAULT now(),
	service_tier text DEFAULT 'standard', region text DEFAULT NULL,
	OUT meter text, OUT quantity bigint, OUT usd numeric, OUT rule text, OUT confidence text, OUT provider text,
	OUT resolved_model text,
	OUT source text, OUT checked_on date, OUT valid_from timestamptz, OUT note text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100 ROWS 4
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT d.meter, d.quantity, d.usd, d.rule, d.confidence, d.provider, d.resolved_model, d.source, d.checked_on,
		d.valid_from, d.note
	FROM token_cost_detail($1, $2, $3, $4, $5) AS d
$$;

COMMENT ON FUNCTION explain_price(text, usage, timestamptz, text, text) IS
'Why a request costs what it costs: a row for each priced meter. usd sums exactly to token_cost(). '
'rule: whose statement the price is, in the order in which they go before each other: contract, own price, catalog '
'NAME (by catalog_rank), shipped. confidence: the worst that applies, worst first: guessed name, fallback region, '
'fallback meter, disputed, stale (checked longer before the request than inferacct.stale_after, or asked for as of a '
'time before the oldest version), single source, derived, alias, exact. '
'provider, resolved_model: what the name means; checked_on: the day on which its source was last read, of several the '
'earliest, NULL for a contract; note: the price as stated, its factors, what was fallen back on, and the next '
'candidates. NULLs and errors as token_cost(); no row where that is NULL.';

-- ---------------------------------------------------------------------------
-- spend
-- ---------------------------------------------------------------------------

CREATE TYPE inferacct_internal.spend_state;

CREATE FUNCTION inferacct_internal.spend_state_in(cstring) RETURNS spend_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_state_out(spend_state) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_state_recv(internal) RETURNS spend_state
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_state_send(spend_state) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE TYPE inferacct_internal.spend_state (
	INPUT = spend_state_in, OUTPUT = spend_state_out, RECEIVE = spend_state_recv, SEND = spend_state_send,
	INTERNALLENGTH = 32, ALIGNMENT = double
);

COMMENT ON TYPE spend_state IS
'Partial sum of spend(): format number, requests, USD, and 9 less the place of the worst confidence of the rollup''s '
'among them (0: of none), as in 1 2 0.01 0. '
'It travels between parallel workers and nodes without loss.';

CREATE FUNCTION inferacct_internal.spend_accum(spend_state, text, bigint, bigint, timestamptz) RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_accum_tokens';
CREATE FUNCTION inferacct_internal.spend_remove(spend_state, text, bigint, bigint, timestamptz) RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_remove_tokens';

CREATE FUNCTION inferacct_internal.spend_accum(spend_state, text, usage, timestamptz) RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_accum_usage';
CREATE FUNCTION inferacct_internal.spend_remove(spend_state, text, usage, timestamptz) RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_remove_usage';

CREATE FUNCTION inferacct_internal.spend_accum(spend_state, text, usage, timestamptz, text, text) RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_accum_usage';
CREATE FUNCTION inferacct_internal.spend_remove(spend_state, text, usage, timestamptz, text, text) RETURNS spend_state
LANGUAGE c STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_remove_usage';

CREATE FUNCTION inferacct_internal.spend_accum(spend_state, price_book, text, bigint, bigint, timestamptz)
	RETURNS spend_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_accum_book_tokens';
CREATE FUNCTION inferacct_internal.spend_remove(spend_state, price_book, text, bigint, bigint, timestamptz)
	RETURNS spend_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_remove_book_tokens';

CREATE FUNCTION inferacct_internal.spend_accum(spend_state, price_book, text, usage, timestamptz) RETURNS spend_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_accum_book_usage';
CREATE FUNCTION inferacct_internal.spend_remove(spend_state, price_book, text, usage, timestamptz) RETURNS spend_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_remove_book_usage';

CREATE FUNCTION inferacct_internal.spend_accum(spend_state, price_book, text, usage, timestamptz, text, text)
	RETURNS spend_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_accum_book_usage';
CREATE FUNCTION inferacct_internal.spend_remove(spend_state, price_book, text, usage, timestamptz, text, text)
	RETURNS spend_state
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'spend_remove_book_usage';

CREATE FUNCTION inferacct_internal.spend_combine(spend_state, spend_state) RETURNS spend_state
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION inferacct_internal.spend_final(spend_state) RETURNS numeric
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';

CREATE AGGREGATE spend(model text, input_tokens bigint, output_tokens bigint, at timestamptz) (
	SFUNC = spend_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	MSFUNC = spend_accum, MINVFUNC = spend_remove, MSTYPE = spend_state, MSSPACE = 32, MFINALFUNC = spend_final,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend(text, bigint, bigint, timestamptz) IS
'Exact USD of a log: the sum of token_cost() over the rows, input_tokens and output_tokens of each request priced by '
'the price valid at its time. Rows with NULL model, time or usage are left out; no priced row gives NULL. '
'Errors as token_cost().';

CREATE AGGREGATE spend(model text, usage usage, at timestamptz) (
	SFUNC = spend_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	MSFUNC = spend_accum, MINVFUNC = spend_remove, MSTYPE = spend_state, MSSPACE = 32, MFINALFUNC = spend_final,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend(text, usage, timestamptz) IS
'Exact USD of a log: the sum of token_cost() over the rows, the usage of each request priced by the price valid at '
'its time. Rows with NULL model, time or usage are left out; no priced row gives NULL. Errors as token_cost().';

CREATE AGGREGATE spend(model text, usage usage, at timestamptz, service_tier text, region text) (
	SFUNC = spend_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	MSFUNC = spend_accum, MINVFUNC = spend_remove, MSTYPE = spend_state, MSSPACE = 32, MFINALFUNC = spend_final,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend(text, usage, timestamptz, text, text) IS
'Exact USD of a log: the sum of token_cost() over the rows, the usage of each request in its service tier and region '
'priced by the price valid at its time. Rows with NULL model, time or usage are left out; no priced row gives NULL. '
'Errors as token_cost().';

CREATE AGGREGATE spend(book price_book, model text, input_tokens bigint, output_tokens bigint, at timestamptz) (
	SFUNC = spend_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	MSFUNC = spend_accum, MINVFUNC = spend_remove, MSTYPE = spend_state, MSSPACE = 32, MFINALFUNC = spend_final,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend(price_book, text, bigint, bigint, timestamptz) IS
'Exact USD of a log: the sum of token_cost() over the rows, input_tokens and output_tokens of each request priced by '
'the prices in book. Rows with NULL model, time or usage are left out; no priced row gives NULL. '
'Errors as token_cost().';

CREATE AGGREGATE spend(book price_book, model text, usage usage, at timestamptz) (
	SFUNC = spend_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	MSFUNC = spend_accum, MINVFUNC = spend_remove, MSTYPE = spend_state, MSSPACE = 32, MFINALFUNC = spend_final,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend(price_book, text, usage, timestamptz) IS
'Exact USD of a log: the sum of token_cost() over the rows, the usage of each request priced by the prices in book. '
'Rows with NULL model, time or usage are left out; no priced row gives NULL. Errors as token_cost().';

CREATE AGGREGATE spend(book price_book, model text, usage usage, at timestamptz, service_tier text, region text) (
	SFUNC = spend_accum, STYPE = spend_state, SSPACE = 32, FINALFUNC = spend_final, COMBINEFUNC = spend_combine,
	MSFUNC = spend_accum, MINVFUNC = spend_remove, MSTYPE = spend_state, MSSPACE = 32, MFINALFUNC = spend_final,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE spend(price_book, text, usage, timestamptz, text, text) IS
'Exact USD of a log: the sum of token_cost() over the rows, the usage of each request in its service tier and region '
'priced by the prices in book. Rows with NULL model, time or usage are left out; no priced row gives NULL. '
'Errors as token_cost().';

