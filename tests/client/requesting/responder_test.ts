/** Responders through the real broker. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Answer,
  connectResponder,
  type Publisher,
  RefusedError,
  type Responder,
  type ResponderOptions,
  RunError,
} from "../../../lib/mod.ts";
import { freePort } from "../../support/ports.ts";
import { RawClient } from "../../support/raw_client.ts";
import { upgrade } from "../../support/v2.ts";
import { within } from "../../support/within.ts";
import { startGate } from "../gate.ts";
import { type Asking, startAsking } from "./asking.ts";

/** A responder of that broker for `#a`. */
function respond(
  { pubPort, subPort }: Asking,
  answer: Answer,
  options: Partial<ResponderOptions> = {},
): Promise<Responder> {
  return connectResponder({ id: "r1", pattern: "#a", pubPort, subPort, ...options }, answer);
}

/** The texts of the answers to so many requests that are made at a time. */
async function ask(publisher: Publisher, texts: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(texts.map((text) => publisher.request("#a", text, { timeout: 20_000 })));
  return answers.map(({ text }) => text);
}

Deno.test("a responder answers with text, bytes or nothing, at once or later", async () => {
  await using asking = await startAsking();
  await using _responder = await respond(asking, ({ text }) => {
    if (text === "text") return "answer";
    if (text === "bytes") return new Uint8Array([0x61]);
    return text === "later" ? Promise.resolve("done") : undefined;
  });
  const publisher = await asking.publisher();
  assertEquals(await ask(publisher, ["text", "bytes", "later", "nothing"]), ["answer", "a", "done", ""]);
});

Deno.test("what the function throws is told to who asked and to onError, and the next request is answered", async () => {
  await using asking = await startAsking();
  const errors: unknown[] = [];
  await using _responder = await respond(asking, ({ text }) => {
    if (text === "1") throw new RangeError("no such\norder");
    if (text === "2") return Promise.reject("plain");
    // deno-lint-ignore no-explicit-any -- as a caller without a compiler
    if (text === "3") return 7 as any;
    return text;
  }, {
    jobs: 1,
    onError: (error, { text }) => errors.push([text, error instanceof Error ? error.name : error]),
  });
  const publisher = await asking.publisher();
  const failed = async (text: string, says: string): Promise<void> => {
    const error = await assertRejects(() => publisher.request("#a", text), RunError, says);
    assertEquals(error.code, "FAILED");
  };
  await failed("1", 'who answers at "#a" could not do it: no such\\norder');
  await failed("2", "could not do it: plain");
  await failed("3", "could not do it: a payload is text or bytes");
  assertEquals(await ask(publisher, ["4"]), ["4"]);
  assertEquals(errors, [["1", "RangeError"], ["2", "plain"], ["3", "TypeError"]]);
});

Deno.test("an answer that the broker refuses is told to who asked, and one to a bad topic to onError alone", async () => {
  await using asking = await startAsking({ limits: { payload: 1000 } });
  const errors: string[] = [];
  const onError = (error: unknown): unknown => errors.push(error instanceof RefusedError ? error.code : "?");
  await using _responder = await respond(asking, () => "x".repeat(2000), { onError });
  const publisher = await asking.publisher();
  const error = await assertRejects(() => publisher.request("#a", "x"), RunError, "PAYLOAD_TOO_LARGE");
  assertEquals([error.code, errors], ["FAILED", ["PAYLOAD_TOO_LARGE"]]);
  using raw = await upgrade(await RawClient.connect(asking.pubPort));
  await raw.send("pub #a 1 reply=#b.>\ny\n");
  await within(
    "the error",
    (async () => {
      while (errors.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    })(),
  );
  assertEquals(errors.slice(1), ["BAD_TOPIC", "BAD_TOPIC"]);
});

Deno.test("a message that asks for no answer is handed to the function, and has none", async () => {
  await using asking = await startAsking();
  const came: string[] = [];
  const errors: unknown[] = [];
  await using _responder = await respond(asking, ({ text }) => {
    came.push(text);
    return "unheard";
  }, { onError: (error) => errors.push(error) });
  const publisher = await asking.publisher();
  await publisher.publish("#a", "plain");
  await ask(publisher, ["asks"]);
  assertEquals([came, errors], [["plain", "asks"], []]);
});

Deno.test("a responder works on as many requests at a time as it may, and the next ones wait", async () => {
  await using asking = await startAsking();
  let [working, most] = [0, 0];
  const waiting: (() => void)[] = [];
  await using _responder = await respond(asking, async ({ text }) => {
    most = Math.max(most, ++working);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 3) { for (const each of waiting.splice(0)) each(); }
    });
    working--;
    return text;
  }, { jobs: 3 });
  const publisher = await asking.publisher();
  const texts = Array.from({ length: 9 }, (_, n) => `${n}`);
  assertEquals(await ask(publisher, texts), texts);
  assertEquals(most, 3);
});

Deno.test("responders of one group share the requests; those of another group answer, too", async () => {
  await using asking = await startAsking();
  const counts = { one: 0, two: 0, other: 0 };
  const counting = (name: keyof typeof counts): Answer => ({ text }) => {
    counts[name]++;
    return text;
  };
  await using one = await respond(asking, counting("one"));
  await using _two = await respond(asking, counting("two"));
  await using _other = await respond(asking, counting("other"), { group: "other" });
  const publisher = await asking.publisher();
  for (let n = 0; n < 10; n++) await ask(publisher, [`${n}`]);
  assertEquals(counts.one + counts.two, 10);
  assert(counts.one > 0 && counts.two > 0);
  await one.close();
  await ask(publisher, ["again"]);
  await within(
    "the other group",
    (async () => {
      while (counts.other < 11) await new Promise((resolve) => setTimeout(resolve, 5));
    })(),
  );
});

Deno.test("a responder that is closed answers what it was given, and no request is lost by it", async () => {
  await using asking = await startAsking();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  const responder = await respond(asking, async ({ text }) => {
    if (text === "7") resolve();
    await new Promise((done) => setTimeout(done, 20));
    return text;
  }, { jobs: 4 });
  const publisher = await asking.publisher();
  const texts = Array.from({ length: 8 }, (_, n) => `${n}`);
  const asked = ask(publisher, texts);
  await within("the last request", came);
  const closing = responder.close();
  assertEquals(responder.close(), closing);
  await closing;
  await responder.closed;
  assertEquals(await asked, texts);
  const nobody = await assertRejects(() => publisher.request("#a", "x"), RunError);
  assertEquals(nobody.code, "NO_RESPONDER");
});

Deno.test("a responder that is closed with a time waits no longer than that for what is being worked on", async () => {
  await using asking = await startAsking();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  const { promise: finish, resolve: finishes } = Promise.withResolvers<string>();
  const responder = await respond(asking, () => {
    resolve();
    return finish;
  }, { onError: (error) => errors.push(error instanceof RunError ? error.code : error) });
  const publisher = await asking.publisher();
  const asked = publisher.request("#a", "x", { timeout: 2000 });
  await within("the request", came);
  await within("the end", responder.close({ timeout: 20 }));
  await responder.closed;
  finishes("late");
  const late = await assertRejects(() => asked, RunError);
  assertEquals(late.code, "TIMEOUT");
  assertEquals(errors, ["CLOSED"]);
});

Deno.test("a responder that has lost one of its connections for good ends, and says so", async () => {
  await using asking = await startAsking();
  for (const lost of ["subPort", "pubPort"] as const) {
    await using gate = startGate();
    gate.open(asking[lost]);
    const responder = await respond(asking, () => "x", { [lost]: gate.port, reconnect: false });
    gate.shut();
    const error = await within(lost, assertRejects(() => responder.closed, RunError));
    assertEquals(error.code, "LOST");
    await responder.close();
  }
});

Deno.test("a responder that cannot begin leaves nothing behind", async () => {
  await using asking = await startAsking();
  const none = { connectTimeout: 0 };
  for (const port of ["subPort", "pubPort"] as const) {
    await assertRejects(
      () => respond(asking, () => "x", { [port]: freePort(), ...none }),
      RunError,
      "no broker",
    );
  }
  await assertRejects(
    () => respond(asking, () => "x", { pattern: "#a.>.b" }),
    RefusedError,
    '">" stands for',
  );
  await assertRejects(
    () => respond(asking, () => "x", { group: "a.b" }),
    RefusedError,
    "the name of a group",
  );
  await assertRejects(
    () => respond(asking, () => "x", { jobs: 0 }),
    RefusedError,
    "jobs is a whole number from 1 to 65536, 0 is not",
  );
  // deno-lint-ignore no-explicit-any -- as a caller without a compiler
  const jobs = "many" as any;
  await assertRejects(() => respond(asking, () => "x", { jobs }), RefusedError, '"many" is not');
  // deno-lint-ignore no-explicit-any -- as a caller without a compiler
  const answer = "x" as any;
  await assertRejects(() => respond(asking, answer), TypeError, "what answers is a function");
});
