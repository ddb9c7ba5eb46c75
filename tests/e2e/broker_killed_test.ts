/** kill -9 of the broker while the real publisher has its whole window under way. */
import { assert, assertEquals } from "@std/assert";
import { publisherOf, run, start, subscriberOf } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { freePort } from "../support/ports.ts";
import { RawClient } from "../support/raw_client.ts";

const KILLS = 3;
const PART = 60_000;
const MESSAGES = (KILLS + 2) * PART;

/** A part of the numbers that are published. */
function linesOf(part: number): string {
  return Array.from({ length: PART }, (_, at) => `${part * PART + at}\n`).join("");
}

Deno.test("a broker that is killed again and again has every message of a publisher once, in order", async () => {
  const directory = await Deno.makeTempDir();
  const [subPort, pubPort] = [freePort(), freePort()];
  const args = ["-s", `${subPort}`, "-p", `${pubPort}`, "--data", `${directory}/data`, "-q"];
  try {
    let broker = await startBroker(args);
    const publisher = start("publisher", [...publisherOf(broker), "-t", "#a", "-l"], { stdin: "open" });
    for (let part = 0; part <= KILLS; part++) {
      using watcher = await RawClient.connect(subPort);
      await watcher.ask("w sub #a");
      const written = publisher.write(part === 0 ? linesOf(0) + linesOf(1) : linesOf(part + 1));
      // some of it is stored, much of it is under way
      assert((await watcher.line())?.startsWith("#a "));
      if (part < KILLS) {
        broker.kill("SIGKILL");
        await broker.ended;
        broker = await startBroker(args);
      }
      await written;
    }
    await publisher.end();
    const { code } = await publisher.ended;
    assertEquals(code, 0, publisher.stderr);
    const { stdout } = await run("subscriber", [...subscriberOf(broker), "-t", "#a", "-e", "-F", "%p"]);
    const got = stdout.trimEnd().split("\n");
    const wrong = got.findIndex((line, at) => line !== `${at}`);
    assert(wrong === -1, `at ${wrong} stands ${got[wrong]}`);
    assertEquals(got.length, MESSAGES);
    await broker.stop();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
