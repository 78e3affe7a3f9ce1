#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# openssl(1) and others under a configuration that activates the provider: it is in nobody's way,
# strange addresses do nothing, and other makers' modules serve as well.
set -eu
PEERS=$(dirname "$0")/../peers
# shellcheck source=tests/peers/recipes.sh
. "$PEERS/recipes.sh"
need openssl pkcs11-tool pkg-config unshare

# configure FILE FIRST SECOND MODULE: the providers in this order; MODULE may be empty
configure() {
	cat > "$1" <<EOF_CONF
openssl_conf = start
[start]
providers = providers
[providers]
$2 = $2_section
$3 = $3_section
[default_section]
activate = 1
[openukey-provider_section]
activate = 1
${4:+pkcs11-module = $4}
EOF_CONF
}

# with CONF PROGRAM...
with() {
	conf=$1
	shift
	HOME=$work/home OPENSSL_CONF=$conf OPENSSL_MODULES=$OPENUKEY_PROVIDER stranger "$@"
}

# refused WORDS PROGRAM...: it ends by itself, without success, and says so
refused() {
	words=$1
	shift
	status=0
	HOME=$work/home OPENSSL_CONF=$work/conf OPENSSL_MODULES=$OPENUKEY_PROVIDER \
		preloaded timeout 60 "$@" > "$work/out" 2>&1 < /dev/null || status=$?
	case $status in
	0 | 12[4-9] | 1[3-9]? | 2??) fail "$* (exit $status)" ;;
	esac
	said "$words"
}

tries() {
	rig_tell 0 status | sed 's/.*"user":{[^}]*"left":\([0-9]*\).*/\1/'
}

# What has nothing to do with keys goes on as ever, whichever provider is named first.
in_nobodys_way() {
	with "$1" openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/own.pem"
	with "$1" openssl pkey -in "$work/own.pem" -pubout -out "$work/own.pub"
	with "$1" openssl dgst -sha256 -sign "$work/own.pem" -out "$work/own.sig" "$work/data"
	with "$1" openssl dgst -sha256 -verify "$work/own.pub" -signature "$work/own.sig" "$work/data"
	with "$1" openssl genpkey -algorithm SM2 -out "$work/own.pem"
	with "$1" openssl dgst -sm3 -sign "$work/own.pem" -out "$work/own.sig" "$work/data"
	with "$1" openssl req -x509 -new -sm3 -key "$work/own.pem" -subj /CN=own -out "$work/own.crt"
	with "$1" openssl dgst -sm3 -sign "$key" -passin "pass:$pin" -out "$work/signature" "$work/data"
	verify_sm2 "$work/signature" "$1"
}

# A module that uses libcrypto is loaded by a program that uses it, while it loads us.
no_deadlock() {
	with "$work/conf" pkcs11-tool --module "$OPENUKEY_MODULE" --list-objects
	said "Certificate Object"
	with "$work/conf" pkcs11-tool --module "$OPENUKEY_MODULE" --login --pin "$pin" --test
	said "No errors"
	with "$work/conf" openssl rand -hex 8
	done_with "programs that load the module themselves"
}

# p11-kit reads no user's configuration as root: a folder of ours stands in for the system's.
listed_by_p11_kit() {
	map=
	[ "$(id -u)" -eq 0 ] || map='--user --map-root-user'
	mkdir "$work/modules"
	echo "module: $OPENUKEY_MODULE" > "$work/modules/openukey.module"
	configure "$work/listed" default openukey-provider ""
	# shellcheck disable=SC2086,SC2016 # the options are words; the other shell expands
	with "$work/listed" unshare --mount $map sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' \
		sh "$work/modules" "$(pkg-config --variable=p11_module_configs p11-kit-1)" \
		openssl dgst -sm3 -sign "$key" -passin "pass:$pin" -out "$work/signature" "$work/data"
	verify_sm2 "$work/signature" "the module that p11-kit lists"
	done_with "modules of p11-kit"
}

strange_addresses() {
	long=$(head -c 60000 /dev/zero | tr '\0' 'A')
	for address in 'pkcs11:%zz' 'pkcs11:id=%' 'pkcs11:id=%0' 'pkcs11:token=%00' 'pkcs11://x' \
		'pkcs11:slot-id=99999999999999999999' 'pkcs11:slot-id=77' 'pkcs11:slot-id=-1' \
		'pkcs11:type=secret' 'pkcs11:tipe=private' 'pkcs11:module-path=/etc/passwd' \
		'pkcs11:module-name=x' 'pkcs11:library-manufacturer=x' "pkcs11:object=$long" \
		"pkcs11:id=$long" "$key;object=x" 'pkcs11:type=cert' "pkcs11:$long" \
		"$key?pin-source=%7Cid" "$key?pin-source=file:/dev/zero" "$key?pin-source=/proc/self/mem" \
		"$key?pin-source=relative" "$key?pin-value=" "$key?pin-value=$long" "$key?pin-value=1"; do
		refused "rror" openssl pkey -in "$address" -passin "pass:" -noout
	done
	[ "$(tries)" = 10 ] || fail "a strange address has spent a try"
	done_with "strange addresses"
}

pins() {
	printf '%s\nsecond line\n' "$pin" > "$work/pin"
	with "$work/conf" openssl dgst -sm3 -sign "$key?pin-source=file:$work/pin" \
		-out "$work/signature" "$work/data"
	verify_sm2 "$work/signature" "a PIN from a file"
	refused "9 tries left" openssl dgst -sm3 -sign "$key" -passin pass:000000 -out "$work/x" "$work/data"
	[ "$(grep -c 'wrong PIN' "$work/out")" = 1 ] || fail "said more than once"
	refused "a wrong PIN was used before" \
		openssl dgst -sm3 -sign "$key?pin-source=file:$work/pin" -out "$work/x" "$work/data"
	[ "$(tries)" = 9 ] || fail "more than one try was spent"
	with "$work/conf" openssl dgst -sm3 -sign "$key" -passin "pass:$pin" -out "$work/x" "$work/data"
	done_with "PINs"
}

# Nobody guesses which of two keys is meant.
two_keys() {
	make_key rsa
	rig_plug 1 "$work/rsa.key"
	refused "several keys fit" openssl pkey -in 'pkcs11:type=private' -passin "pass:$pin" -noout
	[ "$(tries)" = 10 ] || fail "a PIN was sent to some key"
	refused "cannot sign in this way" openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
		-sign "$(uri rsa private)" -passin "pass:$pin" -out "$work/x" "$work/data"
	done_with "two keys"
}

# Another maker's module, which has PSS
softhsm() {
	library=$(find /usr/lib -name libsofthsm2.so | head -n 1)
	[ -n "$library" ] || return 0
	mkdir -p "$work/tokens"
	echo "directories.tokendir = $work/tokens" > "$work/softhsm.conf"
	export SOFTHSM2_CONF="$work/softhsm.conf"
	stranger softhsm2-util --init-token --free --label soft --pin "$pin" --so-pin 87654321
	openssl pkcs8 -topk8 -nocrypt -in "$FIXTURES/rsa-sign.key" -out "$work/rsa.p8"
	stranger softhsm2-util --import "$work/rsa.p8" --token soft --label pair --id 01 --pin "$pin"
	configure "$work/soft" default openukey-provider "$library"
	soft='pkcs11:token=soft;object=pair;type=private'
	openssl x509 -in "$FIXTURES/rsa-sign.pem" -noout -pubkey > "$work/rsa.pub"
	with "$work/soft" openssl dgst -sha256 -sign "$soft" -passin "pass:$pin" \
		-out "$work/signature" "$work/data"
	verify_rsa "$work/signature" SoftHSM
	for options in "-sigopt rsa_padding_mode:pss" \
		"-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:max" \
		"-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:0"; do
		# shellcheck disable=SC2086 # the options are words
		with "$work/soft" openssl dgst -sha256 $options -sign "$soft" -passin "pass:$pin" \
			-out "$work/signature" "$work/data"
		openssl dgst -sha256 -sigopt rsa_padding_mode:pss -verify "$work/rsa.pub" \
			-signature "$work/signature" "$work/data" > "$work/out" 2>&1 || fail "PSS $options"
	done
	done_with "SoftHSM"
}

make_key sm2
openssl x509 -in "$FIXTURES/sm2-sign.pem" -noout -pubkey > "$work/sm2.pub"
rig_start 2
rig_plug 0 "$work/sm2.key"
key=$(uri sm2 private)
configure "$work/conf" default openukey-provider "$OPENUKEY_MODULE"
configure "$work/other" openukey-provider default "$OPENUKEY_MODULE"

in_nobodys_way "$work/conf"
in_nobodys_way "$work/other"
done_with "other keys"
no_deadlock
listed_by_p11_kit
strange_addresses
pins
two_keys
softhsm
