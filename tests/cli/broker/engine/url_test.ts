import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ENGINE_URL } from "../../../../lib/cli/broker/engine/url.ts";

function servers(text: string): readonly string[] {
  const read = ENGINE_URL.read(text);
  assert("value" in read, JSON.stringify(read));
  return read.value;
}

/** What is said against it, whichever way. */
function wrong(text: string): string {
  const read = ENGINE_URL.read(text);
  assert(!("value" in read), text);
  return "problem" in read ? read.problem : read.expected;
}

Deno.test("servers of an engine are hosts with or without a port, one or several, IPv6 in brackets", () => {
  assertEquals(servers("nats://a"), ["a:4222"]);
  assertEquals(servers("nats://a:4223/"), ["a:4223"]);
  assertEquals(servers("NATS://a:1,b, [::1]:65535,::1"), ["a:1", "b:4222", "[::1]:65535", "[::1]:4222"]);
  assertEquals(servers("nats://a,nats://b:5"), ["a:4222", "b:5"]);
});

Deno.test("an engine's URL is shown as it would be written, and reads the same", () => {
  const shown = ENGINE_URL.write!(servers("nats://a,[::1]:5"));
  assertEquals(shown, "nats://a:4222,[::1]:5");
  assertEquals(servers(shown), ["a:4222", "[::1]:5"]);
});

Deno.test("a URL with a secret in it is refused without being shown, with the options that take one", () => {
  for (
    const text of ["nats://user:hunter2@a", "nats://hunter2@a:4222", "user:hunter2@a", "nats://a,x:hunter2@b"]
  ) {
    const said = wrong(text);
    assertStringIncludes(said, "--engine-user and --engine-password-file");
    assertStringIncludes(said, "--engine-creds");
    assert(!said.includes("hunter2"), said);
  }
});

Deno.test("what is no URL of NATS is refused with what was expected", () => {
  for (
    const text of [
      "",
      "a:4222",
      "redis://a",
      "http://a:4222",
      "nats://",
      "nats://a,,b",
      "nats://a/path",
      "nats://a?x=1",
    ]
  ) {
    assertEquals(wrong(text), "a URL such as nats://a:4222,b:4222", text);
  }
  for (const text of ["nats://a:0", "nats://a:65536", "nats://a:x", "nats://a:", "nats://a:000001"]) {
    assertStringIncludes(wrong(text), "its port is to be from 1 to 65535");
  }
  assertEquals(wrong("tls://a"), '"tls://a" is to be written nats://…, with --engine-tls');
});
