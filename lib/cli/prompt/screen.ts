/**
 * The rows of a terminal that a prompt has: drawn, drawn anew, and left behind.
 *
 * @module
 */
import { cellsOf, characters, layOut } from "./cells.ts";
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
const DOWN = "\x1b[B";
const TO_START = "\r";
const CLEAR_ROW = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_ALL = "\x1b[H\x1b[2J";

/** What is on the screen, and where. */
interface Shown extends Drawn {
  readonly rows: number;
  readonly cursorRow: number;
}

/**
 * - what is drawn over is found by counting rows, so nobody else may write while something is drawn;
 * - a terminal breaks lines by itself at its edge, and breaks them anew when it becomes wider or narrower;
 * - of what has more rows than the screen, those around the cursor are shown.
 */
export class Screen {
  readonly #target: ScreenTarget;
  #shown: Shown | undefined;

  constructor(target: ScreenTarget) {
    this.#target = target;
  }

  /** Draws a text where the last one was. */
  draw(drawn: Drawn): void {
    this.#target.write(this.#erase() + this.#drawing(drawn));
  }

  /** Prints whole lines where the text was, and the text, where there is one, below them. */
  print(lines: string, below?: Drawn): void {
    const erase = this.#erase();
    this.#target.write(erase + lines + (below === undefined ? "" : this.#drawing(below)));
  }

  /** Leaves the text where it is, in whole, and goes on in a line of its own below. */
  leave(text: string): void {
    if (this.#shown === undefined) return;
    // the terminal breaks it, and may break it anew later: what is typed can be copied as one line
    this.#target.write(`${this.#erase()}${text}\n`);
  }

  /** Takes everything off the screen; the text is to be drawn again, at the top. */
  clear(): void {
    this.#target.write(CLEAR_ALL);
    this.#shown = undefined;
  }

  /**
   * Somebody else has written, so the cursor may stand anywhere: goes to the start of a row that is empty. A
   * row of spaces ends in the next one, unless it begins at the start; behind the last cell a terminal waits.
   */
  begin(): void {
    this.#shown = undefined;
    this.#target.write(`${" ".repeat(this.#target.size().columns)}${TO_START}${CLEAR_ROW}`);
  }

  /** The terminal has another size, and has broken the rows anew. */
  resized(): void {
    if (this.#shown === undefined) return;
    const { text, cursor } = this.#shown;
    const { rows, cursorRow } = layOut(text, { cursor, columns: this.#target.size().columns });
    // what is longer than the screen was scrolled off it: a cursor that is sent there stops at the edge
    this.#shown = { text, cursor, rows: rows.length, cursorRow };
  }

  /**
   * Takes what is shown off the screen, and goes to where it began. Row by row: to clear from the first row
   * on is to clear the screen, and terminals keep a copy of what was on that.
   */
  #erase(): string {
    const shown = this.#shown;
    if (shown === undefined) return "";
    this.#shown = undefined;
    const rows = Array(shown.rows).fill(CLEAR_ROW).join(DOWN);
    return `${UP(shown.cursorRow)}${TO_START}${rows}${UP(shown.rows - 1)}`;
  }

  #drawing({ text, cursor }: Drawn): string {
    const { columns, rows: height } = this.#target.size();
    const laid = layOut(text, { cursor, columns });
    const first = Math.max(0, Math.min(laid.cursorRow - (height >> 1), laid.rows.length - height));
    const rows = laid.rows.slice(first, first + height);
    const skipped = laid.rows.slice(0, first).join("").length;
    const cursorRow = laid.cursorRow - first;
    const shown = rows.join("");
    this.#shown = { text: shown, cursor: cursor - skipped, rows: rows.length, cursorRow };
    // below the last row there is something only where that is the end of the text
    const clear = first + height < laid.rows.length ? "" : CLEAR_BELOW;
    // behind a row that is full to the edge, the terminal goes to the next with the next character only
    const intoEmpty = rows.at(-1) === "" ? ` ${TO_START}` : "";
    return `${shown}${intoEmpty}${clear}${UP(rows.length - 1 - cursorRow)}${TO_START}${laid.beforeCursor}`;
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
