/**
 * What stores messages, over a link that is the test.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Chunk } from "../../../../lib/buffers.ts";
import { Counters } from "../../../../lib/counters.ts";
import { Publishing } from "../../../../lib/engine/nats/stored/publishing.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import type { Acknowledgement, Publisher } from "../../../../lib/engine/types.ts";
import { FlushList } from "../../../../lib/flush_list.ts";
import { FakeLink } from "../../../support/fake_link.ts";
import { runOf, type Sent } from "../../case_parts.ts";

/** What is around the bytes of a message whose id the broker gave: `me-1`. */
export const AROUND = "NATS/1.0\r\nNats-Msg-Id: me-1\r\n\r\n".length;

export class PublishingBench implements Publisher {
  readonly link = new FakeLink();
  readonly counters = new Counters();
  readonly flushes = new FlushList();
  readonly answers: string[] = [];
  readonly publishing: Publishing;
  now = 0;
  #held = 0;

  constructor() {
    const { link, counters, flushes } = this;
    const subjects = new Subjects("p");
    this.publishing = new Publishing({
      link,
      subjects,
      flushes,
      counters,
      inbox: "in",
      name: "me",
      now: () => this.now,
    });
    assertEquals(link.takeAsked(), ["sub in.*"]);
  }

  hold(count: number): Acknowledgement {
    const at = ++this.#held;
    assertEquals(count, 1, "each is answered by itself");
    return {
      acknowledge: ({ level, last, topic }) => this.answers.push(`${at} ${level} ${topic} ${last}`),
      refuse: (code, reason) => this.answers.push(`${at} ${code}: ${reason}`),
    };
  }

  /** The run's memory. */
  publish(...messages: Sent[]): Chunk {
    const run = runOf({ topic: "#d", topicBytes: 2 }, messages);
    run.keep();
    this.publishing.publish(run, this);
    return run.records.chunk;
  }

  /** What was asked for since the last call: `1 text` of a message with that token, and `ping`. */
  asked(): string[] {
    this.flushes.flush();
    return this.link.takeAsked().map((each) => {
      const [, text, token] = /^pub p\.stored\.d (\S*) .*"reply":"in\.(\w+)"/.exec(each) ?? [];
      return token === undefined ? each : `${token} ${text}`;
    });
  }

  /** JetStream answers. */
  says(token: string, what: object | string, status = 0): void {
    const text = typeof what === "string" ? what : JSON.stringify(what);
    this.link.comes("in.*", text, `in.${token}`, { status });
  }

  passes(ms: number): void {
    this.now += ms;
    this.publishing.tick(this.now);
  }
}
