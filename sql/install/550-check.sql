-- check: what does not fit together.
--
-- Invariant: a restore and a replica may bring rows in any order, so nothing
-- refuses them on the way in; inferacct_check() finds what is wrong once they are
-- there: what foreign keys would have refused, what a switched-off trigger left
-- undone, and what no longer adds up.  No row: nothing is wrong.

-- ---------------------------------------------------------------------------
-- The triggers
-- ---------------------------------------------------------------------------

-- ALTER TABLE ... ENABLE TRIGGER ALL, which pg_restore --disable-triggers ends
-- with, leaves every trigger silent under session_replication_role = replica.
CREATE FUNCTION inferacct_internal.trigger_modes(OUT relation regclass, OUT trigger name, OUT mode "char",
	OUT made_mode "char")
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 80
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH member AS (
		SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass
			AND d.refobjid = e.oid
		WHERE e.extname = 'inferacct' AND d.deptype = 'e')
	SELECT t.tgrelid::regclass, t.tgname, t.tgenabled, CASE WHEN t.tgname LIKE '%\_replicated' THEN 'R'
		ELSE 'A' END::"char"
	FROM pg_trigger AS t
	WHERE NOT t.tgisinternal AND (t.tgrelid IN (SELECT objid FROM member WHERE classid = 'pg_class'::regclass))
		AND t.tgfoid IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass)
	ORDER BY t.tgrelid, t.tgname
$$;

COMMENT ON FUNCTION trigger_modes() IS
'The triggers of the extension''s tables, with pg_trigger.tgenabled as it is and as the extension made it: A, always, '
'or R, for replication only, by the name''s ending _replicated.';

CREATE FUNCTION enable_triggers() RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t record;
	changed bigint := 0;
BEGIN
	FOR t IN SELECT * FROM trigger_modes() WHERE mode <> made_mode LOOP
		EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.relation, CASE t.made_mode WHEN 'R' THEN 'REPLICA'
			ELSE 'ALWAYS' END, t.trigger);
		changed := changed + 1;
	END LOOP;
	PERFORM touch_prices();
	RETURN changed;
END
$$;

COMMENT ON FUNCTION enable_triggers() IS
'Gives every trigger of the extension''s tables the mode it was made with (ALWAYS, or REPLICA), and returns how many '
'had another; sessions then read prices anew. Needed after pg_restore --disable-triggers and ALTER TABLE ... '
'DISABLE TRIGGER. The caller must own the extension.';

-- What pg_restore --disable-triggers does.  DISABLE TRIGGER: nobody notes from now
-- on which months change, so that all are read by the hour.  ENABLE TRIGGER ALL:
-- every trigger gets the mode that it was made with, and months that came meanwhile
-- are noted.  A trigger that somebody has switched off stays off.
CREATE FUNCTION inferacct_internal.table_altered() RETURNS event_trigger
LANGUAGE plpgsql VOLATILE
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	t record;
	rollup CONSTANT regclass := 'usage_hourly'::regclass;
BEGIN
	FOR t IN SELECT m.* FROM trigger_modes() AS m WHERE m.mode = 'O'
		AND m.relation IN (SELECT c.objid FROM pg_event_trigger_ddl_commands() AS c
			WHERE c.classid = 'pg_class'::regclass)
	LOOP
		EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.relation, CASE t.made_mode WHEN 'R' THEN 'REPLICA'
			ELSE 'ALWAYS' END, t.trigger);
	END LOOP;
	IF rollup IN (SELECT c.objid FROM pg_event_trigger_ddl_commands() AS c WHERE c.classid = 'pg_class'::regclass) THEN
		PERFORM month_changed(r.origin, r.month) FROM (SELECT * FROM rollup_month ORDER BY origin, month) AS r
		WHERE r.compacted AND EXISTS (SELECT FROM trigger_modes() AS m WHERE m.relation = rollup AND m.mode = 'D')
			OR NOT EXISTS (SELECT FROM compacted_month AS u WHERE u.origin = r.origin AND u.month = r.month);
	END IF;
END
$$;

COMMENT ON FUNCTION table_altered() IS
'Event trigger for ALTER TABLE of tables of the extension: gives triggers that became ordinary ones by ENABLE TRIGGER '
'ALL the mode they were made with, and takes the months out of usage_monthly and usage_daily when triggers of '
'usage_hourly are switched off.';

-- ---------------------------------------------------------------------------
-- The rollup
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.rollup_problems(OUT what text, OUT key text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT DISTINCT 'usage_hourly', format('%s %s', h.origin, h.hour), 'the hour is there more than once',
		format('SELECT forget_usage(%L, %L, %L); then CALL refresh_usage()', h.origin, h.hour,
			h.hour + interval '1 hour')
	FROM usage_hourly AS h
	-- The rows of teams that were merged stay apart, and are right in every sum.
	WHERE NOT EXISTS (SELECT FROM team_alias AS t WHERE t.team = h.team)
	GROUP BY h.origin, h.hour, h.slice, h.context_from, h.aggregated, h.kinds, h.tenant, h.dimensions, h.source,
		h.model, h.service_tier, h.region, h.provider, h.team, h.project, h.status
	HAVING count(*) > 1
	UNION ALL
	SELECT 'compacted_month', format('%s %s', origin, month),
		'usage_hourly has the month, and no note says so: its rows came while triggers were '
		'off', 'SELECT compact_usage()'
	FROM (SELECT r.origin, r.month FROM rollup_month AS r EXCEPT SELECT u.origin, u.month
		FROM compacted_month AS u) AS unnoted
	UNION ALL
	SELECT l.what, format('%s %s', u.origin, u.month),
		CASE WHEN u.compacted THEN 'the month is not the sum of its hours: they were changed while triggers were off'
			ELSE 'the month is summed up here and not noted as such: it counts twice' END,
				'SELECT compact_usage(everything => true)'
	FROM (SELECT r.origin, r.month, r.compacted FROM rollup_month AS r
		UNION SELECT s.origin, s.month, false
		FROM (SELECT m.origin, m.month FROM usage_monthly AS m UNION SELECT d.origin, month_of(begin_of(d.day))
			FROM usage_daily AS d) AS s
			WHERE (s.origin, s.month) NOT IN (SELECT n.origin, n.month FROM compacted_month AS n)) AS u
	CROSS JOIN (VALUES ('usage_monthly'), ('usage_daily')) AS l(what)
	LEFT JOIN (SELECT 'usage_monthly' AS what, m.origin, m.month, sum(m.rows) AS rows, sum(m.usage) AS usage,
			sum(m.provider_usd) AS provider_usd FROM usage_monthly AS m GROUP BY 2, 3
		UNION ALL SELECT 'usage_daily', d.origin, month_of(begin_of(d.day)), sum(d.rows), sum(d.usage),
			sum(d.provider_usd) FROM usage_daily AS d GROUP BY 2, 3) AS m
		ON m.what = l.what AND m.origin = u.origin AND m.month = u.month
	LEFT JOIN (SELECT h.origin, month_of(h.hour) AS month, sum(h.rows) AS rows, sum(h.usage) AS usage,
		sum(h.provider_usd) AS provider_usd
		FROM usage_hourly AS h GROUP BY 1, 2) AS h ON h.origin = u.origin AND h.month = u.month
	WHERE CASE WHEN u.compacted THEN (m.rows, m.usage, m.provider_usd) IS DISTINCT FROM (h.rows, h.usage,
		h.provider_usd)
		ELSE m.rows IS NOT NULL END
	UNION ALL
	SELECT 'refreshed_hour', format('%s %s', r.origin, r.hour),
		format('%s rows of the log were read, and usage_hourly has %s of them', r.rows, coalesce(h.rows, 0)),
		format('SELECT forget_usage(%L, %L, %L); then CALL refresh_usage()', r.origin, r.hour,
			r.hour + interval '1 hour')
	FROM refreshed_hour AS r
	LEFT JOIN (SELECT h.origin, h.hour, sum(h.rows) AS rows FROM usage_hourly AS h GROUP BY 1, 2) AS h
		USING (origin, hour)
	WHERE coalesce(h.rows, 0) > r.rows
$$;

COMMENT ON FUNCTION rollup_problems() IS 'The rows of inferacct_check() about the rollup.';

-- ---------------------------------------------------------------------------
-- Everything
-- ---------------------------------------------------------------------------

CREATE FUNCTION inferacct_internal.price_problems(OUT what text, OUT key text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 2
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT 'price_version', v.version::text, v.problem,
		'compare it with a dump or a replica; what was meant is published as a new version'
	FROM verify_prices() AS v
	UNION ALL
	SELECT 'price_version_seq', s.last_value::text,
		format('the next version would be one that is there: the last is %s', m.version),
		format('SELECT setval(''inferacct_internal.price_version_seq'', %s)', m.version)
	FROM pg_sequences AS s, (SELECT max(version) AS version FROM price_version) AS m
	WHERE s.schemaname = 'inferacct_internal' AND s.sequencename = 'price_version_seq' AND s.last_value < m.version
	UNION ALL
	SELECT 'price_epoch', NULL, format('%s rows where one is needed', e.rows),
		'as the owner: DELETE FROM inferacct_internal.price_epoch; INSERT INTO inferacct_internal.price_epoch SELECT '
		'nextval(''inferacct_internal.price_epoch_seq'')'
	FROM (SELECT count(*) AS rows FROM price_epoch) AS e WHERE e.rows <> 1
	UNION ALL
	SELECT 'model_alias', a.alias, format('%s/%s has no price', a.provider, a.model),
		format('publish one, or end the alias: INSERT INTO model_alias (alias, provider) VALUES (%L, %L)', a.alias,
		a.provider)
	FROM (SELECT DISTINCT ON (m.alias) m.* FROM model_alias AS m JOIN price_version AS v USING (version)
		ORDER BY m.alias, m.version > 1000 DESC, in_force_order(m.valid_from, v.published_at, m.version) DESC) AS a
	WHERE a.model IS NOT NULL AND NOT EXISTS (SELECT FROM price AS p WHERE p.provider = a.provider
		AND p.model = a.model)
	UNION ALL
	SELECT 'contract_term', t.contract, format('%s terms of a contract that is not in table contract', count(*)),
		format('INSERT INTO contract (contract) VALUES (%L)', t.contract)
	FROM contract_term AS t WHERE NOT EXISTS (SELECT FROM contract AS c WHERE c.contract = t.contract)
		GROUP BY t.contract
	UNION ALL
	SELECT 'contract_term', format('%s: %s', t.contract, concat_ws('/', t.provider, t.model)),
		format('%s terms of a %s that nobody has prices for', count(*), CASE WHEN t.model IS NULL THEN 'provider'
		ELSE 'model' END),
		'end them with terms alike that have neither usd nor percent_off, and state them with set_contract_term()'
	FROM contract_term AS t JOIN price_version AS v USING (version)
	WHERE NOT EXISTS (SELECT FROM price AS p WHERE p.provider = t.provider AND p.model = coalesce(t.model, p.model))
		AND t.provider IS NOT NULL AND num_nonnulls(t.usd, t.percent_off) = 1
		AND (t.model IS NULL OR NOT EXISTS (SELECT
			FROM alias_target(t.provider, t.model, CASE WHEN isfinite(t.valid_from) THEN t.valid_from
			ELSE v.published_at END)))
	GROUP BY t.contract, t.provider, t.model
	UNION ALL
	SELECT 'price', format('%s/%s', p.provider, p.model),
		format('%s prices that are not used: the name is an alias of %s/%s', count(*), t.provider, t.model),
		format('state them with set_price(), or end the alias: SELECT set_alias(%L, NULL)',
			p.provider || '/' || p.model)
	FROM price AS p CROSS JOIN LATERAL alias_target(p.provider, p.model, now()) AS t
	WHERE p.version > 1000 AND EXISTS (SELECT FROM model_alias AS a WHERE a.version > 1000
		AND a.alias IN (p.model, p.provider || '/' || p.model))
	GROUP BY p.provider, p.model, t.provider, t.model
	UNION ALL
	SELECT 'price', p.currency, format('%s prices in %s, which has no exchange rate', count(*), p.currency),
		format('INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES (..., %L, ...)', p.currency)
	FROM price AS p WHERE p.amount IS NOT NULL AND NOT EXISTS (SELECT FROM fx_rate AS f WHERE f.currency = p.currency)
		GROUP BY p.currency
$$;

COMMENT ON FUNCTION price_problems() IS 'The rows of inferacct_check() about prices.';

CREATE FUNCTION inferacct_internal.deployment_problems(OUT what text, OUT key text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 2
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT u.what, u.deployment, 'names a deployment that is not in table deployment',
		'add the deployment, or correct the name'
	FROM (SELECT 'deployment_cost', c.deployment FROM deployment_cost AS c UNION SELECT 'serving_point', s.deployment
		FROM serving_point AS s UNION SELECT 'deployment_serves', s.deployment FROM deployment_serves AS s
		UNION SELECT 'deployment_run', r.deployment FROM deployment_run AS r UNION SELECT 'routing_tier', r.deployment
			FROM routing_tier AS r) AS u(what, deployment)
	WHERE u.deployment NOT IN (SELECT d.name FROM deployment AS d)
	UNION ALL
	SELECT 'routing_tier', t.policy, 'names a policy that is not in table routing_policy',
		'add the policy, or correct the name'
	FROM routing_tier AS t WHERE NOT EXISTS (SELECT FROM routing_policy AS p WHERE p.name = t.policy) GROUP BY t.policy
	UNION ALL
	SELECT 'deployment', d.name, format('rents %s (%s), which nobody offers', d.gpu, concat_ws(', ', d.vendor, d.term)),
		'add a row of gpu_price'
	FROM deployment AS d WHERE d.term <> 'owned'
		AND NOT EXISTS (SELECT FROM gpu_price AS g WHERE g.gpu = d.gpu AND g.term = d.term
		AND coalesce(d.vendor, g.vendor) IN (g.vendor, g.vendor || '/' || g.region))
$$;

COMMENT ON FUNCTION deployment_problems() IS 'The rows of inferacct_check() about deployments and routing.';

CREATE FUNCTION inferacct_internal.booked_problems(OUT what text, OUT key text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 2
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT 'booked_usage', b.month::text, format('%s booked rows of an entry that is not in the journal', count(*)),
		'restore its row of month_journal'
	FROM booked_usage AS b WHERE NOT EXISTS (SELECT FROM month_journal AS j WHERE (j.entry, j.of_month) = (b.entry,
		b.month))
	GROUP BY b.month
	UNION ALL
	SELECT 'month_journal', j.entry::text, 'what it booked, or the entry before it, is not as it was',
		format('compare with a dump or a replica: SELECT * FROM verify_month(%L, %s)', j.month, j.entry)
	FROM month_journal AS j WHERE sees_all_usage() AND j.digest <> evidence_digest(j)
	UNION ALL
	SELECT 'month_journal', (j.entry - 1)::text, 'the journal has an entry after it, and not itself', 'restore it'
	FROM month_journal AS j WHERE j.entry > 1 AND NOT EXISTS (SELECT FROM month_journal AS b
		WHERE b.entry = j.entry - 1)
	UNION ALL
	SELECT 'closed_month', c.month::text, format('%s USD of %s requests are closed, and booked_usage has %s USD of %s',
		c.usd, c.requests, coalesce(b.usd, 0), coalesce(b.requests, 0)),
		format('restore booked_usage; or SELECT reopen_month(%1$L) and close_month(%1$L) again', c.month)
	FROM closed_month AS c
	LEFT JOIN (SELECT b.entry, trim_scale(sum(b.usd)) AS usd, meter(sum(b.usage), 'requests') AS requests,
			coalesce(meter(sum(b.usage) FILTER (WHERE b.usd IS NULL), 'requests'), 0) AS unpriced FROM booked_usage AS b
				GROUP BY b.entry) AS b USING (entry)
	WHERE (c.usd, c.requests, c.unpriced_requests) IS DISTINCT FROM (coalesce(b.usd, 0), coalesce(b.requests, 0),
		coalesce(b.unpriced, 0))
	UNION ALL
	SELECT 'closed_month', c.month::text, format('was closed under contract %s, which is not there', c.contract),
		'restore the contract'
	FROM closed_month AS c WHERE c.contract <> '' AND c.contract NOT IN (SELECT contract FROM contract
		UNION SELECT contract FROM contract_term)
	UNION ALL
	SELECT 'closed_month', c.month::text, format('was closed with price version %s, which is not there', c.version),
		'restore the prices'
	FROM closed_month AS c WHERE c.version > 0
		AND NOT EXISTS (SELECT FROM price_version AS v WHERE v.version = c.version)
$$;

COMMENT ON FUNCTION booked_problems() IS 'The rows of inferacct_check() about closed months and the journal.';

CREATE FUNCTION inferacct_internal.log_problems(OUT what text, OUT key text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 2
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT 'usage_log', i.inhrelid::regclass::text, 'a partition without a primary key: a request can be in it twice',
		format('ALTER TABLE %s ADD PRIMARY KEY (source, request_id, at, tenant)', i.inhrelid::regclass)
	FROM pg_inherits AS i WHERE i.inhparent = 'inferacct.usage_log'::regclass
		AND NOT EXISTS (SELECT FROM pg_index AS x WHERE x.indrelid = i.inhrelid AND x.indisprimary AND x.indisvalid)
	UNION ALL
	SELECT 'usage_log', c.oid::regclass::text,
		'is named as a partition of usage_log, and is none: its requests are in no report',
		format('ALTER TABLE inferacct.usage_log ATTACH PARTITION %s FOR VALUES FROM (...) TO (...), or another name',
			c.oid::regclass)
	FROM pg_class AS c WHERE c.relnamespace = 'inferacct'::regnamespace AND c.relkind = 'r'
		AND c.relname ~ '^usage_log_\d{4,}_\d\d$'
		AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid)
	UNION ALL
	SELECT 'usage_source', s.name, CASE WHEN to_regclass(s.relation::text) IS NULL THEN 'its relation is not there'
		ELSE 'its view is not there, so its requests are in no report' END,
		CASE WHEN to_regclass(s.relation::text) IS NULL THEN format('SELECT detach_usage(%L), or restore it', s.name)
			ELSE 'as the owner: SELECT inferacct_internal.make_usage_views()' END
	FROM usage_source AS s WHERE to_regclass(s.relation::text) IS NULL OR to_regclass(source_view(s.name)) IS NULL
	UNION ALL
	SELECT 'team_member', NULL, format('row-level security of %s is off, though teams have members',
		string_agg(c.relname, ', ' ORDER BY c.relname)), 'SELECT protect_usage()'
	FROM pg_class AS c WHERE c.oid IN (SELECT t::regclass FROM unnest(team_tables()) AS t)
		AND NOT c.relrowsecurity AND EXISTS (SELECT FROM team_member) HAVING count(*) > 0
$$;

COMMENT ON FUNCTION log_problems() IS
'The rows of inferacct_check() about the log, its sources, and who sees which of its rows.';

CREATE FUNCTION inferacct_internal.trigger_problems(OUT what text, OUT key text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 100000 ROWS 2
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT t.relation::text, t.trigger::text, CASE t.mode WHEN 'D' THEN 'the trigger is off'
		ELSE 'the trigger does not fire for all writers it was made for' END, 'as the owner: SELECT enable_triggers()'
	FROM trigger_modes() AS t WHERE t.mode <> t.made_mode
$$;

COMMENT ON FUNCTION trigger_problems() IS 'The rows of inferacct_check() about triggers.';

CREATE FUNCTION inferacct_check(OUT what text, OUT key text, OUT problem text, OUT remedy text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT p.* FROM price_problems() AS p
	UNION ALL SELECT d.* FROM deployment_problems() AS d
	UNION ALL SELECT b.* FROM booked_problems() AS b
	UNION ALL SELECT r.* FROM rollup_problems() AS r
	UNION ALL SELECT l.* FROM log_problems() AS l
	UNION ALL SELECT t.* FROM trigger_problems() AS t
	ORDER BY 1, 2
$$;

COMMENT ON FUNCTION inferacct_check() IS
'What does not fit together, one row each: what it is about (a table), which row, the problem, and what to do. '
'No row: nothing was found. Finds what foreign keys would refuse (rows of unknown versions, contracts, deployments, '
'policies, months), versions that are not as published, books that do not add up, a rollup at odds with its notes, '
'broken sources and partitions, row-level security that a restore left off, and triggers that are off. '
'Run it after a restore. Reads as its caller: run it as the owner or as a member of inferacct_admin.';
