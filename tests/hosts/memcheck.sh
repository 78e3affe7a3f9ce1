#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hosts under valgrind: no error, nothing definitely lost.  Usage: memcheck.sh BUILD
set -eu

build=$(realpath "$1")
export OPENUKEY_REHEARSAL="$build/virtual/rehearsal/openukey-rehearsal"
export OPENUKEY_VIRTUAL_KEY="$build/virtual/key/openukey-virtual-key"
export OPENUKEY_MODULE="$build/pkcs11/openukey-pkcs11.so"
export OPENUKEY_FIXTURES="$build/tests/fixtures/made"
# shellcheck source=tests/rig/rig.sh
. "$(dirname "$0")/../rig/rig.sh"

rig_start 1
for alg in sm2 rsa; do
	"$OPENUKEY_VIRTUAL_KEY" provision --state "$rig_dir/$alg" --pin 123456 --default-pin no \
		--container UserKey --sign-key "$OPENUKEY_FIXTURES/$alg-sign.key" \
		--sign-cert "$OPENUKEY_FIXTURES/$alg-sign.pem" \
		--enc-key "$OPENUKEY_FIXTURES/$alg-enc.key" \
		--enc-cert "$OPENUKEY_FIXTURES/$alg-enc.pem"
	rig_plug 0 "$rig_dir/$alg"
	for kind in sign tour clumsy; do
		OPENUKEY_TEST_ALG=$alg valgrind --quiet --leak-check=full --error-exitcode=9 \
			--errors-for-leak-kinds=definite "$build/tests/hosts/probe" "$kind"
		echo "ok: $alg $kind"
	done
	rig_pull 0
done
