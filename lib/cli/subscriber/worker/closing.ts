/**
 * The connection of a worker: it is closed behind the last command that runs.
 *
 * @module
 */
import { countOf } from "../../../text.ts";
import type { Closable } from "../../client/run.ts";
import type { Notices } from "../../client/notices.ts";
import { tellWhenLate } from "../../process/late.ts";
import type { Stop } from "../../process/signals.ts";
import type { Worker } from "./worker.ts";

/** Commands that end sooner need no words, milliseconds. */
const PATIENCE_MS = 300;

/** What ends when a worker's connection is closed. */
export interface Ends {
  readonly worker: Worker;
  readonly client: Closable;
  /** The worker's work; how it failed is told by who awaits it. */
  readonly working: Promise<void>;
  readonly stop: Stop;
  readonly notices: Pick<Notices, "failed" | "notice">;
}

/** The connection, closed once what runs is done and the rest given back; a second stop kills what runs. */
export function closedBehind(ends: Ends): Closable {
  const { client } = ends;
  let closing: Promise<void> | undefined;
  return { closed: client.closed, close: () => closing ??= close(ends) };
}

async function close({ worker, client, working, stop, notices }: Ends): Promise<void> {
  stop.lastWord(() => {
    const { running } = worker;
    worker.kill();
    if (running > 0) notices.failed(`${countOf(running, "command")} killed before the end`);
  });
  const done = async (): Promise<void> => {
    await worker.leave();
    await client.close();
    await Promise.allSettled([working]);
    await worker.idle();
  };
  await tellWhenLate(done(), {
    after: PATIENCE_MS,
    tell: () => {
      const { running } = worker;
      if (running === 0) return;
      notices.notice(`waiting for ${countOf(running, "command")} to end (Ctrl-C again kills)`);
    },
  });
}
