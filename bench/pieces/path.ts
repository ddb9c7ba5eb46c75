/**
 * The way of a message through the broker without its sockets: the broker's own server, its connections, sessions, engine and
 * outboxes, between ends that hand over what is there at once and take all they are given.
 *
 * @module
 */
import { Broker, PUBLISHERS, SUBSCRIBERS, type Transport } from "../../lib/broker/mod.ts";
import { type Input, TOPIC } from "./inputs.ts";

/** A broker with one publisher and one subscriber, both speaking classic, or both v2. */
export class Path implements AsyncDisposable {
  readonly #broker = new Broker({ stallTimeout: 60_000 });
  readonly #publisher = new End();
  readonly #subscriber = new End();

  private constructor() {}

  static async open(protocol: "classic" | "v2"): Promise<Path> {
    const path = new Path();
    const [hello, id] = protocol === "v2" ? ["x hello 2\n", ""] : ["", "x "];
    path.#serve("subscribers", `${hello}${id}sub ${TOPIC}\n`);
    path.#serve("publishers", hello);
    for (const end of [path.#subscriber, path.#publisher]) await end.until(() => end.idle);
    // a turn of the event loop: what was still to be said is said
    await new Promise((done) => setTimeout(done, 0));
    return path;
  }

  /** Publishes what is in the input; resolves when so many bytes have come to the subscriber, and the publisher may go on. */
  async pass({ bytes, end }: Input, delivered: number): Promise<void> {
    const goal = this.#subscriber.taken + delivered;
    this.#publisher.give(bytes.subarray(0, end));
    await this.#subscriber.until(() => this.#subscriber.taken >= goal);
    await this.#publisher.until(() => this.#publisher.idle);
    if (this.#subscriber.taken !== goal) {
      throw new Error(`${this.#subscriber.taken - goal} bytes too many came`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.drain(1000);
  }

  #serve(to: "publishers" | "subscribers", requests: string): void {
    const end = to === "publishers" ? this.#publisher : this.#subscriber;
    end.give(new TextEncoder().encode(requests));
    void this.#broker.serve(end, { listener: to === "publishers" ? PUBLISHERS : SUBSCRIBERS });
  }
}

/** The other end of a connection. */
class End implements Transport {
  /** Bytes the broker has written. */
  taken = 0;
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
