/**
 * Which messages to topics in memory NATS takes.
 *
 * @module
 */
import { RecordReader } from "../../wire/records.ts";
import type { Run } from "../../wire/run.ts";
import { STAMP_MOST } from "./packed.ts";
import { FIELDS_MOST, fieldsText, headersOfFields, headersSize, PLAIN_GROWTH, tooLong } from "./plain.ts";
import type { PlainFields } from "./plain.ts";
import type { Subjects } from "./subjects.ts";

/** What the head of a plain message takes beside its fields: names of headers, a reply subject. */
const HEADERS_MOST = 512;

/** Why one of a run's messages is too large, a clause; undefined: none is. `isPlain`: they go one by one. */
export function tooLargeOf(
  run: Run,
  { isPlain, maxPayload, subjects }: {
    readonly isPlain: boolean;
    readonly maxPayload: number;
    readonly subjects: Subjects;
  },
): string | undefined {
  const most = maxPayload - STAMP_MOST - HEADERS_MOST;
  const { chunk, start, end } = run.records;
  const grows = isPlain && run.hasFields;
  if (grows ? PLAIN_GROWTH * (end - start) <= Math.min(most, FIELDS_MOST) : end - start <= most) {
    return undefined;
  }
  const reader = new RecordReader({ bytes: chunk.bytes, start, end, topicBytes: run.route.topicBytes });
  while (reader.next()) {
    let size = reader.end - reader.start;
    if (grows) {
      const { headers = [] } = plainOf(reader, { bytes: chunk.bytes, subjects });
      const problem = tooLong(headers, subjects);
      if (problem !== undefined) return problem;
      size = headersSize(headers) + reader.payloadEnd - reader.payloadStart;
    }
    if (size > most) return `NATS takes messages of ${most} bytes here, this one has ${size}`;
  }
  return undefined;
}

/** What goes with the payload of a record, as a plain message. */
export function plainOf(
  { fieldsStart, fieldsEnd }: RecordReader,
  { bytes, subjects }: { readonly bytes: Uint8Array; readonly subjects: Subjects },
): PlainFields {
  return headersOfFields(fieldsText(bytes, fieldsStart, fieldsEnd), { subjects, replyAs: "subject" });
}
