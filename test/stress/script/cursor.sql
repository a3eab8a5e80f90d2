\set m random(1, 5)
\set n random(0, 3)
\set usd random(1, 100000)
\set pause random(0, 3000)
\set own random(0, 1)
BEGIN;
DECLARE c CURSOR FOR SELECT stress.look(:m + i / 3, :n, 'cursor') FROM generate_series(1, 6) i;
DECLARE h CURSOR WITH HOLD FOR SELECT stress.look(:m + i / 3, :n, 'cursor with hold') FROM generate_series(1, 6) i;
FETCH 1 FROM c;
\sleep :pause us
SELECT stress.look(:m, :n, 'cursor, statement');
FETCH 2 FROM c;
FETCH 1 FROM h;
\if :own
SELECT FROM stress.put(:m, :usd / 1000.0, :n);
SELECT stress.look(:m, :n, 'cursor, own change');
FETCH 1 FROM c;
DECLARE d CURSOR FOR SELECT stress.look(:m, :n, 'cursor, younger') FROM generate_series(1, 4) i;
FETCH 1 FROM d;
SAVEPOINT a;
SELECT FROM stress.put(:m, :usd / 10.0, :n);
FETCH 1 FROM d;
SELECT stress.look(:m, :n, 'cursor, second own change');
ROLLBACK TO a;
FETCH 1 FROM d;
\endif
FETCH ALL FROM c;
SELECT stress.look(:m, :n, 'cursor, last statement');
COMMIT;
FETCH ALL FROM h;
CLOSE h;
SELECT stress.look(:m, :n, 'cursor, ended');
