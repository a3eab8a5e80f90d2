-- notes: where the catalogs disagree about a price in force, for pricing/NOTES.md.
\o build/prices/notes.md
SELECT format(E'\n%s prices in force: %s that two sources or more state, %s of one source, %s that sources state differently, %s that are a multiple of another.\n\nOf makers'' own APIs, input and output:\n\n| price (USD per million tokens) | taken | other |\n|---|---|---|',
	count(*), count(*) FILTER (WHERE agreement = 'agreed'), count(*) FILTER (WHERE agreement = 'single'), count(*) FILTER (WHERE agreement = 'disputed'), count(*) FILTER (WHERE multiplier IS NOT NULL))
FROM row_out AS r
WHERE NOT EXISTS (SELECT FROM row_out AS l WHERE (l.provider, l.model, l.region, l.service_tier, l.meter, l.above_input_tokens) =
	(r.provider, r.model, r.region, r.service_tier, r.meter, r.above_input_tokens) AND l.valid_from > r.valid_from);
SELECT format('| %s/%s%s %s | %s | %s |', d.provider, d.model, CASE WHEN d.above_input_tokens > 0 THEN ' above ' || d.above_input_tokens ELSE '' END, d.meter, trim_scale(d.usd), replace(d.others, '|', '/'))
FROM decided AS d JOIN maker USING (provider)
WHERE d.agreement = 'disputed' AND d.region = '' AND d.service_tier = 'standard' AND d.meter IN ('input', 'output', 'cache_read')
	AND EXISTS (SELECT FROM row_out AS r WHERE (r.provider, r.model) = (d.provider, d.model))
ORDER BY d.provider COLLATE "C", d.model COLLATE "C", d.above_input_tokens, d.meter;
\o
