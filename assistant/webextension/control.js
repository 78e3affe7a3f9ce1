// SPDX-License-Identifier: LGPL-2.1-or-later
// For sites whose pages want XJCA's ActiveX control: new ActiveXObject("xjcaTechATL...") and
// <object> elements answer its methods. Those return their values at once, so each is a blocking
// request to the bridge's own port (transport A), which asks the same questions.
(() => {
  "use strict";
  const CONTROL = /^xjca(tech|fgw)atl/i;
  const REQUEST = /^(msxml2|microsoft)\.(server)?xmlhttp/i;
  const Request = window.XMLHttpRequest;
  const { parse, stringify } = JSON;
  let token; // leads to the session that a login began

  // What a page is told where the bridge cannot be asked: as if the control found no key.
  const METHODS = {
    XJCA_CspInstalled: false,
    XJCA_KeyInsert: -1,
    XJCA_GetCertSN: "",
    XJCA_GetCertDN: "",
    XJCA_VerifyPin: -1,
    XJCA_SignStr: "",
    XJCA_CertAuth: "",
  };

  function ask(func, param, otherwise) {
    try {
      const request = new Request();
      request.open("POST", "http://127.0.0.1:21051/synctl", false);
      // A simple content type: no question before the question.
      request.setRequestHeader("Content-Type", "text/plain;charset=UTF-8");
      request.send(stringify({ func, param, token }));
      const reply = request.status === 200 ? parse(request.responseText) : {};
      const said = reply.retVal;
      token = reply.token ?? token;
      if (typeof said !== "string")
        return otherwise;
      if (typeof otherwise === "boolean")
        return said === "true";
      return typeof otherwise === "number" && said !== "" ? Number(said) : said;
    } catch {
      return otherwise;
    }
  }

  const control = {};
  for (const [name, otherwise] of Object.entries(METHODS)) {
    control[name] = (...args) => ask(name, args, otherwise);
    Object.defineProperty(HTMLObjectElement.prototype, name, {
      configurable: true, writable: true, value: control[name],
    });
  }

  // Pages that see ActiveXObject believe in an old Internet Explorer: they get what it had.
  window.ActiveXObject ??= function ActiveXObject(name) {
    if (CONTROL.test(name))
      return Object.create(control);
    if (REQUEST.test(name))
      return new Request();
    throw new Error("Automation server can't create object");
  };
})();
