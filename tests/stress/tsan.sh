#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The module and its hosts under ThreadSanitizer.  Usage: tsan.sh BUILD FOLDER
# BUILD is an ordinary build, for the reader driver; FOLDER becomes the one with the sanitizer.
set -eu

source=$(realpath "$(dirname "$0")/../..")
build=$(realpath "$1")
folder=$2
if [ ! -f "$folder/build.ninja" ]; then
	CC=clang meson setup "$folder" "$source" -Db_sanitize=thread -Db_lundef=false > /dev/null
fi
ninja -C "$folder" > /dev/null
# pcscd is a foreign program: it gets the driver that needs no sanitizer.
OPENUKEY_IFD=$build/drivers/ifd/libifd-openukey.so \
	TSAN_OPTIONS="suppressions=$source/tests/stress/tsan.supp:exitcode=66:report_thread_leaks=0" \
	meson test -C "$folder" --no-rebuild --print-errorlogs --timeout-multiplier 5 \
	'hosts' 'stress peace SM2' 'stress storm SM2' 'stress killed' 'p11 hotplug' 'p11 each_use' \
	'p11 applications'
