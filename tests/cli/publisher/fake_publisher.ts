/** A publisher that answers at once: what it is given, it keeps. */
import {
  type Answer,
  type MessageOptions,
  type MessagePublisher,
  Refusals,
} from "../../../lib/cli/publisher/types.ts";
import { RefusedError } from "../../../lib/errors.ts";

/** A message as it was given. */
export interface Given {
  readonly topic: string;
  readonly text: string;
  readonly options?: MessageOptions;
}

/** Takes every message, but for those whose text is `no`. */
export class FakePublisher implements MessagePublisher {
  readonly protocol: "classic" | "2";
  readonly refusals = new Refusals();
  readonly given: Given[] = [];
  full = false;
  pending = 0;
  /** How many were to be answered each by itself. */
  asked = 0;
  /** What these come to, in the place of the usual answer. */
  answer: (text: string) => Promise<Answer> | undefined = () => undefined;
  /** Resolves what waits for room. */
  room = Promise.withResolvers<void>();

  constructor(protocol: "classic" | "2" = "2") {
    this.protocol = protocol;
  }

  /** Topic and text of each. */
  get lines(): string[] {
    return this.given.map(({ topic, text }) => `${topic} ${text}`);
  }

  publish(topic: string, payload: string | Uint8Array = "", options?: MessageOptions): Promise<Answer> {
    const text = this.#keep(topic, payload, options);
    this.asked++;
    if (text === "no") return Promise.reject(new RefusedError("DENIED", "not for you"));
    return this.answer(text) ?? Promise.resolve({ level: "memory", subs: 2 });
  }

  send(topic: string, payload: string | Uint8Array = "", options?: MessageOptions): number {
    const text = this.#keep(topic, payload, options);
    const number = this.given.length;
    if (text === "no") {
      queueMicrotask(() => this.refusals.listener(number, new RefusedError("DENIED", "not for you")));
    }
    return number;
  }

  ready(): Promise<void> {
    return this.room.promise;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  #keep(topic: string, payload: string | Uint8Array, options: MessageOptions | undefined): string {
    const text = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
    this.given.push({ topic, text, ...(options === undefined ? {} : { options }) });
    return text;
  }
}
