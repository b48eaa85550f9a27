#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The reference load against a fast local stub: start by HTTP, three calls one
# after another, each durable before the next, end; the start is answered when
# the instance has ended.  Needs nginx and wrk.  Prints for each number of
# callers the instances a second, the CPU-seconds per 1,000 instances, and the
# latency of a whole instance.
#
#	tests/bench/three_calls.sh BUILD_DIRECTORY [SECONDS [CALLERS…]]
#
# All of it runs on this machine and shares its cores: compare runs of one
# sitting only.

set -eu

build=$(cd "$1" && pwd)
seconds=${2:-10}
shift; [ $# -gt 0 ] && shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
engine=
stub=

finish() {
	[ -z "$engine" ] || kill "$engine" 2>/dev/null || true
	[ -z "$stub" ] || kill "$stub" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap finish EXIT

# A port that nobody listens on, from the kernel's own range.
pick_port() {
	perl -MIO::Socket::INET -e '
	    print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

stub_port=$(pick_port)
cat >"$work/nginx.conf" <<END
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/error.log warn;
events { worker_connections 4096; }
http {
	access_log off;
	keepalive_timeout 3600s;
	keepalive_requests 1000000000;
	client_body_temp_path $work/b; proxy_temp_path $work/p;
	fastcgi_temp_path $work/f; uwsgi_temp_path $work/u;
	scgi_temp_path $work/s;
	default_type application/json;
	tcp_nodelay on;
	server {
		listen 127.0.0.1:$stub_port backlog=4096;
		location / { return 200 '{"status":"ACCEPTED","transactionId":"TX-0000000001","fee":"0.00"}'; }
	}
}
END
nginx -c "$work/nginx.conf" -e "$work/error.log" &
stub=$!

cat >"$work/stated.yaml" <<END
listen: ['127.0.0.1:0']
store: sqlite:$work/stated.db
workflows: ['$here/three_calls.yaml']
settings: {stub: {url: 'http://127.0.0.1:$stub_port'}}
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
port=$(tr -dc '0-9' <"$work/port")

ticks=$(getconf CLK_TCK)
cpu() { # of the engine, all threads, in ticks
	awk '{ print $14 + $15 }' "/proc/$engine/stat"
}

[ $# -gt 0 ] || set -- 1 16 64 256
echo "callers instances/s cpu-s/1000 p50 p99"
for callers in "$@"; do
	before=$(cpu)
	threads=1
	wrk -t "$threads" -c "$callers" -d "${seconds}s" --latency \
	    -s "$here/three_calls.lua" "http://127.0.0.1:$port" \
	    -- "$callers-$$" >"$work/wrk" 2>&1
	after=$(cpu)
	awk -v callers="$callers" -v ticks="$((after - before))" -v hz="$ticks" '
	/requests in/ { count = $1 }
	/Requests\/sec/ { rate = $2 }
	$1 == "50%" { p50 = $2 }
	$1 == "99%" { p99 = $2 }
	/Non-2xx/ { print; bad = 1 }
	/status/ { print }
	END {
		printf "%7s %11.0f %10.3f %s %s\n", callers, rate,
		    ticks / hz / count * 1000, p50, p99
	}' "$work/wrk"
done
echo "rss $(awk '/VmRSS/ { print $2 }' "/proc/$engine/status") KiB," \
    "database $(du -k "$work/stated.db" | cut -f1) KiB for" \
    "$(sqlite3 "$work/stated.db" 'select count(*) from instance' 2>/dev/null || echo '?') instances"
