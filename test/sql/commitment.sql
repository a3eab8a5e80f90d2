-- commitment: what to reserve for a load, and what a wrong forecast costs.
SET search_path = inferacct, inferacct_internal, public;
CREATE TEMP TABLE week AS
SELECT h, CASE WHEN h < 120 THEN d[h % 24 + 1] ELSE ceil(d[h % 24 + 1] / 2) END AS units
FROM generate_series(0, 167) AS h, (SELECT '{2,2,2,2,2,3,4,6,8,10,11,12,12,12,11,10,9,8,7,6,5,4,3,2}'::numeric[] AS d) AS profile;

SELECT reserved, on_demand, reserved_units, usd, usd_all_on_demand, usd_reserve_peak, round(saving_erased_at, 4) AS saving_erased_at,
	round(breakeven_utilization, 3) AS breakeven_utilization
FROM (SELECT o AS on_demand, r AS reserved, (commitment(units, o, r)).* FROM week, (VALUES (3.00, 1.75), (3.50, 1.50), (2.50, 2.00), (4.75, 3.00), (2, 3), (0, 0)) AS p (o, r)
	GROUP BY o, r) AS v ORDER BY on_demand;

-- How far the forecast was off, and what that costs.
SELECT error, r.* FROM unnest('{-0.5,-0.3,-0.2,0,0.1,0.2,0.3,0.5,1}'::numeric[]) AS error,
	commitment_regret((SELECT array_agg(units) FROM week), 3, 1.75, error) AS r;

-- By team, in one pass; idle hours count.
SELECT team, (commitment(CASE team WHEN 'night' THEN greatest(0, 3 - units) ELSE units END, 3, 1.75)).reserved_units FROM week, unnest('{all,night}'::text[]) team GROUP BY team ORDER BY team;

-- Partly paid upfront; three years or one.
SELECT reserved_rate(8760, 0.5), reserved_rate(8760, 0.5, 3), round(reserved_rate(8760, 0.5, 1, 0.01), 6) AS with_interest;
SELECT f, longer_term_pays(1, 0.7, f) FROM unnest('{0.66,0.67}'::numeric[]) f;

-- Committed spend: the same rule on discounted dollars; the highest discount first.
SELECT (spend_commitment(timestamptz '2024-01-01+00' + h * interval '1 hour', units * 3, 0.4)).* FROM week;
SELECT (spend_commitment(timestamptz '2024-01-01+00' + h * interval '1 hour', units * 3, d)).* FROM week, unnest('{0.2,0.5}'::numeric[]) d;
SELECT (spend_commitment(timestamptz '2024-01-01+00', 0, 0.5)).*;
