#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The scenarios of the shipped workflows hold, and leave no state and no
# transition out.

set -eu

srcdir=$(cd "${srcdir:-.}" && pwd)
PATH=$(cd "${builddir:-.}" && pwd):$PATH

cd "$srcdir"
exec stated test --strict workflows
