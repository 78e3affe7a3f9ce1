// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs in the page's own world before its scripts: WebSockets to the key's fixed addresses are
// answered by the bridge, and openukey.login() is there. Whatever the page does to this file, it is
// still only the page: the browser tells the background who it is.
(() => {
  "use strict";
  const Real = window.WebSocket;
  const { parse, stringify } = JSON; // some old pages bring their own
  const sockets = new Map();         // number -> what listens: { opened, closed, push, answers }
  let lastSocket = 0;
  let lastCall = 0;

  // ---- the way to relay.js ----

  const channel = new MessageChannel();
  const door = channel.port1;
  const tell = (message) => door.postMessage(stringify(message));

  function end(number, error) {
    const socket = sockets.get(number);
    if (socket === undefined)
      return;
    sockets.delete(number);
    for (const { reject } of socket.answers.values())
      reject(error);
    socket.closed(error);
  }

  function receive({ opened, closed, answer, push, socket, number, result, error, gone }) {
    if (gone) {
      for (const one of [...sockets.keys()])
        end(one, { code: "NO_BRIDGE", message: "" });
    } else if (opened !== undefined) {
      sockets.get(opened)?.opened();
    } else if (closed !== undefined) {
      end(closed, error ?? { code: "CANCELLED", message: "" });
    } else if (push !== undefined) {
      sockets.get(socket)?.push(push);
    } else if (answer !== undefined) {
      const { answers } = sockets.get(answer) ?? {};
      const waiting = answers?.get(number);
      answers?.delete(number);
      if (error === undefined)
        waiting?.resolve(result);
      else
        waiting?.reject({ ...error, result });
    }
  }

  door.onmessage = ({ data }) => receive(parse(data));
  window.postMessage("openukey", "*", [channel.port2]);

  /** Opens a socket of a family: { call(name, args) -> promise, close() }. */
  function connect(family, { opened, closed, push }) {
    const number = ++lastSocket;
    const answers = new Map();
    sockets.set(number, { opened, closed, push, answers });
    tell({ open: number, family });
    return {
      call: (name, args) => new Promise((resolve, reject) => {
        answers.set(++lastCall, { resolve, reject });
        tell({ call: number, number: lastCall, name, args });
      }),
      close() {
        if (sockets.delete(number))
          tell({ close: number });
      },
    };
  }

  // ---- what the page scripts of the CAs say ----

  const isName = (name) => typeof name === "string" && /^[A-Za-z0-9_]{1,64}$/.test(name);
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

  // Every value is text, as the vendors' services have it.
  const asText = (value) =>
    typeof value === "string" ? value : value === null || value === undefined ? "" : String(value);

  const bjca = {
    family: "bjca",
    frame(text, link, answer) {
      const said = parse(text);
      if (!isObject(said))
        throw new TypeError("no call");
      const name = [said.xtx_func_name, said.func].find(isName);
      if (name === undefined)
        throw new TypeError("no function");
      let args = said.param;
      if (!Array.isArray(args)) {
        args = [];
        for (let i = 1; `param_${i}` in said; i++)
          args.push(said[`param_${i}`]);
      }
      const reply = (value) => answer(stringify({
        ...("call_cmd_id" in said ? { call_cmd_id: said.call_cmd_id } : {}),
        retVal: asText(value),
        retValue: asText(value), // the oldest script reads this one
      }));
      link.call(name, args).then(reply, ({ result }) => reply(result));
    },
    push: (event) => stringify({ call_cmd_id: event, retVal: "" }),
  };

  // Pages evaluate the answer: strict JSON, and nothing but ASCII.
  const ascii = (value) => stringify(value).replace(/[\u007f-\uffff]/g,
    (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"));

  const hebca = {
    family: "hebca",
    frame(text, link, answer) {
      if (/^0\|[0-9]{0,20}$/.test(text)) {
        answer("0|Welcome");
        return;
      }
      const [, name, json] = /^1\|([A-Za-z0-9_]{1,64})(?:\|([^]*))?$/.exec(text);
      const given = json ? parse(json) : {};
      if (!isObject(given))
        throw new TypeError("no arguments");
      const reply = (value) => answer(`1|${name}|${ascii({ ret: 0, ...(isObject(value) ? value : {}) })}`);
      link.call(name, [given]).then(reply, ({ result, message }) =>
        reply(isObject(result) ? result : { ret: -1, msg: message }));
    },
    push: () => null,
  };

  /** The family that an address belongs to; undefined: somebody else's. */
  function familyOf(address) {
    let url;
    try {
      url = new URL(address, window.location.href);
    } catch {
      return undefined;
    }
    if (url.hostname !== "127.0.0.1" && url.hostname !== "localhost")
      return undefined;
    const place = `${url.protocol}${url.port}`;
    if (place === "ws:21051" || place === "wss:21061")
      return url.pathname === "/xtxapp/" || url.pathname === "/xtxapp" ? bjca : undefined;
    return place === "ws:17212" || place === "ws:17215" ? hebca : undefined;
  }

  // ---- a WebSocket without a network ----

  const states = new WeakMap();
  const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
  const invalid = (what) => new DOMException(what, "InvalidStateError");

  function shut(socket, state, code, reason) {
    if (state.ready === CLOSED)
      return;
    state.ready = CLOSED;
    socket.dispatchEvent(new CloseEvent("close", { code, reason, wasClean: code === 1000 }));
  }

  function breakOff(socket, state, code) {
    state.link.close();
    socket.dispatchEvent(new Event("error"));
    shut(socket, state, code, "");
  }

  const shape = {
    get url() { return states.get(this).url; },
    get readyState() { return states.get(this).ready; },
    get bufferedAmount() { return 0; },
    get extensions() { return ""; },
    get protocol() { return ""; },
    get binaryType() { return states.get(this).binaryType; },
    set binaryType(type) { states.get(this).binaryType = type; },
    send(data) {
      const state = states.get(this);
      if (state.ready === CONNECTING)
        throw invalid("still connecting");
      if (state.ready !== OPEN)
        return;
      const answer = (text) => {
        if (state.ready === OPEN)
          this.dispatchEvent(new MessageEvent("message", { data: text, origin: state.origin }));
      };
      try {
        state.family.frame(String(data), state.link, (text) => queueMicrotask(() => answer(text)));
      } catch {
        breakOff(this, state, 1007);
      }
    },
    close(code = 1000, reason = "") {
      const state = states.get(this);
      if (code !== 1000 && !(code >= 3000 && code <= 4999))
        throw new DOMException("no such code", "InvalidAccessError");
      if (state.ready >= CLOSING)
        return;
      const opened = state.ready === OPEN;
      state.ready = CLOSING;
      state.link.close();
      setTimeout(() => shut(this, state, opened ? code : 1006, String(reason)), 0);
    },
  };
  for (const type of ["open", "message", "error", "close"]) {
    Object.defineProperty(shape, `on${type}`, {
      enumerable: true, configurable: true,
      get() { return states.get(this).handlers[type] ?? null; },
      set(handler) {
        const { handlers } = states.get(this);
        if (!(type in handlers))
          this.addEventListener(type, (event) => handlers[type]?.call(this, event));
        handlers[type] = typeof handler === "function" ? handler : null;
      },
    });
  }
  // An instance of WebSocket to whoever asks, with an EventTarget's own inside.
  const prototype = Object.create(Real.prototype, Object.getOwnPropertyDescriptors(shape));

  function standIn(address, family) {
    const socket = Object.setPrototypeOf(new EventTarget(), prototype);
    const url = new URL(address, window.location.href);
    const state = { url: url.href, origin: url.origin, family, ready: CONNECTING, handlers: {},
      binaryType: "blob" };
    states.set(socket, state);
    state.link = connect(family.family, {
      opened() {
        if (state.ready !== CONNECTING)
          return;
        state.ready = OPEN;
        socket.dispatchEvent(new Event("open"));
      },
      closed() {
        if (state.ready === CONNECTING)
          socket.dispatchEvent(new Event("error"));
        shut(socket, state, 1006, "");
      },
      push(event) {
        const text = family.push(event);
        if (text !== null && state.ready === OPEN)
          socket.dispatchEvent(new MessageEvent("message", { data: text, origin: state.origin }));
      },
    });
    return socket;
  }

  window.WebSocket = new Proxy(Real, {
    construct(target, args, maker) {
      const family = args.length > 0 ? familyOf(args[0]) : undefined;
      if (family !== undefined)
        return standIn(args[0], family);
      return Reflect.construct(target, args, maker === window.WebSocket ? target : maker);
    },
  });

  // ---- the login for halls that want better ----

  class OpenUKeyError extends Error {
    constructor({ code, message }) {
      super(message || code);
      this.name = "OpenUKeyError";
      this.code = code;
    }
  }

  /** See virtual/hall/modern/README.md. */
  function login({ challenge } = {}) {
    return new Promise((resolve, reject) => {
      const fail = (error) => reject(new OpenUKeyError(error));
      const link = connect("modern", {
        opened() {
          link.call("login", [{ challenge: String(challenge) }])
            .then(resolve, fail).finally(link.close);
        },
        closed: fail,
        push() {},
      });
    });
  }

  Object.defineProperty(window, "openukey", {
    configurable: true, value: Object.freeze({ version: 1, login }),
  });
})();
