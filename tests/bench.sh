#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `stated bench` runs each of its loads for a moment, and what it prints hangs
# together: as many instances ended as were begun, quantiles rise, nothing is
# left behind.  How fast it was is not looked at: this is no measurement.

set -eu

builddir=$(cd "${builddir:-.}" && pwd)
PATH=$builddir:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
mkdir "$work/dir"
failures=0

complain() {
	echo "$*"
	failures=$((failures + 1))
}

# The first number of that name in a report: every name is on its own line.
number_of() {
	sed -nE "s/^ *\"$1\": ([0-9]+),?\$/\1/p" "$work/report" | sed -n 1p
}

# Nothing is left in the directory, and nobody who was started with it.
check_left() {
	[ -z "$(ls -A "$work/dir")" ] ||
	    complain "$1: left behind: $(ls -A "$work/dir")"
	for pid in /proc/[0-9]*; do
		{ tr '\0' ' ' <"$pid/cmdline"; } 2>/dev/null |
		    grep -q "serve .*$work/" &&
		    complain "$1: a process is left behind"
	done
	return 0
}

# $2: a spread of the report, which not every load has.
check_quantiles() {
	grep -q "\"$2\"" "$work/report" || return 0
	set -- "$1" "$2" "$(sed -n "/\"$2\"/,/}/p" "$work/report" |
	    sed -nE 's/^ *"(p50|p95|p99|max)": ([0-9]+),?$/\2/p' | tr '\n' ' ')"
	echo "$3" | {
		read -r p50 p95 p99 max
		[ "$max" -gt 0 ] && [ "$p50" -le "$p95" ] &&
		    [ "$p95" -le "$p99" ] && [ "$p99" -le "$max" ]
	} || complain "$1: $2 is $3"
}

check_load() {
	stated bench --load "$1" --seconds 0.4 --callers 4 --format json \
	    --dir "$work/dir" >"$work/report" ||
	    { complain "$1: it failed"; cat "$work/report"; return 0; }
	[ "$(number_of begun)" -gt 0 ] || complain "$1: nothing was begun"
	[ "$(number_of ended)" -eq "$(number_of begun)" ] ||
	    complain "$1: $(number_of begun) begun, $(number_of ended) ended"
	[ "$(number_of failed)" -eq 0 ] || complain "$1: some failed"
	[ "$(number_of memory_peak_bytes)" -gt 1000000 ] ||
	    complain "$1: no memory was used"
	[ "$(number_of steps)" -ge "$(number_of ended)" ] ||
	    complain "$1: more instances ended than were stepped"
	check_quantiles "$1" latency_us
	check_quantiles "$1" first_answer_us
	check_quantiles "$1" lateness_us
	check_left "$1"
}

stated bench --help | sed -nE '/^Loads:/,$s/^  ([a-z-]+) .*/\1/p' \
    >"$work/loads"
[ -s "$work/loads" ] || complain "no loads are named"
while read -r load; do
	check_load "$load"
done <"$work/loads"

# As text; and the database stays where it was asked for, whole.
stated bench --load three-calls --seconds 0.3 --callers 2 --dir "$work/dir" \
    --store "$work/kept.db" >"$work/text" || complain "--store: it failed"
for word in rate latency CPU memory disk syncs floor alone; do
	grep -q "^  $word " "$work/text" || complain "no $word is told"
done
stated verify "$work/kept.db" >/dev/null || complain "the database is broken"
check_left "--store"
if stated bench --load three-calls --store "$work/kept.db" 2>/dev/null; then
	complain "a database that was there is used"
fi

# At a rate a latency is held against that of bare libraries, and where
# instances wait for one another it isn't.
grep -q "latency/alone" "$work/text" && complain "a crowd's latency is judged"
stated bench --load sign-and-wait --seconds 0.4 --rate 50 --dir "$work/dir" \
    >"$work/text" || complain "--rate: it failed"
grep -q "^  alone .* latency/alone [0-9]" "$work/text" ||
    complain "--rate: no latency/alone is told"

# What is interrupted ends without being killed, and tidies up, too.  $1: the
# file that is there by then.
check_interrupted() {
	file=$1
	shift
	stated bench "$@" --dir "$work/dir" >/dev/null 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		[ -z "$(find "$work/dir" -name "$file")" ] || break
		sleep 0.1
	done
	sleep 0.5
	began=$(date +%s)
	kill -TERM "$pid"
	if wait "$pid"; then
		complain "$*: what was interrupted says that all is well"
	fi
	[ "$(($(date +%s) - began))" -lt 15 ] ||
	    complain "$*: it doesn't end when it is told to"
	check_left "$*: SIGTERM"
}
check_interrupted 'stated-bench-*' --seconds 60
# While a child fills the database.
check_interrupted stated.db --seconds 60 --load wake --waiting 100000000

echo "$(wc -l <"$work/loads") loads, $failures findings"
[ "$failures" -eq 0 ]
