# Parallel plans give the serial result, to the last digit.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('parallel');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nmax_parallel_workers = 2\njit = off");
$node->start;

$node->safe_psql('postgres', q(
CREATE EXTENSION inferacct;
SET search_path = public, inferacct;
SELECT set_price('paraco', 'pear-1', 'input', 3), set_price('paraco', 'pear-1', 'output', 15), set_price('paraco', 'pear-1', 'input', 2, '2026-06-01'),
	set_price('paraco', 'pear-1', 'input', 9, above_input_tokens => 4000);
CREATE TABLE request AS
SELECT i, CASE WHEN i % 3 = 0 THEN 'pear-1' WHEN i % 3 = 1 THEN 'claude-3-5-sonnet-20240620' ELSE 'openai/gpt-4o' END AS model,
	(i * 7919 % 10000)::bigint AS input_tokens, (i * 104729 % 3000)::bigint AS output_tokens,
	timestamptz '2024-06-20' + i * interval '20 minutes' AS at,
	usage(i * 7919 % 10000, i * 104729 % 3000, cache_read => i % 100, reasoning => i % 50) AS used
FROM generate_series(1, 60000::bigint) AS i;
CREATE TABLE book AS SELECT price_book() AS book;
ANALYZE;
));

my $serial = 'SET search_path = public, inferacct; SET max_parallel_workers_per_gather = 0;';
my $parallel = 'SET search_path = public, inferacct; SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;';
my %query = (
	'spend of plain tokens' => 'SELECT spend(model, input_tokens, output_tokens, at) FROM request',
	'spend of usage' => 'SELECT spend(model, used, at) FROM request',
	'spend of usage, tier and region' => q(SELECT spend(model, used, at, 'standard', 'eu') FROM request),
	'spend by a book' => 'SELECT spend((SELECT price_book()), model, used, at) FROM request',
	'spend by a book of plain tokens' => 'SELECT spend((SELECT price_book()), model, input_tokens, output_tokens, at) FROM request',
	'spend by a stored book' => 'SELECT spend((SELECT book FROM book), model, used, at, NULL, NULL) FROM request',
	'spend by group' => 'SELECT model, spend(model, used, at) FROM request GROUP BY model ORDER BY model',
	'sum of costs' => 'SELECT sum(token_cost(model, used, at)) FROM request',
	'sum of usage' => 'SELECT sum(used) FROM request',
);

for my $what (sort keys %query)
{
	like($node->safe_psql('postgres', "$parallel EXPLAIN (COSTS off) $query{$what}"), qr/Partial (Group|Hash)?Aggregate/, "$what: workers sum parts");
	my $sum = $node->safe_psql('postgres', "$serial $query{$what}");
	isnt($sum, '', "$what: there is a sum");
	is($node->safe_psql('postgres', "$parallel $query{$what}"), $sum, "$what: the parts make it");
}

# All sessions' settings reach the workers.
for my $setting (q(SET inferacct.as_of = '2026-11-20'), q(SET inferacct.unpriced = 'null'), q(SET timezone = 'Asia/Tokyo'), q(SET ROLE pg_monitor))
{
	my $query = "SET inferacct.unpriced = 'null'; $setting; SELECT count(token_cost(model, used, at)), spend(model, used, at) FROM public.request";
	$node->safe_psql('postgres', 'GRANT SELECT ON request TO pg_monitor');
	is($node->safe_psql('postgres', "$parallel $query"), $node->safe_psql('postgres', "$serial $query"), "under $setting");
}

# Workers see what the transaction has changed, and what it has not.
my $changing = q(BEGIN; SELECT set_price('paraco', 'pear-1', 'output', 30) IS NOT NULL; SELECT spend(model, used, at) FROM request; SAVEPOINT s;
	SELECT set_price('paraco', 'pear-1', 'output', 60) IS NOT NULL; SELECT spend(model, used, at) FROM request; ROLLBACK TO s; SELECT spend(model, used, at) FROM request; ROLLBACK;
	SELECT spend(model, used, at) FROM request);
my $changed = $node->safe_psql('postgres', "$serial $changing");
my @sums = split /\n/, $changed;
is($sums[1], $sums[4], 'a savepoint undone is undone');
isnt($sums[1], $sums[3], 'a change changes the sum');
isnt($sums[1], $sums[5], 'a transaction undone is undone');
is($node->safe_psql('postgres', "$parallel $changing"), $changed, 'workers see the same at every step');

# A worker's error is the leader's.
my ($rc, $out, $err) = $node->psql('postgres', qq($parallel \\set VERBOSITY verbose
SELECT spend(model || CASE WHEN i = 59999 THEN '-9' ELSE '' END, used, at) FROM request));
isnt($rc, 0, 'an unknown model in a worker is an error');
like($err, qr/IA002/, 'with its SQLSTATE') or diag($err);

# Every function that says that it is safe runs in a worker.
my $force = $node->safe_psql('postgres', q(SELECT name FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode')));
my $forced = "$serial SET max_parallel_workers_per_gather = 2; SET $force = on;";
my %single = (
	'token_cost' => q(SELECT token_cost('pear-1', 1000, 1000, '2026-01-01')),
	'token_cost of usage' => q(SELECT token_cost('pear-1', usage(1000, 1000), '2026-01-01')),
	'token_cost_detail' => q(SELECT meter, usd FROM token_cost_detail('pear-1', usage(1000, 1000), '2026-01-01')),
	'price_book' => q(SELECT md5(price_book()::text)),
	'resolve_model' => q(SELECT * FROM resolve_model('pear-1', '2026-01-01')),
	'parse_usage' => q(SELECT parse_usage('{"usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}}'::jsonb)),
	'current_price' => q(SELECT meter, usd FROM current_price WHERE model = 'pear-1' ORDER BY meter, usd),
	'moving spend' => 'SELECT sum(s) FROM (SELECT spend(model, used, at) OVER (ORDER BY i ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM request WHERE i < 1000) m',
);
for my $what (sort keys %single)
{
	is($node->safe_psql('postgres', "$forced $single{$what}"), $node->safe_psql('postgres', "$serial $single{$what}"), "$what in a worker");
}

$node->stop;
done_testing();
