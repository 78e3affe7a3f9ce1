#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys as USB devices behind libccid, of the kind that takes extended APDUs (usb) or short ones
# only (usb-short), and behind our own reader driver (usb-hid, usb-storage): strangers notice no
# difference, nor that a key was unplugged in between, and its reader with it.
set -eu
# shellcheck source=tests/peers/jobs.sh
. "$(dirname "$0")/jobs.sh"

make_key rsa
make_key sm2
rig_start "$1"
rig_plug 0 "$work/rsa.key"
job_rsa_pkcs11_tool
job_hotplug_pkcs11_tool rsa
rig_plug 1 "$work/sm2.key"
job_sm2_pkcs11_tool
job_rsa_openssl_engine
rig_pull 0
rig_plug 0 "$work/rsa.key"
job_rsa_gnutls
job_sm2_gnutls
