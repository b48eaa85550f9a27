#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The store keeps its contract on an encrypted database too, and survives the
# same faults: the same tests once more, with a key, and plays of the simulator.

set -eu

tests=$(cd "${builddir:-.}" && pwd)/tests
export STATED_SEALED=1

for test in contract list copy disk faults calls; do
	echo "== $test"
	"$tests/unit/store/test_store_$test"
done
"$tests/sim/simulate" --seeds 1-30
