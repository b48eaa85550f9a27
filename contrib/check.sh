#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checks a clone from nothing: installs what is missing, then builds and tests
# three times, out of tree:
#
#  plain    warnings are errors; every test
#  memory   AddressSanitizer and UndefinedBehaviorSanitizer; every test
#  threads  ThreadSanitizer; the tests of what has threads
#
# The last line says how many passed and failed; cases of a test program are
# counted one by one.  Fails where one failed.
#
#	contrib/check.sh [plain] [memory] [threads]

set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
source=$root
work=${STATED_BUILD_DIR:-$root/build-check}
jobs=$(nproc 2>/dev/null || echo 1)
passed=0
failed=0

say() {
	echo "check: $*"
}

# A tree that was configured in place cannot be built from elsewhere as well,
# and nobody's build is thrown away here: a copy is checked.
find_source() {
	[ -e "$root/config.status" ] || return 0
	source=$work/source
	say "the tree is configured in place: checking a copy in $source"
	rm -rf "$source"
	mkdir -p "$source"
	(cd "$root" && git ls-files -co --exclude-standard |
	    tar -cf - -T - --ignore-failed-read) | tar -xf - -C "$source"
}

# Sets $case_passed and $case_failed from the results in a build directory.
# A program that failed without naming a case (it crashed, or leaked) counts
# as one that failed; one that was skipped counts as nothing.
count_results() {
	counts=$(find "$1/tests" -name '*.trs' -exec awk '
	FNR == 1 {
		log_file = FILENAME
		sub(/trs$/, "log", log_file)
		result = ""
	}
	/^:global-test-result:/ { result = $2 }
	/^:copy-in-global-log:/ {
		good = bad = 0
		while ((getline line < log_file) > 0) {
			if (line ~ /^\[  PASSED  \] [0-9]+ test/) {
				split(line, word, " ")
				good += word[4]
			} else if (line ~ /^\[  FAILED  \] [0-9]+ test/) {
				split(line, word, " ")
				bad += word[4]
			}
		}
		close(log_file)
		if (result == "PASS" && good == 0)
			good = 1
		if (result != "PASS" && result != "SKIP" && bad == 0)
			bad = 1
		all_good += good
		all_bad += bad
	}
	END { print all_good + 0, all_bad + 0 }' {} +)
	[ -n "$counts" ] || counts='0 0'
	case_passed=${counts% *}
	case_failed=${counts#* }
}

show_failures() {
	find "$1/tests" -name '*.trs' -exec grep -lE \
	    '^:global-test-result: (FAIL|ERROR|XPASS)' {} + |
	    while read -r result; do
		log=${result%.trs}.log
		say "---- ${log#"$1"/}"
		tail -n 60 "$log"
	done
}

# run_build NAME MAKE-TARGET CONFIGURE-OPTIONS...
run_build() {
	name=$1
	target=$2
	shift 2
	directory=$work/$name
	say "$name: building in $directory"
	rm -rf "$directory"
	mkdir -p "$directory"
	if ! (cd "$directory" &&
	    "$source/configure" -q --enable-werror "$@" >configure.out 2>&1); then
		tail -n 20 "$directory/configure.out"
		failed=$((failed + 1))
		return
	fi
	if ! make -C "$directory" -j "$jobs" all \
	    >"$directory/make.out" 2>&1; then
		grep -nE 'error:|warning:|undefined|\*\*\*' "$directory/make.out" |
		    head -n 40
		say "$name: does not build"
		failed=$((failed + 1))
		return
	fi
	say "$name: testing"
	$runner make -C "$directory" -k -j "$jobs" "$target" \
	    >"$directory/check.out" 2>&1 && is_good=yes || is_good=no
	count_results "$directory"
	if [ "$is_good" = no ]; then
		show_failures "$directory"
		# Tests that do not build leave no results.
		if [ "$case_failed" -eq 0 ]; then
			tail -n 40 "$directory/check.out"
			case_failed=1
		fi
	fi
	say "$name: $case_passed passed, $case_failed failed"
	passed=$((passed + case_passed))
	failed=$((failed + case_failed))
}

# Sanitizers place their memory at fixed addresses, which some kernels already
# use when they scatter a process widely.
find_runner() {
	runner=
	if setarch "$(uname -m)" -R true 2>/dev/null; then
		runner="setarch $(uname -m) -R"
	fi
}

# Some containers forbid what a sanitizer needs: that is no fault of ours.
sanitizer_runs() {
	mkdir -p "$work"
	echo 'int main(void) { return 0; }' >"$work/probe.c"
	${CC:-cc} -fsanitize="$1" -o "$work/probe" "$work/probe.c" &&
	    $runner "$work/probe" && return 0
	say "the sanitizer \"$1\" does not run on this machine: left out"
	return 1
}

check_plain() {
	runner=
	run_build plain check CFLAGS='-O2 -g'
}

check_memory() {
	find_runner
	sanitizer_runs address,undefined || return 0
	ASAN_OPTIONS=detect_stack_use_after_return=1
	UBSAN_OPTIONS=print_stacktrace=1
	export ASAN_OPTIONS UBSAN_OPTIONS
	run_build memory check --enable-sanitizer=address,undefined \
	    CFLAGS='-O1 -g'
}

check_threads() {
	find_runner
	sanitizer_runs thread || return 0
	TSAN_OPTIONS=halt_on_error=1
	export TSAN_OPTIONS
	run_build threads check-threads --enable-sanitizer=thread \
	    CFLAGS='-O1 -g'
}

"$root/contrib/install-packages.sh" --tests
find_source
say "generating configure"
mkdir -p "$work"
(cd "$source" && autoreconf -i) >"$work/autoreconf.out" 2>&1 || {
	cat "$work/autoreconf.out"
	exit 1
}
[ $# -gt 0 ] || set -- plain memory threads
for build in "$@"; do
	case $build in
	plain | memory | threads) "check_$build" ;;
	*)
		say "no such build: $build"
		exit 2
		;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
