# SPDX-License-Identifier: Apache-2.0
#
# Sums what gcov says of files of src/ into a line a module and one for all.

/^File / {
	split($0, quoted, "'")
	file = quoted[2]
}

/^Lines executed:/ && match(file, /(^|\/)src\/[a-z]+\/[a-z_0-9]+\.c$/) {
	sub(/^\//, "", file)
	count = split(file, part, "/")
	module = part[count - 1]
	split($0, word, /[:% ]+/)
	lines[module] += word[5]
	run[module] += word[3] * word[5] / 100
	file = ""
}

function told(name, of, all) {
	return sprintf("%-12s %6.1f %% of %6d lines", name, 100 * of / all, all)
}

END {
	for (module in lines) {
		print told(module, run[module], lines[module]) | "sort"
		all_lines += lines[module]
		all_run += run[module]
	}
	close("sort")
	if (all_lines == 0) {
		print "nothing was counted: configure with --enable-coverage"
		exit 1
	}
	print told("all", all_run, all_lines)
}
