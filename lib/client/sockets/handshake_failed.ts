/**
 * Handshakes of TLS that come to nothing, in words.
 *
 * @module
 */
import { quote } from "../../text.ts";
import type { ClientTls } from "./socket.ts";

/** What a handshake failed with, as the runtime tells it. */
export class HandshakeFailed extends Error {
  override readonly name = "HandshakeFailed";
  readonly code: string;

  constructor(failure: unknown) {
    super(failure instanceof Error ? failure.message : String(failure));
    this.code = failure instanceof Error && "code" in failure ? String(failure.code) : "";
  }
}

/** Says it, and whether another try in the next seconds could give anything else. */
export function wordsOf(
  { code, message }: HandshakeFailed,
  { serverName }: ClientTls,
): { readonly reason: string; readonly permanent: boolean } {
  for (const [known, words] of REASONS) {
    const found = known.exec(message) ?? known.exec(code);
    if (found !== null) return { reason: words(found, serverName), permanent: true };
  }
  const why = CLOSED.test(message)
    ? "the broker closed the connection"
    : message.replace(/ \((?:SSL routines:|os error ).*$/, "");
  return { reason: `no TLS handshake: ${why}`, permanent: false };
}

/** By what `Deno.startTls` and `node:tls` say. */
const REASONS: ReadonlyArray<
  readonly [known: RegExp, words: (found: RegExpExecArray, name: string) => string]
> = [
  [
    /CaUsedAsEndEntity/,
    () =>
      "the broker's certificate is one for issuers, which is not taken for a broker's: " +
      "it has to be made anew with CA:FALSE",
  ],
  [
    /UnknownIssuer|BadSignature|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER|SELF_SIGNED/,
    () =>
      "the broker's certificate is of an issuer that is not trusted here: " +
      "name the issuer's certificate (--ca FILE)",
  ],
  [
    /only valid for (.*)$/,
    (found, name) => `the broker's certificate is not for ${quote(name)} but for ${namesIn(found[1] ?? "")}`,
  ],
  [
    /altnames: (.*?)\.? is not in the cert's altnames: (.*)$/,
    (found, name) => `the broker's certificate is not for ${quote(name)} but for ${found[2]}`,
  ],
  [
    /not valid for name|NotValidForName|ALTNAME_INVALID/,
    (_, name) => `the broker's certificate is not for ${quote(name)}`,
  ],
  [
    /peer certificate: (?:certificate expired|Expired)|CERT_HAS_EXPIRED/,
    () => "the broker's certificate has expired: it has to be renewed there",
  ],
  [
    /NotValidYet|not valid yet|CERT_NOT_YET_VALID/,
    () => "the broker's certificate is not valid yet: is the clock of this machine right?",
  ],
  [/InvalidContentType|WRONG_VERSION_NUMBER/, () => "the port speaks plain text: connect without TLS"],
  [/Invalid hostname/, (_, name) => `${quote(name)} is no name that a certificate could have`],
];
const CLOSED = /unexpected end of file|tls handshake eof|disconnected before secure/i;

/** `DnsName("a") or IpAddress(127.0.0.1)` as `a or 127.0.0.1`. */
function namesIn(text: string): string {
  return text.replace(/DnsName\("([^"]*)"\)|IpAddress\(([^)]*)\)/g, "$1$2");
}
