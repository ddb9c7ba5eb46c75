/** A sender in this process, and a publisher that answers when the test says so. */
import { Notices } from "../../../lib/cli/client/notices.ts";
import { Output } from "../../../lib/cli/output/output.ts";
import { Sender, type SenderContext } from "../../../lib/cli/publisher/sender.ts";
import {
  type Answer,
  type MessageOptions,
  type MessagePublisher,
  type Place,
  Refusals,
} from "../../../lib/cli/publisher/types.ts";

/** A publisher that answers when it is told to, the oldest first. */
export class Fake implements MessagePublisher {
  readonly protocol = "2";
  full = false;
  readonly refusals = new Refusals();
  #sent = 0;
  #done = 0;
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  /** What was given to it, each to be answered by itself or not. */
  readonly given: {
    readonly by: "send" | "publish";
    readonly topic: string;
    readonly options?: MessageOptions;
  }[] = [];
  /** Thrown in the place of taking the next message. */
  thrown: Error | undefined;
  /** Numbers that are left out before the next message. */
  skipped = 0;

  /** Whether it keeps what it was given. */
  keeps = false;
  /** How often it was asked what is pending. */
  asked = 0;

  get pending(): number {
    this.asked++;
    return this.#sent - this.#done;
  }

  send(topic: string, _payload?: string | Uint8Array, options?: MessageOptions): number {
    if (this.thrown !== undefined) throw this.thrown;
    this.#keep("send", topic, options);
    return ++this.#sent + this.skipped;
  }

  publish(topic: string, _payload?: string | Uint8Array, options?: MessageOptions): Promise<Answer> {
    this.#keep("publish", topic, options);
    this.#sent++;
    const waiter = Promise.withResolvers<Answer>();
    this.#waiting.push(waiter);
    return waiter.promise;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  drained(): Promise<void> {
    return this.pending === 0 ? Promise.resolve() : new Promise(() => {});
  }

  #keep(by: "send" | "publish", topic: string, options: MessageOptions | undefined): void {
    if (this.keeps) this.given.push({ by, topic, ...(options === undefined ? {} : { options }) });
  }

  acknowledge(count: number): void {
    for (let n = 0; n < count; n++) this.#waiting.shift()?.resolve({ level: "memory", subs: n });
    this.#done += count;
  }

  refuse(error: Error): void {
    const waiter = this.#waiting.shift();
    this.#done++;
    if (waiter === undefined) this.refusals.listener(this.#done, error);
    else waiter.reject(error);
  }
}

export function bench(changes: Partial<SenderContext> = {}): {
  readonly sender: Sender;
  readonly publisher: Fake;
  readonly told: string[];
} {
  const told: string[] = [];
  const notices = new Notices("publisher", "verbose");
  notices.above = (text) => told.push(text);
  const publisher = new Fake();
  const out = new Output({ write: (bytes) => Promise.resolve(bytes.length) });
  const sender = new Sender({
    publisher,
    refusals: publisher.refusals,
    notices,
    out,
    json: false,
    verbose: false,
    keepGoing: true,
    options: undefined,
    stamp: undefined,
    acknowledged: undefined,
    closing: () => false,
    ...changes,
  });
  return { sender, publisher, told };
}

/** A message that stands there. */
export function put(sender: Sender, place: Place): void {
  sender.put({ topic: "#a", payload: "x", options: undefined, place });
}
