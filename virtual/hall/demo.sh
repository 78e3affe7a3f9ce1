# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The chapter of ./demo that needs the hall. Sourced by it; its variables are used.
# shellcheck disable=SC2154

# hall WORD...: the rehearsal's hall
hall() {
	"$HALL" --state "$STATE/hall" "$@"
}

# hall_login KEY: a fresh text from the hall is signed by the key and handed in
hall_login() {
	local key=$1

	rm -f 登录.txt 登录.txt.sig
	show_command "openukey-rehearsal-hall challenge > 登录.txt"
	hall challenge >登录.txt || give_up "大厅没有给出待签文本。" "the hall gave nothing to sign."
	show_command ukey sign --token "$key" --raw 登录.txt
	with_pins 0 "$NEW_PIN" ukey sign --token "$key" --raw --pin-fd 3 登录.txt
	expect 0 ukey export --token "$key" --force --out 登录.crt
	show_command openukey-rehearsal-hall login --cert 登录.crt --signature 登录.txt.sig
	expect 0 hall login --cert 登录.crt --signature 登录.txt.sig
}

story_hall() {
	chapter "登录网上大厅" "Log in to a hall"
	quietly hall start --ca "$STATE/ca-rsa" --ca "$STATE/ca-sm2" --without-nginx
	say "大厅给出一段随机文本，UKEY 签名；大厅核对证书链、有效期、吊销列表和签名。" \
		"The hall gives a random text, the key signs it; the hall checks chain, validity, revocation and signature."
	hall_login "$RSA_KEY"
	hall_login "$SM2_KEY"
	say "同一个签名再交一次，大厅不认：" "The same signature once more is refused:"
	show_command openukey-rehearsal-hall login --cert 登录.crt --signature 登录.txt.sig
	expect 1 hall login --cert 登录.crt --signature 登录.txt.sig
	say "用浏览器看大厅：$(hall url)（先让浏览器信任 demo-state/ca-rsa/root.crt）" \
		"The hall in a browser: $(hall url) (which must trust demo-state/ca-rsa/root.crt first)"
	pause
}
