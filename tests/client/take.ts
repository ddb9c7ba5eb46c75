import type { Message, Subscriber } from "../../lib/mod.ts";
import { within } from "../support/within.ts";

/** The next so many messages. */
export async function take(subscriber: Subscriber, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  const taking = (async () => {
    for await (const message of subscriber) {
      taken.push(message);
      if (taken.length === count) break;
    }
    return taken;
  })();
  return await within(() => `${count} messages (${taken.length} are there)`, taking);
}
