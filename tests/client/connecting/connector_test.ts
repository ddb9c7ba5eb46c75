/** From a socket to a link where hello is answered, or ends the connection. */
import { assertEquals } from "@std/assert";
import { settled } from "../../support/handed_clock.ts";
import type { HandedSocket } from "../links/handed_socket.ts";
import { ConnectorBench, unserved } from "./connector_bench.ts";

const CREDENTIALS = { user: "ann", token: "t" };
const HELLO_AS_ANN = "p1 hello 2 user=ann token=t\n";

/** What a link ends with. */
async function endOf(bench: ConnectorBench, socket: HandedSocket): Promise<string> {
  socket.come(null);
  const { link } = await bench.made();
  return (await link.ended).reason;
}

Deno.test("with classic asked for a connection is a link, and nothing is waited for", async () => {
  const bench = new ConnectorBench({ protocol: "classic" });
  await bench.connect(1234);
  const { host, port, localPort } = await bench.machine.next();
  assertEquals([host, port, localPort, bench.clock.set], ["127.0.0.1", 9000, undefined, [1234]]);
  const socket = await bench.machine.accept();
  assertEquals(await bench.tried(), { protocol: "classic", localPort: 1, onTrial: false });
  assertEquals([bench.clock.set, bench.events], [[], []]);
  await socket.says("");
  const { link } = await bench.made();
  assertEquals([link.onTrial, link.answered], [false, false]);
});

Deno.test("a broker that answers OK_2 is spoken to in v2 as soon as it has told about itself", async () => {
  const bench = new ConnectorBench();
  await bench.connect();
  const socket = await bench.machine.hello();
  assertEquals(bench.clock.set, [1000], "for hello");
  socket.come("OK_2\n");
  await settled();
  assertEquals([bench.over, bench.clock.set], [false, [1000, 15_000]], "for that, and for signs of life");
  socket.come('info {"max":{"line":77}}\n');
  assertEquals(await bench.tried(), { protocol: "2", localPort: 1, onTrial: false });
  assertEquals([bench.clock.set, bench.events], [[15_000], []]);
  await bench.connect();
  await bench.machine.hello();
});

Deno.test("one that tells nothing about itself is spoken to after a second", async () => {
  const bench = new ConnectorBench({ pingAfter: 0 });
  await bench.connect();
  const socket = await bench.machine.hello();
  socket.come("OK_2\n");
  await bench.overAfter(1000);
  assertEquals(await bench.tried(), { protocol: "2", localPort: 1, onTrial: false });
  assertEquals(bench.clock.set, []);
});

Deno.test("who shows credentials is the user that the broker says, or ends it", async () => {
  const table: [info: string, failed: unknown][] = [
    ['info {"account":"ann"}\n', "it did not"],
    [
      "info {}\n",
      "the broker at 127.0.0.1:9000 has no accounts, and lets everybody do everything: " +
      'leave "ann" and its token out if that is meant',
    ],
  ];
  for (const [info, failed] of table) {
    const bench = new ConnectorBench({ credentials: CREDENTIALS });
    await bench.connect();
    const socket = await bench.machine.accept();
    await socket.says(HELLO_AS_ANN);
    socket.come(`OK_2\n${info}`);
    assertEquals([await bench.failed(), socket.closed], [failed, failed !== "it did not"]);
  }
});

Deno.test("who shows credentials waits fifteen seconds to be told who it is, and an end before is one at hello", async () => {
  const late = new ConnectorBench({ credentials: CREDENTIALS, pingAfter: 0 });
  await late.connect();
  const socket = await late.machine.accept();
  socket.come("OK_2\n");
  await late.overAfter(15_000);
  assertEquals(await late.failed(), unserved("the broker ended the connection at hello"));
  assertEquals([socket.closed, late.clock.set], [true, []]);

  const ended = new ConnectorBench({ credentials: CREDENTIALS });
  await ended.connect();
  const other = await ended.machine.accept();
  other.come("OK_2\n");
  other.come(null);
  assertEquals(await ended.failed(), unserved("the broker ended the connection at hello"));
  assertEquals(ended.clock.set, []);
});

Deno.test("who is not let in, or not served, is told so, and its connection is closed", async () => {
  const table: [answer: string, failed: unknown, credentials?: typeof CREDENTIALS][] = [
    [
      "ERR_DENIED\n",
      "the broker at 127.0.0.1:9000 lets in only who shows the name and the token of an account",
    ],
    [
      "ERR_DENIED\n",
      'the broker at 127.0.0.1:9000 does not let "ann" in: the name or the token is wrong, or the account has expired',
      CREDENTIALS,
    ],
    [
      "ERR_NEEDS_TLS\n",
      {
        message: "the port speaks TLS: connect with it (--tls)",
        permanent: true,
        accepted: false,
        turnedAway: undefined,
      },
    ],
    [
      "ERR_BUSY\n",
      { message: "the broker said ERR_BUSY", permanent: false, accepted: true, turnedAway: "ERR_BUSY" },
    ],
  ];
  for (const [answer, failed, credentials] of table) {
    const bench = new ConnectorBench(credentials === undefined ? {} : { credentials });
    await bench.connect();
    const socket = await bench.machine.accept();
    socket.come(answer);
    assertEquals([await bench.failed(), socket.closed, bench.clock.set], [failed, true, []]);
    assertEquals(bench.events, []);
  }
});

Deno.test("who needs v2 is told what the broker answered instead, and what to do", async () => {
  const needs = "the broker at 127.0.0.1:9000 does not speak protocol 2 (it answered hello with";
  const asked = new ConnectorBench({ protocol: "2" });
  await asked.connect();
  const socket = await asked.machine.hello();
  socket.come("OK\n");
  assertEquals([await asked.failed(), socket.closed], [`${needs} "OK"): ask for auto or classic`, true]);

  const shown = new ConnectorBench({ credentials: CREDENTIALS });
  await shown.connect();
  (await shown.machine.accept()).come("ERR_X\n");
  const instead = "it has no accounts, so leave the credentials out";
  assertEquals(await shown.failed(), `${needs} "ERR_X"): ${instead}`);
});

Deno.test("who is answered otherwise speaks classic on that connection, and says no hello on the next", async () => {
  const bench = new ConnectorBench();
  await bench.connect();
  const socket = await bench.machine.hello();
  socket.come("ERR_UNKNOWN_COMMAND\n");
  assertEquals(await bench.tried(), { protocol: "classic", localPort: 1, onTrial: false });
  const { link } = await bench.made();
  assertEquals([link.answered, bench.events, bench.clock.set], [true, [], []], "that was an answer");
  await bench.connect();
  const next = await bench.machine.accept();
  assertEquals(await bench.tried(), { protocol: "classic", localPort: 2, onTrial: false });
  await next.says("");
  assertEquals(socket.closed, false);
});

Deno.test("an OK that was half of OK_2 ends the link, and the next connection says hello", async () => {
  const bench = new ConnectorBench();
  await bench.connect();
  const socket = await bench.machine.hello();
  socket.come("OK");
  await bench.overAfter(100);
  assertEquals(await bench.tried(), { protocol: "classic", localPort: 1, onTrial: false });
  socket.come("_2\ninfo {}\n");
  const { link } = await bench.made();
  assertEquals(await link.ended, { reason: "the broker answered hello late, it speaks protocol 2" });
  await bench.connect();
  (await bench.machine.hello()).come("OK_2\ninfo {}\n");
  assertEquals((await bench.tried()).protocol, "2");
});

Deno.test("only OK without an end of line may be half of an answer", async () => {
  for (const [answer, ms] of [["OK\n", 0], ["ERR_X", 100]] as const) {
    const bench = new ConnectorBench();
    await bench.connect();
    const socket = await bench.machine.hello();
    socket.come(answer);
    await bench.clock.pass(ms);
    assertEquals((await bench.tried()).protocol, "classic");
    socket.come("_2");
    await settled();
    assertEquals(await endOf(bench, socket), "the broker closed the connection", answer);
    await bench.connect();
    await (await bench.machine.accept()).says("");
  }
});

Deno.test("a hello that ends the connection is followed by one without, at once and on trial", async () => {
  const bench = new ConnectorBench();
  await bench.connect(10_000);
  const first = await bench.machine.hello();
  await bench.clock.pass(400);
  first.come(null);
  await settled();
  assertEquals([first.closed, bench.clock.set], [true, [9600]], "what is left of the try");
  const second = await bench.machine.accept();
  assertEquals(await bench.tried(), { protocol: "classic", localPort: 2, onTrial: true });
  const { link } = await bench.made();
  assertEquals([link.onTrial, link.protocol === "classic" && link.besideHello], [true, true]);
  await second.says("");
  assertEquals(bench.clock.set, [1000], "then hello is said once more");
});

Deno.test("however little is left of a try, the connection without hello has a second", async () => {
  const bench = new ConnectorBench();
  await bench.connect(500);
  const first = await bench.machine.hello();
  await bench.clock.pass(400);
  first.come(null);
  await settled();
  assertEquals(bench.clock.set, [1000]);
});

Deno.test("a second hello that ends the connection, too, shows a classic broker, which is told and remembered when it answers", async () => {
  const bench = new ConnectorBench();
  await bench.connect();
  (await bench.machine.hello()).come(null);
  const socket = await bench.machine.accept();
  await bench.tried();
  await bench.clock.pass(1000);
  assertEquals(bench.clock.set, [5000], "how long that connection may take");
  (await bench.machine.hello()).come(null);
  await bench.clock.pass(100);
  const reason = "the broker closed the connection at hello";
  assertEquals(await bench.verdict(), { kind: "classic", reason, learnt: false });
  assertEquals(bench.events, [{ type: "fallback", reason }]);
  const { link } = await bench.made();
  assertEquals([link.onTrial, link.protocol === "classic" && link.besideHello], [false, false]);
  if (link.protocol === "classic") void link.request(new TextEncoder().encode("p1 pub #a x\n"));
  socket.come("OK\n");
  await settled();
  socket.come(null);
  await settled();
  await bench.connect();
  await (await bench.machine.accept()).says("");
  assertEquals((await bench.tried()).onTrial, false);
});

Deno.test("where the connection without hello has ended unanswered, too, hello is said again", async () => {
  const bench = new ConnectorBench();
  await bench.connect();
  (await bench.machine.hello()).come(null);
  const socket = await bench.machine.accept();
  await bench.tried();
  socket.come(null);
  assertEquals(await bench.verdict(), undefined);
  await bench.connect();
  await bench.machine.hello();
  assertEquals(bench.events, []);
});

Deno.test("who needs v2, or has spoken it, does without no hello that ends the connection", async () => {
  const reason = unserved("the broker closed the connection at hello");
  const needs = new ConnectorBench({ protocol: "2" });
  await needs.connect();
  (await needs.machine.hello()).come(null);
  assertEquals([await needs.failed(), needs.machine.tries], [reason, 1]);

  const spoke = new ConnectorBench();
  await spoke.connect();
  (await spoke.machine.hello()).come("OK_2\ninfo {}\n");
  await spoke.tried();
  await spoke.connect();
  (await spoke.machine.hello()).come(null);
  assertEquals([await spoke.failed(), spoke.machine.tries], [reason, 2]);
});

Deno.test("from a given local port the next connection leaves a moment later, and shows in a second what there is", async () => {
  const bench = new ConnectorBench({ localPort: 77 });
  await bench.connect(10_000);
  assertEquals((await bench.machine.next()).localPort, 77);
  const first = await bench.machine.hello();
  await bench.clock.pass(400);
  first.come(null);
  await settled();
  assertEquals([first.closed, bench.machine.waiting, bench.clock.set], [true, 0, [50]]);
  await bench.clock.pass(50);
  assertEquals(bench.clock.set, [9550]);
  const socket = await bench.machine.accept();
  assertEquals((await bench.tried()).onTrial, true);
  const { link } = await bench.made();
  assertEquals([link.onTrial, link.protocol === "classic" && link.besideHello], [true, false]);
  await bench.clock.pass(1000);
  const reason = "the broker closed the connection at hello";
  assertEquals(await bench.verdict(), { kind: "classic", reason, learnt: false });
  assertEquals([bench.events, bench.machine.tries], [[{ type: "fallback", reason }], 2]);
  socket.come(null);
  await settled();
  await bench.connect();
  await bench.machine.hello();
});

Deno.test("from a given local port who hangs up at a second hello, too, and answers without, is classic for good", async () => {
  const bench = new ConnectorBench({ localPort: 77 });
  for (const says of [true, true, false]) {
    await bench.connect();
    if (says) {
      (await bench.machine.hello()).come(null);
      await bench.clock.pass(50);
    }
    const socket = await bench.machine.accept();
    const { link } = await bench.made();
    if (link.protocol === "classic") void link.request(new TextEncoder().encode("p1 pub #a x\n"));
    await socket.says("p1 pub #a x\n");
    socket.come("OK\n");
    await settled();
    socket.come(null);
    await settled();
  }
  assertEquals(bench.events.map(({ type }) => type), ["fallback", "fallback"]);
});

Deno.test("nothing waits for the signal any more when a connection has ended, however it was made", async () => {
  type Made = (bench: ConnectorBench) => Promise<HandedSocket[]>;
  const plain: Made = async (bench) => [await bench.machine.accept()];
  const answered = (answer: string): Made => async (bench) => {
    const socket = await bench.machine.hello();
    socket.come(answer);
    return [socket];
  };
  const hungUp: Made = async (bench) => {
    const first = await bench.machine.hello();
    first.come(null);
    return [first, await bench.machine.accept()];
  };
  const silent: Made = async (bench) => {
    const first = await bench.machine.hello();
    await bench.silentFor();
    const second = await bench.machine.accept();
    await bench.clock.pass(2000);
    return [first, second];
  };
  const upgraded: Made = async (bench) => {
    const first = await bench.machine.hello();
    await bench.silentFor();
    const second = await bench.machine.accept();
    await bench.clock.pass(500);
    first.come("OK_2\n");
    const third = await bench.machine.hello();
    third.come("OK_2\ninfo {}\n");
    return [first, second, third];
  };
  const table: [how: string, protocol: "auto" | "classic", make: Made][] = [
    ["classic", "classic", plain],
    ["v2", "auto", answered("OK_2\ninfo {}\n")],
    ["answered otherwise", "auto", answered("OK\n")],
    ["turned away", "auto", answered("ERR_BUSY\n")],
    ["hung up at", "auto", hungUp],
    ["silent", "auto", silent],
    ["upgraded", "auto", upgraded],
  ];
  for (const [how, protocol, make] of table) {
    const bench = new ConnectorBench({ protocol, pingAfter: 0 });
    await bench.connect();
    assertEquals(bench.listeners, 1, how);
    const sockets = await make(bench);
    await settled();
    assertEquals(bench.listeners, how === "turned away" ? 0 : how === "silent" ? 2 : 1, how);
    for (const socket of sockets) socket.come(null);
    await settled();
    await settled();
    assertEquals(bench.listeners, 0, how);
  }
});
