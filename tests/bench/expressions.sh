#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# expressions.sh [SECONDS]: evaluations a second of the guards, mappings and
# tables of expressions.jsonl, beside those of the npm package feelin on the
# same inputs; to be called in the folder of a build.  Needs node and npm, and
# the npm registry once, for a folder of its own that is gone afterwards;
# FEELIN may name the package's folder instead.
#
# Both answers are compared first.  Each measurement takes SECONDS (0.5 unless
# told) of CPU; the start of a process counts for none.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-0.5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make -s tests/bench/bench_expressions
feelin=${FEELIN:-}
if [ -z "$feelin" ]; then
	npm install --silent --prefix "$work" feelin
	feelin=$work/node_modules/feelin
fi
tests/bench/bench_expressions "$seconds" "$here/expressions.jsonl" \
    >"$work/stated"
node "$here/expressions.mjs" "$feelin" "$seconds" "$here/expressions.jsonl" \
    "$work/stated"
