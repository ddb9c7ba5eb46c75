import { assert, assertEquals } from "@std/assert";
import { CommitPace, type CommitSize } from "../../../lib/engine/durable/commit_pace.ts";
import {
  COMMIT_BYTES_MOST,
  COMMIT_MS,
  COMMIT_PIECES_LEAST,
  COMMIT_PIECES_MOST,
} from "../../../lib/limits.ts";

/** Commits as large as they may be, of what costs so much each; how large they are at last. */
function settle(pace: CommitPace, cost: { fsync: number; run?: number; mib?: number }): CommitSize {
  const { fsync, run = 0, mib = 0 } = cost;
  pace.took(fsync, { pieces: 1, bytes: 1 });
  for (let commit = 0; commit < 100; commit++) {
    const { pieces, bytes } = pace.most;
    const size = run > 0 ? { pieces, bytes: pieces } : { pieces: Math.ceil(bytes / 262_144), bytes };
    pace.took(fsync + run * size.pieces + mib * size.bytes / 1024 ** 2, size);
  }
  return pace.most;
}

Deno.test("a commit takes as many runs as there is time for, and more again when they cost less", () => {
  const pace = new CommitPace();
  assertEquals(pace.most, { pieces: COMMIT_PIECES_MOST, bytes: COMMIT_BYTES_MOST });
  assertEquals(settle(pace, { fsync: 0.3, run: 0.0005 }).pieces, COMMIT_PIECES_MOST);
  const { pieces } = settle(pace, { fsync: 0.3, run: 0.005 });
  assert(pieces * 0.005 < 2 * COMMIT_MS && pieces * 0.005 > COMMIT_MS / 2, `${pieces} runs of 5 µs`);
  assertEquals(settle(pace, { fsync: 0.3, run: 1 }).pieces, COMMIT_PIECES_LEAST);
  assertEquals(settle(pace, { fsync: 0.3, run: 0.0005 }).pieces, COMMIT_PIECES_MOST);
});

Deno.test("a commit takes as many bytes as there is time for, and more again when the disk is faster", () => {
  const pace = new CommitPace();
  const slow = settle(pace, { fsync: 0.3, mib: 2 }).bytes / 1024 ** 2;
  assert(slow * 2 < 2 * COMMIT_MS && slow * 2 > COMMIT_MS / 2, `${slow} MiB at 2 ms each`);
  assertEquals(settle(pace, { fsync: 0.3, mib: 0.1 }).bytes, COMMIT_BYTES_MOST);
});

Deno.test("that some commits take long, whatever is in them, makes none smaller", () => {
  const pace = new CommitPace();
  for (let commit = 0; commit < 1000; commit++) pace.took(commit % 5 === 0 ? 50 : 1, pace.most);
  const { pieces } = pace.most;
  assert(pieces > COMMIT_PIECES_MOST / 2, `${pieces}`);
  for (let commit = 0; commit < 1000; commit++) {
    pace.took(commit % 2 === 0 ? 50 : 1, { pieces: 1, bytes: 100 });
  }
  assert(pace.most.pieces >= pieces, "nor do small ones");
});

Deno.test("on a slow disk a commit may take as long again as its fsync, or little would go into each", () => {
  const { pieces } = settle(new CommitPace(), { fsync: 50, run: 0.02 });
  assert(pieces * 0.02 > 20 && pieces * 0.02 < 100, `${pieces} runs of 20 µs`);
});

/** All that a commit may have. */
const FULL: CommitSize = { pieces: COMMIT_PIECES_MOST, bytes: COMMIT_BYTES_MOST };
const MUCH_TOO_LONG = 1e9;

Deno.test("each commit's time is counted, and one that took none says nothing", () => {
  const pace = new CommitPace();
  for (const milliseconds of [0, 1, 7]) pace.took(milliseconds, { pieces: 1, bytes: 1 });
  const { counts, sum } = pace.times;
  assertEquals([counts.reduce((all, count) => all + count, 0), sum], [2, 8]);
});

Deno.test("of two that follow each other and took too long the second counts more, one alone does not", () => {
  const shares = (...times: readonly number[]): number[] => {
    const pace = new CommitPace();
    return times.map((milliseconds) => {
      pace.took(milliseconds, pace.most);
      return pace.most.pieces / COMMIT_PIECES_MOST;
    }).map((share) => Math.round(100 * share) / 100);
  };
  assertEquals(shares(1, MUCH_TOO_LONG, 1, MUCH_TOO_LONG), [1, 0.85, 0.93, 0.79]);
  assertEquals(shares(1, MUCH_TOO_LONG, MUCH_TOO_LONG, 1), [1, 0.85, 0.42, 0.47]);
});

Deno.test("what takes just as long as it may is not too long", () => {
  const pace = new CommitPace();
  pace.took(10, { pieces: 1, bytes: 1 });
  // its fsync counts a little more than the shortest did, and as long again it may take
  pace.took(2 * (1.02 * 10), FULL);
  pace.took(MUCH_TOO_LONG, FULL);
  assertEquals(pace.most.pieces, Math.floor(0.85 * COMMIT_PIECES_MOST), "the first that was too long");
});

Deno.test("a commit is as large as it may be from three quarters of that on, by its runs or by its bytes", () => {
  const shrinks = (size: CommitSize): boolean => {
    const pace = new CommitPace();
    pace.took(1, { pieces: 1, bytes: 1 });
    pace.took(MUCH_TOO_LONG, size);
    return pace.most.pieces < COMMIT_PIECES_MOST;
  };
  const [pieces, bytes] = [0.75 * COMMIT_PIECES_MOST, 0.75 * COMMIT_BYTES_MOST];
  assertEquals([shrinks({ pieces, bytes: 1 }), shrinks({ pieces: pieces - 1, bytes: 1 })], [true, false]);
  assertEquals([shrinks({ pieces: 1, bytes }), shrinks({ pieces: 1, bytes: bytes - 1 })], [true, false]);
});
