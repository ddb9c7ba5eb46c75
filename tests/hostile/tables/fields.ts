/**
 * Fields of v2 publishes (V4, V10, D6, D9).
 *
 * @module
 */
import { lines, raw, type Row, type Table } from "../exchange.ts";
import { LINE } from "../reach.ts";

const OK = "ok level=memory subs=1";
const BAD = "err BAD_FIELD…";

/** What is behind a length and is no list of fields. */
const NO_FIELDS: Readonly<Record<string, string | Uint8Array>> = {
  "a word without =": " word",
  "a name of nothing": " =v",
  "two spaces": "  k=v",
  "a space at the end": " k=v ",
  "a space alone": " ",
  "a tab between fields": " k=v\tl=w",
  "a tab in a value": " k=a\tb",
  "a CR in a value": " k=a\rb",
  "an escape in a value": " k=\u001b[31m",
  "a DEL in a value": " k=a\u007f",
  "a control of C1 in a value": " k=a\u009b",
  "a no-break space in a value": " k=a\u00a0b",
  "an em space in a name": " k\u2003=v",
  "a line separator in a value": " k=a\u2028b",
  "a byte order mark, which is white space to some": " \ufeffk=v",
  "a NUL in a value": raw(" k=a", 0),
  "a NUL in a name": raw(" k", 0, "=v"),
  "a value of no UTF-8": raw(" k=", 0xff),
  "a name of no UTF-8": raw(" ", 0xc3, "=v"),
  "a surrogate in a value": raw(" k=", 0xed, 0xa0, 0x80),
  "good fields and a word": " k=v h.a=b word",
};

const NO_TTLS: Readonly<Record<string, string>> = {
  "nothing": "",
  "0": "0",
  "0 in decimals": "0.000",
  "less than a millisecond": "0.0001",
  "negative": "-1",
  "with a sign": "+1",
  "an exponent": "1e3",
  "of base 16": "0x10",
  "a point alone": ".",
  "a point before": ".5",
  "a point behind": "5.",
  "two points": "1.2.3",
  "a comma": "1,5",
  "a unit": "60s",
  "ten digits": "1234567890",
  "2^63": "9223372036854775808",
  "no number": "NaN",
  "infinity": "Infinity",
  "between quotes": '"60"',
  "percent-encoded": "%36%30",
  "of Arabic digits": "٦٠",
};

const NO_TIMES: Readonly<Record<string, string>> = {
  "nothing": "",
  "a day": "2026-01-31",
  "without its offset": "2026-01-31T09:00:00",
  "in a month of 31 days that has 30": "2026-04-31T09:00:00Z",
  "on the 29th of February of a year that has none": "2026-02-29T09:00:00Z",
  "in the month 13": "2026-13-01T09:00:00Z",
  "on the day 0": "2026-01-00T09:00:00Z",
  "at 24 o'clock": "2026-01-31T24:00:00Z",
  "at 61 seconds": "2026-01-31T09:00:61Z",
  "with an offset of 24 hours": "2026-01-31T09:00:00+24:00",
  "of five digits in the year": "12026-01-31T09:00:00Z",
  "milliseconds since 1970": "1769850000000",
  "in words": "tomorrow",
  "of another standard": "Sat,%2031%20Jan%202026%2009:00:00%20GMT",
  "more than a year ahead": "9999-12-31T23:59:59Z",
};

export const FIELDS: Table = {
  title: "v2 fields",
  on: "publishers",
  opening: "2",
  rows: [
    ...Object.entries(NO_FIELDS).map(([what, fields]): Row => [
      `behind the length: ${what}`,
      typeof fields === "string" ? `pub #a 1${fields}\nx\n` : raw("pub #a 1", ...fields, "\nx\n"),
      BAD,
    ]),
    ...Object.entries(NO_TTLS).map((
      [what, ttl],
    ): Row => [`a ttl that is ${what}`, `pub #a 1 ttl=${ttl}\nx\n`, BAD]),
    ...Object.entries(NO_TIMES).map(([what, at]): Row => [
      `at a time that is ${what}`,
      `pub #d.f.{n} 1 at=${at}\nx\n`,
      BAD,
    ]),
    ["a delay of a topic in memory", "pub #a 1 delay=1\nx\n", BAD],
    ["a time of a topic in memory", "pub #a 1 at=2026-01-31T09:00:00Z\nx\n", BAD],
    ["a delay that is negative", "pub #d.f.{n} 1 delay=-1\nx\n", BAD],
    ["a delay of more than a year", "pub #d.f.{n} 1 delay=31536001\nx\n", BAD],
    ["a delay of a year", "pub #d.f.{n} 1 delay=31536000\nx\n", "ok level=synced", "answers", { brings: 0 }],
    ["a delay of nothing", "pub #d.f.{n} 1 delay=\nx\n", BAD],
    ["a delay of base 16", "pub #d.f.{n} 1 delay=0x10\nx\n", BAD],
    ["a delay with four decimals", "pub #d.f.{n} 1 delay=0.0001\nx\n", BAD],
    ["a delay twice", "pub #d.f.{n} 1 delay=1 delay=1\nx\n", BAD],
    ["a delay and a time", "pub #d.f.{n} 1 delay=1 at=2026-01-31T09:00:00Z\nx\n", BAD],
    ["a time twice", "pub #d.f.{n} 1 at=2026-01-31T09:00:00Z at=2026-01-31T09:00:00Z\nx\n", BAD],
    ["a ttl twice, the second of which is none", "pub #a 1 ttl=5 ttl=x\nx\n", BAD],
    ["a ttl twice", "pub #a 1 ttl=5 ttl=6\nx\n", OK],
    ["a ttl in capitals is a field as any other", "pub #a 1 TTL=x\nx\n", OK],
    ["a name that begins like ttl", "pub #a 1 ttlx=x\nx\n", OK],
    ["a value of nothing", "pub #a 1 k=\nx\n", OK],
    ["a value with more =", "pub #a 1 k==v=w\nx\n", OK],
    ["a name that every object has", "pub #a 1 __proto__=x constructor=y\nx\n", OK],
    ["a header without a name", "pub #a 1 h.=x\nx\n", OK],
    ["the same header five times", `pub #a 1${" h.k=v".repeat(5)}\nx\n`, OK],
    ["600 fields", `pub #a 1${" k=v".repeat(600)}\nx\n`, OK],
    ["600 fields, the last of which is none", `pub #a 1${" k=v".repeat(600)} k\nx\n`, BAD],
    ["a % that escapes nothing", "pub #a 1 k=100% h.a=%zz\nx\n", OK],
    ["percent-encoded line ends", "pub #a 1 h.a=x%0d%0ab:c\nx\n", OK],
    ["a percent-encoded NUL", "pub #a 1 h.a=%00\nx\n", OK],
    ["percent-encoded bytes of no UTF-8", "pub #a 1 h.a=%ff%fe\nx\n", OK],
    ["an id of 255 bytes", `pub #a 1 id=${"i".repeat(255)}\nx\n`, OK],
    ["an id of 256 bytes", `pub #a 1 id=${"i".repeat(256)}\nx\n`, BAD],
    ["an id of 128 letters of two bytes", `pub #a 1 id=${"ü".repeat(128)}\nx\n`, BAD],
    ["an id as long as a line", `pub #a 1 id=${"i".repeat(LINE - 12)}\nx\n`, BAD],
    ["an id of nothing", "pub #d.f.{n} 1 id=\nx\n", "ok seq=1…"],
    ["two ids in one message", "pub #d.f.{n} 1 id=a id=b\nx\n", "ok seq=1…"],
    [
      "the same id twice, with another payload",
      "pub #d.f.{n} 1 id=a\nx\npub #d.f.{n} 1 id=a\ny\n",
      [
        "ok seq=1…",
        "ok level=synced…",
      ],
      "answers",
      { brings: 1 },
    ],
    ["an answer to nowhere", "pub #a 1 reply=#a..b\nx\n", OK],
    ["an answer to everything", "pub #a 1 reply=#>\nx\n", OK],
    [
      "fields of a delivery: a number and a time of its own",
      "pub #d.f.{n} 1 seq=99 ts=1 group=g attempt=7\nx\n",
      "ok seq=1…",
    ],
    ["a refused field between good frames", "pub #a 1\nx\npub #a 1 k\nx\npub #a 1\nx\n", [OK, BAD, OK]],
    ["a refused field, its payload like a frame", "pub #a 11 k\npub #b 1\nx\n\npub #a 1\nx\n", [BAD, OK]],
    ["a run with fields, without, and with", "pub #a 1 k=v\nx\npub #a 1\nx\npub #a 1 k=w\nx\n", lines(3, OK)],
    [
      "a run in which each has another ttl",
      "pub #a 1 ttl=5\nx\npub #a 1 ttl=6\nx\npub #a 1\nx\n",
      lines(3, OK),
    ],
    ["half a field, and the other half", ["pub #a 1 h.a", { pause: 3 }, "=b\nx\n"], OK],
    ["half a field, and the end of the input", ["pub #a 1 h.a=", { end: true }], "", "ends"],
  ],
};
