-- compare_deployments: every candidate's cheapest plan for one log, side by side.

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
	candidates	text[] := coalesce(deployments, ARRAY(SELECT DISTINCT d.name FROM deployment AS d ORDER BY 1));
	answers		jsonb := '[]';
	candidate	text;
	f			advice_facts;
	decision	advice;
BEGIN
	FOREACH candidate IN ARRAY candidates LOOP
		f := advice_facts(workload(log, NULL, NULL, frontier_models, since, until, candidate, at, width), candidate,
			NULL,
			price_factor, at, 0.1, NULL, NULL, materiality, api_price_decline);
		decision := advice_decision(f);
		answers := answers || jsonb_build_object('deployment', candidate, 'verdict', decision.verdict, 'usd',
			f.usd - CASE WHEN decision.verdict IN ('hybrid', 'self_host')
				THEN f.batch_saved_usd + f.left_usd - f.plan_usd
				ELSE f.batch_saved_usd END,
			'saved_usd', CASE WHEN decision.verdict IN ('hybrid', 'self_host') THEN f.left_usd - f.plan_usd ELSE 0 END,
			'served_usd', f.served_usd, 'plan_usd', f.plan_usd, 'replicas', f.replicas, 'started_hours',
				f.started_hours,
			'reserved_machines', f.committed_replicas, 'fte', f.fte_needed, 'explanation', decision.explanation,
			'known', f.deployment_problem IS NULL);
	END LOOP;
	RETURN QUERY
		SELECT row_number() OVER (ORDER BY (a ->> 'known')::boolean DESC, (a ->> 'usd')::numeric, a ->> 'deployment'
			COLLATE "C")::integer,
			a ->> 'deployment', a ->> 'verdict', trim_scale((a ->> 'usd')::numeric),
			trim_scale((a ->> 'saved_usd')::numeric), trim_scale((a ->> 'served_usd')::numeric),
			(a ->> 'plan_usd')::numeric, (a ->> 'replicas')::numeric, (a ->> 'started_hours')::numeric,
			(a ->> 'reserved_machines')::numeric, (a ->> 'fte')::numeric, a ->> 'explanation'
		FROM jsonb_array_elements(answers) AS a ORDER BY 1;
END $$;

COMMENT ON FUNCTION compare_deployments(regclass, text[], timestamptz, timestamptz, timestamptz, text[], numeric,
	numeric,
	numeric, interval) IS
'The decision of advise() for each of the deployments (NULL: all that are known), the cheapest first, USD per month: '
'usd is the whole bill then, batch prices included, and saved_usd what its machines save of it (0 where the API is '
'better); served_usd: what it could replace; plan_usd: the cheapest plan for that. Each is planned alone: no row mixes '
'deployments. One that cannot be judged comes last, and explanation says what it lacks. Arguments and errors as '
'advise().';
