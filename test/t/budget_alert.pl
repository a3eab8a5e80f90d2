# budget_alert: alerts reach who listens, once; where the server has them, pg_cron raises
# them and prometheus-postgres-exporter shows them.
#
# pg_cron (postgresql-NN-cron) and the exporter are not installed for this: without
# them their parts are not run, which .ci/server-tests tells.
use strict;
use warnings FATAL => 'all';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $libraries = $ENV{PG_CONFIG} ? `"$ENV{PG_CONFIG}" --pkglibdir` : `pg_config --pkglibdir`;
chomp $libraries;
my $has_cron = -e "$libraries/pg_cron.so";
my ($exporter) = grep { -x $_ } map { "$_/prometheus-postgres-exporter" } split /:/, $ENV{PATH};

my $node = PostgreSQL::Test::Cluster->new('alert');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\nfsync = off\ntimezone = 'UTC'\n");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\ncron.use_background_workers = on\n") if $has_cron;
$node->start;
$node->safe_psql('postgres', q{
CREATE EXTENSION inferacct;
ALTER DATABASE postgres SET search_path = public, inferacct, inferacct_internal;
SET search_path = inferacct, public;
SELECT set_price('acme', 'one', 'input', 1, unit_quantity => 1);
INSERT INTO spend_limit (name, usd, period) VALUES ('all', 10, 'month');
});

sub spend
{
	my ($usd) = @_;
	$node->safe_psql('postgres', "INSERT INTO usage_log (at, usage, model, source, request_id) VALUES (date_trunc('month', now()), usage($usd), 'acme/one', 's', gen_random_uuid()::text)");
	$node->safe_psql('postgres', 'CALL refresh_usage()');
}

# What a session that listens hears of a look; psql tells after each command.
my $listener = IPC::Run::start(['psql', '-XAtq', '-d', $node->connstr('postgres')], '<', \(my $in = "LISTEN inferacct_budget;\n\\echo listening\n"), '>', \(my $out = ''), '2>', \(my $err = ''), my $timer = IPC::Run::timer(60));
sub hear
{
	my ($until) = @_;
	$in .= "SELECT 'hears';\n";
	$listener->pump until $out =~ $until || $timer->is_expired;
	my $heard = $out;
	$out = '';
	return $heard;
}
ok(hear(qr/listening.*hears/s), 'a session listens');
spend(6);
is($node->safe_psql('postgres', "SELECT count(*) FROM check_budgets() WHERE kind = 'spent'"), 1, 'half is spent: one alert');
my $heard = hear(qr/hears.*payload.*|payload.*hears.*/s);
like($heard, qr/notification "inferacct_budget" with payload "\{.*"name": "all".*\}"/, 'which is heard');
my %of = $heard =~ /"(kind|spent_usd|threshold)": "?([\w.]+)/g;
like($of{spent_usd} // '', qr/^6$/, 'with what was spent');
$node->safe_psql('postgres', "BEGIN; SELECT * FROM check_budgets(); UPDATE spend_limit SET usd = 6.5; SELECT * FROM check_budgets(); ROLLBACK");
unlike(hear(qr/hears/), qr/payload/, 'what is rolled back is not');
is($node->safe_psql('postgres', q(SELECT may_spend('all', 4), may_spend('all', 4.01))), 't|f', 'what is left may be spent');

# Sessions that look at once raise one alert.
spend(3);
my @looks = map { IPC::Run::start(['psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT 'raised' FROM check_budgets() WHERE kind = 'spent'"], '>', \my $raised, '2>', \my $wrong) } 1 .. 4;
$_->finish for @looks;
is($node->safe_psql('postgres', "SELECT count(*) FROM budget_alert WHERE kind = 'spent' AND threshold = 0.8"), 1, 'four that look at once raise one alert');
$in .= "\\q\n";
$listener->finish;

spend(2);
if ($has_cron)
{
	$node->safe_psql('postgres', q{CREATE EXTENSION pg_cron; SELECT cron.schedule('budgets', '* * * * *', 'SELECT inferacct.check_budgets()')});
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM budget_alert WHERE kind = 'spent' AND threshold = 1"), 'pg_cron raises an alert');
	is($node->safe_psql('postgres', "SELECT DISTINCT status FROM cron.job_run_details WHERE end_time IS NOT NULL"), 'succeeded', 'and nothing went wrong');
}

if ($exporter)
{
	$node->safe_psql('postgres', 'SELECT check_budgets()');
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	local $ENV{DATA_SOURCE_NAME} = 'user=' . $node->safe_psql('postgres', 'SELECT current_user') . ' host=' . $node->host . ' port=' . $node->port . ' dbname=postgres sslmode=disable';
	my $log = '';
	my $server = IPC::Run::start([$exporter, '--extend.query-path=docs/queries/prometheus.yml', "--web.listen-address=127.0.0.1:$port", '--disable-default-metrics', '--disable-settings-metrics'], '>&', \$log);
	my $metrics = '';
	for (1 .. 60)
	{
		$metrics = `perl -MHTTP::Tiny -e 'print HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics")->{content}'`;
		last if $metrics =~ /^inferacct_budget_/m;
		sleep 1;
	}
	$server->kill_kill;
	like($metrics, qr/^inferacct_budget_spent_usd\{.*budget="all".*\} 11$/m, 'the exporter shows what was spent') or diag("$log\n$metrics");
	like($metrics, qr/^inferacct_budget_alerts\{.*\} [1-9]/m, 'and that alerts hold');
}

done_testing();
