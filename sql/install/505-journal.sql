-- journal: each closing, reopening, restatement and adjustment of a month, for good.
--
-- Invariant: an entry is never changed or deleted, and entries are numbered without
-- gaps.  The lines of all entries add up to the books: of a month, to what was last
-- booked of it and to the adjustments that were booked into it.  An entry's digest is
-- over all that it booked, the prices that were known, the settings, and the digest
-- before it; so whoever changes any of that later, by whatever means, is found by
-- verify_month().

CREATE TABLE month_journal (
	entry			bigint PRIMARY KEY CHECK (entry > 0),
	month			date NOT NULL CHECK (month = date_trunc('month', month::timestamp)::date),
	kind			text NOT NULL CHECK (kind IN ('close', 'reopening', 'restatement', 'adjustment')),
	usd				numeric NOT NULL CHECK (usd > '-Infinity' AND usd < 'Infinity'),
	of_month		date NOT NULL CHECK (of_month = date_trunc('month', of_month::timestamp)::date),
	who				text NOT NULL,
	logged_in_as	text NOT NULL,
	at				timestamptz NOT NULL,
	why				text,
	version			bigint NOT NULL,
	known_at		timestamptz NOT NULL,
	settings		jsonb NOT NULL,
	coverage		jsonb,
	prices_digest	text NOT NULL,
	digest			text NOT NULL
);

COMMENT ON TABLE month_journal IS
'Each closing, reopening, restatement and adjustment of a month: what it added to the books, who booked it, when and '
'why, by which prices and settings, and a digest of all of it. Append-only; see journal_line.';
COMMENT ON COLUMN month_journal.month IS 'the month in whose books it is';
COMMENT ON COLUMN month_journal.usd IS
'what it adds to the books of that month, requests and shared costs, in USD: below zero when it takes back';
COMMENT ON COLUMN month_journal.of_month IS 'the month whose usage it is: of an adjustment the closed one';
COMMENT ON COLUMN month_journal.who IS 'the role that was set, or else the one that logged in';
COMMENT ON COLUMN month_journal.at IS 'when it was booked, by the clock';
COMMENT ON COLUMN month_journal.known_at IS 'inferacct.as_of that gives the booked figures again';
COMMENT ON COLUMN month_journal.settings IS
'what the figures depend on besides prices: contract, unpriced, guess, zone and currency';
COMMENT
	ON COLUMN month_journal.coverage IS 'month_coverage() when a month was closed or restated, and what was missing';
COMMENT ON COLUMN month_journal.prices_digest IS 'SHA-256 of the price versions that were known; see docs/month_end.md';
COMMENT ON COLUMN month_journal.digest IS 'SHA-256 of the lines of month_evidence(), each with its newline';
SELECT pg_extension_config_dump('month_journal', '');

CREATE TABLE journal_line (
	entry			bigint NOT NULL,
	tenant			text COLLATE "C",
	source			text COLLATE "C",
	provider		text,
	model			text,
	service_tier	text,
	team			text,
	shared_cost		text,
	requests		bigint NOT NULL,
	usd				numeric NOT NULL CHECK (usd > '-Infinity' AND usd < 'Infinity')
);

CREATE INDEX journal_line_entry ON journal_line (entry);

COMMENT ON TABLE journal_line IS
'What an entry of month_journal adds to the books, by all that reports of months have, and by team for shared costs; '
'the usd of its lines add up to that of the entry, exactly.';
COMMENT ON COLUMN journal_line.shared_cost IS
'kind and name of a shared cost, commitment or deployment; NULL for requests';
SELECT pg_extension_config_dump('journal_line', '');

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['closed_month', 'booked_usage', 'booked_cost', 'month_journal', 'journal_line'] LOOP
		-- Whom a booked request was of may be forgotten: forget_person().
		EXECUTE format('CREATE TRIGGER booked_append_only AFTER UPDATE OF %2$s OR TRUNCATE ON %1$I '
			'FOR EACH STATEMENT EXECUTE FUNCTION booked_append_only()', name,
			(SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute AS a
				WHERE a.attrelid = name::regclass AND a.attnum > 0 AND a.attname <> 'dimensions'));
		EXECUTE format('CREATE TRIGGER booked_deleted AFTER DELETE ON %I REFERENCING OLD TABLE AS gone '
			'FOR EACH STATEMENT EXECUTE FUNCTION booked_append_only()', name);
	END LOOP;
END $$;

-- ---------------------------------------------------------------------------
-- Digests
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.sha256_hex(lines text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
RETURN encode(sha256(convert_to(lines, 'UTF8')), 'hex');

COMMENT ON FUNCTION sha256_hex(text) IS 'SHA-256 of a text in UTF-8, as sha256sum writes it. NULL gives NULL.';

CREATE FUNCTION inferacct_internal.prices_digest(known_at timestamptz)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH known AS MATERIALIZED (
		SELECT v.version, v.digest FROM price_version AS v WHERE v.published_at <= $1
	), fresh AS (
		SELECT array_agg(k.version) AS versions FROM known AS k WHERE k.digest IS NULL HAVING count(*) > 0
	)
	SELECT sha256_hex(coalesce(string_agg(k.version || ' ' || coalesce(k.digest, d.digest) || E'\n', ''
		ORDER BY k.version), ''))
	FROM known AS k
	LEFT JOIN (SELECT d.* FROM fresh AS f CROSS JOIN LATERAL version_digests(f.versions) AS d) AS d USING (version)
$$;

COMMENT ON FUNCTION prices_digest(timestamptz) IS
'SHA-256 of a line "version digest" for each price version that was published until then, by price_version.digest; by '
'its rows where the transaction that publishes it has not ended.';

CREATE FUNCTION inferacct_internal.entry_evidence(entry month_journal)
RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET timezone TO 'UTC'
AS $$
	WITH evidence AS (
		SELECT 1 AS part, 'entry ' || (to_jsonb($1) - 'digest')::text AS line
		UNION ALL
		SELECT 2, 'after ' || coalesce((SELECT j.digest FROM month_journal AS j WHERE j.entry = $1.entry - 1),
			'nothing')
		UNION ALL
		SELECT 3, format('hour %s %s rows %s', to_char(r.hour, 'YYYY-MM-DD"T"HH24"Z"'), count(*),
			sha256_hex(string_agg(r.line || E'\n', '' ORDER BY r.line COLLATE "C")))
		FROM (SELECT hour_of(b.first_at) AS hour, (to_jsonb(b) - 'dimensions')::text AS line
			FROM booked_usage AS b WHERE b.entry = $1.entry) AS r
		GROUP BY r.hour
		UNION ALL
		SELECT 4, 'cost ' || to_jsonb(c)::text FROM booked_cost AS c WHERE c.entry = $1.entry
		UNION ALL
		SELECT 5, 'line ' || to_jsonb(l)::text FROM journal_line AS l WHERE l.entry = $1.entry
	)
	SELECT e.line FROM evidence AS e ORDER BY e.part, e.line COLLATE "C"
$$;

COMMENT
	ON FUNCTION entry_evidence(month_journal) IS 'month_evidence() of an entry, also of one that is not written yet.';

CREATE FUNCTION inferacct_internal.evidence_digest(entry month_journal)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT sha256_hex(string_agg(e.line || E'\n', '' ORDER BY e.place))
	FROM entry_evidence($1) WITH ORDINALITY AS e(line, place)
$$;

COMMENT ON FUNCTION evidence_digest(month_journal) IS 'SHA-256 of entry_evidence(), each line with its newline.';

CREATE FUNCTION month_evidence(entry bigint)
RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT e FROM month_journal AS j CROSS JOIN LATERAL entry_evidence(j) AS e WHERE j.entry = $1 $$;

COMMENT ON FUNCTION month_evidence(bigint) IS
'The lines that the digest of an entry of month_journal is of, in order: the entry, the digest before it, a line per '
'booked hour with the SHA-256 of its rows (to_jsonb() of booked_usage without dimensions, in byte order, each with a '
'newline, in UTC), '
'booked shared costs, and its journal lines. As text to sha256sum they give the digest. No row when there is no such '
'entry.';

-- ---------------------------------------------------------------------------
-- Booking
-- ---------------------------------------------------------------------------

-- SET ROLE stays what it was in a function that runs as its owner.
CREATE FUNCTION inferacct_internal.acting_role()
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1
SET search_path TO pg_catalog, pg_temp
AS $$ SELECT coalesce(nullif(current_setting('role'), 'none'), session_user::text) $$;

COMMENT ON FUNCTION acting_role() IS 'The role that the session has set, or else the one that it logged in as.';

CREATE FUNCTION inferacct_internal.take_books(origins text[])
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	origin text;
BEGIN
	PERFORM take_turn('books');
	FOR origin IN SELECT o FROM unnest(origins) AS o ORDER BY o COLLATE "C" LOOP
		PERFORM take_turn('refresh ' || origin);
	END LOOP;
END
$$;

COMMENT ON FUNCTION take_books(text[]) IS
'Waits until nobody else closes, reopens or adjusts a month, refreshes or forgets one of these origins, and keeps '
'others waiting until commit. Runs as the owner of the extension.';

REVOKE ALL ON FUNCTION take_books(text[]) FROM PUBLIC;

CREATE FUNCTION inferacct_internal.write_entry(entry month_journal)
RETURNS month_journal
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	entry.who := acting_role();
	entry.logged_in_as := session_user;
	entry.at := clock_timestamp();
	entry.usd := (SELECT trim_scale(coalesce(sum(l.usd), 0)) FROM journal_line AS l
		WHERE l.entry = write_entry.entry.entry);
	entry.version := coalesce((SELECT max(v.version) FROM price_version AS v
		WHERE v.published_at <= write_entry.entry.known_at), 0);
	entry.prices_digest := prices_digest(entry.known_at);
	entry.digest := evidence_digest(entry);
	INSERT INTO month_journal SELECT entry.*;
	RETURN entry;
EXCEPTION WHEN unique_violation THEN
	-- Under REPEATABLE READ the entry that was written since is not seen.
	PERFORM inferacct_internal.fail('40001', 'another month was booked since this transaction began', NULL,
		'Try again.');
END
$$;

COMMENT ON FUNCTION write_entry(month_journal) IS
'Adds an entry whose lines and booked rows are written to the journal: who, when, its sum and its digest. Error 40001 '
'another one was written since the snapshot was taken.';

CREATE FUNCTION inferacct_internal.next_entry()
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT coalesce(max(j.entry), 0) + 1 FROM month_journal AS j $$;

COMMENT ON FUNCTION next_entry() IS 'Number of the next entry of the journal, without a gap. For who has the books.';

CREATE FUNCTION inferacct_internal.now_settings()
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('contract', coalesce(current_setting('inferacct.contract', true), ''),
		'unpriced', coalesce(nullif(current_setting('inferacct.unpriced', true), ''), 'error'),
		'guess', coalesce(nullif(current_setting('inferacct.guess', true), ''), 'allow'),
		'zone', 'UTC', 'currency', 'USD')
$$;

COMMENT ON FUNCTION now_settings() IS
'What figures depend on besides prices, as the session has it. Months are UTC, and amounts are USD.';

CREATE FUNCTION inferacct_internal.use_settings(settings jsonb, known_at timestamptz)
RETURNS void
LANGUAGE sql VOLATILE COST 10
SET search_path TO pg_catalog, pg_temp
SET timezone TO 'UTC'
SET datestyle TO 'ISO'
AS $$
	SELECT set_config('inferacct.contract', coalesce($1 ->> 'contract', ''), true),
		set_config('inferacct.guess', coalesce($1 ->> 'guess', 'allow'), true),
		set_config('inferacct.unpriced', coalesce($1 ->> 'unpriced', 'error'), true),
		set_config('inferacct.as_of', coalesce($2::text, ''), true)
$$;

COMMENT ON FUNCTION use_settings(jsonb, timestamptz) IS
'Sets contract, guess, unpriced and as_of for the rest of the transaction, or of the function that has a SET of them.';

-- Prices that are published for a later time are known only then.
CREATE FUNCTION inferacct_internal.known_now(closed_as_of timestamptz)
RETURNS timestamptz
LANGUAGE sql VOLATILE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(nullif(current_setting('inferacct.as_of', true), '')::timestamptz,
		CASE WHEN $1 <= clock_timestamp() AND EXISTS (SELECT FROM price_version AS v
			WHERE v.published_at > clock_timestamp()) THEN clock_timestamp() END)
$$;

COMMENT ON FUNCTION known_now(timestamptz) IS
'As of when a closed month is compared: inferacct.as_of, or else now, by the clock. NULL: by all prices, because '
'none is '
'published for later, or the month was booked by such prices itself.';

-- Where only prices that are published for later price what was used, they are taken, as reports do, and the books are
-- of that later time.
CREATE FUNCTION inferacct_internal.closing_known_at(month date, settings jsonb)
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
SET inferacct.as_of TO ''
SET inferacct.contract TO ''
SET inferacct.guess TO 'allow'
AS $$
DECLARE
	moment CONSTANT timestamptz := clock_timestamp();
	later CONSTANT timestamptz := (SELECT max(v.published_at) FROM price_version AS v);
	now_priced bigint;
	later_priced bigint;
BEGIN
	IF later > moment THEN
		PERFORM use_settings(settings || '{"unpriced": "null"}', later);
		SELECT count(rollup_cost(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
			u.service_tier, u.region)) INTO later_priced
		FROM usage_hourly AS u WHERE u.hour >= begin_of(month) AND u.hour < begin_of(next_month(month));
		PERFORM use_settings(settings || '{"unpriced": "null"}', moment);
		SELECT count(rollup_cost(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
			u.service_tier, u.region)) INTO now_priced
		FROM usage_hourly AS u WHERE u.hour >= begin_of(month) AND u.hour < begin_of(next_month(month));
	END IF;
	RETURN CASE WHEN later_priced > now_priced THEN later ELSE moment END;
END
$$;

COMMENT ON FUNCTION closing_known_at(date, jsonb) IS
'The time as of which a month is booked: now, by the clock; or that of prices published for later when only these '
'price '
'some of its usage.';

CREATE FUNCTION inferacct_internal.is_gap(covered jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5
RETURN covered ->> 'problem' IS NOT NULL OR coalesce((covered ->> 'unread_hours')::bigint, 0) > 0
	OR coalesce((covered ->> 'forgotten_hours')::bigint, 0) > 0;

COMMENT ON FUNCTION is_gap(jsonb) IS 'Whether a month is not complete for a part of its coverage.';

CREATE FUNCTION inferacct_internal.refuse_incomplete(month date, coverage jsonb)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO pg_catalog, pg_temp
AS $$
DECLARE
	missing text;
BEGIN
	SELECT string_agg(format('%s%s: %s%s.', o ->> 'origin', o ->> 'shared_cost',
		CASE WHEN o ->> 'problem' IS NOT NULL AND o ? 'origin' THEN format('it cannot be looked at: %s',
			o ->> 'problem')
			WHEN o ->> 'problem' IS NOT NULL THEN o ->> 'problem'
			ELSE concat_ws(', ',
				CASE WHEN (o ->> 'unread_hours')::bigint > 0
					THEN format('the rows of %s hours are not as refresh_usage() read them', o ->> 'unread_hours') END,
				CASE WHEN (o ->> 'forgotten_hours')::bigint > 0
					THEN format('%s hours were taken out by forget_usage()', o ->> 'forgotten_hours') END) END,
		CASE WHEN o ? 'origin' THEN coalesce(', and it was last refreshed at ' || (o ->> 'refreshed_at'),
			', and it has not been refreshed') END), ' ')
	INTO missing
	FROM jsonb_array_elements(coverage) AS o WHERE inferacct_internal.is_gap(o);
	IF missing IS NOT NULL THEN
		PERFORM inferacct_internal.fail('IA105', format('the rollup of month %s is not complete', month), missing,
			'CALL refresh_usage() first; or say force => true: what there is is booked, and '
			'closed_month.forced says so.');
	END IF;
END
$$;

COMMENT ON FUNCTION refuse_incomplete(date, jsonb) IS
'Refuses (IA105) a month whose coverage has an origin with hours that are not read or were forgotten, or one that '
'cannot '
'be looked at, or a shared cost without a figure; says all of them.';

-- What the month's entries have booked of it so far; adjustments lie in the books of other months.
CREATE FUNCTION inferacct_internal.booked_lines(month date)
RETURNS SETOF journal_line
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT NULL::bigint, l.tenant, l.source, l.provider, l.model, l.service_tier, l.team, l.shared_cost,
		sum(l.requests)::bigint, sum(l.usd)
	FROM month_journal AS j JOIN journal_line AS l USING (entry)
	WHERE j.of_month = $1 AND j.kind <> 'adjustment'
	GROUP BY l.tenant, l.source, l.provider, l.model, l.service_tier, l.team, l.shared_cost
	HAVING sum(l.requests) <> 0 OR sum(l.usd) <> 0
$$;

COMMENT ON FUNCTION booked_lines(date) IS 'The sums of the lines of a month''s closings, reopenings and restatements.';

CREATE FUNCTION inferacct_internal.book_costs(entry bigint, month date)
RETURNS void
LANGUAGE sql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	INSERT INTO booked_cost (entry, month, kind, name, basis, team, units, used_usd, idle_usd, allocated_usd, problem)
	SELECT $1, $2, a.kind, a.name, a.basis, a.team, a.units, a.used_usd, a.idle_usd, a.allocated_usd, a.problem
	FROM shared_cost_allocation AS a
	WHERE a.month = $2 AND EXISTS (SELECT FROM shared_cost_all AS s WHERE s.month = $2)
$$;

COMMENT ON FUNCTION book_costs(bigint, date) IS 'Books the shared costs of a month under an entry.';

CREATE FUNCTION inferacct_internal.book_usage(entry bigint, month date, with_forgotten boolean)
RETURNS void
LANGUAGE sql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	INSERT INTO booked_usage (entry, month, first_at, last_at, min_input, max_input, usage, aggregated,
		origin, tenant, source, model, service_tier, region, provider, team, project, status, provider_usd, dimensions,
		usd)
	SELECT $1, $2, u.first_at, u.last_at, u.min_input, u.max_input, u.usage, u.aggregated, u.origin, u.tenant,
		u.source, u.model, u.service_tier, u.region, u.provider, u.team, u.project, u.status, u.provider_usd,
		u.dimensions, rollup_cost(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
			u.service_tier, u.region)
	FROM (SELECT h.first_at, h.last_at, h.min_input, h.max_input, h.usage, h.aggregated, h.origin, h.tenant, h.source,
			h.model, h.service_tier, h.region, h.provider, h.team, h.project, h.status, h.provider_usd, h.dimensions
		FROM usage_hourly AS h WHERE h.hour >= begin_of($2) AND h.hour < begin_of(next_month($2))
		UNION ALL
		SELECT f.first_at, f.last_at, f.min_input, f.max_input, f.usage, f.aggregated, f.origin, f.tenant, f.source,
			f.model, f.service_tier, f.region, f.provider, f.team, f.project, f.status, f.provider_usd, f.dimensions
		FROM forgotten_rows AS f WHERE $3 AND f.hour >= begin_of($2) AND f.hour < begin_of(next_month($2))) AS u
$$;

COMMENT ON FUNCTION book_usage(bigint, date, boolean) IS
'Books the rollup of a month under an entry, at the settings of the session; with_forgotten: and forgotten hours as '
'they were.';

CREATE FUNCTION inferacct_internal.book_rows(entry bigint, month date)
RETURNS void
LANGUAGE sql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT book_costs($1, $2);
	SELECT book_usage($1, $2, false);
	INSERT INTO journal_line (entry, tenant, source, provider, model, service_tier, team, shared_cost, requests, usd)
	SELECT $1, n.tenant, n.source, n.provider, n.model, n.service_tier, n.team, n.shared_cost,
		sum(n.requests)::bigint, trim_scale(sum(n.usd))
	FROM (
		SELECT b.tenant, b.source, resolved_provider(b.provider, b.model, b.first_at) AS provider,
			resolved_model(b.model, b.first_at) AS model, resolved_tier(b.service_tier) AS service_tier, b.team,
			NULL AS shared_cost, meter(b.usage, 'requests') AS requests, coalesce(b.usd, 0) AS usd
		FROM booked_usage AS b WHERE b.entry = $1
		UNION ALL
		SELECT NULL, NULL, NULL, NULL, NULL, c.team, c.kind || ' ' || c.name, 0, c.allocated_usd
		FROM booked_cost AS c WHERE c.entry = $1 AND c.allocated_usd IS NOT NULL
		UNION ALL
		SELECT l.tenant, l.source, l.provider, l.model, l.service_tier, l.team, l.shared_cost, -l.requests, -l.usd
		FROM booked_lines($2) AS l) AS n
	GROUP BY n.tenant, n.source, n.provider, n.model, n.service_tier, n.team, n.shared_cost
	HAVING sum(n.requests) <> 0 OR sum(n.usd) <> 0
$$;

COMMENT ON FUNCTION book_rows(bigint, date) IS
'Books the rollup and the shared costs of a month under an entry, at the settings of the session, and the lines by '
'which that differs from what was booked of the month before.';

CREATE FUNCTION inferacct_internal.book_month(month date, kind text, why text, before_its_end boolean, force boolean,
	coverage jsonb)
RETURNS closed_month
LANGUAGE plpgsql VOLATILE SECURITY DEFINER COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	closed closed_month;
	e month_journal;
	asked CONSTANT jsonb := now_settings();
	asked_as_of CONSTANT timestamptz := nullif(current_setting('inferacct.as_of', true), '')::timestamptz;
	priced CONSTANT jsonb := (SELECT j.settings || jsonb_build_object('unpriced', asked ->> 'unpriced')
		FROM closed_month AS c JOIN month_journal AS j USING (entry) WHERE c.month = this);
BEGIN
	IF kind = 'close' THEN
		PERFORM check_closing(this, before_its_end);
	END IF;
	coverage := coverage || (SELECT jsonb_agg(jsonb_build_object('origin', 'usage_log') || to_jsonb(c))
		FROM origin_coverage('usage_log', this) AS c);
	-- What is being published now would else be known since a time before known_at, and yet not be booked.
	PERFORM lock_prices();
	e.entry := next_entry();
	e.month := this;
	e.of_month := this;
	e.kind := kind;
	e.why := why;
	e.settings := coalesce(priced, asked);
	e.known_at := coalesce(asked_as_of, closing_known_at(this, e.settings));
	PERFORM use_settings(e.settings, e.known_at);
	PERFORM book_rows(e.entry, this);
	PERFORM keep_booked_allocation(e.entry, this);
	coverage := coverage || coalesce((SELECT jsonb_agg(DISTINCT jsonb_build_object('shared_cost', c.kind || ' '
		|| c.name,
		'problem', c.problem)) FROM booked_cost AS c WHERE c.entry = e.entry AND c.allocated_usd IS NULL), '[]');
	IF NOT coalesce(force, false) THEN
		PERFORM refuse_incomplete(this, coverage);
	END IF;
	e.coverage := coverage;
	e := write_entry(e);
	PERFORM use_settings(asked, asked_as_of);

	closed.note := coalesce(why, (SELECT c.note FROM closed_month AS c WHERE c.month = this));
	DELETE FROM closed_month AS c WHERE c.month = this;
	INSERT INTO closed_month AS c (month, version, known_at, contract, requests, unpriced_requests, usd, shared_usd,
		unread_hours, forced, before_its_end, entry, closed_at, closed_by, note)
	SELECT this, e.version, e.known_at, nullif(e.settings ->> 'contract', ''),
		coalesce(meter(sum(b.usage), 'requests'), 0),
		coalesce(meter(sum(b.usage) FILTER (WHERE b.usd IS NULL), 'requests'), 0),
		coalesce(trim_scale(sum(b.usd)), 0),
		(SELECT coalesce(trim_scale(sum(s.allocated_usd)), 0) FROM booked_cost AS s WHERE s.entry = e.entry),
		(SELECT coalesce(sum((o ->> 'unread_hours')::bigint), 0) FROM jsonb_array_elements(coverage) AS o),
		EXISTS (SELECT FROM jsonb_array_elements(coverage) AS o WHERE is_gap(o)),
		begin_of(next_month(this)) > now(), e.entry, e.at, e.who, closed.note
	FROM booked_usage AS b WHERE b.entry = e.entry
	RETURNING c.* INTO closed;
	RETURN closed;
END
$$;

COMMENT ON FUNCTION book_month(date, text, text, boolean, boolean, jsonb) IS
'close_month() and restate_month() after they have looked at the attached sources; coverage: what they saw. '
'Runs as the owner of the extension.';

REVOKE ALL ON FUNCTION book_month(date, text, text, boolean, boolean, jsonb) FROM PUBLIC;

-- Attached relations are read as the caller: their views may run code of others.
CREATE FUNCTION inferacct_internal.source_coverage(month date)
RETURNS jsonb
LANGUAGE sql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('origin', s.name) || to_jsonb(c) ORDER BY s.name), '[]')
	FROM usage_source AS s CROSS JOIN LATERAL origin_coverage(s.name, $1) AS c
$$;

COMMENT ON FUNCTION source_coverage(date) IS 'month_coverage() of the attached sources.';

CREATE FUNCTION close_month(month date, note text DEFAULT NULL, before_its_end boolean DEFAULT false,
	force boolean DEFAULT false)
RETURNS closed_month
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
BEGIN
	PERFORM check_closing(this, before_its_end);
	PERFORM take_books(refresh_origins(NULL));
	PERFORM check_closing(this, before_its_end);			-- somebody else may have closed it meanwhile
	RETURN book_month(this, 'close', note, before_its_end, force, source_coverage(this));
END
$$;

COMMENT ON FUNCTION close_month(date, text, boolean, boolean) IS
'Books a UTC month: keeps its rollup and what it costs, its shared costs, commitments and deployments by team, the '
'price '
'version, the time as of which prices are known (inferacct.as_of, or now) and the contract; writes an entry of '
'month_journal, and returns its row of closed_month. month: any day of it; before_its_end: also while it still runs, '
'which closed_month.before_its_end then says; force: also when the rollup is not complete for it, which '
'closed_month.forced then says. Looks at every row of the month to know; a refresh of its origins, and who publishes '
'prices, waits meanwhile. '
'What has no price is an error (IA001 to IA007), or under inferacct.unpriced = null booked without USD and counted. '
'Books as the owner of the extension, with the caller''s settings: every team''s usage is booked. '
'Errors: IA105 not complete, 22023 the month has not ended, 42710 it is closed, 22004, 22008, 40001.';

REVOKE ALL ON FUNCTION close_month(date, text, boolean, boolean) FROM PUBLIC;

CREATE FUNCTION inferacct_internal.check_closed(month date)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM closed_month AS c WHERE c.month = check_closed.month) THEN
		PERFORM inferacct_internal.fail('42704', format('month %s is not closed', month));
	END IF;
END
$$;

COMMENT ON FUNCTION check_closed(date) IS 'Error 42704 when the month is not closed.';

-- What was adjusted lies in the books of other months, and would be booked twice.
CREATE FUNCTION inferacct_internal.check_unadjusted(month date)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	adjusted text;
BEGIN
	SELECT string_agg(format('entry %s: %s USD in the books of %s', j.entry, j.usd, j.month), ', ' ORDER BY j.entry)
	INTO adjusted FROM month_journal AS j WHERE j.of_month = check_unadjusted.month AND j.kind = 'adjustment';
	IF adjusted IS NOT NULL THEN
		PERFORM inferacct_internal.fail('55000', format('month %s has been adjusted', month),
			format('What changed since it was closed is in other books: %s.', adjusted),
			'Book what has changed since by adjust_month() again.');
	END IF;
END
$$;

COMMENT ON FUNCTION check_unadjusted(date) IS
'Error 55000 when adjustments of a month are booked into others, so that booking the month anew would count them '
'twice.';

CREATE FUNCTION reopen_month(month date, why text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
	e month_journal;
BEGIN
	PERFORM take_books('{}');
	PERFORM check_closed(this);
	PERFORM check_unadjusted(this);
	SELECT j.* INTO e FROM closed_month AS c JOIN month_journal AS j USING (entry) WHERE c.month = this;
	e.entry := next_entry();
	e.month := this;
	e.of_month := this;
	e.kind := 'reopening';
	e.why := reopen_month.why;
	e.coverage := NULL;
	e.settings := coalesce(e.settings, now_settings());
	e.known_at := coalesce(e.known_at, now());
	INSERT INTO journal_line (entry, tenant, source, provider, model, service_tier, team, shared_cost, requests, usd)
	SELECT e.entry, l.tenant, l.source, l.provider, l.model, l.service_tier, l.team, l.shared_cost, -l.requests, -l.usd
	FROM booked_lines(this) AS l;
	PERFORM write_entry(e);
	DELETE FROM closed_month AS c WHERE c.month = this;
END
$$;

COMMENT ON FUNCTION reopen_month(date, text) IS
'Takes the closing of a month back: an entry of month_journal with the reason, whose lines take back what was booked; '
'what was booked stays under its entry. Runs as the owner of the extension. '
'Errors: 42704 it is not closed, 55000 it has been adjusted, 22004, 22008, 40001.';

REVOKE ALL ON FUNCTION reopen_month(date, text) FROM PUBLIC;

CREATE FUNCTION restate_month(month date, why text DEFAULT NULL, force boolean DEFAULT false)
RETURNS closed_month
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	this date := checked_month(month);
BEGIN
	PERFORM take_books(refresh_origins(NULL));
	PERFORM check_closed(this);
	PERFORM check_unadjusted(this);
	RETURN book_month(this, 'restatement', why, NULL, force, source_coverage(this));
END
$$;

COMMENT ON FUNCTION restate_month(date, text, boolean) IS
'Books a closed month anew, into itself, as its rollup and the prices known now have it, under the settings that it '
'was '
'closed with: an entry of month_journal whose lines are the difference. What was booked before stays under its entry. '
'force as in close_month(). Errors as close_month(), and 42704 it is not closed, 55000 it has been adjusted.';

REVOKE ALL ON FUNCTION restate_month(date, text, boolean) FROM PUBLIC;
