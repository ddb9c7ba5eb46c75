/** Splits a stream of text into lines; with `allowCR` a lone CR ends one too. */
export class TextLineStream extends TransformStream<string, string> {
  constructor(options?: { allowCR?: boolean });
}
/** Reads a stream of text to its end. */
export function toText(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<string>;
/** Reads a stream of bytes to its end. */
export function toArrayBuffer(stream: ReadableStream<Uint8Array>): Promise<ArrayBuffer>;
