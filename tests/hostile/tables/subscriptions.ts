/**
 * Protocol v2 at the subscribers' door: subscriptions, replays, groups, and what becomes of their messages.
 *
 * @module
 */
import { lines, raw, type Row, type Table } from "../exchange.ts";
import { LINE } from "../reach.ts";

const PATTERN = "err BAD_PATTERN…";
const FIELD = "err BAD_FIELD…";
const NOT_HELD = "err NOT_HELD…";
const AHEAD = "ok last=0";

/** What stands behind `from=` and is no place in what is stored. */
const NO_POSITIONS: Readonly<Record<string, string>> = {
  "nothing": "",
  "a word": "begin",
  "a word in capitals": "EARLIEST",
  "a minus": "-",
  "the last none": "-0",
  "the last of ten digits": "-1234567890",
  "the last of base 16": "-0x10",
  "a plus": "+5",
  "an exponent": "1e3",
  "base 16": "0x10",
  "a decimal": "1.5",
  "16 digits": "9007199254740992",
  "2^63": "9223372036854775808",
  "a unit that is none": "-10y",
  "a unit alone": "-m",
  "a decimal so long ago": "-1.5h",
  "a time ahead": "10m",
  "a day": "2026-01-31",
  "a time without its offset": "2026-01-31T09:00:00",
  "a day that is none": "2026-02-30T09:00:00Z",
  "the last ten at no time": "-10@now",
  "the last ten twice": "-10@-10",
  "a range": "1-5",
  "Arabic digits": "١٢",
  "percent-encoding": "%31",
};

export const SUBSCRIPTIONS: Table = {
  title: "v2 subscriptions",
  on: "subscribers",
  opening: "2",
  rows: [
    ["no pattern", "sub\n", PATTERN],
    ["no pattern but its space", "sub \n", PATTERN],
    ["two spaces before the pattern", "sub  #a\n", PATTERN],
    ["a # alone", "sub #\n", PATTERN],
    ["a bad pattern", "sub #a..*\n", PATTERN],
    ["a pattern with an escape, which is quoted", "sub #\u001b[2J\n", PATTERN],
    ["a pattern with a CR in the middle", "sub #a\rb\n", PATTERN],
    ["a pattern of 256 bytes", `sub #${"t".repeat(255)}\n`, PATTERN],
    ["bytes of no UTF-8 end it", raw("sub #a", 0xff, "\n"), "bye BAD_UTF8…", "ends"],
    ["two patterns", "sub #a #b\n", FIELD],
    ["an unknown field", "sub #a color=red\n", FIELD],
    ["a field without =", "sub #a slow\n", FIELD],
    ["a field that every object has", "sub #a __proto__=x\n", FIELD],
    ["two spaces before a field", "sub #a  slow=drop-old\n", FIELD],
    ["a policy that is none", "sub #a slow=fast\n", FIELD],
    ["a policy of nothing", "sub #a slow=\n", FIELD],
    ["a policy in capitals", "sub #a slow=DROP-OLD\n", FIELD],
    ["a policy that every object has", "sub #a slow=constructor\n", FIELD],
    ["two policies, of which the last counts", "sub #a slow=fast slow=latest\n", "ok"],
    ["two policies, the last of which is none", "sub #a slow=latest slow=fast\n", FIELD],
    ["a hundred fields", `sub #a${" slow=latest".repeat(100)}\n`, "ok"],
    ["a line without an end", `sub #${"t".repeat(3 * LINE)}`, "bye LINE_TOO_LONG…", "ends"],
    ["a frame with a payload at the wrong port", "pub #a 3\nabc\n", "err WRONG_PORT…"],
    ["a frame at the wrong port whose length is none", "pub #a -1\nabc\n", "bye BAD_LENGTH…", "ends"],
    [
      "a frame at the wrong port that is too large",
      "pub #a 999999\nabc\n",
      "err PAYLOAD_TOO_LARGE…",
      "waits",
    ],
    ["a payload that is a sub, at the wrong port", "pub #a 6\nsub #a\n", "err WRONG_PORT…"],
    ["unsub of nothing", "unsub\n", PATTERN],
    ["unsub of what is not subscribed to", "unsub #a\n", "err NOT_SUBSCRIBED…"],
    ["unsub with a policy", "sub #a\nunsub #a slow=block\n", ["ok", FIELD]],
    ["unsub with a field without =", "sub #a\nunsub #a now\n", ["ok", FIELD]],
    ["a sub a hundred times over", "sub #a\n".repeat(100), lines(100, "ok")],
    ["sub and unsub a hundred times over", "sub #a\nunsub #a\n".repeat(100), lines(200, "ok")],
    ["more patterns than there may be", patterns(12), [
      ...lines(10, "ok"),
      ...lines(2, "err TOO_MANY_PATTERNS…"),
    ]],
    ["more patterns than there may be, of groups", patterns(12, " group=g"), [
      ...lines(10, "ok"),
      ...lines(2, "err TOO_MANY_PATTERNS…"),
    ]],
    ...Object.entries(NO_POSITIONS).map((
      [what, from],
    ): Row => [`from ${what}`, `sub #d.> from=${from}\n`, FIELD]),
    ["from the sequence number 0", "sub #d.s.{n} from=0\n", "ok…"],
    ["from the greatest sequence number there can be", "sub #d.s.{n} from=999999999999999\n", AHEAD],
    ["from the last 999,999,999", "sub #d.s.{n} from=-999999999\n", "ok…"],
    ["from 999,999,999 days ago", "sub #d.s.{n} from=-999999999d\n", "ok…"],
    ["from the year 0", "sub #d.s.{n} from=0000-01-01T00:00:00Z\n", "ok…"],
    ["from a time that is to come", "sub #d.s.{n} from=9999-12-31T23:59:59Z\n", "ok…"],
    ["to without from", "sub #d.a to=5\n", FIELD],
    ["to before from", "sub #d.a from=7 to=5\n", FIELD],
    ["to the beginning", "sub #d.a from=1 to=earliest\n", FIELD],
    ["to the last ten", "sub #d.a from=1 to=-10\n", FIELD],
    ["to nothing", "sub #d.a from=1 to=\n", FIELD],
    ["to 2^63", "sub #d.a from=1 to=9223372036854775808\n", FIELD],
    ["to now", "sub #d.a from=1 to=now\n", FIELD],
    ["from what is stored of a topic in memory", "sub #a.{n} from=earliest\n", "ok…"],
    ["a replay begun again fifty times", "sub #d.s.{n} from=999\n".repeat(50), lines(50, "ok…")],
    ["the end of the input behind a replay", ["sub #d.s.{n} from=earliest\n", { end: true }], "ok…", "ends"],
    ["quit, and a sub behind it", "quit\nsub #a\n", "bye QUIT goodbye", "ends"],
    ["hello again", "hello 2\n", "err UNKNOWN_COMMAND hello was said already…"],
    ["a message goes to who has asked for it, and nothing to who has not", [
      "sub #m.{n}\n",
      { publish: "#m.{n}.other" },
      { publish: "#m.{n}" },
    ], ["ok", "pub #m.…", "x"]],
  ],
};

/** What is no name of a group. */
const NO_GROUPS: Readonly<Record<string, string>> = {
  "nothing": "",
  "a dot": "a.b",
  "a star": "*",
  "the rest": ">",
  "a #": "#a",
  "65 bytes": "g".repeat(65),
  "66 bytes in 33 letters": "ü".repeat(33),
  "a tab": "a\tb",
  "an escape": "\u001b[2J",
  "an override": "a\u202eb",
  "a zero-width space": "a\u200bb",
};

const NO_WINDOWS = [
  "",
  "0",
  "-1",
  "+1",
  "01",
  "1.5",
  "1e3",
  "0x10",
  "65537",
  "4294967297",
  "9".repeat(400),
  "many",
  "٣",
];

export const GROUPS: Table = {
  title: "v2 groups",
  on: "subscribers",
  opening: "2",
  rows: [
    ...Object.entries(NO_GROUPS).map(([what, name]): Row => [
      `a group by the name of ${what}`,
      `sub #a group=${name}\n`,
      FIELD,
    ]),
    ...NO_WINDOWS.map((window): Row => [
      `a window of "${window.slice(0, 20)}"`,
      `sub #a group=g{n} window=${window}\n`,
      FIELD,
    ]),
    ["a window of 65,536", "sub #a group=g{n} window=65536\n", "ok"],
    ["a window without a group", "sub #a window=5\n", FIELD],
    ["an ack without a group", "sub #d.a ack=explicit\n", FIELD],
    ["by=key without a group", "sub #a by=key\n", FIELD],
    ["by something else", "sub #a group=g{n} by=color\n", FIELD],
    ["by nothing", "sub #a group=g{n} by=\n", FIELD],
    ["an ack that is none", "sub #d.g.{n} group=g ack=maybe\n", FIELD],
    ["an ack of nothing", "sub #d.g.{n} group=g ack=\n", FIELD],
    ["an ack in capitals", "sub #d.g.{n} group=g ack=EXPLICIT\n", FIELD],
    ["an explicit ack of topics in memory", "sub #a group=g{n} ack=explicit\n", "err NOT_DURABLE…"],
    ["from of topics in memory", "sub #a group=g{n} from=earliest\n", "err NOT_DURABLE…"],
    ["a group with a policy", "sub #a group=g{n} slow=drop-old\n", FIELD],
    ["a group with an end", "sub #d.g.{n} group=g from=1 to=5\n", FIELD],
    ["a group from the last ten", "sub #d.g.{n} group=g from=-10\n", FIELD],
    ["a group from the latest", "sub #d.g.{n} group=g from=latest\n", FIELD],
    ["a group from nothing", "sub #d.g.{n} group=g from=\n", FIELD],
    ["a group from 2^63", "sub #d.g.{n} group=g from=9223372036854775808\n", FIELD],
    ["a group and an unknown field", "sub #a group=g{n} color=red\n", FIELD],
    ["a group and a bad pattern", "sub #a..b group=g{n}\n", PATTERN],
    ["a name of 64 bytes", `sub #a group=${"g".repeat(64)}\n`, "ok"],
    ["a name that every object has", "sub #a group=__proto__\n", "ok"],
    ["a name with a %, which is a %", "sub #a group=50%\n", "ok"],
    ["two names, of which the last counts", "sub #a group=g{n} group=h{n}\nunsub #a group=h{n}\n", [
      "ok",
      "ok",
    ]],
    ["two patterns with topics in common", "sub #g.* group=g{n}\nsub #g.a group=g{n}\n", ["ok", FIELD]],
    ["the same again", "sub #a group=g{n}\nsub #a group=g{n} window=7\n", ["ok", "ok"]],
    ["the same again with another ack", "sub #d.g.{n} group=g\nsub #d.g.{n} group=g ack=explicit\n", [
      "ok",
      FIELD,
    ]],
    ["the same again by key", "sub #a group=g{n}\nsub #a group=g{n} by=key\n", ["ok", FIELD]],
    [
      "joined and left fifty times",
      "sub #d.g.{n} group=g\nunsub #d.g.{n} group=g\n".repeat(50),
      lines(100, "ok"),
      "answers",
      {
        whole: true,
      },
    ],
    ["left without having joined", "unsub #a group=g{n}\n", "err NOT_SUBSCRIBED…"],
    ["left by another name", "sub #a group=g{n}\nunsub #a group=h{n}\n", ["ok", "err NOT_SUBSCRIBED…"]],
    ["left by another pattern", "sub #a.* group=g{n}\nunsub #a.b group=g{n}\n", [
      "ok",
      "err NOT_SUBSCRIBED…",
    ]],
    ["left without its name", "sub #a group=g{n}\nunsub #a\n", ["ok", "err NOT_SUBSCRIBED…"]],
    ["left by no name", "unsub #a group=\n", FIELD],
    ["left with a window", "sub #a group=g{n}\nunsub #a group=g{n} window=1\n", ["ok", FIELD]],
  ],
};

/** A sequence number, or several, that are none. */
const NO_SPANS = [
  "",
  "0",
  "-1",
  "+1",
  "01",
  "1.0",
  "1e0",
  "0x1",
  "x",
  "1,2",
  "1-",
  "-1-2",
  "2-1",
  "1-2-3",
  "1--2",
  "1-02",
  "0-1",
  "1-1e9",
  "1000000000000000",
  "9007199254740993",
  "18446744073709551617",
  "999999999999999-1",
  "١",
  "9".repeat(400),
];

/** A member of a group that holds one message of a topic of its own. */
const HOLDS = ["sub #d.h.{n} group=g ack=explicit\n", { publish: "#d.h.{n}" }] as const;
const HELD = ["ok", "batch #d.h.…", "pub #d.h.…", "x"] as const;
const GIVEN = { whole: true } as const;

function held(says: string, hears: readonly string[]): Row {
  return [
    `held, and then ${JSON.stringify(says.slice(0, 60))}`,
    [...HOLDS, { heard: HELD.length }, says],
    [...HELD, ...hears],
    "answers",
    GIVEN,
  ];
}

export const SETTLEMENTS: Table = {
  title: "v2 ack, nack and extend",
  on: "subscribers",
  opening: "2",
  rows: [
    ...NO_SPANS.map((
      span,
    ): Row => [`an ack of "${span.slice(0, 20)}"`, `sub #d.a group=k\nack k #d.a ${span}\n`, [
      "ok",
      FIELD,
    ]]),
    ["an ack of nothing", "ack\n", "err BAD_TOPIC…"],
    ["an ack of a group alone", "ack g\n", "err BAD_TOPIC…"],
    ["an ack without a number", "sub #d.a group=k\nack k #d.a\n", ["ok", FIELD]],
    ["an ack with the group behind the topic", "ack #d.a g 1\n", FIELD],
    ["an ack with two spaces", "sub #d.a group=k\nack k  #d.a 1\n", ["ok", "err BAD_TOPIC…"]],
    ["an ack in a group that it is not in", "ack g{n} #d.a 1\n", NOT_HELD],
    ["an ack in a group that every object has", "ack constructor #d.a 1\n", NOT_HELD],
    ["an ack in a group by no name", "ack a.b #d.a 1\n", FIELD],
    ["an ack of a bad topic", "sub #d.a group=k\nack k #d..a 1\n", ["ok", "err BAD_TOPIC…"]],
    ["an ack of a pattern", "sub #d.* group=k\nack k #d.* 1\n", ["ok", "err BAD_TOPIC…"]],
    ["an ack of a topic that the group has not", "sub #d.a group=k\nack k #d.b 1\n", ["ok", NOT_HELD]],
    ["an ack of a topic in memory", "sub #a group=k{n}\nack k{n} #a 1\n", ["ok", NOT_HELD]],
    ["an ack of what was never given", "sub #d.h.{n} group=g ack=explicit\nack g #d.h.{n} 1\n", [
      "ok",
      NOT_HELD,
    ]],
    ["an ack of all there can be", "sub #d.h.{n} group=g ack=explicit\nack g #d.h.{n} 1-999999999999999\n", [
      "ok",
      NOT_HELD,
    ]],
    [
      "an ack up to all there can be",
      "sub #d.h.{n} group=g ack=explicit\nack g #d.h.{n} 999999999999999 upto\n",
      [
        "ok",
        NOT_HELD,
      ],
    ],
    [
      "three acks that count up, of what was never given",
      "sub #d.h.{n} group=g ack=explicit\nack g #d.h.{n} 1\nack g #d.h.{n} 2\nack g #d.h.{n} 3\n",
      [
        "ok",
        ...lines(3, NOT_HELD),
      ],
    ],
    ["an ack with a word behind it", "sub #d.a group=k\nack k #d.a 1 please\n", ["ok", FIELD]],
    ["an ack with all in capitals", "sub #d.a group=k\nack k #d.a 1 ALL\n", ["ok", FIELD]],
    ["an ack with all and upto", "sub #d.a group=k\nack k #d.a 1 all upto\n", ["ok", FIELD]],
    ["an ack with a field", "sub #d.a group=k\nack k #d.a 1 delay=1\n", ["ok", FIELD]],
    ["an ack with a NUL in the group", raw("ack g", 0, " #d.a 1\n"), FIELD],
    ["an ack of no UTF-8", raw("ack g", 0xff, " #d.a 1\n"), "bye BAD_UTF8…", "ends"],
    ["an ack without an end", `ack g #${"t".repeat(3 * LINE)}`, "bye LINE_TOO_LONG…", "ends"],
    ["half an ack, and the end of the input", ["ack g #d.a 1", { end: true }], "", "ends"],
    ["a nack of nothing", "nack\n", "err BAD_TOPIC…"],
    ["a nack of what was never given", "nack g{n} #d.a 1\n", NOT_HELD],
    ...["-1", "", "1e3", "0x10", "86401", "1.2345", "1s", "NaN"].map((delay): Row => [
      `a nack with a delay of "${delay}"`,
      `sub #d.a group=k\nnack k #d.a 1 delay=${delay}\n`,
      ["ok", FIELD],
    ]),
    ["a nack with a word behind it", "sub #d.a group=k\nnack k #d.a 1 please\n", ["ok", FIELD]],
    ["a nack with upto", "sub #d.a group=k\nnack k #d.a 1 upto\n", ["ok", FIELD]],
    ["an extend of nothing", "extend\n", "err BAD_TOPIC…"],
    ["an extend of what was never given", "extend g{n} #d.a 1\n", NOT_HELD],
    ["an extend with a word behind it", "sub #d.a group=k\nextend k #d.a 1 please\n", ["ok", FIELD]],
    held("ack g #d.h.{n} 1\nack g #d.h.{n} 1\n", ["ok level=synced", NOT_HELD]),
    held("ack g #d.h.{n} 1-9\n", ["ok level=synced"]),
    held("ack g #d.h.{n} 1-9 all\n", [NOT_HELD]),
    held("ack g #d.h.{n} 2\n", [NOT_HELD]),
    held("ack g #d.h.{n} 999999999999999 upto\n", ["ok level=synced"]),
    held("ack g #d.h.{n} 1\nnack g #d.h.{n} 1\n", ["ok level=synced", NOT_HELD]),
    held("ack g #d.h.{n} 1\nextend g #d.h.{n} 1\n", ["ok level=synced", NOT_HELD]),
    held("ack other #d.h.{n} 1\n", [NOT_HELD]),
    held("extend g #d.h.{n} 1-999999999999999\nack g #d.h.{n} 1\n", ["ok", "ok level=synced"]),
    held("unsub #d.h.{n} group=g\nack g #d.h.{n} 1\n", ["ok", NOT_HELD]),
    held("nack g #d.h.{n} 1 delay=86400 delay=0.5 unused unused\n", ["ok"]),
    held("nack g #d.h.{n} 1 delay=86400\nack g #d.h.{n} 1\n", ["ok", NOT_HELD]),
    held("sub #d.h.{n} group=g ack=explicit window=0\nack g #d.h.{n} 1\n", [FIELD, "ok level=synced"]),
  ],
};

function patterns(count: number, fields = ""): string {
  return Array.from({ length: count }, (_, at) => `sub #p${at}${fields}\n`).join("");
}
