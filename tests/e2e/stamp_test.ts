/** `publisher --stamp`, and `subscriber --stats` that reads it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { publisherOf, run, startSubscribed } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { Place } from "./place.ts";

Deno.test("--stamp sends when each message was sent, of -l, --repeat, --json-in and commands each its own", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["-J"] });
  const to = publisherOf(broker);
  const object = '{"topic":"#a","payload":"x","headers":{"sent":"1","k":"v"}}\n';
  const before = Date.now();
  for (
    const [args, stdin] of [
      [["--stamp", "-t", "a", "-l", "--rate", "200"], "x\nx\n"],
      [["-t", "a", "-m", "x", "--repeat", "2", "--rate", "200", "--stamp=sent", "--header", "k=v"], ""],
      [["--json-in", "--stamp"], object],
      [["--stamp"], `pub #a x\n0.005 json ${object}`],
    ] as const
  ) {
    const { code, stderr } = await run("publisher", [...to, ...args], { stdin });
    assertEquals([code, stderr], [0, ""], args.join(" "));
  }
  await run("publisher", [...to, "-t", "a", "-m", "end"]);
  await subscriber.see(/"end"/);
  const came = subscriber.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const stamps = came.slice(0, -1).map(({ headers }) => headers.sent);
  assertEquals(stamps.length, 7);
  for (const stamp of stamps) assertMatch(stamp, /^\d{13}\.\d{3}$/);
  const times = stamps.map(Number);
  assertEquals(times, [...new Set(times)].sort((a, b) => a - b));
  assert(before - 1 <= (times[0] ?? 0) && (times.at(-1) ?? Infinity) <= Date.now() + 1, stamps.join(" "));
  assertEquals(came.map(({ headers }) => headers?.k), [
    undefined,
    undefined,
    "v",
    "v",
    "v",
    undefined,
    "v",
    undefined,
  ]);
});

Deno.test("--stats tells the latency of what --stamp has sent, also under a name of one's own", async () => {
  await using broker = await startBroker();
  for (
    const [stamp, header] of [[["--stamp"], []], [["--stamp", "at"], ["--latency-header", "at"]]] as const
  ) {
    const args = ["--stats", "--json", "-C", "10", ...header];
    await using subscriber = await startSubscribed(broker, { pattern: "#a", args });
    const load = ["-t", "a", "-m", "x", "--repeat", "10"];
    assertEquals((await run("publisher", [...publisherOf(broker), ...load, ...stamp])).code, 0);
    assertEquals((await subscriber.ended).code, 0);
    const { all, latency } = JSON.parse(subscriber.stdout.trimEnd().split("\n").at(-1) ?? "");
    assertEquals([all, latency.messages], [true, 10]);
    assert(latency.p50 >= 0 && latency.max < 60_000, JSON.stringify(latency));
  }
});

Deno.test("--json shows the stamp, and a recording played back is stamped anew", async () => {
  using place = new Place();
  await using broker = await startBroker();
  const file = place.file("take.cmd");
  await using subscriber = await startSubscribed(broker, {
    pattern: "#a",
    args: ["--record", file, "-C", "1"],
  });
  const to = publisherOf(broker);
  const first = await run("publisher", [...to, "-t", "a", "-m", "x", "--stamp", "--json"]);
  assertEquals((await subscriber.ended).code, 0);
  const again = await run("publisher", [...to, "-f", file, "--speed", "0", "--stamp", "--json"]);
  const [one, two] = [first, again].map(({ stdout }) => Number(JSON.parse(stdout).headers.sent));
  assert(one !== undefined && two !== undefined && one < two, `${one} ${two}`);
});

Deno.test("--stamp and --header of the same name, --protocol classic or a wrong name are refused", async () => {
  for (
    const [args, says] of [
      [["--stamp", "--header", "sent=1"], '--stamp and --header both give the header "sent": take one'],
      [["--header", "at=1", "--stamp=at"], '--stamp and --header both give the header "at": take one'],
      [
        ["--stamp", "--protocol", "classic"],
        "--stamp needs protocol 2: the classic protocol has no place for it",
      ],
      [["--stamp", "a=b"], '--stamp takes the name of a header, such as sent, not "a=b"'],
    ] as const
  ) {
    const { code, stdout, stderr } = await run("publisher", ["-p", "1", "-t", "a", "-m", "x", ...args]);
    assertEquals([code, stdout], [2, ""]);
    assertEquals(stderr.replace("; see publisher --help", ""), `publisher: ${says}\n`);
  }
});
