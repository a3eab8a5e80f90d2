-- The first screen of the demo: a log that is already there becomes a source.
-- psql variables: bold, plain.
\pset footer off
\pset pager off
\set ECHO queries
SELECT attach_usage('gateway', '"LiteLLM_SpendLogs"', '{"tool": "litellm",
  "score":     {"column": "metadata", "path": ["score"]},
  "tolerates": {"column": "metadata", "path": ["tolerates"]}}')
WHERE NOT EXISTS (SELECT FROM usage_source WHERE name = 'gateway');
