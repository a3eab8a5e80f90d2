-- S23: an admin puts rows into a version that was published before, and reports
-- of the past change.
-- @finops IA104
INSERT INTO inferacct.price (version, provider, model, meter, usd, valid_from, source) VALUES (1, 'openai', 'gpt-4o', 'input', 0.01, '2026-08-01', 'forged');
-- @finops IA104
INSERT INTO inferacct.model_alias (version, alias, provider, model, source) VALUES (1, 'forged', 'openai', 'gpt-4o-mini', 'forged');
-- @finops IA104
INSERT INTO inferacct.contract_term (version, contract, percent_off, source) VALUES (1, 'forged', 50, 'forged');
-- @finops IA104
INSERT INTO inferacct.fx_rate (version, valid_from, currency, usd_per_unit, source) VALUES (1, '2026-08-01', 'EUR', 0.5, 'forged');
-- @finops IA104
INSERT INTO inferacct.gpu_price (version, gpu, vendor, term, usd_per_hour, source) VALUES (1, 'H100', 'forged', 'on_demand', 0.01, 'forged');
-- @harm
SELECT EXISTS (SELECT FROM inferacct.price WHERE source = 'forged') OR EXISTS (SELECT FROM inferacct.model_alias WHERE source = 'forged')
	OR EXISTS (SELECT FROM inferacct.contract_term WHERE source = 'forged') OR EXISTS (SELECT FROM inferacct.fx_rate WHERE source = 'forged')
	OR EXISTS (SELECT FROM inferacct.gpu_price WHERE source = 'forged');
