\set m random(1, 5)
\set n random(0, 3)
\set rollback random(0, 1)
BEGIN;
SELECT FROM stress.walk(:m, 3);
SELECT stress.put_and_look(:m, i) AND stress.look(:m, :n, 'within a statement') FROM generate_series(1, 2) i;
SELECT stress.insert_rows(:m, 3);
SELECT stress.look(:m, :n, 'walk, statement after');
\if :rollback
ROLLBACK;
\else
COMMIT;
\endif
SELECT stress.look(:m, :n, 'walk, ended');
