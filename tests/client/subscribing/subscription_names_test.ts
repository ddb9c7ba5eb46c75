import { assertEquals } from "@std/assert";
import { nameOf } from "../../../lib/client/subscribing/subscription_name.ts";
import { SubscriptionNames } from "../../../lib/client/subscribing/subscription_names.ts";

Deno.test("a pattern is there as long as any subscription has it, alone or in a group", () => {
  const names = new SubscriptionNames();
  const [alone, shared, other] = [nameOf("#a"), nameOf("#a", "g"), nameOf("#b", "g")];
  const so = (): readonly unknown[] => [
    [...names].map(({ key }) => key),
    [...names.patterns],
    [alone, shared, other].map((name) => names.has(name)),
  ];
  for (const name of [alone, alone, shared, other, shared]) names.add(name);
  assertEquals(so(), [["#a", "#a group=g", "#b group=g"], ["#a", "#b"], [true, true, true]]);
  for (const name of [other, other, alone]) names.delete(name);
  assertEquals(so(), [["#a group=g"], ["#a"], [false, true, false]]);
  names.delete(alone);
  assertEquals(so()[1], ["#a"], "it is gone once");
  names.delete(shared);
  assertEquals(so(), [[], [], [false, false, false]]);
  names.add(shared);
  names.delete(shared);
  assertEquals(so(), [[], [], [false, false, false]]);
});
