import { assert, assertEquals, assertRejects } from "@std/assert";
import { Answers, type Responding } from "../../../../lib/cli/subscriber/worker/answers.ts";
import type { Job } from "../../../../lib/cli/subscriber/worker/job.ts";
import { RefusedError, RunError } from "../../../../lib/errors.ts";
import { LARGEST_LIMITS, TIMER_MOST_MS } from "../../../../lib/limits.ts";

/** What was sent, as text: the reply topic, the payload and why there is none. */
type Sent = [string | undefined, string, string | undefined];

/** Answers that go to a publisher which does what `respond` does. */
function answering(respond: (times: number) => Promise<unknown> = () => Promise.resolve()): {
  answers: Answers;
  sent: Sent[];
  timeouts: (number | undefined)[];
  notices: string[];
} {
  const [sent, timeouts, notices] = [[] as Sent[], [] as (number | undefined)[], [] as string[]];
  const to: Responding = {
    respond: ({ reply }, payload = new Uint8Array(), { headers = {}, timeout } = {}) => {
      sent.push([reply, new TextDecoder().decode(payload), headers["reply-error"]]);
      timeouts.push(timeout);
      return respond(sent.length);
    },
  };
  return { answers: new Answers(to, { notice: (text) => notices.push(text) }), sent, timeouts, notices };
}

function job(more: Partial<Job> = {}): Job {
  return { topic: "#a", payload: new Uint8Array(), text: "", reply: "#r", ...more };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("an answer is what was printed, whatever becomes of the memory it was read into", async () => {
  const { answers, sent, timeouts } = answering();
  const answer = answers.to(job({ ttl: 2.5 }));
  const memory = bytes("one ");
  answer?.add(memory);
  memory.set(bytes("two\n"));
  answer?.add(memory);
  await answer?.send(undefined);
  await answers.to(job())?.send(undefined);
  await answers.to(job({ ttl: 10_000_000 }))?.send(undefined);
  assertEquals(sent, [["#r", "one two\n", undefined], ["#r", "", undefined], ["#r", "", undefined]]);
  assertEquals(timeouts, [2500, undefined, TIMER_MOST_MS], "nobody waits for it longer");
});

Deno.test("a message that asks for no answer has none", () => {
  assertEquals(answering().answers.to(job({ reply: undefined })), undefined);
});

Deno.test("that there is no answer is told, but for a message that comes again", async () => {
  const { answers, sent } = answering();
  const failed = answers.to(job());
  failed?.add(bytes("half of it"));
  await failed?.send("x ended with 1");
  const settle = (): Promise<void> => Promise.resolve();
  await answers.to(Object.assign(job({ seq: 1 }), { ack: settle, nack: settle, extend: settle }))?.send("no");
  assertEquals(sent, [["#r", "", "x ended with 1"]]);
});

Deno.test("an answer that is refused is told to who asked, and one that cannot leave to nobody", async () => {
  const refused = answering((times) =>
    times === 1 ? Promise.reject(new RefusedError("PAYLOAD_TOO_LARGE", "too large")) : Promise.resolve()
  );
  const answer = refused.answers.to(job());
  answer?.add(bytes("x"));
  await answer?.send(undefined);
  assertEquals(refused.sent, [["#r", "x", undefined], ["#r", "", "too large"]]);
  assertEquals(refused.notices, ["#a: its answer could not be sent: too large"]);
  const lost = answering(() => Promise.reject(new RunError("lost the broker", "LOST")));
  await lost.answers.to(job())?.send(undefined);
  assertEquals([lost.sent.length, lost.notices], [1, ["#a: its answer could not be sent: lost the broker"]]);
  const broken = answering(() => Promise.reject(new TypeError("a mistake")));
  await assertRejects(() => broken.answers.to(job())!.send(undefined), TypeError, "a mistake");
});

Deno.test("an answer has been sent when the broker has it, whatever is sent", async () => {
  const large = new Uint8Array(LARGEST_LIMITS.payload + 1);
  for (
    const [printed, why, sends] of [
      [bytes("x"), undefined, 2],
      [bytes("x"), "it failed", 1],
      [large, undefined, 1],
    ] as const
  ) {
    const log: string[] = [];
    const { answers } = answering(async (times) => {
      // behind all that was on its way when it was asked
      await new Promise((resolve) => setTimeout(resolve));
      log.push(`taken ${times}`);
      if (times === 1 && sends === 2) throw new RefusedError("PAYLOAD_TOO_LARGE", "too large");
    });
    const answer = answers.to(job());
    answer?.add(printed);
    await answer?.send(why);
    assertEquals(log.length, sends, `${why} ${printed.length}`);
  }
});

Deno.test("of an answer that no broker takes nothing is kept", async () => {
  const { answers, sent } = answering();
  const answer = answers.to(job());
  const piece = new Uint8Array(1024 * 1024);
  for (let at = 0; at <= LARGEST_LIMITS.payload; at += piece.length) answer?.add(piece);
  await answer?.send(undefined);
  assertEquals(sent.length, 1);
  assert(sent[0]?.[1] === "" && sent[0][2] === "the answer is larger than any broker takes");
});

Deno.test("an answer of just the bytes that a broker can be set to take is sent", async () => {
  let length = 0;
  const to: Responding = { respond: (_, payload) => Promise.resolve(length = payload!.length) };
  const answer = new Answers(to, { notice: () => {} }).to(job());
  answer?.add(new Uint8Array(1));
  answer?.add(new Uint8Array(LARGEST_LIMITS.payload - 1));
  await answer?.send(undefined);
  assertEquals(length, LARGEST_LIMITS.payload);
});
