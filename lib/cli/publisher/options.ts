/**
 * The publisher's command line.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import {
  addressOptions,
  checkInput,
  CONNECT_OPTIONS,
  type Connection,
  connectionFrom,
  connects,
  FILE_OPTIONS,
  SHELL_COMMENT,
  TOPIC_NOTE,
  VERBOSITY_OPTIONS,
} from "../client/options.ts";
import { meantToPublish } from "../client/meant.ts";
import { flag, list, option, optionOr, type Program, type Values } from "../options/table.ts";
import { count, decimal, DURATION, FILE, type Kind, TEXT, TOPIC } from "../options/units.ts";
import { VERSION } from "../version.ts";

const HEADER: Kind<readonly [name: string, value: string]> = {
  placeholder: "NAME=VALUE",
  config: ["string"],
  read: (text) => {
    const equals = text.indexOf("=");
    if (equals <= 0) return { expected: "NAME=VALUE, such as lang=en" };
    return { value: [text.slice(0, equals), text.slice(equals + 1)] };
  },
};

const OPTIONS = {
  ...addressOptions("publisher"),
  ...FILE_OPTIONS,
  topic: option(TOPIC, { letters: "t", help: "publish to this topic, then exit", hint: SHELL_COMMENT }),
  message: option(TEXT, {
    letters: "m",
    once: true,
    help: "publish this text (with -t)",
    hint: "an unquoted # starts a comment in a shell: put the message in quotes",
  }),
  lines: flag({ letters: "l", help: "publish each line of stdin (with -t)" }),
  stdin: flag({
    letters: "s",
    help: "publish all of stdin as one message; one line of text without its line end (with -t)",
  }),
  null: flag({ letters: "n", help: "publish an empty message (with -t)" }),
  "payload-file": option(FILE, {
    once: true,
    help: "publish what is in the file as one message; one line of text without its line end (with -t)",
  }),
  header: list(HEADER, { help: "send this with each message, for who reads it (with -t; protocol 2)" }),
  key: option(TEXT, { once: true, help: "what the message is about (with -t; protocol 2)" }),
  ttl: option(DURATION, { help: "nobody needs the message after this time (with -t; protocol 2)" }),
  repeat: optionOr(count({ least: 1, most: 1_000_000_000 }), {
    fallback: 1,
    help: "publish the message N times (1)",
  }),
  rate: option(decimal({ expected: "a number above 0, such as 100 or 0.5", above: 0 }), {
    placeholder: "N",
    help: "publish N messages a second (as fast as the broker takes them)",
  }),
  "keep-going": flag({ help: "go on past a message that the broker refuses, end with 1" }),
  json: flag({ help: "print a JSON object on stdout for each acknowledged message" }),
  ...CONNECT_OPTIONS,
  ...VERBOSITY_OPTIONS,
} as const;

/** What the publisher takes. */
export type PublisherOptions = Values<typeof OPTIONS>;

/** The publisher for {@link runMain}. */
export const PUBLISHER: Program<typeof OPTIONS> = {
  name: "publisher",
  version: VERSION,
  summary: "Publishes messages: from a command file, the keyboard, a pipe or the command line.",
  usage: [
    "publisher [-i ID] [-r PORT] [-h HOST] [-p PORT] [-f FILE] [options]",
    "publisher [-i ID] -t TOPIC (-m TEXT | -l | -s | -n | --payload-file FILE) [options]",
  ],
  options: OPTIONS,
  connects: connects("publisher"),
  meant: meantToPublish,
  examples: [
    { command: "publisher -i p1 -t hello -m 'hi there'", does: "publishes one message" },
    {
      command: "publisher -i p1 -f cmds/publisher1.cmd",
      does: "runs a command file, then reads the keyboard",
    },
    { command: "seq 100 | publisher -i p1 -t numbers -l --rate 10", does: "publishes ten lines a second" },
    { command: "publisher -i p1", does: "reads commands from the keyboard: type help" },
  ],
  notes: [
    TOPIC_NOTE,
    "A line of a command file: [seconds] pub #topic message. Without -t, " +
    "a pipe on stdin is read as such commands.",
    "It ends with 0 when everything was acknowledged, 1 when something was not, " +
    "2 when the command line or a " +
    "command file is wrong. SIGINT and SIGTERM let it finish what is on its way.",
  ],
};

/** Where the messages come from. */
export type Source =
  | { readonly kind: "commands"; readonly file: string | undefined }
  | { readonly kind: "message"; readonly topic: string; readonly text: string }
  | { readonly kind: "stdin"; readonly topic: string }
  | { readonly kind: "payload file"; readonly topic: string; readonly path: string }
  | { readonly kind: "lines"; readonly topic: string };

/** What is to be done, checked as far as the command line alone can be. */
export interface PublisherPlan {
  readonly connection: Connection;
  readonly source: Source;
}

/** Throws UsageError for options that do not go together. */
export function planPublisher(options: PublisherOptions): PublisherPlan {
  checkInput(options);
  const source = sourceOf(options);
  if (options.repeat > 1 && (source.kind === "commands" || source.kind === "lines")) {
    throw new UsageError("--repeat repeats one message: take it with -t and -m, -s, -n or --payload-file");
  }
  if (options.rate !== undefined && source.kind === "commands") {
    throw new UsageError("--rate needs -t; the pace of commands is their seconds and --speed");
  }
  if (options.ttl === 0) throw new UsageError("--ttl takes a duration above 0, such as 500ms or 10s, not 0");
  const [extra] = [
    ...(options.header.length > 0 ? ["--header"] : []),
    ...(options.key === undefined ? [] : ["--key"]),
    ...(options.ttl === undefined ? [] : ["--ttl"]),
  ];
  if (extra !== undefined && source.kind === "commands") {
    throw new UsageError(`${extra} needs -t; the messages of commands are text and nothing else`);
  }
  if (extra !== undefined && options.protocol === "classic") {
    throw new UsageError(`${extra} needs protocol 2: the classic protocol has no place for it`);
  }
  return { connection: connectionFrom(options), source };
}

function sourceOf(options: PublisherOptions): Source {
  const { topic, file } = options;
  const ways = [
    options.message === undefined ? "" : "-m",
    options.lines ? "-l" : "",
    options.stdin ? "-s" : "",
    options.null ? "-n" : "",
    options["payload-file"] === undefined ? "" : "--payload-file",
  ].filter((way) => way !== "");
  if (topic === undefined) {
    if (ways.length > 0) throw new UsageError(`${ways[0]} needs -t TOPIC to publish to (${SHELL_COMMENT})`);
    return { kind: "commands", file };
  }
  if (file !== undefined) {
    throw new UsageError("-t and -f are two ways to say what to publish: take one");
  }
  if (ways.length === 0) {
    throw new UsageError(
      "-t needs what to publish: -m TEXT, -l (lines of stdin), -s (all of stdin), " +
        "-n (empty) or --payload-file FILE",
    );
  }
  if (ways.length > 1) throw new UsageError(`${ways.join(" and ")} are different messages: take one`);
  if (options.message?.includes("\n") && options.protocol === "classic") {
    throw new UsageError(
      "-m has a line break in it, which ends a message in the classic protocol: send its lines with -l",
    );
  }
  if (options.lines) return { kind: "lines", topic };
  if (options.stdin) return { kind: "stdin", topic };
  if (options["payload-file"] !== undefined) {
    return { kind: "payload file", topic, path: options["payload-file"] };
  }
  return { kind: "message", topic, text: options.message ?? "" };
}
