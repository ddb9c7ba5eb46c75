/**
 * What a malformed exchange is: what is sent, what has to come back, and what becomes of the connection.
 *
 *     ["a length with a sign", "pub #a +1\nx\n", "bye BAD_LENGTH…", "ends"]
 *
 * @module
 */

/** Where the connection goes to. */
export type Door = "publishers" | "subscribers" | "http" | "TLS publishers" | "TLS subscribers";

/**
 * How it begins: in classic, behind an answered `hello 2`, behind one that has logged in (`account`); `unknown`: in
 * classic, where nobody is served who has not; `none`: with whatever it says, which need not be any of these.
 */
export type Opening = "classic" | "2" | "account" | "unknown" | "none";

/**
 * What is sent, piece by piece: text as UTF-8, bytes as they are. Between pieces there may be a pause
 * (milliseconds), so many lines that have been heard, the end of what is sent, or a message that an honest
 * publisher publishes when so many answers (1) have come. In texts and topics `{n}` is a number that no other exchange has.
 */
export type Piece =
  | string
  | Uint8Array
  | { readonly pause: number }
  | { readonly heard: number }
  | { readonly end: true }
  | { readonly publish: string; readonly text?: string; readonly behind?: number };

/**
 * `answers`: the connection goes on, a request behind it is answered. `waits`: it is open, and what was begun is
 * not whole. `ends`: the broker closes it.
 */
export type Fate = "answers" | "waits" | "ends";

/** What a row may say beside. */
export interface More {
  /** Messages of it that reach subscribers; otherwise as many as publishes were acknowledged. */
  readonly brings?: number;
  /** It is what a whole stream does, not what a byte in it does: it is not sent byte by byte. */
  readonly whole?: true;
}

/**
 * What it is, what is sent, the lines that come back, and what becomes of the connection (`answers`). A line that
 * ends with `…` is how the line begins. An `ok <n>` counts as n lines `ok`.
 */
export type Row = readonly [
  what: string,
  says: Piece | readonly Piece[],
  hears: string | readonly string[],
  fate?: Fate,
  more?: More,
];

/** Rows that go to one door and begin in the same way. */
export interface Table {
  readonly title: string;
  readonly on: Door;
  readonly opening: Opening;
  readonly rows: readonly Row[];
}

/** One row with what it has from its table. */
export interface Exchange {
  readonly title: string;
  readonly on: Door;
  readonly opening: Opening;
  readonly what: string;
  readonly says: readonly Piece[];
  readonly hears: readonly string[];
  readonly fate: Fate;
  readonly brings: number;
  readonly whole: boolean;
}

const encoder = new TextEncoder();

/** The rows of tables, one after the other. */
export function exchangesOf(tables: readonly Table[]): Exchange[] {
  return tables.flatMap(({ title, on, opening, rows }) =>
    rows.map(([what, says, hears, fate = "answers", more = {}]) => {
      const lines = typeof hears === "string" ? hears === "" ? [] : [hears] : hears;
      const pieces = isPieces(says) ? says : [says];
      const published = pieces.filter((piece) => typeof piece === "object" && "publish" in piece).length;
      return {
        title,
        on,
        opening,
        what,
        says: pieces,
        hears: lines,
        fate,
        brings: published + (more.brings ?? (on.endsWith("publishers") ? acknowledged(lines) : 0)),
        whole: more.whole ?? false,
      };
    })
  );
}

function isPieces(says: Piece | readonly Piece[]): says is readonly Piece[] {
  return Array.isArray(says);
}

function acknowledged(lines: readonly string[]): number {
  return lines.filter((line) => line === "OK" || line.startsWith("ok level=") || line.startsWith("ok seq="))
    .length;
}

/** Bytes put together from texts and bytes: `raw("c pub #", 0xff, " x\n")`. */
export function raw(...parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "number" ? [part] : [...encoder.encode(part)]),
  );
}

/** So many lines that are the same. */
export function lines(count: number, line: string): string[] {
  return Array<string>(count).fill(line);
}

/** An exchange as one may repeat it: its bytes in a form that JavaScript reads. */
export function shown({ on, opening, says }: Pick<Exchange, "on" | "opening" | "says">): string {
  const pieces = says.map((piece) => {
    if (typeof piece === "string") return JSON.stringify(short(piece));
    if (piece instanceof Uint8Array) {
      return JSON.stringify(short(String.fromCharCode(...piece.subarray(0, 200))));
    }
    return JSON.stringify(piece);
  });
  return `${on}, ${opening}: ${pieces.join(" ")}`;
}

function short(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}… (${text.length} in all)`;
}
