/**
 * The subscriber: options in, messages on stdout. `subscriber --help` says how.
 *
 * @module
 */
import { MqttHabits } from "./lib/cli/client/mqtt_habits.ts";
import { connected, finish, unlessStopped } from "./lib/cli/client/run.ts";
import { runMain } from "./lib/cli/main.ts";
import { Notices } from "./lib/cli/client/notices.ts";
import { stopOnSignals } from "./lib/cli/process/signals.ts";
import { Replays } from "./lib/cli/subscriber/replays.ts";
import { prepareSubscriber, SubscriberRun, timeOver } from "./lib/cli/subscriber/subscribe.ts";
import { planSubscriber, SUBSCRIBER } from "./lib/cli/subscriber/options.ts";
import { WorkerSubscriber } from "./lib/cli/subscriber/worker/subscribing.ts";
import { type ClientEvent, connectPublisher, connectSubscriber, type Publisher } from "./lib/client/mod.ts";

/** How long a goodbye may take. */
const DRAIN_TIMEOUT_MS = 10_000;

if (import.meta.main) {
  await runMain(SUBSCRIBER, async (options) => {
    const stop = stopOnSignals();
    const plan = planSubscriber(options);
    const notices = Notices.forOptions("subscriber", options);
    const habits = new MqttHabits("subscriber", (hint) => notices.notice(hint));
    [...options.topic, ...options["filter-out"]].forEach((pattern) => habits.look(pattern));
    const over = timeOver(options, stop);
    const job = await unlessStopped(Promise.race([prepareSubscriber(options), over]), stop);
    if (typeof job === "number") return job;
    if (job === undefined) {
      notices.failed("stopped before all of its commands were read: nothing was subscribed to");
      return 1;
    }
    const replays = new Replays();
    const onEvent = (event: ClientEvent): void => {
      notices.onEvent(event);
      replays.onEvent(event);
    };
    let answers: Publisher | undefined;
    if (plan.pubPort !== undefined) {
      const { localPort: _, ...connection } = plan.connection;
      const to = { ...connection, port: plan.pubPort };
      answers = await connected(connectPublisher({ ...to, signal: stop.signal }), {
        to,
        notices,
        stop,
        came: "nothing was subscribed to",
      });
      if (answers === undefined) return 1;
    }
    const connecting = connectSubscriber({ ...plan.connection, onEvent, signal: stop.signal });
    const subscriber = await connected(Promise.race([connecting, over]), {
      to: plan.connection,
      notices,
      stop,
      came: "nothing was subscribed to",
    });
    if (subscriber === undefined) return 1;
    if (typeof subscriber === "number") return subscriber;
    const run = new SubscriberRun({
      subscriber: options.ack === "exec" ? new WorkerSubscriber(subscriber, notices) : subscriber,
      options,
      plan,
      job,
      timeOver: over,
      answers,
      notices,
      habits,
      replays,
    });
    try {
      return await finish((stop) => run.work(stop), {
        client: run.closable(subscriber, stop),
        stop,
        notices,
        drainTimeout: DRAIN_TIMEOUT_MS,
        codeWhenStopped: () => run.codeWhenStopped(),
      });
    } finally {
      await run.drain(stop);
      // each answer was waited for, and what became of it is told
      await answers?.close({ timeout: 0 }).catch(() => {});
    }
  });
}
