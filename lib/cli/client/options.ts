/**
 * What the publisher's and the subscriber's command lines have in common.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { flag, type Option, option, optionOr, type Table } from "../options/table.ts";
import { choice, CLIENT_ID, decimal, DURATION, port, WORD } from "../options/units.ts";

const HOST = "127.0.0.1";
const CONNECT_TIMEOUT_MS = 5_000;

/** Why a topic went missing between the keyboard and the program. */
export const SHELL_COMMENT = "an unquoted # starts a comment in a shell: write -t '#hello' or -t hello";

/** The note on topics in the help of both. */
export const TOPIC_NOTE =
  "-t hello and -t '#hello' are the same topic: every topic begins with #, which may be left out. " +
  "In a shell an " +
  "unquoted # starts a comment, and what follows it is lost.";

/** Who this is and where the broker is. */
export const ADDRESS_OPTIONS = {
  id: option(CLIENT_ID, { letters: "i", help: "the id of this client, one word (required)" }),
  "local-port": option(port(1), { letters: "r", help: "leave from this local port (any free one)" }),
  host: optionOr(WORD, {
    letters: "hH",
    placeholder: "HOST",
    fallback: HOST,
    help: `the broker's host name or address (${HOST})`,
  }),
} as const satisfies Table;

/** The broker's port, which is another one for each kind of client. */
export function brokerPort(usual: number): Option<number> {
  return optionOr(port(1), { letters: "p", fallback: usual, help: `the broker's port (${usual})` });
}

/** For how long to try. */
export const CONNECT_OPTIONS = {
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

/** What a speed is. */
export const SPEED = decimal({ expected: "a number from 0 up, such as 2 or 0.5" });

/** Command files. */
export const FILE_OPTIONS = {
  file: option(WORD, {
    letters: "f",
    placeholder: "FILE",
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
}

/** The connection that the options ask for. Throws UsageError when it has no id. */
export function connectionFrom(
  options: {
    readonly id: string | undefined;
    readonly host: string;
    readonly port: number;
    readonly "local-port": number | undefined;
    readonly "connect-timeout": number;
    readonly "no-reconnect": boolean;
    readonly protocol: "auto" | "classic" | "2";
  },
  program: string,
): Connection {
  if (options.id === undefined) {
    throw new UsageError(
      `-i ID is missing: give this client a name, such as -i ${program[0]}1; see ${program} --help`,
    );
  }
  const localPort = options["local-port"];
  return {
    id: options.id,
    host: options.host,
    port: options.port,
    ...(localPort === undefined ? {} : { localPort }),
    // a timer cannot wait longer, some 24 days
    connectTimeout: Math.min(options["connect-timeout"], 2 ** 31 - 1),
    reconnect: !options["no-reconnect"],
    protocol: options.protocol,
  };
}
