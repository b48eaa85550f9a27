#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Does what a page tells its reader to do, and compares what comes out.
#
# A block of YAML after a line that ends in "`NAME`:" is written to that file.
# In a console block a line after "$ " is a command; the lines below it are
# what it prints on both outputs, where a line of "…" stands for any lines and
# "…" within one for any text.  What is never the same twice (instants,
# identifiers) need only look alike.  A command with nothing below it may
# print what it likes.
#
# Where the page has the engine at port 8380 and the sandbox at 8399, here
# the kernel picks the ports.
#
#	srcdir=… builddir=… tests/docs/walk.sh [PAGE...]

set -eu

srcdir=$(cd "${srcdir:-.}" && pwd)
builddir=$(cd "${builddir:-.}" && pwd)
work=$(mktemp -d)
TZ=UTC
export TZ work builddir
unset STATED_URL STATED_TOKEN NO_COLOR || true
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# ---- programs that take the kernel's ports ----

mkdir "$work/bin"
cat >"$work/bin/stated" <<'END'
#!/bin/sh
if [ "$1" = serve ]; then
	shift
	exec "$builddir/stated" serve --listen 127.0.0.1:0 \
	    --port-file "$work/8380" "$@"
fi
if [ -f "$work/8380" ]; then
	STATED_URL=http://127.0.0.1:$(cat "$work/8380")
	export STATED_URL
fi
exec "$builddir/stated" "$@"
END
cat >"$work/bin/stated-sandbox" <<'END'
#!/bin/sh
exec "$builddir/contrib/sandbox/stated-sandbox" --port-file "$work/8399" \
    --listen 127.0.0.1:0
END
chmod +x "$work/bin/stated" "$work/bin/stated-sandbox"

# ---- from the page to a script ----

script_of() {
	awk '
	function flush() {
		if (command != "")
			printf "perform <<\"@end\"\n%s\n@end\n", command
		command = ""
	}
	/^```yaml$/ && last ~ /`[^`]+`:$/ {
		name = last
		sub(/`:$/, "", name)
		sub(/.*`/, "", name)
		printf "put %s <<\"@end\"\n", name
		in_file = 1
		next
	}
	/^```console$/ { in_console = 1; next }
	/^```/ {
		if (in_file)
			print "@end"
		flush()
		in_file = in_console = 0
		next
	}
	in_file { print; next }
	in_console && /^\$ / { flush(); command = substr($0, 3); next }
	in_console && /^>( |$)/ { command = command "\n" substr($0, 3); next }
	!in_console && /[^ ]/ { last = $0 }
	' "$1"
}

cat >"$work/prelude" <<'END'
PATH=$work/bin:$PATH
cd "$work/home"
started=
trap '[ -z "$started" ] || kill $started' EXIT

# The ports are known once the programs listen.
with_ports() {
	sandbox=8399
	[ ! -f "$work/8399" ] || sandbox=$(cat "$work/8399")
	sed "s/127\.0\.0\.1:8399/127.0.0.1:$sandbox/g"
}

put() {
	mkdir -p "$(dirname "$1")"
	with_ports >"$1"
}

perform() {
	text=$(with_ports)
	printf "\n@run\n"
	case $text in
	*'&')
		case $text in
		stated-sandbox*) port=$work/8399 ;;
		*) port=$work/8380 ;;
		esac
		rm -f "$port"
		eval "$text" </dev/null
		started="$started $!"
		for i in $(seq 100); do
			[ ! -f "$port" ] || break
			sleep 0.1
		done
		;;
	*) eval "$text" </dev/null || true ;;
	esac
}
END

# ---- what came against what the page says ----

compare() {
	awk -v page="$1" '
	# What is never the same twice.  (Not every awk counts in {}.)
	function digits(n, set,  text) {
		for (text = ""; n > 0; n--)
			text = text set
		return text
	}
	BEGIN {
		d2 = digits(2, "[0-9]")
		h4 = digits(4, "[0-9a-f]")
		time = d2 d2 "-" d2 "-" d2 "[ T]" d2 ":" d2 ":" d2
		id = h4 h4 "-" h4 "-" h4 "-" h4 "-" h4 h4 h4
	}
	function level(line) {
		gsub(time, "<time>", line)
		gsub(id, "<id>", line)
		gsub(/127\.0\.0\.1:[0-9]+/, "127.0.0.1:<port>", line)
		sub(/[ \t]+$/, "", line)
		return line
	}
	function fits(line, pattern,  parts, n, i, at) {
		n = split(pattern, parts, "…")
		if (n == 1)
			return line == pattern
		if (substr(line, 1, length(parts[1])) != parts[1])
			return 0
		line = substr(line, length(parts[1]) + 1)
		for (i = 2; i <= n; i++) {
			if (parts[i] == "")
				continue
			at = index(line, parts[i])
			if (at == 0)
				return 0
			line = substr(line, at + length(parts[i]))
		}
		return parts[n] == "" || line == ""
	}
	function judge(  e, a, ok) {
		while (got > 0 && came[got] == "")
			got--
		if (count[runs] == 0)
			return
		e = a = 1
		ok = 1
		while (ok && e <= count[runs]) {
			if (want[runs, e] == "…") {
				e++
				while (a <= got && (e > count[runs] ||
				    !fits(came[a], want[runs, e])))
					a++
			} else if (a <= got && fits(came[a], want[runs, e])) {
				e++
				a++
			} else {
				ok = 0
			}
		}
		if (ok && a > got)
			return
		printf "%s:%d: this is not what came of `%s`:\n", page,
		    at_line[runs], asked[runs]
		for (a = 1; a <= got; a++)
			print "    " came[a]
		wrong++
	}
	FNR == NR {
		if (/^```/) {
			in_console = /^```console$/
			next
		}
		if (!in_console)
			next
		if (/^\$ /) {
			asked[++commands] = substr($0, 3)
			at_line[commands] = FNR
		} else if (!/^>( |$)/) {
			want[commands, ++count[commands]] = level($0)
		}
		next
	}
	/^@run$/ { if (runs) judge(); runs++; got = 0; next }
	{ came[++got] = level($0) }
	END {
		if (runs)
			judge()
		if (runs != commands) {
			printf "%s: %d of %d commands were run\n", page, runs,
			    commands
			wrong++
		}
		exit wrong > 0
	}' "$1" "$2"
}

# ---- page by page ----

if [ $# -eq 0 ]; then
	set -- "$srcdir/README.md" "$srcdir/docs/first-workflow.md" \
	    "$srcdir/docs/expressions.md"
fi
failed=0
for page; do
	rm -rf "$work/home" "$work/8380" "$work/8399"
	mkdir "$work/home"
	script_of "$page" | cat "$work/prelude" - >"$work/script"
	sh "$work/script" >"$work/out" 2>&1 || true
	compare "$page" "$work/out" || failed=1
done
exit $failed
