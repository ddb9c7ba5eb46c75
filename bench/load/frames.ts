/**
 * The messages of a flow, as they leave and as they come.
 *
 * @module
 */
import type { Shape } from "../shapes.ts";
import type { Dialect } from "./dialects/mod.ts";
import { CHANGING_LEVEL, changingTopic, payloadOf, topicOf } from "./job.ts";

/** What a publisher sends, one after the other and then from the beginning: all of one length. */
export function published(dialect: Dialect, shape: Shape, publisher: number): readonly Uint8Array[] {
  const payload = payloadOf(shape.size);
  return topicsOf(shape, publisher).map((topic) => dialect.publish(topic, payload, publisher));
}

/**
 * The same as who is subscribed to `topic` gets it, or to all that change: messages of one length in one
 * piece.
 */
export function expected(
  dialect: Dialect,
  shape: Shape,
  topic: string,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly length: number } {
  const payload = payloadOf(shape.size);
  const { changes } = shape;
  if (changes === undefined) {
    const bytes = dialect.delivery(topic, payload);
    return { bytes, length: bytes.length };
  }
  const message = (index: number): Uint8Array => {
    const topic = changingTopic(index, changes);
    return dialect.deliveryBelow?.(CHANGING_LEVEL, topic, payload) ?? dialect.delivery(topic, payload);
  };
  const { length } = message(0);
  const bytes = new Uint8Array(changes * length);
  for (let index = 0; index < changes; index++) bytes.set(message(index), index * length);
  return { bytes, length };
}

/** The topics that a publisher publishes to, in turns. */
export function topicsOf(
  { topics, takesTurns = 1, changes }: Shape,
  publisher: number,
): readonly string[] {
  if (changes !== undefined) {
    return Array.from({ length: changes }, (_, index) => changingTopic(index, changes));
  }
  return Array.from(
    { length: takesTurns },
    (_, at) => at === 0 ? topicOf(publisher, topics) : topicOf(publisher + at, takesTurns),
  );
}
