/** Requests through the real broker, and over a network that breaks. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { MemoryStore } from "../../../lib/broker/mod.ts";
import {
  connectSubscriber,
  type Message,
  type Publisher,
  RefusedError,
  RunError,
  type RunErrorCode,
} from "../../../lib/mod.ts";
import { freePort } from "../../support/ports.ts";
import { within } from "../../support/within.ts";
import { startGate } from "../gate.ts";
import { startAsking } from "./asking.ts";

/** Longer than any test may take: what needs it does not end. */
const NEVER_MS = 3_600_000;

/** Whether a request fails with that code, and what it says. */
async function failsWith(code: RunErrorCode, request: Promise<Message>): Promise<string> {
  const error = await within(code, assertRejects(() => request, RunError));
  assertEquals(error.code, code, error.message);
  return error.message;
}

/** Answers with the text in capitals. */
const inCapitals = (request: Message, publisher: Publisher): unknown =>
  publisher.respond(request, request.text.toUpperCase(), { headers: { trace: "7" }, key: "k" });

Deno.test("a request has its answer, with all that goes with either (R1)", async () => {
  await using asking = await startAsking();
  const requests: Message[] = [];
  await asking.member("#upper", (request, publisher) => {
    requests.push(request);
    return inCapitals(request, publisher);
  });
  const publisher = await asking.publisher();
  const answer = await publisher.request("upper", "hi", {
    headers: { lang: "en" },
    key: "a",
    timeout: 20_000,
  });
  assertEquals([answer.text, answer.headers.get("trace"), answer.key], ["HI", "7", "k"]);
  const [request] = requests;
  assertEquals([request?.headers.get("lang"), request?.key, request?.group], ["en", "a", "g"]);
  assertEquals(answer.topic, request?.reply);
  assert(/^#_reply\.[a-z0-9]{28}\.1$/.test(answer.topic), answer.topic);
  assert(request?.ttl !== undefined && request.ttl > 15 && request.ttl <= 20.001, `${request?.ttl}`);
  assertEquals((await publisher.request("upper", new Uint8Array([0x61]), { ttl: 7 })).text, "A");
  assertEquals(requests[1]?.ttl, 7);
});

Deno.test("bytes that change once they were given change nothing of what is asked", async () => {
  await using asking = await startAsking();
  await asking.member("#upper", inCapitals);
  const publisher = await asking.publisher();
  const bytes = new TextEncoder().encode("first");
  // its inbox is not there yet, so it waits
  const answer = publisher.request("#upper", bytes);
  bytes.fill(0x78);
  assertEquals((await answer).text, "FIRST");
});

Deno.test("thousands wait at a time, and each has its own answer, in whatever order they come", async () => {
  await using asking = await startAsking();
  const many = 3000;
  const held: Message[] = [];
  await asking.member("#later", (request, publisher) => {
    held.push(request);
    if (held.length < many) return;
    for (const each of held.reverse()) void publisher.respond(each, each.text);
  });
  const publisher = await asking.publisher();
  const asked = Array.from(
    { length: many },
    (_, n) => publisher.request("#later", `${n}`, { timeout: 60_000 }),
  );
  const answers = await Promise.all(asked);
  assertEquals(answers.map(({ text }) => Number(text)), asked.map((_, n) => n));
});

Deno.test("where nobody is there it is known at once, of a group without members, too (R3)", async () => {
  await using asking = await startAsking();
  const publisher = await asking.publisher();
  const ask = (): Promise<Message> => publisher.request("#upper", "hi", { timeout: NEVER_MS });
  assertEquals(await failsWith("NO_RESPONDER", ask()), 'nobody is there to answer at "#upper"');
  const member = await asking.member("#upper", inCapitals);
  assertEquals((await ask()).text, "HI");
  await member.close();
  await failsWith("NO_RESPONDER", ask());
});

Deno.test("an answer that is late, and a second one, are passed over", async () => {
  await using asking = await startAsking();
  const slow: Message[] = [];
  await asking.member("#a", async (request, publisher) => {
    if (request.text === "slow") {
      slow.push(request);
    } else {
      await publisher.respond(request, "first");
      await publisher.respond(request, "second");
    }
  });
  const publisher = await asking.publisher();
  await publisher.request("#a", "connects");
  assertEquals(
    await failsWith("TIMEOUT", publisher.request("#a", "slow", { timeout: 1000 })),
    'no answer from "#a" within 1 s',
  );
  const answers = await asking.publisher({ id: "late" });
  const { subs } = await answers.respond(slow[0]!, "late");
  assertEquals(subs, 1, "the requester is there, and waits for other answers");
  assertEquals((await publisher.request("#a", "one")).text, "first");
  assertEquals((await publisher.request("#a", "two")).text, "first");
});

Deno.test("an answer may say that there is none, and the request fails with its words (R1)", async () => {
  await using asking = await startAsking();
  await asking.member(
    "#div",
    (request, publisher) =>
      publisher.respond(request, "", { headers: { "reply-error": "no number:\n\u001b[1mx" } }),
  );
  const publisher = await asking.publisher();
  assertEquals(
    await failsWith("FAILED", publisher.request("#div", "1/x")),
    'who answers at "#div" could not do it: no number:\\n\\x1b[1mx',
  );
});

Deno.test("a signal gives a request up with its reason, whatever it waits for", async () => {
  await using asking = await startAsking();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  await asking.member("#a", () => resolve());
  const publisher = await asking.publisher();
  const abort = new AbortController();
  const { signal } = abort;
  const asked = Array.from({ length: 3 }, () => publisher.request("#a", "x", { signal, timeout: NEVER_MS }));
  await within("the request", came);
  abort.abort(new Error("not now"));
  for (const each of asked) await assertRejects(() => each, Error, "not now");
  await assertRejects(() => publisher.request("#a", "x", { signal }), Error, "not now");
});

Deno.test("closing fails what waits, and what comes after it", async () => {
  await using asking = await startAsking();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  await asking.member("#a", () => resolve());
  const publisher = await asking.publisher();
  const waits = publisher.request("#a", "x", { timeout: NEVER_MS });
  await within("the request", came);
  const closing = publisher.close();
  assertEquals(publisher.close(), closing, "the same promise");
  await failsWith("CLOSED", waits);
  await closing;
  assertEquals(await failsWith("CLOSED", publisher.request("#a")), "the publisher is closed");
});

Deno.test("closing does not wait for a connection for answers that is not there", async () => {
  await using asking = await startAsking();
  const publisher = await asking.publisher({ subPort: freePort(), connectTimeout: NEVER_MS });
  const waits = publisher.request("#a", "x", { timeout: NEVER_MS });
  await within("the end", publisher.close());
  await failsWith("CLOSED", waits);
});

Deno.test("where answers cannot come nothing is published, and it says where they would come from", async () => {
  await using asking = await startAsking();
  let came = 0;
  await asking.member("#a", () => came++);
  const port = freePort();
  const impatient = await asking.publisher({ subPort: port, connectTimeout: 0 });
  assertEquals(
    await failsWith("NO_BROKER", impatient.request("#a", "x")),
    `no broker at 127.0.0.1:${port} (connection refused): answers come from there, its port for subscribers`,
  );
  const patient = await asking.publisher({ subPort: port, connectTimeout: NEVER_MS });
  assertEquals(
    await failsWith("TIMEOUT", patient.request("#a", "x", { timeout: 1000 })),
    `the request to "#a" was not published: answers come from 127.0.0.1:${port}, and that was not reached ` +
      "within 1 s (connection refused)",
  );
  const wrong = await asking.publisher({ subPort: asking.pubPort });
  const refused = await assertRejects(() => wrong.request("#a", "x"), RefusedError);
  assertEquals(refused.code, "WRONG_PORT");
  await impatient.publish("#a", "the only one");
  assertEquals(came, 1);
});

Deno.test("a request that nobody acknowledges in time says what became of it", async () => {
  await using asking = await startAsking();
  await asking.member("#a", inCapitals);
  await using gate = startGate();
  gate.open(asking.pubPort);
  const publisher = await asking.publisher({ port: gate.port, connectTimeout: 100 });
  assertEquals((await publisher.request("#a", "x")).text, "X");
  gate.shut();
  const message = await failsWith("TIMEOUT", publisher.request("#a", "y", { timeout: 80 }));
  assert(/^the message to "#a" was not acknowledged within \d+ ms: it /.test(message), message);
});

Deno.test("while the connection for answers is lost requests wait for it, and what was asked before is told", async () => {
  await using asking = await startAsking();
  let silent = true;
  const { promise: came, resolve } = Promise.withResolvers<void>();
  await asking.member("#a", (request, publisher) => {
    resolve();
    return silent ? undefined : inCapitals(request, publisher);
  });
  await using gate = startGate();
  gate.open(asking.subPort);
  const publisher = await asking.publisher({ subPort: gate.port });
  const before = publisher.request("#a", "before", { timeout: 2000 });
  await within("the request", came);
  silent = false;
  gate.shut();
  assertEquals(
    await failsWith("TIMEOUT", before),
    'no answer from "#a" within 2 s: the connection that answers come over was lost meanwhile, ' +
      "and one may have been lost with it",
  );
  const during = publisher.request("#a", "during", { timeout: 60_000 });
  gate.open(asking.subPort);
  assertEquals((await during).text, "DURING");
  assertEquals((await publisher.request("#a", "after")).text, "AFTER");
});

Deno.test("one that does not reconnect makes the connection for answers anew with the next request", async () => {
  await using asking = await startAsking();
  let silent = true;
  const { promise: came, resolve } = Promise.withResolvers<void>();
  await asking.member("#a", (request, publisher) => {
    resolve();
    return silent ? undefined : inCapitals(request, publisher);
  });
  await using gate = startGate();
  gate.open(asking.subPort);
  const publisher = await asking.publisher({ subPort: gate.port, reconnect: false });
  const before = publisher.request("#a", "before", { timeout: NEVER_MS });
  await within("the request", came);
  silent = false;
  gate.shut();
  await failsWith("LOST", before);
  gate.open(asking.subPort);
  assertEquals((await publisher.request("#a", "after")).text, "AFTER");
});

Deno.test("a publisher that is lost for good fails what waits", async () => {
  await using asking = await startAsking();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  await asking.member("#a", () => resolve());
  await using gate = startGate();
  gate.open(asking.pubPort);
  const publisher = await asking.publisher({ port: gate.port, reconnect: false });
  const waits = publisher.request("#a", "x", { timeout: NEVER_MS });
  await within("the request", came);
  gate.shut();
  await failsWith("LOST", waits);
  await assertRejects(() => publisher.closed, RunError);
});

Deno.test("answers are never stored, requests to a durable topic are, and that is said where nobody answers (R2)", async () => {
  const store = new MemoryStore({ now: Date.now });
  await using asking = await startAsking({ store, durable: ["#>"] });
  const publisher = await asking.publisher();
  const said = await failsWith("NO_RESPONDER", publisher.request("#kept", "x", { timeout: NEVER_MS }));
  assertEquals(
    said,
    'nobody is there to answer at "#kept"; the topic is durable and keeps the request as its message 1',
  );
  const subscriber = await connectSubscriber({ id: "s1", port: asking.subPort });
  await subscriber.subscribe("#kept");
  const answered = publisher.request("#kept", "y");
  for await (const request of subscriber) {
    const receipt = await publisher.respond(request, "z");
    assertEquals([receipt.level, receipt.seq, receipt.subs], ["memory", undefined, 1]);
    break;
  }
  const answer = await answered;
  assertEquals([answer.text, answer.seq, answer.id], ["z", undefined, undefined]);
  await subscriber.close();
  assertEquals(asking.broker.snapshot().store?.batches, 2, "the two requests");
});

Deno.test("two publishers never have a topic for answers in common", async () => {
  await using asking = await startAsking();
  await asking.member("#a", inCapitals);
  const topics = [];
  for (const id of ["one", "two"]) topics.push((await (await asking.publisher({ id })).request("#a")).topic);
  assertNotEquals(topics[0], topics[1]);
});

Deno.test("what cannot be asked is refused before anything is connected", async () => {
  await using asking = await startAsking();
  const publisher = await asking.publisher({ subPort: freePort(), connectTimeout: NEVER_MS });
  // deno-lint-ignore no-explicit-any -- as a caller without a compiler
  const ask: any = publisher.request.bind(publisher);
  await assertRejects(() => ask(7), TypeError, "a topic is a string, the number 7 is not");
  await assertRejects(() => ask("#a", 7), TypeError, "a payload is text or bytes");
  await assertRejects(() => ask("#a", "", 7), TypeError, "the options of a request are an object");
  await assertRejects(() => ask("#a", "", { timeout: "5s" }), TypeError, "timeout is a number");
  await assertRejects(() => ask("#a", "", { signal: {} }), TypeError, "signal is an AbortSignal");
  await assertRejects(
    () => ask("#a", "", { timeout: 0 }),
    RefusedError,
    "timeout is milliseconds from 1 to 2147483647, 0 is not",
  );
  await assertRejects(
    () => publisher.respond({ topic: "#a", reply: undefined }, "x"),
    RefusedError,
    'the message to "#a" asks for no answer: it has no reply',
  );
});

Deno.test("a broker that speaks only the classic protocol has no requests", async () => {
  await using asking = await startAsking();
  const publisher = await asking.publisher({ protocol: "classic" });
  const refused = await assertRejects(() => publisher.request("#a", "x"), RefusedError);
  assertEquals(refused.code, "NEEDS_V2");
});
