# rollup: equal to the rows, to the last digit, while others insert, after a
# kill -9 in the middle, with late rows and a corrected price, and after a dump.
use strict;
use warnings FATAL => 'all';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $scripts = PostgreSQL::Test::Utils::tempdir;
my $script = 0;
my $node = PostgreSQL::Test::Cluster->new('rollup');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\nautovacuum = off\njit = off\ntimezone = 'America/New_York'\n");
$node->start;

my $path = 'SET search_path = inferacct, inferacct_internal, public;';
$node->safe_psql('postgres', 'CREATE EXTENSION inferacct');
$node->safe_psql('postgres', qq{$path
SELECT set_price('acme', 'acme-1', m, p, above_input_tokens => a) FROM (VALUES ('input', 2, 0), ('output', 9, 0), ('input', 4, 100000), ('output', 18, 100000)) AS v(m, p, a);
SELECT set_price('acme', 'acme-2', m, p) FROM (VALUES ('input', 0.3), ('output', 1.1)) AS v(m, p);
SELECT set_price('acme', 'acme-2', 'output', 1.3, valid_from => '2026-02-03 04:05:06Z');
SELECT usage_log_partitions('2026-02-01', '2026-03-01');
CREATE FUNCTION public.log(first int, last int, source text) RETURNS void LANGUAGE sql AS \$\$
	INSERT INTO inferacct.usage_log (at, usage, model, source, request_id, team)
	SELECT timestamptz '2026-02-01 00:00Z' + (n * 7919 % 864000) * interval '1 second', inferacct.usage(n * 7919 % 130000, n % 1999), 'acme-' || 1 + n % 2, source, n::text, 't' || n % 3
	FROM generate_series(first, last) AS n \$\$;
SELECT public.log(1, 40000, 'first')});

# What the rollup makes of everything, and what the rows do.
sub is_exact
{
	my ($what) = @_;
	my $rollup = $node->safe_psql('postgres', "$path SELECT model, team, sum(rows), sum(usage), sum(usd), rollup_spend(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) FROM hourly_spend GROUP BY 1, 2 ORDER BY 1, 2");
	my $rows = $node->safe_psql('postgres', "$path SELECT model, team, count(*), sum(usage), sum(token_cost(model, usage, at, service_tier, region)), spend(model, usage, at, service_tier, region) FROM usage_all GROUP BY 1, 2 ORDER BY 1, 2");
	isnt($rows, '', "$what: there are rows");
	is($rollup, $rows, "$what: rollup = rows");
}

sub in_background
{
	my ($sql) = @_;
	my %psql = (out => '', err => '');
	my $file = $scripts . '/' . ++$script . '.sql';
	append_to_file($file, $sql);
	$psql{run} = IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', $file ], '>', \$psql{out}, '2>', \$psql{err});
	return \%psql;
}

sub value
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', "$path $sql");
}

# --- kill -9 in the middle of the first run
my $refresh = in_background("CALL inferacct.refresh_usage(chunk => '1 hour');");
my $until = time + 30;
usleep(10_000) until value("SELECT coalesce(sum(hours_done), 0) FROM refresh_progress") >= 20 || time > $until;
my ($pid, $hours) = split /\|/, value("SELECT pid, hours FROM refresh_run");
kill 'KILL', $pid;
IPC::Run::finish($refresh->{run});
$node->poll_query_until('postgres', 'SELECT 1', '1') or die 'the server did not come back';
is($hours, 240, 'the first run has ten days to read');
is(value("SELECT status FROM refresh_progress WHERE origin = 'usage_log'"), 'interrupted', 'the killed run shows as interrupted');
my $done = value('SELECT count(*) FROM refreshed_hour');
cmp_ok($done, '>=', 20, 'hours that it had committed are there');
cmp_ok($done, '<', 240, 'and not all of them');
is(value('SELECT count(*) FROM refreshed_hour AS r FULL JOIN (SELECT hour, sum(rows) AS rows FROM usage_hourly GROUP BY 1) AS h USING (hour) WHERE r.rows IS DISTINCT FROM h.rows'), 0, 'every hour is whole');
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is(value('SELECT hours FROM refresh_run'), 240 - $done, 'the next run reads the others only');
is_exact('after kill -9');

# --- inserts, updates and long transactions while three refreshes run at once
my @others;
for my $writer (1 .. 3)
{
	my $sql = "BEGIN; SELECT public.log(50000, 50500, 'long $writer'); ";
	$sql .= "SAVEPOINT s; SELECT public.log(50501, 50600, 'long $writer'); RELEASE s; SELECT pg_sleep(1.5); COMMIT;";
	push @others, in_background($sql);
	push @others, in_background(join ' ', map { my $from = 60000 + $_ * 50; "SELECT public.log($from, $from + 49, 'short $writer');" } 1 .. 60);
}
push @others, in_background(join ' ', map { "UPDATE inferacct.usage_log SET usage = inferacct.usage(1, 2) WHERE source = 'first' AND request_id = '" . ($_ * 97) . "'; SELECT pg_sleep(0.01);" } 1 .. 100);
push @others, in_background(join ' ', map { "CALL inferacct.refresh_usage(chunk => '12 hours');" } 1 .. 4) for 1 .. 3;
IPC::Run::finish($_->{run}) for @others;
is(join('', grep { /ERROR/ } map { $_->{err} } @others), '', 'nobody fails');
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is_exact('after concurrent writers');
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is(value('SELECT hours FROM refresh_run'), 0, 'then nothing is left to read');

# --- a transaction that is open while its hours are read is found later
# (an update: the number of rows does not tell)
my $open = in_background("BEGIN; UPDATE inferacct.usage_log SET usage = inferacct.usage(3, 4) WHERE source = 'first' AND request_id::int % 1000 = 11; SELECT pg_sleep(2); COMMIT;");
$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid() AND state = 'active'");
$node->safe_psql('postgres', "SELECT public.log(80000, 89999, 'every hour')");
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is(value('SELECT hours FROM refresh_run'), 240, 'every hour is read while it is open');
IPC::Run::finish($open->{run});
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is_exact('after a transaction that was open');

# --- late, moved and deleted rows
$node->safe_psql('postgres', qq{$path
INSERT INTO usage_log (at, usage, model, source, request_id) VALUES ('2025-12-31 23:59:59.999999Z', usage(100001, 1), 'acme-1', 'late', '1'), ('2026-02-05 01:00Z', usage(100000, 1), 'acme-1', 'late', '2');
UPDATE usage_log SET at = at + interval '3 hours' WHERE source = 'first' AND request_id IN ('5', '6');
DELETE FROM usage_log WHERE source = 'first' AND request_id IN ('7', '8');
SELECT usage_log_partition('2025-12-01');
CALL refresh_usage();});
is_exact('after late, moved and deleted rows');

# --- a corrected price: exact at once where it begins at a full hour, else refused until the next run
$node->safe_psql('postgres', "$path SELECT set_price('acme', 'acme-1', 'input', 2.5, valid_from => '2026-02-04 00:00Z')");
is_exact('after a price correction at a full hour');
$node->safe_psql('postgres', "$path SELECT set_price('acme', 'acme-2', 'input', 0.35, valid_from => '2026-02-06 07:08:09Z'), set_price('acme', 'acme-1', 'output', 27, above_input_tokens => 50000)");
my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$path SELECT sum(usd) FROM hourly_spend");
like($err, qr/IA005/, 'a row that a new price splits is refused');
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is_exact('after a price correction within an hour and a new context tier');

# --- a dump keeps attached sources and the rollup
$node->safe_psql('postgres', qq{$path
CREATE TABLE public.gateway AS SELECT at, request_id, model, 1000 + length(request_id) AS tokens FROM usage_log LIMIT 500;
SELECT attach_usage('gateway', 'public.gateway', '{"at": "at", "request_id": "request_id", "model": "model", "input": "tokens", "input_includes_cached": true, "team": {"value": "t9"}}');
CALL refresh_usage();});
is_exact('with an attached source');
my $totals = "$path SELECT count(*), sum(usage), spend(model, usage, at, service_tier, region) FROM usage_all UNION ALL SELECT sum(rows), sum(usage), sum(usd) FROM hourly_spend";
my $before = value("$totals");
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-Fc', '-f', $node->basedir . '/dump', $node->connstr('postgres') ], 'dump');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $node->basedir . '/dump' ], 'restore');
is($node->safe_psql('restored', $totals), $before, 'the restored database has the same logs, sources and rollup');
$node->safe_psql('restored', 'CALL inferacct.refresh_usage()');
is($node->safe_psql('restored', $totals), $before, 'and after a refresh too');
$node->safe_psql('restored', 'DROP EXTENSION inferacct CASCADE');

# --- a month is closed on what its rows say, whatever notes there are
sub is_refused
{
	my ($change, $what) = @_;
	value($change);
	value('DELETE FROM usage_change');
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$path SELECT close_month('2026-02-01');");
	like($err, qr/IA105: .* month 2026-02-01 is not complete/, "$what: the month is not closed");
	value("SELECT forget_usage('usage_log', '2030-01-01')");		# notes are gone: look at everything
	value('CALL refresh_usage()');
	is(value("SELECT unread_hours FROM close_month('2026-02-01')"), '0', "$what: after a refresh it is");
	value("SELECT reopen_month('2026-02-01')");
	return;
}
is(value("SELECT unread_hours FROM close_month('2026-02-01')"), '0', 'a month that is read is closed');
value("SELECT reopen_month('2026-02-01')");
is_refused("SELECT public.log(50001, 50001, 'late')", 'a late row');
is_refused("UPDATE usage_log SET usage = usage(5) WHERE request_id = '17'", 'a corrected row');
is_refused("UPDATE usage_log SET at = at + interval '1 hour' WHERE request_id = '18'", 'a moved row');
is_refused("DELETE FROM usage_log WHERE request_id = '19'", 'a deleted row');
is_refused("UPDATE public.gateway SET tokens = 7 WHERE request_id = '20'", 'a corrected row of a source');
is_refused(q(BEGIN; CREATE TABLE inferacct.copied (LIKE usage_log INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS); INSERT INTO inferacct.copied SELECT * FROM usage_log_2026_02;
	ALTER TABLE usage_log DETACH PARTITION usage_log_2026_02; ALTER TABLE usage_log ATTACH PARTITION inferacct.copied FOR VALUES FROM ('2026-02-01Z') TO ('2026-03-01Z'); COMMIT;), 'a swapped partition');
is_refused(q(SELECT detach_usage('gateway'); SELECT attach_usage('gateway', 'public.gateway', '{"at": "at", "request_id": "request_id", "model": "model", "input": "tokens", "input_includes_cached": true, "team": {"value": "t8"}}')), 'another mapping');
value("UPDATE usage_log SET usage = usage(6) WHERE request_id = '21'");
is(value("SELECT unread_hours FROM close_month('2026-02-01', force => true)"), '1', 'by force it is closed, and says how much is not read');
is(value("SELECT unread_hours FROM month_close"), '1', 'for good');
value("SELECT reopen_month('2026-02-01'); CALL refresh_usage()");
value('CREATE ROLE closer LOGIN; GRANT inferacct_admin TO closer');
my (undef, undef, $refusal) = $node->psql('postgres', "SET ROLE closer; $path SELECT close_month('2026-02-01');");
like($refusal, qr/not complete.*permission denied for table gateway/s, 'who may not read a source does not close, unless by force');
is(value("SET ROLE closer; SELECT unread_hours > 0 FROM close_month('2026-02-01', force => true)"), 't', 'which is told');

$node->stop;
done_testing();
