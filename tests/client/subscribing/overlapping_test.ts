/** Several subscriptions that want the same: what comes for one says nothing of how far another is. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { StoredDelivery } from "../../../lib/client/links/delivery.ts";
import type { Link } from "../../../lib/client/links/link.ts";
import type { Request } from "../../../lib/client/links/request.ts";
import { nameOf } from "../../../lib/client/subscribing/subscription_name.ts";
import { Subscriptions } from "../../../lib/client/subscribing/subscriptions.ts";
import { matches } from "../../../lib/topics/topic.ts";

const TOPICS = ["#a", "#b", "#c"] as const;
/** The one in the middle begins with what is published behind it (D8), the others with what is stored. */
const PATTERNS = ["#>", "#b", "#a"] as const;
type Pattern = typeof PATTERNS[number];
const PLAIN: Pattern = "#b";

/** What a broker has of a subscription. */
interface Subscribed {
  readonly pattern: Pattern;
  /** The last of each topic, which it is brought before all else. */
  readonly firsts: StoredDelivery[];
  /** Its place in what is stored; undefined: it is live. */
  next: number | undefined;
  readonly wants: (message: StoredDelivery) => boolean;
}

/** A broker as docs/protocol.md has it (D3, D4, D8), and the client's account of what comes from it. */
class Bench {
  readonly subscriptions = new Subscriptions(SYSTEM_CLOCK, () => {}, () => {});
  readonly stored: StoredDelivery[] = [];
  readonly came: StoredDelivery[] = [];
  /** By pattern what has to come, of what was stored when it was asked for; all that follows has to come. */
  readonly #due = new Map<string, { readonly firsts: readonly StoredDelivery[]; readonly behind: number }>();
  #subscribed: Subscribed[] = [];
  /** What the connection has brought. */
  #had = new Set<StoredDelivery>();

  begin(froms: readonly string[]): void {
    for (const [at, pattern] of PATTERNS.entries()) {
      const replay = pattern === PLAIN ? undefined : { from: froms[at]!, to: undefined };
      const rest = {
        slow: undefined,
        window: undefined,
        ack: undefined,
        by: undefined,
        groupFrom: undefined,
      };
      this.#subscribe(this.subscriptions.request(nameOf(pattern), { ...rest, replay }));
    }
  }

  async cut(): Promise<void> {
    this.#subscribed = [];
    this.#had = new Set();
    const link = {
      protocol: "2",
      ahead: 100,
      ask: (request: Request) => Promise.resolve(this.#subscribe(request)),
    } as unknown as Link;
    await this.subscriptions.restore(link, () => {});
  }

  /** Two of a commit have one time. */
  publish(topic: string): void {
    const seq = this.stored.filter((message) => message.topic === topic).length + 1;
    const bytes = { bytes: new Uint8Array(), payloadStart: 0, payloadEnd: 0, fieldsStart: 0, fieldsEnd: 0 };
    const message = new StoredDelivery(topic, { ...bytes, seq, time: 1000 + (this.stored.length >> 1) });
    this.stored.push(message);
    if (this.#subscribed.some(({ next, wants }) => next === undefined && wants(message))) {
      this.#bring(message);
    }
  }

  /** Those that read, read together: so many messages, and are live where nothing is left. */
  read(messages: number): void {
    const readers = this.#subscribed.filter(({ next }) => next !== undefined);
    if (readers.length === 0) return;
    const beginning = readers.find(({ firsts }) => firsts.length > 0);
    if (beginning !== undefined) {
      for (const message of beginning.firsts.splice(0, messages)) this.#bring(message);
      return;
    }
    let at = Math.min(...readers.map(({ next }) => next!));
    for (let left = messages; left > 0 && at < this.stored.length; at++) {
      const message = this.stored[at]!;
      const wanted = readers.some(({ next, wants }) => next! <= at && wants(message));
      if (!wanted || this.#had.has(message)) continue;
      this.#bring(message);
      left--;
    }
    const isLive = at === this.stored.length;
    for (const reader of readers) {
      reader.next = isLive ? undefined : Math.max(reader.next!, at);
      const { pattern } = reader;
      if (isLive) this.subscriptions.notice({ kind: "live", pattern, group: undefined, reason: "" });
    }
  }

  fallBack(pattern: Pattern): void {
    const subscribed = this.#subscribed.find((each) => each.pattern === pattern);
    if (subscribed === undefined || subscribed.next !== undefined || pattern === PLAIN) return;
    subscribed.next = this.stored.length;
    this.subscriptions.fellBehind(pattern);
  }

  /** What was wanted and has not come. */
  get missing(): StoredDelivery[] {
    return this.stored.filter((message, at) =>
      !this.came.includes(message) &&
      [...this.#due].some(([pattern, { firsts, behind }]) =>
        matches(pattern, message.topic) && (at >= behind || firsts.includes(message))
      )
    );
  }

  #subscribe({ pattern, fields, accepted }: Request): "ok" {
    const [, from = "now"] = / from=(\S+)/.exec(fields) ?? [];
    const [, time = from] = /^-1@(.*)/.exec(from) ?? [];
    const { length } = this.stored;
    const isNumber = /^\d+$/.test(from);
    const found = this.stored.findIndex(({ stored }) => stored >= Date.parse(time));
    const begins = from === "earliest" || isNumber ? 0 : from === "latest" || found < 0 ? length : found;
    const firsts = from === "latest" || time !== from ? this.#lastOf(pattern, begins) : [];
    if (from === "earliest" || from === "latest") {
      this.#due.set(pattern, { firsts: [...firsts], behind: begins });
    }
    this.#subscribed.push({
      pattern: pattern as Pattern,
      firsts,
      next: from === "now" ? undefined : begins,
      wants: ({ topic, seq }) => matches(pattern, topic) && (!isNumber || seq >= Number(from)),
    });
    accepted?.();
    return "ok";
  }

  /** Of each topic the last there was before a place in what is stored. */
  #lastOf(pattern: string, before: number): StoredDelivery[] {
    const earlier = this.stored.slice(0, before);
    return TOPICS.filter((topic) => matches(pattern, topic))
      .flatMap((topic) => earlier.findLast((message) => message.topic === topic) ?? []);
  }

  #bring(message: StoredDelivery): void {
    this.#had.add(message);
    if (this.subscriptions.take(message)) this.came.push(message);
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ publish: fc.constantFrom(...TOPICS) }) },
  { weight: 3, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ fallBack: fc.constantFrom(...PATTERNS) }) },
  { weight: 1, arbitrary: fc.constant({ cut: true }) },
);

Deno.test("of subscriptions that want the same none misses anything, wherever connections are cut and who falls back (D8)", async () => {
  const before = fc.array(fc.constantFrom(...TOPICS), { maxLength: 8 });
  const froms = fc.array(fc.constantFrom("earliest", "latest"), { minLength: 3, maxLength: 3 });
  const property = fc.asyncProperty(
    before,
    froms,
    fc.array(step, { maxLength: 40 }),
    async (before, froms, steps) => {
      const bench = new Bench();
      for (const topic of before) bench.publish(topic);
      bench.begin(froms);
      const end = Array.from({ length: 5 }, () => ({ read: 1000 }));
      for (const step of [...steps, { cut: true }, ...end]) {
        if ("publish" in step) bench.publish(step.publish);
        else if ("read" in step) bench.read(step.read);
        else if ("fallBack" in step) bench.fallBack(step.fallBack);
        else await bench.cut();
      }
      assertEquals(bench.missing.map(nameOfOne), []);
      // nobody else wants these
      const alone = bench.came.filter(({ topic }) => topic === "#c");
      const inOrder = bench.stored.filter((message) => alone.includes(message));
      assertEquals(alone.map(nameOfOne), inOrder.map(nameOfOne), "in order, and once");
    },
  );
  await fc.assert(property, { numRuns: 3000 });
});

function nameOfOne({ topic, seq }: StoredDelivery): string {
  return `${topic} ${seq}`;
}
