# shellcheck shell=bash
# chroot.sh: other machines to test on, as chroots.  Sourced after lib.sh, by root.
#
# What is run in a chroot ends with its namespaces; the checkout and the temporary
# files that it sees are below one directory of ours.
. .ci/debs.sh

# Print `URI SUITE COMPONENTS` of every deb source of apt, in either format.
apt_sources() {
	local file
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -f "$file" ] || sed -nE 's/^ *deb +(\[[^]]*\] +)?([^ ]+) +([^ ]+) +(.*)/\2 \3 \4/p' "$file"
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$file" ] || awk -v RS= -v FS='\n' '{
			uris = suites = components = ""
			for (i = 1; i <= NF; i++) {
				value = $i; sub(/^[^:]*: */, "", value)
				if ($i ~ /^URIs:/) uris = value
				if ($i ~ /^Suites:/) suites = value
				if ($i ~ /^Components:/) components = value
			}
			n = split(uris, u, / +/); m = split(suites, s, / +/)
			for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) print u[i], s[j], components
		}' "$file"
	done
}

# find_mirror DISTRIBUTION: the mirror that this machine uses, if it is of that one.
find_mirror() {
	local codename uri suite components
	codename=$(. /etc/os-release && [ "$ID" = "$1" ] && echo "$VERSION_CODENAME" || :)
	apt_sources | while read -r uri suite components; do
		[ "$suite" = "$codename" ] && [[ " $components " = *' main '* ]] && [[ $uri = *"$1"* ]] || continue
		# Cloud images name a file with the list of mirrors.
		case $uri in mirror+file:*) uri=$(awk '{ print $1; exit }' "${uri#mirror+file:}") ;; esac
		echo "$uri"
	done | sed -n 1p
}

# find_debootstrap DIR: the machine's, or one that is unpacked in DIR.
find_debootstrap() {
	local work
	command -v debootstrap >/dev/null && return
	[ -e "$1/debootstrap/packages" ] || {
		say "unpacking debootstrap, which makes the chroots, into $1; nothing is installed"
		work=$(mktemp -d "$1/new.XXXXXX")
		chmod 755 "$work"
		open_apt
		get_debs debootstrap || { refresh_own_lists; get_debs debootstrap; } || { tail -n 15 "$log"; rm -rf "$work"; die 'debootstrap cannot be had (see above)'; }
		mv -T "$work/tree" "$1/debootstrap"
		rm -rf "$work"
	}
	export DEBOOTSTRAP_DIR=$1/debootstrap/usr/share/debootstrap PATH=$1/debootstrap/usr/sbin:$PATH
}

# make_chroot ROOT SUITE MIRROR PACKAGES: a minimal system with PACKAGES (a,b).
make_chroot() {
	local root=$1 suite=$2 mirror=$3 like='' option=() keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
	# A debootstrap older than the suite does not know it, nor a Debian one Ubuntu's key.
	case $mirror in
	*ubuntu*)
		like=gutsy
		[ -e $keyring ] && option=("--keyring=$keyring") || option=(--no-check-gpg)
		;;
	*) like=sid ;;
	esac
	[ ! -e "${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts/$suite" ] || like=$suite
	say "$suite: making $root from $mirror (minutes)"
	rm -rf "$root.part"
	mkdir -p "$root.part"
	debootstrap --variant=minbase --include="$4" "${option[@]}" "$suite" "$root.part" "$mirror" \
		"${DEBOOTSTRAP_DIR:-/usr/share/debootstrap}/scripts/$like" >"$root.log" 2>&1 || {
		tail -n 15 "$root.log"
		rm -rf "$root.part"
		return 1
	}
	# A testing suite on a mirror that lags is out of date by its own word.
	echo 'Acquire::Check-Valid-Until "false";' >"$root.part/etc/apt/apt.conf.d/90inferacct"
	mv "$root.part" "$root"
}

# make_work DIR: sets work, a directory below DIR with tmp and srv, for /tmp and /srv.
make_work() {
	work=$(mktemp -d "$1/run.XXXXXX")
	chmod 755 "$work"
	mkdir -m 1777 "$work/tmp"
	mkdir "$work/srv"
}

# copy_checkout DIR: what is not made here.
copy_checkout() {
	mkdir -p "$1"
	tar -cf - --exclude=./.git --exclude=./build --exclude=./report/node_modules --exclude='*.o' --exclude='*.so' --exclude='*.bc' . |
		tar -C "$1" --no-same-owner -xf -
}

# in_chroot ROOT NETWORK CMD...: run CMD there, with $work/tmp and $work/srv;
# NETWORK is online or offline.
in_chroot() {
	local root=$1 cut_off=()
	[ "$2" = online ] || cut_off=(--net)
	shift 2
	# unshare ignores gentler signals; killing it kills all within.
	# shellcheck disable=SC2016 # expanded in the namespace
	supervise KILL unshare --mount --pid "${cut_off[@]}" --fork --kill-child bash -c '
		root=$1 work=$2
		shift 2
		mount -t proc proc "$root/proc" &&
		mkdir -p "$root/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" &&
		mount --bind "$work/tmp" "$root/tmp" && mount --bind "$work/srv" "$root/srv" &&
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"' \
		in_chroot "$root" "$work" "$@"
}

# remove_work: at once, or when what held it has ended.
remove_work() { [ -z "${work:-}" ] || rm -rf "$work" || { sleep 1; rm -rf "$work"; }; }
