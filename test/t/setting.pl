# No value of a setting, set in any way, stops a server, a connection or a query
# that does not price: the hooks look at the characters of the value alone.
# What the value means is found when a statement needs it, in workers as in the leader.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('setting');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nmax_parallel_workers = 2\njit = off\nrestart_after_crash = off");
$node->start;
my $force = $node->safe_psql('postgres', q(SELECT name FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode')));
$node->safe_psql('postgres', q(
CREATE EXTENSION inferacct;
CREATE ROLE reader LOGIN;
CREATE TABLE request AS SELECT i FROM generate_series(1, 5000) AS i;
GRANT SELECT ON request TO reader;
));

my $parallel = "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; "
	. "SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;";
my $load = 'SELECT inferacct.usage(1) IS NOT NULL;';
my $count = 'SELECT count(*) FROM request;';
my $horizon = 'SELECT DISTINCT inferacct_internal.price_horizon() FROM request WHERE i > 0;';

# What a session that starts so answers: that nothing stops it, and what it takes as_of for.
sub answers
{
	my ($what, $wanted, %how) = @_;
	my %connect = (
		on_error_stop => 0,
		extra_params => [ '-U', $how{user} // $node->safe_psql('postgres', 'SELECT current_user') ],
	);
	local $ENV{PGOPTIONS} = $how{options} // '';
	my $set = $how{set} // '';
	my ($rc, $out, $err) = $node->psql('postgres', "$load $set $parallel $count", %connect);
	is($rc, 0, "$what: the session lives") or diag($err);
	is($out, "t\n5000", "$what: its workers count") or diag($err);
	($rc, $out, $err) = $node->psql('postgres', "SET $force = on; $load $set $count", %connect);
	is($out, "t\n5000", "$what: a forced worker counts") or diag($err);
	($rc, $out, $err) = $node->psql('postgres', "$load $set $horizon", %connect);
	my $serial = "$out$err";
	like($serial, $wanted, "$what: what it means");
	($rc, $out, $err) = $node->psql('postgres', "$load $set $parallel $horizon", %connect);
	my $context = $err =~ s/\nCONTEXT:  parallel worker//r;
	is("$out$context", $serial, "$what: it means the same in workers");
}

# (15 itself says so of an unknown time zone)
my $refused = qr/^t\n?.*ERROR:  (invalid value for parameter "inferacct.as_of"|time zone "nowhere\/there" not recognized)/s;
my @values = (
	[ '2026-12-29T22:06:20Z', '', qr/2026-12-29 22:06:20\+00/ ],
	[ '2026-12-29 22:06:20 UTC', '', qr/2026-12-29 22:06:20\+00/ ],
	[ '2026-12-29 22:06 Asia/Tokyo', '', qr/2026-12-29 13:06:00\+00/ ],
	[ '2026-12-29 22:06 EST', '', qr/2026-12-30 03:06:00\+00/ ],
	[ '29 December 2026', '', qr/2026-12-29 00:00:00\+00/ ],
	[ '29/12/2026', q(SET datestyle = 'ISO, DMY';), qr/2026-12-29 00:00:00\+00/ ],
	[ '29/12/2026', q(SET datestyle = 'ISO, MDY';), $refused ],
	[ '2026-12-29 22:06 Nowhere/There', '', $refused ],
	[ '2026-13-45', '', $refused ],
	[ '2026-12-29', q(SET timezone = 'Asia/Tokyo';), qr/2026-12-29 00:00:00\+09/ ],
	[ '2026-12-29', '', qr/2026-12-29 00:00:00\+00/ ],
);
for my $case (@values)
{
	my ($value, $other, $wanted) = @$case;
	(my $escaped = $value) =~ s/ /\\ /g;
	answers("SET $value; $other", $wanted, set => "SET inferacct.as_of = '$value'; $other");
	answers("PGOPTIONS $value; $other", $wanted, set => $other, options => "-c inferacct.as_of=$escaped");
	$node->safe_psql('postgres', "ALTER ROLE reader SET inferacct.as_of = '$value'");
	answers("ALTER ROLE $value; $other", $wanted, set => $other, user => 'reader');
	$node->safe_psql('postgres', "ALTER ROLE reader RESET ALL");
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET inferacct.as_of = '$value'");
	answers("ALTER DATABASE $value; $other", $wanted, set => $other);
	$node->safe_psql('postgres', "ALTER DATABASE postgres RESET ALL");
}

# Of the server as a whole, with the library loaded by whoever needs it, by every session, and by the postmaster.
for my $case (@values[ 0, 3, 5, 8 ])
{
	my ($value, $other, $wanted) = @$case;
	for my $preload ('', "session_preload_libraries = 'inferacct'", "shared_preload_libraries = 'inferacct'")
	{
		$node->append_conf('postgresql.conf', "inferacct.as_of = '$value'\n$preload");
		$node->restart;
		answers("postgresql.conf $value, $preload; $other", $wanted, set => $other);
		$node->reload;
		answers("the same after a reload", $wanted, set => $other);
		PostgreSQL::Test::Utils::append_to_file($node->data_dir . '/postgresql.conf',
			"inferacct.as_of = ''\nsession_preload_libraries = ''\nshared_preload_libraries = ''\n");
	}
}
$node->restart;

# What moves, and what is no time, is told of wherever it comes from, and is not in force.
for my $value ('now', 'today', 'TOMORROW 12:00', 'yesterday', 'soon', 'infinity', 'epoch')
{
	my ($rc, $out, $err) = $node->psql('postgres', "$load SET inferacct.as_of = '$value'");
	isnt($rc, 0, "SET $value is refused");
	like($err, qr/invalid value for parameter "inferacct.as_of": "$value"\nDETAIL:  It must be a finite date and time/, 'and why');
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET inferacct.as_of = '$value'");
	($rc, $out, $err) = $node->psql('postgres', "$load $parallel $count SHOW inferacct.as_of");
	is($out, "t\n5000\n", "ALTER DATABASE SET $value: not in force");
	like($err, qr/WARNING:  invalid value for parameter "inferacct.as_of": "$value"/, 'and the session is told');
	$node->safe_psql('postgres', "ALTER DATABASE postgres RESET ALL");
}

# The other settings, too.
for my $setting ("inferacct.contract = 'Z'", "inferacct.unpriced = 'null'", "inferacct.unpriced = 'error'", "inferacct.guess = 'refuse'", "inferacct.stale_after = '5 weeks'")
{
	answers("SET $setting", qr/infinity/, set => "SET $setting;");
}

$node->stop;
done_testing();
