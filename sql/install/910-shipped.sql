-- shipped: after the price versions of pricing/, which the Makefile puts before this part.
--
-- Invariant: from here on versions are the database's own.

INSERT INTO catalog_rank (version, catalog, rank) VALUES (1, 'inferacct', 10), (1, 'genai-prices', 20),
	(1, 'litellm', 30), (1, 'models.dev', 40), (1, 'pi-ai', 50);

SELECT setval('price_version_seq', 1000);
