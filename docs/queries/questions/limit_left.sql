-- What may still be spent within each limit?
-- Reads the rollup.
SELECT name, period, usd, round(usd - spent_usd - coalesce(shared_usd, 0), 2) AS left_usd, breach_at, problem FROM budget_state;
