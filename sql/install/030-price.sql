-- price: what everything costs, since when, and since when that is known.
--
-- Every table here is append-only and versioned.  Nothing is ever changed in
-- place: a correction is a later version, so that any earlier report can be
-- reproduced with inferacct.as_of.
--
-- Invariant: a version is open until the transaction that opened it commits; then
-- it has a digest of its rows (540-price_digest), and nothing more belongs to it.
-- What a restore or a replica brings is a statement about the past, and so the
-- owner's: its rows come in any order, by several sessions at once.  So no table
-- here has a foreign key, and no trigger looks at another table for the owner;
-- inferacct_check() finds what does not fit together.

CREATE FUNCTION inferacct_internal.price_rate(usd numeric, unit_quantity bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'price_rate';

COMMENT ON FUNCTION price_rate(numeric, bigint) IS
'Rate of a price in 1e-15 USD per single unit: usd / unit_quantity * 1e15, exactly. '
'usd: price in USD of unit_quantity units, >= 0; unit_quantity: > 0. NULL when an argument is NULL. '
'Errors: IA101 when the rate needs more than 15 decimals or exceeds 9223.37 USD per unit; it is never rounded.';

CREATE FUNCTION inferacct_internal.is_meter(name text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'is_meter';

COMMENT ON FUNCTION is_meter(text) IS
'Is this the name of a meter of type usage (input, output, cache_read ...)? NULL gives NULL.';

CREATE FUNCTION inferacct_internal.check_meter(name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT inferacct_internal.is_meter(name) THEN
		PERFORM inferacct_internal.fail('22023', format('unknown meter "%s"', name),
			hint => 'Meters are the argument names of usage(): input, output, cache_read ...');
	END IF;
END $$;

COMMENT ON FUNCTION check_meter(text) IS 'Refuses (22023) what is no meter of type usage. NULL passes.';

CREATE FUNCTION inferacct_internal.is_token_meter(name text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'is_token_meter';

COMMENT ON FUNCTION is_token_meter(text) IS
'Does this meter count tokens (and so, but for cache_write_1h, is billed as its parent when it has no price of its '
'own)? NULL gives NULL.';

CREATE FUNCTION inferacct_internal.is_time_windows(value jsonb) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'is_time_windows';

COMMENT ON FUNCTION is_time_windows(jsonb) IS
'Is this the weekly hours of a price: {"timezone": "...", "windows": [{"days": [1..7], "from": "HH:MM", "to": '
'"HH:MM"}]}, no window past midnight? Whether the server knows the time zone is not asked. NULL gives NULL.';

-- ---------------------------------------------------------------------------
-- Tables
-- ---------------------------------------------------------------------------

-- Versions up to 1000 are shipped with the extension; a database's own begin
-- at 1001, so that an upgrade never collides with them.
CREATE SEQUENCE inferacct_internal.price_version_seq START WITH 1;

CREATE TABLE price_version (
	version			bigint NOT NULL DEFAULT nextval('inferacct_internal.price_version_seq') PRIMARY KEY,
	published_at	timestamptz NOT NULL DEFAULT clock_timestamp() CHECK (isfinite(published_at)),
	catalog			text CHECK (catalog <> ''),
	source			text,
	note			text,
	checksum		text,
	attributes		jsonb,
	digest			text
);

COMMENT ON TABLE price_version IS
'One row for every published change of prices, aliases, contracts or exchange rates. '
'Versions up to 1000 are shipped with the extension.';
COMMENT ON COLUMN price_version.published_at IS
'When it became known; inferacct.as_of compares with it. Of two versions the one published later wins, then the '
'higher number.';
COMMENT ON COLUMN price_version.catalog IS
'The catalog that it was loaded from, by the name of its format; NULL for prices of one''s own. '
'catalog_rank says which goes first.';
COMMENT ON COLUMN price_version.checksum IS 'md5 of the catalog it was loaded from, when it was.';
COMMENT ON COLUMN price_version.digest IS
'SHA-256 of the version and all its rows, written when the transaction that opened it commits; NULL until then. '
'verify_prices() compares.';

CREATE FUNCTION inferacct_internal.is_installing() RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'is_installing';

COMMENT ON FUNCTION is_installing() IS 'Is this part of CREATE EXTENSION or ALTER EXTENSION UPDATE of inferacct?';

CREATE FUNCTION inferacct_internal.open_price_version(published_at timestamptz, source text, note text, checksum text,
	catalog text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	opened bigint;
BEGIN
	IF NOT coalesce(isfinite(published_at), false) THEN
		PERFORM inferacct_internal.fail('22008', 'published_at must be a finite time');
	END IF;
	-- now() is when the transaction began; others may have published since.  The
	-- moment that counts is when our turn has come: the trigger waits for it
	-- before this is evaluated.
	INSERT INTO price_version AS v (published_at, source, note, checksum, catalog)
	VALUES (CASE WHEN open_price_version.published_at = now() THEN clock_timestamp()
		ELSE open_price_version.published_at END,
		open_price_version.source, open_price_version.note, open_price_version.checksum, open_price_version.catalog)
	RETURNING v.version INTO opened;
	RETURN opened;
END $$;

COMMENT ON FUNCTION open_price_version(timestamptz, text, text, text, text) IS
'Opens the version to which the caller adds rows of price, model_alias, contract, contract_term, fx_rate or gpu_price '
'in the same transaction; returns its number. Waits for other writers of prices. '
'Error IA104: published_at lies in the past, and the caller does not own the extension.';

CREATE FUNCTION inferacct_internal.is_own_transaction(writer xid) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED COST 1
AS 'MODULE_PATHNAME', 'is_own_transaction';

COMMENT ON FUNCTION is_own_transaction(xid) IS
'Whether a row of that xmin was written by this transaction or one of its subtransactions that still stand. '
'NULL gives NULL.';

CREATE FUNCTION inferacct_internal.own_price_version() RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	opened bigint;
BEGIN
	SELECT v.version INTO opened
	FROM price_version v
	WHERE is_own_transaction(v.xmin) AND v.note = 'inserted rows' AND v.digest IS NULL
	ORDER BY v.version DESC LIMIT 1;
	RETURN coalesce(opened, open_price_version(now(), NULL, 'inserted rows', NULL));
END $$;

COMMENT ON FUNCTION own_price_version() IS
'Default of the column version: the version that rows inserted by hand in this transaction belong to, opened when '
'there is none yet.';

CREATE TABLE price (
	above_input_tokens	bigint NOT NULL DEFAULT 0 CHECK (above_input_tokens >= 0
		AND above_input_tokens < 9223372036854775807),
	unit_quantity		bigint NOT NULL DEFAULT 1000000 CHECK (unit_quantity > 0),
	valid_from			timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version				bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	threshold_inclusive	boolean NOT NULL DEFAULT false,
	provider			text NOT NULL CHECK (octet_length(provider) BETWEEN 1 AND 255),
	model				text NOT NULL CHECK (octet_length(model) BETWEEN 1 AND 255),
	region				text NOT NULL DEFAULT '' CHECK (octet_length(region) < 64 AND region <> '*'),
	service_tier		text NOT NULL DEFAULT 'standard' CHECK (octet_length(service_tier) BETWEEN 1 AND 255
		AND service_tier <> '*'),
	meter				text NOT NULL,
	usd					numeric CHECK (usd >= 0),
	currency			text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
	amount				numeric CHECK (amount >= 0),
	multiplier			numeric CHECK (multiplier > 0 AND multiplier < 1000000000
		AND scale(trim_scale(multiplier)) <= 9),
	time_windows		jsonb CHECK (inferacct_internal.is_time_windows(time_windows)),
	source				text,
	checked_on			date,
	agreement			text CHECK (agreement IN ('agreed', 'single', 'disputed')),
	note				text,
	ended				boolean NOT NULL DEFAULT false,
	attributes			jsonb,
	rate				bigint GENERATED ALWAYS AS (inferacct_internal.price_rate(usd, unit_quantity)) STORED,
	CONSTRAINT price_meter CHECK (inferacct_internal.is_meter(meter) OR meter = '*' AND usd IS NULL AND amount IS NULL),
	CONSTRAINT price_one_kind CHECK (num_nonnulls(usd, amount, multiplier) <= 1),
	CONSTRAINT price_ended CHECK (NOT ended OR num_nonnulls(usd, amount, multiplier) = 0),
	CONSTRAINT price_currency CHECK ((currency = 'USD') = (amount IS NULL)),
	CONSTRAINT price_amount CHECK (amount IS NULL OR inferacct_internal.price_rate(amount, unit_quantity) >= 0)
);

-- Serves both the look-up of a model's prices and uniqueness in a version.
CREATE UNIQUE INDEX price_key ON price (model, provider, service_tier, meter, valid_from, version,
	region, above_input_tokens, threshold_inclusive, coalesce(time_windows, 'null'::jsonb));

-- Serves the digest of a version.
CREATE INDEX price_of_version ON price (version);

-- Serves the question whether a name's prefix is a provider.
CREATE INDEX price_provider ON price (provider);

COMMENT ON TABLE price IS
'Price rows, append-only. Rows of one key (provider, model, region, service_tier, meter, above_input_tokens, '
'threshold_inclusive, time_windows) follow each other by valid_from: a row holds from its valid_from until the next '
'row''s of the same author (docs/prices.md). A row of the same key and valid_from published later corrects the '
'earlier one.';
COMMENT ON COLUMN price.usd IS
'USD per unit_quantity units. 0 is free; NULL (with amount and multiplier NULL too) withdraws the price from '
'valid_from on.';
COMMENT ON COLUMN price.amount IS
'Price per unit_quantity units in `currency`, when that is not USD; converted by fx_rate at the time of the request.';
COMMENT ON COLUMN price.multiplier IS
'Factor on the price of the standard tier or the base region, for rows that state no price of their own; '
'meter * means every token meter.';
COMMENT ON COLUMN price.above_input_tokens IS
'The row prices the whole request when its total input (cached and written tokens included) is above this; '
'0 is the base price.';
COMMENT ON COLUMN price.threshold_inclusive IS 'true: at above_input_tokens or above (>=); false: above (>).';
COMMENT ON COLUMN price.time_windows IS
'Weekly local hours at which the row applies: {"timezone": "...", "windows": [{"days": [1..7, Monday 1], "from": '
'"HH:MM", "to": "HH:MM"}]}; NULL: always.';
COMMENT ON COLUMN price.valid_from IS
'First moment at which it applies (half-open: until the next row of the same key).';
COMMENT ON COLUMN price.source IS 'Where the price was read.';
COMMENT ON COLUMN price.checked_on IS
'Day on which the source was read; NULL: for a price of one''s own nowhere, for others when it was published.';
COMMENT ON COLUMN price.agreement IS
'What sources say of the price: agreed (two or more state it), single (one alone does), disputed (another one states '
'another price); NULL: nobody has compared, as for prices of one''s own.';
COMMENT ON COLUMN price.note IS 'What the other sources of a disputed price state, or why a single one is believed.';
COMMENT ON COLUMN price.ended IS
'true: from valid_from on its author states no price of this key, and what others state holds again; '
'a withdrawal says that there is none.';
COMMENT ON COLUMN price.rate IS 'The same price as 1e-15 USD per single unit; what the arithmetic uses.';

CREATE TABLE model_alias (
	valid_from	timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version		bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	alias		text NOT NULL CHECK (octet_length(alias) BETWEEN 1 AND 255),
	provider	text NOT NULL CHECK (octet_length(provider) BETWEEN 1 AND 255),
	model		text CHECK (octet_length(model) BETWEEN 1 AND 255),
	region		text NOT NULL DEFAULT '' CHECK (octet_length(region) < 64),
	source		text,
	checked_on	date,
	attributes	jsonb,
	PRIMARY KEY (alias, valid_from, version)
);

COMMENT ON TABLE model_alias IS
'Other names of models, append-only: from valid_from until the next row of the same alias, alias means '
'provider/model. model NULL ends the alias. User rows win over shipped ones, also where they end the alias.';

CREATE TABLE catalog_rank (
	version		bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	catalog		text NOT NULL CHECK (catalog <> ''),
	rank		integer NOT NULL CHECK (rank BETWEEN 1 AND 60000),
	PRIMARY KEY (catalog, version)
);

COMMENT ON TABLE catalog_rank IS
'The order of loaded catalogs, append-only: of two that price the same, the one of the lower rank goes first; '
'of a catalog''s rows the one published last counts. Prices of one''s own go before all of them, shipped ones after. '
'Catalogs without a row come last, and of those, or of two of one rank, the one loaded later goes first.';

CREATE TABLE contract (
	version		bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	contract	text NOT NULL CHECK (contract <> ''),
	note		text,
	attributes	jsonb,
	PRIMARY KEY (contract, version)
);

COMMENT ON TABLE contract IS
'Negotiated price agreements by name; chosen by SET inferacct.contract or price_book(contract => ...).';

CREATE TABLE contract_term (
	unit_quantity	bigint NOT NULL DEFAULT 1000000 CHECK (unit_quantity > 0),
	valid_from		timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	valid_to		timestamptz NOT NULL DEFAULT 'infinity',
	version			bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	contract		text NOT NULL,
	provider		text,
	model			text,
	service_tier	text,
	region			text,
	meter			text CHECK (inferacct_internal.is_meter(meter)),
	usd				numeric CHECK (usd >= 0),
	percent_off		numeric CHECK (percent_off BETWEEN 0 AND 100),
	source			text,
	attributes		jsonb,
	rate			bigint GENERATED ALWAYS AS (inferacct_internal.price_rate(usd, unit_quantity)) STORED,
	CONSTRAINT contract_term_validity CHECK (valid_from < valid_to),
	CONSTRAINT contract_term_one_kind CHECK (num_nonnulls(usd, percent_off) <= 1),
	CONSTRAINT contract_term_model CHECK (model IS NULL OR provider IS NOT NULL),
	CONSTRAINT contract_term_own_price CHECK (usd IS NULL OR model IS NOT NULL AND meter IS NOT NULL),
	CONSTRAINT contract_term_percent CHECK (scale(trim_scale(percent_off)) <= 7)
);

CREATE INDEX contract_term_contract ON contract_term (contract);

COMMENT ON TABLE contract_term IS
'Terms of a contract: an own price (usd per unit_quantity) for a meter of a model, or a percentage off list prices. '
'NULL provider, model, region or meter means any; NULL service_tier means any for a percentage and the standard tier '
'for an own price. An own price wins over percentages and holds for every context size and hour; '
'of percentages in force the most specific wins (model, then provider, meter, service_tier, region), then the one '
'published later. A term with neither usd nor percent_off ends the one alike from its valid_from on.';

CREATE TABLE fx_rate (
	valid_from		timestamptz NOT NULL CHECK (isfinite(valid_from)),
	version			bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	currency		text NOT NULL CHECK (currency ~ '^[A-Z]{3}$' AND currency <> 'USD'),
	usd_per_unit	numeric NOT NULL CHECK (usd_per_unit > 0 AND usd_per_unit < 1000000
		AND scale(trim_scale(usd_per_unit)) <= 12),
	source			text,
	attributes		jsonb,
	PRIMARY KEY (currency, valid_from, version)
);

COMMENT ON TABLE fx_rate IS
'USD per unit of another currency, from valid_from until the next row. Price rows in that currency need one for the '
'time of the request: a missing rate is an error (IA007).';

CREATE TABLE gpu_price (
	valid_from		timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version			bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	gpu				text NOT NULL CHECK (gpu <> ''),
	vendor			text NOT NULL CHECK (vendor <> ''),
	region			text NOT NULL DEFAULT '' CHECK (octet_length(region) < 64),
	term			text NOT NULL CHECK (term IN ('on_demand', 'reserved_1y', 'reserved_3y', 'spot')),
	usd_per_hour	numeric CHECK (usd_per_hour >= 0),
	source			text,
	checked_on		date,
	attributes		jsonb,
	PRIMARY KEY (gpu, vendor, region, term, valid_from, version)
);

COMMENT ON TABLE gpu_price IS
'Rent of one GPU in USD per hour by vendor, region ('''' where the vendor has one price) and term, append-only and '
'dated like price. usd_per_hour NULL withdraws it. Ranges of a market are rows of the vendors "cloud (low)" and '
'"cloud (high)".';

CREATE TABLE catalog_rejection (
	version		bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	path		text NOT NULL,
	problem		text NOT NULL,
	attributes	jsonb
);

CREATE INDEX catalog_rejection_version ON catalog_rejection (version);

COMMENT ON TABLE catalog_rejection IS
'What load_prices could not express in a foreign catalog: one row per field left out, with the reason; '
'attributes has the figure as the catalog states it, its provider and model.';
