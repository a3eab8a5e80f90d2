-- The decision in ten lines, for who signs: the first says what to do.
WITH memo AS (
	SELECT ordinality AS line, memo
	FROM regexp_split_to_table(decision_memo(:'log'::regclass, :'deployment', nullif(:'policy', ''),
		since => :'since'::timestamptz, until => :'at'::timestamptz,
		at => :'at'::timestamptz, draws => 0), E'\n') WITH ORDINALITY AS m(memo, ordinality)
	WHERE memo <> '' AND memo <> 'In which range: not computed.'		-- the chart beside has it
)
SELECT m.*, upper(left(f.memo, 1)) || substr(f.memo, 2) AS sentence
FROM (SELECT regexp_replace(memo, '^What to do: ', '') AS memo FROM memo ORDER BY line LIMIT 1) AS f
LEFT JOIN memo AS m ON m.line > 1
ORDER BY m.line;
