import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RECORD_LEAST } from "../../../lib/engine/durable/id_memory.ts";
import { IdTable, type Key } from "../../../lib/engine/durable/id_table.ts";

/** Four numbers of an entry and its bucket, four bytes each. */
const ENTRY_BYTES = 20;

interface Entry {
  readonly key: Key;
  readonly owner: number;
  entry: number;
  extra: number;
  /** What its bytes are filled with. */
  mark: number;
}

/** The same length and end, so that only the bytes tell them apart. */
function keyOf(number: number, length: number, hash: number): Key {
  const bytes = new Uint8Array(length + 3).fill(120);
  for (let at = 0, left = number; at < length; at++, left >>= 1) bytes[at] = 97 + (left & 1);
  return { bytes, length, hash };
}

function sizeOf({ key, extra }: Entry): number {
  return ENTRY_BYTES + Math.max(RECORD_LEAST, 2 + key.length + extra);
}

function fill(table: IdTable, { entry, extra, mark }: Entry): void {
  const start = table.startOf(entry);
  table.bytesOf(entry).fill(mark, start, start + extra);
}

/** Its bytes are its own, all of them. */
function check(table: IdTable, { key, owner, entry, extra, mark }: Entry): void {
  assertEquals(table.find(key, owner), entry);
  const start = table.startOf(entry);
  assertEquals([...table.bytesOf(entry).subarray(start, start + extra)], Array(extra).fill(mark));
}

Deno.test("entries are found by their bytes and their owner whatever hashes they have, and take what they say", () => {
  const step = fc.record({
    what: fc.constantFrom("add", "add", "add", "remove", "resize"),
    number: fc.nat(3),
    length: fc.constantFrom(0, 4, 300),
    hash: fc.constantFrom(0, 5, -1, -(2 ** 31)),
    owner: fc.nat(1),
    extra: fc.constantFrom(0, 1, 9, 40),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const table = new IdTable();
    const model = new Map<string, Entry>();
    let mark = 0;
    for (const { what, number, length, hash, owner, extra } of steps) {
      const key = keyOf(number, length, hash);
      const name = `${owner} ${hash} ${[...key.bytes.subarray(0, length)]}`;
      const known = model.get(name);
      mark = (mark + 1) % 256;
      if (known === undefined) {
        assertEquals(table.find(key, owner), 0);
        if (what !== "add") continue;
        const added = { key, owner, entry: table.add(key, owner, extra), extra, mark };
        model.set(name, added);
        fill(table, added);
      } else if (what === "remove") {
        table.remove(known.entry, known.extra);
        model.delete(name);
        assertEquals(table.find(key, owner), 0);
      } else if (what === "resize") {
        table.resize(known.entry, known.extra, extra);
        Object.assign(known, { extra, mark });
        fill(table, known);
      }
    }
    for (const each of model.values()) check(table, each);
    assertEquals(table.size, model.size);
    assertEquals(table.bytes, [...model.values()].reduce((sum, each) => sum + sizeOf(each), 0));
    for (const { entry, extra } of model.values()) table.remove(entry, extra);
    assertEquals([table.size, table.bytes], [0, 0]);
  }));
});

Deno.test("thousands that come and go are found, each, and what is let go is used again", () => {
  const table = new IdTable();
  const add = (number: number): Entry => {
    const key = keyOf(number, 16, Math.imul(number, 0x9e3779b1));
    const added = { key, owner: number % 3, entry: 0, extra: number % 7, mark: number % 251 };
    added.entry = table.add(key, added.owner, added.extra);
    fill(table, added);
    return added;
  };
  const all = Array.from({ length: 5000 }, (_, number) => add(number));
  for (const each of all) check(table, each);
  const before = table.bytes;
  for (const each of all) {
    table.resize(each.entry, each.extra, each.extra + 5);
    each.extra += 5;
    fill(table, each);
  }
  for (const each of all) check(table, each);
  assertEquals(table.bytes, before + 5 * all.length);
  const most = Math.max(...all.map(({ entry }) => entry));
  const gone = all.filter((_, at) => at % 2 === 0);
  for (const { entry, extra } of gone) table.remove(entry, extra);
  for (const { key, owner } of gone) assertEquals(table.find(key, owner), 0);
  const again = Array.from({ length: gone.length }, (_, number) => add(5000 + number));
  for (const each of [...again, ...all.filter((each) => !gone.includes(each))]) check(table, each);
  assertEquals(Math.max(...again.map(({ entry }) => entry)) <= most, true, "their entries are used again");
});

Deno.test("entries lie one behind the other: each takes what is counted for it, and no more", () => {
  const table = new IdTable();
  const entries = Array.from({ length: 1000 }, (_, number) => table.add(keyOf(number, 16, number), 0, 4));
  assertEquals(entries, Array.from({ length: 1000 }, (_, at) => entries[0]! + at));
});
