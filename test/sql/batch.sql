-- batch: work that may wait, on own machines or at the API.
SET search_path = inferacct, inferacct_internal, public;
SELECT e, batch_capacity('{2,2,2,2,2,3,4,6,8,10,11,12,12,12,11,10,9,8,7,6,5,4,3,2}', e) FROM unnest('{0,0.1,0.2,0.3,0.4,0.5,0.6}'::numeric[]) AS e;
SELECT batch_capacity(array_fill(1, ARRAY[24]) || array_fill(3, ARRAY[24]), 1) AS by_day, batch_capacity('{4,0}', 1) AS part_of_a_day, batch_capacity('{4,0,2,2}', 0.5, 2) AS days_of_two;

BEGIN;
SELECT count(set_price('batch test', 'batched', m, p, '2024-01-01+00', service_tier => t))
FROM (VALUES ('input', 2, 'standard'), ('output', 8, 'standard'), ('input', 1, 'batch'), ('output', 4, 'batch')) AS v (m, p, t);
SELECT count(set_price('batch test', 'unbatched', m, p, '2024-01-01+00')) FROM (VALUES ('input', 2), ('output', 8)) AS v (m, p);
CREATE TEMP TABLE requests (model text, usage usage, tolerates interval);
INSERT INTO requests VALUES ('batch test/batched', usage(1000000, 500000), '24 hours'), ('batched', usage(1000000), '5 minutes'), ('batched', usage(1000000), NULL),
	('unbatched', usage(1000000), '1 week');
SELECT model, (batch_savings(model, usage, '2024-06-01+00', tolerates)).* FROM requests GROUP BY model ORDER BY model;
SELECT (batch_savings(model, usage, '2024-06-01+00', tolerates)).* FROM requests;
ROLLBACK;
