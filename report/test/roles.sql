-- roles: what the tests need beside the demo.
--
-- Who reads the report in the tests: one that sees all, and one that sees the team research alone once
-- protect_usage() is on.
CREATE ROLE report_reader LOGIN;
CREATE ROLE report_research LOGIN;
GRANT inferacct_reader TO report_reader, report_research;
INSERT INTO inferacct.team_member VALUES ('report_research', 'research');
ALTER TABLE "LiteLLM_SpendLogs" ENABLE ROW LEVEL SECURITY;
CREATE POLICY research ON "LiteLLM_SpendLogs" FOR SELECT TO report_research USING (team_id = 'research');
CREATE POLICY everything ON "LiteLLM_SpendLogs" FOR SELECT TO report_reader USING (true);
GRANT SELECT ON "LiteLLM_SpendLogs" TO report_reader, report_research;

-- Machines so cheap that they pay: the demo's own do not.
INSERT INTO inferacct.gpu_price (gpu, vendor, term, usd_per_hour)
VALUES ('H100', 'bargain', 'on_demand', 0.005), ('H100', 'bargain', 'reserved_1y', 0.0025);
INSERT INTO inferacct.deployment (name, model, gpu, vendor, term, gpus_per_replica, prefill_tokens_per_second,
	decode_tokens_per_second, target_utilization)
VALUES ('bargain', 'llama-3.3-70b', 'H100', 'bargain', 'on_demand', 1, 40, 20, 0.7);
