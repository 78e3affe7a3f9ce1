# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts of this folder share: version, date and source of the last commit. Sourced by a
# script that has set `house` to the top of the tree.

# shellcheck disable=SC2034 # used by those who source this
version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" "$house/meson.build")
SOURCE_DATE_EPOCH=$(git -C "$house" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

# source_archive FILE: the last commit as FILE.tar.gz; the same commit gives the same bytes, whatever
# the user's umask and git settings are.
source_archive() {
	git -C "$house" -c tar.umask=0022 archive --prefix="openukey-$version/" HEAD | gzip -n9 >"$1"
}
