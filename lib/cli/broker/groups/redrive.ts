/**
 * `--redrive`: dead letters of a group are published again to the topics they died in.
 *
 * Who does it is a member of a group of its own over them, `redrive`, which acknowledges what the broker has
 * stored: so what was redriven is not redriven again, wherever it was interrupted, and what is published
 * twice has the same id.
 *
 * @module
 */
import { type Broker, PUBLISHERS, SUBSCRIBERS } from "../../../broker/mod.ts";
import { RunError } from "../../../errors.ts";
import { FrameFound } from "../../../protocols/frames/client_decoder.ts";
import type { FrameLine } from "../../../protocols/frames/client_lines.ts";
import { quote } from "../../../text.ts";
import { pause } from "../../process/pause.ts";
import { Peer } from "./peer.ts";

/** The group that knows what has been redriven. */
const GROUP = "redrive";
/** Dead letters that are held at a time. */
const WINDOW = 256;
/** Where nothing comes, it is looked after so many milliseconds what is left. */
const LOOK_MS = 500;

/** A broker as this uses it. */
export type RedrivingBroker = Pick<Broker, "serve" | "groups">;

/** Redrives what is dead of a group when this is called; how many. Rejects with RunError. */
export async function redrive(broker: RedrivingBroker, group: string): Promise<number> {
  const groups = await broker.groups();
  // one that was deleted may have been redriven before
  const isKnown = groups.some(({ name, pattern }) => name === group || pattern === patternsOf(group)[0]);
  if (!isKnown) throw new RunError(`there is no group ${quote(group)}: --groups lists those there are`);
  const subscriber = await Peer.open(broker, SUBSCRIBERS);
  try {
    const publisher = await Peer.open(broker, PUBLISHERS);
    try {
      return await new Redriving(group, { broker, subscriber, publisher }).run();
    } finally {
      await publisher.close();
    }
  } finally {
    await subscriber.close();
  }
}

/** Where a group's dead letters are; in the first those of a topic with which the name would be too long. */
function patternsOf(group: string): string[] {
  return [`#dead.${group}`, `#dead.${group}.>`];
}

/** A dead letter that has been published again and has no answer yet. */
interface Sent {
  readonly topic: string;
  readonly seq: number;
}

class Redriving {
  readonly #group: string;
  readonly #broker: RedrivingBroker;
  readonly #subscriber: Peer;
  readonly #publisher: Peer;
  /** Answers that are to come to the subscriber, and refusals among those that came. */
  #asked = 0;
  #refused: string | undefined;
  #coming: Promise<void> | undefined;

  constructor(
    group: string,
    { broker, subscriber, publisher }: {
      readonly broker: RedrivingBroker;
      readonly subscriber: Peer;
      readonly publisher: Peer;
    },
  ) {
    this.#group = group;
    this.#broker = broker;
    this.#subscriber = subscriber;
    this.#publisher = publisher;
  }

  async run(): Promise<number> {
    const patterns = patternsOf(this.#group);
    this.#asked += patterns.length;
    const terms = `group=${GROUP} ack=explicit from=earliest window=${WINDOW}`;
    await this.#subscriber.send(patterns.map((pattern) => `sub ${pattern} ${terms}\n`));
    let most = Infinity;
    let redriven = 0;
    for (;;) {
      redriven += await this.#redriveWhatCame();
      if (this.#refused !== undefined) throw new RunError(this.#refused);
      if (this.#asked === 0) {
        const left = await this.#lag(patterns);
        // what dies meanwhile is another time's, and what somebody else redrives is his
        if (most === Infinity) most = redriven + left;
        if (redriven >= most || left === 0) return redriven;
      }
      await this.#more();
    }
  }

  /** Waits for more to come, and not for ever. */
  async #more(): Promise<void> {
    this.#coming ??= this.#subscriber.more().finally(() => this.#coming = undefined);
    const come = new AbortController();
    try {
      await Promise.race([this.#coming, pause(LOOK_MS, come.signal)]);
    } finally {
      come.abort();
    }
  }

  async #lag(patterns: readonly string[]): Promise<number> {
    const groups = await this.#broker.groups();
    return groups.filter(({ name, pattern }) => name === GROUP && patterns.includes(pattern))
      .reduce((sum, { lag }) => sum + lag, 0);
  }

  /** Publishes again what has come, and acknowledges it; how many. */
  async #redriveWhatCame(): Promise<number> {
    const { frame } = this.#subscriber;
    const sent: Sent[] = [];
    const pieces: (string | Uint8Array)[] = [];
    for (
      let found = this.#subscriber.found();
      found !== FrameFound.Nothing;
      found = this.#subscriber.found()
    ) {
      if (found === FrameFound.Line) this.#line(frame.line);
      if (found !== FrameFound.Shared) continue;
      const { topic, seq, bytes, payloadStart, payloadEnd, fieldsStart, fieldsEnd } = frame;
      const fields = new TextDecoder().decode(bytes.subarray(fieldsStart, fieldsEnd));
      const payload = bytes.slice(payloadStart, payloadEnd);
      pieces.push(headOf({ fields, seq, group: this.#group, length: payload.length }), payload, "\n");
      sent.push({ topic, seq });
    }
    await this.#publisher.send(pieces);
    await this.#answered(sent.length);
    this.#asked += sent.length;
    await this.#subscriber.send(sent.map(({ topic, seq }) => `ack ${GROUP} ${topic} ${seq}\n`));
    return sent.length;
  }

  /** Waits until so many were stored. */
  async #answered(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const found = this.#publisher.found();
      if (found === FrameFound.Nothing) {
        await this.#publisher.more();
        continue;
      }
      const { line } = this.#publisher.frame;
      if (line.verb === "ok") left -= line.count;
      else if (line.verb === "err" || line.verb === "bye") {
        throw new RunError(`a dead letter cannot be published again (${line.code}): ${line.text}`);
      }
    }
  }

  #line(line: FrameLine): void {
    if (line.verb === "ok") this.#asked -= line.count;
    else if (line.verb === "err" || line.verb === "bye") {
      this.#asked--;
      this.#refused ??= `dead letters cannot be redriven (${line.code}): ${line.text}`;
    }
  }
}

/** What it is published with: all it had, but for what says how it died. */
function headOf(
  { fields, seq, group, length }: {
    readonly fields: string;
    readonly seq: number;
    readonly group: string;
    readonly length: number;
  },
): string {
  const all = fields.split(" ").filter((field) => field !== "");
  const died = all.find((field) => field.startsWith("h.dead-topic="));
  if (died === undefined) {
    throw new RunError(
      `message ${seq} of the dead letters of this group does not say which topic it died in`,
    );
  }
  const topic = decodeURIComponent(died.slice(died.indexOf("=") + 1));
  const own = all.filter((field) => !field.startsWith("h.dead-") && !field.startsWith("id="));
  const id = `id=redriven-${encodeURIComponent(group)}-${seq}`;
  return `pub ${topic} ${length} ${[id, ...own].join(" ")}\n`;
}
