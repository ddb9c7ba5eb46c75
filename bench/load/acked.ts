/**
 * How long one publish takes until it is answered, the next one only then.
 *
 * @module
 */
import { countAnswers } from "./answers.ts";
import { DIALECTS } from "./dialects/mod.ts";
import { type Job, type Outcome, payloadOf, topicOf } from "./job.ts";
import { percentile } from "./percentile.ts";
import { Signal } from "./signal.ts";
import { Meter } from "./usage.ts";
import { Wire } from "./wire.ts";

/** Runs an `acked` job. */
export async function acked(job: Job): Promise<Outcome> {
  const dialect = DIALECTS[job.dialect];
  const wire = await Wire.open({ host: job.host, port: job.publisherPort }, dialect.publisherHello());
  const changed = new Signal();
  const replies = dialect.replies(0);
  if (replies === null) throw new Error(`publishes are not answered in ${job.dialect}`);
  const answers = countAnswers(wire, replies, { changed, interjection: dialect.interjection });
  const frame = dialect.publish(topicOf(0, 1), payloadOf(job.shape.size));
  let sent = 0;
  let late = false;
  const patience = setTimeout(() => {
    late = true;
    changed.fire();
  }, (job.warmSeconds + 2 * job.seconds + job.patienceSeconds) * 1000);
  const phase = async (seconds: number): Promise<Float64Array> => {
    const samples = new Float64Array(job.shape.messages);
    const deadline = performance.now() + seconds * 1000;
    let count = 0;
    while (count < samples.length) {
      const before = performance.now();
      await wire.write(frame);
      sent++;
      while (answers.messages < sent) {
        if (answers.problem !== null) throw new Error(answers.problem);
        if (late) throw new Error(`publish ${sent} was not answered`);
        await changed.wait();
      }
      const after = performance.now();
      samples[count++] = (after - before) * 1000;
      if (after >= deadline) break;
    }
    return samples.subarray(0, count);
  };
  try {
    await phase(job.warmSeconds);
    const meter = new Meter(job.pid, job.disk);
    const start = performance.now();
    const samples = await phase(job.seconds);
    const seconds = (performance.now() - start) / 1000;
    const usage = meter.read();
    if (answers.messages > sent) throw new Error(`${answers.messages - sent} answers too many`);
    const sorted = samples.sort();
    return {
      kind: "acked",
      messages: sorted.length,
      seconds,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      p999: percentile(sorted, 0.999),
      most: percentile(sorted, 1),
      ...usage,
    };
  } finally {
    clearTimeout(patience);
    answers.stop();
    wire.close();
  }
}
