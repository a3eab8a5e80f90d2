# What a session sees of prices, where it takes more than two sessions at the
# isolation tester: imported snapshots, two-phase commit, parallel workers,
# overflowed snapshots, triggers, cancelled loads, the extension created again.
#
# Every look compares token_cost() with the same price read from the table by the
# same statement: "1=1".
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('prices');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\nmax_parallel_workers = 2\n");
$node->start;

my $helpers = q{
	CREATE FUNCTION cost(model text) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
		SELECT inferacct.token_cost('t/' || model, 1000000, 0, '2026-06-01')
	$$;
	CREATE FUNCTION in_table(m text) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
		SELECT p.usd FROM inferacct.price p JOIN inferacct.price_version v USING (version)
		WHERE p.provider = 't' AND p.model = m AND p.meter = 'input' AND p.valid_from <= '2026-06-01'
		ORDER BY p.valid_from DESC, v.published_at DESC, p.version DESC LIMIT 1
	$$;
	CREATE FUNCTION look(model text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
		SELECT cost(model) || '=' || in_table(model)
	$$;
	CREATE FUNCTION put(model text, usd numeric) RETURNS void LANGUAGE sql AS $$
		SELECT FROM inferacct.set_price('t', model, 'input', usd)
	$$;
};
$node->safe_psql('postgres', "CREATE EXTENSION inferacct; $helpers");

my @sessions;

sub session
{
	push @sessions, $node->background_psql('postgres', on_error_stop => 0);
	return $sessions[-1];
}

# The error of a statement, and none left behind.
sub error_of
{
	my ($session, $sql) = @_;
	$session->{stderr} = '';
	$session->query($sql);
	my $error = $session->{stderr};
	$session->{stderr} = '';
	return $error;
}

# Run in one new session; returns what it prints.
sub run
{
	return $node->safe_psql('postgres', $_[0]);
}

sub put
{
	my ($model, $usd) = @_;
	run("SELECT FROM put('$model', $usd)");
	return;
}

my ($a, $b) = (session(), session());

sub look_of
{
	my ($session, $model) = @_;
	return $session->query_safe("SELECT look('$model')");
}

# ---- imported snapshots ----
put('snapshot', 1);
$a->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $snapshot = $a->query_safe('SELECT pg_export_snapshot()');
put('snapshot', 2);
is(look_of($b, 'snapshot'), '2=2', 'newer prices are in the cache');
$b->query_safe("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '$snapshot'");
is(look_of($b, 'snapshot'), '1=1', 'an imported snapshot sees the prices of the one who exported it');
$b->query_safe('COMMIT');
is(look_of($b, 'snapshot'), '2=2', 'the next transaction does not');
$b->query_safe("BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY; COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '$snapshot'");
put('snapshot', 3);
is(look_of($b, 'snapshot'), '1=1', 'an imported snapshot, looked at after another change');
$b->query_safe('ROLLBACK');
is(look_of($b, 'snapshot'), '3=3', 'nothing of it stays after ROLLBACK');
is(look_of($a, 'snapshot'), '1=1', 'who exported it still sees the old price, cold');
$a->query_safe('COMMIT');

# ---- two-phase commit ----
put('prepared', 1);
look_of($b, 'prepared');
$a->query_safe("BEGIN; SELECT FROM put('prepared', 2)");
is(look_of($a, 'prepared'), '2=2', 'own change before PREPARE TRANSACTION');
$a->query_safe("PREPARE TRANSACTION 'p'");
is(look_of($a, 'prepared'), '1=1', 'who prepared it no longer sees it');
is(look_of($b, 'prepared'), '1=1', 'nor does anybody else');
like(error_of($b, "SET lock_timeout = '50ms'; SELECT FROM put('prepared', 9)"), qr/lock timeout/,
	'writers wait for a prepared transaction');
$b->query_safe('RESET lock_timeout');
$b->query_safe("COMMIT PREPARED 'p'");
is(look_of($a, 'prepared'), '2=2', 'seen after COMMIT PREPARED');
is(look_of($b, 'prepared'), '2=2', 'by everybody');
$a->query_safe("BEGIN; SELECT FROM put('prepared', 3); PREPARE TRANSACTION 'p'; ROLLBACK PREPARED 'p'");
is(look_of($a, 'prepared'), '2=2', 'and not after ROLLBACK PREPARED');

# ---- parallel workers ----
put('parallel', 1);
run(q{CREATE TABLE requests AS SELECT 't/parallel'::text AS model, timestamptz '2026-06-01' AS at FROM generate_series(1, 20000);
	ANALYZE requests});
my $workers = q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off};
my $sum = 'SELECT inferacct.spend(model, 1000000, 0, at) FROM requests';
$a->query_safe($workers);
like($a->query_safe("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $sum"), qr/Workers Launched: [12]/, 'workers price requests');
is($a->query_safe($sum), 20000, 'parallel workers see the committed price');
$a->query_safe("BEGIN; SELECT FROM put('parallel', 2)");
is($a->query_safe($sum), 40000, 'parallel workers see an uncommitted price of their leader');
$a->query_safe("SAVEPOINT s; SELECT FROM put('parallel', 3)");
is($a->query_safe($sum), 60000, 'and that of a subtransaction');
$a->query_safe('ROLLBACK TO s');
is($a->query_safe($sum), 40000, 'not after ROLLBACK TO');
$a->query_safe('ROLLBACK');
is($a->query_safe($sum), 20000, 'not after ROLLBACK');
$a->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
put('parallel', 4);
is($a->query_safe($sum), 20000, 'workers use the snapshot of a REPEATABLE READ leader');
$a->query_safe('COMMIT');
is($a->query_safe($sum), 80000, 'and then the next one');
my $before = run("SELECT published_at FROM inferacct.price_version ORDER BY version DESC OFFSET 1 LIMIT 1");
$a->query_safe("SET inferacct.as_of = '$before'");
is($a->query_safe($sum), 20000, 'workers know inferacct.as_of');
$a->query_safe('RESET inferacct.as_of');
run('CREATE ROLE outsider; GRANT SELECT ON requests TO outsider; REVOKE SELECT ON inferacct.price FROM PUBLIC');
$a->query_safe('SET ROLE outsider');
like(error_of($a, $sum), qr/permission denied for table/, 'workers know the role');
$a->query_safe('RESET ROLE');
run('GRANT SELECT ON inferacct.price TO PUBLIC');

# ---- overflowed snapshots ----
put('overflow', 1);
look_of($b, 'overflow');
$b->query_safe('BEGIN');
$a->query_safe(q{BEGIN; DO $$ BEGIN
	FOR i IN 1..100 LOOP
		BEGIN
			PERFORM put('overflow', i + 1);
			IF i % 10 = 0 THEN RAISE division_by_zero; END IF;
		EXCEPTION WHEN division_by_zero THEN NULL;
		END;
	END LOOP;
END $$});
is(look_of($a, 'overflow'), '100=100', 'own change in the last of 100 subtransactions that was kept');
is(look_of($b, 'overflow'), '1=1', 'an overflowed snapshot does not see them');
$a->query_safe('COMMIT');
is(look_of($b, 'overflow'), '100=100', 'the next statement does');
$b->query_safe('COMMIT');

# ---- PL/pgSQL: simple expressions, exception blocks, transaction control ----
put('block', 1);
is(run(q{
	CREATE FUNCTION walk() RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		seen text[] := '{}';
	BEGIN
		FOR i IN 1..3 LOOP
			seen := seen || look('block');
			BEGIN
				PERFORM put('block', 10 * i);
				seen := seen || look('block');
				BEGIN
					PERFORM put('block', 10 * i + 1);
					seen := seen || look('block');
					RAISE division_by_zero;
				EXCEPTION WHEN division_by_zero THEN
					seen := seen || look('block');
				END;
				IF i = 2 THEN RAISE division_by_zero; END IF;
			EXCEPTION WHEN division_by_zero THEN NULL;
			END;
		END LOOP;
		RETURN array_to_string(seen || look('block'), ' ');
	END $$;
	SELECT walk()}),
	'1=1 10=10 11=11 10=10 10=10 20=20 21=21 20=20 10=10 30=30 31=31 30=30 30=30',
	'expressions in PL/pgSQL follow own changes into and out of exception blocks');
is(run(q{
	CREATE PROCEDURE steps(INOUT seen text) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1..3 LOOP
			PERFORM put('block', 40 + i);
			seen := seen || ' ' || look('block');
			IF i = 2 THEN ROLLBACK; ELSE COMMIT; END IF;
			seen := seen || ' ' || look('block');
		END LOOP;
	END $$;
	CALL steps('')}), ' 41=41 41=41 42=42 41=41 43=43 43=43', 'COMMIT and ROLLBACK in a procedure');

# ---- changes within a statement ----
put('within', 1);
run(q{
	CREATE TABLE orders (id int, usd_row text, usd_statement text);
	CREATE TABLE seen (what text, look text);
	CREATE FUNCTION put_and_give(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM put('within', i); RETURN i; END $$;
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO seen VALUES (TG_WHEN || ' ' || TG_LEVEL, look('within'));
		RETURN NEW;
	END $$;
	CREATE TRIGGER r AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note();
	CREATE TRIGGER b BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note();
	CREATE TRIGGER s AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION note()});
is(run(q{INSERT INTO orders SELECT put_and_give(i) FROM generate_series(2, 4) i;
	SELECT string_agg(what || ' ' || look, ', ') FROM (SELECT * FROM seen ORDER BY ctid) s}),
	'BEFORE ROW 2=2, BEFORE ROW 3=3, BEFORE ROW 4=4, AFTER ROW 4=4, AFTER ROW 4=4, AFTER ROW 4=4, AFTER STATEMENT 4=4',
	'triggers that price while the statement publishes prices');
is(run(q{SELECT string_agg(look('within'), ' ') FROM (SELECT put_and_give(i) FROM generate_series(5, 7) i OFFSET 0) s}),
	'4=4 4=4 4=4', 'a statement does not see what it publishes itself');
is(look_of($b, 'within'), '7=7', 'later ones do');

put('arriving', 1);
my $arrive = q{INSERT INTO inferacct.price (version, provider, model, meter, usd, valid_from)
	SELECT (SELECT max(version) FROM inferacct.price_version), 't', 'arriving', 'input', 10 * i, timestamptz '2026-01-01' + i * interval '1 day'};
run(q{CREATE FUNCTION look_now(m text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN look(m); END $$});
is(run("$arrive FROM generate_series(1, 3) i WHERE look_now('arriving') <> '' RETURNING look_now('arriving')"),
	"10=10\n20=20\n30=30", 'rows that a statement writes are seen as they arrive');
is(run("BEGIN; WITH w AS ($arrive FROM generate_series(4, 6) i RETURNING look_now('arriving') AS look) SELECT string_agg(look, ' ') FROM w; ROLLBACK;
	SELECT look('arriving')"), "40=40 50=50 60=60\n30=30", 'and forgotten with it');
is(run(q{
	CREATE FUNCTION note_price() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO seen VALUES ('price ' || TG_NAME, look('arriving'));
		RETURN NEW;
	END $$;
	TRUNCATE seen;
	CREATE TRIGGER a_before BEFORE INSERT ON inferacct.price FOR EACH ROW EXECUTE FUNCTION note_price();
	CREATE TRIGGER z_before BEFORE INSERT ON inferacct.price FOR EACH ROW EXECUTE FUNCTION note_price();
	CREATE TRIGGER after_row AFTER INSERT ON inferacct.price FOR EACH ROW EXECUTE FUNCTION note_price();
	} . "$arrive FROM generate_series(4, 5) i;" . q{
	DROP TRIGGER a_before ON inferacct.price;
	DROP TRIGGER z_before ON inferacct.price;
	DROP TRIGGER after_row ON inferacct.price;
	SELECT string_agg(look, ' ') FROM (SELECT * FROM seen ORDER BY ctid) s}),
	'30=30 30=30 40=40 40=40 50=50 50=50', "triggers of a user on the price table itself");

# A cursor opened between a statement's start and its first row of prices has a
# snapshot that sees the rows, and still the epoch of before.
put('between', 1);
is(run(q{
	CREATE FUNCTION open_cursor() RETURNS int LANGUAGE plpgsql AS $$
	DECLARE
		c refcursor := 'c';
	BEGIN
		OPEN c FOR SELECT look('between') FROM generate_series(1, 2);
		RETURN 1;
	END $$;
	BEGIN;
	DECLARE older CURSOR FOR SELECT look('between') FROM generate_series(1, 2);
	WITH w AS (INSERT INTO inferacct.price (version, provider, model, meter, usd, valid_from)
		SELECT (SELECT max(version) FROM inferacct.price_version), 't', 'between', 'input', 9, '2026-01-01')
	SELECT open_cursor();
	FETCH 1 FROM c;
	FETCH 1 FROM older;
	FETCH 1 FROM c;
	FETCH 1 FROM older;
	ROLLBACK;
	SELECT look('between')}), "1\n9=9\n1=1\n9=9\n1=1\n1=1", 'a cursor that sees rows of its own transaction and their epoch not yet');

# ---- loads that do not end ----
put('load', 1);
put('load2', 5);
run(q{INSERT INTO inferacct.price (version, provider, model, meter, usd, time_windows)
	SELECT max(version), 't', 'nowhere', 'input', 1, '{"timezone": "Nowhere/City", "windows": [{"days": [1], "from": "00:00", "to": "12:00"}]}'
	FROM inferacct.price_version});
run('ALTER TABLE inferacct.price DROP CONSTRAINT price_time_windows_check'); # it would not let the row in
run(q{INSERT INTO inferacct.price (version, provider, model, meter, usd, time_windows)
	SELECT max(version), 't', 'malformed', 'input', 1, '[]' FROM inferacct.price_version});
is(look_of($a, 'load'), '1=1', 'warm');
$b->query_safe('BEGIN; LOCK TABLE inferacct.price');
$a->query_safe("SET statement_timeout = '100ms'");
like(error_of($a, "SELECT cost('load2')"), qr/statement timeout/, 'a load that times out');
is($a->query_safe("SELECT cost('load')"), 1, 'what was loaded before is still good');
$a->query_safe('BEGIN; SAVEPOINT s');
like(error_of($a, "SELECT cost('load2')"), qr/statement timeout/, 'one in a savepoint');
$a->query_safe('ROLLBACK TO s; RESET statement_timeout');
$b->query_safe('COMMIT');
is(look_of($a, 'load2'), '5=5', 'and then it is loaded');
$a->query_safe('COMMIT');
for my $round (1 .. 6)
{
	like(error_of($a, "SELECT cost('malformed')"), qr/time_windows that cannot be read/, "a price row that cannot be read, $round");
	like(error_of($a, "SELECT cost('nowhere')"), qr/time zone "Nowhere\/City"/, "a time zone that nobody knows, $round");
	$a->query_safe("SELECT FROM put('load', $round + 1)");
	is(look_of($a, 'load'), ($round + 1) . '=' . ($round + 1), "other models are not concerned, $round");
}
is(run(q{DO $$ BEGIN
		FOR i IN 1..10 LOOP
			BEGIN
				PERFORM put('load', 100 + i);
				PERFORM cost('malformed');
			EXCEPTION WHEN SQLSTATE 'IA102' THEN NULL;
			END;
			PERFORM put('load2', 100 + i);
			PERFORM cost('load2');
		END LOOP;
	END $$;
	SELECT look('load') || ' ' || look('load2')}), '7=7 110=110', 'failed loads in exception blocks');

# ---- the owner's own ways ----
put('owner', 1);
look_of($b, 'owner');
my $version = run('SELECT max(version) FROM inferacct.price_version');
run("COPY inferacct.price (version, provider, model, meter, usd, valid_from) FROM stdin;\n$version\tt\towner\tinput\t2\t2026-01-01\n\\.\n");
is(look_of($b, 'owner'), '2=2', 'COPY into the price table is seen');
is(run(q{BEGIN;
	SELECT look('owner');
	ALTER TABLE inferacct.price DISABLE TRIGGER ALL;
	TRUNCATE inferacct.price;
	SELECT inferacct.touch_prices();
	SET LOCAL inferacct.unpriced = 'null';
	SELECT cost('owner') IS NULL;
	ROLLBACK;
	SELECT look('owner')}), "2=2\n\nt\n2=2", 'TRUNCATE without triggers, rolled back');
like(error_of($b, 'TRUNCATE inferacct.price'), qr/append-only/, 'TRUNCATE is refused');
like(error_of($b, 'SET ROLE outsider; SELECT inferacct.touch_prices()'), qr/permission denied/, 'touch_prices() is not for everybody');
$b->query_safe('RESET ROLE');

# ---- relation cache messages in a flood ----
put('flood', 1);
$b->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT look(\'flood\') FROM generate_series(1, 3)');
is($b->query_safe('FETCH 1 FROM c'), '1=1', 'a cursor before the flood');
run(q{DO $$ BEGIN
	FOR i IN 1..300 LOOP
		EXECUTE 'CREATE TABLE flood (a int, b text); DROP TABLE flood';
		IF i % 100 = 0 THEN PERFORM put('flood', i); COMMIT; END IF;
	END LOOP;
END $$});
is(look_of($b, 'flood'), '300=300', 'a statement after it');
is($b->query_safe('FETCH 1 FROM c'), '1=1', 'the cursor after it');
$b->query_safe('COMMIT');

# ---- the extension created again ----
put('again', 1);
$a->query_safe(q{PREPARE again AS SELECT inferacct.token_cost('t/again', 1000000, 0, '2026-06-01')});
is($a->query_safe('EXECUTE again'), 1, 'a prepared statement with a warm cache');
run('DROP EXTENSION inferacct CASCADE');
like(error_of($a, 'EXECUTE again'), qr/does not exist/, 'the extension is gone');
run('CREATE EXTENSION inferacct');
like(error_of($a, 'EXECUTE again'), qr/unknown model "t\/again"/, 'created again, without the price of before');
run(q{SELECT FROM inferacct.set_price('t', 'again', 'input', 6)});
is($a->query_safe('EXECUTE again'), 6, 'a price of the new one');
$a->query_safe('SET client_min_messages = warning; BEGIN; DROP EXTENSION inferacct CASCADE; CREATE EXTENSION inferacct');
$a->query_safe(q{SELECT FROM inferacct.set_price('t', 'again', 'input', 7)});
is($a->query_safe('EXECUTE again'), 7, 'dropped and created in a transaction');
$a->query_safe('ROLLBACK');
is($a->query_safe('EXECUTE again'), 6, 'that is rolled back');

$_->quit foreach @sessions;
$node->stop;
done_testing();
