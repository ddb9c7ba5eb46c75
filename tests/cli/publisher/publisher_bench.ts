/** The publisher's run in this process: with words of a command line, and a publisher that keeps what it is given. */
import { MqttHabits } from "../../../lib/cli/client/mqtt_habits.ts";
import { Notices } from "../../../lib/cli/client/notices.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { Output } from "../../../lib/cli/output/output.ts";
import { Progress } from "../../../lib/cli/output/progress.ts";
import type { Stop } from "../../../lib/cli/process/signals.ts";
import { preparePublisher } from "../../../lib/cli/publisher/job.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { planPublisher } from "../../../lib/cli/publisher/plan.ts";
import { PublisherRun } from "../../../lib/cli/publisher/publish.ts";
import { within } from "../../support/within.ts";
import { Collected } from "../output/collected.ts";
import { withStdin } from "../with_stdin.ts";
import { FakePublisher } from "./fake_publisher.ts";

/** A run with these words, and all that comes of it. */
export interface Bench {
  readonly run: PublisherRun;
  readonly publisher: FakePublisher;
  readonly told: string[];
  readonly printed: Collected;
  readonly stop: Stop;
  readonly abort: () => void;
  /** How often the progress was begun and ended, and what it would have shown. */
  readonly progress: { readonly watched: (() => number)[]; ended: number };
}

export async function bench(
  words: readonly string[],
  { publisher = new FakePublisher(), target = new Collected() }: {
    readonly publisher?: FakePublisher;
    readonly target?: Collected;
  } = {},
): Promise<Bench> {
  const line = readArguments(PUBLISHER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  const options = readValues(PUBLISHER, [line.given]);
  const plan = planPublisher(options);
  const job = await preparePublisher(plan);
  const told: string[] = [];
  const notices = Notices.forOptions("publisher", options);
  notices.above = (text) => told.push(text.replace(/^publisher: |\n$/g, ""));
  const stopping = new AbortController();
  const progress = { watched: [] as (() => number)[], ended: 0 };
  const shown = new Progress({ did: "published", shown: false });
  shown.watch = (done) => void progress.watched.push(done);
  shown.end = () => void progress.ended++;
  const run = new PublisherRun({
    publisher,
    refusals: publisher.refusals,
    options,
    plan,
    job,
    notices,
    habits: new MqttHabits("publisher", (hint) => told.push(hint)),
    progress: shown,
    out: new Output(target),
  });
  const stop = { signal: stopping.signal, interrupt: () => {}, lastWord: () => {} };
  return { run, publisher, told, printed: target, stop, abort: () => stopping.abort(), progress };
}

/** What a run of these words comes to. */
export async function ran(words: readonly string[], stdin: readonly string[] = []): Promise<{
  readonly code: number;
  readonly lines: readonly string[];
  readonly told: readonly string[];
  readonly printed: string;
}> {
  return await withStdin(stdin, async () => {
    const { run, publisher, told, printed, stop } = await bench(words);
    const code = await within("the end of the run", run.work(stop));
    await run.end(stop, { failed: false });
    return { code, lines: publisher.lines, told, printed: printed.text };
  });
}
