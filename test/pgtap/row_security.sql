-- Row security of the price tables: rows then come by queries, not by index, and
-- mean the same as far as the policies show them.
BEGIN;
SELECT plan(9);
SET search_path = inferacct, inferacct_internal, public;

CREATE ROLE policed NOLOGIN;
GRANT USAGE ON SCHEMA inferacct TO policed;
GRANT SELECT ON price_version, price, model_alias, contract, contract_term, fx_rate, price_epoch TO policed;

-- Every price row kind: list, another currency, a multiplier, hours, a contract.
SELECT load_prices('{"inferacct": 1, "source": "a test", "checked_on": "2026-11-20", "prices": [
	{"provider": "row-one", "model": "m", "usd": {"input": "1", "output": "2"}},
	{"provider": "row-one", "model": "m", "service_tier": "batch", "multiplier": {"*": "0.5"}},
	{"provider": "row-one", "model": "m", "above_input_tokens": 1000, "usd": {"input": "3", "output": "4"}},
	{"provider": "row-one", "model": "night", "usd": {"input": "5"}},
	{"provider": "row-one", "model": "night", "usd": {"input": "4"},
		"time_windows": {"timezone": "UTC", "windows": [{"days": [1,2,3,4,5,6,7], "from": "00:00", "to": "06:00"}]}},
	{"provider": "row-two", "model": "m", "usd": {"input": "7"}},
	{"provider": "row-two", "model": "yuan", "currency": "CNY", "amount": {"input": "10"}}],
	"aliases": [{"alias": "row-name", "provider": "row-one", "model": "m"}]}'::jsonb) \g /dev/null
INSERT INTO fx_rate (currency, usd_per_unit, valid_from) VALUES ('CNY', 0.14, '2020-01-01+00');
INSERT INTO contract_term (contract, percent_off) VALUES ('row deal', 10);

CREATE TEMPORARY TABLE name AS
	SELECT unnest(ARRAY['row-one/m', 'row-name', 'row-two/m', 'm', 'row-two/yuan', 'row-one/night', 'row-three/m', 'row-one/none', 'none', 'ROW-ONE/M']) AS name
	UNION SELECT name FROM (SELECT provider || '/' || model AS name FROM price WHERE version <= 1000 GROUP BY 1 ORDER BY 1 LIMIT 60) AS shipped
	UNION SELECT alias FROM (SELECT alias FROM model_alias WHERE version <= 1000 GROUP BY 1 ORDER BY 1 LIMIT 60) AS shipped;
GRANT SELECT ON name TO policed;

SET LOCAL inferacct.unpriced = 'null';
CREATE FUNCTION pg_temp.answers() RETURNS text[] LANGUAGE sql STABLE AS $$
	SELECT array_agg(format('%s: %s %s %s %s', n.name, resolve_model(n.name, '2026-10-01 12:00Z'), token_cost(n.name, usage(2000, 10), '2026-10-01 12:00Z'),
		token_cost(n.name, usage(2000, 10), '2026-10-01 03:00Z'), token_cost(n.name, usage(20, 10), '2026-10-01 12:00Z', 'batch')) ORDER BY n.name COLLATE "C")
	FROM name AS n
$$;
CREATE FUNCTION pg_temp.as_policed(setting text DEFAULT '', contract text DEFAULT '') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	given text[];
BEGIN
	PERFORM set_config('inferacct.as_of', setting, true), set_config('inferacct.contract', contract, true);
	SET LOCAL ROLE policed;
	given := pg_temp.answers();
	RESET ROLE;
	PERFORM set_config('inferacct.as_of', '', true), set_config('inferacct.contract', '', true);
	RETURN given;
END $$;

SELECT pg_temp.as_policed() AS plain, pg_temp.as_policed('2026-11-01') AS before, pg_temp.as_policed('', 'row deal') AS deal \gset
SELECT cmp_ok(cardinality(array_remove(:'plain'::text[], NULL)), '>=', 100, 'there are names to ask for');
SELECT isnt(:'plain'::text[], :'deal'::text[], 'a contract changes answers');

ALTER TABLE price ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON price USING (true);
SELECT is(pg_temp.as_policed(), :'plain'::text[], 'a policy that shows everything changes nothing');
SELECT is(pg_temp.as_policed('2026-11-01'), :'before'::text[], 'nor what was known earlier');
SELECT is(pg_temp.as_policed('', 'row deal'), :'deal'::text[], 'nor what a contract makes of it');

DROP POLICY everything ON price;
CREATE POLICY one ON price USING (provider <> 'row-two');
SELECT is(pg_temp.answers(), :'plain'::text[], 'a policy does not bind the owner');
CREATE FUNCTION pg_temp.cost(name text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	given numeric;
BEGIN
	SET LOCAL ROLE policed;
	given := token_cost(name, usage(20), '2026-10-01 12:00Z');
	RESET ROLE;
	RETURN given;
END $$;
SELECT is(pg_temp.cost('row-two/yuan'), NULL, 'a hidden provider has no prices');
SELECT is(pg_temp.cost('m'), 0.00002, 'and no longer makes a name ambiguous');

-- A version that cannot be seen is not known.
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE price_version ENABLE ROW LEVEL SECURITY;
CREATE POLICY shipped ON price_version USING (version <= 1000);
SELECT is(pg_temp.cost('m'), NULL, 'prices of a hidden version are not known');

SELECT * FROM finish();
ROLLBACK;
