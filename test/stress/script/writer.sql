\set m random(1, :models)
\set n random(0, 3)
\set usd random(1, 100000)
SELECT FROM stress.put(:m % 5 + 1, :usd / 1000.0, :n);
SELECT stress.look(:m % 5 + 1, :n, 'writer, committed');
