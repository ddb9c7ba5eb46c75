import { assertEquals } from "@std/assert";
import { closedBehind } from "../../../../lib/cli/subscriber/worker/closing.ts";
import type { Stop } from "../../../../lib/cli/process/signals.ts";
import { within } from "../../../support/within.ts";
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
  const desk = new Desk("sleep 0.5");
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
