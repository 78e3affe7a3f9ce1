#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The module among p11-kit's: by its configuration, through its proxy, its server and its remote
# command, as the manual page tells it.
set -eu
# shellcheck source=tests/peers/recipes.sh
. "$(dirname "$0")/recipes.sh"
need p11-kit p11tool pkcs11-tool pkg-config unshare
modules=$work/home/.config/pkcs11/modules
mkdir -p "$modules" "$work/far"

# p11-kit reads no user's configuration as root: there the user's folder stands in for the
# system's, for these programs only.
cat > "$work/bin/sh" <<END
#!/bin/sh
exec unshare --mount $([ "$(id -u)" -eq 0 ] || echo --user --map-root-user) /bin/sh -c '
	mount --bind "$modules" "$(pkg-config --variable=p11_module_configs p11-kit-1)" &&
	exec /bin/sh "\$@"' sh "\$@"
END
# For "p11-kit remote": the other machine is this one.
printf '#!/bin/sh\nshift\nexec "$@"\n' > "$work/bin/ssh"
chmod +x "$work/bin/"*

p11kit() {
	cp "$work/data" "$desk/letter.txt"
	recipe p11-kit LABEL="VIRTUAL rsa" ID="$(id_of rsa)"
	said "VIRTUAL rsa"
	verify_rsa "$desk/letter.sig" "p11-kit's proxy"
	done_with "p11-kit's proxy, $1"
	rm "$modules/openukey.module"

	! hangs_with_sanitizer || return 0
	recipe "p11-kit server"
	said "Verifying against public key in the token... ok"
	done_with "p11-kit server, $1"
	recipe "p11-kit remote" LOGIN=far
	said "Verifying against public key in the token... ok"
	done_with "p11-kit remote, $1"
}

make_client_key
both p11kit
