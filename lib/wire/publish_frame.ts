/**
 * Publishes as v2 frames, put together and taken apart by who publishes.
 *
 * @module
 */
import { decodeText, encodeText, LF, SPACE } from "./bytes.ts";

/** A publish that was put together here. */
export interface PublishFrame {
  readonly topic: string;
  /** As in the header, without the space before them; empty: none. */
  readonly fields: string;
  readonly payload: Uint8Array;
  /** Where the next frame begins. */
  readonly end: number;
}

/** What every publish to a topic begins with: `pub #a `. */
export function publishHead(topic: string): Uint8Array {
  return encodeText(`pub ${topic} `);
}

/** Reads the whole frame that begins at `start`; for frames put together here, so nothing is checked. */
export function readPublish(bytes: Uint8Array, start: number): PublishFrame {
  const lf = bytes.indexOf(LF, start);
  const topicStart = start + "pub ".length;
  const lengthStart = bytes.indexOf(SPACE, topicStart) + 1;
  const space = bytes.subarray(0, lf).indexOf(SPACE, lengthStart);
  const lengthEnd = space === -1 ? lf : space;
  const length = Number(textOf(bytes.subarray(lengthStart, lengthEnd)));
  return {
    topic: textOf(bytes.subarray(topicStart, lengthStart - 1)),
    fields: space === -1 ? "" : textOf(bytes.subarray(space + 1, lf)),
    payload: bytes.subarray(lf + 1, lf + 1 + length),
    end: lf + 1 + length + 1,
  };
}

function textOf(bytes: Uint8Array): string {
  return decodeText(bytes) ?? "";
}
