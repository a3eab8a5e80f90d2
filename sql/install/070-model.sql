
-- model: what the name that a log has for a model means.

CREATE FUNCTION resolve_model(model text, at timestamptz DEFAULT now(),
	OUT provider text, OUT model text, OUT region text, OUT rule text)
RETURNS record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION resolve_model(text, timestamptz) IS
'What a model''s name means at a time: the provider and model that its prices are kept under, the region that the name states ('''' when it states none), and the most daring rule that led there, mildest first: exact, provider, route, path, arn, profile, vertex_date, spelling, alias, fine_tune, vendor, version, dated_snapshot, latest. token_cost() reads names the same way. NULL model or time gives NULLs, and so does a name that is unknown or ambiguous under inferacct.unpriced = null. Errors: IA002 unknown, with the nearest known names; IA003 ambiguous, with the providers that have it; 22008 a time that is not finite';

CREATE FUNCTION set_alias(alias text, model text, valid_from timestamptz DEFAULT '-infinity') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	meant	record;
	opened	bigint;
BEGIN
	IF coalesce(alias, '') = '' OR valid_from IS NULL THEN
		RAISE EXCEPTION 'set_alias needs an alias and a time' USING ERRCODE = '22004',
			HINT = 'A model of NULL ends the alias.';
	END IF;
	PERFORM lock_prices();
	IF model IS NULL THEN
		SELECT a.provider, NULL::text AS model, '' AS region INTO meant
		FROM model_alias AS a JOIN price_version AS v USING (version)
		WHERE a.alias = set_alias.alias AND a.model IS NOT NULL
		ORDER BY a.valid_from DESC, v.published_at DESC, a.version DESC LIMIT 1;
		IF NOT FOUND THEN
			PERFORM fail('IA002', format('there is no alias "%s"', alias), hint => 'Aliases are the rows of model_alias.');
		END IF;
	ELSE
		SELECT r.provider, r.model, r.region INTO meant FROM resolve_model(set_alias.model) AS r;
		IF meant.model IS NULL THEN
			RAISE EXCEPTION 'unknown model "%"', model USING ERRCODE = 'IA002',
				HINT = 'current_price lists the models that have prices; set_price() adds one.';
		END IF;
		IF alias = meant.provider || '/' || meant.model THEN
			RAISE EXCEPTION '"%" cannot be an alias of itself', alias USING ERRCODE = '22023';
		END IF;
	END IF;
	opened := open_price_version(now(), NULL, format('alias of %s', alias), NULL);
	INSERT INTO model_alias (version, alias, provider, model, region, valid_from)
	VALUES (opened, set_alias.alias, meant.provider, meant.model, meant.region, set_alias.valid_from);
	RETURN opened;
END $$;

COMMENT ON FUNCTION set_alias(text, text, timestamptz) IS
'Publishes that requests logged as alias cost what model costs, from valid_from on (half-open, until the next row of the alias); returns the version. '
'The model may be written in any way that resolve_model() reads and is kept under its own name; NULL ends the alias. Errors: IA002 unknown model or no such alias, IA003 ambiguous, 22004 no alias or time, 22023 an alias of itself.';
