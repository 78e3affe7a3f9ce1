#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hosts in a world of their own: without /run/user and /tmp, and with rights that their user lacks.
# Usage: test_namespace.sh bare|setgid
set -eu

# shellcheck source=tests/rig/rig.sh
. "$OPENUKEY_RIG"

kind=$1
fail() {
	echo "FAILED: $*" >&2
	exit 1
}

if [ "$(id -u)" != 0 ]; then
	echo "needs root, for other groups' rights and for mounts"
	exit 77
fi

rig_start 1
"$OPENUKEY_VIRTUAL_KEY" provision --state "$rig_dir/key" --pin 123456 --default-pin yes \
	--container UserKey --sign-key "$OPENUKEY_FIXTURES/sm2-sign.key" \
	--sign-cert "$OPENUKEY_FIXTURES/sm2-sign.pem"
rig_plug 0 "$rig_dir/key"
echo "force-pin-change = yes" > "$rig_dir/policy"

# The world is a tmpfs at /mnt with copies; the service is where libpcsclite looks by itself.
cat > "$rig_dir/world" <<'SCRIPT'
set -eu
run=$(pcscd --version | sed -n 's/.*[ :]ipcdir=\([^ ]*\).*/\1/p')
mount -t tmpfs -o mode=755 none /mnt
cp "$OPENUKEY_PROBE" /mnt/probe
cp "$OPENUKEY_MODULE" /mnt/module.so
cp -r "$OPENUKEY_FIXTURES" /mnt/fixtures
cp "$1/policy" /mnt/policy
[ -d "$run" ] || { mount -t tmpfs none /run; mkdir -p "$run"; }
mount --bind "$1/rig/run" "$run"
unset PCSCLITE_CSOCK_NAME
export OPENUKEY_MODULE=/mnt/module.so OPENUKEY_FIXTURES=/mnt/fixtures
SCRIPT

in_world() {
	unshare --mount --propagation private sh -c ". '$rig_dir/world'
		$1" world "$rig_dir" > "$rig_dir/out" 2> "$rig_dir/err" ||
		{ cat "$rig_dir/out" "$rig_dir/err" >&2; fail "$1"; }
}

case $kind in
bare)
	# shellcheck disable=SC2016 # expanded in there
	in_world 'mkdir -p /run/user
		mount -t tmpfs -o ro none /tmp; mount -t tmpfs -o ro none /run/user
		export XDG_RUNTIME_DIR=/run/user/0
		exec /mnt/probe sign'
	if [ -s "$rig_dir/out" ] || [ -s "$rig_dir/err" ]; then
		fail "something was printed"
	fi
	;;
setgid)
	# A sanitizer's runtime does not start in a program with more rights than its user.
	[ -z "${OPENUKEY_TEST_PRELOAD:-}" ] || exit 77
	try='export OPENUKEY_POLICY=/mnt/policy OPENUKEY_LOG=debug XDG_RUNTIME_DIR=/mnt/own
		mkdir -m 700 /mnt/own
		exec timeout 20 /mnt/probe login'
	# The same program without the bit obeys: what is shown below is not there by chance.
	in_world "$try"
	grep -q '^secure=0 login=0xa3$' "$rig_dir/out" || fail "$(cat "$rig_dir/out")"
	[ -s "$rig_dir/err" ] || fail "no log in an ordinary program"
	in_world "chgrp nogroup /mnt/probe; chmod g+s /mnt/probe
		$try"
	grep -q '^secure=1 login=0x0$' "$rig_dir/out" ||
		fail "the environment was obeyed: $(cat "$rig_dir/out")"
	[ ! -s "$rig_dir/err" ] || fail "a log by somebody else's wish: $(cat "$rig_dir/err")"
	;;
esac
