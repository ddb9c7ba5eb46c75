import { assertEquals } from "@std/assert";
import { type Checked, Checks } from "../../lib/auth/checks.ts";
import { Lane } from "../../lib/auth/lanes.ts";
import { type Clock, SYSTEM_CLOCK } from "../../lib/clock.ts";

/** Checks that are finished one after the other, when a test says so. */
class Queue {
  readonly checks = new Checks({ clock: SYSTEM_CLOCK, atOnce: 1 });
  readonly told: [name: string, checked: Checked][] = [];
  readonly #looking: { readonly name: string; readonly finish: () => void }[] = [];

  ask(name: string, address: string): void {
    this.checks.ask({
      address,
      mark: name,
      look: () => new Promise((resolve) => this.#looking.push({ name, finish: () => resolve(true) })),
      done: (checked) => this.told.push([name, checked]),
    });
  }

  /** The one that is looked at is right. Its name. */
  async finish(): Promise<string | undefined> {
    const looking = this.#looking.shift();
    looking?.finish();
    await new Promise((resolve) => setTimeout(resolve));
    return looking?.name;
  }

  get busy(): number {
    return this.told.filter(([, checked]) => checked === "busy").length;
  }
}

Deno.test("1,024 may wait, 64 of one address, and there is room again for each that is done", async () => {
  const queue = new Queue();
  for (let at = 0; at < 17 * 64 + 1; at++) queue.ask(`${at}`, `10.0.0.${at % 17}`);
  await Promise.resolve();
  // one is looked at
  assertEquals(queue.busy, 17 * 64 - 1024);
  await queue.finish();
  queue.ask("one more", "10.0.1.1");
  queue.ask("too much", "10.0.1.2");
  await Promise.resolve();
  assertEquals(queue.busy, 17 * 64 - 1024 + 1);
  while (await queue.finish() !== undefined);
  assertEquals(queue.told.filter(([, checked]) => checked === "right").length, 1024 + 2);
  for (let at = 0; at < 100; at++) queue.ask(`again ${at}`, "10.0.0.1");
  await Promise.resolve();
  assertEquals(queue.busy, 17 * 64 - 1024 + 1 + 35, "nothing waits any more but of this address");
});

Deno.test("addresses take turns, whoever came first", async () => {
  const queue = new Queue();
  for (const name of ["a1", "a2", "a3", "b1", "b2", "c1"]) queue.ask(name, name.charAt(0));
  const order: (string | undefined)[] = [];
  for (let at = 0; at < 6; at++) order.push(await queue.finish());
  assertEquals(order, ["a1", "b1", "c1", "a2", "b2", "a3"]);
});

Deno.test("an address of which nothing was wrong is forgotten when it is idle, another after ten minutes", () => {
  const fine = new Lane<string>();
  assertEquals(fine.forgotten(0), true);
  fine.waiting.push("job");
  assertEquals(fine.forgotten(0), false);
  const wrong = new Lane<string>();
  wrong.failed(0);
  assertEquals([wrong.forgotten(0), wrong.forgotten(600_000), wrong.forgotten(600_001)], [
    false,
    false,
    true,
  ]);
  wrong.busy = true;
  assertEquals(wrong.forgotten(600_001), false);
});

/** Addresses of networks that are each another lane. */
function addressOf(at: number): string {
  return `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
}

Deno.test("4,096 addresses are known; for one more those go of whom nothing needs to be known, else the first that is idle", () => {
  let now = 0;
  const clock: Clock = { ...SYSTEM_CLOCK, now: () => now };
  const checks = new Checks({ clock, atOnce: 1 });
  // the first of all is looked at for ever
  checks.ask({ address: addressOf(0), mark: "", look: () => new Promise(() => {}), done: () => {} });
  for (let at = 1; at < 4096; at++) checks.failed(addressOf(at));
  assertEquals(checks.size, 4096);
  checks.failed(addressOf(4096));
  assertEquals(checks.size, 4096, "the second has gone for it");
  checks.failed(addressOf(0));
  checks.failed(addressOf(2));
  assertEquals(checks.size, 4096, "the first and the third are known still");
  now = 600_001;
  checks.failed(addressOf(2));
  checks.failed(addressOf(4097));
  assertEquals(checks.size, 3, "all are forgotten but what was looked at, and what was wrong lately");
});

Deno.test("what waits for a check of the same is told with it, and what cannot be looked at is nobody's fault", async () => {
  const told: Checked[] = [];
  const checks = new Checks({ clock: SYSTEM_CLOCK, atOnce: 1 });
  let looked = 0;
  const ask = (mark: string, look: () => Promise<boolean>): void =>
    checks.ask({
      address: "a",
      mark,
      look: () => (looked++, look()),
      done: (checked) => told.push(checked),
    });
  // five failures would make who follows wait
  for (let at = 0; at < 5; at++) ask(`${at}`, () => Promise.reject(new Error("no memory")));
  for (let at = 0; at < 3; at++) ask("same", () => Promise.resolve(true));
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([told, looked], [["busy", "busy", "busy", "busy", "busy", "right", "right", "right"], 6]);
});
