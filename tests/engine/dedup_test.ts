import { assert } from "@std/assert";
import { Dedup } from "../../lib/engine/dedup.ts";

Deno.test("an id is known while it is being stored and for the window after, by topic", () => {
  const dedup = new Dedup({ window: 1000, most: 100 });
  assert(dedup.claim("#a", "1"));
  assert(!dedup.claim("#a", "1"), "being stored");
  assert(dedup.claim("#b", "1"), "another topic");
  dedup.stored("#a", "1", 0);
  for (let time = 0; time <= 1000; time += 50) {
    assert(!dedup.claim("#a", "1"), `after ${time} ms`);
    assert(dedup.claim("#c", `${time}`));
    dedup.stored("#c", `${time}`, time);
  }
});

Deno.test("an id is forgotten when its window is over", () => {
  const dedup = new Dedup({ window: 1000, most: 100_000 });
  for (let time = 0; time <= 10_000; time++) {
    assert(dedup.claim("#a", `${time}`));
    dedup.stored("#a", `${time}`, time);
  }
  assert(dedup.claim("#a", "0"));
  assert(!dedup.claim("#a", "9100"));
  assert(dedup.size <= 1300, `${dedup.size} remembered`);
});

Deno.test("an id whose commit was refused may come again", () => {
  const dedup = new Dedup({ window: 1000, most: 100 });
  assert(dedup.claim("#a", "1"));
  dedup.refused("#a", "1");
  assert(dedup.claim("#a", "1"));
});

Deno.test("more ids than may be remembered push out the oldest", () => {
  const dedup = new Dedup({ window: 1_000_000, most: 100 });
  for (let at = 0; at < 1000; at++) {
    dedup.claim("#a", `${at}`);
    dedup.stored("#a", `${at}`, at);
  }
  assert(dedup.size <= 125);
  assert(dedup.claim("#a", "0"));
  assert(!dedup.claim("#a", "999"));
});
