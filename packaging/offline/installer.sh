#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenUKey @VERSION@ for @SUITE@ (@ARCH@), with all that it needs: nothing is fetched from a network.
# Run it in a terminal with --help. What follows these lines is a tar archive.
set -u
umask 022

readonly VERSION='@VERSION@' SUITE='@SUITE@' ARCH='@ARCH@'
readonly LINES_HERE='@LINES@' PAYLOAD_SHA256='@SHA256@' PAYLOAD_KB='@PAYLOAD_KB@' INSTALLED_KB='@INSTALLED_KB@'
readonly KEYRING='@KEYRING@' # public key in base64, or nothing
readonly CLERK='openukey-assistant openukey-bridge openukey-common openukey-doc openukey-ifd openukey-pkcs11'
readonly EXTRA='pkexec libnss3-tools'
readonly FONTS='fonts-noto-cjk fonts-wqy-microhei fonts-wqy-zenhei fonts-arphic-uming'
readonly STATE=/var/lib/openukey-offline # which packages this file brought that were not there before
readonly DAMAGED=3 NEWER=4 OTHER_SYSTEM=5 NO_SPACE=6

# name | Chinese | English; %s are what printf fills in
texts() {
	cat <<'TABLE'
need-root|安装需要管理员权限。请用管理员账户运行：su -c "bash %s"|This needs an administrator. Run it as one: su -c "bash %s"
ask-root|需要管理员密码，系统会另外询问。|An administrator's password is needed; the system asks for it.
looking|正在检查安装文件……|Looking at this file ...
damaged|安装文件已损坏或不完整，没有做任何改动。请重新复制一份。|This file is damaged or incomplete. Nothing was changed. Please copy it again.
bad-signature|安装文件的签名不对，不是发布者的原件，没有做任何改动。|The signature in this file is wrong: it is not what its makers released. Nothing was changed.
no-gpgv|缺少 gpgv，无法核对签名，没有做任何改动。|gpgv is missing, so the signature cannot be checked. Nothing was changed.
not-signed|提示：此文件没有签名，只核对了校验和。|Note: this file is not signed; only its checksums were checked.
intact|安装文件完整。|This file is intact.
other-system|此文件只适用于 %s（%s），本机是 %s（%s），没有做任何改动。|This file is for %s (%s); this computer is %s (%s). Nothing was changed.
newer|本机已有更新的版本 %s，此文件是 %s，没有做任何改动。|This computer has %s, which is newer than %s in this file. Nothing was changed.
no-space|磁盘空间不够：%s 需要 %s MB，只剩 %s MB，没有做任何改动。|Not enough room: %s needs %s MB and has %s MB left. Nothing was changed.
busy|另一个程序正在安装软件，请等它结束后再试，没有做任何改动。|Another program is installing software. Try again when it is done. Nothing was changed.
would|将安装：%s|Would be installed: %s
would-nothing|需要的都已装好，不用安装。|All that is needed is there already.
unfinished|上一次安装没有完成，先把它做完。|An earlier installation was not finished; that comes first.
installing|正在安装，请稍候，不要关机……|Installing; please wait and leave the computer on ...
failed|没有装完。请再运行一次此文件；仍不成功时，把下面几行告诉服务热线：|Not finished. Run this file once more; if that does not help, read these lines to the hotline:
interrupted|已中断。再运行一次此文件就会接着做完。|Interrupted. Run this file once more and it goes on from there.
installed|OpenUKey %s 已装好。|OpenUKey %s is installed.
start|请从菜单打开“我的证书”，插上 UKEY。|Open My Certificates from the menu and plug the key in.
starting|正在打开“我的证书”。|My Certificates opens now.
extracted|已解开到 %s。|Unpacked to %s.
extract-exists|%s 已存在，没有做任何改动。|%s exists already. Nothing was changed.
not-there|本机没有安装 OpenUKey。|OpenUKey is not installed here.
removing|正在删除……|Removing ...
removed|OpenUKey 已删除，随它装上的软件包也已删除。|OpenUKey is removed, with the packages that came with it.
remove-failed|没有删除干净。请再运行一次；仍不成功时，把下面几行告诉服务热线：|Not all was removed. Run this once more; if that does not help, read these lines to the hotline:
TABLE
}

# tell NAME ARGUMENT...: one line of the table in the person's language
tell() {
	local row chinese english text

	row=$(texts | grep "^$1|")
	shift
	IFS='|' read -r _ chinese english <<<"$row"
	text=$english
	[ "$language" != zh ] || text=$chinese
	# shellcheck disable=SC2059 # the table's own
	printf "$text\n" "$@"
}

# The same to somebody who double-clicked and sees no terminal.
show() {
	tell "$@"
	if [ ! -t 1 ] && [ "$(id -u)" -ne 0 ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] &&
		command -v zenity >/dev/null; then
		zenity --info --no-markup --title OpenUKey --text "$(tell "$@")" 2>/dev/null || true
	fi
}

# shellcheck disable=SC1111 # Chinese quotation marks are meant
usage() {
	if [ "$language" = zh ]; then
		cat <<TEXT
OpenUKey $VERSION，用于 $SUITE（$ARCH）。不需要网络。

用法：bash ${0##*/} [选项]

  （无选项）         安装，然后打开“我的证书”
  --with-rehearsal   连同演练用的虚拟 UKEY 一起安装
  --check            只检查：文件是否完整、本机是否适用、会安装什么；不做改动
  --extract 文件夹   只解开到该文件夹
  --remove           删除 OpenUKey 和随它装上的软件包，包括设置
  --language zh|en   显示的语言
  --help             显示本说明

结果：0 完成，1 没有完成，2 用法不对，3 文件损坏或签名不对，4 本机的版本更新，5 系统不适用，
6 磁盘空间不够。3 至 6 时没有做任何改动。中断后再运行一次即可。
TEXT
	else
		cat <<TEXT
OpenUKey $VERSION for $SUITE ($ARCH). No network is needed.

Usage: bash ${0##*/} [OPTION]

  (none)             install, then open My Certificates
  --with-rehearsal   install the virtual keys to rehearse with, too
  --check            only look: is the file intact, is the computer right, what would be installed
  --extract FOLDER   only unpack, into that new folder
  --remove           remove OpenUKey and the packages that came with it, settings too
  --language zh|en   language of what is shown
  --help             this

Exit status: 0 done, 1 not finished, 2 wrong usage, 3 damaged or wrong signature, 4 a newer version
is here, 5 wrong system, 6 no room. With 3 to 6 nothing was changed. After an interruption run it again.
TEXT
	fi
}

payload() {
	tail -n +$((LINES_HERE + 1)) "$self"
}

make_work() {
	work=$(mktemp -d "${1:-/var/tmp}/openukey-install.XXXXXXXX") || exit 1
	trap 'rm -rf "$work"' EXIT
	trap 'tell interrupted >&2; exit 1' INT TERM HUP
}

# enough FOLDER KILOBYTES
enough() {
	local left

	left=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
	[ "$left" -ge "$2" ] || { show no-space "$1" $(($2 / 1024 + 1)) $((left / 1024)) >&2; exit $NO_SPACE; }
}

# The archive is what was written, each file in it is listed, and the list is signed.
verify() {
	local place=$1

	enough "$place" "$PAYLOAD_KB"
	[ "$(payload | sha256sum)" = "$PAYLOAD_SHA256  -" ] || { show damaged >&2; exit $DAMAGED; }
	payload | tar -C "$place" --no-same-owner -xf - || { show damaged >&2; exit $DAMAGED; }
	(cd "$place" && sha256sum --check --strict --status SHA256SUMS) || { show damaged >&2; exit $DAMAGED; }
	if [ -z "$KEYRING" ]; then
		tell not-signed
		return
	fi
	command -v gpgv >/dev/null || { show no-gpgv >&2; exit $DAMAGED; }
	echo "$KEYRING" | base64 -d >"$work/release-key.gpg"
	gpgv --quiet --keyring "$work/release-key.gpg" "$place/SHA256SUMS.sig" "$place/SHA256SUMS" \
		>"$work/log" 2>&1 || { show bad-signature >&2; exit $DAMAGED; }
}

version_of() {
	# shellcheck disable=SC2016 # for dpkg-query
	dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p'
}

suits() {
	local here name there

	here=$(sed -n 's/^VERSION_CODENAME="*\([^"]*\)"*$/\1/p' /etc/os-release)
	name=$(sed -n 's/^PRETTY_NAME="*\([^"]*\)"*$/\1/p' /etc/os-release)
	there=$(dpkg --print-architecture 2>/dev/null)
	if [ "$here" != "$SUITE" ] || [ "$there" != "$ARCH" ]; then
		show other-system "$SUITE" "$ARCH" "${name:-?}" "${there:-?}" >&2
		exit $OTHER_SYSTEM
	fi
	there=$(version_of openukey-common)
	if [ -n "$there" ] && dpkg --compare-versions "$there" gt "$VERSION"; then
		show newer "$there" "$VERSION" >&2
		exit $NEWER
	fi
	[ -n "$there" ] || enough /usr $((INSTALLED_KB + PAYLOAD_KB))
}

# apt that knows what is installed and what is in this file, and nothing else.
apt() {
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/none"
	TMPDIR=$work env -u SUDO_UID -u SUDO_USER -u PKEXEC_UID DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=yes \
		apt-get -q -y -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts="$work/none" \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root \
		-o Dir::Log::Planner=/dev/null -o APT::Install-Recommends=false -o Dpkg::Use-Pty=false \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

know_packages() {
	echo "deb [trusted=yes] file:$work/payload ./" >"$work/sources.list"
	apt update >"$work/log" 2>&1
}

# What is to be installed. Of others' packages only what is missing, as apt takes a named one for wished
# by a person; a Chinese font only where there is none.
wanted() {
	local package font

	echo "$CLERK"
	[ -z "$rehearsal" ] || echo openukey-virtual
	for package in $EXTRA; do
		[ -n "$(version_of "$package")" ] || echo "$package"
	done
	for font in $FONTS; do
		[ -z "$(version_of "$font")" ] || return 0
	done
	echo fonts-wqy-microhei
}

# New packages that installing would bring.
news() {
	# shellcheck disable=SC2046 # a list
	apt --simulate -f install $(wanted) | sed -n 's/^Inst \([^ ]*\) (.*/\1/p'
}

check() {
	local list

	make_work "${TMPDIR:-/tmp}"
	mkdir "$work/payload"
	tell looking
	verify "$work/payload"
	tell intact
	suits
	know_packages || { show damaged >&2; exit $DAMAGED; }
	list=$(news | tr '\n' ' ')
	if [ -n "$list" ]; then tell would "$list"; else tell would-nothing; fi
}

extract() {
	[ ! -e "$1" ] || { show extract-exists "$1" >&2; exit 1; }
	make_work "${TMPDIR:-/tmp}"
	mkdir "$work/payload"
	tell looking
	verify "$work/payload"
	mkdir -p "$1" && cp -R "$work/payload/." "$1/" && tell extracted "$1"
}

# Somebody else holds dpkg's lock: nobody waits for that in silence.
not_busy() {
	apt check >"$work/log" 2>&1 || ! grep -q 'Could not get lock' "$work/log" ||
		{ show busy >&2; exit 1; }
}

finish_earlier() {
	[ -n "$(dpkg --audit)" ] || return
	tell unfinished
	DEBIAN_FRONTEND=noninteractive dpkg --configure -a --force-confdef --force-confold >"$work/log" 2>&1 || true
}

remember() {
	mkdir -p "$STATE"
	: >"$STATE/unfinished"
	{ cat "$STATE/packages" 2>/dev/null; cat; } | sort -u >"$STATE/packages.new"
	mv "$STATE/packages.new" "$STATE/packages"
}

# only_for_ours PACKAGES: what was brought for ours to use is not kept once they are gone, unless a
# person asks apt for it.
only_for_ours() {
	local package

	for package in $1; do
		case $package in openukey-*) continue ;; esac
		[ -z "$(version_of "$package")" ] || echo "$package"
	done | xargs -r apt-mark auto >"$work/log" 2>&1
}

install_now() {
	local new

	rm -rf /var/tmp/openukey-install.* # of a run that was cut off
	make_work
	mkdir "$work/payload"
	tell looking
	verify "$work/payload"
	suits
	know_packages || { show damaged >&2; exit $DAMAGED; }
	not_busy
	finish_earlier
	tell installing
	new=$(news)
	# Of what a run that was cut off had begun with, apt does not know that nobody asked for it.
	[ ! -e "$STATE/unfinished" ] || new=$(sort -u "$STATE/packages" <(echo "$new"))
	echo "$new" | remember
	# shellcheck disable=SC2046 # a list
	if ! apt --no-remove -f install $(wanted) >"$work/log" 2>&1; then
		tell failed >&2
		tail -n 15 "$work/log" >&2
		exit 1
	fi
	only_for_ours "$new"
	rm -f "$STATE/unfinished"
	tell installed "$VERSION"
}

# Packages that no other needs, in the order of comm.
idle() {
	apt --simulate -o APT::AutoRemove::RecommendsImportant=false -o APT::AutoRemove::SuggestsImportant=false \
		autoremove | sed -n 's/^Remv \([^ ]*\) .*/\1/p' | sort
}

remove_now() {
	local ours

	make_work
	: >"$work/sources.list"
	# shellcheck disable=SC2016 # for dpkg-query
	ours=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'openukey-*' 2>/dev/null |
		sed -n 's/^\(installed\|config-files\|unpacked\|half-.*\|triggers-.*\) //p')
	if [ -z "$ours" ] && [ ! -d "$STATE" ]; then
		tell not-there
		return
	fi
	tell removing
	finish_earlier
	# shellcheck disable=SC2086 # a list
	if ! apt purge $ours >"$work/log" 2>&1 || ! purge_idle; then
		tell remove-failed >&2
		tail -n 15 "$work/log" >&2
		exit 1
	fi
	rm -rf "$STATE"
	tell removed
}

# Packages that this file brought and that nobody has asked for since, in the order of comm.
brought() {
	comm -12 <(sort "$STATE/packages" 2>/dev/null) <(apt-mark showauto | sort)
}

# would_go PACKAGE...: what purging them would take along
would_go() {
	apt --simulate purge "$@" | sed -n 's/^\(Purg\|Remv\) \([^ ]*\) .*/\2/p' | sort -u
}

# Those that came with us and are not needed any more; then those that apt calls needed because others
# merely mention them, if no other goes with them.
purge_idle() {
	local gone

	gone=$(comm -12 <(idle) <(brought))
	# shellcheck disable=SC2086 # a list
	[ -z "$gone" ] || apt purge $gone >"$work/log" 2>&1 || return
	gone=$(brought)
	# shellcheck disable=SC2086 # a list
	[ -z "$gone" ] || [ -n "$(comm -13 <(echo "$gone") <(would_go $gone))" ] ||
		apt purge $gone >"$work/log" 2>&1
}

# as_root ARGUMENT...: this file once more, as an administrator
as_root() {
	if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v pkexec >/dev/null; then
		tell ask-root
		pkexec /bin/bash "$self" --as-root --language "$language" "$@"
	elif command -v sudo >/dev/null; then
		tell ask-root
		sudo /bin/bash "$self" --as-root --language "$language" "$@"
	else
		show need-root "$self" >&2
		return 1
	fi
}

# The window belongs to the person, so it is opened by who is not root, in a session with a screen.
first_start() {
	if [ "$(id -u)" -ne 0 ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
		tell starting
		setsid openukey-assistant --first-start >/dev/null 2>&1 </dev/null &
	elif [ -z "$child" ]; then
		tell start
	fi
}

language=en
case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in zh*) language=zh ;; esac
self=$(realpath "$0")
action=install rehearsal='' child='' target=''
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h) action=usage ;;
	--check) action=check ;;
	--remove) action=remove ;;
	--with-rehearsal) rehearsal=yes ;;
	--as-root) child=yes ;;
	--extract | --language)
		[ $# -gt 1 ] || { usage >&2 && exit 2; }
		if [ "$1" = --extract ]; then action=extract target=$2; else language=$2; fi
		shift
		;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done

case $action in
usage) usage ;;
check) check ;;
extract) extract "$target" ;;
remove)
	if [ "$(id -u)" -eq 0 ]; then remove_now; else as_root --remove; fi
	;;
install)
	if [ "$(id -u)" -eq 0 ]; then
		install_now
	else
		as_root ${rehearsal:+--with-rehearsal} || exit
	fi
	first_start
	;;
esac
exit
