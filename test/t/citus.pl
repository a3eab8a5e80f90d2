# citus: a cluster prices as one server does, or says why it does not.
#
# A coordinator and three workers of the server that PG_CONFIG names, where that offers
# Citus; where it does not, this file is not run, which .ci/server-tests tells.  What a
# node refuses by its catalogs alone is in test/pgtap/cluster.sql.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# ---------- nodes ----------

$ENV{HOME} = $PostgreSQL::Test::Utils::tmp_check;		# no certificate of whoever runs this
my @nodes = map { PostgreSQL::Test::Cluster->new($_, own_host => 0) } qw(coordinator one two three);
for my $node (@nodes)
{
	$node->init(allows_streaming => 'logical');
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'citus'\nlisten_addresses = 'localhost'\njit = off\nfsync = off\ntimezone = 'UTC'\n"
		. "max_prepared_transactions = 50\nmax_connections = 60\ncitus.node_conninfo = 'sslmode=disable'\n");
	$node->append_conf('pg_hba.conf', "host all all localhost trust\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
}
my ($coordinator, @workers) = @nodes;

sub address { my ($node) = @_; return "'localhost', " . $node->port }

# The answer, or what is said instead of it.
sub ask
{
	my ($node, $sql) = @_;
	my ($code, $out, $err) = $node->psql('postgres', "SET search_path = public, inferacct; $sql");
	return $code == 0 ? $out : $err;
}
sub asked { my ($sql) = @_; return ask($coordinator, $sql) }

$coordinator->safe_psql('postgres', 'SELECT citus_set_coordinator_host(' . address($coordinator) . ')');
$coordinator->safe_psql('postgres', 'SELECT citus_add_node(' . address($_) . ')') for @workers[0, 1];
$coordinator->safe_psql('postgres', 'CREATE EXTENSION inferacct');
$coordinator->safe_psql('postgres', q{
CREATE TABLE request (tenant integer NOT NULL, id bigint NOT NULL, team text, model text, usage inferacct.usage, at timestamptz, PRIMARY KEY (tenant, id));
SELECT create_distributed_table('request', 'tenant', shard_count := 8);
INSERT INTO request SELECT n % 37, n, 'team' || n % 5, (ARRAY['openai/gpt-4o', 'anthropic/claude-sonnet-4', 'openai/gpt-4o-mini'])[1 + n % 3],
	inferacct.usage(1000 + n % 777, n % 300), '2026-07-20Z'::timestamptz + n * interval '7 min' FROM generate_series(1, 20000) AS n;
CREATE TABLE alone AS SELECT * FROM request;
});

# ---------- before citus_setup() ----------

my $spend = 'spend(model, usage, at)';
like(asked("SELECT $spend FROM request"), qr/the prices of this node are not those of the cluster.*citus_setup/s, 'prices of each node: nothing is priced');
like(asked("SELECT set_price('openai', 'gpt-4o', 'input', 1)"), qr/does not reach the other nodes.*citus_setup/s, 'and nothing is published');
like(asked('SELECT node, problem FROM citus_check()'), qr/^coordinator\|what is published here does not reach/, 'citus_check() says so');
like(ask($workers[0], 'SELECT citus_setup()'), qr/this is not the coordinator/, 'a worker is not where it is set up');
like(asked('SELECT citus_setup()'), qr/^what is added to price_version goes to all nodes$/m, 'citus_setup() tells what it did');
is(asked('SELECT citus_setup()'), '', 'and has nothing to do again');
is(asked('SELECT * FROM citus_check()'), '', 'nothing is amiss');

# ---------- one answer ----------

# A query over the distributed table gives what it gives over the same rows of one server.
sub same
{
	my ($query, $what) = @_;
	my $one = asked(sprintf "SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM ($query) AS r", 'alone');
	like($one, qr/^[0-9a-f]{32}$/, "$what: an answer");
	is(asked(sprintf "SELECT md5(string_agg(r::text, '|' ORDER BY r::text)) FROM ($query) AS r", 'request'), $one, "$what: the same");
}
sub all_same
{
	my ($when) = @_;
	same("SELECT $spend FROM %s", "$when, the sum");
	same("SELECT team, $spend, count(*) FROM %s GROUP BY team", "$when, by team");
}
all_same('shipped prices');
is(asked("SELECT set_price('openai', 'gpt-4o', 'input', 100, '2026-08-01')"), '1001', 'a price is published');
all_same('an own price');
asked(q{INSERT INTO contract (contract) VALUES ('c'); INSERT INTO contract_term (contract, percent_off) VALUES ('c', 20);
	INSERT INTO deployment (name, model, gpu, vendor, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('own', 'llama-3.1-70b', 'H100', 'aws', 20000, 2000);
	INSERT INTO routing_policy (name, kind) VALUES ('p', 'score'); INSERT INTO routing_tier (policy, below_score, model) VALUES ('p', 0.5, 'openai/gpt-4o-mini'), ('p', NULL, 'openai/gpt-4o')});
same("SELECT tenant, breakeven('own', at, model, usage) FROM %s GROUP BY tenant", 'break-even by tenant, with a deployment of the coordinator');
same("SELECT route_savings('p', id %% 10 / 10.0, 'openai/gpt-4o', usage, at) FROM %s", 'routing, of all tenants');
same("SELECT tenant, route_savings('p', id %% 10 / 10.0, 'openai/gpt-4o', usage, at) FROM %s GROUP BY tenant", 'routing by tenant');
same('SELECT demand(at, usage, NULL) FROM %s', 'demand');
same('SELECT spend_by_month(model, usage, at) FROM %s', 'by month');
same('SELECT cache_savings(model, usage, at) FROM %s', 'cache savings');
same(q{SELECT batch_savings(model, usage, at, '24 h') FROM %s}, 'batch savings');
same('SELECT sum(token_cost((SELECT price_book()), model, usage, at)) FROM %s', 'a book as a value');
for my $worker (@workers[0, 1])
{
	is(ask($worker, "SELECT $spend FROM request"), asked("SELECT $spend FROM alone"), 'asked on a worker');
	is(ask($worker, 'SELECT count(*) FROM price_version WHERE version > 1000'), asked('SELECT count(*) FROM price_version WHERE version > 1000'), 'which has the versions');
}
like(ask($workers[0], "SELECT set_price('openai', 'gpt-4o', 'input', 1)"), qr/published on the coordinator/, 'a worker publishes nothing');
like(ask($workers[0], 'SELECT * FROM monthly_spend'), qr/has its rows on the coordinator/, 'nor does it report');
$workers[0]->restart;
all_same('a worker started again');

# ---------- transactions ----------

my $before = asked("SELECT $spend FROM alone");
my $own = "SELECT set_price('openai', 'gpt-4o', 'input', 7, '2026-08-01')";
my ($there, $here) = (split /\n/, asked("BEGIN; $own; SELECT $spend FROM request; SELECT $spend FROM alone; ROLLBACK"))[1, 2];
is($there, $here, 'own prices that are not committed are seen on all nodes');
isnt($here, $before, 'and differ');
# Connections for each shard, as a busy cluster takes them.
like(asked("BEGIN; SET LOCAL citus.force_max_query_parallelization = on; SELECT $spend FROM request; $own; SELECT $spend FROM request; ROLLBACK"), qr/published prices that this connection of the cluster does not see/, 'or the statement is refused');
is(asked("SELECT $spend FROM request"), $before, 'what is rolled back is nowhere');

# ---------- settings ----------

my $half = asked("SET inferacct.contract = 'c'; SELECT $spend FROM alone");
isnt($half, $before, 'a contract makes a difference');
like(asked("SET inferacct.contract = 'c'; SELECT $spend FROM request"), qr/"inferacct.contract" of this session does not reach the nodes.*SET LOCAL/s, 'SET does not reach the nodes');
like(asked("BEGIN; SELECT set_config('inferacct.contract', 'c', true); SELECT $spend FROM request"), qr/does not reach the nodes/, 'nor does set_config()');
is(asked("BEGIN; SET LOCAL inferacct.contract = 'c'; SELECT $spend FROM request; COMMIT"), $half, 'SET LOCAL does');
is(asked("SET inferacct.contract = 'c'; SELECT trim_scale(sum(token_cost((SELECT price_book()), model, usage, at))) FROM request"), $half, 'a book has it');
like(asked("BEGIN; SET LOCAL inferacct.as_of = '2026-11-29 12:00'; SELECT $spend FROM request"), qr/means another time on each node/, 'a time without a zone is refused');
is(asked("PREPARE p AS SELECT $spend FROM request WHERE tenant = 5; EXECUTE p; SET inferacct.contract = 'c'; SELECT count(*) FROM request") =~ tr/\n//, 1, 'what prices nothing is not asked');
like(asked("PREPARE p AS SELECT $spend FROM request WHERE tenant = 5;" . 'EXECUTE p;' x 6 . "SET inferacct.contract = 'c'; EXECUTE p"), qr/does not reach the nodes/, 'nor is a plan of before taken');

# ---------- sources and new nodes ----------

asked(q{SELECT attach_usage('gw', 'request', '{"model": "model", "usage": "usage", "at": "at", "team": "team", "tenant": "tenant", "request_id": "id"}'::jsonb); CALL refresh_usage('gw')});
sub rollup_is_rows { my ($when) = @_; is(asked('SELECT trim_scale(sum(usd)) FROM monthly_spend'), asked("SELECT $spend FROM request"), "rollup = rows, $when") }
rollup_is_rows('first read');
asked("UPDATE request SET usage = inferacct.usage(999999) WHERE tenant = 3 AND id = 3; DELETE FROM request WHERE tenant = 4 AND id < 500");
asked("INSERT INTO request VALUES ($_ % 37, 100000 + $_, 'x', 'openai/gpt-4o', inferacct.usage(5), '2026-07-21Z')") for 1 .. 40;
asked("CALL refresh_usage('gw')");
rollup_is_rows('after an update, deletes, and transactions of workers only');
$coordinator->safe_psql('postgres', 'TRUNCATE alone; INSERT INTO alone SELECT * FROM request');
$coordinator->safe_psql('postgres', 'SELECT citus_add_node(' . address($workers[2]) . ')');
like(asked('SELECT node, problem FROM citus_check()'), qr/has not taken over all that was published/, 'a new node is behind');
like(asked('SELECT citus_setup()'), qr/has taken over \d+ rows/, 'citus_setup() brings it up to date');
is(asked('SELECT * FROM citus_check()'), '', 'and nothing is amiss');
$coordinator->safe_psql('postgres', q{SELECT rebalance_table_shards('request', shard_transfer_mode := 'block_writes')});
is(asked('SELECT count(DISTINCT nodeport) FROM citus_shards WHERE table_name = ' . "'request'::regclass"), '3', 'shards lie on three nodes');
all_same('rebalanced');
asked("SELECT set_price('openai', 'gpt-4o-mini', 'input', 3, '2026-08-02')");
all_same('a price published after that');
asked("CALL refresh_usage('gw')");
rollup_is_rows('rebalanced');
is(asked('SELECT count(*) FROM verify_prices()'), '0', 'the digests hold');
done_testing();
