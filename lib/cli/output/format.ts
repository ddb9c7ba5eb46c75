/**
 * How a subscriber prints a message: `TOPIC MESSAGE`,
 * a JSON object, or by a format with mosquitto_sub's letters.
 *
 * Into a pipe or a file the payload's bytes go untouched;
 * on a terminal everything a peer chose is made visible first.
 *
 * @module
 */
import { visible } from "../../text.ts";
import { compileFormat, type FormatPart } from "./format_letters.ts";
import type { Arrived } from "../messages/message.ts";
import type { Output } from "./output.ts";

/** Puts one message, line end included. */
export type Printer = (message: Arrived, out: Output) => void;

/** What the options say about the printing. */
export interface PrinterOptions {
  /** `-F`. */
  readonly format?: readonly FormatPart[] | undefined;
  /** `-J`. */
  readonly json: boolean;
  /** What stands after a message; a line end where it is left out. */
  readonly end?: Uint8Array | undefined;
  /** Whether what is printed goes to a terminal. */
  readonly terminal: boolean;
}

const LF = Uint8Array.of(0x0a);
const NOTHING = new Uint8Array();
/** A tab in a message shows as one. */
const KEPT = "\t";
const JSON_FORMAT = compileFormat("%j");

/** Chooses once, so that printing a message decides nothing. */
export function createPrinter(options: PrinterOptions): Printer {
  const { end = LF } = options;
  const format = options.json ? JSON_FORMAT : options.format;
  if (format !== undefined) return formatPrinter(format, { end, terminal: options.terminal });
  return options.terminal ? linePrinterForTerminal(end) : linePrinter(end);
}

/** `TOPIC MESSAGE`. Example: `#hello This is the first message`. */
function linePrinter(end: Uint8Array): Printer {
  const encoder = new TextEncoder();
  let topic = "";
  let head = NOTHING;
  return (message, out) => {
    // most messages have the topic of the one before
    if (message.topic !== topic) {
      topic = message.topic;
      head = encoder.encode(`${topic} `);
    }
    out.bytes(head);
    out.bytes(message.payload);
    out.bytes(end);
  };
}

function linePrinterForTerminal(end: Uint8Array): Printer {
  return (message, out) => {
    out.text(`${visible(message.topic)} ${visible(message.text, KEPT)}`);
    out.bytes(end);
  };
}

function formatPrinter(
  parts: readonly FormatPart[],
  { end, terminal }: { readonly end: Uint8Array; readonly terminal: boolean },
): Printer {
  return (message, out) => {
    const time = message.time ?? new Date();
    for (const part of parts) {
      if (part.kind === "literal") out.bytes(part.bytes);
      else if (part.kind === "time") out.text(part.write(time));
      else if (terminal) out.text(visible(part.write(message, time), KEPT));
      else if (part.kind === "payload") out.bytes(message.payload);
      else out.text(part.write(message, time));
    }
    out.bytes(end);
  };
}
