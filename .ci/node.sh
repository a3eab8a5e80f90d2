# shellcheck shell=bash
# node.sh: node and the packages of report/package-lock.json.  Sourced after lib.sh.
#
# The packages go to report/node_modules, which git ignores; none of their install scripts is run.
OLDEST_NODE=18

# Certificates that this machine trusts and that node does not bring along.
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"

# need_node: whether there is a node and an npm to use; node_problem says why not.
need_node() {
	local major
	node_problem="node $OLDEST_NODE or newer and npm are needed: apt-get install nodejs npm"
	command -v node >/dev/null && command -v npm >/dev/null || return
	major=$(node -p 'process.versions.node.split(".")[0]')
	[ "$major" -ge $OLDEST_NODE ]
}

# have_modules: install them where they are missing or of another lock file.  FETCH=no leaves it at what is there.
have_modules() {
	local stamp=report/node_modules/.inferacct
	cmp -s report/package-lock.json "$stamp" && return
	[ "${FETCH:-}" != no ] || return
	say 'getting what report/package-lock.json names from npm, into report/node_modules'
	timeout 300 npm ci --prefix report --ignore-scripts --no-audit --no-fund --loglevel=error \
		--fetch-retries=1 --fetch-timeout=60000 >&2 || return
	cp report/package-lock.json "$stamp"
}
