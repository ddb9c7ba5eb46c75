import { assert, assertEquals } from "@std/assert";
import { CommitPace } from "../../../lib/engine/durable/commit_pace.ts";
import { COMMIT_MS, COMMIT_PIECES_LEAST, COMMIT_PIECES_MOST } from "../../../lib/limits.ts";

/** Commits as large as they may be, of runs that cost so much each; how large they are at last. */
function settle(pace: CommitPace, { fsync, run }: { fsync: number; run: number }): number {
  pace.took(fsync, 1);
  for (let commit = 0; commit < 100; commit++) pace.took(fsync + run * pace.most, pace.most);
  return pace.most;
}

Deno.test("a commit takes as many runs as there is time for, and more again when they cost less", () => {
  const pace = new CommitPace();
  assertEquals(pace.most, COMMIT_PIECES_MOST);
  assertEquals(settle(pace, { fsync: 0.3, run: 0.0005 }), COMMIT_PIECES_MOST);
  const dear = settle(pace, { fsync: 0.3, run: 0.02 });
  assert(dear * 0.02 < 2 * COMMIT_MS && dear * 0.02 > COMMIT_MS / 2, `${dear} runs of 20 µs`);
  assertEquals(settle(pace, { fsync: 0.3, run: 1 }), COMMIT_PIECES_LEAST);
  assertEquals(settle(pace, { fsync: 0.3, run: 0.0005 }), COMMIT_PIECES_MOST);
});

Deno.test("on a slow disk a commit may take as long again as its fsync, or little would go into each", () => {
  const runs = settle(new CommitPace(), { fsync: 50, run: 0.02 });
  assert(runs * 0.02 > 20 && runs * 0.02 < 100, `${runs} runs of 20 µs`);
});
