/**
 * How fast the past is read, and whether publishers feel it.
 *
 * @module
 */
import { show } from "../figures.ts";
import { topicOf } from "../load/job.ts";
import { median } from "../load/percentile.ts";
import { HOST, type Running, startByReadyLine } from "../start.ts";
import type { BareRead } from "./bare.ts";
import { type Finding, megabytes } from "./findings.ts";
import { removed } from "./place.ts";
import { piece, Publishing } from "./processes.ts";
import type { PublishJob } from "./publisher.ts";
import type { Replayed, ReplayJob } from "./replayer.ts";

const SIZE = 128;
/** What a replay must come to: this, or {@link LEAST_PART} of the bare loop, whichever is less. */
const LEAST_RATE = 500e6;
const LEAST_PART = 0.7;
/** What publishers must keep of their rate while somebody replays. */
const LEAST_LEFT = 0.8;
const WINDOW = 10_000;
/** Replays beside a publisher: its messages pile up. */
const BESIDE_MOST = 3;

/** What is replayed, how often, by which broker. */
export interface ReplayOptions {
  readonly name: string;
  readonly title: string;
  /** Words that start the broker. */
  readonly broker: readonly string[];
  readonly place: string;
  readonly messages: number;
  /** 1: asked for by its name; more: by a pattern. */
  readonly topics: number;
  readonly rounds: number;
  /** How long publishers are watched before a replay. */
  readonly watchSeconds: number;
  readonly progress: (text: string) => void;
}

/** Stores messages, replays them beside a bare loop over the file, and again while somebody publishes. */
export async function replay(options: ReplayOptions): Promise<readonly Finding[]> {
  const folder = await Deno.makeTempDir({ dir: options.place, prefix: "replay-" });
  const words = [...options.broker, "-s", "0", "-p", "0", "-q", "--data", `${folder}/data`];
  await using broker = await startByReadyLine(words, { after: () => removed(folder) });
  const run = new Run(options, { broker, file: `${folder}/data/hashbus.db` });
  return [...await run.alone(), ...await run.besidePublishers()];
}

class Run {
  readonly #options: ReplayOptions;
  readonly #file: string;
  readonly #publish: PublishJob;
  readonly #replay: ReplayJob;

  constructor(options: ReplayOptions, { broker, file }: { readonly broker: Running; readonly file: string }) {
    const { topics, messages } = options;
    this.#options = options;
    this.#file = file;
    const form = { host: HOST, topics, size: SIZE };
    this.#publish = { ...form, port: broker.publisherPort, row: topics === 1 ? 1000 : 10, window: WINDOW };
    const pattern = topics === 1 ? `#${topicOf(0, 1)}` : "#*";
    this.#replay = { ...form, port: broker.subscriberPort, pattern, messages, pid: broker.pid };
  }

  /** The bare loop and the replay in turns. */
  async alone(): Promise<readonly Finding[]> {
    const { messages, rounds, progress, title } = this.#options;
    progress(`${title}: storing ${messages} messages`);
    await using filler = new Publishing({ ...this.#publish, messages });
    await filler.finished();
    const loops: number[] = [];
    const payloads: number[] = [];
    const wires: number[] = [];
    const parts: number[] = [];
    let last: Replayed | null = null;
    for (let round = 1; round <= rounds; round++) {
      progress(`${title}: round ${round} of ${rounds}`);
      const bare = await piece<BareRead>("bare.ts", this.#file);
      const loop = bare.bytes / bare.seconds;
      const came = await this.#replayed();
      const wire = came.bytes / ((came.done - came.asked) / 1000);
      last = came;
      loops.push(loop);
      wires.push(wire);
      payloads.push(came.messages * SIZE / ((came.done - came.asked) / 1000));
      parts.push(wire / loop);
    }
    const part = median(parts);
    const rate = median(wires);
    const finding = (what: string, value: number): Finding => this.#finding(what, value, megabytes(value));
    return [
      ...this.#aboutLast(last),
      finding("blobs in a bare loop", median(loops)),
      finding("replayed, payload", median(payloads)),
      {
        ...finding("replayed, on the wire", rate),
        promise: {
          text: `at least ${megabytes(LEAST_RATE)} or ${LEAST_PART} of the loop`,
          met: rate >= LEAST_RATE || part >= LEAST_PART,
        },
      },
      this.#finding("replayed / bare loop", part, part.toFixed(2)),
    ];
  }

  #aboutLast(came: Replayed | null): readonly Finding[] {
    if (came === null) return [];
    const { messages, batches, brokerCpu, ownCpu } = came;
    const each = messages / batches;
    return [
      this.#finding("messages in a batch", each, each.toFixed(0)),
      this.#finding(
        "cores used by the broker, by who replays",
        brokerCpu,
        `${brokerCpu.toFixed(2)} ${ownCpu.toFixed(2)}`,
      ),
    ];
  }

  /** Replays while somebody publishes: as fast as the broker takes it, and at half that rate. */
  async besidePublishers(): Promise<readonly Finding[]> {
    const full = await this.#beside("publishing at full speed", undefined);
    const half = await this.#beside("publishing at half that rate", full.before / 2);
    return [...full.findings, ...half.findings];
  }

  async #beside(
    what: string,
    rate: number | undefined,
  ): Promise<{ readonly before: number; readonly findings: readonly Finding[] }> {
    const { title, progress, watchSeconds, rounds } = this.#options;
    await using publishing = new Publishing({ ...this.#publish, ...(rate === undefined ? {} : { rate }) });
    const replays: Replayed[] = [];
    for (let round = 1; round <= Math.min(rounds, BESIDE_MOST); round++) {
      progress(`${title}: ${what}, round ${round}`);
      // what comes before the time that is watched is a warm-up, or still feels the last replay
      await new Promise((done) => setTimeout(done, watchSeconds * 1500));
      replays.push(await this.#replayed());
    }
    await publishing.stop();
    const seen = replays.map(({ asked, done, bytes }) => {
      const before = publishing.rate(asked - watchSeconds * 1000, asked);
      const during = publishing.rate(asked, done);
      return { before, during, left: during / before, wire: bytes / ((done - asked) / 1000) };
    });
    const middle = (of: keyof typeof seen[number]): number => median(seen.map((each) => each[of]));
    const [before, during, left, wire] = [middle("before"), middle("during"), middle("left"), middle("wire")];
    return {
      before,
      findings: [
        this.#finding(`${what}: acknowledged before`, before, show(before, "a second")),
        this.#finding(`${what}: acknowledged during`, during, show(during, "a second")),
        {
          ...this.#finding(`${what}: during / before`, left, left.toFixed(2)),
          // who takes all the processor there is must share it with whoever else comes
          ...(rate === undefined
            ? {}
            : { promise: { text: `at least ${LEAST_LEFT}`, met: left >= LEAST_LEFT } }),
        },
        this.#finding(`${what}: replayed, on the wire`, wire, megabytes(wire)),
      ],
    };
  }

  async #replayed(): Promise<Replayed> {
    return await piece<Replayed>("replayer.ts", JSON.stringify(this.#replay));
  }

  #finding(what: string, value: number, text: string): Finding {
    const { name, title } = this.#options;
    return { check: name, title: `${title}: ${what}`, value, text };
  }
}
