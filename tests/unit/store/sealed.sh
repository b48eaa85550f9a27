#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The store keeps its contract on an encrypted database too, and survives the
# same faults: the same tests once more, with a key.

set -eu

programs=$(cd "${builddir:-.}" && pwd)/tests/unit/store
export STATED_SEALED=1

for test in contract list copy disk faults; do
	echo "== $test"
	"$programs/test_store_$test"
done
