# Prices on a hot standby: seen after replay, by warm sessions too, not before
# and never when rolled back; and on a subscriber of the price tables.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 2\n");
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION inferacct;
	CREATE FUNCTION cost(model text) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
		SELECT inferacct.token_cost('t/' || model, 1000000, 0, '2026-06-01')
	$$;
	CREATE FUNCTION in_table(m text) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE AS $$
		SELECT p.usd FROM inferacct.price p JOIN inferacct.price_version v USING (version)
		WHERE p.provider = 't' AND p.model = m AND p.meter = 'input'
		ORDER BY p.valid_from DESC, v.published_at DESC, p.version DESC LIMIT 1
	$$;
	CREATE FUNCTION look(model text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
		SELECT cost(model) || '=' || in_table(model)
	$$;
	CREATE FUNCTION put(model text, usd numeric) RETURNS void LANGUAGE sql AS $$
		SELECT FROM inferacct.set_price('t', model, 'input', usd)
	$$;
	SELECT put('a', 1), put('b', 10);
});

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\nhot_standby_feedback = on\n");
$standby->start;

sub primary { return $primary->safe_psql('postgres', $_[0]); }

# Wait for the replay of all that was written so far; a commit flushes what open transactions wrote.
sub catch_up
{
	primary('SELECT pg_current_xact_id()');
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
	return;
}

catch_up();
my $warm = $standby->background_psql('postgres', on_error_stop => 0);
my $old = $standby->background_psql('postgres');
my $writer = $primary->background_psql('postgres');

is($warm->query_safe(q{SELECT look('a')}), '1=1', 'a standby prices requests');
$warm->query_safe('BEGIN');
is($warm->query_safe(q{SELECT look('a')}), '1=1', 'in a transaction block');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($old->query_safe(q{SELECT look('a')}), '1=1', 'and in one with a fixed snapshot');

$writer->query_safe(q{BEGIN; SELECT FROM put('a', 2)});
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '1=1', 'not before commit');
$writer->query_safe('COMMIT');
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '2=2', 'after commit and replay, in the same block');
is($old->query_safe(q{SELECT look('a')}), '1=1', 'not by a fixed snapshot');
is($old->query_safe(q{SELECT look('b')}), '10=10', 'nor what it looks at first');
$writer->query_safe(q{BEGIN; SELECT FROM put('a', 3); ROLLBACK});
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '2=2', 'a rolled back price is not seen');
$old->query_safe('COMMIT');
is($old->query_safe(q{SELECT look('a')}), '2=2', 'the next transaction sees the newer price');
$warm->query_safe('COMMIT');

# More subtransactions than a snapshot of a standby tells apart.
$warm->query_safe('BEGIN');
$warm->query_safe(q{SELECT look('a')});
$writer->query_safe(q{BEGIN; DO $$ BEGIN
	FOR i IN 1..150 LOOP
		BEGIN
			PERFORM put('a', 100 + i);
			IF i % 50 = 0 THEN RAISE division_by_zero; END IF;
		EXCEPTION WHEN division_by_zero THEN NULL;
		END;
	END LOOP;
END $$});
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '2=2', 'overflowed snapshot, before commit');
$writer->query_safe('COMMIT');
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '249=249', 'and after');
$warm->query_safe('COMMIT');

$writer->query_safe(q{BEGIN; SELECT FROM put('a', 4); PREPARE TRANSACTION 'p'});
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '249=249', 'a prepared transaction is not seen');
$writer->query_safe(q{COMMIT PREPARED 'p'});
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '4=4', 'until it is committed');

# Privileges and maintenance arrive through the log as well.
primary(q{CREATE ROLE reader; REVOKE SELECT ON inferacct.price FROM PUBLIC; GRANT SELECT ON inferacct.price TO reader});
catch_up();
$warm->query_safe('SET ROLE reader');
is($warm->query_safe(q{SELECT cost('a')}), '4', 'a reader of prices');
primary('REVOKE SELECT ON inferacct.price FROM reader');
catch_up();
$warm->{stderr} = '';
$warm->query(q{SELECT cost('a')});
like($warm->{stderr}, qr/permission denied for table/, 'who may no longer read them, with a warm cache');
$warm->{stderr} = '';
$warm->query_safe('RESET ROLE');
primary('GRANT SELECT ON inferacct.price TO PUBLIC; VACUUM FULL inferacct.price, inferacct_internal.price_epoch');
catch_up();
is($warm->query_safe(q{SELECT look('a')}), '4=4', 'after VACUUM FULL');
$warm->{stderr} = '';
$warm->query(q{SELECT FROM put('a', 5)});
like($warm->{stderr}, qr/read-only transaction/, 'prices are published on the primary only');
$warm->{stderr} = '';

# The standby becomes a primary, with the session and its cache.
$writer->quit;
$warm->query_safe('BEGIN');
is($warm->query_safe(q{SELECT look('a')}), '4=4', 'a transaction of before promotion');
$standby->promote;
$standby->safe_psql('postgres', q{SELECT FROM put('a', 6)});
is($warm->query_safe(q{SELECT look('a')}), '6=6', 'sees a price published after it');
$warm->query_safe('COMMIT');
$warm->query_safe(q{BEGIN; SELECT FROM put('a', 7)});
is($warm->query_safe(q{SELECT look('a')}), '7=7', 'and can publish itself');
$warm->query_safe('ROLLBACK');
is($warm->query_safe(q{SELECT look('a')}), '6=6', 'or not');
$_->quit foreach ($warm, $old);

# A subscriber of the price tables has epochs of its own.
my $subscriber = $standby;
my $connstr = $primary->connstr('postgres');
primary('CREATE PUBLICATION prices FOR TABLE inferacct.price_version, inferacct.price, inferacct.model_alias');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION prices CONNECTION \$\$$connstr\$\$ PUBLICATION prices WITH (copy_data = false)");
$subscriber->wait_for_subscription_sync($primary, 'prices');
my $reader = $subscriber->background_psql('postgres');
$reader->query_safe('BEGIN');
is($reader->query_safe(q{SELECT look('b')}), '10=10', 'a subscriber, warm');
primary(q{SELECT setval('inferacct_internal.price_version_seq', 100000); SELECT FROM put('b', 11)});
$primary->wait_for_catchup('prices');
is($reader->query_safe(q{SELECT look('b')}), '11=11', 'a replicated price is seen');
primary(q{BEGIN; SELECT FROM put('b', 12); SELECT FROM put('b', 13); SAVEPOINT s; SELECT FROM put('b', 14); ROLLBACK TO s; COMMIT});
$primary->wait_for_catchup('prices');
is($reader->query_safe(q{SELECT look('b')}), '13=13', 'and two of one transaction');
$reader->query_safe('COMMIT');
$reader->quit;

$standby->stop;
$primary->stop;
done_testing();
