import { assertEquals } from "@std/assert";
import { countOf, decodeText, jsonLine, quote, visible } from "../lib/text.ts";

Deno.test("jsonLine writes out what could move a cursor or hide, and stays JSON", () => {
  const value = { text: "a\x7f\x9b\u202e\u2028\u{e0001}é日😀\n" };
  const line = jsonLine(value);
  assertEquals(line, String.raw`{"text":"a\u007f\u009b\u202e\u2028\udb40\udc01é日😀\n"}`);
  assertEquals(JSON.parse(line), value);
});

Deno.test("countOf says one and many, thousands apart", () => {
  assertEquals([0, 1, 2, 1_234_567].map((count) => countOf(count, "message")), [
    "0 messages",
    "1 message",
    "2 messages",
    "1,234,567 messages",
  ]);
});

Deno.test("decodeText keeps a byte order mark, and gives nothing for what is no UTF-8", () => {
  assertEquals(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
  assertEquals(decodeText(Uint8Array.of(0x61, 0xff)), undefined);
  assertEquals(decodeText(Uint8Array.of(0xc3)), undefined);
  assertEquals(decodeText(Uint8Array.of(0xc3, 0xa9)), "é");
});

Deno.test("visible writes out what moves, recolours, reorders or hides, and nothing else", () => {
  const cases: [string, string][] = [
    ["a\n\r\tb", String.raw`a\n\r\tb`],
    ["\0\x1b\x7f\x9b", String.raw`\x00\x1b\x7f\x9b`],
    [
      "\xad\u061c\u200b\u2028\u2029\u202e\ufeff",
      String.raw`\xad\u{61c}\u{200b}\u{2028}\u{2029}\u{202e}\u{feff}`,
    ],
    ["\u{e0001}\ud800", String.raw`\u{e0001}\u{d800}`],
    ["\xff\u0100é日😀 \\", "\xff\u0100é日😀 \\"],
  ];
  for (const [text, shown] of cases) assertEquals(visible(text), shown);
  assertEquals(visible("\t\n", "\t"), "\t\\n");
});

Deno.test("quote shows up to so many characters, whatever they are, and cuts what is longer", () => {
  assertEquals([quote(""), quote("a\n")], ['""', '"a\\n"']);
  for (const character of ["x", "é", "😀"]) {
    for (const most of [5, 60]) {
      const told = (length: number): string => quote(character.repeat(length), most);
      assertEquals(told(most - 1), `"${character.repeat(most - 1)}"`);
      assertEquals(told(most), `"${character.repeat(most)}"`);
      assertEquals(told(most + 1), `"${character.repeat(most - 3)}..."`);
      assertEquals(told(10 * most), `"${character.repeat(most - 3)}..."`);
    }
  }
  assertEquals(quote("y".repeat(61)), `"${"y".repeat(57)}..."`, "60 where nobody says otherwise");
  assertEquals(quote(`${"z".repeat(4)}😀`, 5), `"${"z".repeat(4)}😀"`);
});
