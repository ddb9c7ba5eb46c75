/**
 * Clients without a library, who make mistakes among requests that are well: what each of these is answered is
 * known beforehand (C2, V6), so that a broker that loses its place in a stream is seen at once. What they
 * publish counts as anybody's; what stands behind a mistake that ends a connection is to be nowhere.
 *
 * @module
 */
import { PUB_PORT, type Stage } from "./actors.ts";
import { Answers } from "./answers.ts";
import { encodeText } from "../../lib/wire/bytes.ts";
import { DURABLE, MEMORY } from "./topics.ts";
import { fieldsOf, type PublisherRecord, type Sent } from "./history.ts";
import { type HostilePlan, isCalm, mayRefuse, type Plan } from "./plan.ts";
import type { ClientEnd } from "./world/ends.ts";
import type { Random } from "./world/random.ts";
import { Node } from "./world/world.ts";

/** How often one comes again. */
const LIVES = 4;
/** Milliseconds after which nobody waits for answers any more. */
const PATIENCE_MS = 150_000;

/** A request, and what it is answered. */
export interface Request {
  readonly bytes: Uint8Array;
  /** A code, "ok" or "pong"; undefined: nothing. */
  readonly answer: string | undefined;
  readonly sent?: Sent;
  /** It ends the connection: nothing behind it is read. */
  readonly last?: boolean;
}

/** Who speaks: what is well, and what is not. */
export interface Manner {
  readonly port: number;
  readonly classic: boolean;
  readonly requests: (writer: Writer) => Request;
}

/** Makes mistakes until it has come often enough, or `over` says that it is enough. */
export async function stumble(
  stage: Stage,
  { plan, manner, over }: {
    readonly plan: HostilePlan;
    readonly manner: Manner;
    readonly over: () => boolean;
  },
): Promise<void> {
  const { world, network, history } = stage;
  const random = world.streams.of(`hostile ${plan.name}`);
  const node = new Node(world, { name: plan.name });
  const never = new AbortController().signal;
  await world.pause(plan.at);
  for (let life = 1; life <= LIVES && !over(); life++) {
    // what one connection sends has no order with what another one does
    const record: PublisherRecord = {
      name: `c${plan.name.slice(1)}-${life}`,
      protocol: "none",
      sent: [],
      lostAt: [],
    };
    history.publishers.push(record);
    let end: ClientEnd | undefined;
    try {
      end = await network.connect(node, manner.port, { signal: never, lines: manner.classic });
    } catch {
      await world.pause(random.spread(500));
      continue;
    }
    await new Visit(stage, { end, random, record, manner }).run();
    end.close();
    await world.pause(random.spread(200));
  }
}

/** One connection. */
class Visit {
  readonly #stage: Stage;
  readonly #end: ClientEnd;
  readonly #random: Random;
  readonly #record: PublisherRecord;
  readonly #manner: Manner;
  readonly #answers: Answers;
  #reset = false;

  constructor(stage: Stage, { end, random, record, manner }: {
    readonly end: ClientEnd;
    readonly random: Random;
    readonly record: PublisherRecord;
    readonly manner: Manner;
  }) {
    this.#stage = stage;
    this.#end = end;
    this.#random = random;
    this.#record = record;
    this.#manner = manner;
    this.#answers = new Answers(stage, {
      name: record.name,
      classic: manner.classic,
      mayBeRefused: (code, sent) => this.#mayBeRefused(code, sent),
    });
  }

  async run(): Promise<void> {
    const { world, states, plan, errors } = this.#stage;
    const random = this.#random;
    const { name, sent } = this.#record;
    const answers = this.#answers;
    const read = this.#read();
    try {
      await this.#say();
      // some leave in the middle of a request, which then was none
      const writer = new Writer(this.#stage, this.#record, random);
      const half = this.#manner.classic ? writer.goodLine() : writer.good();
      if (half.sent !== undefined) {
        half.sent.failed = "HALF";
        const part = random.chance(0.5) ? 0 : random.below(half.bytes.length - 1);
        await this.#end.write(half.bytes.subarray(0, part));
        states.reached("half a request");
      }
      // a subscriber that ends its input has left
      if (this.#manner.port === PUB_PORT) await this.#end.closeWrite();
      else await world.pause(random.spread(100));
    } catch {
      states.reached("a hostile client is thrown out");
    }
    await Promise.race([read, world.pause(this.#manner.port === PUB_PORT ? PATIENCE_MS : 5_000)]);
    if (answers.owed > 0 && !this.#reset && isCalm(plan) && this.#manner.port === PUB_PORT) {
      errors.push(`${name}: ${answers.owed} requests were never answered`);
    }
    for (const each of sent) if (each.ackedAt === undefined) each.failed ??= "gone";
    this.#end.close();
    await read;
  }

  async #say(): Promise<void> {
    const { world, states } = this.#stage;
    const random = this.#random;
    const writer = new Writer(this.#stage, this.#record, random);
    const { classic, requests } = this.#manner;
    if (!classic) await this.#end.write(encodeText(`${this.#record.name} hello 2\n`));
    let broken = false;
    for (let left = random.between(3, 40); left > 0;) {
      const together: Uint8Array[] = [];
      for (let some = random.between(1, random.pick([1, 5, 20])); some > 0 && left > 0; some--, left--) {
        const request = requests(writer);
        together.push(request.bytes);
        if (broken) {
          // nothing of this is ever read as a request
          if (request.sent !== undefined) request.sent.failed = "BEHIND_A_BREAK";
          continue;
        }
        this.#answers.expect(request);
        if (request.last !== true) continue;
        states.reached("a broken head in the middle of a stream");
        broken = true;
        left = Math.min(left, random.between(1, 8));
      }
      await this.#write(joined(together));
      await world.pause(random.spread(random.pick([0.5, 20, 100])));
    }
  }

  /** At once, or with a pause somewhere in it. */
  async #write(bytes: Uint8Array): Promise<void> {
    const random = this.#random;
    if (random.chance(0.3)) {
      const at = random.below(bytes.length);
      await this.#end.write(bytes.subarray(0, at));
      await this.#stage.world.pause(random.spread(20));
      await this.#end.write(bytes.subarray(at));
    } else {
      await this.#end.write(bytes);
    }
  }

  async #read(): Promise<void> {
    try {
      for (let bytes = await this.#end.read(); bytes !== null; bytes = await this.#end.read()) {
        this.#answers.take(bytes);
      }
    } catch {
      // what was on its way is gone with the connection
      this.#reset = true;
    }
  }

  #mayBeRefused(code: string, sent: Sent | undefined): boolean {
    const { plan } = this.#stage;
    if (code === "STORE") return sent?.topic.startsWith("#d.") === true && mayRefuse(plan);
    return code === "BUSY" && plan.memory !== undefined;
  }
}

/** What stands in a header behind the length, and what it means. */
const FIELDS: readonly (readonly [string, Partial<Pick<Sent, "key" | "ttl" | "fields">>])[] = [
  ["", {}],
  ["", {}],
  [" key=a%20b", { key: "a b", fields: fieldsOf({ key: "a b" }) }],
  [" h.a=%25 x=y", { fields: fieldsOf({ headers: [["a", "%"]] }) }],
  [" ttl=9999", { ttl: 9999 }],
];

/** Writes requests of one connection, and notes what is published. */
export class Writer {
  readonly random: Random;
  readonly plan: Plan;
  readonly #stage: Stage;
  readonly #record: PublisherRecord;

  constructor(stage: Stage, record: PublisherRecord, random: Random) {
    this.random = random;
    this.plan = stage.plan;
    this.#stage = stage;
    this.#record = record;
  }

  /** A publish as it should be. */
  good(): Request {
    const { random } = this;
    const [written, given] = random.pick(FIELDS);
    const sent = this.send({ most: random.pick([10, 200, 900]), ...given });
    const ends = random.chance(0.1) ? "\r\n" : "\n";
    const sharp = random.chance(0.8) ? sent.topic : sent.topic.slice(1);
    return this.frame(`pub ${sharp} ${encodeText(sent.text).length}${written}${ends}`, {
      sent,
      answer: "ok",
    });
  }

  /** A line of the classic protocol that publishes. */
  goodLine(): Request {
    const sent = this.send({ most: 200, line: true });
    const line = `${this.#record.name} pub ${sent.topic} ${sent.text}\n`;
    return { bytes: encodeText(line), answer: "ok", sent };
  }

  /** A header, the payload of what is sent, and how that ends. */
  frame(
    header: string,
    { sent, answer, ends = "\n", last = false }: {
      readonly sent: Sent;
      readonly answer: string | undefined;
      readonly ends?: string;
      readonly last?: boolean;
    },
  ): Request {
    if (answer !== "ok") sent.failed = answer ?? "NOT_READ";
    return { bytes: encodeText(`${header}${sent.text}${ends}`), answer, sent, last };
  }

  /** Notes a message; `least`: bytes it has at least. */
  send(
    { most, least = 0, line = false, fields = "", key, ttl }:
      & Partial<Pick<Sent, "key" | "ttl" | "fields">>
      & {
        readonly most: number;
        readonly least?: number;
        readonly line?: boolean;
      },
  ): Sent {
    const { random } = this;
    const { world, history } = this.#stage;
    const { name, sent: all } = this.#record;
    const number = all.length + 1;
    const topic = random.pick(this.plan.durable ? [...DURABLE, ...MEMORY] : MEMORY);
    const stem = `${name}.${number}.`;
    // what it would be if somebody took a payload for requests
    const within = line ? `pub #m.a ${name}.smuggled` : `\npub #m.a ${name.length + 9}\n${name}.smuggled\n`;
    const rest = random.chance(0.3) ? within : "";
    const text = stem + rest + "y".repeat(Math.max(least, random.below(most)));
    const sent: Sent = {
      publisher: name,
      number,
      topic,
      text,
      at: world.now,
      ttl,
      repeats: undefined,
      id: undefined,
      key,
      fields,
    };
    all.push(sent);
    history.add(sent);
    return sent;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
