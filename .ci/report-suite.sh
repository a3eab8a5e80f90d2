# shellcheck shell=bash
# report-suite.sh: the tests of report/test, as a suite of the tally.  Sourced after lib.sh and tally.sh, with
# PG_CONFIG set and the module built.
#
# FETCH=no runs only what the machine has what it takes for; otherwise what is missing is got from npm and apt.
. .ci/node.sh
. .ci/debs.sh

# find_chromium: sets CHROMIUM to a program, one that is installed or a private one; fails when there is none.
find_chromium() {
	local name tree
	[ -z "${CHROMIUM:-}" ] || return 0
	for name in chromium-headless-shell chromium chromium-browser google-chrome; do
		CHROMIUM=$(command -v "$name") && "$CHROMIUM" --version >/dev/null 2>&1 && export CHROMIUM && return
	done
	unset CHROMIUM
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
	tree=$(tree_home)/chromium-$(. /etc/os-release; echo "$ID-${VERSION_ID:-unstable}")-$(dpkg --print-architecture)
	[ -x "$tree/run" ] || { [ "${FETCH:-}" != no ] && unpack_chromium "$tree"; } || return
	export CHROMIUM=$tree/run
}

# unpack_chromium TREE: Debian's headless Chromium with its libraries, and a program that finds them.
unpack_chromium() (
	say "unpacking Chromium into $1; nothing is installed" >&2
	make_tree_home
	work=$(mktemp -d "$(tree_home)/new.XXXXXX")
	chmod 755 "$work"
	trap 'rm -rf "$work"' EXIT
	{
		open_apt
		available chromium-headless-shell || refresh_own_lists
		get_debs chromium-headless-shell fonts-dejavu-core || { refresh_own_lists && rm -rf "$work/tree" && get_debs chromium-headless-shell fonts-dejavu-core; }
	} >&2 || return
	cat >"$work/tree/run" <<-'RUN'
		#!/bin/sh
		tree=$(dirname "$(readlink -f "$0")")
		LD_LIBRARY_PATH=$(find "$tree/usr/lib" "$tree/lib" -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | tr '\n' ':')
		export LD_LIBRARY_PATH
		exec "$tree/usr/lib/chromium/chromium-headless-shell" "$@"
	RUN
	chmod 755 "$work/tree/run"
	"$work/tree/run" --version >&2 || return
	rm -rf "$1"
	mv -T "$work/tree" "$1"
)

# node_suite FILE...: each assertion that node's runner tells at its top level is one.
node_suite() {
	local file good bad
	for file; do
		say "report: $file"
		node --test --test-reporter=tap "$file" >"build/test/$(basename "$file").tap" || :
		grep -E '^(not ok|# Subtest|    not ok)|error:|expected:|actual:' "build/test/$(basename "$file").tap" | grep -A6 -E 'not ok' || :
		read -r good bad < <(count_tap "build/test/$(basename "$file").tap")
		echo "pass $good report $file" >>$TALLY
		[ "$bad" -eq 0 ] || echo "fail $bad report $file" >>$TALLY
	done
}

report_suite() {
	local files=(report/test/*.test.mjs) wanting=''
	need_node || wanting=$node_problem
	[ -n "$wanting" ] || have_modules || wanting='what report/package-lock.json names is not there: make test-report gets it from npm'
	if [ -n "$wanting" ]; then
		for file in "${files[@]}"; do not_run report "$file" "$wanting"; done
		return
	fi
	find_chromium || for file in report/test/browser*.test.mjs; do not_run report "$file" 'there is no Chromium: make test-report unpacks one privately'; done
	[ -n "${CHROMIUM:-}" ] || mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -v /browser)
	export TALLY
	REPORT_TESTS="${files[*]}" supervise TERM bash .ci/with-server bash .ci/report-tests || fail report "the tests ended with status $?"
}
