-- Runs charts/NAME.sql of the report, where the variable chart is NAME: its sentence, then its rows.
\set query `sed 's/;$//' report/charts/:chart.sql`
\pset tuples_only on
DROP TABLE IF EXISTS pg_temp.report_answer;
CREATE TEMP TABLE report_answer AS :query;
SELECT sentence FROM report_answer LIMIT 1;
ALTER TABLE report_answer DROP COLUMN sentence;
\pset tuples_only off
SELECT * FROM report_answer WHERE report_answer IS DISTINCT FROM NULL;
