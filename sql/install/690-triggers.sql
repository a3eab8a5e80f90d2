-- triggers: each gets its mode before the shipped rows come, so that those for
-- replication alone do not look at them.
SELECT enable_triggers();
