# shellcheck shell=bash
# tally.sh: count what passed and what failed.  Sourced after lib.sh.
#
# One line per verdict in build/test/tally: `pass|fail COUNT SUITE WHAT`, or
# `not_run 1 SUITE WHAT<tab>WHY` for what this machine cannot run: neither a pass nor a
# failure, and never silent.  A TAP test that is skipped is a failure: a file finds out
# itself what is there, and whoever runs it calls not_run for what is not.
TALLY=build/test/tally

start_tally() {
	rm -rf build/test
	mkdir -p build/test
	: >$TALLY
}

pass() { echo "pass 1 $*" >>$TALLY; }
fail() { echo "fail 1 $*" >>$TALLY; echo "FAILED: $*"; }

# not_run SUITE WHAT WHY: WHAT is not run here, because of WHY.
not_run() { printf 'not_run 1 %s %s\t%s\n' "$@" >>$TALLY; }

# check SUITE WHAT CMD...: one test, which passes when CMD does.
check() {
	local suite=$1 what=$2
	shift 2
	if "$@"; then pass "$suite" "$what"; else fail "$suite" "$what"; fi
}

# Whether the glob that was expanded to the arguments found anything.
has() { [ -e "$1" ]; }

failures_of() { grep -c "^fail [0-9]* $1 " $TALLY || :; }

# Print how many assertions passed and failed in the raw TAP of one file.
count_tap() {
	awk '
		/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1 }
		/^not ok([^a-z]|$)/ { run++; bad++ }
		/^ok([^a-z]|$)/ { run++; if (tolower($0) ~ /# *skip/) bad++ }
		END {
			good = run - bad
			if (!planned || plan == 0) bad++
			else if (plan > run) bad += plan - run
			else if (plan < run) bad++
			print good + 0, bad + 0
		}' "$1"
}

# tap_suite SUITE CMD... -- FILE...: run CMD, which runs prove on FILEs, and
# count each file by the raw TAP that prove leaves, not by what prove says.
tap_suite() {
	local suite=$1 raw=$PWD/build/test/$1 cmd=() rc=0 file good bad
	shift
	while [ "$1" != -- ]; do cmd+=("$1"); shift; done
	shift
	rm -rf "$raw"
	mkdir -p "$raw"
	PERL_TEST_HARNESS_DUMP_TAP=$raw "${cmd[@]}" || rc=$?
	for file; do
		if [ ! -e "$raw/$file" ]; then
			fail "$suite" "$file was not run"
			continue
		fi
		read -r good bad < <(count_tap "$raw/$file")
		echo "pass $good $suite $file" >>$TALLY
		[ "$bad" -eq 0 ] || echo "fail $bad $suite $file" >>$TALLY
	done
	[ "$rc" -eq 0 ] || [ "$(failures_of "$suite")" -gt 0 ] || fail "$suite" "no assertion failed, but the run ended with status $rc"
}

# regress_suite SUITE DIFFS CMD... -- NAME...: run CMD, which is a pg_regress
# of NAMEs.  Up to 15 it says `test NAME ... ok`, later `ok 1 - NAME`.
regress_suite() {
	local suite=$1 diffs=$2 log=build/test/$1.log cmd=() rc=0 name
	shift 2
	while [ "$1" != -- ]; do cmd+=("$1"); shift; done
	shift
	rm -f "$diffs"
	"${cmd[@]}" >"$log" 2>&1 || rc=$?
	cat "$log"
	for name; do
		if grep -qE "^(test +)?$name +\.\.\. ok |^ok +[0-9]+ +[-+] +$name " "$log"; then
			pass "$suite" "$name"
		elif grep -qE "^(test +)?$name +\.\.\. |^not ok +[0-9]+ +[-+] +$name " "$log"; then
			fail "$suite" "$name"
		else
			fail "$suite" "$name was not run"
		fi
	done
	if [ -s "$diffs" ]; then cat "$diffs"; fi
	[ "$rc" -eq 0 ] || [ "$(failures_of "$suite")" -gt 0 ] || fail "$suite" "no test failed, but the run ended with status $rc"
}

# What was not run, by reason, and the last line.  The status says whether all is well.
print_tally() {
	local passed failed
	grep -q '^pass [1-9][0-9]* \(unit\|report\|regress\|pgtap\|isolation\|tap\|fuzz\|long\|machines\) ' $TALLY || fail tests 'no test was run'
	passed=$(awk '$1 == "pass" { n += $2 } END { print n + 0 }' $TALLY)
	failed=$(awk '$1 == "fail" { n += $2 } END { print n + 0 }' $TALLY)
	if [ "$failed" -gt 0 ]; then
		echo
		echo 'failed:'
		sed -n 's/^fail \([0-9]*\) \([^ ]*\) /   \1 in \2: /p' $TALLY
	fi
	echo
	awk '$1 != "not_run" { n[$3] += $2; if ($1 == "fail") bad[$3] += $2; if (!seen[$3]++) order[++k] = $3 }
		END { for (i = 1; i <= k; i++) printf "%-10s %5d passed, %d failed\n", order[i], n[order[i]] - bad[order[i]], bad[order[i]] }' $TALLY
	echo
	awk -F '\t' '/^not_run / { if (!n[$2]++) order[++k] = $2 }
		END { for (i = 1; i <= k; i++) printf "not run here: %d (%s)\n", n[order[i]], order[i]; if (k) print "" }' $TALLY
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
