/** How a subscriber ends before it has what it was to wait for, and when nobody reads what it prints. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { endOf, publisherOf, run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { acceptHello, startScriptedBroker } from "../client/scripted_broker.ts";
import { startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";

Deno.test("stopped before -C N messages came it ends with 1 and says how many did", async () => {
  await using broker = await startBroker();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["-C", "3"] });
    await run("publisher", [...publisherOf(broker), "-t", "a", "-m", "x"]);
    await subscriber.see(/^#a x$/m);
    subscriber.kill(signal);
    assertEquals((await subscriber.ended).code, 1);
    assertMatch(subscriber.stderr, /^subscriber: stopped before -C 3 was reached: 1 message came$/m);
  }
});

Deno.test("stopped before --to it ends with 1, and with 0 where it waited for nothing", async () => {
  await using broker = await startDurable();
  await run("publisher", [...publisherOf(broker), "-t", "a", "-m", "x"]);
  const args = [...subscriberOf(broker), "-t", "a", "--from", "1"];
  await using short = start("subscriber", [...args, "--to", "3"]);
  await using live = start("subscriber", args);
  for (const subscriber of [short, live]) {
    await subscriber.see(/^#a x$/m);
    subscriber.kill("SIGINT");
  }
  assertEquals(await endOf(short), {
    code: 1,
    stdout: "#a x\n",
    stderr: "subscriber: stopped before --to was reached: 1 message came\n",
  });
  assertEquals(await endOf(live), { code: 0, stdout: "#a x\n", stderr: "" });
});

Deno.test("stopped before its -t is acknowledged it ends with 1, not as one that has listened", async () => {
  const asked = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    if (await conn.line() === "sub #a") asked.resolve();
    await conn.line();
  });
  await using subscriber = start("subscriber", ["-i", "s1", "-p", `${broker.port}`, "-t", "a"]);
  await asked.promise;
  subscriber.kill("SIGTERM");
  assertEquals(await endOf(subscriber), {
    code: 1,
    stdout: "",
    stderr: "subscriber: stopped before everything was subscribed: 0 messages came\n",
  });
});

Deno.test("a recording that cannot be written, or an output, is one line and 1", async () => {
  await using broker = await startDurable();
  await run("publisher", [...publisherOf(broker), "-t", "a", "-m", "x"]);
  const args = [...subscriberOf(broker), "-t", "a", "-e"];
  assertEquals(await run("subscriber", [...args, "--record", "/dev/full"]), {
    code: 1,
    stdout: "#a x\n",
    stderr: 'subscriber: cannot write the recording "/dev/full": no space left on device\n',
  });
  const full = await run("subscriber", args, { under: ["sh", "-c", 'exec "$@" > /dev/full', "sh"] });
  assertEquals([full.code, full.stderr], [
    1,
    "subscriber: cannot write to stdout: no space left on device\n",
  ]);
});

Deno.test("a reader that never reads does not keep it: after a stop it says so and ends, or at once if told twice", async () => {
  await using broker = await startBroker();
  const folder = await Deno.makeTempDir();
  try {
    const pipes = [`${folder}/one`, `${folder}/two`];
    for (const pipe of pipes) await new Deno.Command("mkfifo", { args: [pipe] }).output();
    // open at both ends, read at none
    const open = pipes.map((pipe) => Deno.openSync(pipe, { read: true, write: true }));
    const subscribers = pipes.map((pipe) =>
      start("subscriber", [...subscriberOf(broker), "-v", "-t", "a"], {
        under: ["sh", "-c", 'to=$1; shift; exec "$@" > "$to"', "sh", pipe],
      })
    );
    const [patient, impatient] = subscribers as [typeof subscribers[0], typeof subscribers[0]];
    for (const subscriber of subscribers) await subscriber.see(/subscribed to/, { on: "stderr" });
    const args = ["-t", "a", "-m", "x".repeat(1000), "--repeat", "3000"];
    assertEquals((await run("publisher", [...publisherOf(broker), ...args])).code, 0);
    for (const subscriber of subscribers) subscriber.kill("SIGINT");
    for (const subscriber of subscribers) {
      await subscriber.see(/waiting for who reads the output \(Ctrl-C ends at once\)/, { on: "stderr" });
    }
    impatient.kill("SIGINT");
    assertEquals((await impatient.ended).code, 130);
    assertEquals((await patient.ended).code, 1);
    assertMatch(patient.stderr, /^subscriber: nobody read the output for 5 s after the stop.*$/m);
    for (const pipe of open) pipe.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a reader that went away loses nothing of the recording", async () => {
  await using broker = await startDurable();
  const lines = Array.from({ length: 3000 }, (_, at) => `${at} ${"x".repeat(100)}\n`);
  await run("publisher", [...publisherOf(broker), "-t", "a", "-l"], { stdin: lines.join("") });
  const file = await Deno.makeTempFile();
  try {
    const args = [...subscriberOf(broker), "-t", "a", "-e", "--record", file];
    const piped = start("subscriber", args, { under: ["sh", "-c", '"$@" | head -n 1', "sh"] });
    assertMatch((await endOf(piped)).stdout, /^#a 0 x+\n$/);
    const recorded = await Deno.readTextFile(file);
    assert(recorded.endsWith("x\n"), "its last line is whole");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("-W also ends it while its commands are still being read, or nobody opens the other end of a recording", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    const to = ["-i", "s1", "-p", "1", "-W", "500ms"];
    await using reading = start("subscriber", [...to, "-f", "-"], { stdin: "open" });
    await using opening = start("subscriber", [...to, "-t", "a", "--record", `${folder}/pipe`]);
    for (const subscriber of [reading, opening]) {
      assertEquals(await endOf(subscriber), { code: 27, stdout: "", stderr: "" });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a broker that does not answer does not keep it, in whichever phase it is stopped", async () => {
  await using broker = await startBroker();
  await using subscribed = await startSubscribed(broker, { pattern: "#a" });
  broker.kill("SIGSTOP");
  await using connecting = start("subscriber", [...subscriberOf(broker), "-t", "a", "-C", "1"]);
  await using deaf = silentListener();
  await using greeting = start("subscriber", ["-i", "s1", "-p", `${deaf.port}`, "-t", "a", "-C", "1"]);
  for (const subscriber of [connecting, greeting]) {
    await subscriber.see(/did not answer hello within/, { on: "stderr" });
  }
  const stopped = performance.now();
  for (const subscriber of [subscribed, connecting, greeting]) subscriber.kill("SIGINT");
  assertEquals((await subscribed.ended).code, 0);
  for (const subscriber of [connecting, greeting]) assertEquals((await subscriber.ended).code, 1);
  assert(performance.now() - stopped < 10_000, "it ended by itself");
  broker.kill("SIGCONT");
});

/** Somebody who takes a connection and says nothing, as `nc -lk` does. */
function silentListener(): AsyncDisposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) connections.push(connection);
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.close();
      listener.close();
      await accepting.catch(() => {});
    },
  };
}
