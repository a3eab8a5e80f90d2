-- price_digest: what a version was when its transaction committed.
--
-- Invariant: a version's digest covers its row of price_version and every row of
-- every table that has a column version and prices something, whatever their
-- order.  It is written once, by the transaction that opened the version; a dump
-- and a replica carry it with the version.  So whoever adds, changes or removes
-- a row later, by whatever means, is found by verify_prices().

CREATE FUNCTION inferacct_internal.versioned_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN ARRAY['price_version', 'price', 'model_alias', 'catalog_rank', 'contract', 'contract_term', 'fx_rate',
	'gpu_price', 'catalog_rejection',
	'model_profile', 'gpu_spec', 'deployment', 'deployment_serves', 'deployment_cost', 'serving_point',
		'routing_policy',
		'routing_tier']::text[];

COMMENT ON FUNCTION versioned_tables() IS 'The tables whose rows belong to price versions.';

-- NULLs are left out, so that a column that an upgrade adds leaves digests as they are.
CREATE FUNCTION inferacct_internal.version_digests(only_versions bigint[] DEFAULT NULL, OUT version bigint,
	OUT digest text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET timezone TO 'UTC'
SET extra_float_digits TO 1
AS $$
BEGIN
	RETURN QUERY EXECUTE (
		SELECT format($query$
			SELECT version, encode(sha256(convert_to(string_agg(line, E'\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
			FROM (%s) AS rows GROUP BY version ORDER BY version$query$,
			string_agg(
				format(
				'SELECT version, %1$L || (jsonb_strip_nulls(to_jsonb(t)) - ''digest'')::text AS line '
				'FROM inferacct.%1$I AS t %2$s',
				name, CASE WHEN only_versions IS NOT NULL THEN 'WHERE version = ANY ($1)' END), ' UNION ALL '))
		FROM unnest(versioned_tables()) AS name)
	USING only_versions;
END
$$;

COMMENT ON FUNCTION version_digests(bigint[]) IS
'SHA-256 of every version, or of only_versions, as its rows are now; also of versions that have rows and are not in '
'price_version. The same on every server and under every setting.';

-- What has to be done at commit waits here, and not at price_version, which may
-- be altered in the same transaction then.  Nothing outlives its transaction.
CREATE TABLE inferacct_internal.open_version (
	version		bigint PRIMARY KEY
);

COMMENT ON TABLE open_version IS 'The versions that transactions at work have opened: empty to everybody else.';

-- Both run as the owner: whoever may publish need not be the one who commits.
CREATE FUNCTION inferacct_internal.price_version_noted() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_RELID <> 'inferacct.price_version'::regclass THEN
		PERFORM inferacct_internal.fail('39P01', 'price_version_noted() is the trigger of price_version');
	END IF;
	-- Rows come after their version, whatever the caller set.
	SET CONSTRAINTS inferacct_internal.open_version_committed DEFERRED;
	INSERT INTO inferacct_internal.open_version (version) VALUES (NEW.version);
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION price_version_noted() IS 'Row trigger of price_version: notes a version that has no digest yet.';

CREATE FUNCTION inferacct_internal.open_version_committed() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_RELID <> 'inferacct_internal.open_version'::regclass THEN
		PERFORM inferacct_internal.fail('39P01', 'open_version_committed() is the trigger of open_version');
	END IF;
	UPDATE inferacct.price_version AS v SET digest = (SELECT d.digest
		FROM inferacct_internal.version_digests(ARRAY[NEW.version]) AS d)
	WHERE v.version = NEW.version AND v.digest IS NULL;
	DELETE FROM inferacct_internal.open_version AS o WHERE o.version = NEW.version;
	RETURN NULL;
END
$$;

COMMENT ON FUNCTION open_version_committed() IS
'Row trigger of open_version at commit: writes the digest of the version.';

GRANT SELECT ON open_version TO PUBLIC;
REVOKE ALL ON FUNCTION price_version_noted() FROM PUBLIC;
REVOKE ALL ON FUNCTION open_version_committed() FROM PUBLIC;

CREATE TRIGGER price_version_noted AFTER INSERT ON price_version
FOR EACH ROW WHEN (NEW.digest IS NULL) EXECUTE FUNCTION price_version_noted();
CREATE CONSTRAINT TRIGGER open_version_committed AFTER INSERT ON open_version
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION open_version_committed();

CREATE FUNCTION verify_prices(OUT version bigint, OUT published_at timestamptz, OUT problem text, OUT digest text,
	OUT found_digest text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT version, v.published_at,
		CASE WHEN v IS NULL THEN 'has rows, and is not in price_version'
			WHEN v.digest IS NULL THEN 'has no digest'
			ELSE 'its rows are not those that were published' END,
		v.digest, d.digest
	FROM version_digests() AS d FULL JOIN price_version AS v USING (version)
	WHERE v.digest IS DISTINCT FROM d.digest AND version NOT IN (SELECT o.version FROM open_version AS o)
	ORDER BY version
$$;

COMMENT ON FUNCTION verify_prices() IS
'Compares every price version with its digest: one row for each that is not as its transaction left it (rows were '
'added, changed or lost, its published_at moved), with the digest that was stored and the one found. '
'No row: all are as published. Reads as its caller: under row security of a price table, ask as the owner.';
