/**
 * The way of a message through the broker without its sockets: the broker's own server, its connections, sessions, engine and
 * outboxes, between ends that hand over what is there at once and take all they are given.
 *
 * @module
 */
import type * as ours from "../../lib/broker/mod.ts";
import { type Input, type Protocol, TOPIC } from "./inputs.ts";

type Transport = ours.Transport;

/** Who is there. */
export interface PathOptions {
  /** 1. */
  readonly subscribers?: number;
  /** What all of them are subscribed to; the one topic. */
  readonly pattern?: string;
  /** Who lets them in, and what each says to be let in: ` user=… token=…`. */
  readonly accounts?: { readonly gatekeeper: ours.Gatekeeper; readonly login: string } | undefined;
  /** `lib/broker/mod.ts` of the sources that are measured. */
  readonly sources: Pick<typeof ours, "Broker" | "PUBLISHERS" | "SUBSCRIBERS">;
}

/** A broker with one publisher and its subscribers, all speaking classic, or all v2. */
export class Path implements AsyncDisposable {
  readonly #sources: PathOptions["sources"];
  readonly #broker: ours.Broker;
  readonly #publisher = new End();
  readonly #subscribers: readonly End[];

  private constructor({ subscribers = 1, sources, accounts }: PathOptions) {
    this.#sources = sources;
    this.#broker = new sources.Broker({ stallTimeout: 60_000, gatekeeper: accounts?.gatekeeper });
    this.#subscribers = Array.from({ length: subscribers }, () => new End());
  }

  static async open(protocol: Protocol, options: PathOptions): Promise<Path> {
    const path = new Path(options);
    const { pattern = TOPIC, accounts } = options;
    const [hello, id] = protocol === "v2" ? [`x hello 2${accounts?.login ?? ""}\n`, ""] : ["", "x "];
    for (const subscriber of path.#subscribers) {
      path.#serve(subscriber, { to: "subscribers", requests: `${hello}${id}sub ${pattern}\n` });
    }
    path.#serve(path.#publisher, { to: "publishers", requests: hello });
    for (const end of [...path.#subscribers, path.#publisher]) await end.until(() => end.idle);
    // in a crowd replies wait for one another: what was still to be said is said
    for (let said = -1; said !== path.#said;) {
      said = path.#said;
      await new Promise((done) => setTimeout(done, SILENCE_MS));
    }
    return path;
  }

  /** Publishes what is in the input; resolves when so many bytes have come to each subscriber, and the publisher may go on. */
  async pass({ bytes, end }: Pick<Input, "bytes" | "end">, delivered: number): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.goal = subscriber.taken + delivered;
    this.#publisher.give(bytes.subarray(0, end));
    for (const subscriber of this.#subscribers) {
      await subscriber.until(() => subscriber.taken >= subscriber.goal);
    }
    await this.#publisher.until(() => this.#publisher.idle);
    for (const { taken, goal } of this.#subscribers) {
      if (taken !== goal) throw new Error(`${taken - goal} bytes too many came`);
    }
  }

  /** Bytes that have come to the subscribers. */
  get #said(): number {
    return this.#subscribers.reduce((sum, { taken }) => sum + taken, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.drain(1000);
  }

  #serve(end: End, { to, requests }: { to: "publishers" | "subscribers"; requests: string }): void {
    const { PUBLISHERS, SUBSCRIBERS } = this.#sources;
    end.give(new TextEncoder().encode(requests));
    void this.#broker.serve(end, { listener: to === "publishers" ? PUBLISHERS : SUBSCRIBERS });
  }
}

/** So long nothing is said by who has said all. */
const SILENCE_MS = 10;

/** The other end of a connection. */
class End implements Transport {
  /** Bytes the broker has written, and will have when all is there. */
  taken = 0;
  goal = 0;
  #given = new Uint8Array(0);
  #read: PromiseWithResolvers<number | null> | null = null;
  #into = new Uint8Array(0);
  #waiting: Array<() => void> = [];
  #closed = false;

  /** Gives the broker something to read. */
  give(bytes: Uint8Array<ArrayBuffer>): void {
    this.#given = bytes;
    const read = this.#read;
    this.#read = null;
    if (bytes.length > 0) read?.resolve(this.#take(this.#into));
    else this.#read = read;
  }

  /** Whether the broker has dealt with all that was given, and asks for more. */
  get idle(): boolean {
    return this.#given.length === 0 && this.#read !== null;
  }

  /** Resolves when it is so; throws when the broker ends the connection before. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#closed) throw new Error("the broker closed the connection");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    if (this.#closed) return Promise.resolve(null);
    if (this.#given.length > 0) return Promise.resolve(this.#take(into));
    this.#read = Promise.withResolvers<number | null>();
    this.#into = into;
    this.#wake();
    return this.#read.promise;
  }

  write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    this.taken += from.length;
    this.#wake();
    return Promise.resolve(from.length);
  }

  closeWrite(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  close(): void {
    this.#closed = true;
    this.#read?.resolve(null);
    this.#read = null;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #take(into: Uint8Array): number {
    const part = this.#given.subarray(0, into.length);
    into.set(part);
    this.#given = this.#given.subarray(part.length);
    return part.length;
  }
}
