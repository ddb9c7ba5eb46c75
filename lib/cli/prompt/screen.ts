/**
 * The rows of a terminal that a prompt has: drawn, drawn anew, and left behind.
 *
 * @module
 */
import { cellsOf, characters, type Laid, layOut } from "./cells.ts";
import { visible } from "../../text.ts";

/** What a screen is drawn on. */
export interface ScreenTarget {
  write(text: string): void;
  size(): { readonly columns: number; readonly rows: number };
}

/** A text with a cursor in it. */
export interface Drawn {
  readonly text: string;
  readonly cursor: number;
}

const UP = (rows: number): string => rows > 0 ? `\x1b[${rows}A` : "";
const TO_START = "\r";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_ALL = "\x1b[H\x1b[2J";

/**
 * - what is drawn over is found by counting rows, so nobody else may write while something is drawn;
 * - a terminal breaks lines by itself at its edge, and breaks them anew when it becomes wider or narrower;
 * - of what has more rows than the screen, those around the cursor are shown.
 */
export class Screen {
  readonly #target: ScreenTarget;
  /** The rows that are on the screen. */
  #drawn: Drawn | undefined;
  /** The row that the cursor is in, of those. */
  #cursorRow = 0;

  constructor(target: ScreenTarget) {
    this.#target = target;
  }

  /** Draws a text where the last one was. */
  draw({ text, cursor }: Drawn): void {
    const { columns, rows: height } = this.#target.size();
    const laid = layOut(text, { cursor, columns });
    const first = Math.max(0, Math.min(laid.cursorRow - (height >> 1), laid.rows.length - height));
    const rows = laid.rows.slice(first, first + height);
    const row = laid.cursorRow - first;
    const shown = rows.join("");
    this.#target.write(
      this.#toTop() + CLEAR_BELOW + shown + this.#toCursor(rows, { ...laid, cursorRow: row }),
    );
    this.#cursorRow = row;
    const skipped = laid.rows.slice(0, first).join("").length;
    this.#drawn = { text: shown, cursor: cursor - skipped };
  }

  /** Prints whole lines where the text was; it is to be drawn again below them. */
  printOver(text: string): void {
    this.#target.write(`${this.#toTop()}${this.#drawn === undefined ? "" : CLEAR_BELOW}${text}`);
    this.#drawn = undefined;
    this.#cursorRow = 0;
  }

  /** Leaves the text where it is, in whole, and goes on in a line of its own below. */
  leave(text: string): void {
    if (this.#drawn === undefined) return;
    // the terminal breaks it, and may break it anew later: what is typed can be copied as one line
    this.#target.write(`${this.#toTop()}${CLEAR_BELOW}${text}\n`);
    this.#drawn = undefined;
    this.#cursorRow = 0;
  }

  /** Takes everything off the screen; the text is to be drawn again, at the top. */
  clear(): void {
    this.#target.write(CLEAR_ALL);
    this.#cursorRow = 0;
  }

  /** Somebody else has written: what was drawn is where it was, and the next begins in a line of its own. */
  lost(): void {
    if (this.#cursorRow > 0) this.#target.write("\n");
    this.#cursorRow = 0;
  }

  /** The terminal has another size, and has broken the rows anew. */
  resized(): void {
    if (this.#drawn === undefined) return;
    const { columns, rows } = this.#target.size();
    const laid = layOut(this.#drawn.text, { cursor: this.#drawn.cursor, columns });
    this.#cursorRow = Math.min(laid.cursorRow, rows - 1);
  }

  #toTop(): string {
    return UP(this.#cursorRow) + TO_START;
  }

  #toCursor(rows: readonly string[], { cursorRow, beforeCursor }: Laid): string {
    // behind a row that is full to the edge, the terminal goes to the next with the next character only
    const intoEmpty = rows.at(-1) === "" && rows.length > 1 ? ` ${TO_START}${CLEAR_BELOW}` : "";
    return `${intoEmpty}${UP(rows.length - 1 - cursorRow)}${TO_START}${beforeCursor}`;
  }
}

/** What may be drawn of a text: every character in it has its cells and moves no cursor. */
export function drawable(text: string): string {
  let drawn = "";
  for (const character of characters(text)) {
    // characters that join others to one picture pass, those that turn the direction of writing do not
    drawn += cellsOf(character) > 0 && !/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(character)
      ? character
      : visible(character);
  }
  return drawn;
}
