/** Subscriber programs that run a command for each message. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher } from "../../lib/mod.ts";
import { Program } from "../../scripts/program.ts";
import { run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { processGone } from "../support/process_gone.ts";
import { Place } from "./place.ts";

/** A worker of the group `workers` of #jobs, which runs a shell script. */
function worker(broker: RunningBroker, script: string, more: readonly string[] = []): Promise<Program> {
  const args = ["-G", "workers", "--ack", "exec", ...more, "--", "sh", "-c", script];
  return startSubscribed(broker, { pattern: "#jobs", args });
}

/** Publishes these, each with the options. */
async function publish(broker: RunningBroker, texts: readonly string[]): Promise<void> {
  await using client = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (const text of texts) {
    await client.publish("#jobs", text, { key: "k", headers: { "content-type": "text/plain" } });
  }
}

const lines = (program: Program): string[] => program.stdout.split("\n").slice(0, -1);

Deno.test("a command has the payload on stdin and the rest in its environment, and what it prints passes", async () => {
  await using broker = await startBroker();
  const script = 'echo "$(cat) $HASHBUS_TOPIC $HASHBUS_GROUP $HASHBUS_ATTEMPT $HASHBUS_KEY' +
    ' $HASHBUS_H_CONTENT_TYPE ${HASHBUS_SEQ-none}"; echo "as it is" >&2';
  await using one = start("subscriber", [
    ...subscriberOf(broker),
    "-v",
    ...["-t", "jobs", "-G", "workers", "--ack", "exec", "--", "sh", "-c", script],
  ], { env: { HASHBUS_SEQ: "of an outer worker", HASHBUS_H_LANG: "of its" } });
  await one.see(/subscribed/, { on: "stderr" });
  await publish(broker, ["two words"]);
  await one.see(/\n/);
  await one.line(/^#jobs: as it is$/);
  assertEquals(one.stdout, "two words #jobs workers 1 k text/plain none\n");
});

Deno.test("workers share the messages of a topic in memory, each is run once", async () => {
  await using broker = await startBroker();
  await using one = await worker(broker, "cat; echo", ["--jobs", "2"]);
  await using two = await worker(broker, "cat; echo");
  const texts = Array.from({ length: 40 }, (_, n) => `${n}`);
  await publish(broker, texts);
  while (lines(one).length + lines(two).length < texts.length) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals([...lines(one), ...lines(two)].toSorted(), texts.toSorted());
  assert(lines(one).length > 0 && lines(two).length > 0);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} lets run what runs, and ends with 0 behind it`, async () => {
    await using broker = await startBroker();
    await using one = await worker(broker, "echo begun; sleep 3; echo done");
    await publish(broker, ["a"]);
    await one.see(/begun/);
    one.kill(signal);
    const { code } = await one.ended;
    assertEquals([code, one.stdout], [0, "begun\ndone\n"]);
    assertMatch(one.stderr, /^subscriber: waiting for 1 command to end \(Ctrl-C again kills\)$/m);
  });
}

Deno.test("a second signal kills the commands with all they have started, and says so", async () => {
  await using broker = await startBroker();
  await using one = await worker(broker, "sleep 60 & echo $$ $!; wait");
  await publish(broker, ["a"]);
  const [, ...pids] = await one.see(/^(\d+) (\d+)$/m);
  one.kill("SIGTERM");
  await one.see(/waiting for 1 command/, { on: "stderr" });
  one.kill("SIGTERM");
  assertEquals((await one.ended).code, 143);
  assertMatch(one.stderr, /^subscriber: 1 command killed before the end$/m);
  for (const pid of pids) await processGone(Number(pid));
});

Deno.test("-C ends behind so many commands, and one that was stopped before is 1", async () => {
  await using broker = await startBroker();
  await using one = await worker(broker, "cat; echo", ["-C", "2"]);
  await publish(broker, ["a", "b"]);
  assertEquals((await one.ended).code, 0);
  assertEquals(one.stdout, "a\nb\n");
  await using two = await worker(broker, "cat; echo", ["-C", "2"]);
  await publish(broker, ["c"]);
  await two.see(/c\n/);
  two.kill("SIGTERM");
  assertEquals((await two.ended).code, 1);
  assertMatch(two.stderr, /stopped before -C 2 was reached: 1 message came$/m);
});

Deno.test("whoever reads the output may go away: what runs is done, and nothing more taken", async () => {
  await using broker = await startBroker();
  using place = new Place();
  const file = place.file("done", "\n");
  const words = [
    "-t",
    "jobs",
    "-G",
    "w",
    "--ack",
    "exec",
    "--",
    "sh",
    "-c",
    `echo x; echo y; echo z >>${file}`,
  ];
  const program = new URL("../../subscriber.ts", import.meta.url).pathname;
  const line = [Deno.execPath(), "run", "-A", "--quiet", program, ...subscriberOf(broker), "-v", ...words];
  const quoted = line.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");

  await using piped = Program.start(["bash", "-c", `${quoted} | head -n 1; echo "\${PIPESTATUS[0]}"`]);
  await piped.see(/subscribed/, { on: "stderr" });
  await publish(broker, ["a", "b", "c"]);
  await piped.succeeded();
  assertEquals(piped.stdout, "x\n0\n");
  assert((await Deno.readTextFile(file)).startsWith("\nz\n"));
});

Deno.test("a payload of a megabyte, and a command that does not read it", async () => {
  await using broker = await startBroker(["--max-payload", "2MiB"]);
  await using one = await worker(broker, "case $HASHBUS_KEY in k) wc -c;; esac", ["-C", "1"]);
  const payload = "x".repeat(1_000_000);
  await publish(broker, [payload]);
  assertEquals((await one.ended).code, 0);
  assertEquals(one.stdout.trim(), "1000000");
  await using two = await worker(broker, "echo unread", ["-C", "2"]);
  await publish(broker, [payload, payload]);
  assertEquals((await two.ended).code, 0);
  assertEquals(two.stdout, "unread\nunread\n");
});

Deno.test("who may not start a command is told so before a message is taken", async () => {
  const program = new URL("../../subscriber.ts", import.meta.url).pathname;
  const rights = ["--no-prompt", "--allow-net", "--allow-env", "--allow-read"];
  const words = ["-i", "s1", "-p", "1", "-t", "a", "-G", "g", "--ack", "exec", "--", "true"];
  await using ended = Program.start([Deno.execPath(), "run", "--quiet", ...rights, program, ...words]);
  assertEquals((await ended.ended).code, 2);
  assertMatch(
    ended.stderr,
    /^subscriber: cannot run "true": .* not given the permission \(run it with -A\)\n$/,
  );
});

Deno.test("what a worker cannot have is 2 and one line, before anything is connected", async () => {
  using place = new Place();
  const script = place.file("script", "#\n");
  const all = ["-t", "a", "-G", "g", "--ack", "exec"];
  const cases: [string[], RegExp][] = [
    [all, /--ack exec needs the command .*: subscriber -t TOPIC -G NAME --ack exec -- COMMAND$/m],
    [[...all, "--"], /-- needs COMMAND \[ARG \.\.\.\] behind it/],
    [["-t", "a", "--ack", "exec", "--", "true"], /--ack exec is for a member of a group: give -G NAME, too/],
    [["-t", "a", "-G", "g", "--", "cat", "a b"], /-- cat 'a b' is run for each message with --ack exec/],
    [["-t", "a", "-G", "g", "--jobs", "2"], /--jobs is for --ack exec/],
    [["-t", "a", "-G", "g", "--retry-delay", "2s"], /--retry-delay is for --ack exec/],
    [[...all, "--jobs", "0", "--", "true"], /--jobs takes a whole number from 1 to 1024, not "0"/],
    [
      [...all, "-J", "--record", "x", "--", "true"],
      /prints what the command prints.*: leave -J and --record out/,
    ],
    [[...all, "-T", "b", "--", "true"], /leave -T out/],
    [[...all, "--", "no-such-command"], /cannot run "no-such-command": no folder of PATH has/],
    [[...all, "--", script], /cannot run ".*script": it is not executable \(chmod \+x\)/],
    [[...all, "./resize", "x y"], /"\.\/resize": to run it for each message, write -- \.\/resize 'x y'$/m],
  ];
  for (const [args, says] of cases) {
    const ended = await run("subscriber", ["-i", "s1", "-p", "1", ...args]);
    assertEquals([ended.code, ended.stdout], [2, ""], args.join(" "));
    assertMatch(ended.stderr, says);
    assertMatch(ended.stderr, /^subscriber: [^\n]*\n$/);
  }
});
