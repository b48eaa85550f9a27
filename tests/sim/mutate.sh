#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Bugs put in on purpose: whether the simulator would find them.
#
#	mutate.sh           each mutation of tests/sim/mutations has to be found
#	mutate.sh NAME ...  these
#	mutate.sh --apply   only whether each of them still fits the source
#
# A mutation is a patch whose first line tells what it breaks.  What it changes
# is compiled and linked before the archives of the build, so that it takes
# the place of what is in them; the simulator then plays STATED_SEEDS seeds
# (1000), from 1 on, until one of them fails.  A build with sanitizers, which
# is slow, only looks whether they fit.
#
# make check-mutations runs it with the flags that it needs; so does make
# check.

# Flags, objects and archives are lists of words.
# shellcheck disable=SC2086

set -eu

seeds=${STATED_SEEDS:-1000}
: "${srcdir:=.}"
cd "${builddir:-.}"
mutations=$srcdir/tests/sim/mutations
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT INT TERM

# Copies what a patch changes, and applies it: $directory/NAME is then a tree
# of these files alone.
apply() {
	tree=$directory/$1
	sed -n 's,^--- a/\([^	 ]*\).*,\1,p' "$mutations/$1.patch" \
	    >"$directory/$1.files"
	while read -r file; do
		mkdir -p "$tree/${file%/*}"
		cp "$srcdir/$file" "$tree/$file"
		chmod u+w "$tree/$file"
	done <"$directory/$1.files"
	patch -s -p1 --fuzz=0 -d "$tree" <"$mutations/$1.patch" \
	    >"$directory/$1.log"
}

# Object files of what a patch changed.
compile() {
	while read -r file; do
		object=$directory/$1/$(basename "$file" .c).o
		${CC:-cc} -D_GNU_SOURCE -I. -I"$srcdir/include" \
		    -iquote "$srcdir/${file%/*}" ${library_cflags:-} \
		    ${core_cflags:-} -c -o "$object" \
		    "$directory/$1/$file" || return 1
		echo "$object"
	done <"$directory/$1.files"
}

build() {
	objects=$(compile "$1") || return 1
	${CC:-cc} ${core_cflags:-} -o "$directory/$1/simulate" \
	    ${simulate_objects:?} $objects ${simulate_libs:?}
}

# Prints the seed that found it, and what it found.
play() {
	"$directory/$1/simulate" --seeds "1-$seeds" >"$directory/$1.log" 2>&1 &&
	    return 1
	sed -n 's/^seed \([0-9]*\): /\1: /p' "$directory/$1.log" | head -n 1
}

# A seed that fails anyway has found nothing.
is_sound() {
	tests/sim/simulate --seed "$1" >"$directory/sound.log" 2>&1
}

judge() {
	if ! apply "$1"; then
		echo "it doesn't fit the source any more"
		return 1
	fi
	[ -n "$only_applies" ] && echo "it fits" && return
	if ! build "$1"; then
		echo "it can't be built"
		return 1
	fi
	if ! found=$(play "$1"); then
		echo "not found in $seeds seeds"
		return 1
	fi
	echo "found by seed $found"
	is_sound "${found%%:*}" && return
	echo "but that fails without it as well"
	return 1
}

only_applies=
case " ${core_cflags:-} " in
*" -fsanitize="* | *" --coverage "*) only_applies=1 ;;
esac
if [ "${1:-}" = --apply ]; then
	only_applies=1
	shift
fi
if [ $# -eq 0 ]; then
	for patch in "$mutations"/*.patch; do
		set -- "$@" "$(basename "$patch" .patch)"
	done
fi

failures=0
for name; do
	verdict=ok
	told=$(judge "$name") || verdict=FAIL
	[ $verdict = ok ] || failures=$((failures + 1))
	printf '%-4s %s: %s\n     %s\n' "$verdict" "$name" \
	    "$(head -n 1 "$mutations/$name.patch")" "$told"
	rm -rf "${directory:?}/$name"
done
echo "$# mutations, $failures not found"
[ "$failures" -eq 0 ]
