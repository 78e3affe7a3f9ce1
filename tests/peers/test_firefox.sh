#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Headless Firefox, set up by the manual page's policies, logs in to a site with the key.
set -eu
# shellcheck source=tests/peers/own_etc.sh
. "$(dirname "$0")/own_etc.sh"
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need firefox-esr
if [ -n "${OPENUKEY_TEST_PRELOAD:-}" ]; then
	echo "SKIPPED: Firefox does not start with AddressSanitizer's runtime"
	exit 77
fi

firefox() {
	HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_RUNTIME_DIR=$work/run \
		stranger /usr/bin/python3 "$here/firefox_login.py" "$work" "https://localhost:$PORT/" \
		"$pin" "$site/ca.pem"
	said "VIRTUAL rsa"
	visited
	done_with "Firefox, $1"
}

make_client_key
start_site
recipe firefox
both firefox
