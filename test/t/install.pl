# CREATE EXTENSION into a schema that was there before: tables of its owner are
# let in, anything that could take the place of our functions is not.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE d');
$node->safe_psql('d', 'CREATE ROLE mallory; CREATE ROLE boss SUPERUSER; CREATE ROLE deputy IN ROLE boss; CREATE SCHEMA elsewhere');

# How CREATE EXTENSION ends after this.
sub installed_after
{
	my ($before) = @_;
	$node->safe_psql('d', "CREATE SCHEMA inferacct; $before");
	my ($rc, undef, $error) = $node->psql('d', "\\set VERBOSITY verbose\nCREATE EXTENSION inferacct");
	$node->safe_psql('d', 'DROP EXTENSION inferacct CASCADE') if $rc == 0;
	$node->safe_psql('d', 'DROP SCHEMA IF EXISTS inferacct, inferacct_internal, planted CASCADE');
	return $rc == 0 ? 'installed' : $error =~ /ERROR:  (\w{5}).*?DETAIL:.*?HINT:/s ? $1 : $error;
}

my %planted = (
	'function' => 'FUNCTION inferacct.format(text, text) RETURNS text LANGUAGE sql RETURN $1',
	'procedure' => 'PROCEDURE inferacct.p() LANGUAGE sql AS $$ $$',
	'aggregate' => 'AGGREGATE inferacct.sum(text) (SFUNC = textcat, STYPE = text)',
	'operator' => 'OPERATOR inferacct.|| (FUNCTION = textcat, LEFTARG = text, RIGHTARG = text)',
	'operator family' => 'OPERATOR FAMILY inferacct.f USING btree',
	'operator class' => 'OPERATOR CLASS inferacct.c FOR TYPE text USING hash AS OPERATOR 1 =',
	'enum' => "TYPE inferacct.usage AS ENUM ('a')",
	'domain' => 'DOMAIN inferacct.text AS pg_catalog.text',
	'composite type' => 'TYPE inferacct.t AS (i int)',
	'range' => 'TYPE inferacct.r AS RANGE (SUBTYPE = text)',
	'shell type' => 'TYPE inferacct.s',
	'view' => 'VIEW inferacct.pg_roles AS SELECT 1 AS rolsuper',
	'materialized view' => 'MATERIALIZED VIEW inferacct.m AS SELECT 1 AS i',
	'collation' => 'COLLATION inferacct."C" (LOCALE = \'C\')',
	'conversion' => "CONVERSION inferacct.c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
	'text search configuration' => 'TEXT SEARCH CONFIGURATION inferacct.c (PARSER = "default")',
	'text search dictionary' => 'TEXT SEARCH DICTIONARY inferacct.d (TEMPLATE = simple)',
	'text search parser' => 'TEXT SEARCH PARSER inferacct.p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
	'text search template' => 'TEXT SEARCH TEMPLATE inferacct.t (LEXIZE = dsimple_lexize)',
);
is(installed_after("CREATE $planted{$_}"), '42710', "not with a $_ in it") for sort keys %planted;

is(installed_after('ALTER SCHEMA inferacct OWNER TO mallory'), '42501', 'not when it is somebody else\'s');
is(installed_after('GRANT CREATE ON SCHEMA inferacct TO mallory'), '42501', 'not when somebody else may create in it');
is(installed_after('GRANT CREATE ON SCHEMA inferacct TO PUBLIC'), '42501', 'or everybody');
is(installed_after('CREATE TABLE inferacct.pg_roles (i int); ALTER TABLE inferacct.pg_roles OWNER TO mallory'), '42710', 'not with a table of somebody else\'s');
is(installed_after('CREATE SCHEMA inferacct_internal'), '42P06', 'not where the schema of its own is taken');
is(installed_after('CREATE SCHEMA inferacct_internal; CREATE TABLE inferacct_internal.t ()'), '42P06', 'whatever is in that');

# A hostile search_path, with the names that the look itself uses, changes nothing.
is(installed_after(q{ALTER SCHEMA inferacct OWNER TO mallory; CREATE SCHEMA planted;
	CREATE FUNCTION planted.never(name, text) RETURNS boolean LANGUAGE sql RETURN false;
	CREATE OPERATOR planted.= (FUNCTION = planted.never, LEFTARG = name, RIGHTARG = text);
	ALTER DATABASE d SET search_path = planted, pg_catalog}), '42501', 'by any search_path');
$node->safe_psql('d', 'ALTER DATABASE d RESET search_path');

is(installed_after('SELECT'), 'installed', 'into an empty schema');
is(installed_after(q{ALTER SCHEMA inferacct OWNER TO boss; GRANT CREATE ON SCHEMA inferacct TO deputy;
	CREATE TABLE inferacct.usage_log_2020_01 (i bigserial PRIMARY KEY, g int GENERATED ALWAYS AS IDENTITY, t text);
	ALTER TABLE inferacct.usage_log_2020_01 OWNER TO deputy;
	CREATE TABLE inferacct.parted (i int) PARTITION BY RANGE (i);
	CREATE TABLE inferacct.part PARTITION OF inferacct.parted DEFAULT;
	CREATE SEQUENCE inferacct.s;
	ALTER DEFAULT PRIVILEGES IN SCHEMA inferacct GRANT SELECT ON TABLES TO mallory}),
	'installed', 'into another superuser\'s, with tables and sequences of who may act for him');

# What stays behind does not keep it out.
$node->safe_psql('d', q{CREATE EXTENSION inferacct;
	SELECT inferacct.usage_log_partition('2026-09-01');
	INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) VALUES ('2026-09-02', '{"input":1}', 'gpt-4o', 's', '1');
	ALTER TABLE inferacct.usage_log DETACH PARTITION inferacct.usage_log_2026_09;
	ALTER TABLE inferacct.usage_log_2026_09 ALTER usage TYPE text});
$node->safe_psql('d', 'DROP EXTENSION inferacct CASCADE; CREATE EXTENSION inferacct');
is($node->safe_psql('d', 'SELECT count(*) FROM inferacct.usage_log_2026_09'), 1, 'a partition that was detached lies there when it is installed again');

$node->stop;
done_testing();
