/**
 * What comes from a terminal, as keys: a machine of its own, bytes in, keys out.
 *
 * @module
 */

/** What a key does to the line, whatever it is called on the keyboard. */
export type Motion =
  | "enter"
  | "tab"
  | "end of input"
  | "interrupt"
  | "clear screen"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "word left"
  | "word right"
  | "home"
  | "end"
  | "up"
  | "down"
  | "delete to start"
  | "delete to end"
  | "delete word"
  | "delete word right"
  | "yank"
  | "swap";

/** A key, or text that was typed or pasted. */
export type Key = { readonly text: string } | { readonly does: Motion };

/** After this time, in ms, an Escape was the key and not the beginning of another key's bytes. */
const ESCAPE_MS = 50;

const CONTROL: ReadonlyMap<string, Motion> = new Map([
  ["\r", "enter"],
  ["\n", "enter"],
  ["\t", "tab"],
  ["\x01", "home"],
  ["\x02", "left"],
  // a terminal in raw mode gives it as a key; otherwise it is a signal
  ["\x03", "interrupt"],
  ["\x04", "end of input"],
  ["\x05", "end"],
  ["\x06", "right"],
  ["\x08", "backspace"],
  ["\x0b", "delete to end"],
  ["\x0c", "clear screen"],
  ["\x0e", "down"],
  ["\x10", "up"],
  ["\x14", "swap"],
  ["\x15", "delete to start"],
  ["\x17", "delete word"],
  ["\x19", "yank"],
  ["\x7f", "backspace"],
]);

/** Behind an Escape: what Alt does to a key. */
const ALT: ReadonlyMap<string, Motion> = new Map([
  ["b", "word left"],
  ["f", "word right"],
  ["d", "delete word right"],
  ["\x7f", "delete word"],
  ["\x08", "delete word"],
]);

/** The last byte of a sequence, where it says it all: `ESC [ A`, `ESC O A`. */
const LETTERS: ReadonlyMap<string, Motion> = new Map([
  ["A", "up"],
  ["B", "down"],
  ["C", "right"],
  ["D", "left"],
  ["H", "home"],
  ["F", "end"],
]);

/** The number of a sequence that ends in `~`: `ESC [ 3 ~`. */
const NUMBERS: ReadonlyMap<string, Motion> = new Map([
  ["1", "home"],
  ["3", "delete"],
  ["4", "end"],
  ["7", "home"],
  ["8", "end"],
]);

const PASTE_BEGINS = "200";
const PASTE_ENDS = "201";
/** `ESC [ 1 ; 5 C` and the like. */
// deno-lint-ignore no-control-regex
const SEQUENCE = /^\x1b(?:\[(?<parameters>[0-?]*)[ -/]*(?<last>[@-~])|O(?<letter>.))/;
// deno-lint-ignore no-control-regex
const BEGINNING = /^\x1b(?:\[[0-?]*[ -/]*|O)?$/;
// deno-lint-ignore no-control-regex
const TEXT = /^[^\x00-\x1f\x7f-\x9f]+/;

/** Keys may arrive in pieces: what is not whole waits for the rest. */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  #waiting = "";
  #since = -Infinity;
  #pasting = false;
  #afterReturn = false;

  /** The keys of what was read, `now` in ms. */
  read(bytes: Uint8Array, now: number): Key[] {
    const before = this.#waiting === "\x1b" && now - this.#since > ESCAPE_MS ? "" : this.#waiting;
    let rest = before + this.#decoder.decode(bytes, { stream: true });
    this.#waiting = "";
    const keys: Key[] = [];
    while (rest !== "") {
      if (BEGINNING.test(rest)) {
        this.#waiting = rest;
        this.#since = now;
        break;
      }
      rest = rest.slice(this.#readOne(rest, keys));
    }
    return keys;
  }

  /** Reads what stands first; how long it is. */
  #readOne(rest: string, keys: Key[]): number {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = rest.startsWith("\r");
    const text = TEXT.exec(rest)?.[0];
    if (text !== undefined) {
      keys.push({ text });
      return text.length;
    }
    if (rest.startsWith("\x1b")) return this.#readSequence(rest, keys);
    // a line end of two characters is one
    if (rest.startsWith("\n") && afterReturn) return 1;
    const does = CONTROL.get(rest[0] ?? "");
    if (this.#pasting) {
      // pasted text is taken as text: it completes nothing and moves no cursor
      if (does === "tab") keys.push({ text: "\t" });
      if (does === "enter") keys.push({ does });
    } else if (does !== undefined) keys.push({ does });
    return 1;
  }

  #readSequence(rest: string, keys: Key[]): number {
    const found = SEQUENCE.exec(rest);
    if (found === null) {
      const does = ALT.get(rest[1] ?? "");
      if (does !== undefined) keys.push({ does });
      // an Escape before another Escape says nothing
      return rest[1] === "\x1b" ? 1 : 2;
    }
    const { parameters = "", last = "", letter = "" } = found.groups ?? {};
    const [number = "", modifier = ""] = parameters.split(";");
    if (last === "~" && number === PASTE_BEGINS) this.#pasting = true;
    else if (last === "~" && number === PASTE_ENDS) this.#pasting = false;
    else {
      const does = last === "~" ? NUMBERS.get(number) : LETTERS.get(last === "" ? letter : last);
      if (does !== undefined) keys.push({ does: modifier === "" ? does : byWord(does) });
    }
    return found[0].length;
  }
}

/** What an arrow does with Ctrl or Alt held. */
function byWord(does: Motion): Motion {
  return does === "left" ? "word left" : does === "right" ? "word right" : does;
}
