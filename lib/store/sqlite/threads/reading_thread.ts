/**
 * The thread that reads.
 *
 * @module
 */
import { RunError } from "../../../errors.ts";
import { filesIn } from "../files.ts";
import type { OpenRequest, ReadAnswer, ReadRequest } from "./messages.ts";
import { connect } from "../connection.ts";
import { reasonOf } from "../errors.ts";
import { SqliteView } from "../view.ts";
import { read } from "../../log/read.ts";
import { seek } from "../../log/seek.ts";
import type { Page } from "../../types.ts";
import type { Scope } from "./scope.ts";

/**
 * Bytes a millisecond that are read at most while others publish: a replay as fast as it can go would take a
 * third of a machine with two processors from them. docs/decisions/0004 has the figures.
 */
const PACE = 300_000 * navigator.hardwareConcurrency;
/** Nobody ever changes it. */
const NEVER = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Answers in the order of the requests; a read that fails fails alone. */
export class ReadingThread {
  static start(scope: Scope, { dir }: OpenRequest): void {
    const answer = (message: ReadAnswer, transfer: Transferable[] = []): void =>
      scope.postMessage(message, transfer);
    try {
      const db = connect(filesIn(dir).database, { readOnly: true, sync: "commit" });
      const view = new SqliteView(db);
      scope.onmessage = ({ data }: MessageEvent<ReadRequest>): void => {
        switch (data.kind) {
          case "seek": {
            const outcome = orFailed(
              view,
              () => seek(view, data.pattern, { ...data.range, now: Date.now() }),
            );
            const transfer = outcome.kind === "found" ? memoryOf(outcome.first) : [];
            return answer({ kind: "sought", outcome }, transfer);
          }
          case "read": {
            const { cursor, most, gentle } = data;
            const start = performance.now();
            const outcome = orFailed(view, () => read(view, cursor, { most, now: Date.now() }));
            if (outcome.kind !== "page") return answer({ kind: "read", outcome });
            const due = start + outcome.page.bytes.length / PACE;
            answer({ kind: "read", outcome }, memoryOf(outcome.page));
            if (gentle) Atomics.wait(NEVER, 0, 0, Math.max(0, due - performance.now()));
            return;
          }
          case "close":
            db.close();
            answer({ kind: "closed" });
            return scope.close();
        }
      };
      answer({ kind: "opened" });
    } catch (error) {
      const reason = error instanceof RunError
        ? error.message
        : `the store cannot be read: ${reasonOf(error)}`;
      answer({ kind: "refused to open", reason });
      scope.close();
    }
  }
}

function memoryOf(page: Page): Transferable[] {
  return [page.bytes.buffer];
}

function orFailed<T>(
  view: SqliteView,
  ask: () => T,
): T | { readonly kind: "failed"; readonly reason: string } {
  try {
    return view.snapshot(ask);
  } catch (error) {
    // whatever it is, what asks must hear of it; damage, a disk that cannot be read and a fault of ours alike
    return { kind: "failed", reason: reasonOf(error) };
  }
}
