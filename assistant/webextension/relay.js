// SPDX-License-Identifier: LGPL-2.1-or-later
// Between page.js, which is one with the page, and the background. It judges nothing: what comes
// from here comes from the page.
(() => {
  "use strict";
  const api = globalThis.browser ?? globalThis.chrome;
  let door = null; // to the page
  let link = null; // to the background, from the first socket on

  const toPage = (message) => door.postMessage(JSON.stringify(message));

  function connect() {
    link = api.runtime.connect({ name: "page" });
    link.onMessage.addListener(toPage);
    link.onDisconnect.addListener(() => {
      link = null;
      toPage({ gone: true });
    });
  }

  function fromPage({ data }) {
    try {
      const message = JSON.parse(data);
      if (link === null)
        connect();
      link.postMessage(message);
    } catch {
      toPage({ gone: true }); // the extension was taken out or renewed
    }
  }

  // Registered before page.js runs, so before anything of the page; the first one is ours.
  function take(event) {
    if (event.source !== window || event.data !== "openukey" || event.ports.length !== 1)
      return;
    event.stopImmediatePropagation();
    window.removeEventListener("message", take, true);
    door = event.ports[0];
    door.onmessage = fromPage;
  }
  window.addEventListener("message", take, true);
  // A page that is put away ends its sessions, also when "back" brings it again.
  window.addEventListener("pagehide", () => {
    if (link !== null) {
      link.disconnect();
      link = null;
      toPage({ gone: true });
    }
  });
})();
