// SPDX-License-Identifier: LGPL-2.1-or-later
// A login page in the shape of Xinjiang's: a control made by name, the hall's password and the PIN.
// Every call of the control stops the page until it is answered.
var HALL_PASSWORD = "88888888", GOOD = 10000;
var control = null;

// The two makers' controls have different names and the same methods.
function findControl() {
	var names = ["xjcaTechATL.xjcaTech", "XjcaFgwATL.XjcaFgw"], i;
	for (i = 0; i < names.length && !control; i++) {
		try {
			control = new ActiveXObject(names[i]);
		} catch (error) {
			control = null;
		}
	}
	document.body.dataset.control = control ? "yes" : "no";
}

function failed(chinese, english) {
	busy(false);
	say(chinese, english);
	document.body.dataset.failed = english;
}

function part(xml, name) {
	var found = new DOMParser().parseFromString(xml, "text/xml").getElementsByTagName(name)[0];
	return found ? found.textContent : "";
}

function holderName(dn) {
	var hit = /(?:^|,)\s*CN=([^,]*)/.exec(dn);
	return hit ? hit[1] : "";
}

function login() {
	var asked, name, answer;
	delete document.body.dataset.failed;
	findControl();
	if (!control || !control.XJCA_CspInstalled()) {
		failed("没有安装数字证书客户端。", "The certificate client is not installed.");
		return;
	}
	if (document.getElementById("password").value != HALL_PASSWORD) {
		failed("大厅密码不正确。", "The hall's password is not right.");
		return;
	}
	if (control.XJCA_KeyInsert() != GOOD) {
		failed("请插好 UKEY。", "Plug in the key.");
		return;
	}
	busy(true);
	name = holderName(control.XJCA_GetCertDN());
	document.body.dataset.serial = control.XJCA_GetCertSN();
	if (control.XJCA_VerifyPin(document.getElementById("pin").value) != GOOD) {
		failed("UKEY 密码不正确。", "The PIN is not right.");
		return;
	}
	asked = askChallengeNow("xjca");
	answer = control.XJCA_CertAuth(location.origin + "/login/xjca?random=" + asked.random,
		"housing-fund", name);
	if (part(answer, "success") != "true") {
		failed("没有登录。", "Not logged in.");
		return;
	}
	post("/login/xjca", {UserSignedData: part(answer, "signature"), UserCert: part(answer, "cert"),
		ContainerName: document.body.dataset.serial, Name: name});
}

onLogin(login);
findControl();
