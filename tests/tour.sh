#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The guided tour of the README names every directory of src/, and none that
# is not there: a newcomer believes it.

set -eu
cd "${srcdir:-.}"

[ -e README.md ] || {
	echo "no README.md"
	exit 77
}

failures=0
for directory in src/*/; do
	name=${directory%/}
	grep -qE "(^|[^a-z_/])$name([^a-z_]|\$)" README.md || {
		echo "README.md does not name $name"
		failures=$((failures + 1))
	}
done
# shellcheck disable=SC2013
for name in $(grep -oE '(^|[^a-z_/])src/[a-z_]+' README.md |
    grep -oE 'src/[a-z_]+' | sort -u); do
	[ -d "$name" ] || {
		echo "README.md names $name, which does not exist"
		failures=$((failures + 1))
	}
done
echo "$failures findings"
[ "$failures" -eq 0 ]
