/**
 * What the publisher's and the subscriber's command lines have in common.
 *
 * @module
 */
import { TIMER_MOST_MS } from "../../limits.ts";
import { UsageError } from "../../errors.ts";
import {
  type Connects,
  flag,
  type Option,
  option,
  optionElse,
  optionOr,
  type Table,
} from "../options/table.ts";
import { choice, CLIENT_ID, CONTEXT, decimal, DURATION, FILE, port } from "../options/units.ts";
import { HOST } from "../options/host.ts";
import { readTextSync } from "../process/files.ts";
import { quote } from "../../text.ts";
import { CREDENTIAL_OPTIONS, credentialsFrom, type GivenCredentials, tokenExposure } from "./credentials.ts";
import { madeId } from "./made_id.ts";

const LOCALHOST = "127.0.0.1";
const CONNECT_TIMEOUT_MS = 5_000;
/** The broker's usual ports, by what they are called where a connection is saved. */
export const USUAL_PORTS = { "pub-port": 9000, "sub-port": 9090 } as const;

/** A client program. */
export type ClientProgram = "publisher" | "subscriber";

/** Why a topic went missing between the keyboard and the program. */
export const SHELL_COMMENT = "an unquoted # starts a comment in a shell: write -t '#hello' or -t hello";

/** The note on topics in the help of both. */
export const TOPIC_NOTE =
  "-t hello and -t '#hello' are the same topic: every topic begins with #, which may be left out. " +
  "In a shell an " +
  "unquoted # starts a comment, and what follows it is lost.";

/** Who this is and where the broker is. */
export function addressOptions(program: ClientProgram): AddressOptions {
  return {
    id: optionElse(CLIENT_ID, {
      letters: "i",
      otherwise: () => madeId(program),
      help: `the id of this client, one word (${program.slice(0, 3)}-<host>-<pid>)`,
    }),
    "local-port": option(port(1), { letters: "r", help: "leave from this local port (any free one)" }),
    host: optionOr(HOST, {
      letters: "hH",
      fallback: LOCALHOST,
      help: `the broker's host name or address, host:port works, too (${LOCALHOST})`,
    }),
    port: portOption(PORTS[program], "p"),
    context: option(CONTEXT, {
      help: "connect as it is saved under this name in hashbus/config.toml (what HASHBUS_URL says, " +
        "or the default there)",
    }),
  };
}

/** What {@link addressOptions} gives. */
export type AddressOptions = {
  readonly id: Option<string>;
  readonly "local-port": Option<number | undefined>;
  readonly host: Option<string>;
  readonly port: Option<number>;
  readonly context: Option<string | undefined>;
};

const PORTS = { publisher: "pub-port", subscriber: "sub-port" } as const;

/** The broker's port, which is another one for each kind of client. */
function portOption(name: keyof typeof USUAL_PORTS, letters: string): Option<number> {
  const usual = USUAL_PORTS[name];
  return optionOr(port(1), { letters, fallback: usual, help: `the broker's port (${usual})` });
}

/** As whom and how to connect, and for how long to try. */
export const CONNECT_OPTIONS = {
  ...CREDENTIAL_OPTIONS,
  tls: flag({
    help:
      "speak TLS; the broker's certificate has to be valid, for this host, and of an issuer that is trusted",
  }),
  ca: option(FILE, { help: "speak TLS, and trust the issuers in this file, too (PEM)" }),
  "connect-timeout": optionOr(DURATION, {
    fallback: CONNECT_TIMEOUT_MS,
    help: "keep trying this long at the start (5s)",
  }),
  "no-reconnect": flag({
    help: "end with 1 when the connection is lost, instead of trying again until stopped",
  }),
  protocol: optionOr(choice("auto", "classic", "2"), {
    fallback: "auto",
    help: "what to speak; auto takes 2 where the broker does, and classic where it does not (auto)",
  }),
} as const satisfies Table;

/** Saved connections of a client. Each serves all clients, so it has the ports of all of them. */
export function connects(program: ClientProgram): Connects {
  const { id, host, "local-port": localPort } = addressOptions(program);
  return {
    port: PORTS[program],
    saved: {
      id,
      host,
      "pub-port": portOption("pub-port", ""),
      "sub-port": portOption("sub-port", ""),
      "local-port": localPort,
      ...CONNECT_OPTIONS,
    },
  };
}

/** What a speed is. */
export const SPEED = decimal({ expected: "a number from 0 up, such as 2 or 0.5" });

/** Command files. */
export const FILE_OPTIONS = {
  file: option(FILE, {
    letters: "f",
    once: true,
    help: "run this command file, then the keyboard; - reads it from stdin",
  }),
  "no-input": flag({
    help: "read no commands from the keyboard or stdin: after the command file it is as at end of input",
  }),
  speed: optionOr(SPEED, {
    fallback: 1,
    help: "divide the waits of the commands by X; 0 leaves them out (1)",
  }),
} as const satisfies Table;

/** Throws UsageError where stdin is to be read and not to be read. */
export function checkInput(
  options: { readonly file: string | undefined; readonly "no-input": boolean },
): void {
  if (options["no-input"] && options.file === "-") {
    throw new UsageError("-f - reads commands from stdin, and --no-input does not: take one");
  }
}

/** How much is said. */
export const VERBOSITY_OPTIONS = {
  verbose: flag({ letters: "v", help: "say more about the connection on stderr" }),
  quiet: flag({ letters: "q", help: "say nothing on stderr but why it failed" }),
} as const satisfies Table;

/** What the connection rows come to, in the client library's words. */
export interface Connection {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly localPort?: number;
  readonly connectTimeout: number;
  readonly reconnect: boolean;
  readonly protocol: "auto" | "classic" | "2";
  readonly credentials?: GivenCredentials;
  /** Something is wrong with who may read or write the file with the token, a sentence. */
  readonly tokenExposure?: string;
  readonly tls?: { readonly ca: readonly string[] };
}

/** The connection that the options ask for. Throws UsageError for a file that cannot be read. */
export function connectionFrom(
  options: {
    readonly id: string;
    readonly host: string;
    readonly port: number;
    readonly "local-port": number | undefined;
    readonly "connect-timeout": number;
    readonly "no-reconnect": boolean;
    readonly protocol: "auto" | "classic" | "2";
    readonly user: string | undefined;
    readonly "token-file": string | undefined;
    readonly tls: boolean;
    readonly ca: string | undefined;
  },
): Connection {
  const localPort = options["local-port"];
  const credentials = credentialsFrom(options);
  if (credentials !== undefined && options.protocol === "classic") {
    throw new UsageError("--user needs protocol 2: the classic protocol has no place for it");
  }
  const exposure = credentials === undefined ? undefined : tokenExposure(options["token-file"]);
  return {
    ...(exposure === undefined ? {} : { tokenExposure: exposure }),
    id: options.id,
    host: options.host,
    port: options.port,
    ...(localPort === undefined ? {} : { localPort }),
    connectTimeout: Math.min(options["connect-timeout"], TIMER_MOST_MS),
    reconnect: !options["no-reconnect"],
    protocol: options.protocol,
    ...(credentials === undefined ? {} : { credentials }),
    ...(options.tls || options.ca !== undefined ? { tls: { ca: issuersIn(options.ca) } } : {}),
  };
}

/** The certificates in a file. */
function issuersIn(path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  const text = readTextSync(path, "the issuers' certificates (--ca)");
  if (text.includes("-----BEGIN CERTIFICATE-----")) return [text];
  throw new UsageError(
    `--ca ${quote(path, 200)}: there is no certificate in it: PEM has a line -----BEGIN CERTIFICATE-----`,
  );
}
