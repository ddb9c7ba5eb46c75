import {
  Broker,
  type BrokerOptions,
  type Grant,
  PUBLISHERS,
  SUBSCRIBERS,
  type Totals,
} from "../../lib/broker/mod.ts";
import { THIS_MACHINE } from "../../lib/broker/machine.ts";
import type { Clock } from "../../lib/clock.ts";
import type { LogFields } from "../../lib/log.ts";
import type { Store } from "../../lib/store/types.ts";
import { memoryPair } from "./memory_pair.ts";
import { RawClient } from "./raw_client.ts";
import { within } from "./within.ts";

type TestedOptions = Pick<
  BrokerOptions,
  | "limits"
  | "slowConsumer"
  | "stallTimeout"
  | "gatekeeper"
  | "loginTimeout"
  | "connectionsPerAddress"
  | "ackTimeout"
  | "maxAttempts"
>;

/** What a test may set. */
export interface TestServerOptions extends TestedOptions {
  /** Makes these topics durable. */
  readonly durable?: { readonly store: Store; readonly patterns: readonly string[] };
  /** In the place of the machine's. */
  readonly clock?: Clock;
}

/** A logged event. */
export interface Logged {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

const LISTENERS = { publishers: PUBLISHERS, subscribers: SUBSCRIBERS };

/** A broker in this process, its log kept, with connections over memory. */
export class TestServer implements AsyncDisposable {
  readonly broker: Broker;
  readonly logged: Logged[] = [];
  readonly #waiting: Array<() => void> = [];

  constructor({ durable, clock = THIS_MACHINE.clock, ...options }: TestServerOptions = {}) {
    const log = (level: Logged["level"]) => (event: string, fields: LogFields = {}): void => {
      this.logged.push({ level, event, fields });
      for (const wake of this.#waiting.splice(0)) wake();
    };
    this.broker = new Broker({
      stallTimeout: 60_000,
      ...options,
      ...(durable === undefined
        ? {}
        : { store: durable.store, durable: durable.patterns, dedupWindow: 60_000 }),
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    }, { ...THIS_MACHINE, clock });
  }

  get totals(): Totals {
    return this.broker.snapshot().totals;
  }

  get subscriptions(): number {
    return this.broker.snapshot().subscriptions;
  }

  /**
   * A client over memory; `capacity` bytes fit between it and the broker each way. `grant`: it is let in
   * already.
   */
  connect(to: "publishers" | "subscribers", capacity?: number, grant?: Grant): RawClient {
    const [mine, theirs] = memoryPair(capacity);
    void this.broker.serve(theirs, { listener: LISTENERS[to], ...(grant === undefined ? {} : { grant }) });
    return new RawClient(mine);
  }

  /** The first event of that name, waited for. */
  async event(name: string): Promise<Logged> {
    for (;;) {
      const found = this.logged.find((logged) => logged.event === name);
      if (found !== undefined) return found;
      const more = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await within(() => `"${name}" in the log, in which is ${this.#names()},`, more);
    }
  }

  #names(): string {
    return this.logged.map(({ event }) => `"${event}"`).join(", ") || "nothing";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.drain(200);
  }
}
