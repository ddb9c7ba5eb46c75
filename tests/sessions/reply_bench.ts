/**
 * A queue of replies whose surroundings are played by a test.
 *
 * @module
 */
import { ChunkPool } from "../../lib/buffers.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import type { Replies } from "../../lib/protocols/types.ts";
import { ReplyQueue } from "../../lib/sessions/reply_queue.ts";

const GiB = 1024 ** 3;
export const STORED = { reached: 0, level: "synced", topic: "#a" } as const;

/** A queue that says what it says into a list, and an outlet that is as full as the test says. */
export class Bench {
  readonly said: string[] = [];
  readonly flushes = new FlushList();
  readonly memory: HeldMemory;
  readonly outlet = {
    aboveHighWater: false,
    whenNotFull: (callback: () => void) => void this.room.push(callback),
  };
  /** How many times it asked to be held back. */
  asked = 0;
  readonly turns = { holds: false, rounds: 0, holdBack: () => void this.asked++ };
  readonly room: Array<() => void> = [];
  readonly queue: ReplyQueue;
  flushed = 0;

  constructor(most = GiB) {
    this.memory = new HeldMemory({ most, pool: new ChunkPool() });
    const { said, flushes, memory, outlet, turns } = this;
    const replies: Replies = {
      tellsReceipts: true,
      ok: (count, { last }) => void said.push(`ok ${count}${last === undefined ? "" : ` seq=${last}`}`),
      refuse: ({ code }, count) => void said.push(`err ${code} ${count}`),
      welcome: () => void said.push("welcome"),
      pong: () => void said.push("pong"),
      goodbye: () => void said.push("goodbye"),
      bye: (code) => void said.push(`bye ${code}`),
      info: () => void said.push("info"),
      flush: () => void this.flushed++,
    };
    this.queue = new ReplyQueue({ replies, outlet, flushes, memory, turns });
  }
}
