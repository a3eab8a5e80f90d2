-- What the spend of a month rests on: of each confidence its USD, and the tokens that have no price at all.
WITH words(confidence, place, means) AS (VALUES
	('exact', 1, 'the price of this very model, stated by two sources'), ('alias', 2, 'another name of a model with a price'),
	('derived', 3, 'computed from another tier or meter as the provider says'), ('single source', 4, 'one source states the price'),
	('stale', 5, 'checked long before the request'), ('disputed', 6, 'sources state different prices'),
	('fallback meter', 7, 'priced as another meter'), ('fallback region', 8, 'priced as another region'),
	('guessed name', 9, 'priced as the model whose name stands nearest')
), chart AS (
	SELECT w.place, p.confidence AS rests_on, p.requests, round(p.usd, 2) AS usd, round(100 * p.share, 2) AS percent, w.means, p.checked_on
	FROM price_confidence AS p LEFT JOIN words AS w USING (confidence)
	WHERE p.month = :'month'::date
), free AS (
	SELECT sum(requests) AS requests, sum(tokens) AS tokens, string_agg(DISTINCT model, ', ') AS models
	FROM unpriced_usage WHERE month = :'month'::date
)
SELECT c.*, format('%s %% of the USD is exact or an alias, %s %% rests on a single source or is derived, %s %% on a stale, disputed, guessed or fallback price. %s',
		t.sure, t.single, t.unsure, CASE WHEN f.requests > 0 THEN format('%s requests (%s million tokens) have no price and are in no sum: %s.',
			to_char(f.requests, 'FM999,999,999,990'), to_char(f.tokens / 1000000.0, 'FM999,999,990.0'), f.models)
			ELSE 'Everything has a price.' END) AS sentence
FROM (SELECT coalesce(sum(percent) FILTER (WHERE place <= 2), 0) AS sure, coalesce(sum(percent) FILTER (WHERE place IN (3, 4)), 0) AS single,
		coalesce(sum(percent) FILTER (WHERE place >= 5), 0) AS unsure FROM chart) AS t
CROSS JOIN free AS f LEFT JOIN chart AS c ON true
ORDER BY c.place;
