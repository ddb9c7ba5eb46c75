/**
 * A thread of the store as the thread that uses it sees it.
 *
 * @module
 */
import { type TransferListItem, Worker } from "node:worker_threads";

/**
 * What its garbage may take before it is collected, MiB: three times the space in which objects begin. It
 * lets go of everything between two commits, and with the 48 MiB it would have otherwise it only takes longer
 * to find that out.
 */
const YOUNG_MIB = 6;

/** Whom a thread tells. */
export interface ThreadOwner<Answer> {
  onAnswer(answer: Answer): void;
  /** It is gone: nothing more comes. */
  onFailure(reason: string): void;
}

/** Runs `worker.ts`. */
export class StoreThread<Request, Answer> {
  readonly #worker: Worker;
  #owner: ThreadOwner<Answer>;

  constructor(owner: ThreadOwner<Answer>) {
    this.#owner = owner;
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    this.#worker.on("message", (answer: Answer) => this.#owner.onAnswer(answer));
    this.#worker.on("error", (error: Error) => this.#owner.onFailure(error.message));
  }

  send(request: Request, transfer: readonly Transferable[] = []): void {
    // the same kinds of things, under another declaration
    this.#worker.postMessage(request, transfer as readonly TransferListItem[]);
  }

  /** Somebody else is told from now on. */
  tell(owner: ThreadOwner<Answer>): void {
    this.#owner = owner;
  }
}
