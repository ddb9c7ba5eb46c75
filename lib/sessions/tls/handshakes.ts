/**
 * Handshakes of TLS under way: how long each may take, how many there may be, and what is told of those that
 * come to nothing.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { HANDSHAKE_MS, HANDSHAKES_MOST, LAST_WORDS_MS, SELDOM_MS } from "../../limits.ts";
import type { Log, LogFields } from "../../log.ts";
import type { Listener } from "../listener.ts";
import { refusal } from "../refusal.ts";
import { Seldom } from "../../seldom.ts";
import type { Transport } from "../transport.ts";
import { type Handshake, HandshakeError, type TlsSource } from "./types.ts";

/** Bytes read at a time of what is thrown away. */
const REST_BYTES = 1024;

/** A connection that was accepted. */
export interface Accepted {
  readonly transport: Transport;
  readonly listener: Listener;
  readonly address: string;
}

/**
 * Guarantees: a handshake is over in its time, whoever says how little or how much; those who say nothing
 * keep nobody out, for where there are too many the oldest goes; what goes wrong is a line in the log now and
 * then, and nobody else's business.
 */
export class Handshakes {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #turned: () => Promise<void>;
  readonly #most: number;
  /** In the order they began; why one is ended is kept for the log. */
  readonly #underWay = new Map<Handshake, string | undefined>();
  readonly #failures = new Seldom(SELDOM_MS);
  readonly #plain = new Seldom(SELDOM_MS);

  /** `turned` resolves when others had their turn. */
  constructor({ clock, log, turned, most = HANDSHAKES_MOST }: {
    readonly clock: Clock;
    readonly log: Log;
    readonly turned: () => Promise<void>;
    readonly most?: number;
  }) {
    this.#clock = clock;
    this.#log = log;
    this.#turned = turned;
    this.#most = most;
  }

  /** How many are under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /** The connection inside TLS; undefined: there is none, and what was accepted is closed. */
  async shake(accepted: Accepted, tls: TlsSource): Promise<Transport | undefined> {
    if (this.#underWay.size >= this.#most) this.#endOldest();
    const handshake = tls.handshake(accepted.transport);
    this.#underWay.set(handshake, undefined);
    const timer = this.#clock.after(
      HANDSHAKE_MS,
      () => this.#end(handshake, `not done within ${HANDSHAKE_MS / 1000} s`),
    );
    try {
      return await handshake.done;
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      const reason = this.#underWay.get(handshake) ?? error.message;
      this.#tell(accepted, error.kind, reason);
      if (error.kind === "plain") await this.#answerPlainly(accepted);
      return undefined;
    } finally {
      this.#clock.cancel(timer);
      this.#underWay.delete(handshake);
    }
  }

  /** Ends all that are under way. */
  close(): void {
    for (const handshake of this.#underWay.keys()) this.#end(handshake, "the broker stops");
  }

  #endOldest(): void {
    const [oldest] = this.#underWay.keys();
    if (oldest !== undefined) this.#end(oldest, `more than ${this.#most} at a time`);
  }

  #end(handshake: Handshake, reason: string): void {
    this.#underWay.set(handshake, reason);
    handshake.abandon();
  }

  #tell({ listener, address }: Accepted, kind: HandshakeError["kind"], reason: string): void {
    const fields: LogFields = { listener: listener.name, address };
    const now = this.#clock.now();
    switch (kind) {
      case "gone":
        // what looks whether a port is open does that all day
        return this.#log.debug("TLS: gone before the handshake", fields);
      case "plain":
        return this.#plain.happened(now, (times) => {
          this.#log.warn("plain text on a port with TLS: connect with TLS (--tls)", { ...fields, times });
        });
      case "failed":
        return this.#failures.happened(now, (times) => {
          this.#log.warn("TLS handshake failed", { ...fields, reason, times });
        });
    }
  }

  /** Says what is wrong in plain text, and gives it a moment to arrive before it closes (C14). */
  async #answerPlainly({ transport, listener }: Accepted): Promise<void> {
    let open = true;
    const close = (): void => {
      if (open) transport.close();
      open = false;
    };
    const timer = this.#clock.after(LAST_WORDS_MS, close);
    try {
      await transport.write(listener.protocol.turnAway(refusal("NEEDS_TLS")));
      await transport.closeWrite();
      const rest = new Uint8Array(REST_BYTES);
      while (await transport.read(rest) !== null) await this.#turned();
    } catch (error) {
      // gone already, or closed by the timer
      if (!(error instanceof Error)) throw error;
    } finally {
      this.#clock.cancel(timer);
      close();
    }
  }
}
