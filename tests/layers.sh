#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Directories are layers, and this test is what makes it so: every #include of
# src/ and include/stated/ is held against tests/layers.tsv.
#
#  - a file includes contracts of its own module and of those under it only;
#  - nobody includes another module's private headers;
#  - headers of libraries are included where the table allows it;
#  - the first include of a .c file is a header of its own module, so that
#    each header is known to stand by itself;
#  - names of files are unique, so that a name alone says where.

set -eu
cd "${srcdir:-.}"

find src include/stated -name '*.[ch]' | sort | awk -v table=tests/layers.tsv '
function complain(text) {
	print text
	failures++
}

function read_table(    line, column, parts, count, i) {
	FS = "\t"
	while ((getline line < table) > 0) {
		if (line ~ /^#/ || line == "")
			continue
		split(line, column, "\t")
		if (column[1] == "module") {
			rank[column[2]] = ++module_count
			count = split(column[3], parts, " ")
			for (i = 1; i <= count; i++) {
				if (!(parts[i] in rank))
					complain(table ": " column[2] \
					    " stands before " parts[i])
				under[column[2], parts[i]] = 1
			}
			under[column[2], column[2]] = 1
		} else if (column[1] == "header") {
			module_of_header["stated/" column[2] ".h"] = column[3]
		} else if (column[1] == "library") {
			libraries[column[2]] = column[3]
		} else if (column[1] == "system") {
			is_system[column[2]] = 1
		} else {
			complain(table ": unknown row: " line)
		}
	}
	close(table)
	if (module_count == 0)
		complain(table ": no modules")
}

# The module of a file, by its directory or, for a contract, by the table.
function module_of(file,    parts) {
	split(file, parts, "/")
	if (parts[1] == "src")
		return parts[2]
	sub(/^include\//, "", file)
	return module_of_header[file]
}

function check_contract(file, module, header,    other) {
	other = module_of_header[header]
	if (other == "")
		complain(file ": " header " has no row in " table)
	else if (!((module, other) in under))
		complain(file ": " module " may not include " header \
		    " of " other)
	return other == module
}

# A quoted header that is no contract lies in the directory of the file.
function check_private(file, header,    directory) {
	directory = file
	sub(/[^\/]*$/, "", directory)
	if (header ~ /\// || !((directory header) in exists))
		complain(file ": \"" header "\" is not in " directory)
	return 1
}

function check_library(file, module, header,    begin, allowed, count, i) {
	if (header in is_system)
		return
	for (begin in libraries) {
		if (index(header, begin) != 1)
			continue
		count = split(libraries[begin], allowed, " ")
		for (i = 1; i <= count; i++) {
			if (allowed[i] == module)
				return
			if (allowed[i] == module ":1") {
				users[begin " in " module, file] = 1
				return
			}
		}
		complain(file ": " module " may not include <" header ">")
		return
	}
	complain(file ": <" header "> has no row in " table)
}

function check_includes(file, module,    line, header, is_own, first) {
	first = 1
	while ((getline line < file) > 0) {
		if (line !~ /^[ \t]*#[ \t]*include/)
			continue
		header = line
		sub(/^[^"<]*["<]/, "", header)
		sub(/[">].*$/, "", header)
		is_own = 0
		if (line ~ /</)
			check_library(file, module, header)
		else if (header ~ /^stated\//)
			is_own = check_contract(file, module, header)
		else
			is_own = check_private(file, header)
		if (is_own && !first && !(file in own) && file ~ /\.c$/)
			complain(file ": " header " must be included first")
		if (is_own)
			own[file] = 1
		first = 0
	}
	close(file)
}

BEGIN { read_table() }

{
	files[++file_count] = $0
	exists[$0] = 1
	name = $0
	sub(/^.*\//, "", name)
	if (name in place)
		complain($0 ": " place[name] " has the same name")
	place[name] = $0
}

END {
	for (i = 1; i <= file_count; i++) {
		module = module_of(files[i])
		if (!(module in rank))
			complain(files[i] ": its module has no row in " table)
		else
			check_includes(files[i], module)
	}
	for (pair in users) {
		split(pair, part, SUBSEP)
		if (++user_count[part[1]] == 2)
			complain(part[1] ": more than one file includes it")
	}
	for (header in module_of_header)
		if (!(("include/" header) in exists))
			complain(table ": " header " does not exist")
	if (file_count == 0)
		complain("no files found")
	print file_count " files, " failures + 0 " findings"
	exit failures > 0
}'
