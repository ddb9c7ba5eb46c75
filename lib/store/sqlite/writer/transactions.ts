/**
 * Transactions, and what a failure of one leaves behind.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  BUSY,
  FULL,
  IO_ERROR,
  isDamage,
  isWriteError,
  READ_ONLY,
  reasonOf,
  resultCode,
  TOO_BIG,
} from "../errors.ts";
import type { Watched } from "../held_files.ts";

/** Milliseconds for which the files are taken to be still there, where nothing cheap tells. */
const PRESENCE_MS = 5;

/**
 * What became of work that did not succeed: {@link import("../../types.ts").CommitOutcome} says what these
 * mean.
 */
export type Failure = { readonly kind: "refused" | "lost"; readonly reason: string };

/**
 * Guarantees: work is done whole or not at all; after the first failure whose outcome is unknown nothing more
 * is done.
 */
export class Transactions {
  readonly #db: DatabaseSync;
  readonly #held: Watched;
  #presenceDue = 0;
  #lost: Failure | undefined;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;

  /** The files have to be there, and watched. */
  constructor(db: DatabaseSync, held: Watched) {
    this.#db = db;
    this.#held = held;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#rollback = db.prepare("ROLLBACK");
  }

  /** Why nothing can be written any more. */
  get lost(): Failure | undefined {
    return this.#lost;
  }

  /** Does work in one transaction. */
  run(work: () => void): Failure | undefined {
    if (this.#lost !== undefined) return this.#lost;
    const cut = this.#held.cut();
    if (cut !== undefined) return this.lose(cut);
    try {
      this.#begin.run();
      work();
      this.#commit.run();
    } catch (error) {
      return this.#judge(error);
    }
    this.#held.wrote();
    const now = performance.now();
    if (now < this.#presenceDue) return undefined;
    this.#presenceDue = now + PRESENCE_MS;
    return this.look();
  }

  /** Does work that is no transaction, or one by itself. */
  attempt(work: () => void): Failure | undefined {
    // what is read from a log that was cut must not get into the database
    const before = this.look();
    if (before !== undefined) return before;
    try {
      work();
      this.#held.wrote();
      this.#held.moved();
      return undefined;
    } catch (error) {
      return this.#judge(error);
    }
  }

  /** Whether the files are as they were left; where they are not, all is lost. */
  look(): Failure | undefined {
    if (this.#lost !== undefined) return this.#lost;
    const problem = this.#held.problem();
    return problem === undefined ? undefined : this.lose(problem);
  }

  /** It is not known any more what is stored. */
  lose(reason: string): Failure {
    return this.#lost = { kind: "lost", reason };
  }

  /** Whether a failure leaves everything as it was, and goes back to that. */
  #judge(error: unknown): Failure {
    try {
      if (this.#db.isTransaction) this.#rollback.run();
    } catch (again) {
      return this.lose(`${reasonOf(error)}; and to undo it: ${reasonOf(again)}`);
    }
    if (this.look() !== undefined) return this.#lost!;
    switch (resultCode(error)) {
      case FULL:
        return { kind: "refused", reason: "the disk that holds the data is full" };
      case READ_ONLY:
        return { kind: "refused", reason: "the data cannot be written to, it is read-only" };
      case BUSY:
        return { kind: "refused", reason: "another program writes to the data" };
      case TOO_BIG:
        return { kind: "refused", reason: "that is more than the store takes at once" };
      case IO_ERROR: {
        // a write that failed for a reason that can pass: the directory itself tells
        const reason = isWriteError(error) ? this.#held.writeProblem() : undefined;
        return reason === undefined ? this.lose(reasonOf(error)) : { kind: "refused", reason };
      }
      default:
        return this.lose(isDamage(error) ? `the store is damaged: ${reasonOf(error)}` : reasonOf(error));
    }
  }
}
