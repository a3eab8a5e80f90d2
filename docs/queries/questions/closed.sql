-- What was booked for a closed month, and what is it now?
-- Reads the rollup.
SELECT month, round(booked_usd, 4) AS booked, round(restated_usd, 4) AS restated FROM month_close;
