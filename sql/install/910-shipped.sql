-- shipped: after the price versions of pricing/, which the Makefile puts before this part.
-- From here on versions are the database's own.
SELECT setval('price_version_seq', 1000);
