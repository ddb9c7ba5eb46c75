/** Options and commands around what is stored: positions, retention by pattern, the price of an fsync. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { publisherOf, run, subscriberOf } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { broker, lines, Place, SERVE } from "./place.ts";

Deno.test("a subscriber's unreadable position is told before anything is connected", async () => {
  using place = new Place();
  const file = place.file("s.cmd", "sub a from=earliest\nsub b from=soon\n2 sub c to=never slow=x\n");
  const nobody = ["-i", "s1", "-p", "1"];
  const command = await run("subscriber", [...nobody, "-f", file]);
  assertEquals(command.code, 2);
  const [first = "", second = "", ...more] = command.stderr.trimEnd().split("\n");
  assertStringIncludes(first, `${file}:2: from= takes now, earliest, latest, a sequence number`);
  assertStringIncludes(second, `${file}:3: to= takes a sequence number`);
  assertEquals(more, []);
  const flag = await run("subscriber", [...nobody, "-t", "a", "--from", "soon"]);
  assertEquals(flag.code, 2);
  assertMatch(flag.stderr, /^subscriber: --from takes now, .* not "soon"; see subscriber --help\n$/);
});

Deno.test("each sub of a command file has its own place in the past", async () => {
  using place = new Place();
  await using live = await startBroker(["--data", place.data]);
  await run("publisher", publisherOf(live), {
    stdin: "pub a 1\npub a 2\npub a 3\npub b 1\npub c 1\npub c 2\n",
  });
  const file = place.file("s.cmd", "sub a from=2\nsub b\nsub c to=1 slow=block\n");
  const ended = await run("subscriber", [...subscriberOf(live), "-f", file, "-C", "3"]);
  assertEquals([ended.code, ended.stderr], [0, ""]);
  assertEquals(ended.stdout.trimEnd().split("\n").sort(), ["#a 2", "#a 3", "#c 1"]);
  const all = await run("subscriber", [...subscriberOf(live), "-f", file, "-e"]);
  assertEquals(all.stdout.trimEnd().split("\n").sort(), ["#a 2", "#a 3", "#b 1", "#c 1"]);
});

Deno.test("a pattern's own retention comes from the config file, and a bad one is named with file and key", async () => {
  using place = new Place();
  const config = place.file("b.toml", '[[retain]]\npattern = "#short.>"\nage = "1ms"\n');
  await broker(place.data, ["--import"], {
    stdin: lines({ topic: "#short.a", payload: "x" }, { topic: "#long", payload: "y" }),
  });
  {
    await using live = await startBroker(["--data", place.data, "--config", config]);
    for (;;) {
      const { stdout } = await run("subscriber", [...subscriberOf(live), "-t", "#>", "-e"]);
      if (stdout === "#long y\n") break;
      assertEquals(stdout, "#short.a x\n#long y\n", "only what the rule takes in goes");
    }
  }
  const bad = place.file("bad.toml", '[[retain]]\npattern = "#a"\nage = "soon"\n');
  const { code, stderr } = await run("broker", ["--config", bad, ...SERVE]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, `broker: ${bad}: retain: age of "#a" is a duration such as`);
});

Deno.test("a broker that stores says what an fsync costs here, after it is ready, and leaves nothing", async () => {
  using place = new Place();
  for (const sync of ["commit", "interval"]) {
    await using live = await startBroker(["--data", place.data, "--sync", sync]);
    const see = async (): Promise<void> => {
      while (!/an fsync takes/.test(live.stderr)) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await see();
    assertMatch(
      live.stderr,
      new RegExp(`INFO +an fsync takes [\\d.]+ ms here .* at most about [\\d,]+/s, .* sync=${sync}\n`),
    );
    assertEquals((await live.stop()).code, 0);
    const left = [...Deno.readDirSync(place.data)].map(({ name }) => name).sort();
    assertEquals(left, ["hashbus.db", "hashbus.lock"]);
  }
  const stopped = await startBroker(["--data", place.data]);
  assertEquals((await stopped.stop()).code, 0, "also when it is stopped meanwhile");
  assertEquals([...Deno.readDirSync(place.data)].map(({ name }) => name).sort(), [
    "hashbus.db",
    "hashbus.lock",
  ]);
  await using memory = await startBroker();
  await memory.stop();
  assert(!memory.stderr.includes("fsync"), "and one that stores nothing says nothing");
});
