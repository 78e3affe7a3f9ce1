#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A configuration of OpenSSL loads the module into every program that uses libcrypto, in the midst
# of libcrypto's own beginning: nothing may wait for itself.
set -eu

# shellcheck source=tests/rig/rig.sh
. "$OPENUKEY_RIG"

fail() {
	echo "FAILED: $*" >&2
	cat "$rig_dir/out" >&2
	exit 1
}

engine=$(find /usr/lib -path '*engines-3/pkcs11.so' | head -n 1)
[ -n "$engine" ] || exit 77
rig_start 1
"$OPENUKEY_VIRTUAL_KEY" provision --state "$rig_dir/key" --pin 123456 --default-pin no \
	--container UserKey --sign-key "$OPENUKEY_FIXTURES/rsa-sign.key" \
	--sign-cert "$OPENUKEY_FIXTURES/rsa-sign.pem"
rig_plug 0 "$rig_dir/key"

cat > "$rig_dir/openssl.cnf" <<CONF
openssl_conf = openssl_init
[openssl_init]
engines = engines
[engines]
pkcs11 = pkcs11_engine
[pkcs11_engine]
engine_id = pkcs11
dynamic_path = $engine
MODULE_PATH = $OPENUKEY_MODULE
PIN = 123456
init = 1
CONF

with_conf() {
	OPENSSL_CONF=$rig_dir/openssl.cnf timeout 30 env \
		${OPENUKEY_TEST_PRELOAD:+LD_PRELOAD="$OPENUKEY_TEST_PRELOAD"} \
		ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
		"$@" > "$rig_dir/out" 2>&1 || fail "$* (status $?)"
}

echo "text" > "$rig_dir/text"
with_conf openssl dgst -sha256 "$rig_dir/text"
with_conf openssl rand -hex 16
with_conf openssl dgst -engine pkcs11 -keyform engine -sign \
	"pkcs11:id=%55%73%65%72%4b%65%79%00;type=private" -sha256 -out "$rig_dir/signature" \
	"$rig_dir/text"
openssl x509 -in "$OPENUKEY_FIXTURES/rsa-sign.pem" -noout -pubkey > "$rig_dir/public.pem"
openssl dgst -sha256 -verify "$rig_dir/public.pem" -signature "$rig_dir/signature" \
	"$rig_dir/text" > "$rig_dir/out" || fail "the signature is wrong"
