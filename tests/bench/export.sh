#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What it costs to take histories away, and what that costs the engine:
#
#	tests/bench/export.sh [RECORDS]
#
# Run it in the build directory.  A database of so many records (1,000,000
# unless told) is made by the engine itself; it is exported as JSON lines,
# verified, and exported again and again while an engine beside it is under
# full load.  Prints a line each: MB/s, the most memory, and which part of its
# rate the engine kept.  Needs GNU time (/usr/bin/time).

set -eu

records=${1:-1000000}
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

# ---- beside an engine under load ----

"$stated" bench --load three-calls --seconds 15 --store other.db >alone.txt
rm -f other.db*
"$stated" bench --load three-calls --seconds 15 --store other.db >beside.txt &
bench=$!
sleep 3 # the bare libraries' costs are measured first
begin=$(now_ms)
count=0
while [ $(($(now_ms) - begin)) -lt 11000 ]; do
	"$stated" export --database many.db --output again.jsonl 2>/dev/null
	count=$((count + 1))
done
took=$(($(now_ms) - begin))
wait "$bench"
echo "beside it  $((count * (bytes / 1000) / took)) MB/s, while the engine" \
    "kept $(($(rate_of beside.txt) * 100 / $(rate_of alone.txt))) %" \
    "of $(rate_of alone.txt) instances/s"
