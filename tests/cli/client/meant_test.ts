import { assertEquals } from "@std/assert";
import { meantToPublish, meantToSubscribe } from "../../../lib/cli/client/meant.ts";

Deno.test("a publisher with bare words is told the options they were meant as, quoted for a shell", () => {
  const meant = (words: string, ...given: string[]): string | undefined =>
    meantToPublish(words.split(" "), new Set(given));
  assertEquals(meant("hello hi"), "to publish, write -t hello -m hi");
  assertEquals(meant("#hello it's fine"), "to publish, write -t '#hello' -m 'it'\\''s fine'");
  assertEquals(meant("pub hello hi"), "to publish, write -t hello -m hi");
  assertEquals(meant("hello"), "to publish, write -t hello -m TEXT");
  assertEquals(meant("hi there", "topic"), "to publish it, write -m 'hi there'");
  assertEquals(meant("hello", "lines"), "to publish there, write -t hello");
  assertEquals(meant("a.cmd"), "to run a command file, write -f a.cmd");
  assertEquals(meant("there", "topic", "message"), undefined);
  assertEquals(meant("a..b hi"), undefined);
});

Deno.test("the verb of a command file is no topic, but where it stands alone", () => {
  const meant = (words: string, ...given: string[]): string | undefined =>
    meantToPublish(words.split(" "), new Set(given));
  assertEquals(meant("pub hello"), "to publish, write -t hello -m TEXT");
  assertEquals(meant("pub"), "to publish, write -t pub -m TEXT");
  assertEquals(meant("sub hello"), "to publish, write -t sub -m hello");
  assertEquals(meant("pub hi there", "topic"), "to publish it, write -m 'hi there'");
  assertEquals(meantToSubscribe(["sub"], new Set()), "to subscribe, write -t sub");
  assertEquals(meantToSubscribe(["sub", "a"], new Set()), "to subscribe, write -t a");
  assertEquals(meantToSubscribe(["pub", "a"], new Set()), "to subscribe, write -t pub -t a");
});

Deno.test("what is published already needs no -m, whichever way it is said", () => {
  for (const way of ["message", "lines", "json-in", "stdin", "null", "payload-file"]) {
    assertEquals(meantToPublish(["hello"], new Set([way])), "to publish there, write -t hello", way);
    assertEquals(meantToPublish(["hello", "hi"], new Set([way])), undefined, way);
    assertEquals(meantToPublish(["hello"], new Set(["topic", way])), undefined, way);
  }
  assertEquals(meantToPublish(["hello"], new Set(["qos"])), "to publish, write -t hello -m TEXT");
});

Deno.test("a command file is one word, and is one for both", () => {
  const run = "to run a command file, write -f 'a b.cmd'";
  assertEquals(meantToPublish(["a b.cmd"], new Set(["topic"])), run);
  assertEquals(meantToSubscribe(["a b.cmd"], new Set()), run);
  assertEquals(meantToPublish(["a.cmd", "b.cmd"], new Set()), "to publish, write -t a.cmd -m b.cmd");
  assertEquals(meantToSubscribe(["a.cmd", "b.cmd"], new Set()), "to subscribe, write -t a.cmd -t b.cmd");
  assertEquals(meantToSubscribe(["a.cmd"], new Set(["ack"])), "to run it for each message, write -- a.cmd");
});

Deno.test("a subscriber with bare words is told the options they were meant as", () => {
  assertEquals(meantToSubscribe(["hello"], new Set()), "to subscribe, write -t hello");
  assertEquals(meantToSubscribe(["sub", "a.>", "b"], new Set()), "to subscribe, write -t 'a.>' -t b");
  assertEquals(meantToSubscribe(["sensors/#"], new Set()), "to subscribe, write -t 'sensors.>'");
  assertEquals(meantToSubscribe(["a..b"], new Set()), undefined);
  assertEquals(
    meantToSubscribe(["./resize", "two words"], new Set(["topic", "ack"])),
    "to run it for each message, write -- ./resize 'two words'",
  );
});
