/**
 * The processes that the checks of a store are made of: publishers whose progress is known, and pieces that run once and say what
 * they found.
 *
 * @module
 */
import { Program } from "../../scripts/program.ts";
import { ROOT } from "../start.ts";
import type { Acknowledged, PublishJob } from "./publisher.ts";

/** Runs a piece to its end and returns what it said in its last line. Throws with its words where it failed. */
export async function piece<Said>(script: string, argument: string): Promise<Said> {
  await using program = Program.start(command(script, argument), { name: script });
  await program.succeeded();
  const said = program.lines.findLast((line) => line.startsWith("{"));
  if (said === undefined) throw program.failure("did not say what it found");
  return JSON.parse(said) as Said;
}

/** Somebody who publishes, and how far it has got. */
export class Publishing implements AsyncDisposable {
  readonly #program: Program;
  readonly #said: Acknowledged[] = [];

  constructor(job: PublishJob) {
    this.#program = Program.start(command("publisher.ts", JSON.stringify(job)), {
      name: "publisher.ts",
      onLine: (line) => {
        if (line.startsWith("{")) this.#said.push(JSON.parse(line) as Acknowledged);
      },
    });
  }

  /** Waits until it has published what it was told to. */
  async finished(): Promise<void> {
    await this.#program.succeeded();
  }

  /** Asks it to end, and waits until the last of what it sent is acknowledged. */
  async stop(): Promise<void> {
    await this.#program.stop();
    await this.finished();
  }

  /** Messages that are acknowledged. */
  get acknowledged(): number {
    return this.#said.at(-1)?.acknowledged ?? 0;
  }

  /** Acknowledged a second between two times in milliseconds since 1970. */
  rate(from: number, to: number): number {
    return (acknowledgedBy(this.#said, to) - acknowledgedBy(this.#said, from)) / ((to - from) / 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
  }
}

/** How many were acknowledged by a time: in proportion between two words of it, as the first and the last have it outside. */
export function acknowledgedBy(said: readonly Acknowledged[], time: number): number {
  const after = said.findIndex(({ at }) => at >= time);
  const next = said[after];
  const last = after < 0 ? said.at(-1) : said[after - 1];
  if (last === undefined) return next?.acknowledged ?? 0;
  if (next === undefined) return last.acknowledged;
  const part = (time - last.at) / (next.at - last.at);
  return last.acknowledged + part * (next.acknowledged - last.acknowledged);
}

function command(script: string, argument: string): readonly string[] {
  return [
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    "--config",
    `${ROOT}deno.json`,
    `${ROOT}bench/durable/${script}`,
    argument,
  ];
}
