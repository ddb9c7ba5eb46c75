/**
 * A recording: what arrives, written as a command file that `publisher -f` plays back with the same pauses.
 * What is more than one line of text is written as an object.
 *
 *     0 pub #hello first
 *     1.25 pub #hello a second and a quarter later
 *     0.5 json {"topic":"#hello","key":"k","payload":"with a key"}
 *
 * @module
 */
import { decodeLine } from "../commands/command_file.ts";
import { type Arrived, hasMore, messageJsonAnew } from "../messages/message.ts";
import type { Output } from "../output/output.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Writes each message as it comes, so a recording that is cut short is good up to there. */
export class Recorder {
  readonly #out: Output;
  /** When the last recorded message came; parts of a millisecond are carried on, so that pauses add up. */
  #last: number | undefined;

  constructor(out: Output) {
    this.#out = out;
  }

  /** Records a message that came at `now` (milliseconds of a clock that never jumps). */
  record(message: Arrived, now: number): void {
    const pause = Math.max(0, Math.round(now - (this.#last ?? now)));
    this.#last = (this.#last ?? now) + pause;
    if (hasMore(message) || !fitsLine(message.payload)) {
      this.#out.text(`${pause / 1000} json ${messageJsonAnew(message)}\n`);
      return;
    }
    this.#out.text(`${pause / 1000} pub ${message.topic} `);
    this.#out.bytes(message.payload);
    this.#out.bytes(LINE_END);
  }
}

const LINE_END = Uint8Array.of(LF);

/** Whether a command file gives the payload back as it is: a line of UTF-8 whose end no line end swallows. */
function fitsLine(payload: Uint8Array): boolean {
  return !payload.includes(LF) && payload.at(-1) !== CR && decodeLine(payload) !== undefined;
}
