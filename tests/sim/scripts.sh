#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Plays the scripts in tests/cases/sim: what once was found, made short.

failed=0
for script in "${srcdir:-.}"/tests/cases/sim/*.script; do
	"${builddir:-.}"/tests/sim/simulate --script "$script" || failed=1
done
exit $failed
