/**
 * A connector on a machine that a test moves, one try after another.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Connected, Connector } from "../../../lib/client/connecting/connector.ts";
import { resolveSettings } from "../../../lib/client/connecting/settings.ts";
import type { Verdict } from "../../../lib/client/connecting/trial.ts";
import { ConnectError } from "../../../lib/client/sockets/connect_error.ts";
import type { ClientEvent, ConnectOptions } from "../../../lib/client/types.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedMachine } from "./handed_machine.ts";

/** What is known of a try when it is over. */
export interface Tried {
  readonly protocol: string;
  readonly localPort: number;
  /** Whether it is not known yet what the broker speaks. */
  readonly onTrial: boolean;
}

/** A connector, what it tells, and its tries. */
export class ConnectorBench {
  readonly machine = new HandedMachine();
  readonly clock = this.machine.clock;
  readonly stop = new AbortController();
  readonly events: ClientEvent[] = [];
  readonly #connector: Connector;
  #last: Promise<Connected> | undefined;
  /** Whether the last try is over. */
  over = false;
  /** How many wait for the signal. */
  listeners = 0;

  constructor(options: Partial<ConnectOptions> = {}) {
    this.#countListeners();
    const onEvent = (event: ClientEvent): void => void this.events.push(event);
    const settings = resolveSettings("publisher", { id: "p1", ...options, onEvent }, this.machine);
    this.#connector = new Connector(settings, { sink: undefined, signal: this.stop.signal });
  }

  /** Begins a try. */
  async connect(ms = 10_000): Promise<void> {
    this.over = false;
    const trying = this.#connector.connect(ms);
    trying.catch(() => {}).then(() => this.over = true);
    this.#last = trying;
    await settled();
  }

  /** What the last try has made. */
  async made(): Promise<Connected> {
    return await within("a connection", this.#last!);
  }

  async tried(): Promise<Tried> {
    const { link, localPort, trial } = await this.made();
    return { protocol: link.protocol, localPort, onTrial: trial !== undefined };
  }

  /** What its trial has shown by now. */
  async verdict(): Promise<Verdict | undefined | "none"> {
    const { trial } = await this.made();
    return await Promise.race([trial!.verdict, settled().then(() => "none" as const)]);
  }

  /** Why the last try has failed: what is said, and of a connection whether it is of use to try again. */
  async failed(): Promise<unknown> {
    try {
      await this.made();
    } catch (error) {
      if (!(error instanceof ConnectError)) return error instanceof Error ? error.message : error;
      const { message, permanent, accepted, turnedAway } = error;
      return { message, permanent, accepted, turnedAway };
    }
    return "it did not";
  }

  /** It is over when so many milliseconds have passed, and not before. */
  async overAfter(ms: number): Promise<void> {
    await this.clock.pass(ms - 1);
    assertEquals(this.over, false, `before ${ms} ms`);
    await this.clock.pass(1);
    await settled();
    assertEquals(this.over, true, `after ${ms} ms`);
  }

  #countListeners(): void {
    const { signal } = this.stop;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      this.listeners++;
      add(type, listener);
    };
    signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
      this.listeners--;
      remove(type, listener);
    };
  }

  /** Hello has no answer in its first second, which is told. */
  async silentFor(ms = 1000): Promise<void> {
    await this.clock.pass(ms - 1);
    assertEquals(this.events, []);
    await this.clock.pass(1);
    const reason = "the broker did not answer hello within 1 s";
    assertEquals(this.events.splice(0), [{ type: "silent", reason }]);
  }
}

/** That somebody took the connection and did not serve it. */
export function unserved(message: string): unknown {
  return { message, permanent: false, accepted: true, turnedAway: undefined };
}
