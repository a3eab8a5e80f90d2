\set m random(1, 5)
BEGIN;
SELECT pg_advisory_xact_lock(1);
SELECT stress.look(:m, 0, 'flood, before');
CREATE TABLE stress.flood (a int, b text);
GRANT SELECT ON inferacct.price, inferacct.model_alias TO PUBLIC;
DROP TABLE stress.flood;
SELECT stress.look(:m, 0, 'flood, after');
COMMIT;
SELECT stress.look(:m, 0, 'flood, ended');
