/**
 * Texts from peers, made fit for a person's terminal and for one line of a log.
 *
 * @module
 */

/** Control characters (C0, DEL, C1), line and paragraph separators, format characters, lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * The text with everything that could move a cursor, recolour, reorder or hide written out:
 * `\n`, `\x1b`, `\u{202e}`. `keep` names characters that pass as they are (a terminal may show a tab).
 */
export function visible(text: string, keep = ""): string {
  return text.replace(UNSAFE, (character) => {
    if (keep.includes(character)) return character;
    const short = SHORT[character];
    if (short !== undefined) return short;
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** The text in double quotes for a message to a person: made visible, and cut after `most` characters. */
export function quote(text: string, most = 60): string {
  const shown = [...text.slice(0, 2 * most)];
  const cut = shown.length > most || text.length > 2 * most;
  return `"${visible(cut ? `${shown.slice(0, most - 3).join("")}...` : text)}"`;
}
