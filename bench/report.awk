# report.awk: the tables of bench/RESULTS.md from what bench/run has measured.
#
# First file: name, table, rows, floor, target, label (tabs) of each query.
# Second file: mode round for name cpu-ns wall-us right.  Round 0 is not counted.
# Exit status: 0, 2 when an answer is wrong, 3 when a target is not met.

# Median of values[key, 1 .. n].
function median(values, n, key,    i, j, t, sorted) {
	for (i = 1; i <= n; i++) sorted[i] = values[key, i]
	for (i = 2; i <= n; i++) {
		t = sorted[i]
		for (j = i - 1; j >= 1 && sorted[j] > t; j--) sorted[j + 1] = sorted[j]
		sorted[j + 1] = t
	}
	if (n == 0) return 0
	return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

# " yes" or " no", and remembers a no.
function verdict(met) {
	if (!met) missed = 1
	return met ? "met" : "not met"
}

function meets(ratio, goal, ms) {
	if (goal == "-") return "-"
	if (goal ~ /ms$/) return verdict(ms < substr(goal, 2) + 0)
	if (goal ~ /^<=/) return verdict(ratio <= substr(goal, 3) + 0)
	return verdict(ratio >= substr(goal, 3) + 0)
}

# The goal as people write it.
function shown(goal) {
	if (goal ~ /ms$/) { sub(/^</, "under ", goal); sub(/ms$/, " ms", goal) }
	sub(/^<=/, "at most ", goal)
	sub(/^>=/, "at least ", goal)
	return goal
}

# Rows that a figure is divided by: those of the table, but a rollup answers for all of them.
function per(name) { return table[name] == "rollup" ? rows["floor"] : rows[name] }

BEGIN { FS = "\t" }

FNR == NR {
	order[++queries] = $1
	table[$1] = $2; rows[$1] = $3; floor[$1] = $4; target[$1] = $5; label[$1] = $6
	next
}

FNR == 1 { FS = " "; $0 = $0 }

{
	mode = $1; round = $2; pair = $3; name = $4
	if ($7 != "t") { print "wrong answer: " mode " " name > "/dev/stderr"; wrong = 1 }
	if (round == 0) next
	spent = mode == "parallel" ? $6 * 1000 : $5
	key = mode SUBSEP name
	time[key, ++times[key]] = spent
	if (mode == "load") { loads[pair, name, round] = spent; next }
	if (pair != name) { under[mode, pair, round] = spent; next }
	ratio[key, round] = (spent / per(name)) / (under[mode, name, round] / per(floor[name]))
	has[key] = 1
}

END {
	print "## Single process, processor time of the backend\n"
	print "| query | ns per row | ratio | to | target | |"
	print "|---|---:|---:|---|---|---|"
	for (i = 1; i <= queries; i++) {
		name = order[i]; key = "single" SUBSEP name
		note = table[name] == "sample" ? sprintf(" (%d rows, per row)", rows[name]) : table[name] == "rollup" ? sprintf(" (%d rows for all)", rows[name]) : ""
		ns = median(time, times[key], key) / per(name)
		ms = ns * per(name) / 1e6
		if (target[name] ~ /ms$/) note = sprintf(" (%.1f ms)", ms)
		if (floor[name] == "-") { printf "| %s | %.1f | 1.00 | itself | - | - |\n", label[name], ns; continue }
		single[name] = median(ratio, rounds, key)
		printf "| %s%s | %.*f | %.*f | %s | %s | %s |\n", label[name], note, ns < 10 ? 2 : 1, ns, single[name] < 0.1 ? 4 : 2, single[name], floor[name], shown(target[name]), meets(single[name], target[name], ms)
	}

	print "\n## Two parallel workers, by the clock\n"
	print "Speed-up: single-process time divided by this one.  Part of every parallel query is the start of its workers, each of which maps the table anew;\nshort queries gain less from them, the floor too.\n"
	print "| query | ms | ratio | to | speed-up | against the floor's, target at least 0.95 | |"
	print "|---|---:|---:|---|---:|---:|---|"
	for (i = 1; i <= queries; i++) {
		name = order[i]; key = "parallel" SUBSEP name
		if (!(key in times)) continue
		ms = median(time, times[key], key) / 1e6
		gain = median(time, times["single", name], "single" SUBSEP name) / 1e6 / ms
		if (name == "floor") floor_gain = gain
		if (!(key in has)) { printf "| %s | %.0f | 1.00 | itself | %.2f | %.2f | - |\n", label[name], ms, gain, gain / floor_gain; continue }
		printf "| %s | %.0f | %.2f | %s | %.2f | %.2f | %s |\n", label[name], ms, median(ratio, rounds, key), floor[name], gain, gain / floor_gain, verdict(gain / floor_gain >= 0.95)
	}

	for (n = split("few many", set, " "); n >= 1; n--) {
		for (r = 1; r <= rounds; r++) {
			calls[set[n] "first", r] = loads[set[n], "first", r] / 1e6
			calls[set[n] "second", r] = loads[set[n], "second", r] / 1e6
		}
	}
	print "\n## Price book: first call of a fresh backend, which meets 40 models, processor time\n"
	print "| price rows | first call, ms | second call, ms | target of the first | |"
	print "|---:|---:|---:|---|---|"
	first = median(calls, rounds, "fewfirst")
	printf "| %d | %.2f | %.2f | under 3 ms | %s |\n", few, first, median(calls, rounds, "fewsecond"), verdict(first < 3)
	first = median(calls, rounds, "manyfirst")
	printf "| %d | %.2f | %.2f | under 3 ms | %s |\n", many, first, median(calls, rounds, "manysecond"), verdict(first < 3)
	exit wrong ? 2 : missed ? 3 : 0
}
