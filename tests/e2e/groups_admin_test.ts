/** Groups, looked after from the command line: with the broker running, and without. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { run } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";

/** A folder with a store, and a broker in it that is started and stopped. */
class Data implements AsyncDisposable {
  readonly dir: string;
  broker: RunningBroker | undefined;
  readonly #args: readonly string[];

  constructor(...args: readonly string[]) {
    this.#args = args;
    this.dir = Deno.makeTempDirSync();
  }

  async start(): Promise<RunningBroker> {
    return this.broker = await startBroker(["--data", this.dir, ...this.#args]);
  }

  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.broker?.stop(signal);
    this.broker = undefined;
  }

  /** What the broker's program says and prints, asked for something about this store. */
  ask(
    ...words: string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    return run("broker", ["--data", this.dir, ...words]);
  }

  async groups(): Promise<Record<string, unknown>[]> {
    const { stdout } = await this.ask("--groups", "--json");
    return stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  }

  /** Waits until its groups have settled all. */
  async settled(): Promise<void> {
    while ((await this.groups()).some(({ lag }) => lag !== 0)) await new Promise((go) => setTimeout(go, 20));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** A group of that name and pattern which has settled so many of the ten messages of #jobs. */
async function work(
  broker: RunningBroker,
  { name, pattern = "#jobs", settled }: {
    readonly name: string;
    readonly pattern?: string;
    readonly settled: number;
  },
): Promise<void> {
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  const options = { group: name, ack: "explicit", from: "earliest", window: Math.max(1, settled) } as const;
  const jobs = await subscriber.subscribe(pattern, options);
  let left = settled;
  if (left === 0) return;
  for await (const message of jobs) {
    await message.ack();
    if (--left === 0) break;
  }
}

async function publish(broker: RunningBroker): Promise<void> {
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  await Promise.all(Array.from({ length: 10 }, (_, n) => publisher.publish("#jobs", `${n}`)));
}

const SHOWN = ["name", "pattern", "lag", "members", "outstanding"] as const;

function shown(groups: readonly Record<string, unknown>[]): unknown[][] {
  return groups.map((group) => SHOWN.map((name) => group[name]));
}

Deno.test("--groups tells what the broker that runs there knows, and without one what is stored", async () => {
  await using data = new Data();
  const broker = await data.start();
  await publish(broker);
  await work(broker, { name: "g", settled: 4 });
  await using member = await connectSubscriber({ id: "s2", port: broker.subPort });
  const jobs = await member.subscribe("#jobs", { group: "g", ack: "explicit", window: 2 });
  for await (const _held of jobs) break;
  assertEquals(shown(await data.groups()), [["g", "#jobs", 6, 1, 2]]);
  const { code, stdout, stderr } = await data.ask("--groups");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^NAME .*\ng +#jobs +6 +2 +1 +explicit +\d+s\n$/);
  await member.close();
  await data.stop();
  assertEquals(shown(await data.groups()), [["g", "#jobs", 6, 0, 0]]);
});

for (const running of [true, false]) {
  const when = running ? "while a broker runs" : "without a broker";
  Deno.test(`--reset-group lets a group begin elsewhere, --delete-group forgets it, ${when}`, async () => {
    await using data = new Data();
    const broker = await data.start();
    await publish(broker);
    await work(broker, { name: "g", settled: 10 });
    await work(broker, { name: "g", pattern: "#>", settled: 0 });
    if (!running) await data.stop();
    const several = await data.ask("--delete-group", "g");
    assertEquals([several.code, several.stdout], [1, ""]);
    assertEquals(several.stderr, 'broker: several groups have the name "g": say which, "g#>", "g#jobs"\n');
    const reset = await data.ask("--reset-group", "g#jobs", "--from", "8");
    assertEquals([reset.code, reset.stdout, reset.stderr], [0, 'group "g" of "#jobs" begins anew\n', ""]);
    assertEquals(shown(await data.groups()), [["g", "#>", 10, 0, 0], ["g", "#jobs", 3, 0, 0]]);
    const gone = await data.ask("--delete-group", "g#>");
    assertEquals([gone.code, gone.stdout, gone.stderr], [0, 'group "g" of "#>" is deleted\n', ""]);
    assertEquals((await data.ask("--reset-group", "g", "--from", "now")).code, 0);
    assertEquals(shown(await data.groups()), [["g", "#jobs", 0, 0, 0]]);
  });
}

Deno.test("a broker that was killed leaves a socket behind, which is in nobody's way", async () => {
  await using data = new Data();
  await work(await data.start(), { name: "g", settled: 0 });
  await data.stop("SIGKILL");
  assert((await Deno.stat(`${data.dir}/hashbus.sock`)).isSocket);
  assertEquals((await data.groups()).length, 1);
  await data.start();
  assertEquals((await data.groups()).length, 1);
  assertEquals(((await Deno.stat(`${data.dir}/hashbus.sock`)).mode ?? 0) & 0o777, 0o600);
  await data.stop();
  assertEquals([...Deno.readDirSync(data.dir)].filter(({ name }) => name.endsWith(".sock")), []);
});

Deno.test("a folder whose path is too long for a socket has a broker all the same, and its log says so", async () => {
  await using data = new Data();
  const dir = `${data.dir}/${"x".repeat(120)}`;
  await Deno.mkdir(dir);
  await using broker = await startBroker(["--data", dir]);
  await broker.line(/WARN .*--groups, .*cannot reach this broker while it runs/);
  const { code, stderr } = await run("broker", ["--data", dir, "--groups"]);
  assertEquals(code, 1);
  assertMatch(stderr, /process \d+/);
});

Deno.test("what is asked of groups and cannot be is one line, and nothing has changed", async () => {
  await using data = new Data();
  const none = await data.ask("--groups");
  assertEquals([none.code, none.stdout], [1, ""]);
  assertMatch(none.stderr, /^broker: there is no store in .*: name the directory that --data has\n$/);
  const cases: [string[], RegExp][] = [
    [["--reset-group", "g"], /--reset-group needs --from POS/],
    [
      ["--reset-group", "g", "--from", "-10"],
      /begins at one place, and not at the last of each topic, "-10"/,
    ],
    [["--reset-group", "g", "--from", "soon"], /--from takes now, earliest, .* not "soon"/],
    [["--from", "now"], /--from says where --reset-group lets a group begin/],
    [["--json"], /--json is for --groups/],
    [["--delete-group", "a.b"], /--delete-group: the name of a group has no/],
    [["--delete-group", "g#"], /--delete-group: /],
    [["--groups", "--delete-group", "g"], /--groups and --delete-group do not go together/],
  ];
  for (const [words, says] of cases) {
    const { code, stdout, stderr } = await data.ask(...words);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertMatch(stderr, says);
    assertMatch(stderr, /^broker: [^\n]*\n$/);
  }
  await data.start();
  const unknown = await data.ask("--delete-group", "g");
  assertEquals(unknown.stderr, 'broker: there is no group "g": --groups lists those there are\n');
  assertEquals((await data.ask("--groups")).stdout, "no groups\n");
});

Deno.test("a group is reset to no place that is still to come, and stays as it is", async () => {
  await using data = new Data();
  const broker = await data.start();
  await publish(broker);
  await work(broker, { name: "g", settled: 4 });
  const reset = (from: string) => data.ask("--reset-group", "g", "--from", from);
  assertEquals(await reset("1763900000"), {
    code: 1,
    stdout: "",
    stderr:
      'broker: the group stays as it is: there is no message 1763900000 of "#jobs": the last one there ' +
      "is 10 (Unix seconds are written @1763900000)\n",
  });
  const time = await reset("2999-01-01");
  assertEquals([time.code, time.stdout], [2, ""]);
  assertMatch(time.stderr, /^broker: --from: 2999-01-01 .* lies in the future, [^\n]*\n$/);
  assertEquals(shown(await data.groups()), [["g", "#jobs", 6, 0, 0]]);
});

for (const running of [true, false]) {
  const when = running ? "while a broker runs" : "without a broker";
  Deno.test(`--redrive publishes dead letters again, each once, with all they had, ${when}`, async () => {
    await using data = new Data("--max-attempts", "1");
    const broker = await data.start();
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
    const headers = { lang: "en%" };
    for (const n of [0, 1, 2]) {
      await publisher.publish(`#jobs.${n % 2}`, `${n}\n`, { headers, key: "k", reply: "#r" });
    }
    {
      await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
      const terms = { group: "g", ack: "explicit", from: "earliest" } as const;
      let left = 3;
      for await (const message of await subscriber.subscribe("#jobs.*", terms)) {
        await message.nack();
        if (--left === 0) break;
      }
      await data.settled();
    }
    await publisher.close();
    if (!running) await data.stop();
    const other = await data.ask("--redrive", "other");
    assertEquals([other.code, other.stderr], [
      1,
      'broker: there is no group "other": --groups lists those there are\n',
    ]);
    const redriven = await data.ask("--redrive", "g");
    assertEquals(redriven, { code: 0, stdout: '3 dead letters of group "g" redriven\n', stderr: "" });
    const again = await data.ask("--redrive", "g");
    assertEquals(again.stdout, '0 dead letters of group "g" redriven\n');
    const { subPort } = data.broker ?? await data.start();
    await using reader = await connectSubscriber({ id: "s2", port: subPort });
    const came: unknown[] = [];
    for await (const message of await reader.subscribe("#jobs.*", { group: "g", ack: "explicit" })) {
      const { topic, text, key, reply } = message;
      came.push([topic, text, key, reply, Object.fromEntries(message.headers)]);
      if (came.length === 3) break;
    }
    const expected = [0, 2, 1].map((n) => [`#jobs.${n % 2}`, `${n}\n`, "k", "#r", headers]);
    assertEquals(came.toSorted(), expected.toSorted());
  });
}

Deno.test("a thousand dead letters are redriven", async () => {
  await using data = new Data("--max-attempts", "1");
  const broker = await data.start();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const filler = "x".repeat(1000);
  await Promise.all(Array.from({ length: 1000 }, (_, n) => publisher.publish("#jobs", `${n} ${filler}`)));
  {
    await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
    const terms = { group: "g", ack: "explicit", from: "earliest", window: 1000 } as const;
    const given: Promise<void>[] = [];
    for await (const message of await subscriber.subscribe("#jobs", terms)) {
      if (given.push(message.nack()) === 1000) break;
    }
    await Promise.all(given);
    await data.settled();
  }
  assertEquals((await data.ask("--redrive", "g")).stdout, '1,000 dead letters of group "g" redriven\n');
  assertEquals((await data.groups()).find(({ name }) => name === "g")?.lag, 1000);
});
