# Every way in which pg_dump, pg_restore and replication bring rows, in any order
# and with or without triggers, leaves all rows, versions, books and the rollup
# right.  RESTORE_PRICES: how many own prices there are.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $prices = $ENV{RESTORE_PRICES} // 40_000;

my $node = PostgreSQL::Test::Cluster->new('restore');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off\nmax_wal_size = 4GB\nwal_writer_delay = 10ms\n");
$node->start;

sub sql { return $node->safe_psql(@_); }

my @versioned = split /\n/, do {
	sql('postgres', 'CREATE DATABASE source');
	sql('source', 'CREATE EXTENSION inferacct; SELECT unnest(inferacct_internal.versioned_tables())');
};
my %has = map { $_ => "inferacct.$_ WHERE version > 1000" } @versioned;
$has{$_} = "inferacct.$_" for qw(closed_month booked_usage booked_cost month_journal journal_line usage_log budget shared_cost commitment deployment_run team_member);
$has{$_} = "inferacct_internal.$_" for qw(usage_hourly forgotten_hour forgotten_usage);

# A row count and a digest of each table's rows: what a restore has to bring.
sub rows
{
	my ($database, @tables) = @_;
	@tables = sort keys %has if !@tables;
	return sql($database, join(' UNION ALL ', map {
		"SELECT '$_: ' || count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\"), '')) FROM $has{$_}" =~ s/FROM (\S+)/FROM $1 AS t/r
	} @tables) . ' ORDER BY 1');
}

# What reports say.
sub reports
{
	return sql(shift, q(SELECT (SELECT sum(usd) FROM inferacct.monthly_spend), (SELECT sum(usd) FROM inferacct.hourly_spend),
		(SELECT inferacct.spend(model, usage, at) FROM inferacct.usage_log), (SELECT count(*) FROM inferacct_internal.rollup_month)));
}

sub is_right
{
	my ($database, $how) = @_;
	is(rows($database), rows('source'), "$how: every row");
	is(reports($database), reports('source'), "$how: the same reports");
	is(sql($database, q(SELECT (inferacct.reproduce_month('2026-09-01')).reproduced)), 't', "$how: the closed month is reproduced");
	is(sql($database, 'SELECT * FROM inferacct.inferacct_check()'), '', "$how: nothing is inconsistent");
	# Rolled back, so that the next check finds it as it was.
	like(sql($database, q(BEGIN; SELECT inferacct.set_price('dumpco', 'ark-1', 'input', 9); ROLLBACK)), qr/^\d+$/, "$how: publishing goes on");
	return;
}

sub database
{
	my ($name, $template) = @_;
	sql('postgres', "CREATE DATABASE $name" . ($template ? " TEMPLATE $template" : ''));
	return ('-d', $node->connstr($name));
}

sub drop { sql('postgres', "DROP DATABASE $_") for @_; return; }

sql('source', qq(
SET search_path = public, inferacct;
INSERT INTO price (provider, model, meter, usd, valid_from)
	SELECT 'dumpco', 'bulk-' || n / 2, (ARRAY['input', 'output'])[n % 2 + 1], n % 977, '2026-01-01' FROM generate_series(1, $prices) AS n;
SELECT set_price('dumpco', 'ark-1', 'input', 3), set_price('dumpco', 'ark-1', 'output', 15);
SELECT set_price('dumpco', 'ark-1', 'input', 2, '2026-09-10');
SELECT load_prices('{"ark-3": {"litellm_provider": "dumpco", "input_cost_per_token": 1e-06, "input_cost_per_pixel": 1}}', 'litellm');
INSERT INTO model_alias (alias, provider, model) VALUES ('ark', 'dumpco', 'ark-1');
INSERT INTO contract (contract) VALUES ('deal');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('deal', 'dumpco', 20);
INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('2026-01-01', 'EUR', 1.125);
INSERT INTO gpu_price (gpu, vendor, term, usd_per_hour) VALUES ('L7', 'dumpco', 'on_demand', 1.25);
INSERT INTO price (provider, model, meter, currency, amount) VALUES ('dumpco', 'ark-4', 'input', 'EUR', 8);
INSERT INTO model_profile (model, parameters, layers, kv_heads, head_dim) VALUES ('ark', 8e9, 32, 8, 128);
INSERT INTO deployment (name, model, gpu, vendor, term, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('own', 'ark', 'L7', 'dumpco', 'on_demand', 1000, 100);
INSERT INTO deployment_cost (deployment, item, usd_per_month) VALUES ('own', 'people', 1000);
INSERT INTO serving_point (deployment, requests_per_second, tokens_per_second) VALUES ('own', 1, 100);
INSERT INTO routing_policy (name, kind) VALUES ('cheap', 'split');
INSERT INTO routing_tier (policy, model, share) VALUES ('cheap', 'dumpco/ark-1', 1);
SELECT usage_log_partitions('2026-08-01', '2026-11-01');
INSERT INTO usage_log (at, usage, model, source, request_id, team)
	SELECT timestamptz '2026-08-15' + i * interval '30 minutes', usage(1000 * i, 10 * i), 'ark', 'app', i::text, 'team ' || i % 4 FROM generate_series(1, 4000) AS i;
INSERT INTO budget (name, month, usd) VALUES ('all', '2026-09-01', 100);
INSERT INTO shared_cost (month, name, usd) VALUES ('2026-09-01', 'gateway', 12.34);
INSERT INTO deployment_run (deployment, models, since) VALUES ('own', '{house/ark}', '2026-09-05');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since) VALUES ('pt', 'dumpco', 'PT', '{ark-1}', 'provisioned', 'PTU', 2, 9.5, 'hour', '2026-09-01');
));
sql('source', q(CALL inferacct.refresh_usage(chunk => '60 days')));
sql('source', q(SELECT inferacct.close_month('2026-09-01'); SELECT inferacct.compact_usage()));
is_right('source', 'before');
cmp_ok(sql('source', 'SELECT count(*) FROM inferacct.booked_usage'), '>', 1000, 'a month is booked');

my $dump = $node->basedir . '/source.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('source') ], 'pg_dump -Fc');

# In parallel, where TABLE DATA goes by size and not by dependency.
for my $jobs (2, 4, 8)
{
	my @into = database("parallel_$jobs");
	$node->command_ok([ 'pg_restore', '--exit-on-error', "-j$jobs", @into, $dump ], "pg_restore -j$jobs");
	is_right("parallel_$jobs", "-j$jobs");
}

# Into itself once more: everything is dropped and comes again.
$node->command_ok([ 'pg_restore', '--clean', '--if-exists', '--exit-on-error', '-d', $node->connstr('parallel_8'), $dump ], 'pg_restore --clean');
is_right('parallel_8', '--clean');
drop(map { "parallel_$_" } 2, 4, 8);

my @schema = database('only_schema');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--schema-only', @schema, $dump ], 'pg_restore --schema-only');
is(sql('only_schema', 'SELECT * FROM inferacct.inferacct_check()'), '', 'a schema without data is consistent');

my @data = database('only_data', 'only_schema');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-j4', @data, $dump ], 'and --data-only -j4');
is_right('only_data', '--data-only');

# pg_restore ends this with ENABLE TRIGGER ALL, which would make ordinary triggers of those that fire always.
my @off = database('triggers_off', 'only_schema');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers', @off, $dump ], 'and --disable-triggers');
is_right('triggers_off', '--disable-triggers');

# The same once more into a database that has summed up its months: what comes is in the reports, and the check finds that it is there twice.
sql('triggers_off', 'SELECT inferacct.compact_usage()');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers', '-t', 'usage_hourly', @off, $dump ], 'the rollup comes again');
is(sql('triggers_off', 'SELECT (SELECT sum(usd) FROM inferacct.monthly_spend) = (SELECT sum(usd) FROM inferacct.hourly_spend)'), 't', 'and no report misses it');
like(sql('triggers_off', 'SELECT DISTINCT problem FROM inferacct.inferacct_check()'), qr/more than once/, 'the check tells of it');

# All in one transaction, and by a session for which ordinary triggers are silent.
my @one = database('one', 'only_schema');
$node->command_ok([ 'pg_restore', '--single-transaction', '--data-only', @one, $dump ], 'pg_restore --single-transaction');
is_right('one', '--single-transaction');
my @replica = database('replica', 'only_schema');
{
	local $ENV{PGOPTIONS} = '-c session_replication_role=replica';
	$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-j2', @replica, $dump ], 'pg_restore under session_replication_role = replica');
}
is_right('replica', 'session_replication_role = replica');

# One table after another, the worst first.
my @single = database('single', 'only_schema');
for my $table (reverse(@versioned), qw(booked_usage booked_cost journal_line month_journal closed_month usage_hourly forgotten_hour forgotten_usage budget shared_cost commitment deployment_run price_version_seq))
{
	$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-t', $table, @single, $dump ], "table $table alone");
}
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-t', "usage_log_2026_$_", @single, $dump ], "month $_ alone") for qw(08 09 10);
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-t', 'usage_log_default', @single, $dump ], 'other months');
is_right('single', 'single tables');

# What is left out is found.
my @part = database('part', 'only_schema');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '-t', 'price', '-t', 'booked_usage', @part, $dump ], 'two tables and no more');
my $found = sql('part', 'SELECT DISTINCT what FROM inferacct.inferacct_check() ORDER BY 1');
is($found, "booked_usage\nprice\nprice_version", 'prices of versions and books of a month that are not there are found');
drop(qw(only_data triggers_off one replica single part only_schema));

# By a superuser who is not the owner, into a cluster-wide role of the same name.
sql('postgres', 'CREATE ROLE another SUPERUSER LOGIN');
$node->command_ok([ 'pg_dump', '-U', 'another', '-Fc', '-f', "$dump.another", $node->connstr('source') ], 'another superuser dumps');
my @another = database('another');
$node->command_ok([ 'pg_restore', '-U', 'another', '--exit-on-error', '-j2', @another, "$dump.another" ], 'and restores');
is_right('another', 'another superuser');
drop('another');

# Logical replication: first a copy, in any order, and then what happens.
my @published = map { "inferacct.$_ WHERE (version > 1000)" } @versioned;
push @published, map { "inferacct.$_" } qw(closed_month booked_usage booked_cost month_journal journal_line budget shared_cost commitment deployment_run);
sql('source', 'ALTER TABLE inferacct_internal.usage_hourly REPLICA IDENTITY FULL; ALTER TABLE inferacct_internal.forgotten_usage REPLICA IDENTITY FULL;'
	. 'CREATE PUBLICATION everything FOR TABLE ' . join(', ', @published, map { "inferacct_internal.$_" } qw(usage_hourly forgotten_hour forgotten_usage)));
database('subscriber');
sql('subscriber', 'CREATE EXTENSION inferacct');
sql('source', q(SELECT pg_create_logical_replication_slot('follow', 'pgoutput')));
sql('subscriber', "CREATE SUBSCRIPTION follow CONNECTION '" . $node->connstr('source') =~ s/'/''/gr . "' PUBLICATION everything WITH (create_slot = false, slot_name = 'follow')");
my @replicated = grep { $_ ne 'usage_log' && $_ ne 'team_member' } sort keys %has;

sub caught_up
{
	my ($what) = @_;
	$node->wait_for_subscription_sync($node, 'follow', 'subscriber') if $what eq 'a copy';
	$node->wait_for_catchup('follow');
	is(rows('subscriber', @replicated), rows('source', @replicated), "replication, $what: every row");
	my $spent = 'SELECT (SELECT sum(usd) FROM inferacct.monthly_spend), (SELECT sum(usd) FROM inferacct.hourly_spend)';
	is(sql('subscriber', $spent), sql('source', $spent), "replication, $what: the same reports");
	is(sql('subscriber', q(SELECT * FROM inferacct.inferacct_check() WHERE what <> 'price_version_seq')), '', "replication, $what: nothing is inconsistent");
	return;
}

caught_up('a copy');
sql('subscriber', 'SELECT inferacct.compact_usage()');
is(sql('subscriber', 'SELECT bool_and(compacted) FROM inferacct_internal.rollup_month'), 't', 'the subscriber has summed up its months');
sql('source', q(INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) SELECT timestamptz '2026-09-20' + i * interval '1 hour', inferacct.usage(7 * i), 'ark', 'late', i::text FROM generate_series(1, 50) AS i));
sql('source', q(CALL inferacct.refresh_usage()));
caught_up('late rows');
sql('subscriber', 'SELECT inferacct.compact_usage()');
sql('source', q(SELECT inferacct.set_price('dumpco', 'ark-1', 'input', 1.5, '2026-09-15 10:30Z')));
sql('source', q(CALL inferacct.refresh_usage()));
sql('source', q(SELECT inferacct.reopen_month('2026-09-01'); SELECT inferacct.close_month('2026-09-01')));
caught_up('a price amid an hour, and a month closed anew');
is(sql('subscriber', q(SELECT (inferacct.reproduce_month('2026-09-01')).reproduced)), 't', 'replication: which is reproduced');
sql('source', q(INSERT INTO inferacct.routing_tier (policy, model, share) VALUES ('cheap', 'dumpco/ark-3', 0)));
caught_up('a routing tier');
sql('subscriber', 'DROP SUBSCRIPTION follow');

$node->stop;
done_testing();
