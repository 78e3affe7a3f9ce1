// SPDX-License-Identifier: LGPL-2.1-or-later
// A login page in the shape of those of Beijing's family. The variants are habits of real pages:
//   both        an array "param" and param_1 ... param_n, ids "i_N"
//   params      param_1 ... param_n only
//   array       the array only; asks for the certificate again right after the login
//   typed       each argument is followed by its type, ids are bare numbers
//   number-pin  the PIN goes as a number
//   serial      the certificate's id is cut at "/" and only the key's serial number is passed back
//   cookie      an old one: the page's cookies go along
//   once        asks for the list on loading, and never again
//   message     a signed message (PKCS #7) instead of a signature
//   blocking    /synctl, by requests that stop the page
var CLSID = "{3F367B74-92D9-4C5E-AB93-234F8A91D5E6}";
var variant = document.getElementById("form").dataset.variant;
var secure = location.protocol == "https:";
var token = "";

// ---- the socket: calls wait until it is open ----

var socket = null, open = false, waiting = [], asked = {}, number = 0, events = 0;

function typeOf(value) {
	return typeof value == "number" ? "LONG" : typeof value == "boolean" ? "BOOL" : "BSTR";
}

function request(name, values) {
	var message = {xtx_func_name: name, func: name, CLSID: CLSID, URL: location.href};
	var list = [], i;
	for (i = 0; i < values.length; i++) {
		list.push(values[i]);
		if (variant == "typed") {
			list.push(typeOf(values[i]));
		}
	}
	number++;
	message.call_cmd_id = variant == "typed" ? String(number) : "i_" + number;
	if (variant != "params" && variant != "typed") {
		message.param = list;
	}
	for (i = 0; variant != "array" && i < list.length; i++) {
		message["param_" + (i + 1)] = list[i];
	}
	if (variant == "cookie") {
		message.cookie = document.cookie;
	}
	if (token) {
		message.token = token;
	}
	return message;
}

// call(name, values, done(value))
function call(name, values, done) {
	var message = request(name, values);
	asked[message.call_cmd_id] = {name: name, done: done};
	waiting.push(JSON.stringify(message));
	flush();
}

function flush() {
	while (open && waiting.length) {
		socket.send(waiting.shift());
	}
}

function answered(event) {
	var reply = JSON.parse(event.data), call = asked[reply.call_cmd_id];
	if (reply.call_cmd_id == "onUsbkeyChange") {
		events++;
		document.body.dataset.events = events;
		if (variant != "once") {
			fillList();
		}
		return;
	}
	if (!call) {
		return;
	}
	delete asked[reply.call_cmd_id];
	keepToken(call.name, reply);
	call.done(reply.retVal === undefined ? reply.retValue : reply.retVal);
}

function keepToken(name, reply) {
	if (reply.token) {
		token = reply.token;
	}
	if (reply.loginError || name == "SOF_Logout") {
		token = "";
	}
}

function connect() {
	socket = new WebSocket(secure ? "wss://127.0.0.1:21061/xtxapp/" : "ws://127.0.0.1:21051/xtxapp/");
	socket.onopen = function () {
		open = true;
		document.body.dataset.socket = "open";
		flush();
	};
	socket.onmessage = answered;
	socket.onclose = function () {
		if (!open) {
			say("证书助手没有运行。", "The certificate assistant does not run.");
		}
		open = false;
		document.body.dataset.socket = "closed";
		setTimeout(connect, 1000);
	};
}

// ---- the same by requests that stop the page ----

function callNow(name, values, done) {
	var where = (secure ? "https://127.0.0.1:21061" : "http://127.0.0.1:21051") + "/synctl";
	var body = {url: location.href, clsid: CLSID, func: name, param: values};
	var sent = new XMLHttpRequest(), reply;
	if (token) {
		body.token = token;
	}
	sent.open("POST", where, false);
	try {
		sent.send(JSON.stringify(body));
		reply = JSON.parse(sent.responseText);
	} catch (error) {
		busy(false);
		say("证书助手没有运行。", "The certificate assistant does not run.");
		return;
	}
	keepToken(name, reply);
	done(reply.retVal === undefined ? reply.retValue : reply.retVal);
}

if (variant == "blocking") {
	call = callNow;
} else {
	connect();
	setInterval(function () {
		if (open) {
			call("SOF_GetVersion", [], function () {});
		}
	}, 10000);
}

// ---- the page ----

function yes(value) {
	return value === true || value == "true";
}

// "name||id&&&name||id&&&"
function fillList() {
	call("SOF_GetUserList", [], function (text) {
		var list = document.getElementById("certs"), users = String(text || "").split("&&&"), i, part;
		list.innerHTML = "";
		for (i = 0; i < users.length; i++) {
			part = users[i].split("||");
			if (part.length == 2) {
				list.add(new Option(part[0], part[1]));
			}
		}
		document.body.dataset.certs = list.options.length;
		if (list.options.length) {
			say("", "");
		} else {
			say("没有找到证书，请插好 UKEY。", "There is no certificate. Plug in the key.");
		}
	});
}

function chosenId() {
	var id = document.getElementById("certs").value;
	return variant == "serial" ? id.split("/")[1] : id;
}

function pinOf() {
	var pin = document.getElementById("pin").value;
	return variant == "number-pin" ? Number(pin) : pin;
}

function failed(chinese, english) {
	busy(false);
	say(chinese, english);
	document.body.dataset.failed = english;
}

// "YYYYMMDDhhmmss" of the certificate's end
function daysLeft(text) {
	var end = new Date(text.slice(0, 4), text.slice(4, 6) - 1, text.slice(6, 8));
	return Math.floor((end - new Date()) / 86400000);
}

function refusedPin(id) {
	call("SOF_GetPinRetryCount", [id], function (left) {
		document.body.dataset.left = left;
		if (Number(left) == 0) {
			failed("证书密码已锁定，请联系 CA。", "The PIN is locked; ask the CA.");
		} else {
			failed("证书密码不正确，还可以再试 " + left + " 次。",
				"The PIN is not right, " + left + " tries are left.");
		}
	});
}

function signed(id, cert, random) {
	var name = variant == "message" ? "SOF_SignMessage" : "SOF_SignData";
	var values = variant == "message" ? [0, id, random] : [id, random];
	call(name, values, function (signature) {
		if (!signature) {
			failed("签名没有成功。", "It was not signed.");
			return;
		}
		post("/login/bjca", {UserSignedData: signature, UserCert: cert, ContainerName: id,
			Kind: variant == "message" ? "message" : "signature"});
	});
}

function login() {
	var id = chosenId();
	delete document.body.dataset.failed;
	delete document.body.dataset.left;
	if (!id) {
		failed("请选择证书。", "Choose a certificate.");
		return;
	}
	busy(true);
	say("", "");
	ask(function (asked) {
		call("SOF_ExportUserCert", [id], function (cert) {
			if (!cert) {
				failed("读不到证书。", "The certificate cannot be read.");
				return;
			}
			checked(id, cert, asked);
		});
	});
}

function ask(done) {
	if (variant == "blocking") {
		done(askChallengeNow("bjca"));
	} else {
		askChallenge("bjca", done);
	}
}

function checked(id, cert, asked) {
	call("SOF_GetCertInfo", [cert, 12], function (end) {
		var days = daysLeft(String(end));
		document.body.dataset.days = days;
		if (days <= 60) {
			say("证书还有 " + days + " 天到期。", "The certificate ends in " + days + " days.");
		}
		call("SOF_VerifySignedData", [asked.serverCert, asked.random, asked.serverSign], function (good) {
			if (!yes(good)) {
				failed("大厅的签名不正确。", "The hall's signature is not right.");
				return;
			}
			call("SOF_Login", [id, pinOf()], function (inside) {
				if (yes(inside)) {
					signed(id, cert, asked.random);
				} else {
					refusedPin(id);
				}
			});
		});
	});
}

onLogin(login);
fillList();
