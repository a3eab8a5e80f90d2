# surface: what schema inferacct shows is what the docs explain, and the other way round.
#
# Invariants.  docs/reference.md lists every function, view, table, type and setting of
# callers, with its comment, and nothing else: it is what .ci/reference.sql prints.  Each
# function, view, table and setting is also told of on another page or in README.md; a
# type at least in the reference.  A name that a page shows as a function of ours, as a
# setting, or as a relation of the schema, is one.
use strict;
use warnings FATAL => 'all';
use utf8;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('surface');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION inferacct');

sub slurp
{
	my ($file) = @_;
	open(my $in, '<:encoding(UTF-8)', $file) or die "$file: $!";
	local $/;
	return scalar <$in>;
}

sub rows { return split /\n/, $node->safe_psql('postgres', "SET search_path = inferacct, inferacct_internal; LOAD 'inferacct'; $_[0]"); }

# The reference, and whether it is of this version.
my $printed = '';
IPC::Run::run(['psql', '-X', '-d', $node->connstr('postgres'), '-f', '.ci/reference.sql'], '>', \$printed) or die "no reference: $?";
utf8::decode($printed);
my $reference = slurp('docs/reference.md');
my %printed = map { $_ => 1 } split /\n/, $printed;
my %listed = map { $_ => 1 } split /\n/, $reference;
is(join("\n", grep { !$listed{$_} } split /\n/, $printed), '', 'docs/reference.md lacks nothing that the database says; make docs/reference.md writes it');
is(join("\n", grep { !$printed{$_} } split /\n/, $reference), '', 'and has nothing else');
ok($reference eq $printed, 'in the same order');

my %public = (
	function => [rows(q{SELECT DISTINCT proname FROM pg_proc AS p WHERE pronamespace = 'inferacct'::regnamespace
		AND EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') ORDER BY 1})],
	relation => [rows(q{SELECT relname FROM pg_class WHERE relnamespace = 'inferacct'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition ORDER BY 1})],
	setting => [rows(q{SELECT name FROM pg_settings WHERE name LIKE 'inferacct.%' ORDER BY 1})]);
my %is = map { my $kind = $_; ($kind => { map { $_ => 1 } @{ $public{$kind} } }) } keys %public;

# From names to pages.
my %page = map { $_ => slurp($_) } 'README.md', grep { $_ ne 'docs/reference.md' } glob 'docs/*.md';
my $told = join "\n", map { $page{$_} } sort keys %page;
for my $kind (sort keys %public)
{
	cmp_ok(scalar @{ $public{$kind} }, '>', 2, "there are public names of a $kind");
	is(join(' ', grep { $told !~ /(?<![\w.])(?:inferacct\.)?\Q$_\E(?!\w)/ } @{ $public{$kind} }), '', "every $kind is told of on a page");
}

# From pages to names.
my %known = map { $_ => 1 } rows(q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace IN ('inferacct'::regnamespace, 'pg_catalog'::regnamespace)}),
	'memcmp', 'fail';				# of C, and of those who write functions here (docs/conventions.md)
my $made_later = qr/^(?:lost_by_drop_extension|usage_log_\d\w*)$/;
my (@no_function, @no_setting, @no_relation);
for my $name (sort keys %page)
{
	push @no_function, "$name: $1()" while $page{$name} =~ /`(?:inferacct\.)?([a-z_][a-z0-9_]*)\(/g && !$known{$1};
	push @no_setting, "$name: $1" while $page{$name} =~ /\b(?:SET|RESET|SHOW)\s+(?:LOCAL\s+)?(inferacct\.[a-z_]+)/g && !$is{setting}{$1};
	push @no_relation, "$name: $1" while $page{$name} =~ /\binferacct\.([a-z_][a-z0-9_]*)\b(?!\()/g && $1 !~ $made_later && !$is{relation}{$1} && !$is{function}{$1} && !$is{setting}{"inferacct.$1"};
}
is(join("\n", @no_function), '', 'a function that a page shows is there');
is(join("\n", @no_setting), '', 'a setting that a page sets is there');
is(join("\n", @no_relation), '', 'a name of the schema that a page shows is there');

done_testing();
