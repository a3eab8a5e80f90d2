# focus: `make focus` of a generated month keeps the rules of FOCUS 1.4: the main
# ones checked here, and all that INFERACCT_SHARED/focus/check knows when it is there.
use strict;
use warnings FATAL => 'all';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('focus');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\ntimezone = 'Asia/Kolkata'\n");
$node->start;
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGDATABASE} = 'postgres';

$node->safe_psql('postgres', 'CREATE EXTENSION inferacct');
my ($out, $err);
ok(IPC::Run::run(['psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'requests=40000', '-f', 'demo/generate.sql'], '>', \$out, '2>', \$err), 'a month is generated') or diag($err);
$node->safe_psql('postgres', q{
SET search_path = inferacct, inferacct_internal, public;
SELECT usage_log_partition('2026-10-01');
CREATE VIEW demo.october AS SELECT at, usage, model, request_id, provider, team, project,
	CASE WHEN model = 'anthropic/claude-sonnet-5' AND service_tier = 'standard' THEN 'provisioned' ELSE service_tier END AS service_tier FROM demo.request WHERE at >= '2026-10-01Z';
SELECT import_usage('demo.october', 'gateway');
INSERT INTO shared_cost (month, name, usd) VALUES ('2026-10-01', 'gateway', 2000);
INSERT INTO deployment (name, gpu, vendor, term, gpus_per_replica, prefill_tokens_per_second, decode_tokens_per_second) VALUES ('house', 'A100-80GB', 'cloud (mid)', 'on_demand', 2, 100, 20);
INSERT INTO deployment_run (deployment, replicas, models, since, until) VALUES ('house', 2, '{house/support-llama-70b}', '2026-10-03 04:05Z', '2026-11-01Z');
INSERT INTO commitment (name, provider, type, models, service_tier, unit, units, usd_per_unit, per, tokens_per_unit_hour, since, until) VALUES
	('pt-1', 'anthropic', 'Provisioned Throughput', '{anthropic/claude-sonnet-5}', 'provisioned', 'Model Unit', 2, 39.99, 'hour', 50000, '2026-10-02 07:00Z', '2026-12-01Z'),
	('pt-2', 'anthropic', 'Scale Tier', '{anthropic/nothing}', 'scale', 'Unit', 3, 2250, 'month', NULL, '2026-10-10Z', NULL);
SELECT price_capacity();
CALL refresh_usage()});

my $file = PostgreSQL::Test::Utils::tempdir . '/focus.csv';
{
	local $ENV{FOCUS} = $file;
	ok(IPC::Run::run(['bash', '.ci/focus'], '>', \$out, '2>', \$err), 'the export is written') or diag($err);
}

# A line of CSV; no field of this export has a line break.
sub fields
{
	my ($line) = @_;
	my @fields;
	push @fields, defined $1 ? $1 =~ s/""/"/gr : $2 while $line =~ /\G(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g;
	pop @fields;
	return @fields;
}

open my $csv, '<', $file or die $!;
chomp(my @lines = <$csv>);
my @columns = fields(shift(@lines) . ',');
my %bad;
my ($rows, $tokens) = (0, 0);
foreach my $line (@lines)
{
	my %row;
	@row{@columns} = fields("$line,");
	$rows++;
	$tokens++ if $row{ConsumedUnit} eq 'Tokens';
	foreach my $column (qw(BilledCost BillingAccountId BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeFrequency ChargePeriodEnd ChargePeriodStart
		ContractedCost EffectiveCost InvoiceIssuerName ListCost ListUnitPrice PricingQuantity PricingUnit ServiceCategory ServiceName ServiceProviderName ServiceSubcategory SkuId SkuPriceId))
	{
		$bad{"$column is empty"}++ if $row{$column} eq '';
	}
	$bad{"$_ is no number"}++ foreach grep { $row{$_} !~ /^-?\d+(\.\d+)?$/ } qw(BilledCost ContractedCost EffectiveCost ListCost ListUnitPrice PricingQuantity);
	$bad{"$_ is no time"}++ foreach grep { $row{$_} !~ /^\d{4}-\d\d-\d\dT\d\d:00:00Z$/ } qw(BillingPeriodStart BillingPeriodEnd ChargePeriodStart ChargePeriodEnd);
	$bad{'the charge is not in its billing period'}++ unless $row{BillingPeriodStart} le $row{ChargePeriodStart} && $row{ChargePeriodEnd} le $row{BillingPeriodEnd};
}
cmp_ok($tokens, '>', 1000, 'there are rows of tokens');
is(join("\n", map { "$_: $bad{$_}" } sort keys %bad), '', 'every row has what FOCUS wants, as FOCUS writes it');
is($node->safe_psql('postgres', qq{
CREATE TEMP TABLE export (@{[join ', ', map { qq("$_" ) . (/Cost$|UnitPrice$|Quantity$/ ? 'numeric' : 'text') } @columns]});
\\copy export from '$file' csv header
SELECT count(*), sum("BilledCost") = (SELECT sum(usd) FROM inferacct.monthly_spend) + (SELECT sum(allocated_usd) FROM inferacct.shared_cost_allocation WHERE month = '2026-10-01'), sum("EffectiveCost") = sum("BilledCost"),
	(SELECT string_agg(concat_ws(' ', kind, "ChargeCategory", "CommitmentDiscountStatus"), ',' ORDER BY kind, "ChargeCategory", "CommitmentDiscountStatus") FROM (
		SELECT DISTINCT coalesce("ResourceType", '-') AS kind, "ChargeCategory", "CommitmentDiscountStatus" FROM export) AS k),
	count(*) FILTER (WHERE "ListUnitPrice" * "PricingQuantity" <> "ListCost" OR "ContractedUnitPrice" * "PricingQuantity" <> "ContractedCost")
FROM export} =~ s/^/SET inferacct.unpriced = 'null';/r), "$rows|t|t|- Usage,Deployment Usage,Provisioned Throughput Purchase,Provisioned Throughput Usage Unused,Provisioned Throughput Usage Used,Scale Tier Purchase,Scale Tier Usage Unused,Shared Cost Usage|0", 'the file adds up to the reports, by what is billed and by what is used, and unit prices multiply to costs exactly');

my ($shared) = grep { -e "$_/check" } map { "$_/focus" } grep { defined } $ENV{INFERACCT_SHARED}, '../shared';
if (defined $shared)
{
	my $applicable = slurp_file("$shared/applicable-llm.txt");
	chomp $applicable;
	$applicable .= ',COMMITMENT_DISCOUNT_SUPPORTED';
	ok(IPC::Run::run(['python3', "$shared/check", '--model', '1.4', '--draft15', '--applicable', $applicable, $file], '>', \$out, '2>&1'), 'the checker finds no violated rule of FOCUS 1.4') or diag($out);
	like($out, qr/; 0 MUST violated, 0 SHOULD not met/, 'and no recommendation that is not kept');
}
else
{
	diag('no focus/check in INFERACCT_SHARED: only the main rules are checked');
}

$node->stop;
done_testing();
