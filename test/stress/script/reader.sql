\set m random(1, :models)
\set k random(1, 5)
\set n random(0, 3)
\set pause random(0, 3000)
BEGIN;
SELECT stress.look(:m, :n, 'reader, first');
SELECT stress.look_alias(:k, :n, 'reader, alias');
\sleep :pause us
SELECT stress.look(:m, :n, 'reader, second');
SELECT stress.look(:k, :n, 'reader, other model');
SELECT stress.look_alias(:k, :n, 'reader, alias again');
COMMIT;
SELECT stress.look(:m, :n, 'reader, alone');
