import { assert, assertEquals } from "@std/assert";
import { GROUP_AHEAD_BYTES } from "../../../lib/limits.ts";
import { KeysRig, STORED } from "./keys_rig.ts";

/** A key that is the second one's from when it has joined. */
function movedKey(rig: KeysRig): string {
  for (let at = 0;; at++) {
    const probe = new KeysRig();
    for (const name of rig.hands.keys()) probe.join(name);
    probe.join("next");
    probe.offer(`k${at}:x`);
    if (probe.given[0]!.startsWith("next")) return `k${at}`;
    assert(at < 1000);
  }
}

Deno.test("what is stored is open until it is settled, one by one, and its key known as long (G12)", () => {
  const rig = new KeysRig();
  rig.join("one");
  rig.store(1, "a:1 a:2 a:3 b:4 :5");
  assertEquals([rig.given, rig.keys.open, rig.keys.size], [["one: a:1 a:2 a:3 b:4 :5"], 4, 2]);
  const settled = (from: number, end: number, topic = "#a"): [number, number] => {
    rig.settled("one", { from, end, topic });
    return [rig.keys.open, rig.keys.size];
  };
  assertEquals(settled(2, 4), [2, 2]);
  assertEquals(settled(2, 4), [2, 2], "once");
  assertEquals(settled(1, 9, "#b"), [2, 2], "another topic's");
  assertEquals([settled(1, 2), settled(5, 6), settled(4, 5)], [[1, 1], [1, 1], [0, 0]]);
});

Deno.test("what was given back comes before what follows it, and keeps that waiting (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 3);
  rig.store(1, "a:1 a:2 a:3 a:4 b:5");
  assertEquals(rig.given, ["one: a:1 a:2 a:3"]);
  rig.gaveBack("one", { from: 2, end: 3 });
  assertEquals(rig.given, ["one: b:5"], "4 waits for 2");
  rig.settled("one", { from: 5, end: 6 });
  assertEquals(rig.given, []);
  assertEquals(rig.returned(2, "a:2"), []);
  assertEquals(rig.given, ["one: a:2 (2)"]);
  rig.settled("one", { from: 1, end: 2 });
  assertEquals(rig.given, ["one: a:4"]);
  rig.settled("one", { from: 2, end: 5 });
  assertEquals([rig.keys.open, rig.keys.size, rig.pool.bytesOut], [0, 0, 0]);
});

Deno.test("what is settled while it is to come again lets go on what waited for it (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 2);
  rig.store(1, "a:1 a:2 a:3 a:4");
  rig.gaveBack("one", { from: 1, end: 2 });
  rig.gaveBack("one", { from: 2, end: 3 });
  assertEquals(rig.given, ["one: a:1 a:2"]);
  rig.keys.settled({ topic: "#a", from: 1, end: 2 });
  rig.keys.goOn();
  assertEquals(rig.given, []);
  rig.keys.settled({ topic: "#a", from: 2, end: 3 });
  rig.keys.goOn();
  assertEquals(rig.given, ["one: a:3", "one: a:4"]);
  assertEquals([rig.keys.open, rig.keys.waiting(rig)], [2, 0]);
});

Deno.test("a key goes on to who owns it when the other holds nothing of it, whatever is to come again later (G12)", () => {
  const rig = new KeysRig();
  rig.join("one");
  const key = movedKey(rig);
  rig.store(1, `${key}:1 ${key}:2 ${key}:3`);
  rig.join("next");
  rig.store(4, `${key}:4`);
  assertEquals(rig.given, [`one: ${key}:1 ${key}:2 ${key}:3`], "the first holds it still");
  rig.gaveBack("one", { from: 1, end: 2 });
  rig.returned(1, `${key}:1`);
  rig.gaveBack("one", { from: 2, end: 3 });
  assertEquals(rig.given, []);
  rig.gaveBack("one", { from: 3, end: 4 });
  assertEquals(rig.given, [`next: ${key}:1 (2)`], "2, 3 and 4 wait for 2");
  rig.settled("next", { from: 1, end: 2 });
  assertEquals(rig.given, []);
  rig.returned(3, `${key}:3`);
  rig.returned(2, `${key}:2`, 3);
  assertEquals(rig.given, [`next: ${key}:2 (3)`, `next: ${key}:3 (2)`, `next: ${key}:4`]);
});

Deno.test("a key that is settled by who had it before goes on with its owner (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  const key = movedKey(rig);
  rig.store(1, `${key}:1 ${key}:2`);
  rig.join("next");
  rig.keys.goOn();
  assertEquals(rig.given, [`one: ${key}:1`]);
  rig.settled("one", { from: 1, end: 2 });
  assertEquals(rig.given, [`next: ${key}:2`]);
});

Deno.test("what is to come without having been given out from here keeps what follows of its key waiting (G12)", () => {
  const rig = new KeysRig();
  rig.join("one");
  rig.keys.expect(rig.run("a:1 :2 b:3 a:4", { first: 1 }));
  assertEquals([rig.keys.open, rig.keys.size], [3, 2]);
  rig.store(5, "a:5 b:6 c:7 :8");
  assertEquals(rig.given, ["one: c:7 :8"]);
  rig.keys.settled({ topic: "#a", from: 3, end: 4 });
  rig.keys.goOn();
  assertEquals(rig.given, ["one: b:6"]);
  rig.returned(4, "a:4");
  assertEquals(rig.given, []);
  rig.returned(1, "a:1");
  assertEquals(rig.given, ["one: a:1 (2)", "one: a:4 (2)", "one: a:5"]);
  assertEquals(rig.keys.waiting(rig), 0);
});

Deno.test("of what is here again and waits for others only so much is kept, and what is next always (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 200);
  const payload = "x".repeat(10_000);
  const { bytes } = rig.run(`a:${payload}`);
  const most = Math.ceil(GROUP_AHEAD_BYTES / bytes);
  const count = most + 4;
  rig.store(1, Array.from({ length: count }, () => `a:${payload}`).join(" "));
  rig.store(count + 1, ":y");
  rig.gaveBack("one", { from: 1, end: count + 1 });
  assertEquals(rig.given.length, 2);
  for (let at = 0; at < most; at++) assertEquals(rig.returned(3 + at, `a:${payload}`), [], `${at}`);
  const kept = rig.pool.bytesOut;
  const rest = `a:${payload} a:${payload}`;
  assertEquals(rig.returned(most + 3, rest), [`${most + 3}-${most + 3}`, `${most + 4}-${most + 4}`]);
  assertEquals(rig.pool.bytesOut, kept);
  assertEquals(rig.returned(2, `a:${payload}`), ["2-2"], "1 comes before it");
  assertEquals(rig.returned(count + 1, ":y"), [], "what has no key waits for nobody");
  assertEquals(rig.given, ["one: :y (2)"]);
  assertEquals(rig.returned(1, `a:${payload}`), []);
  assertEquals(rig.given.length, 1, "2 is still to come");
  assertEquals(rig.returned(2, `a:${payload}`), []);
  assertEquals(rig.given.length, 1 + most);
  assertEquals(rig.pool.bytesOut, 0);
});

Deno.test("what a member has not sent is taken back before all that follows it, however much waits (G4, G12)", () => {
  const rig = new KeysRig();
  rig.keeps = true;
  const { place, unsent } = rig.join("one", 3);
  rig.store(1, "a:1 a:2 :3 a:4 :5");
  assertEquals(rig.given, ["one: a:1 a:2 :3"]);
  rig.members.leave(place);
  rig.keys.gaveBack({ topic: "#a", from: 1, end: 2 });
  rig.keys.takeBack(unsent[0]!.kept(1, 2), rig, STORED);
  rig.keys.unsent(place, [], rig);
  unsent.splice(0).forEach((run) => run.release());
  rig.keeps = false;
  rig.join("two");
  rig.keys.goOn();
  assertEquals(rig.given, ["two: :3", "two: :5"], "2 and 4 wait for 1");
  rig.returned(1, "a:1");
  assertEquals(rig.given, ["two: a:1 (2)", "two: a:2", "two: a:4"]);
  assertEquals([rig.keys.open, rig.pool.bytesOut], [3, 0]);
});
