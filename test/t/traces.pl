# A log of one's own: two columns of token counts and a time, priced with one
# SELECT.  The Azure LLM inference traces of 2023 are used when they are there
# (INFERACCT_SHARED/traces); else a generated log of the same shape.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('traces');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION inferacct');
$node->safe_psql('postgres', 'CREATE TABLE trace (at timestamptz, context_tokens int, generated_tokens int)');

my ($traces) = grep { -e "$_/azure-2023-code.csv" && -e "$_/azure-2023-conv.csv" } map { "$_/traces" } grep { defined } $ENV{INFERACCT_SHARED}, '../shared';
if (defined $traces)
{
	for my $csv ('azure-2023-code.csv', 'azure-2023-conv.csv')
	{
		$node->safe_psql('postgres', "\\copy trace FROM '$traces/$csv' WITH (FORMAT csv, HEADER)");
	}
}
else
{
	diag('no traces in INFERACCT_SHARED/traces: using a generated log of the same shape');
	$node->safe_psql('postgres', q(INSERT INTO trace SELECT timestamptz '2023-11-16 18:15:46.68' + i * interval '0.125 second', 1 + i * 7919 % 7000, 1 + i * 104729 % 600 FROM generate_series(1, 28185::bigint) AS i));
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM trace'), '28185', 'every request is there');

# Model by model: one SELECT, the sum of costs, and what plain arithmetic says.
for my $case ([ 'gpt-4-0613', 30, 60 ], [ 'gpt-3.5-turbo-0613', 1.5, 2 ], [ 'claude-3-5-sonnet-20240620', 3, 15 ], [ 'groq/llama-3.3-70b-versatile', 0.59, 0.79 ])
{
	my ($model, $input, $output) = @$case;
	my $arithmetic = $node->safe_psql('postgres', "SELECT trim_scale((sum(context_tokens) * $input + sum(generated_tokens) * $output) / 1000000.0) FROM trace");

	is($node->safe_psql('postgres', "SELECT inferacct.spend('$model', context_tokens, generated_tokens, at) FROM trace"), $arithmetic, "$model: spend() is $arithmetic");
	is($node->safe_psql('postgres', "SELECT trim_scale(sum(inferacct.token_cost('$model', context_tokens, generated_tokens, at))) FROM trace"), $arithmetic, "$model: so is sum(token_cost())");
	is($node->safe_psql('postgres', "SELECT inferacct.token_cost('$model', inferacct.sum(inferacct.usage(context_tokens, generated_tokens)), '2023-11-16') FROM trace"), $arithmetic,
		"$model: and the cost of the summed usage");
	is($node->safe_psql('postgres', "SELECT count(*) FROM trace WHERE inferacct.token_cost('$model', context_tokens, generated_tokens, at) <> (context_tokens * $input + generated_tokens * $output) / 1000000.0"),
		'0', "$model: request by request");
}

# By minute, and as a moving sum.
my $model = 'gpt-4-0613';
is($node->safe_psql('postgres', "SELECT sum(usd) = (SELECT inferacct.spend('$model', context_tokens, generated_tokens, at) FROM trace)
	FROM (SELECT date_trunc('minute', at), inferacct.spend('$model', context_tokens, generated_tokens, at) AS usd FROM trace GROUP BY 1) m"), 't', 'minutes add up');
is($node->safe_psql('postgres', "SELECT count(*) FILTER (WHERE moving <> plain) || ' of ' || count(*) FROM (
	SELECT inferacct.spend('$model', context_tokens, generated_tokens, at) OVER w AS moving, trim_scale(sum(context_tokens * 30 + generated_tokens * 60) OVER w / 1000000.0) AS plain
	FROM trace WINDOW w AS (ORDER BY at, context_tokens, generated_tokens ROWS BETWEEN 99 PRECEDING AND CURRENT ROW)) w"), '0 of 28185', 'a moving sum is exact at every row');

$node->stop;
done_testing();
