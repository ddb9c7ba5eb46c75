import type { Message, Subscriber } from "../../lib/mod.ts";

/** The next so many messages. */
export async function take(subscriber: Subscriber, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  for await (const message of subscriber) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}
