/**
 * Honest clients beside a crowd: pairs that have logged in, with one message under way each, and how long each
 * message takes.
 *
 * @module
 */

/** Where, and as whom. */
export interface HonestOptions {
  readonly host: string;
  readonly publisherPort: number;
  readonly subscriberPort: number;
  readonly user: string;
  readonly secret: string;
  readonly pairs: number;
}

/** Between a message that has come and the next, milliseconds. */
const REST_MS = 4;
const TEXT = "x".repeat(128);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Pairs that go on until they are closed. */
export class Honest implements AsyncDisposable {
  readonly #links: readonly Link[];
  #took: number[] = [];
  #closing = false;
  readonly #running: Promise<unknown>;

  private constructor(pairs: readonly (readonly [Link, Link])[]) {
    this.#links = pairs.flat();
    this.#running = Promise.all(pairs.map((pair, at) => this.#run(pair, `#t${at}`)));
  }

  static async start({ pairs, ...options }: HonestOptions): Promise<Honest> {
    const links: [Link, Link][] = [];
    for (let at = 0; at < pairs; at++) {
      const subscriber = await Link.open(options.subscriberPort, options);
      await subscriber.write(`sub #t${at}\n`);
      await subscriber.line();
      links.push([await Link.open(options.publisherPort, options), subscriber]);
    }
    return new Honest(links);
  }

  /** What was measured since it was asked last, sorted, milliseconds. */
  take(): number[] {
    const took = this.#took.sort((a, b) => a - b);
    this.#took = [];
    return took;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await this.#running;
    for (const link of this.#links) link.close();
  }

  async #run([publisher, subscriber]: readonly [Link, Link], topic: string): Promise<void> {
    const message = `pub ${topic} ${TEXT.length}\n${TEXT}\n`;
    while (!this.#closing) {
      const begin = performance.now();
      await publisher.write(message);
      await subscriber.line();
      await subscriber.line();
      this.#took.push(performance.now() - begin);
      await publisher.line();
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }
}

/** A connection that has logged in. */
class Link {
  readonly #connection: Deno.TcpConn;
  readonly #into = new Uint8Array(4096);
  #text = "";

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(port: number, { host, user, secret }: Omit<HonestOptions, "pairs">): Promise<Link> {
    const connection = await Deno.connect({ hostname: host, port });
    connection.setNoDelay(true);
    const link = new Link(connection);
    await link.write(`h hello 2 user=${user} token=${secret}\n`);
    const answer = await link.line();
    if (answer !== "OK_2") throw new Error(`the broker answered ${answer}`);
    await link.line();
    return link;
  }

  async write(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const count = await this.#connection.read(this.#into);
      if (count === null) throw new Error("the broker has ended an honest connection");
      this.#text += decoder.decode(this.#into.subarray(0, count));
    }
  }

  close(): void {
    this.#connection.close();
  }
}
