\set m random(1, 8)
\set n random(0, 3)
SELECT stress.look(:m, :n, 'reader, prepared');
SELECT stress.look(:m % 5 + 1, :n, 'reader, prepared, other model');
