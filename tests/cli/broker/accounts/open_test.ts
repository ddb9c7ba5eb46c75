import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { hashesAtOnce, openAccounts } from "../../../../lib/cli/broker/accounts/open.ts";
import { type Clock, SYSTEM_CLOCK, type Timer } from "../../../../lib/clock.ts";
import { RunError, UsageError } from "../../../../lib/errors.ts";
import { SILENT_LOG } from "../../../../lib/log.ts";
import { within } from "../../../support/within.ts";
import { standIn } from "../../stand_in.ts";

const SECRET =
  `secret = "$scrypt$ln=14,r=8,p=1$GbeO8aO+x+MNw3zXeeCmIg$p1wYuv6D+jGyoY8u1y1fEXOe1Ak9be3O7A+wTWGXPc0"\n`;
const user = (name: string): string => `[[user]]\nname = "${name}"\n${SECRET}`;

/** What is logged, as lines that can be waited for. */
class Lines {
  readonly all: string[] = [];
  #wake: (() => void) | undefined;

  readonly log = {
    ...SILENT_LOG,
    info: (event: string, fields = {}) => this.#add(`${event} ${JSON.stringify(fields)}`),
    warn: (event: string, fields = {}) => this.#add(`${event} ${JSON.stringify(fields)}`),
    error: (event: string, fields = {}) => this.#add(`${event} ${JSON.stringify(fields)}`),
  };

  async last(text: string): Promise<string> {
    for (;;) {
      const last = this.all.at(-1) ?? "";
      if (last.includes(text)) return last;
      const more = new Promise<void>((resolve) => this.#wake = resolve);
      await within(() => `${text} behind ${last}`, more);
    }
  }

  #add(line: string): void {
    this.all.push(line);
    this.#wake?.();
  }
}

/** Looks at files when a test says so. */
class LookClock implements Clock {
  now = SYSTEM_CLOCK.now;
  wall = SYSTEM_CLOCK.wall;
  after = SYSTEM_CLOCK.after;
  cancel = SYSTEM_CLOCK.cancel;
  #look: (() => void) | undefined;

  every(_: number, callback: () => void): Timer {
    this.#look = callback;
    return 0;
  }

  /** Until what was changed is seen to rest. */
  async look(): Promise<void> {
    for (let times = 0; times < 3; times++) {
      this.#look?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function withFile(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/users.toml`, text, { mode: 0o600 });
    await body(`${folder}/users.toml`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("accounts follow their file, and stay where it is wrong or gone", async () => {
  await withFile(user("a"), async (path) => {
    const clock = new LookClock();
    const lines = new Lines();
    const accounts = await openAccounts({ path, topicMost: 255, log: lines.log, clock });
    let changes = 0;
    accounts.onChange(() => changes++);
    assertStringIncludes(lines.all[0]!, `accounts {"file":"${path}","users":1`);

    await Deno.writeTextFile(path, user("a") + user("b"));
    await clock.look();
    assertStringIncludes(await lines.last("reloaded"), `"users":2,"why":"changed"`);
    assertEquals([accounts.doorkeeper.size, changes], [2, 1]);

    await Deno.writeTextFile(path, "");
    await clock.look();
    assertStringIncludes(await lines.last("stay as they were"), "there is no [[user]] in it");
    await Deno.remove(path);
    await clock.look();
    assertStringIncludes(await lines.last("no such file"), "the accounts stay as they were");
    assertEquals([accounts.doorkeeper.size, changes], [2, 1]);

    await Deno.writeTextFile(path, user("c"), { mode: 0o600 });
    await clock.look();
    await lines.last(`"users":1`);
    assertEquals([accounts.doorkeeper.size, changes], [1, 2]);
    accounts.close();
  });
});

Deno.test("changes that are told before the first of them is read are read together, and those behind it again", async () => {
  await withFile(user("a"), async (path) => {
    const signals: (() => void)[] = [];
    const add = (_signal: string, listener: () => void): void => void signals.push(listener);
    using _signals = standIn(Deno, "addSignalListener", add as typeof Deno.addSignalListener);
    using _removed = standIn(Deno, "removeSignalListener", () => {});
    const lines = new Lines();
    const accounts = await openAccounts({ path, topicMost: 255, log: lines.log, clock: new LookClock() });
    const [hangUp] = signals;
    for (let times = 0; times < 3; times++) hangUp!();
    await lines.last("reloaded");
    await Deno.writeTextFile(path, user("a") + user("b"));
    hangUp!();
    await lines.last(`"users":2,"why":"SIGHUP"`);
    assertEquals(lines.all.filter((line) => line.startsWith("accounts reloaded")).length, 2);
    accounts.close();
  });
});

Deno.test("without accounts that can be read there are none, and nothing is watched", async () => {
  const log = SILENT_LOG;
  const listening = new Set<() => void>();
  const add = (_signal: string, listener: () => void): void => void listening.add(listener);
  const remove = (_signal: string, listener: () => void): void => void listening.delete(listener);
  using _added = standIn(Deno, "addSignalListener", add as typeof Deno.addSignalListener);
  using _removed = standIn(Deno, "removeSignalListener", remove as typeof Deno.removeSignalListener);
  await withFile("[[user]]", async (path) => {
    await assertRejects(
      () => openAccounts({ path, topicMost: 255, log }),
      UsageError,
      `${path}:1: user: name is`,
    );
    await assertRejects(
      () => openAccounts({ path: `${path}.gone`, topicMost: 255, log }),
      RunError,
      "no such file",
    );
    assertEquals(listening.size, 0);
    await Deno.writeTextFile(path, user("a"));
    const accounts = await openAccounts({ path, topicMost: 255, log });
    assertEquals(listening.size, 1);
    accounts.close();
    assertEquals(listening.size, 0);
  });
});

Deno.test("hashes leave one of the processors to who is in, and take four of many", () => {
  assertEquals([0, 1, 2, 3, 4, 5, 6, 64].map(hashesAtOnce), [1, 1, 1, 2, 3, 4, 4, 4]);
});

Deno.test("what is read says who it is for in classic, and whether others may read or write it", async () => {
  await withFile(`${user("a")}[classic_as]\nuser = "a"\nfrom = ["127.0.0.1"]\n`, async (path) => {
    const clock = new LookClock();
    const lines = new Lines();
    const accounts = await openAccounts({ path, topicMost: 255, log: lines.log, clock });
    const read = `accounts {"file":"${path}","users":1,"classicAs":"a"}`;
    assertEquals(lines.all, [read]);
    await Deno.chmod(path, 0o644);
    await Deno.writeTextFile(path, user("b"));
    await clock.look();
    await lines.last("exposed");
    assertEquals(lines.all, [
      read,
      `accounts reloaded {"file":"${path}","users":1,"why":"changed"}`,
      `the file of accounts is exposed {"file":"${path}",` +
      '"reason":"everybody on this machine may read it (mode 0644: chmod 600)"}',
    ]);
    accounts.close();
  });
});

Deno.test("of what is wrong in a file that changes the first is told, and how much there is besides", async () => {
  await withFile(user("a"), async (path) => {
    const clock = new LookClock();
    const lines = new Lines();
    const accounts = await openAccounts({ path, topicMost: 255, log: lines.log, clock });
    const missing = (line: number): string =>
      `${path}:${line}: user "x": secret is missing: make one with ` +
      "broker --hash-secret";
    await Deno.writeTextFile(path, '[[user]]\nname = "x"\n');
    await clock.look();
    const one = await lines.last(":1: ");
    const stay = "the accounts stay as they were ";
    assertEquals(one, stay + JSON.stringify({ reason: missing(1) }));
    await Deno.writeTextFile(
      path,
      `${user("a")}[[user]]\nname = "x"\n[[user]]\nname = "x"\n[[user]]\nname = "x"\n`,
    );
    await clock.look();
    const more = JSON.parse((await lines.last(":4: ")).slice(stay.length));
    assertEquals([more.reason, more.more], [missing(4), 2]);
    accounts.close();
  });
});

Deno.test("what changes while the accounts are read for the first time is read behind that", async () => {
  await withFile(user("a"), async (path) => {
    const signals: (() => void)[] = [];
    const add = (_signal: string, listener: () => void): void => void signals.push(listener);
    using _signals = standIn(Deno, "addSignalListener", add as typeof Deno.addSignalListener);
    using _removed = standIn(Deno, "removeSignalListener", () => {});
    const { readFile } = Deno;
    const { promise: slow, resolve: goOn } = Promise.withResolvers<void>();
    let reads = 0;
    const slowly = async (path: string | URL): Promise<Uint8Array<ArrayBuffer>> => {
      if (++reads === 1) await slow;
      return await readFile(path);
    };
    using _file = standIn(Deno, "readFile", slowly);
    const lines = new Lines();
    const opening = openAccounts({ path, topicMost: 255, log: lines.log, clock: new LookClock() });
    signals[0]!();
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals([reads, lines.all], [1, []]);
    goOn();
    const accounts = await opening;
    await lines.last("reloaded");
    assertEquals([reads, lines.all.map((line) => line.split(" {")[0])], [2, [
      "accounts",
      "accounts reloaded",
    ]]);
    accounts.close();
  });
});
