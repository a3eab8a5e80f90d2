-- shared_cost: what no request states, by month and team, used and idle apart.
--
-- Invariant: shares are cut at running totals, so that the parts add up exactly
-- to the cost.  Stated costs, commitments and running deployments are one kind
-- of thing here: USD of a month, what they could have served, and what they did.

CREATE FUNCTION inferacct_internal.shares_problem(shares jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 50
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT CASE WHEN jsonb_typeof($1) <> 'object' OR $1 = '{}' THEN 'no object of shares by team'
		ELSE (SELECT min(format('the share of %s is no number above 0', e.key)) FROM jsonb_each($1) AS e
			WHERE CASE WHEN jsonb_typeof(e.value) = 'number' THEN (e.value #>> '{}')::numeric <= 0 ELSE true END) END
$$;

COMMENT ON FUNCTION shares_problem(jsonb) IS
'What is wrong with fixed shares of a shared cost; NULL when nothing is, or for NULL.';

CREATE TABLE shared_cost (
	month		date NOT NULL CHECK (month = date_trunc('month', month::timestamp)::date),
	name		text NOT NULL CHECK (name <> ''),
	usd			numeric NOT NULL CHECK (usd >= 0 AND usd < 'Infinity'),
	basis		text NOT NULL DEFAULT 'tokens' CHECK (basis IN ('tokens', 'requests', 'spend', 'even', 'shares')),
	shares		jsonb CHECK (inferacct_internal.shares_problem(shares) IS NULL),
	models		text[],
	capacity	numeric CHECK (capacity > 0 AND capacity < 'Infinity'),
	note		text,
	PRIMARY KEY (month, name),
	CHECK ((basis = 'shares') = (shares IS NOT NULL)),
	CHECK (capacity IS NULL OR basis IN ('tokens', 'requests'))
);

COMMENT ON TABLE shared_cost IS
'Costs of a month that no request states, and no row of commitment or deployment_run: gateways, support contracts, '
'GPUs by their bill. shared_cost_allocation spreads them over teams.';
COMMENT ON COLUMN shared_cost.month IS 'first day of the UTC month';
COMMENT ON COLUMN shared_cost.basis IS
'what it is spread by: tokens, requests, spend (what the usage costs), even (to each team that has usage), or shares';
COMMENT ON COLUMN shared_cost.shares IS
'of basis shares: a number above 0 by team, such as {"red": 2, "blue": 1}; they need not add up to anything';
COMMENT ON COLUMN shared_cost.models IS 'names of models, as in the log, whose usage it serves; NULL: every usage';
COMMENT ON COLUMN shared_cost.capacity IS
'how many tokens or requests it could have served in the month; what was not used is idle. NULL: all of it is used';
SELECT pg_extension_config_dump('shared_cost', '');

-- A month is charged when it has begun, or, of a term with an end, when the log has it: a request whose clock was wrong
-- must not charge the months until then.
CREATE VIEW commitment_charge WITH (security_invoker = true) AS
SELECT c.name, m.month, p.since, p.until, c.provider, c.type, c.unit, c.units, h.hours,
	trim_scale(c.units * h.hours) AS unit_hours,
	c.per, q.quantity, c.usd_per_unit, trim_scale(q.quantity * c.usd_per_unit) AS usd,
	trim_scale(c.units * h.hours * c.tokens_per_unit_hour) AS capacity
FROM commitment AS c
CROSS JOIN LATERAL (SELECT g.at::date AS month
	FROM generate_series(month_of(c.since)::timestamp,
		coalesce(month_of(c.until), month_of(now()))::timestamp, interval '1 month') AS g(at)
	WHERE g.at <= month_of(now()) OR g.at::date IN (SELECT r.month FROM rollup_month AS r)) AS m
CROSS JOIN LATERAL (SELECT greatest(c.since, begin_of(m.month)) AS since,
	least(c.until, begin_of(next_month(m.month))) AS until) AS p
CROSS JOIN LATERAL (SELECT trim_scale(extract(epoch FROM p.until - p.since) / 3600) AS hours) AS h
CROSS JOIN LATERAL (SELECT trim_scale(CASE c.per WHEN 'hour' THEN c.units * h.hours
	ELSE round(exact_quotient(c.units * h.hours, hours_in_month(begin_of(m.month))), 12) END) AS quantity) AS q
WHERE p.since < p.until;

COMMENT ON VIEW commitment_charge IS
'What each row of commitment costs in each UTC month of its term that has begun: usd = quantity x usd_per_unit, '
'exactly; quantity: unit-hours, or unit-months to 12 decimals. capacity: tokens that it could serve, NULL when that '
'is not stated.';

-- What a deployment has cost in a month: between two moments at which a number of
-- replicas or a price changes everything is constant, and by time.
CREATE FUNCTION inferacct_internal.deployment_account(deployment text, month date, with_capacity boolean,
	OUT usd numeric, OUT capacity numeric)
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH this AS (
		SELECT begin_of(checked_month($2)) AS since, begin_of(next_month(checked_month($2))) AS until
	), runs AS (
		SELECT greatest(r.since, t.since) AS since,
			least(r.until, t.until, greatest(now(), t.since)) AS until, r.replicas, r.models, r.service_tier
		FROM deployment_run AS r, this AS t
		WHERE r.deployment = $1 AND r.since < least(t.until, now())
			AND (r.until IS NULL OR r.until > t.since)
	), cuts AS (
		SELECT r.since AS at FROM runs AS r UNION SELECT r.until FROM runs AS r
		UNION SELECT d.valid_from FROM deployment AS d WHERE d.name = $1
		UNION SELECT c.valid_from FROM deployment_cost AS c WHERE c.deployment = $1
		UNION SELECT g.valid_from FROM gpu_price AS g
			WHERE g.gpu IN (SELECT d.gpu FROM deployment AS d WHERE d.name = $1)
	), segments AS (
		SELECT c.at AS since, lead(c.at) OVER (ORDER BY c.at) AS until FROM cuts AS c
	), running AS MATERIALIZED (
		SELECT s.since, s.until, extract(epoch FROM s.until - s.since) AS seconds, sum(r.replicas) AS replicas
		FROM segments AS s JOIN runs AS r ON r.since <= s.since AND r.until >= s.until
		GROUP BY s.since, s.until
	), served AS MATERIALIZED (
		SELECT u.first_at, u.usage FROM usage_hourly AS u, this AS t
		WHERE u.hour >= t.since AND u.hour < t.until AND EXISTS (SELECT FROM runs AS r
			WHERE u.model = ANY (r.models) AND u.service_tier = r.service_tier AND u.first_at >= r.since
				AND u.first_at < r.until)
	), mix AS (
		SELECT sum(s.usage) AS usage FROM served AS s
	), billed AS (
		SELECT g.*, d.marginal_usd_per_mtok, b.rent_usd + b.power_usd AS replica_usd, b.upfront_usd, b.upfront_months,
			b.monthly_usd, b.yearly_usd,
			CASE WHEN $3 AND input_tokens(m.usage) - cached_tokens(m.usage) + output_tokens(m.usage) > 0
				THEN capacity_mtok($1, m.usage, g.since) END AS replica_mtok,
			extract(epoch FROM t.until - t.since) AS of_seconds,
			coalesce((SELECT sum(tokens_of(s.usage)) FROM served AS s WHERE s.first_at >= g.since
				AND s.first_at < g.until), 0) AS tokens
		FROM running AS g, this AS t, mix AS m,
			LATERAL deployment_in_force($1, g.since) AS d, LATERAL deployment_bill(d, g.since) AS b
	)
	SELECT trim_scale(round(sum(exact_quotient(b.seconds * (b.replicas * b.replica_usd + b.monthly_usd), b.of_seconds)
			+ exact_quotient(b.seconds * b.replicas * b.upfront_usd, b.of_seconds * b.upfront_months)
			+ exact_quotient(b.seconds * b.yearly_usd, b.of_seconds * 12) + b.tokens * b.marginal_usd_per_mtok
				* 0.000001), 15)),
		trim_scale(round(sum(exact_quotient(b.seconds * b.replicas * b.replica_mtok * 1000000, b.of_seconds)), 6))
	FROM billed AS b
$$;

COMMENT ON FUNCTION deployment_account(text, date, boolean) IS
'What deployment_spend() gives; capacity only where with_capacity. Errors: IA301 unknown deployment, IA302 no price '
'of its GPU, IA303 its throughput does not answer for the mix, 22004, 22008.';

CREATE FUNCTION inferacct_internal.deployment_spend(deployment text, month date, OUT usd numeric, OUT capacity numeric,
	OUT problem text)
LANGUAGE plpgsql STABLE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	detail	text;
	hint	text;
BEGIN
	SELECT a.usd, a.capacity INTO usd, capacity FROM deployment_account(deployment, month, true) AS a;
EXCEPTION WHEN OTHERS THEN
	IF NOT is_missing_fact(SQLSTATE) THEN
		RAISE;
	END IF;
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	problem := format('%s of %s: %s', deployment, to_char(month, 'YYYY-MM'),
		missing_fact(SQLSTATE, SQLERRM, detail, hint));
	-- Without its throughput a deployment still has a price.
	IF SQLSTATE = 'IA303' THEN
		SELECT a.usd INTO usd FROM deployment_account(deployment, month, false) AS a;
	ELSE
		RAISE WARNING 'deployment % of % is in no sum', quote_ident(deployment), to_char(month, 'YYYY-MM')
			USING DETAIL = problem, HINT = 'Its row of shared_cost_all has the same under problem.';
	END IF;
END $$;

COMMENT ON FUNCTION deployment_spend(text, date) IS
'What a deployment has cost in a UTC month by now, by the rows of deployment_run: usd, to 1e-15, of rent, power, '
'purchase spread over its months, and monthly and yearly costs, by the second at the prices, costs and replicas of '
'each moment (deployment_bill(); a whole month is billed as hours_per_month says), and marginal_usd_per_mtok of what '
'it served; capacity, the tokens of the mix that the log has of its models that it could have served at its target '
'utilization, NULL when they did nothing. NULLs when it did not run. problem: the fact that is missing, NULL when '
'none is: without a throughput for the mix capacity is unknown (NULL), without a GPU price or the deployment itself '
'usd too, which is also a WARNING. month: any day of it. Errors: 22004, 22008.';

CREATE VIEW shared_cost_all WITH (security_invoker = true) AS
SELECT month, name, 'stated' AS kind, usd, basis, models, capacity, NULL::text AS problem FROM shared_cost
UNION ALL
SELECT month, name, 'commitment', sum(usd), 'tokens', NULL::text[],
	CASE WHEN bool_and(capacity IS NOT NULL) THEN sum(capacity) END, NULL
FROM commitment_charge GROUP BY month, name
UNION ALL
SELECT r.month, r.deployment, 'deployment', s.usd, 'tokens', NULL, s.capacity, s.problem
FROM (SELECT DISTINCT d.deployment, g.at::date AS month FROM deployment_run AS d
	CROSS JOIN LATERAL generate_series(month_of(d.since)::timestamp,
		least(month_of(d.until), month_of(now()))::timestamp, interval '1 month') AS g(at)) AS r
CROSS JOIN LATERAL deployment_spend(r.deployment, r.month) AS s
WHERE num_nonnulls(s.usd, s.problem) > 0 AND sees_all_usage();

COMMENT ON VIEW shared_cost_all IS
'Every shared cost of a UTC month: those of shared_cost (kind stated), commitments of providers and running '
'deployments, with what they could have served; models is that of stated costs (capacity_term has that of the '
'others). Without deployments for a role that row-level security keeps from seeing all usage. '
'problem says which fact of a deployment is missing: usd, or only capacity, is then NULL.';

-- Sums are cut at running totals, so that the parts add up exactly.
CREATE VIEW shared_cost_allocation WITH (security_invoker = true) AS
WITH units AS (
	SELECT c.month, c.kind, c.name, c.basis, c.usd, c.capacity, c.problem, u.team,
		coalesce(CASE c.basis WHEN 'tokens' THEN tokens_of(sum(u.usage)) WHEN 'requests' THEN meter(sum(u.usage),
			'requests')
			WHEN 'even' THEN count(DISTINCT u.team)
			ELSE rollup_spend(u.model, u.usage, u.first_at, u.last_at, u.min_input, u.max_input, u.aggregated,
				u.service_tier, u.region) FILTER (WHERE c.basis = 'spend' AND rollup_problem(u.model, u.usage,
					u.first_at,
				u.last_at, u.min_input, u.max_input, u.aggregated, u.service_tier, u.region) IS NULL)
					END, 0)::numeric AS units
	FROM shared_cost_all AS c
	LEFT JOIN rollup_usage AS u ON u.month = c.month
		AND CASE c.kind WHEN 'stated' THEN c.models IS NULL OR u.model = ANY (c.models)
		ELSE EXISTS (SELECT FROM capacity_term AS t WHERE t.kind = c.kind AND t.name = c.name AND t.model = u.model
			AND t.service_tier = u.service_tier AND t.term @> u.first_at) END
	WHERE sees_all_usage() AND c.basis <> 'shares'
	GROUP BY c.month, c.kind, c.name, c.basis, c.usd, c.capacity, c.problem, u.team
	UNION ALL
	SELECT c.month, 'stated', c.name, c.basis, c.usd, NULL, NULL, e.key, (e.value #>> '{}')::numeric
	FROM shared_cost AS c CROSS JOIN LATERAL jsonb_each(c.shares) AS e(key, value)
	WHERE sees_all_usage() AND c.basis = 'shares'
), running AS (
	SELECT *, sum(units) OVER one AS all_units,
		sum(units) OVER (one ORDER BY team NULLS LAST ROWS UNBOUNDED PRECEDING) AS upto,
		row_number() OVER (one ORDER BY team NULLS LAST) = count(*) OVER one AS is_last
	FROM units WINDOW one AS (PARTITION BY month, kind, name)
), parts AS (
	SELECT *, CASE WHEN capacity IS NULL AND all_units > 0 THEN usd
				   WHEN all_units = 0 THEN 0
				   ELSE round(usd * least(all_units / greatest(capacity, all_units), 1), 15) END AS all_used
	FROM running
), cut AS (
	SELECT *, CASE WHEN is_last THEN all_used ELSE round(all_used * upto / nullif(all_units, 0), 15) END AS used_upto,
		CASE WHEN is_last THEN usd - all_used ELSE round((usd - all_used) * upto / nullif(all_units, 0), 15) END
			AS idle_upto
	FROM parts
), split AS (
	SELECT *, coalesce(used_upto - lag(used_upto, 1, 0::numeric) OVER one, 0) AS used_usd,
		coalesce(idle_upto - lag(idle_upto, 1, 0::numeric) OVER one, 0) AS idle_usd
	FROM cut WINDOW one AS (PARTITION BY month, kind, name ORDER BY team NULLS LAST)
)
SELECT month, name, team, basis, units, CASE WHEN problem IS NULL THEN trim_scale(used_usd) END AS used_usd,
	CASE WHEN problem IS NULL THEN trim_scale(idle_usd) END AS idle_usd,
	CASE WHEN usd IS NOT NULL THEN trim_scale(used_usd + idle_usd) END AS allocated_usd, kind, problem
FROM split;

COMMENT ON VIEW shared_cost_allocation IS
'Each shared cost of a month (shared_cost_all) by team: used_usd for the capacity it used, idle_usd its part of what '
'nobody used, in proportion to use, allocated_usd both. They add up exactly to the cost; '
'the idle part stands apart, so that a team''s use is not made dearer by what others left. '
'A cost that nobody used is all idle, with a NULL team. Where a fact of a deployment is missing (problem) used_usd '
'and idle_usd are NULL, and without its cost allocated_usd, too. Requests that a commitment or a deployment serves '
'are those with its models and service tier in its time. Empty for a role that row-level security keeps from seeing '
'all usage: of a part, shares mean nothing.';
