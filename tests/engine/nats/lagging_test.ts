import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { Feed } from "../../../lib/engine/nats/stored/feed.ts";
import { StreamLog } from "../../../lib/engine/nats/stored/stream_log.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import { Routing } from "../../../lib/engine/routing.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import type { Cursor, Page, ReadEnd, ReadOutcome, SeekRange } from "../../../lib/store/types.ts";
import { FakeLink } from "../../support/fake_link.ts";
import { LaggingStream } from "../../support/lagging_stream.ts";
import { Recorder } from "../case_parts.ts";

const FROM_THE_BEGINNING: Cursor = { pattern: "#d", after: 0, sequence: 0, time: 0, to: undefined };

function made(): {
  stream: LaggingStream;
  link: FakeLink;
  later: Array<() => void>;
  parts: ConstructorParameters<typeof Feed>[0];
} {
  const link = new FakeLink();
  const pool = new ChunkPool();
  const stream = new LaggingStream(link);
  const memory = new HeldMemory({ most: 1e9, pool });
  let inboxes = 0;
  const parts = {
    link,
    streams: stream.port,
    subjects: new Subjects("p"),
    routing: new Routing({ seed: 1, isDurable: () => true, memory, countsTopics: false }),
    pool,
    now: () => 1,
    inbox: () => `inbox.${++inboxes}`,
    flush: () => {},
    handedOn: () => {},
    anew: () => {},
    onUnreadable: () => {},
  };
  return { stream, link, later: [], parts };
}

function payloads(outcome: ReadOutcome): string[] {
  if (outcome.kind !== "page") throw new Error(outcome.reason);
  return payloadsOf(outcome.page);
}

function payloadsOf({ bytes }: Page): string[] {
  const texts: string[] = [];
  const text = new TextDecoder().decode(bytes);
  for (const [, payload] of text.matchAll(/^pub #d \d+\n(.*)$/gm)) texts.push(payload!);
  return texts;
}

function readFrom(log: StreamLog, cursor: Cursor, upTo?: number): ReadOutcome[] {
  const outcomes: ReadOutcome[] = [];
  log.read([cursor], { most: 1e6, upTo }, (outcome) => outcomes.push(outcome));
  return outcomes;
}

/** Where a replay begins, and what comes before that. */
function sought(log: StreamLog, range: SeekRange): { readonly cursor: Cursor; readonly first: Page }[] {
  const found: { cursor: Cursor; first: Page }[] = [];
  log.seek("#d", range, (outcome) => {
    if (outcome.kind !== "found") throw new Error(outcome.kind);
    found.push(outcome);
  });
  return found;
}

function endOf(outcome: ReadOutcome): readonly [ReadEnd, number] {
  if (outcome.kind !== "page") throw new Error(outcome.reason);
  return [outcome.ends[0]!, outcome.cursors[0]!.after];
}

function cursorOf(outcome: ReadOutcome): Cursor {
  if (outcome.kind !== "page") throw new Error(outcome.reason);
  return outcome.cursors[0]!;
}

Deno.test("a replay from a server that lags is not at its end where the stream has more (N8)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 3, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [3, 1];
  const first = readFrom(log, FROM_THE_BEGINNING);
  stream.go();
  assertEquals(payloads(first[0]!), ["1"]);
  assertEquals(first[0]!.kind === "page" && first[0]!.ends, ["none"], "the stream has more");
  // the next one's server has it all
  const second = readFrom(log, { ...FROM_THE_BEGINNING, after: 1 });
  stream.go();
  assertEquals(second, [], "nothing new: it looks again in a moment");
  stream.has = 3;
  later.splice(0).forEach((go) => go());
  stream.go();
  assertEquals(payloads(second[0]!), ["2", "3"]);
  assertEquals(second[0]!.kind === "page" && second[0]!.ends, ["caught up"]);
});

Deno.test("a replay is live at once, without a consumer, where nothing is stored (N8)", async () => {
  const { stream, later, parts } = made();
  const feed = { position: 0, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  for (
    const cursor of [
      FROM_THE_BEGINNING,
      sought(log, { from: { kind: "earliest" }, to: undefined })[0]!.cursor,
    ]
  ) {
    const outcome = readFrom(log, cursor);
    await Promise.resolve();
    assertEquals(outcome.map((page) => [payloads(page), endOf(page)]), [[[], ["caught up", 0]]]);
  }
  assertEquals(stream.consumers, []);
});

Deno.test("what the stream's leader cannot say is asked again, and nothing comes twice (N8)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 3, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [2, 2];
  const outcomes = readFrom(log, FROM_THE_BEGINNING);
  stream.answers = false;
  stream.go();
  assertEquals(payloads(outcomes[0]!), ["1", "2"]);
  assertEquals(outcomes[0]!.kind === "page" && outcomes[0]!.ends, ["none"]);
  const more = readFrom(log, { ...FROM_THE_BEGINNING, after: 2 });
  for (let at = 0; at < 3; at++) {
    stream.go();
    later.splice(0).forEach((go) => go());
  }
  assertEquals(more, []);
  stream.answers = true;
  later.splice(0).forEach((go) => go());
  stream.go();
  assertEquals(payloads(more[0]!), []);
  assertEquals(more[0]!.kind === "page" && more[0]!.ends, ["caught up"]);
});

Deno.test("a page whose reader is lost goes on behind what it has, though the next server lags (N8)", () => {
  const { stream, link, later, parts } = made();
  const feed = { position: 3, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has, stream.tells] = [3, 2, false];
  const outcomes = readFrom(log, FROM_THE_BEGINNING);
  stream.go();
  link.goDown();
  link.goUp();
  [stream.has, stream.tells] = [1, true];
  later.splice(0).forEach((go) => go());
  for (const consumer of stream.consumers) consumer.has = 3;
  stream.go();
  assertEquals(outcomes.map(payloads), [["1", "2", "3"]]);
});

Deno.test("a reader that nothing is heard of is lost, and another goes on (N8)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 3, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [3, 3];
  const outcomes = readFrom(log, FROM_THE_BEGINNING);
  log.tick(4999);
  assertEquals([later.length, stream.consumers.length], [0, 1]);
  log.tick(1);
  later.splice(0).forEach((go) => go());
  assertEquals(stream.consumers.length, 2);
  stream.go();
  assertEquals(outcomes.map(payloads), [["1", "2", "3"]]);
});

Deno.test("a replay from a time behind all that is stored is at its end at once (N8)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 3, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [3, 3];
  const outcome = readFrom(log, { ...FROM_THE_BEGINNING, time: 1001 });
  stream.go();
  assertEquals(payloads(outcome[0]!), []);
  assertEquals(outcome[0]!.kind === "page" && outcome[0]!.ends, ["caught up"]);
  // a server that has nothing yet says the same of a time before that
  stream.has = 0;
  const early = readFrom(log, { ...FROM_THE_BEGINNING, time: 1000 });
  stream.go();
  assertEquals(early, []);
  stream.has = 3;
  later.splice(0).forEach((go) => go());
  stream.go();
  assertEquals(payloads(early[0]!), ["1", "2", "3"]);
});

Deno.test("a replay that overtakes the feed is live there, and not where the feed was when it began", () => {
  const { stream, later, parts } = made();
  const feed = { position: 1, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [3, 3];
  const outcomes = readFrom(log, FROM_THE_BEGINNING);
  feed.position = 2;
  stream.go();
  assertEquals(outcomes.map(payloads), [["1", "2"]]);
  const [outcome] = outcomes;
  if (outcome?.kind !== "page") throw new Error("no page");
  assertEquals([outcome.ends, outcome.cursors[0]!.after], [["caught up"], 2]);
});

Deno.test("a replay is at its end though the last of what is stored cannot be read (N8, N10)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 2, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [2, 2];
  stream.unreadable.add(2);
  const outcomes = readFrom(log, FROM_THE_BEGINNING);
  stream.go();
  assertEquals(payloads(outcomes[0]!), ["1"]);
  assertEquals(outcomes[0]!.kind === "page" && outcomes[0]!.ends, ["caught up"]);
});

Deno.test("a replay is live behind all that was stored when it began, though the feed is behind (N8)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 1, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [3, 3];
  const [begun] = sought(log, { from: { kind: "earliest" }, to: undefined });
  [stream.last, stream.has] = [4, 4];
  const alone = readFrom(log, begun!.cursor);
  stream.go();
  assertEquals(alone.map((page) => [payloads(page), endOf(page)]), [[["1", "2", "3"], ["caught up", 3]]]);
});

Deno.test("what others of its connection may still be handed on a replay waits for (N8, D8)", async () => {
  const { stream, later, parts } = made();
  const feed = { position: 1, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [3, 3];
  const [begun] = sought(log, { from: { kind: "earliest" }, to: undefined });
  const beginning = readFrom(log, begun!.cursor, 1);
  stream.go();
  assertEquals(beginning.map((page) => [payloads(page), endOf(page)]), [[["1"], ["none", 1]]]);
  const waiting = readFrom(log, cursorOf(beginning[0]!), 1);
  await Promise.resolve();
  assertEquals(waiting, [], "not at once, or it would ask without end");
  later.splice(0).forEach((go) => go());
  assertEquals(waiting.map((page) => [payloads(page), endOf(page)]), [[[], ["none", 1]]]);
  feed.position = 3;
  const rest = readFrom(log, cursorOf(waiting[0]!), 3);
  stream.go();
  assertEquals(rest.map((page) => [payloads(page), endOf(page)]), [[["2", "3"], ["caught up", 3]]]);
});

Deno.test("a replay to a time has all that was stored by then, though the feed is behind (N8)", () => {
  let now = 900;
  const { stream, later, parts } = made();
  const feed = { position: 1, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, now: () => now, later: (go) => void later.push(go) });
  const to = { kind: "time", time: 1000 } as const;
  [stream.last, stream.has] = [2, 2];
  const [begun] = sought(log, { from: { kind: "earliest" }, to });
  const first = readFrom(log, begun!.cursor);
  stream.go();
  assertEquals(first.map((page) => [payloads(page), endOf(page)]), [[["1", "2"], ["caught up", 2]]]);
  // stored before the time, and asked for behind it
  [stream.last, stream.has, now] = [3, 3, 1001];
  for (const consumer of stream.consumers) consumer.has = 3;
  const second = readFrom(log, cursorOf(first[0]!));
  stream.go();
  assertEquals(second.map((page) => [payloads(page), endOf(page)]), [[["3"], ["past to", 3]]]);
  assertEquals(stream.consumers.length, 1, "the reader of the page before goes on");
});

Deno.test("where a replay ends is asked of the stream again when nobody answers (N8)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 1, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has, stream.answers] = [3, 3, false];
  const begun = sought(log, { from: { kind: "earliest" }, to: undefined });
  for (let at = 0; at < 3; at++) later.splice(0).forEach((go) => go());
  assertEquals(begun, []);
  stream.answers = true;
  later.splice(0).forEach((go) => go());
  assertEquals(begun.map(({ cursor }) => cursor.edge?.batch), [3]);
});

Deno.test("the last of a topic is the stream's, and not that of a server that lags (N8)", () => {
  const { stream, later, parts } = made();
  const feed = { position: 3, whenLive: (callback: () => void) => callback() };
  const log = new StreamLog({ ...parts, feed, later: (go) => void later.push(go) });
  [stream.last, stream.has] = [3, 2];
  const begun = sought(log, { from: { kind: "last", count: 1, asOf: undefined }, to: undefined });
  stream.go();
  assertEquals(begun, [], "there is a later one: it looks again in a moment");
  stream.has = 3;
  later.splice(0).forEach((go) => go());
  stream.go();
  assertEquals(begun.map(({ first, cursor }) => [payloadsOf(first), cursor.after]), [[["3"], 3]]);
  // what is stored behind the feed's place comes as what is new does
  [stream.last, stream.has] = [4, 4];
  const ahead = sought(log, { from: { kind: "last", count: 1, asOf: undefined }, to: undefined });
  stream.go();
  assertEquals(ahead.map(({ first, cursor }) => [payloadsOf(first), cursor.after]), [[[], 3]]);
  const rest = readFrom(log, ahead[0]!.cursor);
  stream.go();
  assertEquals(rest.map((page) => [payloads(page), endOf(page)]), [[["4"], ["caught up", 4]]]);
});

Deno.test("a feed whose server lags hands on what comes later, though another pattern is wanted (N8)", () => {
  const { stream, parts } = made();
  const feed = new Feed(parts);
  const live = new Recorder();
  parts.routing.subscribe("#d", live);
  feed.add("#d", { fresh: true });
  [stream.last, stream.has] = [3, 1];
  stream.consumers[0]!.has = 1;
  stream.go();
  assertEquals([live.got, feed.position], [["1"], 1]);
  feed.add("#e", { fresh: true });
  stream.has = 3;
  for (const consumer of stream.consumers) consumer.has = 3;
  stream.go();
  stream.go();
  assertEquals([live.got, feed.position, feed.live], [["1", "2", "3"], 3, true]);
});

Deno.test("what a server that lags gives out once more is not handed on once more (N8)", () => {
  const { stream, parts } = made();
  const feed = new Feed(parts);
  const live = new Recorder();
  parts.routing.subscribe("#d", live);
  feed.add("#d", { fresh: true });
  [stream.last, stream.has] = [1, 1];
  stream.consumers[0]!.has = 1;
  stream.go();
  assertEquals([live.got, feed.position], [["1"], 1]);
  // it knows nothing of the number that its consumer is to begin with
  stream.has = 0;
  feed.add("#e", { fresh: true });
  stream.go();
  assertEquals(stream.consumers.map(({ next }) => next), [2, 1]);
  stream.last = 3;
  stream.consumers[1]!.has = 3;
  stream.go();
  stream.go();
  assertEquals([live.got, feed.position], [["1", "2", "3"], 3]);
});

Deno.test("a feed that nobody wants anything of follows nothing, and goes on while somebody does", () => {
  const { stream, link, parts } = made();
  const feed = new Feed(parts);
  for (const pattern of ["#d", "#d", "#e"]) feed.add(pattern, { fresh: true });
  [stream.last, stream.has] = [1, 1];
  for (const consumer of stream.consumers) consumer.has = 1;
  stream.go();
  assertEquals(feed.position, 1);
  for (const pattern of ["#d", "#e", "#f"]) feed.remove(pattern);
  assertEquals(feed.position, 1);
  link.takeAsked();
  feed.remove("#d");
  assertEquals([feed.position, feed.live, link.takeAsked().length], [0, true, 1]);
});
