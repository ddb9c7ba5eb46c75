import { assert, assertEquals } from "@std/assert";
import { Extent } from "../../../lib/cli/publisher/extent.ts";

Deno.test("what is not at its end is not whole, and says how far it came", () => {
  const extent = new Extent();
  assert(!extent.isWhole, "nothing has begun");
  extent.begin({ unit: "command", total: 10, done: 0 });
  assertEquals(extent.text(3), "stopped after 3 of 10 commands");
  assertEquals(extent.text(undefined), "stopped before all of 10 commands");
  extent.end();
  assert(extent.isWhole);
  extent.begin({ unit: "message", done: 10 });
  assert(!extent.isWhole, "another input begins");
  assertEquals(extent.text(1244), "stopped after 1,234 messages, stdin was not at its end");
  assertEquals(extent.text(11), "stopped after 1 message, stdin was not at its end");
  assertEquals(extent.text(undefined), "stopped, stdin was not at its end");
});

Deno.test("how far it came is told of one and of many, of an input and before there is one", () => {
  const extent = new Extent();
  assertEquals(extent.text(0), "stopped after 0 messages, stdin was not at its end");
  extent.begin({ unit: "command", total: 1, done: 5 });
  assertEquals(extent.text(5), "stopped after 0 of 1 command");
  extent.begin({ unit: "message", total: 2000, done: 5 });
  assertEquals(extent.text(6), "stopped after 1 of 2,000 messages");
  assertEquals(extent.text(undefined), "stopped before all of 2,000 messages");
  extent.type();
  extent.begin({ unit: "message", done: 0 });
  assertEquals(extent.text(1), "stopped after 1 message, stdin was not at its end");
});

Deno.test("a command that was typed and is not done is not whole", () => {
  const extent = new Extent();
  extent.end();
  extent.type();
  assert(!extent.isWhole);
  assertEquals(extent.text(5), "stopped before the last command was published");
  extent.end();
  assert(extent.isWhole);
});
