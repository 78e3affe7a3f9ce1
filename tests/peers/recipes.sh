# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual page's recipes, run as a reader of the page runs them: the text is taken from the
# page, only the names at the top of its recipes (MODULE, TOKEN, KEY ...) are set here.
# Sourced; needs what jobs.sh needs, and OPENUKEY_PAGE.

# shellcheck source=tests/peers/jobs.sh
. "${PEERS:-$(dirname "$0")}/jobs.sh"

here=$(cd "${PEERS:-$(dirname "$0")}" && pwd)
site=$work/site
desk=$work/desk   # where the reader of the page sits
mkdir -p "$site" "$desk" "$work/home/.config" "$work/run" "$work/bin"
chmod 700 "$work/run"
server_pid=

# need PROGRAM...: or the test is skipped
need() {
	for program in "$@"; do
		command -v "$program" > "$work/out" || {
			echo "SKIPPED: $program is not installed"
			exit 77
		}
	done
}

# ---- a site with a CA of its own, and an RSA key with that CA's certificate on it ----

issue() { # name key-or-public-key-option file subject extensions
	printf '%s\n' "$5" > "$site/extensions"
	openssl req -new -utf8 -subj "$4" -key "$site/ca.key" -out "$site/request" 2> "$work/out"
	openssl x509 -req -in "$site/request" -CA "$site/ca.pem" -CAkey "$site/ca.key" \
		"$2" "$3" -days 30 -extfile "$site/extensions" -out "$site/$1.pem" 2> "$work/out" ||
		fail "cannot issue $1"
}

make_site() {
	openssl req -x509 -newkey rsa:2048 -nodes -utf8 -subj '/CN=Peers CA' -days 30 \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' \
		-keyout "$site/ca.key" -out "$site/ca.pem" 2> "$work/out"
	openssl genrsa -out "$site/server.key" 2048 2> "$work/out"
	openssl rsa -in "$site/server.key" -pubout -out "$site/server.pub" 2> "$work/out"
	openssl rsa -in "$FIXTURES/rsa-sign.key" -pubout -out "$work/rsa.pub" 2> "$work/out"
	issue server -force_pubkey "$site/server.pub" /CN=localhost \
		'subjectAltName=DNS:localhost,IP:127.0.0.1
extendedKeyUsage=serverAuth'
	issue client -force_pubkey "$work/rsa.pub" "/C=CN/O=$unit/CN=$unit" \
		'keyUsage=critical,digitalSignature,nonRepudiation
extendedKeyUsage=clientAuth,emailProtection,codeSigning'
	cp "$site/ca.pem" "$desk/"
}

make_client_key() {
	make_site
	"$OPENUKEY_VIRTUAL_KEY" provision --state "$work/rsa.key" --label rsa --serial PEER-rsa \
		--default-pin no --pin "$pin" --container rsa \
		--sign-key "$FIXTURES/rsa-sign.key" --sign-cert "$site/client.pem" \
		--enc-key "$FIXTURES/rsa-enc.key" --enc-cert "$FIXTURES/rsa-enc.pem"
}

site_end() {
	[ -z "$server_pid" ] || kill "$server_pid" || :
	server_pid=
	rig_end
}

# Sets PORT
start_site() {
	/usr/bin/python3 "$here/tls_server.py" "$site" > "$work/site.log" 2>&1 &
	server_pid=$!
	trap site_end EXIT
	tries=0
	while [ ! -f "$site/port" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || fail "the site does not open"
		sleep 0.05
	done
	PORT=$(cat "$site/port")
}

# Somebody came in with the key's certificate since the last time we looked.
visited() {
	grep -q "$unit" "$site/visitors" || fail "the site saw nobody: $(cat "$site/refused")"
	rm -f "$site/visitors" "$site/refused"
}

# ---- recipes ----

# recipe NAME [VARIABLE=VALUE...]: at a terminal, where the PIN is typed when it is asked for
recipe() {
	name=$1
	shift
	/usr/bin/python3 "$here/recipe.py" "$OPENUKEY_PAGE" "$name" > "$work/recipe" 2> "$work/out" ||
		fail "no recipe $name"
	if [ -n "${OPENUKEY_TEST_PRELOAD:-}" ]; then
		set -- "$@" LD_PRELOAD="$OPENUKEY_TEST_PRELOAD" \
			ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
	fi
	(cd "$desk" && HOME=$work/home exec /usr/bin/python3 "$here/at_terminal.py" "$pin" 60 \
		env XDG_CONFIG_HOME="$work/home/.config" XDG_RUNTIME_DIR="$work/run" PATH="$work/bin:$PATH" LC_ALL=C.UTF-8 \
		MODULE="$OPENUKEY_MODULE" TOKEN="pkcs11:token=VIRTUAL%20rsa" \
		KEY="$(uri rsa private)" CERT="$(uri rsa cert)" \
		SITE="https://localhost:${PORT:-0}/" HOST=localhost PORT="${PORT:-0}" \
		"$@" sh -eux "$work/recipe") > "$work/out" 2>&1 || fail "the page's recipe $name (exit $?)"
}

# curl, gnutls-cli, and p11tool with p11-kit's client hang with AddressSanitizer's runtime, whatever
# the module: the C library's lock for locales is broken then.
hangs_with_sanitizer() {
	[ -n "${OPENUKEY_TEST_PRELOAD:-}" ]
}

# both JOB: with the RSA key alone, and again with an SM2 key in the reader before it
both() {
	rig_start 2
	rig_plug 1 "$work/rsa.key"
	"$1" "alone"
	make_key sm2
	rig_plug 0 "$work/sm2.key"
	"$1" "beside an SM2 key"
}
