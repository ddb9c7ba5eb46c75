/** The memory that messages wait in: how much is taken, what is used again, and what is let go of. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Backlog, type Portion } from "../../../lib/client/publishing/backlog.ts";

const HEAD = new TextEncoder().encode("pub #a ");
const NO_FIELDS = new Uint8Array(0);
const ALL = { bytes: Infinity, count: Infinity };
/** What a message may need beside its topic, fields and payload. */
const AROUND = 12;
const FIRST = 8 * 1024;
const BLOCK = 128 * 1024;
const KEPT = 1024 * 1024;

/** A message whose record has so many bytes at most; its payload is so much shorter. */
function add(backlog: Backlog, most: number): void {
  const payload = new Uint8Array(most - HEAD.length - AROUND).fill(120);
  backlog.add(HEAD, { fields: NO_FIELDS, payload });
}

/** All that is to be sent, which is written at once. */
function send(backlog: Backlog, window: { readonly bytes: number; readonly count: number } = ALL): Portion[] {
  const portions: Portion[] = [];
  for (let portion = backlog.next(window); portion !== undefined; portion = backlog.next(window)) {
    portions.push(portion);
    backlog.written(portion);
  }
  return portions;
}

/** Bytes of the memory that each is in. */
function memory(portions: readonly Portion[]): number[] {
  return portions.map(({ bytes }) => bytes.buffer.byteLength);
}

Deno.test("little waits in 8 KiB, more in 128 KiB, and what is larger in as much as it needs", () => {
  for (
    const [most, takes] of [
      [100, FIRST],
      [FIRST, FIRST],
      [FIRST + 1, BLOCK],
      [BLOCK, BLOCK],
      [BLOCK + 1, BLOCK + 1],
      [5 * BLOCK, 5 * BLOCK],
    ] as const
  ) {
    const backlog = new Backlog();
    add(backlog, most);
    assertEquals(memory(send(backlog)), [takes], `${most} bytes`);
  }
});

Deno.test("text is given room for three bytes a character, and what is long is encoded first", () => {
  for (const [length, takes] of [[2724, FIRST], [2725, BLOCK], [4096, BLOCK], [4097, FIRST]] as const) {
    const backlog = new Backlog();
    backlog.add(HEAD, { fields: NO_FIELDS, payload: "x".repeat(length) });
    assertEquals(memory(send(backlog)), [takes], `${length} characters`);
  }
});

Deno.test("fields take room, too", () => {
  for (const [length, takes] of [[0, FIRST], [1, BLOCK]] as const) {
    const backlog = new Backlog();
    const payload = new Uint8Array(FIRST - HEAD.length - AROUND);
    backlog.add(HEAD, { fields: new Uint8Array(length).fill(32), payload });
    assertEquals(memory(send(backlog)), [takes]);
  }
});

Deno.test("messages share a block as long as there is room in it", () => {
  for (const [payload, blocks] of [[8160, 1], [8161, 2]] as const) {
    const backlog = new Backlog();
    backlog.add(HEAD, { fields: NO_FIELDS, payload: new Uint8Array(payload) });
    backlog.add(HEAD, { fields: NO_FIELDS, payload: "" });
    assertEquals(memory(send(backlog)), blocks === 1 ? [FIRST] : [FIRST, BLOCK]);
    assertEquals([backlog.size, backlog.bytes], [2, payload + 13 + 10]);
  }
});

Deno.test("the last block is filled again from its beginning, unless it is a large one", () => {
  for (const [most, keeps] of [[100, true], [KEPT, true], [KEPT + 1, false]] as const) {
    const backlog = new Backlog();
    add(backlog, most);
    const [first] = send(backlog);
    backlog.done(1);
    assertEquals([backlog.size, backlog.bytes, backlog.unsent], [0, 0, 0]);
    add(backlog, 100);
    const [next] = send(backlog);
    assertEquals(next!.bytes.buffer === first!.bytes.buffer, keeps, `${most} bytes`);
    assertEquals([next!.bytes.byteOffset, next!.bytes.buffer.byteLength], [
      0,
      keeps ? Math.max(most, FIRST) : FIRST,
    ]);
  }
});

Deno.test("a block that is done with is the next one, and only one is kept for that", () => {
  const backlog = new Backlog();
  for (const most of [FIRST, BLOCK, BLOCK, BLOCK, BLOCK]) add(backlog, most);
  const [, second, third, fourth] = send(backlog);
  backlog.done(3);
  add(backlog, BLOCK);
  add(backlog, BLOCK);
  const [sixth, seventh] = send(backlog);
  assertStrictEquals(sixth!.bytes.buffer, second!.bytes.buffer);
  assertEquals([third, fourth].some((other) => other!.bytes.buffer === seventh!.bytes.buffer), false);
  assertEquals(memory([seventh!]), [BLOCK]);
});

Deno.test("an empty block that is too small for what comes is no block any more", () => {
  const backlog = new Backlog();
  add(backlog, 100);
  send(backlog);
  backlog.done(1);
  add(backlog, BLOCK);
  assertEquals(memory(send(backlog)), [BLOCK]);
  assertEquals(backlog.first().topic, "#a");
  backlog.done(1);
  assertEquals([backlog.size, backlog.bytes], [0, 0]);
});

Deno.test("so many messages may be on their way, or so many bytes, of those that are not done with", () => {
  const backlog = new Backlog();
  for (let at = 0; at < 6; at++) add(backlog, BLOCK);
  const record = BLOCK - AROUND + 6 + 2;
  const few = { bytes: Infinity, count: 2 };
  assertEquals(send(backlog, few).length, 2);
  assertEquals(send(backlog, few).length, 0);
  backlog.done(1);
  assertEquals(send(backlog, few).length, 1);
  const less = { bytes: 3 * record, count: Infinity };
  assertEquals(send(backlog, less).length, 1);
  assertEquals(send(backlog, { bytes: 3 * record + 1, count: Infinity }).length, 1);
  assertEquals(send(backlog, less).length, 0);
});

Deno.test("several of a block that are done with count no more among those on their way", () => {
  const backlog = new Backlog();
  for (let at = 0; at < 4; at++) backlog.add(HEAD, { fields: NO_FIELDS, payload: `${at}` });
  assertEquals(send(backlog, { bytes: Infinity, count: 1 }).length, 1, "they leave together");
  backlog.add(HEAD, { fields: NO_FIELDS, payload: "4" });
  backlog.done(2);
  assertEquals(send(backlog, { bytes: Infinity, count: 1 }).length, 1, "of the same block");
  add(backlog, BLOCK);
  assertEquals(send(backlog, { bytes: Infinity, count: 3 }).length, 0);
  assertEquals(send(backlog, { bytes: Infinity, count: 4 }).length, 1);
});

Deno.test("there is no oldest message where there is none", () => {
  assertThrows(() => new Backlog().first(), RangeError, "the backlog is empty");
});

Deno.test("those that are taken out of the middle, in any order, leave what is around them", () => {
  for (const order of [[5, 4, 3, 2], [2, 3, 4, 5], [3, 5, 2, 4], [4, 2, 5, 3]]) {
    const backlog = new Backlog();
    const left = Array.from({ length: 10 }, (_, at) => `${at}${"x".repeat(at)}`);
    for (const payload of left) backlog.add(HEAD, { fields: NO_FIELDS, payload });
    for (const place of order) {
      const at = Math.min(place, left.length - 1);
      assertEquals(backlog.withdraw(at + 1), true);
      left.splice(at, 1);
    }
    const text = left.map((payload) => `pub #a ${payload.length}\n${payload}\n`).join("");
    assertEquals([backlog.size, backlog.bytes], [left.length, text.length]);
    assertEquals(backlog.withdraw(left.length + 1), false, "there is none");
    assertEquals(send(backlog).map(({ bytes }) => new TextDecoder().decode(bytes)).join(""), text);
  }
});

Deno.test("those that are taken out at the front are gone at once, and their memory with the last", () => {
  const backlog = new Backlog();
  for (let at = 0; at < 3; at++) backlog.add(HEAD, { fields: NO_FIELDS, payload: `${at}` });
  assertEquals([backlog.withdraw(1), backlog.size, backlog.unsent], [true, 2, 22]);
  assertEquals([backlog.withdraw(2), backlog.size, backlog.unsent], [true, 1, 11]);
  assertEquals(new TextDecoder().decode(backlog.first().payload), "1");
  assertEquals([backlog.withdraw(1), backlog.size, backlog.unsent, backlog.bytes], [true, 0, 0, 0]);
});
