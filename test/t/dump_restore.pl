# pg_dump and restore keep what a database knows of its own, and do not repeat
# what is shipped.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dumped');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;

# Everything that a dump should carry, and what shall be the same afterwards.
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', q(
CREATE EXTENSION inferacct;
SET search_path = public, inferacct;
SELECT set_price('dumpco', 'ark-1', 'input', 3), set_price('dumpco', 'ark-1', 'output', 15);
SELECT set_price('dumpco', 'ark-1', 'input', 2, '2026-06-01');
SELECT set_price('dumpco', 'ark-1', 'input', 2.5, '2026-06-01');
SELECT set_price('dumpco', 'ark-1', 'output', NULL, '2027-01-01');
SELECT load_prices('{"inferacct": 1, "source": "s", "checked_on": "2026-11-01", "prices": [
	{"provider": "dumpco", "model": "ark-2", "usd": {"input": 1}, "time_windows": {"timezone": "Asia/Shanghai", "windows": [{"from": "00:00", "to": "08:00"}]}},
	{"provider": "dumpco", "model": "ark-2", "usd": {"input": 4}},
	{"provider": "dumpco", "model": "ark-2", "region": "eu", "multiplier": {"*": "1.1"}}],
	"gpu_prices": [{"gpu": "L7", "vendor": "dumpco", "term": "on_demand", "usd_per_hour": "1.25"}]}'::jsonb);
SELECT load_prices('{"ark-3": {"litellm_provider": "dumpco", "input_cost_per_token": 1e-06, "input_cost_per_pixel": 1}}', 'litellm');
INSERT INTO model_alias (alias, provider, model, region) VALUES ('ark', 'dumpco', 'ark-1', 'eu');
INSERT INTO contract (contract) VALUES ('deal');
INSERT INTO contract_term (contract, provider, percent_off) VALUES ('deal', 'dumpco', 20);
INSERT INTO fx_rate (valid_from, currency, usd_per_unit) VALUES ('2026-01-01', 'EUR', 1.125);
INSERT INTO price (provider, model, meter, currency, amount) VALUES ('dumpco', 'ark-4', 'input', 'EUR', 8);
SELECT usage_log_partitions('2026-05-01', '2026-08-01');
INSERT INTO usage_log (at, usage, model, source, request_id)
SELECT timestamptz '2026-04-15' + i * interval '1 day', usage(1000 * i, 10 * i), 'ark', 'app', 'request ' || i FROM generate_series(1, 150) AS i;
INSERT INTO shared_cost (month, name, usd) VALUES ('2026-07-01', 'gateway', 12.34);
INSERT INTO deployment (name, term, prefill_tokens_per_second, decode_tokens_per_second, upfront_usd) VALUES ('own fleet', 'owned', 1000, 100, 36000);
INSERT INTO deployment_run (deployment, models, since, until) VALUES ('own fleet', '{house/ark}', '2026-07-05', '2026-07-25');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, since) VALUES ('pt', 'dumpco', 'PT', '{ark-1}', 'provisioned', 'PTU', 2, 9.5, 'hour', '2026-07-01');
SELECT price_capacity();
CREATE TABLE book AS SELECT price_book() AS book, price_book(contract => 'deal') AS deal;
CREATE TABLE partial AS SELECT inferacct_internal.spend_accum(NULL, 'ark', 1000000, 0, '2026-07-01') AS state;
CREATE VIEW bill AS SELECT date_trunc('month', at) AS month, spend(model, usage, at) AS usd FROM usage_log GROUP BY 1;
CREATE MATERIALIZED VIEW monthly_bill AS SELECT * FROM bill;
));

my %same = (
	'price rows' => q(SELECT string_agg(p::text, E'\n' ORDER BY p::text) FROM inferacct.price p),
	'versions' => q(SELECT string_agg(v::text, E'\n' ORDER BY version) FROM inferacct.price_version v),
	'aliases' => q(SELECT string_agg(a::text, E'\n' ORDER BY a::text) FROM inferacct.model_alias a),
	'contracts, rates, GPUs, rejections' => q(SELECT (SELECT string_agg(c::text, ',') FROM inferacct.contract c), (SELECT string_agg(t::text, ',') FROM inferacct.contract_term t),
		(SELECT string_agg(f::text, ',') FROM inferacct.fx_rate f), (SELECT string_agg(g::text, ',' ORDER BY g::text) FROM inferacct.gpu_price g), (SELECT string_agg(r::text, ',') FROM inferacct.catalog_rejection r)),
	'commitments, running deployments and what they cost' => q(SELECT (SELECT string_agg(c::text, ',') FROM inferacct.commitment c), (SELECT string_agg(r::text, ',') FROM inferacct.deployment_run r),
		(SELECT string_agg(concat_ws(' ', a.name, a.kind, a.used_usd, a.idle_usd), ',' ORDER BY a.name) FROM inferacct.shared_cost_allocation a WHERE a.month = '2026-07-01')),
	'requests' => q(SELECT count(*), md5(string_agg(l::text, E'\n' ORDER BY at)) FROM inferacct.usage_log l),
	'requests in their months' => q(SELECT string_agg(month || ' ' || requests, ',' ORDER BY month) FROM (SELECT tableoid::regclass::text AS month, count(*) AS requests FROM inferacct.usage_log GROUP BY 1) m),
	'costs' => q(SELECT inferacct.token_cost('ark', 1000000, 1000000, '2026-05-31'), inferacct.token_cost('ark', 1000000, 1000000, '2026-06-01'),
		inferacct.token_cost('ark-2', inferacct.usage(1000000), '2026-06-01 12:00Z', 'standard', 'eu'), inferacct.token_cost('ark-2', 1000000, 0, '2026-06-01 20:00Z'),
		inferacct.token_cost('ark-4', 1000000, 0, '2026-06-01'), inferacct.token_cost('gpt-4o-2024-05-13', 60000000, 40000000, '2024-08-01')),
	'a bill' => q(SELECT string_agg(month || ' ' || usd, ',' ORDER BY month) FROM bill),
	'a stored bill' => q(SELECT string_agg(month || ' ' || usd, ',' ORDER BY month) FROM monthly_bill),
	'stored books' => q(SELECT md5(book::text), md5(deal::text), inferacct.token_cost(deal, 'ark', inferacct.usage(1000000), '2026-07-01') FROM book),
	'a book made anew' => q(SELECT md5(inferacct.price_book()::text)),
	'a stored partial sum' => q(SELECT state, inferacct_internal.spend_final(state) FROM partial),
);

my $dump = $node->basedir . '/source.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('source') ], 'pg_dump -Fc');
$node->command_ok([ 'pg_dump', '-f', "$dump.sql", $node->connstr('source') ], 'pg_dump as a script');
my ($prices) = slurp_file("$dump.sql") =~ /^(COPY inferacct\.price \(.*?)^\\\.$/ms;
like($prices, qr/\bark-1\b/, 'prices of its own are in the dump');
unlike($prices, qr/gpt-4o/, 'what is shipped is not');

$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'pg_restore');
$node->safe_psql('postgres', 'CREATE DATABASE scripted');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dump.sql", '-d', $node->connstr('scripted') ], 'psql');

for my $database ('restored', 'scripted')
{
	for my $what (sort keys %same)
	{
		is($node->safe_psql($database, $same{$what}), $node->safe_psql('source', $same{$what}), "$database: the same $what");
	}
	is($node->safe_psql($database, 'SELECT inferacct.price_capacity()'), '', "$database: prices say what is committed");
	my $latest = $node->safe_psql($database, 'SELECT max(version) FROM inferacct.price_version');
	cmp_ok($node->safe_psql($database, q(SELECT inferacct.set_price('dumpco', 'ark-1', 'input', 1, '2026-06-01'))),
		'>', $latest, "$database: the next price is a new version");
	is($node->safe_psql($database, q(SELECT inferacct.token_cost('ark', 1000000, 0, '2026-07-01'))), '1', "$database: which counts");
	is($node->safe_psql($database, q(REFRESH MATERIALIZED VIEW monthly_bill; SELECT count(*) FROM monthly_bill JOIN bill USING (month, usd))),
		$node->safe_psql($database, 'SELECT count(*) FROM bill'), "$database: a stored bill is refreshed");
	isnt($node->psql($database, 'DELETE FROM inferacct.price'), 0, "$database: prices are append-only");
	is($node->safe_psql($database, q(INSERT INTO inferacct.usage_log (at, usage, model, source, request_id) VALUES ('2026-07-20', '{"input":1}', 'ark', 'app', 'new'); SELECT count(*) FROM inferacct.usage_log)),
		'151', "$database: the log goes on");
}

# A dump of a restored database is the same dump.
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dump.2", $node->connstr('restored') ], 'a restored database is dumped');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('again'), "$dump.2" ], 'and restored');
is($node->safe_psql('again', $same{'price rows'}), $node->safe_psql('restored', $same{'price rows'}), 'with the same prices');
is($node->safe_psql('again', $same{'requests'}), $node->safe_psql('restored', $same{'requests'}), 'and requests');

$node->stop;
done_testing();
