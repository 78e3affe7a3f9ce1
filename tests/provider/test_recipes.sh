#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The commands of openukey-provider(7), taken from the page and typed as its reader would; plain
# OpenSSL, which knows nothing of the provider, says what they are worth.
set -eu
PEERS=$(dirname "$0")/../peers
# shellcheck source=tests/peers/recipes.sh
. "$PEERS/recipes.sh"
need openssl p11tool

# with_key ALG RECIPE...: each of them with the addresses of that key
with_key() {
	alg=$1
	shift
	for recipe in "$@"; do
		recipe "$recipe" TOKEN="pkcs11:token=VIRTUAL%20$alg" OPENSSL_MODULES="$OPENUKEY_PROVIDER" \
			KEY="$(uri "$alg" private)" CERT="$(uri "$alg" cert)"
		cp "$work/out" "$work/out.$(echo "$recipe" | tr ' ' '-')"
		done_with "$alg: $recipe"
	done
}

# An SM2 certificate for the key that may issue others
make_ca_certificate() {
	openssl req -x509 -new -sm3 -sigopt distid:$distid -key "$FIXTURES/sm2-sign.key" \
		-subj '/CN=SM2 CA' -days 30 -addext 'keyUsage=critical,keyCertSign' \
		-out "$desk/ca.pem" 2> "$work/out" || fail "no certificate for a CA"
}

both_pages_say_the_same() {
	names=$(sed -n 's/^\.\\" recipe: //p' "$OPENUKEY_PAGE")
	[ "$(echo "$names" | wc -l)" -ge 10 ] || fail "the page has lost its recipes"
	[ "$names" = "$(sed -n 's/^\.\\" recipe: //p' "$OPENUKEY_PAGE_ZH")" ] ||
		fail "the Chinese page has other recipes"
	echo "$names" | while read -r name; do
		/usr/bin/python3 "$here/recipe.py" "$OPENUKEY_PAGE" "$name" > "$work/one"
		/usr/bin/python3 "$here/recipe.py" "$OPENUKEY_PAGE_ZH" "$name" > "$work/two"
		cmp "$work/one" "$work/two" || exit 1
	done || fail "the pages differ in a recipe"
	done_with "both languages have the same commands"
}

sm2() {
	with_key sm2 openssl.cnf find "sm2 sign" "sm2 verify" "sm2 request" "sm2 request verify"
	grep -q "10 tries left" "$work/out.sm2-sign" || fail "the question does not tell the tries"
	openssl x509 -in "$desk/cert.pem" -outform DER | cmp - "$work/sm2-sign.der" ||
		fail "another certificate was read"
	make_ca_certificate
	with_key sm2 "sm2 ca" "sm2 ca verify"
}

# The message of GM/T 0010: its OIDs, and the signature in it by plain OpenSSL
message() {
	mkdir -p "$work/home/.config/pkcs11/modules" "$work/bin"
	echo "module: $OPENUKEY_MODULE" > "$work/home/.config/pkcs11/modules/openukey.module"
	ln -sf "$OPENUKEY_UKEY" "$work/bin/ukey"
	with_key sm2 "sm2 message"
	message=$desk/letter.txt.p7m
	openssl asn1parse -inform DER -in "$message" > "$work/tree"
	for oid in 1.2.156.10197.6.1.4.2.2 1.2.156.10197.6.1.4.2.1 :sm3 1.2.156.10197.1.301.1; do
		grep -qF "$oid" "$work/tree" || fail "no $oid in the message"
	done
	# header length and length of the last value, which is the signature
	last=$(tail -n 1 "$work/tree")
	length=$(echo "$last" | sed 's/.* l= *\([0-9]*\) .*/\1/')
	tail -c "$length" "$message" > "$work/inner"
	verify_sm2 "$work/inner" "ukey sign"
	done_with "a message of GM/T 0010"
}

rsa() {
	cp "$site/ca.pem" "$desk/ca.pem"
	with_key rsa "rsa sign" "rsa verify"
	cmp "$desk/letter.out" "$desk/letter.txt" || fail "another text was verified"
	with_key rsa s_client
	said "HELLO $unit"
	visited
}

both_pages_say_the_same
make_client_key
start_site
make_key sm2
cp "$work/data" "$desk/letter.txt"
openssl x509 -in "$FIXTURES/sm2-sign.pem" -noout -pubkey > "$work/sm2.pub"
rig_start 2
rig_plug 0 "$work/sm2.key"
sm2
message
rig_plug 1 "$work/rsa.key"
rsa
