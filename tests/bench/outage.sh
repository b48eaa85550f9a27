#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What an endpoint that dies costs the others: the latency of whole instances
# that call one endpoint, measured alone, while another one doesn't answer
# under 1,000 calls, and while it comes back.  Each round has an engine of its
# own; the last lines have the median of all rounds, and how much more than
# alone that is.  Needs nginx and wrk.
#
#	tests/bench/outage.sh BUILD_DIRECTORY [ROUNDS [SECONDS [CALLERS]]]
#
# All of it runs on this machine and shares its cores: what else runs here
# shows in the 99th percentile first.

set -eu

build=$(cd "$1" && pwd)
rounds=${2:-5}
seconds=${3:-10}
callers=${4:-2}
calls=1000
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
engine=
well=
dying=
starter=

finish() {
	[ -z "$dying" ] || kill -CONT "$dying" 2>/dev/null || true
	for process in $engine $well $dying $starter; do
		kill "$process" 2>/dev/null || true
	done
	wait
	rm -rf "$work"
}
trap finish EXIT

# A port that nobody listens on, from the kernel's own range.
pick_port() {
	perl -MIO::Socket::INET -e '
	    print IO::Socket::INET->new(
		Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# NAME PORT: one process, so that it can be stopped.
write_endpoint() {
	cat >"$work/$1.conf" <<-END
	master_process off;
	daemon off;
	pid $work/$1.pid;
	error_log $work/$1.log warn;
	events { worker_connections 4096; }
	http {
		access_log off;
		keepalive_timeout 3600s;
		keepalive_requests 1000000000;
		client_body_temp_path $work/$1.b; proxy_temp_path $work/$1.p;
		fastcgi_temp_path $work/$1.f; uwsgi_temp_path $work/$1.u;
		scgi_temp_path $work/$1.s;
		default_type application/json;
		tcp_nodelay on;
		server {
			listen 127.0.0.1:$2 backlog=4096;
			location / { return 200 '{"status":"ACCEPTED"}'; }
		}
	}
	END
}

well_port=$(pick_port)
dying_port=$(pick_port)
write_endpoint well "$well_port"
write_endpoint dying "$dying_port"
nginx -c "$work/well.conf" -e "$work/well.log" &
well=$!
nginx -c "$work/dying.conf" -e "$work/dying.log" &
dying=$!

start_engine() {
	rm -rf "$work/db" "$work/port"
	mkdir "$work/db"
	cat >"$work/stated.yaml" <<-END
	listen: ['127.0.0.1:0']
	store: sqlite:$work/db/stated.db
	workflows: ['$here/outage.yaml']
	settings:
	  well: {url: 'http://127.0.0.1:$well_port'}
	  dying: {url: 'http://127.0.0.1:$dying_port'}
	auth: {required: false}
	END
	"$build/stated" serve --config "$work/stated.yaml" \
	    --port-file "$work/port" 2>"$work/log" &
	engine=$!
	for _ in $(seq 100); do
		[ -s "$work/port" ] && break
		sleep 0.1
	done
	[ -s "$work/port" ] || { cat "$work/log"; exit 1; }
	url=http://127.0.0.1:$(tr -dc '0-9' <"$work/port")
}

# PHASE: its 50th and 99th percentile, in microseconds.
measure() {
	wrk -t 1 -c "$callers" -d "${seconds}s" --latency \
	    -s "$here/outage.lua" "$url" \
	    -- well "$1" 0 '?wait=30s' >"$work/wrk" 2>&1
	awk -v phase="$1" '
	function us(text) {
		if (text ~ /us$/) return text + 0
		if (text ~ /ms$/) return text * 1000
		return text * 1000000
	}
	/Non-2xx|status/ { print > "/dev/stderr" }
	$1 == "50%" { p50 = us($2) }
	$1 == "99%" { p99 = us($2) }
	END { printf "%s %d %d\n", phase, p50, p99 }' "$work/wrk" |
	    tee -a "$work/figures"
}

# KEY: of the dying connection
count_of() {
	STATED_URL=$url "$build/stated" connection list --format json |
	    awk -v key="\"$1\":" '/"name": "dying"/ { on = 1 }
	    on && $1 == key { print $2 + 0; exit }'
}

echo "phase p50-us p99-us"
for _ in $(seq "$rounds"); do
	start_engine
	wrk -t 1 -c "$callers" -d 2s -s "$here/outage.lua" "$url" \
	    -- well warm 0 '?wait=30s' >"$work/wrk" 2>&1
	measure alone
	kill -STOP "$dying"
	# wrk takes all of its time, though it has no more to say.
	wrk -t 1 -c 10 -d 60s -s "$here/outage.lua" "$url" \
	    -- dying lost "$calls" >"$work/starts" 2>&1 &
	starter=$!
	for _ in $(seq 300); do
		[ "$(count_of queued)" -ge $((calls * 9 / 10)) ] && break
		sleep 0.1
	done
	measure dead
	kill "$starter"
	wait "$starter" || true
	starter=
	kill -CONT "$dying"
	measure back
	started=$(STATED_URL=$url "$build/stated" list --workflow dying --all \
	    --format json | grep -c '"workflow": "dying"')
	for _ in $(seq 300); do
		[ "$(count_of done)" -ge "$started" ] && break
		sleep 0.1
	done
	echo "  $(count_of done) of $started done, $(count_of retries) retries"
	kill "$engine"
	wait "$engine" || true
	engine=
done

median() { # of COLUMN of PHASE
	awk -v phase="$1" -v column="$2" '$1 == phase { print $column }' \
	    "$work/figures" | sort -n |
	    awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}
alone=$(median alone 3)
for phase in alone dead back; do
	p99=$(median "$phase" 3)
	echo "$phase: p50 $(median "$phase" 2) us, p99 $p99 us," \
	    "$(((p99 - alone) * 100 / alone)) % more than alone"
done
