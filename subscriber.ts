/**
 * The subscriber: options in, messages on stdout. `subscriber --help` says how.
 *
 * @module
 */
import { mqttHints } from "./lib/cli/client/mqtt_habits.ts";
import { finish, unlessStopped } from "./lib/cli/client/run.ts";
import { runMain } from "./lib/cli/process/main.ts";
import { Notices } from "./lib/cli/client/notices.ts";
import { stopOnSignals } from "./lib/cli/process/signals.ts";
import { Replays } from "./lib/cli/subscriber/replays.ts";
import { prepareSubscriber, SubscriberRun, timeOver } from "./lib/cli/subscriber/subscribe.ts";
import { planSubscriber, SUBSCRIBER } from "./lib/cli/subscriber/options.ts";
import { type ClientEvent, connectSubscriber } from "./lib/client/mod.ts";

if (import.meta.main) {
  await runMain(SUBSCRIBER, async (options) => {
    const stop = stopOnSignals();
    const plan = planSubscriber(options);
    const notices = Notices.forOptions("subscriber", options);
    const named = [...options.topic, ...options["filter-out"]];
    for (const hint of mqttHints(named, "subscriber")) notices.notice(hint);
    const job = await unlessStopped(prepareSubscriber(options), stop);
    if (job === undefined) return 0;
    const replays = new Replays();
    const onEvent = (event: ClientEvent): void => {
      notices.onEvent(event);
      replays.onEvent(event);
    };
    const over = timeOver(options, stop);
    const connecting = connectSubscriber({ ...plan.connection, onEvent, signal: stop.signal });
    const subscriber = await unlessStopped(Promise.race([connecting, over]), stop);
    if (subscriber === undefined) return 0;
    if (typeof subscriber === "number") return subscriber;
    const run = new SubscriberRun({ subscriber, options, plan, job, timeOver: over, notices, replays });
    try {
      const codeWhenStopped = (): number => run.codeWhenStopped();
      return await finish((stop) => run.work(stop), { client: subscriber, stop, codeWhenStopped });
    } finally {
      await run.drain(stop);
    }
  });
}
