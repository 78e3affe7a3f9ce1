#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# strongSwan's pki signs with the key, as the manual page tells it.
set -eu
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need pki

strongswan() {
	recipe strongswan ID="$(id_of rsa)"
	openssl x509 -inform DER -in "$desk/vpn.der" -out "$desk/vpn.pem"
	openssl verify -CAfile "$desk/vpn.pem" -check_ss_sig "$desk/vpn.pem" > "$work/out" 2>&1 ||
		fail "openssl does not verify what pki signed"
	openssl x509 -in "$desk/vpn.pem" -noout -pubkey | cmp - "$work/rsa.pub" ||
		fail "pki signed for another key"
	done_with "strongSwan's pki, $1"
}

make_client_key
both strongswan
