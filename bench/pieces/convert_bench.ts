/**
 * A run of 256 KiB from one encoding into the other.
 *
 * @module
 */
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { type Deliveries, RECORDS_WITHOUT_SHARP } from "../../lib/wire/encoding.ts";
import { classicDeliveries, frames, type Input, TOPIC } from "./inputs.ts";

const { toRecords, fromRecords } = CLASSIC_LINES;
const withSharps = RECORDS_WITHOUT_SHARP.toRecords;
const topicBytes = new TextEncoder().encode(TOPIC).length;
const classic = deliveriesOf(classicDeliveries());
const records = deliveriesOf(frames());
const out = new Uint8Array(
  Math.max(toRecords.room(classic), fromRecords.room(records), withSharps.room(records)),
);

function deliveriesOf({ bytes, end, count }: Input): Deliveries {
  return { bytes, start: 0, end, count, topicBytes };
}

Deno.bench({ name: "classic to records", group: "conversion", fn: () => void toRecords.write(classic, out) });
Deno.bench({
  name: "records to classic",
  group: "conversion",
  fn: () => void fromRecords.write(records, out),
});

// written without its "#", a topic is one byte shorter
const bare = deliveriesOf(frames(TOPIC.slice(1)));
Deno.bench({
  name: "records without # to records",
  group: "conversion",
  fn: () => void withSharps.write(bare, out),
});
