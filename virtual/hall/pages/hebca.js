// SPDX-License-Identifier: LGPL-2.1-or-later
// A login page in the shape of those of Hebei's family: text frames, one call at a time, the answer
// is evaluated. Variants: chooser (SelectSignCert, UILogin, SignText), pin (the PIN is typed into the
// page), message (P7SignB64).
var variant = document.getElementById("form").dataset.variant;
var socket = null, ready = false, calls = [], running = null;
var WORDS = {
	"-536145917": ["没有找到证书，请插好 UKEY。", "There is no certificate. Plug in the key."],
	"-536145887": ["请重新插入 UKEY。", "Take the key out and plug it in again."],
	"1003": ["没有安装证书助手。", "The certificate assistant is not installed."],
	"1004": ["证书助手没有运行。", "The certificate assistant does not run."]
};

function connect() {
	socket = new WebSocket("ws://localhost:17212/test");
	socket.onopen = function () {
		socket.send("0|" + new Date().getTime());
	};
	socket.onmessage = function (event) {
		received(String(event.data));
	};
	socket.onclose = function () {
		var lost = running;
		ready = false;
		running = null;
		document.body.dataset.socket = "closed";
		if (lost) {
			lost.done({ret: 1004});
		}
		setTimeout(connect, 1000);
	};
}

function received(text) {
	var part = text.split("|"), call = running;
	if (part[0] == "0" && text.indexOf("Welcome") > 0) {
		ready = true;
		document.body.dataset.socket = "open";
		next();
		return;
	}
	if (!call || part[1] != call.name) {
		return;
	}
	running = null;
	call.done(eval("(" + text.slice(part[0].length + part[1].length + 2) + ")"));
	next();
}

function next() {
	if (!ready || running || !calls.length) {
		return;
	}
	running = calls.shift();
	socket.send("1|" + running.name + (running.values ? "|" + JSON.stringify(running.values) : ""));
}

// call(name, values or null, done(answer))
function call(name, values, done) {
	calls.push({name: name, values: values, done: done});
	next();
}

function failed(answer) {
	var words = WORDS[answer.ret] || [answer.msg || "错误 " + answer.ret, answer.msg || "Error " + answer.ret];
	busy(false);
	say(words[0], words[1]);
	document.body.dataset.failed = answer.ret;
}

// good(answer, then): whether it went well; what went wrong is shown
function good(answer, then) {
	if (answer.ret != 0) {
		failed(answer);
		return;
	}
	then(answer);
}

// The first member that is neither ret nor msg.
function valueOf(answer) {
	var name;
	for (name in answer) {
		if (name != "ret" && name != "msg") {
			return answer[name];
		}
	}
	return "";
}

function utf8Base64(text) {
	return btoa(unescape(encodeURIComponent(text)));
}

function signed(cert, random) {
	var message = variant == "message";
	var name = message ? "P7SignB64" : "SignText";
	var values = message ? {b64data: utf8Base64(random)} : {signText: random};
	call(name, values, function (answer) {
		good(answer, function () {
			post("/login/hebca", {UserSignedData: answer.signature || valueOf(answer), UserCert: cert,
				ContainerName: document.getElementById("holder").textContent,
				Kind: message ? "message" : "signature"});
		});
	});
}

function enter(cert, random) {
	var typed = variant == "pin";
	var values = typed ? {pin: document.getElementById("pin").value} : null;
	call(typed ? "Login" : "UILogin", values, function (answer) {
		good(answer, function () {
			signed(cert, random);
		});
	});
}

function login() {
	delete document.body.dataset.failed;
	busy(true);
	say("", "");
	askChallenge("hebca", function (asked) {
		call("SelectSignCert", null, function (answer) {
			good(answer, function () {
				call("GetSubjectItem", {index: 0}, function (answer) {
					good(answer, function () {
						document.getElementById("holder").textContent = valueOf(answer);
						call("GetCertB64", null, function (answer) {
							good(answer, function () {
								enter(answer.cert || valueOf(answer), asked.random);
							});
						});
					});
				});
			});
		});
	});
}

if (variant != "pin") {
	[].forEach.call(document.querySelectorAll(".typed"), function (part) {
		part.hidden = true;
	});
}
onLogin(login);
connect();
call("GetSignCertCount", null, function (answer) {
	document.body.dataset.certs = answer.ret == 0 ? valueOf(answer) : "";
});
