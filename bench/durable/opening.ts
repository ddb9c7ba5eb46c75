/**
 * How long a large store takes to open.
 *
 * @module
 */
import { bytes, micros } from "../figures.ts";
import { median } from "../load/percentile.ts";
import { HOST, type Running, startByReadyLine } from "../start.ts";
import type { Finding } from "./findings.ts";
import { removed } from "./place.ts";
import { Publishing } from "./processes.ts";

const SIZE = 128;
const FRAME = SIZE + 17;
const STARTS = 5;
const MOST_MS = 2000;

/** How large, bytes. */
export interface OpeningOptions {
  readonly name: string;
  readonly title: string;
  readonly broker: readonly string[];
  readonly place: string;
  readonly stored: number;
  readonly progress: (text: string) => void;
}

/** Fills a store, kills the broker, and measures from exec to the ready line: then, after a stop, and with a cold file. */
export async function opening(options: OpeningOptions): Promise<readonly Finding[]> {
  const { name, title, broker, place, progress } = options;
  const folder = await Deno.makeTempDir({ dir: place, prefix: "opening-" });
  try {
    const words = [...broker, "-s", "0", "-p", "0", "-q", "--data", `${folder}/data`];
    const open = async (): Promise<number> => {
      const start = performance.now();
      await using _broker = await startByReadyLine(words);
      return performance.now() - start;
    };
    const times = async (before: () => Promise<unknown>): Promise<number> => {
      const took: number[] = [];
      for (let at = 0; at < STARTS; at++) {
        await before();
        took.push(await open());
      }
      return median(took);
    };
    const finding = (what: string, value: number): Finding => ({
      check: name,
      title: `${title}: ${what}`,
      value,
      text: micros(1000 * value),
      promise: { text: `at most ${MOST_MS} ms`, met: value <= MOST_MS },
    });
    const empty = await times(() => removed(`${folder}/data`));
    await removed(`${folder}/data`);
    progress(`${title}: storing ${bytes(options.stored)}`);
    await fill(words, options.stored);
    progress(`${title}: opening`);
    const killed = await open();
    const { size } = await Deno.stat(`${folder}/data/hashbus.db`);
    const warm = await times(() => Promise.resolve());
    const cold = await forgotten(`${folder}/data/hashbus.db`) === null
      ? null
      : await times(() => forgotten(`${folder}/data/hashbus.db`));
    return [
      { check: name, title: `${title}: size of the file`, value: size, text: bytes(size) },
      finding("a store that is not there yet, to the ready line", empty),
      finding("after kill -9, to the ready line", killed),
      finding("file in the page cache", warm),
      ...(cold === null ? [] : [finding("file not in the page cache", cold)]),
    ];
  } finally {
    await removed(folder);
  }
}

/** Publishes so many bytes of frames and kills the broker. */
async function fill(words: readonly string[], stored: number): Promise<void> {
  await using broker: Running = await startByReadyLine(words);
  await using publishing = new Publishing({
    host: HOST,
    port: broker.publisherPort,
    topics: 1,
    row: 1000,
    size: SIZE,
    window: 10_000,
    messages: Math.ceil(stored / FRAME),
  });
  await publishing.finished();
  Deno.kill(broker.pid, "SIGKILL");
}

/** Lets the system forget what it keeps of a file in memory, and of no other; `null` where there is no `dd` that can. */
async function forgotten(file: string): Promise<true | null> {
  try {
    const { success } = await new Deno.Command("dd", {
      args: [`if=${file}`, "iflag=nocache", "count=0", "status=none"],
      stderr: "null",
    }).output();
    return success ? true : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
