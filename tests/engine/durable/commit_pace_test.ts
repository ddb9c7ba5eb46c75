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
