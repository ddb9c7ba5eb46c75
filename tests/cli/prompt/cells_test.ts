import { assertEquals } from "@std/assert";
import { cellsOf, characters, layOut } from "../../../lib/cli/prompt/cells.ts";
import { drawable } from "../../../lib/cli/prompt/screen.ts";

function width(text: string): number {
  return [...characters(text)].reduce((sum, character) => sum + cellsOf(character), 0);
}

Deno.test("a character is as wide as terminals show it", () => {
  for (
    const [text, cells] of [
      ["abc é", 5],
      ["e\u0301", 1],
      ["日本語", 6],
      ["ｆｕｌｌ", 8],
      ["한국", 4],
      ["😀", 2],
      ["👩‍👩‍👧", 2],
      ["👍🏽", 2],
      ["🇩🇪", 2],
      ["→ ½ ─", 5],
      ["\u200b", 0],
    ] as const
  ) assertEquals(width(text), cells, text);
});

Deno.test("layOut breaks rows where a terminal does, and knows the row of the cursor", () => {
  assertEquals(layOut("abcdef", { cursor: 4, columns: 4 }), {
    rows: ["abcd", "ef"],
    cursorRow: 1,
    beforeCursor: "",
  });
  // a wide character that does not fit leaves the last cell empty
  assertEquals(layOut("abc日x", { cursor: 3, columns: 4 }), {
    rows: ["abc", "日x"],
    cursorRow: 1,
    beforeCursor: "",
  });
  // behind a full row the cursor is in the next
  assertEquals(layOut("abcd", { cursor: 4, columns: 4 }), {
    rows: ["abcd", ""],
    cursorRow: 1,
    beforeCursor: "",
  });
  assertEquals(layOut("", { cursor: 0, columns: 4 }), { rows: [""], cursorRow: 0, beforeCursor: "" });
});

Deno.test("what is drawn moves no cursor and turns no text around", () => {
  assertEquals(drawable("a\tb\x1b[2J\u202ec\u200bd"), "a\\tb\\x1b[2J\\u{202e}c\\u{200b}d");
  assertEquals(drawable("e\u0301 👩‍👩‍👧 日本 🇩🇪"), "e\u0301 👩‍👩‍👧 日本 🇩🇪");
});
