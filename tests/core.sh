#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The pure core links alone: a program that holds every object of it, and no
# loop, network or store.  An object that calls one has a symbol left open and
# does not link.  Time, randomness, storage and network can reach the core
# only through what is passed in, which is what makes it replayable.

# Flags and archives are lists of words.
# shellcheck disable=SC2086

set -eu

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT INT TERM

cat >"$directory/core.c" <<'END'
int main(void);
int
main(void)
{
	return 0;
}
END

cd "${builddir:-.}"
archives=
for module in base value feel calendar definition prove chart audit throttle connector; do
	archives="$archives libstated_$module.a"
done

${CC:-cc} ${core_cflags:-} -o "$directory/core" "$directory/core.c" \
    -Wl,--whole-archive $archives -Wl,--no-whole-archive ${core_libs:-}
"$directory/core"

if ldd "$directory/core" | grep -E 'libevent|libcurl|libsqlite3|libpq'; then
	echo "the core pulls in one of these libraries"
	exit 1
fi
if nm -u $archives 2>/dev/null |
    grep -E ' U (event_|evhttp_|evbuffer_|bufferevent_|curl_|sqlite3_|PQ)'; then
	echo "the core calls what it must not know"
	exit 1
fi
