/**
 * Reading what is stored, a page at a time.
 *
 * @module
 */
import type { Message, SubscribeOptions, Subscriber } from "../../client/types.ts";
import { badQuery, limitOf, nextPath } from "../answers.ts";
import type { Holding } from "../bodies.ts";
import { MESSAGES_BYTES_MOST } from "../limits.ts";
import { Behind, fromPlace, placeText, readPlace, type Start, startOf } from "../messages/place.ts";
import { readFrom, readTo } from "../messages/position.ts";
import { patternIn } from "../names.ts";
import type { App, Asked, Site } from "../types.ts";

/** `GET /api/topics/{pattern}/messages`. */
export function addMessages(app: App, site: Site): void {
  app.get("/api/topics/:topic/messages", async (asked) => {
    const pattern = patternIn(asked, site.limits.topic);
    const limit = limitOf(asked);
    const { behind, start, options } = rangeOf(asked, pattern);
    const subscriber = await site.inside.subscriber(
      { grant: asked.var.grant, visitor: asked.var.visitor },
      () => {},
    );
    subscriber.closed.catch(() => {});
    const holding = site.bodies.holding();
    void asked.var.over.then(() => {
      holding[Symbol.dispose]();
      void subscriber.close();
    });
    try {
      await site.waits(asked, subscriber.subscribe(pattern, options));
      const reading = read(subscriber, { pattern, behind, limit, holding });
      const { messages, more } = await site.waits(asked, reading);
      const last = messages.at(-1);
      const place = last === undefined || !more ? undefined : placeText(last, start);
      return asked.json({
        messages,
        next: place === undefined ? null : nextPath(asked, { after: place }),
      });
    } finally {
      void subscriber.close();
    }
  });
}

function rangeOf(
  asked: Asked,
  pattern: string,
): {
  readonly behind: Behind | undefined;
  readonly start: Start | undefined;
  readonly options: SubscribeOptions;
} {
  const to = asked.req.query("to");
  const until = to === undefined ? {} : { to: readTo(to) };
  const after = asked.req.query("after");
  if (after === undefined) {
    const from = readFrom(asked.req.query("from") ?? "earliest");
    const start = startOf(pattern, from, Date.now());
    return { behind: undefined, start, options: { from, ...until } };
  }
  const place = readPlace(after);
  if (place === undefined) throw badQuery("after", after, "as the page before says it in its next");
  return {
    behind: new Behind(pattern, place),
    start: place.start,
    options: { from: fromPlace(pattern, place), ...until },
  };
}

/** As many as are wanted, or all there are; whether there are more. */
async function read(
  subscriber: Subscriber,
  { pattern, behind, limit, holding }: {
    readonly pattern: string;
    readonly behind: Behind | undefined;
    readonly limit: number;
    readonly holding: Holding;
  },
): Promise<{ readonly messages: readonly Message[]; readonly more: boolean }> {
  const messages: Message[] = [];
  let bytes = 0;
  const over = subscriber.caughtUp(pattern).then(() => undefined);
  over.catch(() => {});
  const iterator = subscriber[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([iterator.next(), over]);
    const came = next === undefined || next.done === true
      ? behind?.rest() ?? []
      : behind?.take(next.value) ?? [next.value];
    for (const message of came) {
      if (messages.length === limit || (bytes > 0 && bytes + message.payload.length > MESSAGES_BYTES_MOST)) {
        return { messages, more: true };
      }
      messages.push(message);
      bytes += message.payload.length;
      holding.set(bytes);
    }
    if (next === undefined || next.done === true) return { messages, more: false };
  }
}
