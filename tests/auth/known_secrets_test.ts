import { assertEquals, assertNotEquals } from "@std/assert";
import { KnownSecrets } from "../../lib/auth/known_secrets.ts";

Deno.test("what stands for credentials is the same for the same, and here only", () => {
  const known = new KnownSecrets();
  const mark = known.markOf({ user: "a", secret: "bc" });
  assertEquals(known.markOf({ user: "a", secret: "bc" }), mark);
  assertNotEquals(known.markOf({ user: "ab", secret: "c" }), mark);
  assertNotEquals(new KnownSecrets().markOf({ user: "a", secret: "bc" }), mark);
});

Deno.test("of more than 10,000 those are forgotten that were found right longest ago", () => {
  const known = new KnownSecrets();
  const is = (mark: string): boolean => known.has(mark, { stored: "s", now: 1 });
  for (let at = 0; at < 10_000; at++) known.add(`${at}`, { stored: "s", now: 0 });
  assertEquals([is("0"), is("9999")], [true, true]);
  known.add("0", { stored: "s", now: 0 });
  known.add("more", { stored: "s", now: 0 });
  assertEquals([is("0"), is("1"), is("2"), is("more")], [true, false, true, true]);
});
