/** From a socket to a link where hello has no answer, or has it late. */
import { assertEquals } from "@std/assert";
import { settled } from "../../support/handed_clock.ts";
import type { HandedSocket } from "../links/handed_socket.ts";
import { ConnectorBench, unserved } from "./connector_bench.ts";

const NO_ANSWER = "the broker did not answer hello";
const LATE = "the broker answered hello late, it speaks protocol 2";

/** A broker that is silent at hello, and takes another connection beside that. */
async function beside(
  bench: ConnectorBench,
  ms = 10_000,
): Promise<{ readonly first: HandedSocket; readonly second: HandedSocket }> {
  await bench.connect(ms);
  const first = await bench.machine.hello();
  await bench.silentFor();
  const second = await bench.machine.accept();
  await settled();
  return { first, second };
}

Deno.test("who needs v2 waits for the answer to hello as long as a try may take, and says how long that was", async () => {
  const bench = new ConnectorBench({ protocol: "2" });
  await bench.connect(4321);
  const socket = await bench.machine.hello();
  await bench.silentFor();
  assertEquals(bench.clock.set, [3321]);
  await bench.overAfter(3321);
  assertEquals(await bench.failed(), unserved(`${NO_ANSWER} within 4.3 s`));
  assertEquals([bench.machine.tries, socket.closed, bench.clock.set, bench.events], [1, true, [], []]);
});

Deno.test("a try that is over with its first second says that", async () => {
  const bench = new ConnectorBench({ protocol: "2" });
  await bench.connect(1000);
  await bench.machine.hello();
  await bench.silentFor();
  assertEquals(await bench.failed(), unserved(`${NO_ANSWER} within 1 s`));
});

Deno.test("a try that has a millisecond left when its first second is over waits for that", async () => {
  const bench = new ConnectorBench({ protocol: "2" });
  await bench.connect(1001);
  await bench.machine.hello();
  await bench.silentFor();
  assertEquals([bench.clock.set, bench.over], [[1], false]);
  await bench.overAfter(1);
});

Deno.test("who needs v2 and is answered late has a link, and one that is hung up at late is told why", async () => {
  const bench = new ConnectorBench({ protocol: "2" });
  await bench.connect();
  const socket = await bench.machine.hello();
  await bench.silentFor();
  await bench.clock.pass(5000);
  socket.come("OK_2\ninfo {}\n");
  assertEquals(await bench.tried(), { protocol: "2", localPort: 1, onTrial: false });

  const ended = new ConnectorBench({ protocol: "2" });
  await ended.connect();
  const other = await ended.machine.hello();
  await ended.silentFor();
  await ended.clock.pass(5000);
  other.come(null);
  assertEquals(await ended.failed(), unserved("the broker closed the connection at hello"));
});

Deno.test("who shows credentials, or has spoken v2 to it, gives a broker fifteen seconds at least", async () => {
  const shown = new ConnectorBench({ credentials: { user: "ann", token: "t" } });
  await shown.connect(2000);
  await shown.machine.accept();
  await shown.silentFor();
  await shown.overAfter(14_000);
  assertEquals(await shown.failed(), unserved(`${NO_ANSWER} within 15 s`));

  const spoke = new ConnectorBench({ pingAfter: 0 });
  await spoke.connect(2000);
  (await spoke.machine.hello()).come("OK_2\ninfo {}\n");
  await spoke.tried();
  await spoke.connect(2000);
  await spoke.machine.hello();
  await spoke.silentFor();
  await spoke.overAfter(14_000);
  assertEquals(await spoke.failed(), unserved(`${NO_ANSWER} within 15 s`));
  assertEquals(spoke.machine.tries, 2, "nothing is tried beside it");
});

Deno.test("from a given local port the answer is waited for as long, and then the connection is used", async () => {
  const bench = new ConnectorBench({ localPort: 77 });
  await bench.connect(5000);
  const socket = await bench.machine.hello();
  await bench.silentFor();
  await bench.overAfter(4000);
  assertEquals([await bench.tried(), bench.machine.tries], [
    { protocol: "classic", localPort: 1, onTrial: true },
    1,
  ]);
  const { link } = await bench.made();
  assertEquals([link.onTrial, link.protocol === "classic" && link.besideHello], [true, false]);
  if (link.protocol === "classic") void link.request(new TextEncoder().encode("p1 pub #a x\n"));
  socket.come("ERR_X\n");
  const reason = `${NO_ANSWER} within 5 s`;
  assertEquals(await bench.verdict(), { kind: "classic", reason, learnt: true });
  assertEquals([link.onTrial, bench.events], [false, [{ type: "fallback", reason }]]);
  socket.come(null);
  await settled();
  await bench.connect();
  await (await bench.machine.accept()).says("");
});

Deno.test("from a given local port an OK_2 behind that ends the link, and the next connection insists on v2", async () => {
  const bench = new ConnectorBench({ localPort: 77 });
  await bench.connect(5000);
  const socket = await bench.machine.hello();
  await bench.silentFor();
  await bench.overAfter(4000);
  const { link } = await bench.made();
  socket.come("OK_2\n");
  assertEquals(await link.ended, { reason: LATE });
  assertEquals([await bench.verdict(), bench.events], [undefined, []]);
  await bench.connect(2000);
  await bench.machine.hello();
  await bench.silentFor();
  await bench.overAfter(14_000);
});

Deno.test("a second connection is tried beside a hello that is silent, and given on trial two seconds later", async () => {
  const bench = new ConnectorBench();
  await bench.connect(10_000);
  await bench.machine.hello();
  await bench.silentFor();
  assertEquals(bench.clock.set, [9000], "what is left of the try");
  const second = await bench.machine.accept();
  await settled();
  assertEquals(bench.clock.set, [500, 2000]);
  await bench.overAfter(2000);
  assertEquals(await bench.tried(), { protocol: "classic", localPort: 2, onTrial: true });
  const { link } = await bench.made();
  assertEquals([link.onTrial, link.protocol === "classic" && link.besideHello], [true, true]);
  await second.says("");
  assertEquals([bench.events, bench.clock.set], [[], []]);
});

Deno.test("what is left of a try bounds how long the second connection is kept back, and it has a second to be made", async () => {
  const short = new ConnectorBench();
  await beside(short, 2500);
  assertEquals(short.clock.set, [500, 1500]);

  const over = new ConnectorBench();
  await over.connect(500);
  await over.machine.hello();
  await over.silentFor();
  assertEquals(over.clock.set, [1000]);
  await over.machine.accept();
  await settled();
  assertEquals(over.clock.set, [0, 500]);
});

Deno.test("an OK_2 in that time is spoken over, and the second connection closed", async () => {
  const bench = new ConnectorBench();
  const { first, second } = await beside(bench);
  first.come("OK_2\ninfo {}\n");
  assertEquals(await bench.tried(), { protocol: "2", localPort: 1, onTrial: false });
  assertEquals([first.halfClosed, second.closed, bench.clock.set, bench.events], [false, true, [15_000], []]);
});

Deno.test("an OK_2 on a connection that was closed in one direction is followed by another hello", async () => {
  const bench = new ConnectorBench();
  const { first, second } = await beside(bench);
  await bench.clock.pass(500);
  assertEquals(first.halfClosed, true);
  first.come("OK_2\ninfo {}\n");
  await settled();
  assertEquals([first.closed, bench.clock.set], [true, [1500, 5000]]);
  const third = await bench.machine.hello();
  assertEquals([second.closed, bench.over], [false, false]);
  third.come("OK_2\ninfo {}\n");
  assertEquals(await bench.tried(), { protocol: "2", localPort: 3, onTrial: false });
  assertEquals([second.closed, third.closed, bench.clock.set], [true, false, [15_000]]);
});

Deno.test("where that one cannot be had, or is answered otherwise, it is tried again", async () => {
  for (const how of ["refused", "answered"] as const) {
    const bench = new ConnectorBench();
    const { first, second } = await beside(bench);
    await bench.clock.pass(500);
    first.come("OK_2\n");
    await settled();
    const third = how === "refused" ? undefined : await bench.machine.hello();
    if (third === undefined) await bench.machine.refuse();
    else third.come("OK\n");
    assertEquals(await bench.failed(), unserved(LATE), how);
    assertEquals([second.closed, third?.closed ?? true], [true, true], how);
    assertEquals([bench.clock.set, bench.events], [[], []], how);
    await bench.connect();
    await bench.machine.hello();
    await bench.silentFor();
    assertEquals(bench.machine.waiting, 0, "it is known to speak v2");
  }
});

Deno.test("another answer in that time makes the second connection a classic one, told before it is given", async () => {
  const bench = new ConnectorBench();
  const { first, second } = await beside(bench);
  first.come("what\n");
  await bench.clock.pass(200);
  const reason = 'the broker answered hello with "what"';
  assertEquals(bench.events, [{ type: "fallback", reason }]);
  assertEquals(await bench.tried(), { protocol: "classic", localPort: 2, onTrial: false });
  const { link } = await bench.made();
  assertEquals([link.onTrial, second.closed, first.halfClosed], [false, false, true]);
  first.come(null);
  await settled();
  assertEquals(bench.clock.set, []);
  await bench.connect();
  await (await bench.machine.accept()).says("");
});

Deno.test("a broker that is busy, or lets nobody in, in that time is tried again", async () => {
  for (const answer of ["ERR_BUSY\n", "ERR_DENIED\n"]) {
    const bench = new ConnectorBench();
    const { first, second } = await beside(bench);
    first.come(answer);
    assertEquals(await bench.failed(), unserved(LATE), answer);
    assertEquals([second.closed, first.halfClosed, bench.events], [true, true, []]);
  }
});

Deno.test("a trial that goes on is over when hello is answered, for the better or for the worse", async () => {
  const upgraded = new ConnectorBench();
  const one = await beside(upgraded);
  await upgraded.overAfter(2000);
  assertEquals(await upgraded.verdict(), "none");
  one.first.come("OK_2\n");
  await settled();
  (await upgraded.machine.hello()).come("OK_2\ninfo {}\n");
  await settled();
  const verdict = await upgraded.verdict();
  assertEquals(typeof verdict === "object" && verdict.kind, "2");
  assertEquals([one.second.closed, upgraded.events], [false, []], "who uses it closes it");

  const ended = new ConnectorBench();
  const other = await beside(ended);
  await ended.overAfter(2000);
  other.second.come(null);
  assertEquals(await ended.verdict(), undefined);
  assertEquals([other.first.halfClosed, ended.clock.set], [true, [60_000]]);
});

Deno.test("a broker that is slow beside hello has more time, by how long it may be silent at it", async () => {
  const bench = new ConnectorBench({ helloPatience: 3000 });
  const { second } = await beside(bench);
  await bench.overAfter(2000);
  const { link } = await bench.made();
  if (link.protocol === "classic") void link.request(new TextEncoder().encode("p1 pub #a x\n"));
  await second.says("p1 pub #a x\n");
  second.come("OK\n");
  await settled();
  assertEquals(bench.clock.set, [3000]);
  await bench.clock.pass(3000);
  const reason = "the broker answers, but not hello";
  assertEquals(await bench.verdict(), { kind: "classic", reason, learnt: true });
  assertEquals(bench.events, [{ type: "fallback", reason }]);
});

Deno.test("a second connection that is not served makes the first one end, whose answer tells", async () => {
  const table: [answer: string, failed: unknown, nextSaysHello: boolean][] = [
    ["OK_2\n", unserved(LATE), true],
    ["OK\n", unserved(LATE), false],
    ["ERR_BUSY\n", { ...unserved("the broker said ERR_BUSY") as object, turnedAway: "ERR_BUSY" }, true],
    [
      "ERR_DENIED\n",
      "the broker at 127.0.0.1:9000 lets in only who shows the name and the token of an account",
      true,
    ],
  ];
  for (const [answer, failed, nextSaysHello] of table) {
    const bench = new ConnectorBench();
    const { first, second } = await beside(bench);
    second.come(null);
    await settled();
    assertEquals([first.halfClosed, bench.over], [true, false], answer);
    first.come(answer);
    assertEquals(await bench.failed(), failed, answer);
    assertEquals([first.closed, bench.events], [true, []], answer);
    await bench.connect();
    const next = await bench.machine.accept();
    await next.says(nextSaysHello ? "p1 hello 2\n" : "");
  }
});

Deno.test("where the first ends, too, one is tried without hello, and where it does not, that is why", async () => {
  const ended = new ConnectorBench();
  const one = await beside(ended);
  one.second.come(null);
  await settled();
  one.first.come(null);
  await settled();
  const third = await ended.machine.accept();
  assertEquals(await ended.tried(), { protocol: "classic", localPort: 3, onTrial: true });
  await third.says("");

  const silent = new ConnectorBench();
  const other = await beside(silent, 4000);
  other.second.come(null);
  await settled();
  // the first is given up with the second, and kept for a minute so that the broker finds its end
  assertEquals(silent.clock.set, [3000, 60_000]);
  await silent.overAfter(3000);
  assertEquals(await silent.failed(), unserved("the broker ended the connection"));
  assertEquals(other.first.closed, true);
});

Deno.test("however little is left of a try, the first has a second to end behind the second", async () => {
  const bench = new ConnectorBench();
  const { second } = await beside(bench, 1500);
  await bench.clock.pass(400);
  second.come(null);
  await settled();
  assertEquals(bench.clock.set, [1000, 60_000]);
});

Deno.test("a signal ends a try with its reason wherever it is, and closes what was opened", async () => {
  const steps: ((bench: ConnectorBench) => Promise<HandedSocket[]>)[] = [
    () => Promise.resolve([]),
    async (bench) => [await bench.machine.hello()],
    async (bench) => {
      const first = await bench.machine.hello();
      await bench.silentFor();
      return [first];
    },
    async (bench) => {
      const first = await bench.machine.hello();
      await bench.silentFor();
      const second = await bench.machine.accept();
      await settled();
      return [first, second];
    },
    async (bench) => {
      const first = await bench.machine.hello();
      first.come(null);
      await settled();
      return [first];
    },
  ];
  for (const [at, step] of steps.entries()) {
    const bench = new ConnectorBench();
    await bench.connect();
    const sockets = await step(bench);
    bench.stop.abort(new Error("enough"));
    assertEquals(await bench.failed(), "enough", `step ${at}`);
    assertEquals(sockets.map(({ closed }) => closed), sockets.map(() => true), `step ${at}`);
    assertEquals(bench.machine.waiting, 0, `step ${at}`);
  }
});

Deno.test("a signal that comes together with an answer ends the try, too", async () => {
  for (const answer of ["OK\n", "OK_2\ninfo {}\n"]) {
    const bench = new ConnectorBench();
    await bench.connect();
    const socket = await bench.machine.hello();
    socket.come(answer);
    bench.stop.abort(new Error("enough"));
    assertEquals([await bench.failed(), socket.closed], ["enough", true]);
  }
});

Deno.test("a signal closes what a try has made, as long as that is there", async () => {
  const bench = new ConnectorBench({ protocol: "classic" });
  await bench.connect();
  const socket = await bench.machine.accept();
  const { link } = await bench.made();
  bench.stop.abort();
  await link.ended;
  assertEquals(socket.closed, true);
});
