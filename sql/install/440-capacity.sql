-- capacity: what is paid for whether it is used or not: commitments to providers,
-- and deployments that run.
--
-- Invariant: which requests such capacity serves is what the log says, by model
-- and service tier, in its time; never a guess.  What it costs is a shared cost
-- of each month (82-shared_cost), and so these requests cost nothing by the
-- token: price_capacity() publishes that as prices of 0, which hold in token_cost()
-- and in every report alike.  Nothing here costs anything before there is a row.

CREATE TABLE commitment (
	name			text NOT NULL CHECK (name <> ''),
	provider		text NOT NULL CHECK (provider <> ''),
	type			text NOT NULL CHECK (type <> ''),
	models			text[] NOT NULL CHECK (cardinality(models) > 0 AND array_position(models, NULL) IS NULL),
	service_tier	text NOT NULL CHECK (service_tier <> ''),
	unit			text NOT NULL CHECK (unit ~ '^[A-Z][A-Za-z0-9]*( [A-Z][A-Za-z0-9]*)*$'),
	units			numeric NOT NULL CHECK (units > 0 AND units < 'Infinity'),
	usd_per_unit	numeric NOT NULL CHECK (usd_per_unit >= 0 AND usd_per_unit < 'Infinity'),
	per				text NOT NULL CHECK (per IN ('hour', 'month')),
	tokens_per_unit_hour numeric CHECK (tokens_per_unit_hour > 0 AND tokens_per_unit_hour < 'Infinity'),
	since			timestamptz NOT NULL CHECK (isfinite(since) AND since = hour_of(since)),
	until			timestamptz CHECK (until > since AND isfinite(until) AND until = hour_of(until)),
	note			text,
	PRIMARY KEY (name, since)
);

COMMENT ON TABLE commitment IS
'Capacity that was bought from a provider for a time: provisioned throughput, PTU, a scale tier. '
'Several rows of a name add up, and their provider, type and unit are those of the latest. '
'A shared cost of each month of its term, by token; call price_capacity() after a change.';
COMMENT ON COLUMN commitment.name IS 'the provider''s identifier of it: CommitmentDiscountId in FOCUS';
COMMENT ON COLUMN commitment.type IS 'what the provider calls it: Provisioned Throughput, Scale Tier ...';
COMMENT ON COLUMN commitment.models IS 'names of models, as in the log, that it serves';
COMMENT ON COLUMN commitment.service_tier IS
'service tier, as in the log, of the requests that it serves; what the provider served otherwise has another tier, or '
'another model name, and its usual price';
COMMENT ON COLUMN commitment.unit IS 'unit that is bought, capitalized as FOCUS wants it: PTU, Model Unit';
COMMENT ON COLUMN commitment.per IS
'usd_per_unit is for an hour, or for a UTC calendar month, of which a part costs its share by hours';
COMMENT ON COLUMN commitment.tokens_per_unit_hour IS
'how many tokens of the load that it gets one unit serves in an hour; what was not used of it is idle. '
'NULL: all of it counts as used';
COMMENT ON COLUMN commitment.since IS 'whole hours, as until; the term is half-open. until NULL: it goes on';
SELECT pg_extension_config_dump('commitment', '');

CREATE TABLE deployment_run (
	deployment		text NOT NULL CHECK (deployment <> ''),
	replicas		integer NOT NULL DEFAULT 1 CHECK (replicas > 0),
	models			text[] NOT NULL CHECK (cardinality(models) > 0 AND array_position(models, NULL) IS NULL),
	service_tier	text NOT NULL DEFAULT 'standard' CHECK (service_tier <> ''),
	since			timestamptz NOT NULL CHECK (isfinite(since)),
	until			timestamptz CHECK (until > since AND isfinite(until)),
	note			text,
	PRIMARY KEY (deployment, since)
);

COMMENT ON TABLE deployment_run IS
'Deployments that really run: until there is a row here, a row of table deployment is an assumption, and costs '
'nothing in reports. Rows that overlap in time add up their replicas. A shared cost of each month, by token; '
'call price_capacity() after a change.';
COMMENT ON COLUMN deployment_run.replicas IS 'replicas that are paid for, spare ones and those for redundancy included';
COMMENT ON COLUMN deployment_run.models IS 'names of models, as in the log, whose requests it serves';
COMMENT ON COLUMN deployment_run.service_tier IS 'service tier, as in the log, of these requests';
COMMENT ON COLUMN deployment_run.until IS 'NULL: it still runs, and costs what it has cost by now()';
SELECT pg_extension_config_dump('deployment_run', '');

CREATE VIEW capacity_term WITH (security_invoker = true) AS
SELECT 'commitment' AS kind, c.name, c.provider, m.model, c.service_tier, tstzrange(c.since, c.until) AS term
FROM commitment AS c CROSS JOIN LATERAL unnest(c.models) AS m(model)
UNION ALL
SELECT 'deployment', r.deployment, NULL, m.model, r.service_tier, tstzrange(r.since, r.until)
FROM deployment_run AS r CROSS JOIN LATERAL unnest(r.models) AS m(model);

COMMENT ON VIEW capacity_term IS
'Which models, as the log names them, and service tier each commitment and each running deployment serves, and when.';

CREATE FUNCTION inferacct_internal.has_capacity(model text, service_tier text, at timestamptz, kind text DEFAULT NULL)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE COST 100
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM capacity_term AS t WHERE t.model = $1 AND t.service_tier = $2 AND t.term @> $3
		AND ($4 IS NULL OR t.kind = $4))
$$;

COMMENT ON FUNCTION has_capacity(text, text, timestamptz, text) IS
'Whether a commitment or a running deployment (kind; NULL: either) serves requests of that model and service tier, as '
'the log has them, at that time. False for NULL.';

-- What prices of a name in the log are kept under: where it is known, there.
CREATE FUNCTION inferacct_internal.capacity_model(label text, seller text, at timestamptz, OUT provider text,
	OUT model text)
LANGUAGE plpgsql STABLE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'error'
AS $$
BEGIN
	SELECT r.provider, r.model INTO provider, model FROM resolve_model(label, at) AS r;
EXCEPTION WHEN SQLSTATE 'IA002' THEN
	provider := CASE WHEN strpos(label, '/') > 1 THEN split_part(label, '/', 1) ELSE coalesce(seller, 'own') END;
	model := CASE WHEN strpos(label, '/') > 1 THEN substr(label, strpos(label, '/') + 1) ELSE label END;
END
$$;

COMMENT ON FUNCTION capacity_model(text, text, timestamptz) IS
'Provider and model under which a price of a name in the log is to be kept: those of resolve_model(), or for a name '
'that nobody has prices for what stands before and after its slash; seller, or else own, where it has none. '
'Errors: IA003 ambiguous.';

CREATE FUNCTION price_capacity()
RETURNS bigint
LANGUAGE plpgsql VOLATILE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.as_of TO ''
SET inferacct.contract TO ''
AS $$
DECLARE
	ours CONSTANT text := 'price_capacity()';
	opened bigint;
	k record;
	priced record;
	event timestamptz;
	token text;
	wanted numeric;
BEGIN
	FOR k IN
		WITH served AS (
			SELECT m.provider, m.model, t.service_tier, range_agg(t.term) AS terms, min(t.model) AS label
			FROM (SELECT *, coalesce(lower(c.term), '-infinity') AS at FROM capacity_term AS c) AS t
			CROSS JOIN LATERAL capacity_model(t.model, t.provider, t.at) AS m
			GROUP BY m.provider, m.model, t.service_tier
		), published AS (
			SELECT p.provider, p.model, p.service_tier, array_agg(DISTINCT p.valid_from) AS events FROM price AS p
				WHERE p.source = ours GROUP BY 1, 2, 3
		)
		SELECT coalesce(s.provider, p.provider) AS provider, coalesce(s.model, p.model) AS model,
			coalesce(s.service_tier, p.service_tier) AS service_tier,
			coalesce(s.terms, '{}') AS terms, s.label, coalesce(p.events, '{}') AS events
		FROM served AS s FULL JOIN published AS p ON (p.provider, p.model, p.service_tier) = (s.provider, s.model,
			s.service_tier)
		ORDER BY 1, 2, 3
	LOOP
		SELECT h.* INTO priced FROM price_history AS h
		WHERE (h.provider, h.model, h.service_tier) = (k.provider, k.model, k.service_tier)
			AND (h.usd > 0 OR h.amount > 0 OR h.multiplier IS NOT NULL)
			AND (h.meter = '*' OR tokens_of(jsonb_build_object(h.meter, 1)::usage) = 1)
				AND k.terms && tstzrange(h.valid_from, h.valid_to)
		ORDER BY h.valid_from, h.meter LIMIT 1;
		IF FOUND THEN
			PERFORM inferacct_internal.fail('55000',
				format('"%s" at service tier "%s" has a price by the token', k.label, k.service_tier),
				format(
					'It means %s/%s, whose meter %s has a price from %s on; at a price of 0 all requests that the log '
					'has of it would be free, whoever served them.', k.provider, k.model, priced.meter,
					priced.valid_from),
				'Log what a commitment or deployment serves with a service tier or model name of its own; '
				'attach_usage() takes {"service_tier": {"value": "provisioned"}}. Or withdraw that price.');
		END IF;
		FOR event IN
			SELECT DISTINCT e.at FROM (SELECT lower(r) AS at FROM unnest(k.terms) AS r UNION SELECT upper(r)
				FROM unnest(k.terms) AS r UNION SELECT unnest(k.events)) AS e
			WHERE e.at IS NOT NULL ORDER BY e.at
		LOOP
			wanted := CASE WHEN k.terms @> event THEN 0 END;
			FOREACH token IN ARRAY ARRAY['input', 'output', 'cache_write_1h'] LOOP
				SELECT h.usd, h.source INTO priced FROM price_history AS h
				WHERE (h.provider, h.model, h.service_tier, h.meter, h.region, h.above_input_tokens) = (k.provider,
					k.model, k.service_tier, token, '', 0)
					AND h.time_windows IS NULL AND h.valid_from <= event AND (h.valid_to IS NULL OR h.valid_to > event)
				ORDER BY h.valid_from DESC LIMIT 1;
				-- Prices of somebody else outside the terms are none of ours.
				CONTINUE WHEN priced.usd IS NOT DISTINCT FROM wanted
					OR (wanted IS NULL AND priced.source IS DISTINCT FROM ours);
				opened := coalesce(opened, open_price_version(now(), ours, NULL, NULL));
				INSERT INTO price (version, provider, model, service_tier, meter, usd, valid_from, source)
				VALUES (opened, k.provider, k.model, k.service_tier, token, wanted, event, ours);
			END LOOP;
		END LOOP;
	END LOOP;
	RETURN opened;
END
$$;

COMMENT ON FUNCTION price_capacity() IS
'Makes prices say what the tables commitment and deployment_run say: what they serve costs 0 by the token (meters '
'input and output, and with them every token meter) in their time, and has no price after it, so that late use of an '
'ended commitment shows in unpriced_usage. Returns the version that it published, NULL when all is so already. '
'Call it after changing these tables. Errors: 55000 a model has another price at that service tier in that time; '
'IA003 a name that several providers have.';
