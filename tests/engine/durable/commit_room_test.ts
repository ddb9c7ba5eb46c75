import { assert, assertEquals } from "@std/assert";
import type { Publisher } from "../../../lib/engine/types.ts";
import {
  COMMIT_BYTES_MOST,
  COMMIT_PIECES_LEAST,
  COMMIT_PIECES_MOST,
  LOG_HIGH_WATER,
  LOG_PIECES_LEAST,
  PIECE_BYTES,
} from "../../../lib/limits.ts";
import { LogBench } from "./log_bench.ts";

function publisher(): Publisher {
  return { hold: () => ({ acknowledge: () => {}, refuse: () => {} }) };
}

Deno.test("where nothing waits the log takes a run, however little memory is left, and then it is full", () => {
  const bench = new LogBench({ most: 1024 });
  bench.memory.hold(1024);
  assertEquals([bench.log.full, bench.log.isFullFor(publisher())], [false, false]);
  let told = 0;
  bench.log.whenNotFull(() => told++);
  assertEquals(told, 1, "at once");
  bench.append(1);
  assertEquals([bench.log.full, bench.log.isFullFor(undefined), bench.log.isFullFor(publisher())], [
    true,
    true,
    true,
  ]);
  bench.log.whenNotFull(() => told++);
  assertEquals(told, 1);
  bench.commit();
  assertEquals([bench.log.full, told], [false, 2]);
});

Deno.test("a publisher that has something waiting finds the log full, another one when it is twice as full", () => {
  const bench = new LogBench();
  const [flood, other] = [publisher(), publisher()];
  bench.append(1, { bytes: LOG_HIGH_WATER - PIECE_BYTES - 1 }, flood);
  bench.append(1, { bytes: 1 }, flood);
  const full = (): boolean[] => [undefined, flood, other].map((each) => bench.log.isFullFor(each));
  assertEquals(full(), [true, true, false]);
  const rest = LOG_HIGH_WATER - 2 * PIECE_BYTES;
  bench.append(1, { bytes: rest - 1 }, publisher());
  assertEquals(full(), [true, true, false]);
  bench.append(1, { bytes: 0 }, publisher());
  assertEquals(full(), [true, true, true]);
});

Deno.test("there is room for some commits as large as they are", () => {
  const bench = new LogBench();
  bench.append(COMMIT_PIECES_MOST);
  bench.append(1);
  bench.commit();
  bench.takeTurns();
  bench.commit();
  bench.takeTurns();
  bench.append(6 * COMMIT_PIECES_MOST - 2000);
  assertEquals([bench.log.idle, bench.log.full], [false, false], `${LOG_PIECES_LEAST} always find room`);
  bench.append(2000);
  assertEquals(bench.log.full, true);
});

Deno.test("a commit takes as long as the store's time has grown, and how much the next takes goes by that", () => {
  const bench = new LogBench({ commitTime: 100 });
  const commit = (count: number, { took, bytes = 10 }: { took: number; bytes?: number }): number => {
    bench.append(count, { bytes });
    time += took;
    bench.state.commitTime = time;
    const taken = bench.commit();
    bench.takeTurns();
    return taken;
  };
  let time = 100;
  commit(1, { took: 7 });
  commit(1, { took: 3 });
  assertEquals(bench.log.commits.times.sum, 10);
  // by its runs
  commit(COMMIT_PIECES_MOST, { took: 1e9 });
  const most = Math.floor(0.85 * COMMIT_PIECES_MOST);
  assert(most > COMMIT_PIECES_LEAST);
  assertEquals(commit(COMMIT_PIECES_MOST, { took: 1 }), most);
  // it was as large as it might be, and fast
  assertEquals(bench.commit(), COMMIT_PIECES_MOST - most);
  bench.takeTurns();
  // by its bytes
  const part = 0.45 * COMMIT_BYTES_MOST;
  assertEquals(commit(2, { took: 1, bytes: part }), 2);
  commit(2, { took: 1e9, bytes: part });
  assertEquals(commit(2, { took: 1, bytes: part }), 1, "two of them are more than it may have");
});
