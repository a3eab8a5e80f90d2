# shellcheck shell=bash
# lib.sh: what the scripts in .ci share.  Sourced; leaves the caller in the top
# directory of the checkout, with an environment that does not leak into make,
# psql or the tests.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CDPATH
{ : <&0; } 2>/dev/null || exec </dev/null

say() { printf '== %s\n' "$*"; }
die() { printf 'inferacct: %s\n' "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# Forget libpq's settings of the caller (PGHOST, PGOPTIONS, PGSERVICE, ...).
forget_pg_environment() {
	local name
	for name in $(compgen -e PG); do
		case $name in PG_*) ;; *) unset "$name" ;; esac
	done
}

# Root in another user's checkout: leave that user owner of what was built.
give_back() {
	is_root || return 0
	local made
	for made in build sql/inferacct--*.sql src/*.o src/*/*.o ./*.so; do
		[ -e "$made" ] && chown -Rh --reference=. "$made"
	done
	return 0
}

# Build the module and the install script, without LLVM bitcode, which nothing here uses.
build() { make -s -j"$(nproc)" with_llvm=no; }

# supervise SIGNAL CMD...: run CMD such that a signal to this script reaches it
# at once, as SIGNAL; wait for its end, as it may clean up; then end the way our
# signal would have ended us.
supervise() {
	local rc=0
	stop_with=$1
	shift
	"$@" <&0 &
	supervised=$!
	trap 'pass_on INT' INT
	trap 'pass_on TERM' TERM
	trap 'pass_on HUP' HUP
	wait "$supervised" || rc=$?
	trap - INT TERM HUP
	return $rc
}

pass_on() {
	trap '' INT TERM HUP
	kill -s "$stop_with" "$supervised" 2>/dev/null || :
	wait "$supervised" 2>/dev/null || :
	trap - "$1"
	kill -s "$1" $$
	exit 1
}
