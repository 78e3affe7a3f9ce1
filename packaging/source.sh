# shellcheck shell=sh disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts of this folder share: a commit's version, date and source. Sourced by a script that
# has set `house` to the top of the tree.

# Who may read the files in a package is not for the builder's habits to say.
umask 022

# read_commit COMMIT: sets commit, version and SOURCE_DATE_EPOCH. The version is that of meson.build;
# before its tag vVERSION is set, it has ~ and the commit's time, so that each commit's packages are an
# upgrade of those before, and the release of them all. Commits of the same second are told apart by how
# many there are.
read_commit() {
	commit=$(git -C "$house" rev-parse --verify "$1^{commit}")
	SOURCE_DATE_EPOCH=$(git -C "$house" log -1 --format=%ct "$commit")
	export SOURCE_DATE_EPOCH
	version=$(git -C "$house" show "$commit:meson.build" | sed -n "s/^  version: '\(.*\)',$/\1/p")
	if [ "$(git -C "$house" rev-parse -q --verify "refs/tags/v$version^{commit}" || true)" != "$commit" ]; then
		version=$version~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)
		version=$version.$(git -C "$house" rev-list --count "$commit")
	fi
}

# source_archive FILE: the commit as FILE, a .tar.gz; the same commit gives the same bytes, whatever
# the user's umask and git settings are.
source_archive() {
	git -C "$house" -c tar.umask=0022 archive --prefix="openukey-$version/" "$commit" | gzip -n9 >"$1"
}
