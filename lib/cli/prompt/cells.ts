/**
 * How wide a text is on a terminal, and which rows it fills there.
 *
 * @module
 */

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** East Asian wide and full-width characters (UAX 11), and what terminals show as a picture. */
const WIDE = new RegExp(
  "^(?:\\p{Emoji_Presentation}|[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u33ff\\u3400-\\u4dbf" +
    "\\u4e00-\\ua4cf\\ua960-\\ua97c\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6f" +
    "\\uff01-\\uff60\\uffe0-\\uffe6" +
    "\\u{16fe0}-\\u{18d08}\\u{1aff0}-\\u{1b2fb}\\u{1f200}-\\u{1f265}\\u{20000}-\\u{3fffd}])",
  "u",
);
/** What takes no cell of its own: marks, format characters, the vowels and finals of Hangul. */
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** What a person sees as one character, from left to right. */
export function* characters(text: string): Generator<string> {
  if (PLAIN.test(text)) return yield* text;
  for (const { segment } of SEGMENTER.segment(text)) yield segment;
}

/** The cells of one character of {@link characters}: 0, 1 or 2. */
export function cellsOf(character: string): number {
  if (PLAIN.test(character)) return 1;
  if (WIDE.test(character)) return 2;
  return ZERO.test(character) ? 0 : 1;
}

/** A text on a terminal. */
export interface Laid {
  /** What stands in each row; the last is empty where the text ends at the edge of the screen. */
  readonly rows: readonly string[];
  /** The row of the cursor, and what stands before the cursor in it. */
  readonly cursorRow: number;
  readonly beforeCursor: string;
}

/** Where a terminal of so many columns puts a text, and the cursor that stands at `cursor` in it. */
export function layOut(
  text: string,
  { cursor, columns }: { readonly cursor: number; readonly columns: number },
): Laid {
  const rows: string[] = [];
  let row = "";
  let cells = 0;
  let at = 0;
  let place: { readonly cursorRow: number; readonly beforeCursor: string } | undefined;
  for (const character of characters(text)) {
    const width = cellsOf(character);
    if (cells + width > columns) {
      rows.push(row);
      row = "";
      cells = 0;
    }
    if (place === undefined && cursor < at + character.length) {
      place = { cursorRow: rows.length, beforeCursor: row };
    }
    row += character;
    cells += width;
    at += character.length;
  }
  if (cells >= columns) {
    rows.push(row);
    row = "";
  }
  rows.push(row);
  return { rows, ...(place ?? { cursorRow: rows.length - 1, beforeCursor: row }) };
}
