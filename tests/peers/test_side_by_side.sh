#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An SM2 key in the first reader: strangers that do not know SM2 still finish their RSA job.
set -eu
# shellcheck source=tests/peers/jobs.sh
. "$(dirname "$0")/jobs.sh"

make_key sm2
make_key rsa
rig_start 2
rig_plug 0 "$work/sm2.key"
rig_plug 1 "$work/rsa.key"
job_rsa_pkcs11_tool
job_rsa_gnutls
job_rsa_openssl_engine
job_sm2_pkcs11_tool
job_sm2_gnutls
