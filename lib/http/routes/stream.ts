/**
 * Messages as they come, as Server-Sent Events.
 *
 * @module
 */
import { Gap } from "../../client/gap.ts";
import type { ClientEvent, Message, SubscribeOptions, Subscriber, Subscription } from "../../client/types.ts";
import { overlap } from "../../topics/overlap.ts";
import type { SlowPolicy } from "../../slow_policy.ts";
import { badQuery, wordOf } from "../answers.ts";
import { STREAM_RETRY_MS } from "../limits.ts";
import { Behind, fromPlace, placeText, readPlace } from "../messages/place.ts";
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
    const isDurable = site.broker.snapshot().durable.some((durable) => overlap(durable, pattern));
    const { behind, options } = beginning(asked, { pattern, isDurable });
    // it has no body, which nobody would read nor end
    if (asked.req.method === "HEAD") return new Response(null, { headers: HEADERS });
    const stream = new EventStream();
    let subscriber: Subscriber | undefined;
    let subscription: Subscription;
    try {
      subscriber = await site.inside.subscriber(
        { grant: asked.var.grant, visitor: asked.var.visitor },
        (event) => tell(stream, event, behind),
      );
      subscriber.closed.catch(() => {});
      subscription = await subscriber.subscribe(pattern, options);
    } catch (error) {
      void subscriber?.close();
      void stream.close();
      throw error;
    }
    // one that is cut off before the first message goes on from here
    stream.retry(STREAM_RETRY_MS);
    const id = isDurable && options.from === undefined ? `${begun}` : undefined;
    stream.event("open", { pattern }, id);
    const pump = async (): Promise<void> => {
      for await (const item of subscription.withGaps()) {
        if (item instanceof Gap) stream.event("gap", { missed: item.missed });
        else for (const message of behind?.take(item) ?? [item]) tellMessage(stream, message);
        if (stream.full) await stream.ready();
      }
    };
    const { closing } = site;
    const close = (): void => void subscriber.close();
    closing.addEventListener("abort", close);
    void stream.gone.then(close);
    void pump().then(() => end(stream, "DRAINING", "the broker ended this stream"), (error) => {
      const problem = problemOf(error);
      if (problem === undefined) site.log.error("internal error", { error: String(error) });
      end(
        stream,
        problem?.code ?? "INTERNAL",
        problem?.message ?? "an error inside the broker ended this stream",
      );
    }).finally(() => closing.removeEventListener("abort", close));
    return new Response(stream.readable, { headers: HEADERS });
  });
}

/** Where it begins: behind the last event that the client had, or where it says. */
function beginning(
  asked: Asked,
  { pattern, isDurable }: { readonly pattern: string; readonly isDurable: boolean },
): { readonly behind: Behind | undefined; readonly options: SubscribeOptions } {
  const slow = wordOf(asked, "slow", POLICIES);
  const policy = slow === "default" ? {} : { slow };
  const last = asked.req.header("last-event-id") ?? asked.req.query("last_event_id") ?? "";
  if (last !== "" && isDurable) {
    const place = readPlace(last);
    if (place === undefined) throw badQuery("last_event_id", last, "the id of an event of this stream");
    return { behind: new Behind(pattern, place), options: { from: fromPlace(pattern, place), ...policy } };
  }
  const from = asked.req.query("from");
  if (from === undefined || from === "now") return { behind: undefined, options: policy };
  return { behind: undefined, options: { from: readFrom(from), ...policy } };
}

function tellMessage(stream: EventStream, message: Message): void {
  stream.event("message", message, placeText(message));
}

/** What comes beside the messages, in its place among them. */
function tell(stream: EventStream, event: ClientEvent, behind: Behind | undefined): void {
  if (event.type === "live") {
    for (const message of behind?.rest() ?? []) tellMessage(stream, message);
    stream.event("live", {});
  }
}

function end(stream: EventStream, code: string, detail: string): void {
  stream.event("end", { code, detail });
  void stream.close();
}
