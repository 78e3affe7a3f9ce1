#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An RSA key alone: every stranger does its job with it.
set -eu
# shellcheck source=tests/peers/jobs.sh
. "$(dirname "$0")/jobs.sh"

make_key rsa
rig_start 2
rig_plug 0 "$work/rsa.key"

# all in one, as a curious person types it
stranger pkcs11-tool --module "$OPENUKEY_MODULE" --list-slots --list-objects --login --pin "$pin" \
	--test
said "Private Key Object"
said "No errors"
GNUTLS_PIN=$pin stranger p11tool --provider "$OPENUKEY_MODULE" --list-all --login
said "Private key (RSA-2048)"

job_rsa_pkcs11_tool
job_rsa_gnutls
job_rsa_openssl_engine
job_hotplug_pkcs11_tool rsa
