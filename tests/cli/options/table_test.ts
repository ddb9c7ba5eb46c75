/** What each sort of option makes of what was written, and shows of it. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  BARE,
  type Complain,
  flag,
  list,
  type Option,
  option,
  optionElse,
  optionMaybe,
  optionOr,
  type Spec,
  wordsBehind,
} from "../../../lib/cli/options/table.ts";
import { tableEntries, tableText } from "../../../lib/cli/options/table_text.ts";
import { choice, CONTEXT, count, DURATION, FILE, type Kind, TEXT } from "../../../lib/cli/options/units.ts";

class Wrong extends Error {}
const complain: Complain = (text) => {
  throw new Wrong(text);
};
const HELP: Spec = { help: "it" };

/** What an option comes to for these texts, and what it shows of them. */
function of<T>(row: Option<T>, ...texts: readonly string[]): readonly [T, readonly string[]] {
  return [row.read(texts, complain), row.show(texts)];
}

Deno.test("an option is the last of what was given, shown as one would write it, and nothing where none was", () => {
  const row = option(DURATION, HELP);
  assertEquals([of(row), of(row, "60"), of(row, "5s", "2h")], [[undefined, []], [60_000, ["1m"]], [
    7_200_000,
    ["2h"],
  ]]);
  assertEquals(assertThrows(() => row.read(["5s", "soon"], complain), Wrong).message, "soon");
  assertEquals(row.show(["soon"]), ["soon"], "what is wrong is shown as it is");
  assertEquals(of(option(TEXT, HELP), "a", "b"), ["b", ["b"]]);
});

Deno.test("an option with a default has that where nothing was given, and may have to find it out", () => {
  const row = optionOr(DURATION, { ...HELP, fallback: 5000 });
  assertEquals([of(row), of(row, "1m", "2m")], [[5000, ["5s"]], [120_000, ["2m"]]]);
  let asked = 0;
  const made = optionElse(count({ least: 0, most: 9 }), { ...HELP, otherwise: () => ++asked });
  assertEquals([of(made, "0"), asked], [[0, ["0"]], 0]);
  assertEquals([of(made), asked], [[1, ["2"]], 2]);
});

Deno.test("an option whose value may be left out has three states, each shown as what it comes to", () => {
  const row = optionMaybe(DURATION, { ...HELP, fallback: 1000, bare: 60_000 });
  assertEquals([of(row), of(row, BARE), of(row, "1h")], [[1000, ["1s"]], [60_000, ["1m"]], [
    3_600_000,
    ["1h"],
  ]]);
  assertEquals([of(row, "1h", BARE), of(row, BARE, "1h")], [[60_000, ["1m"]], [3_600_000, ["1h"]]]);
  const none = optionMaybe(count({ least: 0, most: 9 }), { ...HELP, fallback: undefined, bare: 7 });
  assertEquals([of(none), of(none, BARE), of(none, "8")], [[undefined, []], [7, ["7"]], [8, ["8"]]]);
  assertEquals([row.takes, row.config], ["optional", ["string", "number", "boolean"]]);
});

Deno.test("a list has all that was given, in its order", () => {
  const row = list(DURATION, HELP);
  assertEquals([of(row), of(row, "60", "1s"), row.many], [[[], []], [[60_000, 1000], ["1m", "1s"]], true]);
  assertEquals(assertThrows(() => row.read(["1s", "x", "y"], complain), Wrong).message, "x");
});

Deno.test("a flag is on or off as it was said last, and off where it was not", () => {
  const row = flag(HELP);
  assertEquals([of(row), of(row, "true"), of(row, "false", "true"), of(row, "true", "false")], [
    [false, []],
    [true, ["true"]],
    [true, ["true"]],
    [false, ["false"]],
  ]);
  assertEquals([row.takes, row.many, row.config], ["none", false, ["boolean"]]);
});

Deno.test("words behind -- are there or not, and no file gives them", () => {
  const row = wordsBehind({ ...HELP, placeholder: "COMMAND" });
  assertEquals([of(row), of(row, "a", "-b")], [[undefined, []], [["a", "-b"], ["a", "-b"]]]);
  assertEquals([row.takes, row.many, row.config], ["rest", true, []]);
});

Deno.test("a row has what was said of it and what its kind says, and nothing else", () => {
  const kind: Kind<string> = { placeholder: "X", config: ["string"], read: (value) => ({ value }) };
  const plain = {
    letters: "",
    placeholder: "X",
    help: "it",
    takes: "required",
    many: false,
    config: ["string"],
  };
  const rowOf = (kind: Kind<string>, spec: Spec): unknown => {
    const { read: _, show: _1, ...row } = option(kind, spec);
    return row;
  };
  assertEquals(rowOf(kind, HELP), plain);
  const shares = { letter: "H", when: () => true };
  const spec = { letters: "ab", placeholder: "Y", hint: "so", once: true, shares, secret: true };
  assertEquals(rowOf(kind, { ...HELP, ...spec }), { ...plain, ...spec });
  assertEquals(rowOf({ ...kind, completes: { kind: "files" } }, HELP), {
    ...plain,
    completes: { kind: "files" },
  });
  assertEquals(rowOf(kind, { ...HELP, letters: "h" }), { ...plain, letters: "h", takes: "required-or-help" });
  assertEquals(
    [option(FILE, HELP).completes, option(CONTEXT, HELP).completes, option(TEXT, HELP).completes],
    [
      { kind: "files" },
      { kind: "contexts" },
      undefined,
    ],
  );
  assertEquals(option(choice("a", "b"), HELP).placeholder, "a|b");
});

Deno.test("a table comes back from its text as it was, whatever stands behind its first =", () => {
  const entries = [{ key: "a", value: "x=y" }, { key: "b", value: "" }, { key: "", value: "z" }];
  assertEquals(tableEntries(tableText(entries)), entries);
});
