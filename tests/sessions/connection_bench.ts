/**
 * Connections whose transport does what a test says, by a clock that it moves.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Grant } from "../../lib/auth/grant.ts";
import { PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import type { Log, LogFields } from "../../lib/log.ts";
import { FRAMES } from "../../lib/protocols/mod.ts";
import { Connection } from "../../lib/sessions/connection.ts";
import type { ConnectionOptions } from "../../lib/sessions/connection_options.ts";
import { ReadBuffer } from "../../lib/sessions/read_buffer.ts";
import type { Settings } from "../../lib/sessions/settings.ts";
import type { Transport } from "../../lib/sessions/transport.ts";
import { settled } from "../support/handed_clock.ts";
import { StillClock } from "../support/still_clock.ts";
import { within } from "../support/within.ts";
import { Bench } from "./session_bench.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a connection goes over: each read, write and end of output ends when the test says so. */
export class Wire implements Transport {
  written = "";
  readonly writes: string[] = [];
  closes = 0;
  /** How often the end of output was asked for. */
  ends = 0;
  /** Whether writes end at once. */
  takes = true;
  /** How much room each read had. */
  readonly rooms: number[] = [];
  #reading: PromiseWithResolvers<number | null> | undefined;
  #into = new Uint8Array(0);
  #writing: PromiseWithResolvers<number> | undefined;
  #ending: PromiseWithResolvers<void> | undefined;

  get reads(): boolean {
    return this.#reading !== undefined;
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    this.#into = into;
    this.rooms.push(into.length);
    this.#reading = Promise.withResolvers();
    return this.#reading.promise;
  }

  write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    const text = decoder.decode(from);
    this.writes.push(text);
    this.written += text;
    if (this.takes) return Promise.resolve(from.length);
    this.#writing = Promise.withResolvers();
    return this.#writing.promise;
  }

  closeWrite(): Promise<void> {
    this.ends++;
    this.#ending = Promise.withResolvers();
    return this.#ending.promise;
  }

  /** As a socket does: whatever waits fails. */
  close(): void {
    this.closes++;
    const closed = new Deno.errors.BadResource("closed");
    this.#reading?.reject(closed);
    this.#writing?.reject(closed);
    this.#ending?.reject(closed);
    this.#ending?.promise.catch(() => {});
  }

  /** This is read, in as many reads as it takes; null: the end. */
  async comes(text: string | null | Error): Promise<void> {
    for (let left = typeof text === "string" ? encoder.encode(text) : undefined;;) {
      await settled();
      const reading = this.#reading!;
      this.#reading = undefined;
      if (text instanceof Error) reading.reject(text);
      else if (left === undefined) reading.resolve(null);
      else {
        const part = left.subarray(0, this.#into.length);
        this.#into.set(part);
        reading.resolve(part.length);
        left = left.subarray(part.length);
        if (left.length > 0) continue;
      }
      return await settled();
    }
  }

  /** The write that waits ends. */
  async wrote(outcome: number | Error): Promise<void> {
    const writing = this.#writing!;
    this.#writing = undefined;
    if (typeof outcome === "number") writing.resolve(outcome);
    else writing.reject(outcome);
    await settled();
  }

  /** The end of output is there, or cannot be. */
  async ended(error?: Error): Promise<void> {
    if (error === undefined) this.#ending!.resolve();
    else this.#ending!.reject(error);
    await settled();
  }
}

/** A connection over such a wire. */
export class Line {
  readonly wire = new Wire();
  readonly clock = new StillClock();
  readonly logged: (readonly [level: string, event: string, fields: LogFields])[] = [];
  readonly bench: Bench;
  readonly connection: Connection;
  readonly over: Promise<void>;
  /** Why it ended, once it has. */
  reason: string | undefined;

  constructor(
    { to = "publishers", classic = false, grant, bench, settings, asked = false }: {
      readonly to?: "publishers" | "subscribers";
      readonly classic?: boolean;
      readonly grant?: Grant;
      /** Left out: one of its own. */
      readonly bench?: Bench;
      readonly settings?: Partial<Settings>;
      /** It has not been let in. */
      readonly asked?: boolean;
    } = {},
  ) {
    const tell = (level: string) => (event: string, fields: LogFields = {}): void =>
      void this.logged.push([level, event, fields]);
    const log: Log = { debug: tell("debug"), info: tell("info"), warn: tell("warn"), error: tell("error") };
    this.bench = bench ?? new Bench({ clock: this.clock, log, ...settings });
    const listener = to === "publishers" ? PUBLISHERS : SUBSCRIBERS;
    const { lobby } = this.bench.settings;
    const input = new ReadBuffer(this.bench.settings);
    const beginning = (): NonNullable<ConnectionOptions["beginning"]> => {
      return { input, read: this.wire.read(input.space()), stay: lobby.enter({ isBeingAsked: false }) };
    };
    if (!asked) input.close();
    this.connection = new Connection(this.bench.settings, {
      number: 7,
      listener: classic ? listener : { ...listener, protocol: FRAMES },
      address: "10.0.0.1:5",
      transport: this.wire,
      grant,
      ...(asked ? { beginning: beginning() } : {}),
    }, { ended: (_, reason) => this.reason = reason });
    this.over = this.connection.run();
  }

  /** It is over, for this reason, and nothing of it is left. */
  async isOver(reason: string): Promise<void> {
    await within("the end of the connection", this.over);
    assertEquals([this.reason, this.wire.closes], [reason, 1]);
    assertEquals([this.bench.pool.bytesOut, this.bench.memory.held, this.clock.alarms], [0, 0, 0]);
    assertEquals([...this.bench.counters.endings], [[reason, 1]]);
    const [level, event, fields] = this.logged.at(-1)!;
    assertEquals([level, event, fields["connection"], fields["reason"]], [
      reason === "stalled" || reason === "drain timeout" ? "warn" : "debug",
      reason === "stalled" ? "slow consumer disconnected" : "connection closed",
      7,
      reason,
    ]);
  }
}
