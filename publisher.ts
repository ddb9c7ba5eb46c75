/**
 * The publisher: options in, messages out. `publisher --help` says how.
 *
 * @module
 */
import { TIMER_MOST_MS } from "./lib/limits.ts";
import { MqttHabits } from "./lib/cli/client/mqtt_habits.ts";
import { connected, finish, unlessStopped } from "./lib/cli/client/run.ts";
import { runMain } from "./lib/cli/main.ts";
import { Notices } from "./lib/cli/client/notices.ts";
import { Output } from "./lib/cli/output/output.ts";
import { AskingRun } from "./lib/cli/publisher/ask.ts";
import { preparePublisher } from "./lib/cli/publisher/job.ts";
import { PUBLISHER } from "./lib/cli/publisher/options.ts";
import { aboutAt, planPublisher } from "./lib/cli/publisher/plan.ts";
import { progressOf, PublisherRun } from "./lib/cli/publisher/publish.ts";
import { Refusals } from "./lib/cli/publisher/types.ts";
import { stopOnSignals } from "./lib/cli/process/signals.ts";
import { type ClientEvent, connectPublisher } from "./lib/client/mod.ts";

if (import.meta.main) {
  await runMain(PUBLISHER, async (options) => {
    const stop = stopOnSignals();
    const plan = planPublisher(options);
    const notices = Notices.forOptions("publisher", options);
    const about = aboutAt(options, Date.now());
    if (about !== undefined) notices.notice(about);
    const habits = new MqttHabits("publisher", (hint) => notices.notice(hint));
    options.topic.forEach((topic) => habits.look(topic));
    const job = await unlessStopped(preparePublisher(plan), stop);
    if (job === undefined) {
      notices.failed("stopped before all of its input was read: nothing was published");
      return 1;
    }
    const refusals = new Refusals();
    const onEvent = (event: ClientEvent): void => {
      notices.onEvent(event);
      refusals.onEvent(event);
    };
    const publisher = await connected(
      connectPublisher({ ...plan.connection, subPort: plan.subPort, onEvent, signal: stop.signal }),
      { to: plan.connection, notices, stop, came: "nothing was published" },
    );
    if (publisher === undefined) return 1;
    const progress = progressOf(job, { options, plan });
    notices.above = progress.printAbove;
    const out = new Output(Deno.stdout);
    const run = options.request
      ? new AskingRun({ publisher, options, plan, job, notices, out })
      : new PublisherRun({ publisher, refusals, options, plan, job, notices, habits, progress, out });
    let failed = true;
    try {
      const code = await finish((stop) => run.work(stop), {
        client: publisher,
        stop,
        notices,
        drainTimeout: Math.min(options["drain-timeout"], options.timeout ?? Infinity, TIMER_MOST_MS),
        closeTimeout: options.timeout === undefined ? undefined : Math.min(options.timeout, TIMER_MOST_MS),
        codeWhenStopped: () => run.codeWhenStopped(),
      });
      failed = false;
      return code;
    } finally {
      await run.end(stop, { failed });
    }
  });
}
