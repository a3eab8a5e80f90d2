-- restated: closed months as booked and as they are now, and whether the books are whole.
--
-- Invariant: restated - booked = price effect + late effect, exactly: the booked
-- tokens at the prices known now, and what has come into or left the log since.  A
-- month is compared under the settings that it was closed with (contract, guess),
-- whatever those of the reader are; of his, inferacct.as_of alone counts.  What cannot
-- be told is NULL with a problem, and stops no other month.

CREATE VIEW booked_spend WITH (security_invoker = true) AS
SELECT month, source, resolved_provider(provider, model, first_at) AS provider,
	resolved_model(model, first_at) AS model, resolved_tier(service_tier) AS service_tier,
	current_team(team) AS team, tenant, meter(sum(usage), 'requests') AS requests, sum(usage) AS usage,
	input_tokens(sum(usage)) AS input_tokens, cached_tokens(sum(usage)) AS cached_tokens,
	cache_write_tokens(sum(usage)) AS cache_write_tokens,
	output_tokens(sum(usage)) AS output_tokens, meter(sum(usage), 'reasoning') AS reasoning_tokens,
	sum(usd) AS usd, sum(provider_usd) AS provider_usd
FROM booked_now
GROUP BY month, source, resolved_provider(provider, model, first_at), resolved_model(model, first_at),
	resolved_tier(service_tier), current_team(team), tenant;

COMMENT ON VIEW booked_spend IS 'monthly_spend of the closed months, as booked; teams by their present names.';

-- The rollup of a closed month, with the hours of it that were forgotten as they last were.
CREATE VIEW inferacct_internal.forgotten_rows WITH (security_invoker = true) AS
SELECT f.hour, b.first_at, b.last_at, b.min_input, b.max_input, b.usage, b.aggregated, b.origin, b.tenant, b.source,
	b.model, b.service_tier, b.region, b.provider, b.team, b.project, b.status, b.provider_usd, b.dimensions
FROM forgotten_hour AS f
JOIN booked_now AS b ON b.month = month_of(f.hour) AND b.origin = f.origin AND hour_of(b.first_at) = f.hour
WHERE f.as_booked
UNION ALL
SELECT u.hour, u.first_at, u.last_at, u.min_input, u.max_input, u.usage, u.aggregated, u.origin, u.tenant, u.source,
	u.model, u.service_tier, u.region, u.provider, u.team, u.project, u.status, u.provider_usd, u.dimensions
FROM forgotten_usage AS u WHERE month_of(u.hour) IN (SELECT c.month FROM closed_month AS c);

COMMENT ON VIEW forgotten_rows IS
'What the rollup had of the forgotten hours of closed months, when they were taken out.';

CREATE FUNCTION inferacct_internal.remembered_usage(month date)
RETURNS TABLE (first_at timestamptz, last_at timestamptz, min_input bigint, max_input bigint, usage usage,
	aggregated boolean, tenant text, source text, model text, service_tier text, region text, provider text, team text)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT u.first_at, u.last_at, u.min_input, u.max_input, u.usage, u.aggregated, u.tenant, u.source, u.model,
		u.service_tier, u.region, u.provider, u.team
	FROM rollup_usage AS u WHERE u.month = $1
	UNION ALL
	SELECT f.first_at, f.last_at, f.min_input, f.max_input, f.usage, f.aggregated, f.tenant, f.source, f.model,
		f.service_tier, f.region, f.provider, f.team
	FROM forgotten_rows AS f WHERE f.hour >= begin_of($1) AND f.hour < begin_of(next_month($1))
$$;

COMMENT ON FUNCTION remembered_usage(date) IS
'What the rollup has of a closed month, and what it had of forgotten hours.';

-- The settings are those of the closing while it runs, and the caller's again when it ends.
CREATE FUNCTION inferacct_internal.restated_lines(closed closed_month, known_at timestamptz)
RETURNS TABLE (source text, provider text, model text, service_tier text, team text, tenant text,
	booked_requests bigint, restated_requests bigint, booked_usd numeric, restated_usd numeric, price_effect numeric,
	late_effect numeric, adjusted_usd numeric, unbooked_usd numeric, unbooked_requests bigint, unpriced_requests bigint,
	problem text)
LANGUAGE plpgsql VOLATILE COST 1000000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
SET inferacct.as_of TO ''
SET inferacct.contract TO ''
SET inferacct.guess TO 'allow'
AS $$
BEGIN
	PERFORM use_settings(coalesce((SELECT j.settings FROM month_journal AS j WHERE j.entry = closed.entry),
		jsonb_build_object('contract', closed.contract)) || '{"unpriced": "null"}', restated_lines.known_at);
	RETURN QUERY
	WITH judged AS MATERIALIZED (		-- what was booked, and what is there now
		SELECT true AS is_booked, b.source, b.provider, b.model, b.service_tier, b.region, b.team, b.tenant, b.usage,
			b.first_at, b.last_at, b.min_input, b.max_input, b.aggregated, b.usd AS booked,
			rollup_problem(b.model, b.usage, b.first_at, b.last_at, b.min_input, b.max_input, b.aggregated,
				b.service_tier, b.region) AS problem
		FROM booked_usage AS b WHERE b.entry = closed.entry AND b.month = closed.month
		UNION ALL
		SELECT false, u.source, u.provider, u.model, u.service_tier, u.region, u.team, u.tenant, u.usage,
			u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated, NULL,
			rollup_problem(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
				u.service_tier, u.region)
		FROM remembered_usage(closed.month) AS u
	), priced AS (
		SELECT j.*, meter(j.usage, 'requests') AS requests,
			CASE WHEN j.problem IS NULL THEN rollup_cost(j.model, j.usage, j.first_at, j.last_at, j.min_input,
				j.max_input, j.aggregated, j.service_tier, j.region) END AS usd
		FROM judged AS j
	), parts AS (
		SELECT p.source, resolved_provider(p.provider, p.model, p.first_at) AS provider,
			resolved_model(p.model, p.first_at) AS model, resolved_tier(p.service_tier) AS service_tier,
				current_team(p.team) AS team, p.tenant,
			CASE WHEN p.is_booked THEN p.requests END AS booked_requests, p.booked,
			CASE WHEN p.is_booked THEN p.usd END AS repriced,
			CASE WHEN p.is_booked AND p.booked IS NOT NULL THEN p.problem END AS lost,
			CASE WHEN NOT p.is_booked THEN p.requests END AS requests, CASE WHEN NOT p.is_booked THEN p.usd END AS usd,
			CASE WHEN NOT p.is_booked AND p.problem IS NOT NULL THEN p.requests END AS unpriced,
			-- A row of several requests of one call is what it is: reading its hour again splits nothing.
			CASE WHEN NOT p.is_booked AND p.problem LIKE 'IA005%' AND (NOT p.aggregated OR p.first_at < p.last_at)
				THEN p.problem END AS unsplit,
			NULL::bigint AS adjusted_requests, NULL::numeric AS adjusted
		FROM priced AS p
		UNION ALL
		SELECT l.source, l.provider, l.model, l.service_tier, current_team(l.team), l.tenant, NULL, NULL, NULL, NULL,
			NULL, NULL, NULL, NULL, l.requests, l.usd
		FROM month_journal AS j JOIN journal_line AS l USING (entry)
		WHERE j.of_month = closed.month AND j.kind = 'adjustment' AND l.shared_cost IS NULL
	), summed AS (
		SELECT p.source, p.provider, p.model, p.service_tier, p.team, p.tenant,
			coalesce(sum(p.booked_requests), 0)::bigint AS booked_requests, coalesce(sum(p.requests),
				0)::bigint AS requests,
			coalesce(sum(p.booked), 0) AS booked, coalesce(sum(p.usd), 0) AS usd, coalesce(sum(p.repriced),
				0) AS repriced,
			coalesce(sum(p.adjusted), 0) AS adjusted, coalesce(sum(p.adjusted_requests),
				0)::bigint AS adjusted_requests,
			coalesce(sum(p.unpriced), 0)::bigint AS unpriced, count(p.lost) AS lost, min(p.lost) AS lost_problem,
			count(p.unsplit) AS unsplit
		FROM parts AS p GROUP BY p.source, p.provider, p.model, p.service_tier, p.team, p.tenant
	)
	SELECT s.source, s.provider, s.model, s.service_tier, s.team, s.tenant, s.booked_requests, s.requests,
		trim_scale(s.booked), CASE WHEN s.unsplit = 0 THEN trim_scale(s.usd) END,
		CASE WHEN s.lost = 0 THEN trim_scale(s.repriced - s.booked) END,
		CASE WHEN s.lost + s.unsplit = 0 THEN trim_scale(s.usd - s.repriced) END,
		trim_scale(s.adjusted), CASE WHEN s.unsplit = 0 THEN trim_scale(s.usd - s.booked - s.adjusted) END,
		s.requests - s.booked_requests - s.adjusted_requests, s.unpriced,
		nullif(concat_ws('; ',
			CASE WHEN s.lost > 0
				THEN format('%s booked rows of the rollup cannot be repriced: %s', s.lost, s.lost_problem) END,
			CASE WHEN s.unsplit > 0
				THEN format('a price begins amid %s rows of the rollup: CALL refresh_usage()', s.unsplit) END), '')
	FROM summed AS s;
END
$$;

COMMENT ON FUNCTION restated_lines(closed_month, timestamptz) IS
'restated_spend of a closed month, at the prices known at that time; NULL: all.';

CREATE VIEW restated_spend WITH (security_invoker = true) AS
SELECT c.month, r.source COLLATE "C" AS source, r.provider, r.model, r.service_tier, r.team,
	r.tenant COLLATE "C" AS tenant, r.booked_requests, r.restated_requests, r.booked_usd, r.restated_usd,
		r.price_effect,
	r.late_effect, r.adjusted_usd, r.unbooked_usd, r.unbooked_requests, r.unpriced_requests, r.problem
FROM closed_month AS c CROSS JOIN LATERAL restated_lines(c, known_now(c.known_at)) AS r;

COMMENT ON VIEW restated_spend IS
'Closed months as booked and as they are now: restated_usd - booked_usd = price_effect (the booked tokens at the '
'prices known now) + late_effect (usage that came or went since), exactly; unbooked_usd is what adjust_month() has not '
'booked of it. Known now: published until now, or until inferacct.as_of. '
'Under the contract and guess of each closing, whatever the session''s are; hours that were forgotten '
'count as they were. What has no price counts as nothing on its side, and unpriced_requests counts it. Where a booked '
'row cannot be repriced, or a row of the rollup is still to be split, what cannot be told is NULL, and problem says '
'why.';

-- Shared costs as they are now; NULL for who sees a part of the usage only.
CREATE FUNCTION inferacct_internal.shared_now(month date)
RETURNS numeric
LANGUAGE sql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN sees_all_usage() THEN trim_scale(coalesce(sum(s.usd), 0)) END
	FROM shared_cost_all AS s WHERE s.month = $1
$$;

COMMENT ON FUNCTION shared_now(date) IS
'What shared costs, commitments and deployments of a month cost as they are now, in USD; NULL for a role that sees '
'only '
'a part of the usage.';

CREATE FUNCTION inferacct_internal.restated_month(closed closed_month,
	OUT booked_requests bigint, OUT restated_requests bigint, OUT booked_usd numeric, OUT restated_usd numeric,
	OUT price_effect numeric, OUT late_effect numeric, OUT adjusted_usd numeric, OUT unbooked_usd numeric,
	OUT booked_shared_usd numeric, OUT shared_effect numeric, OUT unpriced_now bigint, OUT problem text)
LANGUAGE sql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH lines AS (
		SELECT sum(r.booked_requests)::bigint AS booked_requests, sum(r.restated_requests)::bigint AS restated_requests,
			coalesce(sum(r.booked_usd), 0) AS booked_usd,
			CASE WHEN count(r.restated_usd) = count(*) THEN coalesce(sum(r.restated_usd), 0) END AS restated_usd,
			CASE WHEN count(r.price_effect) = count(*) THEN coalesce(sum(r.price_effect), 0) END AS price_effect,
			CASE WHEN count(r.late_effect) = count(*) THEN coalesce(sum(r.late_effect), 0) END AS late_effect,
			coalesce(sum(r.adjusted_usd), 0) AS adjusted_usd,
			CASE WHEN count(r.unbooked_usd) = count(*) THEN coalesce(sum(r.unbooked_usd), 0) END AS unbooked_usd,
			coalesce(sum(r.unpriced_requests), 0)::bigint AS unpriced_now, min(r.problem) AS problem
		FROM restated_lines($1, known_now($1.known_at)) AS r
	), shared AS (
		SELECT coalesce(sum(b.allocated_usd), 0) AS booked,
			(SELECT coalesce(sum(l.usd), 0) FROM month_journal AS j JOIN journal_line AS l USING (entry)
				WHERE j.of_month = $1.month AND j.kind = 'adjustment' AND l.shared_cost IS NOT NULL) AS adjusted
		FROM booked_cost AS b WHERE b.entry = $1.entry
	)
	SELECT l.booked_requests, l.restated_requests, trim_scale(l.booked_usd), trim_scale(l.restated_usd),
		trim_scale(l.price_effect), trim_scale(l.late_effect),
		trim_scale(l.adjusted_usd + s.adjusted),
		trim_scale(l.unbooked_usd + coalesce(shared_now($1.month) - s.booked - s.adjusted, 0)),
		trim_scale(s.booked), trim_scale(shared_now($1.month) - s.booked), l.unpriced_now, l.problem
	FROM lines AS l, shared AS s
$$;

COMMENT ON FUNCTION restated_month(closed_month) IS 'month_close of a closed month.';

CREATE VIEW month_close WITH (security_invoker = true) AS
SELECT c.month, c.closed_at, c.closed_by, c.version, c.known_at, c.contract, c.unpriced_requests, c.unread_hours,
	c.forced, c.before_its_end, c.note, c.entry, r.booked_requests, r.restated_requests, r.booked_usd, r.restated_usd,
	r.price_effect, r.late_effect, r.booked_shared_usd, r.shared_effect, r.adjusted_usd, r.unbooked_usd, r.unpriced_now,
	r.problem
FROM closed_month AS c CROSS JOIN LATERAL restated_month(c) AS r;

COMMENT ON VIEW month_close IS
'Closed months, with their totals as booked and as they are now: restated_usd - booked_usd = price_effect + '
'late_effect, exactly, of requests; shared_effect is what shared costs, commitments and deployments cost now, less '
'what '
'was booked; adjusted_usd is what adjust_month() has booked of both, and unbooked_usd what it has not. '
'Under the contract and guess of each closing. A month that cannot be compared has a problem, and stops no other.';

-- ---------------------------------------------------------------------------
-- Books of an open month
-- ---------------------------------------------------------------------------

-- So that what an adjustment found can be told by the day, and computed again.
CREATE FUNCTION inferacct_internal.book_found(entry bigint, month date)
RETURNS void
LANGUAGE sql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT book_costs($1, $2);
	SELECT book_usage($1, $2, true);
$$;

COMMENT ON FUNCTION book_found(bigint, date) IS
'Keeps a closed month as an adjustment finds it, at the settings of the session: its rollup, forgotten hours as they '
'were, and its shared costs.';

CREATE FUNCTION inferacct_internal.book_adjustment(month date, into_month date, why text)
RETURNS month_journal
LANGUAGE plpgsql VOLATILE SECURITY DEFINER COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	into_this date := checked_month(coalesce(into_month, month_of(now())));
	asked CONSTANT jsonb := now_settings();
	asked_as_of CONSTANT timestamptz := nullif(current_setting('inferacct.as_of', true), '')::timestamptz;
	closed closed_month;
	e month_journal;
	unpriced bigint;
	problem text;
BEGIN
	PERFORM take_books('{}');
	PERFORM check_closed(this);
	IF EXISTS (SELECT FROM closed_month AS c WHERE c.month = into_this) THEN
		PERFORM inferacct_internal.fail('55000', format('month %s is closed', into_this),
			hint => 'Adjustments are booked into an open month: say which by into_month.');
	END IF;
	PERFORM lock_prices();
	SELECT * INTO closed FROM closed_month AS c WHERE c.month = this;
	SELECT j.* INTO e FROM month_journal AS j WHERE j.entry = closed.entry;
	e.entry := next_entry();
	e.month := into_this;
	e.of_month := this;
	e.kind := 'adjustment';
	e.why := book_adjustment.why;
	e.coverage := NULL;
	e.known_at := coalesce(asked_as_of, greatest(clock_timestamp(), closed.known_at));
	-- What is shared by spend is shared under the contract that the month was closed with, too.
	PERFORM use_settings(e.settings || jsonb_build_object('unpriced', asked -> 'unpriced'), e.known_at);
	WITH restated AS MATERIALIZED (
		SELECT * FROM restated_lines(closed, e.known_at)
	), booked AS (
		INSERT INTO journal_line (entry, tenant, source, provider, model, service_tier, team, shared_cost, requests,
			usd)
		SELECT e.entry, r.tenant, r.source, r.provider, r.model, r.service_tier, r.team, NULL, r.unbooked_requests,
			r.unbooked_usd
		FROM restated AS r WHERE r.unbooked_usd <> 0 OR r.unbooked_requests <> 0
		UNION ALL
		SELECT e.entry, NULL, NULL, NULL, NULL, NULL, current_team(s.team), s.shared_cost, 0, trim_scale(sum(s.usd))
		FROM (
			SELECT a.team, a.kind || ' ' || a.name AS shared_cost, a.allocated_usd AS usd
			FROM shared_cost_allocation AS a
			WHERE a.month = this AND EXISTS (SELECT FROM shared_cost_all AS s WHERE s.month = this)
			UNION ALL
			SELECT b.team, b.kind || ' ' || b.name, -b.allocated_usd FROM booked_cost AS b
			WHERE b.entry = closed.entry
			UNION ALL
			SELECT l.team, l.shared_cost, -l.usd FROM month_journal AS j JOIN journal_line AS l USING (entry)
			WHERE j.of_month = this AND j.kind = 'adjustment' AND l.shared_cost IS NOT NULL) AS s
		GROUP BY current_team(s.team), s.shared_cost HAVING sum(s.usd) <> 0
	)
	SELECT min(r.problem) FILTER (WHERE r.unbooked_usd IS NULL), sum(r.unpriced_requests) - closed.unpriced_requests
	INTO problem, unpriced FROM restated AS r;
	PERFORM use_settings(asked, asked_as_of);
	IF problem IS NOT NULL THEN
		PERFORM inferacct_internal.fail('IA105', format('the rollup of month %s is not complete', this), problem || '.',
			'CALL refresh_usage() first.');
	END IF;
	IF unpriced > 0 AND asked ->> 'unpriced' = 'error' THEN
		PERFORM inferacct_internal.fail('IA001', format('%s requests of month %s have no price now', unpriced, this),
			'What they cost is not known, and would be booked as nothing.',
			'unpriced_usage says why; or SET inferacct.unpriced = ''null''.');
	END IF;
	IF NOT EXISTS (SELECT FROM journal_line AS l WHERE l.entry = e.entry) THEN
		RETURN NULL;
	END IF;
	PERFORM use_settings(e.settings || '{"unpriced": "null"}', e.known_at);
	PERFORM book_found(e.entry, this);
	PERFORM use_settings(asked, asked_as_of);
	RETURN write_entry(e);
END
$$;

COMMENT ON FUNCTION book_adjustment(date, date, text) IS 'adjust_month(). Runs as the owner of the extension.';

REVOKE ALL ON FUNCTION book_adjustment(date, date, text) FROM PUBLIC;

CREATE FUNCTION adjust_month(month date, into_month date DEFAULT NULL, why text DEFAULT NULL)
RETURNS month_journal
LANGUAGE sql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT book_adjustment($1, $2, $3) $$;

COMMENT ON FUNCTION adjust_month(date, date, text) IS
'Books what has become of a closed month since (late rows, corrected prices, shared costs: unbooked_usd of '
'month_close) '
'into an open one (into_month; NULL: the current), as an entry of month_journal with a line per team and model; the '
'closed month stays as booked. Returns the entry; NULL when there is nothing to book. Books as the owner of the '
'extension. Errors: 42704 the month is not closed, 55000 the other one is, IA105 the rollup is to be refreshed, '
'IA001 late requests have no price (under '
'inferacct.unpriced = null they are left out), 22004, 22008, 40001.';

REVOKE ALL ON FUNCTION adjust_month(date, date, text) FROM PUBLIC;

CREATE VIEW month_books WITH (security_invoker = true) AS
SELECT j.month, l.tenant, l.provider, current_team(l.team) AS team, l.shared_cost,
	trim_scale(sum(l.usd) FILTER (WHERE j.kind <> 'adjustment'))
	AS closed_usd, trim_scale(sum(l.usd) FILTER (WHERE j.kind = 'adjustment')) AS adjusted_usd,
		trim_scale(sum(l.usd)) AS usd
FROM month_journal AS j JOIN journal_line AS l USING (entry)
GROUP BY j.month, l.tenant, l.provider, current_team(l.team), l.shared_cost
HAVING sum(l.usd) <> 0;

COMMENT ON VIEW month_books IS
'What stands in the books of each month, by tenant, provider, team and shared cost, as the sum of the journal: '
'closed_usd of its own closing, adjusted_usd of adjustments of other months, usd both.';

-- ---------------------------------------------------------------------------
-- Is what is booked still there, and right?
-- ---------------------------------------------------------------------------

-- The other versions say nothing of what was booked: verify_prices() looks at all of them.
CREATE FUNCTION inferacct_internal.changed_versions(entry bigint, contract text, known_at timestamptz)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH names AS MATERIALIZED (
		SELECT b.model AS name, min(b.first_at) AS first_at, max(b.first_at) AS last_at
		FROM booked_usage AS b WHERE b.entry = $1 GROUP BY b.model
	), sold AS MATERIALIZED (
		SELECT m.provider, m.model FROM names AS n CROSS JOIN LATERAL (VALUES (n.first_at), (n.last_at)) AS t(at)
			CROSS JOIN LATERAL resolve_model(n.name, t.at) AS m
	), prices AS MATERIALIZED (
		SELECT p.version, p.currency FROM price AS p
		WHERE (p.provider, p.model) IN (SELECT s.provider, s.model FROM sold AS s)
	), used AS (
		SELECT p.version FROM prices AS p
		UNION
		SELECT a.version FROM model_alias AS a WHERE a.alias IN (SELECT n.name FROM names AS n)
			OR (a.provider, a.model) IN (SELECT s.provider, s.model FROM sold AS s)
		UNION
		SELECT f.version FROM fx_rate AS f WHERE f.currency IN (SELECT p.currency FROM prices AS p)
		UNION
		SELECT c.version FROM contract AS c WHERE c.contract = $2
		UNION
		SELECT t.version FROM contract_term AS t WHERE t.contract = $2
	)
	SELECT string_agg(d.version::text, ', ' ORDER BY d.version)
	FROM (SELECT array_agg(u.version) AS versions FROM used AS u HAVING count(*) > 0) AS a
	CROSS JOIN LATERAL version_digests(a.versions) AS d JOIN price_version AS v USING (version)
	WHERE v.published_at <= $3 AND v.digest <> d.digest
$$;

COMMENT ON FUNCTION changed_versions(bigint, text, timestamptz) IS
'The versions known then that have prices, names, exchange rates or terms of that contract for what an entry booked, '
'and whose rows are not those of their digest, as a list; NULL: none.';

CREATE FUNCTION inferacct_internal.replayed_entry(entry month_journal, OUT booked_usd numeric, OUT found_usd numeric,
	OUT wrong_rows bigint, OUT changed_versions text)
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
SET inferacct.as_of TO ''
SET inferacct.contract TO ''
SET inferacct.guess TO 'allow'
AS $$
BEGIN
	PERFORM use_settings(entry.settings || '{"unpriced": "null"}', entry.known_at);
	SELECT trim_scale(coalesce(sum(r.usd), 0)), trim_scale(coalesce(sum(r.found), 0)),
		count(*) FILTER (WHERE r.usd IS DISTINCT FROM r.found)
	INTO booked_usd, found_usd, wrong_rows
	FROM (SELECT b.usd, rollup_cost(b.model, b.usage, b.first_at, b.last_at, b.min_input, b.max_input, b.aggregated,
			b.service_tier, b.region) AS found
		FROM booked_usage AS b WHERE b.entry = replayed_entry.entry.entry) AS r;
	changed_versions := changed_versions(entry.entry, entry.settings ->> 'contract', entry.known_at);
END
$$;

COMMENT ON FUNCTION replayed_entry(month_journal) IS
'Prices the booked rows of an entry that the caller sees again, as prices were known and under its settings: the '
'booked and the found sum, how many rows differ, and changed_versions().';

CREATE FUNCTION reproduce_month(month date, OUT booked_usd numeric, OUT reproduced_usd numeric, OUT reproduced boolean)
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	e month_journal;
	replayed record;
BEGIN
	PERFORM check_closed(this);
	SELECT j.* INTO e FROM closed_month AS c JOIN month_journal AS j USING (entry) WHERE c.month = this;
	replayed := replayed_entry(e);
	booked_usd := replayed.booked_usd;
	reproduced_usd := replayed.found_usd;
	reproduced := replayed.wrong_rows = 0 AND (NOT sees_all_usage()
		OR booked_usd = (SELECT c.usd FROM closed_month AS c WHERE c.month = this));
END
$$;

COMMENT ON FUNCTION reproduce_month(date) IS
'Computes a closed month again, with the prices known when it was closed: the booked sum, the sum computed now, and '
'whether every booked row has the same figure. Not so only when a price was published later with an earlier '
'published_at. Reads as its caller: under row-level security both sums are of the caller''s rows. verify_month() also '
'compares digests. Errors: 42704 not closed, 22004, 22008.';

CREATE FUNCTION verify_month(month date, entry bigint DEFAULT NULL,
	OUT entry_verified bigint, OUT kind text, OUT verified boolean, OUT problem text, OUT digest text,
	OUT found_digest text, OUT booked_usd numeric, OUT found_usd numeric)
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	e month_journal;
	replayed record;
	lines numeric;
BEGIN
	IF NOT sees_all_usage() THEN
		PERFORM inferacct_internal.fail('42501', 'a digest is of everybody''s books', 'This role sees a part of them.',
			'reproduce_month() computes what it sees again.');
	END IF;
	SELECT j.* INTO e FROM month_journal AS j
	WHERE this IN (j.month, j.of_month) AND j.entry = coalesce(verify_month.entry, j.entry)
	ORDER BY j.entry DESC LIMIT 1;
	IF NOT FOUND THEN
		PERFORM inferacct_internal.fail('42704', format('the journal has no %s of month %s',
			coalesce('entry ' || entry, 'entry'), this),
				hint => 'SELECT entry, month, kind, at FROM month_journal shows them.');
	END IF;
	replayed := replayed_entry(e);
	lines := (SELECT coalesce(sum(l.usd), 0) FROM journal_line AS l WHERE l.entry = e.entry);
	entry_verified := e.entry;
	kind := e.kind;
	digest := e.digest;
	found_digest := evidence_digest(e);
	booked_usd := replayed.booked_usd;
	found_usd := replayed.found_usd;
	problem := nullif(concat_ws('; ',
		CASE WHEN found_digest <> digest
			THEN 'what was booked, or the entry before it, is not as it was: its digest differs' END,
		CASE WHEN prices_digest(e.known_at) <> e.prices_digest
			THEN 'the price versions that were known then are not as they were: verify_prices() may say which' END,
		CASE WHEN replayed.changed_versions IS NOT NULL
			THEN format('the rows of price versions %s, which it used, are not those that were published',
				replayed.changed_versions) END,
		CASE WHEN replayed.wrong_rows > 0
			THEN format('%s booked rows cost something else at the prices known then', replayed.wrong_rows) END,
		CASE WHEN lines <> e.usd THEN format('its lines add up to %s USD, and it says %s', lines, e.usd) END), '');
	verified := problem IS NULL;
END
$$;

COMMENT ON FUNCTION verify_month(date, bigint) IS
'Replays an entry of month_journal of a month, or booked into it (NULL: the last one): computes its digest, that of '
'the price versions that were known, those of the versions that it used from their rows, and what every booked row '
'costs by them again. verified: all is as it was booked; problem: '
'what is not, with both digests and sums. Needs neither the log nor the rollup. month_evidence() has what the '
'digest is '
'of. Errors: 42704 no such entry, 42501 for a role that sees a part of the books, 22004, 22008.';
