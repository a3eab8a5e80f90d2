-- sealed: the shipped version gets its digest.
--
-- Invariant: every trigger is there, and the version has all its rows, so that no event
-- waits for the commit.

SET CONSTRAINTS open_version_committed IMMEDIATE;
SET CONSTRAINTS open_version_committed DEFERRED;
SELECT enable_triggers();
