-- team: names of teams that have changed, and the history that goes with them.
--
-- Invariant: the rollup has each team by its present name, whatever the log calls it;
-- so every report has the history of a team that was renamed, or merged into another,
-- under one name.  What is booked keeps the name that it was booked under, and is
-- compared and summed up by the present one: a new name moves no money.

CREATE TABLE inferacct_internal.team_alias (
	alias		text PRIMARY KEY CHECK (alias <> ''),
	team		text NOT NULL CHECK (team <> '' AND team <> alias)
);

COMMENT ON TABLE team_alias IS
'Names that teams had, and have in the log, with the present one; no team is an alias itself. Written by '
'rename_team().';
SELECT pg_extension_config_dump('team_alias', '');

CREATE FUNCTION inferacct_internal.current_team(team text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 10
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$ SELECT coalesce((SELECT a.team FROM team_alias AS a WHERE a.alias = $1), $1) $$;

COMMENT ON FUNCTION current_team(text) IS 'The present name of a team; NULL gives NULL.';

CREATE FUNCTION rename_team(team text, new_name text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 1000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	target text := current_team(new_name);
	origin text;
	changed bigint;
BEGIN
	IF NOT sees_all_usage() THEN
		PERFORM inferacct_internal.fail('42501', 'a team is renamed for everybody',
			'This role sees a part of the usage.', 'Ask a member of inferacct_admin.');
	ELSIF coalesce(team, '') = '' OR new_name = '' THEN
		PERFORM inferacct_internal.fail('22023', 'a team has a name', NULL, 'A NULL new name takes a renaming back.');
	END IF;
	FOR origin IN SELECT o FROM unnest(refresh_origins(NULL)) AS o ORDER BY o COLLATE "C" LOOP
		PERFORM take_turn('refresh ' || origin);
	END LOOP;
	IF new_name IS NULL THEN
		DELETE FROM team_alias AS a WHERE a.alias = rename_team.team RETURNING a.team INTO target;
		IF NOT FOUND THEN
			PERFORM inferacct_internal.fail('42704', format('team "%s" has not been renamed', team));
		END IF;
		-- Only the log tells whose an hour's usage was.
		DELETE FROM refresh_base;
		DELETE FROM refreshed_hour AS r USING (SELECT DISTINCT h.origin, h.hour FROM usage_hourly AS h
			WHERE h.team = target) AS h WHERE r.origin = h.origin AND r.hour = h.hour;
		GET DIAGNOSTICS changed = ROW_COUNT;
		RETURN changed;
	END IF;
	IF EXISTS (SELECT FROM team_alias AS a WHERE a.alias = rename_team.team) THEN
		PERFORM inferacct_internal.fail('42710', format('team "%s" is called "%s" already', team, current_team(team)),
			NULL, 'Rename that, or take the renaming back first: a NULL new name.');
	END IF;
	-- Back to a name that it had.
	IF target = team THEN
		DELETE FROM team_alias AS a WHERE a.alias = new_name;
		target := new_name;
	END IF;
	IF target = team THEN
		PERFORM inferacct_internal.fail('22023', format('team "%s" has that name', team));
	END IF;
	UPDATE team_alias AS a SET team = target WHERE a.team = rename_team.team;
	INSERT INTO team_alias (alias, team) VALUES (rename_team.team, target);
	UPDATE allocated_cost AS c SET team = target WHERE c.team = rename_team.team;
	UPDATE forgotten_usage AS u SET team = target WHERE u.team = rename_team.team;
	UPDATE usage_hourly AS u SET team = target WHERE u.team = rename_team.team;
	GET DIAGNOSTICS changed = ROW_COUNT;
	RETURN changed;
END
$$;

COMMENT ON FUNCTION rename_team(text, text) IS
'Calls a team by another name from now on, in all reports and for all of its history, or merges it into a team that '
'has that name: rows of the log with the old one are read as the new, and budgets, limits, shares and members of '
'either count. Returns how many rows of the rollup have it. What is booked stays as it is, and is summed up by the '
'present name. new_name NULL takes a renaming back: returns how many hours the next refresh_usage() reads again, and '
'hours that the log no longer has keep the name that they have. Call compact_usage() after it. Errors: 22023 no name, '
'or the one it has, 42710 it was renamed before, 42704 it was not, 42501 for a role that sees a part of the usage.';
