# Whatever is killed, cancelled, filled up or deadlocked while sessions write the
# log, prices and books: afterwards nothing is half done, the next refresh makes
# the rollup equal to the rows to the last digit, and closed months are as booked.
# Among what writes the log is a subscription, which applies what another database has.
#
# FAULT_ROUNDS: how many rounds (one of each kind); FAULT_SEED repeats what the
# sessions do, not how they interleave; FAULT_DISK: an empty directory on a small
# file system of its own, that can be filled (`make faults` makes one, as root).
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

my @kinds = qw(kill stop cancel terminate full deadlock);
my $rounds = $ENV{FAULT_ROUNDS} // @kinds;
my $seed = $ENV{FAULT_SEED} // int(rand(1_000_000));
my $disk = $ENV{FAULT_DISK} // '';
diag("seed $seed, $rounds rounds");

my $node = PostgreSQL::Test::Cluster->new('faults');
$node->init(allows_streaming => 'logical', extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off\nrestart_after_crash = on\ndeadlock_timeout = 50ms\n"
	. "log_statement = none\nshared_buffers = 64MB\nmin_wal_size = 4MB\nmax_wal_size = 64MB\nmax_connections = 20\nwal_retrieve_retry_interval = 100ms\n");
$node->start;

sub sql { return $node->safe_psql('postgres', "SET search_path = public, inferacct, inferacct_internal;\n" . join("\n", @_)); }
sub one_of { return $_[ int(rand(@_)) ]; }

# ---------------------------------------------------------------------------
# The database
# ---------------------------------------------------------------------------

my $first_day = '2026-09-01';
my $hours = 60 * 24;
my @models = map { "faulty/model-$_" } 0 .. 3;

sub at { return sprintf("timestamptz '%s' + interval '%d seconds'", $first_day, int(rand($hours * 3600))); }
sub usage { return sprintf('usage(%d, %d, cache_read => %d)', int(rand(300_000)), int(rand(5000)), int(rand(1000))); }

$node->safe_psql('postgres', q(CREATE EXTENSION inferacct));
sql("SELECT set_price('faulty', 'model-' || m, meter, 1 + m, '-infinity') FROM generate_series(0, 3) AS m, unnest(ARRAY['input', 'output', 'cache_read']) AS meter;",
	"SELECT usage_log_partition('$first_day');",
	"CREATE TABLE tool_log (id text, at timestamptz, model text, tokens_in bigint, tokens_out bigint, team text, usd numeric);",
	"INSERT INTO tool_log SELECT n::text, timestamptz '$first_day' + n * interval '20 minutes', 'faulty/model-' || n % 4, n, n % 7, 'team ' || n % 3, n * 1e-6 FROM generate_series(1, 2000) AS n;",
	"SELECT attach_usage('tool', 'tool_log', '{\"at\": \"at\", \"request_id\": \"id\", \"model\": \"model\", \"input\": \"tokens_in\", \"output\": \"tokens_out\", \"team\": \"team\", \"provider_usd\": \"usd\", \"input_includes_cached\": false}');",
	"INSERT INTO usage_log (at, usage, model, source, request_id, team, tenant, api_key) SELECT timestamptz '$first_day' + n * interval '15 minutes', usage(n, n % 11), 'faulty/model-' || n % 4, 'app', n::text, 'team ' || n % 5, 'tenant ' || n % 2, 'key ' || n % 7 FROM generate_series(1, 5000) AS n;",
	"INSERT INTO usage_dimension (name, log_column, keep) VALUES ('key', 'api_key', 12);");
sql(q(CALL refresh_usage(chunk => '90 days')));

# The log of another database comes by logical replication; its root has no key, so whole rows are published.
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', "CREATE EXTENSION inferacct; ALTER TABLE inferacct.usage_log REPLICA IDENTITY FULL; ALTER TABLE inferacct.usage_log_default REPLICA IDENTITY FULL; CREATE PUBLICATION log FOR TABLE inferacct.usage_log WITH (publish_via_partition_root = true)");
$node->safe_psql('elsewhere', q(SELECT pg_create_logical_replication_slot('log', 'pgoutput')));
$node->safe_psql('postgres', "CREATE SUBSCRIPTION log CONNECTION '" . $node->connstr('elsewhere') =~ s/'/''/gr . "' PUBLICATION log WITH (create_slot = false, slot_name = 'log', copy_data = false)");

if ($disk ne '')
{
	mkdir "$disk/tablespace" or die "$disk: $!";
	sql("CREATE TABLESPACE small LOCATION '$disk/tablespace';");
	sql("ALTER TABLE $_ SET TABLESPACE small;") for qw(usage_hourly usage_monthly usage_daily booked_usage usage_log_2026_09);
}

# ---------------------------------------------------------------------------
# What sessions do
# ---------------------------------------------------------------------------

my $request = 0;

sub change
{
	my $part = int(rand(97));
	my $of = sub { return "abs(hashtext($_[0])) % 97 = $part" };
	return one_of(
		sub { my $n = 1 + int(rand(40)); return "INSERT INTO usage_log (at, usage, model, source, request_id, team, api_key) SELECT " . at() . " + i * interval '7 minutes', " . usage() . ", '" . one_of(@models) . "', 'fault', '" . ++$request . "-' || i, 'team ' || i % 5, 'key ' || (" . int(rand(30)) . " + i % 5) FROM generate_series(1, $n) AS i;" },
		sub { return "UPDATE usage_log SET usage = " . usage() . " WHERE " . $of->('request_id') . ";" },
		sub { return "UPDATE usage_log SET at = at + interval '3 hours', team = 'moved' WHERE " . $of->('request_id') . " AND at < timestamptz '$first_day' + interval '50 days';" },
		sub { return "UPDATE usage_log SET tenant = 'tenant ' || abs(hashtext(request_id)) % 3, api_key = 'key " . int(rand(40)) . "' WHERE " . $of->('request_id') . ";" },
		sub { return "DELETE FROM usage_log WHERE " . $of->('request_id') . ";" },
		sub { return "DELETE FROM usage_log_2026_09 WHERE " . $of->('request_id') . ";" },
		sub { return "DELETE FROM usage_log WHERE date_trunc('hour', at) = date_trunc('hour', " . at() . ");" },
		sub { return "SET session_replication_role = replica; UPDATE usage_log SET usage = " . usage() . " WHERE " . $of->('request_id') . "; RESET session_replication_role;" },
		sub { return "INSERT INTO tool_log SELECT 'f' || i, " . at() . ", '" . one_of(@models) . "', " . int(rand(1e6)) . ", i, NULL, i * 1e-9 FROM generate_series(1, 20) AS i;" },
		sub { return "UPDATE tool_log SET tokens_in = tokens_in + 1, usd = usd * 1.0000001 WHERE " . $of->('id') . ";" },
		sub { return "DELETE FROM tool_log WHERE " . $of->('id') . ";" })->();
}

# What a database elsewhere writes, and a subscription applies here.
sub publish
{
	my $of = 'abs(hashtext(request_id)) % 11 = ' . int(rand(11));
	return one_of(
		sub { return "INSERT INTO usage_log (at, usage, model, source, request_id, team, api_key) SELECT " . at() . " + i * interval '7 minutes', " . usage() . ", '" . one_of(@models) . "', 'elsewhere', '" . ++$request . "-' || i, 'team ' || i % 5, 'key ' || (" . int(rand(30)) . " + i % 5) FROM generate_series(1, " . (1 + int(rand(40))) . ") AS i;" },
		sub { return "UPDATE usage_log SET usage = " . usage() . " WHERE $of;" },
		sub { return "UPDATE usage_log SET at = at + interval '3 hours', team = 'moved' WHERE $of AND at < timestamptz '$first_day' + interval '50 days';" },
		sub { return "DELETE FROM usage_log WHERE $of;" })->();
}

# A partition that was corrected as a copy takes the place of the one that it was copied from.
sub swap
{
	return "BEGIN; LOCK TABLE usage_log IN ACCESS EXCLUSIVE MODE; CREATE TABLE inferacct.usage_log_staged (LIKE usage_log INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS);"
		. " INSERT INTO inferacct.usage_log_staged SELECT * FROM usage_log_2026_09; UPDATE inferacct.usage_log_staged SET usage = " . usage() . " WHERE abs(hashtext(request_id)) % 31 = " . int(rand(31)) . ";"
		. " ALTER TABLE usage_log DETACH PARTITION usage_log_2026_09; DROP TABLE usage_log_2026_09; ALTER TABLE inferacct.usage_log_staged RENAME TO usage_log_2026_09;"
		. " ALTER TABLE usage_log_2026_09 ADD PRIMARY KEY (source, request_id, at, tenant); CREATE INDEX ON usage_log_2026_09 USING brin (at);"
		. " ALTER TABLE usage_log ATTACH PARTITION usage_log_2026_09 FOR VALUES FROM ('2026-09-01Z') TO ('2026-10-01Z'); " . one_of('COMMIT;', 'COMMIT;', 'ROLLBACK;');
}

# Another mapping under the name of a source.
sub remap
{
	my $output = one_of('tokens_out', 'tokens_in');
	return qq(BEGIN; SELECT detach_usage('tool'); SELECT attach_usage('tool', 'tool_log', '{"at": "at", "request_id": "id", "model": "model", "input": "tokens_in", "output": "$output", "team": "team", "provider_usd": "usd", "input_includes_cached": false}'); COMMIT;);
}

sub month { return one_of("'2026-09-01'", "'2026-10-01'"); }

my %session = (
	publisher => \&publish,
	writer => sub { return one_of(
		sub { return change() },
		sub { return "BEGIN; " . change() . " SAVEPOINT s; " . change() . ' ' . one_of('ROLLBACK TO s;', 'RELEASE s;') . ' ' . one_of('COMMIT;', 'COMMIT;', 'ROLLBACK;') })->() },
	refresher => sub { return one_of(
		sub { return "CALL refresh_usage(chunk => interval '" . (1 + int(rand(200))) . " hours', drop_missing => " . one_of('true', 'false') . ");" },
		sub { return "CALL refresh_usage('tool');" },
		sub { return 'SELECT compact_usage(' . one_of('false', 'true') . ');' },
		sub { return "SELECT forget_usage('usage_log', " . at() . ", " . at() . ");" })->() },
	booker => sub { return one_of(
		sub { return "SELECT close_month(" . month() . ", force => " . one_of('true', 'false') . ");" },
		sub { return "SELECT note_changes('tool', " . one_of('true', 'true', 'false') . ");" },
		sub { return "SELECT reopen_month(" . month() . ");" },
		sub { return "SELECT usage_log_partition(" . month() . ");" },
		\&swap, \&remap,
		sub { return "SELECT * FROM month_close;" })->() },
	pricer => sub { return one_of(
		sub { return "SELECT set_price('faulty', 'model-" . int(rand(4)) . "', 'input', " . int(rand(100)) . " * 0.0625, date_trunc('hour', " . at() . "));" },
		sub { return "SELECT set_price('faulty', 'model-" . int(rand(4)) . "', 'output', " . int(rand(1000)) . " * 0.001, " . at() . ");" },
		sub { return "BEGIN; INSERT INTO price (provider, model, meter, usd, above_input_tokens) VALUES ('faulty', 'model-" . int(rand(4)) . "', 'input', " . int(rand(9)) . ", " . (1000 * int(rand(300))) . "); "
				. "INSERT INTO model_alias (alias, provider, model) VALUES ('alias-" . ++$request . "', 'faulty', 'model-1'); " . one_of('COMMIT;', 'COMMIT;', 'ROLLBACK;') })->() },
);

# From a file and into files, so that it runs by itself.
my $sessions = 0;

sub begin_session
{
	my ($name, @lines) = @_;
	my $file = $node->basedir . '/session' . ++$sessions;
	append_to_file($file, join("\n", "SET application_name = 'fault $name'; SET search_path = public, inferacct, inferacct_internal; SET client_min_messages = warning;", @lines, ''));
	return { err => "$file.err",
		run => IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=0', '-f', $file, '-d', $node->connstr($name =~ /^publisher/ ? 'elsewhere' : 'postgres') ], '<', \undef, '>', "$file.out", '2>', "$file.err") };
}

sub begin_sessions
{
	return map { my $name = $_; begin_session($name, map { ($session{$name}->(), 'SELECT FROM pg_sleep(' . rand(0.03) . ');') } 1 .. 20 + int(rand(20))) }
		qw(writer writer refresher refresher booker pricer publisher);
}

# The errors that sessions met.
sub end_sessions
{
	my @sessions = @_;
	IPC::Run::finish($_->{run}) for @sessions;
	return join('', map { slurp_file($_->{err}) } @sessions);
}

# ---------------------------------------------------------------------------
# What happens to them
# ---------------------------------------------------------------------------

sub at_work { return split /\n/, $node->safe_psql('postgres', q(SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'fault %' ORDER BY pid)); }

# The process that applies what is published, if it is there.
sub applier { return split /\n/, $node->safe_psql('postgres', q(SELECT pid FROM pg_stat_subscription WHERE pid IS NOT NULL)); }

# All that was published is applied.
sub wait_for_applied { $node->wait_for_catchup('log'); return; }

sub wait_for_server { $node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back'; return; }

# Each gives how many sessions it met.
my %fault = (
	kill => sub {
		my @pids = at_work();
		kill 'KILL', one_of(@pids, applier()) if @pids;
		usleep(50_000);
		wait_for_server();
		return scalar @pids;
	},
	stop => sub { my @pids = at_work(); $node->stop('immediate'); $node->start; return scalar @pids; },
	cancel => sub {
		my $met = 0;
		for (1 .. 6) { for (grep { rand() < 0.6 } at_work()) { sql("SELECT pg_cancel_backend($_);"); $met++; } sql("SELECT pg_cancel_backend($_);") for applier(); usleep(int(rand(80_000))); }
		return $met;
	},
	terminate => sub {
		my $met = 0;
		for (1 .. 2) { for (grep { rand() < 0.5 } at_work()) { sql("SELECT pg_terminate_backend($_);"); $met++; } sql("SELECT pg_terminate_backend($_);") for applier(); usleep(int(rand(80_000))); }
		return $met;
	},
);

# A file that takes all that is left of the small file system, but for some pages.
sub fill_disk
{
	open my $filler, '>', "$disk/filler" or die $!;
	$filler->autoflush(1);
	1 while syswrite($filler, 'x' x 8192);
	truncate $filler, (-s $filler) - 8192 * int(rand(8));
	close $filler;
	return;
}

# No file of a session that begins now grows beyond this: the error is EFBIG and not ENOSPC, at the same places.
sub limit_files
{
	my ($bytes) = @_;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	return system("prlimit --pid $postmaster --fsize=$bytes:unlimited") == 0;
}

sub one_round
{
	my ($kind) = @_;

	if ($kind eq 'full')
	{
		my $size = $node->safe_psql('postgres', q(SELECT greatest(1200000, pg_relation_size('inferacct_internal.usage_hourly'))));
		if ($disk ne '') { fill_disk(); }
		elsif (!limit_files($size + 8192 * int(rand(8)))) { note('disk full: not run: there is no prlimit'); return; }
		my $rows = int($size / 40) + 100000;		# more than the limit leaves room for, however large the rollup has grown
		my $errors = end_sessions(begin_sessions(), begin_session('filler', "BEGIN; INSERT INTO usage_log (at, usage, model, source, request_id) SELECT timestamptz '$first_day' + i * interval '1 second', usage(i), 'faulty/model-1', 'filler', i::text FROM generate_series(1, $rows) AS i; ROLLBACK;", map { "UPDATE usage_log SET usage = usage(1, 2) WHERE request_id < '$_'; UPDATE tool_log SET tokens_in = 1 WHERE id < '$_'; CALL refresh_usage(chunk => '90 days');" } 1 .. 5));
		if ($disk ne '') { unlink "$disk/filler" or die $!; }
		else { limit_files('unlimited'); }
		like($errors, qr/No space left on device|File too large/, 'the disk was full');
	}
	elsif ($kind eq 'deadlock')
	{
		# A refresh holds its origin and wants the rows, the other holds the rows and wants the origin.
		sql(q(UPDATE usage_log SET usage = usage(3, 4) WHERE abs(hashtext(request_id)) % 3 = 0;));
		my $is_waited_for = q(DO $$ BEGIN FOR i IN 1 .. 500 LOOP
			EXIT WHEN EXISTS (SELECT FROM pg_locks AS w JOIN pg_locks AS h USING (pid) WHERE w.relation = 'inferacct.usage_log'::regclass AND NOT w.granted AND h.locktype = 'advisory' AND h.granted);
			PERFORM pg_sleep(0.01); END LOOP; END $$;);
		my $deadlock = begin_session('deadlock', "BEGIN; LOCK TABLE usage_log IN ACCESS EXCLUSIVE MODE; $is_waited_for SELECT forget_usage('usage_log', " . at() . ", 'infinity'); COMMIT;");
		$node->poll_query_until('postgres', q(SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'inferacct.usage_log'::regclass AND mode = 'AccessExclusiveLock' AND granted))) or die 'no lock';
		my $errors = end_sessions($deadlock, begin_session('refresher', map { "CALL refresh_usage('usage_log', chunk => '20 days');" } 1 .. 4), begin_sessions());
		like($errors, qr/deadlock detected/, 'there was a deadlock');
	}
	else
	{
		my @sessions = begin_sessions();
		$node->poll_query_until('postgres', q(SELECT count(*) >= 4 FROM pg_stat_activity WHERE application_name LIKE 'fault %')) or die 'no sessions';
		usleep(int(rand(400_000)));
		my $met = $fault{$kind}->();
		note("$met sessions met");
		ok($kind eq 'stop' || $met > 0, 'sessions were at work');
		end_sessions(@sessions);
	}
	return;
}

# ---------------------------------------------------------------------------
# What must hold
# ---------------------------------------------------------------------------

my $by_hour = q(SELECT origin, hour, tenant, source, model, service_tier, region, provider, team, project, status, dimensions, %s AS rows, sum(usage) AS usage, sum(provider_usd) AS provider_usd FROM %s GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
my $of_rows = sprintf($by_hour, 'count(*)', q((SELECT CASE WHEN source = 'tool' THEN 'tool' ELSE 'usage_log' END AS origin, hour_of(at) AS hour, *,
	jsonb_build_object('key', CASE WHEN api_key IS NULL OR EXISTS (SELECT FROM usage_dimension_value AS k WHERE k.month = month_of(at) AND k.value = api_key AND NOT k.is_tail) THEN api_key ELSE 'other' END) AS dimensions FROM usage_all) AS l));
my $of_rollup = sprintf($by_hour, 'sum(rows)::bigint', 'usage_hourly');

# Everything is read.  What is written from now on, while others refresh, is known by its notes.
sub check_notes
{
	my ($what) = @_;
	end_sessions(begin_session('publisher', map { publish() } 1 .. 5), (map { begin_session("writer $_", map { change() } 1 .. 5) } 1 .. 3), map { begin_session("refresher $_", ("CALL refresh_usage('usage_log');") x 4) } 1 .. 2);
	wait_for_applied();
	is(sql('SELECT notes_suffice()'), 't', "$what: notes tell what has changed");
	sql("CALL refresh_usage('usage_log');");
	my $later = q(WHERE origin = 'usage_log' AND hour >= (SELECT hour_of(min(at)) FROM usage_log));
	is(sql("SELECT * FROM (($of_rows EXCEPT ALL $of_rollup) UNION ALL ($of_rollup EXCEPT ALL $of_rows)) AS d $later LIMIT 5;"), '', "$what: and the rollup is the sum of the rows");
	return;
}

sub check
{
	my ($what) = @_;
	is(sql(q(SELECT * FROM inferacct_check();)), '', "$what: nothing is half done");
	is(sql(q(SELECT month, (reproduce_month(month)).* FROM closed_month WHERE NOT (reproduce_month(month)).reproduced;)), '', "$what: closed months are as booked");
	is(sql('SELECT count(*) FROM open_version'), '0', "$what: no version is open");
	wait_for_applied();
	my $done = eval { sql(q(CALL refresh_usage(chunk => '30 days', drop_missing => true))); 1 };
	ok($done, "$what: the next refresh goes on") or diag($@);
	is(sql("($of_rows EXCEPT ALL $of_rollup) UNION ALL ($of_rollup EXCEPT ALL $of_rows) LIMIT 5;"), '', "$what: the rollup is the sum of the rows");
	my $spent = q(SELECT m.usd = r.usd AND d.usd = r.usd FROM (SELECT sum(usd) FROM monthly_spend) AS m(usd), (SELECT sum(usd) FROM daily_spend) AS d(usd), (SELECT spend(model, usage, at, service_tier, region) FROM usage_all) AS r(usd););
	is(sql($spent), 't', "$what: and costs what they cost, to the last digit");
	sql('SELECT compact_usage();');
	is(sql($spent), 't', "$what: also by month and day");
	is(sql(q(SELECT * FROM inferacct_check();)), '', "$what: and fits together");
	check_notes($what);
	sql('VACUUM;');			# so that a small disk holds many rounds
	return;
}

check('before');
for my $round (1 .. $rounds)
{
	srand($seed + $round);
	my $kind = $kinds[ ($round - 1) % @kinds ];
	one_round($kind);
	check("round $round, $kind, seed $seed");
}

isnt(sql(q(SELECT count(*) FROM usage_log WHERE source = 'elsewhere')), '0', 'rows from elsewhere were applied');
$node->stop;
done_testing();
