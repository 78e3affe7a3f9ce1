#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Chromium under Xvfb, set up as the manual page tells it, logs in to a site with the key.
set -eu
# shellcheck source=tests/peers/own_etc.sh
. "$(dirname "$0")/own_etc.sh"
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need certutil chromium modutil openbox xdotool Xvfb
if [ -n "${OPENUKEY_TEST_PRELOAD:-}" ]; then
	echo "SKIPPED: Chromium does not start with AddressSanitizer's runtime"
	exit 77
fi

# The recipe ends in "chromium ... URL": here that is a browser with a screen and somebody at it.
cat > "$work/bin/chromium" <<END
#!/bin/sh
certutil -A -d "sql:$work/home/.pki/nssdb" -n ca -t CT,, -i "$site/ca.pem" &&
exec sh "$here/chromium_login.sh" "$(command -v chromium)" "\$@"
END
chmod +x "$work/bin/chromium"

chromium() {
	rm -rf "$work/home/.pki"
	recipe chromium PEERS_WORK="$work" PEERS_PIN="$pin"
	said "PIN typed: yes"
	visited
	done_with "Chromium, $1"
}

make_client_key
start_site
recipe "chromium policy" ISSUER="Peers CA"
both chromium
