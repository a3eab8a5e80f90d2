-- gpu_market: sellers of GPUs, their quantiles, and SkyPilot's catalog.
BEGIN;
SET LOCAL search_path = inferacct, inferacct_internal, public;
SET LOCAL timezone = 'UTC';
SELECT plan(29);

-- quantiles: a seller once, with its cheapest region; ranges and studies do not count
INSERT INTO gpu_price (gpu, vendor, region, term, usd_per_hour, valid_from) VALUES
	('X1', 'a', '', 'on_demand', 1, '2026-01-01'), ('X1', 'b', 'eu', 'on_demand', 9, '2026-01-01'), ('X1', 'b', 'us', 'on_demand', 2, '2026-01-01'),
	('X1', 'c', '', 'on_demand', 3, '2026-01-01'), ('X1', 'c', '', 'on_demand', 5, '2026-06-01'), ('X1', 'd', '', 'spot', 0.5, '2026-01-01'),
	('X1', 'market (low)', '', 'on_demand', 0.1, '2026-01-01'), ('X1', 'e', '', 'on_demand', NULL, '2026-01-01');
SELECT results_eq($$ SELECT * FROM gpu_market('X1', 'on_demand', '2026-02-01') $$, $$ VALUES (3::bigint, 1::numeric, 2::numeric, 3::numeric) $$, 'tenth, half and nine tenths of the sellers');
SELECT results_eq($$ SELECT * FROM gpu_market('X1', 'on_demand', '2026-07-01') $$, $$ VALUES (3::bigint, 1::numeric, 2::numeric, 5::numeric) $$, 'at another time');
SELECT results_eq($$ SELECT * FROM gpu_market('X1', 'spot', '2026-02-01') $$, $$ VALUES (1::bigint, 0.5::numeric, 0.5::numeric, 0.5::numeric) $$, 'one seller is all quantiles');
SELECT results_eq($$ SELECT * FROM gpu_market('X1', 'reserved_3y', '2026-02-01') $$, $$ VALUES (0::bigint, NULL::numeric, NULL::numeric, NULL::numeric) $$, 'no seller');
SELECT results_eq($$ SELECT * FROM gpu_market('X1', 'on_demand', '2025-01-01') $$, $$ VALUES (0::bigint, NULL::numeric, NULL::numeric, NULL::numeric) $$, 'none at that time');
SELECT results_eq($$ SELECT * FROM gpu_market(NULL) $$, $$ VALUES (NULL::bigint, NULL::numeric, NULL::numeric, NULL::numeric) $$, 'NULL');
SELECT ok(sellers >= 6 AND p10 < p50 AND p50 < p90, 'the shipped market of H100 is one') FROM gpu_market('H100');
SELECT is(count(*), 0::bigint, 'a GPU of the shipped market without a seller on demand') FROM unnest(ARRAY['A100-80GB', 'H100', 'H200', 'B200', 'B300', 'MI300X', 'MI325X', 'L40S']) AS g, gpu_market(g) AS m WHERE m.sellers = 0;

SELECT is(count(*), 0::bigint, 'a GPU of the shipped market without two sellers of a year and of three') FROM unnest(ARRAY['A100-80GB', 'H100', 'H200', 'B200', 'B300']) AS g, unnest(ARRAY['reserved_1y', 'reserved_3y']) AS t, gpu_market(g, t) AS m WHERE m.sellers < 2;
SELECT is_empty($$ SELECT * FROM gpu_price WHERE version <= 1000 AND (source IS NULL OR checked_on IS NULL) $$, 'every shipped rent has a source and a day');

-- a vendor with regions
SELECT is(gpu_usd_per_hour('X1', 'b/eu', 'on_demand', '2026-02-01'), 9::numeric, 'a region of a vendor');
SELECT throws_ok($$ SELECT gpu_usd_per_hour('X1', 'b', 'on_demand', '2026-02-01') $$, 'IA302', 'several vendors rent out X1 on term on_demand', 'regions that differ are not guessed');
INSERT INTO gpu_price (gpu, vendor, region, term, usd_per_hour, valid_from) VALUES ('X1', 'b', '', 'on_demand', 4, '2026-03-01');
SELECT is(gpu_usd_per_hour('X1', 'b', 'on_demand', '2026-04-01'), 4::numeric, 'the price without a region is what the vendor''s name means');
SELECT is(gpu_usd_per_hour('X1', 'b/us', 'on_demand', '2026-04-01'), 2::numeric, 'and a region is there still');
INSERT INTO gpu_price (gpu, vendor, region, term, usd_per_hour) VALUES ('X2', 'b', 'eu', 'on_demand', 4), ('X2', 'b', 'us', 'on_demand', 4);
SELECT is(gpu_usd_per_hour('X2', NULL, 'on_demand'), 4::numeric, 'regions of one price are one');
SELECT is_empty('SELECT * FROM inferacct_check()', 'nothing is found wrong');

-- SkyPilot's CSV
SELECT $csv$InstanceType,AcceleratorName,AcceleratorCount,vCPUs,Price,Region,GpuInfo,SpotPrice
x8,X3,8.0,1,23.2,eu,"{'a': [1, 2], ""b"": 3}",10
x1,X3,1,1,3.1,eu,,
cpu,,,4,0.2,us,,
bad,X4,two,1,5,us,,
bad,X4,1,1,-5,us,,
sxm,X3-SXM,1,1,3.2,us,,
third,X5,3,1,10,us,,
$csv$ AS csv \gset
SELECT is((l.added, l.changed, l.unchanged, l.rejected), (4::bigint, 0::bigint, 0::bigint, 1::bigint), 'what became of a CSV') FROM load_gpu_prices(:'csv', 'acme', 'sky') AS l;
SELECT results_eq($$ SELECT gpu, region, term, usd_per_hour, source FROM gpu_price WHERE vendor = 'acme' ORDER BY 1, 2, 3 $$,
	$$ VALUES ('X3', 'eu', 'on_demand', 2.9, 'sky'), ('X3', 'eu', 'spot', 1.25, 'sky'), ('X3', 'us', 'on_demand', 3.2, 'sky'), ('X5', 'us', 'on_demand', 3.333333, 'sky') $$, 'the cheapest machine of each, per GPU');
SELECT results_eq($$ SELECT path, problem FROM catalog_rejection WHERE version > 1000 $$, $$ VALUES ('X4 us on_demand', '2 lines without a number of GPUs and a price') $$, 'what is refused is told');
SELECT is((l.added, l.changed, l.unchanged, l.rejected), (0::bigint, 0::bigint, 4::bigint, 1::bigint), 'loading it again changes nothing') FROM load_gpu_prices(:'csv', 'acme', 'sky') AS l;
SELECT count(*) AS versions FROM price_version WHERE note = 'load_gpu_prices' \gset
SELECT is(:versions::bigint, 1::bigint, 'and adds no version');
SELECT is((l.added, l.changed, l.unchanged, l.rejected), (0::bigint, 1::bigint, 3::bigint, 1::bigint), 'a price that changed') FROM load_gpu_prices(replace(:'csv', ',3.2,', ',3.3,'), 'acme', 'sky') AS l;
SELECT is(gpu_usd_per_hour('X3', 'acme/us', 'on_demand', clock_timestamp()), 3.3, 'holds from then on');
SELECT is((l.added, l.changed), (4::bigint, 0::bigint), 'lines may end as in Windows') FROM load_gpu_prices(replace(:'csv', E'\n', E'\r\n'), 'windows') AS l;
SELECT throws_ok($$ SELECT load_gpu_prices('a,b', 'acme') $$, 'IA102', 'malformed GPU catalog', 'no such catalog');
SELECT throws_ok($$ SELECT load_gpu_prices('', 'acme') $$, 'IA102', 'malformed GPU catalog', 'an empty one');
SELECT throws_ok($$ SELECT load_gpu_prices(NULL, 'acme') $$, '22004', NULL, 'no CSV');
SELECT throws_ok($$ SELECT load_gpu_prices('a', '') $$, '22004', NULL, 'no vendor');
SELECT throws_ok($$ SELECT load_gpu_prices('a', 'acme', NULL, 'infinity') $$, '22008', NULL, 'no time');

SELECT * FROM finish();
ROLLBACK;
