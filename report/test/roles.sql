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
