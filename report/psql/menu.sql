-- menu.sql: the report's charts as shortcuts of psql.  In the top directory of the checkout: \i report/psql/menu.sql
-- Written by report/grafana.mjs.
\set QUIET on
\pset footer off
\pset linestyle unicode
\pset format wrapped
\pset null ''
SET timezone = 'UTC';
SET inferacct.unpriced = 'null';
SET search_path = public, inferacct;
SET client_min_messages = error;
SELECT least(now(), max(hour) + interval '1 hour') AS at FROM hourly_spend \gset
SELECT date_trunc('month', :'at'::timestamptz - interval '1 microsecond')::date AS month, :'at'::timestamptz - interval '92 days' AS since \gset
SELECT coalesce((SELECT deployment FROM deployment_run ORDER BY since DESC LIMIT 1), (SELECT name FROM deployment WHERE name = 'llama-70b-2xh100' LIMIT 1),
	(SELECT min(name) FROM deployment), '') AS deployment, coalesce((SELECT name FROM current_routing_policy ORDER BY valid_from DESC, version DESC LIMIT 1), '') AS policy \gset
SELECT coalesce(to_regclass('judged')::text, '(SELECT NULL::float8 AS score, NULL::usage AS usage, NULL::float8 AS weak_quality, NULL::float8 AS strong_quality WHERE false)') AS judged \gset
\set team '*'
\set provider '*'
\set model '*'
\set log usage_all
\set sparklines '\\i report/psql/sparklines.sql'
\set menu '\\i report/psql/menu.sql'
\set spend_month '\\set chart spend_month \\i report/psql/show.sql'
\set spend_by '\\set chart spend_by \\i report/psql/show.sql'
\set spend_day '\\set chart spend_day \\i report/psql/show.sql'
\set spend_confidence '\\set chart spend_confidence \\i report/psql/show.sql'
\set change_bridge '\\set chart change_bridge \\i report/psql/show.sql'
\set change_by '\\set chart change_by \\i report/psql/show.sql'
\set requests_cost '\\set chart requests_cost \\i report/psql/show.sql'
\set requests_dearest '\\set chart requests_dearest \\i report/psql/show.sql'
\set requests_who '\\set chart requests_who \\i report/psql/show.sql'
\set cache_saved '\\set chart cache_saved \\i report/psql/show.sql'
\set cache_reuse '\\set chart cache_reuse \\i report/psql/show.sql'
\set breakeven_volume '\\set chart breakeven_volume \\i report/psql/show.sql'
\set demand_heat '\\set chart demand_heat \\i report/psql/show.sql'
\set demand_duration '\\set chart demand_duration \\i report/psql/show.sql'
\set routing_cost '\\set chart routing_cost \\i report/psql/show.sql'
\set routing_quality '\\set chart routing_quality \\i report/psql/show.sql'
\set decision_memo '\\set chart decision_memo \\i report/psql/show.sql'
\set decision_plan '\\set chart decision_plan \\i report/psql/show.sql'
\set decision_range '\\set chart decision_range \\i report/psql/show.sql'
\set close_month '\\set chart close_month \\i report/psql/show.sql'
\set close_invoice '\\set chart close_invoice \\i report/psql/show.sql'
\set price_changes '\\set chart price_changes \\i report/psql/show.sql'
\set price_disputes '\\set chart price_disputes \\i report/psql/show.sql'
\echo
\echo What inference costs, as of :at
\echo
\echo '  Spend       :spend_month       The month against its budget, the month before and the forecast'
\echo '              :spend_by          By team, model, provider and meter'
\echo '              :spend_day         Day by day'
\echo '              :spend_confidence  What these figures rest on'
\echo '  Change      :change_bridge     From month to month'
\echo '              :change_by         Whose spend changed'
\echo '  Requests    :requests_cost     What a request costs'
\echo '              :requests_dearest  The dearest requests'
\echo '              :requests_who      Who makes dear requests'
\echo '  Cache       :cache_saved       What caching saved'
\echo '              :cache_reuse       Reads for each write, against the break-even line'
\echo '  Break-even  :breakeven_volume  The API, and machines of one''s own'
\echo '  Demand      :demand_heat       The week, hour by hour'
\echo '              :demand_duration   From the busiest hour to the quietest'
\echo '  Routing     :routing_cost      What routing would have cost'
\echo '              :routing_quality   Quality against cost'
\echo '  Decision    :decision_memo     For who signs'
\echo '              :decision_plan     The bill, lever by lever'
\echo '              :decision_range    How sure the saving of machines is'
\echo '  Close       :close_month       Booked, and what has become of it'
\echo '              :close_invoice     Billed against computed'
\echo '  Prices      :price_changes     Prices that changed'
\echo '              :price_disputes    What disputed prices are worth'
\echo '  By day      :sparklines        The last two months, a line for each team and model'
\echo
\echo 'Type a name with its colon.  \\set team NAME, then again, for one team.  :menu shows this anew.'
