/**
 * Who has connected where there are accounts, and has said nothing yet.
 *
 * @module
 */
import { LAST_WORDS_MS } from "../limits.ts";
import type { Leaver } from "./admission/capacity.ts";
import type { Stay } from "./admission/lobby.ts";
import type { LateOne } from "./admission/late_ones.ts";
import type { CloseReason } from "./close_reason.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { type ConnectionSnapshot, snapshotOfSilent } from "./connection_snapshot.ts";
import type { Farewell } from "./farewell.ts";
import type { Listener } from "./listener.ts";
import { ReadBuffer } from "./read_buffer.ts";
import type { Settings } from "./settings.ts";
import type { Transport } from "./transport.ts";

/** What is made of one. */
export interface Begun {
  readonly connection: Connection;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
}

/** Whose guest it is. */
export interface SilentGuestOwner {
  /** It is one no longer: a connection is made of it, which goes on with what is being read. */
  began(guest: SilentGuest, options: ConnectionOptions): Begun;
  /** What one is told that has to go. */
  farewell(reason: Farewell, listener: Listener): Uint8Array<ArrayBuffer> | undefined;
  /** It is one no longer, and nothing was made of it. */
  left(guest: SilentGuest, reason: CloseReason): void;
}

/**
 * A flood of connections that say nothing is to cost little: a session, an outbox and all that belongs to
 * them are there when the first byte comes. Until then it takes no part in what connections share. Who has
 * said nothing by when it has to go is told so and closed: nothing of it is unread, so nobody has to wait
 * until the other side closes.
 */
export class SilentGuest implements Leaver, LateOne {
  readonly number: number;
  /** Resolves when it is over, whatever became of it. */
  readonly over: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #owner: SilentGuestOwner;
  readonly #input: ReadBuffer;
  readonly #read: ReturnType<Transport["read"]>;
  readonly #stay: Stay;
  #begun: Begun | undefined;
  /** Why it has to go, or is gone. */
  #reason: CloseReason | undefined;
  #closed = false;
  /** Milliseconds its last words have taken. */
  #leavesFor = 0;

  constructor(
    settings: Pick<Settings, "pool" | "memory" | "lobby">,
    options: ConnectionOptions,
    owner: SilentGuestOwner,
  ) {
    this.number = options.number;
    this.#options = options;
    this.#owner = owner;
    this.#input = new ReadBuffer(settings);
    this.#stay = settings.lobby.enter(this);
    this.#read = options.transport.read(this.#input.space());
    const came = (): Promise<void> | void => this.#came();
    this.over = this.#read.then(came, came);
  }

  get address(): string {
    return this.#options.address;
  }

  get listener(): Listener {
    return this.#options.listener;
  }

  /** Its session stands still until it is known who this is. */
  get isBeingAsked(): boolean {
    return this.#begun?.connection.session.waitsFor !== undefined;
  }

  isLate(milliseconds: number): boolean {
    if (this.#begun !== undefined) return this.#begun.connection.isLate(milliseconds);
    if (this.#reason === undefined) return this.#stay.waited(milliseconds) !== undefined;
    this.#leavesFor += milliseconds;
    if (this.#leavesFor > LAST_WORDS_MS) this.#close();
    return false;
  }

  giveUp(reason: Farewell): void {
    if (this.#begun !== undefined) return this.#begun.connection.giveUp(reason);
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    // it makes room for nobody any more
    this.#stay.over();
    void this.#say(this.#owner.farewell(reason, this.listener));
  }

  cut(reason: CloseReason): void {
    if (this.#begun !== undefined) return this.#begun.connection.cut(reason);
    this.#reason ??= reason;
    this.#close();
  }

  snapshot(): ConnectionSnapshot {
    return snapshotOfSilent(this.#options);
  }

  /** Something came, the end or an error; or the transport was closed. */
  #came(): Promise<void> | void {
    if (this.#reason !== undefined) return this.#input.close();
    this.#begun = this.#owner.began(this, {
      ...this.#options,
      beginning: { input: this.#input, read: this.#read, stay: this.#stay },
    });
    return this.#begun.over;
  }

  async #say(words: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
    const { transport } = this.#options;
    try {
      for (let at = 0; words !== undefined && at < words.length;) {
        at += await transport.write(words.subarray(at));
      }
      // inside TLS closing alone would look like a connection that broke
      await transport.closeWrite();
    } catch (error) {
      // it is gone already: it need not know
      if (!(error instanceof Error)) throw error;
    }
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stay.over();
    this.#options.transport.close();
    this.#owner.left(this, this.#reason!);
  }
}
