/**
 * What the publisher does with `--request`: it asks, and prints the answers.
 *
 * @module
 */
import { RefusedError, RunError, UsageError } from "../../errors.ts";
import { countOf, visible } from "../../text.ts";
import { NOBODY_ANSWERS, TIME_IS_OVER } from "../client/exit_codes.ts";
import type { Notices } from "../client/notices.ts";
import { type Arrived, messageJson } from "../messages/message.ts";
import { type Output, OutputClosed } from "../output/output.ts";
import { doneInTime, unread, WAITING } from "../output/patience.ts";
import { aborted, type Stop } from "../process/signals.ts";
import { readLineBatches } from "../process/stdin.ts";
import { keyedLines, plainLines } from "./inputs.ts";
import type { PublisherJob } from "./job.ts";
import type { PublisherOptions } from "./options.ts";
import type { PublisherPlan } from "./plan.ts";
import type { MessageOptions, Outgoing } from "./types.ts";

/** Requests that may wait for their answers at a time. */
const AHEAD = 256;

/** Who asks. The library's Publisher is one. */
export interface RequestPublisher {
  /** Resolves to the answer; rejects with RefusedError or RunError. */
  request(topic: string, payload?: string | Uint8Array, options?: MessageOptions): Promise<Arrived>;
}

/** What asking needs around it. */
export interface AskingContext {
  readonly publisher: RequestPublisher;
  readonly options: PublisherOptions;
  readonly plan: PublisherPlan;
  readonly job: PublisherJob;
  readonly notices: Notices;
  readonly out: Output;
}

/**
 * One run with `--request`.
 *
 * - Answers are printed in the order of the requests, each as soon as those before it are.
 * - At the first request that fails it ends, unless told to keep going; what was asked behind it may be
 *   answered all the same, and is not printed.
 */
export class AskingRun {
  readonly #context: AskingContext;
  readonly #print: (answer: Arrived) => void;
  readonly #failed = Promise.withResolvers<never>();
  /** Printing what was asked last. */
  #printed: Promise<void> = Promise.resolve();
  #room: PromiseWithResolvers<void> | undefined;
  #waiting = 0;
  #answers = 0;
  #failures = 0;
  /** Of the first that failed. */
  #code = 0;
  #isWhole = false;
  /** Nobody waits for answers any more. */
  #over = false;
  #unanswered = 0;

  constructor(context: AskingContext) {
    this.#context = context;
    const { options, out } = context;
    this.#print = printer(out, { json: options.json, terminal: Deno.stdout.isTerminal() });
    for (const each of [this.#failed.promise, out.failed]) each.catch(() => {});
  }

  /** Asks everything; the exit code. Throws UsageError for a line that is none. */
  async work({ signal }: Stop): Promise<number> {
    signal.addEventListener("abort", () => this.#over = true, { once: true });
    try {
      return await Promise.race([this.#work(), this.#failed.promise, this.#context.out.failed]);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return this.#code;
    } finally {
      this.#over = true;
    }
  }

  /** The exit code of a run that a signal ended. */
  codeWhenStopped(): number {
    return this.#isWhole && this.#waiting + this.#unanswered === 0 ? this.#code : 1;
  }

  /** After the connection is closed: writes out what is printed, and says how far it came. */
  async end(stop: Stop, { failed }: { readonly failed: boolean }): Promise<void> {
    const { notices, out } = this.#context;
    const flushed = out.flush();
    const inTime = await doneInTime(flushed, {
      stopped: aborted(stop.signal),
      waiting: () => notices.notice(WAITING),
    });
    if (stop.signal.aborted && this.codeWhenStopped() === 1) {
      notices.failed(`stopped after ${countOf(this.#answers, "answer")}`);
    }
    if (failed) return;
    if (!inTime) throw unread();
    await flushed.catch((error) => {
      if (!(error instanceof OutputClosed)) throw error;
    });
    notices.detail(`${countOf(this.#answers, "answer")}, ${this.#failures} failed`);
  }

  async #work(): Promise<number> {
    const { job, plan, options } = this.#context;
    const topic = plan.topics[0] ?? "";
    const terms = { topic, options: plan.message };
    if (job.kind === "message") {
      this.#ask({ ...terms, payload: job.payload, place: "" });
    } else {
      const { delimiter, "key-delimiter": key } = options;
      const read = key === undefined ? plainLines(terms) : keyedLines(key, terms);
      let number = 0;
      for await (const lines of readLineBatches(Deno.stdin, delimiter === undefined ? {} : { delimiter })) {
        for (const line of lines) {
          const item = read(line, ++number);
          if (item === undefined) continue;
          if ("problem" in item) this.#tellBad(`stdin:${item.place}: ${item.problem}`);
          else this.#ask(item);
          await this.#roomForMore();
        }
      }
    }
    this.#isWhole = true;
    await this.#printed;
    return this.#code;
  }

  async #roomForMore(): Promise<void> {
    if (this.#context.out.full) await this.#context.out.flush();
    if (this.#waiting < AHEAD) return;
    this.#room = Promise.withResolvers();
    await this.#room.promise;
  }

  #ask({ topic, payload, options, place }: Outgoing): void {
    const { publisher } = this.#context;
    const asked = publisher.request(topic, payload, options);
    this.#inTurn(async () => {
      try {
        const answer = await asked;
        if (this.#over) return void this.#unanswered++;
        this.#answers++;
        this.#print(answer);
      } catch (error) {
        if (!(error instanceof RefusedError || error instanceof RunError)) throw error;
        const shown = typeof place === "number" ? `stdin:${place}: ${error.message}` : error.message;
        this.#fail(shown, codeOf(error));
      }
    });
  }

  /** A line that is no request, in its turn. */
  #tellBad(text: string): void {
    this.#inTurn(() => {
      if (!this.#context.options["keep-going"]) throw new UsageError(text);
      this.#fail(text, 1);
    });
  }

  #inTurn(work: () => void | Promise<void>): void {
    this.#waiting++;
    this.#printed = this.#printed.then(work).then(() => {
      this.#waiting--;
      this.#room?.resolve();
    });
    this.#printed.catch((error) => this.#failed.reject(error));
  }

  #fail(text: string, code: number): void {
    // what fails because the connection is being closed says nothing of a request
    if (this.#over) return void this.#unanswered++;
    this.#failures++;
    if (this.#code === 0) this.#code = code;
    this.#context.notices.failed(text);
    if (!this.#context.options["keep-going"]) throw new Failure();
  }
}

/** The payload of an answer as it is, with a line end where it has none at its end; or all of it as JSON. */
function printer(
  out: Output,
  { json, terminal }: { readonly json: boolean; readonly terminal: boolean },
): (answer: Arrived) => void {
  return (answer) => {
    const { payload } = answer;
    if (json) return out.text(`${messageJson(answer, answer.time ?? new Date())}\n`);
    if (terminal) out.text(visible(answer.text, "\t\n"));
    else out.bytes(payload);
    if (payload.at(-1) !== LF) out.text("\n");
  };
}

const LF = 0x0a;

/** It was told, and ends the run. */
class Failure extends Error {}

function codeOf(error: RefusedError | RunError): number {
  if (error.code === "NO_RESPONDER") return NOBODY_ANSWERS;
  return error instanceof RunError && error.code === "TIMEOUT" ? TIME_IS_OVER : 1;
}
