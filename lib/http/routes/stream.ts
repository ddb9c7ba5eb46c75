/**
 * Messages as they come, as Server-Sent Events.
 *
 * @module
 */
import { Gap } from "../../client/gap.ts";
import type { ClientEvent, Message, SubscribeOptions, Subscriber, Subscription } from "../../client/types.ts";
import { covers } from "../../topics/covers.ts";
import { overlap } from "../../topics/overlap.ts";
import type { SlowPolicy } from "../../slow_policy.ts";
import { badQuery, wordOf } from "../answers.ts";
import { STREAM_RETRY_MS } from "../limits.ts";
import { Behind, fromPlace, placeText, readPlace, type Start, startOf } from "../messages/place.ts";
import { readFrom } from "../messages/position.ts";
import { patternIn } from "../names.ts";
import { problemOf } from "../refused.ts";
import { EventStream } from "../sse.ts";
import type { App, Asked, Site } from "../types.ts";

const POLICIES: readonly ["default", ...SlowPolicy[]] = [
  "default",
  "block",
  "drop-new",
  "drop-old",
  "disconnect",
];

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" };

/** `GET /api/topics/{pattern}/stream`. */
export function addStream(app: App, site: Site): void {
  app.get("/api/topics/:topic/stream", async (asked) => {
    const pattern = patternIn(asked, site.limits.topic);
    const begun = Date.now();
    const { durable } = site.broker.snapshot();
    const isDurable = durable.some((each) => overlap(each, pattern));
    const begins = beginning(asked, { pattern, isDurable, begun });
    const { behind, options } = begins;
    // it has no body, which nobody would read nor end
    if (asked.req.method === "HEAD") return new Response(null, { headers: HEADERS });
    const stream = new EventStream();
    const subscribers: Subscriber[] = [];
    const close = (): void => {
      for (const subscriber of subscribers) void subscriber.close();
    };
    const subscribe = async (
      terms: SubscribeOptions,
      onEvent: (event: ClientEvent) => void,
    ): Promise<Subscription> => {
      const guest = { grant: asked.var.grant, visitor: asked.var.visitor };
      const subscriber = await site.inside.subscriber(guest, onEvent);
      subscribers.push(subscriber);
      subscriber.closed.catch(() => {});
      return await subscriber.subscribe(pattern, terms);
    };
    let subscription: Subscription;
    let inMemory: Subscription | undefined;
    try {
      subscription = await subscribe(options, (event) => tell(stream, event, begins));
      // what goes on in what is stored wants nothing of topics in memory (D8)
      if (
        behind !== undefined && fromOf(asked) === undefined && !durable.some((each) => covers(each, pattern))
      ) {
        // where its account has no place for another, what is stored goes on alone
        inMemory = await subscribe(policyOf(asked), () => {}).catch(() => undefined);
      }
    } catch (error) {
      close();
      void stream.close();
      throw error;
    }
    // one that is cut off before the first message goes on from here
    stream.retry(STREAM_RETRY_MS);
    const id = isDurable && options.from === undefined ? `${begun}` : undefined;
    stream.event("open", { pattern }, id);
    const pumps = [pump(stream, subscription, begins)];
    if (inMemory !== undefined) pumps.push(pumpInMemory(stream, inMemory));
    const { closing } = site;
    closing.addEventListener("abort", close);
    void stream.gone.then(close);
    void Promise.race(pumps).then(() => end(stream, "DRAINING", "the broker ended this stream"), (error) => {
      const problem = problemOf(error);
      if (problem === undefined) site.log.error("internal error", { error: String(error) });
      end(
        stream,
        problem?.code ?? "INTERNAL",
        problem?.message ?? "an error inside the broker ended this stream",
      );
    }).finally(() => {
      closing.removeEventListener("abort", close);
      close();
    });
    return new Response(stream.readable, { headers: HEADERS });
  });
}

/** Where a stream begins, and what its places say of that. */
interface Beginning {
  readonly behind: Behind | undefined;
  start: Start | undefined;
  readonly options: SubscribeOptions;
}

/** Where it begins: behind the last event that the client had, or where it says. */
function beginning(
  asked: Asked,
  { pattern, isDurable, begun }: {
    readonly pattern: string;
    readonly isDurable: boolean;
    readonly begun: number;
  },
): Beginning {
  const policy = policyOf(asked);
  const last = textOf(asked.req.header("last-event-id")) ?? asked.req.query("last_event_id") ?? "";
  if (last !== "" && isDurable) {
    const place = readPlace(last);
    if (place === undefined) throw badQuery("last_event_id", last, "the id of an event of this stream");
    const options = { from: fromPlace(pattern, place), ...policy };
    return { behind: new Behind(pattern, place), start: place.start, options };
  }
  const from = fromOf(asked);
  if (from === undefined) return { behind: undefined, start: undefined, options: policy };
  const position = readFrom(from);
  const start = startOf(pattern, position, begun);
  return { behind: undefined, start, options: { from: position, ...policy } };
}

/** A header that a browser sends in UTF-8, of which Node makes a character of each byte. */
function textOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  return new TextDecoder().decode(Uint8Array.from(header, (byte) => byte.charCodeAt(0)));
}

/** Where it is to begin in what is stored; undefined: with what comes. */
function fromOf(asked: Asked): string | undefined {
  const from = asked.req.query("from");
  return from === "now" ? undefined : from;
}

function policyOf(asked: Asked): SubscribeOptions {
  const slow = wordOf(asked, "slow", POLICIES);
  return slow === "default" ? {} : { slow };
}

/** Tells what comes of a subscription, no faster than it is taken, until that ends. */
async function pump(stream: EventStream, subscription: Subscription, begins: Beginning): Promise<void> {
  for await (const item of subscription.withGaps()) {
    if (item instanceof Gap) stream.event("gap", { missed: item.missed });
    else {for (const message of begins.behind?.take(item) ?? [item]) {
        tellMessage(stream, message, begins.start);
      }}
    if (stream.full) await stream.ready();
  }
}

/** As {@link pump}, of what is not stored: the other subscription has the rest, and tells its gaps. */
async function pumpInMemory(stream: EventStream, subscription: Subscription): Promise<void> {
  for await (const message of subscription) {
    if (placeText(message) === undefined) tellMessage(stream, message, undefined);
    if (stream.full) await stream.ready();
  }
}

function tellMessage(stream: EventStream, message: Message, start: Start | undefined): void {
  stream.event("message", message, placeText(message, start));
}

/** What comes beside the messages, in its place among them. */
function tell(stream: EventStream, event: ClientEvent, begins: Beginning): void {
  if (event.type !== "live") return;
  for (const message of begins.behind?.rest() ?? []) tellMessage(stream, message, begins.start);
  // from here on all come in the order of their times
  if (begins.start?.kind === "last") begins.start = undefined;
  stream.event("live", {});
}

function end(stream: EventStream, code: string, detail: string): void {
  stream.event("end", { code, detail });
  void stream.close();
}
