# month: a small month from three tools in every report, as `make month` has it with a million requests.
use strict;
use warnings FATAL => 'all';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('month');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\ntimezone = 'America/New_York'\n");
$node->start;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;

my ($out, $err);
{
	local $ENV{ROWS} = 5000;
	ok(IPC::Run::run(['bash', 'test/month/run'], '>', \$out, '2>', \$err), 'test/month/run passes') or diag($err);
}
foreach (split /\n/, $out)
{
	my ($not, $label) = /^(not )?ok - (.*?)(?: \([^()]*\))?$/;
	ok(!$not, $label) if defined $label;
	diag($_) if $not || /^#   /;
}

$node->stop;
done_testing();
