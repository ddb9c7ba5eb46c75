/**
 * Who has connected where there are accounts, and has said nothing yet.
 *
 * @module
 */
import type { Leaver } from "./admission/capacity.ts";
import type { Stay } from "./admission/lobby.ts";
import type { LateOne } from "./admission/late_ones.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { type ConnectionSnapshot, snapshotOfSilent } from "./connection_snapshot.ts";
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
}

/**
 * A flood of connections that say nothing is to cost little: a session, an outbox and all that belongs to
 * them are there when the first byte comes, or when it has to be told something. Until then it takes no part
 * in what connections share.
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
    const begun = (): Promise<void> => this.#become().over;
    this.over = this.#read.then(begun, begun);
  }

  /** Its session stands still until it is known who this is. */
  get isBeingAsked(): boolean {
    return this.#begun?.connection.session.waitsFor !== undefined;
  }

  isLate(milliseconds: number): boolean {
    return this.#begun === undefined
      ? this.#stay.waited(milliseconds) !== undefined
      : this.#begun.connection.isLate(milliseconds);
  }

  giveUp(reason: Parameters<Connection["giveUp"]>[0]): void {
    this.#become().connection.giveUp(reason);
  }

  cut(reason: Parameters<Connection["cut"]>[0]): void {
    this.#become().connection.cut(reason);
  }

  snapshot(): ConnectionSnapshot {
    return snapshotOfSilent(this.#options);
  }

  #become(): Begun {
    return this.#begun ??= this.#owner.began(this, {
      ...this.#options,
      beginning: { input: this.#input, read: this.#read, stay: this.#stay },
    });
  }
}
