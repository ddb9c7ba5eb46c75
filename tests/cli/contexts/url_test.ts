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
