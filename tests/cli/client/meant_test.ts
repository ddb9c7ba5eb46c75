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
