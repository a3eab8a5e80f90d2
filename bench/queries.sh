# shellcheck shell=bash disable=SC2016
# queries.sh: what is measured.  Sourced by bench/run, which gives query().
#
# query NAME MODES ROWS FLOOR TARGET EXPECTED LABEL SQL [AFTER]
#   MODES     single, or single,parallel
#   ROWS      of which table: request, sample or rollup
#   FLOOR     the query that it is compared with, by name; the ratio is per row,
#             but that of the rollup is of whole queries; - for a floor
#   TARGET    of the ratio: <=N or >=N; - for none
#   EXPECTED  the row of bench.expected that the answer has to equal
# SQL returns one value.  AFTER, a statement, is run and not measured.

groups='md5(string_agg(concat_ws($$ $$, model, month, usd), $$,$$ ORDER BY model COLLATE "C", month))'
month="date_trunc('month', at)"

query floor single,parallel request - - tokens 'floor: `sum(input_tokens + output_tokens)`' \
	'SELECT sum(input_tokens + output_tokens) FROM request'
query group_floor single,parallel request - - groups_tokens 'group floor: `sum(input_tokens) GROUP BY model, month`' \
	"SELECT md5(string_agg(concat_ws(\$\$ \$\$, model, month, tokens), \$\$,\$\$ ORDER BY model COLLATE \"C\", month))
	 FROM (SELECT model, $month::date AS month, sum(input_tokens) AS tokens FROM request GROUP BY model, $month) AS g"

query spend single,parallel request floor '<=1.35' plain '`spend(model, input_tokens, output_tokens, at)`' \
	'SELECT spend(model, input_tokens, output_tokens, at) FROM request'
query spend_usage single,parallel request floor '<=1.9' usage '`spend(model, usage(...), at)`' \
	'SELECT spend(model, usage(input => input_tokens, output => output_tokens, cache_read => cached_tokens), at) FROM request'
query token_cost single,parallel request floor '<=2.0' plain '`sum(token_cost(...))`, four columns' \
	'SELECT trim_scale(sum(token_cost(model, input_tokens, output_tokens, at))) FROM request'
query group_spend single,parallel request group_floor '<=1.2' groups '`spend(...) GROUP BY model, month`' \
	"SELECT $groups FROM (SELECT model, $month::date AS month, spend(model, input_tokens, output_tokens, at) AS usd
	 FROM request GROUP BY model, $month) AS g"
query spend_by_month single,parallel request group_floor '<=0.5' groups '`spend_by_month(model, input_tokens, output_tokens, at)`' \
	"SELECT $groups FROM (SELECT (unnest(spend_by_month(model, input_tokens, output_tokens, at))).* FROM request) AS g"
query by_month_usage single,parallel request group_floor - usage '`spend_by_month(model, usage(...), at)`' \
	"SELECT trim_scale(sum(usd)) FROM (SELECT (unnest(spend_by_month(model,
	 usage(input => input_tokens, output => output_tokens, cache_read => cached_tokens), at))).* FROM request) AS g"

query route_savings single,parallel request floor '<=2.0' routed '`route_savings(policy, duration_ms, model, usage(...), at)`, three tiers; the score is `duration_ms`' \
	"SELECT concat_ws(' ', (r).baseline_usd, (r).routed_usd) FROM (SELECT route_savings('bench', duration_ms, 'bench/lyra-5.1',
	 usage(input => input_tokens, output => output_tokens), at) AS r FROM request) AS s"

query sql single,parallel request spend '>=10' plain 'hand-written SQL: hash join with pivoted prices' \
	'SELECT trim_scale(sum(r.input_tokens * p.input + r.output_tokens * p.output))
	 FROM request AS r JOIN price AS p ON p.model = r.model AND r.at >= p.valid_from AND r.at < p.valid_to'
query sql_cached single request spend_usage - usage 'hand-written SQL: the same, of three prices with cached tokens' \
	'SELECT trim_scale(sum(r.input_tokens * p.input + r.cached_tokens * p.cache_read + r.output_tokens * p.output))
	 FROM request AS r JOIN price AS p ON p.model = r.model AND r.at >= p.valid_from AND r.at < p.valid_to'
query plpgsql single sample spend '>=50' plain_sample 'PL/pgSQL function per row' \
	'SELECT trim_scale(sum(plpgsql_cost(model, input_tokens, output_tokens, at))) FROM request_sample'
query payload single sample floor - usage_sample '`spend(model, parse_usage(payload), at)`, jsonb' \
	'SELECT spend(model, parse_usage(payload), at) FROM payload_sample'
query rollup single rollup floor - usage 'hourly rollup: `rollup_spend(...)` over `usage_hourly`' \
	'SELECT rollup_spend(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) FROM usage_hourly'
# Reads what compact_usage() has made; the target is of the whole query.
query monthly_report single rollup floor '<50ms' usage 'monthly report: `monthly_spend` of all months, compacted' \
	'SELECT trim_scale(sum(usd)) FROM monthly_spend'

# Getting rows in.
query insert single sample - - arriving 'floor: `INSERT` into a table with the same key and checks' 'SELECT plain_insert()' 'TRUNCATE plain'
query import single sample insert '<=1.3' arriving '`import_usage()`' 'SELECT log_import()' 'TRUNCATE inferacct.usage_log'
query group_by single sample - - arriving "floor: \`GROUP BY\` of a source with the rollup's keys" 'SELECT plain_groups()'
query refresh single sample group_by '<=1.2' arriving 'the first `refresh_usage()` of that source' "SELECT refresh_of('arriving')" 'DO $$ BEGIN PERFORM forget_usage($q$arriving$q$); END $$; VACUUM usage_hourly, refreshed_hour, compacted_month'
query extracted single sample - - arriving 'floor: `GROUP BY` of the counts in a table of LiteLLM with the keys of the rollup, 12,550 requests an hour' "SELECT extracted_groups('busy')"
query litellm single sample extracted '<=2.5' arriving 'the first `refresh_usage()` of that table, attached' "SELECT refresh_of('busy')" 'DO $$ BEGIN PERFORM forget_usage($q$busy$q$); END $$; VACUUM usage_hourly, refreshed_hour, compacted_month'
query extracted_thin single sample - - arriving 'floor: the same of a table with 1,141 requests an hour' "SELECT extracted_groups('\"LiteLLM_SpendLogs\"')"
query litellm_thin single sample extracted_thin '<=2.5' arriving 'the first `refresh_usage()` of that, a third as many rows as requests' "SELECT refresh_of('litellm')" 'DO $$ BEGIN PERFORM forget_usage($q$litellm$q$); END $$; VACUUM usage_hourly, refreshed_hour, compacted_month'
query noted single rollup floor '<50ms' noted 'a refresh that finds a thousand new rows among all, and reads their hours' "SELECT refresh_of('bench') >= 1000" 'DO $$ BEGIN PERFORM more_requests(), compact_usage(); END $$'

# Any report by two dimensions reads the same rows.
query two_dimensions single rollup floor '<200ms' usage 'report by two dimensions of all months: `spend_by(...)`' \
	"SELECT trim_scale(sum(usd)) FROM spend_by('model', 'team')"
