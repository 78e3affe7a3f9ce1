// SPDX-License-Identifier: LGPL-2.1-or-later
// The one connection to openukey-bridge; frames as in README.md.
import { api, browserName } from "./api.js";

const HOST = "org.openukey.bridge";
const PROTOCOL = 1;
const IDLE_MS = 20000;

let port = null;
let greeting = null; // a promise of the bridge's answer to hello
let problem = null; // the browser's words for why there is no bridge
let lastId = 0;
let idle = null;
let waiting = new Map(); // id -> { resolve, reject }
let onPush = () => {};
let onGone = () => {};
let inUse = () => false;

/** Who is told of events, of the end of the connection, and asked whether it is needed. */
export function setListeners(listeners) {
  ({ onPush, onGone, inUse } = listeners);
}

function problemWith(code, message, result) {
  return Object.assign(new Error(message), { code, result });
}

function receive(frame) {
  if (typeof frame.push === "string") {
    onPush(frame.page, frame.push);
    return;
  }
  const question = waiting.get(frame.id);
  if (question === undefined)
    return;
  waiting.delete(frame.id);
  if (frame.error !== undefined)
    question.reject(problemWith(String(frame.error.code), String(frame.error.message),
      frame.result));
  else
    question.resolve(frame.result);
}

function gone(message) {
  const open = waiting;
  port = null;
  problem = message;
  waiting = new Map();
  for (const { reject } of open.values())
    reject(problemWith("NO_BRIDGE", message));
  onGone();
}

function connect() {
  const mine = api.runtime.connectNative(HOST);
  port = mine;
  problem = null;
  mine.onMessage.addListener(receive);
  mine.onDisconnect.addListener(() => {
    // Chromium says it in lastError, Firefox at the port; reading it is how it is taken note of.
    const message = api.runtime.lastError?.message ?? mine.error?.message ?? "";
    if (port === mine)
      gone(message);
  });
  greeting = send({ hello: PROTOCOL, version: api.runtime.getManifest().version,
    browser: browserName });
  greeting.catch(() => {}); // the questions behind it fail as well
}

function send(members) {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    try {
      port.postMessage({ id, ...members });
    } catch (error) {
      waiting.delete(id);
      reject(problemWith("NO_BRIDGE", error.message));
    }
  });
}

// Nobody needs the program while no page is open; a service worker can rest then, too.
function restLater() {
  clearTimeout(idle);
  idle = setTimeout(() => {
    if (port === null || inUse() || waiting.size > 0)
      return;
    const mine = port;
    gone(null);
    mine.disconnect();
  }, IDLE_MS);
}

/** Asks the bridge, starting it when needed. Rejects with an Error with .code and maybe .result. */
export function ask(members) {
  if (port === null)
    connect();
  return send(members).finally(restLater);
}

/** For the popup: { version } of the bridge, or { problem }. */
export async function state() {
  try {
    if (port === null)
      connect();
    return { version: String((await greeting).version) };
  } catch (error) {
    return { problem: error.message || problem || "" };
  } finally {
    restLater();
  }
}
