/** When a sender waits for each answer by itself, and what it makes of what it hears. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Output } from "../../../lib/cli/output/output.ts";
import type { SenderContext } from "../../../lib/cli/publisher/sender.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { Collected, Held } from "../output/collected.ts";
import { bench, put } from "./sender_bench.ts";

const DENIED = new RefusedError("DENIED", "no");

Deno.test("each answer is waited for by itself only where somebody wants to see it, or it has a time limit", () => {
  const cases: [changes: Partial<SenderContext>, by: "send" | "publish"][] = [
    [{}, "send"],
    [{ options: { key: "k" } }, "send"],
    [{ json: true }, "publish"],
    [{ verbose: true }, "publish"],
    [{ acknowledged: () => {} }, "publish"],
    [{ options: { timeout: 5 } }, "publish"],
  ];
  for (const [changes, by] of cases) {
    const { sender, publisher } = bench(changes);
    publisher.keeps = true;
    put(sender, 1);
    assertEquals(publisher.given, [{ by, topic: "#a" }], Object.keys(changes).join());
  }
});

Deno.test("who asks for it is told the topic of each message that was acknowledged", async () => {
  const topics: string[] = [];
  const { sender, publisher } = bench({ acknowledged: (topic) => void topics.push(topic) });
  put(sender, 1);
  put(sender, 2);
  publisher.acknowledge(1);
  publisher.refuse(DENIED);
  await within("all answers", sender.settle());
  assertEquals([topics, sender.published, sender.refused], [["#a"], 1, 1]);
});

Deno.test("settling waits for all that are open, each time anew", async () => {
  const { sender, publisher } = bench({ verbose: true });
  await within("nothing", sender.settle());
  for (let times = 0; times < 2; times++) {
    put(sender, 1);
    put(sender, 2);
    let over = false;
    const settling = sender.settle().then(() => over = true);
    publisher.acknowledge(1);
    await settled();
    assertEquals(over, false);
    publisher.acknowledge(1);
    await within("all answers", settling);
  }
});

Deno.test("something is left where a message was refused, and where one was lost", async () => {
  for (const [error, refused] of [[DENIED, 1], [new RunError("closed", "CLOSED"), 0]] as const) {
    const { sender, publisher, told } = bench({ verbose: true });
    put(sender, 1);
    publisher.acknowledge(1);
    await within("all answers", sender.settle());
    assertEquals(sender.left, false);
    put(sender, 2);
    publisher.refuse(error);
    await within("all answers", sender.settle());
    assertEquals([sender.left, sender.published, sender.refused], [true, 1, refused]);
    assertEquals(
      told,
      refused === 1 ? ["publisher: stdin:2: no\n"] : [],
      "the publisher tells that it was lost",
    );
  }
});

Deno.test("what the publisher refuses to take is refused, and what else it throws is thrown", () => {
  const { sender, publisher, told } = bench();
  publisher.thrown = new RefusedError("TOO_LONG", "it is too long");
  put(sender, 3);
  put(sender, "x.cmd:4");
  put(sender, "");
  assertEquals(told, ["stdin:3: ", "x.cmd:4: ", ""].map((place) => `publisher: ${place}it is too long\n`));
  assertEquals([sender.refused, sender.published, sender.left], [3, 0, true]);
  publisher.thrown = new TypeError("a bug");
  assertThrows(() => put(sender, 4), TypeError, "a bug");
});

Deno.test("there is room unless the publisher is full, or who reads the answers is slow", async () => {
  const target = new Held();
  const out = new Output(target);
  const { sender, publisher } = bench({ out });
  assertEquals(sender.room(), undefined);
  out.bytes(new Uint8Array(256 * 1024 - 1));
  assertEquals(sender.room(), undefined);
  out.bytes(new Uint8Array(1));
  let room = false;
  const waiting = sender.room()?.then(() => room = true);
  await settled();
  assertEquals(room, false);
  target.taken.resolve();
  await within("room", waiting!);
  assertEquals(target.bytes.length, 256 * 1024);
  publisher.full = true;
  await within("the publisher", sender.room()!);
});

Deno.test("behind a refusal nothing more is sent, and who waits hears of it", async () => {
  const { sender, publisher } = bench({ keepGoing: false });
  publisher.keeps = true;
  const action = { verb: "pub", topic: "#b", message: "x" } as const;
  assertEquals(sender.send(action, "x.cmd:1"), undefined);
  publisher.refuse(DENIED);
  assertEquals(sender.failure?.message, "x.cmd:1: no");
  await assertRejects(() => within("the failure", sender.send(action, "x.cmd:2")!), RunError, "x.cmd:1: no");
  assertEquals(publisher.given.length, 1);
  publisher.refuse(new RefusedError("DENIED", "not that either"));
  assertEquals(sender.failure?.message, "x.cmd:1: no", "it is the first that is told");
});

Deno.test("what is waited for is given up at the first refusal, whenever that is", async () => {
  const { sender, publisher } = bench({ keepGoing: false });
  put(sender, 1);
  assertEquals(await sender.orFailed(Promise.resolve("in time")), "in time");
  const waiting = sender.orFailed(new Promise<string>(() => {}));
  publisher.refuse(DENIED);
  assertEquals(await within("the failure", waiting), undefined);
  assertEquals(await within("the failure", sender.orFailed(new Promise(() => {}))), undefined);
});

Deno.test("items come through as long as nothing is refused, and then it is the refusal that comes", async () => {
  const { sender, publisher } = bench({ keepGoing: false });
  const came: number[] = [];
  for await (const item of sender.whileGood(ReadableStream.from([1, 2]))) came.push(item);
  assertEquals(came, [1, 2]);
  put(sender, 7);
  const endless = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const next = sender.whileGood(endless).next();
  publisher.refuse(DENIED);
  await assertRejects(() => within("the refusal", next), RunError, "stdin:7: no");
});

Deno.test("a message that is typed is counted when it was acknowledged, printed, and told with -v", async () => {
  for (const json of [false, true]) {
    const printed = new Collected();
    const out = new Output(printed);
    const { sender, publisher, told } = bench({ json, out, verbose: json });
    const typed = sender.publish({ verb: "pub", topic: "#a", message: "ä" });
    if (json) assertEquals(sender.published, 0);
    publisher.acknowledge(1);
    await within("its answer", typed);
    await out.flush();
    assertEquals([sender.published, sender.refused, sender.left], [1, 0, false]);
    assertEquals(told, json ? ["publisher: #a: acknowledged, level memory, 0 subscribers\n"] : []);
    assertEquals(printed.text.endsWith("\n"), json);
    if (!json) continue;
    const { topic, payload, level } = JSON.parse(printed.text) as Record<string, unknown>;
    assertEquals([topic, payload, level], ["#a", "ä", "memory"]);
  }
});

Deno.test("a message that is typed and refused is in no sum, and is told as it was: its time being over, too", async () => {
  for (
    const [error, closing, name, left] of [
      [DENIED, false, "RefusedError", false],
      [new RunError("too late", "TIMEOUT"), false, "RefusedError", false],
      [new RunError("too late", "TIMEOUT"), true, "RunError", true],
      [new RunError("closed", "CLOSED"), false, "RunError", false],
      [new TypeError("a bug"), false, "TypeError", false],
    ] as const
  ) {
    const { sender, publisher } = bench({ closing: () => closing });
    const typed = sender.publish({ verb: "pub", topic: "#a", message: "x" });
    publisher.refuse(error);
    const thrown = await within("its answer", typed.catch((error) => error)) as Error;
    assertEquals([thrown.name, thrown.message], [name, error.message]);
    assertEquals([sender.published, sender.refused, sender.left], [0, 0, left]);
    assertEquals("code" in thrown ? thrown.code : undefined, "code" in error ? error.code : undefined);
  }
});

Deno.test("a message of json has what it says of itself, one of pub what the command line says of all", async () => {
  const { sender, publisher } = bench({ options: { key: "all", ttl: 5 } });
  publisher.keeps = true;
  sender.send({ verb: "pub", topic: "#a", message: "x" }, "");
  const open = { ttl: undefined, reply: undefined, delay: undefined, at: undefined };
  const message = { ...open, topic: "#b", payload: new Uint8Array(), headers: new Map(), key: "own" };
  sender.send({ verb: "json", topic: "#b", message }, "");
  void sender.publish({ verb: "json", topic: "#b", message }).catch(() => {});
  assertEquals(publisher.given, [
    { by: "send", topic: "#a", options: { key: "all", ttl: 5 } },
    { by: "send", topic: "#b", options: { key: "own", ttl: 5 } },
    { by: "publish", topic: "#b", options: { key: "own", ttl: 5 } },
  ]);
  await settled();
});

Deno.test("a message is stamped with when it is sent, beside the headers that it has", () => {
  const { sender, publisher } = bench({ stamp: "sent" });
  publisher.keeps = true;
  const headers = new Map([["a", "1"], ["sent", "never"]]);
  sender.put({ topic: "#a", payload: "x", options: { key: "k", headers }, place: 1 });
  sender.put({ topic: "#a", payload: "x", options: undefined, place: 2 });
  const [one, two] = publisher.given;
  assertEquals([one?.options?.key, one?.options?.headers?.get("a"), two?.options?.headers?.size], [
    "k",
    "1",
    1,
  ]);
  for (const { options } of [one!, two!]) {
    const sent = options?.headers?.get("sent") ?? "";
    assertEquals(
      [/^\d+\.\d{3}$/.test(sent), Math.abs(Number(sent) - Date.now()) < 60_000],
      [true, true],
      sent,
    );
  }
  assertEquals(headers.get("sent"), "never", "what it was given is not touched");
});
