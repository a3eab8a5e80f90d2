-- The bill of a month, lever by lever, down to the cheapest plan.
WITH plan AS (
	SELECT * FROM savings_plan(:'deployment', nullif(:'policy', ''), log => :'log'::regclass,
		since => :'since'::timestamptz, until => :'at'::timestamptz, at => :'at'::timestamptz)
), step AS (
	SELECT step AS place, lever, CASE WHEN step = 0 THEN 'total' ELSE 'saved' END AS kind, CASE WHEN step = 0 THEN 0
		ELSE usd_before END AS from_usd, usd_after AS to_usd, saved_usd, explanation
	FROM plan
	UNION ALL
	SELECT 100, 'the plan', 'total', 0, min(usd_after), NULL, NULL FROM plan
), chart AS (
	SELECT place, lever, kind, round(from_usd, 2) AS from_usd, round(to_usd, 2) AS to_usd,
		round(coalesce(saved_usd, 0), 2) AS saved_usd, explanation FROM step WHERE to_usd IS NOT NULL
)
SELECT c.*, CASE WHEN coalesce(t.bill, 0) = 0 THEN 'There is no plan for a log without a request that has a price.'
	ELSE format('Of %s USD a month %s can be saved (%s %%): %s.', to_char(t.bill, 'FM999,999,990'),
	to_char(t.saved, 'FM999,999,990'), round(100 * t.saved / nullif(t.bill, 0), 1),
		coalesce(t.levers, 'no lever saves enough to matter')) END AS sentence
FROM (SELECT max(usd_before) AS bill, coalesce(sum(saved_usd), 0) AS saved,
		string_agg(format('%s USD by %s', to_char(saved_usd, 'FM999,999,990'), lever), ', ' ORDER BY step)
			FILTER (WHERE saved_usd > 0 AND step > 0) AS levers FROM plan) AS t
LEFT JOIN chart AS c ON true
ORDER BY c.place;
