/**
 * Many messages to one topic: as fast as the broker takes them, or at a rate.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import { messageJson } from "../output/message.ts";
import type { ConnectionEvent, Notices } from "../client/notices.ts";
import type { Output } from "../output/output.ts";
import { pause } from "../process/pause.ts";
import type { PublisherOptions } from "./options.ts";
import type { Stop } from "../process/signals.ts";

/** What goes with a message. */
export interface MessageOptions {
  readonly headers?: ReadonlyMap<string, string>;
  readonly key?: string;
  /** Seconds. */
  readonly ttl?: number;
}

/** Where messages go. The library's Publisher is one. */
export interface MessagePublisher {
  readonly protocol: "classic" | "2";
  /** Resolves when acknowledged; rejects with RefusedError when this one message was refused. */
  publish(topic: string, payload?: string | Uint8Array, options?: MessageOptions): Promise<unknown>;
  /** As `publish`; what the broker refuses is an event. */
  send(topic: string, payload?: string | Uint8Array, options?: MessageOptions): number;
  readonly full: boolean;
  ready(): Promise<void>;
  readonly pending: number;
  drained(): Promise<void>;
}

/** Hands the client library's refusals to who sends. */
export class Refusals {
  /** Told the number of a message, counted from 1, and why it was refused. */
  listener: (number: number, error: Error) => void = () => {};

  /** For the client library's `onEvent`. */
  readonly onEvent = (event: ConnectionEvent): void => {
    if (event.type === "refused") this.listener(event.number, event.error);
  };
}

/** What a stream needs around it. */
export interface StreamContext {
  readonly publisher: MessagePublisher;
  readonly refusals: Refusals;
  readonly options: PublisherOptions;
  readonly message: MessageOptions | undefined;
  readonly topic: string;
  /** Said before the number of a refused message: `stdin:`; empty: there is only one message. */
  readonly place: string;
  readonly notices: Notices;
  /** For `--json`. */
  readonly out: Output;
  readonly stop: Stop;
}

/**
 * Sends ahead as far as the publisher takes it. At a message that is refused it stops, unless told to keep
 * going; what was sent ahead of the answer is published all the same.
 */
export class PublishStream {
  readonly #context: StreamContext;
  #sent = 0;
  #refused = 0;
  #failure: RunError | undefined;

  constructor(context: StreamContext) {
    this.#context = context;
    context.refusals.listener = (number, error) => this.#refuse(number, error);
  }

  /** How many are acknowledged. */
  get published(): number {
    return this.#sent - this.#refused - this.#context.publisher.pending;
  }

  get refused(): number {
    return this.#refused;
  }

  /**
   * Publishes these, one array after the other. Throws RunError at a refused message unless told to keep
   * going.
   */
  async run(batches: AsyncIterable<readonly Uint8Array[]>): Promise<void> {
    const { publisher, options, out, stop } = this.#context;
    const start = performance.now();
    sending: for await (const batch of batches) {
      for (const payload of batch) {
        // each is due at its time from the start, so the rate holds over time however late one message is
        if (options.rate !== undefined) {
          const early = start + this.#sent * 1000 / options.rate - performance.now();
          if (early > 0) await pause(early, stop.signal);
        }
        if (stop.signal.aborted || this.#failure !== undefined) break sending;
        this.#put(payload);
        if (publisher.full) await publisher.ready();
        if (out.full) await out.flush();
      }
    }
    await publisher.drained();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #put(payload: Uint8Array): void {
    const { publisher, options, message, topic } = this.#context;
    const number = ++this.#sent;
    if (options.json) {
      publisher.publish(topic, payload, message).then(() => this.#print(payload), (error) => {
        if (error instanceof RefusedError) this.#refuse(number, error);
        // that the broker was lost is told by the publisher itself
      });
      return;
    }
    try {
      publisher.send(topic, payload, message);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#refuse(number, error);
    }
  }

  #print(payload: Uint8Array): void {
    const { out, topic, message } = this.#context;
    out.text(`${messageJson({ topic, payload, ...message }, new Date())}\n`);
  }

  #refuse(number: number, error: Error): void {
    const { options, place, notices } = this.#context;
    this.#refused++;
    const problem = place === "" ? error.message : `${place}${number}: ${error.message}`;
    if (options["keep-going"]) notices.failed(problem);
    else this.#failure ??= new RunError(problem);
  }
}
