import type { IdSpan } from "../../lib/id_spans.ts";
import { encodeText } from "../../lib/wire/bytes.ts";
import { idSpansOf } from "../../lib/wire/record_fields.ts";

/** The spans of messages with these ids. */
export function spansOf(ids: readonly string[]): IdSpan[] {
  const bytes = encodeText(ids.map((id) => `pub #a 1 id=${id}\nx\n`).join(""));
  return idSpansOf({ bytes, start: 0, end: bytes.length, topicBytes: 2 });
}
