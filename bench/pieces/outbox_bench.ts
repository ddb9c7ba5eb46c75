/**
 * What waits in an outbox: segments in and out again.
 *
 * @module
 */
import { ChunkPool, Slice } from "../../lib/buffers.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { Segment } from "../../lib/sessions/outbox/segment.ts";
import { SegmentQueue } from "../../lib/sessions/outbox/segment_queue.ts";
import { classicDeliveries } from "./inputs.ts";

/** Segments of a pass. */
const SEGMENTS = 100;

const { bytes, end, count } = classicDeliveries();
const message = end / count;
const pool = new ChunkPool();
const queue = new SegmentQueue({ pool, memory: new HeldMemory({ most: DEFAULT_LIMITS.memory, pool }) });
const chunk = pool.take(bytes.length);
chunk.bytes.set(bytes);

/** Puts in segments of so many messages, not one behind the other in memory, and takes all of them out again. */
function pass(messages: number): void {
  const step = (messages + 1) * message;
  for (let at = 0; at < SEGMENTS; at++) {
    const start = at * step % (end - step);
    queue.put(new Segment(new Slice(chunk, start, start + messages * message), messages), false);
  }
  for (let segment = queue.shift(); segment !== undefined; segment = queue.shift()) queue.letGo(segment);
}

Deno.bench({ name: "100 segments of 1 message, gathered", group: "outbox", fn: () => pass(1) });
Deno.bench({ name: "100 segments of 8 messages, gathered", group: "outbox", fn: () => pass(8) });
Deno.bench({ name: "100 segments of 200 messages, as they lie", group: "outbox", fn: () => pass(200) });
