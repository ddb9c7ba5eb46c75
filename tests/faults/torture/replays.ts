/**
 * Judges each replay by itself: it brings what was stored when it was asked for, also what had come before, and
 * says where that is over.
 *
 * @module
 */
import { endOf, isOver, type JudgeOptions, unfinished } from "./covers.ts";
import { type Findings, nameOf } from "./findings.ts";
import { type Connection, type History, matches, type Message, type Subscription } from "./history.ts";

/** `got`: where each message came last. */
export function replays(history: History, { connection, got, options, wrong }: {
  readonly connection: Connection;
  readonly got: ReadonlyMap<Message, number>;
  readonly options: JudgeOptions;
  readonly wrong: Findings;
}): void {
  for (const subscription of unfinished(connection)) {
    const { pattern, from, to } = subscription;
    wrong.add(
      `never ${endOf(subscription)}`,
      `${pattern} from=${from}${to === undefined ? "" : ` to=${to}`}`,
    );
  }
  if (options.durable !== true || options.retained === true) return;
  connection.happened.forEach((event, at) => {
    if (event.is !== "subscribed" || !isOver(connection, event.subscription)) return;
    const { subscription } = event;
    for (const { topic, messages } of history.streams.values()) {
      if (!matches(subscription.pattern, topic)) continue;
      for (const message of messages) {
        if ((got.get(message) ?? -1) > at || !wants(subscription, message)) continue;
        wrong.add("not replayed", `${nameOf(message)}, ${subscription.pattern} from=${subscription.from}`);
      }
    }
  });
}

/** It was stored for certain when the replay was asked for, and is within its bounds for certain. */
function wants({ from, to, sentAt }: Subscription, { ackedAt = Infinity, ttl, seq }: Message): boolean {
  if (ackedAt >= sentAt || ttl !== undefined || (from !== "earliest" && !/^\d+$/.test(from ?? ""))) {
    return false;
  }
  const within = (bound: string, holds: (seq: number) => boolean): boolean =>
    /^\d+$/.test(bound) && seq !== undefined && holds(seq);
  if (to !== undefined && !within(to, (seq) => seq <= Number(to))) return false;
  return from === "earliest" || within(from ?? "", (seq) => seq >= Number(from));
}
