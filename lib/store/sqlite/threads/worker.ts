/**
 * A thread of the store: SQLite works in the call that asks, so it gets a thread of its own, once to write
 * and once to read.
 *
 * @module
 */
import type { OpenRequest } from "./messages.ts";
import { ReadingThread } from "./reading_thread.ts";
import type { Scope } from "./scope.ts";
import { WritingThread } from "./writing_thread.ts";

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data }: MessageEvent<OpenRequest>) => {
  if (data.kind === "write") WritingThread.start(scope, data);
  else ReadingThread.start(scope, data);
};
