import { assertEquals } from "@std/assert";
import { ConnectError, connectErrorOf, reasonOf } from "../../../lib/client/sockets/connect_error.ts";

const TO = { host: "h\x1b", localPort: undefined, tls: undefined };

/** What is said of an error with this code and message, and whether trying again is of no use. */
function said(code: string, message = "it", localPort?: number): readonly [string, boolean] {
  const error = connectErrorOf(Object.assign(new Error(message), { code }), { ...TO, localPort });
  return [error.message, error.permanent];
}

Deno.test("a local port that cannot be had is told with what to do, and not tried again", () => {
  const used = "local port 7 is in use, or was a minute ago: choose another or leave it out";
  assertEquals([said("EADDRINUSE", "", 7), said("EADDRNOTAVAIL", "", 7)], [[used, true], [used, true]]);
  const denied = "local port 7 may not be used by this user: choose one above 1023, or leave it out";
  assertEquals([said("EACCES", "", 7), said("EPERM", "", 7)], [[denied, true], [denied, true]]);
  assertEquals(said("EADDRNOTAVAIL"), ["no local port is free", false]);
  assertEquals(said("EACCES", "denied"), ["denied", false]);
  assertEquals(said("ECONNREFUSED", "", 7), ["connection refused", false]);
});

Deno.test("a name that nobody knows is told at once, one that cannot be looked up now is tried again", () => {
  const unknown = 'no host is called "h\\x1b": check its name';
  assertEquals(said("ENOTFOUND"), [unknown, true]);
  assertEquals(said("", "failed to lookup address information"), [unknown, true]);
  const later = 'the name "h\\x1b" cannot be looked up now';
  assertEquals(said("EAI_AGAIN"), [later, false]);
  assertEquals(said("", "failed to lookup address: Temporary failure in name resolution"), [later, false]);
});

Deno.test("what went wrong with a socket is a clause, in the same words whoever says it", () => {
  assertEquals(reasonOf(new Deno.errors.ConnectionRefused("x")), "connection refused");
  assertEquals(reasonOf(new Deno.errors.ConnectionReset("x")), "connection reset");
  assertEquals(reasonOf(new Deno.errors.BrokenPipe("x")), "connection reset");
  const coded = (code: string): string => reasonOf(Object.assign(new Error("x (os error 5)"), { code }));
  assertEquals(
    ["ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EWHAT"].map(coded),
    [
      "connection reset",
      "connection aborted",
      "connection reset",
      "no answer",
      "host unreachable",
      "network unreachable",
      "x",
    ],
  );
  assertEquals(reasonOf("odd"), "odd");
  const own = new ConnectError("mine", { accepted: true });
  assertEquals(connectErrorOf(own, TO), own);
});

Deno.test("why there is no connection says by default that another try may give one, and that nobody took this one", () => {
  const { name, message, permanent, accepted, turnedAway } = new ConnectError("no");
  assertEquals([name, message, permanent, accepted, turnedAway], [
    "ConnectError",
    "no",
    false,
    false,
    undefined,
  ]);
  assertEquals(new ConnectError("no", { turnedAway: "ERR_BUSY" }).accepted, true);
  assertEquals(new ConnectError("no", { accepted: true }).accepted, true);
  assertEquals(new ConnectError("no", { permanent: true }).accepted, false);
});
