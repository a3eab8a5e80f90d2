# pages: every code block of README.md, pricing/README.md and docs/ runs, in its
# order, in a database made as README says, and prints what the page shows.
#
# Invariants.  A block is sql, sh, json or text; an indented block is none of these
# and is refused.  sql and sh run; json is a catalog that loads; text is no code.  A
# block that is not run has a line <!-- not run: why --> above it, and is listed here:
# at most five.  Lines "--  a | b" after statements are the rows that these print, with
# "..." for what is left out.  A block that asks something gets an answer: on an empty
# log everything passes.
use strict;
use warnings FATAL => 'all';
use utf8;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my %not_run = (
	'README.md' => ['make demo', 'sudo apt-get install'],
	'docs/install.md' => ['sudo apt-get install', 'sudo make uninstall'],
	'docs/rollup.md' => ['SELECT cron.schedule']);

my $node = PostgreSQL::Test::Cluster->new('pages');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\nfsync = off\ntimezone = 'UTC'\n");
$node->start;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGOPTIONS} = '-c client_min_messages=warning';
delete $ENV{PGDATABASE};

sub slurp
{
	my ($file) = @_;
	open(my $in, '<:encoding(UTF-8)', $file) or die "$file: $!";
	local $/;
	return scalar <$in>;
}

# The blocks of a page: {line, language, text, why_not}.
sub blocks_of
{
	my ($page) = @_;
	my (@blocks, $block, $above);
	my $line = 0;
	my $before = '';
	for my $text (split /\n/, slurp($page))
	{
		$line++;
		if ($block)
		{
			if ($text =~ /^\s*```\s*$/) { push @blocks, $block; undef $block; }
			else { $block->{text} .= "$text\n"; }
		}
		elsif (my ($language) = $text =~ /^\s*```(.*)$/)
		{
			$block = { page => $page, line => $line, language => $language, text => '', why_not => $before =~ /^<!-- not run: (.+) -->$/ ? $1 : undef };
		}
		elsif ($text =~ /^(?:    |\t)\s*\S/ && $before eq '')
		{
			push @blocks, { page => $page, line => $line, language => 'indented', text => "$text\n" };
		}
		$before = $text;
	}
	die "$page: a block does not end" if $block;
	return @blocks;
}

sub bytes_of { my ($text) = @_; utf8::encode($text); return $text; }
sub name_of { my ($block) = @_; return "$block->{page}:$block->{line} $block->{language}"; }

# What a psql script prints, or undef.
my $said;
sub psql
{
	my ($database, $script) = @_;
	my ($out, $err) = ('', '');
	utf8::encode($script);
	my $ok = IPC::Run::run(['psql', '-X', '-q', '-A', '-t', '-F', ' | ', '-v', 'ON_ERROR_STOP=1', '-d', $database], '<', \$script, '>', \$out, '2>', \$err);
	utf8::decode($out);
	$said = $err;
	return ($ok, $out);
}

# A block in parts: statements, and the rows that they shall print.
sub parts_of
{
	my ($text) = @_;
	my (@parts, @rows);
	my $statements = '';
	for my $line (split /^/, $text)
	{
		if ($line =~ /^--  (.*)$/) { push @rows, $1; next; }
		if (@rows) { push @parts, [$statements, @rows]; $statements = ''; @rows = (); }
		$statements .= $line;
	}
	push @parts, [$statements, @rows];
	return @parts;
}

sub pattern_of { my ($row) = @_; return join('.*', map { quotemeta } split(/\.\.\./, $row, -1)); }

# Run the sql blocks of a page that follow each other in one session; the marks say what printed what.
sub run_sql
{
	my ($database, @blocks) = @_;
	my $script = '';
	my @parts;
	for my $block (@blocks)
	{
		for my $part (parts_of($block->{text}))
		{
			push @parts, [$block, @$part];
			$script .= "\\echo [[$#parts]]\n$part->[0]\n";
		}
	}
	$script .= "\\echo [[end]]\n";
	my ($ok, $out) = psql($database, $script);
	my %printed = $out =~ /\[\[(\w+)\]\]\n(.*?)(?=\[\[\w+\]\]\n|\z)/gs;
	my %failed;
	for my $i (0 .. $#parts)
	{
		my ($block, $statements, @rows) = @{$parts[$i]};
		my $name = name_of($block);
		my $next = $i == $#parts ? 'end' : $i + 1;
		my $printed = $printed{$i};
		if (!defined $printed{$next})
		{
			$failed{$name} = defined $printed ? "stopped with: $said" : 'was not reached';
			next;
		}
		my @printed = split /\n/, $printed;
		my $asked = $statements =~ s/^SELECT (?:touch_prices|grant_roles|protect_usage)\(\);//gmr;	# these give nothing
		$failed{$name} = "asks, and gets no answer:\n$printed" if $asked =~ /^\s*(?:SELECT|WITH)\b/im && $printed !~ /[^\s|]/;
		if (@rows)
		{
			my @last = @printed < @rows ? @printed : @printed[-@rows .. -1];
			my $shown = join("\n", map { pattern_of($_) } @rows);
			$failed{$name} = "shows\n" . join("\n", @rows) . "\nand prints\n" . join("\n", @last) unless join("\n", @last) =~ /^$shown$/;
		}
	}
	for my $block (@blocks)
	{
		my $name = name_of($block);
		ok(!exists $failed{$name}, $name) or diag(bytes_of($failed{$name}));
	}
}

my @pages = ('README.md', 'pricing/README.md', sort glob('docs/*.md'));
my @blocks = map { blocks_of($_) } @pages;

# What cannot run is marked, and listed above.
is_deeply([sort map { "$_->{page}: " . ($_->{text} =~ /^(.*)$/m)[0] } grep { $_->{why_not} } @blocks],
	[sort map { my $page = $_; my @begin = @{$not_run{$page}}; map { my $b = $_; my ($is) = grep { $_->{page} eq $page && $_->{why_not} && index($_->{text}, $b) == 0 } @blocks;
			"$page: " . ($is ? ($is->{text} =~ /^(.*)$/m)[0] : $b) } @begin } keys %not_run], 'the blocks that are not run are those that are listed');
cmp_ok(scalar(grep { $_->{why_not} } @blocks), '<=', 5, 'they are few');
is(join("\n", map { name_of($_) } grep { $_->{language} !~ /^(?:sql|sh|json|text)$/ } @blocks), '', 'every block says what it is');
is(join("\n", map { name_of($_) } grep { $_->{language} eq 'text' && $_->{text} =~ /;|^\s*(?:SELECT|INSERT|CALL|CREATE|WITH)\b/m } @blocks), '', 'what is called text is no code');

# The database is made as README says.
my ($setup) = grep { $_->{page} eq 'README.md' && $_->{language} eq 'sh' && $_->{text} =~ m{demo/load\.sql} } @blocks;
my ($out, $err) = ('', '');
ok($setup && IPC::Run::run(['bash', '-e', '-c', $setup->{text}], '>', \$out, '2>', \$err), 'README makes the database') or BAIL_OUT("demo/load.sql: $err");
is($err, '', 'without a word of trouble');
my $settings = $node->safe_psql('try', q{SELECT format('ALTER DATABASE try SET %s = %s;', split_part(s, '=', 1), CASE WHEN s LIKE 'search_path=%' THEN split_part(s, '=', 2) ELSE quote_literal(split_part(s, '=', 2)) END)
	FROM pg_db_role_setting, unnest(setconfig) AS s WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'try')});
$node->safe_psql('postgres', 'ALTER DATABASE try RENAME TO made');

for my $page (@pages)
{
	my @run = grep { $_->{page} eq $page && !$_->{why_not} && $_->{language} ne 'text' && $_ != $setup } @blocks;
	next unless @run;
	like(slurp($page), qr{psql -d try -f demo/load\.sql}, "$page says how to make its database");
	$node->safe_psql('postgres', 'CREATE DATABASE try TEMPLATE made');
	$node->safe_psql('postgres', $settings);
	while (@run)
	{
		my $block = shift @run;
		my $name = name_of($block);
		if ($block->{language} eq 'sql')
		{
			my @session = ($block);
			push @session, shift @run while @run && $run[0]{language} eq 'sql';
			run_sql('try', @session);
		}
		elsif ($block->{language} eq 'json')
		{
			ok(eval { decode_json($block->{text} =~ s/([^\x00-\x7f])/sprintf '\\u%04x', ord $1/ger) }, "$name is JSON") or diag($@);
			my ($ok, $loaded) = psql('try', "BEGIN; SELECT rejected FROM load_prices(\$json\$$block->{text}\$json\$); ROLLBACK;");
			is($ok && $loaded, "0\n", "$name loads") or diag($said);
		}
		else
		{
			($out, $err) = ('', '');
			ok(IPC::Run::run(['bash', '-e', '-c', $block->{text}], '>', \$out, '2>', \$err), $name) or diag($err);
		}
	}
	is($node->safe_psql('try', q{SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c WHERE c.relnamespace::regnamespace::text LIKE 'inferacct%' AND c.relkind IN ('r', 'v', 'm')
		AND c.relname <> 'lost_by_drop_extension' AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')}), '', "$page leaves nothing in the extension's schema");
	$node->safe_psql('postgres', 'DROP DATABASE try');
}

done_testing();
