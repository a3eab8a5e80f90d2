# Whatever runs long can be cancelled.  Each case would take many minutes, most
# of them hours: that it ends by statement_timeout, and that the test ends, is all
# that is asked.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('interrupt');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\njit = off\nfsync = off");
$node->start;
$node->safe_psql('postgres', q(
CREATE EXTENSION inferacct;
SET search_path = public, inferacct, inferacct_internal;
-- one model with 40,000 context tiers, in six weekly windows
INSERT INTO price (provider, model, meter, usd, above_input_tokens)
SELECT 'longco', 'tiers', 'input', 1 + i % 7, i FROM generate_series(1, 40000) i;
INSERT INTO price (provider, model, meter, usd, time_windows)
SELECT 'longco', 'tiers', 'input', 2, jsonb_build_object('timezone', 'UTC', 'windows',
	jsonb_build_array(jsonb_build_object('from', to_char(i, 'FM00') || ':00', 'to', '24:00')))
FROM generate_series(1, 6) i;
-- one with 60,000 changes of price in 30 tiers
INSERT INTO price (provider, model, meter, service_tier, usd, valid_from)
SELECT 'longco', 'times', 'input', 'tier ' || i % 30, 1, '2020-01-01Z'::timestamptz + i * interval '1 minute' FROM generate_series(1, 60000) i;
CREATE TABLE book_text AS SELECT '{"format":"1","unpriced":"error","guess":"allow","version":"1","as_of":"0","contract":"","aliases":[],"fx_rates":[],"models":[{"provider":"longco","model":"tiers","prices":['
	|| string_agg(format('{"service_tier":"standard","region":"","meter":"input","kind":"rate","scope":"0","currency":"USD","value":"1","unit_quantity":"1",'
		'"min_input":"%s","windows":"","valid_from":"0","valid_to":"9223372036854775807","version":"1","published_at":"0","source":"%s"}', i, i), ',')
	|| ']}]}' AS text FROM generate_series(1, 60000) i;
CREATE TABLE catalog AS
SELECT 'litellm' AS format, '{"m": {"litellm_provider": "openai", ' || string_agg(format('"input_cost_per_token_above_%sk_tokens": 1', i), ',') || '}}' AS text FROM generate_series(1, 300000) i
UNION ALL
SELECT 'genai-prices', '[{"id": "p", "models": [{"id": "m", "prices": ['
	|| string_agg(format('{"constraint": {"start_date": "%s"}, "prices": {"input_mtok": 1}}', date '1900-01-01' + i), ',') || ']}]}]'
FROM generate_series(1, 200000) i;
));

my %long = (
	'a card of many context tiers and windows' => q(SELECT token_cost('longco/tiers', 10, 0, '2026-01-01')),
	'a card of many changes of price' => q(SELECT spend('longco/times', usage(10), '2026-01-01', 'tier 3', NULL)),
	'a book of everything' => 'SELECT price_book()',
	'the text of a book' => 'SELECT text::price_book FROM book_text',
	'a catalog of LiteLLM with many fields' => q(SELECT count(*) FROM catalog, parse_catalog(text, format) WHERE format = 'litellm'),
	'a catalog of genai-prices with many sets' => q(SELECT count(*) FROM catalog, parse_catalog(text, format) WHERE format = 'genai-prices'),
	'the largest queue' => 'SELECT count(max_utilization(10000000, 5, 0.5, 0.01 + i * 1e-9, 2, 1)) FROM generate_series(1, 10000) i',
);

for my $what (sort keys %long)
{
	my ($rc, $out, $err) = $node->psql('postgres', "SET search_path = public, inferacct, inferacct_internal; SET statement_timeout = '50ms'; $long{$what}",
		timeout => $PostgreSQL::Test::Utils::timeout_default, on_error_die => 0);
	isnt($rc, 0, "$what: does not finish");
	like($err, qr/canceling statement due to statement timeout/, "$what: is cancelled") or diag($err);
	is($node->safe_psql('postgres', q(SELECT inferacct.token_cost('openai/gpt-4o', 1000000, 0, '2026-09-01') > 0)), 't', 'and nothing else is');
}

# The same session goes on afterwards.
my ($rc, $out, $err) = $node->psql('postgres', qq(SET search_path = public, inferacct, inferacct_internal; SET statement_timeout = '300ms';
\\set ON_ERROR_STOP 0
$long{'a card of many context tiers and windows'};
$long{'a catalog of LiteLLM with many fields'};
$long{'the text of a book'};
SELECT token_cost('openai/gpt-4o', 1000000, 0, '2026-09-01') > 0), on_error_stop => 0);
is($out, 't', 'a session goes on after a cancelled load of prices');
is(scalar(() = $err =~ /canceling statement/g), 3, 'each was cancelled') or diag($err);

$node->stop;
done_testing();
