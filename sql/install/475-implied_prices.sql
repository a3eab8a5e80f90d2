-- implied_prices: the prices that the costs of a log obey, beside those of the book.
--
-- Invariant: a price is called exact only when 474-price_fit is sure of it, and a
-- statement is proposed only where it makes the book say what the log says.

CREATE FUNCTION inferacct_internal.book_price(model text, meter text, input_from bigint, at timestamptz,
	service_tier text, region text,
	OUT unit_usd numeric, OUT unit_quantity bigint, OUT rule text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT d.unit_usd, d.unit_quantity, d.rule
	FROM (SELECT CASE WHEN input_from > 1 THEN jsonb_build_object('input', input_from) ELSE '{}' END
			|| jsonb_build_object(meter, CASE WHEN is_input THEN input_from ELSE 1 END)
			- CASE WHEN is_input AND meter <> 'input' THEN 'input' ELSE '' END AS of
		FROM (SELECT input_tokens(jsonb_build_object($2, 1)::usage) = 1 AS is_input) AS side) AS one
	CROSS JOIN LATERAL token_cost_detail($1, one.of::usage, $4, $5, $6) AS d
	WHERE d.meter = $2
$$;

COMMENT ON FUNCTION book_price(text, text, bigint, timestamptz, text, text) IS
'What the session prices unit_quantity units of a meter at, in a request of that total input. NULLs where it has '
'no price; as token_cost() else.';

CREATE FUNCTION inferacct_internal.price_statement(provider text, model text, meter text, usd numeric,
	valid_from timestamptz,
	unit_quantity bigint, service_tier text, region text, above_input_tokens bigint, source text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10
SET search_path TO pg_catalog, pg_temp
AS $$
	SELECT concat(format('SELECT inferacct.set_price(%L, %L, %L, %s, valid_from => %L', provider, model, meter, usd,
			regexp_replace(to_char(valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '\.?0+$', '') || '+00'),
		CASE WHEN unit_quantity <> 1000000 THEN format(', unit_quantity => %s', unit_quantity) END,
		CASE WHEN service_tier <> 'standard' THEN format(', service_tier => %L', service_tier) END,
		CASE WHEN region <> '' THEN format(', region => %L', region) END,
		CASE WHEN above_input_tokens > 0 THEN format(', above_input_tokens => %s', above_input_tokens) END,
		CASE WHEN source IS NOT NULL THEN format(', source => %L', source) END, ')')
$$;

COMMENT ON FUNCTION price_statement(text, text, text, numeric, timestamptz, bigint, text, text, bigint, text) IS
'The text of a call of set_price(), without what is its default.';

-- Requests that one list of prices charges, as far as the book's sizes tell lists apart.
CREATE FUNCTION inferacct_internal.charged_groups(source text, since timestamptz, until timestamptz)
RETURNS TABLE (named text, served_by text, tier text, region text, sizes bigint[], bucket integer, summed usage,
	ats timestamptz[], usages usage[], inputs bigint[], costs numeric[], slack numeric, is_float boolean)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000000 ROWS 50
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	WITH told AS MATERIALIZED (
		SELECT resolved_model(u.model, u.at) AS named, resolved_provider(u.provider, u.model, u.at) AS served_by,
			resolved_tier(u.service_tier) AS tier, coalesce(resolved_region(u.region, u.model, u.at), '') AS region,
				u.at, u.usage,
			CASE WHEN meter(u.usage, 'requests') > 1 THEN 0 ELSE input_tokens(u.usage) END AS input,
				trim_scale(u.provider_usd) AS usd
		FROM usage_all AS u
		WHERE u.source = $1 AND u.at >= $2 AND u.at < $3
			AND u.usage IS NOT NULL AND u.model IS NOT NULL
			AND u.provider_usd > '-Infinity' AND u.provider_usd < 'Infinity'
	), sized AS MATERIALIZED (
		SELECT t.named, (SELECT coalesce(array_agg(DISTINCT s.size ORDER BY s.size), '{}')
			FROM (SELECT p.above_input_tokens + CASE WHEN p.threshold_inclusive THEN 0 ELSE 1 END AS size
				FROM price AS p
				WHERE p.provider = split_part(t.named, '/', 1)
					AND p.model = substr(t.named, strpos(t.named, '/') + 1)
					AND p.above_input_tokens > 0) AS s) AS sizes
		FROM (SELECT DISTINCT told.named FROM told) AS t
	), bounded AS (
		SELECT t.*, s.sizes, width_bucket(t.input, s.sizes) AS bucket FROM told AS t JOIN sized AS s USING (named)
	)
	SELECT t.named, min(t.served_by) AS served_by, t.tier, t.region, t.sizes, t.bucket, sum(t.usage) AS summed,
		array_agg(t.at ORDER BY t.at, t.usd) AS ats, array_agg(t.usage ORDER BY t.at, t.usd) AS usages,
		array_agg(t.input ORDER BY t.at, t.usd) AS inputs, array_agg(t.usd ORDER BY t.at, t.usd) AS costs,
		0.5 * 10::numeric ^ (- max(scale(t.usd))) AS slack,
		max(length(ltrim(translate(t.usd::text, '-.', ''), '0'))) >= 15 AS is_float
	FROM bounded AS t
	GROUP BY t.named, t.tier, t.region, t.sizes, t.bucket
	ORDER BY t.named, t.tier, t.region, t.bucket DESC
$$;

COMMENT ON FUNCTION charged_groups(text, timestamptz, timestamptz) IS
'The requests of a source in [since, until) that state a cost, by model, as it resolves, service tier, region and '
'context bucket of the book, in the order of their time. slack: half of the last digit of their costs; '
'is_float: a cost has as many digits as a float. NULL gives no row.';

-- What a wrong list shows most clearly.
CREATE FUNCTION inferacct_internal.multiples_of_book(model text, ats timestamptz[], usages usage[], costs numeric[],
	service_tier text, region text, requests bigint)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
	SELECT string_agg(format('%s cost %s times what the book says', m.n, m.times), ', ' ORDER BY m.n DESC, m.times)
	FROM (SELECT trim_scale(round(c.usd / nullif(b.usd, 0), 2)) AS times, count(*) AS n
		FROM unnest($2, $3, $4) AS c(at, usage, usd)
		CROSS JOIN LATERAL (SELECT token_cost($1, c.usage, c.at, $5, $6) OFFSET 0) AS b(usd)
		GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3) AS m
	WHERE m.times IS NOT NULL AND m.n > 0.1 * requests
$$;

COMMENT ON FUNCTION multiples_of_book(text, timestamptz[], usage[], numeric[], text, text, bigint) IS
'The three factors by which most costs differ from the book, in words; NULL when none is that of a tenth of so many '
'requests.';

-- One function: what is proposed for a list of prices depends on what was proposed for the lists before it
-- (corrected).
CREATE FUNCTION inferacct_internal.implied_rows(source text, since timestamptz, until timestamptz)
RETURNS TABLE (provider text, model text, service_tier text, region text, above_input_tokens bigint,
	valid_from timestamptz, meter text, place bigint, requests bigint, explained bigint, tolerance_usd numeric,
	unit_quantity bigint, implied_usd numeric, book_usd numeric,
	residual_usd numeric, method text, reason text, statement text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000000 ROWS 50
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
SET inferacct.unpriced TO 'null'
AS $$
DECLARE
	g record;
	part record;
	names text[];
	units bigint[];
	in_region text;
	size bigint;
	first_book record;
	last_book record;
	corrected text[] := '{}';
	follows boolean;
	multiples text;
	windowed text[] := windowed_names();
BEGIN
	FOR g IN SELECT * FROM charged_groups(source, since, until) LOOP
		provider := CASE WHEN strpos(g.named, '/') > 0 THEN split_part(g.named, '/', 1) ELSE g.served_by END;
		model := substr(g.named, strpos(g.named, '/') + 1);
		service_tier := g.tier;
		region := g.region;
		in_region := nullif(g.region, '');
		size := CASE WHEN g.bucket > 0 THEN g.sizes[g.bucket] ELSE 1 END;
		names := ARRAY(SELECT m.meter FROM meters(g.summed) AS m WHERE m.meter <> 'requests');
		IF names = '{}' THEN
			names := '{requests}';
		END IF;
		units := ARRAY(SELECT coalesce(b.unit_quantity, CASE WHEN is_token_meter(n.name) THEN 1000000 ELSE 1 END)
			FROM unnest(names) WITH ORDINALITY AS n(name, i)
			LEFT JOIN LATERAL book_price(g.named, n.name, size, g.ats[cardinality(g.ats)], g.tier, in_region) AS b
				ON true
			ORDER BY n.i);
		names := names || '{requests}'::text[];
		FOR part IN
			SELECT * FROM fit_group(ARRAY(
				SELECT ROW(c.at, c.input,
					ARRAY(SELECT meter(c.usage, n.name) FROM unnest(names) WITH ORDINALITY AS n(name, i) ORDER BY n.i),
					c.usd, CASE WHEN g.is_float THEN abs(c.usd) * 1e-12 ELSE g.slack END)::charged_request
				FROM unnest(g.ats, g.usages, g.inputs, g.costs) WITH ORDINALITY AS c(at, usage, input, usd, i)
					ORDER BY c.i), units)
		LOOP
			tolerance_usd := trim_scale(CASE WHEN g.is_float THEN (SELECT max(abs(c)) * 1e-12 FROM unnest(g.costs) AS c)
				ELSE g.slack END);
			above_input_tokens := coalesce(part.above_input_tokens, size - 1);
			valid_from := coalesce(part.valid_from,
				CASE WHEN isfinite(since) THEN since ELSE date_trunc('day', part.first_at, 'UTC') END);
			requests := (part.fit).requests;
			explained := (part.fit).explained;
			residual_usd := (part.fit).residual;
			multiples := CASE WHEN explained < 0.7 * requests
				THEN multiples_of_book(g.named, g.ats, g.usages, g.costs, g.tier, in_region, requests) END;
			FOR i IN 1 .. cardinality((part.fit).usd) LOOP
				place := i;
				meter := names[i];
				unit_quantity := coalesce(units[i], 1);
				implied_usd := (part.fit).usd[i];
				SELECT * INTO last_book
				FROM book_price(g.named, meter, above_input_tokens + 1, part.last_at, g.tier, in_region);
				SELECT * INTO first_book
				FROM book_price(g.named, meter, above_input_tokens + 1, part.first_at, g.tier, in_region);
				book_usd := trim_scale(last_book.unit_usd * unit_quantity / last_book.unit_quantity);
				method := CASE WHEN (part.fit).sure[i] THEN 'exact' WHEN implied_usd IS NOT NULL THEN 'least squares'
					ELSE 'undetermined' END;
				reason := nullif(concat_ws('; ', (part.fit).reasons[i], part.note, multiples,
					CASE WHEN explained < requests THEN format('%s of %s requests cost what these prices make of them',
						explained, requests)
						WHEN method = 'least squares' THEN 'a longer price explains these requests as well' END,
					CASE WHEN first_book.unit_usd IS DISTINCT FROM last_book.unit_usd
						THEN format('the book has %s at the first request',
						coalesce(trim_scale(first_book.unit_usd * unit_quantity / first_book.unit_quantity)::text,
							'none')) END), '');
				statement := NULL;
				-- What an earlier list corrects holds until something else is said.
				follows := format('%s %s %s %s', g.named, g.tier, region, meter) = ANY (corrected);
				IF implied_usd IS NULL OR explained < 0.7 * requests OR implied_usd < 0 THEN
					IF implied_usd IS NOT NULL THEN
						reason := concat_ws('; ', reason,
							'these are no prices: requests of several tiers, discounts or fees are mixed');
					END IF;
					IF follows AND book_usd IS NOT NULL THEN
						statement := price_statement(provider, model, meter, book_usd, valid_from, unit_quantity,
							g.tier, region, above_input_tokens, NULL);
					END IF;
				ELSIF NOT follows AND implied_usd = book_usd
					AND implied_usd = trim_scale(first_book.unit_usd * unit_quantity / first_book.unit_quantity) THEN
					NULL;
				ELSIF provider IS NULL OR model = '' THEN
					reason := concat_ws('; ', reason, 'the log does not name the provider');
				ELSIF last_book.rule = 'contract' THEN
					reason := concat_ws('; ', reason,
						'the book has the contract''s price: set_contract_term() corrects it');
				ELSIF may_mean(g.named, windowed) THEN
					reason := concat_ws('; ', reason,
						'the book has prices by the hour, which set_price() would put out of force');
				ELSE
					statement := price_statement(provider, model, meter, implied_usd, valid_from, unit_quantity,
						g.tier, region, above_input_tokens, 'costs in the log ' || source);
					corrected := corrected || format('%s %s %s %s %s', g.named, g.tier, region, meter,
						above_input_tokens)
						|| format('%s %s %s %s', g.named, g.tier, region, meter);
					-- A price for all sizes puts those of others for large ones out of force: they are said again.
					IF above_input_tokens = 0 THEN
						statement := statement || coalesce((
							SELECT string_agg(E';\n' || price_statement(provider, model, meter,
								trim_scale(b.unit_usd), valid_from,
								b.unit_quantity, g.tier,
								region, s.size - 1, source => NULL), '' ORDER BY s.size)
							FROM unnest(g.sizes) AS s(size)
							CROSS JOIN LATERAL book_price(g.named, meter, s.size, part.last_at, g.tier, in_region) AS b
							WHERE b.unit_usd / b.unit_quantity <> last_book.unit_usd / last_book.unit_quantity
								AND NOT format('%s %s %s %s %s', g.named, g.tier, region, meter, s.size - 1)
									= ANY (corrected)), '');
					END IF;
				END IF;
				RETURN NEXT;
			END LOOP;
		END LOOP;
	END LOOP;
END
$$;

COMMENT ON FUNCTION implied_rows(text, timestamptz, timestamptz) IS
'implied_prices() without its checks, its order and what prices have in common.';

CREATE FUNCTION implied_prices(source text, since timestamptz DEFAULT '-infinity',
	until timestamptz DEFAULT 'infinity')
RETURNS TABLE (provider text, model text, service_tier text, region text, above_input_tokens bigint,
	valid_from timestamptz, meter text, requests bigint, explained bigint, tolerance_usd numeric,
	unit_quantity bigint, implied_usd numeric, book_usd numeric, ratio numeric,
	residual_usd numeric, method text, reason text, statement text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000000 ROWS 50
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
BEGIN
	IF source IS NULL OR since IS NULL OR until IS NULL THEN
		PERFORM inferacct_internal.fail('22004', 'implied_prices needs a source, since and until', NULL,
			'SELECT DISTINCT source FROM usage_all shows the sources; since and until may be left out.');
	END IF;
	IF since >= until THEN
		PERFORM inferacct_internal.fail('22023', 'since must lie before until',
			format('since is %s, until is %s.', since, until),
			'The interval is half-open: until is the first moment that does not count.');
	END IF;
	IF NOT EXISTS (SELECT FROM usage_source AS s WHERE s.name = implied_prices.source)
		AND NOT EXISTS (SELECT FROM usage_all AS u WHERE u.source = implied_prices.source) THEN
		PERFORM inferacct_internal.fail('42704', format('no log has rows of source "%s"', source), NULL,
			'SELECT DISTINCT source FROM usage_all shows the sources that have rows.');
	END IF;
	RETURN QUERY
		SELECT r.provider, r.model, r.service_tier, r.region, r.above_input_tokens, r.valid_from, r.meter, r.requests,
			r.explained, r.tolerance_usd,
			r.unit_quantity, r.implied_usd, r.book_usd, c.ratio, round(r.residual_usd, 12), r.method,
			nullif(concat_ws('; ', r.reason, CASE WHEN c.ratio <> 1 AND count(c.ratio) OVER list > 1
				AND min(c.ratio) OVER list = max(c.ratio) OVER list
				THEN format('every price is %s times the book''s', c.ratio) END), ''),
			r.statement
		FROM implied_rows(implied_prices.source, implied_prices.since, implied_prices.until) AS r
		CROSS JOIN LATERAL (SELECT trim_scale(round(r.implied_usd / nullif(r.book_usd, 0), 6)) AS ratio) AS c
		WINDOW list AS (PARTITION BY r.provider, r.model, r.service_tier, r.region, r.above_input_tokens, r.valid_from)
		ORDER BY r.provider, r.model, r.service_tier, r.region, r.above_input_tokens, r.valid_from, r.place;
	IF NOT FOUND THEN
		RAISE NOTICE USING
			MESSAGE = format('no request of source "%s" in that time states a cost', source),
			HINT = 'Where the log has the costs in a column, its mapping has to name it as provider_usd.';
	END IF;
END
$$;

COMMENT ON FUNCTION implied_prices(text, timestamptz, timestamptz) IS
'The unit prices that the costs which a source states (provider_usd) obey, for requests in [since, until): a row '
'for each model, as it resolves, service tier, region, context, list of prices that followed another, and meter. '
'implied_usd, book_usd: USD of unit_quantity units, as the costs say, and as the session prices it at the last of '
'these requests (NULL: it has none); ratio: the first by the second. '
'method: exact (the one short price that makes every request cost what it costs, within tolerance_usd), least '
'squares (an estimate; residual_usd is its root mean square), undetermined (implied_usd NULL, reason says why). '
'explained: how many of the requests cost what these prices make of them. statement: set_price() that makes the '
'book say so, NULL where it does already or where nothing can be said. Requests without a cost are left out, and a '
'NOTICE says when all are. '
'Errors: 22004 a NULL argument, 22023 since not before until, 42704 no such source; of the session''s contract as '
'token_cost().';
