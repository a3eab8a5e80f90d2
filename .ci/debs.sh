# shellcheck shell=bash
# debs.sh: Debian packages unpacked into a directory of ours.  Sourced after lib.sh.
#
# Of the system's apt and dpkg everything is read and nothing is changed: package
# lists, if fresh ones are needed, status, cache and log of own_apt are files below
# $work.  apt checks signatures and hashes as always.

# Say how far apt is, in few lines.
progress() {
	local line total=0 fetched=0 set_up=0
	while read -r line; do
		case $line in
		*' newly installed, '*)
			total=${line%% newly*} total=$((${total##* } + ${line%% upgraded*}))
			;;
		'Need to get '* | 'Fetched '* | Err:* | W:* | E:*)
			echo "   $line"
			;;
		Get:*)
			[ "$total" -eq 0 ] || [ $((++fetched % 20)) -ne 0 ] || echo "   fetched $fetched of $total"
			;;
		'Setting up '*)
			[ $((++set_up % 20)) -ne 0 ] || echo "   installed $set_up of $total"
			;;
		esac
	done
}

# open_apt: an apt of our own in $work, with the system's sources, keys and
# proxies, but none of its hooks.
open_apt() {
	mkdir -p "$work/apt/"{empty,archives/partial,lists/partial}
	log=$work/apt/log lists=/var/lib/apt/lists left_out=''
	apt-config dump |
		grep -E '^[^"]* "[^"]*";$' |
		grep -vE '^(DPkg|Dir::(Log|Cache|State))|^Dir::Etc::(main|parts)|-Invoke' >"$work/apt/common.conf"
	configure_apt
}

configure_apt() {
	cat "$work/apt/common.conf" - >"$work/apt/apt.conf" <<-CONF
		Dir::State "$work/apt";
		Dir::State::lists "$lists";
		Dir::State::status "$work/apt/status";
		Dir::State::extended_states "$work/apt/extended_states";
		Dir::Cache "$work/apt";
		Dir::Cache::archives "$work/apt/archives";
		Dir::Log "$work/apt";
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "$work/apt/empty";
	CONF
	pretend
}

# The status that apt sees: what is installed, without any PostgreSQL, so that all
# of it is taken from one place, and with what $left_out names as if it were there.
pretend() {
	local name
	awk -v RS= -v ORS='\n\n' '!/^Package: (postgresql|libpq)/' /var/lib/dpkg/status >"$work/apt/status"
	for name in $(printf '%s\n' $left_out | sort -u); do
		! grep -qx "Package: $name" "$work/apt/status" || continue
		cat >>"$work/apt/status" <<-STATUS
			Package: $name
			Status: install ok installed
			Maintainer: inferacct
			Version: 99:99
			Architecture: $(dpkg --print-architecture)
			Multi-Arch: allowed
			Description: what the private tree does without

		STATUS
	done
}

own_apt() { APT_CONFIG=$work/apt/apt.conf "$@"; }

run_own_apt() { own_apt apt-get -q -y "$@" 2>&1 </dev/null | tee "$log" | progress; }

# Fresh package lists, in $work.
refresh_own_lists() {
	echo "   fetching package lists, which the system lacks or which are out of date"
	lists=$work/apt/lists
	configure_apt
	run_own_apt update || echo '   apt-get update: not every source answered'
}

available() {
	local candidate
	candidate=$(own_apt apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
	[ -n "$candidate" ] && [ "$candidate" != '(none)' ]
}

dependencies() { own_apt apt-cache depends "$@" 2>/dev/null | sed -n 's/^[ |]*Depends: \([^<]*\)$/\1/p'; }

# get_debs PACKAGE...: download them with what they need and the system lacks,
# and unpack all into $work/tree.
get_debs() {
	local deb
	pretend
	run_own_apt --fix-broken --download-only --no-remove --no-install-recommends install "$@" || return
	for deb in "$work"/apt/archives/libc6_*.deb; do
		[ ! -e "$deb" ] || { echo '   what apt offers needs a newer C library than the one installed: upgrade this machine first' | tee "$log"; return 1; }
	done
	mkdir -p "$work/tree"
	for deb in "$work"/apt/archives/*.deb; do
		dpkg-deb -x "$deb" "$work/tree" || return
		dpkg-deb -W --showformat '${Package} ${Version}\n' "$deb" >>"$work/tree/packages"
	done
	rm -rf "$work"/tree/usr/share/{doc,doc-base,man,info,locale,lintian}
	# Without LLVM there is no JIT: the server is not to look for it.
	rm -rf "$work"/tree/usr/lib/postgresql/*/lib/{bitcode,llvmjit*}
}
