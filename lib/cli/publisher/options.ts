/**
 * The publisher's command line.
 *
 * @module
 */
import {
  addressOptions,
  CONNECT_OPTIONS,
  connects,
  FILE_OPTIONS,
  SHELL_COMMENT,
  TOPIC_NOTE,
  VERBOSITY_OPTIONS,
} from "../client/options.ts";
import { meantToPublish } from "../client/meant.ts";
import { DELIMITER } from "../options/escapes.ts";
import { TIME } from "../options/position.ts";
import { flag, list, option, optionMaybe, optionOr, type Program, type Values } from "../options/table.ts";
import {
  count,
  decimal,
  DURATION,
  durationAbove0,
  FILE,
  type Kind,
  port,
  TEXT,
  TOPIC,
  WORD,
} from "../options/units.ts";
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

const HEADER_NAME: Kind<string> = {
  ...WORD,
  read: (text) =>
    text === "" || text.includes("=") ? { expected: "the name of a header, such as sent" } : { value: text },
};

const SOME_TIME = durationAbove0("a duration above 0, such as 500ms or 10s");

const DRAIN_TIMEOUT_MS = 10_000;

/** What parts the messages of stdin: nothing would part nothing. */
const SEPARATOR: Kind<Uint8Array> = {
  ...DELIMITER,
  read: (text) =>
    text === "" ? { expected: "a text that is not empty, such as ';' or '\\0'" } : DELIMITER.read(text),
};

const OPTIONS = {
  ...addressOptions("publisher"),
  ...FILE_OPTIONS,
  topic: list(TOPIC, {
    letters: "t",
    help: "publish to this topic, then exit; given several times, to each of them",
    hint: SHELL_COMMENT,
  }),
  message: option(TEXT, {
    letters: "m",
    once: true,
    help: "publish this text (with -t)",
    hint: "an unquoted # starts a comment in a shell: put the message in quotes",
  }),
  lines: flag({ letters: "l", help: "publish each line of stdin (with -t)" }),
  delimiter: option(SEPARATOR, {
    letters: "D",
    help: "what ends a message of -l instead of a line end: any text, \\0 for find -print0, \\n \\t \\xHH",
  }),
  "key-delimiter": option(SEPARATOR, {
    letters: "K",
    help: "with -l: what stands before the first TEXT in a line is the message's key (protocol 2)",
  }),
  "json-in": flag({
    help:
      "publish each line of stdin, a JSON object as --json prints it; its topic holds where -t is left out",
  }),
  stdin: flag({ letters: "s", help: "publish all of stdin as one message, byte for byte (with -t)" }),
  null: flag({ letters: "n", help: "publish an empty message (with -t)" }),
  "payload-file": option(FILE, {
    once: true,
    help: "publish what is in the file as one message, byte for byte (with -t)",
  }),
  header: list(HEADER, {
    // no host has a = in its name
    shares: { letter: "H", when: (value) => value.includes("=") },
    help: "send this with each message, for who reads it (with -t; protocol 2)",
  }),
  stamp: optionMaybe(HEADER_NAME, {
    fallback: undefined,
    bare: "sent",
    help: "send with each message when it is sent, in the header NAME (sent): milliseconds since 1970, " +
      "for subscriber --stats (protocol 2)",
  }),
  key: option(TEXT, { letters: "k", once: true, help: "what the message is about (with -t; protocol 2)" }),
  ttl: option(SOME_TIME, { help: "nobody needs the message after this time (with -t; protocol 2)" }),
  delay: option(DURATION, {
    help: "the broker delivers the message after this time, of a durable topic (with -t; protocol 2)",
  }),
  at: option(TIME, {
    help: "the broker delivers the message then, of a durable topic (with -t; protocol 2)",
  }),
  reply: option(TOPIC, { once: true, help: "the topic to answer to (with -t; protocol 2)" }),
  "message-id": option(WORD, {
    placeholder: "ID",
    once: true,
    help: "the message's id: a durable topic stores the same id once (with -t; protocol 2)",
  }),
  request: flag({
    help: "ask: print the payload of the answer to it, of -l one for each line (with -t; protocol 2)",
  }),
  "sub-port": option(port(1), {
    help: "with --request: the broker's port for subscribers, which answers come from (9090)",
  }),
  repeat: optionOr(count({ least: 1, most: 1_000_000_000 }), {
    fallback: 1,
    help: "publish the message N times (1)",
  }),
  rate: option(decimal({ expected: "a number above 0, such as 100 or 0.5", above: 0 }), {
    placeholder: "N",
    help: "publish N messages a second in all (as fast as the broker takes them)",
  }),
  "min-subs": option(count({ least: 1, most: 1_000_000_000 }), {
    help: "a message that reaches fewer subscribers counts as refused (protocol 2)",
  }),
  timeout: option(SOME_TIME, {
    help:
      "a message that is not acknowledged within this time counts as refused (waits as long as it takes); " +
      "a request that is not answered (5s)",
  }),
  "drain-timeout": optionOr(DURATION, {
    fallback: DRAIN_TIMEOUT_MS,
    help: "how long Ctrl-C and SIGTERM wait for what is not acknowledged (10s)",
  }),
  "keep-going": flag({
    help: "go on past a message that the broker refuses and past a bad line of a pipe, end with 1",
  }),
  json: flag({ help: "print a JSON object on stdout for each acknowledged message, or for each answer" }),
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
    "publisher [-i ID] [-t TOPIC] --json-in [options]",
    "publisher [-i ID] -t TOPIC --request (-m TEXT | -l | -s | -n | --payload-file FILE) [options]",
  ],
  options: OPTIONS,
  connects: connects("publisher"),
  meant: meantToPublish,
  examples: [
    { command: "publisher -t hello -m 'hi there'", does: "publishes one message" },
    {
      command: "publisher -f cmds/publisher1.cmd",
      does: "runs a command file, then reads the keyboard",
    },
    { command: "seq 100 | publisher -t numbers -l --rate 10", does: "publishes ten lines a second" },
    {
      command: "find . -type f -print0 | publisher -t files -l -D '\\0'",
      does: "publishes what NUL ends",
    },
    { command: "publisher -t upper -m hi --request", does: "asks, and prints the answer" },
    { command: "publisher", does: "reads commands from the keyboard: type help" },
  ],
  notes: [
    TOPIC_NOTE,
    "A line of a command file: [seconds] pub #topic message, or [seconds] json {...}. Without -t, " +
    "a pipe on stdin is read as such commands. Those without seconds leave one behind another; before a " +
    "wait, quit and the end everything is acknowledged.",
    "It ends with 0 when everything was acknowledged, 1 when something was not or a signal ended it before " +
    "all of its input was published, 2 when the command line, a command or a line of --json-in is wrong; " +
    "with --request 3 when nobody is there to answer, 27 when the answer did not come within --timeout. " +
    "SIGINT and SIGTERM wait for what is on its way, at most --drain-timeout; a second one ends it at once.",
  ],
};
