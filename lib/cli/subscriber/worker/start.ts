/**
 * A worker out of the subscriber's options.
 *
 * @module
 */
import type { Notices } from "../../client/notices.ts";
import type { Output } from "../../output/output.ts";
import { windowFor } from "../group_terms.ts";
import { Answers, type Responding } from "./answers.ts";
import type { WorkerOptions } from "./options.ts";
import { Worker } from "./worker.ts";

const RETRY_DELAY_MS = 1000;
/** Where the broker does not say how long it waits for who does not acknowledge. */
const EXTEND_AFTER_MS = 10_000;

/** What a worker has of the subscriber it is one of. */
export interface Subscribing {
  readonly subscriber: {
    subscribe(
      pattern: string,
      options: { readonly group: string; readonly window: number },
    ): Promise<unknown>;
    unsubscribe(pattern: string, options: { readonly group: string }): Promise<void>;
  };
  readonly subscribed: {
    memberships(): Iterable<{ readonly pattern: string; readonly group: string }>;
    count(topic: string, group?: string): void;
  };
  readonly out: Output;
  readonly notices: Notices;
  /** With `--reply`: where answers go. */
  readonly answers?: Responding | undefined;
}

/** Commands that run at a time. */
function jobsOf({ jobs = 1 }: WorkerOptions): number {
  return jobs;
}

/** The window where none is given: a worker holds what it can work on, so that the others get the rest. */
export function windowOf(
  options: WorkerOptions & { readonly count: number | undefined },
): number | undefined {
  if (options.ack !== "exec") return windowFor(options);
  if (options.window !== undefined) return options.window;
  return Math.min(jobsOf(options), options.count ?? Infinity);
}

/** Undefined where the options ask for none. */
export function workerOf(
  options: WorkerOptions & { readonly count: number | undefined },
  { subscriber, subscribed, out, notices, answers }: Subscribing,
): Worker | undefined {
  const { ack, command, count } = options;
  if (ack !== "exec" || command === undefined) return undefined;
  const groups = (): { readonly pattern: string; readonly group: string }[] => [...subscribed.memberships()];
  return new Worker({
    command,
    jobs: jobsOf(options),
    count,
    retryDelay: options["retry-delay"] ?? RETRY_DELAY_MS,
    // two of them may be lost or late
    extendAfter: ({ ackTimeout }) => ackTimeout === undefined ? EXTEND_AFTER_MS : ackTimeout / 3,
    membership: {
      hold: () => all(groups(), (asked) => subscriber.subscribe(asked.pattern, { ...asked, window: 1 })),
      leave: () => all(groups(), ({ pattern, group }) => subscriber.unsubscribe(pattern, { group })),
    },
    onTaken: ({ topic, group }) => subscribed.count(topic, group),
    print: (line) => out.bytes(line),
    // that nothing can be written any more is told by `failed`, and the command runs to its end
    printed: () => out.full ? out.flush().catch(() => {}) : undefined,
    notices,
    answers: answers === undefined ? undefined : new Answers(answers, notices),
  });
}

async function all<T>(items: readonly T[], ask: (item: T) => Promise<unknown>): Promise<void> {
  await Promise.all(items.map(ask));
}
