import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RunError } from "../../../lib/errors.ts";
import { DamageError } from "../../../lib/store/log/damage.ts";
import {
  asStoreError,
  damaged,
  isDamage,
  isWriteError,
  reasonOf,
  resultCode,
} from "../../../lib/store/sqlite/errors.ts";

function coded(errcode: unknown, message = "disk I/O error"): Error {
  return Object.assign(new Error(message), { errcode });
}

Deno.test("of SQLite's codes the lower byte is the result, and what is no error of its has none", () => {
  assertEquals([5, 261, 778, 1034].map((code) => resultCode(coded(code))), [5, 5, 10, 10]);
  for (const other of [new Error("x"), coded("5"), "5", undefined, { errcode: 5 }]) {
    assertEquals(resultCode(other), undefined);
  }
});

Deno.test("a write that failed is told from an fsync and a read that did", () => {
  assertEquals([778, 1034, 266, 10].map((code) => isWriteError(coded(code))), [true, false, false, false]);
  assert(!isWriteError(new Error("x")) && !isWriteError({ errcode: 778 }));
});

Deno.test("damage is what SQLite, a checksum or a number of the store's says is not what it should be", () => {
  const outOfRange = Object.assign(new Error("too large"), { code: "ERR_OUT_OF_RANGE" });
  const all = [new DamageError("x"), coded(11), coded(267), coded(26), outOfRange];
  for (const each of all) assert(isDamage(each), each.message);
  for (const message of ["database disk image is malformed", "file is not a database"]) {
    assert(isDamage(new Error(message)), message);
  }
  const others = [
    coded(10),
    coded(13),
    new Error("x"),
    Object.assign(new Error("x"), { code: "ENOENT" }),
    "malformed",
  ];
  for (const each of others) assert(!isDamage(each), String(each));
});

Deno.test("a reason has SQLite's own code where there is one, and what stops the use of a store names it", () => {
  assertEquals([reasonOf(coded(778)), reasonOf(new Error("x")), reasonOf(coded("778", "y")), reasonOf("z")], [
    "disk I/O error (SQLite 778)",
    "x",
    "y",
    "z",
  ]);
  const told = new RunError("told");
  assert(asStoreError("d", told) === told);
  const damage = asStoreError("d", new DamageError("a batch is gone"));
  assert(damage instanceof RunError);
  assertEquals(damage.message, damaged("d", "a batch is gone").message);
  assertStringIncludes(damage.message, `the store in "d" is damaged: a batch is gone; `);
  const other = asStoreError("d", new TypeError("no such place"));
  assert(other instanceof RunError);
  assertEquals(other.message, `the data directory "d" cannot be used: no such place`);
});
