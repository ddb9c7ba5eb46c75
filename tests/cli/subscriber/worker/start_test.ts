import { assertEquals, assertStrictEquals } from "@std/assert";
import { Notices } from "../../../../lib/cli/client/notices.ts";
import { readArguments } from "../../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../../lib/cli/options/values.ts";
import type { LeasedJob } from "../../../../lib/cli/subscriber/worker/job.ts";
import { Output } from "../../../../lib/cli/output/output.ts";
import { SUBSCRIBER, type SubscriberOptions } from "../../../../lib/cli/subscriber/options.ts";
import { windowOf, workerOf } from "../../../../lib/cli/subscriber/worker/start.ts";
import type { Worker } from "../../../../lib/cli/subscriber/worker/worker.ts";
import { until } from "../../../support/until.ts";
import { within } from "../../../support/within.ts";
import { Collected, Held, message } from "../../output/collected.ts";
import { standIn } from "../../stand_in.ts";

const WORKER = ["-t", "#jobs", "-G", "g", "--ack", "exec"];

function optionsOf(...words: readonly string[]): SubscriberOptions {
  const line = readArguments(SUBSCRIBER, words);
  if ("print" in line) throw new TypeError("asked to print");
  return readValues(SUBSCRIBER, [line.given]);
}

Deno.test("a worker holds what it can work on, unless it is told how much", () => {
  const window = (...words: readonly string[]): number | undefined =>
    windowOf(optionsOf(...WORKER, ...words, "--", "true"));
  assertEquals(window(), 1);
  assertEquals(window("--jobs", "4"), 4);
  assertEquals(window("--jobs", "4", "-C", "3"), 3);
  assertEquals(window("--jobs", "4", "--window", "9"), 9);
});

Deno.test("who is told to run a command is a worker, and nobody else", async () => {
  const asked: (readonly [what: string, pattern: string, options: object])[] = [];
  const counted: unknown[] = [];
  const printed = new Collected();
  const out = new Output(printed);
  const subscribing = {
    subscriber: {
      subscribe: (pattern: string, options: { readonly group: string }) =>
        Promise.resolve(void asked.push(["sub", pattern, options])),
      unsubscribe: (pattern: string, options: { readonly group: string }) =>
        Promise.resolve(void asked.push(["unsub", pattern, options])),
    },
    subscribed: {
      memberships: () => [{ pattern: "#jobs", group: "g" }],
      count: (...of: readonly unknown[]) => void counted.push(of),
    },
    out,
    notices: new Notices("subscriber", "quiet"),
  };
  assertStrictEquals(workerOf(optionsOf("-t", "#jobs"), subscribing), undefined);
  assertStrictEquals(workerOf(optionsOf("-t", "#jobs", "-G", "g"), subscribing), undefined);
  assertStrictEquals(workerOf(optionsOf(...WORKER), subscribing), undefined);
  assertStrictEquals(workerOf(optionsOf("-t", "#jobs", "--", "cat"), subscribing), undefined);
  const worker = workerOf(optionsOf(...WORKER, "-C", "1", "--", "cat"), subscribing)!;
  const settled: string[] = [];
  const note = (what: string) => () => Promise.resolve(void settled.push(what));
  async function* one(): AsyncGenerator<LeasedJob> {
    yield {
      ...message("#jobs", "one"),
      group: "g",
      seq: 1,
      attempt: 1,
      ackTimeout: undefined,
      maxAttempts: undefined,
      ack: note("ack 1"),
      nack: note("nack 1"),
      extend: note("extend 1"),
    };
    await new Promise(() => {});
  }
  await within("the end of its work", worker.work(one()));
  await out.flush();
  assertEquals([settled, printed.text, counted], [["ack 1"], "one\n", [["#jobs", "g"]]]);
  assertEquals(asked, [
    ["sub", "#jobs", { pattern: "#jobs", group: "g", window: 1 }],
    ["unsub", "#jobs", { group: "g" }],
  ]);
});

Deno.test("what failed comes again in a second, or when it is told to", async () => {
  const delayOf = async (...words: readonly string[]): Promise<unknown> => {
    const nacked = Promise.withResolvers<unknown>();
    const done = (): Promise<void> => Promise.resolve();
    const worker = workerOf(optionsOf(...WORKER, ...words, "--", "false"), {
      subscriber: { subscribe: done, unsubscribe: done },
      subscribed: { memberships: () => [], count: () => {} },
      out: new Output(new Collected()),
      notices: new Notices("subscriber", "quiet"),
    })!;
    async function* one(): AsyncGenerator<LeasedJob> {
      const nack = (options: unknown): Promise<void> => Promise.resolve(nacked.resolve(options));
      const own = { group: "g", seq: 1, attempt: 1, ackTimeout: undefined, maxAttempts: undefined };
      yield { ...message("#jobs", "x"), ...own, ack: done, nack, extend: done };
    }
    await worker.work(one());
    return await within("what is given back", nacked.promise);
  };
  assertEquals(await delayOf(), { delay: 1000 });
  assertEquals(await delayOf("--retry-delay", "2s"), { delay: 2000 });
});

/** A worker with these words, for one message; `ackTimeout`: as the broker says it. */
function workingOn(words: readonly string[], parts: {
  readonly out?: Output;
  readonly ackTimeout?: number | undefined;
  readonly unsubscribe?: () => Promise<void>;
}): { readonly worker: Worker; readonly jobs: AsyncGenerator<LeasedJob> } {
  const done = (): Promise<void> => Promise.resolve();
  const worker = workerOf(optionsOf(...WORKER, ...words), {
    subscriber: { subscribe: done, unsubscribe: parts.unsubscribe ?? done },
    subscribed: { memberships: () => [{ pattern: "#jobs", group: "g" }], count: () => {} },
    out: parts.out ?? new Output(new Collected()),
    notices: new Notices("subscriber", "quiet"),
  })!;
  const { ackTimeout } = parts;
  async function* one(): AsyncGenerator<LeasedJob> {
    const own = { group: "g", seq: 1, attempt: 1, ackTimeout, maxAttempts: undefined };
    yield { ...message("#jobs", "x"), ...own, ack: done, nack: done, extend: done };
  }
  return { worker, jobs: one() };
}

Deno.test("a message is prolonged in a third of its time, or after ten seconds where that is not said", async () => {
  for (const [ackTimeout, after] of [[undefined, 10_000], [30_000, 10_000], [9_000, 3_000]] as const) {
    const set: (number | undefined)[] = [];
    const { setInterval } = globalThis;
    using _interval = standIn(
      globalThis,
      "setInterval",
      ((call: () => void, ms?: number) => {
        set.push(ms);
        return setInterval(call, ms);
      }) as typeof globalThis.setInterval,
    );
    const { worker, jobs } = workingOn(["--", "true"], { ackTimeout });
    await within("the end of its work", worker.work(jobs));
    assertEquals(set, [after]);
  }
});

Deno.test("a command waits while nobody reads what it prints", async () => {
  const target = new Held();
  const out = new Output(target);
  const put = out.bytes.bind(out);
  let printed = 0;
  using _bytes = standIn(out, "bytes", (bytes) => {
    printed += bytes.length;
    put(bytes);
  });
  const { worker, jobs } = workingOn(["--", "head", "-c", "2000000", "/dev/zero"], { out });
  let over = false;
  const work = worker.work(jobs).then(() => over = true);
  await until("as much as it may print", () => printed >= 256 * 1024);
  // whoever did not wait would have printed all of it by now
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  assertEquals([over, worker.running, printed < 1_000_000], [false, 1, true]);
  target.taken.resolve();
  await within("the end of its work", work);
  await out.flush();
  assertEquals(target.bytes.length > 2_000_000, true);
});

Deno.test("a worker has left when it is a member of none of its groups any more", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { worker, jobs } = workingOn(["--", "true"], { unsubscribe: () => promise });
  const work = worker.work(jobs);
  let left = false;
  const leaving = worker.leave().then(() => left = true);
  await new Promise((done) => setTimeout(done));
  assertEquals(left, false);
  resolve();
  await within("the goodbye", leaving);
  await within("the end of its work", work);
});
