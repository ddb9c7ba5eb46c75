/**
 * Nothing has become much slower: pieces of the broker against a plain loop over the same bytes, in the same process.
 * bench/pieces/ratios.ts says how the record is renewed.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LEAST_PART, PIECES } from "../../bench/pieces/ratio.ts";
import { bestOf, recorded, RECORDED_PART } from "../../bench/pieces/ratios.ts";

const ROOT = `${import.meta.dirname}/../..`;
const record = await recorded();

Deno.test("every piece has a recorded ratio, and every recorded ratio its piece", () => {
  assertEquals(Object.keys(record.ratios), Object.keys(PIECES));
});

for (const [piece, before] of Object.entries(record.ratios)) {
  Deno.test(`${piece}: not slower than it was`, async () => {
    const least = before * RECORDED_PART;
    const now = await bestOf(piece, least);
    assert(
      now >= least,
      `${piece}: a plain loop takes ${
        now.toPrecision(3)
      } times as long, recorded are ${before}: it has become slower. ` +
        "Where that is meant: deno run -A bench/pieces/ratios.ts --record",
    );
  });
}

/**
 * Makes a decoder look four times more at every byte it is given: a decoder that is four times as slow as it was
 * is one on every machine, whatever a loop weighs there.
 */
const SLOWER = `buffer[end] = LF;
    for (let again = 0; again < 4; again++) {
      for (let at = start; at < end; at++) this.slowed = Math.imul(this.slowed ^ buffer[at]!, 0x01000193);
    }`;

for (const [piece, folder] of [["classic decoder", "classic"], ["frame decoder", "frames"]] as const) {
  Deno.test(`${piece}: a copy that was made slower is caught`, async () => {
    const copy = await Deno.makeTempDir({ prefix: "hashbus-slower-" });
    try {
      for (const part of ["bench", "lib"]) {
        await copyAll(`${ROOT}/${part}`, `${copy}/${part}`);
      }
      const file = `${copy}/lib/protocols/${folder}/decoder.ts`;
      const source = await Deno.readTextFile(file);
      assertStringIncludes(source, "buffer[end] = LF;", "the line of feed() that is made slower");
      const slower = source.replace("buffer[end] = LF;", SLOWER).replace(
        "  start = 0;",
        "  slowed = 0;\n  start = 0;",
      );
      await Deno.writeTextFile(file, slower);
      // both measured here and now: the record may be of another processor, which the copy is not slower than
      const least = LEAST_PART * await bestOf(piece, Infinity);
      const best = await bestOf(piece, least, `${copy}/bench/pieces/ratios.ts`);
      assert(best < least, `${best} was not taken for slower than ${least}`);
    } finally {
      await Deno.remove(copy, { recursive: true });
    }
  });
}

async function copyAll(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copyAll(`${from}/${name}`, `${to}/${name}`);
}
