/** The publisher's run with `--request` in this process, and who answers when the test says so. */
import { Notices } from "../../../lib/cli/client/notices.ts";
import type { Arrived } from "../../../lib/cli/messages/message.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { Output } from "../../../lib/cli/output/output.ts";
import { AskingRun, type RequestPublisher } from "../../../lib/cli/publisher/ask.ts";
import { preparePublisher } from "../../../lib/cli/publisher/job.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { planPublisher } from "../../../lib/cli/publisher/plan.ts";
import { Collected, message } from "../output/collected.ts";

/** Answers when it is told to. */
export class Responders implements RequestPublisher {
  readonly asked: string[] = [];
  readonly answers: PromiseWithResolvers<Arrived>[] = [];

  request(topic: string, payload: string | Uint8Array = ""): Promise<Arrived> {
    const text = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
    this.asked.push(`${topic} ${text}`);
    const answer = Promise.withResolvers<Arrived>();
    this.answers.push(answer);
    return answer.promise;
  }

  answer(at: number, payload: string | Uint8Array): void {
    this.answers[at]!.resolve(message("#reply", payload));
  }
}

export async function bench(
  words: readonly string[],
  { target = new Collected() }: { readonly target?: Collected } = {},
): Promise<{
  readonly run: AskingRun;
  readonly responders: Responders;
  readonly told: string[];
  readonly printed: Collected;
  readonly out: Output;
  readonly stop: { readonly signal: AbortSignal; interrupt(): void; lastWord(): void };
  readonly abort: () => void;
}> {
  const line = readArguments(PUBLISHER, ["--request", ...words]);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  const options = readValues(PUBLISHER, [line.given]);
  const plan = planPublisher(options);
  const told: string[] = [];
  const notices = Notices.forOptions("publisher", options);
  notices.above = (text) => told.push(text.replace(/^publisher: |\n$/g, ""));
  const [printed, responders, stopping] = [target, new Responders(), new AbortController()];
  const out = new Output(printed);
  const job = await preparePublisher(plan);
  const run = new AskingRun({ publisher: responders, options, plan, job, notices, out });
  const stop = { signal: stopping.signal, interrupt: () => {}, lastWord: () => {} };
  return { run, responders, told, printed, out, stop, abort: () => stopping.abort() };
}

/** All that follows from what has happened. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
