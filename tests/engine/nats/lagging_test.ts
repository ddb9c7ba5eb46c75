import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { Feed } from "../../../lib/engine/nats/stored/feed.ts";
import { StreamLog } from "../../../lib/engine/nats/stored/stream_log.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import { Routing } from "../../../lib/engine/routing.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import type { Cursor, ReadOutcome } from "../../../lib/store/types.ts";
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
    onUnreadable: () => {},
  };
  return { stream, link, later: [], parts };
}

function payloads(outcome: ReadOutcome): string[] {
  if (outcome.kind !== "page") throw new Error(outcome.reason);
  const texts: string[] = [];
  const { bytes } = outcome.page;
  const text = new TextDecoder().decode(bytes);
  for (const [, payload] of text.matchAll(/^pub #d \d+\n(.*)$/gm)) texts.push(payload!);
  return texts;
}

function readFrom(log: StreamLog, cursor: Cursor): ReadOutcome[] {
  const outcomes: ReadOutcome[] = [];
  log.read([cursor], { most: 1e6, upTo: undefined }, (outcome) => outcomes.push(outcome));
  return outcomes;
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
