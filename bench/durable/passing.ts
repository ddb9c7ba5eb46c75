/**
 * What a broker takes of memory and disk while much more passes than it keeps.
 *
 * @module
 */
import { bytes, show } from "../figures.ts";
import { topicOf } from "../load/job.ts";
import { median } from "../load/percentile.ts";
import { residentBytes } from "../load/usage.ts";
import { HOST, startByReadyLine } from "../start.ts";
import { type Finding, megabytes } from "./findings.ts";
import { piece, Publishing } from "./processes.ts";
import type { Replayed, ReplayJob } from "./replayer.ts";
import { removed } from "./place.ts";

const SIZE = 128;
/** A frame of such a payload as it is stored: `pub #t00000 128`, an LF, the payload, an LF. */
const FRAME = SIZE + 17;
const SAMPLE_MS = 50;
/** The first part of what passes is a warm-up. */
const WARM_PART = 0.1;
/** What memory may be above or below the middle, bytes. */
const MOST_APART = 20e6;

/** How much passes and how much stays, bytes. */
export interface PassingOptions {
  readonly name: string;
  readonly title: string;
  readonly broker: readonly string[];
  readonly place: string;
  readonly passing: number;
  readonly retained: number;
  readonly progress: (text: string) => void;
}

/** Publishes through a broker that keeps little, to one subscriber that checks sequence numbers, and samples the broker. */
export async function passing(options: PassingOptions): Promise<readonly Finding[]> {
  const { name, title, place, retained, progress } = options;
  const folder = await Deno.makeTempDir({ dir: place, prefix: "passing-" });
  const data = `${folder}/data`;
  await using broker = await startByReadyLine(
    [...options.broker, "-s", "0", "-p", "0", "-q", "--data", data, "--retain-bytes", String(retained)],
    { after: () => removed(folder) },
  );
  const messages = Math.ceil(options.passing / FRAME);
  const { pid, publisherPort, subscriberPort } = broker;
  const form = { host: HOST, topics: 1, size: SIZE };
  const job: ReplayJob = { ...form, port: subscriberPort, pattern: `#${topicOf(0, 1)}`, messages, pid };
  const received = piece<Replayed>("replayer.ts", JSON.stringify(job));
  const start = performance.now();
  await using publishing = new Publishing({
    ...form,
    port: publisherPort,
    row: 1000,
    window: 10_000,
    messages,
  });
  const resident: number[] = [];
  let onDisk = 0;
  const timer = setInterval(() => {
    const passed = publishing.acknowledged * FRAME;
    progress(`${title}: ${megabytes(passed).replace("/s", "")} passed`);
    onDisk = Math.max(onDisk, sizeOf(data));
    if (passed >= options.passing * WARM_PART) resident.push(residentBytes(pid));
  }, SAMPLE_MS);
  try {
    await Promise.all([publishing.finished(), received]);
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - start) / 1000;
  resident.push(residentBytes(pid));
  const least = Math.min(...resident);
  const most = Math.max(...resident);
  const third = Math.ceil(resident.length / 3);
  const apart = (most - least) / 2;
  const finding = (what: string, value: number, text: string): Finding => ({
    check: name,
    title: `${title}: ${what}`,
    value,
    text,
  });
  return [
    finding("acknowledged", messages / seconds, show(messages / seconds, "a second")),
    finding("most on disk", onDisk, bytes(onDisk)),
    ...[resident.slice(0, third), resident.slice(-third)].map((part, at) =>
      finding(
        `resident, middle of the ${at === 0 ? "first" : "last"} third`,
        median(part),
        bytes(median(part)),
      )
    ),
    finding(`resident, least of ${resident.length} samples`, least, bytes(least)),
    finding("resident, most", most, bytes(most)),
    {
      ...finding("resident, ± around the middle", apart, `${(apart / 1e6).toFixed(1)} MB`),
      promise: { text: `at most ${MOST_APART / 1e6} MB`, met: apart <= MOST_APART },
    },
  ];
}

/** Bytes of the files of a store that are there just now. */
function sizeOf(folder: string): number {
  let sum = 0;
  for (const { name } of Deno.readDirSync(folder)) sum += Deno.statSync(`${folder}/${name}`).size;
  return sum;
}
