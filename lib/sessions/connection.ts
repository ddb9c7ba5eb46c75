/**
 * A session and its socket: the loop that reads, the loop that writes, and the one way to end.
 *
 * @module
 */
import type { ChunkPool } from "../buffers.ts";
import type { Log, LogFields } from "../log.ts";
import type { FlushList } from "./flush_list.ts";
import { Inbox } from "./inbox.ts";
import { type Eviction, Outbox, type OutboxOptions } from "./outbox.ts";
import { Session, type SessionEnd, type SessionOptions } from "./session.ts";
import type { Transport } from "./transport.ts";

/** Every way a connection ends. */
export type CloseReason =
  | SessionEnd
  | "end of input"
  | "connection lost"
  | "drained"
  | "drain timeout"
  | "internal error"
  | Eviction;

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly number: number;
  readonly address: string;
  readonly transport: Transport;
  readonly pool: ChunkPool;
  readonly flushes: FlushList;
  readonly log: Log;
  readonly session: Omit<SessionOptions, "outbox" | "pool">;
  readonly outbox: Omit<OutboxOptions, "pool" | "flushes" | "onReady" | "onEvicted" | "onDropping">;
}

/** How long a connection that said all it had to say waits for the other side to close, milliseconds. */
const LINGER_MS = 500;

/**
 * Guarantees: what was read is handled and answered before the socket closes, unless the other side is gone or takes
 * nothing; whatever goes wrong here ends this connection only. {@link run} resolves when it is over, and never rejects.
 */
export class Connection {
  readonly number: number;
  readonly session: Session;
  readonly outbox: Outbox;
  readonly #options: ConnectionOptions;
  readonly #transport: Transport;
  readonly #inbox: Inbox;
  #reason: CloseReason | undefined;
  #draining = false;
  #handling: Promise<void> = Promise.resolve();
  #outputEnded = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.number = options.number;
    this.#transport = options.transport;
    this.#inbox = new Inbox(options.pool);
    this.outbox = new Outbox({
      ...options.outbox,
      pool: options.pool,
      flushes: options.flushes,
      onReady: () => void this.#write(),
      onEvicted: (why) => this.cut(why),
      onDropping: (dropping) => this.#logDropping(dropping),
    });
    this.session = new Session({ ...options.session, outbox: this.outbox, pool: options.pool });
  }

  /** Serves the connection to its end, and says why it ended. */
  async run(): Promise<CloseReason> {
    try {
      await this.#read();
      await this.#finish();
    } catch (error) {
      this.#fail(error);
    }
    this.#close();
    // only now: a read that was on its way may have filled it until the socket was closed
    this.#inbox.close();
    const reason = this.#reason ?? "connection lost";
    this.#logClosed(reason);
    return reason;
  }

  /**
   * Takes nothing more in, lets what is queued leave, and closes. What the other side sends from now on is not answered, so
   * it is not accepted.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    this.session.notify({ draining: true });
    this.#options.flushes.flush();
    this.outbox.closing();
    await this.#handling;
    this.session.bye("DRAINING", "the broker is stopping");
    this.#options.flushes.flush();
    await new Promise<void>((resolve) => this.outbox.whenEmpty(resolve));
    if (this.#closed) return;
    this.#reason ??= "drained";
    // the read loop goes on, throws away what comes, and ends with the input
    await this.#endOutput();
  }

  /** Closes at once; what is queued is lost. */
  cut(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#close();
  }

  async #read(): Promise<void> {
    const { session, outbox } = this;
    const inbox = this.#inbox;
    while (session.ended === undefined) {
      // awaited here: a peer that makes replies faster than it reads them waits for itself
      if (outbox.aboveHighWater) await new Promise<void>((resolve) => outbox.whenNotFull(resolve));
      if (this.#closed) return;
      const bytes = await this.#transport.read(inbox.space());
      if (bytes === null) {
        this.#reason ??= "end of input";
        return;
      }
      if (this.#draining) continue;
      inbox.filled(bytes);
      session.receive(inbox.chunk, inbox.start, inbox.end);
      this.#options.flushes.flush();
      if (session.waitsFor !== undefined) {
        this.#handling = this.#waitForSubscribers();
        await this.#handling;
      }
      inbox.consumed(session.consumed);
    }
    this.#reason ??= session.ended;
  }

  /** Awaited in the read loop: this is what holds a publisher back while a subscriber is full. */
  async #waitForSubscribers(): Promise<void> {
    const { session } = this;
    for (let full = session.waitsFor; full !== undefined; full = session.waitsFor) {
      await new Promise<void>((resolve) => full!.whenNotFull(resolve));
      if (this.#closed) return;
      session.resume();
      this.#options.flushes.flush();
    }
  }

  async #write(): Promise<void> {
    const { outbox } = this;
    try {
      for (let bytes = outbox.take(); bytes !== undefined; bytes = outbox.take()) {
        outbox.wrote(await this.#transport.write(bytes));
      }
    } catch (error) {
      outbox.abandon();
      this.#fail(error);
      this.#close();
    }
  }

  /** Input is over: what is queued leaves, then the socket closes. */
  async #finish(): Promise<void> {
    this.session.close();
    this.outbox.closing();
    await new Promise<void>((resolve) => this.outbox.whenEmpty(resolve));
    if (this.session.ended === undefined || this.#closed) return;
    await this.#endOutput();
    const rest = new Uint8Array(1024);
    while (!this.#closed && await this.#transport.read(rest) !== null);
  }

  /**
   * Ends the output and gives the other side a moment to close. Closing while input is unread would reset the connection, and
   * the reset could overtake the last replies.
   */
  async #endOutput(): Promise<void> {
    if (this.#outputEnded) return;
    this.#outputEnded = true;
    this.#linger = setTimeout(() => this.#close(), LINGER_MS);
    try {
      await this.#transport.closeWrite();
    } catch (error) {
      this.#fail(error);
      this.#close();
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#linger);
    this.session.close();
    this.outbox.close();
    this.#transport.close();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    const { log } = this.#options;
    if (isConnectionError(error)) {
      this.#reason ??= "connection lost";
      log.debug("connection error", { connection: this.number, error: String(error) });
      return;
    }
    this.#reason ??= "internal error";
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    log.error("internal error", { connection: this.number, error: text });
  }

  #logDropping(dropping: boolean): void {
    const fields = { ...this.#fields(), dropped: this.outbox.dropped, queued: this.outbox.queued };
    if (dropping) this.#options.log.warn("slow consumer: messages are left out", fields);
    else this.#options.log.info("slow consumer caught up", fields);
  }

  #logClosed(reason: CloseReason): void {
    const { log } = this.#options;
    const fields = { ...this.#fields(), reason, dropped: this.outbox.dropped };
    if (reason === "stalled" || reason === "outbox full") log.warn("slow consumer disconnected", fields);
    else if (reason === "drain timeout") log.warn("connection closed", fields);
    else log.debug("connection closed", fields);
  }

  #fields(): LogFields {
    const { session, number } = this;
    return { connection: number, port: session.port, id: session.id, address: this.#options.address };
  }
}

/** The other side went away, or we closed under a read or a write: nothing to be alarmed about. */
function isConnectionError(error: unknown): boolean {
  return CONNECTION_ERRORS.some((kind) => error instanceof kind);
}

const CONNECTION_ERRORS = [
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.NotConnected,
  Deno.errors.TimedOut,
  Deno.errors.UnexpectedEof,
  Deno.errors.Interrupted,
  Deno.errors.BadResource,
];
