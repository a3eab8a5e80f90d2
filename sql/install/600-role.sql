-- role: who may read, and who may change, what.
--
-- Invariant: the roles are made, or taken as they are, once per cluster, and
-- belong to no extension: DROP EXTENSION leaves them.  They are granted by name,
-- on every object of the extension but the raw log's rows, whose owner decides.
-- No view and no function of a report runs with other rights than its caller's, so
-- that row-level security of the log and the rollup holds in every one.  Triggers
-- that keep notes, and what books or takes back a month, run as the owner.

-- The rights of both roles, on all that the extension has by now.
CREATE FUNCTION grant_roles()
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	name text;
	kind "char";
	written CONSTANT text[] := ARRAY['price_version', 'price', 'model_alias', 'catalog_rank', 'contract',
		'contract_term', 'fx_rate', 'gpu_price', 'catalog_rejection',
		'usage_log', 'usage_hourly', 'compacted_month', 'usage_monthly', 'refreshed_hour', 'forgotten_hour',
		'forgotten_usage', 'refresh_run', 'refresh_skip',
		'refresh_base', 'usage_change', 'turn',
		'usage_dimension', 'usage_dimension_value', 'daily_distribution', 'invoice', 'invoice_line',
		'budget', 'shared_cost', 'commitment', 'deployment_run', 'deployment', 'deployment_serves', 'deployment_cost',
		'team_member', 'model_quality', 'spend_limit', 'budget_state', 'budget_alert'];
BEGIN
	FOREACH name IN ARRAY ARRAY['inferacct_reader', 'inferacct_admin'] LOOP
		BEGIN
			IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
				EXECUTE format('CREATE ROLE %I NOLOGIN', name);
			END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL;			-- another database made it at the same time
		END;
	END LOOP;
	GRANT USAGE ON SCHEMA inferacct, inferacct_internal TO inferacct_reader, inferacct_admin;
	FOR name, kind IN
		SELECT c.relname, c.relkind FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.objid
		WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
			AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'inferacct')
				AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
	LOOP
		IF kind = 'S' THEN
			EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %I TO inferacct_admin', name);
			CONTINUE;
		END IF;
		EXECUTE format('GRANT SELECT ON %I TO inferacct_admin', name);
		-- Copies of all teams' figures, and partitions, which the log's policy does not cover, are not for readers.
		IF kind <> 'm' AND name NOT LIKE 'usage\_log\_%' THEN
			EXECUTE format('GRANT SELECT ON %I TO inferacct_reader', name);
		END IF;
		IF name = ANY (written) THEN
			EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO inferacct_admin', name);
		END IF;
	END LOOP;
	GRANT EXECUTE ON FUNCTION close_month(date, text, boolean, boolean), restate_month(date, text, boolean),
		reopen_month(date, text), adjust_month(date, date, text), take_books(text[]),
		book_month(date, text, text, boolean, boolean, jsonb), book_adjustment(date, date, text),
		forget_in_books(text, text, text, text) TO inferacct_admin;
END
$$;

COMMENT ON FUNCTION grant_roles() IS
'Makes the roles inferacct_reader and inferacct_admin (NOLOGIN) where the cluster has none, '
'and grants them: reader SELECT on prices, log, rollup and reports; admin also to publish prices, fill the log, '
'refresh the rollup, set budgets, shared costs, commitments and running deployments, '
'and close months. Attaching sources and protect_usage() are for the owner of the extension. '
'CREATE EXTENSION calls it where the installing role may make roles; call it again after attach_usage(), '
'and after an upgrade. Error: 42501 when the roles are not there and the caller may not make them.';

-- ---------------------------------------------------------------------------
-- Teams see their own
-- ---------------------------------------------------------------------------

CREATE TABLE team_member (
	member	name NOT NULL,
	team	text NOT NULL,
	PRIMARY KEY (member, team)
);

COMMENT ON TABLE team_member IS
'Whose usage a role sees once protect_usage() is on: that of every team that it, or a role that it is in, is a member '
'of.';
COMMENT ON COLUMN team_member.member IS 'a role, by name';
SELECT pg_extension_config_dump('team_member', '');

CREATE FUNCTION inferacct_internal.own_teams()
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT coalesce(array_agg(DISTINCT t.team), '{}') FROM team_member AS t JOIN pg_roles AS r ON r.rolname = t.member
	WHERE pg_has_role(current_user, r.oid, 'MEMBER')
$$;

COMMENT ON FUNCTION own_teams() IS 'The teams in team_member of the current role and of the roles that it is in.';

CREATE FUNCTION inferacct_internal.team_tables()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN ARRAY['usage_log', 'usage_hourly', 'usage_monthly', 'forgotten_usage', 'booked_usage', 'booked_cost',
	'journal_line', 'budget', 'spend_limit', 'budget_state', 'budget_alert']::text[];

COMMENT ON FUNCTION team_tables() IS
'The tables whose rows are of a team, which policies show to its members once protect_usage() is on.';

CREATE FUNCTION inferacct_internal.count_tables()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1
RETURN ARRAY['refreshed_hour', 'forgotten_hour', 'refresh_run', 'refresh_skip', 'usage_change',
	'usage_dimension_value', 'daily_distribution']::text[];

COMMENT ON FUNCTION count_tables() IS
'The tables that count the usage of all teams together, which policies show to nobody who sees a part once '
'protect_usage() is on.';

-- Policies do nothing until protect_usage() turns row-level security on.
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY team_tables() LOOP
		EXECUTE format('CREATE POLICY everything ON %I USING ((SELECT sees_everything()))', name);
		EXECUTE format('CREATE POLICY own_teams ON %I FOR SELECT USING (team = ANY ((SELECT own_teams())::text[]))',
			name);
	END LOOP;
	FOREACH name IN ARRAY count_tables() LOOP
		EXECUTE format('CREATE POLICY everything ON %I USING ((SELECT sees_everything()))', name);
	END LOOP;
	-- That a report has an other is for everybody to know.
	CREATE POLICY tails ON usage_dimension_value FOR SELECT USING (is_tail);
END $$;

CREATE FUNCTION protect_usage(enabled boolean DEFAULT true)
RETURNS void
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY team_tables() || count_tables() LOOP
		EXECUTE format('ALTER TABLE %I %s ROW LEVEL SECURITY', name,
			CASE WHEN enabled THEN 'ENABLE' ELSE 'DISABLE' END);
	END LOOP;
END
$$;

COMMENT ON FUNCTION protect_usage(boolean) IS
'Turns row-level security of usage_log, usage_hourly, usage_monthly, of what is booked, of budget, spend_limit and '
'what check_budgets() writes on or off, and of what counts the rows of all teams (refreshed_hour, refresh_progress, '
'daily_distribution, the values of chosen dimensions). '
'Once on, a role sees the rows of its teams (team_member), members of inferacct_admin see all, and so do superusers '
'and the owner. Every report follows. Relations of attached sources have policies of their own. '
'Not dumped: call it again after a restore. The caller must own the extension. NULL turns it off.';

-- Last of all, when every object is there.  Who may not make roles goes without; a NOTICE says so.
DO $$
BEGIN
	IF (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
		OR (SELECT count(*) FROM pg_roles WHERE rolname IN ('inferacct_reader', 'inferacct_admin')) = 2 THEN
		PERFORM grant_roles();
	ELSE
		RAISE NOTICE
			'role "%" may not make inferacct_reader and inferacct_admin: have grant_roles() called by '
			'one who may', current_user;
	END IF;
END $$;
