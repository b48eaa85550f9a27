#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every relative link of the README and of docs/ leads to a file that is
# there, and to a heading that it has: readers follow them.

set -eu
cd "${srcdir:-.}"

# The lines of a page that are not quoted as code.
prose() {
	awk '/^```/ { quoted = !quoted; next } !quoted' "$1"
}

links_of() {
	prose "$1" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//' |
	    grep -vE '^(https?|mailto):' || true
}

# As the places that show Markdown name headings.
anchors_of() {
	prose "$1" | sed -nE 's/^#+ //p' | tr '[:upper:]' '[:lower:]' |
	    sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

report=$(mktemp)
trap 'rm -f "$report"' EXIT INT TERM
for page in README.md $(find docs -name '*.md' | sort); do
	links_of "$page" | while read -r link; do
		file=${link%%#*}
		anchor=${link#"$file"}
		target=$page
		[ -z "$file" ] || target=$(dirname "$page")/$file
		if [ ! -e "$target" ]; then
			echo "$page: $link leads to nothing"
		elif [ -n "$anchor" ] &&
		    ! anchors_of "$target" | grep -qxF -- "${anchor#"#"}"; then
			echo "$page: $link: there is no such heading"
		fi
	done
done >"$report"
cat "$report"
echo "$(wc -l <"$report") findings"
[ ! -s "$report" ]
