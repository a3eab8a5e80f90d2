-- may_spend.sql: what one call of may_spend() takes, in microseconds: processor time and the clock, mean of 10,000 calls.
--
-- Needs cpu() of bench/setup.sql.
SET client_min_messages = warning;
INSERT INTO inferacct.spend_limit (name, usd, period, stale_after) VALUES ('bench', 1000000, 'month', '1 day');
SELECT count(*) FROM inferacct.check_budgets() \g /dev/null
SELECT inferacct.may_spend('bench', 0.01) AS first_answer \gset
CREATE FUNCTION pg_temp.asked(calls integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	allowed bigint := 0;
BEGIN
	FOR n IN 1..calls LOOP
		IF inferacct.may_spend('bench', 0.01) THEN
			allowed := allowed + 1;
		END IF;
	END LOOP;
	RETURN allowed;
END $$;
SELECT cpu() AS cpu, extract(epoch FROM clock_timestamp()) AS wall \gset from_
SELECT pg_temp.asked(10000) AS allowed \gset
SELECT round((cpu() - :from_cpu) / 10000000.0, 1), round((extract(epoch FROM clock_timestamp()) - :from_wall) * 100, 1) WHERE :allowed = 10000;
