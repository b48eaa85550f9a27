#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is needed to build on Debian 12 (bookworm), and only what is
# missing of it.  Run as root, or as somebody who may use sudo.
#
#	contrib/install-packages.sh [--tests]
#
# --tests: the servers, too, that tests start for themselves

set -eu

# The compiler, the build tools, the libraries, and what scripts run.
packages="
	gcc libc6-dev make binutils patch
	autoconf automake pkg-config
	libpcre2-dev
	libmpfr-dev
	libyaml-dev
	libxml2-dev
	libevent-dev
	libjansson-dev
	libcurl4-openssl-dev
	zlib1g-dev
	libssh2-1-dev
	librabbitmq-dev
	libsqlite3-dev
	liblz4-dev
	libarchive-dev
	libgraphviz-dev
	libssl-dev
	libintelrdfpmath-dev
	libcmocka-dev
	tzdata
	openssl curl
"
servers="nghttp2-server openssh-server rabbitmq-server"

say() {
	echo "install-packages: $*"
}

is_installed() {
	status=$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) &&
	    [ "$status" = installed ]
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# A server that is installed is started, unless this file says no: nobody asked
# for one that listens, and tests have their own.
policy=/usr/sbin/policy-rc.d
start_nothing() {
	[ -e "$policy" ] && return 0
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
	trap 'as_root rm -f "$policy"' EXIT INT TERM
}

# Words are taken from $missing on purpose.
# shellcheck disable=SC2086
install_missing() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    --no-install-recommends $missing
}

case ${1:-} in
--tests) packages="$packages $servers" ;;
'') ;;
*)
	say "usage: contrib/install-packages.sh [--tests]"
	exit 2
	;;
esac
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	say "this is no Debian; what is needed, by the names that Debian uses:"
	echo "$packages"
	exit 1
fi

missing=
for package in $packages; do
	is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
	say "nothing is missing"
	exit 0
fi
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
	say "missing:$missing"
	say "run this as root, or install sudo"
	exit 1
fi

say "installing$missing"
start_nothing
# A fresh system has no lists, an old one has lists of versions that are gone.
install_missing || {
	say "fetching the package lists"
	as_root apt-get update -q
	install_missing
}
say "done"
