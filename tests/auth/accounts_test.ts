import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { parse, TomlError } from "smol-toml";
import { type Account, type Accounts, readAccounts } from "../../lib/auth/accounts.ts";
import { grantOf } from "../../lib/auth/account_grant.ts";

const SALT = "GbeO8aO+x+MNw3zXeeCmIg";
const HASH = "p1wYuv6D+jGyoY8u1y1fEXOe1Ak9be3O7A+wTWGXPc0";
const SECRET = `secret = "$scrypt$ln=14,r=8,p=1$${SALT}$${HASH}"`;
const USER = `[[user]]\nname = "a"\n${SECRET}\n`;

function problemsOf(text: string): string[] {
  const read = readAccounts(parse(text), 255);
  return "problems" in read ? read.problems.map((problem) => `${problem.user ?? "-"} ${problem.text}`) : [];
}

function accountsIn(text: string): Accounts {
  const read = readAccounts(parse(text), 255);
  assert("accounts" in read, JSON.stringify(read));
  return read.accounts;
}

function accountIn(lines: string): Account {
  return accountsIn(`[[user]]\nname = "a"\n${lines}\n${SECRET}`).byName.get("a")!;
}

Deno.test("an account has what its table says, and nothing that it does not say (A7)", () => {
  const all = accountIn(
    `publish = ["orders.>", "#u.{user}.{id}"]\n` +
      `subscribe = { allow = ["#>"], deny = ["#secret.>"] }\nadministrator = true\n` +
      `expires = 2027-01-31T01:00:00+01:00\nmax-connections = 3\nmax-payload = "64KiB"\nmax-byte-rate = 2048\n` +
      "max-new-topics = 0",
  );
  assertEquals(all.publish, { allow: ["#orders.>", "#u.a.{id}"], deny: [] });
  assertEquals(all.subscribe, { allow: ["#>"], deny: ["#secret.>"] });
  assertEquals([all.administrator, all.usesId, all.expires], [true, true, Date.UTC(2027, 0, 31)]);
  assertEquals(all.limits, { connections: 3, payload: 65536, byteRate: 2048, newTopics: 0 });
  const none = accountIn("");
  assertEquals([none.publish, none.subscribe], [{ allow: [], deny: [] }, { allow: [], deny: [] }]);
  assertEquals([none.administrator, none.usesId, none.expires, none.limits], [false, false, undefined, {}]);
});

Deno.test("a list has 256 entries at most, and so many it may have", () => {
  const listed = Array.from({ length: 256 }, (_, at) => `"#a${at}"`);
  assertEquals(accountIn(`publish = [${listed}]`).publish.allow.length, 256);
});

Deno.test("two accounts are the same where their tables say the same", () => {
  const lines = `publish = ["#a"]\nmax-connections = 3`;
  assertEquals(accountIn(lines).print, accountIn(lines).print);
  for (const other of [`publish = ["#a"]`, `publish = ["#b"]\nmax-connections = 3`, `${lines}0`]) {
    assert(accountIn(lines).print !== accountIn(other).print, other);
  }
});

Deno.test("what is wrong with a file of accounts is said with its place, all of it, and nothing is taken", () => {
  const wrong: readonly (readonly [text: string, ...problems: string[]])[] = [
    ["", "- there is no [[user]] in it, so nobody could come in"],
    ["user = []", "- there is no [[user]] in it, so nobody could come in"],
    ["user = 3", "- user takes tables, not 3: write [[user]] over each"],
    [`[user]\nname = "a"\n${SECRET}`, "- user takes tables, not a table: write [[user]] over each"],
    [`users = 1\n${USER}`, `- unknown key "users"; the keys are classic_as, user`],
    [USER + USER, `1 there is a user "a" already`],
    [`[[user]]\n${SECRET}`, "0 user: name is missing"],
    [`[[user]]\nname = 3\n${SECRET}`, "0 user: name takes a string, not 3"],
    [`[[user]]\nname = ""\n${SECRET}`, `0 user "": the name of a user is missing`],
    [
      `[[user]]\nname = "a.b"\n${SECRET}`,
      `0 user "a.b": the name of a user has no "#", ".", "*" or ">", "a.b" has`,
    ],
    [`[[user]]\nname = "{id}"\n${SECRET}`, `0 user "{id}": the name of a user has no "{" or "}"`],
    [`[[user]]\nname = "a"`, `0 user "a": secret is missing: make one with broker --hash-secret`],
    [
      `[[user]]\nname = "a"\nsecret = ""`,
      `0 user "a": its secret is empty: make one with broker --hash-secret`,
    ],
    [
      `[[user]]\nname = "a"\nsecret = "hunter2"`,
      `0 user "a": its secret is not what broker --hash-secret prints: make one with broker --hash-secret`,
    ],
    [
      `[[user]]\n${SECRET}\nname = "a"`,
      `0 user "a": secret comes last of what a user has, so that a file that was cut off is not taken for a whole one`,
    ],
  ];
  for (const [text, ...problems] of wrong) assertEquals(problemsOf(text), problems, text);
});

Deno.test("what is wrong in a user's table is said", () => {
  const wrong: readonly (readonly [lines: string, problem: string])[] = [
    [`Publish = ["#a"]`, `unknown key "Publish"; the keys are name, publish,`],
    [`publish = "#a"`, `publish takes a list of patterns, not the string "#a"`],
    [`publish = [1]`, "publish takes patterns in quotes, not 1"],
    [`publish = [["#a"]]`, "publish takes patterns in quotes, not a list"],
    [`publish = ["#a..b"]`, `publish: a pattern has no empty segment, "#a..b" has one`],
    [`publish = [""]`, "publish: the pattern is missing"],
    [`publish = ["#a.{ID}"]`, `publish: "#a.{ID}" has a "{" or "}" that is not of {id} or {user}`],
    [`publish = ["#${"x".repeat(255)}"]`, "publish: a pattern has at most 255 bytes"],
    [`subscribe = { allow = ["#a"] }`, "subscribe: deny is missing: write deny = [] for none"],
    [`subscribe = { deny = ["#a"] }`, "subscribe: allow is missing: write allow = [] for none"],
    [
      `subscribe = { allow = [], deny = [], Deny = [] }`,
      `subscribe: unknown key "Deny"; the keys are allow, deny`,
    ],
    [`subscribe = { allow = ["#>"], deny = ["#a*"] }`, "subscribe.deny: a wildcard is a segment of its own"],
    [`administrator = "false"`, `administrator takes true or false, not the string "false"`],
    [`administrator = 0`, "administrator takes true or false, not 0"],
    [
      `expires = 2027-01-31`,
      "expires takes a time with its zone, such as 2027-01-31T00:00:00Z, not the time 2027-01-31",
    ],
    [`expires = 2027-01-31T00:00:00`, "expires takes a time with its zone"],
    [`expires = "2027-01-31T00:00:00Z"`, "expires takes a time with its zone"],
    [`expires = 1800000000`, "expires takes a time with its zone"],
    [`max-connections = 0`, "max-connections takes a whole number, from 1 to 1000000, not 0"],
    [`max-connections = 1.5`, "max-connections takes a whole number"],
    [`max-payload = "64 potatoes"`, `max-payload takes a size, such as 65536 or "64KiB", from 1024 to`],
    [`max-payload = -1`, "max-payload takes a size"],
    [
      `publish = [${Array.from({ length: 257 }, (_, at) => `"#a${at}"`)}]`,
      "publish has 257 entries, and at most 256",
    ],
  ];
  for (const [lines, problem] of wrong) {
    const [only = "none", ...more] = problemsOf(`[[user]]\nname = "a"\n${lines}\n${SECRET}`);
    assertStringIncludes(only, `0 user "a": ${problem}`, lines);
    assertEquals(more, [], lines);
  }
});

Deno.test("what a user's table calls a secret is never told", () => {
  for (const value of [`"hunter2"`, `["hunter2"]`, `{ hunter2 = "hunter2" }`, `"$scrypt$hunter2"`]) {
    const problems = problemsOf(`[[user]]\nname = "a"\nsecret = ${value}`);
    assertEquals(problems.length, 1);
    assertEquals(problems[0]!.includes("hunter2"), false, problems[0]);
  }
});

Deno.test("who comes without credentials is one account, from listed addresses (A3)", () => {
  const { classicAs } = accountsIn(`[classic_as]\nuser = "a"\nfrom = ["10.0.0.0/8"]\n${USER}`);
  assertEquals([classicAs?.user, classicAs?.from.has("10.1.1.1"), classicAs?.from.has("11.1.1.1")], [
    "a",
    true,
    false,
  ]);
  const wrong: readonly (readonly [lines: string, ...problems: string[]])[] = [
    [`user = "a"`, `from names addresses: from = ["127.0.0.1", "10.0.0.0/8"]`],
    [`user = "a"\nfrom = []`, `from names addresses: from = ["127.0.0.1", "10.0.0.0/8"]`],
    [`from = ["127.0.0.1"]`, "user is missing"],
    [`user = "b"\nfrom = ["127.0.0.1"]`, `there is no user "b"`],
    [
      `user = "a"\nfrom = ["localhost"]`,
      `from takes addresses and networks, such as 127.0.0.1 or 10.0.0.0/8, not "localhost"`,
    ],
    [`user = "a"\nfrom = ["::1"]\nto = 1`, `unknown key "to"; the keys are user, from`],
  ];
  for (const [lines, ...problems] of wrong) {
    const expected = problems.map((problem) => `- classic_as: ${problem}`);
    assertEquals(problemsOf(`[classic_as]\n${lines}\n${USER}`), expected, lines);
  }
  const root = USER.replace("secret", "administrator = true\nsecret");
  assertStringIncludes(
    problemsOf(`[classic_as]\nuser = "a"\nfrom = ["::1"]\n${root}`)[0]!,
    "is an administrator",
  );
  assertStringIncludes(problemsOf(`classic_as = "a"\n${USER}`)[0]!, "it takes a table");
});

const WHOLE = `# who comes without credentials
[classic_as]
user = "sensors"
from = ["127.0.0.1", "10.0.0.0/8"]

[[user]]
name = "sensors"
publish = ["#sensors.>"]
max-connections = 20
${SECRET}

[[user]]
name = "shop"
publish = { allow = ["#orders.>"], deny = ["#orders.audit.>"] }
subscribe = { allow = ["#orders.>"], deny = ["#orders.secret.>"] }
expires = 2027-01-31T00:00:00Z
${SECRET}
`;

const TOPICS = ["#sensors.a", "#orders.a", "#orders.audit.a", "#orders.secret.a", "#other", "#sensors"];

/** What a file lets anybody do, as a set of words; of one that is refused nothing. */
function openness(text: string): Set<string> {
  const open = new Set<string>();
  let table;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return open;
  }
  const read = readAccounts(table, 255);
  if ("problems" in read) return open;
  const { byName, classicAs } = read.accounts;
  for (const address of ["127.0.0.1", "10.1.2.3", "11.0.0.1", "::1"]) {
    if (classicAs?.from.has(address)) open.add(`${address} is ${classicAs.user}`);
  }
  for (const account of byName.values()) {
    const { name, secret, expires, limits, administrator } = account;
    open.add(`${name} by ${secret.text}`);
    if (administrator) open.add(`${name} is administrator`);
    if (expires === undefined) open.add(`${name} never expires`);
    if (limits.connections === undefined) open.add(`${name} connects as often as it likes`);
    const grant = grantOf(account, { id: "x", entrance: "secret", topicMost: 255 });
    for (const topic of TOPICS) {
      if (grant?.mayPublish(topic)) open.add(`${name} publishes ${topic}`);
      if (grant?.mayReceive(topic)) open.add(`${name} receives ${topic}`);
    }
  }
  return open;
}

const OPEN = openness(WHOLE);

function assertNotMoreOpen(text: string): void {
  const more = [...openness(text)].filter((each) => !OPEN.has(each));
  assertEquals(more, [], text);
}

Deno.test("a file of accounts that was cut off anywhere is refused, or lets in fewer", () => {
  assert(OPEN.size > 8);
  for (let end = 0; end <= WHOLE.length; end++) {
    assertNotMoreOpen(WHOLE.slice(0, end));
    assertNotMoreOpen(`${WHOLE.slice(0, end)}\n`);
  }
});

/** Where a file says what its author chose: what stands there may be anything, and means that. */
const CHOSEN = /"[^"\n]*"|#.*|\d[\w:.-]*/g;

/** The places where something can be put in outside of those, or taken out; the quotes are outside. */
function structureOf(text: string): { readonly between: number[]; readonly at: number[] } {
  const chosen = new Set<number>();
  const quotes = new Set<number>();
  for (const { 0: match, index } of text.matchAll(CHOSEN)) {
    for (let at = 0; at < match.length; at++) chosen.add(index + at);
    if (match.startsWith('"')) quotes.add(index).add(index + match.length - 1);
  }
  const all = Array.from({ length: text.length }, (_, at) => at);
  return {
    between: all.filter((at) => !chosen.has(at) && !chosen.has(at - 1)),
    at: all.filter((at) => !chosen.has(at) || quotes.has(at)),
  };
}

const PLACES = structureOf(WHOLE);
/** But for `#`: what is behind one is nothing any more, and was left out on purpose. */
const LETTERS = [
  ..." \n\r\t\"'[]{}=,.-_aDxXuU0",
  "\0",
  "\ufeff",
  "ä",
  "\\",
  "deny = []\n",
  'allow = ["#>"]\n',
];
const LETTER = fc.constantFrom(...LETTERS);
const EDIT = fc.oneof(
  fc.record({ at: fc.constantFrom(...PLACES.at), cut: fc.constant(1), letter: fc.constant("") }),
  fc.record({ at: fc.constantFrom(...PLACES.at), cut: fc.constant(1), letter: LETTER }),
  fc.record({ at: fc.constantFrom(...PLACES.between), cut: fc.constant(0), letter: LETTER }),
);

Deno.test("no edit of how a file of accounts is written makes it more open", () => {
  fc.assert(
    fc.property(fc.array(EDIT, { minLength: 1, maxLength: 2 }), (edits) => {
      // from the back, so that the places stay where they are
      const inOrder = edits.toSorted((one, other) => other.at - one.at);
      let text = WHOLE;
      for (const { at, cut, letter } of inOrder) text = text.slice(0, at) + letter + text.slice(at + cut);
      assertNotMoreOpen(text);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("line ends and a comment change nothing", () => {
  assertEquals(openness(WHOLE.replaceAll("\n", "\r\n")), OPEN);
  assertEquals(openness(`# ${"x".repeat(1000)}\n${WHOLE}`), OPEN);
});
