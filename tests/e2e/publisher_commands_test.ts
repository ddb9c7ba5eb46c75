/** Commands that the publisher sends ahead of their answers, from a pipe and from a file. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { publisherOf, run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { freePort } from "../support/ports.ts";
import { Place } from "./place.ts";

/** So many commands. */
function commandsOf(total: number): string {
  return Array.from({ length: total }, (_, n) => `pub #n message ${n}\n`).join("");
}

Deno.test("100,000 commands arrive in their order, from a pipe as from a file, and --json tells them in it", async () => {
  const total = 100_000;
  await using broker = await startBroker();
  using place = new Place();
  const file = place.file("many.cmd", commandsOf(total));
  const expected = Array.from({ length: total }, (_, n) => `message ${n}`).join("\n");
  for (const [args, stdin] of [[[], commandsOf(total)], [["-f", file], ""]] as const) {
    const counted = ["-t", "n", "-C", `${total}`, "-F", "%p"];
    const subscriber = start("subscriber", [...subscriberOf(broker), "-v", ...counted]);
    await subscriber.see(/subscribed to/, { on: "stderr" });
    const ended = await run("publisher", [...publisherOf(broker), ...args, "--json"], { stdin });
    assertEquals([ended.code, ended.stderr], [0, ""]);
    const told = ended.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).payload).join("\n");
    assert(told === expected, "every command was told, in order");
    assertEquals((await subscriber.ended).code, 0);
    assert(subscriber.stdout === `${expected}\n`, "every message, in order");
  }
});

Deno.test("commands without waits are taken from a pipe although the broker answers none of them yet", async () => {
  await using broker = await startBroker();
  await using publisher = start("publisher", [...publisherOf(broker), "-v"], { stdin: "open" });
  await publisher.see(/connected to/, { on: "stderr" });
  broker.kill("SIGSTOP");
  try {
    // more than a pipe holds: the last of it can be written when nearly all of it has been read
    await publisher.write(commandsOf(20_000));
    await publisher.end();
  } finally {
    broker.kill("SIGCONT");
  }
  assertEquals((await publisher.ended).code, 0);
  assertStringIncludes(publisher.stderr, "publisher: 20000 published, 0 refused\n");
});

Deno.test("a line that comes alone is sent at once", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#n" });
  await using publisher = start("publisher", publisherOf(broker), { stdin: "open" });
  for (const text of ["one", "two", "three"]) {
    await publisher.write(`pub #n ${text}\n`);
    await subscriber.see(new RegExp(`^#n ${text}$`, "m"));
  }
  await publisher.end();
  assertEquals((await publisher.ended).code, 0);
});

Deno.test("commands that are refused are told with their line, and --keep-going publishes the rest", async () => {
  await using broker = await startBroker(["--max-topic", "16"]);
  await using subscriber = await startSubscribed(broker, { pattern: "#n" });
  const long = `#${"long".repeat(10)}`;
  const stdin = `pub #n 1\n\n# a comment\npub ${long} 2\npub #n 3\nnonsense\npub ${long} 4\npub #n 5\n`;
  const refused = (line: number): string =>
    `publisher: stdin:${line}: the broker refused to publish to "${long}" (BAD_TOPIC): ` +
    "a topic has at most 16 bytes, this one has 41";
  for (const extra of [[], ["--json"]]) {
    const args = [...publisherOf(broker), "--keep-going", ...extra];
    const going = await run("publisher", args, { stdin });
    assertEquals(going.code, 1);
    assertEquals(
      going.stderr.trimEnd().split("\n").filter((line) => line.startsWith("publisher: stdin:")).sort(),
      [
        refused(4),
        'publisher: stdin:6: unknown command "nonsense", expected pub, json, quit',
        refused(7),
      ],
    );
    await subscriber.see(/(#n 5\n[^]*){1}/);
  }
  // without it the first that went wrong is told, and it is not the line behind it
  const stopped = await run("publisher", publisherOf(broker), { stdin });
  assertEquals([stopped.code, stopped.stderr], [1, `${refused(4)}\n`]);
});

Deno.test("a bad line in a pipe ends with 2, and what stands before it is published", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#n" });
  const { code, stderr } = await run("publisher", publisherOf(broker), {
    stdin: "pub #n 1\nnonsense\npub #n 2\n",
  });
  assertEquals(code, 2);
  assertMatch(stderr, /^publisher: stdin:2: unknown command "nonsense"[^\n]*\n$/);
  await subscriber.see(/^#n 1$/m);
});

Deno.test("a recording with headers, key, ttl, reply and bytes that are no text plays back as it was", async () => {
  await using broker = await startBroker();
  using place = new Place();
  await using subscriber = await startSubscribed(broker, { pattern: "#>", args: ["-J"] });
  const objects = [
    {
      topic: "#a",
      payload: "two\nlines",
      headers: { lang: "en", trace: "a b" },
      key: "k 1",
      ttl: 60,
      reply: "#r",
    },
    { topic: "#b", payload_base64: "/wAK" },
    { topic: "#a", payload: "plain" },
  ];
  const file = place.file(
    "recording.cmd",
    objects.map((object, n) =>
      `${n / 10} json ${JSON.stringify({ time: "2026-01-31T09:00:00Z", id: "x", ...object })}\n`
    )
      .join(""),
  );
  const played = await run("publisher", [...publisherOf(broker), "-f", file, "--speed", "10"]);
  assertEquals(played, { code: 0, stdout: "", stderr: "" });
  await subscriber.see(/plain/);
  const came = subscriber.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(came.map(({ time: _, ...rest }) => rest), objects);
});

Deno.test("a delay and a time to live that no message may have are told before anything is connected", async () => {
  using place = new Place();
  const port = ["-p", `${freePort()}`];
  const lines = [
    '{"topic":"a","payload":"x","delay":1}',
    '{"topic":"a","payload":"x","delay":40000000}',
    '{"topic":"a","payload":"x","ttl":0.0001}',
  ];
  const file = place.file("later.cmd", lines.map((line) => `json ${line}\n`).join(""));
  const ended = await run("publisher", [...port, "-f", file]);
  assertEquals([ended.code, ended.stderr], [
    2,
    `publisher: ${file}:2: "delay" is seconds from 0 to 31536000, not 40000000\n` +
    `publisher: ${file}:3: "ttl" is seconds from 0.001 to 999999999, not 0.0001\n`,
  ]);
  const counted = place.file("counted.cmd", `json ${lines[0]}\n`);
  const refused = await run("publisher", [...port, "-f", counted, "--min-subs", "1"]);
  const says = '--min-subs counts who gets a message now, and with "delay" nobody does yet';
  assertEquals([refused.code, refused.stderr], [2, `publisher: ${counted}:1: ${says}\n`]);
  await using broker = await startBroker();
  const piped = await run("publisher", [...publisherOf(broker), "--min-subs", "1"], {
    stdin: `json ${lines[0]}\n`,
  });
  assertEquals([piped.code, piped.stderr], [1, `publisher: stdin:1: ${says}\n`]);
});
