-- What did each team cost by fiscal quarter, by our clocks and in our currency?
-- Reads the rollup.
SELECT period AS quarter, value AS team, round(usd, 2) AS usd, currency, usd_per_unit, round(amount, 2) AS amount
FROM spend_by_period('quarter', 'team', calendar => 'india');
