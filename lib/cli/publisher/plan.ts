/**
 * What the publisher's options ask for together.
 *
 * @module
 */
import { DELAY_MOST_MS, TIMER_MOST_MS } from "../../limits.ts";
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import {
  checkInput,
  type Connection,
  connectionFrom,
  SHELL_COMMENT,
  USUAL_PORTS,
} from "../client/options.ts";
import { ReadTime } from "../options/position.ts";
import { showDuration } from "../options/units.ts";
import type { PublisherOptions } from "./options.ts";
import type { MessageOptions } from "./types.ts";

/** Where the messages come from. */
export type Source =
  | { readonly kind: "commands"; readonly file: string | undefined }
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "stdin" }
  | { readonly kind: "payload file"; readonly path: string }
  | { readonly kind: "lines" }
  | { readonly kind: "json lines" };

/** What is to be done, checked as far as the command line alone can be. */
export interface PublisherPlan {
  readonly connection: Connection;
  readonly source: Source;
  /** Each message goes to each of them; those of commands and of JSON lines name their own. */
  readonly topics: readonly string[];
  /** What every message has. */
  readonly message: MessageOptions | undefined;
  /** The port that answers come from, where it asks. */
  readonly subPort: number;
}

/** Throws UsageError for options that do not go together. */
export function planPublisher(options: PublisherOptions): PublisherPlan {
  checkInput(options);
  const source = sourceOf(options);
  const ofMany = source.kind === "lines" || source.kind === "json lines";
  if (options.repeat > 1 && (source.kind === "commands" || ofMany)) {
    throw new UsageError("--repeat repeats one message: take it with -t and -m, -s, -n or --payload-file");
  }
  if (options.rate !== undefined && source.kind === "commands") {
    throw new UsageError("--rate needs -t; the pace of commands is their seconds and --speed");
  }
  if (options.request) checkRequest(options, source);
  checkSplitting(options, source);
  checkTimes(options);
  const { stamp } = options;
  if (options.header.some(([name]) => name === stamp)) {
    throw new UsageError(`--stamp and --header both give the header ${quote(`${stamp}`)}: take one`);
  }
  const [extra] = extras(options);
  if (extra !== undefined && source.kind === "commands") {
    throw new UsageError(`${extra} needs -t; what goes with the message of a command is said by its json`);
  }
  const [needsV2] = [
    ...extras(options),
    ...(options["key-delimiter"] === undefined ? [] : ["-K"]),
    ...(options["min-subs"] === undefined ? [] : ["--min-subs"]),
    ...(stamp === undefined ? [] : ["--stamp"]),
    ...(options.request ? ["--request"] : []),
  ];
  if (needsV2 !== undefined && options.protocol === "classic") {
    throw new UsageError(`${needsV2} needs protocol 2: the classic protocol has no place for it`);
  }
  if (options["message-id"] !== undefined && (ofMany || options.repeat > 1)) {
    const many = source.kind === "lines" ? "-l" : ofMany ? "--json-in" : "--repeat";
    throw new UsageError(
      `--message-id and ${many}: of messages with one id a durable topic keeps the first alone`,
    );
  }
  return {
    connection: connectionFrom(options),
    source,
    topics: [...new Set(options.topic)],
    message: messageOptions(options),
    subPort: options["sub-port"] ?? USUAL_PORTS["sub-port"],
  };
}

/** One request at a time, or one a line: what else there is to publishing has no answer. */
function checkRequest(options: PublisherOptions, { kind }: Source): void {
  if (kind === "commands" || kind === "json lines" || new Set(options.topic).size > 1) {
    throw new UsageError(
      "--request asks at one topic: take it with one -t, and -m, -l, -s, -n or --payload-file",
    );
  }
  const others = [
    ...(options.reply === undefined ? [] : ["--reply"]),
    ...(options.repeat > 1 ? ["--repeat"] : []),
    ...(options.rate === undefined ? [] : ["--rate"]),
    ...(options.stamp === undefined ? [] : ["--stamp"]),
    ...(options["min-subs"] === undefined ? [] : ["--min-subs"]),
    ...(options.delay === undefined ? [] : ["--delay"]),
    ...(options.at === undefined ? [] : ["--at"]),
  ];
  if (others.length > 0) {
    throw new UsageError(`${others[0]} does not go together with --request: leave it out`);
  }
  const { port, "sub-port": subPort } = options;
  if (subPort !== undefined || port === USUAL_PORTS["pub-port"]) return;
  throw new UsageError(
    `--request needs --sub-port: the broker's port for publishers is ${port}, and the one for subscribers, ` +
      "which answers come from, is not said",
  );
}

/** What a person is told of `--at` before anything is published; undefined: nothing. */
export function aboutAt({ at }: PublisherOptions, now: number): string | undefined {
  if (at === undefined) return undefined;
  const past = at.getTime() <= now;
  const told = at instanceof ReadTime ? at.told : undefined;
  if (!past) return told === undefined ? undefined : `--at ${told}`;
  return `--at ${told ?? at.toISOString()}: that is past, so it is delivered at once`;
}

/** What goes with each message and was given. */
function extras(options: PublisherOptions): readonly string[] {
  return [
    ...(options.header.length > 0 ? ["--header"] : []),
    ...(options.key === undefined ? [] : ["--key"]),
    ...(options.ttl === undefined ? [] : ["--ttl"]),
    ...(options.delay === undefined ? [] : ["--delay"]),
    ...(options.at === undefined ? [] : ["--at"]),
    ...(options.reply === undefined ? [] : ["--reply"]),
    ...(options["message-id"] === undefined ? [] : ["--message-id"]),
  ];
}

/** `-D` and `-K`, which are for what is read in pieces. */
function checkSplitting(options: PublisherOptions, { kind }: Source): void {
  if (options.delimiter !== undefined && kind !== "lines" && kind !== "json lines") {
    throw new UsageError("-D says what ends a message of -l or --json-in: take it with one of them");
  }
  if (options["key-delimiter"] === undefined) return;
  if (kind === "json lines") {
    throw new UsageError('-K and --json-in: a line of JSON has its key in it ("key")');
  }
  if (kind !== "lines") throw new UsageError("-K says where the key of a line of -l ends: take it with -l");
  if (options.key !== undefined) throw new UsageError("-K and --key are two ways to say the key: take one");
}

function checkTimes(options: PublisherOptions): void {
  const { delay, at } = options;
  if (delay === undefined && at === undefined) return;
  const name = delay === undefined ? "--at" : "--delay";
  if (delay !== undefined && at !== undefined) {
    throw new UsageError("--delay and --at are two ways to say when a message is delivered: take one");
  }
  if (options["min-subs"] !== undefined) {
    throw new UsageError(`--min-subs counts who gets a message now, and with ${name} nobody does yet`);
  }
  if (delay !== undefined && delay > DELAY_MOST_MS) {
    throw new UsageError(`--delay takes at most ${showDuration(DELAY_MOST_MS)}, not ${showDuration(delay)}`);
  }
}

function messageOptions(options: PublisherOptions): MessageOptions | undefined {
  const { key, ttl, delay, at, reply, timeout, "message-id": id, "min-subs": minSubs } = options;
  const message = {
    ...(options.header.length === 0 ? {} : { headers: new Map(options.header) }),
    ...(key === undefined ? {} : { key }),
    ...(ttl === undefined ? {} : { ttl: ttl / 1000 }),
    ...(delay === undefined ? {} : { delay }),
    ...(at === undefined ? {} : { at }),
    ...(reply === undefined ? {} : { reply }),
    ...(id === undefined ? {} : { id }),
    ...(timeout === undefined ? {} : { timeout: Math.min(timeout, TIMER_MOST_MS) }),
    ...(minSubs === undefined ? {} : { minSubs }),
  };
  return Object.keys(message).length === 0 ? undefined : message;
}

function sourceOf(options: PublisherOptions): Source {
  const { topic, file } = options;
  const ways = [
    options.message === undefined ? "" : "-m",
    options["json-in"] ? "--json-in" : options.lines ? "-l" : "",
    options.stdin ? "-s" : "",
    options.null ? "-n" : "",
    options["payload-file"] === undefined ? "" : "--payload-file",
  ].filter((way) => way !== "");
  const [way] = ways;
  if (file !== undefined && (topic.length > 0 || way === "--json-in")) {
    const other = topic.length > 0 ? "-t" : "--json-in";
    throw new UsageError(`${other} and -f are two ways to say what to publish: take one`);
  }
  if (ways.length > 1) throw new UsageError(`${ways.join(" and ")} are different messages: take one`);
  if (way === "--json-in") return { kind: "json lines" };
  if (topic.length === 0) {
    if (way !== undefined) throw new UsageError(`${way} needs -t TOPIC to publish to (${SHELL_COMMENT})`);
    return { kind: "commands", file };
  }
  if (way === undefined) {
    throw new UsageError(
      "-t needs what to publish: -m TEXT, -l (lines of stdin), -s (all of stdin), " +
        "-n (empty) or --payload-file FILE",
    );
  }
  if (options.message?.includes("\n") && options.protocol === "classic") {
    throw new UsageError(
      "-m has a line break in it, which ends a message in the classic protocol: send its lines with -l",
    );
  }
  if (options.lines) return { kind: "lines" };
  if (options.stdin) return { kind: "stdin" };
  if (options["payload-file"] !== undefined) return { kind: "payload file", path: options["payload-file"] };
  return { kind: "message", text: options.message ?? "" };
}
