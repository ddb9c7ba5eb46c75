/**
 * How fast the pieces are in comparison with a plain loop over the same bytes: a ratio that a faster or a busier machine does
 * not change much, where a time would.
 *
 * @module
 */
import * as sources from "../../lib/broker/mod.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { ClassicDecoder } from "../../lib/protocols/classic/decoder.ts";
import { type Decoder, Found } from "../../lib/protocols/decoder.ts";
import { FrameDecoder } from "../../lib/protocols/frames/decoder.ts";
import { median } from "../load/percentile.ts";
import { classicDeliveries, classicRequests, frames, type Input } from "./inputs.ts";
import { Path } from "./path.ts";

/** Something that goes once over an input, again and again, and throws where it does not come to what it should. */
export interface Piece extends AsyncDisposable {
  readonly input: Input;
  pass(): void | Promise<void>;
}

/** Those of which a ratio is recorded. */
export const PIECES: Readonly<Record<string, () => Promise<Piece>>> = {
  "classic decoder": () => decoding(new ClassicDecoder(DEFAULT_LIMITS.line), classicRequests()),
  "frame decoder": () => decoding(new FrameDecoder(DEFAULT_LIMITS), frames()),
  "classic path": () => travelling("classic", { input: classicRequests(), delivered: classicDeliveries() }),
  "v2 path": () => travelling("v2", { input: frames(), delivered: frames() }),
};

/** A piece that has less than this part of another on the same machine is slower, whoever else is on it. */
export const LEAST_PART = 0.5;

/** A side of a round takes so long: so short that most rounds are not interrupted, however busy the machine is. */
const SIDE_MS = 0.5;
/** A byte that UTF-8 does not have. */
const NOT_THERE = 0xff;
const ROUNDS = 201;
/** Both sides run for so long before the first round, so that what the engine makes of them no longer changes. */
const WARM_MS = 150;

/**
 * The time of a plain loop divided by the time of the piece: above 1, the piece is faster than a loop that looks at every byte
 * once. Both take turns, and the median of many short rounds counts.
 *
 * The loop is the engine's own: a search for a byte that is not there. One of ours would be compiled anew in each process, and
 * such a loop was seen to be half as fast again in one process as in the next.
 */
export async function ratioOf(piece: Piece): Promise<number> {
  const bytes = piece.input.bytes.subarray(0, piece.input.end);
  const loop = (): void => {
    if (bytes.indexOf(NOT_THERE) !== -1) throw new Error(`${NOT_THERE} is in the input`);
  };
  const pass = (): void | Promise<void> => piece.pass();
  for (const start = performance.now(); performance.now() - start < 2 * WARM_MS;) {
    loop();
    await pass();
  }
  const loops = await repeats(loop);
  const passes = await repeats(pass);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const plain = await timeOf(loop, loops) / loops;
    ratios.push(plain / (await timeOf(pass, passes) / passes));
  }
  return median(ratios);
}

function decoding(decoder: Decoder, input: Input): Promise<Piece> {
  // the classic decoder moves bytes together where they lie, so it gets them anew each time
  const buffer = new Uint8Array(input.bytes.length);
  const pass = (): void => {
    buffer.set(input.bytes);
    decoder.feed(buffer, 0, input.end);
    let count = 0;
    for (let found = decoder.next(); found !== Found.Nothing; found = decoder.next()) count += decoder.count;
    if (count !== input.count) throw new Error(`${count} of ${input.count} messages were decoded`);
  };
  return Promise.resolve({ input, pass, [Symbol.asyncDispose]: () => Promise.resolve() });
}

async function travelling(
  protocol: "classic" | "v2",
  { input, delivered }: { readonly input: Input; readonly delivered: Input },
): Promise<Piece> {
  const path = await Path.open(protocol, { sources });
  return {
    input,
    pass: () => path.pass(input, delivered.end / delivered.count * input.count),
    [Symbol.asyncDispose]: () => path[Symbol.asyncDispose](),
  };
}

async function timeOf(work: () => void | Promise<void>, times: number): Promise<number> {
  const start = performance.now();
  for (let at = 0; at < times; at++) await work();
  return performance.now() - start;
}

/** How often `work` fits {@link SIDE_MS}. */
async function repeats(work: () => void | Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let at = 0; at < 21; at++) took.push(await timeOf(work, 1));
  return Math.max(1, Math.round(SIDE_MS / median(took)));
}
