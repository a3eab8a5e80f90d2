-- What did each project cost, and since when?
-- Reads the rollup.
SELECT project, min(month) AS since, round(sum(usd), 2) AS usd
FROM spend_by_project GROUP BY project ORDER BY usd DESC;
