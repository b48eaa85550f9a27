#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Plays tests/cli/*.case through the built program and compares.
#
# A case is prose with sessions in it, indented by two spaces: a command after
# "$ ", its further lines after "> ", then what it prints on both outputs, and
# its exit status in brackets where that is not 0.  Each case runs in an empty
# directory of its own, with $workflows naming the shipped definitions.
# Identifiers and instants, which are never the same twice, are shown as <id>
# and <time>.
#
#	srcdir=… builddir=… tests/cli/cli.sh [CASE...]
#
# With update=yes in the environment the cases are rewritten as they came out.

set -eu

srcdir=$(cd "${srcdir:-.}" && pwd)
builddir=$(cd "${builddir:-.}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

workflows=$srcdir/workflows
PATH=$builddir:$PATH
TZ=UTC
export workflows PATH TZ
unset STATED_URL STATED_TOKEN NO_COLOR || true

# The session's commands as a script that marks where each one's output ends.
script_of() {
	awk '
	function flush() {
		if (command == "")
			return
		printf "{\n%s\n} 2>&1 </dev/null\n", command
		printf "echo \"@end $?\"\n"
		command = ""
	}
	/^  \$ / { flush(); command = substr($0, 5); next }
	/^  > / { command = command "\n" substr($0, 5); next }
	BEGIN {
		# A server that a session has left behind ends with it.
		print "trap \047[ ! -e pid ] || kill \"$(cat pid)\" 2>/dev/null\047 EXIT"
	}
	END { flush() }' "$1"
}

# The case with what was really printed: $1 the case, $2 the output.
replay() {
	awk -v output="$2" '
	function print_output(    line) {
		while ((getline line < output) > 0) {
			if (line ~ /^@end [0-9]+$/) {
				sub(/^@end /, "", line)
				if (line != "0")
					print "  [" line "]"
				return
			}
			print "  " line
		}
		print "  (the session ended here)"
	}
	function flush() { if (pending) print_output(); pending = 0 }
	/^  \$ / { flush(); print; pending = 1; next }
	/^  > / { print; next }
	/^  / && pending { next }
	/^  / { next }
	{ flush(); print }
	END { flush() }' "$1"
}

normalise() {
	sed -E \
	    -e 's/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/<id>/g' \
	    -e 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?/<time>/g' \
	    -e 's/<time> \([0-9]+s\)/<time> (<age>)/' \
	    -e 's/process [0-9]+ holds/process <n> holds/' \
	    -e 's/after [0-9]+ ms/after <n> ms/' \
	    -e "s|$srcdir/||g" -e "s|$1|<here>|g"
}

[ $# -gt 0 ] || set -- "$srcdir"/tests/cli/*.case
failures=0
for case in "$@"; do
	name=$(basename "$case" .case)
	here=$work/$name
	mkdir "$here"
	script_of "$case" >"$work/$name.sh"
	(cd "$here" && timeout 120 sh "$work/$name.sh") \
	    >"$work/$name.raw" 2>&1 || true
	normalise "$here" <"$work/$name.raw" >"$work/$name.out"
	replay "$case" "$work/$name.out" >"$work/$name.new"
	[ "${update:-no}" = no ] || cp "$work/$name.new" "$case"
	if diff -u "$case" "$work/$name.new"; then
		echo "PASS $name"
	else
		echo "FAIL $name"
		failures=$((failures + 1))
	fi
done
echo "$# cases, $failures failed"
[ "$failures" -eq 0 ]
