import { assertEquals } from "@std/assert";
import {
  checkRecords,
  encodeStamp,
  readStamp,
  STAMP_MOST,
  stampOf,
  stampText,
} from "../../../lib/engine/nats/packed.ts";

Deno.test("a stamp is read as it was written, as a line and in a header", () => {
  for (const number of [0, 1, 17, 999_999_999_999_999]) {
    for (const sender of ["k3f9.0", "m"]) {
      const stamp = { sender, number };
      const line = encodeStamp(stamp);
      assertEquals(readStamp(Uint8Array.of(...line, 1, 2)), { ...stamp, end: line.length });
      assertEquals(stampOf(stampText(stamp)), stamp);
    }
  }
});

Deno.test("what is no stamp is not read as one", () => {
  const sender = "s".repeat(STAMP_MOST - 3);
  for (
    const text of [
      "",
      "me 1",
      "me\n",
      "me \n",
      " 1\n",
      "me x\n",
      "me -1\n",
      "me 1 2\n",
      " 1 2\n",
      `s${sender} 1\n`,
    ]
  ) {
    assertEquals(readStamp(new TextEncoder().encode(text)), undefined, text);
  }
  assertEquals(readStamp(new TextEncoder().encode(`${sender} 1\n`)), { sender, number: 1, end: STAMP_MOST });
  for (const text of ["", "me", "me ", " 1", "me x", "me -1", "me 1 2", `ss${sender} 1`]) {
    assertEquals(stampOf(text), undefined, text);
  }
  assertEquals(stampOf(`s${sender} 1`), { sender: `s${sender}`, number: 1 });
});

/** What records to `#a` are read as behind a stamp of so many bytes, `x` standing for each payload. */
function checked(text: string, start = 0): string[] | undefined {
  const bytes = new TextEncoder().encode("s".repeat(start) + text);
  return checkRecords(bytes, start, new TextEncoder().encode("pub #a "))?.map(
    ({ count, hasFields, ttl, end }) => {
      const fields = hasFields ? " with fields" : "";
      return `${count}${fields}${ttl === undefined ? "" : ` for ${ttl}`} to ${end - start}`;
    },
  );
}

Deno.test("records are taken as from a publisher, each with its fields and its time to live (V4, V10)", () => {
  assertEquals(checked("pub #a 1\nx\n"), ["1 to 11"]);
  assertEquals(checked("pub #a 1\nx\n", 7), ["1 to 11"]);
  assertEquals(checked("pub #a 0\n\npub #a 10\n1234567890\n"), ["2 to 31"]);
  const fields: readonly (readonly [string, number | undefined])[] = [
    ["id=1", undefined],
    ["a=1 b==2 !~=!~", undefined],
    ["ttl=5", 5_000],
    ["a=1 ttl=0.5", 500],
    ["ttl=0.5 a=1", 500],
    ["ttl=1 ttl=2", 2_000],
    ["ttl=0.001", 1],
    ["xtl=no", undefined],
    ["txl=no", undefined],
    ["ttx=no", undefined],
    ["ttlx=no", undefined],
    ["ttl%=no", undefined],
    ["a=ttl", undefined],
    ["a=é", undefined],
    ["é=1 ttl=3 é=2", 3_000],
  ];
  for (const [text, ttl] of fields) {
    const record = `pub #a 1 ${text}\nx\n`;
    const { length } = new TextEncoder().encode(record);
    assertEquals(
      checked(record),
      [`1 with fields${ttl === undefined ? "" : ` for ${ttl}`} to ${length}`],
      text,
    );
  }
});

Deno.test("records are told apart where their time to live changes, and each stretch says whether it has fields", () => {
  const [plain, short, keyed] = ["pub #a 1\nx\n", "pub #a 1 ttl=1\nx\n", "pub #a 1 key=k\nx\n"];
  const at = (count: number): number => [plain, short, plain, keyed, plain].slice(0, count).join("").length;
  assertEquals(checked([plain, short, plain].join("")), [
    `1 to ${at(1)}`,
    `1 with fields for 1000 to ${at(2)}`,
    `1 to ${at(3)}`,
  ]);
  assertEquals(checked(plain + keyed + plain), [`3 with fields to ${at(1) + keyed.length + plain.length}`]);
  assertEquals(checked(short + short), [`2 with fields for 1000 to ${2 * short.length}`]);
});

Deno.test("what a publisher may not say no records say, wherever in them it stands (V4)", () => {
  const good = "pub #a 1\nx\n";
  for (
    const bad of [
      "pub #b 1\nx\n",
      "sub #a 1\nx\n",
      "pub #a 01\nx\n",
      "pub #a 00\n\n",
      "pub #a x\nx\n",
      "pub #a 1\nx",
      "pub #a 2\nx\n",
      "pub #a 1 \nx\n",
      "pub #a 1 a\nx\n",
      "pub #a 1 =a\nx\n",
      "pub #a 1 a=1  b=2\nx\n",
      "pub #a 1 a=1 b\nx\n",
      "pub #a 1 a=1 =b\nx\n",
      "pub #a 1\ta=1\nx\n",
      "pub #a 1 a=\u0001\nx\n",
      "pub #a 1 a=\u007f\nx\n",
      "pub #a 1 a=\u0085\nx\n",
      "pub #a 1 é\nx\n",
      "pub #a 1 ttl=\nx\n",
      "pub #a 1 ttl=no\nx\n",
      "pub #a 1 a=1 ttl=0\nx\n",
      "pub #a 1 ttl=0 ttl=1\nx\n",
      "pub #a 1 é=1 ttl=no\nx\n",
    ]
  ) {
    for (const text of [bad, good + bad, bad + good]) {
      assertEquals(checked(text), undefined, JSON.stringify(text));
    }
  }
  assertEquals([checked(""), checked("\n")], [undefined, undefined], "nothing is no records");
});
