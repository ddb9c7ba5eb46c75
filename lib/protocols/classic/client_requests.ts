/**
 * What a client sends in the classic protocol: one line a request.
 *
 *     p1 pub #hello hi there⏎
 *     s1 sub #hello⏎
 *
 * @module
 */
import { encodeText, LF } from "../../wire/bytes.ts";

/** A request of words: `s1 sub #hello`, `p1 quit`. */
export function encodeRequest(...words: readonly string[]): Uint8Array {
  return encodeText(`${words.join(" ")}\n`);
}

/** A publish. The payload is copied; it must be free of LF, for an LF ends the request. */
export function encodePublish(id: string, topic: string, payload: Uint8Array): Uint8Array {
  const head = encodeText(`${id} pub ${topic} `);
  const request = new Uint8Array(head.length + payload.length + 1);
  request.set(head);
  request.set(payload, head.length);
  request[request.length - 1] = LF;
  return request;
}
