# Shipped price versions: a later release adds one, by ALTER EXTENSION UPDATE and by
# CREATE EXTENSION alike, and what was priced before is priced as before.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('shipped');
$node->init;
$node->start;
my $one = sub { $node->safe_psql(@_) };

# The release to come: its prices are those of today's, as version 1, and three more.
my $pricing = PostgreSQL::Test::Utils::tempdir;
mkdir "$pricing/released";
my $released = `bash .ci/shipped`;
like($released, qr/^SELECT inferacct_internal\.load_shipped_prices\(1, '(\d{4}-\d\d-\d\d) /, 'version 1 is pricing/');
my ($catalogs) = $released =~ /\$catalogs\$\n?(.*)\$catalogs\$/s;
append_to_file("$pricing/released/1_2026-11-30.json", $catalogs);
append_to_file("$pricing/released/2_2027-01-15.json", <<'JSON');
[{"inferacct": 1, "source": "later", "checked_on": "2027-01-15", "prices": [
	{"provider": "openai", "model": "gpt-4o", "valid_from": "2027-01-15", "usd": {"input": "2"}},
	{"provider": "laterco", "model": "later-1", "usd": {"input": "3"}}],
"aliases": [{"alias": "later-latest", "provider": "laterco", "model": "later-1", "valid_from": "2027-01-15"}]}]
JSON
append_to_file("$pricing/published_on", "2027-01-15\n");
my $later = `bash .ci/shipped 1 $pricing`;
unlike($later, qr/prices\(1,/, 'an update loads only what is new');
is(() = $later =~ /load_shipped_prices\(2, '2027-01-15/g, 1, 'and that once, though it is pricing/ as well');

my ($extension) = split /\n/, `find $ENV{SERVER_DIR}/stage -name inferacct.control -printf '%h\n'`;
my $install = slurp_file("$extension/inferacct--0.1.sql");
$install =~ s/^(?=-- shipped: after the price versions)/$later/m or die 'the install script has no place for prices';
append_to_file("$extension/inferacct--0.2.sql", $install);
append_to_file("$extension/inferacct--0.1--0.2.sql", $later);
END { unlink "$extension/inferacct--0.2.sql", "$extension/inferacct--0.1--0.2.sql" if $extension }

my $costs = q{SET search_path = inferacct, public;
	SELECT string_agg(c, ' ') FROM (SELECT token_cost(m, usage(1000000, 1000), at)::text AS c
		FROM unnest(ARRAY['openai/gpt-4o', 'anthropic/claude-sonnet-5', 'own/one']) AS m, unnest(ARRAY['2026-10-15', '2027-01-14 23:59']::timestamptz[]) AS at ORDER BY m, at) AS x};
my $digests = 'SELECT version, digest FROM inferacct.price_version WHERE version <= 1000 ORDER BY version';

$one->('postgres', 'CREATE DATABASE old');
$one->('old', q{CREATE EXTENSION inferacct; SELECT inferacct.set_price('own', 'one', 'input', 4), inferacct.set_price('own', 'one', 'output', 5);
	SELECT inferacct.set_price('openai', 'gpt-4o', 'output', 11, valid_from => '2026-12-01')});
my $before = $one->('old', $costs);
my $shipped = $one->('old', $digests);
like($shipped, qr/^1\|[0-9a-f]{64}$/, 'the shipped version is sealed');

$one->('old', q{ALTER EXTENSION inferacct UPDATE TO '0.2'});
is($one->('old', $costs), $before, 'an update leaves every price of before');
like($one->('old', $digests), qr/^\Q$shipped\E\n2\|[0-9a-f]{64}$/, 'version 1 is what it was, version 2 is there and sealed');
is($one->('old', 'SELECT count(*) FROM inferacct.verify_prices()'), 0, 'every version is as it was published');
is($one->('old', 'SELECT count(*) FROM inferacct.inferacct_check()'), 0, 'nothing is found wrong');
is($one->('old', q{SELECT inferacct.token_cost('openai/gpt-4o', inferacct.usage(1000000, 0), '2027-02-01')::float}), 2, 'the new price holds from its day on');
is($one->('old', q{SELECT inferacct.token_cost('later-latest', inferacct.usage(1000000, 0), '2027-02-01')::float}), 3, 'a new model and its alias are there');
is($one->('old', q{SELECT inferacct.set_price('own', 'two', 'input', 1) > 1002}), 't', 'versions of the database go on');
my ($rc, undef, $error) = $node->psql('old', q{SELECT inferacct_internal.load_shipped_prices(3, '2027-02-01', '[]')});
like($error, qr/version 3 cannot be opened/, 'nobody else loads a shipped version');

$one->('postgres', 'CREATE DATABASE new');
$one->('new', q{CREATE EXTENSION inferacct VERSION '0.2'});
is($one->('new', $digests), $one->('old', $digests), 'CREATE EXTENSION and ALTER EXTENSION UPDATE ship the same');

# A dump of the old one, restored where the later release is installed.
$one->('postgres', 'CREATE DATABASE aged; CREATE DATABASE restored');
$one->('aged', q{CREATE EXTENSION inferacct; SELECT inferacct.set_price('own', 'one', 'input', 4), inferacct.set_price('own', 'one', 'output', 5);
	SELECT inferacct.set_price('openai', 'gpt-4o', 'output', 11, valid_from => '2026-12-01')});
is($one->('aged', $costs), $before, 'as it was before');
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump.sql';
$node->command_ok(['pg_dump', '-f', $dump, '-d', $node->connstr('aged')], 'a dump');
my $text = slurp_file($dump);
$text =~ s/(CREATE EXTENSION IF NOT EXISTS inferacct WITH SCHEMA inferacct)/$1 VERSION '0.2'/ or die 'no CREATE EXTENSION in the dump';
append_to_file("$dump.later", $text);
$node->command_ok(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.later", '-d', $node->connstr('restored')], 'is restored into the later release');
is($one->('restored', $costs), $before, 'and prices as before');
is($one->('restored', $digests), $one->('new', $digests), 'with the versions of the later release');
is($one->('restored', 'SELECT count(*) FROM inferacct.verify_prices()'), 0, 'each as it was published');

done_testing();
