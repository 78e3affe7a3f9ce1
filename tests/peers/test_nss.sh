#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# NSS's own tools, as the manual page tells it.
set -eu
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need certutil modutil p7sign

nss_signs() {
	rm -rf "$work/nssdb"
	mkdir "$work/nssdb"
	certutil -N -d "sql:$work/nssdb" --empty-password
	certutil -A -d "sql:$work/nssdb" -n ca -t CT,C, -i "$site/ca.pem"
	cp "$work/data" "$desk/letter.txt"
	recipe nss NSSDB="$work/nssdb" LABEL="VIRTUAL rsa" NAME="$unit"
	said "Module \"OpenUKey\" added to database."
	said "VIRTUAL rsa:$unit"
	! sed '/certutil -K/,$d' "$work/out" | grep -q "Enter Password" ||
		fail "NSS asks for the PIN just to list certificates"
	openssl cms -verify -inform DER -in "$desk/letter.p7m" -CAfile "$site/ca.pem" \
		-purpose any -binary -out "$work/content" > "$work/out" 2>&1 ||
		fail "openssl does not verify what p7sign signed"
	cmp "$work/content" "$work/data" || fail "another text was signed"
	done_with "modutil, certutil and p7sign, $1"
}

make_client_key
both nss_signs
