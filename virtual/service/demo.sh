# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The chapters of ./demo that need the certificate service. Sourced by it; its variables are used.
# shellcheck disable=SC2154

# service WORD...: the rehearsal's certificate service, its operators, bank and inbox
service() {
	"$SERVICE" --state "$STATE/service" "$@"
}

start_certificates() {
	service start --port 0 --ca "$STATE/ca-sm2" >"$STATE/service.log" 2>&1 || {
		cat "$STATE/service.log" >&2
		give_up "演练用的证书服务没有启动。" "the rehearsal's certificate service did not start."
	}
	eval "$(environment)"
}

# The certificate service as it was when the keys were handed over.
restore_service() {
	[ ! -d "$STATE/service" ] || quietly service stop
	rm -rf "$STATE/service" "$STATE/data"
	cp -R "$STATE/service.fresh" "$STATE/service"
	start_certificates
}

# What the person in the story types into forms.
write_form() {
	printf '%s\n' legal_name=李四 legal_phone=13800138000 handler_name=张三 \
		handler_phone=13700137000 >"$STATE/form"
}

story_unlock() {
	local code

	chapter "CA 用短信授权码解锁" "The CA unlocks it, with a code by text message"
	say "先申请。单位名称和代码来自证书，其余由演示代为填写。" \
		"First the application. Unit and code come from the certificate; the demo types the rest."
	write_form
	show_command ukey unlock --token "$SM2_KEY"
	expect 0 ukey unlock --token "$SM2_KEY" --form "$STATE/form" </dev/null
	say "法定代表人的手机收到了授权码（演练用的收件箱）：" \
		"The legal representative's telephone has got the code (the rehearsal's inbox):"
	code=$(service inbox last --code) || give_up "没有收到授权码。" "no code came."
	show_command openukey-rehearsal-service inbox
	expect 0 service inbox last
	say "填写授权码，再输入两次新密码。新密码只有 UKEY 知道，CA 也不知道。" \
		"The code and, twice, the new PIN, which nobody but the key will know, not even the CA."
	show_command ukey unlock --token "$SM2_KEY"
	with_pins 0 "$code $AFTER_PIN" ukey unlock --token "$SM2_KEY" --code-fd 3 --new-pin-fd 4
	show_command ukey pin test --token "$SM2_KEY"
	with_pins 0 "$AFTER_PIN" ukey pin test --token "$SM2_KEY" --pin-fd 3
	say "证书都还在，签名照常：" "The certificates are still there, and signing works:"
	with_pins 0 "$AFTER_PIN" ukey sign --token "$SM2_KEY" --raw --force --pin-fd 3 缴存清册.txt
	verify_sm2 0 缴存清册.txt
	pause
}

# A letter for the certificate that is about to be replaced.
encrypt_letter() {
	local key

	say "先用旧的加密证书加密一份文件，更新以后再打开。" \
		"First a letter is encrypted to the old certificate, to be opened after the renewal."
	expect 0 ukey export --token "$SM2_KEY" --cert "$OLD_ENCRYPTION" --force --out old.crt
	expect 0 openssl x509 -in old.crt -noout -pubkey -out old.pub
	printf '%s\n' "$UNIT 的旧文件 / an old letter" >letter.txt
	openssl rand -out letter.key 16
	key=$(od -An -v -tx1 letter.key | tr -d ' \n')
	show_command openssl pkeyutl -encrypt -pubin -inkey old.pub -in letter.key -out letter.key.enc
	expect 0 openssl pkeyutl -encrypt -pubin -inkey old.pub -in letter.key -out letter.key.enc
	expect 0 openssl enc -sm4-cbc -K "$key" -iv "$ZEROS" -in letter.txt -out letter.enc
	rm letter.key letter.txt
}

open_letter() {
	say "旧的加密密钥还在 UKEY 里，旧文件照样能打开：" \
		"The old encryption key is still on the UKEY, and the old letter opens:"
	show_command open_letter.py letter.enc
	with_pins 0 "$AFTER_PIN" /usr/bin/python3 "$HOUSE/virtual/rehearsal/open_letter.py" "$MODULE" \
		"$SM2_KEY" "$OLD_ENCRYPTION" letter.key.enc letter.enc
}

story_renew() {
	chapter "更新证书，写入同一个 UKEY" "The certificate is renewed, onto the same key"
	encrypt_letter
	say "更新时只能插一个 UKEY，所以先拔出另一个。" "Only one key may be plugged in for this, so the other one is pulled."
	"$REHEARSAL" pull "$rig" 0
	say "证书快到期了。每份文本单独同意；然后扫码付款。（演示代为阅读和同意。）" \
		"It ends soon. Each text is agreed to on its own; then comes the payment. (The demo reads and agrees.)"
	show_command ukey renew --token "$SM2_KEY"
	expect 0 ukey renew --token "$SM2_KEY" --form "$STATE/form" --agree agreement \
		--agree privacy --agree risk --years 1 </dev/null
	say "付款，由银行通知 CA；再提交审核，由两名操作员各自签名批准。" \
		"The bank tells the CA of the payment; the order is handed in, and two operators approve it by signature."
	show_command openukey-rehearsal-service pay
	expect 0 service pay last
	show_command ukey renew --token "$SM2_KEY"
	expect 0 ukey renew --token "$SM2_KEY" </dev/null
	show_command openukey-rehearsal-service approve
	expect 0 service approve last
	say "写入 UKEY：新密钥对在 UKEY 里生成，旧的加密密钥保留。中断了可以从停下的地方继续。" \
		"Onto the key: the new pair is made inside it, old encryption keys stay. Interrupted, it goes on where it stopped."
	show_command ukey renew --token "$SM2_KEY"
	with_pins 0 "$AFTER_PIN" ukey renew --token "$SM2_KEY" --pin-fd 3
	show_command ukey list --token "$SM2_KEY"
	expect 0 ukey list --token "$SM2_KEY"
	open_letter
	plug 0 "$STATE/$RSA_KEY.key"
	pause
}
