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

Deno.test("a command that was typed and is not done is not whole", () => {
  const extent = new Extent();
  extent.end();
  extent.type();
  assert(!extent.isWhole);
  assertEquals(extent.text(5), "stopped before the last command was published");
  extent.end();
  assert(extent.isWhole);
});
