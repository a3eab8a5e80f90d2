-- A year of requests: twelve months that are closed, reopened, restated, adjusted and
-- reconciled with twelve invoices, each of a known cause, against plain SQL.
--
-- psql variables: rows (how many requests), seed.  Two runs with the same seed give the
-- same rows: every draw is a hash of the request's number.  Nothing that is compared
-- with comes from the extension: what a request costs is rate.  One line per check: ok
-- or not ok.
--
-- 2024, growing, by day and week; six teams, three models of each of four providers
-- and one of our own; batch; two changes of prices, and one that is published when the
-- year is closed; a commitment, a deployment, and costs of every basis; a contract
-- from July on.
\ir common.sql
SET search_path = inferacct, inferacct_internal, month, public;
SET inferacct.unpriced = 'null';

-- ---------------------------------------------------------------------------
-- What happened
-- ---------------------------------------------------------------------------

CREATE TABLE month.model (id int, provider text, model text, base numeric);		-- base: USD per million tokens of input; of output five times, cached a tenth
INSERT INTO month.model VALUES (0, 'north', 'alder', 2.5), (1, 'north', 'aspen', 0.4), (2, 'south', 'beech', 3), (3, 'south', 'birch', 1.1), (4, 'south', 'bamboo', 0.15), (5, 'east', 'cedar', 5), (6, 'east', 'cherry', 0.8),
	(7, 'east', 'cypress', 0.27), (8, 'west', 'date', 1.25), (9, 'west', 'dogwood', 0.5), (10, 'west', 'durian', NULL), (11, 'north', 'ash', NULL), (12, 'house', 'llama', NULL);

-- USD per million tokens: as known when the months were closed (known 1), and as known since (known 2).
CREATE TABLE month.rate AS
SELECT known, m.provider, m.model, t.tier, p.from_at, p.until_at, m.base * t.factor * p.factor AS input, m.base * t.factor * p.factor / 10 AS cache_read, m.base * t.factor * p.factor * 5 AS output
FROM generate_series(1, 2) AS known CROSS JOIN month.model AS m
JOIN (VALUES ('standard', 1.0), ('batch', 0.5)) AS t(tier, factor) ON t.tier = 'standard' OR m.model IN ('alder', 'cedar')
CROSS JOIN LATERAL (
	SELECT timestamptz '-infinity' AS from_at, timestamptz 'infinity' AS until_at, 1.0 AS factor WHERE m.model NOT IN ('alder', 'birch') AND (m.model <> 'cherry' OR known = 1)
	UNION ALL SELECT f, u, x FROM (VALUES ('alder', 1, timestamptz '-infinity', timestamptz '2024-04-10Z', 1.0), ('alder', 1, '2024-04-10Z', 'infinity', 0.5), ('birch', 1, '-infinity', '2024-06-15Z', 1), ('birch', 1, '2024-06-15Z', 'infinity', 1.2),
		('cherry', 2, '-infinity', '2024-08-20 11:00Z', 1), ('cherry', 2, '2024-08-20 11:00Z', 'infinity', 0.8)) AS v(model, since_known, f, u, x) WHERE v.model = m.model AND v.since_known <= known) AS p
WHERE m.base IS NOT NULL;
-- What a commitment or a deployment serves costs nothing by the token, in its time.
INSERT INTO month.rate SELECT known, v.provider, v.model, v.tier, v.from_at, v.until_at, 0, 0, 0 FROM generate_series(1, 2) AS known, (VALUES ('north', 'ash', 'provisioned', timestamptz '2024-01-01Z', timestamptz '2025-01-01Z'),
	('house', 'llama', 'standard', '2024-03-01Z', '2024-03-20 06:00Z'), ('house', 'llama', 'standard', '2024-05-01Z', '2024-06-01Z')) AS v(provider, model, tier, from_at, until_at);

SELECT set_config('month.seed', :'seed', false) \g /dev/null
CREATE FUNCTION month.of_year(n bigint, what int, sides int) RETURNS int LANGUAGE sql STABLE RETURN month.draw(n + 1000000000 * current_setting('month.seed')::bigint, what, sides);

CREATE FUNCTION month.requests(first bigint, last bigint) RETURNS TABLE (n bigint, at timestamptz, provider text, model text, tier text, input bigint, cache_read bigint, output bigint, team text, project text, status text)
LANGUAGE sql STABLE SET search_path TO month, pg_catalog SET timezone TO 'UTC' AS $$
	SELECT r.n, timestamptz '2024-01-01Z' + (r.day - CASE WHEN r.day > 6 AND extract(isodow FROM date '2024-01-01' + r.day) > 5 AND of_year(r.n, 5, 2) = 0 THEN 2 ELSE 0 END) * interval '24 hours'
			+ (width_bucket(of_year(r.n, 6, 100), ARRAY[2, 3, 4, 5, 6, 7, 9, 12, 19, 27, 35, 42, 48, 55, 62, 69, 76, 82, 87, 91, 94, 96, 98])) * interval '1 hour' + of_year(r.n, 7, 3600000) * interval '1 millisecond',
		m.provider, m.model, CASE WHEN m.model IN ('alder', 'cedar') AND of_year(r.n, 8, 4) = 0 THEN 'batch' WHEN m.model = 'ash' THEN 'provisioned' ELSE 'standard' END,
		20 + of_year(r.n, 9, 6000) - CASE WHEN of_year(r.n, 10, 3) = 0 THEN of_year(r.n, 9, 6000) / 2 ELSE 0 END, CASE WHEN of_year(r.n, 10, 3) = 0 THEN of_year(r.n, 9, 6000) / 2 ELSE 0 END,
		CASE WHEN of_year(r.n, 11, 50) = 0 THEN 0 ELSE 1 + of_year(r.n, 12, 900) END, 'team ' || nullif(width_bucket(of_year(r.n, 13, 100), ARRAY[2, 38, 60, 76, 88, 96]), 0), (ARRAY['chat', 'mail', 'docs'])[1 + of_year(r.n, 14, 3)],
		CASE WHEN of_year(r.n, 11, 50) = 0 THEN 'failed' ELSE 'ok' END
	FROM (SELECT g AS n, CASE WHEN of_year(g, 1, 2) = 0 THEN greatest(of_year(g, 2, 366), of_year(g, 3, 366)) ELSE of_year(g, 2, 366) END AS day FROM generate_series(first, last) AS g) AS r
	JOIN model AS m ON m.id = width_bucket(of_year(r.n, 4, 100), ARRAY[14, 24, 36, 46, 52, 62, 72, 79, 88, 93, 94, 98])
$$;

-- As requests lie in the log, now and then.
CREATE TABLE month.truth AS SELECT * FROM month.requests(1, :rows);
ANALYZE month.truth;
INSERT INTO usage_log (at, usage, model, source, request_id, provider, service_tier, team, project, status)
SELECT t.at, usage(input => t.input, cache_read => t.cache_read, output => t.output), t.provider || '/' || t.model, 'year', t.n::text, t.provider, t.tier, t.team, t.project, t.status FROM month.truth AS t;
ANALYZE usage_log;

-- What rows of a table cost: by month, with what the month's contract takes off.
CREATE FUNCTION month.costs(of text, known int) RETURNS TABLE (n bigint, month date, provider text, model text, tier text, team text, input bigint, cache_read bigint, output bigint, list numeric, usd numeric, factor numeric, rate month.rate)
LANGUAGE plpgsql STABLE SET timezone TO 'UTC' AS $$
BEGIN
	RETURN QUERY EXECUTE format($query$
		SELECT t.n, date_trunc('month', t.at)::date, t.provider, t.provider || '/' || t.model, t.tier, t.team, t.input, t.cache_read, t.output, c.usd, c.usd * f.factor, f.factor, p
		FROM month.%I AS t LEFT JOIN month.rate AS p ON p.known = $1 AND (p.model, p.tier) = (t.model, t.tier) AND t.at >= p.from_at AND t.at < p.until_at
		CROSS JOIN LATERAL (SELECT (t.input * p.input + t.cache_read * p.cache_read + t.output * p.output) * 0.000001 AS usd) AS c
		CROSS JOIN LATERAL (SELECT CASE WHEN t.provider = 'north' AND t.at >= '2024-07-01Z' THEN 0.9 ELSE 1 END AS factor) AS f
	$query$, of) USING known;
END $$;
CREATE TABLE month.booked AS SELECT * FROM month.costs('truth', 1);
ANALYZE month.booked;

-- The same, told to the extension.
SELECT count(set_price(r.provider, r.model, p.meter, p.usd, r.from_at, service_tier => r.tier)) AS prices
FROM month.rate AS r CROSS JOIN LATERAL (VALUES ('input', r.input), ('cache_read', r.cache_read), ('output', r.output)) AS p(meter, usd) WHERE r.known = 1 AND r.provider <> 'house' AND r.model <> 'ash' \g /dev/null
SELECT set_contract_term('deal', percent_off => 10, provider => 'north') \g /dev/null
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, tokens_per_unit_hour, since, until) VALUES ('ptu', 'north', 'Provisioned', '{north/ash}', 'provisioned', 'PTU', 2, 1.25, 'hour', :rows * 0.01, '2024-01-01Z', '2025-01-01Z');
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('YEARGPU', 'cloud', 'on_demand', 3);
INSERT INTO deployment (name, model, gpu, vendor, term, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second, hours_per_month) VALUES ('own', 'llama', 'YEARGPU', 'cloud', 'on_demand', 2, 1000, 100, 730);
INSERT INTO deployment_run (deployment, models, since, until) VALUES ('own', '{house/llama}', '2024-03-01Z', '2024-03-20 06:00Z'), ('own', '{house/llama}', '2024-05-01Z', '2024-06-01Z');
SELECT price_capacity() IS NOT NULL \g /dev/null
INSERT INTO shared_cost (month, name, usd, basis, weights, shares) SELECT m::date, v.* FROM generate_series(timestamp '2024-01-01', '2024-12-01', '1 month') AS m, (VALUES ('gateway', 100.01, 'requests', NULL::jsonb, NULL::jsonb), ('support', 333.33, 'spend', NULL, NULL),
	('search index', 70, 'tokens', '{"output": 4, "cache_read": 0.1}', NULL), ('licence', 100, 'even', NULL, NULL), ('as agreed', 50.05, 'shares', NULL, '{"team 1": 2, "team 9": 1}'), ('credit note', -17.5, 'tokens', NULL, NULL)) AS v;
CALL refresh_usage();
SELECT compact_usage() \g /dev/null

-- ---------------------------------------------------------------------------
-- Reports and shares
-- ---------------------------------------------------------------------------

SELECT same('year', 'monthly_spend by month, provider, model, tier and team', 'SELECT month, provider, model, service_tier, team, requests, meter(usage, ''input''), meter(usage, ''cache_read'') AS r, meter(usage, ''output'') AS o, usd FROM monthly_spend',
	'SELECT month, provider, model, tier, team, count(*), sum(input), sum(cache_read) AS r, sum(output) AS o, sum(list) AS usd FROM month.booked GROUP BY 1, 2, 3, 4, 5');

-- What each team has of what a cost is spread by, and what each cost is; paid: by spend under the month's contract.  What nobody used is nobody's.
CREATE FUNCTION month.shares(of text, paid boolean) RETURNS TABLE (month date, kind text, name text, usd numeric, team text, units numeric, known_usd numeric) LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY EXECUTE format($query$
		WITH cost AS (
			SELECT s.month, 'stated' AS kind, s.name, s.usd, s.basis FROM shared_cost AS s
			UNION ALL SELECT m::date, 'commitment', 'ptu', 2 * 1.25 * 24 * extract(day FROM m + interval '1 month - 1 day'), 'ptu' FROM generate_series(timestamp '2024-01-01', '2024-12-01', '1 month') AS m
			UNION ALL VALUES (date '2024-03-01', 'deployment', 'own', (19 * 24 + 6) * 2 * 3.0, 'own'), ('2024-05-01', 'deployment', 'own', 744 * 2 * 3.0, 'own')
		), units AS (
			SELECT c.month, c.kind, c.name, c.usd, b.team, CASE c.basis WHEN 'tokens' THEN CASE WHEN c.name = 'search index' THEN sum(b.input + 0.1 * b.cache_read + 4 * b.output) ELSE sum(b.input + b.cache_read + b.output) END WHEN 'requests' THEN count(*)
				WHEN 'spend' THEN coalesce(sum(CASE WHEN $1 THEN b.usd ELSE b.list END), 0) WHEN 'even' THEN (b.team IS NOT NULL)::int ELSE coalesce(sum(b.input + b.cache_read + b.output), 0) END AS units
			FROM cost AS c LEFT JOIN month.%I AS b ON b.month = c.month AND (c.kind = 'stated' OR b.model = CASE c.name WHEN 'ptu' THEN 'north/ash' ELSE 'house/llama' END AND b.usd IS NOT NULL)
			WHERE c.basis <> 'shares' GROUP BY c.month, c.kind, c.name, c.usd, c.basis, b.team
			UNION ALL SELECT c.month, c.kind, c.name, c.usd, v.* FROM cost AS c, (VALUES ('team 1', 2), ('team 9', 1)) AS v WHERE c.basis = 'shares'
		)
		SELECT u.month, u.kind, u.name, u.usd, u.team, u.units::numeric, round(coalesce(u.usd * u.units / nullif(sum(u.units) OVER (PARTITION BY u.month, u.kind, u.name), 0), u.usd), 9) FROM units AS u
	$query$, of) USING paid;
END $$;
SELECT same('year', 'shared_cost_allocation of every basis, commitment and deployment', 'SELECT month, kind, name, team, units, round(allocated_usd, 9) FROM shared_cost_allocation', 'SELECT month, kind, name, team, units, known_usd FROM month.shares(''booked'', false)');
SELECT same('year', 'shares add up to each cost exactly', 'SELECT month, kind, name, sum(allocated_usd) FROM shared_cost_allocation GROUP BY 1, 2, 3', 'SELECT DISTINCT month, kind, name, usd FROM month.shares(''booked'', false)');
SELECT same('year', 'written by team as they are', 'SELECT month, kind, name, team, units, allocated_usd FROM allocated_cost', 'SELECT month, kind, name, team, units, allocated_usd FROM shared_cost_allocation');

-- ---------------------------------------------------------------------------
-- Closed, reopened, closed again
-- ---------------------------------------------------------------------------

\o /dev/null
SELECT format('SET inferacct.contract = %L; SELECT close_month(%L, ''as reported'')', CASE WHEN m < '2024-07-01' THEN '' ELSE 'deal' END, m::date) FROM generate_series(timestamp '2024-01-01', '2024-12-01', '1 month') AS m ORDER BY m \gexec
SET inferacct.contract = '';
\o
SELECT same('year', 'closed_month', 'SELECT month, requests, unpriced_requests, usd, shared_usd, coalesce(contract, ''''), forced, before_its_end FROM closed_month',
	'SELECT month, count(*), count(*) FILTER (WHERE usd IS NULL) AS unpriced, sum(usd), (SELECT sum(c.usd) FROM (SELECT DISTINCT s.name, s.usd FROM month.shares(''booked'', true) AS s WHERE s.month = b.month) AS c) AS shared, CASE WHEN month < ''2024-07-01'' THEN '''' ELSE ''deal'' END, false, false AS early FROM month.booked AS b GROUP BY month');
SELECT same('year', 'booked_spend', 'SELECT month, provider, model, service_tier, team, requests, usd FROM booked_spend', 'SELECT month, provider, model, tier, team, count(*), sum(usd) AS usd FROM month.booked GROUP BY 1, 2, 3, 4, 5');
SELECT same('year', 'booked_cost, by the contract of its month', 'SELECT month, kind, name, team, round(allocated_usd, 9) FROM booked_cost', 'SELECT month, kind, name, team, known_usd FROM month.shares(''booked'', true)');
SELECT same('year', 'the journal adds up to the books', 'SELECT month, kind, usd FROM month_journal', 'SELECT month, ''close'', usd + shared_usd FROM closed_month');
\o /dev/null
SELECT reopen_month('2024-03-01', 'the gateway was billed twice');
SELECT close_month('2024-03-01', 'as corrected');
\o
SELECT same('year', 'a month that is reopened and closed again', 'SELECT entry, kind, month, (SELECT sum(usd) FROM month_journal AS b WHERE b.month = j.month AND b.entry <= j.entry) FROM month_journal AS j WHERE entry >= 13',
	'SELECT v.entry, v.kind, ''2024-03-01''::date, v.share * (SELECT usd + shared_usd FROM closed_month WHERE month = ''2024-03-01'') FROM (VALUES (13, ''reopening'', 0), (14, ''close'', 1)) AS v(entry, kind, share)');
SELECT same('year', 'month_books by provider and team', 'SELECT month, provider, team, usd FROM month_books WHERE shared_cost IS NULL', 'SELECT month, provider, team, sum(usd) AS usd FROM month.booked GROUP BY 1, 2, 3 HAVING sum(usd) > 0');

-- ---------------------------------------------------------------------------
-- What came late, was corrected, moved and deleted; and a price that was cut in August
-- ---------------------------------------------------------------------------

CREATE TABLE month.later AS
SELECT t.n, CASE WHEN t.n % 91 = 5 AND t.at < '2024-11-20Z' THEN t.at + interval '960 hours' ELSE t.at END AS at, t.provider, t.model, t.tier, t.input, t.cache_read, t.output, CASE WHEN t.n % 83 = 7 THEN 'team 1' ELSE t.team END AS team, t.project, t.status
FROM (SELECT * FROM month.truth UNION ALL SELECT * FROM month.requests(:rows + 1, :rows + :rows / 50)) AS t WHERE t.n % 97 <> 3 OR t.n > :rows;
DELETE FROM usage_log WHERE request_id::bigint % 97 = 3;
UPDATE usage_log AS u SET at = l.at, team = l.team FROM month.later AS l WHERE u.request_id = l.n::text AND (u.at <> l.at OR u.team IS DISTINCT FROM l.team);
INSERT INTO usage_log (at, usage, model, source, request_id, provider, service_tier, team, project, status)
SELECT t.at, usage(input => t.input, cache_read => t.cache_read, output => t.output), t.provider || '/' || t.model, 'year', t.n::text, t.provider, t.tier, t.team, t.project, t.status FROM month.later AS t WHERE t.n > :rows;
SELECT count(set_price('east', 'cherry', p.meter, p.usd, '2024-08-20 11:00Z')) FROM month.rate AS r CROSS JOIN LATERAL (VALUES ('input', r.input), ('cache_read', r.cache_read), ('output', r.output)) AS p(meter, usd)
WHERE r.model = 'cherry' AND r.known = 2 AND r.from_at = '2024-08-20 11:00Z' \g /dev/null
CALL refresh_usage();
SELECT compact_usage() \g /dev/null
CREATE TABLE month.now AS SELECT * FROM month.costs('later', 2);
CREATE TABLE month.repriced AS SELECT * FROM month.costs('truth', 2);
ANALYZE month.now;

CREATE TABLE month.effect AS
SELECT month, provider, model, tier, team, sum(booked) AS booked, sum(now) AS now, sum(repriced) - sum(booked) AS price, sum(now) - sum(repriced) AS late FROM (
	SELECT month, provider, model, tier, team, coalesce(usd, 0) AS booked, 0 AS repriced, 0 AS now FROM month.booked UNION ALL SELECT month, provider, model, tier, team, 0, coalesce(usd, 0), 0 FROM month.repriced
	UNION ALL SELECT month, provider, model, tier, team, 0, 0, coalesce(usd, 0) FROM month.now) AS x
GROUP BY month, provider, model, tier, team;
-- The reader's contract changes nothing.
SET inferacct.contract = 'deal';
SELECT same('year', 'restated_spend by month, provider, model, tier and team', 'SELECT month, provider, model, service_tier, team, booked_usd, restated_usd, price_effect, late_effect, unbooked_usd FROM restated_spend', 'SELECT month, provider, model, tier, team, booked, now, price, late, now - booked AS unbooked FROM month.effect');
CREATE TABLE month.closings AS SELECT * FROM month_close;
SELECT same('year', 'month_close', 'SELECT month, booked_usd, restated_usd, price_effect, late_effect, shared_effect, unbooked_usd, problem FROM month.closings', 'SELECT month, sum(booked), sum(now) AS now, sum(price) AS price, sum(late) AS late, 0 AS shared, sum(now) - sum(booked) AS unbooked, NULL AS problem FROM month.effect GROUP BY month');
SET inferacct.contract = '';

\o /dev/null
SELECT restate_month('2024-02-01', 'late rows of February');
SELECT adjust_month(m::date, '2025-01-01', 'what became of it') FROM generate_series(timestamp '2024-03-01', '2024-12-01', '1 month') AS m;
SELECT adjust_month('2024-01-01', '2025-01-01', 'what became of it');
\o
SELECT same('year', 'the books of the year and of January have all there is, by provider and team', 'SELECT provider, team, sum(usd), coalesce(sum(usd) FILTER (WHERE month = ''2024-02-01''), 0) AS february, coalesce(sum(usd) FILTER (WHERE month = ''2025-01-01''), 0) AS adjusted FROM month_books WHERE shared_cost IS NULL GROUP BY 1, 2',
	'SELECT provider, team, sum(now), coalesce(sum(now) FILTER (WHERE month = ''2024-02-01''), 0) AS february, coalesce(sum(now - booked) FILTER (WHERE month <> ''2024-02-01''), 0) AS adjusted FROM month.effect GROUP BY 1, 2 HAVING sum(now) <> 0');
SELECT same('year', 'and what is shared, by cost and team, under each month''s contract', 'SELECT shared_cost, team, round(sum(usd), 6) FROM month_books WHERE shared_cost IS NOT NULL GROUP BY 1, 2 HAVING round(sum(usd), 6) <> 0', 'SELECT kind || '' '' || name, team, round(sum(known_usd), 6) FROM month.shares(''now'', true) GROUP BY 1, 2 HAVING round(sum(known_usd), 6) <> 0');
SELECT same('year', 'the journal adds up to the books, whatever was booked', 'SELECT (SELECT sum(usd) FROM month_journal), (SELECT sum(usd) FROM journal_line) AS lines, (SELECT sum(usd) FROM month_books) AS books', 'SELECT x, x AS lines, x AS books FROM (SELECT (SELECT sum(now) FROM month.effect) + (SELECT sum(usd) FROM (SELECT DISTINCT month, kind, name, usd FROM month.shares(''now'', true)) AS c) AS x) AS y');
SELECT same('year', 'nothing is left to be booked', 'SELECT month, unbooked_usd FROM month_close', 'SELECT month, 0 FROM closed_month');
SELECT same('year', 'every entry is verified', 'SELECT j.entry, v.verified, v.problem FROM month_journal AS j CROSS JOIN LATERAL verify_month(j.of_month, j.entry) AS v', 'SELECT g, true, NULL AS problem FROM generate_series(1, 26) AS g');
SELECT same('year', 'and its digest can be computed from the lines', 'SELECT j.entry, j.digest FROM month_journal AS j', 'SELECT j.entry, encode(sha256(convert_to((SELECT string_agg(l || E''\n'', '''' ORDER BY o) FROM month_evidence(j.entry) WITH ORDINALITY AS e(l, o)), ''UTF8'')), ''hex'') FROM month_journal AS j');

-- ---------------------------------------------------------------------------
-- Twelve invoices, each of a known cause
-- ---------------------------------------------------------------------------

-- What a right invoice says: a line for each model and meter of a month, at the prices that its rows have.
CREATE TABLE month.line AS
SELECT c.month, c.provider, split_part(c.model, '/', 2) AS model, m.meter, sum(m.quantity) AS quantity, trim_scale(sum(m.quantity * m.rate * c.factor) * 0.000001) AS usd, max(m.rate * c.factor) AS rate
FROM month.now AS c CROSS JOIN LATERAL (VALUES ('input', c.input, (c.rate).input), ('cache_read', c.cache_read, (c.rate).cache_read), ('output', c.output, (c.rate).output)) AS m(meter, quantity, rate)
WHERE c.usd IS NOT NULL AND m.quantity > 0 AND c.model NOT IN ('north/ash', 'house/llama') GROUP BY 1, 2, 3, 4;

CREATE TABLE month.cause (n int, cause text, provider text, month date, currency text);
INSERT INTO month.cause (n, cause, provider) VALUES (1, 'price', 'south'), (2, 'volume', 'south'), (3, 'billed and not logged', 'east'), (4, 'logged and not billed', 'east'), (5, 'a credit', 'west'), (6, 'a tax', 'west'), (7, 'rounding by line', 'south'),
	(8, 'a renamed model', 'east'), (9, 'no quantities', 'south'), (10, 'currency', 'east'), (11, 'a commitment', 'north'), (12, 'a mixture', 'south');
UPDATE month.cause SET month = make_date(2024, n, 1), currency = CASE n WHEN 10 THEN 'EUR' ELSE 'USD' END;
INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('2024-01-01Z', 'EUR', 1.1), ('2024-10-01Z', 'EUR', 1.25);

-- The lines of each, and which of them are changed.
CREATE TABLE month.changed AS SELECT c.n, c.cause, c.currency, l.model, l.meter, l.quantity, l.usd, l.rate,
	(c.n IN (1, 12) AND (l.model, l.meter) = ('beech', 'output')) AS is_dearer, (c.n IN (2, 12) AND (l.model, l.meter) = ('birch', 'input')) AS is_more,
	(c.n = 4 AND l.model = 'cypress' OR c.n = 12 AND (l.model, l.meter) = ('bamboo', 'output')) AS is_left_out, (c.n = 7 OR c.n = 12 AND (l.model, l.meter) = ('beech', 'input')) AS is_rounded,
	(c.n = 10 AND (l.model, l.meter) = ('cypress', 'output')) AS is_converted
FROM month.cause AS c JOIN month.line AS l USING (provider, month);
CREATE TABLE month.bill AS
SELECT n, jsonb_strip_nulls(jsonb_build_object('model', CASE WHEN n = 8 AND model = 'cypress' THEN 'omega nine' ELSE model END, 'meter', meter, 'quantity', CASE WHEN n <> 9 THEN quantity + CASE WHEN is_more THEN 1000000 ELSE 0 END END, 'currency', nullif(currency, 'USD'),
	CASE currency WHEN 'USD' THEN 'usd' ELSE 'amount' END, CASE WHEN n = 10 THEN usd * CASE WHEN is_converted THEN 0.78125 ELSE 0.8 END		-- at 1.28 and at 1.25
		WHEN is_rounded THEN round(usd, 2) WHEN is_dearer THEN usd * 1.1 WHEN is_more THEN usd + rate WHEN n = 9 THEN usd * 1.05 ELSE usd END)) AS line FROM month.changed WHERE NOT is_left_out
UNION ALL SELECT v.n, v.line::jsonb FROM (VALUES (3, '{"model": "epsilon", "meter": "input", "quantity": 5000000, "usd": "12.5"}'), (5, '{"kind": "credit", "usd": "-25"}'), (12, '{"kind": "credit", "usd": "-25"}'), (12, '{"kind": "tax", "usd": "5.5"}'),
	(12, '{"model": "beech", "meter": "input", "quantity": -1000, "usd": "-0.5"}'), (12, '{"kind": "fee", "usd": "9"}'), (12, '{"model": "epsilon", "meter": "input", "quantity": 5000000, "usd": "12.5"}'), (11, '{"kind": "commitment", "usd": "1900"}')) AS v(n, line)
UNION ALL SELECT 6, jsonb_build_object('kind', 'tax', 'usd', round(0.19 * sum(usd), 2)) FROM month.changed WHERE n = 6;
CREATE TABLE month.invoice AS SELECT c.*, (SELECT jsonb_agg(b.line) FROM month.bill AS b WHERE b.n = c.n) AS lines, CASE WHEN n >= 7 THEN 'deal' ELSE '' END AS contract FROM month.cause AS c;

-- What each has to be told of.
CREATE TABLE month.told AS
SELECT n, cause, computed, coalesce(more, 0) AS volume, coalesce(dearer, 0) + coalesce(converted, 0) AS price, CASE WHEN n IN (3, 12) THEN 12.5 WHEN n = 8 THEN renamed ELSE 0 END AS billed_not_logged, CASE n WHEN 8 THEN -renamed ELSE coalesce(left_out, 0) END AS logged_not_billed,
	CASE n WHEN 9 THEN 0.05 * usd ELSE 0 END AS unexplained, coalesce(rounded, 0) AS rounding, CASE WHEN n IN (5, 12) THEN -25 ELSE 0 END AS credit, CASE n WHEN 6 THEN round(0.19 * usd, 2) WHEN 12 THEN 5.5 ELSE 0 END AS tax, CASE n WHEN 12 THEN -0.5 ELSE 0 END AS refund, CASE n WHEN 12 THEN 9 ELSE 0 END AS fee,
	CASE n WHEN 11 THEN 1900 - 720 * 2 * 1.25 ELSE 0 END AS commitment
FROM (SELECT n, cause, sum(usd) + CASE n WHEN 11 THEN 720 * 2 * 1.25 ELSE 0 END AS computed, sum(usd) FILTER (WHERE is_dearer) * 0.1 AS dearer, sum(rate) FILTER (WHERE is_more) AS more, -sum(usd) FILTER (WHERE is_left_out) AS left_out, sum(round(usd, 2) - usd) FILTER (WHERE is_rounded) AS rounded,
	sum(usd) FILTER (WHERE is_converted) * (0.78125 * 1.25 - 1) AS converted, sum(usd) FILTER (WHERE model = 'cypress') AS renamed, sum(usd) AS usd FROM month.changed GROUP BY n, cause) AS p;
SELECT same('year', format('invoice %s, %s', n, cause),
	format('SELECT r.computed_usd, r.variance_usd, r.volume_usd AS v, r.price_usd AS p, r.unpriced_usd AS u, r.billed_not_logged_usd AS b, r.logged_not_billed_usd AS l, r.unexplained_usd AS x, r.rounding_usd AS r, r.credit_usd AS c, r.tax_usd AS t, r.refund_usd AS f, r.fee_usd AS g, r.commitment_usd AS h FROM month.invoice AS i CROSS JOIN LATERAL reconcile(i.provider, i.month, i.lines, currency => i.currency, contract => i.contract) AS r WHERE i.n = %s', n),
	format('SELECT computed, volume + price + billed_not_logged + logged_not_billed + unexplained + rounding + credit + tax + refund + fee + commitment AS variance, volume AS v, price AS p, 0 AS u, billed_not_logged AS b, logged_not_billed AS l, unexplained AS x, rounding AS r, credit AS c, tax AS t, refund AS f, fee AS g, commitment AS h FROM month.told WHERE n = %s', n))
FROM month.cause ORDER BY n;
\o /dev/null
SELECT load_invoice('invoice ' || n, provider, month, lines, source => 'the year') FROM month.invoice;
\o
SELECT same('year', 'invoices that are kept say the same', 'SELECT i.n, sum(r.variance_usd), sum(r.volume_usd) AS v, sum(r.price_usd) AS p, sum(r.missing_usd) AS m, sum(r.unexplained_usd) AS x, sum(r.rounding_usd) AS r, sum(r.other_usd) AS o FROM month.invoice AS i CROSS JOIN LATERAL reconcile_invoice(''invoice '' || i.n, i.contract) AS r GROUP BY i.n',
	'SELECT n, volume + price + billed_not_logged + logged_not_billed + unexplained + rounding + credit + tax + refund + fee + commitment AS variance, volume AS v, price AS p, billed_not_logged + logged_not_billed AS m, unexplained AS x, rounding AS r, credit + tax + refund + fee + commitment AS o FROM month.told');
SELECT same('year', 'a renamed model is named on both sides', 'SELECT model, min(note) LIKE ''not logged, perhaps as cypress%'', min(note) = ''not billed'' AS unbilled FROM month.invoice AS i CROSS JOIN LATERAL reconcile_lines(i.provider, i.month, i.lines, contract => i.contract) AS r WHERE i.n = 8 AND r.missing_usd <> 0 GROUP BY model',
	'VALUES (''cypress'', false, true), (''omega nine'', true, false)');

-- ---------------------------------------------------------------------------
-- Exported, and forgotten
-- ---------------------------------------------------------------------------

SELECT same('year', 'focus() of a quarter adds up to all that it costs', 'SELECT sum("BilledCost"), sum("EffectiveCost") AS effective FROM focus(''2024-01-01'', ''2024-04-01'')',
	'SELECT x, x AS effective FROM (SELECT (SELECT sum(list) FROM month.now WHERE month < ''2024-04-01'') + (SELECT sum(usd) FROM (SELECT DISTINCT month, kind, name, usd FROM month.shares(''now'', false) WHERE month < ''2024-04-01'') AS c) AS x) AS y');
SELECT forget_usage('usage_log', until => '2024-04-01Z') > 0 \g /dev/null
SELECT same('year', 'what is forgotten changes no month that is closed', 'SELECT month, booked_usd, restated_usd, price_effect, late_effect, unbooked_usd FROM month_close',
	'SELECT c.month, CASE WHEN is_anew THEN c.restated_usd ELSE c.booked_usd END, c.restated_usd AS now, CASE WHEN is_anew THEN 0 ELSE c.price_effect END AS price, CASE WHEN is_anew THEN 0 ELSE c.late_effect END AS late, 0 AS unbooked FROM month.closings AS c CROSS JOIN LATERAL (SELECT c.month = ''2024-02-01'' AS is_anew) AS f');
SELECT same('year', 'nor what verifies it', 'SELECT count(*) FROM month_journal AS j CROSS JOIN LATERAL verify_month(j.of_month, j.entry) AS v WHERE NOT v.verified', 'SELECT 0');
