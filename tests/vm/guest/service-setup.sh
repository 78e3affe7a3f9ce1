#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: what an administrator prepares for the units of the certificate service, out of a rehearsal's
# CA, operators, texts and prices. Each process gets only what is its own.
set -eu

rehearsal=/root/rehearsal settings=/etc/openukey/service
openukey-rehearsal-service --state $rehearsal start --port 0 >/dev/null
openukey-rehearsal-service --state $rehearsal stop

mkdir -p $settings
cp -r $rehearsal/operators $rehearsal/profile.json $rehearsal/identities.json $settings
rm -f $settings/operators/*.key
cp $rehearsal/ca/root.crt $settings/ca.pem
chmod -R a+rX /etc/openukey

# give USER FILE NAME: into the folder that only this user may read
give() {
	install -d -m 700 -o "$1" -g openukey-service "/var/lib/$1"
	install -m 600 -o "$1" "$2" "/var/lib/$1/$3"
}

# settings_of UNIT OPTION...
settings_of() {
	printf 'OPTIONS=%s\n' "${*:2}" >"$settings/$1.env"
}

common="--operators $settings/operators"
give openukey-unlockd $rehearsal/unlock.vault vault
give openukey-unlockd $rehearsal/hsm-pin hsm-pin
hsm="--module $(find /usr/lib -name libsofthsm2.so | head -n 1) --token unlock --pin-file /var/lib/openukey-unlockd/hsm-pin"
cp -r $rehearsal/hsm /var/lib/openukey-unlockd/hsm
chown -R openukey-unlockd: /var/lib/openukey-unlockd/hsm
echo directories.tokendir = /var/lib/openukey-unlockd/hsm >$settings/softhsm2.conf
settings_of openukey-unlockd "$hsm --store sqlite:/var/lib/openukey-unlockd/db" \
	"--vault /var/lib/openukey-unlockd/vault $common"
echo SOFTHSM2_CONF=$settings/softhsm2.conf >>$settings/openukey-unlockd.env

give openukey-issuerd $rehearsal/ca/root.key ca.key
settings_of openukey-issuerd "--ca-cert $settings/ca.pem --ca-key /var/lib/openukey-issuerd/ca.key" \
	"--store sqlite:/var/lib/openukey-issuerd/db --profile $settings/profile.json $common"

give openukey-certd $rehearsal/orders.vault vault
give openukey-certd "$(find $rehearsal/payments -name '*.key' | head -n 1)" pay.key
settings_of openukey-certd "--node certd --store sqlite:/var/lib/openukey-certd/db" \
	"--vault /var/lib/openukey-certd/vault --profile $settings/profile.json $common" \
	"--identities $settings/identities.json --pay-key /var/lib/openukey-certd/pay.key" \
	"--unlock /run/openukey-unlockd/socket --issue /run/openukey-issuerd/socket" \
	"--anchors $settings/ca.pem"
