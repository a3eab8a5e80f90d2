# shellcheck shell=bash
# suites.sh: how the tests that need more than psql are run.  Sourced after
# tally.sh, under .ci/with-server.
pgxs=$(dirname "$("$PG_CONFIG" --pgxs)")
names() { for file; do basename "${file%.*}"; done; }

# isolation_suite FILE...: specs.  pg_isolation_regress reads specs/ and expected/ where it is started.
isolation_suite() {
	mkdir -p build/isolation
	ln -sfn ../../test/isolation build/isolation/specs
	ln -sfn ../../expected/isolation build/isolation/expected
	# shellcheck disable=SC2046 # one word per test
	regress_suite isolation build/isolation/regression.diffs env -C build/isolation \
		"$pgxs/../test/isolation/pg_isolation_regress" --bindir="$("$PG_CONFIG" --bindir)" \
		--dbname=isolation_regression --load-extension=inferacct \
		$(names "$@") -- $(names "$@")
}

# Servers refuse to run as root, and their user may not read this checkout: these
# tests run in a copy, as whoever runs the private server.
in_copy() (
	tar -cf - --exclude=./.git --exclude=./build --exclude=./report/node_modules . | tar -C "$copy" -xf -
	find_server_user
	if is_root; then chown -R "$server_user:" "$copy"; fi
	raw=$PERL_TEST_HARNESS_DUMP_TAP rc=0
	export INFERACCT_SHARED=${INFERACCT_SHARED:-$PWD/../shared}
	cd "$copy" || exit 1
	"${as_server_user[@]}" env PERL_TEST_HARNESS_DUMP_TAP="$copy/build/raw" PG_REGRESS="$pgxs/../test/regress/pg_regress" \
		TESTDIR="$copy/build" TESTDATADIR="$copy/build" TESTLOGDIR="$copy/build/log" \
		"$@" || rc=$?
	cp -r build/raw/. "$raw"
	exit "$rc"
)

# server_suite FILE...: TAP tests with servers of their own.
server_suite() {
	copy=$SERVER_DIR/checkout
	mkdir -p "$copy/build/raw" "$copy/build/log"
	tap_suite tap in_copy prove -I "$pgxs/../test/perl" "$@" -- "$@"
}
