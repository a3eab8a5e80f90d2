$catalogs$, source => 'inferacct 0.1', published_at => '2026-11-20 00:00:00+00');

-- From here on versions are the database's own.
SELECT setval('price_version_seq', 1000);
