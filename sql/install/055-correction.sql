-- correction: a price of one's own that is taken back, and one of the past that is put right.
--
-- Invariant: what holds in the past changes only by its owner's word, in a version
-- that says so; price_impact() shows what it does to real spend.

CREATE FUNCTION end_price(
	provider			text,
	model				text,
	meter				text,
	valid_from			timestamptz DEFAULT now(),
	service_tier		text DEFAULT 'standard',
	region				text DEFAULT '',
	above_input_tokens	bigint DEFAULT 0,
	threshold_inclusive	boolean DEFAULT false
) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	meant	record;
	opened	bigint;
BEGIN
	IF provider IS NULL OR model IS NULL OR meter IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'a price needs provider, model and meter');
	END IF;
	IF coalesce(valid_from, 'infinity') = 'infinity' THEN
		PERFORM inferacct_internal.fail('22008', 'valid_from must be a time or -infinity');
	END IF;
	PERFORM lock_prices();
	SELECT * INTO meant FROM price_name(provider, model, region, valid_from);
	IF NOT EXISTS (SELECT FROM price AS p JOIN price_version AS v USING (version) WHERE v.catalog IS NULL
			AND (p.provider, p.model, p.region, p.service_tier, p.meter, p.above_input_tokens, p.threshold_inclusive)
				= (meant.provider, meant.model, meant.region, coalesce(end_price.service_tier, 'standard'),
					end_price.meter,
					coalesce(end_price.above_input_tokens, 0), coalesce(end_price.threshold_inclusive, false))) THEN
		PERFORM inferacct_internal.fail('IA001', format('there is no own price of meter "%s" of %s/%s to end', meter,
			meant.provider, meant.model),
			'Prices of one''s own are those of set_price() and of rows inserted by hand.',
			'price_history has them, of rank 0; set_price(usd => NULL) withdraws what others state.');
	END IF;
	opened := open_price_version(now(), NULL, 'end_price', NULL);
	INSERT INTO price AS p (version, provider, model, region, service_tier, meter, above_input_tokens,
		threshold_inclusive, valid_from, ended)
	VALUES (opened, meant.provider, meant.model, meant.region, coalesce(end_price.service_tier, 'standard'),
		end_price.meter,
		coalesce(end_price.above_input_tokens, 0), coalesce(end_price.threshold_inclusive, false), end_price.valid_from,
		true);
	RETURN opened;
END $$;

COMMENT ON FUNCTION end_price(text, text, text, timestamptz, text, text, bigint, boolean) IS
'Takes back a price of one''s own from valid_from on: what catalogs state of the same key holds again. '
'Returns the version. An alias means what it does in set_price(). Errors: IA001 there is no such price of one''s own, '
'22004 NULL names, 22008 an infinite valid_from.';

CREATE FUNCTION inferacct_internal.own_prices(stated price) RETURNS SETOF price
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT k.* FROM price AS k JOIN price_version AS v USING (version)
	WHERE v.catalog IS NULL AND v.version <> stated.version AND k.time_windows IS NULL
		AND (k.provider, k.model, k.region, k.service_tier, k.meter, k.above_input_tokens, k.threshold_inclusive)
			= (stated.provider, stated.model, stated.region, stated.service_tier, stated.meter,
				stated.above_input_tokens, stated.threshold_inclusive)
$$;

COMMENT ON FUNCTION own_prices(price) IS 'The prices of one''s own of the key of a price, but those of its version.';

CREATE FUNCTION publish_correction(
	provider			text,
	model				text,
	meter				text,
	usd					numeric,
	since				timestamptz,
	until				timestamptz DEFAULT NULL,
	note				text DEFAULT NULL,
	unit_quantity		bigint DEFAULT 1000000,
	service_tier		text DEFAULT 'standard',
	region				text DEFAULT '',
	above_input_tokens	bigint DEFAULT 0,
	threshold_inclusive	boolean DEFAULT false,
	source				text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	opened	bigint;
	stated	price;
BEGIN
	IF NOT owns_table('inferacct.price') THEN
		PERFORM inferacct_internal.fail('IA104', 'a correction of past prices is the owner''s of the extension',
			'It changes reports of the past and closed months.', 'set_price() says what holds from now on.');
	END IF;
	IF NOT coalesce(isfinite(since), false) OR NOT coalesce(isfinite(until), true) THEN
		PERFORM inferacct_internal.fail('22008', 'since and until must be finite times');
	END IF;
	IF until <= since THEN
		PERFORM inferacct_internal.fail('22023', 'until must be after since');
	END IF;
	-- All that set_price() asks of a price, and its name.
	opened := publish_price(provider, model, meter, usd, since, unit_quantity, service_tier, region, above_input_tokens,
		threshold_inclusive, source, 'publish_correction', note);
	SELECT p.* INTO stated FROM price AS p WHERE p.version = opened;

	-- What one has said of later times within, too, gives way; at the end what one said of then holds again, or what
	-- others say.
	INSERT INTO price AS p (version, provider, model, region, service_tier, meter, unit_quantity, usd,
		above_input_tokens, threshold_inclusive, valid_from, source, checked_on, note)
	SELECT DISTINCT opened, stated.provider, stated.model, stated.region, stated.service_tier, stated.meter,
		stated.unit_quantity, stated.usd,
		stated.above_input_tokens, stated.threshold_inclusive, k.valid_from, stated.source, stated.checked_on,
		publish_correction.note
	FROM own_prices(stated) AS k WHERE k.valid_from > since AND (until IS NULL OR k.valid_from < until);
	IF until IS NOT NULL AND NOT EXISTS (SELECT FROM own_prices(stated) AS k WHERE k.valid_from = until) THEN
		INSERT INTO price AS p (version, provider, model, region, service_tier, meter, unit_quantity, usd, currency,
			amount, multiplier,
			above_input_tokens, threshold_inclusive, valid_from, source, checked_on, note, ended)
		SELECT opened, stated.provider, stated.model, stated.region, stated.service_tier, stated.meter,
			coalesce(k.unit_quantity, 1000000), k.usd, coalesce(k.currency, 'USD'),
			k.amount, k.multiplier, stated.above_input_tokens, stated.threshold_inclusive, until, k.source,
			k.checked_on, k.note, coalesce(k.ended, true)
		FROM (SELECT) AS one LEFT JOIN LATERAL (SELECT o.* FROM own_prices(stated) AS o
			JOIN price_version AS v USING (version)
			WHERE o.valid_from <= until ORDER BY in_force_order(o.valid_from, v.published_at, o.version) DESC
				LIMIT 1) AS k ON true;
	END IF;
	RETURN opened;
END $$;

COMMENT ON FUNCTION publish_correction(text, text, text, numeric, timestamptz, timestamptz, text, bigint, text, text,
	bigint, boolean, text) IS
'Says on purpose what a price was in [since, until): a price of one''s own, which goes before whatever was known of '
'that time; from until on (NULL: for good) holds what held without it. usd and the names as in set_price(); '
'note is kept with its rows. Returns the version, of which price_impact() shows what it changes; '
'closed months are restated by it. For the owner of the extension (IA104 for others). '
'Errors: 22008 an infinite time, 22023 until not after since; others as set_price().';
