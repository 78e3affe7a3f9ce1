#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# openukey-verify-login on tokens that plain openssl makes, as its README tells what is signed.
set -eu
verify=$1
rehearsal_ca=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
origin=https://hall.openukey.test

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# make_token ALG CHALLENGE ORIGIN: on the standard output
make_token() {
	{
		printf 'OpenUKey-sig-v1\0login\0%s\0' "$3"
		echo "$2=" | basenc --base64url -d
	} > message
	if [ "$1" = sm2 ]; then
		algorithm=sm2-sm3
		openssl pkeyutl -sign -rawin -digest sm3 -pkeyopt distid:1234567812345678 -inkey "$1.key" \
			-in message -out signature
	else
		algorithm=rsa-sha256
		openssl dgst -sha256 -sign "$1.key" -out signature message
	fi
	printf '{"format":"openukey-login-1","certificate":"%s","algorithm":"%s","signature":"%s"}\n' \
		"$(openssl x509 -in "$1.crt" -outform DER | base64 -w 0)" "$algorithm" \
		"$(base64 -w 0 signature)"
}

# says VERDICT STATUS OPTION...: what the command makes of the token on its standard input
says() {
	want=$1 status=$2
	shift 2
	got=0
	"$verify" "$@" > answer 2> errors || got=$?
	[ "$got" -eq "$status" ] || fail "status $got, not $status, for $want: $(cat answer errors)"
	[ "$(head -n 1 answer)" = "$want" ] || fail "$(head -n 1 answer), not $want"
}

for alg in rsa sm2; do
	"$rehearsal_ca" init "ca-$alg" --alg "$alg" > /dev/null
	if [ "$alg" = sm2 ]; then
		openssl ecparam -name SM2 -genkey -noout -out sm2.key
		openssl req -new -key sm2.key -sm3 -sigopt distid:1234567812345678 -subj /CN=unit -out sm2.csr
	else
		openssl genrsa -out rsa.key 2048 2> /dev/null
		openssl req -new -key rsa.key -subj /CN=unit -out rsa.csr
	fi
	"$rehearsal_ca" sign "ca-$alg" --csr "$alg.csr" --out "$alg.crt" > /dev/null
	challenge=$(openssl rand 32 | basenc --base64url -w 0 | tr -d =)
	make_token "$alg" "$challenge" "$origin" > login.json
	set -- --origin "$origin" --challenge "$challenge" --anchors "ca-$alg/root.crt"
	says ok 0 "$@" < login.json
	tail -n +2 answer | cmp - "$alg.crt" || fail "it names another certificate"
	says ended 1 "$@" --at "$(date -d '+20 years' +%s)" < login.json
	says early 1 "$@" --at 1000000000 < login.json
	says signature 1 "$@" --origin https://other.openukey.test < login.json
	says signature 1 "$@" --challenge "$(openssl rand 32 | basenc --base64url -w 0 | tr -d =)" < login.json
	says usage 2 "$@" --challenge AAAA < login.json
	make_token "$alg" "$challenge" https://evil.example > login.json
	says signature 1 "$@" < login.json
	says format 1 "$@" < /dev/null
	head -c 100000 /dev/zero > zeros
	says format 1 "$@" < zeros
done
says untrusted 1 "$@" --anchors ca-rsa/root.crt --origin https://evil.example < login.json
says '' 2 --origin "$origin" < login.json
says '' 2 "$@" --anchors nothing < login.json
says '' 2 "$@" --crl rsa.key < login.json
"$verify" --help | grep -q '^Usage: ' || fail "--help"
echo "openukey-verify-login: all as it should be"
