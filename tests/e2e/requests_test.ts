/** Requests from the shell: publisher --request, beside responders of the library. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  connectPublisher,
  connectResponder,
  connectSubscriber,
  type Message,
  type Responder,
} from "../../lib/mod.ts";
import { type Ended, publisherOf, run, start, startSubscribed } from "../cli/run_program.ts";
import type { Program } from "../../scripts/program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";
import { Place } from "./place.ts";

/** The words that ask at #upper. */
function asking(broker: RunningBroker, args: readonly string[]): string[] {
  return [...publisherOf(broker), "--sub-port", `${broker.subPort}`, "-t", "upper", "--request", ...args];
}

function ask(broker: RunningBroker, args: readonly string[], stdin?: string): Promise<Ended> {
  return run("publisher", asking(broker, args), stdin === undefined ? {} : { stdin });
}

/** Answers in capitals; to `bad` that it cannot, to `never` not at all. */
async function respond(
  broker: RunningBroker,
  seen: (request: Message) => void = () => {},
): Promise<Responder> {
  const { subPort, pubPort } = broker;
  return await connectResponder({ id: "r1", pattern: "#upper", subPort, pubPort, jobs: 1000 }, (request) => {
    seen(request);
    if (request.text === "bad") throw new Error("no such word");
    return request.text === "never" ? new Promise<string>(() => {}) : request.text.toUpperCase();
  });
}

Deno.test("--request prints the answer of one payload, however it is given, and ends with 0", async () => {
  await using broker = await startBroker();
  const seen: Message[] = [];
  await using _responder = await respond(broker, (request) => seen.push(request));
  using place = new Place();
  assertEquals(await ask(broker, ["-m", "hi", "--header", "lang=en", "-k", "a", "--timeout", "20s"]), {
    code: 0,
    stdout: "HI\n",
    stderr: "",
  });
  assertEquals([seen[0]?.headers.get("lang"), seen[0]?.key], ["en", "a"]);
  assert(seen[0]?.ttl !== undefined && seen[0].ttl > 5, "nobody waits longer than --timeout");
  assertEquals((await ask(broker, ["-s"], "two\nlines")).stdout, "TWO\nLINES\n");
  assertEquals((await ask(broker, ["--payload-file", place.file("p", "file")])).stdout, "FILE\n");
  const json = await ask(broker, ["-n", "--json", "-v"]);
  const { topic, payload } = JSON.parse(json.stdout);
  assertEquals([payload, topic.startsWith("#_reply.")], ["", true]);
  assertMatch(json.stderr, /^publisher: 1 answer, 0 failed$/m);
});

Deno.test("--request ends with 3 at once where nobody is there, and with 27 when no answer comes in time (R3)", async () => {
  await using broker = await startBroker();
  assertEquals(await ask(broker, ["-m", "hi", "--timeout", "1h"]), {
    code: 3,
    stdout: "",
    stderr: 'publisher: nobody is there to answer at "#upper"\n',
  });
  await using _looksOn = await startSubscribed(broker, { pattern: "#>" });
  const late = await ask(broker, ["-m", "hi", "--timeout", "300ms"]);
  assertEquals([late.code, late.stdout], [27, ""]);
  // on a busy machine that may be before it was published
  assertMatch(late.stderr, /^publisher: (no answer from "#upper"|the \w+ to "#upper" was not )[^\n]*\n$/);
});

Deno.test("--request -l prints an answer a line, in the order of the lines, each as soon as it is there", async () => {
  await using broker = await startBroker();
  await using _responder = await respond(broker);
  await using program = start("publisher", asking(broker, ["-l"]), { stdin: "open" });
  await program.write("one\n");
  await program.see(/^ONE$/m);
  const numbers = Array.from({ length: 1000 }, (_, n) => `x${n}`);
  await program.write(numbers.map((line) => `${line}\n`).join(""));
  await program.end();
  await program.succeeded();
  assertEquals(program.stdout.split("\n"), ["ONE", ...numbers.map((line) => line.toUpperCase()), ""]);
});

Deno.test("a request that fails ends --request -l behind the answers before it; --keep-going goes on", async () => {
  await using broker = await startBroker();
  await using _responder = await respond(broker);
  const failed = 'publisher: stdin:2: who answers at "#upper" could not do it: no such word\n';
  const lines = "one\nbad\nthree\n";
  assertEquals(await ask(broker, ["-l"], lines), { code: 1, stdout: "ONE\n", stderr: failed });
  assertEquals(await ask(broker, ["-l", "--keep-going"], lines), {
    code: 1,
    stdout: "ONE\nTHREE\n",
    stderr: failed,
  });
  const keyed = await run("publisher", asking(broker, ["-l", "-K", ":"]), {
    stdin: new Uint8Array([0x61, 0x3a, 0x62, 0x0a, 0xff, 0x3a, 0x62, 0x0a]),
  });
  assertEquals([keyed.code, keyed.stdout], [2, "B\n"]);
  assertEquals(keyed.stderr, "publisher: stdin:2: the key is not UTF-8\n");
});

Deno.test("--reply answers with what the command prints, and tells who asked that it failed", async () => {
  await using broker = await startBroker();
  const worker = (pattern: string, command: readonly string[]): Promise<Program> => {
    const args = ["-G", "g", "--ack", "exec", "--reply", "--pub-port", `${broker.pubPort}`, "--", ...command];
    return startSubscribed(broker, { pattern, args });
  };
  await using upper = await worker("#upper", ["tr", "a-z", "A-Z"]);
  assertEquals(await ask(broker, ["-m", "hi"]), { code: 0, stdout: "HI\n", stderr: "" });
  assertEquals((await ask(broker, ["-l"], "one\ntwo\n")).stdout, "ONE\nTWO\n");
  assertEquals((await ask(broker, ["-s"], "one\ntwo\n")).stdout, "ONE\nTWO\n", "no line end is added to one");
  await run("publisher", [...publisherOf(broker), "-t", "upper", "-m", "asks nothing"]);
  await upper.see(/^ASKS NOTHING$/m);
  assertEquals(upper.stdout, "ASKS NOTHING\n", "answers are not printed");
  upper.kill("SIGTERM");
  assertEquals((await upper.ended).code, 0);
  await using _fails = await worker("#upper", ["sh", "-c", "exit 3"]);
  const failed = await ask(broker, ["-m", "hi"]);
  assertEquals([failed.code, failed.stdout], [1, ""]);
  assertEquals(failed.stderr, 'publisher: who answers at "#upper" could not do it: sh ended with 3\n');
});

Deno.test("--reply in a durable topic answers when it is done, at whichever attempt", async () => {
  await using broker = await startDurable();
  using place = new Place();
  const tried = place.file("tried", "");
  const command = ["sh", "-c", `cat; test -s ${tried} || { echo x > ${tried}; exit 1; }`];
  const args = [
    "-G",
    "g",
    "--ack",
    "exec",
    "--reply",
    "--pub-port",
    `${broker.pubPort}`,
    "--retry-delay",
    "0",
  ];
  await using worker = await startSubscribed(broker, {
    pattern: "#upper",
    args: [...args, "--", ...command],
  });
  assertEquals(await ask(broker, ["-m", "hi", "--timeout", "20s"]), { code: 0, stdout: "hi\n", stderr: "" });
  assertMatch(worker.stderr, /#upper 1: sh ended with 1 at attempt 1, it comes again at once/);
});

Deno.test("what does not go together with --reply is 2 and one line, before anything is connected", async () => {
  const exec = ["-t", "a", "-G", "g", "--ack", "exec", "--reply"];
  const cases: [string[], RegExp][] = [
    [["-t", "a", "--reply"], /--reply is for --ack exec, which runs a command for each message/],
    [[...exec, "-p", "1", "--", "cat"], /--reply needs --pub-port: the broker's port for subscribers is 1, /],
  ];
  for (const [args, says] of cases) {
    const ended = await run("subscriber", ["-i", "s1", ...args]);
    assertEquals([ended.code, ended.stdout], [2, ""], args.join(" "));
    assertMatch(ended.stderr, says);
    assertMatch(ended.stderr, /^subscriber: [^\n]*\n$/);
  }
});

Deno.test("--request that is stopped before its answer ends with 1, and says how many it had", async () => {
  await using broker = await startBroker();
  const { promise: came, resolve } = Promise.withResolvers<void>();
  const responder = await respond(broker, ({ text }) => {
    if (text === "never") resolve();
  });
  await using program = start("publisher", asking(broker, ["-l", "--timeout", "1h"]), { stdin: "open" });
  await program.write("one\nnever\n");
  await came;
  await program.see(/^ONE$/m);
  program.kill("SIGTERM");
  assertEquals((await program.ended).code, 1);
  assertEquals(program.stderr, "publisher: stopped after 1 answer\n");
  await responder.close({ timeout: 0 });
});

Deno.test("with --data and nothing else answers are not stored (R2)", async () => {
  await using broker = await startDurable();
  const nobody = await ask(broker, ["-m", "hi"]);
  assertEquals(nobody.code, 3);
  assertMatch(nobody.stderr, /; the topic is durable and keeps the request as its message 1\n$/);
  await using looksOn = await startSubscribed(broker, { pattern: "#>", args: ["-F", "%t [%s]"] });
  await using answers = await connectSubscriber({ id: "s1", port: broker.subPort });
  await using publisher = await connectPublisher({ id: "p2", port: broker.pubPort });
  await answers.subscribe("#upper");
  const asked = ask(broker, ["-m", "x"]);
  for await (const request of answers) {
    await publisher.respond(request, "X");
    break;
  }
  assertEquals(await asked, { code: 0, stdout: "X\n", stderr: "" });
  await looksOn.see(/^#_reply\.[a-z0-9]+\.1 \[\]$/m);
  assertMatch(looksOn.stdout, /^#upper \[2\]$/m);
});

Deno.test("what does not go together with --request is 2 and one line, before anything is connected", async () => {
  const cases: [string[], RegExp][] = [
    [[], /--request asks at one topic: take it with one -t, and -m, -l, -s, -n or --payload-file/],
    [["-t", "a", "-t", "b", "-m", "x"], /--request asks at one topic/],
    [["-t", "a", "--json-in"], /--request asks at one topic/],
    [["-t", "a", "-m", "x", "--reply", "b"], /--reply does not go together with --request: leave it out/],
    [["-t", "a", "-m", "x", "--repeat", "2"], /--repeat does not go together with --request/],
    [["-t", "a", "-m", "x", "--rate", "2"], /--rate does not go together with --request/],
    [["-t", "a", "-m", "x", "--stamp"], /--stamp does not go together with --request/],
    [["-t", "a", "-m", "x", "--min-subs", "2"], /--min-subs does not go together with --request/],
    [["-t", "a", "-m", "x", "--protocol", "classic"], /--request needs protocol 2/],
    [
      ["-t", "a", "-m", "x", "-p", "1"],
      /--request needs --sub-port: the broker's port for publishers is 1, /,
    ],
    [["-t", "a", "-m", "x", "--sub-port", "0"], /--sub-port takes a port from 1 to 65535, not "0"/],
  ];
  for (const [args, says] of cases) {
    const ended = await run("publisher", ["-i", "p1", "--request", ...args]);
    assertEquals([ended.code, ended.stdout], [2, ""], args.join(" "));
    assertMatch(ended.stderr, says);
    assertMatch(ended.stderr, /^publisher: [^\n]*\n$/);
  }
});

Deno.test("a saved connection says where answers come from", async () => {
  await using broker = await startBroker();
  await using _responder = await respond(broker);
  const url = `hashbus://127.0.0.1:${broker.pubPort}?sub-port=${broker.subPort}`;
  const args = ["-t", "upper", "--request", "-m", "hi"];
  const ended = await run("publisher", args, { env: { HASHBUS_URL: url } });
  assertEquals([ended.code, ended.stdout], [0, "HI\n"], ended.stderr);
});
