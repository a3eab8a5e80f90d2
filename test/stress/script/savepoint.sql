\set m random(1, 5)
\set n random(0, 3)
\set usd random(1, 100000)
\set way random(0, 3)
\set pause random(0, 1500)
BEGIN;
SELECT stress.look(:m, :n, 'savepoint, before');
SELECT FROM stress.put(:m, :usd / 1000.0, :n);
SELECT stress.look(:m, :n, 'savepoint, own change');
SAVEPOINT a;
SELECT FROM stress.put(:m, :usd / 500.0, :n);
SELECT stress.look(:m, :n, 'savepoint, in savepoint');
SAVEPOINT b;
SELECT FROM stress.put_alias(:m, :n + 1);
SELECT stress.look_alias(:m, :n, 'savepoint, own alias');
\if :way = 0
ROLLBACK TO a;
\elif :way = 1
ROLLBACK TO b;
RELEASE b;
\elif :way = 2
RELEASE a;
\endif
SELECT stress.look(:m, :n, 'savepoint, after');
SELECT stress.look_alias(:m, :n, 'savepoint, alias after');
\sleep :pause us
\if :usd % 2 = 0
COMMIT;
\else
ROLLBACK;
\endif
SELECT stress.look(:m, :n, 'savepoint, ended');
SELECT stress.look_alias(:m, :n, 'savepoint, alias ended');
