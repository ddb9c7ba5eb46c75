/**
 * What the writing thread does between two requests.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Mailbox } from "../../../../lib/store/sqlite/threads/mailbox.ts";
import type { WriteRequest } from "../../../../lib/store/sqlite/threads/messages.ts";
import { run } from "../../asking.ts";
import { Folder } from "../../folder.ts";
import { commitOf, thread } from "./written.ts";

/** Milliseconds between two ticks of the thread. */
const TICK_MS = 1000;

/** A commit of so many batches of one message, each to a topic of its own. */
function commit(count: number): WriteRequest {
  return commitOf({ appends: Array.from({ length: count }, (_, at) => run(`#t.${at}`, "x")) });
}

Deno.test("what a slice has left to do is gone on with at once, and not with the next tick", () => {
  using folder = new Folder();
  thread(folder, { stepMs: 10 }, (answer, send) => {
    if (answer.kind === "opened") send(commit(5000));
    if (answer.kind === "committed") send({ kind: "close" });
  });
  const times: number[] = [];
  let left = 5000;
  const { slept } = thread(folder, { stepMs: 10, retain: { bytes: 1 } }, (answer, send, { time }) => {
    if (answer.kind !== "trimmed") return;
    times.push(time);
    left -= answer.what.batches.length;
    // the newest stays, however little room there is
    if (left === 1) send({ kind: "close" });
  });
  assertEquals(left, 1);
  assert(slept.every((ms) => ms === 0), `it looks for requests and goes on: ${slept}`);
  const waits = times.slice(1).map((time, at) => time - times[at]!);
  assert(waits.length > 10, `${waits.length} slices`);
  assert(Math.max(...waits) < TICK_MS / 2, `${waits}`);
});

Deno.test("commits that do not wait for the disk are synced together, once, and then it sleeps", () => {
  using folder = new Folder();
  const { syncDataSync } = Deno.FsFile.prototype;
  const synced: number[] = [];
  let committed = 0;
  Deno.FsFile.prototype.syncDataSync = function (): void {
    synced.push(committed);
    syncDataSync.call(this);
  };
  try {
    const { slept } = thread(folder, { stepMs: 10, until: 2500 }, (answer, send) => {
      if (answer.kind === "opened") { for (let at = 0; at < 2; at++) send(commit(1)); }
      if (answer.kind === "committed") committed++;
    });
    assert(slept.length > 10 && slept.every((ms) => ms > 0), `it sleeps until something is due: ${slept}`);
  } finally {
    Deno.FsFile.prototype.syncDataSync = syncDataSync;
  }
  assertEquals(synced, [2]);
});

Deno.test("a thread that ends takes nothing any more", () => {
  using folder = new Folder();
  const { close } = Mailbox.prototype;
  let closed = 0;
  Mailbox.prototype.close = function (): void {
    closed++;
    close.call(this);
  };
  try {
    thread(folder, { until: 100 }, (answer) => {
      if (answer.kind === "closed") assertEquals(closed, 1);
    });
  } finally {
    Mailbox.prototype.close = close;
  }
  assertEquals(closed, 1);
});
