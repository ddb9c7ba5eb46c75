/**
 * The accounts of a broker, as a file has them.
 *
 *     [classic_as]
 *     user = "sensors"
 *     from = ["127.0.0.1", "10.0.0.0/8"]
 *
 *     [[user]]
 *     name = "shop"
 *     publish = ["#orders.>"]
 *     subscribe = { allow = ["#orders.>", "#shop.{user}.>"], deny = ["#orders.secret.>"] }
 *     expires = 2027-01-31T00:00:00Z
 *     max-connections = 20
 *     secret = "$scrypt$ln=15,r=8,p=3$…$…"
 *
 * What is read here is refused whole where anything in it is not understood, so that no slip of a pen makes a
 * broker more open. `secret` comes last of each user for the same reason: a file that was cut off has no user
 * without one.
 *
 * @module
 */
import { quote } from "../text.ts";
import { segmentProblem } from "../topics/segment.ts";
import { ACCOUNT_LIMIT_SPECS, type AccountLimits } from "./account_limits.ts";
import { AddressList } from "./addresses.ts";
import { NO_LIMITS, readLimits } from "./limits_table.ts";
import { patternProblem, usesId, withUser } from "./placeholders.ts";
import type { RulePatterns } from "./rules.ts";
import { readStored, type StoredSecret } from "./secrets.ts";
import { isTable, type Place, readTexts, type Table, what } from "./tables.ts";

/** One account. */
export interface Account {
  readonly name: string;
  readonly secret: StoredSecret;
  /** Patterns in which `{id}` still stands for who comes; canonical but for that. */
  readonly publish: RulePatterns;
  readonly subscribe: RulePatterns;
  /** Whether `{id}` stands in any of them. */
  readonly usesId: boolean;
  readonly administrator: boolean;
  /** Milliseconds since 1970; undefined: never. */
  readonly expires: number | undefined;
  readonly limits: AccountLimits;
  /** Two accounts are the same where this is. */
  readonly print: string;
}

/** Who comes without credentials is let in as that account from there. */
export interface ClassicAs {
  readonly user: string;
  readonly from: AddressList;
  /** Two are the same where this is. */
  readonly print: string;
}

/** All of them. */
export interface Accounts {
  readonly byName: ReadonlyMap<string, Account>;
  readonly classicAs: ClassicAs | undefined;
}

/** What is wrong with a file of accounts. */
export interface AccountProblem {
  /** The number of its `[[user]]`, from 0; undefined: it is in none. */
  readonly user: number | undefined;
  /** A sentence for a person; holds no secret. */
  readonly text: string;
}

/** Accounts, or all that is wrong with them. */
export type AccountsRead =
  | { readonly accounts: Accounts }
  | { readonly problems: readonly AccountProblem[] };

/** Bytes in the name of an account. */
export const USER_BYTES_MOST = 64;

/** Reads the table that a file of accounts is. `topicMost`: bytes that a topic may have. */
export function readAccounts(table: Table, topicMost: number): AccountsRead {
  const problems: AccountProblem[] = [];
  const byName = new Map<string, Account>();
  const top: Place = (text) => problems.push({ user: undefined, text });
  knowsKeys(table, TOP_KEYS, top);
  const users = table.user ?? [];
  if (!Array.isArray(users) || !users.every(isTable)) {
    top(`user takes tables, not ${what(users)}: write [[user]] over each`);
  } else {
    if (users.length === 0) top("there is no [[user]] in it, so nobody could come in");
    users.forEach((user, at) => {
      const account = readUser(user, { topicMost, place: (text) => problems.push({ user: at, text }) });
      if (account === undefined) return;
      if (byName.has(account.name)) {
        problems.push({ user: at, text: `there is a user ${quote(account.name)} already` });
      }
      byName.set(account.name, account);
    });
  }
  const classicAs = table.classic_as === undefined ? undefined : readClassicAs(table.classic_as, byName, top);
  return problems.length > 0 ? { problems } : { accounts: { byName, classicAs } };
}

const TOP_KEYS = ["classic_as", "user"];
const CLASSIC_KEYS = ["user", "from"];
const USER_KEYS = [
  "name",
  "publish",
  "subscribe",
  "administrator",
  "expires",
  ...ACCOUNT_LIMIT_SPECS.map(({ name }) => name),
  "secret",
];

function readUser(
  table: Table,
  { topicMost, place }: { readonly topicMost: number; readonly place: Place },
): Account | undefined {
  const { name } = table;
  const called = typeof name === "string" ? `user ${quote(name)}: ` : "user: ";
  const wrong: Place = (text) => place(called + text);
  if (typeof name !== "string") {
    wrong(name === undefined ? "name is missing" : `name takes a string, not ${what(name)}`);
    return undefined;
  }
  const problem = segmentProblem(name, { called: "the name of a user", most: USER_BYTES_MOST });
  if (problem !== undefined) wrong(problem);
  if (/[{}]/.test(name)) wrong(`the name of a user has no "{" or "}"`);
  knowsKeys(table, USER_KEYS, wrong);
  const secret = readSecret(table, wrong);
  const rules = (key: "publish" | "subscribe"): RulePatterns =>
    readRules(table[key], { key, user: name, topicMost, place: wrong });
  const publish = rules("publish");
  const subscribe = rules("subscribe");
  const { administrator = false } = table;
  if (typeof administrator !== "boolean") {
    wrong(`administrator takes true or false, not ${what(administrator)}`);
  }
  const expires = readExpiry(table.expires, wrong);
  const limits = readLimits(table, wrong) ?? NO_LIMITS;
  if (secret === undefined) return undefined;
  const all = [name, secret.text, publish, subscribe, administrator, expires, limits];
  return {
    name,
    secret,
    publish,
    subscribe,
    usesId: [publish, subscribe].some(({ allow, deny }) => [...allow, ...deny].some(usesId)),
    administrator: administrator === true,
    expires,
    limits,
    print: JSON.stringify(all),
  };
}

function readSecret(table: Table, wrong: Place): StoredSecret | undefined {
  const { secret } = table;
  if (secret === undefined || secret === "") {
    wrong(`${secret === "" ? "its secret is empty" : "secret is missing"}: ${MAKE_ONE}`);
    return undefined;
  }
  if (Object.keys(table).at(-1) !== "secret") {
    wrong(
      "secret comes last of what a user has, so that a file that was cut off is not taken for a whole one",
    );
  }
  // what stands there is not quoted: it may be the secret itself
  const stored = typeof secret === "string" ? readStored(secret) : undefined;
  if (stored === undefined) wrong(`its secret is not what broker --hash-secret prints: ${MAKE_ONE}`);
  return stored;
}

const MAKE_ONE = "make one with broker --hash-secret";

/** `["#a.>"]`, or what is allowed and what of that is denied. */
function readRules(
  value: unknown,
  { key, user, topicMost, place }: {
    readonly key: string;
    readonly user: string;
    readonly topicMost: number;
    readonly place: Place;
  },
): RulePatterns {
  const patterns = (value: unknown, called: string): string[] =>
    readTexts(value, { key: called, of: "patterns", place }).map((text) => {
      const pattern = withUser(text, user);
      const problem = patternProblem(pattern, topicMost);
      if (problem !== undefined) place(`${called}: ${problem}`);
      return pattern.startsWith("#") ? pattern : `#${pattern}`;
    });
  // none where nothing is said
  if (!isTable(value)) return { allow: patterns(value, key), deny: [] };
  knowsKeys(value, RULE_KEYS, (text) => place(`${key}: ${text}`));
  for (const each of RULE_KEYS) {
    // one that is left out may have been lost
    if (value[each] === undefined) place(`${key}: ${each} is missing: write ${each} = [] for none`);
  }
  const { allow = [], deny = [] } = value;
  return { allow: patterns(allow, `${key}.allow`), deny: patterns(deny, `${key}.deny`) };
}

const RULE_KEYS = ["allow", "deny"];

/** A time with its zone: what a time without one means depends on the machine. */
function readExpiry(value: unknown, wrong: Place): number | undefined {
  if (value === undefined) return undefined;
  // TOML's times without a zone, and its dates, are written without one again
  if (value instanceof Date && /(?:Z|[+-]\d\d:\d\d)$/.test(value.toISOString())) return value.getTime();
  wrong(`expires takes a time with its zone, such as 2027-01-31T00:00:00Z, not ${what(value)}`);
  return undefined;
}

function readClassicAs(
  value: unknown,
  byName: ReadonlyMap<string, Account>,
  top: Place,
): ClassicAs | undefined {
  const wrong: Place = (text) => top(`classic_as: ${text}`);
  if (!isTable(value)) {
    wrong(
      `it takes a table, not ${what(value)}: write [classic_as] over user = "NAME" and from = ["ADDRESS"]`,
    );
    return undefined;
  }
  knowsKeys(value, CLASSIC_KEYS, wrong);
  const { user, from: listed } = value;
  const account = typeof user === "string" ? byName.get(user) : undefined;
  if (typeof user !== "string") {
    wrong(user === undefined ? "user is missing" : `user takes the name of a user, not ${what(user)}`);
  } else if (account === undefined) {
    wrong(`there is no user ${quote(user)}`);
  } else if (account.administrator) {
    wrong(`user ${quote(user)} is an administrator, and who comes so shows nothing but an address`);
  }
  const from = new AddressList();
  const texts = readTexts(listed, { key: "from", of: "addresses", place: wrong });
  if (texts.length === 0) wrong(`from names addresses: from = ["127.0.0.1", "10.0.0.0/8"]`);
  for (const text of texts) {
    if (!from.add(text)) {
      wrong(`from takes addresses and networks, such as 127.0.0.1 or 10.0.0.0/8, not ${quote(text)}`);
    }
  }
  return typeof user === "string" ? { user, from, print: JSON.stringify([user, texts]) } : undefined;
}

function knowsKeys(table: Table, known: readonly string[], wrong: Place): void {
  for (const key of Object.keys(table)) {
    if (!known.includes(key)) wrong(`unknown key ${quote(key)}; the keys are ${known.join(", ")}`);
  }
}
