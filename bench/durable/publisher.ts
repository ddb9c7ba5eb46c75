/**
 * Publishes to durable topics and says how many were acknowledged by when: a process of its own. Takes a {@link PublishJob} as its
 * argument, prints an {@link Acknowledged} as a line of JSON ten times a second and a last one when it is done, which SIGTERM asks
 * for.
 *
 * @module
 */
import { type Answers, countAnswers } from "../load/answers.ts";
import { DIALECTS } from "../load/dialects/mod.ts";
import { payloadOf, topicOf } from "../load/job.ts";
import { Signal } from "../load/signal.ts";
import { Wire } from "../load/wire.ts";

const BLOCK_BYTES = 128 * 1024;
const SAY_MS = 100;
/** Between two looks at a schedule. */
const PACE_MS = 2;

/** What to publish where. */
export interface PublishJob {
  readonly host: string;
  readonly port: number;
  /** Topics that are published to in turns, `row` messages to each. */
  readonly topics: number;
  readonly row: number;
  /** Bytes of a payload. */
  readonly size: number;
  /** Publishes unanswered at a time. */
  readonly window: number;
  /** Messages a second; otherwise as many as are taken. */
  readonly rate?: number;
  /** After so many it is done; otherwise when it is asked to. */
  readonly messages?: number;
}

/** So many were acknowledged, at a time in milliseconds since 1970. */
export interface Acknowledged {
  readonly at: number;
  readonly acknowledged: number;
}

/** Frames in the order of the topics, over and over. */
class Rounds {
  readonly #bytes: Uint8Array;
  readonly #frame: number;
  readonly #count: number;
  #next = 0;

  constructor({ topics, row, size }: PublishJob) {
    const payload = payloadOf(size);
    const publish = (topic: number): Uint8Array => DIALECTS.synced2.publish(topicOf(topic, topics), payload);
    this.#frame = publish(0).length;
    const round = topics * row;
    const rounds = Math.max(1, Math.floor(BLOCK_BYTES / this.#frame / round));
    this.#count = rounds * round;
    this.#bytes = new Uint8Array(this.#count * this.#frame);
    for (let at = 0; at < this.#count; at++) {
      this.#bytes.set(publish(Math.floor(at / row) % topics), at * this.#frame);
    }
  }

  /** The next frames: at least one, at most so many. */
  take(most: number): { readonly bytes: Uint8Array; readonly count: number } {
    const count = Math.min(most, this.#count - this.#next);
    const bytes = this.#bytes.subarray(this.#next * this.#frame, (this.#next + count) * this.#frame);
    this.#next = (this.#next + count) % this.#count;
    return { bytes, count };
  }
}

async function publish(job: PublishJob): Promise<void> {
  const changed = new Signal();
  const wire = await Wire.open(job, DIALECTS.synced2.publisherHello());
  const text = (part: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(part);
  const answers = countAnswers(wire, {
    kind: "form",
    parts: [text("ok "), "count", text(" seq="), "number", text(" level=synced subs="), "number", text("\n")],
  }, { changed });
  let stopping = false;
  Deno.addSignalListener("SIGTERM", () => {
    stopping = true;
    changed.fire();
  });
  const timer = setInterval(() => say(answers), SAY_MS);
  say(answers);
  const { window, rate, messages = Infinity } = job;
  const step = Math.ceil(window / 4);
  const rounds = new Rounds(job);
  const start = performance.now();
  let sent = 0;
  while (sent < messages && !stopping) {
    if (answers.problem !== null) throw new Error(answers.problem);
    const due = rate === undefined ? Infinity : Math.floor((performance.now() - start) / 1000 * rate);
    if (due <= sent) {
      await new Promise((done) => setTimeout(done, PACE_MS));
      continue;
    }
    if (sent - answers.messages > window - step) {
      await changed.wait();
      continue;
    }
    const { bytes, count } = rounds.take(Math.min(step, messages - sent, due - sent));
    sent += count;
    await wire.write(bytes);
  }
  while (answers.messages < sent) {
    if (answers.problem !== null) throw new Error(answers.problem);
    await changed.wait();
  }
  clearInterval(timer);
  say(answers);
  answers.stop();
  wire.close();
}

function say({ messages: acknowledged }: Answers): void {
  const line: Acknowledged = { at: performance.timeOrigin + performance.now(), acknowledged };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
}

if (import.meta.main) {
  await publish(JSON.parse(Deno.args[0] ?? "") as PublishJob);
  Deno.exit(0);
}
