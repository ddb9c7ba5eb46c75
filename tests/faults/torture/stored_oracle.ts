/**
 * Judges what a durable broker has in the end, in a replay of everything: what was acknowledged is there, under
 * the number that was said, once, in its publisher's order, and the numbers have no holes.
 *
 * @module
 */
import type { Connection, History, Message } from "./history.ts";

/** What is wrong, a sentence each. `retained`: the oldest of each topic may have been deleted. */
export function judgeStored(
  replay: Connection,
  history: History,
  { retained = false, isDurable = (): boolean => true }: {
    readonly retained?: boolean;
    readonly isDurable?: (topic: string) => boolean;
  } = {},
): string[] {
  const wrong: string[] = [];
  const add = (what: string): void => void (wrong.length < 10 && wrong.push(`stored: ${what}`));
  const first = new Map<string, number>();
  const next = new Map<string, number>();
  const seen = new Set<Message>();
  const last = new Map<object, Message>();
  for (const event of replay.happened) {
    if (event.is === "altered") add(event.what);
    if (event.is !== "got") continue;
    const { message, seq } = event;
    const name = `${message.publisher}.${message.number} of ${message.topic}`;
    if (seq === undefined) {
      add(`${name} came without a number`);
      continue;
    }
    if (!first.has(message.topic)) first.set(message.topic, seq);
    const expected = next.get(message.topic) ?? (retained ? seq : 1);
    // what has outlived its ttl is left out of a replay
    if (seq < expected) add(`${name} has number ${seq}, and ${expected} was due`);
    if (seq > expected && !expiring(history, message.topic)) {
      add(`${name} has number ${seq}, and ${expected} was due`);
    }
    next.set(message.topic, seq + 1);
    if (message.seq !== undefined && message.seq !== seq) add(`${name} was ${message.seq} and is ${seq}`);
    message.seq ??= seq;
    if (seen.has(message)) add(`${name} is there twice`);
    seen.add(message);
    const before = last.get(message.stream);
    if (before !== undefined && before.index > message.index) add(`${name} stands behind ${before.number}`);
    last.set(message.stream, message);
  }
  for (const { topic, messages } of history.streams.values()) {
    if (!isDurable(topic)) continue;
    for (const message of messages) {
      if (message.ackedAt === undefined || message.ttl !== undefined || seen.has(message)) continue;
      const begins = first.get(topic);
      if (retained && (begins === undefined || message.seq === undefined || message.seq < begins)) continue;
      add(
        `${message.publisher}.${message.number} of ${topic} was acknowledged (${message.seq}) and is not there`,
      );
    }
  }
  return wrong;
}

function expiring(history: History, topic: string): boolean {
  for (const stream of history.streams.values()) {
    if (stream.topic === topic && stream.messages.some(({ ttl }) => ttl !== undefined)) return true;
  }
  return false;
}
