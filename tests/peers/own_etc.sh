# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced first: the test goes on with an /etc that is its own copy, for recipes that write there.
if [ -z "${PEERS_OWN_ETC:-}" ]; then
	map=
	[ "$(id -u)" -eq 0 ] || map='--user --map-root-user'
	# shellcheck disable=SC2086 # the options are words
	PEERS_OWN_ETC=yes exec unshare --mount --propagation private $map sh -c '
		mount -t tmpfs none /mnt && { cp -a /etc/. /mnt 2>/dev/null || :; } &&
		mount --move /mnt /etc && exec sh "$0"' "$0"
fi
