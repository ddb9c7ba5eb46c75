import { assert, assertEquals } from "@std/assert";
import type { Giver } from "../../../lib/engine/groups/keys.ts";
import { GROUP_AHEAD_BYTES, GROUP_ASIDE_MOST } from "../../../lib/limits.ts";
import { KeysRig, UNSTORED } from "./keys_rig.ts";

const OTHER: Giver = { hand: () => assert(false, "it is another kind's") };

/** A key that is a member's, and one that is another's, while there are only these two. */
function twoKeys(rig: KeysRig, one: string, other: string): [string, string] {
  const found = new Map<string, string>();
  for (let at = 0; !found.has(one) || !found.has(other); at++) {
    assert(at < 1000, "one of them has no key");
    rig.offer(`k${at}:x`);
    const [name] = rig.given[0]!.split(":");
    found.set(name!, `k${at}`);
    rig.passed(name!, 1);
  }
  return [found.get(one)!, found.get(other)!];
}

Deno.test("of what has no key each member that has room has a part, behind what has one as well (G3, G12)", () => {
  const rig = new KeysRig();
  rig.join("one");
  rig.join("two");
  const [a] = twoKeys(rig, "one", "two");
  rig.offer(`${a}:0 :1 :2 :3 :4 :5 :6`);
  assertEquals(rig.given.toSorted(), [`one: ${a}:0 :4 :5`, "two: :1 :2 :3 :6"]);
  rig.offer(":7 :8 :9");
  assertEquals(rig.given, ["one: :7 :8", "two: :9"]);
  assertEquals([rig.keys.open, rig.keys.size, rig.pool.bytesOut], [1, 1, 0]);
});

Deno.test("nobody gets more without a key than its window, and what is left waits in its order (G3, G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 2);
  rig.join("two", 1);
  assertEquals(rig.offer(":1 :2 :3 :4 :5 :6"), 0);
  assertEquals([rig.given, rig.keys.waiting(rig)], [["one: :1 :2", "two: :3"], 3]);
  rig.offer(":7");
  assertEquals([rig.given, rig.keys.waiting(rig)], [[], 4]);
  rig.passed("two", 1);
  assertEquals(rig.given, ["two: :4"]);
  rig.passed("one", 2);
  assertEquals(rig.given, ["one: :5", "one: :6"]);
  rig.passed("one", 2);
  assertEquals([rig.given, rig.keys.waiting(rig), rig.pool.bytesOut], [["one: :7"], 0, 0]);
  rig.offer(":8");
  assertEquals(rig.given, ["one: :8"], "nothing waits any more");
});

Deno.test("what has no key goes on while a key waits, and a key while that does (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  rig.offer("a:1 a:2 :3");
  assertEquals(rig.given, ["one: a:1"]);
  rig.join("two", 1);
  rig.keys.goOn();
  assertEquals(rig.given, ["two: :3"]);
  rig.passed("one", 1);
  assertEquals(rig.given.length, 1, "to whoever has the key by now, or to nobody before it has room");
});

Deno.test("what comes again without a key comes first, to another than who had it where one has room (G4)", () => {
  const rig = new KeysRig();
  const one = rig.join("one", 2);
  rig.join("two", 1);
  rig.store(1, ":1 :2 :3 :4 :5");
  assertEquals(rig.given, ["one: :1 :2", "two: :3"]);
  // as what is given back with somebody who has it before
  const again = (first: number, text: string): void => {
    const run = rig.run(text, { first });
    rig.keys.returned(run, rig, { unit: undefined, attempt: 2, before: one.place });
  };
  one.place.holds -= 2;
  rig.hands.get("two")!.place.holds -= 1;
  for (const { place } of rig.hands.values()) rig.members.update(place);
  again(2, ":2");
  again(1, ":1");
  rig.keys.goOn();
  assertEquals(rig.given, ["two: :2 (2)", "one: :1 (2)", "one: :4"], "in the order in which they are here");
  assertEquals(rig.keys.waiting(rig), 1);
});

Deno.test("who comes gets the keys that are its own by now and wait for nobody, without anybody doing anything (G13)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  const keys = Array.from({ length: 24 }, (_, at) => `k${at}`);
  rig.offer(keys.map((key) => `${key}:1`).join(" "));
  assertEquals(rig.given, ["one: k0:1"]);
  rig.join("two");
  rig.keys.goOn();
  const given = rig.given;
  assert(given.length > 4 && given.length < 20, `${given.length}`);
  assert(given.every((each) => each.startsWith("two: ")));
  assertEquals(rig.keys.waiting(rig), 23 - given.length);
  rig.passed("one", 1);
  assertEquals(rig.given.length, 1, "one that is the first one's still");
});

Deno.test("who has gone leaves its keys to the others, and what waits for it goes on with them (G13)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  rig.join("two", 1);
  const [a, b] = twoKeys(rig, "one", "two");
  rig.offer(`${a}:1 ${a}:2 ${b}:1 ${b}:2`);
  assertEquals(rig.given.toSorted(), [`one: ${a}:1`, `two: ${b}:1`]);
  rig.dies("one");
  assertEquals(rig.given, [], "the other has no room");
  assertEquals(rig.keys.open, 3, "what it had been given is over");
  rig.passed("two", 1);
  rig.passed("two", 1);
  assertEquals(rig.given.toSorted(), [`two: ${a}:2`, `two: ${b}:2`].toSorted());
  rig.passed("two", 1);
  assertEquals([rig.keys.open, rig.keys.size, rig.pool.bytesOut], [0, 0, 0]);
});

Deno.test("where nobody is left everything waits for who comes (G4, G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  rig.offer("a:1 a:2 :3");
  rig.dies("one");
  assertEquals([rig.given, rig.keys.waiting(rig), rig.keys.open], [["one: a:1"], 2, 1]);
  rig.join("two");
  rig.keys.goOn();
  assertEquals(rig.given.toSorted(), ["two: :3", "two: a:2"]);
});

Deno.test("of what a member that is gone had, what it had sent is over, and the rest comes again, in its order (G4)", () => {
  const rig = new KeysRig();
  rig.keeps = true;
  rig.join("one", 6);
  for (const text of ["a:1", ":2 b:3", "a:4 b:5 :6", "a:7 :8"]) rig.offer(text);
  assertEquals(rig.given, ["one: a:1", "one: :2 b:3", "one: a:4 b:5 :6"]);
  rig.dies("one", 2);
  assertEquals([rig.keys.open, rig.keys.waiting(rig), rig.keys.size], [3, 5, 2]);
  rig.keeps = false;
  rig.join("two", 1);
  const given: string[] = [];
  rig.keys.goOn();
  for (let left = 5; left > 0; left--) {
    given.push(...rig.given);
    rig.passed("two", 1);
  }
  assertEquals(given.filter((each) => each.includes("a:")), ["two: a:4", "two: a:7"]);
  assertEquals(given.filter((each) => each.includes(" :")), ["two: :6", "two: :8"]);
  assertEquals([given.length, rig.keys.open, rig.pool.bytesOut], [5, 0, 0]);
});

Deno.test("messages leave a member in the order in which it was given them, with a key or without (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 7);
  rig.offer("a:1 :2 b:3 :4 a:5");
  assertEquals([rig.keys.open, rig.keys.size], [3, 2]);
  const left = (messages: number): [number, number] => {
    rig.passed("one", messages);
    return [rig.keys.open, rig.keys.size];
  };
  assertEquals([left(1), left(1), left(2), left(1)], [[2, 2], [2, 2], [1, 1], [0, 0]]);
});

Deno.test("what is forgotten of one kind is let go of, and what is of another stays (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  rig.offer("a:1 a:2 b:3 :4");
  rig.offer("a:x :y c:z", { giver: OTHER });
  assertEquals([rig.keys.open, rig.keys.size, rig.keys.waiting(rig), rig.keys.waiting(OTHER)], [5, 3, 3, 3]);
  const bytes = rig.pool.bytesOut;
  assertEquals(rig.keys.forget(OTHER, "unstored"), 3);
  assertEquals([rig.keys.open, rig.keys.size, rig.keys.waiting(rig), rig.keys.waiting(OTHER)], [3, 2, 3, 0]);
  assertEquals(rig.pool.bytesOut * 2, bytes);
  assertEquals(rig.keys.forget(rig, "unstored"), 3);
  assertEquals([rig.keys.open, rig.keys.waiting(rig), rig.pool.bytesOut], [1, 0, 0]);
  assertEquals([rig.keys.isFull(0), rig.keys.isFull(1)], [false, false]);
  rig.passed("one", 1);
  assertEquals([rig.given, rig.keys.size], [["one: a:1"], 0]);
});

Deno.test("all that is stored is forgotten together, whoever has it, and what is not stays (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 2);
  rig.store(1, "a:1 a:2 a:3 :4");
  rig.store(1, "b:1 b:2", "#b");
  rig.offer("c:x", { giver: OTHER });
  assertEquals([rig.given, rig.keys.open], [["one: a:1 a:2"], 6]);
  assertEquals(rig.keys.forget(rig, "stored"), 4);
  assertEquals([rig.keys.open, rig.keys.size, rig.keys.waiting(rig)], [1, 1, 0]);
  assertEquals(rig.keys.forget(OTHER, "unstored"), 1);
  assertEquals([rig.keys.size, rig.pool.bytesOut], [0, 0]);
  // numbers that are used once more are other messages
  rig.hands.get("one")!.place.holds = 0;
  rig.keys.settled({ topic: "#a", from: 1, end: 5 });
  assertEquals(rig.keys.open, 0);
});

Deno.test("where nobody may wait, so many with a key do, and what is left out leaves nothing behind (G5)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  const offer = (text: string): number => rig.offer(text, { keeps: false });
  assertEquals(offer("a:0 :1 a:2"), 1, "what has no key waits for nobody");
  assertEquals(offer(Array.from({ length: GROUP_ASIDE_MOST - 2 }, () => "a:x").join(" ")), 0);
  assertEquals([rig.keys.isFull(Infinity), rig.keys.waiting(rig)], [false, GROUP_ASIDE_MOST - 1]);
  assertEquals(offer("b:1 c:2 a:3 c:4 :5"), 4);
  assertEquals(rig.keys.isFull(Infinity), true);
  assertEquals([rig.keys.size, rig.keys.open], [2, GROUP_ASIDE_MOST + 1]);
  assertEquals(rig.keys.wanted, 2, "those that have something that waits");
  assertEquals(rig.given, ["one: a:0"]);
});

Deno.test("what waits fills it with its bytes, and less does not (G13)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  const payload = "x".repeat(1000);
  rig.offer(`a:0 a:${payload}`);
  const { bytes } = rig.run(`a:${payload}`);
  assertEquals([rig.keys.isFull(bytes), rig.keys.isFull(bytes + 1)], [true, false]);
  for (let at = 1; at < Math.floor(GROUP_AHEAD_BYTES / bytes); at++) rig.offer(`a:${payload}`);
  assertEquals(rig.keys.isFull(GROUP_AHEAD_BYTES), false);
  rig.offer(`a:${payload}`);
  assertEquals(rig.keys.isFull(GROUP_AHEAD_BYTES), true);
});

Deno.test("what leaves at once while it is given out lets the next follow, each once (G12)", () => {
  const rig = new KeysRig();
  rig.join("one", 1);
  const numbers = Array.from({ length: 3000 }, (_, at) => at);
  rig.offer(numbers.map((at) => `${at % 3 === 0 ? "" : `k${at % 3}`}:${at}`).join(" "));
  rig.gave = (name) => rig.passed(name, 1);
  rig.passed("one", 1);
  const given = rig.given.map((each) => each.slice("one: ".length).split(":"));
  assertEquals(given.map(([, at]) => Number(at)).toSorted((a, b) => a - b), numbers);
  for (const key of ["", "k1", "k2"]) {
    const own = given.filter(([each]) => each === key).map(([, at]) => Number(at));
    assertEquals(own, own.toSorted((a, b) => a - b), key);
  }
  assertEquals([rig.keys.open, rig.keys.size, rig.pool.bytesOut], [0, 0, 0]);
});

Deno.test("of what is not small each part follows one another, from where its records begin on (G12)", () => {
  const rig = new KeysRig();
  rig.join("one");
  rig.join("two");
  const [a, b] = twoKeys(rig, "one", "two");
  const record = (key: string, payload: string): number => rig.run(`${key}:${payload}`).bytes;
  const offered = (bytes: number): number => {
    const text = [a, b, a, b].map((key) => {
      const payload = "x".repeat(bytes - record(key, "y".repeat(1000)) + 1000);
      return `${key}:${payload}`;
    });
    const run = rig.run(`${a}:${"x".repeat(5000)} ${text.join(" ")}`);
    const part = run.part(1, 4);
    assertEquals(part.bytes, 4 * bytes);
    rig.keys.offer(part, rig, { ...UNSTORED, keeps: true });
    return rig.given.length;
  };
  assertEquals([offered(1023), offered(1024)], [2, 4]);
});

Deno.test("what becomes free while a run is given out comes behind what of it is that member's already (G12)", () => {
  const rig = new KeysRig();
  rig.join("one");
  // a key that is the next one's from when it has joined, and one each that are theirs
  const probe = new KeysRig();
  probe.join("one");
  probe.join("next");
  const [own, moved] = twoKeys(probe, "one", "next");
  rig.offer(`${moved}:1`);
  rig.join("next");
  rig.offer(`${moved}:2`);
  assertEquals(rig.given, [`one: ${moved}:1`], "the first holds something of it");
  const other = Array.from({ length: 100 }, (_, at) => `other${at}`).find((key) => {
    probe.offer(`${key}:x`);
    return probe.given[0]!.startsWith("next");
  })!;
  rig.gave = (name) => {
    rig.gave = () => {};
    rig.passed(name, 1);
  };
  const payload = "x".repeat(2000);
  rig.offer(`${own}:${payload} ${other}:${payload}`);
  assertEquals(rig.given, [`one: ${own}:${payload}`, `next: ${other}:${payload}`, `next: ${moved}:2`]);
  rig.passed("next", 1);
  assertEquals([rig.keys.open, rig.keys.size], [2, 2]);
});
