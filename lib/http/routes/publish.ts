/**
 * Publishing by POST: over a connection of its own, so that it is checked, acknowledged and held back as any
 * other publish.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Publisher, PublishOptions, Receipt } from "../../client/types.ts";
import type { Body, Coming } from "../bodies.ts";
import { readLines } from "../messages/lines.ts";
import { optionsIn } from "../messages/headers.ts";
import { topicIn } from "../names.ts";
import { Problem } from "../problem.ts";
import { problemOf } from "../refused.ts";
import type { App, Asked, Site } from "../types.ts";

/** `POST /api/topics/{topic}/messages`. */
export function addPublish(app: App, site: Site): void {
  app.post("/api/topics/:topic/messages", async (asked) => {
    const topic = topicIn(asked, site.limits.topic);
    const options = optionsIn(asked);
    const [type = ""] = (asked.req.header("content-type") ?? "").split(";");
    const guest = { grant: asked.var.grant, visitor: asked.var.visitor };
    if (type.trim().toLowerCase() === "application/x-ndjson") {
      if (options.id !== undefined) throw idOfLines();
      const publisher = await site.inside.publisher(guest);
      return await ended(publisher, () => publishLines(asked, site, { publisher, topic, options }));
    }
    using body = await site.bodies.read(comingOf(asked), site.limits.payload);
    const publisher = await site.inside.publisher(guest);
    return await ended(publisher, () => publishOne(asked, site, { publisher, topic, options, body }));
  });
}

/** Of many with one id all but the first would be taken for it, come again. */
function idOfLines(): Problem {
  return new Problem(
    400,
    "BAD_FIELD",
    "hashbus-id is of one message: leave it out with application/x-ndjson",
  );
}

/** The body as Node has it, whose answer is still sent where it is not read to its end. */
function comingOf(asked: Asked): Coming {
  return { headers: asked.req.raw.headers, body: chunksOf(asked.env.incoming) };
}

/** Of what has come together there are two chunks at most, where a stream would bring each that was sent. */
async function* chunksOf(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      yield chunk;
      // more than its high-water mark would raise that
      const rest = incoming.read(Math.min(incoming.readableLength, incoming.readableHighWaterMark));
      if (rest !== null) yield rest;
    }
  } finally {
    // what is unread when the connection closes would reset it, and the reset could overtake the answer
    incoming.resume();
  }
}

interface Job {
  readonly publisher: Publisher;
  readonly topic: string;
  readonly options: PublishOptions;
}

async function publishOne(
  asked: Asked,
  { waits }: Site,
  { publisher, topic, options, body }: Job & { readonly body: Body },
): Promise<Response> {
  const { signal } = asked.req.raw;
  const receipt = await waits(asked, publisher.publish(topic, body.bytes, { ...options, signal }));
  const { seq, subs: subscribers } = receipt;
  const told = {
    topic,
    ...(seq === undefined ? {} : { seq }),
    ...(subscribers === undefined ? {} : { subscribers }),
  };
  const place = `/api/topics/${encodeURIComponent(topic)}/messages?from=${seq}&limit=1`;
  return asked.json(told, 201, seq === undefined ? {} : { location: place });
}

/**
 * Each line that is not empty. The body is read on when the broker has taken what was read, so who sends it
 * waits with the slowest subscriber.
 */
async function publishLines(asked: Asked, { waits, bodies, limits }: Site, job: Job): Promise<Response> {
  const { publisher, topic, options } = job;
  let messages = 0;
  let last: number | undefined;
  let failure: { readonly error: unknown } | undefined;
  const took = ({ seq }: Receipt): void => {
    messages++;
    last = seq ?? last;
  };
  const failed = (error: unknown): void => {
    failure ??= { error };
  };
  try {
    for await (const line of readLines(comingOf(asked), { most: limits.payload, bodies })) {
      publisher.publish(topic, line, options).then(took, failed);
      if (publisher.full) await waits(asked, publisher.ready());
      if (failure !== undefined) break;
    }
  } catch (error) {
    failed(error);
  }
  // what was refused is the failure; of those behind it some may have been taken
  await waits(asked, publisher.drained());
  if (failure === undefined) {
    return asked.json({ topic, messages, ...(last === undefined ? {} : { last }) }, 201);
  }
  const { error } = failure;
  throw problemOf(error, { members: { messages }, headers: { connection: "close" } }) ?? error;
}

/** The connection is over with the request; that it was lost is told by what was published. */
async function ended<T>(publisher: Publisher, work: () => Promise<T>): Promise<T> {
  publisher.closed.catch(() => {});
  try {
    return await work();
  } finally {
    // what is still pending was given up with the request
    publisher.close({ timeout: 0 }).catch(() => {});
  }
}
