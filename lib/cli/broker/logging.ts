/**
 * The log of a program, through LogTape: one line an event on stderr,
 * as text for a person or as JSON for a machine.
 *
 *     2026-01-31T09:41:07.123Z INFO  connected id=p1 peer=127.0.0.1:51234
 *     {"time":"2026-01-31T09:41:07.123Z","level":"info","event":"connected","id":"p1","peer":"[::1]:51234"}
 *
 * @module
 */
import { configureSync, getLogger, type LogRecord } from "@logtape/logtape";
import type { Log } from "../../log.ts";
import { jsonLine, visible } from "../../text.ts";
import { type LineTarget, LineWriter } from "./line_writer.ts";

/** How a log line looks. */
export type LogFormat = "text" | "json";

/** From which level on events are logged: `-v` debug, by default info, `-q` warn. */
export type LogLevel = "debug" | "info" | "warn";

/** A log that ends: what is still on its way can be waited for. */
export interface ProgramLog extends Log {
  /** Settles when everything logged so far is written, or cannot be. */
  flush(): Promise<void>;
}

const CATEGORY = "hashbus";
const LEVELS = { debug: "debug", info: "info", warn: "warning" } as const;
/** Longest text of one field, in characters: a peer chooses it, a person reads it. */
const FIELD_MOST = 256;

/** Opens the log of this process; there is one. */
export function openLog(
  options: { readonly format: LogFormat; readonly level: LogLevel; readonly target?: LineTarget },
): ProgramLog {
  const lines = new LineWriter(options.target ?? Deno.stderr);
  const format = options.format === "json" ? jsonLogLine : textLogLine;
  configureSync({
    sinks: { lines: (record) => lines.write(format(record)) },
    loggers: [
      { category: CATEGORY, sinks: ["lines"], lowestLevel: LEVELS[options.level] },
      // LogTape's own notices would tell an operator how to configure LogTape
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "error" },
    ],
    reset: true,
  });
  const logger = getLogger(CATEGORY);
  return {
    debug: (event, fields) => logger.debug(event, fields),
    info: (event, fields) => logger.info(event, fields),
    warn: (event, fields) => logger.warn(event, fields),
    error: (event, fields) => logger.error(event, fields),
    flush: () => lines.flush(),
  };
}

function jsonLogLine(record: LogRecord): string {
  const line = new Map<string, unknown>([
    ["time", new Date(record.timestamp).toISOString()],
    ["level", levelName(record)],
    ["event", String(record.rawMessage)],
  ]);
  for (const [name, value] of Object.entries(record.properties)) {
    if (!line.has(name)) line.set(name, typeof value === "string" ? cut(value) : value);
  }
  return jsonLine(Object.fromEntries(line));
}

function textLogLine(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString();
  let line = `${time} ${levelName(record).toUpperCase().padEnd(5)} ${String(record.rawMessage)}`;
  for (const [name, value] of Object.entries(record.properties)) {
    if (value !== undefined) line += ` ${name}=${typeof value === "string" ? textField(value) : value}`;
  }
  return line;
}

/** A plain word as it is, anything else in quotes: a client's id can forge neither a field nor a line. */
function textField(text: string): string {
  if (/^[\w.:/#@+-]+$/.test(text) && text.length <= FIELD_MOST) return text;
  return `"${visible(cut(text).replace(/["\\]/g, "\\$&"))}"`;
}

function cut(text: string): string {
  return text.length > FIELD_MOST ? `${text.slice(0, FIELD_MOST)}...` : text;
}

function levelName(record: LogRecord): string {
  return record.level === "warning" ? "warn" : record.level;
}
