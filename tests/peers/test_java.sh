#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Java's keytool and jarsigner as the manual page tells it, and a program that signs by SunPKCS11.
set -eu
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need java keytool jar jarsigner
if [ -n "${OPENUKEY_TEST_PRELOAD:-}" ]; then
	echo "SKIPPED: AddressSanitizer and the JVM both want the signal SIGSEGV"
	exit 77
fi

# Java counts slots, also empty ones: the RSA key is in the second reader.
java_signs() {
	cp "$work/data" "$desk/letter.txt"
	recipe java SLOT=1 NAME="$unit"
	said "PrivateKeyEntry"
	said "jar signed."
	jarsigner -verify "$desk/letter.jar" > "$work/out" 2>&1 || fail "jarsigner -verify"
	said "jar verified."
	done_with "keytool and jarsigner, $1"

	stranger sh -c "cd '$desk' && echo $pin | java -Dfile.encoding=UTF-8 '$here/Sign.java' \
		java.cfg '$work/data' '$work/signature'"
	for hash in SHA1 SHA256 SHA384 SHA512; do
		said "$hash verified true"
	done
	verify_rsa "$work/signature" "SunPKCS11"
	done_with "SunPKCS11, $1"
}

make_client_key
both java_signs
