/**
 * What the publisher does: its plan turned into messages.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { decodeLine, type PlacedCommand } from "../commands/command_file.ts";
import { readCommandFile, readStdin, runSession } from "../commands/sources.ts";
import { readBytes } from "../process/files.ts";
import { messageJson } from "../output/message.ts";
import type { Notices } from "../client/notices.ts";
import type { Output } from "../output/output.ts";
import { Progress } from "../output/progress.ts";
import {
  type MessageOptions,
  type MessagePublisher,
  PublishStream,
  type Refusals,
} from "./publish_stream.ts";
import type { PublisherOptions, PublisherPlan } from "./options.ts";
import { Published } from "./published.ts";
import type { Stop } from "../process/signals.ts";
import { readLineBatches } from "../process/stdin.ts";

/** The plan with everything read that can be read before a broker is there. */
export type PublisherJob =
  | { readonly kind: "commands"; readonly file: readonly PlacedCommand[]; readonly readStdin: boolean }
  /**
   * `from`: where the payload is from, for a person;
   * `-m` is taken as it is, of other texts the line end is none of theirs.
   */
  | { readonly kind: "message"; readonly topic: string; readonly payload: Uint8Array; readonly from: string }
  | { readonly kind: "lines"; readonly topic: string };

/** The progress of a job, shown where someone looks: on a terminal that `--json` does not fill. */
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
  readonly publisher: MessagePublisher;
  readonly refusals: Refusals;
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
      return { kind: "message", topic: source.topic, payload: encoder.encode(source.text), from: VERBATIM };
    case "stdin":
      return { kind: "message", topic: source.topic, payload: await readStdin(), from: "stdin" };
    case "payload file": {
      const payload = await readBytes(source.path, "the payload file");
      return { kind: "message", topic: source.topic, payload, from: quote(source.path, 200) };
    }
  }
}

/** Publishes everything; the exit code. Throws RunError at a refused message unless told to keep going. */
export async function runPublisher(job: PublisherJob, context: PublisherContext): Promise<number> {
  const { published, refused } = job.kind === "commands"
    ? await runCommandsOf(job, context)
    : await publishPayloads(job, context);
  await context.out.flush();
  context.progress.end();
  context.notices.detail(`${published} published, ${refused} refused`);
  return refused > 0 ? 1 : 0;
}

/** What has become of it all. */
interface Tally {
  readonly published: number;
  readonly refused: number;
}

/** Publishes as the commands say, each acknowledged before the next. */
async function runCommandsOf(
  job: Extract<PublisherJob, { kind: "commands" }>,
  { publisher, options, id, notices, progress, out, stop }: PublisherContext,
): Promise<Tally> {
  const topics = new Published();
  let published = 0;
  progress.watch(() => published);
  const { problems } = await runSession({
    role: "publisher",
    id,
    file: job.file,
    reads: { terminal: job.readStdin && !options["no-input"], pipe: job.readStdin && !options["no-input"] },
    execute: async (action) => {
      if (action.verb !== "pub") throw new TypeError(`a publisher was handed ${action.verb}`);
      const { topic, message } = action;
      topics.know(topic);
      const payload = encoder.encode(message);
      await publisher.publish(topic, payload);
      published++;
      topics.count(topic);
      if (!options.json) return;
      out.text(`${messageJson({ topic, payload }, new Date())}\n`);
      if (out.full) await out.flush();
    },
    speed: options.speed,
    keepGoing: options["keep-going"],
    topics: () => topics.topics(),
    list: () => topics.list(),
    notices,
    stop,
    prompting: () => progress.end(),
  });
  return { published, refused: problems };
}

/** Publishes to one topic, at the rate asked for. */
async function publishPayloads(
  job: Exclude<PublisherJob, { kind: "commands" }>,
  context: PublisherContext,
): Promise<Tally> {
  const { options, publisher, progress } = context;
  const { topic } = job;
  const place = job.kind === "lines" ? "stdin:" : "";
  const stream = new PublishStream({ ...context, message: messageOptions(options), topic, place });
  progress.watch(() => stream.published);
  await stream.run(
    job.kind === "lines"
      ? readLineBatches(Deno.stdin)
      : repeated(messageOf(job, publisher.protocol), options.repeat),
  );
  return stream;
}

function messageOptions(options: PublisherOptions): MessageOptions | undefined {
  const message = {
    ...(options.header.length === 0 ? {} : { headers: new Map(options.header) }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.ttl === undefined ? {} : { ttl: options.ttl / 1000 }),
  };
  return Object.keys(message).length === 0 ? undefined : message;
}

async function* repeated(payload: Uint8Array, times: number): AsyncGenerator<readonly Uint8Array[]> {
  const batch: Uint8Array[] = Array(Math.min(times, REPEATED_AT_ONCE)).fill(payload);
  for (let left = times; left > 0; left -= batch.length) {
    yield left < batch.length ? batch.slice(0, left) : batch;
  }
}

/**
 * What is published of it: one line of text without its line end,
 * anything else as it is. In the classic protocol one line is all there can be.
 */
function messageOf(
  { payload, from }: Extract<PublisherJob, { kind: "message" }>,
  protocol: "classic" | "2",
): Uint8Array {
  const lf = payload.indexOf(LF);
  const endsInIt = lf !== -1 && lf === payload.length - 1 && from !== VERBATIM;
  if (lf === -1 || (protocol === "2" && !(endsInIt && decodeLine(payload) !== undefined))) return payload;
  if (endsInIt) return payload.subarray(0, payload.at(-2) === CR ? -2 : -1);
  throw new RunError(
    `${from} has several lines, and a message is one line in the classic protocol: ` +
      `-l publishes each line of stdin`,
  );
}

const VERBATIM = "-m";
const LF = 0x0a;
const CR = 0x0d;
const REPEATED_AT_ONCE = 1000;
const encoder = new TextEncoder();
