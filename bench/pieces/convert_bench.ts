/**
 * A run of 256 KiB from one form into the other.
 *
 * @module
 */
import {
  classicRoom,
  type Deliveries,
  framesRoom,
  sharpsRoom,
  toClassic,
  toFrames,
  withSharps,
} from "../../lib/wire/convert.ts";
import { classicDeliveries, frames, type Input, TOPIC } from "./inputs.ts";

const topicBytes = new TextEncoder().encode(TOPIC).length;
const classic = deliveriesOf(classicDeliveries());
const framed = deliveriesOf(frames());
const out = new Uint8Array(Math.max(framesRoom(classic), classicRoom(framed), sharpsRoom(framed)));

function deliveriesOf({ bytes, end, count }: Input): Deliveries {
  return { bytes, start: 0, end, count, topicBytes };
}

Deno.bench({ name: "classic to v2", group: "conversion", fn: () => void toFrames(classic, out) });
Deno.bench({ name: "room of v2 to classic", group: "conversion", fn: () => void classicRoom(framed) });
Deno.bench({ name: "v2 to classic", group: "conversion", fn: () => void toClassic(framed, out) });

// written without its "#", a topic is one byte shorter
const bare = deliveriesOf(frames(TOPIC.slice(1)));
Deno.bench({ name: "v2 without # to v2", group: "conversion", fn: () => void withSharps(bare, out) });
