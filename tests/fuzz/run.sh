#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh SECONDS [FUZZER...]: runs the fuzzers one after another, so many
# seconds each, in a build with --enable-fuzzers; to be called in the folder
# of that build.  A line each says how it went.
#
# What is new goes into fuzz/NAME of that folder and is where the next run
# begins; what fails, or takes more than a second, is kept in fuzz/found.

set -eu

if [ $# -lt 1 ]; then
	echo "usage: $0 SECONDS [FUZZER...]" >&2
	exit 2
fi
seconds=$1
shift
corpus=$(cd "$(dirname "$0")" && pwd)/corpus
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls -d fuzz_* | grep -v '\.')
mkdir -p fuzz/found fuzz/log

# Databases of the fuzzers that have a server: in memory, where that can be
# had, and gone with us.
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# The memory that AddressSanitizer keeps back counts as the program's.
ASAN_OPTIONS=quarantine_size_mb=16:${ASAN_OPTIONS:-}
export ASAN_OPTIONS

# "stat::number_of_executed_units: 123" of the log.
stat_of() {
	sed -n "s/^stat::$1: *//p" "$2" | tail -n 1
}

# On a busy machine anything is slow now and then: such inputs have to be slow
# a second time.
keep_slow() {
	for unit in fuzz/found/"$1"-slow-unit-*; do
		[ -f "$unit" ] || continue
		ms=$(tests/fuzz/"$1" "$unit" 2>&1 |
		    sed -n 's/^Executed .* in \([0-9]*\) ms$/\1/p')
		[ "${ms:-1000}" -ge 1000 ] || rm "$unit"
	done
}

failures=0
for name; do
	log=fuzz/log/$name
	dictionary=$corpus/../$name.dict
	set -- -max_total_time="$seconds" -print_final_stats=1 \
	    -timeout=10 -report_slow_units=1 \
	    -rss_limit_mb=512 -malloc_limit_mb=256 \
	    -artifact_prefix=fuzz/found/"$name"-
	[ ! -f "$dictionary" ] || set -- "$@" -dict="$dictionary"
	mkdir -p "fuzz/$name"
	rm -f fuzz/found/"$name"-*
	verdict=sound
	tests/fuzz/"$name" "$@" "fuzz/$name" "$corpus/$name" \
	    >"$log" 2>&1 || verdict="FAILED: see $log"
	keep_slow "$name"
	[ "$verdict" != sound ] || ! ls fuzz/found | grep -q "^$name-" ||
	    verdict="SLOW: see fuzz/found"
	[ "$verdict" = sound ] || failures=$((failures + 1))
	edges=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	echo "$name: $(stat_of number_of_executed_units "$log") runs," \
	    "${edges:-0} edges," \
	    "$(stat_of new_units_added "$log") new files," \
	    "$(stat_of peak_rss_mb "$log") MiB, $verdict"
done
[ "$failures" -eq 0 ]
