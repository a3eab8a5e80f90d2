# A few seconds of the differential stress of the price cache; test/stress has more.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('stress');
$node->init;
$node->append_conf('postgresql.conf', "max_parallel_workers = 2\n");
$node->start;

$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
my $seed = $ENV{STRESS_SEED} // int(rand(32767));
my $output = `bash test/stress/run 6 $seed 6 2>&1`;
is($?, 0, "random sessions and plain SQL agree (seed $seed)") or diag($output);
like($output, qr/^stress: \d{3,} compared, 0 differed, 0 deadlocks$/m, 'hundreds of times at least');
note($output);
ok(!$node->log_contains(qr/LOG:  stress: /), 'nothing differs according to the log');

$node->stop;
done_testing();
