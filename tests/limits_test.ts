import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, LARGEST_LIMITS, LIMIT_SPECS, limitsWith } from "../lib/limits.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

Deno.test("limits are what the help and operations.md say: default, least and most", () => {
  const told = LIMIT_SPECS.map(({ key, unit, least, fallback, most }) => [key, unit, least, fallback, most]);
  assertEquals(told, [
    ["line", "bytes", 512, 64 * KIB, MIB],
    ["payload", "bytes", KIB, 8 * MIB, 256 * MIB],
    ["topic", "bytes", 16, 255, 4096],
    ["patterns", "count", 1, 1000, 1_000_000],
    ["connections", "count", 1, 10_000, 1_000_000],
    ["topics", "count", 1, 1_000_000, 1_000_000_000],
    ["groups", "count", 1, 1000, 1_000_000],
    ["outbox", "bytes", MIB, 64 * MIB, 4 * GIB],
    ["memory", "bytes", 64 * MIB, GIB, 1024 * GIB],
  ]);
  for (const { key, fallback, most, meaning } of LIMIT_SPECS) {
    assertEquals([DEFAULT_LIMITS[key], LARGEST_LIMITS[key]], [fallback, most]);
    assert(meaning.length > 5);
  }
});

Deno.test("memory grows with the outbox and the payload, twice, where it is not told", () => {
  assertEquals(limitsWith({}), DEFAULT_LIMITS);
  assertEquals(limitsWith({ line: 1000 }), { ...DEFAULT_LIMITS, line: 1000 });
  assertEquals(limitsWith({ outbox: 2 * GIB }).memory, 2 * GIB);
  assertEquals(limitsWith({ payload: 256 * MIB, outbox: MIB }).memory, GIB);
  assertEquals(limitsWith({ payload: GIB }).memory, 2 * GIB);
  assertEquals(limitsWith({ payload: GIB, outbox: 3 * GIB }).memory, 3 * GIB);
  assertEquals(limitsWith({ memory: MIB, outbox: 2 * GIB }).memory, MIB, "who says so has it");
});

/** limits.ts with another value for a constant, loaded: it judges itself. */
async function loadedWith(name: string, value: string): Promise<string> {
  const text = await Deno.readTextFile(new URL("../lib/limits.ts", import.meta.url));
  const changed = text.replace(
    new RegExp(`^export const ${name} = .*;$`, "m"),
    `export const ${name} = ${value};`,
  );
  assert(changed !== text, name);
  try {
    await import(`data:application/typescript,${encodeURIComponent(changed)}`);
    return "";
  } catch (error) {
    assert(error instanceof Error);
    return error.message;
  }
}

Deno.test("limits that contradict one another do not load, those at the edge do", async () => {
  const relations: [name: string, fits: string, contradicts: string, why: string][] = [
    ["CROWD", "ROUND_PLACES / 2", "ROUND_PLACES / 2 + 1", "in one round"],
    ["CROWD_TURN_MS", "1", "1.5", "fits a slice"],
    ["TURN_MS", "2", "3", "fits a slice"],
    ["LOW_WATER", "HIGH_WATER - 1", "HIGH_WATER", "below the mark"],
    ["GATHER_SEGMENT_MOST", "GATHER_BYTES", "GATHER_BYTES + 1", "gathering buffer"],
    ["ENGINE_BEHIND_LEAST", "4 * MIB - 1", "4 * MIB", "below the mark"],
    ["ENGINE_FULL_KEPT_MS", "3 * ENGINE_FULL_AGAIN_MS", "3 * ENGINE_FULL_AGAIN_MS - 1", "said so again"],
    ["LOGIN_BYTES_MOST", "16 * MIB", "16 * MIB + 1", "fits the lobby"],
    ["READ_BUFFER_LEAST", "256 * KIB", "256 * KIB + 1", "read buffers grow"],
    ["READ_BUFFER_MOST", "512 * KIB", "512 * KIB + 1", "does not fill an outbox"],
  ];
  for (const [name, fits, contradicts, why] of relations) {
    const late = (value: string): string =>
      value.replaceAll("ROUND_PLACES", "120").replaceAll("HIGH_WATER", "(1024 * 1024)");
    assertEquals(await loadedWith(name, late(fits)), "", name);
    assert((await loadedWith(name, late(contradicts))).includes(why), name);
  }
});

Deno.test("memory that cannot be set to what the largest outbox, or twice the largest payload, needs does not load", async () => {
  const text = await Deno.readTextFile(new URL("../lib/limits.ts", import.meta.url));
  const load = async (memory: string, payload = "256"): Promise<string> => {
    const changed = text.replace("most: 1024 * 1024 * MIB", `most: ${memory} * MIB`)
      .replace("most: 256 * MIB", `most: ${payload} * MIB`);
    assert(changed !== text);
    try {
      await import(`data:application/typescript,${encodeURIComponent(changed)}`);
      return "";
    } catch (error) {
      assert(error instanceof Error);
      return error.message;
    }
  };
  assertEquals([await load("4096"), await load("5000", "2500")], ["", ""]);
  for (const message of [await load("4095"), await load("4999", "2500")]) {
    assert(message.includes("memory can be set to what the largest outbox and payload need"), message);
  }
});

Deno.test("a default beyond its range does not load", async () => {
  const text = await Deno.readTextFile(new URL("../lib/limits.ts", import.meta.url));
  const load = async (fallback: number): Promise<boolean> => {
    const changed = text.replace("fallback: 255,", `fallback: ${fallback},`);
    assert(fallback === 255 || changed !== text);
    try {
      await import(`data:application/typescript,${encodeURIComponent(`${changed}// ${fallback}`)}`);
      return true;
    } catch (error) {
      assert(error instanceof Error && error.message.includes("the range of --max-topic holds its default"));
      return false;
    }
  };
  assertEquals(await Promise.all([15, 16, 4096, 4097].map(load)), [false, true, true, false]);
});
