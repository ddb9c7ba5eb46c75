/** Messages over the broker's limit, published by the program in each way in which one can be that large. */
import { assertEquals, assertMatch } from "@std/assert";
import { endOf, publisherOf, start } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";

/** One that takes longer hangs. */
const MOST_MS = 20_000;

Deno.test("a message over the broker's limit is refused, from a file, as stdin or as a line of it: no publisher hangs", async () => {
  await using broker = await startBroker();
  const large = "x".repeat(9_000_000);
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, large);
    const ways = [
      { args: ["--payload-file", file], stdin: "" },
      { args: ["-s"], stdin: large },
      { args: ["-l", "--keep-going"], stdin: `before\n${large}\nbehind\n` },
    ];
    for (const { args, stdin } of ways) {
      await using publisher = start("publisher", [...publisherOf(broker), "-t", "x", ...args], { stdin });
      const late = setTimeout(() => publisher.kill("SIGKILL"), MOST_MS);
      const { code, stdout, stderr } = await endOf(publisher);
      clearTimeout(late);
      assertEquals([code, stdout], [1, ""], args[0]);
      assertMatch(stderr, /^publisher: .*refused to publish to "#x" \(PAYLOAD_TOO_LARGE\).*\n$/);
    }
  } finally {
    await Deno.remove(file);
  }
});
