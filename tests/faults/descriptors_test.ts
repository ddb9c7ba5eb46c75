/**
 * A broker that has no file descriptor left: it serves and stores for whom it has, and everybody again
 * when others have left.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { RawClient } from "../support/raw_client.ts";
import { BROKER, inFolder, startBroker, stored, v2 } from "./data_folder.ts";

/** Descriptors the broker may have; it has some 40 before anybody comes. */
const DESCRIPTORS = 64;
/** More than there is room for, on each port. */
const CROWD = 100;
/** Who may not do everything is not told how many descriptors there are, and finds out. */
const UNKNOWING = BROKER.map((word) => word === "-A" ? "-P=broker" : word);
const noShell = Deno.build.os === "windows" ? "needs ulimit" : undefined;

for (const sync of ["commit", "interval"]) {
  Deno.test({
    name: `a broker without a descriptor to spare stores, trims and replays (--sync ${sync}) (F25)`,
    ignore: noShell !== undefined,
    fn: () =>
      inFolder(async (data) => {
        const command = ["bash", "-c", `ulimit -n ${DESCRIPTORS}; exec "$@"`, "bash", ...UNKNOWING];
        const args = ["--data", data, "--sync", sync, "--retain", "#old bytes=1MiB"];
        let acknowledged = 0;
        {
          await using broker = await startBroker(args, { command });
          using early = await v2(broker.pubPort);
          using follower = await v2(broker.subPort);
          const followed = follow(follower);
          // where the test fails before
          followed.catch(() => {});
          const publish = async (): Promise<void> => {
            const payload = `${acknowledged} ${"x".repeat(100_000)}`;
            const run = `pub #keep ${payload.length}\n${payload}\n`;
            await early.send(`${run}pub #old ${payload.length}\n${payload}\n`);
            for (let left = 2; left > 0;) {
              const answer = await early.line();
              assert(answer?.startsWith("ok "), answer ?? broker.stderr);
              left -= Number(answer!.split(" ")[1]);
            }
            acknowledged++;
          };
          await publish();
          const crowd = await Promise.all(
            Array.from({ length: 2 * CROWD }, (_, at) =>
              Deno.connect({ hostname: "127.0.0.1", port: at % 2 === 0 ? broker.subPort : broker.pubPort })),
          );
          await broker.see(/cannot accept/, { on: "stderr" });
          // more than the WAL holds before a checkpoint, longer than a tick, a forgetting and several syncs
          const start = performance.now();
          while (acknowledged < 150 || performance.now() - start < 2500) {
            await publish();
          }
          await broker.see(/fewer connections than --max-connections are taken from now on/, {
            on: "stderr",
          });
          const said = broker.stderr.match(/cannot accept/g) ?? [];
          assert(said.length <= 2, `said once for each port, and not ${said.length} times`);
          // whoever came last was turned away, and told so
          using last = new RawClient(crowd.at(-1)!);
          assertEquals((await last.rest()).trimEnd(), "ERR_TOO_MANY_CONNECTIONS");
          for (const one of crowd.slice(0, -1)) {
            one.close();
          }
          using late = await v2WhenLetIn(broker.pubPort);
          assert((await late.ask("pub #keep 4\nlate"))?.startsWith("ok 1 "));
          assertEquals(await followed, acknowledged, "what was acknowledged was delivered");
          assertEquals((await broker.stop()).code, 0, broker.stderr);
        }
        await using again = await startBroker(["--data", data, "-q"]);
        const there = (await stored(again, "#keep")).map((payload) =>
          payload.split(" ", 1)[0]
        );
        assertEquals(there, [...Array(acknowledged).keys()].map(String).concat("late"));
        assert((await stored(again, "#old")).length < acknowledged, "it was trimmed meanwhile");
      }),
  });
}

/** Who comes at the moment at which others leave may be turned away still, in the place of an answer too. */
async function v2WhenLetIn(port: number): Promise<RawClient> {
  for (;;) {
    const client = await RawClient.connect(port);
    try {
      if (await client.ask("f hello 2") === "OK_2") {
        await client.line();
        return client;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
        throw error;
      }
    }
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Reads from the beginning on until the last message has come; how many came before it. */
async function follow(client: RawClient): Promise<number> {
  await client.send("sub #keep from=earliest\n");
  for (let count = 0;;) {
    const line = await client.line();
    if (line === undefined) return -1;
    if (!line.startsWith("pub ")) continue;
    if (await client.line() === "late") return count;
    count++;
  }
}
