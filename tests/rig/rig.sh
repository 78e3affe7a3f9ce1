# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# For shell tests, sourced: a private pcscd with virtual readers, ended with the test.
#
#   . rig.sh; rig_start 2; rig_plug 0 "$rig_dir/state" [key options]; ...; rig_pull 0
#
# OPENUKEY_REHEARSAL names the command openukey-rehearsal; rig_dir is a folder for the test's files.
: "${OPENUKEY_REHEARSAL:=openukey-rehearsal}"

rig_dir=$(mktemp -d /tmp/openukey-rig-XXXXXX)

rig_end() {
	"$OPENUKEY_REHEARSAL" stop "$rig_dir/rig" || :
	rm -rf "$rig_dir"
}
trap rig_end EXIT
trap 'exit 1' HUP INT TERM

# rig_start READERS: and points this shell and its children at it
rig_start() {
	"$OPENUKEY_REHEARSAL" start "$rig_dir/rig" "$1" || exit 1
	eval "$("$OPENUKEY_REHEARSAL" env "$rig_dir/rig")"
}

# rig_plug READER STATE [OPTION...]
rig_plug() {
	"$OPENUKEY_REHEARSAL" plug "$rig_dir/rig" "$@" || exit 1
}

rig_pull() {
	"$OPENUKEY_REHEARSAL" pull "$rig_dir/rig" "$1" || exit 1
}

# rig_tell READER WORD...
rig_tell() {
	"$OPENUKEY_REHEARSAL" ctl "$rig_dir/rig" "$@"
}
