\set m random(1, :models)
\set k random(1, 5)
\set n random(0, 3)
\set pause random(0, 4000)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT stress.look(:k, :n, 'repeatable read, first');
\sleep :pause us
SELECT stress.look(:k, :n, 'repeatable read, second');
SELECT stress.look(:m, :n, 'repeatable read, cold');
SELECT stress.look_alias(:k, :n, 'repeatable read, alias');
\sleep :pause us
SELECT stress.look(:m, :n, 'repeatable read, third');
COMMIT;
SELECT stress.look(:k, :n, 'after repeatable read');
