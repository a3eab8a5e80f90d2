-- triggers: each gets its mode.
--
-- Invariant: before the shipped rows come, so that the triggers for replication alone
-- do not look at them.

SELECT enable_triggers();
