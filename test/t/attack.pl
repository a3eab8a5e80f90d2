# Every attack of test/attack, each in a database of its own.
#
# An attack is a file: sections, each by a role and in a session of its own, and
# at the end what it would have done.
#
#   -- @empty                    the database has no extension yet
#   -- @ROLE [SQLSTATE] [open]   what ROLE does: it has to end in SQLSTATE, 00000 when
#                                none is named; the session stays open with `open`
#   -- @harm                     a query by the owner: t when the attack succeeded
#
# Roles: owner (a superuser, who owns the extension), mallory (LOGIN, nothing
# else), litellm (likewise, for who owns an attached table), builder (may create in
# the database), finops (in inferacct_admin).  A name that is not there is no
# defence: 42883, 3F000, 42P01 and 42704 fail wherever they come up.
#
# test/attack/not_mended lists those that still succeed.  It has to be empty; one
# that is in it and no longer succeeds fails, too.
#
# Each attack has to have succeeded once.  ATTACK_MUST_SUCCEED=1 asks for that and
# for no SQLSTATE; ATTACK_INTERNAL names the schema of internal names.  Against
# commit 7352aa8, which had all of them in inferacct (2026-11-29, PostgreSQL 15.20):
#   git worktree add /tmp/old 7352aa8
#   ATTACK_EXTENSION=/tmp/old ATTACK_MUST_SUCCEED=1 ATTACK_INTERNAL=inferacct make attack
# runs this file's attacks against the build of /tmp/old: every one of them succeeded.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $internal = $ENV{ATTACK_INTERNAL} || 'inferacct_internal';
my $must_succeed = $ENV{ATTACK_MUST_SUCCEED};
my $only = $ENV{ATTACKS} || '.';
my %no_defence = map { $_ => 1 } qw(42883 3F000 42P01 42704);

my $node = PostgreSQL::Test::Cluster->new('attack');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nautovacuum = off\nfsync = off\n");
$node->start;

# For what a section starts by itself (pg_dump).
local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{ATTACK_DIR} = $node->basedir;

$node->safe_psql('postgres', 'CREATE DATABASE prepared');
$node->safe_psql('prepared', 'CREATE EXTENSION inferacct');

my %role = (
	mallory => 'LOGIN',
	litellm => 'LOGIN',
	builder => 'LOGIN; GRANT CREATE ON DATABASE attacked TO builder',
	finops => 'LOGIN IN ROLE inferacct_admin',
);

# The sections of a file: [who, SQLSTATE, open, SQL].
sub sections
{
	my ($text) = @_;
	my @sections;
	for (split /^(?=-- @)/m, $text)
	{
		next unless s/^-- \@(\w+)(?: (\w{5}))?( open)?\n//;
		push @sections, [ $1, $2 // '00000', $3, $_ ];
	}
	return @sections;
}

# One role's part.  Returns how it ended, and the session when it stays open.
sub act
{
	my ($who, $sql) = @_;
	my @as = $who eq 'owner' ? () : ('-U', $who);
	my $session = $node->background_psql('attacked', on_error_stop => 0,
		extra_params => [ @as, '-v', "internal=$internal", '-v', 'VERBOSITY=sqlstate' ]);
	my $output = $session->query($sql);
	my @errors = $session->{stderr} =~ /(?:ERROR|FATAL):  (\w{5})/g;
	$session->{stderr} = '';
	return ($session, $output, @errors ? @errors : '00000');
}

sub attack
{
	my ($name, $still_succeeds, $text) = @_;
	my @sections = sections($text);
	my $empty = grep { $_->[0] eq 'empty' } @sections;
	my $harm = '';
	my @open;
	$node->safe_psql('postgres', 'CREATE DATABASE attacked' . ($empty ? '' : ' TEMPLATE prepared'));
	$node->safe_psql('postgres', "CREATE ROLE $_ $role{$_}") for keys %role;
	local $ENV{PGDATABASE} = 'attacked';
	for my $section (grep { $_->[0] ne 'empty' } @sections)
	{
		my ($who, $expected, $open, $sql) = @$section;
		if ($who eq 'harm')
		{
			(my $session, $harm) = act('owner', $sql);
			push @open, $session;
			next;
		}
		my ($session, undef, @ended) = act($who, $sql);
		if ($open) { push @open, $session } else { $session->quit }
		next if $must_succeed;
		my ($gone) = grep { $no_defence{$_} } @ended;
		is($gone // $ended[0], $expected, "$name: $who ends in $expected") unless $still_succeeds;
	}
	$_->quit for @open;
	$harm =~ s/\s+//g;
	is($harm, $still_succeeds ? 't' : 'f', $name . ($still_succeeds ? ' still succeeds' : ' does no harm'));
	for my $database ($node->safe_psql('postgres', q(SELECT datname FROM pg_database WHERE datname LIKE 'attacked%')) =~ /\w+/g)
	{
		$node->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)");
	}
	$node->safe_psql('postgres', "DROP ROLE $_") for keys %role;
	return;
}

my %listed = map { $_ => 1 } slurp_file('test/attack/not_mended') =~ /\S+/g;
diag('not mended yet: ' . join(' ', sort keys %listed)) if %listed && !$must_succeed;
for my $file (sort glob 'test/attack/*.sql')
{
	my ($name) = $file =~ m{([^/]+)\.sql$};
	my $known = delete $listed{$name};
	next unless $name =~ /$only/;
	attack($name, $must_succeed || $known, slurp_file($file));
}
is(join(' ', sort keys %listed), '', 'not_mended lists no attack that is not there') if $only eq '.';
$node->stop;
done_testing();
