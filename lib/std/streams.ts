// @ts-types="./streams.d.ts"
export { toArrayBuffer } from "npm:deno-std@1.4.0/streams/to_array_buffer.js";
// @ts-types="./streams.d.ts"
export { LimitedBytesTransformStream } from "npm:deno-std@1.4.0/streams/limited_bytes_transform_stream.js";
