/**
 * A broker with accounts: who has not logged in, who tries to, and who may do little.
 *
 * @module
 */
import { LITTLE_SAYS } from "../accounts.ts";
import { lines, raw, type Row, type Table } from "../exchange.ts";
import { LINE } from "../reach.ts";

const DENIED = "ERR_DENIED";
const UNKNOWN = "ERR_UNKNOWN_COMMAND";

/** What is said with hello and lets nobody in. */
const NO_LOGINS: Readonly<Record<string, string>> = {
  "nothing": "",
  "a name alone": " user=little",
  "a secret alone": " token=l1ttle%20s3cret",
  "an empty name and an empty secret": " user= token=",
  "a name and an empty secret": " user=little token=",
  "a wrong secret": " user=little token=wrong",
  "the secret of another": " user=little token=h0nest-s3cret",
  "the secret in capitals": " user=little token=L1TTLE%20S3CRET",
  "the secret and a space more": " user=little token=l1ttle%20s3cret%20",
  "the secret and a NUL more": " user=little token=l1ttle%20s3cret%00",
  "half of the secret": " user=little token=l1ttle",
  "the secret without its percent sign": " user=little token=l1ttle20s3cret",
  "the secret encoded twice": " user=little token=l1ttle%2520s3cret",
  "the secret with a plus for its space": " user=little token=l1ttle+s3cret",
  "the name in capitals": " user=LITTLE token=l1ttle%20s3cret",
  "the name and a NUL more": " user=little%00 token=l1ttle%20s3cret",
  "the name and a space more": " user=little%20 token=l1ttle%20s3cret",
  "the name with a letter that looks like its own": " user=litt\u217ce token=l1ttle%20s3cret",
  "name and secret in turn": " user=l1ttle%20s3cret token=little",
  "a name twice": " user=little user=honest token=l1ttle%20s3cret",
  "a secret twice": " user=little token=wrong token=l1ttle%20s3cret",
  "a name that nobody has": " user=nobody token=l1ttle%20s3cret",
  "a name that every object has": " user=__proto__ token=x",
  "another one": " user=constructor token=x",
  "a pattern for a name": " user=* token=l1ttle%20s3cret",
  "an expression for a name": " user=.* token=.*",
  "a statement for a secret": " user=little token='%20or%201=1--",
  "keys that are nearly right": " username=little password=l1ttle%20s3cret",
  "keys in capitals": ` ${LITTLE_SAYS.toUpperCase()}`,
  "words without =": " little l1ttle",
  "a hash for a secret":
    " user=little token=$scrypt$ln=14,r=8,p=1$GbeO8aO+x+MNw3zXeeCmIg$p1wYuv6D+jGyoY8u1y1fEXOe1Ak9be3O7A+wTWGXPc0",
  "a secret of 2,000 bytes": ` user=little token=${"s".repeat(2000)}`,
  "a name of 2,000 bytes": ` user=${"u".repeat(2000)} token=x`,
  "a name that clears the screen": " user=\u001b[2J token=x",
};

/** Behind each a message must not get anywhere. */
function strangers(on: "publishers" | "subscribers"): readonly Row[] {
  const pub = on === "publishers";
  const publish = pub ? DENIED : "ERR_WRONG_PORT";
  return [
    ["a publish", "c pub #a x\n", publish],
    ["a subscription", "c sub #>\n", DENIED],
    ["an unsub", "c unsub #a\n", DENIED],
    ["a publish to no topic", "c pub #a..b x\n", pub ? "ERR_BAD_TOPIC" : publish],
    ["no topic at all", "c pub\n", DENIED],
    ["a pattern that is none", "c sub #a..b\n", DENIED],
    ["five requests at once", "c pub #a 1\nc sub #>\nc pub #a 2\nc unsub #a\nc pub #a 3\n", [
      publish,
      DENIED,
      publish,
      DENIED,
      publish,
    ]],
    ["an unknown verb", "c what\n", UNKNOWN],
    ["a ping, which is of v2", "c ping\n", UNKNOWN],
    ["an empty line", "\n", ""],
    ["a line that is no UTF-8", raw("c ", 0xff, "\n"), "ERR_BAD_UTF8"],
    ["a frame of v2", "pub #a 1\nx\n", lines(2, UNKNOWN)],
    ["a line that is too long", `c pub #a ${"x".repeat(LINE)}\n`, "ERR_LINE_TOO_LONG"],
    ["quit", "c quit\n", "OK", "ends", { brings: 0 }],
    ["HTTP, and a request in its body", "POST / HTTP/1.1\r\n\r\nc pub #a evil\n", UNKNOWN, "ends"],
    ["hello to another version, with all that is right", `c hello 3 ${LITTLE_SAYS}\n`, UNKNOWN],
    ["hello in capitals, with all that is right", `c HELLO 2 ${LITTLE_SAYS}\n`, UNKNOWN],
    ["a login behind a publish", `c pub #p.a x\nc hello 2 ${LITTLE_SAYS}\nquit\n`, [
      publish,
      "OK_2",
      "info {…",
      "bye QUIT goodbye",
    ], "ends"],
    [
      "a login, and what follows at once",
      `c hello 2 ${LITTLE_SAYS}\n${pub ? "pub #p.a 1\nx\n" : "sub #p.a\n"}quit\n`,
      [
        "OK_2",
        "info {…",
        pub ? "ok level=memory subs=1" : "ok",
        "bye QUIT goodbye",
      ],
      "ends",
    ],
    ["a login twice", `c hello 2 ${LITTLE_SAYS}\nhello 2 ${LITTLE_SAYS}\nquit\n`, [
      "OK_2",
      "info {…",
      "err UNKNOWN_COMMAND hello was said already…",
      "bye QUIT goodbye",
    ], "ends"],
    [
      "a login that fails, and one behind it",
      `c hello 2 user=little token=x\nc hello 2 ${LITTLE_SAYS}\n`,
      DENIED,
      "ends",
    ],
    [
      "a login that fails, and a frame behind it",
      "c hello 2 user=little token=x\npub #p.a 1\nx\n",
      DENIED,
      "ends",
    ],
    ["half a login, and the end of the input", ["c hello 2 user=li", { end: true }], "", "ends"],
    [
      "a login, and the end of the input",
      [`c hello 2 ${LITTLE_SAYS}\n`, { end: true }],
      ["OK_2", "info {…"],
      "ends",
    ],
    ["half a login", "c hello 2 user=lit", "", "waits"],
  ];
}

export const NOT_LOGGED_IN: readonly Table[] = [
  { title: "not logged in, publishers", on: "publishers", opening: "unknown", rows: strangers("publishers") },
  {
    title: "not logged in, subscribers",
    on: "subscribers",
    opening: "unknown",
    rows: strangers("subscribers"),
  },
  {
    title: "logins",
    on: "publishers",
    opening: "unknown",
    rows: [
      ...Object.entries(NO_LOGINS).map(([what, says]): Row => [
        `with ${what}`,
        `c hello 2${says}\npub #p.a 1\nx\n`,
        DENIED,
        "ends",
      ]),
      [
        "with a secret longer than a line",
        `c hello 2 user=little token=${"s".repeat(LINE)}\n`,
        "ERR_LINE_TOO_LONG",
      ],
      ["with a name that is no UTF-8", raw("c hello 2 user=", 0xff, " token=x\n"), "ERR_BAD_UTF8"],
    ],
  },
];

const NOT_THIS = "err DENIED…";

export const LOGGED_IN: readonly Table[] = [
  {
    title: "what an account may not publish",
    on: "publishers",
    opening: "account",
    rows: [
      ["another topic", "pub #a 1\nx\n", NOT_THIS],
      ["a topic that is nearly allowed", "pub #p 1\nx\n", NOT_THIS],
      ["a topic that begins like an allowed one", "pub #pp.a 1\nx\n", NOT_THIS],
      ["an allowed one in capitals", "pub #P.a 1\nx\n", NOT_THIS],
      ["one that is allowed and denied", "pub #p.secret.a 1\nx\n", NOT_THIS],
      ["one that is allowed, beside what is denied", "pub #p.secret 1\nx\n", "ok level=memory subs=1"],
      ["a topic without its #", "pub a 1\nx\n", NOT_THIS],
      ["an allowed one without its #", "pub p.a 1\nx\n", "ok level=memory subs=1"],
      ["a denied one without its #", "pub p.secret.a 1\nx\n", NOT_THIS],
      ["a pattern", "pub #p.> 1\nx\n", "err BAD_TOPIC…"],
      ["a topic that is none", "pub #p..a 1\nx\n", "err BAD_TOPIC…"],
      ["a dead letter", "pub #dead.g.p.a 1\nx\n", NOT_THIS],
      ["an answer", "pub #_reply.x.1 1\nx\n", NOT_THIS],
      ["a stored topic", "pub #d.a 1\nx\n", NOT_THIS],
      ["a stored topic, later", "pub #d.a 1 delay=0\nx\n", NOT_THIS],
      ["a stored topic, at a time", "pub #d.a 1 at=2026-01-31T09:00:00Z\nx\n", NOT_THIS],
      ["denied between allowed", "pub #p.a 1\nx\npub #a 1\nx\npub #p.a 1\nx\n", [
        "ok level=memory subs=1",
        NOT_THIS,
        "ok level=memory subs=1",
      ]],
      ["allowed between denied", "pub #a 1\nx\npub #p.a 1\nx\npub #a 1\nx\n", [
        NOT_THIS,
        "ok level=memory subs=1",
        NOT_THIS,
      ]],
      ["a hundred that are denied", "pub #a 1\nx\n".repeat(100), lines(100, NOT_THIS)],
      ["a denied payload that is a frame", "pub #a 14\npub #p.a 1\nx\n0\n", NOT_THIS],
      ["a field that names another account", "pub #a 1 user=honest\nx\n", NOT_THIS],
    ],
  },
  {
    title: "what an account may not subscribe to",
    on: "subscribers",
    opening: "account",
    rows: [
      ["another topic", "sub #a\n", NOT_THIS],
      ["a pattern of others", "sub #a.>\n", NOT_THIS],
      ["what is denied", "sub #p.secret.a\n", NOT_THIS],
      ["a pattern of what is denied", "sub #p.secret.>\n", NOT_THIS],
      ["everything, of which it gets what it may", ["sub #>\n", { publish: "#a.{n}" }, {
        publish: "#p.secret.{n}",
      }, {
        publish: "#p.{n}",
      }], ["ok", "pub #p.…", "x"]],
      ["a pattern that takes in what is denied", ["sub #p.*.*\n", { publish: "#p.secret.{n}" }, {
        publish: "#p.a.{n}",
      }], [
        "ok",
        "pub #p.a.…",
        "x",
      ]],
      ["another topic by a policy", "sub #a slow=latest\n", NOT_THIS],
      ["what is stored of another topic", "sub #d.a from=earliest\n", NOT_THIS],
      ["another topic in a group", "sub #a group=g{n}\n", NOT_THIS],
      ["everything in a group", "sub #> group=g{n}\n", NOT_THIS],
      ["what takes in what is denied, in a group", "sub #p.> group=g{n}\n", NOT_THIS],
      ["what it may in a group", "sub #p.a group=g{n}\n", "ok"],
      ["dead letters of others", "sub #dead.>\n", NOT_THIS],
      ["answers to others", "sub #_reply.>\n", NOT_THIS],
      ["an ack of what others hold", "ack g #d.a 1\n", "err NOT_HELD…"],
      ["an unsub of what it may not have", "unsub #a\n", "err NOT_SUBSCRIBED…"],
      ["a hundred that are denied", "sub #a\n".repeat(100), lines(100, NOT_THIS)],
    ],
  },
];
