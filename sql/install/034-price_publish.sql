-- price_publish: a price of one's own, and the rules that publishing shares with reading.
--
-- Invariant: which of several rows is in force, and what a name stands for, is said
-- once for SQL, here; price/active_rows.c and model/model_resolve.c say it for C.

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
