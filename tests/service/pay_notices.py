# SPDX-License-Identifier: LGPL-2.1-or-later
"""Payment notices made as WeChat Pay (v3) and Alipay make them, and what we know of both providers."""
import base64
import ctypes
import ctypes.util
import json
import subprocess
import time
import urllib.parse
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

API_KEY = "0123456789abcdef0123456789ABCDEF"
MERCHANT, APP, SELLER = "1900000001", "wx0123456789abcdef", "2088000000000000"
GCM_SET_TAG_LEN, GCM_GET_TAG = 16, 0x10


def aes_gcm(key, nonce, about, plain):
    """Cipher text and tag; the openssl program does not do this mode."""
    lib = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    lib.EVP_CIPHER_CTX_new.restype = lib.EVP_aes_256_gcm.restype = ctypes.c_void_p
    ctx = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new())
    out, tag = ctypes.create_string_buffer(len(plain) + 16), ctypes.create_string_buffer(16)
    length = ctypes.c_int()
    assert lib.EVP_EncryptInit_ex(ctx, ctypes.c_void_p(lib.EVP_aes_256_gcm()), None, key, nonce) == 1
    assert lib.EVP_EncryptUpdate(ctx, None, ctypes.byref(length), about, len(about)) == 1
    assert lib.EVP_EncryptUpdate(ctx, out, ctypes.byref(length), plain, len(plain)) == 1
    assert lib.EVP_EncryptFinal_ex(ctx, None, ctypes.byref(length)) == 1
    assert lib.EVP_CIPHER_CTX_ctrl(ctx, GCM_GET_TAG, GCM_SET_TAG_LEN, tag) == 1
    lib.EVP_CIPHER_CTX_free(ctx)
    return out.raw[:len(plain)] + tag.raw


class Providers:
    """Both of them: their keys, and the rules for whoever verifies, in that folder."""
    made = {}  # keys, once for all tests

    def __init__(self, folder):
        self.folder = Path(folder)
        for name in ("platform", "next", "thief", "alipay"):
            key = self.folder / f"{name}.key"
            if name not in self.made:
                self.made[name] = self.openssl("genpkey", "-algorithm", "RSA")
            key.write_bytes(self.made[name])
            self.openssl("pkey", "-in", str(key), "-pubout", "-out", str(key.with_suffix(".pem")))
        api_key = self.folder / "api-v3"
        api_key.write_text(API_KEY + "\n")
        api_key.chmod(0o600)
        (self.folder / "wechat.json").write_text(json.dumps({
            "form": "wechatpay-v3", "public_keys": ["platform.pem", "next.pem"],
            "api_key_file": "api-v3", "mchid": MERCHANT, "appid": APP}))
        (self.folder / "alipay.json").write_text(json.dumps({
            "form": "alipay", "public_keys": ["alipay.pem"], "app_id": APP, "seller_id": SELLER}))

    @staticmethod
    def openssl(*words, data=None):
        return subprocess.run(("openssl", *words), input=data, check=True, capture_output=True).stdout

    def sign(self, key, data):
        return self.openssl("dgst", "-sha256", "-sign", str(self.folder / f"{key}.key"), data=data)

    def wechat(self, reference, amount, **more):
        """(headers, body); more: what is different this time."""
        inside = json.dumps({
            "mchid": more.get("mchid", MERCHANT), "appid": APP, "out_trade_no": reference,
            "transaction_id": "4200000001", "trade_type": "NATIVE",
            "trade_state": more.get("state", "SUCCESS"), "success_time": "2026-11-22T16:00:00+08:00",
            "amount": {"total": amount, "payer_total": amount, "currency": more.get("currency", "CNY"),
                       "payer_currency": "CNY"}}).encode()
        nonce = uuid.uuid4().hex[:12]
        sealed = aes_gcm(more.get("api_key", API_KEY).encode(), nonce.encode(), b"transaction", inside)
        body = json.dumps({
            "id": more.get("notice", str(uuid.uuid4())), "create_time": "2026-11-22T16:00:00+08:00",
            "resource_type": "encrypt-resource", "event_type": more.get("event", "TRANSACTION.SUCCESS"),
            "summary": "支付成功",
            "resource": {"original_type": "transaction", "algorithm": "AEAD_AES_256_GCM",
                         "ciphertext": base64.b64encode(sealed).decode(),
                         "associated_data": "transaction", "nonce": nonce}},
            ensure_ascii=False).encode()
        stamp, word = str(int(more.get("at", time.time()))), uuid.uuid4().hex
        signed = f"{stamp}\n{word}\n".encode() + body + b"\n"
        signature = self.sign(more.get("key", "platform"), signed)
        return {"Content-Type": "application/json", "Wechatpay-Timestamp": stamp,
                "Wechatpay-Nonce": word, "Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A7200000001",
                "Wechatpay-Signature": base64.b64encode(signature).decode()}, body

    def alipay(self, reference, amount, **more):
        beijing = datetime.fromtimestamp(more.get("at", time.time()), timezone(timedelta(hours=8)))
        fields = {"notify_time": beijing.strftime("%Y-%m-%d %H:%M:%S"), "notify_type":
                  "trade_status_sync", "notify_id": more.get("notice", uuid.uuid4().hex + "gj2"),
                  "charset": "utf-8", "version": "1.0", "app_id": APP, "trade_no": "2026112222001",
                  "out_trade_no": reference, "seller_id": more.get("seller", SELLER),
                  "trade_status": more.get("state", "TRADE_SUCCESS"), "subject": "证书更新 & 服务费+1",
                  "total_amount": amount, "fund_bill_list":
                  '[{"amount":"220.00","fundChannel":"ALIPAYACCOUNT"}]', **more.get("fields", {})}
        signed = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        fields["sign"] = base64.b64encode(
            self.sign(more.get("key", "alipay"), signed.encode())).decode()
        fields["sign_type"] = more.get("sign_type", "RSA2")
        return ({"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
                urllib.parse.urlencode(fields).encode())


def kept(provider, headers, body):
    """As openukey-certd passes it on to openukey-issuerd."""
    if provider == "alipay":
        return {"provider": provider, "timestamp": "-", "body": body.decode(), "signature": ""}
    return {"provider": provider, "body": body.decode(),
            "timestamp": f"{headers['Wechatpay-Timestamp']}:{headers['Wechatpay-Nonce']}",
            "signature": base64.b64decode(headers["Wechatpay-Signature"]).hex()}
