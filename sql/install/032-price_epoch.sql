-- price_epoch: how prices are written: in turn, by their versions, and never in place.
--
-- Invariant: every statement that writes a price table moves the epoch, by which every
-- cache is keyed, and waits its turn for it; a row belongs to a version that its own
-- transaction has opened, unless the owner restores it.

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
