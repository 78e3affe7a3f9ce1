// SPDX-License-Identifier: LGPL-2.1-or-later
// The popup of the button, and the page of settings: the bridge's state, this site, all sites.
import { api } from "./api.js";
import { originOf, patternOf } from "./sites.js";

const part = (id) => document.getElementById(id);
const text = (name, ...words) => api.i18n.getMessage(name, words);

async function request(members) {
  const { value, error } = await api.runtime.sendMessage(members);
  if (error !== undefined)
    throw new Error(error);
  return value;
}

function showProgram({ version, problem }) {
  const line = part("program");
  line.classList.toggle("bad", version === undefined);
  line.textContent = version !== undefined ? text("programRuns", version)
    : problem ? text("programMissingWhy", problem) : text("programMissing");
}

// The browser asks the person; whether this popup outlives the question is the browser's choice,
// so the background finishes what is noted here. Nothing may be awaited before the question.
function allow(site) {
  api.storage.local.set({ asked: site });
  api.permissions.request({ origins: [patternOf(site.origin)] }).then((given) => {
    if (!given)
      api.storage.local.remove("asked");
    else
      setTimeout(show, 200);
  }, () => api.storage.local.remove("asked"));
}

async function thisSite(sites) {
  const [tab] = await api.tabs.query({ active: true, currentWindow: true });
  const origin = originOf(tab?.url);
  part("here").hidden = origin === null;
  if (origin === null)
    return;
  const known = sites.find((site) => site.origin === origin);
  const served = known?.permitted === true;
  part("here-site").textContent = origin;
  part("here-state").textContent = text(served ? "siteAllowed" : "siteNotAllowed");
  part("allow").hidden = part("allow-means").hidden = served;
  part("allow").onclick = () => allow({ origin, tab: tab.id });
  if (!served)
    part("allow").focus();
}

function row(site) {
  const line = part("row").content.cloneNode(true);
  const find = (selector) => line.querySelector(selector);
  const [box, give, take] = [find("input"), find(".allow"), find(".withdraw")];
  find(".site").textContent = site.origin;
  find(".note").textContent = !site.permitted ? text("permissionMissing")
    : site.administrator ? text("fromAdministrator") : "";
  box.checked = site.control === true;
  box.disabled = site.administrator === true;
  box.setAttribute("aria-label", text("controlOf", site.origin));
  box.onchange = () => request({ request: "setControl", origin: site.origin, on: box.checked });
  give.hidden = site.permitted;
  give.setAttribute("aria-label", text("allowSite", site.origin));
  give.onclick = () => allow({ origin: site.origin });
  take.hidden = site.administrator === true;
  take.setAttribute("aria-label", text("withdrawSite", site.origin));
  take.onclick = async () => {
    await request({ request: "withdraw", origin: site.origin });
    await show();
    part("sites-title").focus();
  };
  return line;
}

function translate(root) {
  for (const element of root.querySelectorAll("[data-text]"))
    element.textContent = text(element.dataset.text);
}

async function show() {
  const { program, sites } = await request({ request: "state" });
  showProgram(program);
  await thisSite(sites);
  part("none").hidden = sites.length > 0;
  part("sites").replaceChildren(...sites.map(row));
}

document.documentElement.lang = api.i18n.getUILanguage();
document.title = text("name");
translate(document);
translate(part("row").content);
part("sites-title").tabIndex = -1;
show();
