\set m random(1, :models)
\set k random(1, 5)
\set n random(0, 3)
\set write random(0, 2)
\set pause random(0, 2000)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT stress.look(:k, :n, 'serializable, first');
\sleep :pause us
SELECT stress.look(:m, :n, 'serializable, cold');
\if :write = 0
SELECT FROM stress.put(:k, :m, :n);
SELECT stress.look(:k, :n, 'serializable, own change');
\endif
COMMIT;
SELECT stress.look(:k, :n, 'after serializable');
