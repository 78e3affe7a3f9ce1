// SPDX-License-Identifier: LGPL-2.1-or-later
// Firefox calls it browser, Chromium chrome; both answer with promises.
export const api = globalThis.browser ?? globalThis.chrome;
export const browserName =
  api.runtime.getURL("").startsWith("moz-extension:") ? "firefox" : "chromium";
