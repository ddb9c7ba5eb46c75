/**
 * Message ids in runs: publishers number what they send (`k7x-1`, `k7x-2`, …),
 * so what is remembered of many ids is little.
 *
 * @module
 */

/** Consecutive messages whose ids count up by one. */
export interface IdSpan {
  /** The position of the first among the messages it is of. */
  readonly at: number;
  readonly count: number;
  /** What stands before the number; of an id without a number all of it. */
  readonly prefix: string;
  /** The number of the first; undefined: the id has none, and the span one message. */
  readonly first: number | undefined;
}

const ESCAPED = /[^!-$&-~]/g;

/**
 * One line a span, without positions: ` 7 9 k7x-` or `=whole-id`.
 * The ids' bytes beyond printable ASCII are percent-encoded.
 */
export function showSpans(spans: readonly IdSpan[]): string {
  return spans.map(({ prefix, first, count }) => {
    const text = prefix.replace(ESCAPED, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
    return first === undefined ? `=${text}` : `${first} ${first + count - 1} ${text}`;
  }).join("\n");
}

const LINE = /^(?:=(.*)|(\d{1,15}) (\d{1,15}) (.*))$/;

/** Reads what {@link showSpans} wrote, several of them joined by LF; undefined where it is something else. */
export function readSpans(text: string): readonly IdSpan[] | undefined {
  const spans: IdSpan[] = [];
  for (const line of text.split("\n")) {
    const parts = LINE.exec(line);
    if (parts === null) return undefined;
    const [, whole, low, high, prefix] = parts;
    if (whole !== undefined) {
      spans.push({ at: 0, count: 1, prefix: unescaped(whole), first: undefined });
      continue;
    }
    const first = Number(low);
    const count = Number(high) - first + 1;
    if (count < 1) return undefined;
    spans.push({ at: 0, count, prefix: unescaped(prefix ?? ""), first });
  }
  return spans;
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}
