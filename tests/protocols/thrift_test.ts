/** What decoders spend where many messages come, or many connections are open: memory, searches and moves. */
import { assert, assertEquals } from "@std/assert";
import { ClassicClientDecoder } from "../../lib/protocols/classic/client_decoder.ts";
import { ClassicDecoder } from "../../lib/protocols/classic/decoder.ts";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { type Decoder, Found } from "../../lib/protocols/decoder.ts";
import { FrameDecoder } from "../../lib/protocols/frames/decoder.ts";
import { countedReads } from "../support/counted_reads.ts";
import { bytesOf } from "./pieces.ts";

const LIMITS = { line: 4096, payload: 4096 };

/** A window that counts searches for a byte, and moves, by a call of the runtime. */
class CountingWindow extends Uint8Array<ArrayBuffer> {
  searches = 0;
  moves = 0;
  override indexOf(byte: number, from?: number): number {
    this.searches++;
    return super.indexOf(byte, from);
  }
  override copyWithin(to: number, from: number, end?: number): this {
    this.moves++;
    return super.copyWithin(to, from, end);
  }
}

function windowOf(text: string): CountingWindow {
  const window = new CountingWindow(new ArrayBuffer(4 * Math.ceil((text.length + 1) / 4)));
  window.set(bytesOf(text));
  return window;
}

/** How many messages, or requests, a decoder finds in a text; it finds nothing else there. */
function countIn(decoder: Decoder, window: Uint8Array<ArrayBuffer>, end: number): number {
  decoder.feed(window, 0, end);
  let count = 0;
  for (let found = decoder.next(); found !== Found.Nothing; found = decoder.next()) {
    assert(found === Found.Publishes || found === Found.Acks);
    count += found === Found.Acks ? decoder.acks.count : decoder.count;
  }
  return count;
}

Deno.test("what a connection keeps of its last topic is at most twice as long, or 64 bytes", () => {
  for (let length = 1; length < 300; length++) {
    const topic = "#".padEnd(length, "a");
    const [classic, frames, acks] = [
      new ClassicDecoder(4096),
      new FrameDecoder(LIMITS),
      new FrameDecoder(LIMITS),
    ];
    const line = `p1 pub ${topic} x\n`;
    assertEquals(countIn(classic, windowOf(line), line.length), 1);
    assert(classic.head.length <= Math.max(64, 2 * `p1 pub ${topic} `.length), `classic, ${length}`);
    const frame = `pub ${topic} 1\nx\n`;
    assertEquals(countIn(frames, windowOf(frame), frame.length), 1);
    assert(frames.head.length <= Math.max(64, 2 * `pub ${topic} `.length), `frames, ${length}`);
    const ack = `ack g ${topic} 1\n`;
    assertEquals(countIn(acks, windowOf(ack), ack.length), 1);
    assert(acks.acks.head.length <= Math.max(64, 2 * `ack g ${topic} `.length), `acks, ${length}`);
  }
});

Deno.test("what a client keeps of an unfinished line is at most twice what has come of it, or 256 bytes", () => {
  for (let length = 4090; length < 20_000; length += 97) {
    let held = 0;
    const decoder = new ClassicClientDecoder({
      reply: () => {},
      remark: () => {},
      delivery: (_, payload) => held = payload.buffer.byteLength,
    });
    const line = bytesOf(`#a ${"x".repeat(length)}\n`);
    for (let at = 0; at < line.length; at += 7) decoder.push(line.subarray(at, at + 7));
    assert(held > 0 && held <= 2 * line.length, `${held} bytes for a line of ${line.length}`);
  }
});

Deno.test("frames to topics that change are taken without a search for the end of each header", () => {
  const text = Array.from({ length: 100 }, (_, at) => `pub #topic${at % 7} 1\nx\n`).join("");
  const window = windowOf(text);
  assertEquals([countIn(new FrameDecoder(LIMITS), window, text.length), window.searches], [100, 0]);
});

Deno.test("short lines close up without a call for each", () => {
  const text = "p1 pub #a one message\n".repeat(100);
  const window = windowOf(text);
  assertEquals([countIn(new ClassicDecoder(4096), window, text.length), window.moves], [100, 0]);
});

Deno.test("short lines close up as words: few bytes of each are looked at one by one", () => {
  const text = `p1 pub #a ${"x".repeat(80)}\n`.repeat(100);
  const { counted, reads } = countedReads(windowOf(text));
  assertEquals(countIn(new ClassicDecoder(4096), counted, text.length), 100);
  assert(reads() < 40 * 100, `${reads()} bytes were looked at one by one`);
});

Deno.test("a line that follows an LF within a payload is not copied byte by byte to its end", () => {
  const payload = `first line\n${"x".repeat(10_000)}`;
  const { counted, reads } = countedReads(bytesOf(`pub #a ${payload.length}\n${payload}\n`));
  const from = { bytes: counted, start: 0, end: counted.length, count: 1, topicBytes: 2 };
  const out = new Uint8Array(counted.length + 4);
  assertEquals(CLASSIC_LINES.fromRecords.write(from, out), payload.length + 1 + "#a ".length + 1);
  assert(reads() < 200, `${reads()} bytes were looked at one by one`);
});

Deno.test("what lies in front of a window is no part of its first line", () => {
  for (const decoder of [new ClassicDecoder(64), new FrameDecoder(LIMITS)]) {
    const window = bytesOf("\r\nxx");
    decoder.feed(window, 1, 2);
    assertEquals([decoder.next(), decoder.consumed], [Found.Nothing, 2]);
  }
});

Deno.test("of what cannot be understood nothing is kept for the next read (V6)", () => {
  const decoder = new FrameDecoder(LIMITS);
  const text = "pub #a x\nping\nping\n";
  const window = windowOf(text);
  decoder.feed(window, 0, text.length);
  assertEquals([decoder.next(), decoder.consumed], [Found.Broken, text.length]);
  assertEquals([decoder.next(), decoder.consumed], [Found.Nothing, text.length]);
});
