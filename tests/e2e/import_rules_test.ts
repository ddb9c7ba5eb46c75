/** An import takes what a publisher could have sent, and nothing else. */
import { assertEquals, assertMatch } from "@std/assert";
import { broker, lines, Place } from "./place.ts";

const REFUSED: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ["a ttl beyond all time", { ttl: 1e99 }, /ttl= is a number of seconds/],
  ["a ttl of nothing", { ttl: 0 }, /ttl= is a number of seconds/],
  ["a ttl with too many decimals", { ttl: 0.0001 }, /ttl= is a number of seconds/],
  ["a ttl in the fields that is none", { fields: "ttl=x" }, /ttl= is a number of seconds/],
  ["a ttl in the fields that is none, in base64", { fields_base64: btoa("a=1 ttl=1e99") }, /ttl= is/],
  ["a key longer than a line", { key: "k".repeat(70_000) }, /at most 65536 are taken/],
  ["a topic that is none", { topic: "#a..b" }, /topic/],
];

Deno.test("what a publisher could not send (V3, V4, V10) is not imported, and nothing before it is stored", async () => {
  for (const [what, more, says] of REFUSED) {
    using place = new Place();
    const good = { topic: "#a", payload: "one" };
    const path = place.file("in.jsonl", lines(good, { ...good, ...more }));
    const { code, stderr } = await broker(place.data, ["--import", path]);
    assertEquals(code, 2, what);
    assertMatch(stderr, /^broker: .*in\.jsonl:2: /, what);
    assertMatch(stderr, says, what);
    assertEquals((await broker(place.data, ["--export", "#>"])).code, 1, "there is no store");
  }
});

Deno.test("what is exported is imported, and exported again the same", async () => {
  using place = new Place();
  const time = "2026-01-31T09:00:00.000Z";
  const given = lines(
    {
      topic: "#a",
      payload: "x",
      time,
      ttl: 0.5,
      headers: { "a\tb": "c\nd", "=": "%" },
      key: "\u2028",
      id: "i\0",
    },
    { topic: "#a", payload_base64: "/wA=", time, fields: "z=1 ttl=060" },
    { topic: "#b.c", payload: "", time, reply: "#r" },
  );
  assertEquals((await broker(place.data, ["--import"], { stdin: given })).code, 0);
  const first = await broker(place.data, ["--export", "#>"]);
  const second = `${place.path}/second`;
  assertEquals((await broker(second, ["--import"], { stdin: first.stdout })).code, 0);
  assertEquals((await broker(second, ["--export", "#>"])).stdout, first.stdout);
  assertEquals(first.stdout.trim().split("\n").length, 3);
});
