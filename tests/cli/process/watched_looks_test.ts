/** When watched files are looked at, and that one look waits for the other. */
import { assertEquals } from "@std/assert";
import { SYSTEM_CLOCK, type Timer } from "../../../lib/clock.ts";
import { type ReloadReason, watchFiles } from "../../../lib/cli/process/watched_files.ts";
import { settled } from "../../support/handed_clock.ts";
import { standIn } from "../stand_in.ts";

/** Files whose states are the test's, looked at when it says so. */
class Desk implements Disposable {
  readonly told: ReloadReason[] = [];
  readonly every: number[] = [];
  readonly cancelled: Timer[] = [];
  readonly listening: (() => void)[] = [];
  looks = 0;
  size = 1;
  /** What a look waits for. */
  held: Promise<void> = Promise.resolve();
  look = (): void => {};
  readonly watch;
  readonly #stack = new DisposableStack();

  constructor(every?: number) {
    const state = (): Deno.FileInfo => ({ ...Deno.lstatSync("/"), size: this.size });
    this.#stack.use(standIn(Deno, "statSync", state));
    this.#stack.use(standIn(Deno, "stat", async () => {
      this.looks++;
      const seen = state();
      await this.held;
      return seen;
    }));
    this.#stack.use(standIn(Deno, "addSignalListener", (signal, handler) => {
      assertEquals(signal, "SIGHUP");
      this.listening.push(handler);
    }));
    this.#stack.use(standIn(Deno, "removeSignalListener", (_, handler) => {
      this.listening.splice(this.listening.indexOf(handler), 1);
    }));
    const clock = {
      ...SYSTEM_CLOCK,
      every: (ms: number, callback: () => void): Timer => {
        this.every.push(ms);
        this.look = callback;
        return 7;
      },
      cancel: (timer: Timer | undefined) => void this.cancelled.push(timer!),
    };
    this.watch = watchFiles(["/a"], {
      clock,
      onChange: (why) => void this.told.push(why),
      ...every === undefined ? {} : { every },
    });
  }

  /** A look from its beginning to its end; what has been told until then. */
  async whole(): Promise<readonly ReloadReason[]> {
    this.look();
    await settled();
    return this.told;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

Deno.test("files are looked at once a second, or as often as is said", () => {
  {
    using desk = new Desk();
    assertEquals(desk.every, [1000]);
  }
  using desk = new Desk(25);
  assertEquals(desk.every, [25]);
});

Deno.test("a change is told when it was seen twice, and then no more", async () => {
  using desk = new Desk();
  assertEquals(await desk.whole(), []);
  desk.size = 2;
  assertEquals(await desk.whole(), []);
  assertEquals(await desk.whole(), ["changed"]);
  assertEquals(await desk.whole(), ["changed"]);
  // what changes and is again as it was is none
  desk.size = 3;
  await desk.whole();
  desk.size = 2;
  await desk.whole();
  assertEquals(await desk.whole(), ["changed"]);
  desk.size = 3;
  await desk.whole();
  desk.size = 4;
  assertEquals(await desk.whole(), ["changed"], "it does not rest yet");
  assertEquals(await desk.whole(), ["changed", "changed"]);
});

Deno.test("what changes before the first look is told, too", async () => {
  using desk = new Desk();
  desk.size = 2;
  assertEquals(await desk.whole(), []);
  assertEquals(await desk.whole(), ["changed"]);
});

Deno.test("a look that takes long is not joined by others, and they go on behind it", async () => {
  using desk = new Desk();
  const { promise, resolve } = Promise.withResolvers<void>();
  desk.held = promise;
  for (let times = 0; times < 3; times++) await desk.whole();
  assertEquals(desk.looks, 1);
  resolve();
  await settled();
  await desk.whole();
  assertEquals(desk.looks, 2);
});

Deno.test("what is seen when it is closed is told no more, and it is closed once", async () => {
  using desk = new Desk();
  desk.size = 2;
  await desk.whole();
  desk.look();
  desk.watch.close();
  await settled();
  assertEquals([desk.told, desk.cancelled, desk.listening], [[], [7], []]);
  desk.watch.close();
  assertEquals(desk.cancelled, [7]);
});

Deno.test("a SIGHUP is told until it is closed, whatever is being looked at", async () => {
  using desk = new Desk();
  desk.listening[0]!();
  assertEquals(desk.told, ["SIGHUP"]);
  desk.size = 2;
  await desk.whole();
  assertEquals(await desk.whole(), ["SIGHUP", "changed"]);
  desk.listening[0]!();
  assertEquals(desk.told, ["SIGHUP", "changed", "SIGHUP"]);
});
