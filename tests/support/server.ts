import { at } from "../../lib/alarm.ts";
import { type Counters, LocalEngine } from "../../lib/engine/mod.ts";
import { DEFAULT_LIMITS, type Limits } from "../../lib/limits.ts";
import type { LogFields } from "../../lib/log.ts";
import type { Store } from "../../lib/store/types.ts";
import { FlushList, Server, type SlowPolicy } from "../../lib/sessions/mod.ts";
import { memoryPair } from "./memory_pair.ts";
import { RawClient } from "./raw_client.ts";

/** What a test may set. */
export interface TestServerOptions {
  readonly limits?: Partial<Limits>;
  readonly slowConsumer?: SlowPolicy;
  readonly stallTimeout?: number;
  /** Makes these topics durable. */
  readonly durable?: { readonly store: Store; readonly patterns: readonly string[] };
}

/** A logged event. */
export interface Logged {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

/** The broker's own server in this process, its log kept, with connections over memory or TCP. */
export class TestServer implements AsyncDisposable {
  readonly engine: LocalEngine;
  readonly flushes = new FlushList();
  /** Why the store gave up, if it did. */
  lost: string | undefined;
  readonly logged: Logged[] = [];
  readonly server: Server;
  readonly #waiting: Array<() => void> = [];

  constructor(options: TestServerOptions = {}) {
    const log = (level: Logged["level"]) => (event: string, fields: LogFields = {}): void => {
      this.logged.push({ level, event, fields });
      for (const wake of this.#waiting.splice(0)) wake();
    };
    const { durable } = options;
    const durability = durable === undefined ? undefined : {
      ...durable,
      dedup: { window: 60_000, most: 1000 },
      flushes: this.flushes,
      at,
      onRefused: (reason: string) => log("error")("refused", { reason }),
      onLost: (reason: string) => {
        this.lost = reason;
      },
    };
    this.engine = new LocalEngine(0, durability);
    this.server = new Server({
      engine: this.engine,
      version: "0.0.0",
      durable: durable?.patterns ?? [],
      storedLevel: "synced",
      flushes: this.flushes,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      slowConsumer: options.slowConsumer ?? "block",
      stallTimeout: options.stallTimeout ?? 60_000,
    });
  }

  get counters(): Counters {
    return this.engine.counters;
  }

  /** A client over memory; `capacity` bytes fit between it and the broker each way. */
  connect(port: "publishers" | "subscribers", capacity?: number): RawClient {
    const [mine, theirs] = memoryPair(capacity);
    void this.server.serve(theirs, { port, address: "memory" });
    return new RawClient(mine);
  }

  /** The first event of that name, waited for. */
  async event(name: string): Promise<Logged> {
    for (;;) {
      const found = this.logged.find((logged) => logged.event === name);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.drain(200);
  }
}
