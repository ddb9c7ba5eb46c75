/**
 * What the pieces are given: a read buffer as a busy publisher fills it.
 *
 * @module
 */

/** Bytes of a read at full speed. */
export const READ_BYTES = 256 * 1024;
/** Bytes of a message. */
export const MESSAGE_BYTES = 128;
/** The topic of all of them. */
export const TOPIC = "#orders.eu.new";

/** What is spoken. */
export type Protocol = "classic" | "v2";

const encoder = new TextEncoder();

/** Whole messages, and where they end; a byte is free behind them, which the decoders ask for. */
export interface Input {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly end: number;
  /** Messages. */
  readonly count: number;
}

/** Requests of the classic protocol. */
export function classicRequests(): Input {
  return filled(`p1 pub ${TOPIC} ${message()}\n`);
}

/** What those are delivered as. */
export function classicDeliveries(): Input {
  return filled(`${TOPIC} ${message()}\n`);
}

/** Frames of v2: request and delivery. */
export function frames(topic = TOPIC): Input {
  return filled(`pub ${topic} ${MESSAGE_BYTES}\n${message()}\n`);
}

function message(): string {
  return Array.from({ length: MESSAGE_BYTES }, (_, at) => String.fromCharCode(97 + at % 26)).join("");
}

function filled(one: string): Input {
  const single = encoder.encode(one);
  const count = Math.floor((READ_BYTES - 1) / single.length);
  const bytes = new Uint8Array(READ_BYTES);
  for (let at = 0; at < count; at++) bytes.set(single, at * single.length);
  return { bytes, end: count * single.length, count };
}

/** What is published at once, and how many bytes of it come to who is subscribed to all of its topics. */
export interface Published extends Input {
  readonly delivered: number;
}

/** Reads full of messages of `size` bytes, each to another of so many topics: enough reads to have had them all. */
export function toTopics(
  protocol: Protocol,
  { size, topics }: { readonly size: number; readonly topics: number },
): Published[] {
  const text = message().repeat(Math.ceil(size / MESSAGE_BYTES)).slice(0, size);
  const reads: Published[] = [];
  for (let sent = 0; sent < topics;) {
    let requests = "";
    let delivered = 0;
    let count = 0;
    for (;;) {
      const topic = topics === 1 ? TOPIC : `${TOPIC}.${SCATTER * (sent + count) % topics}`;
      const delivery = protocol === "v2" ? `pub ${topic} ${size}\n${text}\n` : `${topic} ${text}\n`;
      const request = protocol === "v2" ? delivery : `p1 pub ${delivery}`;
      if (requests.length + request.length >= READ_BYTES) break;
      requests += request;
      delivered += delivery.length;
      count++;
    }
    sent += count;
    reads.push({ bytes: encoder.encode(requests), end: requests.length, count, delivered });
  }
  return reads;
}

/** So that no topic is beside the last one, as in the shapes of the benchmark. */
const SCATTER = 7919;
