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
