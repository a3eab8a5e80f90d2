\set m random(1, :models)
\set usd random(1, 1000)
SELECT FROM stress.load_two(:m, :usd / 100.0);
SELECT stress.look(:m, 0, 'load');
