#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Shows stated at work: installs what is missing, builds, starts the engine
# and a sandbox of endpoints (a bank, Odoo, screening, a chat), runs payments
# through the shipped workflow, and proves what became of them.
#
#	contrib/demo.sh [--stay]
#
# --stay leaves both running and says how to use and to stop them.
#
# The demo checks what it shows: it fails where one thing is not as it says.
# It ends only what it started, and leaves nothing but the build.  Debian 12,
# as root or with sudo; nothing else is needed but a shell.

set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
build=${STATED_BUILD_DIR:-$root/build-demo}
jobs=$(nproc 2>/dev/null || echo 1)
factor=600 # a second is ten minutes
began=$(date +%s)
stays=no
folder=
is_left=no # running, with its folder
make_pid=
sandbox_pid=
engine_pid=
step_number=0
step_count=13
wrong=0

case ${1-} in
'') ;;
--stay) stays=yes ;;
*)
	echo "usage: contrib/demo.sh [--stay]" >&2
	exit 2
	;;
esac

# ---- telling ----

step() {
	step_number=$((step_number + 1))
	printf '\n[%d/%d] %s  (%d s)\n' "$step_number" "$step_count" "$*" \
	    $(($(date +%s) - began))
}

say() {
	printf '  %s\n' "$*"
}

indent() {
	sed 's/^/    /'
}

# Whatever goes wrong before there is anything to show.
fail() {
	say "$*" >&2
	exit 1
}

# expect WHAT-IS-SO TEST...: one line, and the exit status of the whole.
expect() {
	what=$1
	shift
	if "$@"; then
		say "ok: $what"
	else
		say "WRONG: $what"
		wrong=$((wrong + 1))
	fi
}

# ---- processes ----

# The log's end, where something went wrong.
show_logs() {
	for name in engine sandbox; do
		if [ -s "$folder/$name.log" ]; then
			say "the end of the log of the $name:"
			tail -n 15 "$folder/$name.log" | indent
		fi
	done
}

# end PID...: those are ours.
end() {
	for pid in "$@"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
}

clean_up() {
	status=$?
	trap - EXIT INT TERM HUP
	[ "$is_left" = no ] || exit "$status"
	[ "$status" -ne 1 ] || [ -z "$folder" ] || show_logs
	# shellcheck disable=SC2086 # those that there are
	end $make_pid $engine_pid $sandbox_pid
	[ -z "$folder" ] || rm -rf "$folder"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# await SECONDS TEST...: until the test holds.
await() {
	until=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$until" ] || return 1
		sleep 0.2
	done
}

# ---- building ----

# A tree that was configured in place can't be built from elsewhere as well.
find_build() {
	[ ! -e "$root/config.status" ] || build=$root
	mkdir -p "$build"
	log=$build/demo-build.log
}

make_programs() {
	cd "$build" || return 1
	if [ ! -x "$root/configure" ]; then
		(cd "$root" && autoreconf -i) || return 1
	fi
	if [ ! -e config.status ]; then
		"$root/configure" -q || return 1
	fi
	exec make -j "$jobs" stated contrib/sandbox/stated-sandbox
}

# A line that grows: on a terminal in place, elsewhere now and then.
show_progress() {
	if [ -t 1 ]; then
		printf '\r  %s' "$1"
	elif [ $(($2 % 15)) -eq 14 ]; then
		say "$1"
	fi
}

# Runs it in the background and tells how far it is.
build_programs() {
	: >"$log"
	make_programs >"$log" 2>&1 &
	make_pid=$!
	seconds=0
	while kill -0 "$make_pid" 2>/dev/null; do
		show_progress "$(grep -c '^  CC ' "$log") files compiled" \
		    "$seconds"
		seconds=$((seconds + 1))
		sleep 1
	done
	[ ! -t 1 ] || echo
	wait "$make_pid"
	status=$?
	make_pid=
	[ "$status" -ne 0 ] || return 0
	tail -n 30 "$log" | indent
	fail "it does not build: see $log"
}

# ---- the two programs ----

stated() {
	"$build/stated" "$@"
}

write_configuration() {
	mkdir "$folder/secrets"
	echo token-of-the-bank >"$folder/secrets/bank_token"
	echo secret-of-the-hook >"$folder/secrets/bank_hook"
	echo admin >"$folder/secrets/odoo_password"
	cat >"$folder/stated.yaml" <<-END
	environment: demo
	listen: ['127.0.0.1:0']             # the kernel chooses the port
	store: 'sqlite:$folder/stated.db'
	workflows:
	  - '$root/workflows/payment.yaml'
	  - '$root/workflows/payment-run.yaml'
	  - '$root/workflows/connections'
	  - '$root/workflows/contacts'
	  - '$root/workflows/decisions'
	  - '$root/workflows/objects'
	  - '$root/contrib/demo/calendar.yaml'   # a bank that never closes
	settings:
	  bank: {url: '$sandbox/bank'}
	  compliance: {url: '$sandbox/compliance'}
	  odoo: {url: '$sandbox/odoo', database: demo, login: admin}
	  crm: {url: '$sandbox/crm'}
	  tax: {url: '$sandbox/tax'}
	  chat: {url: '$sandbox/chat'}
	secrets: {directory: '$folder/secrets'}
	auth: {required: false}             # callers say who they are
	END
}

# Both outlive the terminal (nohup), for --stay.
start_sandbox() {
	nohup "$build/contrib/sandbox/stated-sandbox" \
	    --port-file "$folder/sandbox.port" \
	    --ledger "$folder/ledger.jsonl" \
	    --webhook-secret secret-of-the-hook \
	    </dev/null >"$folder/sandbox.log" 2>&1 &
	sandbox_pid=$!
	await 10 [ -s "$folder/sandbox.port" ] || fail "the sandbox does not start"
	sandbox=http://127.0.0.1:$(cat "$folder/sandbox.port")
}

# start_engine [OPTION...]
start_engine() {
	rm -f "$folder/engine.port"
	nohup "$build/stated" serve --config "$folder/stated.yaml" \
	    --clock "${factor}x" --port-file "$folder/engine.port" "$@" \
	    </dev/null >>"$folder/engine.log" 2>&1 &
	engine_pid=$!
	await 10 [ -s "$folder/engine.port" ] || fail "the engine does not start"
	engine=127.0.0.1:$(cat "$folder/engine.port")
	STATED_URL=http://$engine
	export STATED_URL
}

# control PATH BODY: what the sandbox is told.
control() {
	curl -sS -f -o /dev/null -d "$2" "$sandbox/control/$1" ||
	    fail "the sandbox does not take $1 $2"
}

# ---- payments ----

input() { # REFERENCE AMOUNT CREDITOR
	cat <<-END
	{"reference": "$1", "entity": "DE01", "invoice_id": 7,
	 "amount": $2, "currency": "EUR",
	 "creditor": {"name": "$3", "iban": "DE89370400440532013000"}}
	END
}

# Three salaries, and the control totals of the system that made the batch.
payroll() {
	cat <<-END
	{"run": "R-2026-11", "entity": "DE01", "account": "current",
	 "kind": "payroll",
	 "totals": [{"currency": "EUR", "count": 3, "amount": 2551.30}],
	 "lines": [$(salary S-11-alva 912.75 Alva),
	           $(salary S-11-bela 640.10 Bela),
	           $(salary S-11-cleo 998.45 Cleo)]}
	END
}

salary() { # REFERENCE AMOUNT NAME
	cat <<-END
	{"reference": "$1", "invoice_id": 7, "amount": $2, "currency": "EUR",
	 "creditor": {"name": "$3", "iban": "DE89370400440532013000"}}
	END
}

# start REFERENCE AMOUNT CREDITOR
start() {
	say "\$ stated start payment --as ines --input '{\"reference\": \"$1\"," \
	    "\"amount\": $2, \"creditor\": {\"name\": \"$3\", …}, …}'"
	input "$1" "$2" "$3" |
	    stated start payment --as ines --input - >"$folder/out" 2>&1 || {
		indent <"$folder/out"
		fail "it is not started"
	}
	head -n 1 "$folder/out" | indent
}

# Shows a command as a user would give it, and does it.
try() {
	line="\$ stated"
	for word in "$@"; do
		case $word in
		*' '*) line="$line '$word'" ;;
		*) line="$line $word" ;;
		esac
	done
	say "$line"
	stated "$@" >"$folder/out" 2>&1
}

# run ARGUMENT...: with all that it answers; its exit status.
run() {
	try "$@"
	status=$?
	indent <"$folder/out"
	return "$status"
}

# The same with the first line of what it answers.
run_briefly() {
	try "$@"
	status=$?
	head -n 1 "$folder/out" | indent
	return "$status"
}

# ask EXPRESSION: of what was fetched last, by the engine's own language.
ask() {
	stated eval "$1" --data "@$folder/data.json" | sed 's/^"\(.*\)"$/\1/'
}

is_so() { # EXPRESSION
	[ "$(ask "$1")" = true ]
}

fetch_instance() { # REFERENCE
	stated show "$1" --format json >"$folder/data.json"
}

fetch_history() { # REFERENCE
	{
		printf '{"records": '
		stated history "$1" --format json
		printf '}'
	} >"$folder/data.json"
}

fetch_ledger() { # REFERENCE
	curl -sS -f -o "$folder/data.json" \
	    "$sandbox/control/ledger?reference=$1"
}

is_in() { # REFERENCE STATE
	fetch_instance "$1" && [ "$(ask state)" = "$2" ]
}

is_paid() { # REFERENCE...
	for reference; do
		is_in "$reference" reconciled || return 1
	done
}

has_escalated() { # REFERENCE
	fetch_instance "$1" && is_so 'count(escalations) > 0'
}

# The instance's way, and its end.
show_end() { # REFERENCE STATE SECONDS
	await "$3" is_in "$1" "$2"
	run history "$1"
	expect "$1 is $2" is_in "$1" "$2"
}

# What was really done, whatever the engine believes.
show_ledger() { # REFERENCE
	say "\$ curl $sandbox/control/ledger?reference=$1"
	fetch_ledger "$1"
	{
		ask 'for o in orders return "bank: order " + o.id + " of " +
		    o.amount + " " + o.currency + ", " + o.status +
		    ", POSTs: " + string(o.posts) + ", key " + o.key'
		ask 'for p in get value(odoo, "account.payment") return
		    "Odoo: payment " + string(p.id) + " of " +
		    string(p.amount) + ", " + p.state'
	} | sed -n 's/^ *"\(.*\)",\{0,1\}$/\1/p' | indent
}

has_one_order() { # REFERENCE POSTS
	fetch_ledger "$1" && is_so "count(orders) = 1 and orders[1].posts = $2"
}

has_order_in_file() { # REFERENCE
	grep -F '"done":"order"' "$folder/ledger.jsonl" 2>/dev/null |
	    grep -qF "\"$1\""
}

# ---- the demo ----

echo "stated, a demo: payments, one by one and as a payroll"

step "What is needed"
"$root/contrib/install-packages.sh" || fail "packages are missing"

step "Build"
find_build
say "in $build (a minute or two the first time)"
build_programs

step "The definitions"
folder=$(mktemp -d) || exit 1
run check --strict "$root/workflows" || fail "they have errors"
say "No finding of the proofs. And each has its stories, played without a call:"
try test --strict "$root/workflows" || fail "not all stories go as told"
tail -n 16 "$folder/out" | indent
say "An amount with a third decimal is refused before anything is started:"
input P-0 12.345 ACME >"$folder/input.json"
run check "$root/workflows" --workflow payment --input "@$folder/input.json"
expect "it is refused, and the reason told" \
    grep -q 'multiple of 0.01' "$folder/out"

step "The sandbox and the engine"
start_sandbox
write_configuration
start_engine
control webhooks "{\"url\":\"$STATED_URL/hooks/bank\",\"secret\":\"secret-of-the-hook\"}"
say "sandbox $sandbox: bank, Odoo, screening, chat"
say "engine  $STATED_URL: --clock ${factor}x, an hour passes in 6 seconds"
say "The bank's calendar is contrib/demo/calendar.yaml, open at all hours:"
say "by the shipped one a payment would wait for 07:00 in Berlin."

step "Two that take time: they go on while others are shown"
say "The bank takes P-1-lost, but six of its answers never come:"
control faults '{"fault":"timeout-after-commit", "method":"POST",
    "path":"/bank/domestic-payments", "match":"P-1-lost", "times":6}'
start P-1-lost 734.10 Wayne
say "Of 75,000 EUR two people have to approve:"
start P-2-large 75000 Globex
await 10 is_in P-2-large awaiting-approval
run task list

step "A small one"
start P-3-small 250.10 ACME
show_end P-3-small reconciled 20
show_ledger P-3-small
expect "the bank has one order" has_one_order P-3-small 1
expect "of 250.10, digit for digit" is_so 'orders[1].amount = "250.10"'

step "One that the bank takes and rejects later"
start P-4-rejected 99.99 'Initech REJECT-LATER'
show_end P-4-rejected failed 20

step "One that comes back after it was settled"
start P-5-returned 480 'Umbrella RETURN'
show_end P-5-returned reversed 20
show_ledger P-5-returned
fetch_history P-5-returned
expect "undone latest first: Odoo's payment, then the bank's order" \
    is_so '(for r in records[kind = "compensating"] return r.by)
    = ["odoo.cancel-payment", "bank.cancel-payment"]'

step "kill -9 while the bank has an order and the engine no answer"
control faults '{"fault":"timeout-after-commit", "method":"POST",
    "path":"/bank/domestic-payments", "match":"P-6-crash", "times":1}'
start P-6-crash 310 Soylent
await 10 has_order_in_file P-6-crash || fail "the bank got no order"
say "\$ kill -9 $engine_pid"
kill -9 "$engine_pid"
wait "$engine_pid" 2>/dev/null
engine_pid=
start_engine --listen "$engine"
say "the engine serves again: $STATED_URL"
show_end P-6-crash reconciled 20
show_ledger P-6-crash
expect "the bank has one order, though it was asked twice" \
    has_one_order P-6-crash 2

step "A payroll: one run, a payment of its own for each line"
say "\$ stated start payment-run --as ines --input @payroll.json"
payroll >"$folder/input.json"
stated start payment-run --as ines --input "@$folder/input.json" \
    >"$folder/out" 2>&1 || {
	indent <"$folder/out"
	fail "it is not started"
}
await 10 is_in R-2026-11 awaiting-approval
say "Salaries take two people of the treasury, whatever the amount:"
run_briefly task decide R-2026-11 approved --as anna
run_briefly task decide R-2026-11 approved --as carl
show_end R-2026-11 completed 30
run list --workflow payment --all
expect "every line is a payment that was reconciled" \
    is_paid S-11-alva S-11-bela S-11-cleo
fetch_ledger S-11-bela
expect "each is one order of its own, digit for digit" \
    is_so 'count(orders) = 1 and orders[1].amount = "640.10"'

step "The large one"
say "Whoever started it can't approve it:"
run task decide P-2-large approved --as ines &&
    expect "the initiator is refused" false
say "Nobody decided for 4 hours, 24 seconds of ours:"
await 40 has_escalated P-2-large
run escalation list
run_briefly escalation acknowledge P-2-large --as tina --comment 'calling them' ||
    expect "the escalation is acknowledged" false
run_briefly task decide P-2-large approved --as anna \
    --comment 'contract seen' || expect "anna may approve" false
say "One person counts once:"
run task decide P-2-large approved --as anna &&
    expect "anna is refused the second time" false
run_briefly task decide P-2-large approved --as carl ||
    expect "carl may approve" false
show_end P-2-large reconciled 30
fetch_history P-2-large
expect "two people approved it, neither of whom had started it" \
    is_so 'count(records[kind = "task-decided"]) = 2 and
    count(records[kind = "task-decided" and actor = "ines"]) = 0'
expect "ines was refused, and history says so" \
    is_so 'count(records[kind = "refused" and actor = "ines"]) = 1'

step "The one whose answers were lost"
say "Six attempts of ten seconds each: until they are over ..."
show_end P-1-lost reconciled 90
show_ledger P-1-lost
expect "the bank has one order, though it was asked six times" \
    has_one_order P-1-lost 6
fetch_history P-1-lost
expect "the engine asked the bank before it went on" \
    is_so 'count(records[kind = "call-sent" and
    operation = "bank.find-payment"]) > 0'

step "Proofs"
run list --all
run verify "$folder/stated.db"
expect "the history is whole" [ $? -eq 0 ]
run export --output "$folder/export.jsonl"
run verify "$folder/export.jsonl"
expect "so is the export" [ $? -eq 0 ]
sed 's/"amount":75000/"amount":15000/' "$folder/export.jsonl" \
    >"$folder/forged.jsonl"
say "A copy in which somebody made 15,000 of the 75,000:"
run verify "$folder/forged.jsonl"
expect "is found out" [ $? -eq 1 ]

echo
took=$(($(date +%s) - began))
if [ "$wrong" -gt 0 ]; then
	echo "$wrong of the things shown are wrong ($took s)"
	exit 1
fi
echo "All as it should be ($took s).  From here:"
say "docs/demo.md           what you have just seen, and why"
say "docs/first-workflow.md a workflow of your own in half an hour"
say "docs/workflows.md      the processes of finance that are shipped"
say "docs/language.md       all that a workflow can say"
say "workflows/             the two workflows of these payments, and others"
say "contrib/sandbox        the endpoints, and how to make them fail"
say "docs/http.md           the same over HTTP"

[ "$stays" = yes ] || exit 0
is_left=yes
cat >"$folder/stop" <<END
kill $engine_pid $sandbox_pid
rm -rf '$folder'
END
cat <<END

Both are still running.  To look further:
  export STATED_URL=$STATED_URL
  $build/stated list
  curl $STATED_URL/v1/instances
  curl '$sandbox/control/ledger'
Logs and the database are in $folder.  To stop both and remove that:
  sh $folder/stop
END
