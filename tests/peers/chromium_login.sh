#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# chromium_login.sh PROGRAM OPTION... URL: Chromium on a screen of its own; the PIN is typed into the
# window that asks for it. Ends when the site has seen a visitor. Needs PEERS_WORK, PEERS_PIN.
set -eu
work=$PEERS_WORK
browser=$1
shift
rm -rf "$work/profile" "$work/display"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3> "$work/display" 2> "$work/xvfb.log" &
screen=$!
manager='' chromium=''
# Only what was started here.
end() {
	for one in $chromium $manager $screen; do
		kill "$one" || :
	done
	wait
}
trap end EXIT
trap 'exit 1' HUP INT TERM
tries=0
while [ ! -s "$work/display" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || exit 1
	sleep 0.05
done
DISPLAY=:$(cat "$work/display")
export DISPLAY
openbox > "$work/openbox.log" 2>&1 &
manager=$!
"$browser" --no-sandbox --disable-gpu --no-first-run --no-default-browser-check \
	--password-store=basic --disable-background-networking --disable-component-update \
	--user-data-dir="$work/profile" "$@" > "$work/chromium.log" 2>&1 &
chromium=$!
tries=0
typed=
while [ ! -f "$work/site/visitors" ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 250 ] || exit 1
	sleep 0.1
	window=$(timeout 2 xdotool search --onlyvisible --name 'Unlock Security Device' 2> /dev/null | head -n 1) || :
	if [ -z "$window" ] || [ -n "$typed" ]; then
		continue
	fi
	sleep 0.3
	xdotool windowfocus --sync "$window"
	xdotool type --delay 30 "$PEERS_PIN"
	xdotool key Return
	typed=yes
done
echo "PIN typed: ${typed:-no}"
