import { assertEquals } from "@std/assert";
import { connectErrorOf } from "../../../lib/client/sockets/connect_error.ts";
import { HandshakeFailed } from "../../../lib/client/sockets/handshake_failed.ts";

const TLS = { serverName: "b\x1b", ca: [] };
const TO = { host: "h", localPort: undefined, tls: TLS };

/** What is said where a handshake has failed with this, and whether another try is of use. */
function said(
  message: string,
  code?: string,
): readonly [reason: string, permanent: boolean, accepted: boolean] {
  const failure = new HandshakeFailed(Object.assign(new Error(message), code === undefined ? {} : { code }));
  const error = connectErrorOf(failure, TO);
  return [error.message, error.permanent, error.accepted];
}

Deno.test("a certificate that is not taken is told with what to do, in the same words whoever says it, and not tried again", () => {
  const untrusted = "the broker's certificate is of an issuer that is not trusted here: " +
    "name the issuer's certificate (--ca FILE)";
  const issuers = "the broker's certificate is one for issuers, which is not taken for a broker's: " +
    "it has to be made anew with CA:FALSE";
  const expired = "the broker's certificate has expired: it has to be renewed there";
  const early = "the broker's certificate is not valid yet: is the clock of this machine right?";
  const plain = "the port speaks plain text: connect without TLS";
  const not = 'the broker\'s certificate is not for "b\\x1b"';
  const table: [message: string, code: string | undefined, words: string][] = [
    ["invalid peer certificate: CaUsedAsEndEntity", undefined, issuers],
    ["invalid peer certificate: UnknownIssuer", undefined, untrusted],
    ["invalid peer certificate: BadSignature", undefined, untrusted],
    ["x", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", untrusted],
    ["x", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", untrusted],
    ["x", "SELF_SIGNED_CERT_IN_CHAIN", untrusted],
    [
      'certificate not valid for name "x"; certificate is only valid for DnsName("a") or IpAddress(127.0.0.1)',
      undefined,
      `${not} but for a or 127.0.0.1`,
    ],
    [
      "Hostname/IP does not match certificate's altnames: Host: x. is not in the cert's altnames: DNS:a, IP:1",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      `${not} but for DNS:a, IP:1`,
    ],
    ["invalid peer certificate: NotValidForName", undefined, not],
    ["certificate not valid for name x", undefined, not],
    ["x", "ERR_TLS_CERT_ALTNAME_INVALID", not],
    ["invalid peer certificate: Expired", undefined, expired],
    ["invalid peer certificate: certificate expired: then", undefined, expired],
    ["x", "CERT_HAS_EXPIRED", expired],
    ["invalid peer certificate: NotValidYet", undefined, early],
    ["certificate not valid yet", undefined, early],
    ["x", "CERT_NOT_YET_VALID", early],
    ["received corrupt message of type InvalidContentType", undefined, plain],
    ["x", "ERR_SSL_WRONG_VERSION_NUMBER", plain],
    ["Invalid hostname", undefined, '"b\\x1b" is no name that a certificate could have'],
  ];
  for (const [message, code, words] of table) {
    assertEquals(said(message, code), [words, true, false], `${message} ${code}`);
  }
});

Deno.test("a handshake that breaks off is tried again, and who broke it off had taken the connection", () => {
  const closed = "no TLS handshake: the broker closed the connection";
  for (
    const message of [
      "unexpected end of file",
      "tls handshake eof",
      "Client network socket disconnected before secure TLS connection was established",
    ]
  ) {
    assertEquals(said(message), [closed, false, true], message);
  }
  assertEquals(said("alert 40 (SSL routines:x)"), ["no TLS handshake: alert 40", false, true]);
  assertEquals(said("reset (os error 104)"), ["no TLS handshake: reset", false, true]);
  assertEquals(said("odd"), ["no TLS handshake: odd", false, true]);
});

Deno.test("a handshake fails with whatever is thrown", () => {
  const odd = new HandshakeFailed("odd");
  assertEquals([odd.message, odd.code, odd.name], ["odd", "", "HandshakeFailed"]);
  const coded = new HandshakeFailed(Object.assign(new Error("x"), { code: 7 }));
  assertEquals([coded.message, coded.code], ["x", "7"]);
  assertEquals(connectErrorOf(odd, { ...TO, tls: undefined }).message, "odd", "nobody asked for TLS");
});
