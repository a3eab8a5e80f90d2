-- S1, S4: the epoch of prices is moved by a trigger on the attacker's table: every
-- cache reads anew, and until he commits nobody publishes.
-- @owner
CREATE TABLE public.before AS SELECT epoch FROM :internal.price_epoch;
-- @mallory 42501
CREATE TEMP TABLE bait (i int);
CREATE TRIGGER bait BEFORE INSERT ON bait FOR EACH STATEMENT EXECUTE FUNCTION :internal.price_written();
INSERT INTO bait VALUES (1);
-- @harm
SELECT now.epoch <> before.epoch FROM :internal.price_epoch AS now, public.before;
