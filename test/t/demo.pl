# demo: what `make demo` prints can be read at 80 columns, ends with what can be
# saved, and every statement that it prints can be pasted.
use strict;
use warnings FATAL => 'all';
use utf8;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('demo');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\nfsync = off\ntimezone = 'Asia/Kolkata'\n");
$node->start;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
delete @ENV{qw(PGDATABASE SERVER_DIR KEEP ASCII)};

my ($shown, $err) = ('', '');
{
	local $ENV{ROWS} = 5000;
	ok(IPC::Run::run(['bash', 'demo/run'], '>', \$shown, '2>', \$err), 'the demo runs') or diag($shown, $err);
}
utf8::decode($shown);
is($err, '', 'and says nothing beside it');
unlike($shown, qr/^(?:ERROR|WARNING|NOTICE|psql:)/m, 'without an error');
unlike($shown, qr/^Time:/m, 'nor the time of each statement');

my @lines = split /\n/, $shown;
is(join("\n", map { s/[^\x00-\x7f]/?/gr } grep { length > 80 } @lines), '', 'no line is longer than 80 columns');
is_deeply([map { /^(\d+)\. / ? $1 : () } @lines], [1 .. 10], 'ten screens');
like($shown, qr/^verdict +\| (?:api|hybrid|self_host)$/m, 'it says whether to keep renting');
like($shown, qr/^ What to do: \w+/m, 'and decides');
like(join("\n", @lines[-8 .. -1]), qr/^Of the [\d,.]+ USD of a month at today's prices [\d,.]+ USD \([\d.]+ %\) can be saved:$/m, 'it ends with a sum');
cmp_ok(($shown =~ /prices ([\d,.]+) USD/)[0] =~ tr/,//dr, '>', 0, 'that is not nothing');
cmp_ok(scalar(grep { /[█#]{3}/ } @lines), '>', 30, 'bars are drawn');

# Its statements, as they stand there.
my @statements = $shown =~ /^((?:SELECT|WITH|SET|INSERT|CALL|CREATE)\b.*?;)\s*$/msg;
cmp_ok(scalar @statements, '>=', 20, 'statements are shown') or diag(scalar @statements);
for my $statement (@statements)
{
	my ($out, $trouble) = ('', '');
	my $script = $statement;
	utf8::encode($script);
	local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
	my $begin = ($statement =~ /^(.*)$/m)[0];
	ok(IPC::Run::run(['psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', 'inferacct_demo'], '<', \$script, '>', \$out, '2>', \$trouble), "pasted by itself: " . ($begin =~ s{[^ -~]}{?}gr)) or diag($trouble);
}

# A log of one's own: the three lines of the last screen, beside a table of LiteLLM's.
my ($own) = $shown =~ /^With a log of your own, three lines:\n\n(.*?)\n\n/ms;
$node->safe_psql('postgres', 'CREATE DATABASE own');
my $table = '';
ok(IPC::Run::run(['pg_dump', '-t', '"LiteLLM_SpendLogs"', 'inferacct_demo'], '|', ['psql', '-X', '-q', '-d', 'own'], '>', \$table, '2>', \$err), 'a table of LiteLLM\'s') or diag($err);
{
	my ($out, $trouble) = ('', '');
	ok(IPC::Run::run(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'own'], '<', \$own, '>', \$out, '2>', \$trouble), 'three lines attach it') or diag($trouble);
}
is($node->safe_psql('own', "SET inferacct.unpriced = 'null'; SELECT sum(usd) FROM inferacct.monthly_spend"),
	$node->safe_psql('inferacct_demo', "SET inferacct.unpriced = 'null'; SELECT sum(usd) FROM inferacct.monthly_spend"), 'and it costs the same');

done_testing();
