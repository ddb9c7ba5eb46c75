/**
 * Who asks: accounts are those of the other ports, given with each request.
 *
 * @module
 */
import type { Gatekeeper, Visitor } from "../../auth/gatekeeper.ts";
import { type Grant, UNLIMITED } from "../../auth/grant.ts";
import { Problem } from "../problem.ts";

/** Credentials that were right lately: how many, and for how long they are not checked again. */
const KNOWN_MOST = 1_000;
const KNOWN_MS = 60_000;

interface Known {
  grant: Grant;
  readonly until: number;
}

/**
 * - Checking a secret takes long by intent, so what was right is remembered for a minute, by its digest; the
 *   account is asked for each time whether it is still there and what it may do.
 * - Without accounts everybody may do everything.
 */
export class Accounts {
  readonly #gatekeeper: Gatekeeper | undefined;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(gatekeeper: Gatekeeper | undefined, now: () => number = () => performance.now()) {
    this.#gatekeeper = gatekeeper;
    this.#now = now;
  }

  /** What who sends such an `Authorization` may do. Throws Problem, 401. */
  async grantOf(authorization: string | null, visitor: Visitor): Promise<Grant> {
    const gatekeeper = this.#gatekeeper;
    if (gatekeeper === undefined) return UNLIMITED;
    if (authorization === null) throw unauthorized("this broker has accounts: send user and token (Basic)");
    const credentials = readCredentials(authorization);
    if (credentials === undefined) {
      throw unauthorized("Authorization has to be Basic with user and token, or Bearer user:token");
    }
    const key = await digestOf(authorization);
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() < known.until) {
      const grant = gatekeeper.renew(known.grant, visitor);
      if (grant !== undefined) {
        known.grant = grant;
        return grant;
      }
    }
    this.#known.delete(key);
    const { promise, resolve } = Promise.withResolvers<Grant | string>();
    gatekeeper.admit(credentials, visitor, (admission) => {
      resolve(admission.kind === "admitted" ? admission.grant : admission.reason);
    });
    const grant = await promise;
    if (typeof grant === "string") throw unauthorized(grant);
    if (this.#known.size >= KNOWN_MOST) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, { grant, until: this.#now() + KNOWN_MS });
    return grant;
  }
}

function unauthorized(detail: string): Problem {
  const headers = { "www-authenticate": 'Basic realm="hashbus", charset="UTF-8"' };
  return new Problem(401, "DENIED", detail, { headers });
}

/** Undefined: there are none in it. */
export function readCredentials(
  authorization: string,
): { readonly user: string; readonly secret: string } | undefined {
  const [, scheme, value] = /^(basic|bearer) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  const text = scheme.toLowerCase() === "bearer" ? value : fromBase64(value);
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 1) return undefined;
  return { user: text.slice(0, colon), secret: text.slice(colon + 1) };
}

function fromBase64(text: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(text));
  } catch {
    // neither base64 nor UTF-8: there are no credentials in it, which is what the caller says
    return undefined;
  }
}

async function digestOf(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toBase64();
}
