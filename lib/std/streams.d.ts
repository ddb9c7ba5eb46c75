/** Reads a stream of bytes to its end. */
export function toArrayBuffer(stream: ReadableStream<Uint8Array>): Promise<ArrayBuffer>;
/** Passes bytes on, at most so many; with `error` what is more is a RangeError, else the end. */
export class LimitedBytesTransformStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(size: number, options?: { error?: boolean });
}
