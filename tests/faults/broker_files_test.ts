/**
 * Somebody else's hands in a data directory that is in use: files cut, deleted and replaced, and a second
 * broker.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RawClient } from "../support/raw_client.ts";
import { answerTo, BROKER, inFolder, startBroker, stored } from "./data_folder.ts";
import { Program } from "../../scripts/program.ts";

/** Milliseconds in which a broker that has nothing to do notices. */
const NOTICED_MS = 5000;

interface Harm {
  readonly what: string;
  readonly file: "hashbus.db" | "hashbus.db-wal";
  readonly do: (path: string) => void;
  readonly says: RegExp;
}

const HARMS: readonly Harm[] = [
  {
    what: "write-ahead log is emptied",
    file: "hashbus.db-wal",
    do: (path) => Deno.truncateSync(path, 0),
    says: /hashbus\.db-wal" was cut from \d+ to 0 bytes while it was in use/,
  },
  {
    what: "write-ahead log loses its last byte",
    file: "hashbus.db-wal",
    do: (path) => Deno.truncateSync(path, Deno.statSync(path).size - 1),
    says: /hashbus\.db-wal" was cut from \d+ to \d+ bytes while it was in use/,
  },
  {
    what: "write-ahead log is deleted",
    file: "hashbus.db-wal",
    do: (path) => Deno.removeSync(path),
    says: /hashbus\.db-wal" was deleted while it was in use/,
  },
  {
    what: "database is cut",
    file: "hashbus.db",
    do: (path) => Deno.truncateSync(path, Deno.statSync(path).size - 4096),
    says: /hashbus\.db" was cut from \d+ to \d+ bytes while it was in use/,
  },
  {
    what: "database is replaced",
    file: "hashbus.db",
    do: (path) => {
      Deno.copyFileSync(path, `${path}.copy`);
      Deno.renameSync(`${path}.copy`, path);
    },
    says: /hashbus\.db" was replaced while it was in use/,
  },
];

for (const sync of ["commit", "interval"]) {
  for (const { what, file, do: harm, says } of HARMS) {
    Deno.test(`a broker whose ${what} notices at the next publish and when there is none (--sync ${sync})`, async () => {
      for (const publishes of [true, false]) {
        await inFolder(async (data) => {
          await using broker = await startBroker(["--data", data, "--sync", sync]);
          using client = await RawClient.connect(broker.pubPort);
          for (let at = 0; at < 20; at++) assertEquals(await client.ask(`c pub #a ${at}`), "OK");
          harm(`${data}/${file}`);
          if (publishes) {
            // the database's path is looked at every few milliseconds of publishing
            let answer: string | undefined = "OK";
            let taken = 0;
            for (; taken < 10_000 && answer === "OK"; taken++) {
              answer = await answerTo(client, "c pub #a x\n");
            }
            assertEquals(answer, undefined);
            if (file === "hashbus.db-wal") assertEquals(taken, 1, "nothing more was acknowledged");
          }
          const late = setTimeout(() => broker.kill("SIGKILL"), NOTICED_MS);
          assertEquals((await broker.ended).code, 1, "noticed");
          clearTimeout(late);
          const said = broker.stderr.match(/ERROR it is not known what is stored.*/g) ?? [];
          assertEquals(said.length, 1, broker.stderr);
          assertMatch(said[0]!.replaceAll('\\"', '"'), says);
        });
      }
    });
  }
}

Deno.test("a broker whose lock file is deleted or replaced still is the only one", async () => {
  const takeAway: readonly ((lock: string) => void)[] = [
    (lock) => Deno.removeSync(lock),
    (lock) => {
      Deno.removeSync(lock);
      Deno.writeTextFileSync(lock, "");
    },
  ];
  for (const take of takeAway) {
    await inFolder(async (data) => {
      await using first = await startBroker(["--data", data]);
      using client = await RawClient.connect(first.pubPort);
      assertEquals(await client.ask("c pub #a 1"), "OK");
      take(`${data}/hashbus.lock`);
      const jobs = [["-s", "0", "-p", "0"], ["--import"], ["--data-check"]];
      for (const job of [...jobs, ...jobs]) {
        await using second = Program.start([...BROKER, "--data", data, ...job]);
        assertEquals((await second.ended).code, 1, second.stdout);
        assertMatch(
          second.stderr,
          new RegExp(`^broker: .* is in use by process ${first.pid}: stop that one`),
        );
        assertEquals(await client.ask("c pub #a more"), "OK", "the first is not disturbed");
      }
      assertEquals((await stored(first, "#a")).length, 7);
      first.kill("SIGKILL");
      await first.ended;
      await using third = await startBroker(["--data", data]);
      assertEquals((await stored(third, "#a")).length, 7, "who was killed blocks nobody");
    });
  }
});

Deno.test("what another program only reads is no harm", async () => {
  await inFolder(async (data) => {
    await using broker = await startBroker(["--data", data]);
    using client = await RawClient.connect(broker.pubPort);
    const publish = async (): Promise<void> => assertEquals(await client.ask("c pub #a 1"), "OK");
    await publish();
    await using exports = Program.start([...BROKER, "--data", data, "--export", "#>"]);
    assertEquals((await exports.ended).code, 0);
    // longer than the pause between two looks
    for (let at = 0; at < 15; at++) {
      await publish();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assertEquals((await broker.stop()).code, 0, broker.stderr);
    assert(!broker.stderr.includes("ERROR"), broker.stderr);
  });
});
