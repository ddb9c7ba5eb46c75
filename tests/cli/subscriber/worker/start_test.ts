import { assertEquals, assertStrictEquals } from "@std/assert";
import { Notices } from "../../../../lib/cli/client/notices.ts";
import { readArguments } from "../../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../../lib/cli/options/values.ts";
import type { LeasedJob } from "../../../../lib/cli/subscriber/worker/job.ts";
import { Output } from "../../../../lib/cli/output/output.ts";
import { SUBSCRIBER, type SubscriberOptions } from "../../../../lib/cli/subscriber/options.ts";
import { windowOf, workerOf } from "../../../../lib/cli/subscriber/worker/start.ts";
import { within } from "../../../support/within.ts";
import { Collected, message } from "../../output/collected.ts";

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
  const asked: (readonly [what: string, pattern: string, options: { readonly group: string }])[] = [];
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
  for (const [, pattern, { group }] of asked) assertEquals([pattern, group], ["#jobs", "g"]);
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
