/**
 * What connections cost: made and closed, or made and kept.
 *
 * @module
 */
import { DIALECTS } from "./dialects/mod.ts";
import { type Job, type Outcome, topicOf } from "./job.ts";
import { Meter, residentBytes } from "./usage.ts";
import { Wire } from "./wire.ts";

/** Connections being made at a time. */
const AT_ONCE = 50;
/** How long the broker may take to come to rest before its memory is read. */
const REST_MS = 500;

/** Runs a `connect` job: connect, subscribe, be answered, close. */
export async function connect(job: Job): Promise<Outcome> {
  const { subscribers } = job.shape;
  await each(job, Math.ceil(subscribers / 10), (wire) => wire.close());
  const meter = new Meter(job.pid);
  const start = performance.now();
  const deadline = start + Math.max(1, job.seconds) * 1000;
  const made = await each(job, subscribers, (wire) => wire.close(), deadline);
  const seconds = (performance.now() - start) / 1000;
  return { kind: "connect", connections: made, seconds, rate: made / seconds, ...meter.read() };
}

/** Runs an `idle` job: subscribers that only wait. */
export async function idle(job: Job): Promise<Outcome> {
  const wires: Wire[] = [];
  try {
    const bytesBefore = residentBytes(job.pid);
    const connections = await each(job, job.shape.subscribers, (wire) => wires.push(wire));
    await new Promise((done) => setTimeout(done, REST_MS));
    const bytesAfter = residentBytes(job.pid);
    const bytesEach = (bytesAfter - bytesBefore) / connections;
    return { kind: "idle", connections, bytesBefore, bytesAfter, bytesEach };
  } finally {
    for (const wire of wires) wire.close();
  }
}

async function each(
  job: Job,
  count: number,
  use: (wire: Wire) => void,
  deadline = Infinity,
): Promise<number> {
  const dialect = DIALECTS[job.dialect];
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count && performance.now() < deadline) {
      const topic = topicOf(next++, job.shape.topics);
      use(await Wire.open({ host: job.host, port: job.subscriberPort }, dialect.subscriberHello([topic])));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return next;
}
