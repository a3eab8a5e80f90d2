-- contract_clause: what a contract with a provider commits to: volume tiers, a minimum, credits paid ahead, rebates.
--
-- Invariants: a month of a provider is settled in one order: what its usage costs, less the volume
-- discount, less the rebate, and up to the minimum where that is more, is what it costs; credits that
-- were paid ahead pay of that what they have left.  All of it is exact, and adds up line by line.  Where
-- usage has no price, the month is not settled, and neither is what is left of credits after it.  What
-- settle_contracts() writes to shared_cost is in every report from then on: a cost or, below 0, a
-- reduction, spread by what the usage of that provider costs.

CREATE TABLE contract_clause (
	provider	text NOT NULL CHECK (provider <> ''),
	name		text NOT NULL CHECK (name <> ''),
	kind		text NOT NULL CHECK (kind IN ('volume discount', 'rebate', 'minimum', 'credit')),
	since		date NOT NULL CHECK (since = date_trunc('month', since::timestamp)::date AND isfinite(since)),
	until		date CHECK (until > since AND until = date_trunc('month', until::timestamp)::date AND isfinite(until)),
	above_usd	numeric NOT NULL DEFAULT 0 CHECK (above_usd >= 0 AND above_usd < 'Infinity'),
	percent_off	numeric CHECK (percent_off BETWEEN 0 AND 100 AND scale(trim_scale(percent_off)) <= 7),
	usd			numeric CHECK (usd > 0 AND usd < 'Infinity'),
	note		text,
	PRIMARY KEY (provider, name, above_usd, since),
	CONSTRAINT contract_clause_percent_or_usd CHECK (CASE WHEN kind IN ('volume discount', 'rebate')
		THEN num_nonnulls(percent_off) = 1 AND usd IS NULL
		ELSE num_nonnulls(usd) = 1 AND percent_off IS NULL AND above_usd = 0 END)
);

COMMENT ON TABLE contract_clause IS
'What a contract with a provider says of whole UTC months, beside the prices of contract_term. '
'contract_account() settles months by it, settle_contracts() takes what it says into shared costs.';
COMMENT ON COLUMN contract_clause.provider IS 'the provider, by any name';
COMMENT ON COLUMN contract_clause.name IS 'name of the clause; several tiers have one';
COMMENT ON COLUMN contract_clause.kind IS
'volume discount: percent_off of what the month costs above above_usd, up to the next tier of that name; rebate: '
'percent_off of all that the month costs after that, where it costs more than above_usd (of several tiers the '
'highest that is reached); minimum: usd that a month costs at least; credit: usd that were paid ahead, and are '
'drawn down';
COMMENT ON COLUMN contract_clause.since IS 'first month';
COMMENT ON COLUMN contract_clause.until IS
'the month before which it ends, when what is left of a credit is lost; NULL: it goes on';
COMMENT ON COLUMN contract_clause.above_usd IS 'USD of the month from which the tier holds';
COMMENT ON COLUMN contract_clause.percent_off IS 'percent of volume discount or rebate';
COMMENT ON COLUMN contract_clause.usd IS 'USD of a minimum for each month, of a credit in all';
COMMENT ON COLUMN contract_clause.note IS 'a remark';
SELECT pg_extension_config_dump('contract_clause', '');

CREATE FUNCTION inferacct_internal.volume_discount(spent numeric, provider text, month date)
RETURNS TABLE (name text, usd numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT t.name, trim_scale(sum((least($1, coalesce(t.next_usd, $1)) - t.above_usd) * t.percent_off * 0.01))
	FROM (SELECT c.*, lead(c.above_usd) OVER (PARTITION BY c.name ORDER BY c.above_usd) AS next_usd
		FROM contract_clause AS c WHERE c.kind = 'volume discount' AND same_provider(c.provider, $2)
			AND $3 >= c.since AND $3 < coalesce(c.until, 'infinity')) AS t
	WHERE t.above_usd < $1 GROUP BY t.name
$$;

COMMENT ON FUNCTION volume_discount(numeric, text, date) IS
'What a month of that much spend at a provider is cheaper by volume, by clause.';

CREATE FUNCTION inferacct_internal.same_provider(one text, other text)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT resolved_provider($1, NULL, now()) = resolved_provider($2, NULL, now()) $$;

COMMENT ON FUNCTION same_provider(text, text) IS 'Whether two names are of one provider.';

CREATE FUNCTION inferacct_internal.provider_month(provider text, month date, OUT usd numeric, OUT unpriced bigint,
	OUT models text[])
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	SELECT coalesce(trim_scale(sum(p.usd)), 0), coalesce(sum(p.requests) FILTER (WHERE p.usd IS NULL), 0)::bigint,
		coalesce(array_agg(DISTINCT p.model), '{}')
	FROM (SELECT u.model, meter(u.usage, 'requests') AS requests, rollup_cost(u.model, u.usage, u.first_at, u.last_at,
			u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) AS usd
		FROM rollup_usage AS u
		WHERE u.month = $2
			AND resolved_provider(u.provider, u.model, u.first_at) = resolved_provider($1, NULL, now())) AS p
$$;

COMMENT ON FUNCTION provider_month(text, date) IS
'What the usage of a provider costs in a month by the token, how many of its requests have no price, and its '
'models as the log names them.';

CREATE FUNCTION contract_account(since date DEFAULT NULL, until date DEFAULT NULL,
	OUT month date, OUT provider text, OUT name text, OUT kind text, OUT usd numeric, OUT left_usd numeric,
	OUT note text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000000 ROWS 50
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	c record;
	spent record;
	shown boolean;
	cost numeric;
	due numeric;
	missing numeric;
	remaining jsonb;			-- of each credit, by its key
	unknown boolean;			-- a month before could not be settled
	key text;
BEGIN
	FOR provider IN SELECT DISTINCT resolved_provider(k.provider, NULL, now()) FROM contract_clause AS k ORDER BY 1 LOOP
		remaining := '{}';
		unknown := false;
		-- What has begun, and what the log has: a clause that goes on has no last month.
		FOR month IN SELECT g::date FROM generate_series(
				(SELECT min(k.since) FROM contract_clause AS k
					WHERE same_provider(k.provider, contract_account.provider))::timestamp,
				least(greatest(month_of(now()), (SELECT max(r.month) FROM rollup_month AS r)),
					coalesce(contract_account.until, 'infinity') - 1)::timestamp, interval '1 month') AS g
			WHERE g <= month_of(now()) OR g::date IN (SELECT r.month FROM rollup_month AS r) LOOP
			CONTINUE WHEN NOT EXISTS (SELECT FROM contract_clause AS k
				WHERE same_provider(k.provider, contract_account.provider) AND contract_account.month >= k.since
					AND contract_account.month < coalesce(k.until, 'infinity'));
			shown := month >= coalesce(contract_account.since, '-infinity');
			spent := provider_month(provider, month);
			left_usd := NULL;
			IF spent.unpriced > 0 THEN
				unknown := true;
				kind := 'usage'; name := NULL; usd := NULL;
				note := format('%s requests have no price: see unpriced_usage', spent.unpriced);
				IF shown THEN RETURN NEXT; END IF;
				CONTINUE;
			END IF;
			note := NULL;
			cost := spent.usd;
			kind := 'usage'; name := NULL; usd := cost;
			IF shown THEN RETURN NEXT; END IF;
			FOR c IN SELECT * FROM volume_discount(spent.usd, provider, month) AS d WHERE d.usd > 0 ORDER BY d.name LOOP
				cost := cost - c.usd;
				kind := 'volume discount'; name := c.name; usd := -c.usd;
				IF shown THEN RETURN NEXT; END IF;
			END LOOP;
			due := cost;
			FOR c IN SELECT DISTINCT ON (k.name) k.name, trim_scale(due * k.percent_off * 0.01) AS usd
				FROM contract_clause AS k
				WHERE k.kind = 'rebate' AND same_provider(k.provider, contract_account.provider) AND k.above_usd < due
					AND contract_account.month >= k.since AND contract_account.month < coalesce(k.until, 'infinity')
				ORDER BY k.name, k.above_usd DESC LOOP
				CONTINUE WHEN c.usd = 0;
				cost := cost - c.usd;
				kind := 'rebate'; name := c.name; usd := -c.usd;
				IF shown THEN RETURN NEXT; END IF;
			END LOOP;
			FOR c IN SELECT k.name, k.usd FROM contract_clause AS k
				WHERE k.kind = 'minimum' AND same_provider(k.provider, contract_account.provider)
					AND contract_account.month >= k.since AND contract_account.month < coalesce(k.until, 'infinity')
				ORDER BY k.usd, k.name LOOP
				missing := trim_scale(greatest(c.usd - cost, 0));
				CONTINUE WHEN missing = 0;
				note := CASE WHEN begin_of(next_month(month)) > now()
					THEN 'the month is not over: less, if more is used' END;
				cost := cost + missing;
				kind := 'shortfall'; name := c.name; usd := missing;
				IF shown THEN RETURN NEXT; END IF;
			END LOOP;
			note := NULL;
			due := cost;
			-- What ends first is drawn first.
			FOR c IN SELECT k.* FROM contract_clause AS k
				WHERE k.kind = 'credit' AND same_provider(k.provider, contract_account.provider)
					AND contract_account.month >= k.since AND contract_account.month < coalesce(k.until, 'infinity')
				ORDER BY k.until NULLS LAST, k.since, k.name LOOP
				key := c.since || ' ' || c.name;
				left_usd := coalesce((remaining ->> key)::numeric, c.usd);
				usd := -least(greatest(due, 0), left_usd);
				left_usd := trim_scale(left_usd + usd);
				remaining := remaining || jsonb_build_object(key, left_usd);
				due := due + usd;
				kind := 'credit'; name := c.name;
				IF unknown THEN
					usd := NULL; left_usd := NULL;
					note := 'a month before is not settled';
				END IF;
				IF shown AND (usd <> 0 OR usd IS NULL) THEN RETURN NEXT; END IF;
				IF next_month(month) = c.until AND NOT left_usd = 0 THEN
					kind := 'credit lost'; usd := left_usd; left_usd := 0;
					IF shown THEN RETURN NEXT; END IF;
				END IF;
			END LOOP;
			left_usd := NULL;
			kind := 'payable'; name := NULL;
			usd := CASE WHEN NOT (unknown AND remaining <> '{}') THEN trim_scale(due) END;
			IF shown THEN RETURN NEXT; END IF;
		END LOOP;
	END LOOP;
END
$$;

COMMENT ON FUNCTION contract_account(date, date) IS
'The UTC months of [since, until) (NULL: all that have begun) of each provider with a contract_clause, settled: '
'usage (by the session''s prices and contract), volume discount and rebate (below 0), shortfall up to a minimum, '
'credit (drawn, below 0; left_usd is what is left of it), credit lost (what is left when it ends, which was paid '
'ahead), and payable, the sum of all but that. Exact. usd is NULL, with a note, where usage has no price, and of '
'credits from then on. Errors: as rollup_cost(), but for what has no price.';

CREATE FUNCTION settle_contracts(since date DEFAULT NULL, until date DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	marked CONSTANT text := 'settle_contracts(): as contract_clause says';
	written bigint;
BEGIN
	PERFORM take_turn('contracts');
	DELETE FROM shared_cost AS s WHERE s.note = marked AND s.month >= coalesce(since, '-infinity')
		AND s.month < coalesce(until, 'infinity');
	INSERT INTO shared_cost (month, name, usd, basis, models, note)
	SELECT a.month, format('%s: %s of %s', a.provider, a.kind, a.name), a.usd, 'spend',
		(provider_month(a.provider, a.month)).models, marked
	FROM contract_account(since, until) AS a
	WHERE a.kind IN ('volume discount', 'rebate', 'credit lost')
		OR a.kind = 'shortfall' AND begin_of(next_month(a.month)) <= now();
	GET DIAGNOSTICS written = ROW_COUNT;
	RETURN written;
END
$$;

COMMENT ON FUNCTION settle_contracts(date, date) IS
'Takes what contract_account() says of the months of [since, until) (NULL: all) into shared_cost, in place of '
'what it wrote before: volume discounts and rebates below 0, shortfalls of months that are over, and lost '
'credits, spread by what the usage of the provider costs; so reports, budgets, FOCUS and closings have them. '
'Returns how many rows. Credits that are drawn pay a cost, and are none. Errors as contract_account(), 42501.';
