/**
 * Who comes and does not log in, in a thread of its own.
 *
 * @module
 */

/** What a crowd does: nothing, or the first half of a login, and again when it is ended. */
export type Manner = "silent" | "half a login";

/** What the thread is told. */
export interface CrowdTask {
  readonly host: string;
  readonly port: number;
  readonly count: number;
  readonly manner: Manner;
  /** Connections that are made in a second, at most. */
  readonly aSecond: number;
  /** How long who is ended comes again, milliseconds. */
  readonly comesAgainFor: number;
}

/** What it says. `gone`: when the first and the last were ended, in milliseconds from their coming. */
export type CrowdNews =
  | { readonly is: "there"; readonly took: number; readonly failed: number }
  | { readonly is: "gone"; readonly first: number; readonly last: number; readonly connects: number };

/** The thread, seen from the other one. */
export class Crowd implements Disposable {
  readonly #worker: Worker;
  readonly #there = Promise.withResolvers<CrowdNews & { readonly is: "there" }>();
  readonly #gone = Promise.withResolvers<CrowdNews & { readonly is: "gone" }>();

  constructor(task: CrowdTask) {
    this.#worker = new Worker(import.meta.resolve("./comers.ts"), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<CrowdNews>) => {
      if (data.is === "there") this.#there.resolve(data);
      else this.#gone.resolve(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`crowd: ${event.message}`);
      this.#there.reject(error);
      this.#gone.reject(error);
    };
    for (const { promise } of [this.#there, this.#gone]) promise.catch(() => {});
    this.#worker.postMessage(task);
  }

  /** All have come. */
  get there(): Promise<CrowdNews & { readonly is: "there" }> {
    return this.#there.promise;
  }

  /** All have been ended by the broker. */
  get gone(): Promise<CrowdNews & { readonly is: "gone" }> {
    return this.#gone.promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
