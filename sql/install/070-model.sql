
-- model: what the name that a log has for a model means.

CREATE FUNCTION resolve_model(model text, at timestamptz DEFAULT now(),
	OUT provider text, OUT model text, OUT region text, OUT rule text)
RETURNS record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION resolve_model(text, timestamptz) IS
'What a model''s name means at a time: the provider and model that its prices are kept under, the region that the name states ('''' when it states none), and the most daring rule that led there, mildest first: exact, provider, route, path, arn, profile, vertex_date, spelling, alias, fine_tune, vendor, version, dated_snapshot, latest. token_cost() reads names the same way. NULL model or time gives NULLs, and so does a name that is unknown or ambiguous under inferacct.unpriced = null. Errors: IA002 unknown, with the nearest known names; IA003 ambiguous, with the providers that have it; 22008 a time that is not finite';
