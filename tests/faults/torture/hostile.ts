/**
 * What hostile clients have to work with: sockets that are all cut at the end, and a count of what they sent.
 *
 * @module
 */

const encoder = new TextEncoder();

/** What one kind of hostile client may do, and for how long. */
export interface HostileOptions {
  readonly subPort: number;
  readonly pubPort: number;
  readonly random: () => number;
  /** It leaves then, however far it came. */
  readonly ms: number;
  /** It sends no more than this, about. */
  readonly bytes: number;
  /** Whether the broker stores what is published to `#d.>`. */
  readonly durable: boolean;
}

/** A socket of a hostile client. What goes wrong with it is its own fault and ends what it does. */
export class Hostile {
  readonly options: HostileOptions;
  readonly #sockets = new Set<Deno.TcpConn>();
  readonly #until: number;
  sent = 0;
  received = 0;
  connections = 0;
  /** The longest that one who reads its replies was made to wait until more was taken from it, milliseconds. */
  waited = 0;

  constructor(options: HostileOptions) {
    this.options = options;
    this.#until = performance.now() + options.ms;
  }

  /** Its time is not over. What nobody has to keep may be sent without end. */
  get here(): boolean {
    return performance.now() < this.#until;
  }

  /** Its time is not over and there is something left to send. */
  get on(): boolean {
    return this.sent < this.options.bytes && performance.now() < this.#until;
  }

  /** Milliseconds until it has to leave. */
  get left(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** Connects as a publisher or a subscriber; in v2 where `hello`, whose answer is read first. */
  async open(
    port: "sub" | "pub",
    { hello = true }: { readonly hello?: boolean } = {},
  ): Promise<Deno.TcpConn> {
    const socket = await Deno.connect({
      hostname: "127.0.0.1",
      port: port === "sub" ? this.options.subPort : this.options.pubPort,
    });
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    this.connections++;
    if (hello) {
      await this.send(socket, "h hello 2\n");
      await socket.read(new Uint8Array(2048));
    }
    return socket;
  }

  async send(socket: Deno.TcpConn, data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) {
      const count = await socket.write(bytes.subarray(at));
      at += count;
      this.sent += count;
    }
  }

  /** Sends this again and again, as fast as it is taken. */
  async flood(socket: Deno.TcpConn, next: () => string | Uint8Array): Promise<void> {
    while (this.on) await this.send(socket, next());
  }

  /** The same as long as its time lasts: what nobody has to keep. */
  async endless(socket: Deno.TcpConn, next: () => string | Uint8Array): Promise<void> {
    while (this.here) {
      const began = performance.now();
      try {
        await this.send(socket, next());
      } finally {
        this.waited = Math.max(this.waited, performance.now() - began);
      }
    }
  }

  /** Reads whatever comes and forgets it. */
  drain(socket: Deno.TcpConn): void {
    const buffer = new Uint8Array(256 * 1024);
    void (async (): Promise<void> => {
      for (let count: number | null = 0; count !== null;) {
        count = await socket.read(buffer);
        this.received += count ?? 0;
      }
    })().catch(() => {});
  }

  close(socket: Deno.TcpConn): void {
    this.#sockets.delete(socket);
    try {
      socket.close();
    } catch { /* it is closed */ }
  }

  /** Stays until its time is over, without a word. */
  async stay(): Promise<void> {
    await this.rest(this.left);
  }

  async rest(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.min(ms, this.left)));
  }

  leave(): void {
    for (const socket of this.#sockets) this.close(socket);
  }
}

/** A piece of text or a frame many times over, about so many bytes. */
export function times(piece: (number: number) => string, count: number, from = 0): string {
  let all = "";
  for (let at = 0; at < count; at++) all += piece(from + at);
  return all;
}
