/**
 * What a broker sends, over a link that is the test.
 *
 * @module
 */
import { type Chunk, ChunkPool } from "../../../lib/buffers.ts";
import { Outgoing } from "../../../lib/engine/nats/outgoing.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import type { Acknowledgement, Publisher } from "../../../lib/engine/types.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { FakeLink } from "../../support/fake_link.ts";
import { runOf, type Sent } from "../case_parts.ts";

export class OutgoingBench implements Publisher {
  readonly link = new FakeLink();
  readonly answers: string[] = [];
  readonly outgoing: Outgoing;
  readonly flushes = new FlushList();
  readonly #routes = new Map<string, { topic: string; topicBytes: number }>();
  #held = 0;

  /** `reached`: subscribers that this broker has. */
  constructor({ plain = false, reached = 1 } = {}) {
    this.outgoing = new Outgoing({
      link: this.link,
      subjects: new Subjects("p"),
      flushes: this.flushes,
      pool: new ChunkPool(),
      id: "me",
      isPlain: () => plain,
      deliver: () => reached,
    }, 0);
  }

  hold(count: number): Acknowledgement {
    const at = ++this.#held;
    return {
      acknowledge: ({ reached, level }) => this.answers.push(`${at}: ${count} ${level} ${reached}`),
      refuse: (code) => this.answers.push(`${at}: ${count} ${code}`),
    };
  }

  /** The run's memory. */
  publish(topic: string, ...messages: Sent[]): Chunk {
    const route = this.#routes.get(topic) ?? { topic, topicBytes: topic.length };
    this.#routes.set(topic, route);
    const run = runOf(route, messages);
    run.keep();
    this.outgoing.publish(run, this);
    return run.records.chunk;
  }

  flush(): void {
    this.flushes.flush();
  }
}
