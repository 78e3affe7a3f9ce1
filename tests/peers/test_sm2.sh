#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An SM2 key alone: strangers list it, and sign with it where they can be told how.
set -eu
# shellcheck source=tests/peers/jobs.sh
. "$(dirname "$0")/jobs.sh"

make_key sm2
rig_start 2
rig_plug 0 "$work/sm2.key"
job_sm2_pkcs11_tool
job_sm2_gnutls
job_hotplug_pkcs11_tool sm2
