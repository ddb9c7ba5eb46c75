/**
 * A session and its socket: the loop that reads, the loop that writes, and the one way to end.
 *
 * @module
 */
import type { Timer } from "../clock.ts";
import { GATHER_BYTES, LAST_WORDS_MS, LITTLE_BYTES } from "../limits.ts";
import type { Stay } from "./admission/lobby.ts";
import { hostOf } from "./admission/networks.ts";
import type { CloseReason } from "./close_reason.ts";
import { logClosed, logDropping, logFailed } from "./connection_log.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { type ConnectionSnapshot, snapshotOf } from "./connection_snapshot.ts";
import { type Eviction, Outbox, type OutboxOwner } from "./outbox/outbox.ts";
import { StallWatch } from "./outbox/stall_watch.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { type Farewell, lastWords } from "./farewell.ts";
import { RequestWatch } from "./request_watch.ts";
import { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import type { Transport } from "./transport.ts";
import { Writer, type WriterOwner, WriteWatch } from "./writer.ts";

/** How long a connection that said all it had to say waits for the other side to close, milliseconds. */
const LINGER_MS = 500;

/** Whom it tells that it is over, behind all else. */
export interface ConnectionOwner {
  ended(connection: Connection, reason: CloseReason): void;
}

/**
 * Guarantees: what was read is handled and answered before the socket closes (C11), unless the other side is
 * gone or takes nothing; whatever goes wrong here ends this connection only. {@link run} resolves when it is
 * over, and never rejects.
 */
export class Connection implements OutboxOwner, WriterOwner {
  readonly number: number;
  readonly address: string;
  readonly session: Session;
  readonly outbox: Outbox;
  readonly stalls: StallWatch;
  readonly #settings: Settings;
  readonly #owner: ConnectionOwner;
  readonly transport: Transport;
  readonly #input: ReadBuffer;
  readonly #writer: Writer;
  #reason: CloseReason | undefined;
  #draining = false;
  #handling: Promise<void> | undefined;
  /** The session has not seen what was read last. */
  #unread = false;
  /** Its first read, where that began before. */
  #beginning: Promise<number | null> | undefined;
  readonly #requests = new RequestWatch();
  /** Until it is let in; where there are no accounts everybody is. */
  #login: Stay | undefined;
  #outputEnded = false;
  #onClose: Set<() => void> | undefined;
  #linger: Timer | undefined;
  #closed = false;

  constructor(settings: Settings, options: ConnectionOptions, owner: ConnectionOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.number = options.number;
    this.address = options.address;
    this.transport = options.transport;
    this.#input = options.beginning?.input ?? new ReadBuffer(settings);
    this.#beginning = options.beginning?.read;
    this.outbox = new Outbox(settings, this);
    const { stallTimeout, turns } = settings;
    this.#writer = new Writer(this, turns, WriteWatch.of(settings, options.listener));
    this.stalls = new StallWatch(this.outbox, {
      stallTimeout,
      visible: options.transport.localAddr !== undefined,
    });
    const address = hostOf(options.address) ?? options.address;
    this.session = new Session(settings, { ...options, address, outbox: this.outbox });
    this.#login = options.beginning?.stay;
  }

  /**
   * Serves the connection to its end. The read loop stands here and not in a function
   * of its own: each async function that waits costs an idle connection some hundred bytes.
   */
  async run(): Promise<void> {
    const { session, outbox } = this;
    const { turns, flushes } = this.#settings;
    const input = this.#input;
    turns.joined();
    if (this.#login === undefined) this.#letIn();
    try {
      while (session.ended === undefined && !this.#closed) {
        if (!input.mayGrow) {
          this.#passOver();
          continue;
        }
        this.#requests.reading = true;
        const bytes = await (this.#beginning ?? this.transport.read(input.space()));
        this.#beginning = undefined;
        this.#requests.reading = false;
        turns.came(bytes ?? 0);
        if (bytes === null) {
          this.#reason ??= "end of input";
          break;
        }
        if (this.#draining) {
          if (!turns.free) await new Promise<void>((resolve) => turns.whenTurned(resolve));
          continue;
        }
        input.filled(bytes);
        this.#unread = true;
        const little = bytes < LITTLE_BYTES;
        if (turns.free) this.#workAtOnce({ little });
        if (this.#unread || session.more || session.waitsFor !== undefined || outbox.aboveHighWater) {
          this.#handling = this.#handleRest(little);
          await this.#handling;
        }
        if (this.#login !== undefined) this.#judgeLogin(this.#login, bytes);
        if (session.consumed !== input.start) this.#requests.finished();
        input.consumed(session.consumed);
        if (input.end - input.start >= GATHER_BYTES) input.awaits(session.awaited);
        if (turns.holdsReads) await new Promise<void>((resolve) => turns.whenReadable(resolve));
      }
      this.#reason ??= session.ended;
      session.tellAll();
      flushes.flush();
      await this.#finish();
    } catch (error) {
      this.#fail(error);
      if (this.#reason === "internal error") await this.#until(() => this.giveUp("internal error"));
    }
    turns.left();
    this.#close();
    // only now: a read that was on its way may have filled it until the socket was closed
    input.close();
    const reason = this.#reason ?? "connection lost";
    this.#settings.counters.ended(reason);
    logClosed(this.#settings.log, this, reason);
    this.#owner.ended(this, reason);
  }

  /**
   * Takes nothing more in, lets what is queued leave, and closes. What the other side sends from now on is
   * not answered, so it is not accepted.
   */
  async drain(): Promise<void> {
    this.#draining = true;
    // who is not let in is owed nothing, and may be waited for long
    if (this.#login !== undefined) return this.cut("drained");
    this.session.notify({ draining: true });
    this.#settings.flushes.flush();
    this.outbox.closing();
    // what went wrong with it is told by run(), and keeps nobody else from an end in order
    await this.#handling?.catch(() => {});
    this.session.bye("DRAINING", "the broker is stopping");
    this.#settings.flushes.flush();
    await this.#allAnswered();
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

  /**
   * Closes after what is being written and a word on why (V11), or at once where neither can be: what is
   * queued is lost, and what comes is thrown away. Whoever was given up already is told nothing more.
   */
  giveUp(reason: Farewell): void {
    if (this.outbox.closed) return;
    this.#giveUp(reason, this.outbox.giveUp());
    this.#settings.flushes.flush();
  }

  /**
   * Time has passed in which it was waited for who this is. True: it took too long, and has to be given up.
   * What the broker takes to know it does not count.
   */
  isLate(milliseconds: number): boolean {
    return this.#login !== undefined && this.#requests.reading && !this.#draining &&
      this.#login.waited(milliseconds) !== undefined;
  }

  /** Time has passed. True: it is suspected to stall, look and tell {@link stalls}. */
  tick(milliseconds: number): boolean {
    const unread = this.#input.end - this.#input.start;
    if (this.#requests.tick(milliseconds, unread) && !this.#draining) this.giveUp("unfinished request");
    return this.stalls.tick(milliseconds);
  }

  snapshot(): ConnectionSnapshot {
    return snapshotOf(this);
  }

  onReady(): void {
    this.#writer.write();
  }

  onWriteFailed(error: unknown): void {
    this.#fail(error);
    this.#close();
  }

  onEvicted(why: Eviction, unsent: number): void {
    this.#giveUp(why, unsent);
  }

  onDropping(dropping: boolean): void {
    logDropping(this.#settings.log, this, dropping);
  }

  /** What is unread would need more memory than there is for it. */
  #passOver(): void {
    this.session.passOver();
    this.#input.consumed(this.session.consumed);
    this.#settings.flushes.flush();
  }

  /** So many bytes more were handled, of one that was not let in before. */
  #judgeLogin(login: Stay, bytes: number): void {
    if (this.session.grant === undefined) {
      const why = login.came(bytes, this.#input.chunk.bytes.length);
      if (why !== undefined) this.giveUp(why);
      return;
    }
    login.over();
    this.#login = undefined;
    this.#letIn();
  }

  #letIn(): void {
    const { standing } = this.session;
    this.#input.slow(standing.readMost);
    if (standing.isTooMany) this.giveUp("account full");
  }

  /** Nobody waits for it any more, and of what was queued only what is being written is held. */
  #giveUp(reason: Farewell, unsent: number): void {
    this.#reason ??= reason;
    const { session, outbox } = this;
    const inLobby = this.#login !== undefined;
    const words = this.#outputEnded
      ? undefined
      : lastWords(reason, { ...this.#settings, session, unsent, inLobby });
    if (words === undefined) return this.#close();
    this.#draining = true;
    session.close({ gone: true });
    outbox.lastWords(words);
    this.#linger = this.#settings.clock.after(LAST_WORDS_MS, () => this.#close());
    outbox.whenEmpty(() => {
      this.#settings.clock.cancel(this.#linger);
      if (!this.#closed) void this.#endOutput();
    });
  }

  /** Until `asked` calls back, or the connection is closed. */
  async #until(asked: (callback: () => void) => void): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#onClose ??= new Set();
    waiting.add(resolve);
    asked(resolve);
    await promise;
    waiting.delete(resolve);
  }

  /** Until every request has its reply; what is stored first is answered later. */
  async #allAnswered(): Promise<void> {
    const { answers } = this.session;
    if (answers.full) await this.#until((callback) => answers.whenNotFull(callback));
  }

  /**
   * Until all that was read is handled, a turn at a time. What is awaited here holds back a peer that has
   * more to do than others, that feeds a full subscriber, or that does not read its replies.
   */
  async #handleRest(little: boolean): Promise<void> {
    const { session, outbox } = this;
    if (this.#unread) await this.#takeTurn({ little });
    while (!this.#closed) {
      const full = session.waitsFor;
      if (full !== undefined) {
        // what it waits for may never become free: a store that is lost takes nothing more
        await this.#until((callback) => full.whenNotFull(callback));
      } else if (outbox.aboveHighWater) {
        await new Promise<void>((resolve) => outbox.whenNotFull(resolve));
        continue;
      } else if (!session.more) {
        return;
      }
      await this.#takeTurn({ little: false });
    }
  }

  async #takeTurn(how: { readonly little: boolean }): Promise<void> {
    const { turns, flushes } = this.#settings;
    if (turns.free) return this.#workAtOnce(how);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    turns.queue(() => {
      try {
        this.#work(how);
        flushes.flush();
        resolve();
      } catch (error) {
        reject(error);
      }
    }, how);
    await promise;
  }

  /**
   * A turn of who need not wait. What little brings is written with what comes with it; what much does at
   * once, while it is in the processor's cache (a sixth less time a message, measured).
   */
  #workAtOnce({ little }: { readonly little: boolean }): void {
    const { turns, flushes } = this.#settings;
    this.#work({ little });
    if (little) turns.flushSoon();
    else flushes.flush();
  }

  /** One turn. */
  #work(how: { readonly little: boolean }): void {
    if (this.#closed) return;
    const { session } = this;
    const input = this.#input;
    const { turns, flushes } = this.#settings;
    turns.begin(how);
    flushes.hold();
    try {
      if (this.#unread) {
        this.#unread = false;
        session.receive(input.chunk, input.start, input.end);
      } else if (session.waitsFor !== undefined) {
        session.resume();
      } else {
        session.goOn();
      }
    } finally {
      flushes.release();
    }
    turns.end();
  }

  /** Input is over: what is queued leaves, then the socket closes. */
  async #finish(): Promise<void> {
    await this.#allAnswered();
    this.session.close({ gone: false });
    this.outbox.closing();
    await new Promise<void>((resolve) => this.outbox.whenEmpty(resolve));
    if (this.session.ended === undefined || this.#closed) return;
    await this.#endOutput();
    const rest = new Uint8Array(1024);
    while (!this.#closed && await this.transport.read(rest) !== null) {
      await new Promise<void>((resolve) => this.#settings.turns.whenTurned(resolve));
    }
  }

  /**
   * Ends the output and gives the other side a moment to close. Closing while input is unread would reset the
   * connection, and the reset could overtake the last replies.
   */
  async #endOutput(): Promise<void> {
    if (this.#outputEnded) return;
    this.#outputEnded = true;
    this.#linger = this.#settings.clock.after(LINGER_MS, () => this.#close());
    try {
      await this.transport.closeWrite();
    } catch (error) {
      this.#fail(error);
      this.#close();
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const callback of this.#onClose ?? []) callback();
    this.#settings.clock.cancel(this.#linger);
    this.#login?.over();
    this.session.close({ gone: true });
    this.outbox.close();
    this.transport.close();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    const what = logFailed(this.#settings.log, this, error);
    this.#reason ??= what;
  }
}
