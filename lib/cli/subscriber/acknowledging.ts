/**
 * Messages that are acknowledged when they have been printed.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import { countOf } from "../../text.ts";
import type { Notices } from "../client/notices.ts";
import type { Closable } from "../client/run.ts";
import type { Arrived } from "../messages/message.ts";
import { pause } from "../process/pause.ts";
import { isLeased, type LeasedJob } from "./worker/job.ts";

/** What it needs of a run. */
export interface AcknowledgingParts {
  /** Writes what was printed so far; rejects when it cannot be written. */
  readonly written: () => Promise<unknown>;
  /** So many are acknowledged before {@link Acknowledging.finish}: undefined: all. */
  readonly early: number | undefined;
  readonly notices: Pick<Notices, "notice">;
}

/**
 * A message is acknowledged once whoever reads the output has it: what could not be written is given out
 * again, to this subscriber or another.
 */
export class Acknowledging {
  readonly #parts: AcknowledgingParts;
  /** Printed, and not known to be written. */
  #printed: LeasedJob[] = [];
  /** Written, and kept back until the end. */
  readonly #last: LeasedJob[] = [];
  #acknowledged = 0;
  #writing: Promise<void> | undefined;
  readonly #answers = new Set<Promise<void>>();
  #refused = 0;
  #why = "";

  constructor(parts: AcknowledgingParts) {
    this.#parts = parts;
  }

  /** A message was put into the output. */
  printed(message: Arrived): void {
    if (!isLeased(message)) return;
    this.#printed.push(message);
    // that nothing can be written any more is told by the output
    this.#writing ??= this.#write().catch(() => {});
  }

  /** Resolves when all that was printed is written, or cannot be. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Acknowledges what was kept back: with what leaves the group, so that nothing comes in its place. */
  finish(): void {
    for (const message of this.#last.splice(0)) this.#acknowledge(message);
  }

  /** Resolves when the broker has answered; tells what it would not have. */
  async answered(): Promise<void> {
    await Promise.all(this.#answers);
    this.#tell();
  }

  async #write(): Promise<void> {
    try {
      while (this.#printed.length > 0) {
        const printed = this.#printed;
        this.#printed = [];
        await this.#parts.written();
        const { early = Infinity } = this.#parts;
        for (const message of printed) {
          if (this.#acknowledged < early) this.#acknowledge(message);
          else this.#last.push(message);
        }
      }
    } finally {
      this.#writing = undefined;
    }
  }

  #acknowledge(message: LeasedJob): void {
    this.#acknowledged++;
    const answer: Promise<void> = message.ack().catch((error) => {
      if (!(error instanceof RunError || error instanceof RefusedError)) throw error;
      // many at a time, when a connection is lost
      if (this.#refused++ === 0) setTimeout(() => this.#tell());
      this.#why = error.message;
    }).finally(() => this.#answers.delete(answer));
    this.#answers.add(answer);
  }

  #tell(): void {
    if (this.#refused === 0) return;
    this.#parts.notices.notice(
      `${countOf(this.#refused, "message")} printed and not acknowledged, so printed again, here or by ` +
        `another: ${this.#why}`,
    );
    this.#refused = 0;
  }
}

/** At the end it waits so long for who reads its output, milliseconds: what is not written comes again. */
const WRITTEN_MS = 2000;

/** A connection that is closed when what could be written in time is acknowledged; the rest is given back. */
export function closedBehindPrinted(acknowledging: Acknowledging, client: Closable): Closable {
  const close: Closable["close"] = async (options) => {
    const over = new AbortController();
    const lost = client.closed.catch(() => {});
    await Promise.race([acknowledging.written(), lost, pause(WRITTEN_MS, over.signal)]);
    over.abort();
    acknowledging.finish();
    await client.close(options);
    await acknowledging.answered();
  };
  return { closed: client.closed, close };
}
