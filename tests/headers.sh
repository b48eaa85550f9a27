#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every header compiles alone: whoever includes it needs to know nothing else.
# It is included twice, so that its guard is tried as well.

# The flags are a list of words.
# shellcheck disable=SC2086

set -eu
cd "${srcdir:-.}"

failures=0
count=0
for header in include/stated/*.h src/*/*_priv.h; do
	[ -e "$header" ] || continue
	count=$((count + 1))
	printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
	    ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Iinclude -I. \
		-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
		-Werror ${library_cflags:-} -fsyntax-only -x c - || {
		echo "$header does not compile alone"
		failures=$((failures + 1))
	}
done
echo "$count headers, $failures findings"
[ "$count" -gt 0 ] && [ "$failures" -eq 0 ]
