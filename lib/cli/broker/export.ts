/**
 * `--export`: stored messages become lines of JSON.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { type JsonMessage, messageJson } from "../messages/message.ts";
import { Output, type OutputTarget } from "../output/output.ts";
import { Progress } from "../output/progress.ts";
import type { Stop } from "../process/signals.ts";

/** A stored message. */
export interface StoredMessage extends JsonMessage {
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Where the messages come from and go. */
export interface ExportJob {
  /** Read one at a time; one that is damaged throws. */
  readonly messages: Iterable<StoredMessage>;
  readonly target: OutputTarget;
  readonly stop: Stop;
  readonly quiet: boolean;
}

/**
 * Writes every message; how many. Throws OutputClosed when nobody
 * reads them any more, RunError when it is stopped before the end.
 */
export async function exportLines({ messages, target, stop, quiet }: ExportJob): Promise<number> {
  const out = new Output(target);
  const shown = Deno.stderr.isTerminal() && !Deno.stdout.isTerminal() && !quiet;
  const progress = new Progress({ did: "exported", shown });
  let written = 0;
  progress.watch(() => written);
  try {
    for (const message of messages) {
      out.text(`${messageJson(message, new Date(message.time))}\n`);
      written++;
      if (!out.full) continue;
      await out.flush();
      if (stop.signal.aborted) {
        throw new RunError(`stopped after ${written} messages, this is not all that is stored`);
      }
    }
  } finally {
    // what lies before something damaged is given, too
    await out.flush();
    progress.end();
  }
  return written;
}
