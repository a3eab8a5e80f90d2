-- backtest: how far off forecasts are, of days of known kinds that are made from a seed.
--
-- psql variable: seeds, how many series of each kind.  Fills the TEMP table tried with
-- a row for each forecast of the rest of a month, as seen on its days 4, 10 and 18: by
-- how much of the month it was off, by how much the mean of the same weekday of four
-- weeks was, and whether the outcome lay in the intervals.  test/pgtap/forecast.sql holds
-- what they have to keep; bench/backtest prints them.
--
-- The first eight kinds are those by which an earlier forecast was found wanting; what
-- is told by them alone would be fitted to them, so there are others.
SET LOCAL search_path = inferacct, inferacct_internal, public;

CREATE TEMP TABLE kind (n int, kind text PRIMARY KEY, is_new boolean);
INSERT INTO kind SELECT n, kind, n > 8 FROM unnest('{even,noisy,weekly,like the day before (0.5),very like the day before (0.8),growing 8 % a month,with holidays,a random walk,
	shrinking 8 % a month,a step,steps,single peaks,month ends,a launch,workdays only,seasons,one day of the week,weeks of campaigns,very noisy}'::text[]) WITH ORDINALITY AS k(kind, n);
UPDATE kind SET kind = btrim(kind, E' \n\t');

CREATE FUNCTION pg_temp.uniform(key bigint) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN (hashint8extended(key, 20261130) & 1048575) / 1048576.0;
CREATE FUNCTION pg_temp.noise(key bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$		-- standard normal, of twelve uniform ones
	SELECT sum(pg_temp.uniform($1 * 12 + i)) - 6 FROM generate_series(0, 11) AS i $$;

-- 390 days, of which weekends have half of a workday.
CREATE FUNCTION pg_temp.series(n int, kind text, seed int) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
	key CONSTANT bigint := (n * 1000::bigint + seed) * 1000;
	week CONSTANT float8[] := '{1,1.05,1.1,1.05,1,0.5,0.45}';
	x float8[];
	e float8;
	v float8;
	u float8;
	like_before float8 := 0;
	walk float8 := 0;
	step_at int := 60 + (pg_temp.uniform(key + 901) * 300)::int;
	level float8 := 1;
BEGIN
	FOR t IN 0 .. 389 LOOP
		e := pg_temp.noise(key + t);
		u := pg_temp.uniform(-key - t - 1);
		like_before := CASE WHEN kind ~ '0\.8' THEN 0.8 WHEN kind ~ '0\.5' THEN 0.5 ELSE 0 END * like_before + 0.15 * e;
		walk := walk + 0.05 * e;
		IF kind = 'steps' AND u < 1 / 60.0 THEN
			level := exp(0.8 * (60 * u - 0.5));
		END IF;
		v := CASE kind WHEN 'even' THEN 1 + 0.05 * e WHEN 'noisy' THEN exp(0.5 * e) WHEN 'very noisy' THEN exp(e)
			WHEN 'like the day before (0.5)' THEN exp(like_before) WHEN 'very like the day before (0.8)' THEN exp(like_before) WHEN 'a random walk' THEN exp(walk)
			ELSE (1 + 0.1 * e) * CASE kind WHEN 'growing 8 % a month' THEN power(1.08, t / 30.0) WHEN 'shrinking 8 % a month' THEN power(0.92, t / 30.0)
				WHEN 'with holidays' THEN CASE WHEN t % 60 IN (20, 21, 22) THEN 0.3 ELSE 1 END WHEN 'a step' THEN CASE WHEN t < step_at THEN 1 ELSE 2 - seed % 2 * 1.5 END WHEN 'steps' THEN level
				WHEN 'single peaks' THEN CASE WHEN u < 0.03 THEN 5 ELSE 1 END WHEN 'month ends' THEN CASE WHEN t % 30 >= 27 THEN 2.5 ELSE 1 END WHEN 'a launch' THEN 0.05 + 1 / (1 + exp((200 - t) / 25.0))
				WHEN 'workdays only' THEN CASE WHEN t % 7 >= 5 THEN 0.04 ELSE 1 END WHEN 'seasons' THEN 1 + 0.3 * sin(t * pi() / 90) WHEN 'one day of the week' THEN CASE WHEN t % 7 = 2 THEN 6 ELSE 1 END
				WHEN 'weeks of campaigns' THEN CASE WHEN t % 70 BETWEEN 30 AND 36 THEN 2 ELSE 1 END ELSE 1 END END;
		x := x || greatest(100 * v * CASE WHEN kind = 'even' THEN 1 ELSE week[t % 7 + 1] END, 0);
	END LOOP;
	RETURN x;
END $$;

CREATE TEMP TABLE tried AS
WITH series AS MATERIALIZED (
	SELECT k.n, k.kind, k.is_new, seed, pg_temp.series(k.n, k.kind, seed) AS x FROM kind AS k, generate_series(1, :seeds) AS seed
), asked AS (
	SELECT s.n AS kind_n, s.kind, s.is_new, s.seed, s.x, 30 * m + d AS n, 30 - d AS days, 30 * m AS begun FROM series AS s, generate_series(4, 12) AS m, unnest(ARRAY[4, 10, 18]) AS d
), found AS (
	SELECT a.*, f.level, f.sd, week_shares(x[greatest(n - 111, 1):n], least(n, 112)) AS shares, (SELECT sum(v) FROM unnest(x[begun + 1:n]) AS v) AS spent, (SELECT sum(v) FROM unnest(x[n + 1:n + days]) AS v) AS truth,
		(SELECT sum((SELECT avg(x[n + k - 7 * (j + (k - 1) / 7)]) FROM generate_series(1, 4) AS j)) FROM generate_series(1, days) AS k) AS weekday_mean
	FROM asked AS a CROSS JOIN LATERAL fitted_level(x[greatest(n - 111, 1):n], 0, days) AS f
)
SELECT kind_n, kind, is_new, abs(guess - truth) / (spent + truth) AS error, abs(weekday_mean - truth) / (spent + truth) AS plain, abs(guess - truth) <= heavy_quantile(0.1) * sd AS in_80, abs(guess - truth) <= heavy_quantile(0.025) * sd AS in_95
FROM (SELECT *, level * (SELECT sum(shares[(k - 1) % 7 + 1]) FROM generate_series(1, days) AS k) AS guess FROM found) AS f;

-- A line per kind, and one of all.
CREATE TEMP VIEW backtest AS
SELECT coalesce(kind, 'all') AS kind, round(100 * avg(error)::numeric, 2) AS error, round(100 * avg(plain)::numeric, 2) AS plain, round(100 * (avg(error) / avg(plain) - 1)::numeric, 1) AS change,
	round(100.0 * avg(in_80::int), 1) AS in_80, round(100.0 * avg(in_95::int), 1) AS in_95, min(kind_n) AS n, GROUPING(kind) = 1 AS is_all, bool_and(is_new) AS is_new
FROM tried GROUP BY ROLLUP (kind);
