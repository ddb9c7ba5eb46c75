import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeText } from "../../lib/wire/bytes.ts";
import {
  encodeField,
  encodeHeader,
  FIELDS_PROBLEM,
  fieldsProblem,
  isWritten,
  NO_FIELDS,
  parseFields,
  TTL_PROBLEM,
  UNWRITTEN_PROBLEM,
} from "../../lib/wire/fields.ts";

/** What was read, as plain data. */
function read(text: string): { headers: [string, string][]; others: [string, string][] } {
  const { headers, others } = parseFields(text);
  return { headers: [...headers], others: [...others] };
}

function problemOf(text: string): string | undefined {
  return fieldsProblem(encodeText(text));
}

Deno.test("a field is written behind a space, what may not stand there percent-encoded (V4)", () => {
  assertEquals(encodeField("key", "a b"), " key=a%20b");
  assertEquals(encodeField("key", "100%=\n\t\x7f\u0085\u2028é"), " key=100%25=%0A%09%7F%C2%85%E2%80%A8é");
  assertEquals(encodeHeader("trace", "x=y"), " h.trace=x=y");
  assertEquals(encodeHeader("a=b c%", "\r"), " h.a%3Db%20c%25=%0D");
});

Deno.test("fields are read as they were written, in their order, the last of a name (V4)", () => {
  assertEquals(read("id=42 ttl=60 h.trace=a%20b x=1=2 y="), {
    headers: [["trace", "a b"]],
    others: [["id", "42"], ["ttl", "60"], ["x", "1=2"], ["y", ""]],
  });
  assertEquals(read("id=1 h.a=1 h.b=2 id=2 h.a=3"), {
    headers: [["a", "3"], ["b", "2"]],
    others: [["id", "2"]],
  });
  assertEquals(read(""), { headers: [], others: [] });
  assertEquals([NO_FIELDS.headers.size, NO_FIELDS.others.size], [0, 0]);
});

Deno.test("what is no field is passed over, and a % that escapes nothing stands for itself", () => {
  assertEquals(read("word =value =  a=1 h.=x hx=2"), {
    headers: [["", "x"]],
    others: [["a", "1"], ["hx", "2"]],
  });
  assertEquals(read("a=100% b=%zz c=%ff d=%2"), {
    headers: [],
    others: [["a", "100%"], ["b", "%zz"], ["c", "%ff"], ["d", "%2"]],
  });
  assertEquals(read("h.%zz=1 h.a%3Db=2"), { headers: [["%zz", "1"], ["a=b", "2"]], others: [] });
});

const anyText = fc.string({ unit: "binary", maxLength: 8 }).map((text) => text.toWellFormed());
const anyName = fc.stringMatching(/^[a-z]{1,4}$/);

Deno.test("any headers and values come back, are as they may stand, and are what a broker takes (V4)", () => {
  const entries = fc.array(fc.tuple(fc.boolean(), anyName, anyText, anyText), { maxLength: 6 });
  fc.assert(fc.property(entries, (list) => {
    const headers = new Map<string, string>();
    const others = new Map<string, string>();
    let text = "";
    for (const [isHeader, name, header, value] of list) {
      if (isHeader) headers.set(header, value);
      else others.set(`x${name}`, value);
      text += isHeader ? encodeHeader(header, value) : encodeField(`x${name}`, value);
    }
    assertEquals(read(text), { headers: [...headers], others: [...others] });
    assert(text === "" || isWritten(encodeText(text.slice(1).replaceAll(" ", "_"))));
    if (text !== "") assertEquals(problemOf(text.slice(1)), undefined);
  }));
});

Deno.test("what a broker does not take of fields is told by its kind (V4, V10)", () => {
  for (
    const text of [
      "id=1",
      "a=",
      "a==",
      "a=%",
      "x=1 ttl=60 h.a=%20",
      "ttl=0.001",
      "ttlx=0",
      "xttl=0",
    ]
  ) {
    assertEquals(problemOf(text), undefined, text);
  }
  for (const text of ["", "word", "=value", "=", "a=1  b=2", " a=1", "a=1 ", "a=1 word", "word a=1"]) {
    assertEquals(problemOf(text), FIELDS_PROBLEM, text);
  }
  for (
    const text of [
      "ttl=0",
      "ttl=",
      "ttl=x",
      "ttl=1x",
      "ttl=-1",
      "ttl=60 ttl=0",
      "ttl=0 ttl=60",
      "a=1 ttl=1e3",
    ]
  ) {
    assertEquals(problemOf(text), TTL_PROBLEM, text);
  }
  for (const text of ["a=\t", "a=1\r", "a\n=1", "\x7f", "a=\u0085", "a=\u2003b", "a=1 b=\0"]) {
    assertEquals(problemOf(text), UNWRITTEN_PROBLEM, JSON.stringify(text));
  }
  assertEquals(fieldsProblem(Uint8Array.of(0x61, 0x3d, 0xff)), UNWRITTEN_PROBLEM);
});

Deno.test("what may stand as it is in a field is UTF-8 without white space and controls (V4)", () => {
  for (const text of ["", "a", "é%", "=#", "a-1"]) assertEquals(isWritten(encodeText(text)), true, text);
  for (const text of [" ", "\ufeff", "a b", "a\tb", "\r", "\0", "\x7f", "\u0085", "\u3000"]) {
    assertEquals(isWritten(encodeText(text)), false, JSON.stringify(text));
  }
  assertEquals(isWritten(Uint8Array.of(0xc3)), false);
});
