#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# verify.sh [SECONDS]: how fast histories are proved.
#
# `stated bench` fills a database for so many seconds (10 unless told), an
# engine seals it by a checkpoint, and `stated verify` checks the database, an
# export of it and a bundle, each with the key.  What it says are records a
# second, and the memory that verifying had at the most.

set -eu

seconds=${1:-10}
builddir=$(cd "${builddir:-.}" && pwd)
PATH=$builddir:$PATH
work=$(mktemp -d)
engine=
finish() {
	[ -z "$engine" ] || kill "$engine" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
cd "$work"

stated bench --load three-calls --seconds "$seconds" --store bench.db \
    >bench.txt 2>&1 || { cat bench.txt; exit 1; }
mkdir none
openssl genpkey -algorithm ed25519 -out seal.pem 2>/dev/null
openssl pkey -in seal.pem -pubout -out key.pem
echo 'checkpoints: {key: {secret: seal}, every: off, log: false}
auth: {required: false}' >stated.yaml
STATED_SECRET_SEAL=$(cat seal.pem) stated serve --config stated.yaml \
    --store bench.db --workflows none --listen 127.0.0.1:0 \
    --port-file port >serve.log 2>&1 &
engine=$!
for _ in $(seq 100); do
	[ -s port ] && break
	sleep 0.1
done
[ -s port ] || { cat serve.log; exit 1; }
STATED_URL=http://127.0.0.1:$(cat port)
export STATED_URL
now() { date +%s%N; }
began=$(now)
stated checkpoint make >kept.json
echo "checkpoint: $(sed 's/.*"size":\([0-9]*\).*/\1/' kept.json) turns in" \
    "$(( ($(now) - began) / 1000000 )) ms"
kill "$engine"
wait "$engine" || true
engine=

stated export --database bench.db --output export.jsonl
stated export --database bench.db --format bundle --output bundle.tar
for file in bench.db export.jsonl bundle.tar; do
	began=$(now)
	stated verify "$file" --public-key key.pem --checkpoint kept.json \
	    --format json >verified.json
	ended=$(now)
	records=$(sed -n 's/.*"records": \([0-9]*\).*/\1/p' verified.json)
	grep -q '"sound": true' verified.json || { cat verified.json; exit 1; }
	echo "$file: $records records," \
	    "$(( records * 1000000 / ((ended - began) / 1000) )) a second"
done
