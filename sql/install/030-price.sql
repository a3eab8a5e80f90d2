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

CREATE FUNCTION inferacct_internal.is_worker() RETURNS boolean
LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'is_worker';

COMMENT ON FUNCTION is_worker() IS 'Whether this is a node of a Citus cluster other than its coordinator.';

CREATE FUNCTION inferacct_internal.check_publisher() RETURNS void
LANGUAGE c STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'check_publisher';

COMMENT ON FUNCTION check_publisher() IS
'Refuses (IA008) to publish prices on a worker of a Citus cluster, and on a coordinator before citus_setup().';

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

-- ---------------------------------------------------------------------------
-- The price epoch: what a backend's cache is keyed by
-- ---------------------------------------------------------------------------

-- One row.  Every statement that writes a table above updates it first, so
-- writers queue up and any snapshot sees a prefix of their changes; the epoch a
-- snapshot sees names the prices it sees.  Values are never used twice, not by a
-- rolled back writer nor by a later installation.
--
-- They queue for the table and not for the row: writers that roll back to
-- savepoints can deadlock over one row.  In PL/pgSQL, as an SQL function takes
-- the weaker lock of its UPDATE before its first statement runs, and deadlocks
-- as well.  Pages are pruned as they are updated; autovacuum would only stand in
-- the queue.
CREATE TABLE inferacct_internal.price_epoch (
	epoch	bigint NOT NULL,
	id		boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (id)
) WITH (autovacuum_enabled = false);

CREATE SEQUENCE inferacct_internal.price_epoch_seq;
SELECT setval('price_epoch_seq', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
INSERT INTO price_epoch (epoch) VALUES (nextval('price_epoch_seq'));

COMMENT ON TABLE price_epoch IS
'One row: the state of the price tables as a snapshot sees it. Kept by triggers; caches are keyed by it.';

CREATE FUNCTION touch_prices() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	LOCK TABLE inferacct_internal.price_epoch IN SHARE ROW EXCLUSIVE MODE;
	UPDATE inferacct_internal.price_epoch SET epoch = nextval('inferacct_internal.price_epoch_seq');
END $$;

COMMENT ON FUNCTION touch_prices() IS
'Makes every backend read the price tables anew from the commit of this transaction on. '
'Needed only after changes that fire no trigger (ALTER TABLE ... DISABLE TRIGGER). Waits for other writers of prices; '
'under REPEATABLE READ it can fail with 40001 as any update. For the owner of the extension.';

REVOKE ALL ON FUNCTION touch_prices() FROM PUBLIC;

-- Who may write prices moves the epoch by doing so, and in no other way: the
-- triggers run as the owner.  So they are for nobody to put on a table of his own
-- (firing a trigger asks for no EXECUTE, making one does), look nothing up in a
-- schema of ours, and ask whose table fired them.
CREATE FUNCTION inferacct_internal.check_own_table(relation oid) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass
		AND d.refobjid = e.oid
		WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND e.extname = 'inferacct'
			AND (d.objid = relation OR d.objid IN (SELECT relid FROM pg_partition_ancestors(relation))))
	THEN
		PERFORM inferacct_internal.fail('39P01',
			format('relation "%s" does not belong to extension inferacct', relation::regclass),
			'This trigger function acts with the rights of the owner of the extension, on its tables only.',
			'Drop the trigger.');
	END IF;
END $$;

COMMENT ON FUNCTION check_own_table(oid) IS
'Refuses (39P01) a relation that is not of this extension, nor a partition of one. '
'For trigger functions that run as the owner; NULL is refused, too.';

CREATE FUNCTION inferacct_internal.price_written() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.check_own_table(TG_RELID);
	-- What comes from the coordinator, or by replication, is not published here.
	IF current_setting('session_replication_role') <> 'replica' AND NOT inferacct_internal.is_installing()
		AND NOT EXISTS (SELECT FROM inferacct_internal.applied_row AS a
			WHERE inferacct_internal.is_own_transaction(a.xmin)) THEN
		PERFORM inferacct_internal.check_publisher();
	END IF;
	PERFORM inferacct.touch_prices();
	RETURN NULL;
END $$;

COMMENT ON FUNCTION price_written() IS
'Statement trigger of the price tables: advances the price epoch before rows are written.';

REVOKE ALL ON FUNCTION price_written() FROM PUBLIC;

-- Logical replication writes rows without firing statement triggers.
CREATE FUNCTION inferacct_internal.price_replicated() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM inferacct_internal.price_epoch WHERE inferacct_internal.is_own_transaction(xmin)) THEN
		PERFORM inferacct_internal.check_own_table(TG_RELID);
		PERFORM inferacct.touch_prices();
	END IF;
	RETURN NEW;
END $$;

COMMENT ON FUNCTION price_replicated() IS
'Row trigger of the price tables for rows that replication writes: advances the price epoch once in a transaction.';

REVOKE ALL ON FUNCTION price_replicated() FROM PUBLIC;

CREATE FUNCTION inferacct_internal.price_row_written() RETURNS trigger
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'price_row_written';

COMMENT ON FUNCTION price_row_written() IS
'Row trigger of the price tables: this session looks at the rows anew, even within the statement that writes them.';

CREATE FUNCTION inferacct_internal.price_append_only() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM inferacct_internal.fail('IA103', format('table "%s" is append-only', TG_TABLE_NAME),
		format('%s was refused, so that earlier reports can still be reproduced.', TG_OP),
		'Publish a correction as a new version with set_price() or load_prices(); a price of NULL withdraws it.');
END $$;

COMMENT ON FUNCTION price_append_only() IS
'Statement trigger of the price tables: refuses UPDATE, DELETE and TRUNCATE (IA103).';

-- May this role make statements about the past of this table?
CREATE FUNCTION inferacct_internal.owns_table(relation regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$ SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = relation $$;

COMMENT ON FUNCTION owns_table(regclass) IS
'Whether the current role owns a table, or is in the role that does. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.price_row_of_version() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.version <= 1000 AND NOT is_installing() THEN
		PERFORM inferacct_internal.fail('IA104', format('no row of "%s" can be added to version %s', TG_TABLE_NAME,
			NEW.version),
			'Versions up to 1000 are shipped with the extension; a dump leaves their rows out.',
			'Leave out version: the row then belongs to a version of its own.');
	END IF;
	IF owns_table(TG_RELID)
		OR EXISTS (SELECT FROM price_version v WHERE v.version = NEW.version AND v.digest IS NULL
			AND is_own_transaction(v.xmin)) THEN
		RETURN NEW;
	END IF;
	PERFORM inferacct_internal.fail('IA104', format('no row of "%s" can be added to version %s', TG_TABLE_NAME,
		NEW.version),
		'Rows are added by the transaction that opens their version; later they would change what was known in the '
		'past.',
		'Leave out version, or use set_price() or load_prices(). Only the owner of the extension restores and '
		'corrects.');
END $$;

COMMENT ON FUNCTION price_row_of_version() IS
'Row trigger of the versioned tables: refuses rows of shipped versions to all, and to everyone but the owner rows of '
'a version that this transaction has not opened (IA104).';

CREATE FUNCTION inferacct_internal.price_version_opened() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.version <= 1000 AND NOT is_installing() THEN
		PERFORM inferacct_internal.fail('IA104', format('version %s cannot be opened', NEW.version),
			'Versions up to 1000 are shipped with the extension; a dump leaves them out.',
			'Leave out version: it is numbered by price_version_seq.');
	END IF;
	IF owns_table(TG_RELID) THEN
		RETURN NEW;
	END IF;
	IF NEW.published_at < statement_timestamp() THEN
		PERFORM inferacct_internal.fail('IA104', format('a version cannot be published at %s', NEW.published_at),
			'What is published in the past changes reports of the past and closed months.',
			'Leave out published_at; valid_from says since when a price holds. '
			'Only the owner of the extension restores and corrects.');
	END IF;
	IF NEW.digest IS NOT NULL OR NOT coalesce(NEW.version > (SELECT coalesce(max(v.version), 1000) FROM price_version v)
			AND NEW.version <= pg_sequence_last_value('price_version_seq'), false) THEN
		PERFORM inferacct_internal.fail('IA104', format('version %s cannot be opened', NEW.version),
			'Versions are numbered by price_version_seq, and their digest is written at commit.',
			'Leave out version and digest.');
	END IF;
	RETURN NEW;
END $$;

COMMENT ON FUNCTION price_version_opened() IS
'Row trigger of price_version: refuses shipped numbers to all, and to everyone but the owner a number, a digest or a '
'published_at of the past that the caller chose (IA104).';

-- An update may do one thing: seal a version that is open (540-price_digest).
CREATE FUNCTION inferacct_internal.price_version_updated() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF OLD.digest IS NULL AND NEW.digest IS NOT NULL AND owns_table(TG_RELID)
		AND to_jsonb(OLD) - 'digest' = to_jsonb(NEW) - 'digest' THEN
		RETURN NEW;
	END IF;
	PERFORM inferacct_internal.fail('IA103', format('table "%s" is append-only', TG_TABLE_NAME),
		format('%s was refused, so that earlier reports can still be reproduced.', TG_OP),
		'Publish a correction as a new version with set_price() or load_prices(); a price of NULL withdraws it.');
END $$;

COMMENT ON FUNCTION price_version_updated() IS
'Row trigger of price_version: refuses UPDATE (IA103), but for the digest of a version that has none, by the owner.';

-- The triggers of a table whose rows belong to versions.  cached: sessions keep what they have read of it.
CREATE FUNCTION inferacct_internal.make_versioned(name text, cached boolean) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER price_append_only BEFORE %s DELETE OR TRUNCATE ON %I '
		'FOR EACH STATEMENT EXECUTE FUNCTION price_append_only()',
		CASE WHEN name <> 'price_version' THEN 'UPDATE OR' END, name);
	IF name = 'price_version' THEN
		CREATE TRIGGER price_version_opened BEFORE INSERT ON price_version FOR EACH ROW
			EXECUTE FUNCTION price_version_opened();
		CREATE TRIGGER price_version_updated BEFORE UPDATE ON price_version FOR EACH ROW
			EXECUTE FUNCTION price_version_updated();
	ELSE
		EXECUTE format(
			'CREATE TRIGGER price_row_of_version BEFORE INSERT ON %I FOR EACH ROW '
			'WHEN (NOT is_installing()) EXECUTE FUNCTION price_row_of_version()', name);
	END IF;
	IF cached THEN
		EXECUTE format(
			'CREATE TRIGGER price_written BEFORE INSERT ON %I '
			'FOR EACH STATEMENT EXECUTE FUNCTION price_written()', name);
		EXECUTE format(
			'CREATE TRIGGER price_row_written BEFORE INSERT ON %I '
			'FOR EACH ROW EXECUTE FUNCTION price_row_written()', name);
		EXECUTE format(
			'CREATE TRIGGER price_replicated BEFORE INSERT ON %I '
			'FOR EACH ROW EXECUTE FUNCTION price_replicated()', name);
	END IF;
END $$;

COMMENT ON FUNCTION make_versioned(text, boolean) IS
'Gives a table the triggers of one whose rows belong to price versions; '
'cached: its rows are kept in sessions, which the price epoch tells of new ones.';

SELECT make_versioned(name, name NOT IN ('gpu_price', 'catalog_rejection'))
FROM unnest(ARRAY['price_version', 'price', 'model_alias', 'catalog_rank', 'contract', 'contract_term', 'fx_rate',
	'gpu_price', 'catalog_rejection']) AS t(name);

-- A dump carries the rows that this database added; the shipped ones come with
-- CREATE EXTENSION.
SELECT pg_extension_config_dump('price_version_seq', '');
SELECT pg_extension_config_dump('price_version', 'WHERE version > 1000');
SELECT pg_extension_config_dump('price', 'WHERE version > 1000');
SELECT pg_extension_config_dump('model_alias', 'WHERE version > 1000');
SELECT pg_extension_config_dump('catalog_rank', 'WHERE version > 1000');
SELECT pg_extension_config_dump('contract', 'WHERE version > 1000');
SELECT pg_extension_config_dump('contract_term', 'WHERE version > 1000');
SELECT pg_extension_config_dump('fx_rate', 'WHERE version > 1000');
SELECT pg_extension_config_dump('gpu_price', 'WHERE version > 1000');
SELECT pg_extension_config_dump('catalog_rejection', 'WHERE version > 1000');

-- Everyone may read prices unless an administrator says otherwise.
GRANT USAGE ON SCHEMA inferacct TO PUBLIC;
GRANT SELECT ON price_version, price, model_alias, catalog_rank, contract, contract_term, fx_rate, gpu_price,
	catalog_rejection, price_epoch TO PUBLIC;

-- ---------------------------------------------------------------------------
-- Publishing
-- ---------------------------------------------------------------------------

-- Takes its turn as every writer does, by the trigger: who may not write may not wait in the queue either.
CREATE FUNCTION inferacct_internal.lock_prices() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO inferacct.price_version (version) SELECT 0 WHERE false;
END $$;

COMMENT ON FUNCTION lock_prices() IS
'Waits until no other transaction is writing prices, and keeps others waiting until this one ends; '
'readers do not wait. Under REPEATABLE READ it fails with 40001 when prices were published since the transaction '
'began; 42501 for who may not INSERT into price_version.';

-- The one rule of which of the rows for one thing that hold at a time is in force.
CREATE TYPE inferacct_internal.in_force_order AS (valid_from timestamptz, published_at timestamptz, version bigint);

COMMENT ON TYPE in_force_order IS 'What in_force_order() orders by.';

CREATE FUNCTION inferacct_internal.in_force_order(valid_from timestamptz, published_at timestamptz, version bigint)
RETURNS in_force_order
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN ROW(valid_from, published_at, version)::in_force_order;

COMMENT ON FUNCTION in_force_order(timestamptz, timestamptz, bigint) IS
'Of rows for one thing that hold at a time and are known, the one with the highest of these is in force: '
'the one valid from later, then published later, then of the higher version.';

CREATE FUNCTION inferacct_internal.rank_of_version(version bigint, catalog text, as_of timestamptz DEFAULT 'infinity',
	last_version bigint DEFAULT 9223372036854775807)
RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN rank_of_version.version <= 1000 THEN 65535 WHEN rank_of_version.catalog IS NULL THEN 0
		ELSE coalesce((SELECT r.rank FROM catalog_rank AS r JOIN price_version AS v USING (version)
			WHERE r.catalog = rank_of_version.catalog AND v.published_at <= as_of AND v.version <= last_version
			ORDER BY in_force_order('-infinity', v.published_at, v.version) DESC LIMIT 1), 60001) END
$$;

COMMENT ON FUNCTION rank_of_version(bigint, text, timestamptz, bigint) IS
'Whose statement a price of a version and its catalog is, as known at as_of and up to last_version: 0 one''s own, '
'then the catalogs'' ranks, 65535 shipped. NULL catalog: one''s own.';

-- The one rule of names that publishing shares with reading (model_resolve.h):
-- the user's alias before the shipped one, which never hides prices that were
-- published under the name.
CREATE FUNCTION inferacct_internal.alias_target(named_provider text, named_model text, at timestamptz,
	as_of timestamptz DEFAULT 'infinity', last_version bigint DEFAULT 9223372036854775807,
	OUT provider text, OUT model text, OUT region text)
RETURNS SETOF record
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 1
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT t.provider, t.model, t.region
	FROM (
		SELECT a.*
		FROM (
			SELECT DISTINCT ON (m.alias) m.*
			FROM model_alias AS m JOIN price_version AS v USING (version)
			WHERE m.alias IN (named_provider || '/' || named_model, named_model)
				AND m.valid_from <= at AND v.published_at <= as_of AND v.version <= last_version
			ORDER BY m.alias, CASE WHEN m.version > 1000 AND v.catalog IS NULL THEN 0
				ELSE rank_of_version(m.version, v.catalog, as_of, last_version) END,
				in_force_order(m.valid_from, v.published_at, m.version) DESC
		) AS a
		WHERE a.model IS NOT NULL AND (a.alias = named_provider || '/' || named_model OR a.provider = named_provider)
		ORDER BY a.alias = named_model LIMIT 1
	) AS t
	WHERE (t.provider, t.model) <> (named_provider, named_model)
		AND (t.version > 1000 OR NOT EXISTS (
			SELECT FROM price AS p JOIN price_version AS v USING (version)
			WHERE (p.provider, p.model) = (named_provider, named_model) AND v.published_at <= as_of
				AND v.version <= last_version))
$$;

COMMENT ON FUNCTION alias_target(text, text, timestamptz, timestamptz, bigint) IS
'Provider and model that provider/model means at a time, and the region that the alias states, when it is an alias: a '
'user''s, or a shipped one of a name without prices of its own. Versions published after as_of or numbered above '
'last_version are not known. No row: the name stands for itself. NULL arguments: no row.';

CREATE FUNCTION inferacct_internal.price_name(named_provider text, named_model text, named_region text,
	valid_from timestamptz, OUT provider text, OUT model text, OUT region text, OUT is_alias boolean)
LANGUAGE sql VOLATILE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(t.provider, named_provider), coalesce(t.model, named_model),
		coalesce(nullif(named_region, ''), t.region, ''), t.provider IS NOT NULL
	FROM (VALUES (true)) AS one
	LEFT JOIN alias_target(named_provider, named_model,
		CASE WHEN isfinite(valid_from) THEN valid_from ELSE clock_timestamp() END) AS t ON true
$$;

COMMENT ON FUNCTION price_name(text, text, text, timestamptz) IS
'Under what a price of provider/model from valid_from on (-infinity: now) is kept: what it is an alias of, or itself.';

CREATE FUNCTION inferacct_internal.publish_price(
	provider			text,
	model				text,
	meter				text,
	usd					numeric,
	valid_from			timestamptz,
	unit_quantity		bigint,
	service_tier		text,
	region				text,
	above_input_tokens	bigint,
	threshold_inclusive	boolean,
	source				text,
	publisher			text,
	note				text
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	meant	record;
	opened	bigint;
BEGIN
	IF provider IS NULL OR model IS NULL OR meter IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'a price needs provider, model and meter',
			hint => 'usd NULL withdraws a price; the names must be given.');
	END IF;
	PERFORM check_meter(meter);
	IF usd < 0 OR usd = 'NaN' THEN
		PERFORM inferacct_internal.fail('22003', format('a price cannot be %s', usd),
			hint => 'Use 0 for free and NULL to withdraw a price.');
	END IF;
	IF unit_quantity IS NULL OR unit_quantity <= 0 THEN
		PERFORM inferacct_internal.fail('22023', 'unit_quantity must be positive');
	END IF;
	IF above_input_tokens < 0 THEN
		PERFORM inferacct_internal.fail('22023', 'above_input_tokens must not be negative');
	END IF;
	IF coalesce(valid_from, 'infinity') = 'infinity' THEN
		PERFORM inferacct_internal.fail('22008', 'valid_from must be a time or -infinity');
	END IF;

	PERFORM lock_prices();
	SELECT * INTO meant FROM price_name(provider, model, region, valid_from);
	IF meant.is_alias THEN
		RAISE NOTICE '% is an alias: the price is that of %', provider || '/' || model,
			concat_ws(' in ', meant.provider || '/' || meant.model, nullif(meant.region, ''));
		publish_price.provider := meant.provider;
		publish_price.model := meant.model;
		publish_price.region := meant.region;
	END IF;
	opened := open_price_version(now(), source, publisher, NULL);
	INSERT INTO price AS p (version, provider, model, region, service_tier, meter, unit_quantity, usd,
		above_input_tokens, threshold_inclusive, valid_from, source, checked_on, note)
	VALUES (opened, provider, model, coalesce(region, ''), coalesce(service_tier, 'standard'), meter, unit_quantity,
		usd,
		coalesce(above_input_tokens, 0), coalesce(threshold_inclusive, false), valid_from, source,
		CASE WHEN source IS NOT NULL THEN (now() AT TIME ZONE 'UTC')::date END, note);
	RETURN opened;
END $$;

COMMENT ON FUNCTION publish_price(text, text, text, numeric, timestamptz, bigint, text, text, bigint, boolean, text,
	text, text) IS
'What set_price() does; publisher is the note of the version, note that of the row.';

CREATE FUNCTION set_price(
	provider			text,
	model				text,
	meter				text,
	usd					numeric,
	valid_from			timestamptz DEFAULT '-infinity',
	unit_quantity		bigint DEFAULT 1000000,
	service_tier		text DEFAULT 'standard',
	region				text DEFAULT '',
	above_input_tokens	bigint DEFAULT 0,
	threshold_inclusive	boolean DEFAULT false,
	source				text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT publish_price(provider, model, meter, usd, valid_from, unit_quantity, service_tier, region,
		above_input_tokens, threshold_inclusive, source, 'set_price', NULL)
$$;

COMMENT ON FUNCTION set_price(text, text, text, numeric, timestamptz, bigint, text, text, bigint, boolean, text) IS
'Publishes one price as a new version and returns its number. usd: USD per unit_quantity units, 0 for free, NULL to '
'withdraw the price from valid_from on. It holds from valid_from until the next row of the same key (see '
'price_history); the same key and valid_from corrects the earlier row. source: where it was read, today; '
'without it the price is one''s own word, and never stale. A name that is an alias at valid_from (now, when that is '
'-infinity) means what the alias says, and a NOTICE tells under which name the price is kept. '
'Errors: IA101 a price finer than 1e-15 USD per unit, 22003 negative, 22004 NULL names, 22008 an infinite valid_from, '
'22023 unknown meter or bad unit_quantity.';

-- ---------------------------------------------------------------------------
-- Reading
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.price_horizon() RETURNS timestamptz
LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'price_horizon';

COMMENT ON FUNCTION price_horizon() IS
'Versions published at or before this time are known: inferacct.as_of, but not before the oldest version was '
'published (a NOTICE says so); infinity when it is not set.';

CREATE FUNCTION inferacct_internal.hidden_note() RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'hidden_note';

COMMENT ON FUNCTION hidden_note() IS
'For the end of a DETAIL: '' Prices are asked for as of ...'' when inferacct.as_of is set, else empty.';

CREATE VIEW price_history WITH (security_invoker = true) AS
SELECT p.provider, p.model, p.region, p.service_tier, p.meter,
	p.unit_quantity, p.usd, p.currency, p.amount, p.multiplier,
	p.above_input_tokens, p.threshold_inclusive, p.time_windows,
	p.valid_from,
	lead(p.valid_from) OVER (PARTITION BY p.provider, p.model, p.region, p.service_tier, p.meter,
		p.above_input_tokens, p.threshold_inclusive, p.time_windows, p.rank ORDER BY p.valid_from) AS valid_to,
	p.version, p.published_at, p.source, p.checked_on, p.agreement, p.note, p.rank, p.ended
FROM (
	SELECT DISTINCT ON (q.provider, q.model, q.region, q.service_tier, q.meter,
			q.above_input_tokens, q.threshold_inclusive, q.time_windows, v.rank, q.valid_from)
		q.*, v.published_at, v.rank
	FROM price q JOIN (SELECT version, published_at, CASE WHEN version > 1000 AND catalog IS NULL THEN 0
		ELSE rank_of_version(version, catalog, horizon) END AS rank
		FROM price_version, (SELECT price_horizon() AS horizon OFFSET 0) AS h WHERE published_at <= horizon OFFSET 0)
			AS v USING (version)
	ORDER BY q.provider, q.model, q.region, q.service_tier, q.meter,
		q.above_input_tokens, q.threshold_inclusive, q.time_windows, v.rank, q.valid_from,
		in_force_order(q.valid_from, v.published_at, q.version) DESC
) p;

COMMENT ON VIEW price_history IS
'Every price as known now (or at inferacct.as_of), with the half-open time [valid_from, valid_to) in which it holds; '
'valid_to NULL: still open. A price of NULL in usd, amount and multiplier is a withdrawal, or with ended what its '
'author states no more. rank: whose statement it is; the lowest goes first: 0 one''s own, then catalogs by '
'catalog_rank, 65535 shipped.';

-- A price of one's own without context or hours holds for all of them, before what others state.
CREATE VIEW current_price WITH (security_invoker = true) AS
SELECT provider, model, region, service_tier, meter, unit_quantity, usd, currency, amount, multiplier,
	above_input_tokens, threshold_inclusive, time_windows, valid_from, version, source, checked_on, agreement, note,
	rank
FROM (
	SELECT h.*, min(h.rank) FILTER (WHERE NOT h.ended) OVER (PARTITION BY h.provider, h.model, h.region, h.service_tier,
		h.meter,
			h.above_input_tokens, h.threshold_inclusive, h.time_windows) AS first_of_key,
		bool_or(h.rank = 0 AND h.above_input_tokens = 0 AND h.time_windows IS NULL
			AND num_nonnulls(h.usd, h.amount) = 1)
			OVER (PARTITION BY h.provider, h.model, h.region, h.service_tier, h.meter) AS has_own
	FROM price_history AS h
	WHERE h.valid_from <= now() AND (h.valid_to IS NULL OR now() < h.valid_to)
) AS p
WHERE rank = first_of_key AND num_nonnulls(usd, amount, multiplier) = 1
	AND (multiplier IS NOT NULL OR rank = 0 OR NOT has_own);

COMMENT ON VIEW current_price IS
'Prices in force now, as known now (or at inferacct.as_of): of each key that of the lowest rank; '
'withdrawn ones are left out.';

GRANT SELECT ON price_history, current_price TO PUBLIC;

