#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# other_user.sh PROGRAM: runs it as a user who is not root, whose helper gets namespaces of its own.
[ "$(id -u)" = 0 ] || exec "$1"
HOME=/tmp
export HOME
for program in "$1" "${OPENUKEY_REHEARSAL:-$1}"; do
	if ! setpriv --reuid=61234 --regid=61234 --clear-groups test -x "$program"; then
		echo "another user cannot reach $program"
		exit 77
	fi
done
exec setpriv --reuid=61234 --regid=61234 --clear-groups "$1"
