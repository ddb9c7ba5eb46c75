/** What each read of stdin brings, and how much memory it is read into. */
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  indexOfBytes,
  type Input,
  type LineOptions,
  readLineBatches,
} from "../../../lib/cli/process/stdin.ts";
import { RunError } from "../../../lib/errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const KIB = 1024;

/** An input whose reads give these texts, and how much each read could have brought. */
function input(...texts: readonly string[]): Input & { readonly room: number[] } {
  const left = texts.map((text) => encoder.encode(text));
  const room: number[] = [];
  return {
    room,
    read: (buffer) => {
      const next = left.shift();
      if (next === undefined) return Promise.resolve(null);
      room.push(buffer.length);
      buffer.set(next);
      return Promise.resolve(next.length);
    },
  };
}

type Options = Omit<LineOptions, "delimiter"> & { readonly delimiter?: string };

/** The lines of each batch; `into`: where they go, so that what came before an error is seen. */
async function batches(from: Input, options: Options = {}, into: string[][] = []): Promise<string[][]> {
  const { delimiter, ...rest } = options;
  const given = delimiter === undefined ? rest : { ...rest, delimiter: encoder.encode(delimiter) };
  for await (const batch of readLineBatches(from, given)) {
    into.push(batch.map((line) => decoder.decode(line)));
  }
  return into;
}

Deno.test("each read gives the lines that end in it, and one in which none ends gives nothing", async () => {
  for (const delimiter of ["\n", "|", "::"]) {
    const texts = ["a", `b\nc\n`, "d", "e", `f\n`, `\n`, "x"].map((text) => text.replaceAll("\n", delimiter));
    assertEquals(await batches(input(...texts), { delimiter }), [["ab", "c"], ["def"], [""], ["x"]]);
    assertEquals(await batches(input(delimiter, "a", delimiter), { delimiter }), [[""], ["a"]]);
  }
});

Deno.test("a line may be as long as it may be, wherever it begins, and not a byte longer", async () => {
  for (const delimiter of ["\n", "::"]) {
    const before = `aaaa${delimiter}`;
    for (const texts of [[`${before}0123456789`], [before, "01234", "56789"]]) {
      const all = await batches(input(...texts, delimiter), { most: 10, delimiter });
      assertEquals(all.flat(), ["aaaa", "0123456789"]);
      const came: string[][] = [];
      const problem = await assertRejects(
        () => batches(input(...texts, "x", delimiter), { most: 10, name: "the pipe", delimiter }, came),
        RunError,
      );
      assertEquals(problem.message, "a line on the pipe has more than 10 bytes: is it text?");
      assertEquals(came, [["aaaa"]], "what came before it is told");
    }
  }
});

Deno.test("memory is read into once, and what little is left of a piece is not read into", async () => {
  const read = (bytes: number): string => "x".repeat(bytes);
  const from = input(read(248 * KIB), "y", "z", read(256 * KIB - 1), "v");
  await batches(from);
  assertEquals(from.room, [256, 8].map((kib) => kib * KIB).concat([256 * KIB, 256 * KIB - 1, 256 * KIB]));
});

Deno.test("a piece that fills the memory is held in twice as much, as it was", async () => {
  const piece = Array.from({ length: 256 * KIB }, (_, at) => at % 7).join("");
  const from = input(piece, "x", "a::b", "c");
  assertEquals(await batches(from, { delimiter: "::" }), [[`${piece}xa`], ["bc"]]);
  assertEquals(from.room, [256 * KIB, 256 * KIB, 256 * KIB - 1, 512 * KIB - 1]);
});

Deno.test("a delimiter of any bytes ends the same pieces however the reads cut them", async () => {
  const text = fc.array(fc.constantFrom("a", ":", ";", "\n"), { maxLength: 40 }).map((all) => all.join(""));
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.constantFrom(":", "::", ":;", ";:;", "::;:", "\n\n"),
      fc.array(fc.nat(40), { maxLength: 8 }),
      async (all, delimiter, cuts) => {
        const at = [0, ...cuts.filter((cut) => cut < all.length), all.length].sort((a, b) => a - b);
        const texts = at.slice(1).map((end, index) => all.slice(at[index], end)).filter((each) =>
          each !== ""
        );
        const wanted = all.split(delimiter);
        if (wanted.at(-1) === "") wanted.pop();
        assertEquals((await batches(input(...texts), { delimiter })).flat(), wanted);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("bytes are found where they stand first, from a place on, and not where they end too late", () => {
  const bytes = encoder.encode("---\n--\n");
  const find = (wanted: string, options?: { at?: number; length?: number }): number =>
    indexOfBytes(bytes, encoder.encode(wanted), options);
  assertEquals([find("--\n"), find("--\n", { at: 1 }), find("--\n", { at: 2 })], [1, 1, 4]);
  assertEquals([find("-"), find("x"), find("--x")], [0, -1, -1]);
  assertEquals([find("--\n", { length: 4 }), find("--\n", { length: 3 })], [1, -1]);
  assertEquals([find("--\n", { at: 4, length: 7 }), find("--\n", { at: 5 })], [4, -1]);
});
