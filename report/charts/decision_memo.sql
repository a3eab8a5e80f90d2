-- The decision in ten lines, for who signs: the first says what to do.
WITH memo AS (
	SELECT ordinality AS line, memo
	FROM regexp_split_to_table(decision_memo(:'log'::regclass, :'deployment', nullif(:'policy', ''),
		since => :'since'::timestamptz, until => :'at'::timestamptz,
		at => :'at'::timestamptz, draws => 0), E'\n') WITH ORDINALITY AS m(memo, ordinality)
	WHERE memo <> ''
)
SELECT m.*, f.memo AS sentence FROM (SELECT memo FROM memo ORDER BY line LIMIT 1) AS f LEFT JOIN memo AS m ON m.line > 1
ORDER BY m.line;
