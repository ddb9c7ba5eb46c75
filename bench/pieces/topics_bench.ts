/**
 * Who gets a message: the patterns among 1,000,000 subscriptions, and the table that remembers what it found.
 *
 * @module
 */
import { TopicTable } from "../../lib/topics/topic_table.ts";
import { PatternTable } from "../../lib/topics/pattern_table.ts";

const TOPICS = 100_000;
const SUBSCRIBERS_EACH = 10;
/** Coprime to the number of topics, so that its multiples come to all of them, far apart. */
const STRIDE = 7919;

const names = Array.from({ length: TOPICS }, (_, at) => `#orders.region${at % 100}.item${at}`);
const inBytes = names.map((name) => new TextEncoder().encode(name));
let next = 0;

/** Another topic each time. */
function another(): number {
  return next = (next + STRIDE) % TOPICS;
}

const exact = new PatternTable<number>();
for (let at = 0; at < TOPICS; at++) {
  for (let each = 0; each < SUBSCRIBERS_EACH; each++) exact.add(names[at]!, at * SUBSCRIBERS_EACH + each);
}
Deno.bench({
  name: "match one of 100,000 topics with 10 of 1,000,000 subscriptions",
  group: "patterns",
  fn: () => void exact.match(names[another()]!, new Set()),
});

const wild = new PatternTable<number>();
for (let at = 0; at < TOPICS; at++) wild.add(names[at]!, at);
for (let at = 0; at < 100; at++) {
  wild.add(`#orders.region${at}.*`, TOPICS + at);
  wild.add(`#orders.region${at}.>`, TOPICS + 100 + at);
}
wild.add("#orders.>", -1);
wild.add("#*.*.*", -2);
wild.add("#>", -3);
Deno.bench({
  name: "match one topic with 6 patterns, 5 with wildcards, of 100,203",
  group: "patterns",
  fn: () => void wild.match(names[another()]!, new Set()),
});

Deno.bench({
  name: "subscribe and unsubscribe among 1,000,000",
  group: "patterns",
  fn: () => {
    const name = names[another()]!;
    exact.add(name, -1);
    exact.remove(name, -1);
  },
});

const table = new TopicTable<number>({ most: TOPICS });
for (const [at, name] of inBytes.entries()) table.add(name, at);
Deno.bench({
  name: "find one of 100,000 topics by its bytes",
  group: "table",
  fn: () => {
    const name = inBytes[another()]!;
    table.find(name, 0, name.length);
  },
});
