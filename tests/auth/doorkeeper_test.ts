import { assert, assertEquals } from "@std/assert";
import { Doorkeeper } from "../../lib/auth/doorkeeper.ts";
import type { Admission } from "../../lib/auth/gatekeeper.ts";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { accountsIn, AT_HOME, Door, kindOf, settled, user } from "./door.ts";

Deno.test("who shows an account's secret is let in as that, and may do what it may (A1, A7)", async () => {
  const door = new Door(user("alice", { lines: `publish = ["#a.{user}"]\nadministrator = true` }));
  const { admission } = await door.login("alice", "s");
  assert(admission?.kind === "admitted");
  const { grant } = admission;
  assertEquals([grant.account, grant.administrator], ["alice", true]);
  assertEquals([grant.mayPublish("#a.alice"), grant.mayPublish("#a.bob"), grant.mayReceive("#a.alice")], [
    true,
    false,
    false,
  ]);
  assertEquals(door.logged, []);
});

Deno.test("a wrong secret, no such account and half of the two are refused in the same words (A4)", async () => {
  const wrong = [["alice", "x"], ["bob", "s"], ["alice", ""], ["", "s"], ["", ""], [
    "alice",
    "s".repeat(1025),
  ]];
  for (const [name = "", secret = ""] of wrong) {
    const door = new Door(user("alice"));
    const { admission } = await door.login(name, secret);
    assertEquals(
      admission,
      { kind: "denied", reason: "the name or the secret is wrong" },
      `${name} ${secret}`,
    );
    const [{ user: known, address, times } = {}] = door.logged;
    assertEquals([known, address, times], [name === "alice" ? "alice" : undefined, "127.0.0.1", 1]);
    assertEquals(JSON.stringify(door.logged).includes(`"${secret || "-"}"`), false, "no secret in the log");
  }
});

Deno.test("a secret has 1,024 bytes at most, and so many it may have", async () => {
  const door = new Door(user("alice"));
  for (const secret of [`s${"x".repeat(1023)}`, `s${"x".repeat(1021)}ä`]) {
    assertEquals(kindOf(await door.login("alice", secret)), "admitted");
  }
  for (const secret of [`s${"x".repeat(1024)}`, `s${"x".repeat(1022)}ä`]) {
    assertEquals(kindOf(await door.login("alice", secret)), "denied");
  }
  assertEquals(door.looked, 2);
});

Deno.test("who is not known is looked at as long as who is, by what an account costs", async () => {
  const door = new Door(user("alice") + user("bob", { cost: "ln=15,r=8,p=3" }));
  door.quick = false;
  for (const name of ["carol", "dave", "erin"]) {
    await door.login(name, "s");
    const cost = door.looking[0]!.stored.cost;
    assert([14, 15].includes(cost.ln), JSON.stringify(cost));
    door.looking[0]!.finish();
    await settled();
    await door.clock.to(door.clock.time + 60_000);
    await door.login(name, "t");
    assertEquals(door.looking[0]!.stored.cost, cost, "the same for the same name");
    door.looking[0]!.finish();
    await settled();
    await door.clock.to(door.clock.time + 60_000);
  }
  assertEquals(door.looked, 6);
});

Deno.test("a secret that was right is not looked at again for ten minutes, unless it is changed", async () => {
  const door = new Door(user("alice"));
  for (let login = 0; login < 1000; login++) assertEquals(kindOf(await door.login("alice", "s")), "admitted");
  assertEquals(door.looked, 1);
  await door.clock.to(10 * 60_000 - 1);
  await door.login("alice", "s");
  assertEquals(door.looked, 1);
  await door.clock.to(10 * 60_000);
  await door.login("alice", "s");
  assertEquals(door.looked, 2);
  door.keeper.replace(accountsIn(user("alice", { letter: "t" })));
  assertEquals(kindOf(await door.login("alice", "s")), "denied");
  assertEquals(kindOf(await door.login("alice", "t")), "admitted");
});

Deno.test("a thousand clients that show the same at once cost one look", async () => {
  const door = new Door(user("alice"));
  door.quick = false;
  const logins = await Promise.all(Array.from({ length: 1000 }, () => door.login("alice", "s")));
  door.looking[0]!.finish();
  await settled();
  await settled();
  // one had begun, the others had not
  assertEquals([door.looking.length, door.looked], [0, 1]);
  assertEquals(new Set(logins.map(kindOf)), new Set(["admitted"]));
});

Deno.test("so many are looked at at a time, and one of an address", async () => {
  const door = new Door(user("alice"), 2);
  door.quick = false;
  for (const address of ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3"]) {
    await door.login("alice", `x${door.looked}${address}`, { id: "c", address });
  }
  assertEquals(door.looking.length, 2);
  const [one, other] = door.looking;
  assert(one!.secret.endsWith("10.0.0.1") && other!.secret.endsWith("10.0.0.2"));
  one!.finish();
  await settled();
  assertEquals(door.looking[1]!.secret.endsWith("10.0.0.3"), true, "addresses take turns");
});

Deno.test("who tries many waits for himself: others come in, and what is too much is not even kept", async () => {
  const door = new Door(user("alice"));
  door.quick = false;
  const many = await Promise.all(
    Array.from({ length: 100 }, (_, at) => door.login("alice", `x${at}`, { id: "c", address: "10.0.0.1" })),
  );
  assertEquals(many.filter((each) => kindOf(each) === "busy").length, 35, "1 is looked at, 64 wait");
  const honest = await door.login("alice", "s", { id: "c", address: "10.0.0.2" });
  door.looking[0]!.finish();
  await settled();
  door.looking[0]!.finish();
  await settled();
  door.looking[0]!.finish();
  await settled();
  assertEquals(kindOf(honest), "admitted");
});

Deno.test("after some wrong secrets an address waits longer each time, and only that one does (A4) (F50)", async () => {
  const door = new Door(user("alice"));
  for (let wrong = 0; wrong < 4; wrong++) {
    assertEquals(kindOf(await door.login("alice", `x${wrong}`)), "denied");
  }
  for (const delay of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
    const next = await door.login("alice", `x${delay}`);
    assertEquals(kindOf(next), "not known", `${delay}`);
    assertEquals(kindOf(await door.login("alice", "s", { id: "c", address: "10.0.0.2" })), "admitted");
    await door.clock.to(door.clock.time + delay - 1);
    assertEquals(kindOf(next), "not known", `${delay}`);
    await door.clock.to(door.clock.time + 1);
    assertEquals(kindOf(next), "denied", `${delay}`);
  }
  await door.clock.to(door.clock.time + 10 * 60_000 + 1);
  assertEquals(kindOf(await door.login("alice", "y")), "denied", "forgotten by then");
  assertEquals(kindOf(await door.login("alice", "z")), "denied");
});

Deno.test("what is known of addresses is bounded", async () => {
  const door = new Door(user("alice"));
  for (let at = 0; at < 5000; at++) {
    await door.login("alice", "x", { id: "c", address: `10.0.${at >> 8}.${at & 255}` });
  }
  assertEquals(door.keeper.addresses <= 4096, true, `${door.keeper.addresses}`);
});

Deno.test("a secret for which there is no memory is not wrong", async () => {
  const keeper = new Doorkeeper({
    accounts: accountsIn(user("alice")),
    topicMost: 255,
    clock: SYSTEM_CLOCK,
    log: SILENT_LOG,
    check: () => Promise.reject(new Error("memory limit exceeded")),
  });
  const admission = await new Promise<Admission>((resolve) =>
    keeper.admit({ user: "alice", secret: "s" }, AT_HOME, resolve)
  );
  assertEquals(admission.kind, "busy");
});

Deno.test("who waits while accounts change is let in by what they are then", async () => {
  const door = new Door(user("alice", { lines: `publish = ["#a"]` }));
  door.quick = false;
  const kept = await door.login("alice", "s");
  door.keeper.replace(accountsIn(user("alice", { lines: `publish = ["#b"]` })));
  door.looking[0]!.finish();
  await settled();
  assert(kept.admission?.kind === "admitted");
  assertEquals([kept.admission.grant.mayPublish("#a"), kept.admission.grant.mayPublish("#b")], [false, true]);
  for (const after of [user("alice", { letter: "t" }), user("bob")]) {
    const other = new Door(user("alice"));
    other.quick = false;
    const gone = await other.login("alice", "s");
    other.keeper.replace(accountsIn(after));
    const again = await other.login("alice", "s");
    other.looking[0]!.finish();
    await settled();
    assertEquals(kindOf(gone), "denied");
    other.looking[0]!.finish();
    await settled();
    assertEquals(kindOf(again), "denied", "the old secret does not open the new account");
  }
});

Deno.test("an id is filled in where it fits, and who has another is not let in (A7) (F47)", async () => {
  const lines = `publish = ["#dev.{id}.>"]\nsubscribe = { allow = ["#>"], deny = ["#x.{id}"] }`;
  const door = new Door(user("alice", { lines }));
  const { admission } = await door.login("alice", "s", { ...AT_HOME, id: "d1" });
  assert(admission?.kind === "admitted");
  const { grant } = admission;
  assertEquals([grant.mayPublish("#dev.d1.a"), grant.mayPublish("#dev.d2.a"), grant.mayReceive("#x.d1")], [
    true,
    false,
    false,
  ]);
  for (const id of ["*", ">", "a.b", "", "a>", "x".repeat(129), "#a", "a\u200bb"]) {
    assertEquals(kindOf(await door.login("alice", "s", { ...AT_HOME, id })), "denied", id);
  }
});

const CLASSIC = `[classic_as]\nuser = "sensors"\nfrom = ["10.0.0.0/8"]\n`;

Deno.test("who shows nothing is let in from listed addresses only (A3)", () => {
  const door = new Door(CLASSIC + user("sensors", { lines: `publish = ["#s.>"]` }));
  const grant = door.keeper.admitClassic({ id: "c", address: "10.1.2.3" });
  assertEquals([grant?.account, grant?.mayPublish("#s.a")], ["sensors", true]);
  for (const address of ["11.0.0.1", "127.0.0.1", "::1", "memory", ""]) {
    assertEquals(door.keeper.admitClassic({ id: "c", address }), undefined, address);
  }
  assertEquals(new Door(user("sensors")).keeper.admitClassic({ id: "c", address: "10.1.2.3" }), undefined);
});

async function grantIn(door: Door, visitor = AT_HOME): Promise<Parameters<Doorkeeper["renew"]>[0]> {
  const { admission } = await door.login("alice", "s", visitor);
  assert(admission?.kind === "admitted");
  return admission.grant;
}

Deno.test("when accounts change, each may do what its account may then (A6)", async () => {
  const lines = `publish = ["#a"]`;
  const before = user("alice", { lines }) + user("bob");
  const door = new Door(before);
  const grant = await grantIn(door);
  const after = (text: string): ReturnType<Doorkeeper["renew"]> => {
    door.keeper.replace(accountsIn(text));
    return door.keeper.renew(grant, AT_HOME);
  };
  assertEquals(after(before) === grant, true, "nothing has changed");
  assertEquals(after(user("alice", { lines })) === grant, true, "another's has");
  const changed = after(user("alice", { lines: `publish = ["#b"]` }));
  assertEquals([changed?.mayPublish("#a"), changed?.mayPublish("#b")], [false, true]);
  assertEquals(after(user("alice", { lines, letter: "t" })), undefined, "another secret");
  assertEquals(after(user("bob")), undefined, "no such account");
  assertEquals(after(before)?.account, "alice", "it is back");
});

Deno.test("who came in by an address stays while that is listed (A6)", () => {
  const door = new Door(CLASSIC + user("sensors"));
  const visitor = { id: "c", address: "10.1.2.3" };
  const grant = door.keeper.admitClassic(visitor)!;
  const after = (text: string): ReturnType<Doorkeeper["renew"]> => {
    door.keeper.replace(accountsIn(text));
    return door.keeper.renew(grant, visitor);
  };
  assertEquals(after(CLASSIC + user("sensors")) === grant, true);
  assertEquals(after(CLASSIC.replace("10.0.0.0/8", "10.1.0.0/16") + user("sensors")) === grant, true);
  assertEquals(after(CLASSIC.replace("10.0.0.0/8", "10.2.0.0/16") + user("sensors")), undefined);
  assertEquals(after(user("sensors")), undefined);
});

Deno.test("an account expires by itself (A6)", async () => {
  const door = new Door(user("alice", { lines: "expires = 2026-01-01T00:01:00Z" }) + user("bob"));
  const grant = await grantIn(door);
  await door.clock.to(59_999);
  assertEquals([door.keeper.tick(), door.keeper.renew(grant, AT_HOME) === grant], [false, true]);
  await door.clock.to(60_000);
  assertEquals([door.keeper.tick(), door.keeper.renew(grant, AT_HOME)], [true, undefined]);
  assertEquals(door.keeper.tick(), false, "told once");
  const { admission } = await door.login("alice", "s");
  assertEquals(admission, { kind: "denied", reason: `the account "alice" has expired` });
  assertEquals(kindOf(await door.login("bob", "s")), "admitted");
});

Deno.test("what a new file says of ends and costs is in force with it", async () => {
  const door = new Door(user("alice"));
  const expiring = user("alice", { lines: "expires = 2026-01-01T00:01:00Z", cost: "ln=15,r=8,p=3" });
  door.keeper.replace(accountsIn(expiring));
  door.quick = false;
  await door.login("bob", "s");
  assertEquals(door.looking[0]!.stored.cost, { ln: 15, r: 8, p: 3 });
  await door.clock.to(60_000);
  assertEquals(door.keeper.tick(), true);
});

Deno.test("a grant that is nobody's account is not taken away", async () => {
  const door = new Door(user("alice"));
  const { UNLIMITED } = await import("../../lib/auth/grant.ts");
  door.keeper.replace(accountsIn(user("bob")));
  assertEquals(door.keeper.renew(UNLIMITED, AT_HOME), UNLIMITED);
});

Deno.test("those of one account share what it may, where no id is filled in", async () => {
  const door = new Door(user("alice"));
  const one = await grantIn(door);
  assertEquals(await grantIn(door, { id: "c2", address: "10.0.0.9" }) === one, true);
  const filled = new Door(user("alice", { lines: `publish = ["#{id}"]` }));
  assertEquals(await grantIn(filled) === await grantIn(filled), false);
});

Deno.test("how many accounts there are is known, by now", () => {
  const door = new Door(user("alice") + user("bob"));
  assertEquals(door.keeper.size, 2);
  door.keeper.replace(accountsIn(user("alice")));
  assertEquals(door.keeper.size, 1);
});

Deno.test("those of one account who come in by different ways keep apart what each came by", async () => {
  const lines = `publish = ["#a"]`;
  const door = new Door(`[classic_as]\nuser = "alice"\nfrom = ["10.0.0.0/8"]\n` + user("alice", { lines }));
  const visitor = { id: "c", address: "10.0.0.1" };
  const shown = await grantIn(door);
  const classic = door.keeper.admitClassic(visitor);
  assertEquals(classic === shown, false);
  assertEquals([await grantIn(door) === shown, door.keeper.admitClassic(visitor) === classic], [true, true]);
  door.keeper.replace(accountsIn(user("alice", { lines })));
  assertEquals([door.keeper.renew(shown, AT_HOME) === shown, door.keeper.renew(classic!, visitor)], [
    true,
    undefined,
  ]);
});

Deno.test("an account that has expired lets nobody in without a secret, and renews nobody (A6)", async () => {
  const lines = `expires = 2026-01-01T00:01:00Z`;
  const door = new Door(CLASSIC + user("sensors", { lines }) + user("alice", { lines }));
  const visitor = { id: "c", address: "10.1.2.3" };
  const classic = door.keeper.admitClassic(visitor)!;
  assertEquals(classic.account, "sensors");
  const shown = await grantIn(door);
  await door.clock.to(60_000);
  assertEquals([door.keeper.admitClassic(visitor), door.keeper.renew(classic, visitor)], [
    undefined,
    undefined,
  ]);
  const more = `${lines}\npublish = ["#a"]`;
  door.keeper.replace(accountsIn(user("alice", { lines: more })));
  assertEquals(door.keeper.renew(shown, AT_HOME), undefined, "what it may has changed, and it has expired");
});
