/**
 * One newcomer after the other, in a thread of its own: {@link floods} leaves none to spare.
 *
 * @module
 */
import type { Job } from "../job.ts";

/** Places of the words that both threads see. */
export const GOING = 0;
export const UNDER_WAY = 1;

/** What the thread is told. */
export interface NewcomerTask {
  readonly job: Job;
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** What the thread says: that it is there, how long one took in microseconds, that one was not served, or that it is done. */
export type NewcomerNews =
  | { readonly is: "ready" | "done" }
  | { readonly is: "served"; readonly took: number }
  | { readonly is: "unserved"; readonly took: number; readonly why: string };

/** The thread, seen from the other one. */
export class Newcomers implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #words = new Int32Array(new SharedArrayBuffer(8));
  readonly #took: number[] = [];
  readonly #ready = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  #unserved = 0;
  #why: string | null = null;

  private constructor(job: Job) {
    this.#worker = new Worker(import.meta.resolve("./newcomer.ts"), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<NewcomerNews>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`newcomers: ${event.message}`);
      this.#ready.reject(error);
      this.#done.reject(error);
    };
    // whoever waits for one of them is told
    for (const { promise } of [this.#ready, this.#done]) promise.catch(() => {});
    const task: NewcomerTask = { job, words: this.#words };
    this.#worker.postMessage(task);
  }

  /** Resolves when it could begin. */
  static async ready(job: Job): Promise<Newcomers> {
    const newcomers = new Newcomers(job);
    await newcomers.#ready.promise;
    return newcomers;
  }

  /** Whether somebody has come and is not yet served. */
  get underWay(): boolean {
    return Atomics.load(this.#words, UNDER_WAY) === 1;
  }

  /** The first one comes. */
  begin(): void {
    Atomics.store(this.#words, UNDER_WAY, 1);
    Atomics.store(this.#words, GOING, 1);
    Atomics.notify(this.#words, GOING);
  }

  /** Nobody comes any more. */
  end(): void {
    Atomics.store(this.#words, GOING, 2);
    Atomics.notify(this.#words, GOING);
  }

  /** How long they took, sorted, microseconds; those who were not served as long as they waited. */
  async all(): Promise<
    { readonly took: readonly number[]; readonly unserved: number; readonly why: string | null }
  > {
    await this.#done.promise;
    return { took: this.#took.toSorted((a, b) => a - b), unserved: this.#unserved, why: this.#why };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#worker.terminate();
    return Promise.resolve();
  }

  #hear(news: NewcomerNews): void {
    switch (news.is) {
      case "ready":
        return this.#ready.resolve();
      case "done":
        return this.#done.resolve();
      case "unserved":
        this.#unserved++;
        this.#why ??= `a newcomer: ${news.why}`;
    }
    this.#took.push(news.took);
  }
}
