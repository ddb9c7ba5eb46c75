/**
 * Does one malformed exchange after another with a broker, and says what was not as it has to be. Behind each, a
 * message has to get from an honest publisher to an honest subscriber over connections that are there all the
 * while, and with it no more and no less than the exchange has brought about.
 *
 * @module
 */
import {
  connectPublisher,
  connectSubscriber,
  type Message,
  type Publisher,
  type Subscriber,
} from "../../lib/mod.ts";
import type { ClientCredentials } from "../../lib/client/types.ts";
import { visible } from "../../lib/text.ts";
import { within } from "../support/within.ts";
import { LITTLE_SAYS } from "./accounts.ts";
import { type Exchange, type Piece, shown } from "./exchange.ts";
import { Talker, type Wire } from "./talker.ts";

/** How the broker is reached. */
export interface Reach {
  readonly subPort: number;
  readonly pubPort: number;
  /** A connection for an exchange. */
  open(on: Exchange["on"], opening: Exchange["opening"]): Promise<Wire>;
  /** Who the honest ones are, where there are accounts. */
  readonly credentials?: ClientCredentials;
  /** Bytes to be written at a time. */
  readonly piece: number;
  /** What the broker has said of defects of its own. */
  defects(): string;
}

const HEALTH = "#health";
/** A line to a person is no longer. */
const LINE_MOST = 1000;
/** How long it is looked whether anything more comes, milliseconds. */
const QUIET_MS = 10;

/** An honest pair on a broker, and what it says of exchanges. */
export class Judge implements AsyncDisposable {
  readonly #reach: Reach;
  readonly #publisher: Publisher;
  readonly #subscriber: Subscriber;
  readonly #messages: AsyncIterator<Message, undefined>;
  #number = 0;
  #healthy = 0;

  private constructor(reach: Reach, publisher: Publisher, subscriber: Subscriber) {
    this.#reach = reach;
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#messages = subscriber[Symbol.asyncIterator]();
  }

  static async on(reach: Reach): Promise<Judge> {
    const { subPort, pubPort, credentials } = reach;
    const options = { reconnect: false, ...(credentials === undefined ? {} : { credentials }) };
    const publisher = await connectPublisher({ ...options, id: "honest", port: pubPort });
    const subscriber = await connectSubscriber({ ...options, id: "observer", port: subPort });
    await subscriber.subscribe("#>");
    return new Judge(reach, publisher, subscriber);
  }

  /** What was wrong, in words; undefined: nothing. */
  async judge(exchange: Exchange): Promise<string | undefined> {
    const number = ++this.#number;
    const before = this.#reach.defects();
    let wrong: string | undefined;
    try {
      wrong = await this.#do(exchange, number);
      // also behind one that went wrong, so that what it has published is not the next one's
      const ill = await this.#health(exchange);
      wrong ??= ill;
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error);
    }
    const after = this.#reach.defects();
    if (after !== before) wrong = `${wrong ?? ""} the log says ${after.slice(before.length)}`;
    return wrong === undefined
      ? undefined
      : `${exchange.title}: ${exchange.what}: ${wrong}\n    ${shown(exchange)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#publisher.close();
    await this.#subscriber.close();
  }

  async #do(exchange: Exchange, number: number): Promise<string | undefined> {
    using talker = new Talker(await this.#reach.open(exchange.on, exchange.opening));
    const { piece } = this.#reach;
    if (isV2(exchange)) {
      await talker.say(exchange.opening === "2" ? "c hello 2\n" : `c hello 2 ${LITTLE_SAYS}\n`, { piece });
      await talker.until((text) => GREETING.test(text), "the answer to hello");
    }
    for (const each of exchange.says) await this.#say(talker, each, { exchange, number, piece });
    const expected = exchange.hears.map((line) => numbered(line, number));
    if (exchange.fate === "answers") {
      const probe = probeOf(exchange, number);
      await talker.say(probe.says, { piece });
      expected.push(...probe.hears);
    }
    await talker.until(
      (text) => exchange.fate !== "ends" && linesOf(text, exchange).length >= expected.length,
      exchange.fate === "ends" ? "the end of the connection" : `${JSON.stringify(expected)}`,
    );
    if (exchange.fate === "waits") await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const heard = linesOf(talker.text, exchange);
    const last = talker.text.slice(talker.text.lastIndexOf("\n") + 1);
    if (last !== "" && !(exchange.opening === "none")) heard.push(`${last} (and no LF)`);
    const ended = talker.ended;
    await talker.close();
    return compared(heard, expected) ?? unfit(heard) ?? (
      ended === (exchange.fate === "ends")
        ? undefined
        : ended
        ? "the broker hung up"
        : "the broker did not hang up"
    );
  }

  async #say(
    talker: Talker,
    what: Piece,
    { exchange, number, piece }: {
      readonly exchange: Exchange;
      readonly number: number;
      readonly piece: number;
    },
  ): Promise<void> {
    if (typeof what === "string") await talker.say(numbered(what, number), { piece });
    else if (what instanceof Uint8Array) await talker.say(what, { piece });
    else if ("pause" in what) await new Promise((resolve) => setTimeout(resolve, what.pause));
    else if ("end" in what) await talker.end();
    else if ("heard" in what) {
      await talker.until((text) => linesOf(text, exchange).length >= what.heard, `${what.heard} lines`);
    } else {
      const { publish, text = "x", behind = 1 } = what;
      await talker.until((heard) => linesOf(heard, exchange).length >= behind, `${behind} answers`);
      await this.#publisher.publish(numbered(publish, number), text);
    }
  }

  /** A message goes from the one to the other, and with it what the exchange has published. */
  async #health(exchange: Exchange): Promise<string | undefined> {
    const text = String(++this.#healthy);
    await within("the answer to an honest publisher", this.#publisher.publish(HEALTH, text));
    const probe = exchange.fate === "answers" && probePublishes(exchange) ? 1 : 0;
    const expected = exchange.brings + probe;
    const others: string[] = [];
    for (;;) {
      const { value } = await within("the honest subscriber's message", this.#messages.next());
      if (value === undefined) return "the honest subscriber was cut off";
      if (value.topic !== HEALTH) others.push(`${value.topic} ${value.text.slice(0, 40)}`);
      else if (value.text === text) break;
      else return `the honest subscriber got ${value.text} for ${text}`;
    }
    if (others.length === expected) return undefined;
    return `${expected} messages were to reach subscribers, these did: ${
      JSON.stringify(others.slice(0, 10))
    }`;
  }
}

function probePublishes({ on, opening }: Exchange): boolean {
  return opening === "classic" && on.endsWith("publishers");
}

function isV2({ opening }: Exchange): boolean {
  return opening === "2" || opening === "account";
}

/** An alert of TLS, of which no byte is beyond ASCII. */
// deno-lint-ignore no-control-regex -- it is bytes that are looked at
const ALERT = /\x15\x03[\x00-\x04]\x00\x02([\s\S]{2})/g;
/** An answer of HTTP begins so; what JSON holds has no such line. */
const STATUS = /^HTTP\/1\.1 (\d{3}) /gm;
const GREETING = /^OK_2\ninfo .*\n/;

/**
 * Of HTTP the statuses; else what was heard behind the answer to hello, as {@link answers}; without the notices that a replay is live, or
 * is not any more, which come when they do.
 */
function linesOf(text: string, exchange: Exchange): string[] {
  if (exchange.on === "http") return [...text.matchAll(STATUS)].map(([, status]) => status!);
  if (exchange.on.startsWith("TLS ") && exchange.opening === "none") text = text.replace(ALERT, "alert $1\n");
  const said = isV2(exchange) ? text.replace(GREETING, "") : text;
  return answers(said.split("\n").slice(0, -1)).filter((line) => !/^info {"(live|behind)":/.test(line));
}

/** What is answered in one way by whoever is alive, with an end that is no other answer's. */
function probeOf(
  exchange: Exchange,
  number: number,
): { readonly says: string; readonly hears: readonly string[] } {
  if (isV2(exchange)) return { says: "ping\n", hears: ["pong"] };
  if (exchange.opening === "unknown") return { says: "probe probe\n", hears: ["ERR_UNKNOWN_COMMAND"] };
  const says = probePublishes(exchange)
    ? "probe pub #probe x\nprobe sub #probe\n"
    : `probe sub #probe.${number}\nprobe pub #probe x\n`;
  return { says, hears: ["OK", "ERR_WRONG_PORT"] };
}

function numbered(text: string, number: number): string {
  return text.replaceAll("{n}", String(number));
}

/** Lines, but that one `ok` is as many as it answers: how many it answers depends on how the bytes came (V2). */
function answers(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, count, rest = ""] = /^ok (\d+)( .*)?$/.exec(line) ?? [];
    return count === undefined ? [line] : Array<string>(Number(count)).fill(`ok${rest}`);
  });
}

function compared(heard: readonly string[], expected: readonly string[]): string | undefined {
  const same = heard.length === expected.length && expected.every((line, at) => matches(heard[at]!, line));
  return same ? undefined : `${JSON.stringify(expected)} was to come, ${JSON.stringify(heard)} came`;
}

function matches(heard: string, expected: string): boolean {
  return expected.endsWith("…") ? heard.startsWith(expected.slice(0, -1)) : heard === expected;
}

/** What the broker says to a person is one line that moves no cursor, whatever it quotes. */
function unfit(heard: readonly string[]): string | undefined {
  const bad = heard.find((line) =>
    /^(err|bye) /.test(line) && (visible(line) !== line || line.length > LINE_MOST)
  );
  return bad === undefined ? undefined : `not fit for a person: ${JSON.stringify(bad.slice(0, 300))}`;
}
