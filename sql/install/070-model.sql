-- model: what the name that a log has for a model means.

CREATE FUNCTION resolve_model(model text, at timestamptz DEFAULT now(),
	OUT provider text, OUT model text, OUT region text, OUT rule text)
RETURNS record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION resolve_model(text, timestamptz) IS
'What a model''s name means at a time: the provider and model that its prices are kept under, the region that the '
'name states (NULL when it states none), and the most daring rule that led there, mildest first: exact, provider, '
'route, path, arn, profile, vertex_date, variant, spelling, alias, fine_tune, vendor, version, routing, quantization, '
'dated_snapshot, latest, pattern. A name that several providers have is its maker''s. '
'token_cost() reads names the same way. NULL model or time gives NULLs, and so does a name that is unknown or '
'ambiguous under inferacct.unpriced = null. Errors: IA002 unknown, with the nearest known names; '
'IA003 ambiguous, with the providers that have it; 22008 a time that is not finite';

CREATE FUNCTION inferacct_internal.may_mean(model text, names text[])
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION may_mean(text, text[]) IS
'Whether a model''s name may lead to one of these, of models or aliases (patterns too), at whatever prices: by the '
'rules of resolve_model(), whose answer it never rules out; whoever the provider is. NULL gives NULL.';

-- What reports group by: a log may call one provider, or one model, by many names.
CREATE FUNCTION inferacct_internal.resolved_provider(provider text, model text, at timestamptz)
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION resolved_provider(text, text, timestamptz) IS
'Who served a request, by one name: provider as the log states it, in the spelling of the one that the model is '
'priced under, or of prices; where the log states none, the provider of the model, or what stands before the slash of '
'a name that nobody knows. NULL when that is nothing. The same under any inferacct.unpriced. '
'Error 22008 a time that is not finite.';

CREATE FUNCTION inferacct_internal.resolved_model(model text, at timestamptz)
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION resolved_model(text, timestamptz) IS
'The model that a name means at a time, as provider/model, by which it is priced; '
'the name as it is where it has no prices or is ambiguous. NULL model gives NULL. '
'The same under any inferacct.unpriced. Error 22008 a time that is not finite.';

CREATE FUNCTION inferacct_internal.resolved_tier(service_tier text)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 3
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION resolved_tier(text) IS
'The service tier that a word of a log or a provider means, as prices call it (docs/prices.md); standard for NULL.';

CREATE FUNCTION inferacct_internal.resolved_region(region text, model text, at timestamptz)
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION resolved_region(text, text, timestamptz) IS
'The region of a request: the one that the log states, or else the one in the model''s name. NULL when there is none. '
'Error 22008 a time that is not finite.';

CREATE FUNCTION set_alias(alias text, model text, valid_from timestamptz DEFAULT '-infinity') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	meant	record;
	opened	bigint;
BEGIN
	IF coalesce(alias, '') = '' OR valid_from IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'set_alias needs an alias and a time',
			hint => 'A model of NULL ends the alias.');
	END IF;
	PERFORM lock_prices();
	IF model IS NULL THEN
		SELECT a.provider, NULL::text AS model, '' AS region INTO meant
		FROM model_alias AS a JOIN price_version AS v USING (version)
		WHERE a.alias = set_alias.alias AND a.model IS NOT NULL
		ORDER BY in_force_order(a.valid_from, v.published_at, a.version) DESC LIMIT 1;
		IF NOT FOUND THEN
			PERFORM inferacct_internal.fail('IA002', format('there is no alias "%s"', alias),
				hint => 'Aliases are the rows of model_alias.');
		END IF;
	ELSE
		SELECT r.provider, r.model, coalesce(r.region, '') AS region INTO meant
			FROM resolve_model(set_alias.model) AS r;
		IF meant.model IS NULL THEN
			PERFORM inferacct_internal.fail('IA002', format('unknown model "%s"', model),
				hint => 'current_price lists the models that have prices; set_price() adds one.');
		END IF;
		IF alias = meant.provider || '/' || meant.model THEN
			PERFORM inferacct_internal.fail('22023', format('"%s" cannot be an alias of itself', alias));
		END IF;
	END IF;
	opened := open_price_version(now(), NULL, format('alias of %s', alias), NULL);
	INSERT INTO model_alias (version, alias, provider, model, region, valid_from)
	VALUES (opened, set_alias.alias, meant.provider, meant.model, meant.region, set_alias.valid_from);
	RETURN opened;
END $$;

COMMENT ON FUNCTION set_alias(text, text, timestamptz) IS
'Publishes that requests logged as alias cost what model costs, from valid_from on (half-open, until the next row of '
'the alias); returns the version. The model may be written in any way that resolve_model() reads and is kept under '
'its own name; NULL ends the alias. Errors: IA002 unknown model or no such alias, IA003 ambiguous, 22004 no alias or '
'time, 22023 an alias of itself.';

CREATE FUNCTION set_contract_term(
	contract		text,
	provider		text DEFAULT NULL,
	model			text DEFAULT NULL,
	meter			text DEFAULT NULL,
	usd				numeric DEFAULT NULL,
	percent_off		numeric DEFAULT NULL,
	valid_from		timestamptz DEFAULT '-infinity',
	valid_to		timestamptz DEFAULT 'infinity',
	unit_quantity	bigint DEFAULT 1000000,
	service_tier	text DEFAULT NULL,
	region			text DEFAULT NULL,
	source			text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.as_of TO ''
SET inferacct.unpriced TO 'error'
AS $$
DECLARE
	meant	record;
	opened	bigint;
	near	text;
BEGIN
	IF coalesce(contract, '') = '' THEN
		PERFORM inferacct_internal.fail('22004', 'a term needs the name of its contract');
	END IF;
	PERFORM check_meter(meter);
	PERFORM lock_prices();
	IF model IS NOT NULL AND provider IS NOT NULL THEN
		SELECT t.provider, t.model, t.region INTO meant
		FROM alias_target(set_contract_term.provider, set_contract_term.model,
			CASE WHEN isfinite(valid_from) THEN valid_from ELSE clock_timestamp() END) AS t;
		IF FOUND THEN
			RAISE NOTICE '% is an alias: the term is for %', provider || '/' || model,
				concat_ws(' in ', meant.provider || '/' || meant.model, nullif(meant.region, ''));
			set_contract_term.provider := meant.provider;
			set_contract_term.model := meant.model;
			set_contract_term.region := coalesce(region, nullif(meant.region, ''));
		ELSIF NOT EXISTS (SELECT FROM price AS p
			WHERE (p.provider, p.model) = (set_contract_term.provider, set_contract_term.model)) THEN
			-- Raises IA002 with the nearest names, or knows a name that it could be.
			SELECT r.provider || '/' || r.model INTO near
				FROM resolve_model(set_contract_term.provider || '/' || set_contract_term.model) AS r;
			PERFORM inferacct_internal.fail('IA002', format('unknown model "%s/%s"', provider, model),
				'A term is for a model by its own name or an alias, not by a guess.',
				format('Nearest known: %s.', near));
		END IF;
	ELSIF provider IS NOT NULL AND NOT EXISTS (SELECT FROM price AS p WHERE p.provider = set_contract_term.provider)
	THEN
		SELECT coalesce(string_agg(k.provider, ', ' ORDER BY k.provider) FILTER (WHERE
			left(k.provider, 2) = lower(left(set_contract_term.provider, 2))),
			string_agg(k.provider, ', ' ORDER BY k.provider)) INTO near
		FROM (SELECT DISTINCT p.provider FROM price AS p) AS k;
		PERFORM inferacct_internal.fail('IA002', format('unknown provider "%s"', provider),
			'Nobody has published a price of it.', format('Nearest known: %s.', near));
	END IF;
	opened := open_price_version(now(), source, 'set_contract_term', NULL);
	INSERT INTO contract_term AS t (version, contract, provider, model, meter, usd, percent_off, valid_from, valid_to,
		unit_quantity, service_tier, region, source)
	VALUES (opened, contract, provider, model, meter, usd, percent_off, valid_from, valid_to, unit_quantity,
		service_tier, region, source);
	RETURN opened;
END $$;

COMMENT ON FUNCTION set_contract_term(text, text, text, text, numeric, numeric, timestamptz, timestamptz, bigint, text,
	text, text) IS
'Publishes one term of a contract as a new version and returns its number: usd per unit_quantity units of a meter of '
'a model, or percent_off; NULL provider, model, meter, service_tier or region means any; '
'neither usd nor percent_off ends the term alike from valid_from on. An alias is kept as what it means at valid_from '
'(now, when that is -infinity), and a NOTICE says so. Errors: IA002 a provider or model without prices, with near '
'names; IA003 ambiguous; IA101 usd too fine; 22004 no contract; 22023 unknown meter; 23514 what contract_term refuses.';
