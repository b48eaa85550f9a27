#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a machine can judge without taste:
#
#  - every file of C begins with its licence;
#  - binary floating point is not used, for a sum of money in a double is no
#    longer that sum;
#  - nothing is left to be done, nor of a merge;
#  - every file is named in the fragment beside it, or it would be missing
#    from a release, and a test that is not named is never run.

set -eu
cd "${srcdir:-.}"

unnamed=0
# Names of files have no blanks here.
# shellcheck disable=SC2044
for file in $(find src tests/unit -name '*.[ch]'); do
	grep -qE "${file%.c}([^a-z0-9_]|\$)" "${file%/*}/local.mk" && continue
	echo "$file is not named in ${file%/*}/local.mk"
	unnamed=$((unnamed + 1))
done
[ "$unnamed" -eq 0 ]

! grep -rnE '^(<<<<<<<|>>>>>>>) ' README.md configure.ac Makefile.am src include \
    tests contrib docs workflows

find src include/stated tests contrib/sandbox -name '*.[ch]' | sort |
    awk '
function complain(text) {
	print text
	failures++
}

# Code without comments and without what is in quotes.
function code_of(line) {
	if (in_comment) {
		if (!match(line, /\*\//))
			return ""
		line = substr(line, RSTART + 2)
		in_comment = 0
	}
	gsub(/\\./, "", line)
	gsub(/"[^"]*"/, "\"\"", line)
	gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", line)
	sub(/\/\/.*$/, "", line)
	if (match(line, /\/\*/)) {
		in_comment = 1
		line = substr(line, 1, RSTART - 1)
	}
	return line
}

function has_binary_point(line) {
	line = " " code_of(line) " "
	return line ~ /[^A-Za-z0-9_](double|float)[^A-Za-z0-9_]/
}

# STR_ARG() asks for its argument more than once, and what hands something over
# gives nothing the second time.
function has_changing_argument(line) {
	return code_of(line) ~ /STR_ARG\([a-z_]*(keep|take|next|pop|split)\(/
}

function check_file(file,    line, number) {
	in_comment = 0
	number = 0
	while ((getline line < file) > 0) {
		if (++number == 1 &&
		    line != "/* SPDX-License-Identifier: Apache-2.0 */")
			complain(file ":1: no licence")
		if (line ~ /(TODO|FIXME|XXX:|HACK)/)
			complain(file ":" number ": left to be done")
		if (file ~ /^(src|include)\// && has_binary_point(line))
			complain(file ":" number ": binary floating point")
		if (has_changing_argument(line))
			complain(file ":" number ": STR_ARG() of what changes")
	}
	close(file)
}

{ check_file($0) }

END {
	print NR " files, " failures + 0 " findings"
	exit NR == 0 || failures > 0
}'
