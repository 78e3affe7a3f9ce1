#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# TLS logins and signed files by OpenSSL, curl and GnuTLS, each as the manual page tells it.
set -eu
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need curl gnutls-cli openssl p11tool

tls() {
	recipe find
	said "token=VIRTUAL%20rsa"
	recipe gnutls
	openssl x509 -in "$desk/cert.pem" -outform DER | cmp - "$site/client.der" ||
		fail "p11tool exported another certificate"
	done_with "p11tool, $1"

	recipe openssl.cnf
	cp "$work/data" "$desk/letter.txt"
	recipe openssl SSL_CERT_FILE="$site/ca.pem"
	cmp "$desk/letter.out" "$desk/letter.txt" || fail "openssl verified another text"
	done_with "openssl cms, $1"
	recipe s_client SSL_CERT_FILE="$site/ca.pem"
	said "HELLO $unit"
	visited
	done_with "openssl s_client, $1"
	! hangs_with_sanitizer || return 0
	recipe gnutls-cli
	said "HELLO $unit"
	visited
	done_with "gnutls-cli, $1"
	recipe curl CURL_CA_BUNDLE="$site/ca.pem"
	said "HELLO $unit"
	visited
	done_with "curl, $1"
}

make_client_key
openssl x509 -in "$site/client.pem" -outform DER -out "$site/client.der"
start_site
both tls
