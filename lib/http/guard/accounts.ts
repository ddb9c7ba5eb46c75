/**
 * Who asks: accounts are those of the other ports, given with each request.
 *
 * @module
 */
import type { Admission, Gatekeeper, Visitor } from "../../auth/gatekeeper.ts";
import { type Grant, UNLIMITED } from "../../auth/grant.ts";
import { Problem } from "../problem.ts";

/**
 * What who sends such an `Authorization` may do; without accounts everybody may do everything. Who lets in
 * remembers what was right. Throws Problem.
 */
export async function grantOf(
  authorization: string | null,
  { gatekeeper, visitor }: { readonly gatekeeper: Gatekeeper | undefined; readonly visitor: Visitor },
): Promise<Grant> {
  if (gatekeeper === undefined) return UNLIMITED;
  if (authorization === null) throw unauthorized("this broker has accounts: send user and token (Basic)");
  const credentials = readCredentials(authorization);
  if (credentials === undefined) {
    throw unauthorized("Authorization has to be Basic with user and token, or Bearer user:token");
  }
  const { promise, resolve } = Promise.withResolvers<Admission>();
  gatekeeper.admit(credentials, visitor, resolve);
  const admission = await promise;
  switch (admission.kind) {
    case "admitted":
      return admission.grant;
    case "denied":
      throw unauthorized(admission.reason);
    case "busy":
      throw new Problem(503, "BUSY", admission.reason, { headers: { "retry-after": "1" } });
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
  if (text === undefined) return undefined;
  const colon = text.indexOf(":");
  if (colon < 1) return undefined;
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
