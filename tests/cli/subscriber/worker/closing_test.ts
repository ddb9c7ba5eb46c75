import { assertEquals } from "@std/assert";
import { closedBehind } from "../../../../lib/cli/subscriber/worker/closing.ts";
import type { Stop } from "../../../../lib/cli/process/signals.ts";
import type { Worker } from "../../../../lib/cli/subscriber/worker/worker.ts";
import { within } from "../../../support/within.ts";
import { FakeTime } from "../../fake_time.ts";
import { Desk } from "./desk.ts";

/** The connection of a worker, what was said, and what a second stop does. */
function connection(
  desk: Desk,
): { readonly close: () => Promise<void>; readonly said: string[]; kill(): void } {
  const said: string[] = [];
  let last = (): void => {};
  const stop: Stop = {
    signal: new AbortController().signal,
    interrupt: () => {},
    lastWord: (say) => last = say,
  };
  const say = (text: string): void => void said.push(text);
  const closable = closedBehind({
    worker: desk.worker,
    client: {
      close: () => {
        desk.log.push("closed");
        desk.close();
        return Promise.resolve();
      },
      closed: new Promise(() => {}),
    },
    working: desk.working,
    stop,
    notices: { failed: say, notice: say },
  });
  return { close: () => within("the end of the connection", closable.close()), said, kill: () => last() };
}

Deno.test("a connection is closed behind what runs, once, and who waits is told what for", async () => {
  const desk = new Desk("sleep 2.5");
  desk.leased(1, ["a"]);
  await desk.running(1);
  const { close, said } = connection(desk);
  await Promise.all([close(), close()]);
  assertEquals(desk.log, ["hold", "ack 1", "leave", "closed"]);
  assertEquals(said, ["waiting for 1 command to end (Ctrl-C again kills)"]);
});

Deno.test("where nothing runs nothing is said, and what has come of topics in memory is done first", async () => {
  const desk = new Desk("cat; echo");
  const { close, said } = connection(desk);
  desk.give({ topic: "#mem", payload: new TextEncoder().encode("one"), text: "one", group: "g" });
  await close();
  assertEquals([desk.out, desk.log, said], [["one"], ["leave", "closed"], []]);
});

Deno.test("a second stop kills what runs and says how many", async () => {
  const desk = new Desk("sleep 60", { jobs: 2 });
  desk.leased(1, ["a", "b"]);
  await desk.running(2);
  const { close, said, kill } = connection(desk);
  void close();
  kill();
  assertEquals(said, ["2 commands killed before the end"]);
  await desk.idle();
  assertEquals(desk.log, ["hold"]);
});

Deno.test("it is closed when the worker has left, and over when nothing works or runs any more", async () => {
  const [left, closed, worked, idle] = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const log: string[] = [];
  const worker = {
    running: 1,
    leave: () => (log.push("leave"), left!.promise),
    idle: () => (log.push("idle"), idle!.promise),
    kill: () => void log.push("kill"),
  };
  using time = new FakeTime();
  let last = (): void => {};
  const closable = closedBehind({
    worker: worker as unknown as Worker,
    client: { closed: new Promise(() => {}), close: () => (log.push("close"), closed!.promise) },
    working: worked!.promise,
    stop: { signal: new AbortController().signal, interrupt: () => {}, lastWord: (say) => last = say },
    notices: { failed: (text) => void log.push(text), notice: (text) => void log.push(text) },
  });
  void closable.close().then(() => log.push("over"));
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  await turns();
  time.pass(299);
  assertEquals(log, ["leave"]);
  time.pass(1);
  assertEquals(log.splice(0), ["leave", "waiting for 1 command to end (Ctrl-C again kills)"]);
  left!.resolve();
  await turns();
  assertEquals(log, ["close"]);
  closed!.resolve();
  await turns();
  assertEquals(log, ["close"]);
  worked!.reject(new Error("it is told by who awaits it"));
  await turns();
  assertEquals(log, ["close", "idle"]);
  last();
  worker.running = 0;
  last();
  assertEquals(log.splice(0), ["close", "idle", "kill", "1 command killed before the end", "kill"]);
  idle!.resolve();
  await turns();
  assertEquals([log, time.timers], [["over"], []]);
});

Deno.test("of nothing that runs it is not said that it is waited for", async () => {
  using time = new FakeTime();
  const log: string[] = [];
  const worker = {
    running: 0,
    leave: () => new Promise(() => {}),
    idle: () => Promise.resolve(),
    kill: () => {},
  };
  void closedBehind({
    worker: worker as unknown as Worker,
    client: { closed: new Promise(() => {}), close: () => Promise.resolve() },
    working: Promise.resolve(),
    stop: { signal: new AbortController().signal, interrupt: () => {}, lastWord: () => {} },
    notices: { failed: (text) => void log.push(text), notice: (text) => void log.push(text) },
  }).close();
  time.pass(1000);
  await Promise.resolve();
  assertEquals(log, []);
});
