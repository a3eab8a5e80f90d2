# inferacct: PGXS build.  SQL parts in sql/install are concatenated, in the
# order of their numbers, into the one script that CREATE EXTENSION runs.
EXTENSION = inferacct
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" inferacct.control)

MODULE_big = inferacct
OBJS = $(patsubst %.c,%.o,$(wildcard src/*.c))
SHLIB_LINK = -lcjson

INSTALL_SQL = sql/$(EXTENSION)--$(EXTVERSION).sql
SQL_PARTS = $(sort $(wildcard sql/install/*.sql))
DATA = $(wildcard sql/upgrade/*--*--*.sql)
DATA_built = $(INSTALL_SQL)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(INSTALL_SQL): $(SQL_PARTS) inferacct.control
	cat $(SQL_PARTS) > $@

# Every source sees the shared headers; a stale object is worse than a rebuild.
$(OBJS): $(wildcard src/*.h)
