import { assert, assertEquals } from "@std/assert";
import { IdKey } from "../../../lib/engine/durable/id_key.ts";
import { factorOf, mixed } from "../../../lib/topics/mixing.ts";
import { encoder } from "../case_parts.ts";

const SEED = 7;

/** As FNV-1a does, by a factor of one's own. */
function hashed(from: number, ...numbers: readonly number[]): number {
  return numbers.reduce((hash, number) => Math.imul(hash ^ number, factorOf(SEED)), from);
}

function topicHash(topic: string): number {
  return mixed(hashed(0x811c9dc5, ...encoder.encode(topic)), 0);
}

function codesOf(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

function bytesOf({ bytes, length }: IdKey): number[] {
  return [...bytes.subarray(0, length)];
}

Deno.test("a key that was asked for nothing is empty", () => {
  const key = new IdKey(SEED);
  assertEquals([key.length, key.hash, key.topic, key.topicBytes.length], [0, 0, "", 0]);
});

Deno.test("a whole id is its bytes, and its hash is that of its topic and them", () => {
  const key = new IdKey(SEED);
  for (const topic of ["#a", "#\u00e9.b", ""]) {
    key.ofTopic(topic);
    assertEquals([key.topic, [...key.topicBytes]], [topic, [...encoder.encode(topic)]]);
    if (topic !== "") assertEquals(key.topicHash, topicHash(topic));
    for (const text of ["", "k7x-", "\xff\0"]) {
      key.ofText(text);
      key.whole();
      assertEquals(bytesOf(key), codesOf(text));
      assertEquals(key.hash, mixed(hashed(key.topicHash, ...codesOf(text)), 0));
    }
  }
});

Deno.test("a topic that stays is not looked at again", () => {
  const key = new IdKey(SEED);
  key.ofTopic("#a");
  const { topicBytes } = key;
  key.ofTopic("#a");
  assert(key.topicBytes === topicBytes);
  key.ofTopic("#b");
  assertEquals([...key.topicBytes], [35, 98]);
});

Deno.test("a block of numbers is five bytes behind the text, the low ones first, and tells its level by the hash", () => {
  const key = new IdKey(SEED);
  key.ofTopic("#a");
  const blocks: [number, number[]][] = [
    [0, [0, 0, 0, 0, 0]],
    [0x01020304, [4, 3, 2, 1, 0]],
    [0xfffefdfc, [0xfc, 0xfd, 0xfe, 0xff, 0]],
    [2 ** 32, [0, 0, 0, 0, 1]],
    [0xe3 * 2 ** 32 + 5, [5, 0, 0, 0, 0xe3]],
  ];
  // of these lengths some need more room than there is at first
  for (
    const text of [
      "",
      "p-",
      ...[505, 506, 507, 508, 509, 510, 511, 512, 1100].map((length) => "x".repeat(length)),
    ]
  ) {
    key.ofText(text);
    for (const [block, wanted] of blocks) {
      const hashes = [1, 2].map((level) => {
        key.block(block, level);
        assertEquals(bytesOf(key), [...codesOf(text), ...wanted]);
        return key.hash;
      });
      const of = hashed(topicHash("#a"), ...codesOf(text), block >>> 0, wanted[4]!);
      assertEquals(hashes, [mixed(of, 1), mixed(of, 2)]);
    }
    key.whole();
    assertEquals(bytesOf(key), codesOf(text));
  }
});

Deno.test("no two keys of a kind have a hash in common, nor the same one by two seeds", () => {
  const [key, other] = [new IdKey(SEED), new IdKey(SEED + 1)];
  const hashes = new Set<number>();
  let count = 0;
  for (const topic of ["#a", "#b", "#ab"]) {
    for (const text of ["", "a", "b", "ab", "ba"]) {
      for (const each of [key, other]) {
        each.ofTopic(topic);
        each.ofText(text);
        each.whole();
        hashes.add(each.hash);
        for (const block of [0, 1, 255, 256, 65_536, 2 ** 24, 2 ** 32, 2 ** 33]) {
          each.block(block, 2);
          hashes.add(each.hash);
          count++;
        }
        count++;
      }
    }
  }
  assertEquals(hashes.size, count);
});
