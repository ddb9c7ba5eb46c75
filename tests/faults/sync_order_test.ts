/**
 * No acknowledgement and no delivery leaves before the fsync that covers it: shown on the real broker, and
 * that it would be found shown on two that do not wait.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { seeded } from "./random.ts";
import { momentsOf, straceProblem } from "./strace.ts";
import { syncOrderOf } from "./sync_order.ts";
import { type SyncRunOptions, traceSyncOrder, treeWithoutSync } from "./sync_run.ts";

const noStrace = await straceProblem();
const SKIPPED = noStrace === undefined ? "" : ` (skipped: ${noStrace})`;

function sumOf(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

async function inFolder(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "hashbus-sync-" });
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function short(directory: string, seed = Date.now()): SyncRunOptions {
  return { directory, messages: 200, window: 20, random: seeded(seed) };
}

Deno.test({
  name:
    `no acknowledgement and no delivery leaves before the fsync that covers its message has returned${SKIPPED}`,
  ignore: noStrace !== undefined,
  fn: () =>
    inFolder(async (directory) => {
      const { violations, commits, fsyncs } = await traceSyncOrder(short(directory));
      assertEquals(violations, []);
      assert(commits > 10 && fsyncs >= commits, `${fsyncs} fsyncs for ${commits} commits`);
    }),
});

Deno.test({
  name: `a broker that does not wait for its fsync (--sync interval) is found out${SKIPPED}`,
  ignore: noStrace !== undefined,
  fn: () =>
    inFolder(async (directory) => {
      const { violations, fsyncs } = await traceSyncOrder({
        ...short(directory),
        args: ["--sync", "interval"],
      });
      assert(violations.length > 100, `${violations.length} violations`);
      assert(fsyncs > 0);
    }),
});

Deno.test({
  name: `a copy of the broker with synchronous=OFF is found out${SKIPPED}`,
  ignore: noStrace !== undefined,
  fn: () =>
    inFolder(async (directory) => {
      const options = { ...short(directory), tree: await treeWithoutSync(`${directory}/tree`) };
      const { violations, acknowledged, delivered } = await traceSyncOrder(options);
      assertEquals(violations.length, sumOf(acknowledged) + delivered, "all of them");
    }),
});

const WAL = "31</d/hashbus.db-wal>";
const HEADER =
  `pwrite64(${WAL}, "\\0\\0\\0\\6\\0\\0\\0\\7;\\201\\222P\\244#\\241\\236\\245{\\323\\202\\232\\364\\367@", 24, 32) = 24`;
const PAGE = `pwrite64(${WAL}, "\\r\\0<0.0>x<0.0>", 13, 56) = 13`;
const OK = `sendto(43<TCP:[127.0.0.1:1->127.0.0.1:9]>, "OK\\n", 3, MSG_NOSIGNAL, NULL, 0) = 3`;
const SUBSCRIBER = "44<TCPv6:[::1:2->::1:8]>";
const DELIVERY =
  `writev(${SUBSCRIBER}, [{iov_base="#a <0", iov_len=5}, {iov_base=".0>\\n", iov_len=4}], 2) = 9`;
const FSYNC = `fsync(${WAL}) = 0`;
const WRITE = [`7 ${HEADER}`, `7 ${PAGE}`];

function judged(...lines: readonly string[]): readonly string[] {
  const parties = { wal: "/d/hashbus.db-wal", pubPort: 1, subPort: 2, senders: new Map([[9, 0]]) };
  return syncOrderOf(momentsOf(lines), parties).violations;
}

const EARLY = ["<0.0> was acknowledged and not on disk"];

Deno.test("an acknowledgement is in order behind an fsync that began after the write and returned 0, nowhere else", () => {
  const begun = `7 fsync(${WAL} <unfinished ...>`;
  const resumed = "7 <... fsync resumed>)              = 0";
  assertEquals(judged(...WRITE, `7 ${FSYNC}`, `5 ${OK}`), []);
  assertEquals(judged(...WRITE, begun, resumed, `5 ${OK}`), []);
  assertEquals(judged(...WRITE, `5 ${OK}`, `7 ${FSYNC}`), EARLY, "before");
  assertEquals(judged(...WRITE, begun, `5 ${OK}`, resumed), EARLY, "while it runs");
  assertEquals(
    judged(begun, `6 ${HEADER}`, `6 ${PAGE}`, resumed, `5 ${OK}`),
    EARLY,
    "behind one that began too early",
  );
  assertEquals(
    judged(...WRITE, `7 fsync(${WAL}) = -1 EIO (Input/output error) (INJECTED)`, `5 ${OK}`),
    EARLY,
  );
  assertEquals(judged(...WRITE, `7 fsync(31</d/hashbus.db>) = 0`, `5 ${OK}`), EARLY, "of another file");
  assertEquals(judged(`5 ${OK}`), ["<0.0> was acknowledged and not written"]);
});

Deno.test("a page is written when its commit is, and a line leaves with its first byte", () => {
  const more = `7 ${HEADER.replace("\\6\\0\\0\\0\\7", "\\6\\0\\0\\0\\0")}`;
  assertEquals(judged(more, WRITE[1]!, `7 ${FSYNC}`, `5 ${OK}`), ["<0.0> was acknowledged and not written"]);
  assertEquals(judged(more, WRITE[1]!, WRITE[0]!, WRITE[1]!, `7 ${FSYNC}`, `5 ${OK}`), []);
  const half = `5 ${OK.replace("= 3", "= 1")}`;
  const rest = `5 ${OK.replace('"OK\\n", 3', '"K\\n", 2').replace("= 3", "= 2")}`;
  assertEquals(judged(...WRITE, half, `7 ${FSYNC}`, rest), EARLY);
  assertEquals(judged(...WRITE, `7 ${FSYNC}`, half, rest), []);
  const begun = `5 ${OK.replace(") = 3", " <unfinished ...>")}`;
  const resumed = "5 <... sendto resumed>)             = 3";
  assertEquals(judged(...WRITE, begun, `7 ${FSYNC}`, resumed), EARLY, "it may have left while it ran");
});

Deno.test("deliveries are judged as acknowledgements are, a v2 message from its head line on", () => {
  const early = ["<0.0> was delivered and not on disk"];
  const sent = (text: string, length: number): string =>
    `5 sendto(${SUBSCRIBER}, "${text}", ${length}, MSG_NOSIGNAL, NULL, 0) = ${length}`;
  assertEquals(judged(...WRITE, `7 ${FSYNC}`, `5 ${DELIVERY}`), []);
  assertEquals(judged(...WRITE, `5 ${DELIVERY}`, `7 ${FSYNC}`), early);
  assertEquals(judged(...WRITE, sent("pub #a 5\\n", 9), `7 ${FSYNC}`, sent("<0.0>\\n", 6)), early);
  assertEquals(judged(...WRITE, `7 ${FSYNC}`, sent("pub #a 5\\n<0.0>\\n", 15)), []);
});

Deno.test("a trace that cannot be understood shows nothing", () => {
  assertThrows(() => judged(`7 write(${WAL}, "x", 1) = 1`), Error, "written by write");
  assertThrows(() => judged(`7 ${PAGE}`), Error, "without a frame header");
  assertThrows(() => judged(`5 ${OK.replace('\\n"', '"...')}`), Error, "a string was cut");
  assertThrows(() => judged(`5 ${OK.replace("OK", "err STORE").replace("= 3", "= 10")}`), Error, "was told");
});
