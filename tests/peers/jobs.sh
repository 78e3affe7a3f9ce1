# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What strangers' programs are asked to do with our module, and what plain openssl says of it.
# Sourced; needs OPENUKEY_RIG, OPENUKEY_VIRTUAL_KEY, OPENUKEY_MODULE and FIXTURES.

# shellcheck source=tests/rig/rig.sh
. "$OPENUKEY_RIG"

pin=123456
distid=1234567812345678
unit=$(openssl x509 -in "$FIXTURES/rsa-sign.pem" -noout -subject -nameopt utf8,-esc_msb,sep_multiline |
	sed -n 's/^ *CN=//p')
work=$rig_dir
printf 'What a unit signs: \345\201\207\350\256\276\n' > "$work/data"

fail() {
	echo "FAILED: $*" >&2
	[ ! -f "$work/out" ] || cat "$work/out" >&2
	exit 1
}

[ -n "$unit" ] || fail "no name in the fixture's certificate"

done_with() {
	echo "ok: $*"
}

# A foreign program with our module in it, for a minute at most; what it says goes to $work/out.
# With sanitizers in the module it needs their runtime, and its own leaks are not ours.
stranger() {
	preloaded timeout 60 "$@" > "$work/out" 2>&1 < /dev/null || fail "$* (exit $?)"
}

preloaded() {
	if [ -n "${OPENUKEY_TEST_PRELOAD:-}" ]; then
		set -- env LD_PRELOAD="$OPENUKEY_TEST_PRELOAD" \
			ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" "$@"
	fi
	"$@"
}

said() {
	grep -qF -- "$1" "$work/out" || fail "nothing about: $1"
}

# ---- keys ----

# make_key ALG: a state file with a signing and an encryption certificate
make_key() {
	"$OPENUKEY_VIRTUAL_KEY" provision --state "$work/$1.key" --label "$1" --serial "PEER-$1" \
		--default-pin no --pin "$pin" --container "$1" \
		--sign-key "$FIXTURES/$1-sign.key" --sign-cert "$FIXTURES/$1-sign.pem" \
		--enc-key "$FIXTURES/$1-enc.key" --enc-cert "$FIXTURES/$1-enc.pem"
	openssl x509 -in "$FIXTURES/$1-sign.pem" -outform DER -out "$work/$1-sign.der"
}

# CKA_ID of the signing pair: the container's name and 00
id_of() {
	case $1 in
	rsa) echo 72736100 ;;
	sm2) echo 736d3200 ;;
	esac
}

# uri ALG TYPE
uri() {
	echo "pkcs11:token=VIRTUAL%20$1;id=$(id_of "$1" | sed 's/../%&/g');type=$2"
}

# ---- pkcs11-tool ----

tool() {
	alg=$1
	shift
	stranger pkcs11-tool --module "$OPENUKEY_MODULE" --token-label "VIRTUAL $alg" "$@"
}

# Lists, and reads the certificate to verify with: $work/ALG.pub
tool_lists() {
	stranger pkcs11-tool --module "$OPENUKEY_MODULE" --list-slots
	said "VIRTUAL $1"
	tool "$1" --list-objects
	said "Certificate Object"
	said "$unit"
	tool "$1" --login --pin "$pin" --list-objects
	said "Private Key Object"
	rm -f "$work/cert"
	tool "$1" --read-object --type cert --id "$(id_of "$1")" --output-file "$work/cert"
	cmp "$work/cert" "$work/$1-sign.der" || fail "another certificate came back"
	openssl x509 -inform DER -in "$work/cert" -noout -pubkey > "$work/$1.pub"
}

# tool_signs ALG MECHANISM INPUT: the signature goes to $work/signature
tool_signs() {
	rm -f "$work/signature"
	tool "$1" --login --pin "$pin" --sign --mechanism "$2" --id "$(id_of "$1")" \
		--input-file "$3" --output-file "$work/signature"
}

verify_rsa() {
	openssl dgst -sha256 -verify "$work/rsa.pub" -signature "$1" "$work/data" > "$work/out" 2>&1 ||
		fail "openssl does not verify what $2 signed"
}

verify_sm2() {
	openssl dgst -sm3 -sigopt "distid:$distid" -verify "$work/sm2.pub" -signature "$1" \
		"$work/data" > "$work/out" 2>&1 || fail "openssl does not verify what $2 signed"
}

# Its own tests: what it signs is RSA; two threads look at the key while the first one works.  Left
# out are --test-ec (a curve of NIST's) and --moz-cert (gives keys a new CKA_ID, which ours refuse).
tool_tests() {
	tool "$1" --login --pin "$pin" --test
	said "C_GenerateRandom():"
	said "all 4 digest functions seem to work"
	said "No errors"
	tool "$1" --test-fork
	tool "$1" --test-threads ILGISLT0GISLT0 --test-threads ILGISLT0SLT0 --login --pin "$pin" --test
	said "No errors"
	said "thread:0 state:-1, rv:CKR_OK"
	said "thread:1 state:-1, rv:CKR_OK"
	! grep -E "returned CKR_" "$work/out" | grep -vE "CKR_OK|ALREADY_INITIALIZED" ||
		fail "a thread of pkcs11-tool was refused"
}

# What a person does who is told "press return to continue, x to exit"
hand_that_plugs() {
	echo
	until_said "token label .* VIRTUAL $1"
	rig_pull 0 >&2
	echo
	until_said "token label .*(empty)"
	echo x
	# The pull is news to the second half, and told at once; the next news takes a while.
	echo
	until_said "event on slot 0x0"
	echo
	sleep 0.3
	rig_plug 0 "$work/$1.key" >&2
	until_said "event on slot 0x0.*event on slot 0x0.*token label .* VIRTUAL $1"
	echo x
}

# Waits for the tool's words; they come through a pipe, so it is told to write each line at once.
until_said() {
	for _ in $(seq 100); do
		! tr '\n' ' ' < "$work/out" | grep -q -- "$1" || return 0
		sleep 0.1
	done
	echo "FAILED: never said: $1" >&2
}

# A key alone in reader 0
job_hotplug_pkcs11_tool() {
	: > "$work/out"
	hand_that_plugs "$1" | preloaded timeout 60 stdbuf -oL pkcs11-tool \
		--module "$OPENUKEY_MODULE" --test-hotplug > "$work/out" 2>&1 ||
		fail "--test-hotplug"
	said "Using slot 0 with a present token"
	tr '\n' ' ' < "$work/out" | grep -q "event on slot 0x0.*token label .* VIRTUAL $1" ||
		fail "--test-hotplug saw no key come back"
	done_with "pkcs11-tool sees the $1 key go and come"
}

job_rsa_pkcs11_tool() {
	tool_lists rsa
	tool_tests rsa
	said "testing signature mechanisms:"
	tool_signs rsa SHA256-RSA-PKCS "$work/data"
	verify_rsa "$work/signature" pkcs11-tool
	done_with "pkcs11-tool lists, tests and signs with the RSA key"
}

# r || s of 32 bytes each, as the SEQUENCE that openssl wants
to_der() {
	hex=$(od -An -v -tx1 "$1" | tr -d ' \n')
	printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' \
		"$(echo "$hex" | cut -c1-64)" "$(echo "$hex" | cut -c65-128)" > "$work/asn1"
	openssl asn1parse -genconf "$work/asn1" -noout -out "$1.der"
}

# Our mechanisms have no names a stranger knows, so by number: common/pkcs11.h
job_sm2_pkcs11_tool() {
	tool_lists sm2
	tool_tests sm2
	/usr/bin/python3 "${PEERS:-$(dirname "$0")}/sm2_digest.py" "$work/sm2.pub" "$work/data" "$work/digest"
	tool_signs sm2 0x80008104 "$work/digest"
	verify_sm2 "$work/signature" "mechanism 80008104, digest to DER,"
	tool_signs sm2 0x80008105 "$work/digest"
	to_der "$work/signature"
	verify_sm2 "$work/signature.der" "mechanism 80008105, digest to r || s,"
	tool_signs sm2 0x80008102 "$work/data"
	to_der "$work/signature"
	verify_sm2 "$work/signature.der" "mechanism 80008102, message to r || s,"
	tool_signs sm2 0x80008103 "$work/data"
	verify_sm2 "$work/signature" "mechanism 80008103, message to DER,"
	done_with "pkcs11-tool lists and signs with the SM2 key"
}

# ---- GnuTLS ----

gnutls() {
	program=$1
	shift
	GNUTLS_PIN=$pin stranger "$program" --provider "$OPENUKEY_MODULE" "$@"
}

# With one key no URL is needed, with more p11tool wants one; "pkcs11:" is all of them.
job_rsa_gnutls() {
	gnutls p11tool --list-all --login "pkcs11:"
	said "VIRTUAL%20rsa"
	said "Private key (RSA-2048)"
	gnutls p11tool --export "$(uri rsa cert)"
	openssl x509 -in "$work/out" -outform DER | cmp - "$work/rsa-sign.der" ||
		fail "p11tool exported another certificate"
	gnutls p11tool --login --test-sign "$(uri rsa private)"
	gnutls certtool --p7-sign --load-privkey "$(uri rsa private)" \
		--load-certificate "$FIXTURES/rsa-sign.pem" --infile "$work/data" \
		--outfile "$work/data.p7"
	openssl cms -verify -noverify -inform PEM -in "$work/data.p7" > "$work/out" 2>&1 ||
		fail "openssl does not verify what certtool signed"
	said "What a unit signs"
	done_with "p11tool and certtool list, export and sign with the RSA key"
}

job_sm2_gnutls() {
	gnutls p11tool --list-all --login "pkcs11:"
	said "VIRTUAL%20sm2"
	said "type=cert"
	done_with "p11tool lists the SM2 key"
}

# ---- openssl with the pkcs11 engine ----

job_rsa_openssl_engine() {
	cat > "$work/engine.cnf" <<EOF
openssl_conf = start
[start]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = $OPENUKEY_MODULE
[req]
distinguished_name = name
[name]
EOF
	key="$(uri rsa private);pin-value=$pin"
	stranger env OPENSSL_CONF="$work/engine.cnf" openssl dgst -sha256 -engine pkcs11 \
		-keyform engine -sign "$key" -out "$work/signature" "$work/data"
	verify_rsa "$work/signature" "openssl's engine"
	stranger env OPENSSL_CONF="$work/engine.cnf" openssl req -new -engine pkcs11 -keyform engine \
		-key "$key" -utf8 -subj "/C=CN/O=$unit/CN=$unit" -out "$work/request"
	openssl req -in "$work/request" -verify -noout > "$work/out" 2>&1 ||
		fail "openssl does not verify the request"
	stranger env OPENSSL_CONF="$work/engine.cnf" openssl cms -sign -engine pkcs11 -keyform engine \
		-inkey "$key" -signer "$FIXTURES/rsa-sign.pem" -binary -in "$work/data" \
		-outform DER -out "$work/data.cms"
	openssl cms -verify -noverify -inform DER -binary -content "$work/data" -in "$work/data.cms" \
		-out "$work/content" > "$work/out" 2>&1 || fail "openssl does not verify the CMS"
	done_with "openssl's engine signs with the RSA key"
}
