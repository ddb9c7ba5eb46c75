/**
 * Texts for a person's terminal and for one line of a log, whatever peers put into them.
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

/** JSON.stringify leaves these as they are: DEL and C1 controls, format characters, line separators. */
const UNSAFE_JSON = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;

/** The value as JSON on one line; what could move a cursor or hide is written as JSON has it, `\uXXXX`. */
export function jsonLine(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).replace(UNSAFE_JSON, (character) => {
    let escaped = "";
    // a character beyond the basic plane is two UTF-16 units, and JSON escapes units
    for (let at = 0; at < character.length; at++) {
      escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/** `1 message`, `1,000 messages`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The bytes as text, a byte order mark included; undefined where they are not well-formed UTF-8 (RFC 3629: no
 * overlong forms, no surrogates).
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
