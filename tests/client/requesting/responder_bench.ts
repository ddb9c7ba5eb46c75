/**
 * Responders in memory, whose function's answers a test gives.
 *
 * @module
 */
import {
  type Answer,
  openResponder,
  type Responder,
  type ResponderOptions,
} from "../../../lib/client/requesting/responder.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedMachine } from "../connecting/handed_machine.ts";
import type { HandedSocket } from "../links/handed_socket.ts";

/** A function's answer that the test gives. */
interface Working extends PromiseWithResolvers<string> {
  readonly text: string;
}

/** A responder for `#a`, and its two connections. */
export class ResponderBench {
  readonly machine = new HandedMachine();
  readonly clock = this.machine.clock;
  /** What its function was given and has not answered. */
  readonly working: Working[] = [];
  readonly log: string[] = [];
  answers!: HandedSocket;
  requests!: HandedSocket;
  responder!: Responder;

  static async start(options: Partial<ResponderOptions> = {}, answer?: Answer): Promise<ResponderBench> {
    const bench = new ResponderBench();
    const opening = bench.open(options, answer);
    bench.answers = await bench.machine.hello("r1");
    bench.answers.come('OK_2\ninfo {"durable":[]}\n');
    bench.requests = await bench.machine.hello("r1");
    bench.requests.come("OK_2\ninfo {}\n");
    const { ack, jobs = 16, group = "responders" } = options;
    const terms = ack === undefined ? "" : ` window=${jobs} ack=explicit`;
    await bench.requests.says(`sub #a group=${group}${terms}\n`);
    bench.requests.come("ok 1\n");
    bench.responder = await opening;
    bench.responder.closed.then(
      () => bench.log.push("closed"),
      (error) => bench.log.push(`closed: ${error.code}`),
    );
    return bench;
  }

  open(options: Partial<ResponderOptions>, answer?: Answer): Promise<Responder> {
    const onError = (error: unknown, { text }: { readonly text: string }): void => {
      this.log.push(`${text}: ${error instanceof Error ? error.message : error}`);
    };
    const all = { id: "r1", pattern: "#a", pingAfter: 0, onError, ...options };
    return within(
      "a responder",
      openResponder(all, { answer: answer ?? this.#answer, machine: this.machine }),
    );
  }

  /** What was told since the last time. */
  async told(): Promise<string[]> {
    await settled();
    return this.log.splice(0);
  }

  /** A request, or a message that asks for nothing. */
  async request(
    text: string,
    { reply = " reply=#r", seq, attempt = "", group = "responders" }: {
      readonly reply?: string;
      readonly seq?: number;
      readonly attempt?: string;
      readonly group?: string;
    } = {},
  ): Promise<void> {
    const record = `pub #a ${text.length}${reply}\n${text}\n`;
    const stored = seq === undefined ? "" : ` seq=${seq} ts=1`;
    this.requests.come(`batch #a 1 ${record.length}${stored} group=${group}${attempt}\n${record}`);
    await settled();
  }

  /** The oldest that is being worked on is answered with its text in capitals. */
  async finish(): Promise<void> {
    const { text, resolve } = this.working.shift()!;
    resolve(text.toUpperCase());
    await settled();
  }

  /** Begins to close; notes when it has. */
  async close(options?: { readonly timeout?: number }): Promise<void> {
    void this.responder.close(options).then(() => this.log.push("close"));
    await settled();
  }

  readonly #answer: Answer = ({ text }) => {
    const working = { ...Promise.withResolvers<string>(), text };
    this.working.push(working);
    return working.promise;
  };
}

/** An answer as it is written. */
export function answer(text: string, fields = ""): string {
  return `pub #r ${text.length}${fields}\n${text}\n`;
}
