/**
 * What the publisher does: its plan turned into messages, each acknowledged before the next.
 *
 * @module
 */
import { RefusedError, RunError } from "../errors.ts";
import { quote } from "../text.ts";
import type { PlacedCommand } from "./command_file.ts";
import { readCommandFile, readStdin, runSession } from "./command_sources.ts";
import { readBytes } from "./files.ts";
import { messageJson } from "./message.ts";
import type { Notices } from "./notices.ts";
import type { Output } from "./output.ts";
import { pause } from "./pause.ts";
import { Progress } from "./progress.ts";
import type { PublisherOptions, PublisherPlan } from "./publisher_options.ts";
import type { Stop } from "./signals.ts";
import { readLines } from "./stdin.ts";

/** Where messages go. The library's Publisher is one. */
export interface PublisherPort {
  /** Resolves when acknowledged; rejects with RefusedError when this one message was refused. */
  publish(topic: string, payload?: string | Uint8Array): Promise<void>;
}

/** The plan with everything read that can be read before a broker is there. */
export type PublisherJob =
  | { readonly kind: "commands"; readonly file: readonly PlacedCommand[]; readonly readStdin: boolean }
  | { readonly kind: "message"; readonly topic: string; readonly payload: Uint8Array }
  | { readonly kind: "lines"; readonly topic: string };

/** The progress of a job, shown where someone looks: stderr is a terminal, and `--json` does not fill that terminal. */
export function progressOf(job: PublisherJob, options: PublisherOptions): Progress {
  const shown = Deno.stderr.isTerminal() && !options.quiet && !(options.json && Deno.stdout.isTerminal());
  const did = "published";
  if (job.kind === "message") return new Progress({ did, total: options.repeat, shown });
  if (job.kind === "lines") return new Progress({ did, shown });
  const total = job.file.filter(({ command }) => command.action.verb === "pub").length;
  return new Progress({ did, total, shown: shown && total > 0 });
}

/** What a job needs around it. */
export interface PublisherContext {
  readonly port: PublisherPort;
  readonly options: PublisherOptions;
  readonly id: string;
  readonly notices: Notices;
  readonly progress: Progress;
  /** For `--json`. */
  readonly out: Output;
  readonly stop: Stop;
}

/** Reads files and stdin as far as the plan needs them whole. Throws UsageError or RunError. */
export async function preparePublisher({ source }: PublisherPlan): Promise<PublisherJob> {
  switch (source.kind) {
    case "commands":
      return {
        kind: "commands",
        file: await readCommandFile(source.file, "publisher"),
        readStdin: source.file !== "-",
      };
    case "lines":
      return source;
    case "message":
      return { kind: "message", topic: source.topic, payload: encoder.encode(source.text) };
    case "stdin":
      return { kind: "message", topic: source.topic, payload: oneLine(await readStdin(), "stdin") };
    case "payload file": {
      const bytes = await readBytes(source.path, "the payload file");
      return { kind: "message", topic: source.topic, payload: oneLine(bytes, quote(source.path, 200)) };
    }
  }
}

/** Publishes everything; the exit code. Throws RunError at a refused message unless told to keep going. */
export async function runPublisher(job: PublisherJob, context: PublisherContext): Promise<number> {
  const publisher = new CountingPublisher(context);
  const problems = await publishJob(job, { publisher, context });
  await context.out.flush();
  context.progress.end();
  context.notices.detail(`${publisher.published} published, ${problems} refused`);
  return problems > 0 ? 1 : 0;
}

interface Work {
  readonly publisher: CountingPublisher;
  readonly context: PublisherContext;
}

async function publishJob(job: PublisherJob, { publisher, context }: Work): Promise<number> {
  if (job.kind !== "commands") return await publishPayloads(job, { publisher, context });
  const topics = new Set<string>();
  const { problems } = await runSession({
    role: "publisher",
    id: context.id,
    file: job.file,
    reads: { terminal: job.readStdin, pipe: job.readStdin },
    execute: async (action) => {
      if (action.verb !== "pub") throw new TypeError(`a publisher was handed ${action.verb}`);
      topics.add(action.topic);
      await publisher.publish(action.topic, encoder.encode(action.message));
    },
    speed: context.options.speed,
    keepGoing: context.options["keep-going"],
    topics: () => topics,
    notices: context.notices,
    stop: context.stop,
    prompting: () => context.progress.end(),
  });
  return problems;
}

/** Publishes to one topic, at the rate asked for; how many were refused. */
async function publishPayloads(
  job: Exclude<PublisherJob, { kind: "commands" }>,
  { publisher, context }: Work,
): Promise<number> {
  const { options, stop, notices } = context;
  const start = performance.now();
  let sent = 0;
  let refused = 0;
  for await (
    const payload of job.kind === "lines" ? readLines(Deno.stdin) : repeated(job.payload, options.repeat)
  ) {
    // each is due at its time from the start, so the rate holds over time however late one message is
    if (options.rate !== undefined) {
      await pause(start + sent * 1000 / options.rate - performance.now(), stop.signal);
    }
    if (stop.signal.aborted) break;
    sent++;
    try {
      await publisher.publish(job.topic, payload);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const place = job.kind === "lines" ? `stdin:${sent}: ` : "";
      const problem = `${place}${error.message}`;
      if (!options["keep-going"]) throw new RunError(problem);
      refused++;
      notices.failed(problem);
    }
  }
  return refused;
}

function* repeated(payload: Uint8Array, times: number): Generator<Uint8Array> {
  for (let time = 0; time < times; time++) yield payload;
}

/** Publishes, and tells whoever wants to know what was acknowledged. */
class CountingPublisher {
  published = 0;
  readonly #context: PublisherContext;

  constructor(context: PublisherContext) {
    this.#context = context;
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    const { port, options, out, progress } = this.#context;
    await port.publish(topic, payload);
    this.published++;
    progress.step(this.published);
    if (!options.json) return;
    out.text(`${messageJson({ topic, payload }, new Date())}\n`);
    if (out.full) await out.flush();
  }
}

/** The bytes without their last line end; what is left must be one line, for that is what a message is on the wire. */
function oneLine(bytes: Uint8Array, from: string): Uint8Array {
  const end = bytes.at(-1) !== LF ? bytes.length : bytes.at(-2) === CR ? bytes.length - 2 : bytes.length - 1;
  const payload = bytes.subarray(0, end);
  if (!payload.includes(LF)) return payload;
  throw new RunError(`${from} has several lines, and a message is one line: -l publishes each line of stdin`);
}

const LF = 0x0a;
const CR = 0x0d;
const encoder = new TextEncoder();
