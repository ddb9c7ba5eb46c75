/** Where messages are printed while somebody types, and where nobody does. */
import { assertEquals } from "@std/assert";
import type { Prompt } from "../../../lib/cli/prompt/prompt.ts";
import { Stdout } from "../../../lib/cli/subscriber/stdout.ts";
import { StandInStream } from "../stand_in.ts";

Deno.test("messages go above the line that is typed where that is on stdout, and to stdout otherwise", async () => {
  for (const terminal of [true, false]) {
    using stdout = new StandInStream("stdout", { terminal });
    const above: string[] = [];
    const write = (bytes: Uint8Array): Promise<number> => {
      above.push(new TextDecoder().decode(bytes));
      return Promise.resolve(bytes.length);
    };
    const target = new Stdout();
    const bytes = new TextEncoder().encode("a message\n");
    assertEquals(await target.write(bytes), bytes.length);
    assertEquals([stdout.take(), above], ["a message\n", []]);
    target.prompt = { write } as unknown as Prompt;
    assertEquals(await target.write(bytes), bytes.length);
    assertEquals([stdout.take(), above], terminal ? ["", ["a message\n"]] : ["a message\n", []]);
    target.prompt = undefined;
    await target.write(bytes);
    assertEquals(stdout.take(), "a message\n");
  }
});
