-- all: the steps of make prices, in their order.
\i pricing/make/1-stated.sql
\i pricing/make/2-decided.sql
\i pricing/make/3-written.sql
\i pricing/make/4-notes.sql
