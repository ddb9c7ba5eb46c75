import { assertEquals } from "@std/assert";
import { receives } from "../../lib/topics/reception.ts";

Deno.test("a topic is received where it is allowed and nothing denies it", () => {
  const reception = { allow: ["#a.>", "#b"], deny: ["#a.x", "#a.y.>"] };
  for (const topic of ["#a.b", "#b", "#a.y"]) assertEquals(receives(reception, topic), true, topic);
  for (const topic of ["#a", "#c", "#a.x", "#a.y.z", "#b.c"]) {
    assertEquals(receives(reception, topic), false, topic);
  }
  assertEquals(receives({ allow: [], deny: [] }, "#a"), false);
});

Deno.test("a dead letter is received by who receives both it and what it was, however often it died (P6)", () => {
  const both = { allow: ["#dead.>", "#a"], deny: [] };
  for (const topic of ["#dead.g.a", "#dead.g.dead.h.a", "#a"]) {
    assertEquals(receives(both, topic), true, topic);
  }
  for (const topic of ["#dead.g.b", "#dead.g.dead.h.b"]) assertEquals(receives(both, topic), false, topic);
  assertEquals(receives({ allow: ["#a"], deny: [] }, "#dead.g.a"), false, "what it was is not enough");
  const denied = { allow: ["#>"], deny: ["#a"] };
  assertEquals(["#dead.g.a", "#dead.g.b"].map((topic) => receives(denied, topic)), [false, true]);
  assertEquals(receives({ allow: ["#dead"], deny: [] }, "#dead"), true, "which is a topic like others");
});

Deno.test("a dead letter of too long a name is for who receives everything, and for nobody else (P6)", () => {
  assertEquals(receives({ allow: ["#>"], deny: [] }, "#dead.g"), true);
  assertEquals(receives({ allow: ["#b", "#>"], deny: [] }, "#dead.g"), true);
  assertEquals(receives({ allow: ["#>"], deny: ["#a"] }, "#dead.g"), false);
  assertEquals(receives({ allow: ["#>"], deny: ["#a", "#b"] }, "#dead.g"), false);
  assertEquals(receives({ allow: ["#dead.>", "#*"], deny: [] }, "#dead.g"), false);
});
