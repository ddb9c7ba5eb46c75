import { assertEquals, assertNotMatch, assertThrows } from "@std/assert";
import { connects } from "../../../lib/cli/client/options.ts";
import { urlGiven } from "../../../lib/cli/contexts/url.ts";
import { UsageError } from "../../../lib/errors.ts";

const rows = new Map(Object.entries(connects("publisher").saved));

function given(text: string): Record<string, readonly string[]> {
  const entries = urlGiven(text, { rows, place: "HASHBUS_URL", from: "HASHBUS_URL" });
  return Object.fromEntries([...entries].map(([key, { texts }]) => [key, texts]));
}

function refusal(text: string): string {
  return assertThrows(() => given(text), UsageError).message;
}

Deno.test("a URL has the host, the publishers' port, and the options of a connection in its query", () => {
  assertEquals(given("hashbus://broker.example"), { host: ["broker.example"] });
  assertEquals(given("HASHBUS://[::1]:9100/?sub-port=9190&protocol=2&id=p%2F1&no-reconnect"), {
    host: ["::1"],
    "pub-port": ["9100"],
    "sub-port": ["9190"],
    protocol: ["2"],
    id: ["p/1"],
    "no-reconnect": ["true"],
  });
});

Deno.test("a URL of another scheme is one for TLS, and so is one whose query says so", () => {
  const tls = { host: ["h"], tls: ["true"] };
  assertEquals(given("hashbuss://h"), tls);
  assertEquals(given("hashbus://h?tls"), tls);
  assertEquals(given("hashbuss://h?ca=/ca.crt"), { ...tls, ca: ["/ca.crt"] });
  assertEquals(refusal("hashbuss://h?tls"), 'HASHBUS_URL: a URL says tls once, not "hashbuss://h?tls"');
});

Deno.test("what is wrong with a URL is said with the place and what to write", () => {
  assertEquals(
    refusal("localhost"),
    'HASHBUS_URL: a URL is written hashbus://host:9000?sub-port=9090, not "localhost"',
  );
  assertEquals(
    refusal("mqtt://h"),
    'HASHBUS_URL: a URL begins with hashbus://, or hashbuss:// for TLS, not "mqtt://h"',
  );
  assertEquals(
    refusal("h29+s-x.://h"),
    'HASHBUS_URL: a URL begins with hashbus://, or hashbuss:// for TLS, not "h29+s-x.://h"',
  );
  assertEquals(refusal("hashbus://h/x"), 'HASHBUS_URL: a URL has no path, not "hashbus://h/x"');
  assertEquals(refusal("hashbus://h#x"), 'HASHBUS_URL: a URL ends with its query, not "hashbus://h#x"');
  assertEquals(
    refusal("hashbus://h?sub-prot=1"),
    'HASHBUS_URL: unknown key "sub-prot", did you mean "sub-port"?; ' +
      "its query has id, host, pub-port, sub-port, local-port, user, token-file, tls, ca, connect-timeout, " +
      "no-reconnect, protocol",
  );
  assertEquals(
    refusal("hashbus://h:1?pub-port=2"),
    'HASHBUS_URL: a URL says pub-port once, not "hashbus://h:1?pub-port=2"',
  );
  assertEquals(
    refusal("hashbus://h?no-reconnect=maybe"),
    'HASHBUS_URL: no-reconnect takes true or false, not "maybe"',
  );
  for (const text of ["hashbus://", "hashbus://:9000", "hashbus://a b"]) refusal(text);
});

Deno.test("a password in a URL is refused and shown to nobody", () => {
  for (
    const text of ["hashbus://me:geheim@h:9000", "mqtt://me:geheim@h", "me:geheim@h", "hashbus:/me:geheim@h"]
  ) {
    assertNotMatch(refusal(text), /geheim/);
  }
});

Deno.test("a URL without a host, or with more than one, is told as that, and is shown up to its hundredth character", () => {
  const written = "a URL is written hashbus://host:9000?sub-port=9090";
  const said = (text: string): string => refusal(text).replace("HASHBUS_URL: ", "");
  assertEquals(said("hashbus://"), `${written}, not "hashbus://"`);
  assertEquals(said("hashbus://?tls"), `${written}, not "hashbus://?tls"`);
  assertEquals(said("hashbus://a b"), 'a URL has one host, not "hashbus://a b"');
  assertEquals(said("hashbus://:9000"), 'a URL has one host, not "hashbus://:9000"');
  assertEquals(said("hashbus://[::1"), 'a URL has one host, not "hashbus://[::1"');
  const longest = "x".repeat(100);
  assertEquals(said(longest), `${written}, not "${longest}"`);
  assertEquals(said(`${longest}y`), `${written}, not "${longest.slice(3)}..."`);
});

Deno.test("an @ is a secret's only where a user may stand", () => {
  assertEquals(given("hashbus://h?id=a@b"), { host: ["h"], id: ["a@b"] });
  const secret =
    "HASHBUS_URL: no user or password belongs in the URL: say ?user=NAME, and put the token into " +
    "HASHBUS_TOKEN or a file (token-file)";
  for (const text of ["hashbus://a@h", "a@h", "hashbus:/a@h", "http://a@h/x#y"]) {
    assertEquals(refusal(text), secret, text);
  }
});

Deno.test("a flag in a query is on without a value, and what it says else", () => {
  const flags = "no-reconnect&tls=";
  assertEquals(given(`hashbus://h?${flags}`), { host: ["h"], "no-reconnect": ["true"], tls: ["true"] });
  assertEquals(given("hashbus://h?no-reconnect=true&tls=false"), {
    host: ["h"],
    "no-reconnect": ["true"],
    tls: ["false"],
  });
  assertEquals(refusal("hashbus://h?tls=TRUE"), 'HASHBUS_URL: tls takes true or false, not "TRUE"');
});

Deno.test("what a URL gives is told by its part of it, where it is wrong and where it is shown", () => {
  const at = { rows, place: "FILE: context.x: url", from: "context x in FILE" };
  const { from } = at;
  assertEquals([...urlGiven("hashbuss://h:1/?id=x", at)], [
    ["tls", { source: "FILE: context.x: url: hashbuss://", from, texts: ["true"] }],
    ["host", { source: "FILE: context.x: url: host", from, texts: ["h"] }],
    ["pub-port", { source: "FILE: context.x: url: port", from, texts: ["1"] }],
    ["id", { source: "FILE: context.x: url: id", from, texts: ["x"] }],
  ]);
});
