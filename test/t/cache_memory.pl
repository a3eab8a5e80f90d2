# Memory of the price cache: one context tree, visible by name, replaced and not
# leaked, and small enough with 100,000 price rows.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init;
$node->append_conf('postgresql.conf', "shared_buffers = 256MB\nautovacuum = off\n");
$node->start;
my $schema = q{
	CREATE EXTENSION inferacct;
	CREATE FUNCTION cost(model text) RETURNS numeric LANGUAGE sql STABLE AS $$
		SELECT inferacct.token_cost('t/' || model, 1000000, 0, '2026-06-01')
	$$;
	CREATE FUNCTION put(model text, usd numeric) RETURNS void LANGUAGE sql AS $$
		SELECT FROM inferacct.set_price('t', model, 'input', usd)
	$$;
	CREATE FUNCTION cache_bytes() RETURNS bigint LANGUAGE sql AS $$
		SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts WHERE name LIKE 'inferacct%'
	$$;
	-- Everything that lives as long as the backend; not what belongs to the statement that asks.
	CREATE FUNCTION backend_bytes() RETURNS bigint LANGUAGE sql AS $$
		WITH RECURSIVE lasting AS (
			SELECT name, ident, total_bytes FROM pg_backend_memory_contexts
			WHERE name LIKE 'inferacct%' OR name LIKE 'CachedPlan%' OR name LIKE 'SPI%'
				OR name IN ('TopMemoryContext', 'CacheMemoryContext', 'TopTransactionContext', 'Operator lookup cache'))
		SELECT sum(total_bytes) FROM lasting
	$$;
	SELECT put('m' || i, i) FROM generate_series(1, 5) i;
	-- One reload after another: by changes of its own that are committed, or
	-- rolled back to a savepoint, and by failing ones.
	CREATE PROCEDURE reload(n int) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1..n LOOP
			PERFORM inferacct.touch_prices();
			PERFORM cost('m1'), cost('m2');
			COMMIT;
			PERFORM cost('m' || i % 5 + 1);
			BEGIN
				PERFORM inferacct.touch_prices();
				PERFORM cost('m3');
				PERFORM cost('malformed');
			EXCEPTION WHEN SQLSTATE 'IA102' THEN NULL;
			END;
			COMMIT;
		END LOOP;
	END $$;
};
$node->safe_psql('postgres', 'CREATE DATABASE many');
$node->safe_psql($_, $schema) foreach qw(postgres many);
$node->safe_psql('postgres', q{
	ALTER TABLE inferacct.price DROP CONSTRAINT price_time_windows_check; -- it would not let the row in
	INSERT INTO inferacct.price (version, provider, model, meter, usd, time_windows)
	SELECT max(version), 't', 'malformed', 'input', 1, '[]' FROM inferacct.price_version;
});

my $session = $node->background_psql('postgres');

sub ask
{
	return $session->query_safe($_[0]);
}

sub resident
{
	my $pid = ask('SELECT pg_backend_pid()');
	my ($kb) = slurp_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m;
	return $kb // 0;
}

ask("SELECT cost('m1')");
# 18 numbers its levels from 1 and no longer names the parent.
is(ask(q{SELECT string_agg(name || ' at ' || level - top, ', ' ORDER BY level)
	FROM pg_backend_memory_contexts, (SELECT min(level) AS top FROM pg_backend_memory_contexts) t
	WHERE name IN ('inferacct price cache', 'inferacct prices')}),
	'inferacct price cache at 1, inferacct prices at 2',
	'the cache is visible in pg_backend_memory_contexts');

# ---- 10,000 reloads: three in each round ----
ask('CALL reload(200)');
my ($cache, $backend, $rss) = (ask('SELECT cache_bytes()'), ask('SELECT backend_bytes()'), resident());
ask('CALL reload(3334)');
is(ask('SELECT cache_bytes()'), $cache, 'the cache is as large after 10,000 reloads');
cmp_ok(ask('SELECT backend_bytes()'), '<=', $backend + 65536, 'the backend leaks nothing elsewhere');
# AddressSanitizer keeps back up to 256 MB of what was freed.
my $slack = ($ENV{LD_PRELOAD} // '') =~ /libasan/ ? 262144 : 2048;
cmp_ok(resident(), '<', $rss + $slack, 'as the operating system sees it too');
note("cache $cache bytes, backend $backend -> " . ask('SELECT backend_bytes()') . " bytes, RssAnon $rss -> " . resident() . ' kB');

# ---- failing loads of a model in an otherwise good cache ----
ask(q{DO $$ BEGIN
	FOR i IN 1..5000 LOOP
		BEGIN
			PERFORM cost('malformed');
		EXCEPTION WHEN SQLSTATE 'IA102' THEN NULL;
		END;
	END LOOP;
END $$});
is(ask('SELECT cache_bytes()'), $cache, 'loads that fail leave nothing behind');

# ---- a log full of names that nobody knows ----
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET inferacct.unpriced = \'null\'');
$session->quit;
$session = $node->background_psql('postgres');
is(ask(q{SELECT count(*) - count(cost('nonsense ' || i)) FROM generate_series(1, 15000) i}), 15000, 'unknown names');
cmp_ok(ask('SELECT cache_bytes()'), '<', 8 * 1024 * 1024, 'are not remembered without end');
is(ask(q{SELECT cost('m2')}), 2, 'and others still found');

# ---- row security: nothing is kept ----
$node->safe_psql('postgres', q{CREATE ROLE reader; CREATE POLICY all_rows ON inferacct.price USING (true);
	ALTER TABLE inferacct.price ENABLE ROW LEVEL SECURITY});
ask(q{SET ROLE reader; SELECT sum(cost('m' || i % 5 + 1)) FROM generate_series(1, 2000) i; RESET ROLE});
cmp_ok(ask('SELECT cache_bytes()'), '<', 8 * 1024 * 1024, 'nothing is left of loads under row security');
$node->safe_psql('postgres', 'ALTER TABLE inferacct.price DISABLE ROW LEVEL SECURITY');

# ---- books and policies that alternate from row to row, while the query runs ----
$node->safe_psql('postgres', 'CREATE DATABASE shelves');
$node->safe_psql('shelves', $schema . q{
	CREATE TABLE shelf (n int PRIMARY KEY, book inferacct.price_book);
	INSERT INTO shelf SELECT n, inferacct.price_book_scale(book, 1 + n / 1000.0)
	FROM generate_series(0, 149) AS n, (SELECT inferacct.price_book() AS book OFFSET 0) AS b;
	CREATE TABLE log AS SELECT i, timestamptz '2026-06-01' + i * interval '1 second' AS at, inferacct.usage(i) AS used FROM generate_series(1, 100000) AS i;
	ANALYZE log;
	INSERT INTO inferacct.routing_policy (name, kind) SELECT 'p' || n, 'score' FROM generate_series(0, 149) AS n;
	INSERT INTO inferacct.routing_tier (policy, below_score, model)
	SELECT 'p' || n, bound, model FROM generate_series(0, 149) AS n, (VALUES (0.5, 't/m1'), (NULL, 't/m2')) AS t(bound, model);
	CREATE FUNCTION all_bytes() RETURNS bigint LANGUAGE sql AS $$ SELECT sum(total_bytes) FROM pg_backend_memory_contexts $$;
});

$session->quit;
$session = $node->background_psql('shelves');

# Bytes of the backend after so many rows, and after all of them; the book or policy of row i is i % $alternating.
sub growth
{
	my ($call, $alternating, $warm) = @_;
	return ask(qq{SELECT max(all_bytes()) FILTER (WHERE i = 100000) - max(all_bytes()) FILTER (WHERE i = $warm), count(x)
		FROM (SELECT i, $call AS x FROM (SELECT * FROM log ORDER BY i OFFSET 0) AS l
			JOIN LATERAL (SELECT * FROM shelf WHERE n = i % $alternating OFFSET 0) AS s ON true OFFSET 0) AS r});
}

foreach my $n (1, 2, 100)
{
	my ($grown, $rows) = split /\|/, growth(q{inferacct.token_cost(book, 'gpt-4o', used, at)}, $n, 1000);
	is($rows, 100000, "token_cost() of $n books prices every row");
	cmp_ok($grown, '<', 1048576, 'and its memory stays as it is');
	($grown, $rows) = split /\|/, ask(qq{SELECT max(all_bytes()) FILTER (WHERE i = 100000) - max(all_bytes()) FILTER (WHERE i = 1000), count(*) FILTER (WHERE s IS NOT NULL)
		FROM (SELECT i, inferacct.spend(book, 'gpt-4o', i, i, at) OVER (ORDER BY i) AS s FROM (SELECT * FROM log ORDER BY i OFFSET 0) AS l
			JOIN LATERAL (SELECT * FROM shelf WHERE n = i % $n OFFSET 0) AS s ON true) AS r});
	is($rows, 100000, "spend() of $n books, too");
	cmp_ok($grown, '<', 1048576, 'and its memory stays as it is');
}
foreach my $n (2, 150)
{
	my ($grown, $rows) = split /\|/, growth(q{inferacct.route('p' || n, 0.25)}, $n, 20000);
	is($rows, 100000, "route() by $n policies");
	cmp_ok($grown, '<', 1048576, 'and its memory stays as it is');
}
# More books than are kept: 1,500 rows, each of another book than the one before.
my ($grown) = split /\|/, ask(q{SELECT max(all_bytes()) FILTER (WHERE i = 1500) - max(all_bytes()) FILTER (WHERE i = 300), count(x)
	FROM (SELECT i, inferacct.token_cost(book, 'gpt-4o', used, at) AS x FROM (SELECT * FROM log WHERE i <= 1500 ORDER BY i OFFSET 0) AS l
		JOIN LATERAL (SELECT * FROM shelf WHERE n = i % 150 OFFSET 0) AS s ON true OFFSET 0) AS r});
cmp_ok($grown, '<', 4 * 1048576, 'what is evicted is freed');
is(ask(q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'inferacct call site'}), 0, 'nothing outlives the query');

# ---- 100,000 price rows: 11,112 models with 9 each ----
$node->safe_psql('many', q{
	INSERT INTO inferacct.price (version, provider, model, meter, usd, service_tier, valid_from)
	SELECT version, 'many', 'model-of-usual-length-' || m, meter, m / 1000.0 + n,
		tier, timestamptz '2025-01-01' + n * interval '60 days'
	FROM (SELECT inferacct_internal.open_price_version(now(), 'many', NULL, NULL) AS version OFFSET 0) opened,
		generate_series(1, 11112) m,
		(VALUES ('input', 'standard', 0), ('output', 'standard', 1), ('cache_read', 'standard', 2),
			('input', 'standard', 3), ('output', 'standard', 3), ('cache_read', 'standard', 3),
			('input', 'batch', 0), ('output', 'batch', 3), ('cache_read', 'batch', 3)) v(meter, tier, n)
});
$session->quit;
$session = $node->background_psql('many');
is(ask(q{SELECT count(*) FROM inferacct.price WHERE provider = 'many'}), 100008, 'there are 100,008 price rows');

my $touch = q{SELECT count(inferacct.token_cost('many/model-of-usual-length-' || m, 1000, 1000, '2026-06-01')) FROM generate_series(1, 11112) m};
is(ask($touch), 11112, 'one statement prices all the models');
my $all = ask('SELECT cache_bytes()');
cmp_ok($all, '<', 72 * 1024 * 1024, 'the cache of 100,000 price rows is under 72 MB');
note(sprintf('all models touched: %.1f MB', $all / 1048576));
note('by context: ' . ask(q{SELECT string_agg(name || ' ' || total_bytes || ' used ' || used_bytes, ', ') FROM pg_backend_memory_contexts WHERE name LIKE 'inferacct%'}));
my ($models, $prices, $bytes, $ms) = split /\|/, ask('SELECT models, prices, bytes, build_ms FROM inferacct.price_book_info(inferacct.price_book())');
cmp_ok($bytes, '<', 64 * 1024 * 1024, 'and so is a price_book of them');
note(sprintf('price_book of %d prices of %d models: %.1f MB, made from its text in %d ms', $prices, $models, $bytes / 1048576, $ms));

# Other epochs and settings do not multiply it.
my $most = 0;
for my $round (1 .. 3)
{
	$node->safe_psql('many', "SELECT FROM put('m1', $round)") if $round % 2;
	ask("SET inferacct.as_of = '2030-01-0$round'") unless $round % 2;
	is(ask($touch), 11112, "all models again, round $round");
	$bytes = ask('SELECT cache_bytes()');
	$most = $bytes if $bytes > $most;
	ask('RESET inferacct.as_of');
}
cmp_ok($most, '<', 72 * 1024 * 1024, 'under 72 MB also after changes of prices and settings');
note(sprintf('most: %.1f MB', $most / 1048576));

$session->quit;
$node->stop;
done_testing();
