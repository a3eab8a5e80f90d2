-- sealed: the last part.  Every trigger is there, and the shipped version has all
-- its rows: it gets its digest now, so that no event waits for the commit.
SET CONSTRAINTS open_version_committed IMMEDIATE;
SET CONSTRAINTS open_version_committed DEFERRED;
SELECT enable_triggers();
