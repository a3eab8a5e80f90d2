$catalogs$, source => 'inferacct 0.1', published_at => '2026-11-20 00:00:00+00');

INSERT INTO catalog_rank (version, catalog, rank) VALUES (1, 'inferacct', 10), (1, 'genai-prices', 20), (1, 'litellm', 30);

-- From here on versions are the database's own.
SELECT setval('price_version_seq', 1000);
