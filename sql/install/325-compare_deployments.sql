-- compare_deployments: every candidate's cheapest plan for one log, side by side.

CREATE FUNCTION inferacct_internal.compared_mix(m mixed) RETURNS compared
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
RETURN ROW(true, array_to_string(m.deployments, ' + '), 'hybrid', m.usd, m.api_usd - m.plan_usd, m.api_usd, m.plan_usd,
	m.replicas, m.started_hours, m.reserved, m.fte, mix_in_words(m))::compared;

COMMENT ON FUNCTION compared_mix(mixed) IS 'Several beside each other.';

CREATE FUNCTION compare_deployments(log regclass DEFAULT 'inferacct.usage_log', deployments text[] DEFAULT NULL,
	since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, at timestamptz DEFAULT now(),
	frontier_models text[] DEFAULT NULL, price_factor numeric DEFAULT 0.65, materiality numeric DEFAULT 0.05,
	api_price_decline numeric DEFAULT 0.3, width interval DEFAULT '1 hour',
	OUT rank integer, OUT deployment text, OUT verdict text, OUT usd numeric, OUT saved_usd numeric,
	OUT served_usd numeric, OUT plan_usd numeric, OUT replicas numeric, OUT started_hours numeric,
	OUT reserved_machines numeric, OUT fte numeric, OUT explanation text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE ROWS 10 COST 100000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	r		log_reading := read_log(log, since, until, at, width);
	fs		advice_facts[];
	m		mixed;
BEGIN
	SELECT array_agg(advice_facts(workload_of(r, d.name, frontier_models), d.name, NULL, price_factor, at, 0.1, NULL,
		NULL, materiality, api_price_decline) ORDER BY d.name COLLATE "C") INTO fs
	FROM (SELECT DISTINCT unnest(coalesce(deployments, ARRAY(SELECT e.name FROM deployment AS e)))) AS d (name);
	m := best_mix(r, fs, frontier_models, materiality);
	RETURN QUERY
		SELECT row_number() OVER (ORDER BY c.known DESC, c.usd, c.deployment COLLATE "C")::integer, c.deployment,
			c.verdict, trim_scale(c.usd), trim_scale(c.saved_usd), trim_scale(c.served_usd), c.plan_usd, c.replicas,
			c.started_hours, c.reserved_machines, c.fte, c.explanation
		FROM (SELECT (compared(f)).* FROM unnest(fs) AS f UNION ALL SELECT (compared_mix(m)).* WHERE m.usd IS NOT NULL)
			AS c
		ORDER BY 1;
END $$;

COMMENT ON FUNCTION compare_deployments(regclass, text[], timestamptz, timestamptz, timestamptz, text[], numeric,
	numeric, numeric, interval) IS
'The decision of advise() for each of the deployments (NULL: all that are known), the cheapest first, USD per month: '
'usd is the whole bill then, batch prices included, and saved_usd what its machines save of it (0 where the API is '
'better); served_usd: what it could replace; plan_usd: the cheapest plan for that. Where several of them '
'together cost less than the best alone, by a share of materiality, a row has that mix ("a + b"), and its explanation '
'by how much another could be cheaper at most. One that cannot be judged comes last, and explanation says '
'what it lacks. Arguments and errors as advise().';
