\set m random(1, 5)
\set usd random(1, 1000)
BEGIN;
SELECT stress.look_parallel('parallel');
SELECT FROM stress.put(:m, :usd / 100.0, 0);
SELECT stress.look_parallel('parallel, own change');
ROLLBACK;
SELECT stress.look_parallel('parallel, rolled back');
