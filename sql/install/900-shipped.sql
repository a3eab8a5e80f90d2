-- shipped: the catalogs of pricing/, as price version 1.

SELECT FROM load_prices($catalogs$
