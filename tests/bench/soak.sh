#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# soak.sh [SECONDS [LOAD…]]: whether memory and descriptors of the engine stay
# as they are under load, for as long as you like.
#
# Each load of `stated bench` runs for so many seconds, as fast as it goes, so
# that a day's instances take minutes.  Meanwhile the engine is looked at once
# a second.  What it has after a third of the time is what it should have at
# the end: a straight line through the rest must not rise by more than a
# twentieth, or 4 MiB.  Unless told: 60 seconds of each load that lasts.

set -eu

seconds=${1:-60}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- three-calls sign-and-wait events fan-out
builddir=$(cd "${builddir:-.}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# The child of $1 that serves.
engine_of() {
	for directory in /proc/[0-9]*; do
		grep -qs "^PPid:[[:space:]]*$1\$" "$directory/status" || continue
		tr '\0' ' ' <"$directory/cmdline" 2>/dev/null |
		    grep -q ' serve ' && echo "${directory#/proc/}"
	done | sed -n 1p
}

# Seconds, KiB, descriptors.
look_at() {
	resident=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' \
	    "/proc/$1/status" 2>/dev/null) || return 1
	[ -n "$resident" ] || return 1
	# shellcheck disable=SC2012
	echo "$2 $resident $(ls "/proc/$1/fd" 2>/dev/null | wc -l)"
}

# The line through the last two thirds, and how far it rises.
judge() {
	awk -v load="$1" '
	{ at[NR] = $1; kib[NR] = $2; fds[NR] = $3 }
	END {
		if (NR < 6) {
			print load ": only " NR " samples"
			exit 1
		}
		for (i = int(NR / 3) + 1; i <= NR; i++) {
			n++
			x += at[i]; y += kib[i]; z += fds[i]
			xx += at[i] * at[i]
			xy += at[i] * kib[i]; xz += at[i] * fds[i]
		}
		span = at[NR] - at[int(NR / 3) + 1]
		d = n * xx - x * x
		rise = (n * xy - x * y) / d * span
		more = (n * xz - x * z) / d * span
		mean = y / n
		allowed = mean / 20 > 4096 ? mean / 20 : 4096
		printf "%s: %d s, %.1f MiB and %.0f descriptors on average, " \
		    "rising by %+.2f MiB and %+.1f\n", load, at[NR], \
		    mean / 1024, z / n, rise / 1024, more
		exit rise > allowed || more > 8
	}' "$2"
}

soak() {
	: >"$work/samples"
	"$builddir/stated" bench --load "$1" --seconds "$seconds" \
	    --callers 32 --dir "$work" >"$work/report" &
	bench=$!
	engine= began=$(date +%s)
	while kill -0 "$bench" 2>/dev/null; do
		# What the next load brings, or an engine that has ended.
		[ -n "$engine" ] && [ -e "/proc/$engine" ] ||
		    engine=$(engine_of "$bench")
		[ -z "$engine" ] ||
		    look_at "$engine" $(($(date +%s) - began)) \
			>>"$work/samples" || true
		sleep 1
	done
	wait "$bench" || { echo "$1: it failed"; failed=1; }
	sed -n '/instances/p;/failed/p' "$work/report" | sed -n 1,4p
	# At the end it drains, which is another state.
	sed -i '$d' "$work/samples"
	judge "$1" "$work/samples" || { echo "$1: not flat"; failed=1; }
}

for load; do
	soak "$load"
done
exit "$failed"
