// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * The origin-bound login with a USB key, for halls: see README.md beside it.
 *
 *     import { login, isAvailable } from "./openukey-login.js";
 *     const token = await login({ challenge });   // challenge: from your server, for this login
 *     await fetch("/login", { method: "POST", body: JSON.stringify(token) });
 */

/** Bytes of a challenge before base64url. */
export const CHALLENGE_MIN = 32;
export const CHALLENGE_MAX = 1024;

/** Why there was no login: .code is for programs, .message for people who look for a fault. */
export class LoginError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "LoginError";
    this.code = code;
  }
}

/** Whether the person has the extension and allowed this site. Says nothing about a key. */
export function isAvailable() {
  return typeof globalThis.openukey?.login === "function";
}

function isChallenge(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1)
    return false;
  const bytes = Math.floor(text.length * 3 / 4);
  return bytes >= CHALLENGE_MIN && bytes <= CHALLENGE_MAX;
}

/**
 * Asks the person to log in: OpenUKey's own window names this site, and the PIN is typed there.
 *
 * @param {{challenge: string}} request challenge: base64url without padding, 256 bits or more,
 *     made by the server for this one login
 * @returns {Promise<{format: string, certificate: string, algorithm: string, signature: string}>}
 *     the token, to be handed to the server as it is
 * @throws {LoginError}
 */
export async function login({ challenge } = {}) {
  if (!isChallenge(challenge))
    throw new LoginError("PAGE_ARGUMENT", "the challenge must be base64url of 32 to 1024 bytes");
  if (!isAvailable())
    throw new LoginError("NO_EXTENSION",
      "the OpenUKey extension is not installed, or this site is not allowed in it");
  try {
    return await globalThis.openukey.login({ challenge });
  } catch (error) {
    throw new LoginError(error?.code ?? "INTERNAL", error?.message ?? String(error));
  }
}
