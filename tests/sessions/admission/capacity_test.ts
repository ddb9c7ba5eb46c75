import { assertEquals } from "@std/assert";
import { DESCRIPTORS_KEPT } from "../../../lib/limits.ts";
import { Capacity } from "../../../lib/sessions/admission/capacity.ts";

const NOBODY = { whoMakesRoom: () => undefined };

Deno.test("a place is there until it is taken, for one network and for all, and again when it is left", () => {
  const capacity = new Capacity({ connections: 3, perAddress: 2, lobby: NOBODY });
  const first = capacity.take("192.0.2.1:1", 0);
  assertEquals("limit" in first, false);
  assertEquals("limit" in capacity.take("192.0.2.1:2", 1), false);
  assertEquals(capacity.take("192.0.2.1:3", 2), { limit: { limit: 2, from: "192.0.2.1" } });
  if ("leave" in first) first.leave();
  assertEquals("limit" in capacity.take("192.0.2.1:3", 1), false);
  assertEquals("limit" in capacity.take("192.0.2.2:1", 2), false);
  assertEquals(capacity.take("192.0.2.3:1", 3), { limit: { limit: 3 } });
});

Deno.test("who comes to no place takes that of one who has not been let in", () => {
  const cut: string[] = [];
  const lobby = { whoMakesRoom: () => ({ cut: (why: string) => void cut.push(why) }) as never };
  const capacity = new Capacity({ connections: 1, perAddress: 10, lobby });
  assertEquals("limit" in capacity.take("memory", 0), false);
  assertEquals(cut, []);
  assertEquals("limit" in capacity.take("memory", 1), false);
  assertEquals(cut, ["made room"]);
});

Deno.test("where descriptors end, some are kept from connections, half of them where there are few, and never more are taken again", () => {
  const capacity = new Capacity({ connections: 10_000, perAddress: Infinity, lobby: NOBODY });
  assertEquals(capacity.takeFewer(1000), 1000 - DESCRIPTORS_KEPT);
  assertEquals(capacity.takeFewer(1000), undefined, "it is no fewer than before");
  assertEquals(capacity.takeFewer(2000), undefined);
  assertEquals(capacity.take("memory", 1000 - DESCRIPTORS_KEPT), {
    limit: { limit: 1000 - DESCRIPTORS_KEPT },
  });
  assertEquals("limit" in capacity.take("memory", 999 - DESCRIPTORS_KEPT), false);
  assertEquals(capacity.takeFewer(2 * DESCRIPTORS_KEPT + 2), DESCRIPTORS_KEPT + 2, "all but those");
  assertEquals(capacity.takeFewer(2 * DESCRIPTORS_KEPT - 2), DESCRIPTORS_KEPT - 1, "or half");
  assertEquals(capacity.takeFewer(7), 4);
  assertEquals(capacity.takeFewer(0), 1, "one there may always be");
});
