# ownership: what users do with their relations, and with the extension, across
# transactions, dumps and databases.  (Every command by itself: test/pgtap/ownership.sql.)
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('ownership');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\ntimezone = 'America/New_York'\n");
$node->start;

my $path = 'SET search_path = inferacct, inferacct_internal, public;';
my $map = q({"at": "at", "request_id": "id", "model": "model", "input": "n", "input_includes_cached": false, "team": "team"});

sub value
{
	my ($sql, $database) = @_;
	return $node->safe_psql($database // 'postgres', "$path $sql");
}

# What a statement says on the way, and whether it succeeds.
sub says
{
	my ($sql, %more) = @_;
	my ($rc, $out, $err) = $node->psql($more{database} // 'postgres', "\\set VERBOSITY verbose\n$path $sql", on_error_stop => 1);
	return ($rc, $err);
}

# The rollup of a source is what its rows are.
sub is_exact
{
	my ($what, $database) = @_;
	my $sums = 'source, sum(rows), sum(usage), rollup_spend(model, usage, first_at, last_at, min_input, max_input, aggregated, service_tier, region) FROM usage_hourly GROUP BY 1 ORDER BY 1';
	my $rows = value('SELECT source, count(*), sum(usage), spend(model, usage, at, service_tier, region) FROM usage_all GROUP BY 1 ORDER BY 1', $database);
	isnt($rows, '', "$what: there are rows");
	is(value("SELECT $sums", $database), $rows, "$what: rollup = rows");
}

$node->safe_psql('postgres', qq{
CREATE ROLE litellm LOGIN;
CREATE ROLE finops LOGIN;
CREATE EXTENSION inferacct;
$path
SELECT set_price('own', 'own-m', 'input', 1), set_price('own', 'own-m', 'cache_read', 0.5), set_price('own', 'own-m', 'output', 2);
CREATE SCHEMA llm AUTHORIZATION litellm;
SET ROLE litellm;
CREATE TABLE llm.g (gone int, id int, at timestamptz, model text, n int, c int, team text);
ALTER TABLE llm.g DROP COLUMN gone;
INSERT INTO llm.g SELECT n, timestamptz '2026-03-01Z' + n * interval '7 minutes', 'own-m', n, n / 2, 'red' FROM generate_series(1, 2000) AS n;
CREATE TABLE llm.h (id int, at timestamptz, model text, n int, team text);
INSERT INTO llm.h VALUES (1, '2026-03-05Z', 'own-m', 100, 'blue');
RESET ROLE;
SELECT attach_usage('g', 'llm.g', '$map'), attach_usage('h', 'llm.h', '$map');
CALL refresh_usage();});
is_exact('as attached');

# --- a broken source: the others go on, and its hours stay
$node->safe_psql('postgres', 'SET ROLE litellm; ALTER TABLE llm.g RENAME COLUMN n TO tokens; ALTER TABLE llm.g RENAME TO calls; INSERT INTO llm.calls SELECT id + 5000, at, model, tokens, c, team FROM llm.calls LIMIT 50');
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is_exact('a renamed table and column');
my $before = value(q(SELECT sum(rows), sum(usage) FROM usage_hourly WHERE origin = 'g'));
my ($rc, $err) = says('SET ROLE litellm; ALTER TABLE llm.calls DROP COLUMN team CASCADE; RESET ROLE; INSERT INTO llm.h VALUES (2, \'2026-03-06Z\', \'own-m\', 50, \'blue\'); CALL refresh_usage();');
is($rc, 0, 'a column is dropped, and refresh_usage() goes on');
like($err, qr/WARNING:.*source "g" is left out: column "team" of its relation llm\.calls was dropped/, 'with a WARNING');
like($err, qr/HINT:.*attach_usage\('g', 'llm\.calls'/, 'and what to do');
is(value(q(SELECT sum(rows), sum(usage) FROM usage_hourly WHERE origin = 'g')), $before, 'its hours stay');
is(value(q(SELECT sum(rows) FROM usage_hourly WHERE origin = 'h')), '2', 'those of others are refreshed');
is(value(q(SELECT status FROM refresh_progress WHERE origin = 'g')), 'broken', 'refresh_progress says so');
($rc, $err) = says('SELECT count(*) FROM usage_all');
like($err, qr/WARNING:.*source "g" is broken, and its rows are left out/, 'and so does reading all');

# --- mended: the same name with another mapping is read again
$map = q({"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": false});
$node->safe_psql('postgres', "$path SELECT detach_usage('g'); SELECT attach_usage('g', 'llm.calls', '$map'); CALL refresh_usage(); SELECT compact_usage();");
is_exact('attached without the column');
my $fresh = q({"at": "at", "request_id": "id", "model": "model", "input": "tokens", "input_includes_cached": true, "cache_read": "c"});
$node->safe_psql('postgres', "$path SELECT detach_usage('g'); SELECT attach_usage('g', 'llm.calls', '$fresh'); CALL refresh_usage(); SELECT compact_usage();");
is_exact('a corrected mapping');
is(value('SELECT sum(usd) FROM monthly_spend'), value('SELECT spend(model, usage, at, service_tier, region) FROM usage_all'), 'in compacted months, too');
$node->safe_psql('postgres', "ALTER TABLE llm.calls ADD COLUMN later timestamptz; UPDATE llm.calls SET later = at + interval '3 hours 30 minutes'");
(my $later = $fresh) =~ s/"at": "at"/"at": "later"/;
($rc, $err) = says("SELECT detach_usage('g'); SELECT attach_usage('g', 'llm.calls', '$later'); CALL refresh_usage();");
like($err, qr/g: 3 hours, up to 2026-02-28 21:00:00-05, are as another relation or mapping of this name had them/, 'hours before the first row stay, and are told') or diag $err;
is(value(q(SELECT status || ' ' || hours_of_others FROM source_status WHERE name = 'g')), 'attached 3', 'also by source_status');
my ($out) = $err =~ /HINT:\s+.*(SELECT inferacct\.forget_usage.*?\)) takes/;
value($out);
is_exact('another time, and what the hint says');
$node->safe_psql('postgres', "$path CREATE TABLE llm.other AS SELECT id, later, model, tokens * 3 AS tokens, c FROM llm.calls WHERE id % 2 = 0 OR id = 1; SELECT detach_usage('g'); SELECT attach_usage('g', 'llm.other', '$later'); CALL refresh_usage();");
is_exact('another relation');

# --- a table that is replaced by a dump of itself
my $dumps = $node->basedir;
$node->command_ok([ 'pg_dump', '-Fc', '-n', 'llm', '-f', "$dumps/llm", $node->connstr('postgres') ], "a dump of the tool's schema");
$node->safe_psql('postgres', "UPDATE llm.other SET tokens = 1");
$node->command_ok([ 'pg_restore', '--clean', '--if-exists', '--exit-on-error', '-d', $node->connstr('postgres'), "$dumps/llm" ], 'restored with --clean over itself');
is(value('SELECT count(*) FROM source_status WHERE status = \'attached\''), '2', 'its sources are attached again');
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is_exact('a restored table');

# --- all of a database, restored over itself and elsewhere
$node->safe_psql('postgres', qq{$path
SELECT usage_log_partition('2026-03-01');
INSERT INTO usage_log (at, usage, model, source, request_id, team, provider_usd, duration_ms, score, tolerates, tags, attributes) VALUES
	('2026-03-02 03:04:05.678901Z', usage(1234, 56, cache_read => 7), 'own-m', 'app', 'a\\b', 'it''s "red"', 0.10, 12, 0.1::float8 + 0.2, '1 day 02:03:04.5', '["x\\\\y", "\\u00e9"]', '{"a": 1.10, "b": [null, true]}'),
	('2026-02-02Z', usage(9007199254740993), 'own-m', 'app', 'large', NULL, NULL, NULL, 1e-300, '0', NULL, NULL);
INSERT INTO contract (contract) VALUES ('deal');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('deal', 'own', 12.5);
INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('2026-01-01', 'EUR', 1.125);
INSERT INTO model_alias (alias, provider, model) VALUES ('ours', 'own', 'own-m');
INSERT INTO budget (name, month, usd) VALUES ('b', '2026-03-01', 1.500);
INSERT INTO shared_cost (month, name, usd) VALUES ('2026-03-01', 'gateway', 12.340);
INSERT INTO deployment (name, term, prefill_tokens_per_second, decode_tokens_per_second, upfront_usd) VALUES ('fleet', 'owned', 1000, 100, 36000);
INSERT INTO deployment_run (deployment, models, since, until) VALUES ('fleet', '{house/ark}', '2026-03-05', '2026-03-25');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since) VALUES ('pt', 'own', 'PT', '{own-m}', 'provisioned', 'PTU', 2, 9.5, 'hour', '2026-03-01');
INSERT INTO team_member VALUES ('finops', 'red');
SELECT price_capacity();
CALL refresh_usage();
SELECT close_month('2026-03-01');
SELECT set_price('own', 'own-m', 'input', 1.25, valid_from => '2026-03-01');
CREATE VIEW public.bi AS SELECT source, count(*) AS requests FROM usage_all GROUP BY source;});

# Every own row of every table, by its text.
sub everything
{
	my ($database) = @_;
	return value(q(CREATE FUNCTION pg_temp.digest(relation regclass, condition text) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE found text;
		BEGIN
			EXECUTE format('SELECT md5(string_agg(t::text, E''\\n'' ORDER BY t::text)) FROM %s AS t %s', relation, condition) INTO found;
			RETURN found;
		END $$;
		SELECT o.relation::text, pg_temp.digest(o.relation, o.condition) FROM own_tables() AS o WHERE o.kind <> 'S'
		UNION ALL SELECT 'partitions', string_agg(inhrelid::regclass::text, ',' ORDER BY 1) FROM pg_inherits WHERE inhparent = 'usage_log'::regclass
		UNION ALL SELECT 'reproduced', reproduced::text FROM reproduce_month('2026-03-01')
		UNION ALL SELECT 'rows of sources', string_agg(bi::text, ',' ORDER BY source) FROM public.bi
		UNION ALL SELECT 'state', string_agg(concat_ws(' ', name, status), ',' ORDER BY name) FROM source_status ORDER BY 1), $database);
}

my $all = everything();
like($all, qr/^closed_month\|/m, 'there is much to lose');
like($all, qr/^rows of sources\|\(app,2\),\(g,\d+\),\(h,2\)$/m, 'and sources to read');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dumps/all", $node->connstr('postgres') ], 'a dump of everything');
$node->command_ok([ 'pg_restore', '--clean', '--if-exists', '--exit-on-error', '-d', $node->connstr('postgres'), "$dumps/all" ], 'restored over itself');
is(everything(), $all, 'no row twice, none lost');
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('elsewhere'), "$dumps/all" ], 'restored elsewhere');
is(everything('elsewhere'), $all, 'the same there');
$node->safe_psql('elsewhere', 'ALTER TABLE llm.other RENAME COLUMN tokens TO n');
is(everything('elsewhere') =~ /^rows of sources.*/m ? $& : '', $all =~ /^rows of sources.*/m ? $& : 'none', 'where a rename is followed as well');

# --- DROP EXTENSION and what else may take it
($rc, $err) = says('DROP EXTENSION inferacct');
isnt($rc, 0, 'DROP EXTENSION is refused');
like($err, qr/2BP01.*lost_by_drop_extension/s, 'for what would be lost');
for my $drop ('DROP SCHEMA inferacct', 'DROP SCHEMA inferacct_internal CASCADE', 'DROP TABLE inferacct.usage_log CASCADE', 'DROP VIEW inferacct.usage_all CASCADE', 'DROP TYPE inferacct.usage CASCADE',
	'DROP VIEW inferacct.usage_of_g CASCADE', 'DROP FUNCTION inferacct_internal.rows_of_g() CASCADE', 'DROP EVENT TRIGGER inferacct_schema_changed', 'DROP EXTENSION plpgsql')
{
	($rc, $err) = says($drop);
	isnt($rc, 0, "$drop is refused");
	like($err, qr/2BP01/, 'for what depends on it') or diag $err;
}
is(everything(), $all, 'nothing is lost');
$node->safe_psql('postgres', 'CREATE ROLE dba SUPERUSER; CREATE DATABASE dropped');
$node->safe_psql('dropped', "SET ROLE dba; CREATE EXTENSION inferacct; $path SELECT set_price('x', 'y', 'input', 1)");
($rc, $err) = says('DROP OWNED BY dba', database => 'dropped');
like($err, qr/2BP01.*lost_by_drop_extension/s, "DROP OWNED BY the extension's owner is refused");
is(value('SELECT string_agg(concat(relation, rows), \',\') FROM lost_by_drop_extension', 'dropped'), 'price_version1,price1', 'the view tells what it is about');
$node->safe_psql('dropped', 'DROP EXTENSION inferacct CASCADE; CREATE EXTENSION inferacct; DROP EXTENSION inferacct');
pass('with CASCADE it goes, and without own rows at any time');

# The first own rows come from two sessions at once: both are kept, and neither fails.
$node->safe_psql('dropped', 'CREATE EXTENSION inferacct');
my @first = map { $node->background_psql('dropped', on_error_stop => 1) } 1 .. 2;
$first[0]->query_safe(q(BEGIN; INSERT INTO inferacct.budget (name, month, usd) VALUES ('one', '2026-01-01', 1)));
my $second = $first[1];
$second->query_safe(q(SET application_name = 'second'));
$second->query_until(qr/begun/, qq(\\echo begun\nINSERT INTO inferacct.shared_cost (month, name, usd) VALUES ('2026-01-01', 'two', 2);\n));
$node->poll_query_until('dropped', q(SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'second' AND wait_event_type = 'Lock')));
$first[0]->query_safe('COMMIT');
is($second->query_safe('SELECT rows FROM inferacct.own_rows() ORDER BY 1'), "1\n1", 'two first rows at once');
$_->quit for @first;

# --- out and in
$node->safe_psql('postgres', "\\copy (SELECT inferacct.inferacct_export()) TO '$dumps/export'");
$node->safe_psql('postgres', 'CREATE DATABASE imported');
$node->safe_psql('imported', 'CREATE EXTENSION inferacct');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('imported'), "$dumps/llm" ], "the tool's tables elsewhere");
$node->safe_psql('imported', "CREATE TABLE line (line jsonb); \n\\copy line FROM '$dumps/export'\nCREATE TABLE part AS SELECT * FROM line WHERE NOT line ? 'lines'; CREATE TABLE less AS SELECT * FROM line WHERE line ->> 'table' IS DISTINCT FROM 'budget';
	CREATE TABLE strange AS SELECT CASE WHEN line ->> 'table' = 'budget' THEN jsonb_set(line, '{table}', '\"budgets\"') ELSE line END AS line FROM line;
	CREATE TABLE wide AS SELECT CASE WHEN line ->> 'table' = 'budget' THEN jsonb_set(line, '{row,color}', '1') ELSE line END AS line FROM line;
	CREATE TABLE newer AS SELECT CASE WHEN line ? 'inferacct' THEN '{\"inferacct\": \"99\"}' ELSE line END AS line FROM line; CREATE TABLE two (a jsonb, b jsonb); CREATE TABLE nothing (line jsonb)");
for my $case ([ 'part', '22023' ], [ 'less', '22023' ], [ 'strange', '42P01' ], [ 'wide', '42703' ], [ 'newer', '22023' ], [ 'two', '42804' ], [ 'nothing', '22023' ])
{
	($rc, $err) = says("SELECT * FROM inferacct_import('public.$case->[0]')", database => 'imported');
	like($err, qr/ERROR:\s+$case->[1]/, "import of $case->[0] is refused") or diag $err;
}
is(value('SELECT count(*) FROM own_rows()', 'imported'), '0', 'and leaves nothing');
$node->safe_psql('imported', 'SELECT * FROM inferacct.inferacct_import(\'line\'); CREATE VIEW public.bi AS SELECT source, count(*) AS requests FROM inferacct.usage_all GROUP BY source');
is(everything('imported'), $all, 'what is imported is what was exported');
is(value('SELECT last_value, is_called FROM price_version_seq', 'imported'), value('SELECT last_value, is_called FROM price_version_seq'), 'the next version is the next');
$node->safe_psql('imported', 'CALL inferacct.refresh_usage(); SELECT inferacct.compact_usage()');
is_exact('imported', 'imported');
($rc, $err) = says(q(SELECT * FROM inferacct_import('public.line')), database => 'imported');
like($err, qr/ERROR:\s+55000/, 'a second import is refused');
is(value('SELECT count(*) FROM (SELECT inferacct_export() EXCEPT ALL SELECT line FROM line) AS d(line) WHERE NOT line ? \'exported_at\'', 'imported'), '0', 'and exports the same again');
($rc, $err) = says('SET ROLE finops; SELECT inferacct_export()', database => 'imported');
like($err, qr/ERROR:\s+42501/, 'not for everybody');

# --- a lock of ours never makes a command of theirs fail
my $holder = $node->background_psql('postgres', on_error_stop => 1);
$holder->query_safe(q(BEGIN; SELECT FROM inferacct_internal.source_relation WHERE name = 'h' FOR UPDATE));
($rc, $err) = says(q(SET ROLE litellm; SET lock_timeout = '100ms'; ALTER TABLE llm.h RENAME COLUMN n TO tokens;));
is($rc, 0, 'a rename goes through');
like($err, qr/WARNING:.*inferacct could not look at its sources/, 'with a WARNING');
is(value(q(SELECT status FROM source_status WHERE name = 'h')), 'changed', 'source_status knows');
($rc, $err) = says('CALL refresh_usage()');
is($rc, 0, 'refresh_usage() goes on');
like($err, qr/WARNING:.*source "h" is left out: its relation was changed unseen/, 'without it');
$holder->query_safe('COMMIT');
$holder->quit;
value('SELECT follow_sources()');
$node->safe_psql('postgres', 'CALL inferacct.refresh_usage()');
is(value(q(SELECT status FROM source_status WHERE name = 'h')), 'attached', 'follow_sources() makes up for it');

$node->stop;
done_testing();
