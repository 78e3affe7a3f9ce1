#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Two keys with the same names on them: each URI that p11tool prints finds just its object again,
# by our module's search and by p11-kit's own matching alike. $1 is the program uri_find.
set -eu
# shellcheck source=tests/peers/jobs.sh
. "$(dirname "$0")/jobs.sh"
uri_find=$1

make_key rsa
make_key sm2
rig_start 3
rig_plug 0 "$work/rsa.key"
rig_plug 2 "$work/sm2.key"

# a file whose name has every character that a URI must escape
printf 'x' > "$work/file"
for alg in rsa sm2; do
	tool "$alg" --login --pin "$pin" --write-object "$work/file" --type data \
		--label '附件;a=b?c&d/100%.txt'
done

for alg in rsa sm2; do
	GNUTLS_PIN=$pin stranger p11tool --provider "$OPENUKEY_MODULE" --login --list-all \
		"pkcs11:token=VIRTUAL%20$alg"
	sed -n 's/^\tURL: //p' "$work/out" > "$work/$alg.uris"
	# two pairs of certificate, public and private key, and the file
	[ "$(wc -l < "$work/$alg.uris")" -eq 7 ] || fail "not 7 objects on the $alg key"
done

cat "$work/rsa.uris" "$work/sm2.uris" > "$work/uris"
[ "$(sort -u "$work/uris" | wc -l)" -eq 14 ] || fail "two objects have the same URI"
"$uri_find" "$OPENUKEY_MODULE" "$pin" < "$work/uris" > "$work/out" ||
	fail "p11-kit does not understand one of them"
[ "$(grep -c '^1 1 same pkcs11:' "$work/out")" -eq 14 ] || fail "not each URI finds its object"
done_with "14 URIs find their 14 objects"
