import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { readWalTail, requireEnd, type WalTail } from "../../../lib/store/sqlite/wal_tail.ts";

const PAGE = 512;
const HEADER = 32;
const FRAME = 24 + PAGE;
const SALT = [7, 8] as const;

/** As the file format says: s0 += x(i) + s1, s1 += x(i+1) + s0. */
function sumOf(
  view: DataView,
  [from, to]: readonly [number, number],
  sums: number[],
  little: boolean,
): number[] {
  let [a, b] = sums as [number, number];
  for (let at = from; at < to; at += 8) {
    a = (a + view.getUint32(at, little) + b) >>> 0;
    b = (b + view.getUint32(at + 4, little) + a) >>> 0;
  }
  return [a, b];
}

/** A write-ahead log of commits of so many pages. */
function walOf(
  commits: readonly number[],
  { little = true, salt = SALT as readonly number[] } = {},
): Uint8Array {
  const pages = commits.reduce((sum, count) => sum + count, 0);
  const bytes = new Uint8Array(HEADER + FRAME * pages);
  const view = new DataView(bytes.buffer);
  [little ? 0x377f0682 : 0x377f0683, 3007000, PAGE, 1, ...salt].forEach((word, at) =>
    view.setUint32(4 * at, word)
  );
  let sums = sumOf(view, [0, 24], [0, 0], little);
  sums.forEach((sum, at) => view.setUint32(24 + 4 * at, sum));
  let at = HEADER;
  for (const count of commits) {
    for (let page = 1; page <= count; page++) {
      [page, page === count ? pages : 0, ...salt].forEach((word, place) =>
        view.setUint32(at + 4 * place, word)
      );
      for (let byte = 0; byte < PAGE; byte++) bytes[at + 24 + byte] = at * 31 + byte * 7;
      sums = sumOf(view, [at, at + 8], sums, little);
      sums = sumOf(view, [at + 24, at + FRAME], sums, little);
      sums.forEach((sum, place) => view.setUint32(at + 16 + 4 * place, sum));
      at += FRAME;
    }
  }
  return bytes;
}

function tailOf(bytes: Uint8Array): WalTail | undefined {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, bytes);
    return readWalTail(path);
  } finally {
    Deno.removeSync(path);
  }
}

const COMMITS = [1, 3, 2, 1];
/** Where each ends, and where the first begins. */
const ENDS = [0, 1, 4, 6, 7].map((pages) => HEADER + FRAME * pages);

Deno.test("of a log that is whole nothing is discarded, be it ours, SQLite's or of the other byte order", () => {
  assertEquals(tailOf(walOf(COMMITS)), undefined);
  assertEquals(tailOf(walOf(COMMITS, { little: false })), undefined);
  assertEquals([tailOf(new Uint8Array(0)), readWalTail("/there/is/none")], [undefined, undefined]);
  assertEquals(tailOf(walOf([])), undefined, "a header alone");
  const dir = Deno.makeTempDirSync();
  try {
    using db = new DatabaseSync(`${dir}/db`);
    db.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    assert(Deno.statSync(`${dir}/db-wal`).size > HEADER);
    assertEquals(readWalTail(`${dir}/db-wal`), undefined);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a commit that was being written is the end of it, wherever it was cut", () => {
  const whole = walOf(COMMITS);
  for (let cut = HEADER; cut <= whole.length; cut += cut % FRAME < 60 ? 3 : 97) {
    const end = Math.max(...ENDS.filter((each) => each <= cut));
    const tail = tailOf(whole.subarray(0, cut));
    const bytes = cut - end;
    const expected = bytes === 0 ? undefined : { end, bytes, frames: Math.ceil(bytes / FRAME), commits: 0 };
    assertEquals(tail, expected, `cut at ${cut}`);
    requireEnd(tail);
  }
});

Deno.test("a damaged byte takes all that is behind it along, and whole commits among that are told", () => {
  for (const little of [true, false]) {
    const whole = walOf(COMMITS, { little });
    for (const [at, end] of ENDS.slice(0, -1).entries()) {
      for (const place of [0, 17, 24, 24 + PAGE - 1]) {
        const bytes = whole.slice();
        // of a commit of several pages the first
        bytes[end + place]! ^= 1;
        const tail = tailOf(bytes)!;
        assertEquals([tail.end, tail.bytes, tail.frames], [
          end,
          whole.length - end,
          (whole.length - end) / FRAME,
        ]);
        // what a checksum says of its own frame is what the next goes on from: where that is damaged a link is lost
        if (place !== 17 || COMMITS[at]! > 1) {
          assertEquals(tail.commits, COMMITS.length - 1 - at, `${end}+${place}`);
        }
        if (tail.commits === 0) requireEnd(tail);
        else {
          assertThrows(
            () => requireEnd(tail),
            DamageError,
            `behind byte ${end} of its write-ahead log a commit is not whole, and ${tail.commits} behind it`,
          );
        }
      }
    }
  }
});

Deno.test("frames that are left over from before the log was begun anew are none of it", () => {
  const before = walOf(COMMITS, { salt: [1, 2] });
  const after = walOf([2]);
  const both = before.slice();
  both.set(after);
  assertEquals(tailOf(both), undefined);
  for (const salt of [[7, 2], [1, 8]]) {
    const other = walOf(COMMITS, { salt });
    other.set(after);
    assertEquals(tailOf(other), undefined, "half a salt is none");
  }
  // and the new one was being written
  const cut = before.slice();
  cut.set(walOf([2, 1]).subarray(0, HEADER + 2 * FRAME + 16));
  assertEquals(tailOf(cut), { end: HEADER + 2 * FRAME, bytes: FRAME, frames: 1, commits: 0 });
});

Deno.test("what does not begin as a log is damaged", () => {
  const whole = walOf([1]);
  assertThrows(() => tailOf(whole.subarray(0, HEADER - 1)), DamageError, "no whole header");
  for (const place of [0, 3, 8, 16, 24, 28, 31]) {
    const bytes = whole.slice();
    bytes[place]! ^= 4;
    assertThrows(() => tailOf(bytes), DamageError, "is not as it was written");
  }
  for (const pageBytes of [511, 65_537]) {
    const bytes = walOf([]);
    const view = new DataView(bytes.buffer);
    view.setUint32(8, pageBytes);
    sumOf(view, [0, 24], [0, 0], true).forEach((sum, at) => view.setUint32(24 + 4 * at, sum));
    assertThrows(() => tailOf(bytes), DamageError, "is not as it was written");
  }
  for (const pageBytes of [512, 65_536]) {
    const bytes = walOf([]);
    const view = new DataView(bytes.buffer);
    view.setUint32(8, pageBytes);
    sumOf(view, [0, 24], [0, 0], true).forEach((sum, at) => view.setUint32(24 + 4 * at, sum));
    assertEquals(tailOf(bytes), undefined);
  }
});

Deno.test("a log is read whole where the system gives it in small pieces", () => {
  const { readSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.readSync = function (into): number | null {
    return readSync.call(this, into.subarray(0, 100));
  };
  try {
    assertEquals(tailOf(walOf(COMMITS)), undefined);
    const cut = walOf(COMMITS).subarray(0, ENDS[2]! + 10);
    assertEquals(tailOf(cut), { end: ENDS[2]!, bytes: 10, frames: 1, commits: 0 });
  } finally {
    Deno.FsFile.prototype.readSync = readSync;
  }
});

Deno.test("a log that cannot be read is no log that is not there", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${dir}/file`, "");
    assertThrows(() => readWalTail(`${dir}/file/wal`), Deno.errors.NotADirectory);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
