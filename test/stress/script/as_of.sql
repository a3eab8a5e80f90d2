\set m random(1, 5)
\set n random(0, 3)
\set back random(0, 40)
BEGIN;
SELECT stress.look(:m, :n, 'as_of, now');
SELECT set_config('inferacct.as_of', published_at::text, true) FROM inferacct.price_version ORDER BY version DESC OFFSET :back LIMIT 1;
SELECT stress.look(:m, :n, 'as_of, then');
SAVEPOINT a;
SET LOCAL inferacct.as_of = '';
SELECT stress.look(:m, :n, 'as_of, now again');
SELECT stress.look_alias(:m, :n, 'as_of, alias now');
ROLLBACK TO a;
SELECT stress.look(:m, :n, 'as_of, then again');
SELECT stress.look_alias(:m, :n, 'as_of, alias then');
COMMIT;
SELECT stress.look(:m, :n, 'as_of, ended');
