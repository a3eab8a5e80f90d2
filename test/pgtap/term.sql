-- term: what a plan saves over the time for which it binds, and what that is worth today.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(14);

DO $$ BEGIN PERFORM set_price('tp', 'big', 'input', 3), set_price('tp', 'big', 'output', 15); END $$;
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('DH', 'hv', 'on_demand', 10), ('DH', 'hv', 'reserved_1y', 7), ('DX', 'v', 'on_demand', 10), ('DY', 'v', 'on_demand', 10), ('DY', 'v', 'reserved_1y', 7), ('DY', 'v', 'reserved_3y', 4);
INSERT INTO deployment (name, gpu, vendor, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('year', 'DH', 'hv', 10000, 1000), ('hour', 'DX', 'v', 10000, 1000), ('three', 'DY', 'v', 10000, 1000), ('close', 'DH', 'hv', 10000, 1000);
INSERT INTO deployment_cost (deployment, item, usd_per_month) VALUES ('year', 'monitoring', 1000), ('close', 'monitoring', 20000);
-- Ten weeks of one replica's load: 54 USD an hour at the API.
CREATE TABLE public.flat AS SELECT timestamptz '2025-01-06Z' + n * interval '1 hour' AS at, usage(0, 3600000) AS usage, 'tp/big'::text AS model, 'standard'::text AS service_tier, NULL::text AS region,
	900::bigint AS duration_ms, NULL::float8 AS score, NULL::interval AS tolerates FROM generate_series(0, 1679) AS n;
CREATE FUNCTION pg_temp.row_of(deployment text, decline numeric DEFAULT 0.3, growth numeric DEFAULT 0, discount numeric DEFAULT 0.08, price_factor numeric DEFAULT 0.65) RETURNS advice LANGUAGE sql AS $$
	SELECT a FROM advise($1, log => 'public.flat', at => '2025-04-01Z', api_price_decline => $2, growth => $3, discount_rate => $4, price_factor => $5) AS a WHERE a.rule = 'pays_over_term' $$;
-- What is saved in the middle of each quarter, three months long, and discounted.
CREATE FUNCTION pg_temp.worth(api numeric, machines numeric, decline numeric, discount numeric) RETURNS numeric LANGUAGE sql AS $$
	SELECT sum(3 * (api * round(power(1 - decline, y), 6) - machines) / power(1 + discount, y)) FROM unnest('{0.125,0.375,0.625,0.875}'::numeric[]) AS y $$;

SELECT is(round((pg_temp.row_of('year')).measured, 1), round(pg_temp.worth(54 * 730, 7 * 730 + 1000, 0.3, 0.08), 1), 'a year of falling prices, discounted by the quarter');
SELECT is(round((pg_temp.row_of('year', 0, 0, 0)).measured, 2), 12 * (54 - 7) * 730 - 12000.00, 'without any change twelve times a month');
SELECT matches((pg_temp.row_of('year', 0, 0, 0)).explanation, 'falling by 0 % a year, rents to 65 %, the load growing by 0 % and money costing 0 %, over a year it saves 399,720 USD, worth 399,720 USD today', 'as the sentence says');
SELECT is((pg_temp.row_of('year')).threshold_origin || (pg_temp.row_of('year', 0.4)).threshold_origin, 'defaultgiven', 'whose figures are said');
SELECT is((pg_temp.row_of('year', 0.9999)).verdict, 'no', 'a year''s reservation does not pay when the API costs nothing soon');
SELECT is(round((pg_temp.row_of('hour', 0.3, 0, 0)).measured, 0), round((SELECT sum(3 * 730 * (54 * round(power(0.7, y), 6) - 10 * power(0.65, y))) FROM unnest('{0.125,0.375,0.625,0.875}'::numeric[]) AS y), 0), 'what is rented by the hour gets cheaper');
SELECT is((pg_temp.row_of('hour', 0.9999, 0, 0)).verdict, 'yes', 'and is given back when it pays no more');
SELECT is(round((pg_temp.row_of('three', 0.3, 0, 0, 1)).measured, 0), round((SELECT sum(6 * 730 * (54 * round(power(0.7, y), 6) - 4)) FROM unnest('{0.25,0.75,1.25,1.75,2.25,2.75}'::numeric[]) AS y), 0), 'three years by the half-year');
-- Twice the load at the end of the year: what one replica does, and others by the hour where they pay.
SELECT cmp_ok((pg_temp.row_of('year', 0.3, 1)).measured, '>', (pg_temp.row_of('year')).measured, 'growth is worth something');
SELECT cmp_ok((pg_temp.row_of('year', 0.3, -0.9)).measured, '<', (pg_temp.row_of('year')).measured, 'and a fall costs');
SELECT is((SELECT array_agg((pg_temp.row_of('close', (t).turns_at * step)).verdict ORDER BY step) FROM unnest((pg_temp.row_of('close')).flips) AS t, unnest('{0.99,1.01}'::numeric[]) AS step WHERE (t).parameter = 'api_price_decline'),
	'{yes,no}', 'a yearly decline turns it, and is a true flip');
CREATE VIEW public.rough AS SELECT at, usage(0, 3000000 + (hashtext(at::text) & 1048575)) AS usage, model, service_tier, region, duration_ms, score, tolerates FROM flat;
SELECT matches((SELECT explanation FROM savings_plan('year', log => 'public.rough', at => '2025-04-01Z') WHERE step = 4), 'over a year it saves .* worth .* today \(.* to .* where the load is [0-9.]+ % lower or higher', 'the plan says it, with what the backtest missed');
SELECT matches(decision_memo('public.flat', 'year', at => '2025-04-01Z', draws => 0, api_price_decline => 0, discount_rate => 0), 'What it saves: 33,310 USD a month .*over a year it saves 399,720 USD', 'and the memo');
SELECT throws_ok($$SELECT advise('year', log => 'public.flat', growth => -1)$$, '22023', NULL, 'a load cannot fall by all of it');

SELECT * FROM finish();
ROLLBACK;
