// SPDX-License-Identifier: LGPL-2.1-or-later
// The origin-bound login, by the module that halls are given.
import { login, isAvailable } from "/openukey-login.js";

document.body.dataset.available = isAvailable() ? "yes" : "no";

async function enter() {
	delete document.body.dataset.failed;
	busy(true);
	say("", "");
	const asked = await (await fetch("/api/challenge?way=modern")).json();
	try {
		const token = await login({ challenge: asked.random });
		const answer = await fetch("/login/modern", { method: "POST", body: JSON.stringify(token) });
		const told = await answer.json();
		if (answer.ok) {
			location.href = told.next;
			return;
		}
		const words = WHY[told.error] || WHY.format;
		say(words[0], words[1]);
		document.body.dataset.failed = told.error;
	} catch (error) {
		if (error.code === "NO_EXTENSION") {
			say("没有安装 OpenUKey 扩展，或者还没有在扩展里允许本站。",
				"The OpenUKey extension is not installed, or this site is not allowed in it.");
		} else if (error.code !== "CANCELLED") {
			say("没有登录：" + error.message, "Not logged in: " + error.message);
		}
		document.body.dataset.failed = error.code;
	}
	busy(false);
}

onLogin(enter);
document.body.dataset.ready = "yes";
