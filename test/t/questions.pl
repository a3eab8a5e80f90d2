# questions: every file of docs/queries/questions is one statement, runs as a reader, and answers as plain
# SQL over the requests does.
#
# Invariants.  A file says what is asked, and what it reads.  What reads the rollup runs as
# inferacct_reader, who may not read the log, so it does not; at most five read the log.
use strict;
use warnings FATAL => 'all';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The same of table `truth`: a row for each request, priced by itself, with what its words mean.
my %plain = (
	team => q{SELECT team, sum(n), round(sum(usd), 2) FROM truth WHERE month = '2026-10-01' GROUP BY team},
	model => q{SELECT m, sum(n), round(sum(usd), 2) FROM truth WHERE month = '2026-10-01' GROUP BY m},
	provider_share => q{SELECT p, round(sum(usd), 2), round(100 * sum(usd) / (SELECT sum(usd) FROM truth WHERE month = '2026-10-01'), 2) FROM truth WHERE month = '2026-10-01' GROUP BY p},
	project => q{SELECT project, min(month), round(sum(usd), 2) FROM truth GROUP BY project},
	source => q{SELECT source, sum(n), round(sum(usd), 2), round(sum(provider_usd), 2) FROM truth WHERE month = '2026-10-01' GROUP BY source},
	feature => q{SELECT tag_value(tags, 'feature'), sum(n), round(sum(usd), 2), '' FROM truth WHERE month = '2026-10-01' GROUP BY 1},
	team_project => q{SELECT team, project, sum(n), round(sum(usd), 4) FROM truth WHERE month = '2026-10-01' GROUP BY 1, 2},
	per_1000_requests => q{SELECT team, round(1000 * sum(usd) / sum(n), 4) FROM truth WHERE month = '2026-10-01' GROUP BY team},
	week_over_week => q{SELECT week, round(usd, 2), round(100 * (usd / lag(usd) OVER (ORDER BY week) - 1), 1) FROM (SELECT date_trunc('week', day)::date AS week, sum(usd) AS usd FROM truth GROUP BY 1) AS w},
	weekday => q{SELECT to_char(day, 'Dy'), round(avg(usd), 2) FROM (SELECT day, sum(usd) AS usd FROM truth WHERE month = '2026-10-01' GROUP BY day) AS d GROUP BY 1},
	hour_of_day => q{SELECT extract(hour FROM at AT TIME ZONE 'UTC'), round(sum(usd), 2) FROM truth WHERE month = '2026-10-01' GROUP BY 1},
	contract => q{WITH u AS (SELECT sum(usd) AS usd FROM truth WHERE month = '2026-10-01' AND p = 'anthropic') SELECT 'anthropic', 'usage', NULL, round(usd, 2), NULL, NULL FROM u UNION ALL SELECT 'anthropic', 'shortfall', 'floor', round(5000 - usd, 2), NULL, NULL FROM u UNION ALL SELECT 'anthropic', 'payable', NULL, 5000.00, NULL, NULL FROM u},
	fiscal_quarter => q{SELECT (date_trunc('quarter', at AT TIME ZONE 'Asia/Kolkata' - interval '3 months') + interval '3 months')::date, team, round(sum(usd), 2), 'INR', 0.0117, round(sum(usd) / 0.0117, 2) FROM truth GROUP BY 1, 2},
	own_time_zone => q{SELECT (at AT TIME ZONE 'America/New_York')::date, round(sum(usd), 2) FROM truth WHERE (at AT TIME ZONE 'America/New_York')::date BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY 1},
	in_euros => q{SELECT team, round(sum(usd) / 1.16, 2), 1.16, 'a test' FROM truth WHERE month = '2026-10-01' GROUP BY team},
	budget => q{SELECT 'engineering', 90, round(sum(usd), 2), round(100 * round(sum(usd) / 90, 4), 1), CASE WHEN sum(usd) > 90 THEN 'over' ELSE 'within' END FROM truth WHERE month = '2026-09-01' AND team = 'engineering'},
	limit_left => q{SELECT 'all by month', 'month', 500, round(500 - sum(usd), 2), NULL, '3 requests have no price: see unpriced_usage' FROM truth WHERE month = '2026-10-01' AND team = 'legal'},
	unpriced => q{SELECT month, source, sum(input_tokens(usage) + output_tokens(usage)), round(100 * (1 - round(sum(input_tokens(usage) + output_tokens(usage)) FILTER (WHERE usd IS NOT NULL) / sum(input_tokens(usage) + output_tokens(usage)), 6)), 3) FROM truth GROUP BY 1, 2},
	unpriced_models => q{SELECT model, CASE model WHEN 'gpt-oss-120b' THEN 'several providers have it: log the provider, or set_alias()' ELSE 'unknown model: set_alias() or set_price()' END, sum(n), sum(input_tokens(usage) + output_tokens(usage)) FROM truth WHERE month = '2026-10-01' AND usd IS NULL GROUP BY model},
	failed => q{SELECT status, sum(n), round(sum(usd), 4) FROM truth WHERE month = '2026-10-01' GROUP BY 1},
	output_tokens => q{SELECT m, sum(input_tokens(usage)), sum(output_tokens(usage)), round(sum(output_tokens(usage))::numeric / nullif(sum(input_tokens(usage)), 0), 3) FROM truth WHERE month = '2026-10-01' GROUP BY m},
	tokens_per_request => q{SELECT team, round(sum(input_tokens(usage) + output_tokens(usage))::numeric / sum(n), 1) FROM truth WHERE month = '2026-10-01' GROUP BY team},
	by_meter => q{SELECT d.meter, sum(d.quantity), round(sum(d.usd), 4) FROM truth AS t CROSS JOIN LATERAL token_cost_detail(t.model, t.usage, t.at, t.service_tier, t.region) AS d WHERE month = '2026-10-01' GROUP BY 1},
	tier => q{SELECT tier, sum(n), round(sum(usd), 2) FROM truth WHERE month = '2026-10-01' GROUP BY 1},
	user => q{SELECT end_user, sum(n), round(sum(usd), 4), round(sum(usd) / sum(n), 6) FROM truth WHERE month = '2026-10-01' GROUP BY 1},
	key => q{SELECT api_key, sum(n), round(sum(usd), 4) FROM truth WHERE month = '2026-10-01' GROUP BY 1 ORDER BY sum(usd) DESC NULLS LAST, api_key LIMIT 20},
	agent_model => q{SELECT attributes ->> 'agent', m, sum(n), round(sum(usd), 4) FROM truth WHERE month = '2026-10-01' AND attributes ->> 'agent' IS NOT NULL GROUP BY 1, 2},
	dearest_sessions => q{SELECT attributes ->> 'session', sum(n), round(sum(usd), 4) FROM truth WHERE month = '2026-10-01' AND attributes ->> 'session' IS NOT NULL GROUP BY 1 ORDER BY 3 DESC LIMIT 10},
	growing => q{SELECT team, round(sum(usd) FILTER (WHERE month = '2026-09-01'), 2), round(sum(usd) FILTER (WHERE month = '2026-10-01'), 2), round(100 * (sum(usd) FILTER (WHERE month = '2026-10-01') / sum(usd) FILTER (WHERE month = '2026-09-01') - 1), 1) FROM truth GROUP BY team},
	caching => q{SELECT m, team, round(sum(token_cost(model, usage(meter(usage, 'input') + meter(usage, 'cache_read') + meter(usage, 'cache_write') + meter(usage, 'cache_write_1h'), meter(usage, 'output'), reasoning => meter(usage, 'reasoning'), web_searches => meter(usage, 'web_searches')), at, service_tier, region) - usd), 4), round(sum(meter(usage, 'cache_read')) / sum(input_tokens(usage)), 4) FROM truth WHERE month = '2026-10-01' AND usd IS NOT NULL GROUP BY 1, 2},
	another_model => q{SELECT m, 'openai/gpt-5-mini', sum(n), round(sum(token_cost('openai/gpt-5-mini', usage, at, service_tier, region)), 4), round(sum(usd - token_cost('openai/gpt-5-mini', usage, at, service_tier, region)), 4) FROM truth WHERE month = '2026-10-01' AND m = 'anthropic/claude-sonnet-5' GROUP BY 1},
	price_rise => q{SELECT split_part(m, '/', 1), round(sum(usd) * 0.1, 4) FROM truth WHERE month = '2026-10-01' GROUP BY 1},
	cheapest_model => q{SELECT row_number() OVER (ORDER BY usd), model, round(usd, 4), 0, NULL FROM (SELECT x.model, sum(token_cost(x.model, usage, at, service_tier, region)) AS usd FROM truth, unnest(ARRAY['openai/gpt-5-mini', 'google/gemini-2.5-flash', 'anthropic/claude-haiku-4-5']) AS x(model) WHERE month = '2026-10-01' GROUP BY 1) AS s},
	shared_costs => q{SELECT 'gateway', team, round(300 * sum(input_tokens(usage) + output_tokens(usage)) / (SELECT sum(input_tokens(usage) + output_tokens(usage)) FROM truth WHERE month = '2026-10-01'), 4) FROM truth WHERE month = '2026-10-01' GROUP BY team},
	closed => q{SELECT month, round(sum(usd), 4), round(sum(usd), 4) FROM truth WHERE month = '2026-09-01' GROUP BY month},
	dearest_requests => q{SELECT request_id, at, team, model, usage, round(usd, 6) FROM truth WHERE month = '2026-10-01' ORDER BY round(usd, 6) DESC NULLS LAST, request_id LIMIT 10},
	percentiles => q{SELECT date_trunc('week', day)::date, sum(n), count(DISTINCT end_user), round(percentile_disc(0.5) WITHIN GROUP (ORDER BY usd), 6), round(percentile_disc(0.99) WITHIN GROUP (ORDER BY usd), 6) FROM truth WHERE month = '2026-10-01' GROUP BY 1},
	waste => q{SELECT team, kind, sum(n), round(sum(usd), 4), round(100 * round(sum(usd) / all_usd, 6), 2) FROM (SELECT team, n, usd, month, sum(usd) FILTER (WHERE month = '2026-10-01') OVER (PARTITION BY team) AS all_usd, CASE
		WHEN status = 'failed' AND told AND later > 1 THEN 'retry' WHEN status = 'failed' THEN 'failed' WHEN told AND earlier > 1 THEN 'duplicate' WHEN attributes ->> 'finish_reason' = 'length' THEN 'truncated' END AS kind
		FROM (SELECT *, num_nonnulls(api_key, end_user, attributes ->> 'session') > 0 AND input_tokens(usage) > 0 AS told,
			count(*) OVER (PARTITION BY tenant, source, team, project, api_key, end_user, attributes ->> 'session', model, input_tokens(usage) ORDER BY at RANGE BETWEEN CURRENT ROW AND '10 minutes' FOLLOWING) AS later, count(*) FILTER (WHERE status = 'ok') OVER (PARTITION BY tenant, source, team, project, api_key, end_user, attributes ->> 'session', model, input_tokens(usage) ORDER BY at RANGE BETWEEN '10 minutes' PRECEDING AND CURRENT ROW) AS earlier FROM truth) AS t) AS w
		WHERE month = '2026-10-01' AND kind IS NOT NULL GROUP BY team, kind, all_usd},
	session_cost => q{SELECT count(*), round(percentile_disc(0.5) WITHIN GROUP (ORDER BY usd), 6), round(percentile_disc(0.9) WITHIN GROUP (ORDER BY usd), 6), round(percentile_disc(0.99) WITHIN GROUP (ORDER BY usd), 6), round(max(usd), 6), NULL
		FROM (SELECT sum(usd) AS usd FROM truth WHERE month = '2026-10-01' AND attributes ->> 'session' IS NOT NULL GROUP BY attributes ->> 'session') AS s},
	task_cost => q{SELECT count(*), round(percentile_disc(0.5) WITHIN GROUP (ORDER BY usd), 6), round(percentile_disc(0.9) WITHIN GROUP (ORDER BY usd), 6), round(percentile_disc(0.99) WITHIN GROUP (ORDER BY usd), 6), round(max(usd), 6), NULL
		FROM (SELECT sum(usd) AS usd FROM truth WHERE month = '2026-10-01' AND attributes ->> 'trace' IS NOT NULL GROUP BY attributes ->> 'trace') AS s},
	accepted_answer => q{SELECT team, sum(n) FILTER (WHERE tags ->> 'accepted' = 'yes'), sum(n), round(sum(usd) / sum(n) FILTER (WHERE tags ->> 'accepted' = 'yes'), 6) FROM truth WHERE month = '2026-10-01' GROUP BY team},
	margin => q{SELECT end_user, sum(n), round(sum(usd) * 1.3, 4), round(sum(usd), 4), round(sum(usd) * 0.3, 4), NULL FROM truth WHERE month = '2026-10-01' AND end_user IS NOT NULL GROUP BY 1},
);

# What is no sum over requests (a forecast, a sentence) only has to answer.
my @no_plain = qw(anomaly batch confidence forecast hit_rate_doubled reconcile why_changed why_changed_by_team);

my $node = PostgreSQL::Test::Cluster->new('questions');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\nfsync = off\ntimezone = 'UTC'\n");
$node->start;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGOPTIONS} = '-c client_min_messages=warning -c statement_timeout=300s';
$node->safe_psql('postgres', 'CREATE DATABASE try');
my ($out, $err) = ('', '');
ok(IPC::Run::run(['psql', '-X', '-q', '-d', 'try', '-f', 'demo/load.sql'], '>', \$out, '2>', \$err), 'the data of the demo') or BAIL_OUT($err);

# What the demo has not: users, keys, sessions and agents, failures that are asked again, answers that are cut off.
$node->safe_psql('try', q{
ALTER DATABASE try SET search_path = public, inferacct, inferacct_internal;
SET search_path = public, inferacct, inferacct_internal;
SELECT attach_usage('gateway', '"LiteLLM_SpendLogs"', 'litellm');
INSERT INTO usage_dimension (name, log_column, key, keep) VALUES ('customer', 'end_user', NULL, 100), ('key', 'api_key', NULL, 100), ('session', 'attributes', 'session', 1000), ('agent', 'attributes', 'agent', 100),
	('feature', 'tags', 'feature', 100), ('task', 'attributes', 'trace', 2000), ('accepted', 'tags', 'accepted', 10);
INSERT INTO usage_log (at, usage, model, source, request_id, team, project, api_key, end_user, status, tags, attributes)
SELECT timestamptz '2026-09-20 00:10Z' + n / 2 * interval '37 minutes' + n % 2 * interval '4 minutes', usage(100 + n / 2 * 131 % 3000, CASE WHEN n % 8 = 0 THEN 0 ELSE n % 900 END, cache_read => n / 2 % 3 * 500, cache_write => n / 2 % 4 * 100),
	(ARRAY['anthropic/claude-sonnet-5', 'gpt-5.4-mini', 'openai/gpt-5.4'])[1 + n / 2 % 3], 'apps', n::text, (ARRAY['legal', 'sales'])[1 + n / 2 % 2], 'assistant', 'key ' || n / 2 % 7, 'customer ' || n / 2 % 11,
	CASE WHEN n % 8 = 0 THEN 'failed' ELSE 'ok' END, jsonb_build_object('feature', (ARRAY['chat', 'search'])[1 + n / 2 % 2], 'accepted', CASE WHEN n % 5 < 3 THEN 'yes' ELSE 'no' END),
	jsonb_build_object('session', 's' || n / 10, 'trace', 't' || n / 4, 'agent', 'agent ' || n / 2 % 3, 'finish_reason', CASE WHEN n % 13 = 0 THEN 'length' ELSE 'stop' END)
FROM generate_series(1, 3000) AS n;
INSERT INTO usage_log (at, usage, model, source, request_id, team) SELECT timestamptz '2026-10-04 00:10Z' + n * interval '1 hour', usage(5), 'nobody knows', 'apps', 'u' || n, 'legal' FROM generate_series(1, 3) AS n;
INSERT INTO fx_rate (valid_from, currency, usd_per_unit, source) VALUES ('2026-01-01', 'EUR', 1.16, 'a test');
INSERT INTO fx_rate (valid_from, currency, usd_per_unit, source) VALUES ('2026-01-01', 'INR', 0.0117, 'a test');
INSERT INTO calendar (name, zone, fiscal_year_from, currency) VALUES ('india', 'Asia/Kolkata', 4, 'INR');
INSERT INTO contract_clause (provider, name, kind, since, usd) VALUES ('anthropic', 'floor', 'minimum', '2026-10-01', 5000);
INSERT INTO budget (name, month, usd, team) VALUES ('engineering', '2026-09-01', 90, 'engineering');
INSERT INTO spend_limit (name, usd, period, dimensions) VALUES ('all by month', 500, 'month', '{"team": "legal"}');
INSERT INTO shared_cost (month, name, usd) VALUES ('2026-10-01', 'gateway', 300);
});
$node->safe_psql('try', $_) for 'CALL refresh_usage()', 'SELECT compact_usage()', q{SELECT close_month('2026-09-01')}, q{SELECT check_budgets('2026-10-31 23:59Z')};
$node->safe_psql('try', q{DELETE FROM budget_state WHERE name <> 'all by month';
CREATE TABLE truth AS SELECT u.*, meter(u.usage, 'requests') AS n, token_cost(u.model, u.usage, u.at, u.service_tier, u.region) AS usd, resolved_model(u.model, u.at) AS m, resolved_provider(u.provider, u.model, u.at) AS p,
	resolved_tier(u.service_tier) AS tier, date_trunc('month', u.at AT TIME ZONE 'UTC')::date AS month, (u.at AT TIME ZONE 'UTC')::date AS day FROM usage_all AS u;
ANALYZE truth;
CREATE ROLE of_rollup LOGIN IN ROLE inferacct_reader; CREATE ROLE of_log LOGIN IN ROLE inferacct_reader; GRANT SELECT ON usage_log, usage_all, usage_of_gateway, "LiteLLM_SpendLogs" TO of_log;
});

sub answer
{
	my ($role, $sql) = @_;
	my ($stdout, $stderr) = ('', '');
	IPC::Run::run(['psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'try', ($role ? ('-U', $role) : ())], '<', \$sql, '>', \$stdout, '2>', \$stderr);
	return (join("\n", sort split /\n/, $stdout), $stderr);
}

my @files = sort glob('docs/queries/questions/*.sql');
cmp_ok(scalar @files, '>=', 40, scalar(@files) . ' questions are answered');
my %seen;
my @log;
for my $file (@files)
{
	my ($name) = $file =~ m{([^/]+)\.sql$};
	my $text = slurp_file($file);
	like($text, qr/\A-- [A-Z][^\n]*[?.]\n-- Reads the (?:rollup|log)\.\n(?:SELECT|WITH)\b[^;]*;\n\z/, "$name says what is asked, and is one statement");
	my $reads_log = $text =~ /^-- Reads the log\./m;
	push @log, $name if $reads_log;
	$seen{$name} = 1;
	my ($rows, $problem) = answer($reads_log ? 'of_log' : 'of_rollup', $text);
	is($problem, '', "$name runs as a reader");
	isnt($rows, '', "$name has an answer");
	my $plain = $plain{$name} or next;
	my ($expected, $wrong) = answer(undef, $plain);
	is($wrong, '', "$name: plain SQL runs");
	is($rows, $expected, "$name answers as plain SQL");
}
cmp_ok(scalar @log, '<=', 5, "few read the log: @log");
is(join(' ', sort(grep { !$plain{$_} } keys %seen)), join(' ', @no_plain), 'what is compared with no plain SQL is listed');
is(join(' ', grep { !$seen{$_} } sort keys %plain), '', 'no plain SQL is left over');

done_testing();
