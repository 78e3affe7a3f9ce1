// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages that are open. Who is asking is what the browser says of the port's other end; a page's
// message never has a say in it.
import * as native from "./native.js";
import * as sites from "./sites.js";

const FAMILIES = new Set(["bjca", "hebca", "xjca", "modern"]);
const SOCKETS_MAX = 16;   // of one document
const PAGES_MAX = 512;    // of all
const CALLS_MAX = 256;    // of one document, without an answer
const BYTES_MAX = 2 * 1024 * 1024 - 1024; // leaves room for the members around a call
const DEPTH_MAX = 8;

const documents = new Set(); // { port, origin, top, tab, frame, sockets: Map(socket -> page) }
const pages = new Map();     // page -> { document, socket }
let lastPage = 0;

function tell(document, message) {
  try {
    document.port.postMessage(message);
  } catch {
    // it is gone; onDisconnect tidies up
  }
}

function forget(document, socket) {
  const page = document.sockets.get(socket);
  document.sockets.delete(socket);
  pages.delete(page);
  return page;
}

function closeSocket(document, socket, error) {
  if (document.sockets.has(socket)) {
    native.ask({ close: forget(document, socket) }).catch(() => {});
    tell(document, { closed: socket, error });
  }
}

function closeDocument(document) {
  for (const socket of [...document.sockets.keys()])
    closeSocket(document, socket, null);
}

const words = ({ code, message }) => ({ code: code ?? "INTERNAL", message: message ?? "" });

async function open(document, { open: socket, family }) {
  if (!FAMILIES.has(family) || document.sockets.has(socket))
    return;
  if (document.sockets.size >= SOCKETS_MAX || pages.size >= PAGES_MAX) {
    tell(document, { closed: socket, error: { code: "PAGE_BUSY", message: "too many" } });
    return;
  }
  const page = ++lastPage;
  document.sockets.set(socket, page);
  pages.set(page, { document, socket });
  try {
    if (!await sites.isAllowed(document.origin) || !await sites.isAllowed(document.top))
      throw Object.assign(new Error("the site is not allowed"), { code: "SITE_NOT_ALLOWED" });
    await native.ask({ open: page, family, tab: document.tab, frame: document.frame,
      origin: document.origin, top: document.top });
    if (document.sockets.get(socket) === page)
      tell(document, { opened: socket });
  } catch (error) {
    if (document.sockets.get(socket) === page) {
      forget(document, socket);
      tell(document, { closed: socket, error: words(error) });
    }
  }
}

/** The bridge ends a connection over what is nested deeper than anything a hall sends. */
function isFlat(value, depth) {
  return depth > 0 && (typeof value !== "object" || value === null ||
                       Object.values(value).every((member) => isFlat(member, depth - 1)));
}

function fits(args) {
  if (!isFlat(args, DEPTH_MAX))
    return false;
  const text = JSON.stringify(args);
  return text.length * 3 <= BYTES_MAX || new TextEncoder().encode(text).length <= BYTES_MAX;
}

async function call(document, { call: socket, number, name, args }) {
  const page = document.sockets.get(socket);
  if (page === undefined)
    return;
  if (typeof name !== "string" || name.length > 128 || !Array.isArray(args) || !fits(args) ||
      document.calls >= CALLS_MAX) {
    closeSocket(document, socket, { code: "PAGE_FRAME", message: "refused" });
    return;
  }
  document.calls++;
  try {
    tell(document, { answer: socket, number, result: await native.ask({ page, call: name, args }) });
  } catch (error) {
    tell(document, { answer: socket, number, result: error.result, error: words(error) });
  } finally {
    document.calls--;
  }
}

function receive(document, message) {
  if (Number.isSafeInteger(message?.open))
    open(document, message);
  else if (Number.isSafeInteger(message?.call))
    call(document, message);
  else if (Number.isSafeInteger(message?.close))
    closeSocket(document, message.close, null);
}

/** A relay in some document has opened its port. */
export function onConnect(port) {
  const sender = port.sender;
  const origin = sites.originOf(sender?.url);
  // A sandboxed frame has an address but no origin.
  if (port.name !== "page" || sender.tab === undefined || origin === null ||
      sender.origin !== origin) {
    port.disconnect();
    return;
  }
  const document = {
    port, origin, tab: sender.tab.id, frame: sender.frameId, sockets: new Map(), calls: 0,
    // Without permission for the top page the browser keeps its address to itself.
    top: sender.frameId === 0 ? origin : sites.originOf(sender.tab.url),
  };
  documents.add(document);
  port.onMessage.addListener((message) => receive(document, message));
  port.onDisconnect.addListener(() => {
    documents.delete(document);
    closeDocument(document);
  });
}

/** Ends all pages of a site, and those in whose top page it is. */
export function closeOrigin(origin) {
  for (const document of documents) {
    if (document.origin === origin || document.top === origin)
      closeDocument(document);
  }
}

/** Ends the pages of sites that are no longer allowed. */
export async function closeForbidden() {
  for (const document of documents) {
    if (!await sites.isAllowed(document.origin) || !await sites.isAllowed(document.top))
      closeDocument(document);
  }
}

native.setListeners({
  onPush(page, push) {
    const known = pages.get(page);
    if (known === undefined)
      return;
    if (push === "closed") {
      forget(known.document, known.socket);
      tell(known.document, { closed: known.socket, error: null });
    } else {
      tell(known.document, { push, socket: known.socket });
    }
  },
  onGone() {
    for (const { document, socket } of [...pages.values()]) {
      forget(document, socket);
      tell(document, { closed: socket, error: { code: "NO_BRIDGE", message: "" } });
    }
  },
  inUse: () => pages.size > 0,
});
