/**
 * The side of an engine that keeps durable topics, whose stream and whose link are the test.
 *
 * @module
 */
import { ChunkPool } from "../../../../lib/buffers.ts";
import { Counters } from "../../../../lib/counters.ts";
import { storedOnStream } from "../../../../lib/engine/nats/stored/mod.ts";
import type { StoredSide } from "../../../../lib/engine/nats/stored_side.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import { Routing } from "../../../../lib/engine/routing.ts";
import type { Acknowledgement, Joining, Publisher, ReplayRange } from "../../../../lib/engine/types.ts";
import { FlushList } from "../../../../lib/flush_list.ts";
import { HeldMemory } from "../../../../lib/held_memory.ts";
import { FakeLink } from "../../../support/fake_link.ts";
import { done, ScriptedStreams, stateOf } from "../../../support/scripted_streams.ts";
import { Recorder, runOf } from "../../case_parts.ts";
import { Worker } from "../../groups/stored_bench.ts";

export const ACK_TIMEOUT = 30_000;
/** Bytes that may be held. */
export const MEMORY = 64 * 1024 * 1024;

export class SideBench implements Publisher {
  readonly link = new FakeLink();
  readonly streams = new ScriptedStreams();
  readonly flushes = new FlushList();
  readonly memory: HeldMemory;
  readonly routing: Routing;
  readonly side: StoredSide;
  /** What became of what was published: `7`, its number, or why it was refused. */
  readonly answers: string[] = [];
  now = 100_000;

  constructor() {
    const { link, streams, flushes } = this;
    const pool = new ChunkPool();
    const memory = this.memory = new HeldMemory({ most: MEMORY, pool });
    const routing = this.routing = new Routing({ seed: 1, isDurable: () => true, memory });
    const source = storedOnStream({
      link,
      streams,
      patterns: ["#d.>", "#dead.>"],
      name: "me",
      ackTimeout: ACK_TIMEOUT,
      maxAttempts: 3,
      groupsMost: 4,
      topicMost: 100,
      onUnreadable: () => {},
    });
    this.side = source.open({
      subjects: new Subjects("p"),
      routing,
      counters: new Counters(),
      flushes,
      pool,
      memory,
      now: () => this.now,
      deliver: (run) => routing.deliver(run),
    });
  }

  hold(): Acknowledgement {
    return {
      acknowledge: ({ last }) => void this.answers.push(`${last}`),
      refuse: (code, reason) => void this.answers.push(`${code}: ${reason}`),
    };
  }

  publish(text: string): void {
    const run = runOf(this.routing.routeOf("#d.a"), [text]);
    run.keep();
    this.side.publish(run, this);
    this.flushes.flush();
  }

  /** JetStream says that it has what was published with that token, as that number. */
  stores(token: string, seq: number): void {
    this.link.comes("p.broker.inbox.me.1.*", JSON.stringify({ seq }), `p.broker.inbox.me.1.${token}`);
  }

  subscribe(pattern: string, recorder = new Recorder()): Recorder {
    this.side.subscribe(pattern, recorder);
    this.side.interest(pattern, "added");
    return recorder;
  }

  /** What is said of a replay goes to what the recorder was told. */
  replay(recorder: Recorder, of: Partial<ReplayRange> = {}): Recorder {
    this.side.replay("#d.a", recorder, {
      range: { from: { kind: "earliest" }, to: undefined, ...of },
      started: ({ kind }) => void recorder.said.push(kind),
      ended: () => void recorder.said.push("over"),
      besides: [],
    });
    return recorder;
  }

  join(terms: Partial<Joining> = {}, worker = new Worker()): Worker {
    worker.membership = this.side.join({
      name: "g",
      pattern: "#d.>",
      window: 4,
      blocks: true,
      settling: "explicit",
      from: undefined,
      joined: (outcome) => void (worker.outcome = outcome),
      ...terms,
    }, worker);
    return worker;
  }

  ends(last: number): void {
    this.streams.states.shift()!(stateOf(last));
  }

  finds(sequence?: number): void {
    for (const answer of this.streams.edges.splice(0)) {
      answer(sequence === undefined ? { kind: "none" } : done({ sequence, time: 1 }));
    }
  }

  /** The consumer that was asked for first is made; where its messages go. */
  opens(consumer: string): string {
    const before = this.link.asked.length;
    this.streams.readers.shift()!(done(consumer));
    return this.link.asked.slice(before).find((each) => each.startsWith("sub "))!.slice(4);
  }

  /** Messages of `#d.a` come in one read, the consumer's first of them as that number. */
  comes(inbox: string, sequences: readonly number[], { given = 1, pending = 0 } = {}): void {
    for (const [at, sequence] of sequences.entries()) {
      this.link.comes(inbox, `${sequence}`, "p.stored.d.a", {
        reply: `$JS.ACK.s.c.1.${sequence}.${given + at}.1000000.${pending}`,
      });
    }
    this.link.read();
  }

  hasNoMore(inbox: string): void {
    this.link.comes(inbox, "", inbox, { status: 404 });
    this.link.read();
  }

  passes(ms: number): void {
    this.now += ms;
    this.side.tick(this.now);
    this.flushes.flush();
  }

  /** What was asked for since the last call, of the stream and over the link, as far as it is told apart. */
  asked(): string[] {
    const said = this.link.takeAsked().flatMap((each) => {
      const [, consumer, batch] = /^pub API\.CONSUMER\.MSG\.NEXT\.s\.(\S+) \{"batch":(\d+)/.exec(each) ?? [];
      if (batch !== undefined) return [`${consumer} asks ${batch}`];
      const [, what, ack] = /^pub (?:\$JS\.ACK\.s\.c\.1\.(\d+)\S*) (\S+)/.exec(each) ?? [];
      if (ack !== undefined) return [`${what} ${ack}`];
      return /^(?:pub|unsub)/.test(each) ? [each.split(" ").slice(0, 3).join(" ")] : [];
    });
    return [...this.streams.takeAsked(), ...said];
  }
}

/** A side whose feed brings `#d.a`, and where its messages go. */
export function followed(last = 0): { bench: SideBench; recorder: Recorder; inbox: string } {
  const bench = new SideBench();
  const recorder = bench.subscribe("#d.a");
  bench.ends(last);
  const inbox = bench.opens("f");
  bench.asked();
  return { bench, recorder, inbox };
}
