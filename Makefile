# inferacct: PGXS build.  `make help` lists the commands.
#
# SQL parts in sql/install are concatenated, in the order of their numbers,
# into the one script that CREATE EXTENSION runs.  `make test`, `make demo` and
# `make test-matrix` work before PostgreSQL is installed: the scripts in .ci
# get what is missing and then call this file again.
EXTENSION = inferacct
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" inferacct.control)

MODULE_big = inferacct
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
SHLIB_LINK = -lcjson -lm

INSTALL_SQL = sql/$(EXTENSION)--$(EXTVERSION).sql
SQL_PARTS = $(sort $(wildcard sql/install/*.sql))
DATA = $(wildcard sql/upgrade/*--*--*.sql)
DATA_built = $(INSTALL_SQL)

# pg_regress looks for expected/ (and sql/) in its output directory first: the
# link there leads it to the top-level expected/.
REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --outputdir=build/regress --load-extension=$(EXTENSION)
REGRESS_PREP = build/regress/expected

EXTRA_CLEAN = build

# Expanded when PGXS has said which compiler it is.  The server's headers are
# system headers, so that warnings are about this code and not about theirs.
# Callbacks have the signatures that the server wants, used or not.
PG_CPPFLAGS += -Isrc -isystem $(includedir_server)
PG_CFLAGS += -Wall -Wextra -Wshadow -Wno-unused-parameter $(WARN_IF_KNOWN)
# Only what SQL calls leaves the library, as PostgreSQL 16 and later have it: other
# names can meet no other library's, and a fresh backend looks fewer up.
PG_CPPFLAGS += '-DPGDLLEXPORT=__attribute__((visibility("default")))'
PG_CFLAGS += -fvisibility=hidden
WARN_IF_KNOWN = $(shell $(CC) -Werror -Wmissing-variable-declarations -E -x c /dev/null \
	>/dev/null 2>&1 && echo -Wmissing-variable-declarations)

all:

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
all install uninstall installcheck:
	@echo 'inferacct: cannot build: "$(PG_CONFIG)" leads to no PostgreSQL server headers (PGXS).' >&2
	@echo 'Install postgresql-server-dev-NN and libcjson-dev, or set PG_CONFIG=/path/to/pg_config.' >&2
	@echo '`make demo` and `make test` get what they need by themselves.' >&2
	@exit 1

clean:
	rm -rf $(MODULE_big).so $(OBJS) $(OBJS:.o=.bc) $(INSTALL_SQL) $(EXTRA_CLEAN)
endif

.DELETE_ON_ERROR:
.PHONY: all help test test-long test-matrix test-machines demo report bench backtest prices prices-check prices-release unit unit-programs stress concurrency faults restores focus \
	attack fuzz fuzz-sql fuzzers sanitize month optimum clean-all FORCE

help:
	@echo 'make demo         get what is missing, build, show what inferacct does; KEEP=1 leaves the server up'
	@echo 'make report       what was spent, by whom, and what to do, as one HTML file: of the demo that KEEP=1 left, or of PGHOST ...; SERVE=1'
	@echo 'make test         the same, and run every test in a private server'
	@echo 'make test-long    the tests that take hours: attack, concurrency, stress, faults, restores, month, sanitize, fuzz'
	@echo 'make bench        measure pricing against reading the rows (ROWS=, ROUNDS=), to bench/RESULTS.md'
	@echo 'make backtest     how far off forecasts are, of series of known kinds, as a table (SEEDS=)'
	@echo 'make test-matrix  make test on PostgreSQL 17 and 18, in chroots (root)'
	@echo 'make test-machines  both commands on fresh and used machines of Debian and Ubuntu, in chroots (root)'
	@echo 'make prices       rebuild pricing/ from public catalogs (maintainers); CATALOGS=, see pricing/README.md'
	@echo 'make prices-check compare pricing/ with public catalogs: makers to the digit, every price with two sources or marked; CATALOGS='
	@echo 'make prices-release keep pricing/*.json as the version that a release ships'
	@echo 'make focus        write focus_1_4.csv from the database that PGHOST, PGDATABASE ... name; FROM=, UNTIL= days'
	@echo 'make month        a month of a million requests from three tools, every report against plain SQL; ROWS='
	@echo 'make optimum      the cheapest plans of 2,000 made-up loads against a search of its own (python3); INSTANCES=, SEED='
	@echo 'make fuzz-sql     every function with boundary values: none may hang, crash, or fill the disk; CALLS=, SEED='
	@echo 'make stress       random sessions against the price cache; STRESS_SECONDS=600'
	@echo 'make concurrency  the concurrency tests ROUNDS=50 times in a row'
	@echo 'make attack       every attack of test/attack on a server of its own; ATTACKS=pattern'
	@echo 'make faults       kill -9, cancel, disk full ... while sessions write, ROUNDS=20 times; SEED='
	@echo 'make fuzz         made-up bytes for every reader of the C core (clang), SECONDS=600 in all, and fuzz-sql; TARGETS=, CJSON='
	@echo 'make sanitize     the tests that need a server, with the module under AddressSanitizer'
	@echo 'make restores     every way of restoring with PRICES=300000 own prices'
	@echo 'make unit         only the unit tests of the C core; needs no server'
	@echo 'make              build (PG_CONFIG=/path/to/pg_config chooses the PostgreSQL)'
	@echo 'make install      into that PostgreSQL'
	@echo 'make installcheck pg_regress against a running server that has inferacct installed'
	@echo 'make clean        remove what was built'
	@echo 'make clean-all    and the private tree of unpacked packages'

test test-long test-matrix test-machines demo report concurrency faults restores focus attack sanitize:
	@bash .ci/$@

# CATALOGS are of other people: facts are taken from them, files are not.
prices:
	@bash .ci/prices $(CATALOGS)

# The version that a release ships: from then on nobody edits it.
prices-release:
	@bash .ci/prices-release

prices-check:
	@CHECK=1 bash .ci/prices $(CATALOGS)

# bash has a SECONDS of its own.
fuzz:
	@FUZZ_SECONDS='$(SECONDS)' TARGETS='$(TARGETS)' CJSON='$(CJSON)' bash .ci/fuzz

clean-all:
	@$(MAKE) -s clean
	@bash .ci/packages --remove

# STRESS_SEED repeats what each session does, not how they interleave.
stress:
	@bash .ci/with-server bash test/stress/run $(or $(STRESS_SECONDS),600) $(or $(STRESS_SEED),$$RANDOM) $(or $(STRESS_CLIENTS),6)

# CALLS random calls of each function, besides each argument at each boundary.
fuzz-sql:
	@bash .ci/with-server bash test/fuzz/sql $(or $(CALLS),20) $(or $(SEED),0.20261129)

bench:
	@bash bench/run

backtest:
	@SEEDS='$(SEEDS)' bash .ci/with-server bash bench/backtest

# The page of the meters is of the list in C.
docs/meters.md: src/core/meter.h .ci/meter-page
	bash .ci/meter-page > $@

# The page of all that callers use is of the comments in a database.
docs/reference.md: FORCE
	@bash .ci/with-server bash .ci/reference > $@.new && mv $@.new $@

optimum: all
	@bash .ci/with-server python3 test/optimum/brute '$(or $(INSTANCES),2000)' '$(or $(SEED),1)'

month:
	@ROWS='$(ROWS)' bash .ci/with-server bash test/month/run

# The shipped price versions: those that were released, and pricing/*.json.
build/shipped.sql: $(wildcard pricing/*.json pricing/released/*.json) pricing/published_on .ci/shipped build/made-with | build
	@bash .ci/shipped > $@

$(INSTALL_SQL): $(SQL_PARTS) build/shipped.sql inferacct.control build/made-with
	cat $(filter-out sql/install/9%,$(SQL_PARTS)) build/shipped.sql $(filter sql/install/9%,$(SQL_PARTS)) > $@

# Every source sees the shared headers; a stale object is worse than a rebuild.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*/*.h) build/made-with

# What the last build was made with and from; changes when any of it does, so
# that another PostgreSQL, other flags or a removed file rebuild.
build/made-with: FORCE | build
	@: $(file >$@.new,$(VERSION) $(includedir_server) $(CC) $(CFLAGS) $(CPPFLAGS) $(OBJS) $(SQL_PARTS))
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

build build/core build/unit build/fuzz build/fuzzers build/regress:
	@mkdir -p $@

build/regress/expected: | build/regress
	@ln -sfn ../../expected $@

# Unit tests: each test/unit/*.c with the whole core, which is every file but the
# glue (*_sql.c) and the rooms of the server (server/, session/), under the
# sanitizers where the compiler has them.
CORE = $(filter-out src/server/% src/session/% %_sql.c,$(wildcard src/*/*.c))
CORE_OBJS = $(CORE:src/%.c=build/core/%.o)
FUZZ_TARGETS = $(patsubst test/fuzz/%.c,%,$(sort $(wildcard test/fuzz/*.c)))
UNIT_TESTS = $(patsubst test/unit/%.c,build/unit/%,$(sort $(wildcard test/unit/*.c))) $(FUZZ_TARGETS:%=build/fuzz/%)
PURE_C = -std=gnu11 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Wshadow $(filter -Werror,$(PG_CFLAGS)) -Isrc -Itest/unit
UNIT_CC = $(CC) $(PURE_C) `cat build/core/sanitize`
# PGXS names the prove that PostgreSQL was built with, which need not be here.
PROVE = prove

# Without address randomization, which some AddressSanitizers cannot stand.
unit: $(UNIT_TESTS)
	@fixed=`setarch -R true 2>/dev/null && echo setarch -R`; \
	$(if $(UNIT_TESTS),$$fixed $(PROVE) --exec '' $(UNIT_TESTS),echo 'no unit tests')

build/unit/%: test/unit/%.c $(wildcard test/unit/*.h) $(CORE_OBJS) | build/unit
	$(UNIT_CC) $< $(CORE_OBJS) -o $@ -lcjson -lm

unit-programs:
	@echo $(UNIT_TESTS)

# The targets of test/fuzz, with what they were once given and found.
build/fuzz/%: test/fuzz/%.c $(wildcard test/fuzz/*.h test/unit/*.h) $(CORE_OBJS) | build/fuzz
	$(UNIT_CC) -DFUZZ_TARGET='"$*"' -include test/fuzz/replay.h $< $(CORE_OBJS) -o $@ -lcjson -lm

build/core/%.o: src/%.c $(wildcard src/*/*.h) build/core/sanitize
	@mkdir -p $(@D)
	$(UNIT_CC) -c $< -o $@

build/core/sanitize: build/made-with | build/core
	@echo 'int main(void) { return 0; }' > $@.c
	@for flags in '-fsanitize=address,undefined -fno-sanitize-recover=all' ''; do \
		$(CC) $$flags $@.c -o $@.try 2>/dev/null && $@.try && break; \
	done; \
	test -n "$$flags" || echo 'unit tests: $(CC) has no sanitizers'; \
	echo "$$flags" > $@

# The same targets with clang's libFuzzer, FUZZ_CLANG; with cJSON from the source in
# the directory CJSON, if that is given, so that libFuzzer sees its way into JSON.
FUZZ_CLANG ?= clang
FUZZ_CC = $(FUZZ_CLANG) $(PURE_C) -fno-sanitize-recover=all -fsanitize=address,undefined,float-cast-overflow
FUZZ_OBJS = $(CORE:src/%.c=build/fuzzers/core/%.o) $(if $(CJSON),build/fuzzers/core/cJSON.o)
FUZZ_JSON = $(if $(CJSON),-isystem build/fuzzers/include)

fuzzers: $(FUZZ_TARGETS:%=build/fuzzers/%)

build/fuzzers/%: test/fuzz/%.c $(wildcard test/fuzz/*.h test/unit/*.h) $(FUZZ_OBJS) build/fuzzers/made-with
	$(FUZZ_CC) -fsanitize=fuzzer $(FUZZ_JSON) $< $(FUZZ_OBJS) -o $@ $(if $(CJSON),,-lcjson) -lm

build/fuzzers/core/%.o: src/%.c $(wildcard src/*/*.h) build/fuzzers/made-with
	@mkdir -p $(@D)
	$(FUZZ_CC) -fsanitize=fuzzer-no-link $(FUZZ_JSON) -c $< -o $@

build/fuzzers/core/cJSON.o: $(CJSON)/cJSON.c build/fuzzers/made-with
	@mkdir -p $(@D)
	$(FUZZ_CC) -w -fsanitize=fuzzer-no-link $(FUZZ_JSON) -c $< -o $@

build/fuzzers/made-with: FORCE | build/fuzzers
	@mkdir -p build/fuzzers/include
	@$(if $(CJSON),ln -sfn $(abspath $(CJSON)) build/fuzzers/include/cjson)
	@: $(file >$@.new,$(FUZZ_CC) $(CJSON) $(CORE))
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
