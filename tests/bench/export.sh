#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What it costs to take histories away, and what that costs the engine:
#
#	tests/bench/export.sh [RECORDS [PAIRS]]
#
# Run it in the build directory.  A database of so many records (1,000,000
# unless told) is made by the engine itself; it is exported as JSON lines,
# from the file and over HTTP, and verified, and both is done again and again
# while an engine beside it is under full load: so many times (5 unless told),
# each held against the engine alone.  Prints a line each: MB/s or records/s,
# the most memory, and which part of its rate the engine kept.  What counts of
# those are the medians.  Needs GNU time (/usr/bin/time).

set -eu

records=${1:-1000000}
pairs=${2:-5}
stated=$(pwd)/stated
folder=$(mktemp -d "${TMPDIR:-/tmp}/export.XXXXXX")
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"

rate_of() {
	sed -n 's/^  rate  *\([0-9]*\) .*/\1/p' "$1"
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# ---- many records: 15 an instance, as fast as the engine goes ----

have=0
seconds=5
while [ "$have" -lt "$records" ]; do
	rm -f many.db*
	"$stated" bench --load three-calls --seconds "$seconds" \
	    --store many.db >fill.txt 2>&1
	have=$("$stated" export --database many.db --output all.jsonl 2>&1 |
	    sed -n 's/^\([0-9]*\) records of .*/\1/p')
	# A little more than what was missing, in one go.
	seconds=$((seconds * records * 11 / 10 / (have + 1) + 1))
done

# ---- alone ----

begin=$(now_ms)
/usr/bin/time -o time.txt -f '%M' "$stated" export --database many.db \
    --output all.jsonl 2>/dev/null
took=$(($(now_ms) - begin))
bytes=$(wc -c <all.jsonl)
echo "export     $have records, $((bytes / 1000000)) MB:" \
    "$((bytes / 1000 / (took + 1))) MB/s," \
    "$(($(cat time.txt) / 1024)) MiB of memory"

begin=$(now_ms)
/usr/bin/time -o time.txt -f '%M' "$stated" verify all.jsonl >/dev/null
took=$(($(now_ms) - begin))
echo "verify     $((have * 1000 / (took + 1))) records/s," \
    "$(($(cat time.txt) / 1024)) MiB of memory"

# ---- over HTTP ----

mkdir none
echo 'auth: {required: false}' >stated.yaml
"$stated" serve --config stated.yaml --store many.db --workflows none \
    --listen 127.0.0.1:0 --port-file port >serve.log 2>&1 &
engine=$!
trap 'kill "$engine" 2>/dev/null || :; rm -rf "$folder"' EXIT INT TERM
while [ ! -s port ]; do
	kill -0 "$engine" 2>/dev/null || { cat serve.log; exit 1; }
	sleep 0.1
done
begin=$(now_ms)
STATED_URL=http://127.0.0.1:$(cat port) /usr/bin/time -o time.txt -f '%M' \
    "$stated" export --output all.jsonl
took=$(($(now_ms) - begin))
most=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$engine/status")
echo "over HTTP  $((bytes / 1000 / (took + 1))) MB/s," \
    "$(($(cat time.txt) / 1024)) MiB of memory," \
    "the engine $((most / 1024)) MiB"
kill "$engine"
wait "$engine" || :

# ---- beside an engine under load ----

# again COMMAND...: over and over, by somebody who has signed in apart: a
# scheduler may share a machine out by sessions.
again() {
	while :; do
		setsid "$@" >/dev/null 2>&1 &
		echo $! >child.txt
		wait $!
		echo whole >>passes.txt
	done
}

# run_engine [COMMAND...]: the engine's rate, to rate.txt, while that is done;
# what is written to again.jsonl meanwhile is MB/s in speed.txt.
run_engine() {
	rm -f other.db* again.jsonl*
	: >passes.txt
	"$stated" bench --load three-calls --seconds 8 --store other.db \
	    >bench.txt &
	bench=$!
	# the bare libraries' costs are measured first, in other files
	while [ ! -s other.db ] && kill -0 "$bench"; do
		sleep 0.1
	done
	sleep 0.5
	if [ $# -gt 0 ]; then
		begin=$(now_ms)
		again "$@" &
		doing=$!
		wait "$bench"
		took=$(($(now_ms) - begin))
		kill "$doing" "$(cat child.txt)"
		wait "$doing" 2>/dev/null || :
		partial=$(stat -c %s again.jsonl.partial 2>/dev/null || echo 0)
		whole=$(wc -l <passes.txt)
		echo $(((whole * bytes + partial) / 1000 / took)) >speed.txt
	else
		wait "$bench"
	fi
	rate_of bench.txt >rate.txt
}

# The middle of the numbers in a file.
median_of() {
	sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"
}

# beside NAME COMMAND...  A machine has good and bad minutes: each run is held
# against the one just before it.
beside() {
	name=$1
	shift
	: >kept.txt
	: >speeds.txt
	for _ in $(seq "$pairs"); do
		run_engine
		alone=$(cat rate.txt)
		run_engine "$@"
		echo $(($(cat rate.txt) * 100 / alone)) >>kept.txt
		cat speed.txt >>speeds.txt
	done
	echo "beside it  $name, while the engine kept $(median_of kept.txt) %" \
	    "of its rate: $(sort -n kept.txt | tr '\n' ' ')"
}

beside export "$stated" export --database many.db --output again.jsonl
echo "           at $(median_of speeds.txt) MB/s"
beside verify "$stated" verify many.db
