// SPDX-License-Identifier: LGPL-2.1-or-later
// Listeners are added before anything is awaited: a browser starts this for a single event.
import { api } from "./api.js";
import * as native from "./native.js";
import * as pages from "./pages.js";
import * as sites from "./sites.js";

// What the popup asks for. Pages cannot get here: their relay opens a port and sends nothing else.
const requests = {
  state: async () => ({ program: await native.state(), sites: await sites.all() }),
  withdraw: async ({ origin }) => {
    await sites.withdraw(origin);
    pages.closeOrigin(origin);
  },
  setControl: ({ origin, on }) => sites.setControl(origin, on),
};

function fromUs(sender) {
  return sender.id === api.runtime.id && sender.url?.startsWith(api.runtime.getURL("popup.html"));
}

api.runtime.onMessage.addListener((message, sender, reply) => {
  if (!fromUs(sender) || !Object.hasOwn(requests, message?.request))
    return false;
  Promise.resolve(requests[message.request](message)).then(
    (value) => reply({ value }), (error) => reply({ error: error.message }));
  return true;
});

api.runtime.onConnect.addListener(pages.onConnect);
api.permissions.onAdded.addListener(() => sites.onPermission());
api.permissions.onRemoved.addListener(async () => {
  await sites.register();
  await pages.closeForbidden();
});
api.runtime.onInstalled.addListener(() => sites.register());
api.runtime.onStartup.addListener(() => sites.register());
sites.register();
