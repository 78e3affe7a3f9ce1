#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Logging in to a private sshd with the key, as the manual page tells it: the PIN typed at the
# terminal, and given by a program where there is none.
set -eu
PATH=$PATH:/usr/sbin
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need ssh ssh-keygen sshd setsid unshare
me=$(id -un)

# sshd wants its empty folder in /run: it gets a /run of its own. Each login is one sshd, as inetd
# would start it.
make_sshd() {
	ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
	cat > "$work/sshd_config" <<END
HostKey $work/host_key
AuthorizedKeysFile $desk/keys.pub
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
ForceCommand echo as \$(id -un)
END
	cat > "$work/bin/one-sshd" <<END
#!/bin/sh
unset LD_PRELOAD
exec unshare --mount $([ "$(id -u)" -eq 0 ] || echo --user --map-root-user) sh -c '
	mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec $(command -v sshd) -i -e -f "\$1"
' sh "$work/sshd_config" 2>> "$work/sshd.log"
END
	cat > "$work/ssh_config" <<END
Host localhost
	ProxyCommand $work/bin/one-sshd
	UserKnownHostsFile $work/known_hosts
	StrictHostKeyChecking accept-new
	PreferredAuthentications publickey
	IdentityFile none
	IdentityAgent none
END
	# The user's own ssh configuration is not read.
	printf '#!/bin/sh\nexec %s -F %s "$@"\n' "$(command -v ssh)" "$work/ssh_config" > "$work/bin/ssh"
	# shellcheck disable=SC2016 # what the script prints is in its own environment
	printf '#!/bin/sh\necho "$PEERS_PIN"\n' > "$work/bin/askpass"
	chmod +x "$work/bin/"*
}

logged_in() {
	said "as $me"
	grep -q "Accepted publickey for $me .*RSA" "$work/sshd.log" ||
		fail "sshd has not accepted the key: $(cat "$work/sshd.log")"
	rm "$work/sshd.log"
}

login() {
	recipe ssh-keygen
	recipe ssh LOGIN="$me@localhost"
	logged_in
	done_with "ssh with the PIN from the terminal, $1"
	HOME="$work/home" PEERS_PIN=$pin SSH_ASKPASS=$work/bin/askpass SSH_ASKPASS_REQUIRE=force \
		stranger setsid -w "$work/bin/ssh" -I "$OPENUKEY_MODULE" "$me@localhost"
	logged_in
	done_with "ssh with the PIN from SSH_ASKPASS, $1"
}

make_client_key
make_sshd
both login
