/**
 * The thread of a store: SQLite works in the call that asks, so it gets a thread of its own, once to write and once to read.
 *
 * @module
 */
import type { OpenRequest } from "./messages.ts";
import { ReadingThread } from "./reading_thread.ts";
import { WritingThread } from "./writing_thread.ts";

/** What a worker sees of its own scope. */
export interface Scope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  close(): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data }: MessageEvent<OpenRequest>) => {
  if (data.kind === "write") WritingThread.start(scope, data);
  else ReadingThread.start(scope, data);
};
