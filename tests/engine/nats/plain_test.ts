import { headers } from "@nats-io/transport-node";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  FIELDS_MOST,
  fieldsOfHeaders,
  fieldsText,
  headersOfFields,
  headersSize,
  type PlainFields,
  recordRoom,
  tooLong,
  writeRecord,
} from "../../../lib/engine/nats/plain.ts";
import type { NatsHeaders } from "../../../lib/engine/nats/port.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";
import { DEFAULT_LIMITS } from "../../../lib/limits.ts";
import { encodeText } from "../../../lib/wire/bytes.ts";
import { encodeField, encodeHeader, parseFields } from "../../../lib/wire/fields.ts";

const subjects = new Subjects("p");

/** What becomes of fields whose answers go to a subject, or where nothing but headers is stored. */
function plain(text: string, replyAs: "subject" | "header" = "subject"): PlainFields {
  return headersOfFields(text, { subjects, replyAs });
}

function fields(headers: NatsHeaders | undefined, reply = ""): string | undefined {
  return fieldsOfHeaders(headers, { reply, subjects });
}

Deno.test("fields have headers of their own, and what a header cannot hold stands as it is (N6)", () => {
  const cases: readonly (readonly [string, NatsHeaders | undefined, string?])[] = [
    ["", undefined],
    [" id=7 key=k ttl=60", [["Hashbus-Id", "7"], ["Hashbus-Key", "k"], ["Hashbus-Ttl", "60"]]],
    [" key=a%20b", [["Hashbus-Key", "a b"]]],
    [" key=%20b", [["Hashbus-Fields", "key=%20b"]]],
    [" key=b%09", [["Hashbus-Fields", "key=b%09"]]],
    [" key=", [["Hashbus-Fields", "key="]]],
    [" other=1 h.trace=x", [["trace", "x"], ["Hashbus-Fields", "other=1"]]],
    [" h.a%20b=1 h.=2 h.c%3Ad=3", [["Hashbus-Fields", "h.a%20b=1 h.=2 h.c:d=3"]]],
    [" h.nats-x=1 h.HASHBUS-y=2 h.natsx=3", [["natsx", "3"], ["Hashbus-Fields", "h.nats-x=1 h.HASHBUS-y=2"]]],
    [" h.a=%0A", [["Hashbus-Fields", "h.a=%0A"]]],
    [" h.!~9;=1", [["!~9;", "1"]]],
    [" h.ü=1", [["Hashbus-Fields", "h.ü=1"]]],
    [" reply=#r id=1", [["Hashbus-Id", "1"]], "p.memory.one.r"],
    [" reply=r.s", undefined, "p.memory.one.r.s"],
    [" reply=#a..b", [["Hashbus-Reply", "#a..b"]]],
    [" reply=%20", [["Hashbus-Fields", "reply=%20"]]],
  ];
  for (const [text, headers, reply] of cases) {
    assertEquals(plain(text), { headers: headers as [string, string][] | undefined, reply }, text);
  }
  assertEquals(plain(" reply=#r", "header"), { headers: [["Hashbus-Reply", "#r"]], reply: undefined });
});

Deno.test("headers of any case are fields, those of NATS and of who sent it are none (N6)", () => {
  const cases: readonly (readonly [NatsHeaders | undefined, string])[] = [
    [undefined, ""],
    [[], ""],
    [[["hashbus-id", "7"], ["HASHBUS-KEY", "a b"], ["Hashbus-Ttl", "0.5"]], " id=7 key=a%20b ttl=0.5"],
    [[["Hashbus-Reply", "#r"]], " reply=#r"],
    [[["trace", "a=b c"], ["a b", "1"]], " h.trace=a=b%20c h.a%20b=1"],
    [[["hashbus-fields", "x=1 h.%20=2"], ["id", "3"]], " x=1 h.%20=2 h.id=3"],
    [[["Nats-Msg-Id", "1"], ["nats-x", "2"], ["Hashbus-From", "me 1"], ["hashbus-new", "3"]], ""],
  ];
  for (const [headers, text] of cases) assertEquals(fields(headers), text);
  assertEquals(fields(undefined, "p.memory.one.r"), " reply=#r");
  assertEquals(
    fields([["Hashbus-Reply", "#s"], ["a", "1"]], "p.memory.one.r"),
    " reply=#r h.a=1",
    "one of them",
  );
  assertEquals(fields([["Hashbus-Reply", "#s"]], "_INBOX.x"), " reply=#s");
});

Deno.test("headers that are no fields, or too many, are not taken (V4, V10)", () => {
  for (
    const headers of [
      [["Hashbus-Ttl", "0"]],
      [["Hashbus-Ttl", "soon"]],
      [["Hashbus-Fields", "a"]],
      [["Hashbus-Fields", "=a"]],
      [["Hashbus-Fields", "a=1  b=2"]],
      [["Hashbus-Fields", "a=\u0001"]],
    ] as const
  ) {
    assertEquals(fields(headers), undefined, headers[0].join());
  }
  const most = FIELDS_MOST - "h.a=".length;
  assertEquals(fields([["a", "x".repeat(most)]])?.length, FIELDS_MOST + 1);
  assertEquals(fields([["a", "x".repeat(most + 1)]]), undefined);
  assertEquals(fields([["a", "\u00e9".repeat(most / 2 + 1)]]), undefined, "bytes count");
});

Deno.test("all that a line has room for comes back, and what would not is known before it is sent", () => {
  for (const character of ["x", "%", "\u00e9"]) {
    for (const name of ["h.trace", "key", "other"]) {
      const text = ` ${name}=${character.repeat(DEFAULT_LIMITS.line / 2)}`;
      const { headers } = plain(text);
      assertEquals(parseFields(fields(headers) ?? ""), parseFields(text), `${name} of ${character}`);
      assertEquals(tooLong(headers!, subjects), undefined);
    }
  }
  const grown = plain(` h.a=${"%".repeat(400_000)}`).headers!;
  assertEquals([fields(grown), tooLong(plain(` h.a=${"x".repeat(400_000)}`).headers!, subjects)], [
    undefined,
    undefined,
  ]);
  assertEquals(
    tooLong(grown, subjects),
    `its fields have more than ${FIELDS_MOST} bytes as they are passed on`,
  );
});

Deno.test("whatever fields a message has, they come back as they were from its headers", () => {
  const name = fc.oneof(fc.constantFrom("id", "key", "x", "other"), fc.string({ minLength: 1 }));
  const value = fc.oneof(
    fc.constantFrom("", "a b", " a", "é", "\n", "%", "a%20"),
    fc.string({ unit: "grapheme" }),
  );
  fc.assert(fc.property(fc.array(fc.tuple(name, value, fc.boolean()), { maxLength: 5 }), (all) => {
    const text = all.map(([name, value, isHeader]) =>
      isHeader ? encodeHeader(name, value) : encodeField(name.replaceAll(/[^\w]/g, "x"), value)
    ).join("");
    const before = parseFields(text);
    for (const name of before.others.keys()) {
      fc.pre(!name.startsWith("h.") && name !== "ttl" && name !== "reply");
    }
    const { headers } = plain(text);
    const back = parseFields(fields(headers) ?? "not taken");
    const sorted = (of: ReadonlyMap<string, string>): unknown => [...of].sort();
    assertEquals([sorted(back.headers), sorted(back.others)], [
      sorted(before.headers),
      sorted(before.others),
    ]);
  }));
});

Deno.test("headers have the size that the NATS client writes them with", () => {
  const value = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }));
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom("id", "key", "h.a", "h.A"), value)), (all) => {
    const text = all.map(([name, value]) => encodeField(name, value)).join("");
    const made = headers() as ReturnType<typeof headers> & { encode(): Uint8Array };
    for (const [name, value] of plain(text).headers ?? []) made.append(name, value);
    assertEquals(headersSize(plain(text).headers ?? []), made.encode().length);
  }));
});

Deno.test("a record is written into the room that is said to be enough for it", () => {
  const parts = { head: encodeText("pub #a "), payload: encodeText("hi") };
  for (const [text, record] of [["", "pub #a 2\nhi\n"], [" id=1", "pub #a 2 id=1\nhi\n"]] as const) {
    const written = encodeText(text);
    const room = recordRoom(parts.head, written, parts.payload);
    const out = new Uint8Array(room);
    const length = writeRecord(out, { ...parts, fields: written });
    assertEquals(new TextDecoder().decode(out.subarray(0, length)), record);
    // a length may have ten digits
    assertEquals(room, record.length + 9);
  }
  assertEquals(fieldsText(encodeText("pub #a 2 id=1\n"), 8, 13), " id=1");
  assertEquals(fieldsText(Uint8Array.of(0xff), 0, 1), "");
});
