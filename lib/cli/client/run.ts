/**
 * A client program from its connection to its end, however that comes: done, stopped, or the broker lost for
 * good.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { countOf } from "../../text.ts";
import { showDuration } from "../options/units.ts";
import { tellWhenLate } from "../process/late.ts";
import type { Stop } from "../process/signals.ts";
import { aborted } from "../process/signals.ts";
import type { Notices } from "./notices.ts";
import type { Connection } from "./options.ts";

/** A connection that can be closed; both clients of the library are one. */
export interface Closable {
  /**
   * Waits for what is on its way, at most so many milliseconds, and says goodbye. Rejects when that cannot be
   * had. A second call with a shorter time shortens it.
   */
  close(options?: { readonly timeout?: number }): Promise<void>;
  /** Rejects when the broker was lost for good. */
  readonly closed: Promise<void>;
  /** How many messages are not acknowledged; a subscriber has none. */
  readonly pending?: number;
}

/** What the end of a program needs. */
export interface Ending {
  readonly client: Closable;
  readonly stop: Stop;
  readonly notices: Notices;
  /** Milliseconds that a stop waits for what is not acknowledged. */
  readonly drainTimeout: number;
  /** Milliseconds that the goodbye may take without a stop; left out, as long as it takes. */
  readonly closeTimeout?: number | undefined;
  /** The exit code when a signal ended the work and the goodbye went well. */
  readonly codeWhenStopped: () => number;
}

/** A stop that is over sooner needs no words. */
const PATIENCE_MS = 300;

/**
 * Connects. Gives undefined when the program is stopped first, said with what came of it (`nothing was
 * published`). While it takes long, that is said, too. Rejects with what a person needs to start a broker
 * where there is none.
 */
export async function connected<T>(
  connecting: Promise<T>,
  { to, notices, stop, came }: {
    readonly to: Connection;
    readonly notices: Notices;
    readonly stop: Stop;
    readonly came: string;
  },
): Promise<T | undefined> {
  if (to.tokenExposure !== undefined) notices.failed(to.tokenExposure);
  using _told = notices.connecting(to);
  try {
    const client = await unlessStopped(connecting, stop);
    if (client === undefined) notices.failed(`stopped before it was connected: ${came}`);
    return client;
  } catch (error) {
    throw withAdvice(error, to);
  }
}

/** Of the errors that a beginner meets first, what to do about them with these programs. */
function withAdvice(error: unknown, { credentials }: Connection): unknown {
  if (!(error instanceof RunError)) return error;
  if (error.code === "DENIED" && credentials === undefined) {
    return new RunError(`${error.message}: give --user NAME, and its token in HASHBUS_TOKEN or --token-file`);
  }
  if (error.code !== "NO_BROKER") return error;
  const start = Deno.build.standalone ? "broker" : "deno run -A broker.ts";
  return new RunError(`${error.message}: start one with "${start}", or name another host or port (-h, -p)`);
}

/**
 * Gives the exit code of the work, or that of a stop when a signal comes first; closes the connection in any
 * case. The work is handed a stop of its own, which is asked for as soon as something ends it: so a prompt
 * leaves the terminal before the goodbye. Rejects with what failed first.
 */
export async function finish(work: (stop: Stop) => Promise<number>, ending: Ending): Promise<number> {
  const { client, stop, notices } = ending;
  const over = new AbortController();
  const signal = AbortSignal.any([stop.signal, over.signal]);
  stop.lastWord(() => {
    if (unacknowledged(client) > 0) {
      notices.failed(`${countOf(unacknowledged(client), "message")} not acknowledged`);
    }
  });
  let code: number | undefined;
  try {
    const stopped = aborted(stop.signal).then(() => undefined);
    code = await Promise.race([work({ ...stop, signal }), stopped, client.closed.then(() => 0)]);
  } catch (error) {
    over.abort();
    // what failed first is what a person needs to hear; that the goodbye failed, too, follows from it
    await client.close({ timeout: ending.drainTimeout }).catch(() => {});
    throw error;
  }
  over.abort();
  await close(ending);
  return code ?? ending.codeWhenStopped();
}

/** Closes in its time until a stop sets one, and says what a stop waits for. */
async function close({ client, stop, notices, drainTimeout, closeTimeout }: Ending): Promise<void> {
  if (!stop.signal.aborted) {
    const closing = client.close(closeTimeout === undefined ? {} : { timeout: closeTimeout });
    await Promise.race([closing, aborted(stop.signal)]);
    if (!stop.signal.aborted) return await closing;
  }
  await tellWhenLate(client.close({ timeout: drainTimeout }), {
    after: PATIENCE_MS,
    tell: () => {
      const left = unacknowledged(client);
      if (left === 0) return;
      notices.notice(
        `waiting up to ${showDuration(drainTimeout)} for ${countOf(left, "message")} to be acknowledged ` +
          "(Ctrl-C again ends at once)",
      );
    },
  });
}

function unacknowledged(client: Closable): number {
  return client.pending ?? 0;
}

/** What a promise gives, or undefined when the program is stopped first, or stopping made it fail. */
export async function unlessStopped<T>(promise: Promise<T>, stop: Stop): Promise<T | undefined> {
  try {
    return await Promise.race([promise, aborted(stop.signal).then(() => undefined)]);
  } catch (error) {
    if (stop.signal.aborted) return undefined;
    throw error;
  }
}
