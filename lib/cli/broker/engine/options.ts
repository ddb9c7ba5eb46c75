/**
 * The broker's options for an engine that it shares with other brokers.
 *
 * @module
 */
import { UsageError } from "../../../errors.ts";
import { prefixProblem } from "../../../nats/prefix.ts";
import { flag, list, option, type Table, type Values } from "../../options/table.ts";
import { count, DURATION, FILE, type Kind, PATTERN, showDuration, WORD } from "../../options/units.ts";
import { ENGINE_URL } from "./url.ts";

const PREFIX_DEFAULT = "hashbus";
const CONNECT_TIMEOUT_MS = 5_000;
/** More servers than NATS lets keep one stream. */
const REPLICAS_MOST = 5;

const PREFIX: Kind<string> = {
  ...WORD,
  placeholder: "WORD",
  read: (text) =>
    prefixProblem(text) === undefined
      ? { value: text }
      : { expected: "words of letters, digits, - and _ with dots between them, such as hashbus" },
};

/** Where the engine is, as whom it is asked, and how it is used. */
export const ENGINE_OPTIONS = {
  engine: option(ENGINE_URL, {
    help: "share topics with other brokers over this NATS cluster; what --durable names is kept there " +
      "by JetStream",
  }),
  "engine-prefix": option(PREFIX, {
    help: `what all our subjects there begin with; brokers with the same share topics (${PREFIX_DEFAULT})`,
  }),
  "engine-plain": list(PATTERN, {
    help: "topics that NATS programs read: each message goes there by itself, and none with others; may be " +
      "given more than once (none)",
  }),
  "engine-replicas": option(count({ least: 1, most: REPLICAS_MOST }), {
    help: "how many servers of the cluster keep what is stored (1)",
  }),
  "engine-creds": option(FILE, { help: "who the broker is to NATS: a .creds file" }),
  "engine-token-file": option(FILE, { help: "the file whose first line is a token of NATS" }),
  "engine-user": option(WORD, { help: "the name of a user of NATS; --engine-password-file goes with it" }),
  "engine-password-file": option(FILE, { help: "the file whose first line is the password of that user" }),
  "engine-tls": flag({ help: "speak TLS to NATS, whose certificate has to be valid" }),
  "engine-ca": option(FILE, { help: "the issuers that are trusted for that, PEM, and --engine-tls with it" }),
  "engine-cert": option(FILE, { help: "the broker's own certificate for NATS, PEM" }),
  "engine-key": option(FILE, { help: "the key of that certificate, PEM" }),
  "connect-timeout": option(DURATION, {
    help: `with --engine: how long the start tries to reach NATS (${showDuration(CONNECT_TIMEOUT_MS)})`,
  }),
} as const satisfies Table;

/** What they come to. */
export type EngineOptions = Values<typeof ENGINE_OPTIONS>;

/** With what is left out filled in. */
export const ENGINE_DEFAULTS = {
  prefix: PREFIX_DEFAULT,
  replicas: 1,
  connectTimeout: CONNECT_TIMEOUT_MS,
} as const;

/** Options that need another one. */
const NEEDS: readonly (readonly [keyof EngineOptions, keyof EngineOptions, string])[] = [
  ["engine-user", "engine-password-file", "FILE"],
  ["engine-password-file", "engine-user", "NAME"],
  ["engine-cert", "engine-key", "FILE"],
  ["engine-key", "engine-cert", "FILE"],
];

/** Ways to say who one is. */
const WAYS = ["engine-creds", "engine-token-file", "engine-user"] as const;

/** Throws UsageError for options that do not go together, and for those of an engine where there is none. */
export function checkEngineOptions(options: EngineOptions): void {
  const given = (name: keyof EngineOptions): boolean => {
    const value = options[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  };
  if (options.engine === undefined) {
    const names = Object.keys(ENGINE_OPTIONS) as (keyof EngineOptions)[];
    const first = names.find(given);
    if (first === undefined) return;
    throw new UsageError(`--${first} needs --engine URL, the NATS it is about; see broker --help`);
  }
  for (const [there, missing, what] of NEEDS) {
    if (given(there) && !given(missing)) {
      throw new UsageError(`--${there} needs --${missing} ${what}, too; see broker --help`);
    }
  }
  const ways = WAYS.filter(given).map((name) => `--${name}`);
  if (ways.length > 1) {
    throw new UsageError(`${ways.join(" and ")} both say who the broker is to NATS: take one`);
  }
}
