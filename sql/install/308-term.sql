-- term: what a plan saves over the time for which it binds, and what that is worth today.
--
-- Invariant: what is reserved or bought is paid for the whole term whatever it does;
-- everything else is planned anew at the prices and the load of its time.

-- Quarters of a year, half-years of three: each is taken as its middle.
CREATE FUNCTION inferacct_internal.term_value(f advice_facts, decline numeric, load_factor numeric,
	OUT months integer, OUT saved_usd numeric, OUT present_usd numeric)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	p		plan_problem := f.problem;
	own		plan_term;
	t		plan_term;
	met		plan;
	binds	boolean := (f.plan).term LIKE 'reserved%' OR (f.plan).term = 'owned';
	step	integer;
	years	numeric;
	this	numeric;
BEGIN
	IF f.plan IS NULL OR NOT has_machines(f) THEN
		RETURN;
	END IF;
	months := CASE WHEN (f.plan).term = 'reserved_3y' THEN 36 ELSE 12 END;
	step := months / CASE months WHEN 36 THEN 6 ELSE 4 END;
	SELECT u.* INTO own FROM unnest(p.terms) AS u WHERE u.term = (f.plan).term;
	saved_usd := 0;
	present_usd := 0;
	FOR month IN 0 .. months - 1 BY step LOOP
		years := (month + step / 2.0) / 12;
		SELECT u.* INTO t FROM unnest(terms_at_rent(p, power(f.price_factor, years))) AS u WHERE u.term = own.term;
		IF binds THEN
			t.constant_usd := own.constant_usd;
			t.spare_usd := own.spare_usd;
		END IF;
		met := plan_on(p, t, round(load_factor * power(1 + f.growth, years), 6), round(power(1 - decline, years), 6), 1,
			CASE WHEN binds AND f.replicas > 0 THEN (f.plan).replicas END);
		this := step * (met.api_only_usd - met.usd);
		saved_usd := saved_usd + this;
		present_usd := present_usd + this / power(1 + f.discount_rate, years);
	END LOOP;
	saved_usd := trim_scale(round(saved_usd, 2));
	present_usd := trim_scale(round(present_usd, 2));
END $$;

COMMENT ON FUNCTION term_value(advice_facts, numeric, numeric) IS
'What the plan of the facts saves against the API over its term (36 months reserved for three years, else 12), USD to '
'the cent, and what that is worth today at discount_rate: with API prices falling by `decline` a year, rents to '
'price_factor, and a load of load_factor times the planned one that grows by growth. NULLs without machines.';

CREATE FUNCTION inferacct_internal.with_term_value(f advice_facts) RETURNS advice_facts
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	SELECT v.months, v.saved_usd, v.present_usd INTO f.term_months, f.term_saved_usd, f.present_usd
	FROM term_value(f, f.api_price_decline, 1) AS v;
	IF f.forecast_wape < 1 THEN
		f.present_low_usd := (term_value(f, f.api_price_decline, 1 - f.forecast_wape)).present_usd;
		f.present_high_usd := (term_value(f, f.api_price_decline, 1 + f.forecast_wape)).present_usd;
	END IF;
	RETURN f;
END $$;

COMMENT ON FUNCTION with_term_value(advice_facts) IS
'The facts with what the plan is worth over its term, also when the load is lower and higher by what the backtest of '
'the forecast missed.';

CREATE FUNCTION inferacct_internal.term_in_words(f advice_facts) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN format('over %s it saves %s, worth %s today', CASE f.term_months WHEN 36 THEN 'three years' ELSE 'a year' END,
		usd_in_words(f.term_saved_usd), usd_in_words(f.present_usd))
	|| coalesce(CASE WHEN f.forecast_wape > 0 THEN format(' (%s to %s where the load is %s lower or higher, as the '
		'backtest of the forecast missed)',
		usd_in_words(least(f.present_low_usd, f.present_high_usd)),
		usd_in_words(greatest(f.present_low_usd, f.present_high_usd)), percent(f.forecast_wape)) END, '');

COMMENT ON FUNCTION term_in_words(advice_facts) IS 'What a plan is worth over its term, for a sentence.';
