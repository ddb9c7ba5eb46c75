import { assertEquals } from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import { Checkpoints } from "../../../lib/store/sqlite/checkpoints.ts";

const MIB = 1024 * 1024;
const FRAME = 16_384 + 24;

/** Of a database only what it says of its write-ahead log. */
class Wal {
  log = 0;
  checkpointed = 0;
  readonly asked: string[] = [];

  prepare(sql: string): { get(): { log: number; checkpointed: number } } {
    const how = /\((\w+)\)/.exec(sql)![1]!;
    return {
      get: () => {
        this.asked.push(how);
        return { log: this.log, checkpointed: this.checkpointed };
      },
    };
  }
}

function begin(): { readonly wal: Wal; readonly checkpoints: Checkpoints } {
  const wal = new Wal();
  return { wal, checkpoints: new Checkpoints(wal as unknown as DatabaseSync) };
}

Deno.test("a checkpoint is due from 4 MiB on, by what SQLite says of it", () => {
  const { wal, checkpoints } = begin();
  checkpoints.wrote(4 * MIB - 1);
  assertEquals(
    [checkpoints.due, checkpoints.walBytes, wal.asked],
    [false, 4 * MIB - 1, []],
    "nobody is asked",
  );
  checkpoints.wrote(1);
  wal.log = 10;
  assertEquals([checkpoints.due, checkpoints.walBytes], [false, 10 * FRAME], "they shared pages");
  assertEquals(wal.asked, ["NOOP"]);
  checkpoints.wrote(4 * MIB);
  wal.log = Math.ceil(4 * MIB / FRAME);
  assertEquals([checkpoints.due, checkpoints.walBytes], [true, wal.log * FRAME]);
  wal.checkpointed = wal.log;
  assertEquals([checkpoints.due, checkpoints.walBytes], [false, 0], "all of it has been moved");
});

Deno.test("what could not be moved is tried again after a MiB more, and what could begins anew", () => {
  const { wal, checkpoints } = begin();
  checkpoints.wrote(5 * MIB);
  [wal.log, wal.checkpointed] = [400, 100];
  checkpoints.run();
  assertEquals(wal.asked, ["PASSIVE"]);
  checkpoints.wrote(MIB - 1);
  assertEquals([checkpoints.due, wal.asked.length], [false, 1]);
  checkpoints.wrote(1);
  wal.log = 500;
  assertEquals(checkpoints.due, true);
  wal.checkpointed = 500;
  checkpoints.run();
  assertEquals(checkpoints.walBytes, 0);
  checkpoints.wrote(4 * MIB - 1);
  assertEquals(checkpoints.due, false);
});

Deno.test("from 48 MiB on readers are waited for, and where that does not help from twice as much", () => {
  const { wal, checkpoints } = begin();
  [wal.log, wal.checkpointed] = [4000, 0];
  checkpoints.wrote(48 * MIB - 1);
  checkpoints.run();
  checkpoints.wrote(1);
  checkpoints.run();
  checkpoints.run();
  checkpoints.wrote(48 * MIB);
  checkpoints.run();
  assertEquals(wal.asked, ["PASSIVE", "RESTART", "PASSIVE", "RESTART"]);
  wal.checkpointed = 4000;
  checkpoints.run();
  wal.checkpointed = 0;
  checkpoints.wrote(48 * MIB);
  checkpoints.run();
  assertEquals(wal.asked.slice(4), ["PASSIVE", "RESTART"], "all was moved: it is as it was at first");
});
