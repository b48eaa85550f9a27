#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The manual page and docs/cli.md name every command, every option and every
# key of the configuration, and no option that is not there: the program's own
# tables are what they are held against.

set -eu

srcdir=$(cd "${srcdir:-.}" && pwd)
PATH=$(cd "${builddir:-.}" && pwd):$PATH
man=$srcdir/docs/stated.1
page=$srcdir/docs/cli.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
failures=0

complain() {
	echo "$*"
	failures=$((failures + 1))
}

names_of() {
	sed -nE 's/^  ([a-z-]+) .*/\1/p'
}

# Commands of groups with their group's name before.
stated --help | names_of | while read -r name; do
	stated help "$name" | sed -n 1p | grep -q ' COMMAND ' ||
	    { echo "$name"; continue; }
	stated help "$name" | names_of | sed "s/^/$name /"
done >"$work/commands"

while read -r command; do
	grep -qE "^\.It Nm Cm $command( |\$)" "$man" ||
	    complain "stated.1 does not name: stated $command"
	grep -qE "^### \`stated ${command}[\` ]" "$page" ||
	    complain "cli.md does not name: stated $command"
	# Words of $command are words.
	# shellcheck disable=SC2086
	stated help $command | sed -nE 's/^  --([a-z-]+).*/\1/p'
done <"$work/commands" | tee "$work/lines" | sort -u >"$work/options"
grep -F ' does not name' "$work/lines" && failures=1

# Options are words.
# shellcheck disable=SC2013
for option in $(grep -v ' ' "$work/options"); do
	grep -qE "^\.It Fl -$option( |\$)" "$man" ||
	    complain "stated.1 does not name --$option"
	grep -qE -- "\`(stated [a-z ]*)?--${option}[\` ]" "$page" ||
	    complain "cli.md does not name --$option"
done
# shellcheck disable=SC2013
for option in $(sed -nE 's/^\.It Fl -([a-z-]+).*/\1/p' "$man" | sort -u); do
	grep -qx -- "$option" "$work/options" ||
	    complain "stated.1 names --$option, which no command has"
done

stated serve --help | sed '1,/^Keys of/d' |
    sed -nE 's/^  ([a-z.-]+) .*/\1/p' >"$work/keys"
while read -r key; do
	grep -qE "^\.It Cm $key " "$man" || echo "stated.1 does not name $key"
	grep -qE "^\| \`$key\` " "$page" || echo "cli.md does not name $key"
done <"$work/keys" >"$work/lines"
cat "$work/lines"
[ ! -s "$work/lines" ] || failures=$((failures + 1))

echo "$(wc -l <"$work/commands") commands, $(wc -l <"$work/options") options," \
    "$(wc -l <"$work/keys") keys, $failures findings"
[ "$failures" -eq 0 ] && [ -s "$work/commands" ] && [ -s "$work/keys" ]
