import { assert, assertEquals } from "@std/assert";
import { MessageIds } from "../../../lib/client/publishing/message_ids.ts";

function next(ids: MessageIds, topic: string): string {
  return new TextDecoder().decode(ids.of(topic).next());
}

Deno.test("a topic's ids count up by one, whatever comes between", () => {
  const ids = new MessageIds([1, 2]);
  const numbers = ["#a", "#b", "#a", "#a", "#b"].map((topic) => next(ids, topic).split("-")[1]);
  assertEquals(numbers, ["1", "1", "2", "3", "2"]);
  assert(next(ids, "#a").startsWith(" id="));
});

Deno.test("of one topic no id comes twice, however many other topics come between", () => {
  const ids = new MessageIds([1, 2]);
  const held = ids.of("#a");
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < 3; at++) seen.add(next(ids, "#a"));
    // who kept it from before goes on counting there
    seen.add(new TextDecoder().decode(held.next()));
    for (let at = 0; at < 12_000; at++) ids.of(`#other.${at}`);
  }
  assertEquals(seen.size, 12);
  for (const id of seen) assert(ids.isOnly(id), id);
});

Deno.test("another client's ids and other fields are not from here", () => {
  const ids = new MessageIds([1, 2]);
  for (
    const fields of [
      " id=x-1",
      " key=k",
      next(new MessageIds([1, 2 ** 31 + 2]), "#a"),
      `${next(ids, "#a")} ttl=1`,
    ]
  ) {
    assert(!ids.isOnly(fields), fields);
  }
});

Deno.test("clients are told apart by all of the first number and the upper 21 bits of the other", () => {
  const idOf = (one: number, other: number): string => next(new MessageIds([one >>> 0, other >>> 0]), "#a");
  for (const [one, other] of [[0, 0], [1, 2 ** 31], [0xffffffff, 0xffffffff]] as const) {
    const seen = new Set([idOf(one, other)]);
    for (let bit = 0; bit < 32; bit++) seen.add(idOf(one ^ (1 << bit), other));
    for (let bit = 11; bit < 32; bit++) seen.add(idOf(one, other ^ (1 << bit)));
    assertEquals(seen.size, 1 + 32 + 21);
    for (const id of seen) assert(/^ id=[0-9a-z]+-1$/.test(id), id);
  }
});

Deno.test("ten thousand topics are counted, and with one more all begin anew under another name", () => {
  const ids = new MessageIds([1, 2]);
  const first = next(ids, "#a");
  for (let at = 1; at < 10_000; at++) ids.of(`#other.${at}`);
  assertEquals(next(ids, "#a"), first.replace(/1$/, "2"));
  ids.of("#one.more");
  assertEquals(next(ids, "#a"), first.replace("-", ".1-"));
  assert(ids.isOnly(first) && ids.isOnly(next(ids, "#a")));
});
