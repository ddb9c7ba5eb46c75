import { assert, assertEquals } from "@std/assert";
import { Doorkeeper } from "../../lib/auth/doorkeeper.ts";
import type { StoredSecret } from "../../lib/auth/secrets.ts";
import { COST } from "../../lib/auth/secrets.ts";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { accountsIn, AT_HOME, Door, kindOf, settled, user } from "./door.ts";

const CLASSIC = `[classic_as]\nuser = "sensors"\nfrom = ["10.0.0.0/8"]\n`;
const THERE = { id: "c", address: "10.1.2.3" };

Deno.test("the log says why somebody was not let in, whatever the peer is told (A4)", async () => {
  const cases: readonly (readonly [lines: string, user: string, secret: string, id: string, why: string])[] =
    [
      ["", "alice", "x", "c", "wrong secret"],
      ["", "bob", "s", "c", "no such account"],
      ["", "", "s", "c", "no name and secret"],
      ["", "alice", "", "c", "no name and secret"],
      ["", "a".repeat(65), "s", "c", "no name and secret"],
      ["expires = 2025-01-01T00:00:00Z", "alice", "s", "c", "expired"],
      [`publish = ["#{id}"]`, "alice", "s", "*", "the id does not fit"],
    ];
  for (const [lines, name, secret, id, why] of cases) {
    const door = new Door(user("alice", { lines }));
    assertEquals(kindOf(await door.login(name, secret, { id, address: "10.0.0.1" })), "denied", why);
    const known = name === "alice" ? name : undefined;
    assertEquals(door.logged, [{ user: known, id, address: "10.0.0.1", why, times: 1 }]);
  }
  const door = new Door(user("alice"));
  door.quick = false;
  await door.login("alice", "s");
  door.keeper.replace(accountsIn(user("alice", { letter: "t" })));
  door.looking[0]!.finish();
  await settled();
  assertEquals(door.logged.map(({ why }) => why), ["it has changed"]);
});

Deno.test("a name of as many bytes as one may have is looked at, and of one more it is not", async () => {
  const door = new Door(user("alice"));
  await door.login("\u00e4".repeat(32), "s");
  assertEquals(door.looked, 1);
  await door.login(`${"\u00e4".repeat(32)}a`, "s");
  assertEquals(door.looked, 1);
});

Deno.test("who shows no name or no secret waits after some times as who shows wrong ones does (A4)", async () => {
  const door = new Door(user("alice"));
  for (let time = 0; time < 4; time++) await door.login("", "");
  const next = await door.login("alice", "s");
  assertEquals(kindOf(next), "not known");
  await door.clock.to(100);
  assertEquals(kindOf(next), "admitted");
});

Deno.test("refusals are told in the log once in ten seconds, with how many they were", async () => {
  const door = new Door(user("alice"));
  for (let at = 0; at < 5; at++) await door.login("bob", "s", { id: "c", address: `10.0.0.${at}` });
  assertEquals(door.logged.map(({ times }) => times), [1]);
  await door.clock.to(10_000);
  await door.login("bob", "s", { id: "c", address: "10.0.1.1" });
  assertEquals(door.logged.map(({ times }) => times), [1, 5]);
});

Deno.test("who is not known costs what an account costs, and where there is none what a new one would", async () => {
  const costs = async (text: string): Promise<unknown> => {
    const door = new Door(text);
    door.quick = false;
    await door.login("nobody", "s");
    return door.looking[0]!.stored.cost;
  };
  assertEquals(await costs(user("alice")), { ln: 14, r: 8, p: 1 });
  assertEquals(await costs(user("alice", { cost: "ln=16,r=8,p=2" })), { ln: 16, r: 8, p: 2 });
  const looked: StoredSecret[] = [];
  const none = new Doorkeeper({
    accounts: { byName: new Map(), classicAs: undefined },
    topicMost: 255,
    clock: SYSTEM_CLOCK,
    log: SILENT_LOG,
    check: (stored) => Promise.resolve(looked.push(stored) === 0),
  });
  none.admit({ user: "alice", secret: "s" }, AT_HOME, () => {});
  await settled();
  assertEquals(looked.map(({ cost }) => cost), [COST]);
});

Deno.test("one secret is looked at at a time where nobody says otherwise", async () => {
  let looking = 0;
  const keeper = new Doorkeeper({
    accounts: accountsIn(user("alice")),
    topicMost: 255,
    clock: SYSTEM_CLOCK,
    log: SILENT_LOG,
    check: () => new Promise(() => looking++),
  });
  for (const address of ["10.0.0.1", "10.0.0.2"]) {
    keeper.admit({ user: "alice", secret: "s" }, { id: "c", address }, () => {});
  }
  await settled();
  assertEquals(looking, 1);
});

Deno.test("who came in by an address may do what its account may by now, and keeps what has not changed (A6)", () => {
  const lines = `publish = ["#{id}"]`;
  const door = new Door(CLASSIC + user("sensors", { lines }) + user("other"));
  const grant = door.keeper.admitClassic(THERE)!;
  assertEquals(door.keeper.renew(grant, THERE) === grant, true, "also where the id is filled in");
  door.keeper.replace(accountsIn(CLASSIC + user("sensors", { lines: `publish = ["#b"]` })));
  const changed = door.keeper.renew(grant, THERE);
  assertEquals([changed?.mayPublish("#c"), changed?.mayPublish("#b")], [false, true]);
  door.keeper.replace(accountsIn(CLASSIC.replace("sensors", "other") + user("sensors") + user("other")));
  assertEquals(door.keeper.renew(grant, THERE)?.account, "other", "it is another's address now");
});

Deno.test("of several accounts each expires in its time, and of one that has there is nothing to tell (A6)", async () => {
  const at = (second: string): string => `expires = 2026-01-01T00:00:${second}Z`;
  const door = new Door(
    user("alice", { lines: at("20") }) + user("bob", { lines: at("10") }) + user("carol") +
      user("dave", { lines: "expires = 2025-12-31T23:59:59Z" }),
  );
  const ticks: number[] = [];
  for (let now = 0; now <= 30_000; now += 1_000) {
    await door.clock.to(now);
    if (door.keeper.tick()) ticks.push(now);
  }
  assertEquals(ticks, [10_000, 20_000]);
  assert(kindOf(await door.login("carol", "s")) === "admitted");
});
