/**
 * The disk is full or fails under a broker that runs, as its clients see it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RawClient } from "../support/raw_client.ts";
import { answerTo, BROKER, inFolder, startBroker, stored, v2 } from "./data_folder.ts";
import { diskProblem, type Failing, failing, smallDisk, unmount } from "./disk.ts";
import { straceProblem } from "./strace.ts";

const noDisk = await diskProblem();
const noStrace = await straceProblem();

function skipped(why: string | undefined): string {
  return why === undefined ? "" : ` (skipped: ${why})`;
}

/** Leaves little room, whatever else is written there just now. */
function fill(data: string): void {
  using ballast = Deno.openSync(`${data}/ballast`, { createNew: true, write: true });
  const some = new Uint8Array(64 * 1024);
  let bytes = 0;
  try {
    for (;;) bytes += ballast.writeSync(some);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("os error 28"))) throw error;
  }
  ballast.truncateSync(Math.max(0, bytes - 512 * 1024));
}

Deno.test({
  name: `a full disk refuses durable messages and nothing else, and they are taken again when there is room${
    skipped(noDisk)
  }`,
  ignore: noDisk !== undefined,
  fn: () =>
    inFolder(async (data) => {
      assertEquals(await smallDisk(data), undefined);
      try {
        const taken: string[] = [];
        {
          await using broker = await startBroker(["--data", data, "--durable", "#d.>"]);
          using classic = await RawClient.connect(broker.pubPort);
          using framed = await v2(broker.pubPort);
          using live = await RawClient.connect(broker.subPort);
          assertEquals(await live.ask("live sub #>"), "OK");
          const seen: string[] = [];
          const publish = async (payload: string): Promise<"stored" | "refused"> => {
            const c = await classic.ask(`c pub #d.c ${payload}`);
            const f = await framed.ask(`pub #d.c ${payload.length}\n${payload}`);
            assertEquals(await classic.ask("c pub #m alive"), "OK", "topics in memory go on");
            if (c === "OK") taken.push(payload);
            else assertEquals(c, "ERR_STORE");
            if (f?.startsWith("ok 1 ")) taken.push(payload);
            else assertEquals(f, "err STORE the disk that holds the data is full");
            // the one in memory was delivered behind them, so what was delivered of them is here
            for (let line = await live.line(); line !== "#m alive"; line = await live.line()) {
              seen.push(line?.replace("#d.c ", "") ?? "");
            }
            return c === "OK" && f?.startsWith("ok ") ? "stored" : "refused";
          };
          assertEquals(await publish("before"), "stored");
          fill(data);
          let refused = 0;
          for (let at = 0; at < 100 && refused < 5; at++) {
            if (await publish(`${at} ${"x".repeat(60_000)}`) === "refused") refused++;
          }
          assertEquals(refused, 5, "the disk was full");
          assertMatch(
            broker.stderr,
            /ERROR messages could not be stored reason="the disk that holds the data is full"/,
          );
          assertEquals(await stored(broker, "#d.>"), taken, "replays go on");
          Deno.removeSync(`${data}/ballast`);
          for (let at = 0; at < 5; at++) assertEquals(await publish(`after ${at}`), "stored");
          assertEquals(seen, taken, "delivered is what was stored, and nothing that was refused");
        }
        await using again = await startBroker(["--data", data, "-q"]);
        assertEquals(await stored(again, "#d.>"), taken);
      } finally {
        await unmount(data);
      }
    }),
});

Deno.test({
  name: `a broker that is stopped while its disk is full loses nothing that was acknowledged${
    skipped(noDisk)
  }`,
  ignore: noDisk !== undefined,
  fn: () =>
    inFolder(async (data) => {
      assertEquals(await smallDisk(data), undefined);
      try {
        const taken: string[] = [];
        {
          await using broker = await startBroker(["--data", data]);
          using client = await RawClient.connect(broker.pubPort);
          fill(data);
          for (let at = 0, full = false; !full; at++) {
            const payload = `${at} ${"x".repeat(60_000)}`;
            full = await client.ask(`c pub #d ${payload}`) !== "OK";
            if (!full) taken.push(payload);
          }
        }
        Deno.removeSync(`${data}/ballast`);
        await using again = await startBroker(["--data", data, "-q"]);
        assertEquals(await stored(again, "#d"), taken);
      } finally {
        await unmount(data);
      }
    }),
});

interface Failure {
  readonly what: string;
  readonly failing: Omit<Failing, "path"> & { readonly file: "hashbus.db" | "hashbus.db-wal" };
  readonly args?: readonly string[];
  readonly reason: RegExp;
}

/** The first fsync of each file is of opening the store, the first of the WAL two. */
const FAILURES: readonly Failure[] = [
  {
    what: "of a commit",
    failing: { file: "hashbus.db-wal", call: "fsync", from: 8 },
    reason: /disk I\/O error \(SQLite 1034\)/,
  },
  {
    what: "of a checkpoint",
    failing: { file: "hashbus.db", call: "fsync", from: 2 },
    reason: /disk I\/O error \(SQLite 1034\)/,
  },
  {
    what: "of --sync interval",
    failing: { file: "hashbus.db-wal", call: "fdatasync", from: 1 },
    args: ["--sync", "interval"],
    reason: /Input\/output error/,
  },
];

for (const { what, failing: { file, ...fails }, args = [], reason } of FAILURES) {
  Deno.test({
    name: `after a failed fsync ${what} nothing more is acknowledged, the broker ends with 1 and says why${
      skipped(noStrace)
    }`,
    ignore: noStrace !== undefined,
    fn: () =>
      inFolder(async (data) => {
        // made before, so that the failure falls on a store that is there
        await (await startBroker(["--data", data])).stop();
        const command = failing(BROKER, { path: `${await Deno.realPath(data)}/${file}`, ...fails });
        await using broker = await startBroker(["--data", data, ...args], { command });
        using client = await RawClient.connect(broker.pubPort);
        using live = await RawClient.connect(broker.subPort);
        await live.ask("live sub #>");
        const acknowledged: string[] = [];
        // until it fails, which a checkpoint does when nothing is published
        for (let at = 0; at < 8; at++) {
          const answer = await answerTo(client, `c pub #a ${at}\n`);
          if (answer !== "OK") break;
          acknowledged.push(`${at}`);
        }
        const { code } = await broker.ended;
        assertEquals(code, 1);
        assertEquals(
          broker.stderr.match(/ERROR it is not known what is stored.*/g)?.length,
          1,
          broker.stderr,
        );
        assertMatch(broker.stderr, reason);
        assert(acknowledged.length > 0, "some were acknowledged before");
        const delivered = (await live.rest()).trimEnd().split("\n");
        assertEquals(delivered, acknowledged.map((payload) => `#a ${payload}`), "nothing else was delivered");
        await using again = await startBroker(["--data", data, "-q"]);
        const there = await stored(again, "#a");
        assertEquals(there.slice(0, acknowledged.length), acknowledged);
        assertEquals(
          there,
          there.map((_, at) => `${at}`),
          "what was not acknowledged is there whole, or not",
        );
      }),
  });
}

Deno.test("a broker whose database is deleted while it runs notices, acknowledges nothing more and ends with 1", async () => {
  for (const file of ["hashbus.db", "hashbus.db-wal"]) {
    await inFolder(async (data) => {
      await using broker = await startBroker(["--data", data]);
      using client = await RawClient.connect(broker.pubPort);
      assertEquals(await client.ask("c pub #a 1"), "OK");
      Deno.removeSync(`${data}/${file}`);
      // it is looked for every few milliseconds of publishing
      let answer: string | undefined = "OK";
      for (let at = 0; at < 100_000 && answer === "OK"; at++) answer = await answerTo(client, "c pub #a 2\n");
      assertEquals(answer, undefined);
      assertEquals((await broker.ended).code, 1);
      assertMatch(broker.stderr, /ERROR it is not known what is stored.*was deleted while it was in use/);
    });
  }
});

Deno.test("kill -9 leaves a lock that does not block, whoever has its process id now", async () => {
  await inFolder(async (data) => {
    const killed = await startBroker(["--data", data]);
    using client = await RawClient.connect(killed.pubPort);
    assertEquals(await client.ask("c pub #a 1"), "OK");
    killed.kill("SIGKILL");
    await killed.ended;
    assertEquals(Deno.readTextFileSync(`${data}/hashbus.lock`), `${killed.pid}\n`, "it was left");
    // a process id that somebody has: ours
    Deno.writeTextFileSync(`${data}/hashbus.lock`, `${Deno.pid}\n`);
    await using broker = await startBroker(["--data", data]);
    assertEquals(await stored(broker, "#a"), ["1"]);
    const second = await startBroker(["--data", data]).then(() => "", (error: Error) => error.message);
    assertMatch(second, new RegExp(`is in use by process ${broker.pid}: stop that one`));
  });
});
