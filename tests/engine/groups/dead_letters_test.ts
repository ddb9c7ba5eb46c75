import { assertEquals } from "@std/assert";
import { deadTopicOf, withDeadLetters } from "../../../lib/engine/groups/dead_letters.ts";

Deno.test("dead letters are durable wherever anything is, and are named once (G11)", () => {
  assertEquals(withDeadLetters(["#a", "#b.>"]), ["#a", "#b.>", "#dead.>"]);
  for (const patterns of [["#>"], ["#a", "#>"], ["#dead.>", "#a"], ["#dead.>", "#>"]]) {
    assertEquals(withDeadLetters(patterns), patterns);
  }
});

Deno.test("a dead letter's topic is its message's, or where that would be too long that of all its group's (G11)", () => {
  assertEquals(deadTopicOf("#a.b", { group: "g", topicMost: 11 }), "#dead.g.a.b");
  assertEquals(deadTopicOf("#a.b", { group: "g", topicMost: 10 }), "#dead.g");
  assertEquals(deadTopicOf("#a.ü", { group: "g", topicMost: 11 }), "#dead.g", "its bytes count");
});
