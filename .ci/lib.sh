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

# ---- what the machine lacks: see .ci/packages ----

# prepare demo|test: have what it needs; sets PG_CONFIG and, when a private tree is
# used, the search paths that lead there.
prepare() {
	local found lines
	found=$(bash .ci/packages "$1") || exit
	mapfile -t lines <<<"$found"
	export PG_CONFIG=${lines[0]} INFERACCT_TREE=${lines[1]:-}
	installed=${lines[2]:-}
	[ -z "$INFERACCT_TREE" ] || use_tree "$INFERACCT_TREE"
}

# use_tree TREE: search its programs, libraries, headers and modules first.  The one
# place that says how a tree is used; postgres, pg_config and PGXS find the rest from
# where they lie.
use_tree() {
	prepend PATH "$1"/usr/lib/postgresql/*/bin "$1"/usr/bin "$1"/usr/sbin
	prepend LD_LIBRARY_PATH "$1"/usr/lib/*-linux-gnu* "$1"/lib/*-linux-gnu*
	prepend LIBRARY_PATH "$1"/usr/lib/*-linux-gnu* "$1"/lib/*-linux-gnu*
	prepend C_INCLUDE_PATH "$1"/usr/include
	prepend PERL5LIB "$1"/usr/share/perl5 "$1"/usr/lib/*/perl5/* "$1"/usr/share/perl/* "$1"/usr/lib/*/perl/*
}

# prepend VARIABLE DIRECTORY...: those that exist, before what it holds.
prepend() {
	local name=$1 dir found=''
	shift
	for dir; do [ ! -d "$dir" ] || found+=:$dir; done
	[ -z "$found" ] || export "$name=${found#:}${!name:+:${!name}}"
}

# Where private trees are: in the user's cache; root's is used by a server that runs
# as somebody else, who cannot enter root's home.
tree_home() {
	if is_root; then
		echo /var/tmp/inferacct
	else
		echo "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/inferacct"
	fi
}

# Trust it only if nobody else can write there: anybody can make that name in /var/tmp.
check_tree_home() {
	local home
	home=$(tree_home)
	[ "$(stat -c '%F %u' "$home")" = "directory $(id -u)" ] && [ -z "$(find "$home" -maxdepth 0 -perm /022)" ] ||
		die "$home is not a directory that only $(id -un) can write to: look what it is, and remove it"
}

make_tree_home() {
	local home
	home=$(tree_home)
	[[ $home != *[[:space:]:]* ]] || die "no private tree can be in \"$home\", which has a space or colon: set XDG_CACHE_HOME"
	(umask 022; is_root || mkdir -p "${home%/*}"; mkdir "$home") 2>/dev/null || [ -d "$home" ] ||
		die "cannot make $home, for the packages that this machine lacks: set XDG_CACHE_HOME to a directory of yours"
	check_tree_home
}

# ---- who runs a server: not root ----

# find_server_user: sets server_user, and as_server_user, what goes before a command
# to run it as that user with our search paths, whatever the login settings are.
find_server_user() {
	local name
	server_user=$(id -un) as_server_user=()
	is_root || return 0
	for server_user in postgres nobody ''; do
		[ "$(id -u "$server_user" 2>/dev/null || echo 0)" -eq 0 ] || break
	done
	[ -n "$server_user" ] || die 'root may not run a server, and there is neither a user "postgres" nor "nobody" to run it as'
	as_server_user=(runuser -u "$server_user" -- env)
	for name in PATH LD_LIBRARY_PATH PERL5LIB; do
		[ -z "${!name:-}" ] || as_server_user+=("$name=${!name}")
	done
}

# Say what `make demo` and `make test` leave.
say_left() {
	say 'left behind: build/ and what was compiled here (make clean removes it)'
	[ -z "${INFERACCT_TREE:-}" ] || echo "   $INFERACCT_TREE, $(du -sm "$INFERACCT_TREE" | cut -f 1) MB of unpacked packages (make clean-all removes them)"
	[ -z "${installed:-}" ] || echo "   newly installed with what they depend on: $installed"
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

NO_FUZZER='no clang with libFuzzer and sanitizers: install clang, or set FUZZ_CLANG'

# find_fuzzer: sets fuzz_clang to a clang with libFuzzer and the sanitizers; fails when there is none.
find_fuzzer() {
	local try=build/fuzz_try
	fuzz_clang=${FUZZ_CLANG:-clang}
	mkdir -p build
	echo 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { return 0; }' >$try.c
	"$fuzz_clang" -fsanitize=fuzzer,address,undefined $try.c -o $try >/dev/null 2>&1 && ./$try -runs=1 >/dev/null 2>&1
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
