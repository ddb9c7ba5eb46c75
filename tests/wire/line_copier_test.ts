import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LineCopier } from "../../lib/wire/line_copier.ts";
import { countedReads } from "../support/counted_reads.ts";

const LF = 0x0a;
const ELSE = 0xee;

/** Any bytes, mostly those that differ from an LF in one bit or by one. */
const byte = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 1, 0x09, 0x0b, 0x8a, 0x2a, 0x7f, 0x80, 0xff, 0x0a ^ 0x20) },
  { weight: 4, arbitrary: fc.nat(255) },
  { weight: 1, arbitrary: fc.constant(LF) },
);

const place = fc.record({
  fromOffset: fc.nat(9),
  outOffset: fc.nat(9),
  before: fc.nat(5),
  behind: fc.nat(9),
  to: fc.nat(9),
  length: fc.constantFrom(0, 511, 512, 1 << 20),
});

Deno.test("copies up to the first LF or the end, from any place to any place, and touches nothing else", () => {
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 70, size: "max" }), place, (content, where) => {
      const { fromOffset, outOffset, before, behind, to, length } = where;
      const memory = new Uint8Array(fromOffset + before + content.length + behind).fill(LF);
      memory.set(content, fromOffset + before);
      const kept = memory.slice();
      const target = new Uint8Array(outOffset + to + content.length + 9).fill(ELSE);
      const copier = new LineCopier(memory.subarray(fromOffset), target.subarray(outOffset), length);
      const end = before + content.length;
      const at = copier.copy(before, end, to);

      const lf = content.indexOf(LF);
      const copied = lf === -1 ? content.length : lf;
      assertEquals(at, before + copied);
      const expected = new Uint8Array(target.length).fill(ELSE);
      expected.set(content.slice(0, copied), outOffset + to);
      // what lies before `end` has room: of the rest of that it may leave anything there
      const room = outOffset + to + content.length;
      assertEquals([...target.subarray(0, outOffset + to + copied)], [
        ...expected.subarray(0, outOffset + to + copied),
      ]);
      assertEquals([...target.subarray(room)], [...expected.subarray(room)]);
      assertEquals(memory, kept);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("one copier copies stretch behind stretch, as a run is", () => {
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 300, size: "max" }), place, (content, where) => {
      const from = new Uint8Array(where.fromOffset + content.length);
      from.set(content, where.fromOffset);
      const source = from.subarray(where.fromOffset);
      const out = new Uint8Array(where.outOffset + 2 * content.length + 1).subarray(where.outOffset);
      const copier = new LineCopier(source, out, where.length);
      const written: number[] = [];
      for (let at = 0; at < source.length;) {
        const lf = copier.copy(at, source.length, written.length);
        written.push(...out.subarray(written.length, written.length + lf - at));
        out[written.length] = 0x7c;
        written.push(0x7c);
        at = lf + 1;
      }
      const lines = content.map((each) => each === LF ? 0x7c : each);
      assertEquals(written, content.at(-1) === LF ? lines : [...lines, 0x7c]);
      assertEquals([...out.subarray(0, written.length)], written);
    }),
  );
});

Deno.test("the words around what is copied may be cut off at the ends of the memory", () => {
  for (let size = 0; size <= 40; size++) {
    for (let start = 0; start <= Math.min(size, 9); start++) {
      for (let odd = 0; odd < 4; odd++) {
        const from = Uint8Array.from({ length: size }, (_, at) => at + 0x61);
        const out = new Uint8Array(odd + size - start).fill(ELSE);
        assertEquals(new LineCopier(from, out, 512).copy(start, size, odd), size);
        assertEquals([...out.subarray(odd)], [...from.subarray(start)]);
        assertEquals(out.subarray(0, odd).every((each) => each === ELSE), true);
      }
    }
  }
});

Deno.test("a long stretch is copied as words: few of its bytes are looked at one by one", () => {
  for (let odd = 0; odd < 4; odd++) {
    const { counted, reads } = countedReads(new Uint8Array(4096).fill(0x61 + (odd & 1)));
    const out = new Uint8Array(4096 + odd);
    assertEquals(new LineCopier(counted, out, 4096).copy(0, 4096, odd), 4096);
    assert(reads() < 16, `${reads()} bytes were looked at one by one`);
  }
});
