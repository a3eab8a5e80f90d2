-- decision_memo: the decision in ten lines, for those who have to sign it.
--
-- Invariant: every figure is that of advise() and decision_range(); none is made here.

CREATE FUNCTION inferacct_internal.memo_lines(f advice_facts, spread text DEFAULT NULL) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	decision	advice := decided(f);
	machines	boolean := decision.verdict IN ('hybrid', 'self_host') AND has_machines(f);
BEGIN
	RETURN ARRAY[
		'What to do: ' || CASE decision.verdict
			WHEN 'api' THEN 'stay with the API.'
			WHEN 'insufficient_evidence' THEN 'stay with the API and decide later.'
			ELSE CASE WHEN machines THEN 'rent ' || plan_in_words(f) || '.'
				ELSE 'serve it on your own machines.' END END,
		'Why: ' || decision.explanation,
		'What it costs: ' || format('the bill is %s a month; %s of it is for what could be replaced%s.',
			usd_in_words(f.usd), usd_in_words(f.served_usd),
			CASE WHEN machines THEN ', which costs ' || usd_in_words(f.plan_usd) || ' with the plan' ELSE '' END),
		'What it saves: ' || CASE WHEN machines THEN format(
				'%s a month beyond batch and routing at today''s prices; %s.',
				usd_in_words(f.left_usd - f.plan_usd), term_in_words(f))
			ELSE 'nothing; batch prices save ' || usd_in_words(f.batch_saved_usd) || ' a month by themselves.' END,
		'In which range: ' || coalesce(spread, 'not computed.'),
		'What was assumed: ' || coalesce(f.assumed, 'nothing, for there is no load.'),
		'What was left out: ' || CASE WHEN f.not_considered IS NULL THEN 'nothing.'
			ELSE not_considered_in_words(f.not_considered) || '.' END,
		'What would change the answer: ' || decision.flips_when || CASE WHEN machines
			THEN '; replicas pay no more when '
			|| (with_flips_in_words(ROW('hybrid', NULL, NULL, NULL, NULL, NULL, NULL, NULL)::advice,
				f.flips)).flips_when
			ELSE '' END || '.',
		'Commitment: ' || CASE WHEN machines AND f.committed_replicas > 0 THEN format(
				'%s reserved, which saves %s a month; with API prices %s lower in a year the plan saves %s a month.',
				counted(f.committed_replicas, 'machine'), usd_in_words(f.committed_saved_usd),
				percent(f.api_price_decline), usd_in_words(f.year_saved_usd))
			ELSE 'none.' END,
		'People: ' || CASE WHEN NOT machines THEN 'none needed.'
			ELSE format('%s to run it, %s.', coalesce(counted(f.fte_needed, 'person', 'people'), 'nobody is planned'),
				CASE WHEN f.fte_available IS NULL THEN 'and whether there are was not said'
				ELSE 'of ' || counted(f.fte_available, 'person', 'people') || ' available' END) END];
END $$;

COMMENT ON FUNCTION memo_lines(advice_facts, text) IS
'The ten lines of decision_memo() on given facts, each with its heading before a colon. spread: the line on ranges.';

CREATE FUNCTION decision_memo(log regclass DEFAULT 'inferacct.usage_log', deployment text DEFAULT NULL,
	policy text DEFAULT NULL, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL,
	at timestamptz DEFAULT now(), format text DEFAULT 'text', fte_available numeric DEFAULT NULL,
	data_residency boolean DEFAULT NULL, frontier_models text[] DEFAULT NULL, draws integer DEFAULT 200,
	width interval DEFAULT '1 hour', price_factor numeric DEFAULT 0.65,
	api_price_decline numeric DEFAULT 0.3, growth numeric DEFAULT 0, discount_rate numeric DEFAULT 0.08)
RETURNS text
LANGUAGE plpgsql STABLE COST 100000000
SET search_path TO inferacct, inferacct_internal, pg_catalog, pg_temp
AS $$
DECLARE
	w		workload;
	f		advice_facts;
	spread	text;
	lines	text[];
BEGIN
	IF format IS NULL OR format NOT IN ('text', 'markdown') THEN
		PERFORM inferacct_internal.fail('22023', 'a memo is text or markdown', format('Not "%s".', format));
	END IF;
	deployment := plan_deployment(deployment, policy);
	w := workload(log, policy, NULL, frontier_models, since, until, deployment, at, width);
	f := advice_facts(w, deployment, policy, price_factor, at, api_price_decline => api_price_decline, growth => growth,
		discount_rate => discount_rate);
	IF frontier_models IS NULL THEN
		f.frontier_share := NULL;
	END IF;
	f.fte_available := fte_available;
	f.data_residency := data_residency;
	IF f.plan_usd IS NOT NULL AND draws > 0 THEN
		PERFORM check_figure('draws', draws, 1, 100000);
		SELECT r.explanation INTO spread FROM range_of(f, w, range_defaults(), draws, 1) AS r;
	END IF;
	lines := memo_lines(with_flips(f), spread);
	RETURN CASE format WHEN 'markdown'
		THEN (SELECT string_agg(format('- **%s**%s', split_part(line, ':', 1), substr(line, strpos(line, ':'))), E'\n'
			ORDER BY i) FROM unnest(lines) WITH ORDINALITY AS l (line, i))
		ELSE array_to_string(lines, E'\n') END;
END $$;

COMMENT ON FUNCTION decision_memo(regclass, text, text, timestamptz, timestamptz, timestamptz, text, numeric, boolean,
	text[], integer, interval, numeric, numeric, numeric, numeric) IS
'The decision of advise() on a log in ten lines for a manager: what to do, why, what it costs and saves a month, in '
'which range (decision_range() with so many draws; 0: without), what was assumed, what was left out, what would '
'change the answer, commitment and people. Over its term the plan is worth what advise() says in pays_over_term, with '
'the same price_factor, api_price_decline, growth and discount_rate. width: of the buckets of load. format: text '
'or markdown. '
'Errors as advise(), 22023 another format.';
