/**
 * One v2 subscriber that asks for everything that is stored: a process of its own. Takes a {@link ReplayJob} as its argument and
 * prints a {@link Replayed} as a line of JSON.
 *
 * @module
 */
import { Meter } from "../load/usage.ts";
import { Wire } from "../load/wire.ts";
import { BatchCounter, type BatchForm } from "./batches.ts";

/** Bytes of a read. */
const READ_BYTES = 1024 * 1024;

/** What to ask whom for. */
export interface ReplayJob extends BatchForm {
  readonly host: string;
  readonly port: number;
  readonly pattern: string;
  /** So many messages are there to be replayed. */
  readonly messages: number;
  /** The broker's process. */
  readonly pid: number;
}

/** What came. Times are milliseconds since 1970. */
export interface Replayed {
  readonly asked: number;
  readonly done: number;
  readonly messages: number;
  readonly batches: number;
  /** As they came: headers, frames and payloads. */
  readonly bytes: number;
  /** Parts of a core that broker and replayer used, the broker's threads together. */
  readonly brokerCpu: number;
  readonly ownCpu: number;
}

async function replay(job: ReplayJob): Promise<Replayed> {
  const encoder = new TextEncoder();
  const wire = await Wire.open(job, {
    send: encoder.encode("r1 hello 2\nping\n"),
    until: encoder.encode("\npong\n"),
  });
  const counter = new BatchCounter(job);
  const buffer = new Uint8Array(READ_BYTES);
  const meter = new Meter(job.pid);
  const asked = now();
  // what comes first is the answer, a line
  await wire.write(encoder.encode(`sub ${job.pattern} from=earliest\n`));
  let answer: string | null = null;
  let filled = 0;
  let bytes = 0;
  while (counter.messages < job.messages) {
    const got = await wire.read(buffer.subarray(filled));
    if (got === null) throw new Error(`the broker closed the connection after ${counter.messages} messages`);
    filled += got;
    bytes += got;
    if (answer === null) {
      const lf = buffer.subarray(0, filled).indexOf(10);
      if (lf < 0) continue;
      answer = new TextDecoder().decode(buffer.subarray(0, lf));
      if (!answer.startsWith("ok 1")) throw new Error(`the broker answered ${JSON.stringify(answer)}`);
      buffer.copyWithin(0, lf + 1, filled);
      filled -= lf + 1;
    }
    const taken = counter.take(buffer, filled);
    if (counter.problem !== null) throw new Error(counter.problem);
    if (taken > 0) {
      buffer.copyWithin(0, taken, filled);
      filled -= taken;
    }
  }
  const done = now();
  const { brokerCpu, loadCpu: ownCpu } = meter.read();
  wire.close();
  return { asked, done, messages: counter.messages, batches: counter.batches, bytes, brokerCpu, ownCpu };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

async function main(): Promise<void> {
  const outcome = await replay(JSON.parse(Deno.args[0] ?? "") as ReplayJob);
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(outcome)}\n`));
}

if (import.meta.main) await main();
