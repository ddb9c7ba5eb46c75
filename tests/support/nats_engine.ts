/**
 * An engine on NATS without a broker around it.
 *
 * @module
 */
import { ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { NatsEngine } from "../../lib/engine/nats/engine.ts";
import type { NatsEngineOptions } from "../../lib/engine/nats/options.ts";
import { Subjects } from "../../lib/engine/nats/subjects.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { NatsConnectionLink } from "../../lib/nats/link.ts";

/** An engine, and what it is made of. */
export interface NatsBench extends AsyncDisposable {
  readonly engine: NatsEngine;
  readonly counters: Counters;
  readonly durable: false;
  readonly tellsReached: false;
  readonly joinsNone: true;
  readonly link: NatsConnectionLink;
  readonly memory: HeldMemory;
  readonly flush: () => void;
  /** Why messages were left out. */
  readonly unreadable: string[];
}

let made = 0;

/** Another prefix for each test. */
export function newPrefix(): string {
  return `t${Deno.pid}-${++made}`;
}

/** Makes one; `servers`: `host:port` each. */
export async function natsEngine(
  servers: readonly string[],
  { prefix, id = `b${++made}`, ...more }: { readonly prefix: string } & Partial<NatsEngineOptions>,
): Promise<NatsBench> {
  const connection = { servers, name: id, credentials: {}, timeout: 5_000 };
  const link = await NatsConnectionLink.open({ ...connection, echo: false });
  const groupLink = await NatsConnectionLink.open({ ...connection, echo: true });
  const [pool, counters, flushes, unreadable] = [
    new ChunkPool(),
    new Counters(),
    new FlushList(),
    [] as string[],
  ];
  const memory = new HeldMemory({ most: 256 * 1024 * 1024, pool });
  const engine = new NatsEngine({
    seed: 7,
    counters,
    flushes,
    memory,
    pool,
    link,
    groupLink,
    id,
    subjects: new Subjects(prefix),
    plain: [],
    now: () => Date.now(),
    onUnreadable: (reason) => unreadable.push(reason),
    ...more,
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => closed ??= new Promise<void>((resolve) => engine.close(resolve));
  return {
    engine,
    counters,
    durable: false,
    tellsReached: false,
    joinsNone: true,
    link,
    memory,
    unreadable,
    flush: () => flushes.flush(),
    [Symbol.asyncDispose]: close,
  };
}

/** Resolves when NATS has all that it is subscribed to. */
export async function confirmed({ engine, flush }: NatsBench): Promise<void> {
  await new Promise<void>((resolve) => {
    if (engine.subscribed(resolve)) resolve();
    flush();
  });
}
