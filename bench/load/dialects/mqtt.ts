/**
 * MQTT 3.1.1 at QoS 0: publishes are not answered, PINGREQ is the barrier.
 *
 * @module
 */
import { bytes, type Dialect, join } from "./types.ts";

const CONNECT = packet(0x10, join(field("MQTT"), Uint8Array.of(4, 0x02, 0, 0), field("")));
const ID = Uint8Array.of(0, 1);
const CONNACK = Uint8Array.of(0x20, 2, 0, 0);

/** Clean session, no keep-alive, a client id of the broker's making. */
export const mqtt: Dialect = {
  publisherHello: () => ({ send: CONNECT, until: CONNACK }),
  subscriberHello: (topics) => ({
    send: join(
      CONNECT,
      packet(0x82, join(ID, ...topics.flatMap((topic) => [name(topic), Uint8Array.of(0)]))),
    ),
    until: packet(0x90, join(ID, new Uint8Array(topics.length))),
  }),
  belowHello: (level) => mqtt.subscriberHello([`${level}.+`]),
  publish: (topic, payload) => packet(0x30, join(name(topic), payload)),
  delivery: (topic, payload) => packet(0x30, join(name(topic), payload)),
  replies: () => null,
  barrier: { send: Uint8Array.of(0xc0, 0), until: Uint8Array.of(0xd0, 0) },
  interjection: null,
};

/** A topic as it stands in a packet. */
function name(topic: string): Uint8Array<ArrayBuffer> {
  return field(topic.replaceAll(".", "/"));
}

function field(text: string): Uint8Array<ArrayBuffer> {
  const encoded = bytes(text);
  return join(Uint8Array.of(encoded.length >> 8, encoded.length & 0xff), encoded);
}

function packet(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = [type];
  let rest = body.length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    head.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return join(Uint8Array.from(head), body);
}
