/**
 * The subscriber's command line.
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
  SPEED,
  TOPIC_NOTE,
  USUAL_PORTS,
  VERBOSITY_OPTIONS,
} from "../client/options.ts";
import { meantToSubscribe } from "../client/meant.ts";
import { checkGroup } from "./group_terms.ts";
import { checkWorker } from "./worker/options.ts";
import { DELIMITER } from "../options/escapes.ts";
import { compileFormat, type FormatPart, LETTERS } from "../output/format_letters.ts";
import { flag, list, option, type Program, type Values, wordsBehind } from "../options/table.ts";
import { ago, nothingStored, POSITION, type Position, START, type Start } from "../options/position.ts";
import {
  choice,
  count,
  DURATION,
  FILE,
  GROUP,
  type Kind,
  PATTERN,
  port,
  SLOW,
  WINDOW,
  WORD,
} from "../options/units.ts";
import { VERSION } from "../version.ts";

const FORMAT: Kind<readonly FormatPart[]> = {
  placeholder: "FORMAT",
  config: ["string"],
  read: (text) => {
    try {
      return { value: compileFormat(text) };
    } catch (error) {
      if (error instanceof UsageError) return { problem: error.message };
      throw error;
    }
  },
};

const OPTIONS = {
  ...addressOptions("subscriber"),
  topic: list(PATTERN, {
    letters: "t",
    help: "subscribe to this topic or pattern (#orders.*, #orders.>, #>)",
    hint: SHELL_COMMENT,
  }),
  "filter-out": list(PATTERN, {
    letters: "T",
    help: "leave out the messages of this topic or pattern",
    hint: SHELL_COMMENT.replaceAll("-t", "-T"),
  }),
  from: option(START, {
    letters: "o",
    once: true,
    help: "begin with what is stored: earliest (beginning), latest, -10 (the last ten of each topic), a " +
      "sequence number, so long ago (-10m, -1h30m), a time (2026-01-31, 2026-01-31T09:00, 09:00: local " +
      "ones; 2026-01-31T09:00:00Z; @1769850000 Unix seconds); protocol 2 (now)",
  }),
  to: option(POSITION, {
    once: true,
    help: "end there: a number, so long ago or a time, written as for --from",
  }),
  since: option(DURATION, { once: true, help: "begin so long ago: --since 1h30m is --from -1h30m" }),
  "exit-at-end": flag({
    letters: "e",
    help: "exit when all that is stored has come (from earliest, where --from says nothing else)",
  }),
  file: FILE_OPTIONS.file,
  "no-input": FILE_OPTIONS["no-input"],
  speed: option(SPEED, {
    help: "stored messages with the pauses there were between them, divided by X, " +
      "and the waits of commands, too; 0: without any",
  }),
  count: option(count({ least: 1, most: Number.MAX_SAFE_INTEGER }), {
    letters: "C",
    help: "exit after N messages",
  }),
  wait: option(DURATION, {
    letters: "W",
    help: "exit with 27 when this time is over (10s, 5m; a bare number is seconds)",
  }),
  "exit-subscribed": flag({ letters: "E", help: "exit once everything is subscribed" }),
  format: option(FORMAT, {
    letters: "F",
    help: "print messages like this; the letters are below",
  }),
  "no-newline": flag({ letters: "N", help: "no line end after a message" }),
  delimiter: option(DELIMITER, {
    letters: "D",
    help: "print this after a message instead of a line end: any text, \\n \\t \\0 \\xHH (\\0 for xargs -0)",
  }),
  slow: option(SLOW, {
    help: "when messages come faster than they are printed: block (publishers wait), drop-old, drop-new, " +
      "latest (one a topic), disconnect; protocol 2 (as the broker says)",
  }),
  group: option(GROUP, {
    letters: "G",
    help: "share what comes with all subscribers that give this name: each message goes to one of them; of " +
      "durable topics the group is stored, and gets what came while nobody was there; protocol 2",
  }),
  window: option(WINDOW, {
    help: "with -G: so many messages wait at the broker for this subscriber at most, or are held by it " +
      "unacknowledged (256; with -C as many, where that is less)",
  }),
  ack: option(choice("auto", "explicit", "exec"), {
    help: "with -G, of durable topics: auto, a message is done with when it is sent to this subscriber; " +
      "explicit, when it has been printed, and until then it comes again, here or to another; exec: " +
      "run the COMMAND behind -- for each message, with the payload on its stdin; 0 acknowledges it, " +
      "anything else gives it back (auto)",
  }),
  by: option(choice("key"), {
    help:
      "with -G: key keeps messages with the same key in order and with one subscriber at a time; all in " +
      "the group say so",
  }),
  jobs: option(count({ least: 1, most: 1024 }), {
    help: "with --ack exec: so many at a time, which is also the window (1)",
  }),
  "retry-delay": option(DURATION, {
    help: "with --ack exec: a message that is given back comes again after this time, twice as long with " +
      "each further attempt; 0: at once (1s)",
  }),
  reply: flag({
    help:
      "with --ack exec: what the command prints is the answer to who asked (publisher --request), where " +
      "one did",
  }),
  "pub-port": option(port(1), {
    help: "with --reply: the broker's port for publishers, which answers go to (9000)",
  }),
  command: wordsBehind({
    placeholder: "COMMAND [ARG ...]",
    help: "with --ack exec: what is run for each message, with HASHBUS_TOPIC, HASHBUS_SEQ, HASHBUS_ATTEMPT " +
      "and more in its environment",
  }),
  record: option(FILE, {
    once: true,
    help: "also write what arrives, whole, as a command file with its waits, which publisher -f plays back",
  }),
  json: flag({ letters: "J", help: "print each message as a JSON object on a line" }),
  stats: flag({
    help: "count the messages instead of printing them: a line a second, and one with all at the end " +
      "(with --json as objects)",
  }),
  "latency-header": option(WORD, {
    help: "the header that says for --stats when a message was sent: milliseconds since 1970 or a time " +
      "such as 2026-01-31T09:00:00Z; publisher --stamp sends it (sent)",
  }),
  ...CONNECT_OPTIONS,
  ...VERBOSITY_OPTIONS,
} as const;

/** What the subscriber takes. */
export type SubscriberOptions = Values<typeof OPTIONS>;

/** The subscriber for {@link runMain}. */
export const SUBSCRIBER: Program<typeof OPTIONS> = {
  name: "subscriber",
  version: VERSION,
  summary: "Subscribes to topics and prints what arrives, one line a message: TOPIC MESSAGE.",
  usage: [
    "subscriber [-i ID] [-r PORT] [-h HOST] [-p PORT] [-f FILE] [-t PATTERN ...] [options]",
    "subscriber -t PATTERN -G NAME --ack exec [--jobs N] [options] -- COMMAND [ARG ...]",
  ],
  options: OPTIONS,
  connects: connects("subscriber"),
  meant: meantToSubscribe,
  examples: [
    { command: "subscriber -t hello", does: "prints the messages of #hello until stopped" },
    {
      command: "subscriber -t 'orders.>' -C 10 -W 30s",
      does: "ten messages, or 27 after half a minute",
    },
    { command: "subscriber -t hello -F '%I %t: %p'", does: "with the time of arrival before it" },
    {
      command: "subscriber -t 'orders.>' -o -10 -e",
      does: "the last ten messages of each durable topic",
    },
    {
      command: "subscriber -t 'orders.>' --since 1h",
      does: "the last hour of a durable topic, then what is live",
    },
    {
      command: "subscriber -t orders.eu --from 09:00 --to 09:30 --speed 10",
      does: "half an hour of this morning in three minutes",
    },
    {
      command: "subscriber -f cmds/subscriber1.cmd",
      does: "runs a command file, then reads the keyboard",
    },
    {
      command: "subscriber -t files -F %p -D '\\0' | xargs -0 ls -l",
      does: "each message is an argument, whatever is in it",
    },
    {
      command: "subscriber -t jobs -G workers",
      does: "one of several that share the messages of #jobs",
    },
    {
      command: "subscriber -t jobs -G log --ack explicit --from earliest >> jobs.log",
      does: "each message of a durable topic, from the first on, whatever is killed in between",
    },
    {
      command: "subscriber -t jobs -G workers --ack exec --jobs 4 -- ./resize --width 800",
      does: "a worker: four commands at a time, each with a message on its stdin",
    },
    { command: "subscriber -t 'orders.>' --stats", does: "how many come a second, and how fast" },
    { command: "subscriber", does: "reads commands from the keyboard: type help" },
  ],
  notes: [
    TOPIC_NOTE,
    `The letters of -F: ${[...LETTERS].map(([letter, { means }]) => `%${letter} ${means}`).join(", ")}, ` +
    "%@ and a letter of strftime (%@H:%@M:%@S), %% a percent sign; " +
    "\\n \\t \\r \\0 \\a \\e \\v \\f \\\\ \\xHH. " +
    "Widths as in printf: %-20t, %08x, %.10p.",
    "A line of a command file: [seconds] sub #topic [from=POS] [to=POS] [slow=POLICY] [group=NAME] " +
    "[window=N] [ack=auto|explicit] [by=key], [seconds] unsub #topic [group=NAME]. A pipe on stdin is " +
    "read as such commands; with -t the terminal is not read, and with -t and -C, -W, -E or --ack exec " +
    "stdin is not read at all.",
    "What the COMMAND of --ack exec finds in its environment: HASHBUS_TOPIC, HASHBUS_GROUP, " +
    "HASHBUS_ATTEMPT, and where the message has them HASHBUS_SEQ, HASHBUS_TIME, HASHBUS_ID, " +
    "HASHBUS_KEY, HASHBUS_REPLY and HASHBUS_H_NAME for each header (content-type is " +
    "HASHBUS_H_CONTENT_TYPE).",
    "It ends with 0, with 27 when -W ran out, with 1 when it failed or was stopped before what -C, -e or " +
    "--to wait for had come, with 2 when the command line or a command file is wrong.",
  ],
};

/** What is to be done, checked as far as the command line alone can be. */
export interface SubscriberPlan {
  readonly connection: Connection;
  /** Who is asked for commands after the command file: a terminal may be, a pipe may be, or neither. */
  readonly reads: { readonly terminal: boolean; readonly pipe: boolean };
  /** What every subscription replays. */
  readonly replay: { readonly from: Start; readonly to?: Position } | undefined;
  /** Whether it ends when that has come. */
  readonly endsWithReplay: boolean;
  /** The port that answers go to; undefined: there are none. */
  readonly pubPort: number | undefined;
}

/** Throws UsageError for options that do not go together. */
export function planSubscriber(options: SubscriberOptions): SubscriberPlan {
  checkInput(options);
  if (options.format !== undefined && options.json) {
    throw new UsageError(
      "-F and -J are two ways to print a message: take one (-F has %j for the JSON object)",
    );
  }
  checkOutput(options);
  if (options.slow !== undefined && options.protocol === "classic") {
    throw new UsageError("--slow needs protocol 2: in the classic protocol the broker decides for everybody");
  }
  checkGroup(options);
  checkWorker(options);
  const replay = replayOf(options);
  if (replay !== undefined && options.protocol === "classic") {
    throw new UsageError(
      "--from, --to, --since and -e need protocol 2: the classic protocol has only what is live",
    );
  }
  const named = options.topic.length > 0;
  const given = named || options.file !== undefined;
  if (options["exit-at-end"] && !given) {
    throw new UsageError("-e needs -t PATTERN or -f FILE: there is nothing to come to the end of");
  }
  const endsWithReplay = options["exit-at-end"] || (options.to !== undefined && given);
  if (options["exit-subscribed"] && !given) {
    throw new UsageError("-E needs -t PATTERN or -f FILE: there is nothing to subscribe to");
  }
  const stays = !options["exit-subscribed"] && !endsWithReplay;
  const ends = options.count !== undefined || options.wait !== undefined;
  return {
    connection: connectionFrom(options),
    reads: {
      terminal: !named && stays && !options["no-input"],
      pipe: !(named && (ends || options.ack === "exec")) && stays && !options["no-input"],
    },
    replay,
    endsWithReplay,
    pubPort: pubPortOf(options),
  };
}

function pubPortOf({ reply, port, "pub-port": pubPort }: SubscriberOptions): number | undefined {
  if (!reply) return undefined;
  if (pubPort !== undefined || port === USUAL_PORTS["sub-port"]) return pubPort ?? USUAL_PORTS["pub-port"];
  throw new UsageError(
    `--reply needs --pub-port: the broker's port for subscribers is ${port}, and the one for publishers, ` +
      "which answers go to, is not said",
  );
}

/** Throws UsageError for ways to print that contradict one another. */
function checkOutput(options: SubscriberOptions): void {
  const { delimiter, format, stats } = options;
  const noNewline = options["no-newline"];
  if (delimiter !== undefined && noNewline) {
    throw new UsageError("-D and -N both say what stands after a message: take one");
  }
  const printing = [
    ...(format === undefined ? [] : ["-F"]),
    ...(delimiter === undefined ? [] : ["-D"]),
    ...(noNewline ? ["-N"] : []),
  ];
  if (stats && printing.length > 0) {
    throw new UsageError(`--stats prints no messages: leave ${printing.join(" and ")} out`);
  }
  if (options.record === "-") {
    throw new UsageError("--record - is no file, and what arrives is on stdout already: name a file");
  }
  if (!stats && options["latency-header"] !== undefined) {
    throw new UsageError("--latency-header says what --stats is to read: give --stats, too");
  }
}

function replayOf(options: SubscriberOptions): SubscriberPlan["replay"] {
  const { from, to, since } = options;
  if (from !== undefined && since !== undefined) {
    throw new UsageError("--from and --since both say where to begin: take one");
  }
  const ends = options["exit-at-end"] || to !== undefined;
  const start = from ?? (since === undefined ? undefined : ago(since)) ?? (ends ? "earliest" : "now");
  if (start === "now") {
    if (!ends) return undefined;
    throw new UsageError("-e and --to end what is stored, and from now on nothing is: leave --from now out");
  }
  const problem = nothingStored({ from: start, to, now: Date.now() });
  if (problem !== undefined) {
    throw new UsageError(`${since === undefined ? "--from" : "--since"}: ${problem}`);
  }
  return { from: start, ...(to === undefined ? {} : { to }) };
}
