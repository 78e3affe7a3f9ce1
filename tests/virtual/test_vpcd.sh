#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A key that is plugged into vpcd, the virtual reader of the vsmartcard project, under a pcscd of
# the test's own.  The package is unpacked, not installed.
#
#   test_vpcd.sh openukey-virtual-key BUILD_DIR
#
# Skipped (77) without root, without namespaces, and where the package cannot be had.
set -eu

port=35963 # 8C7B, where vpcd's reader listens: in a network of the test's own
driver=usr/lib/pcsc/drivers/serial/libifdvpcd.so

skip() {
	echo "skipped: $*"
	exit 77
}

# Until a command succeeds, for up to 10 s.
await() {
	tries=100
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { echo "never came: $*"; exit 1; }
		sleep 0.1
	done
}

fetch_driver() {
	[ -e "/$driver" ] && { library=/$driver; return; }
	library=$build/vpcd/$driver
	[ -e "$library" ] && return
	mkdir -p "$build/vpcd"
	(cd "$build/vpcd" && timeout 60 apt-get -q download vsmartcard-vpcd && dpkg -x ./*.deb .) ||
		skip "no package vsmartcard-vpcd"
	[ -e "$library" ] || skip "the package has no $driver"
}

# PRESENT ("Yes" or "No"): whether the first reader has a card
reader_says() {
	opensc-tool --list-readers 2>/dev/null | grep -Eq "^0 +$1 .*Virtual PCD"
}

# The data of the last answer, in one line; its status word first
transmit() {
	opensc-tool "$@" | sed -n 's/^Received (SW1=0x\(..\), SW2=0x\(..\)).*/\n\1\2 /p
		/^[0-9A-F][0-9A-F] /s/^\(\([0-9A-F][0-9A-F] \)\{1,16\}\).*/\1/p' | tr -d ' \n' |
		sed 's/9000/\n9000 /g' | tail -n 1
}

milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

check_answers() {
	atr=$(opensc-tool --atr 2>/dev/null)
	[ "$atr" = "3b:88:80:01:4f:55:4b:45:59:2d:56:30:0f" ]
	# SM3 of "abc", as GM/T 0004 has it
	sm3=66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0
	answer=$(transmit -s 80B40001 -s 80B600000361626300)
	[ "$answer" = "9000 00000020$sm3" ] || { echo "wrong answer: $answer"; exit 1; }
	# longer than a short answer: vpcd carries both parts
	opensc-tool -s 8004000000 2>/dev/null | grep -q "OpenUKey (vi"
}

# vpcd sends each frame in two writes. A key that waits for TCP's delayed ACK between them, 40 ms
# each time, would take 4 s for these.
check_speed() {
	set --
	while [ $# -lt 200 ]; do
		set -- "$@" -s 8022000000
	done
	begin=$(milliseconds)
	answers=$(opensc-tool "$@" 2>/dev/null | grep -c '^Received (SW1=0x90, SW2=0x00)')
	spent=$(($(milliseconds) - begin))
	echo "$answers commands: $spent ms"
	[ "$answers" = 100 ] && [ "$spent" -lt 3000 ]
}

# In namespaces of its own, where everything ends with this shell.
inside() {
	python3 -c 'import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x49))' # SIOCSIFFLAGS: up
	mount -t tmpfs tmpfs /run
	mkdir -p /run/pcscd "$work/readers"
	cat >"$work/readers/vpcd" <<-EOF
		FRIENDLYNAME "Virtual PCD"
		DEVICENAME /dev/null:0x8C7B
		LIBPATH $library
		CHANNELID 0x8C7B
	EOF
	export OPENSC_DRIVER=default
	pcscd --foreground --config "$work/readers" >"$work/pcscd.log" 2>&1 &
	await reader_says No
	"$key" run --state "$work/state" --vpcd "127.0.0.1:$port" --control "$work/control" &
	await reader_says Yes
	check_answers
	check_speed
	"$key" ctl "$work/control" pull
	await reader_says No
	"$key" ctl "$work/control" plug
	await reader_says Yes
	check_answers
	"$key" ctl "$work/control" quit
	await reader_says No
}

key=$1
build=$2
if [ "${3-}" = inside ]; then
	work=$4
	library=$5
	inside
	exit
fi
[ "$(id -u)" = 0 ] || skip "not root"
for program in apt-get dpkg opensc-tool pcscd python3; do
	command -v "$program" >/dev/null || skip "no $program"
done
unshare --net --mount true 2>/dev/null || skip "no namespaces"
fetch_driver
work=$(mktemp -d /tmp/openukey-vpcd-XXXXXX)
trap 'rm -rf "$work"' EXIT
timeout -k 5 60 unshare --net --mount --pid --mount-proc --fork --kill-child \
	"$0" "$key" "$build" inside "$work" "$library"
