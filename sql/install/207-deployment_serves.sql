-- deployment_serves: which spend a deployment could replace.
--
-- Invariant: what is not served stays with the API in every figure, and a report says why.  A
-- deployment of which nothing is stated is taken to serve every model's text, and
-- whoever decides on that says so.

CREATE TABLE deployment_serves (
	valid_from		timestamptz NOT NULL DEFAULT '-infinity' CHECK (valid_from < 'infinity'),
	version			bigint NOT NULL DEFAULT inferacct_internal.own_price_version(),
	serves			boolean NOT NULL DEFAULT true,
	deployment		text NOT NULL CHECK (deployment <> ''),
	model			text NOT NULL CHECK (model <> ''),
	kinds			text[] NOT NULL DEFAULT '{text}' CHECK (kinds <@ '{text,vision,audio,video,embeddings}'
		AND cardinality(kinds) > 0 AND array_position(kinds, NULL) IS NULL),
	quality_ratio	numeric CHECK (quality_ratio > 0 AND quality_ratio <= 1),
	data_classes	text[] CHECK (cardinality(data_classes) > 0 AND array_position(data_classes, NULL) IS NULL),
	source			text,
	checked_on		date,
	attributes		jsonb,
	PRIMARY KEY (deployment, model, valid_from, version)
);

COMMENT ON TABLE deployment_serves IS
'Which models of a log a deployment may replace, append-only. Spend on others stays with the API in advise(), '
'savings_plan() and compare_deployments(). Without a row of its own, a deployment is taken to serve the text of '
'every model, and the reports say that this was assumed.';
COMMENT ON COLUMN deployment_serves.model IS
'A model as resolve_model() takes it, or a pattern in which * stands for anything: anthropic/*, *haiku*. '
'Of several that fit, the longest holds.';
COMMENT ON COLUMN deployment_serves.serves IS 'false: it may not, though a shorter pattern says so.';
COMMENT ON COLUMN deployment_serves.kinds IS
'Kinds of requests: text; vision, audio and video also read those; embeddings. Generated images, searches, pages and '
'spoken answers are never replaced.';
COMMENT ON COLUMN deployment_serves.quality_ratio IS
'Share of its answers that are accepted where the model''s are; the others are asked of the API again, and paid '
'there. NULL: not measured, taken as 1, and said to be.';
COMMENT ON COLUMN deployment_serves.data_classes IS
'Only requests whose tags ->> ''data_class'' is one of these; NULL: any.';

SELECT inferacct_internal.make_versioned('deployment_serves', false);
GRANT SELECT ON deployment_serves TO PUBLIC;
SELECT pg_extension_config_dump('inferacct.deployment_serves', 'WHERE version > 1000');

CREATE FUNCTION inferacct_internal.deployment_serves_at(deployment text, at timestamptz) RETURNS SETOF deployment_serves
LANGUAGE sql STABLE PARALLEL SAFE COST 20 ROWS 5
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT DISTINCT ON (s.model) s.*
	FROM deployment_serves s JOIN price_version v USING (version)
	WHERE s.deployment = deployment_serves_at.deployment AND s.valid_from <= at AND v.published_at <= price_horizon()
	ORDER BY s.model, in_force_order(s.valid_from, v.published_at, s.version) DESC
$$;

COMMENT ON FUNCTION deployment_serves_at(text, timestamptz) IS
'The rows of deployment_serves that hold at a time, one for each model, as known now (or at inferacct.as_of).';

CREATE FUNCTION inferacct_internal.fits_pattern(name text, pattern text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 20
RETURN name LIKE replace(replace(replace(replace(pattern, E'\\', E'\\\\'), '%', E'\\%'), '_', E'\\_'), '*', '%');

COMMENT ON FUNCTION fits_pattern(text, text) IS
	'Is a name like a pattern, in which * stands for anything? NULL gives NULL.';

CREATE TYPE inferacct_internal.served_model AS (
	name			text,
	kinds			text[],
	quality_ratio	numeric,
	data_classes	text[]
);

COMMENT ON TYPE served_model IS 'A name of a log that a deployment serves, and how.';

-- A name of the log, and what it means, are each tried against each row.
CREATE FUNCTION inferacct_internal.served_models(deployment text, names text[], at timestamptz)
RETURNS served_model[]
LANGUAGE sql STABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
	WITH stated AS MATERIALIZED (
		SELECT s.*, (SELECT r.provider || '/' || r.model FROM resolve_model(s.model, at) AS r) AS meant
		FROM deployment_serves_at(served_models.deployment, at) AS s
	), known AS (
		SELECT n.name, coalesce(r.provider || '/' || r.model, n.name) AS meant
		FROM unnest(names) AS n (name) LEFT JOIN LATERAL resolve_model(n.name, at) AS r ON true
	), best AS (
		SELECT DISTINCT ON (k.name) k.name, s.serves, s.kinds, s.quality_ratio, s.data_classes
		FROM known AS k JOIN stated AS s ON k.name = s.model OR k.meant = s.meant OR k.meant = s.model
			OR strpos(s.model, '*') > 0 AND (fits_pattern(k.name, s.model) OR fits_pattern(k.meant, s.model))
		ORDER BY k.name, length(replace(s.model, '*', '')) DESC, s.model COLLATE "C"
	)
	SELECT CASE WHEN EXISTS (SELECT FROM stated)
		THEN (SELECT coalesce(array_agg(ROW(b.name, b.kinds, b.quality_ratio, b.data_classes)::served_model
			ORDER BY b.name COLLATE "C"), '{}') FROM best AS b WHERE b.serves) END
$$;

COMMENT ON FUNCTION served_models(text, text[], timestamptz) IS
'Those of the names that a deployment serves by deployment_serves at a time, by name, by what the name means, or by '
'pattern. NULL when nothing is stated of the deployment.';

CREATE FUNCTION inferacct_internal.usage_kind(usage usage) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 100
RETURN CASE
	WHEN meter(usage, 'images') + meter(usage, 'output_image') > 0 THEN 'images'
	WHEN meter(usage, 'output_audio') + meter(usage, 'characters') + meter(usage, 'seconds') > 0 THEN 'speech'
	WHEN meter(usage, 'pages') > 0 THEN 'pages'
	WHEN meter(usage, 'input_audio') + meter(usage, 'cache_read_audio') > 0 THEN 'audio'
	WHEN meter(usage, 'input_video') > 0 THEN 'video'
	WHEN meter(usage, 'input_image') + meter(usage, 'cache_read_image') > 0 THEN 'vision'
	WHEN output_tokens(usage) > 0 THEN 'text'
	WHEN input_tokens(usage) > 0 THEN 'embeddings'
	ELSE 'other' END;

COMMENT ON FUNCTION usage_kind(usage) IS
'What kind of request a usage is of: text; vision, audio, video (read as well); embeddings (no answer); images, '
'speech, pages and other, which no deployment replaces. NULL gives NULL.';
