/**
 * A classic client's decoder, and what it reports.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ClassicClientDecoder } from "../../../lib/protocols/classic/client_decoder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A decoder at work. */
export interface Bench {
  readonly decoder: ClassicClientDecoder;
  /** What was reported, in order: `reply OK`, `remark ERR_X`, `#topic <- payload`. */
  readonly seen: string[];
  readonly payloads: Uint8Array[];
}

/** A decoder and what it reports; after each reply the next of `requests` requests goes out. */
export function bench({ requests = 1, publisher = false } = {}): Bench {
  const seen: string[] = [];
  const payloads: Uint8Array[] = [];
  let open = requests;
  const ask = (): void => {
    made.expecting = open-- > 0;
  };
  const made: ClassicClientDecoder = new ClassicClientDecoder({
    reply: (text) => {
      seen.push(`reply ${text}`);
      ask();
    },
    remark: (text) => seen.push(`remark ${text}`),
    ...(publisher ? {} : {
      delivery: (topic: string, payload: Uint8Array): void => {
        payloads.push(payload);
        seen.push(`${topic} <- ${decoder.decode(payload)}`);
      },
    }),
  });
  ask();
  return { decoder: made, seen, payloads };
}

/** The stream whole, cut in two at every place, and byte by byte. */
export function* cuts(stream: string | Uint8Array): Generator<Uint8Array[]> {
  const bytes = typeof stream === "string" ? encoder.encode(stream) : stream;
  for (let at = 0; at < bytes.length; at++) {
    yield at === 0 ? [bytes] : [bytes.slice(0, at), bytes.slice(at)];
  }
  yield [...bytes].map((byte) => Uint8Array.of(byte));
}

/** What is reported is this, wherever the stream is cut. */
export function expectAtEveryCut(
  stream: string | Uint8Array,
  wanted: readonly string[],
  options?: { readonly requests?: number; readonly publisher?: boolean },
): void {
  for (const chunks of cuts(stream)) {
    const { decoder, seen } = bench(options);
    for (const chunk of chunks) decoder.push(chunk);
    assertEquals(seen, [...wanted], `cut into ${chunks.map((chunk) => chunk.length)}`);
  }
}
