/**
 * What waits in an outbox: pieces in and out again.
 *
 * @module
 */
import { ChunkPool, Slice } from "../../lib/buffers.ts";
import { Piece } from "../../lib/sessions/piece.ts";
import { PieceQueue } from "../../lib/sessions/piece_queue.ts";
import { classicDeliveries } from "./inputs.ts";

/** Pieces of a pass. */
const PIECES = 100;

const { bytes, end, count } = classicDeliveries();
const message = end / count;
const pool = new ChunkPool();
const queue = new PieceQueue(pool);
const chunk = pool.take(bytes.length);
chunk.bytes.set(bytes);

/** Puts in pieces of so many messages, not one behind the other in memory, and takes all of them out again. */
function pass(messages: number): void {
  const step = (messages + 1) * message;
  for (let at = 0; at < PIECES; at++) {
    const start = at * step % (end - step);
    queue.put(new Piece(new Slice(chunk, start, start + messages * message), messages), false);
  }
  for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) piece.chunk.release();
}

Deno.bench({ name: "100 pieces of 1 message, gathered", group: "outbox", fn: () => pass(1) });
Deno.bench({ name: "100 pieces of 8 messages, gathered", group: "outbox", fn: () => pass(8) });
Deno.bench({ name: "100 pieces of 200 messages, as they lie", group: "outbox", fn: () => pass(200) });
