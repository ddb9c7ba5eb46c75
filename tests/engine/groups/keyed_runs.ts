import { Chunk, type ChunkPool, Slice } from "../../../lib/buffers.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { type Route, Run } from "../../../lib/wire/run.ts";
import type { StoredBench } from "./stored_bench.ts";

/** A message; an empty key: it has none. */
export interface Keyed {
  readonly payload: string;
  readonly key: string;
}

/** Messages in one run. */
export function keyedRun(
  messages: readonly Keyed[],
  { route, pool }: { readonly route: Route; readonly pool: ChunkPool },
): Run {
  const text = messages.map(({ payload, key }) => {
    const field = key === "" ? "" : ` key=${key}`;
    return `pub ${route.topic} ${payload.length}${field}\n${payload}\n`;
  });
  return new Run(new Slice(new Chunk(new TextEncoder().encode(text.join("")))), {
    route,
    encoding: RECORDS,
    count: messages.length,
    pool,
    hasFields: true,
    ttl: undefined,
    expires: undefined,
  });
}

/** Publishes messages in one run, and lets happen what happens then. */
export async function published(
  bench: StoredBench,
  topic: string,
  messages: readonly Keyed[],
): Promise<void> {
  const run = keyedRun(messages, { route: bench.engine.routeOf(topic), pool: bench.pool });
  bench.engine.publish(run, {
    hold: () => ({
      acknowledge: ({ last }) => void bench.answers.push(`${last}`),
      refuse: (code) => void bench.answers.push(code),
    }),
  });
  await bench.settle();
}
