import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LARGEST_LIMITS } from "../../../lib/limits.ts";
import { CutFrame } from "../../../lib/protocols/frames/cut_frame.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("a frame is put together from any pieces, takes nothing of what is behind it, and is given away", () => {
  const payload = fc.string({ unit: fc.constantFrom("a", "\n", "\r", " "), maxLength: 30 });
  const frame = fc.oneof(
    fc.tuple(payload, fc.constantFrom("", " id=1", "\r", " k=v\r")).map(([text, fields]) =>
      `pub #a ${text.length}${fields}\n${text}\n`
    ),
    fc.constantFrom("ok 1\n", "\n", "pub #a x\n", "pub #a\n", "info {}\r\n"),
  );
  const cut = new CutFrame();
  fc.assert(fc.property(frame, fc.array(fc.nat(12), { maxLength: 6 }), fc.nat(40), (text, lengths, first) => {
    const bytes = encoder.encode(`${text}behind`);
    let at = Math.min(first, text.length - 1);
    if (at === 0) return;
    cut.begin(bytes.subarray(0, at));
    assertEquals([cut.length, cut.endless], [at, false]);
    for (const length of [...lengths.map((each) => each + 1), bytes.length]) {
      if (cut.whole) break;
      const piece = bytes.subarray(at, at + length);
      const own = cut.goOn(piece);
      assertEquals(own, Math.min(piece.length, text.length - at));
      at += own;
      assertEquals([cut.length, cut.whole], [at, at === text.length]);
    }
    const taken = cut.take();
    assertEquals([decoder.decode(taken), cut.length, cut.whole, cut.endless], [text, 0, false, false]);
    taken.fill(0);
  }));
});

Deno.test("a frame whose length is known takes no more memory than it has, and one header may be so long", () => {
  const cut = new CutFrame();
  cut.begin(encoder.encode("pub #a 100000\nxx"));
  assert(!cut.whole);
  for (let sent = 2; sent < 100_000; sent += 1000) cut.goOn(new Uint8Array(Math.min(1000, 100_000 - sent)));
  assertEquals(cut.goOn(encoder.encode("\nmore")), 1);
  assert(cut.whole);
  const taken = cut.take();
  assertEquals([taken.length, taken.buffer.byteLength], [14 + 100_001, 14 + 100_001]);
  cut.begin(encoder.encode("p"));
  const most = LARGEST_LIMITS.line + 1;
  for (let length = 1; length < most;) {
    length += cut.goOn(new Uint8Array(Math.min(65_536, most - length)).fill(0x78));
  }
  assertEquals([cut.length, cut.endless], [most, false]);
  cut.goOn(encoder.encode("x"));
  assertEquals([cut.length, cut.endless], [most + 1, true]);
});

Deno.test("a length that no broker can be set to is a frame of its header alone", () => {
  const header = (length: number): Uint8Array => encoder.encode(`pub #a ${length}\n`);
  const { payload } = LARGEST_LIMITS;
  const cut = new CutFrame();
  cut.begin(header(payload + 1));
  assert(cut.whole);
  cut.take();
  cut.begin(header(payload));
  assert(!cut.whole, "as large as it may be");
});

Deno.test("a length that somebody names takes 64 KiB, and then four times what has come of it", () => {
  const header = "pub #a 8000000\n";
  const memory = (...pieces: readonly number[]): number => {
    const cut = new CutFrame();
    cut.begin(encoder.encode(header));
    for (const bytes of pieces) cut.goOn(new Uint8Array(bytes));
    return cut.take().buffer.byteLength;
  };
  const come = 65_536 - header.length;
  assertEquals([memory(), memory(10), memory(come)], [65_536, 65_536, 65_536]);
  assertEquals([memory(come, 1), memory(come, 100_000)], [4 * 65_537, 4 * 165_536]);
  assertEquals(memory(come, 3_000_000), header.length + 8_000_001, "and no more than it needs");
});

Deno.test("a header that is not whole takes what has come of it, or twice what it had", () => {
  const cut = new CutFrame();
  cut.begin(encoder.encode("pub #aaaa"));
  cut.goOn(encoder.encode("b"));
  assertEquals(cut.take().buffer.byteLength, 18);
  cut.begin(encoder.encode("pub #aaaa"));
  cut.goOn(encoder.encode("b".repeat(20)));
  assertEquals(cut.take().buffer.byteLength, 29);
});

Deno.test("of two frames that were cut behind their first byte each keeps its own", () => {
  const [one, other] = [new CutFrame(), new CutFrame()];
  one.begin(encoder.encode("o"));
  other.begin(encoder.encode("p"));
  one.goOn(encoder.encode("k 1\n"));
  other.goOn(encoder.encode("ong\n"));
  assertEquals([decoder.decode(one.take()), decoder.decode(other.take())], ["ok 1\n", "pong\n"]);
});
