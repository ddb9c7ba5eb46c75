/**
 * A write-ahead log that ends in the middle of a commit, and one that is damaged further before.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LogFields } from "../../lib/log.ts";
import { openSqliteStore } from "../../lib/store/sqlite/open_store.ts";
import { checkStore } from "../../lib/store/tools/check.ts";
import { EARLIEST, run } from "../store/asking.ts";
import { Folder } from "../store/folder.ts";
import { crashImage, lay, startOf } from "./crash_image.ts";
import { seeded } from "./random.ts";

const SECTOR = 512;
const FRAME = 24 + 16_384;
/** The last commit takes more than one page of messages. */
const COMMITS = [
  ...Array.from({ length: 5 }, (_, at) => [run("#a", `${at}`), run("#b", "x".repeat(at * 3000))]),
  [run("#a", "y".repeat(40_000)), run("#new", "z".repeat(300))],
];
const image = await crashImage(COMMITS);
const [before = 0, end = 0] = image.ends.slice(-2);
const BATCHES = 2 * COMMITS.length;

Deno.test("a WAL cut at any 512 bytes of the last commit loses that commit and no other, and how much is told", () => {
  assert(end === image.wal.length && end - before > 4 * FRAME);
  using folder = new Folder();
  let cuts = 0;
  for (let at = before; at < end; at += SECTOR) {
    lay(folder, { ...image, wal: image.wal.subarray(0, at) });
    const { tail, batches } = startOf(folder);
    assertEquals(batches, BATCHES - 2, `cut at ${at}`);
    const bytes = at - before;
    const told = { end: before, bytes, frames: Math.ceil(bytes / FRAME), commits: 0 };
    assertEquals(tail, bytes === 0 ? undefined : told, `cut at ${at}`);
    cuts++;
  }
  assert(cuts > 150);
  lay(folder, image);
  assertEquals(startOf(folder), { tail: undefined, batches: BATCHES }, "whole, it is all there");
});

Deno.test("a WAL of whose last commit any 512 bytes never reached the disk loses that commit and no other, and it is told", () => {
  using folder = new Folder();
  for (let at = before; at < end; at += SECTOR) {
    const wal = image.wal.slice();
    // what is not zero already, so that it is a change
    if (!wal.subarray(at, at + SECTOR).some((byte) => byte !== 0)) continue;
    wal.fill(0, at, at + SECTOR);
    lay(folder, { ...image, wal });
    const { tail, batches } = startOf(folder);
    assertEquals(batches, BATCHES - 2, `without ${at}`);
    assertEquals([tail?.end, tail?.commits], [before, 0], `without ${at}`);
  }
});

Deno.test("a power cut that keeps any 512 bytes of the last commit and drops any others is nothing but that", async () => {
  // what lay on the disk before is an older log, as in one that was begun anew
  const older = await crashImage(COMMITS);
  const random = seeded(Number(Deno.env.get("HASHBUS_SEED") ?? 20261123));
  using folder = new Folder();
  for (let round = 0; round < 100; round++) {
    const wal = new Uint8Array([...older.wal, ...older.wal.subarray(before)]);
    wal.set(image.wal.subarray(0, before));
    const kept = random();
    for (let at = before; at < end; at += SECTOR) {
      if (random() < kept) wal.set(image.wal.subarray(at, Math.min(end, at + SECTOR)), at);
    }
    // much of the older one is the same
    const whole = image.wal.subarray(before).every((byte, at) => byte === wal[before + at]);
    lay(folder, { ...image, wal });
    const { tail, batches } = startOf(folder);
    assertEquals(tail?.commits ?? 0, 0, `round ${round}: it is not taken for damage`);
    assertEquals(batches, whole ? BATCHES : BATCHES - 2, `round ${round}`);
  }
});

/** What a store says in its log when it is opened, and the messages that are there. */
async function opened(
  folder: Folder,
  sync: "commit" | "interval" = "commit",
): Promise<{ said: readonly (readonly [string, LogFields | undefined])[]; messages: number }> {
  const said: (readonly [string, LogFields | undefined])[] = [];
  const say = (event: string, fields?: LogFields): void => void said.push([event, fields]);
  const log = { debug: (): void => {}, info: say, warn: say, error: say };
  return await folder.with(async (store) => {
    const { messages } = await store.replay("#>", EARLIEST);
    return { said, messages: messages.length };
  }, { log, sync });
}

Deno.test("the start says how much of a commit that was not finished it discards, once", async () => {
  using folder = new Folder();
  lay(folder, { ...image, wal: image.wal.subarray(0, before + FRAME + SECTOR) });
  const bytes = FRAME + SECTOR;
  assertEquals(await opened(folder), {
    said: [["a commit that was not finished is discarded", { bytes, frames: 2 }]],
    messages: BATCHES - 2,
  });
  assertEquals(await opened(folder), { said: [], messages: BATCHES - 2 });
});

Deno.test("a WAL that is damaged with whole commits behind is refused, and by --sync interval gone on with what is before", async () => {
  using folder = new Folder();
  const [, second = 0] = image.ends;
  for (const at of [second + 8, second + 20, second + 24, second + 3000, second + 2 * FRAME - 1]) {
    const wal = image.wal.slice();
    wal[at]! ^= 0x10;
    lay(folder, { ...image, wal });
    const files = folder.contents();
    const reason = await openSqliteStore(folder.data).then(() => "", (error: Error) => error.message);
    assertMatch(
      reason,
      /is damaged: behind byte \d+ of its write-ahead log a commit is not whole, and 3 behind it/,
    );
    assertMatch(reason, /start it once with --sync interval/);
    const problems: string[] = [];
    checkStore(folder.data, { progress: () => {}, problem: (text) => problems.push(text) });
    assertMatch(
      problems[0] ?? "",
      /write-ahead log a commit is not whole, and 3 behind it/,
      "--data-check says so",
    );
    assertEquals(folder.contents(), files, "nothing was changed");
    const { said, messages } = await opened(folder, "interval");
    const [[event, fields] = []] = said;
    assertEquals([event, fields?.["commits"]], ["commits behind a damaged one are discarded", 3]);
    assertEquals(messages, 4);
  }
});

Deno.test("a WAL whose header is damaged is refused: SQLite would take it for an empty one", async () => {
  using folder = new Folder();
  for (const at of [0, 3, 9, 15, 18, 27, 31]) {
    const wal = image.wal.slice();
    wal[at]! ^= 1;
    lay(folder, { ...image, wal });
    const reason = await openSqliteStore(folder.data).then(() => "", (error: Error) => error.message);
    assertMatch(reason, /is damaged: the header of its write-ahead log is not as it was written/);
  }
});

Deno.test("frames that are left over from before the WAL was begun anew are nothing that was lost", async () => {
  using folder = new Folder();
  const many = await crashImage(Array.from({ length: 3 }, () => [run("#a", "1")]));
  // as if it had been longer before
  const old = image.wal.slice(before, end);
  const wal = new Uint8Array([...many.wal, ...old]);
  lay(folder, { ...many, wal });
  assertEquals(startOf(folder), { tail: undefined, batches: 3 });
  lay(folder, { ...many, wal });
  assertEquals((await opened(folder)).said, []);
});
