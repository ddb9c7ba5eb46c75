/** A publisher as it is used, in memory: what it writes, counts and tells. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RefusedError } from "../../../lib/errors.ts";
import { ConnectionBench } from "../connecting/connection_bench.ts";
import type { HandedSocket } from "../links/handed_socket.ts";

/** What this client's ids begin with. */
const ID = (7 * 2 ** 21).toString(36);

/** A publisher over v2, with a broker that stores these. */
async function storing(
  bench: ConnectionBench,
  durable: readonly string[],
): Promise<Awaited<ReturnType<ConnectionBench["frames"]>>> {
  const made = await bench.frames();
  made.socket.come(`info {"durable":${JSON.stringify(durable)}}\n`);
  made.socket.come(null);
  await bench.clock.pass(100);
  const socket = await bench.machine.hello();
  socket.come(`OK_2\ninfo {"durable":${JSON.stringify(durable)}}\n`);
  await bench.told();
  return { publisher: made.publisher, socket };
}

/** The header lines that were said, without their topics' payload. */
async function saysOnce(socket: HandedSocket, ...lines: readonly string[]): Promise<void> {
  await socket.says(lines.map((line) => `${line}\nx\n`).join(""));
  socket.come(`ok ${lines.length}\n`);
}

Deno.test("messages of durable topics have ids that count up by topic, but for those that have one", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await storing(bench, ["#d.>", "#e"]);
  for (const topic of ["#d.a", "d.a", "#d.b", "#e", "#m", "#d.a"]) publisher.send(topic, "x");
  publisher.send("#d.a", "x", { id: "mine" });
  publisher.send("#d.a", "x", { key: "k" });
  publisher.send("#d.a", "x", {});
  publisher.send("#m", "x", {});
  publisher.send("#_reply.a.1", "x");
  await saysOnce(
    socket,
    `pub #d.a 1 id=${ID}-1`,
    `pub #d.a 1 id=${ID}-2`,
    `pub #d.b 1 id=${ID}-1`,
    `pub #e 1 id=${ID}-1`,
    "pub #m 1",
    `pub #d.a 1 id=${ID}-3`,
    "pub #d.a 1 id=mine",
    `pub #d.a 1 id=${ID}-4 key=k`,
    `pub #d.a 1 id=${ID}-5`,
    "pub #m 1",
    "pub #_reply.a.1 1",
  );
  assertEquals(await bench.told(), []);
});

Deno.test("what answers go to is never stored, however much else is", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await storing(bench, ["#>"]);
  publisher.send("#_reply.a.1", "x");
  publisher.send("#a", "x");
  await saysOnce(socket, "pub #_reply.a.1 1", `pub #a 1 id=${ID}-1`);
});

Deno.test("what is stored is looked up anew when another broker stores something else", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await storing(bench, ["#a"]);
  publisher.send("#a", "x");
  publisher.send("#b", "x");
  await saysOnce(socket, `pub #a 1 id=${ID}-1`, "pub #b 1");
  await bench.told();
  socket.come(null);
  await bench.clock.pass(200);
  const next = await bench.machine.hello();
  next.come('OK_2\ninfo {"durable":["#b"]}\n');
  await bench.told();
  publisher.send("#b", "x");
  publisher.send("#a", "x");
  await saysOnce(next, `pub #b 1 id=${ID}-1`, "pub #a 1");
});

Deno.test("messages are numbered from 1 as they are given, and what is refused here has no number", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  assertEquals([publisher.send("#a"), publisher.send("#a", "x")], [1, 2]);
  assertThrows(() => publisher.send("#a b", "x"), RefusedError);
  assertThrows(() => publisher.send("#a", "x", { ttl: 0 }), RefusedError);
  assertEquals([publisher.send("#b", new Uint8Array([0x79])), publisher.pending], [3, 3]);
  await socket.says("pub #a 0\n\npub #a 1\nx\npub #b 1\ny\n");
  socket.come("ok 1\nerr DENIED no\n");
  const [told, ...others] = await bench.told();
  assertEquals([told?.type === "refused" && told.number, others], [2, []]);
  assertEquals([publisher.pending, publisher.full], [1, false]);
});

Deno.test("the same topic is the same, however it is written and whatever came between", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  const topics = Array.from({ length: 3000 }, (_, at) => `t${at}`);
  for (const topic of [...topics, ...topics.map((topic) => `#${topic}`)]) publisher.send(topic, "x");
  const once = topics.map((topic) => `pub #${topic} 1\nx\n`).join("");
  await socket.says(once + once);
  socket.come("ok 6000\n");
  await publisher.drained();
  assertEquals(publisher.pending, 0);
});

Deno.test("an answer goes to where the request says, and as any message", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  const answered = publisher.respond({ topic: "#a", reply: "#r" }, "x", { key: "k" });
  await socket.says("pub #r 1 key=k\nx\n");
  socket.come("ok 1 subs=1\n");
  assertEquals(await answered, { subs: 1 });
  const error = await assertRejects(
    () => publisher.respond({ topic: "#a", reply: undefined }, "x"),
    RefusedError,
    'the message to "#a" asks for no answer: it has no reply',
  );
  assertEquals([error.code, publisher.pending], ["BAD_FIELD", 0]);
});

Deno.test("who waits for room is told when there is some", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await publisher.ready();
  for (let at = 0; at < 5; at++) publisher.send("#a", "x".repeat(1024 * 1024));
  assertEquals(publisher.full, true);
  await bench.watch("ready", publisher.ready());
  await bench.watch("drained", publisher.drained());
  assertEquals(await bench.ended(), []);
  socket.come("ok 1\n");
  await bench.told();
  socket.come("ok 1\n");
  await bench.told();
  socket.come("ok 2\n");
  assertEquals([await bench.ended(), publisher.full], [["ready"], false]);
  socket.come("ok 1\n");
  assertEquals(await bench.ended(), ["drained"]);
  for (let at = 0; at < 4; at++) publisher.send("#a", "x".repeat(1024 * 1024));
  await bench.watch("again", publisher.ready());
  assertEquals(await bench.ended(), [], "there is none again");
  socket.come("ok 3\n");
  assertEquals(await bench.ended(), ["again"]);
});

Deno.test("a publisher whose block is left is closed, with what was pending acknowledged first", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await bench.watch(
    "left",
    (async () => {
      await using left = publisher;
      left.send("#a", "x");
    })(),
  );
  await socket.says("pub #a 1\nx\n");
  socket.come("ok 1\n");
  await socket.says("quit\n");
  assertEquals(await bench.ended(), []);
  socket.come(null);
  assertEquals(await bench.ended(), ["left"]);
});
