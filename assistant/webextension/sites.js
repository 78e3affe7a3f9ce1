// SPDX-License-Identifier: LGPL-2.1-or-later
// Which sites may reach the key: exact origins that the person allowed here, or that the
// administrator put into sites.json. Each also needs the browser's permission for its host; ports are
// told apart here only, as Firefox's permissions do not know them.
import { api } from "./api.js";

let packed = null;
let order = Promise.resolve();

// One change of the list after the other.
function inOrder(job) {
  order = order.then(job, job);
  return order;
}

/** The origin of an http or https address, null for others. */
export function originOf(address) {
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) && url.hostname !== "" ? url.origin : null;
  } catch {
    return null;
  }
}

/** The permission that a site needs; an IPv6 host keeps its brackets. */
export function patternOf(origin) {
  const url = new URL(origin);
  return `${url.protocol}//${url.hostname}/*`;
}

async function packedSites() {
  packed ??= (await (await fetch(api.runtime.getURL("sites.json"))).json())
    .map(({ origin, control }) => ({ origin, control: control === true, administrator: true }));
  return packed;
}

async function ownSites() {
  const { sites } = await api.storage.local.get({ sites: [] });
  return sites;
}

function permitted(site) {
  return api.permissions.contains({ origins: [patternOf(site.origin)] });
}

/** Each site with .permitted: whether the browser lets us in. */
export async function all() {
  const sites = [...await packedSites()];
  for (const site of await ownSites()) {
    if (!sites.some(({ origin }) => origin === site.origin))
      sites.push(site);
  }
  return Promise.all(sites.map(async (site) => ({ ...site, permitted: await permitted(site) })));
}

async function allowed() {
  return (await all()).filter((site) => site.permitted);
}

/** Whether a page of that origin is served. */
export async function isAllowed(origin) {
  return origin !== null && (await allowed()).some((site) => site.origin === origin);
}

function scripts(sites) {
  const matches = (some) => [...new Set(some.map(({ origin }) => patternOf(origin)))].sort();
  const common = { allFrames: true, runAt: "document_start" };
  return [
    { id: "relay", js: ["relay.js"], matches: matches(sites), ...common },
    { id: "page", js: ["page.js"], matches: matches(sites), world: "MAIN", ...common },
    { id: "control", js: ["control.js"], matches: matches(sites.filter(({ control }) => control)),
      world: "MAIN", ...common },
  ].filter((script) => script.matches.length > 0);
}

function same(a, b) {
  const words = (list) => JSON.stringify(list.map(({ id, matches }) => [id, [...matches].sort()])
    .sort());
  return words(a) === words(b);
}

async function registerNow() {
  const wanted = scripts(await allowed());
  const present = await api.scripting.getRegisteredContentScripts();
  if (same(wanted, present))
    return;
  if (present.length > 0)
    await api.scripting.unregisterContentScripts();
  if (wanted.length > 0)
    await api.scripting.registerContentScripts(wanted);
}

/** Lets our scripts into the pages of allowed sites, and into no other. */
export function register() {
  return inOrder(registerNow);
}

// The popup may be gone when the browser has asked: it left the site's origin behind.
async function takeAsked() {
  const { asked, sites } = await api.storage.local.get({ asked: null, sites: [] });
  if (asked === null || !await permitted(asked))
    return null;
  if (!sites.some(({ origin }) => origin === asked.origin))
    sites.push({ origin: asked.origin, control: false });
  await api.storage.local.remove("asked");
  await api.storage.local.set({ sites });
  return asked;
}

/** The browser gave a permission: the site that the popup asked for is allowed from now on. */
export function onPermission() {
  return inOrder(async () => {
    const asked = await takeAsked();
    await registerNow();
    if (asked?.tab !== undefined)
      api.tabs.reload(asked.tab).catch(() => {});
  });
}

/** Takes a site off the list, and its host's permission when no other site needs it. */
export function withdraw(origin) {
  return inOrder(async () => {
    const sites = (await ownSites()).filter((site) => site.origin !== origin);
    await api.storage.local.set({ sites });
    const pattern = patternOf(origin);
    if (!(await all()).some((site) => patternOf(site.origin) === pattern))
      await api.permissions.remove({ origins: [pattern] });
    await registerNow();
  });
}

/** Whether pages of the site get the object in the shape of XJCA's control. */
export function setControl(origin, on) {
  return inOrder(async () => {
    const sites = await ownSites();
    const site = sites.find((one) => one.origin === origin);
    if (site === undefined)
      return;
    site.control = on === true;
    await api.storage.local.set({ sites });
    await registerNow();
  });
}
