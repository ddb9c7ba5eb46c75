/**
 * The publisher: options in, messages out. `publisher --help` says how.
 *
 * @module
 */
import { mqttHints } from "./lib/cli/client/mqtt_habits.ts";
import { finish, unlessStopped } from "./lib/cli/client/run.ts";
import { runMain } from "./lib/cli/process/main.ts";
import { Notices } from "./lib/cli/client/notices.ts";
import { Output } from "./lib/cli/output/output.ts";
import { preparePublisher, progressOf, runPublisher } from "./lib/cli/publisher/publish.ts";
import { Refusals } from "./lib/cli/publisher/publish_stream.ts";
import { planPublisher, PUBLISHER } from "./lib/cli/publisher/options.ts";
import { stopOnSignals } from "./lib/cli/process/signals.ts";
import { type ClientEvent, connectPublisher } from "./lib/client/mod.ts";

if (import.meta.main) {
  await runMain(PUBLISHER, async (options) => {
    const stop = stopOnSignals();
    const plan = planPublisher(options);
    const { id } = plan.connection;
    const notices = Notices.forOptions("publisher", options);
    for (const hint of mqttHints([options.topic].flat(), "publisher")) notices.notice(hint);
    const job = await unlessStopped(preparePublisher(plan), stop);
    if (job === undefined) return 0;
    const refusals = new Refusals();
    const onEvent = (event: ClientEvent): void => {
      notices.onEvent(event);
      refusals.onEvent(event);
    };
    const publisher = await unlessStopped(
      connectPublisher({ ...plan.connection, onEvent, signal: stop.signal }),
      stop,
    );
    if (publisher === undefined) return 0;
    const progress = progressOf(job, options);
    notices.above = progress.printAbove;
    const out = new Output(Deno.stdout);
    const context = { publisher, refusals, options, id, notices, progress, out };
    return await finish((stop) => runPublisher(job, { ...context, stop }), { client: publisher, stop });
  });
}
