import { assertEquals } from "@std/assert";
import { isLeased, type Job, nameOf } from "../../../../lib/cli/subscriber/worker/job.ts";
import { message } from "../../output/collected.ts";

Deno.test("what has a number and can be acknowledged is leased; in memory, or settled when it was sent, it is not", () => {
  const ack = (): Promise<void> => Promise.resolve();
  const jobs: readonly Job[] = [
    message("#a", "in memory"),
    { ...message("#a", "in memory, of a library that says so only when it is asked"), ack } as Job,
    { ...message("#a", "settled"), seq: 1 },
    { ...message("#a", "leased"), seq: 1, ack } as Job,
  ];
  assertEquals(jobs.map(isLeased), [false, false, false, true]);
});

Deno.test("a message is called by its topic and its number, if it has one", () => {
  assertEquals(nameOf(message("#a", "x")), "#a");
  assertEquals(nameOf({ ...message("#a\x1b", "x"), seq: 12 }), "#a\\x1b 12");
});
