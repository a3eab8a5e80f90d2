-- catalog: from the JSON of a price list to rows.
--
-- Invariant: that of src/catalog: every price field is one row: a price, a rejected row
-- that says why, or a merged row.

CREATE TYPE inferacct_internal.catalog_row AS (
	kind text, path text, problem text,
	provider text, model text, region text, service_tier text, meter text,
	unit_quantity bigint, usd numeric, currency text, amount numeric, multiplier numeric,
	above_input_tokens bigint, threshold_inclusive boolean, time_windows jsonb,
	valid_from timestamptz, alias text, gpu text, vendor text, term text,
	source text, checked_on date, agreement text, note text, figure jsonb
);

COMMENT ON TYPE catalog_row IS 'One entry of a price catalog, as parse_catalog() reads it.';

CREATE FUNCTION inferacct_internal.parse_catalog(catalog text, format text) RETURNS SETOF catalog_row
AS 'MODULE_PATHNAME', 'parse_catalog'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 2000;

COMMENT ON FUNCTION parse_catalog(text, text) IS
'Rows of a price catalog. format: inferacct, the native one (also an array of such catalogs), or that of a foreign '
'catalog (docs/prices.md). '
'kind: price, alias, gpu_price; rejected (problem says why, path says where); '
'merged (a charge that another field or entry states as well). Every price field of a foreign catalog gives exactly '
'one row of kind price, rejected or merged; further rows are aliases, entries and names that cannot be taken '
'(rejected), and prices that a dated set of prices no longer states (price, usd NULL). '
'A native entry with a problem of its own gives only rejected rows. The LiteLLM entry sample_spec is skipped. '
'usd, amount: exact decimal per unit_quantity of the meter, in USD or in currency; '
'multiplier: of the price in the base region and tier, meter * for all. '
'A price row with none of them withdraws the price. valid_from: -infinity when the catalog does not say; '
'a bare date is 00:00 UTC. time_windows: sorted, disjoint, not past midnight; equal windows are equal values. '
'Whether the server knows their time zone is not checked. NULL when an argument is NULL: no rows. '
'Errors: IA102 the text is no catalog of that format; 22023 unknown format.';
