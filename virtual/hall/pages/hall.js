// SPDX-License-Identifier: LGPL-2.1-or-later
// What all pages of the hall use. Written as pages of such halls are: plain scripts, no modules.

// Shows a message in the visitor's language.
function say(chinese, english) {
	var chinesePage = document.documentElement.lang == "zh";
	document.getElementById("message").textContent = chinesePage ? chinese : english;
}

function busy(yes) {
	document.getElementById("login").disabled = yes;
}

// Asks the hall what is to be signed: done({random, serverCert, serverSign})
function askChallenge(way, done) {
	var request = new XMLHttpRequest();
	request.open("GET", "/api/challenge?way=" + way, true);
	request.onload = function () {
		done(JSON.parse(request.responseText));
	};
	request.onerror = function () {
		busy(false);
		say("连不上大厅。", "The hall does not answer.");
	};
	request.send();
}

// The same, but the page stands still meanwhile.
function askChallengeNow(way) {
	var request = new XMLHttpRequest();
	request.open("GET", "/api/challenge?way=" + way, false);
	request.send();
	return JSON.parse(request.responseText);
}

// Sends a form as if the visitor had.
function post(path, fields) {
	var form = document.createElement("form"), name, input;
	form.method = "post";
	form.action = path;
	for (name in fields) {
		input = document.createElement("input");
		input.type = "hidden";
		input.name = name;
		input.value = fields[name];
		form.appendChild(input);
	}
	document.body.appendChild(form);
	form.submit();
}

function onLogin(run) {
	document.getElementById("form").onsubmit = function () {
		run();
		return false;
	};
}

var WHY = {
	challenge: ["请重新登录：这次登录已经过期或者用过了。", "Log in again: this login has been used or is too old."],
	format: ["提交的数据不正确。", "What was sent is not what it should be."],
	foreign: ["证书不是大厅认可的机构签发的。", "The certificate is of no CA that the hall knows."],
	early: ["证书还没有生效。", "The certificate is not good yet."],
	ended: ["证书已过期，请先更新。", "The certificate has ended; renew it first."],
	revoked: ["证书已吊销。", "The certificate has been revoked."],
	"no-list": ["现在查不到证书是否吊销，请稍后再试。", "Whether it was revoked is not known just now; try again later."],
	use: ["这张证书不能用来登录。", "This certificate is not for logging in."],
	signature: ["签名不正确。", "The signature is not right."],
	none: ["没有收到证书。请插好 UKEY，关闭浏览器后重试。", "No certificate came. Plug in the key, close the browser, and try again."],
	size: ["提交的数据太大。", "Too much was sent."],
	origin: ["请求来自别的网站。", "The request comes from another site."],
	missing: ["没有这个页面。", "There is no such page."]
};

document.addEventListener("DOMContentLoaded", function () {
	var reason = document.getElementById("reason"), words;
	if (reason) {
		words = WHY[reason.dataset.why] || WHY.format;
		reason.textContent = words[document.documentElement.lang == "zh" ? 0 : 1];
	}
});
