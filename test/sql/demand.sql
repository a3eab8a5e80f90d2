-- demand: the type, its aggregates, series and traffic.
SET search_path = inferacct, inferacct_internal, public;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';

-- Three requests, of which two fall into one hour; the last one is not priced.
CREATE TEMP TABLE requests (at timestamptz, usage usage, usd numeric);
INSERT INTO requests VALUES
	('2024-05-01 13:05+00', usage(1200, 350), 0.00885),
	('2024-05-01 13:59:59.999999+00', usage(800, 100, cache_read => 400), 0.0042),
	('2024-05-01 17:00+00', usage(10, 1), NULL),
	(NULL, usage(1), 1), ('2024-05-01 17:00+00', NULL, 1);
SELECT demand(at, usage, usd) FROM requests;
SELECT demand(at, usage, usd, '2 minutes') FROM requests;
SELECT s.* FROM demand_series((SELECT demand(at, usage, usd) FROM requests)) s;
SELECT s.* FROM demand_series((SELECT demand(at, usage, usd) FROM requests), '2024-05-01 12:30+00', '2024-05-01 14:00+00') s;
SELECT bucket_width(demand(at, usage, usd, '1 day')) FROM requests;

-- Stored, compared, merged.
CREATE TEMP TABLE stored AS SELECT at::date AS day, demand(at, usage, usd) AS load FROM requests GROUP BY 1;
SELECT day, load = (SELECT demand(at, usage, usd) FROM requests) AS same, load <> load AS differs FROM stored ORDER BY day;
SELECT merge(load) = (SELECT demand(at, usage, usd) FROM requests) AS same FROM stored;
SELECT s.* FROM (SELECT merge(load) AS d FROM stored, generate_series(1, 2)) m, demand_series(m.d) s;
SELECT '{ "buckets" : []}'::demand;
SELECT '{"format":1,"minutes":60, "buckets":[ {"usd":"1.50","usage":{"input": 3},"requests":1,"from":"2024-05-01T13:00Z"} ] }'::demand;

-- Empty demands and NULLs.
SELECT demand(at, usage, usd) FROM requests WHERE false;
SELECT * FROM demand_series('{"format":1,"minutes":60,"buckets":[]}');
SELECT * FROM demand_series('{"format":1,"minutes":60,"buckets":[]}', '2024-05-01+00', '2024-05-01 02:00+00');
SELECT traffic('{"format":1,"minutes":60,"buckets":[]}') IS NULL AS none;

-- A moving window has the demand of every moment.
SELECT at, (traffic(demand(at, usage, usd) OVER (ORDER BY at))).requests FROM requests WHERE at IS NOT NULL AND usage IS NOT NULL ORDER BY at;

-- The weekly profile: 12 at the busiest, 5.506 on average, half of it at weekends.
CREATE TEMP TABLE week AS
SELECT demand(timestamptz '2024-01-01+00' + h * interval '1 hour', usage((d * 1000)::bigint, (d * 100)::bigint, requests => d::bigint), d * 0.003) AS d
FROM (SELECT h, CASE WHEN h % 168 < 120 THEN d[h % 24 + 1] ELSE ceil(d[h % 24 + 1] / 2) END AS d
	FROM generate_series(0, 4 * 168 - 1) AS h, (SELECT '{2,2,2,2,2,3,4,6,8,10,11,12,12,12,11,10,9,8,7,6,5,4,3,2}'::numeric[] AS d) AS profile) AS hours;
\x
SELECT since, until, width, buckets, requests, unpriced_requests, api_usd, round(mean::numeric, 3) AS mean, peak, p99, round(peak_to_mean::numeric, 3) AS peak_to_mean,
	round(p99_to_mean::numeric, 3) AS p99_to_mean, round(cv::numeric, 3) AS cv, dispersion_width,
	ARRAY(SELECT round(i::numeric, 3) FROM unnest(index_of_dispersion) i) AS index_of_dispersion, round(predictability::numeric, 6) AS predictability
FROM week, traffic(d);
\x
SELECT load, (traffic(d, load)).peak FROM week, unnest('{tokens,input_tokens,output_tokens,requests,usd,input,pages}'::text[]) AS load;
